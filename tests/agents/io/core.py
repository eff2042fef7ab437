"""The agent's core put together for tests: a desk with its clips over HTTP, an engine that tells what tests say."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from agents.domain.clock import ControllerClock
from agents.domain.clock_burst import Exchange
from agents.io.clips import ClipSettings, ClipStore
from agents.io.conductor import Conductor, Parts
from agents.io.decode import Source
from agents.io.fetch import ClipSource
from agents.io.kept import Pinned
from agents.io.output import events as engine
from agents.io.output.engine import PlayEngine
from agents.io.state import StateStore
from agents.io.timeport import SystemTime
from agents.protocol.documents import Order
from agents.protocol.journal import JournalEvent, airing_of
from tests.agents.making import DEVICE, T0_US, Desk, ref_of

LATER_US = 1_500_000


@dataclass
class FakeEngine:
    """Tells by itself that what is armed is armed; everything else tests tell in its name."""

    tell: Callable[[engine.PlayEvent], None] = lambda event: None
    calls: list[tuple[str, str, int]] = field(default_factory=list)
    volume_percent: float = -1.0
    limits: dict[str, float] = field(default_factory=dict)

    def arm(self, play_id: str, source: Source) -> None:
        self.calls.append(("arm", play_id, source.total_frames))
        source.close()
        asyncio.get_running_loop().call_soon(self.tell, engine.Armed(play_id, source.total_frames))

    def start(
        self,
        play_id: str,
        start_local_us: int,
        *,
        from_frame: int = 0,
        gain_db: float = 0.0,
        max_volume_percent: float = 100.0,
    ) -> None:
        self.limits[play_id] = max_volume_percent
        self.calls.append(("start", play_id, start_local_us))

    def start_now(self, play_id: str, *, gain_db: float = 0.0, max_volume_percent: float = 100.0) -> None:
        self.limits[play_id] = max_volume_percent
        self.calls.append(("start_now", play_id, 0))

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


@asynccontextmanager
async def serving_clips() -> AsyncIterator[Station]:
    """The desk's clips over HTTP."""
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
async def running(
    directory: Path,
    *,
    clean: bool = True,
    engine_made: PlayEngine | None = None,
    device_id: str = DEVICE,
    standing: tuple[Order, ...] = (),
) -> AsyncIterator[Agent]:
    """One run of the agent's core, with a fake engine or with the one given."""
    state, clips = StateStore(directory), ClipStore(directory / "clips", ClipSettings(floor_bytes=0))
    await state.open()
    await clips.open()
    fake, clock, time = FakeEngine(), ControllerClock(), SystemTime()
    conductor = Conductor(
        Parts(
            device_id=device_id,
            software="test",
            time=time,
            clock=clock,
            engine=engine_made or fake,
            state=state,
            clips=clips,
            standing=standing,
        )
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
    agent.conductor.fetch_from(station.source)


async def push(agent: Agent, station: Station, document: object) -> None:
    reply = await agent.conductor.accept_document(station.desk.sign(document))  # type: ignore[arg-type]
    assert reply.accepted, reply


def soon(agent: Agent, micros: int = LATER_US) -> int:
    now_us = agent.time.monotonic_us()
    return agent.clock.to_controller(now_us) + micros
