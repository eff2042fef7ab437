"""What is well formed and yet nothing that a receiver could keep or obey is malformed."""

import json
from pathlib import Path
from typing import Any

import pytest

from agents.protocol.codec import controller_decoder, decode_document, device_decoder
from agents.protocol.errors import MalformedMessage
from agents.protocol.version import MAX_AIRING_S, MAX_INTEGER

SAMPLES = Path(__file__).parents[2] / "wire_samples"


def places(loose: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where the whole numbers are."""
    match loose:
        case bool():
            return []
        case int():
            return [path]
        case dict():
            return [place for name, value in loose.items() for place in places(value, (*path, name))]
        case list():
            return [place for index, value in enumerate(loose) for place in places(value, (*path, index))]
        case _:
            return []


def with_number(loose: Any, path: tuple[Any, ...], number: int) -> bytes:
    changed = json.loads(json.dumps(loose))
    inner = changed
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = number
    return json.dumps(changed).encode()


def numbers(folder: str) -> list[Any]:
    found = []
    for sample in sorted((SAMPLES / folder).glob("*.json")):
        loose = json.loads(sample.read_bytes())
        if folder == "documents" and "kind" not in loose:
            continue
        found += [pytest.param(loose, path, id=f"{sample.stem}: {'.'.join(map(str, path))}") for path in places(loose)]
    return found


@pytest.mark.parametrize("number", [MAX_INTEGER + 1, 2**63, 10**400])
@pytest.mark.parametrize(("loose", "path"), numbers("from_device"))
def test_no_number_of_a_device_is_larger_than_a_database_holds(loose, path, number):
    with pytest.raises(MalformedMessage):
        device_decoder().decode(with_number(loose, path, number))


@pytest.mark.parametrize("number", [MAX_INTEGER + 1, 10**400])
@pytest.mark.parametrize(("loose", "path"), numbers("from_controller"))
def test_no_number_of_a_controller_is_larger_than_a_device_reckons_with(loose, path, number):
    with pytest.raises(MalformedMessage):
        controller_decoder().decode(with_number(loose, path, number))


@pytest.mark.parametrize("number", [MAX_INTEGER + 1, 10**400])
@pytest.mark.parametrize(("loose", "path"), numbers("documents"))
def test_no_number_of_a_document_is_larger_than_a_device_keeps(loose, path, number):
    with pytest.raises(MalformedMessage):
        decode_document(with_number(loose, path, number))


@pytest.mark.parametrize("number", [MAX_INTEGER + 1, 10**400])
@pytest.mark.parametrize(("loose", "path"), numbers("journal"))
def test_no_number_of_a_journal_record_is_larger_than_a_database_holds(loose, path, number):
    record = json.loads(with_number(loose, path, number))
    if "event" not in record:
        record = {"seq": 1, "at_us": 1, "clock_basis": "link", "clock_error_us": 1, "event": record}
    batch = {"type": "journal_batch", "journal_id": "j", "records": [record]}
    with pytest.raises(MalformedMessage):
        device_decoder().decode(json.dumps(batch).encode())


def test_a_clip_without_a_rendition_is_no_part_of_a_sequence():
    play = json.loads((SAMPLES / "documents" / "order_play.json").read_bytes())
    clips = [part for part in play["action"]["airing"]["sequence"] if part["type"] == "clip"]
    clips[0]["renditions"] = {}
    with pytest.raises(MalformedMessage):
        decode_document(json.dumps(play).encode())


@pytest.mark.parametrize(
    "changes",
    [
        {"times": 1_000, "pause_us": 3_600_000_000},
        {"sequence": [{"type": "silence", "frames": MAX_INTEGER}] * 200, "times": 1_000},
        {"sequence": [{"type": "live", "frames": MAX_AIRING_S * 48_000 + 1}]},
    ],
)
@pytest.mark.parametrize("sample", ["order_play", "rundown"])
def test_what_would_sound_for_longer_than_a_week_is_no_airing(sample, changes):
    """Its figures would fit no report: a device that told of it could not get rid of its journal."""
    document = json.loads((SAMPLES / "documents" / f"{sample}.json").read_bytes())
    airing = document["airings"][0] if sample == "rundown" else document["action"]["airing"]
    airing.update(changes)
    with pytest.raises(MalformedMessage, match="longer than"):
        decode_document(json.dumps(document).encode())


def test_what_sounds_for_a_week_is_one():
    document = json.loads((SAMPLES / "documents" / "order_play.json").read_bytes())
    airing = document["action"]["airing"]
    airing.update(sequence=[{"type": "live", "frames": MAX_AIRING_S * 48_000}], times=1)
    decode_document(json.dumps(document).encode())
