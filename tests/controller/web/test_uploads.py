"""Resumable uploads: tus 1.0.0 as its clients speak it, and what the house promises on top."""

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import pytest
from aiohttp import ClientError

from controller.web.security import HEADERS
from controller.web.uploads import files, tus
from tests.controller.web.browser import Answer, Browser
from tests.controller.web.station import Station

FOLDER = "/api/v1/uploads"
SOUND = b"RIFF" + bytes(range(256)) * 4_000


def metadata(**told: str) -> str:
    return ",".join(f"{key} {b64encode(value.encode()).decode()}" for key, value in told.items())


def code(answer: Answer) -> str:
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    return str(json.loads(answer.text)["code"])


async def begun(program: Browser, length_bytes: int = len(SOUND), name: str = "bản tin.wav") -> str:
    """Where the bytes of a new upload go."""
    headers = {"Upload-Length": str(length_bytes), "Upload-Metadata": metadata(filename=name, filetype="audio/wav")}
    answer = await program.ask("POST", FOLDER, headers={"Tus-Resumable": "1.0.0", **headers})
    assert answer.status == 201, answer.text
    return str(answer.headers["Location"])


async def patch(program: Browser, where: str, offset: int, body: object, **headers: str) -> Answer:
    told = {
        "Tus-Resumable": "1.0.0",
        "Upload-Offset": str(offset),
        "Content-Type": "application/offset+octet-stream",
        **headers,
    }
    return await program.ask("PATCH", where, data=body, headers=told)


async def offset(program: Browser, where: str) -> int:
    answer = await program.ask("HEAD", where, headers={"Tus-Resumable": "1.0.0"})
    assert answer.status == 200
    return int(answer.headers["Upload-Offset"])


async def bulletin_of(program: Browser, where: str) -> Answer:
    upload_id = where.rsplit("/", 1)[1]
    return await program.ask("POST", "/api/v1/recordings", data={"upload_id": upload_id, "title": "Tin"})


async def until_offset(program: Browser, where: str, least: int) -> None:
    async with asyncio.timeout(10):
        while await offset(program, where) < least:
            await asyncio.sleep(0.01)


# --- the protocol -----------------------------------------------------------------------------------------------------


async def test_a_client_learns_what_the_server_understands(station: Station) -> None:
    async with station.program() as program:
        answer = await program.ask("OPTIONS", FOLDER)
    assert answer.status == 204
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert {"creation", "termination"} <= set(answer.headers["Tus-Extension"].split(","))
    assert int(answer.headers["Tus-Max-Size"]) > 0


async def test_a_file_goes_up_in_pieces_and_becomes_a_bulletin(station: Station) -> None:
    async with station.program() as program:
        where = await begun(program)
        assert await offset(program, where) == 0
        for start in range(0, len(SOUND), 400_000):
            answer = await patch(program, where, start, SOUND[start : start + 400_000])
            assert (answer.status, answer.headers["Tus-Resumable"]) == (204, "1.0.0")
        assert int(answer.headers["Upload-Offset"]) == len(SOUND)
        told = json.loads((await program.get(where)).text)
        assert (told["name"], told["media_type"], told["finished"]) == ("bản tin.wav", "audio/wav", True)
        made = await bulletin_of(program, where)
        assert made.status == 202, made.text
        bulletin_id = json.loads(made.text)["bulletin_id"]
        await station.wait_ready(bulletin_id)
        again = await bulletin_of(program, where)
        assert again.status == 202, "it can be used again"
        await station.wait_ready(json.loads(again.text)["bulletin_id"])


async def test_head_says_how_far_it_is_and_is_not_kept_by_anybody(station: Station) -> None:
    async with station.program() as program:
        where = await begun(program)
        await patch(program, where, 0, SOUND[:1000])
        answer = await program.ask("HEAD", where)
    assert (answer.headers["Upload-Offset"], answer.headers["Upload-Length"]) == ("1000", str(len(SOUND)))
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Upload-Expires"].endswith("GMT")
    assert answer.text == ""


async def test_what_arrived_before_the_connection_broke_counts(station: Station) -> None:
    async with station.program() as program:
        where = await begun(program)

        async def broken() -> AsyncIterator[bytes]:
            yield SOUND[:700_000]
            await until_offset(program, where, 500_000)
            raise ConnectionResetError

        with pytest.raises((ClientError, ConnectionResetError)):
            await patch(program, where, 0, broken())
        await until_offset(program, where, 700_000)
        answer = await patch(program, where, 700_000, SOUND[700_000:])
        while answer.status == 423:  # the broken request is just ending
            answer = await patch(program, where, 700_000, SOUND[700_000:])
        assert answer.status == 204
        upload_id = where.rsplit("/", 1)[1]
        assert (station.uploads / f"web-{upload_id}.data").read_bytes() == SOUND


async def test_bytes_for_another_place_are_refused_and_say_where_it_is(station: Station) -> None:
    async with station.program() as program:
        where = await begun(program)
        await patch(program, where, 0, SOUND[:1000])
        for wrong in (0, 999, 1001):
            answer = await patch(program, where, wrong, SOUND[:10])
            assert (answer.status, code(answer)) == (409, "upload_offset")
        assert await offset(program, where) == 1000


async def test_a_second_sender_is_held_off_while_one_sends(station: Station) -> None:
    second_is_answered = asyncio.Event()

    async with station.program() as program:
        where = await begun(program)

        async def slow() -> AsyncIterator[bytes]:
            yield SOUND[:600_000]
            await second_is_answered.wait()
            yield SOUND[600_000:]

        sending = asyncio.create_task(patch(program, where, 0, slow()))
        await until_offset(program, where, 500_000)
        answer = await patch(program, where, await offset(program, where), b"x")
        assert (answer.status, code(answer)) == (423, "upload_busy")
        second_is_answered.set()
        assert (await sending).status == 204
        assert await offset(program, where) == len(SOUND)


async def test_a_sender_that_falls_silent_gives_way(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tus, "STALLED_S", 0.2)
    over = asyncio.Event()

    async with station.program() as program:
        where = await begun(program)

        async def silent() -> AsyncIterator[bytes]:
            yield SOUND[:5000]
            await over.wait()

        stalled = asyncio.create_task(patch(program, where, 0, silent()))
        await until_offset(program, where, 5000)
        async with asyncio.timeout(10):
            while (await patch(program, where, 5000, SOUND[5000:])).status != 204:
                await asyncio.sleep(0.02)
        over.set()
        answers = await asyncio.gather(stalled, return_exceptions=True)
        assert not isinstance(answers[0], Answer) or code(answers[0]) == "upload_interrupted"


async def test_more_than_was_announced_is_refused(station: Station) -> None:
    async def unannounced() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield SOUND

    async with station.program() as program:
        where = await begun(program)
        for body in (SOUND + b"x", unannounced()):
            answer = await patch(program, where, 0, body)
            assert (answer.status, code(answer)) == (400, "upload_too_long")


async def test_a_cancelled_upload_leaves_nothing(station: Station) -> None:
    async with station.program() as program:
        where = await begun(program)
        await patch(program, where, 0, SOUND[:1000])
        assert (await program.ask("DELETE", where)).status == 204
        assert list(station.uploads.iterdir()) == []
        for method in ("HEAD", "PATCH", "DELETE"):
            headers = {"Upload-Offset": "1000", "Content-Type": "application/offset+octet-stream"}
            assert (await program.ask(method, where, headers=headers)).status == 404


async def test_one_that_is_cancelled_while_it_is_sent_leaves_nothing(station: Station) -> None:
    removed = asyncio.Event()

    async with station.program() as program:
        where = await begun(program)

        async def slow() -> AsyncIterator[bytes]:
            yield SOUND[:600_000]
            await removed.wait()
            yield SOUND[600_000:]

        sending = asyncio.create_task(patch(program, where, 0, slow()))
        await until_offset(program, where, 500_000)
        assert (await program.ask("DELETE", where)).status == 204
        removed.set()
        assert (await sending).status == 404
        assert list(station.uploads.iterdir()) == []


@pytest.mark.parametrize(
    ("headers", "status", "said"),
    [
        ({}, 400, "bad_request"),
        ({"Upload-Length": "-1"}, 400, "bad_request"),
        ({"Upload-Length": "1.5"}, 400, "bad_request"),
        ({"Upload-Length": "9" * 40}, 400, "bad_request"),
        ({"Upload-Defer-Length": "1"}, 400, "bad_request"),
        ({"Upload-Length": "5", "Upload-Metadata": "filename ???"}, 400, "bad_request"),
        ({"Upload-Length": "5", "Tus-Resumable": "0.2.2"}, 412, "tus_version"),
        ({"Upload-Length": "0"}, 422, "recording_empty"),
        ({"Upload-Length": "99999999999"}, 413, "too_large_recording"),
    ],
)
async def test_an_upload_that_cannot_be_is_refused_at_once(
    station: Station, headers: dict[str, str], status: int, said: str
) -> None:
    async with station.program() as program:
        answer = await program.ask("POST", FOLDER, headers=headers)
        assert (answer.status, code(answer)) == (status, said)
        assert answer.headers["Tus-Resumable"] == "1.0.0"
        assert list(station.uploads.iterdir()) == []


async def test_other_kinds_of_data_are_refused(station: Station) -> None:
    async with station.program() as program:
        where = await begun(program)
        answer = await patch(program, where, 0, SOUND, **{"Content-Type": "audio/wav"})
        assert (answer.status, code(answer)) == (415, "unsupported_type")
        assert await offset(program, where) == 0


async def test_a_change_needs_the_token_of_the_pages(station: Station) -> None:
    async with station.program() as program:
        where = await begun(program)
        program.program_token = "0" * 40
        assert (await program.ask("POST", FOLDER, headers={"Upload-Length": "5"})).status == 403
        assert (await patch(program, where, 0, SOUND)).status == 403
        assert (await program.ask("DELETE", where)).status == 403
        assert await offset(program, where) == 0


async def test_a_name_is_shown_and_never_a_path(station: Station) -> None:
    async with station.program() as program:
        for name, shown in (("../../etc/passwd", "passwd"), ("C:\\tin\x00 \N{SPARKLES}.mp3", "tin \N{SPARKLES}.mp3")):
            where = await begun(program, name=name)
            assert json.loads((await program.get(where)).text)["name"] == shown
    assert {path.parent for path in station.uploads.iterdir()} == {station.uploads}


async def test_one_that_has_not_arrived_cannot_be_used(station: Station) -> None:
    async with station.program() as program:
        where = await begun(program)
        await patch(program, where, 0, SOUND[:1000])
        answer = await bulletin_of(program, where)
        assert (answer.status, code(answer)) == (422, "recording_unfinished")
        answer = await bulletin_of(program, "/x")
        assert (answer.status, code(answer)) == (422, "recording_missing")


@contextmanager
def no_room_after(monkeypatch: pytest.MonkeyPatch, checks: int) -> Iterator[None]:
    """The disk fills up once its free room was looked at this often."""
    looked = 0

    def free(_path: Path) -> int:
        nonlocal looked
        looked += 1
        return 10**12 if looked <= checks else 1000

    with monkeypatch.context() as patched:
        patched.setattr(files, "free_bytes", free)
        yield


async def test_one_that_the_disk_has_no_room_for_is_refused_before_it_is_sent(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with station.program() as program:
        with no_room_after(monkeypatch, 0):
            answer = await program.ask("POST", FOLDER, headers={"Upload-Length": "5000"})
        assert (answer.status, code(answer)) == (507, "out_of_space")
        assert list(station.uploads.iterdir()) == []


async def test_a_disk_that_fills_up_on_the_way_gets_its_room_back_and_disturbs_no_other(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with station.program() as program:
        other = await begun(program)
        await patch(program, other, 0, SOUND[:1000])
        with no_room_after(monkeypatch, 2):
            where = await begun(program)
            answer = await patch(program, where, 0, SOUND)
        assert (answer.status, code(answer)) == (507, "out_of_space")
        assert (await program.ask("HEAD", where)).status == 404
        assert {path.stem for path in station.uploads.iterdir()} == {f"web-{other.rsplit('/', 1)[1]}"}
        assert (await patch(program, other, 1000, SOUND[1000:])).status == 204


async def test_a_form_without_scripts_uses_the_same_store(station: Station) -> None:
    async with station.browser() as browser:
        fields = {"source": "recording", "title": "Tin"}
        answer = await browser.post_file("/broadcast/prepare", "recording", BytesIO(SOUND), fields)
        assert answer.status == 200
        listed = json.loads((await browser.get(FOLDER)).text)["uploads"]
        assert [(one["name"], one["finished"], one["offset_bytes"]) for one in listed] == [
            ("bản tin.wav", True, len(SOUND))
        ]


def test_the_pages_may_use_the_microphone_and_play_what_was_recorded() -> None:
    assert "microphone=(self)" in HEADERS["Permissions-Policy"]
    assert "media-src 'self' blob:" in HEADERS["Content-Security-Policy"]
