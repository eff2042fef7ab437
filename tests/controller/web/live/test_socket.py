"""The microphone's socket, and the API around it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, DummyCookieJar, WSMsgType, WSServerHandshakeError

from agents.protocol.values import AiringClass
from controller.domain.errors import StoreFailed, StudioFailed
from controller.domain.rights import Grant, Role
from controller.services.live.stream import LiveStream
from controller.services.people import shell
from controller.web.asking import Ask
from controller.web.live import socket as live_socket
from tests.controller.web.browser import Browser
from tests.controller.web.callers import HOME, SIBLING, add_person, second_area, signed_in
from tests.controller.web.station import Station
from tests.controller.web.test_api import call

PACKET = b"\x01\x48" + bytes(40)
ENGLISH = {"Accept-Language": "en"}
PIECE = b"\x02\x48" + bytes(40)


async def opened(station: Station, program: Browser) -> tuple[dict[str, Any], LiveStream]:
    told = await call(program, "POST", "/api/v1/live", {"title": "Trực tiếp", "speaker_ids": ["s-0", "s-1"]}, 201)
    stream = station.desk.live.stream(told["airing_id"])
    assert stream is not None
    await station.parts.clock.sleep_until(stream.begins_us)
    return told, stream


async def said(socket: ClientWebSocketResponse) -> dict[str, Any]:
    """What is said last before the socket is closed."""
    last: dict[str, Any] = {}
    async with asyncio.timeout(10):
        async for message in socket:
            assert message.type is WSMsgType.TEXT
            last = json.loads(message.data)
    return last


async def test_who_speaks_is_told_how_it_goes_until_it_ends(station: Station) -> None:
    async with station.program() as program:
        told, stream = await opened(station, program)
        assert [one["airing_id"] for one in (await call(program, "GET", "/api/v1/live"))["streams"]] == [
            told["airing_id"]
        ]
        async with program.http.ws_connect(told["microphone_url"], headers=ENGLISH) as socket:
            for _ in range(3):
                await socket.send_bytes(PACKET)
            await socket.send_bytes(PIECE)
            async with asyncio.timeout(10):
                while (state := json.loads((await socket.receive()).data))["state"] != "live":
                    pass
            assert state == {"hearing": 0, "of": 2, "level_db": -20.0, "late": 0, "state": "live"}
            await call(program, "POST", f"/api/v1/live/{told['airing_id']}/end", None, 204)
            assert (await said(socket))["sentence"] == "The live broadcast has ended."
        assert stream.over.is_set()
        assert (await call(program, "GET", "/api/v1/live")) == {"streams": []}
        await call(program, "POST", f"/api/v1/live/{told['airing_id']}/end", None, 404)
        assert await call(program, "GET", f"/api/v1/airings/{told['airing_id']}/archives") == {"archives": []}


async def test_nobody_is_cut_or_left_without_word_because_the_database_does_not_answer(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = asyncio.Event()

    async def unanswered(ask: Ask, *_: object) -> bool:
        asked.set()
        raise StoreFailed("locked")

    monkeypatch.setattr(Ask, "still_may", unanswered)
    monkeypatch.setattr(live_socket, "_WELCOME_EVERY_S", 0.0)
    monkeypatch.setattr(live_socket, "_TELL_EVERY_S", 0.01)
    async with station.program() as program:
        told, _ = await opened(station, program)
        async with program.http.ws_connect(told["microphone_url"], headers=ENGLISH) as socket, asyncio.timeout(10):
            await asked.wait()
            for _ in range(5):
                assert json.loads((await socket.receive()).data)["state"] == "waiting"
            await call(program, "POST", f"/api/v1/live/{told['airing_id']}/end", None, 204)
            assert (await said(socket))["code"] == "live_ended"


REFUSED: tuple[tuple[list[Any], str], ...] = (
    (["hello"], "not_sound"),
    ([b""], "not_sound"),
    ([b"\x03\x48"], "not_sound"),
    ([b"\x01<html>"], "not_sound"),
    ([PACKET] * 600, "too_much_sound"),
    ([b"\x02" + bytes(50_000)] * 5, "not_sound"),
    ([b"\x02\x48" + bytes(60_000)] * 10, "too_much_sound"),
)


async def test_what_is_no_sound_or_too_much_of_it_ends_the_socket_with_a_sentence(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with station.program() as program:
        told, stream = await opened(station, program)
        for messages, code in REFUSED:
            # How much of a flood was heard when it becomes too much depends on the machine.
            most = 10_000_000 if code == "too_much_sound" else 200_000
            monkeypatch.setattr(live_socket, "_UNHEARD_BYTES", most)
            async with program.http.ws_connect(told["microphone_url"], headers=ENGLISH) as socket:
                for message in messages:
                    await (socket.send_str(message) if isinstance(message, str) else socket.send_bytes(message))
                last = await said(socket)
            assert last["code"] == code, messages[0]
            assert last["sentence"].endswith("Load the page again and try again.")
            await until_free(stream)
            assert not stream.over.is_set(), "another try goes on with the same stream"


class Recoding:
    """A recoder that reads one packet, and then does as ``fails`` says."""

    def __init__(self, fails: Exception | None) -> None:
        self.fails = fails
        self.read = False

    async def feed(self, data: bytes) -> None: ...

    async def packets(self) -> list[bytes]:
        if not self.read:
            self.read = True
            return [PACKET[1:]]
        if self.fails is not None:
            raise self.fails
        return []


@pytest.mark.parametrize(
    "fails", [RuntimeError("nobody thought of this"), StudioFailed("ffmpeg ended with 1"), None], ids=str
)
async def test_what_goes_wrong_with_a_recording_is_told_to_whoever_speaks_and_to_the_log(
    station: Station, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, fails: Exception | None
) -> None:
    @asynccontextmanager
    async def recoder() -> AsyncIterator[Recoding]:
        yield Recoding(fails)

    monkeypatch.setattr(station.parts.studio, "recoder", recoder)
    async with station.program() as program:
        told, stream = await opened(station, program)
        async with program.http.ws_connect(told["microphone_url"], headers=ENGLISH) as socket:
            await socket.send_bytes(PIECE)
            last = await said(socket)
        await until_free(stream)
    assert last["code"] == "microphone_failed"
    assert "tell the administrator" in last["sentence"]
    (line,) = [one for one in caplog.records if one.name == live_socket.__name__]
    assert (line.airing_id, line.by) == (told["airing_id"], "admin")
    assert str(fails or "") in caplog.text


async def until_free(stream: LiveStream) -> None:
    async with asyncio.timeout(5):
        while stream.held:
            await asyncio.sleep(0.01)


async def test_a_socket_takes_one_microphone_of_somebody_who_may_speak_there(station: Station) -> None:
    await second_area(station)
    await add_person(station, "here", (Role.ANNOUNCER, HOME))
    await add_person(station, "next door", (Role.ANNOUNCER, SIBLING))
    await add_person(station, "editor", (Role.EDITOR, HOME))
    async with station.program() as program, ClientSession(station.url, cookie_jar=DummyCookieJar()) as http:
        told, stream = await opened(station, program)
        url, here = told["microphone_url"], await signed_in(station, "here")

        async def refused(**headers: str) -> int:
            with pytest.raises(WSServerHandshakeError) as error:
                await http.ws_connect(url, headers={**here, **headers})
            return error.value.status

        assert await refused(Origin="https://elsewhere.example") == 403
        assert await refused(**await signed_in(station, "next door")) == 404
        assert await refused(**await signed_in(station, "editor")) == 403
        async with program.http.ws_connect(url, headers={"Origin": station.url.rstrip("/")}):
            assert await refused() == 409
            assert stream.held
        await until_free(stream)
        async with http.ws_connect(url, headers=here):
            assert stream.held
        await until_free(stream)
        for path, status in ((url, 400), ("/live/a-no/microphone", 404)):
            async with http.get(path, headers=here) as answer:
                assert answer.status == status, path


async def test_nobody_speaks_where_they_may_not_though_they_may_in_some_area_of_it(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    await second_area(station)
    monkeypatch.setattr(live_socket, "_WELCOME_EVERY_S", 0.0)
    monkeypatch.setattr(live_socket, "_TELL_EVERY_S", 0.01)
    await add_person(station, "here", (Role.ANNOUNCER, HOME))
    everywhere = await add_person(station, "both", (Role.ANNOUNCER, HOME), (Role.ANNOUNCER, SIBLING))
    async with station.program() as program, ClientSession(station.url, cookie_jar=DummyCookieJar()) as http:
        told = await call(program, "POST", "/api/v1/live", {"title": "Cả hai", "area_ids": [HOME, SIBLING]}, 201)
        url = told["microphone_url"]
        with pytest.raises(WSServerHandshakeError) as error:
            await http.ws_connect(url, headers=await signed_in(station, "here"))
        assert error.value.status == 403
        async with http.ws_connect(url, headers=await signed_in(station, "both")) as socket:
            await station.desk.people.change(everywhere, "", [Grant(Role.ANNOUNCER, HOME)], True, shell())
            assert (await said(socket))["code"] == "sign_in_needed"


async def test_into_an_emergency_speaks_who_may_prepare_one_and_into_a_relay_nobody(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add_person(station, "announcer", (Role.ANNOUNCER, HOME))
    await add_person(station, "officer", (Role.OFFICER, HOME))
    async with station.program() as program, ClientSession(station.url, cookie_jar=DummyCookieJar()) as http:
        told, stream = await opened(station, program)
        url, usual = told["microphone_url"], stream.airing

        async def status(name: str) -> int:
            try:
                async with http.ws_connect(url, headers=await signed_in(station, name)):
                    pass
            except WSServerHandshakeError as error:
                return error.status
            await until_free(stream)
            return 101

        monkeypatch.setattr(stream, "airing", replace(usual, airing_class=AiringClass.EMERGENCY))
        assert [await status(one) for one in ("announcer", "officer")] == [403, 101]
        monkeypatch.setattr(stream, "airing", usual)
        monkeypatch.setattr(stream, "owned", False)
        assert [await status(one) for one in ("announcer", "officer")] == [404, 404]


async def test_areas_are_opened_by_those_who_may_in_all_of_them(station: Station) -> None:
    await second_area(station)
    await add_person(station, "here", (Role.ANNOUNCER, HOME))
    headers = await signed_in(station, "here")
    async with station.program() as program:
        told = await call(program, "POST", "/api/v1/live", {"title": "Cả xã", "area_ids": [HOME]}, 201)
        assert told["of"] > 0
        await call(program, "POST", "/api/v1/live", {"title": "Đâu", "area_ids": ["x-nowhere"]}, 422)
        await call(program, "POST", "/api/v1/live", {"title": "Ai", "speaker_ids": []}, 422)
    async with Browser(station.url, headers=headers) as other:
        answer = await other.ask("POST", "/api/v1/live", json={"title": "Bên cạnh", "area_ids": [SIBLING]})
        assert answer.status == 403
