"""The wire samples are the wire: every one decodes, and encodes to the same bytes again."""

import json
import re
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from agents.protocol import documents, guards, journal, messages, telemetry, values
from agents.protocol.codec import clear_decoder, controller_decoder, decode_document, device_decoder, encode
from agents.protocol.documents import SignedDocument
from agents.protocol.errors import MalformedMessage, TooLarge
from agents.protocol.journal import JournalRecord
from agents.protocol.version import MAX_HELLO_BYTES

TESTS = Path(__file__).parents[2]
SAMPLES = TESTS / "wire_samples"
DOCS = TESTS.parent / "docs" / "protocol.md"


def tag(kind: Any) -> str:
    return str(kind.__struct_config__.tag)


def samples(folder: str) -> list[Path]:
    return sorted((SAMPLES / folder).glob("*.json"))


def compact(path: Path) -> bytes:
    return json.dumps(json.loads(path.read_text()), ensure_ascii=False, separators=(",", ":")).encode()


@pytest.mark.parametrize("folder", ["clear", "from_device", "from_controller"])
def test_every_message_sample_encodes_to_itself(folder: str) -> None:
    decoder = {"clear": clear_decoder, "from_device": device_decoder, "from_controller": controller_decoder}[folder]()
    for path in samples(folder):
        message = decoder.decode(compact(path))
        assert message is not None, path
        assert encode(message) == compact(path), path
    assert (decoder.unknown_types, decoder.unknown_fields) == (0, 0)


@pytest.mark.parametrize(
    ("folder", "union"),
    [
        ("clear", messages.ClearMessage),
        ("from_device", messages.FromDevice),
        ("from_controller", messages.FromController),
        ("journal", journal.JournalEvent),
    ],
)
def test_there_is_a_sample_of_every_type(folder: str, union: Any) -> None:
    assert {path.stem for path in samples(folder)} == {tag(kind) for kind in get_args(union)}


def test_every_journal_sample_encodes_to_itself() -> None:
    for path in samples("journal"):
        record = msgspec.json.decode(compact(path), type=JournalRecord)
        assert msgspec.json.encode(record) == compact(path), path


def test_every_document_sample_encodes_to_itself() -> None:
    for path in samples("documents"):
        if path.stem == "signed":
            signed = msgspec.json.decode(compact(path), type=SignedDocument)
            assert msgspec.json.encode(signed) == compact(path)
        else:
            assert msgspec.json.encode(decode_document(compact(path))) == compact(path), path


def test_a_rundown_from_before_there_were_guards_is_still_one() -> None:
    loose = json.loads((SAMPLES / "documents" / "rundown.json").read_text())
    del loose["guards"]
    for name in ("from_us", "play_us", "fade_us"):
        del loose["airings"][0][name]

    rundown = decode_document(json.dumps(loose).encode())

    assert isinstance(rundown, documents.Rundown)
    (airing,) = rundown.airings
    assert rundown.guards is None
    assert (airing.from_us, airing.play_us, airing.fade_us) == (0, None, 0)
    assert airing.span(values.RenditionName.OPUS24) == range(2 * 2_880_000 + 24_000)


def test_there_is_a_sample_of_every_document_and_action() -> None:
    actions = {f"order_{tag(kind)}" for kind in get_args(documents.Action)}
    assert {path.stem for path in samples("documents")} == {"signed", "assignment", "rundown"} | actions


def _names() -> set[str]:
    unions = (messages.ClearMessage, messages.FromDevice, messages.FromController, journal.JournalEvent)
    kinds = [kind for union in unions for kind in get_args(union)]
    kinds += [*get_args(documents.Document), *get_args(documents.Action), *get_args(values.Part)]
    kinds += [documents.SignedDocument, documents.Header, documents.Audience, journal.JournalRecord, values.ClipRef]
    kinds += [values.PlannedAiring, values.TrustedKey, messages.CounterMark]
    kinds += [telemetry.Telemetry]
    kinds += [guards.WireGuards, guards.GuardedDay, guards.Stretch]
    fields = {field for kind in kinds for field in kind.__struct_encode_fields__}
    tags = {tag(kind) for kind in kinds if kind.__struct_config__.tag}
    words = {
        str(member.value)
        for choice in (
            values.AiringClass,
            values.ClockBasis,
            values.DocumentKind,
            journal.FailReason,
            guards.GuardDetail,
            journal.RefusalReason,
            values.RenditionName,
            journal.SkipReason,
            journal.ActionName,
            journal.ActionResult,
            journal.Heard,
            values.Profile,
            values.OnInterrupted,
            telemetry.LinkKind,
            messages.DeviceState,
        )
        for member in choice
    }
    return fields | tags | words


def test_the_page_names_every_type_field_and_word_of_the_wire() -> None:
    page = DOCS.read_text()

    missing = sorted(name for name in _names() if f"`{name}`" not in page)

    assert missing == []


def test_every_link_on_the_page_leads_somewhere() -> None:
    page = DOCS.read_text()
    targets = re.findall(r"\]\((\.\./[^)]+)\)", page)
    headings = {line.strip("# ").lower().replace(" ", "-") for line in page.splitlines() if line.startswith("## ")}

    assert [target for target in targets if not (DOCS.parent / target).exists()] == []
    assert set(re.findall(r"\]\(#([^)]+)\)", page)) == headings
    assert {Path(target).name for target in targets} >= {
        path.name for path in SAMPLES.rglob("*.json") if path.parent.name != "clear"
    }


def test_unknown_types_and_fields_are_left_out_and_counted() -> None:
    decoder = controller_decoder()

    assert decoder.decode(b'{"type":"from_the_future","x":1}') is None
    assert decoder.decode(b'{"type":"identify","volume":3}') == messages.Identify()

    assert (decoder.unknown_types, decoder.unknown_fields) == (1, 1)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b'"identify"',
        b'{"type":7}',
        b'{"no":"type"}',
        b'{"type":"welcome"}',
        b'{"type":"journal_ack","journal_id":"j","committed_seq":-1}',
        b'{"type":"welcome","controller_name":"c","software":"s","capabilities":[],"clock_id":7,"clip_ticket":"t"}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_message_is_refused_by_name(raw: bytes) -> None:
    with pytest.raises(MalformedMessage):
        controller_decoder().decode(raw)


def test_a_greeting_above_its_limit_is_refused_before_it_is_read() -> None:
    with pytest.raises(TooLarge):
        clear_decoder().decode(b'{"type":"hello","x":"' + b"a" * MAX_HELLO_BYTES + b'"}')
