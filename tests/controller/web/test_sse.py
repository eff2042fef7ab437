"""Live events over real sockets: told once, told soon, and ended when they must."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientResponse, ClientSession, web
from aiohttp.test_utils import TestServer

from agents.protocol.ids import AiringId, BulletinId
from controller.services.events import (
    AiringChanged,
    BulletinChanged,
    Event,
    Events,
    FoundChanged,
    Lagged,
    SpeakersChanged,
    StopChanged,
)
from controller.web.api.events import api_voice
from controller.web.sse import MOST_PAGES, MOST_PROGRAMS, REMEMBERED, Listener, Live, page_voice

WITHIN_S = 10


class Desk:
    """A server with one live stream an owner, and what decides whether the owner is still welcome."""

    def __init__(self, *, heartbeat_s: float = 60, pause_s: float = 0.0) -> None:
        self.events = Events()
        self.live = Live(self.events, heartbeat_s=heartbeat_s, pause_s=pause_s)
        self.welcome = True
        self.streams: list[ClientResponse] = []
        app = web.Application()
        app.router.add_get("/{owner}", self._serve)
        app.router.add_get("/{owner}/program", self._serve)
        self.server = TestServer(app)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        async def welcome() -> bool:
            return self.welcome

        program = request.path.endswith("program")
        listener = Listener(
            owner=request.match_info["owner"],
            voice=api_voice if program else page_voice,
            welcome=welcome,
            since=request.query.get("since", ""),
            program=program,
        )
        return await self.live.serve(request, listener)


@asynccontextmanager
async def desk_of(desk: Desk) -> AsyncIterator[ClientSession]:
    await desk.server.start_server()
    async with desk.live.following(), ClientSession(desk.server.make_url("/")) as session:
        yield session
        for stream in desk.streams:
            stream.close()
    await desk.server.close()


async def message(stream: ClientResponse) -> str:
    """The next message of the stream, without its blank line; empty at its end."""
    async with asyncio.timeout(WITHIN_S):
        lines = []
        while line := (await stream.content.readline()).decode():
            if line == "\n":
                break
            lines.append(line)
    return "".join(line for line in lines if not line.startswith("id:"))


async def subscribed(desk: Desk, session: ClientSession, path: str) -> ClientResponse:
    stream = await session.get(path)
    desk.streams.append(stream)
    assert "event: subscribed" in await message(stream)
    return stream


async def told(desk: Desk, event: Event) -> None:
    """Publishes, and returns when the streams know it."""
    before = desk.live.mark
    desk.events.publish(event)
    async with asyncio.timeout(WITHIN_S):
        while desk.live.mark == before:
            await asyncio.sleep(0)


async def test_a_change_is_told_by_name_with_the_id_of_what_changed() -> None:
    desk = Desk()
    async with desk_of(desk) as session:
        stream = await subscribed(desk, session, "/ann")
        assert stream.content_type == "text/event-stream"
        desk.events.publish(BulletinChanged(BulletinId("b-1")))
        assert await message(stream) == "event: bulletin\ndata: b-1\n"


async def test_programs_get_one_json_object_an_event() -> None:
    desk = Desk()
    async with desk_of(desk) as session:
        stream = await subscribed(desk, session, "/ann/program")
        desk.events.publish(AiringChanged(AiringId("a-1")))
        expected = 'event: airing_changed\ndata: {"type":"airing_changed","airing_id":"a-1"}\n'
        assert await message(stream) == expected


async def test_a_burst_of_the_same_change_is_told_once() -> None:
    desk = Desk()
    async with desk_of(desk) as session:
        stream = await subscribed(desk, session, "/ann")
        for _ in range(200):
            desk.events.publish(SpeakersChanged())
        desk.events.publish(FoundChanged())
        assert await message(stream) == "event: speakers\ndata: -\n"
        assert await message(stream) == "event: found\ndata: -\n"


async def test_a_silent_station_still_shows_that_it_lives() -> None:
    desk = Desk(heartbeat_s=0.01)
    async with desk_of(desk) as session:
        stream = await subscribed(desk, session, "/ann")
        assert await message(stream) == ": alive\n"
        assert await message(stream) == ": alive\n"


async def test_a_person_who_is_no_longer_signed_in_hears_nothing_more() -> None:
    desk = Desk(heartbeat_s=0.01)
    async with desk_of(desk) as session:
        stream = await subscribed(desk, session, "/ann")
        desk.welcome = False
        while said := await message(stream):
            assert said == ": alive\n"
        assert stream.content.at_eof()


async def test_they_hear_nothing_more_either_where_something_always_happens() -> None:
    desk = Desk(heartbeat_s=0.5)
    async with desk_of(desk) as session:
        stream = await subscribed(desk, session, "/ann/program")
        desk.welcome = False
        async with asyncio.timeout(WITHIN_S):
            said = "something"
            while said:
                desk.events.publish(FoundChanged())
                said = await message(stream)
        assert stream.content.at_eof()


async def test_a_program_that_forgets_its_streams_loses_the_oldest() -> None:
    desk = Desk()
    async with desk_of(desk) as session:
        page = await subscribed(desk, session, "/ann")
        programs = [await subscribed(desk, session, "/ann/program") for _ in range(MOST_PROGRAMS + 1)]
        assert await message(programs[0]) == "retry: 10000\n"
        assert await message(programs[0]) == ""
        desk.events.publish(FoundChanged())
        assert "found_changed" in await message(programs[1])
        assert await message(page) == "event: found\ndata: -\n"


async def test_signing_out_ends_the_streams_of_that_person_alone() -> None:
    desk = Desk()
    async with desk_of(desk) as session:
        ann, ann_too, bob = [await subscribed(desk, session, path) for path in ("/ann", "/ann/program", "/bob")]
        desk.live.end("ann")
        assert await message(ann) == ""
        assert await message(ann_too) == ""
        desk.events.publish(StopChanged())
        assert await message(bob) == "event: stop_all\ndata: -\n"


async def test_a_server_that_shuts_down_is_not_held_up_by_open_pages() -> None:
    desk = Desk()
    desk.server.app.on_shutdown.append(_close(desk.live))
    async with desk_of(desk) as session:
        stream = await subscribed(desk, session, "/ann")
        async with asyncio.timeout(WITHIN_S):
            await desk.server.close()
        assert await message(stream) == ""
    assert desk.live.open == 0


def _close(live: Live) -> Callable[[web.Application], Awaitable[None]]:
    async def close(_app: web.Application) -> None:
        live.close()

    return close


async def test_a_browser_with_many_pages_keeps_connections_for_other_things() -> None:
    desk = Desk()
    async with desk_of(desk) as session:
        pages = [await subscribed(desk, session, "/ann") for _ in range(MOST_PAGES + 1)]
        assert await message(pages[0]) == "retry: 10000\n"
        assert await message(pages[0]) == ""
        desk.events.publish(FoundChanged())
        for page in pages[1:]:
            assert await message(page) == "event: found\ndata: -\n"


async def test_a_page_that_is_closed_is_forgotten() -> None:
    desk = Desk(heartbeat_s=0.01)
    async with desk_of(desk) as session:
        stream = await subscribed(desk, session, "/ann")
        assert desk.live.open == 1
        stream.close()
        async with asyncio.timeout(WITHIN_S):
            while desk.live.open:
                await asyncio.sleep(0)


async def test_what_changed_while_the_page_was_on_its_way_is_told_when_its_stream_opens() -> None:
    desk = Desk()
    async with desk_of(desk) as session:
        await told(desk, FoundChanged())
        page = desk.live.mark
        await told(desk, StopChanged())
        stream = await subscribed(desk, session, f"/ann?since={page}")
        assert await message(stream) == "event: stop_all\ndata: -\n"
        assert await message(stream) == "event: speakers\ndata: -\n"
        await told(desk, FoundChanged())
        assert await message(stream) == "event: found\ndata: -\n"


async def test_a_stream_that_broke_goes_on_where_it_was() -> None:
    desk = Desk()
    async with desk_of(desk) as session:
        stream = await subscribed(desk, session, "/ann")
        desk.events.publish(FoundChanged())
        async with asyncio.timeout(WITHIN_S):
            mark = (await stream.content.readline()).decode().removeprefix("id: ").strip()
        stream.close()
        await told(desk, SpeakersChanged())
        again = await session.get("/ann?since=the-page-s-own", headers={"Last-Event-ID": mark})
        desk.streams.append(again)
        assert "subscribed" in await message(again)
        assert await message(again) == "event: speakers\ndata: -\n"


@pytest.mark.parametrize("mark", ["another-run.1", "nonsense", "{run}.x", "{run}.999", "{run}.-1", "{run}.0"])
async def test_who_missed_too_much_reads_everything_again(mark: str) -> None:
    desk = Desk()
    async with desk_of(desk) as session:
        for _ in range(REMEMBERED + 1):
            await told(desk, FoundChanged())
        run = desk.live.mark.partition(".")[0]
        stream = await subscribed(desk, session, f"/ann?since={mark.format(run=run)}")
        names = {(await message(stream)).splitlines()[0] for _ in range(len(page_voice(Lagged())))}
        assert names == {f"event: {name}" for name, _ in page_voice(Lagged())}


@pytest.mark.parametrize(
    "event",
    [
        SpeakersChanged(),
        FoundChanged(),
        BulletinChanged(BulletinId("b")),
        AiringChanged(AiringId("a")),
        StopChanged(),
        Lagged(),
    ],
)
def test_every_event_is_told_to_pages_and_to_programs(event: Event) -> None:
    assert page_voice(event)
    assert api_voice(event)


def test_whoever_missed_something_reads_everything_again() -> None:
    told = {name for name, _ in page_voice(Lagged())}
    for event in (SpeakersChanged(), FoundChanged(), AiringChanged(AiringId("a")), StopChanged()):
        assert {name for name, _ in page_voice(event)} <= told
