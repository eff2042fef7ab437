"""The agent's core put together: documents in, clips over HTTP, sound from an engine, evidence on the disk."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web

from agents.domain.clock import ControllerClock, Exchange
from agents.domain.journal import is_last
from agents.io.clips import ClipSettings, ClipStore
from agents.io.conductor import Conductor, Parts
from agents.io.decode import Source
from agents.io.fetch import ClipSource
from agents.io.output import events as engine
from agents.io.output.engine import PlayEngine
from agents.io.output.null import NullOutput
from agents.io.state import Pinned, StateStore
from agents.io.timeport import SystemTime
from agents.protocol.documents import Play, ReleaseDevice, Start, Stop
from agents.protocol.values import (
    AiringClass,
    ClockBasis,
    Failed,
    FailReason,
    Finished,
    Gap,
    JournalEvent,
    PlannedAiring,
    RecordsLost,
    RefusalReason,
    Refused,
    RenditionName,
    Skipped,
    SkipReason,
    Sounding,
    StartedUp,
    Stopped,
    airing_of,
)
from tests.agents.making import DEVICE, HOUR_US, T0_US, Desk, airing, clip_bytes, clip_part, ref_of

LATER_US = 1_500_000


@dataclass
class FakeEngine:
    """Tells by itself that what is armed is armed; everything else tests tell in its name."""

    tell: Callable[[engine.PlayEvent], None] = lambda event: None
    calls: list[tuple[str, str, int]] = field(default_factory=list)
    volume_percent: float = -1.0

    def arm(self, play_id: str, source: Source) -> None:
        self.calls.append(("arm", play_id, source.total_frames))
        source.close()
        asyncio.get_running_loop().call_soon(self.tell, engine.Armed(play_id, source.total_frames))

    def start(self, play_id: str, start_local_us: int, *, from_frame: int = 0, gain_db: float = 0.0) -> None:
        self.calls.append(("start", play_id, start_local_us))

    def retarget(self, play_id: str, start_local_us: int) -> None:
        self.calls.append(("retarget", play_id, start_local_us))

    def stop(self, play_id: str) -> None:
        self.calls.append(("stop", play_id, 0))

    def set_volume(self, percent: float) -> None:
        self.volume_percent = percent

    def called(self, what: str) -> list[tuple[str, int]]:
        return [(play_id, value) for name, play_id, value in self.calls if name == what]


class Station:
    """A desk that signs, and its clips over HTTP."""

    def __init__(self, base_url: str, clips: dict[str, bytes]) -> None:
        self.desk = Desk()
        self.clips = clips
        self.source = ClipSource(base_url, "ticket")

    def offer(self, *contents: bytes) -> None:
        self.clips.update({ref_of(content).sha256: content for content in contents})

    def pinned(self) -> Pinned:
        return Pinned(controller_id="c-1", static_key=b"s" * 32, signing_key=self.desk.key.public_bytes)


@pytest.fixture
async def station() -> AsyncIterator[Station]:
    clips: dict[str, bytes] = {}

    async def clip(request: web.Request) -> web.Response:
        content = clips.get(request.match_info["sha256"])
        return web.Response(status=404) if content is None else web.Response(body=content)

    app = web.Application()
    app.router.add_get("/device/clips/{sha256}", clip)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    yield Station(f"http://{host}:{port}", clips)
    await runner.cleanup()


@dataclass
class Agent:
    """One run of the agent's core."""

    conductor: Conductor
    engine: FakeEngine
    clock: ControllerClock
    state: StateStore
    time: SystemTime

    def know_time(self) -> None:
        """The controller's clock shows T0 when the machine's monotonic clock shows what it shows now."""
        now_us = self.time.monotonic_us()
        self.clock.feed("clock-1", [Exchange(now_us - 200, T0_US - 100, T0_US - 100, now_us)])

    async def records(self) -> list[JournalEvent]:
        batch = await self.conductor.journal.next_batch()
        return [] if batch is None else [record.event for record in batch.records]

    async def story(self, airing_id: str = "air-1") -> list[str]:
        return [type(event).__name__.lower() for event in await self.records() if airing_of(event) == airing_id]

    async def tells(self, *story: str, airing_id: str = "air-1") -> None:
        await eventually(lambda: self._is(airing_id, story), lambda: self.story(airing_id))

    async def _is(self, airing_id: str, story: tuple[str, ...]) -> bool:
        return await self.story(airing_id) == list(story)

    async def does(self, what: str, count: int = 1) -> tuple[str, int]:
        async def done() -> bool:
            return len(self.engine.called(what)) >= count

        await eventually(done)
        return self.engine.called(what)[count - 1]


async def eventually(
    condition: Callable[[], Awaitable[bool]], show: Callable[[], Awaitable[object]] | None = None
) -> None:
    try:
        async with asyncio.timeout(15):
            while not await condition():
                await asyncio.sleep(0.005)
    except TimeoutError:
        raise AssertionError(None if show is None else await show()) from None


@asynccontextmanager
async def running(directory: Path, *, clean: bool = True) -> AsyncIterator[Agent]:
    state, clips = StateStore(directory), ClipStore(directory / "clips", ClipSettings(floor_bytes=0))
    await state.open()
    await clips.open()
    fake, clock, time = FakeEngine(), ControllerClock(), SystemTime()
    conductor = Conductor(
        Parts(device_id=DEVICE, software="test", time=time, clock=clock, engine=fake, state=state, clips=clips)
    )
    fake.tell = conductor.play_event
    clock.subscribe(conductor.clock_changed)
    task = asyncio.ensure_future(conductor.run())
    try:
        async with asyncio.timeout(15):
            await conductor.wait_ready()
        yield Agent(conductor, fake, clock, state, time)
    finally:
        task.cancel()
        await asyncio.wait([task])
        await state.close(clean)
    if not task.cancelled() and (error := task.exception()) is not None:
        raise error


async def adopt(agent: Agent, station: Station, **assignment: int) -> None:
    reply = await agent.conductor.adopt(
        station.pinned(),
        station.desk.sign(station.desk.assignment(**assignment)),  # type: ignore[arg-type]
    )
    assert reply.accepted
    agent.know_time()
    agent.conductor.link_up(station.source)


async def push(agent: Agent, station: Station, document: object) -> None:
    reply = await agent.conductor.accept_document(station.desk.sign(document))  # type: ignore[arg-type]
    assert reply.accepted, reply


def soon(agent: Agent, micros: int = LATER_US) -> int:
    now_us = agent.time.monotonic_us()
    return agent.clock.to_controller(now_us) + micros


# --- from a button to a horn ----------------------------------------------------------------------------------------


async def test_now_is_fetched_armed_started_heard_and_told(tmp_path: Path, station: Station) -> None:
    async with running(tmp_path) as agent:
        await adopt(agent, station)
        station.offer(clip_bytes("air-1"))
        await push(agent, station, station.desk.order(Play(airing=airing())))
        await agent.tells("stored", "armed")
        assert agent.engine.called("start") == []

        start_at_us = soon(agent)
        await push(agent, station, station.desk.order(Start(airing_id="air-1", start_at_us=start_at_us)))
        play_id, start_local_us = await agent.does("start")
        assert abs(agent.clock.to_controller(start_local_us) - start_at_us) <= 1

        agent.conductor.play_event(engine.Sounding(play_id, start_local_us + 40, 40, 0))
        assert agent.conductor.heartbeat().sounding_airing_id == "air-1"
        agent.conductor.play_event(engine.Finished(play_id, 480_000, 0, 0))
        await agent.tells("stored", "armed", "sounding", "finished")

        (sounding,) = [event for event in await agent.records() if isinstance(event, Sounding)]
        assert sounding.planned_start_us == start_at_us
        assert abs(sounding.actual_start_us - start_at_us - 40) <= 2
        assert sounding.start_error_us == 40
        assert agent.conductor.heartbeat().sounding_airing_id is None


async def test_the_intent_is_on_the_disk_before_the_start(tmp_path: Path, station: Station) -> None:
    async with running(tmp_path) as agent:
        await adopt(agent, station)
        station.offer(clip_bytes("air-1"))
        await push(agent, station, station.desk.order(Play(airing=airing(start_at_us=soon(agent)))))
        await agent.does("start")

        assert (await agent.state.load()).marks["air-1"].starting


async def test_stop_reaches_the_engine_before_anything_else_happens(tmp_path: Path, station: Station) -> None:
    async with running(tmp_path) as agent:
        await adopt(agent, station)
        station.offer(clip_bytes("air-1"))
        await push(agent, station, station.desk.order(Play(airing=airing(start_at_us=soon(agent)))))
        play_id, start_local_us = await agent.does("start")
        agent.conductor.play_event(engine.Sounding(play_id, start_local_us, 0, 0))

        await push(agent, station, station.desk.order(Stop()))
        assert agent.engine.called("stop") == [(play_id, 0)]
        agent.conductor.play_event(engine.Stopped(play_id, 96_000))

        await agent.tells("stored", "armed", "sounding", "stopped")
        (stopped,) = [event for event in await agent.records() if isinstance(event, Stopped)]
        assert stopped.at_us == 2_000_000


async def test_volume_follows_the_assignment(tmp_path: Path, station: Station) -> None:
    async with running(tmp_path) as agent:
        await adopt(agent, station, volume_percent=35)

        assert agent.engine.volume_percent == 35
        assert agent.conductor.heartbeat().volume_percent == 35


async def test_the_heartbeat_tells_what_is_known(tmp_path: Path, station: Station) -> None:
    async with running(tmp_path) as agent:
        assert agent.conductor.heartbeat().clock_basis is ClockBasis.NONE
        await adopt(agent, station)

        heartbeat = agent.conductor.heartbeat(unknown_messages=3)

        assert heartbeat.clock_basis is ClockBasis.LINK
        assert heartbeat.clock_error_us is not None
        assert heartbeat.disk_free_bytes > 0
        assert heartbeat.unknown_messages == 3


async def test_a_clip_that_the_server_does_not_have_fails_the_airing(tmp_path: Path, station: Station) -> None:
    async with running(tmp_path) as agent:
        await adopt(agent, station)
        await push(agent, station, station.desk.order(Play(airing=airing())))

        await agent.tells("failed")

        (failed,) = [event for event in await agent.records() if isinstance(event, Failed)]
        assert failed.reason is FailReason.CLIP_MISSING


async def test_a_clip_that_rotted_since_is_fetched_again_before_it_is_armed(tmp_path: Path, station: Station) -> None:
    station.offer(clip_bytes("air-1"))
    async with running(tmp_path) as agent:
        await adopt(agent, station)
        later_us = soon(agent, 2 * HOUR_US)
        await push(agent, station, station.desk.rundown(airing(start_at_us=later_us), not_after_us=later_us + HOUR_US))
        await agent.tells("stored")
        path = tmp_path / "clips" / (ref_of(clip_bytes("air-1")).sha256 + ".opus")
        path.write_bytes(bytes(len(clip_bytes("air-1"))))

        start_at_us = soon(agent)
        await push(agent, station, station.desk.rundown(airing(start_at_us=start_at_us)))

        await agent.tells("stored", "armed")
        assert path.read_bytes() == clip_bytes("air-1")


# --- documents ------------------------------------------------------------------------------------------------------


async def test_what_was_accepted_is_accepted_again_and_acts_once(tmp_path: Path, station: Station) -> None:
    station.offer(clip_bytes("air-1"))
    async with running(tmp_path) as agent:
        await adopt(agent, station)
        order = station.desk.order(Play(airing=airing()))
        for _ in range(3):
            await push(agent, station, order)
        await agent.tells("stored", "armed")

        assert len(agent.engine.called("arm")) == 1
        assert [mark.counter for mark in agent.conductor.counters()] == [1, 1]


async def test_a_flood_of_forgeries_is_answered_counted_and_written_once(tmp_path: Path, station: Station) -> None:
    async with running(tmp_path) as agent:
        await adopt(agent, station)
        for number in range(50):
            forger = Desk()
            order = forger.order(Stop(), document_id=f"o-{number}")
            reply = await agent.conductor.accept_document(forger.sign(order))
            assert (reply.document_id, reply.accepted) == (f"o-{number}", False)
            assert reply.reason is RefusalReason.UNKNOWN_KEY

        assert agent.conductor.heartbeat().refusals == 50
        assert agent.engine.called("stop") == []
    async with running(tmp_path) as agent:
        refused = [event for event in await agent.records() if isinstance(event, Refused)]
        assert [event.count for event in refused] == [1, 49]
        assert agent.conductor.heartbeat().refusals == 50


async def test_a_disk_that_cannot_be_written_refuses_documents_but_obeys_a_stop(
    tmp_path: Path, station: Station
) -> None:
    station.offer(clip_bytes("air-1"))
    async with running(tmp_path) as agent:
        await adopt(agent, station)
        await push(agent, station, station.desk.order(Play(airing=airing(start_at_us=soon(agent)))))
        play_id, _ = await agent.does("start")
        await agent.state._database.run(lambda db: db.execute("PRAGMA max_page_count = 1").fetchone())
        await agent.state._database.run(lambda db: db.execute("PRAGMA journal_size_limit = 0").fetchone())
        big = station.desk.rundown(*(airing(f"air-{number}", start_at_us=T0_US) for number in range(2, 300)))

        reply = await agent.conductor.accept_document(station.desk.sign(big))
        assert not reply.accepted
        assert "write" in reply.detail

        await agent.conductor.accept_document(station.desk.sign(station.desk.order(Stop())))
        assert agent.engine.called("stop") == [(play_id, 0)]


async def test_without_time_a_play_is_armed_and_starts_when_time_is_known(tmp_path: Path, station: Station) -> None:
    station.offer(clip_bytes("air-1"))
    async with running(tmp_path) as agent:
        await agent.conductor.adopt(station.pinned(), station.desk.sign(station.desk.assignment()))
        agent.conductor.link_up(station.source)
        await push(agent, station, station.desk.order(Play(airing=airing())))
        await push(agent, station, station.desk.order(Start(airing_id="air-1", start_at_us=T0_US + LATER_US)))
        await agent.tells("stored")
        assert agent.engine.called("start") == []

        agent.know_time()

        await agent.does("start")


async def test_a_refused_adoption_changes_nothing(tmp_path: Path, station: Station) -> None:
    async with running(tmp_path) as agent:
        other = station.desk.assignment(device_id="d-other")

        reply = await agent.conductor.adopt(station.pinned(), station.desk.sign(other))

        assert (reply.accepted, reply.reason) == (False, RefusalReason.NOT_FOR_ME)
        assert agent.state.pinned() is None
        assert agent.conductor.assignment() is None


async def test_a_released_device_forgets_all_but_its_counters(tmp_path: Path, station: Station) -> None:
    station.offer(clip_bytes("air-1"))
    async with running(tmp_path) as agent:
        await adopt(agent, station)
        await push(agent, station, station.desk.order(Play(airing=airing())))
        await agent.tells("stored", "armed")
        counters = agent.conductor.counters()
        await push(agent, station, station.desk.order(ReleaseDevice()))
        async with asyncio.timeout(10):
            await agent.conductor.released.wait()

        await agent.conductor.forget()

        assert agent.state.pinned() is None
        assert agent.conductor.assignment() is None
        assert agent.conductor.heartbeat().clips == 0
        assert await agent.records() == []
        assert len(agent.conductor.counters()) == len(counters)
        assert agent.engine.called("stop") == [("air-1.1", 0)]

        await adopt(agent, station)


# --- runs -----------------------------------------------------------------------------------------------------------


async def test_each_run_is_told_with_how_the_one_before_it_ended(tmp_path: Path) -> None:
    async with running(tmp_path, clean=False):
        pass
    async with running(tmp_path):
        pass
    async with running(tmp_path):
        pass
    async with running(tmp_path) as agent:
        started = [event for event in await agent.records() if isinstance(event, StartedUp)]

    assert [event.clean for event in started][:3] == [True, False, True]


async def test_a_damaged_state_is_told(tmp_path: Path, station: Station) -> None:
    async with running(tmp_path) as agent:
        await adopt(agent, station)
    (tmp_path / "agent.db").write_bytes(b"?" * 20_000)
    async with running(tmp_path) as agent:

        async def told() -> bool:
            return any(isinstance(event, RecordsLost) for event in await agent.records())

        await eventually(told)
        assert agent.state.pinned() == station.pinned()


async def test_a_restart_in_the_middle_joins_in_step_and_ends_once(tmp_path: Path, station: Station) -> None:
    station.offer(clip_bytes("air-1"))
    async with running(tmp_path, clean=False) as agent:
        await adopt(agent, station)
        planned = airing(start_at_us=soon(agent, 100_000), seconds=60)
        await push(agent, station, station.desk.order(Play(airing=planned)))
        play_id, start_local_us = await agent.does("start")
        agent.conductor.play_event(engine.Sounding(play_id, start_local_us, 0, 0))
        await agent.tells("stored", "armed", "sounding")
        offset_us = agent.clock.to_controller(0)

    async with running(tmp_path) as agent:
        now_us = agent.time.monotonic_us()
        middle_us = now_us + offset_us
        agent.clock.feed("clock-1", [Exchange(now_us - 200, middle_us - 100, middle_us - 100, now_us)])
        play_id, again_local_us = await agent.does("start")
        assert abs(again_local_us - start_local_us) < 1_000
        agent.conductor.play_event(engine.Sounding(play_id, again_local_us + 5_000_000, 0, 5 * 48_000))
        agent.conductor.play_event(engine.Finished(play_id, 55 * 48_000, 0, 0))
        await agent.tells("stored", "armed", "sounding", "sounding", "gap", "finished")

        events = await agent.records()
        assert [event.again for event in events if isinstance(event, Sounding)] == [False, True]
        (gap,) = [event for event in events if isinstance(event, Gap)]
        assert gap.cause == "restart"


async def test_what_ended_while_it_was_off_is_skipped_with_the_reason(tmp_path: Path, station: Station) -> None:
    async with running(tmp_path) as agent:
        await adopt(agent, station)
        agent.conductor.link_down()
        planned = airing(start_at_us=soon(agent, 60_000_000))
        await push(agent, station, station.desk.rundown(planned))
    async with running(tmp_path) as agent:
        now_us = agent.time.monotonic_us()
        later_us = T0_US + HOUR_US // 2
        agent.clock.feed("clock-1", [Exchange(now_us - 200, later_us, later_us, now_us)])
        await agent.tells("skipped")

        (skipped,) = [event for event in await agent.records() if isinstance(event, Skipped)]
        assert skipped.reason is SkipReason.TIME_UNKNOWN


# --- the real engine ------------------------------------------------------------------------------------------------


@pytest.fixture
def speech(encode: Callable[..., Path]) -> bytes:
    return encode("second.opus", bytes(48_000 * 2)).read_bytes()


def of(content: bytes, **kind: object) -> PlannedAiring:
    return airing(sequence=(clip_part(content, 1.0), clip_part(content, 1.0)), **kind)  # type: ignore[arg-type]


async def test_a_bulletin_sounds_through_the_real_engine_in_step_with_the_controller(
    tmp_path: Path, station: Station, speech: bytes
) -> None:
    station.offer(speech)
    state, clips = StateStore(tmp_path), ClipStore(tmp_path / "clips", ClipSettings(floor_bytes=0))
    await state.open()
    await clips.open()
    time, clock = SystemTime(), ControllerClock()

    def tell(event: engine.PlayEvent) -> None:
        conductor.play_event(event)

    async with PlayEngine(NullOutput(time), time, tell) as play_engine:
        conductor = Conductor(
            Parts(
                device_id=DEVICE,
                software="test",
                time=time,
                clock=clock,
                engine=play_engine,
                state=state,
                clips=clips,
            )
        )
        clock.subscribe(conductor.clock_changed)
        task = asyncio.ensure_future(conductor.run())
        try:
            await conductor.wait_ready()
            agent = Agent(conductor, FakeEngine(), clock, state, time)
            await adopt(agent, station)
            urgent = of(speech, airing_class=AiringClass.EMERGENCY)
            await push(agent, station, station.desk.order(Play(airing=urgent)))
            await agent.tells("stored", "armed")
            await push(agent, station, station.desk.order(Start(airing_id="air-1", start_at_us=soon(agent))))
            await agent.tells("stored", "armed", "sounding", "finished")
            events = await agent.records()
        finally:
            task.cancel()
            await asyncio.wait([task])
    await state.close()

    (finished,) = [event for event in events if is_last(event)]
    assert isinstance(finished, Finished)
    assert finished.played_us > 0
    assert finished.played_us + finished.lost_us == urgent.duration_us(RenditionName.OPUS24)
