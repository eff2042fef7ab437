"""A pole of the simulation: the agent's real core and link on a real disk, with a horn and a time that are made up."""

import asyncio
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from agents.domain.clock import ControllerClock
from agents.io.carry import About
from agents.io.clips import ClipSettings, ClipStore
from agents.io.conductor import Conductor, Parts
from agents.io.identity import Identity, load_or_make
from agents.io.kept import Pinned
from agents.io.link import Link, LinkParts
from agents.io.state import StateStore
from agents.protocol.documents import Assignment, Header
from agents.protocol.ids import DeviceId
from agents.protocol.signing import SigningKey, sign
from agents.protocol.values import AiringClass, DocumentKind, TrustedKey
from agents.protocol.version import LINK_PATH
from tests.simulation.horn import Horn
from tests.simulation.line import Line
from tests.simulation.station import AREA, IDENTITY, KEYS, T0_US

_YEARS_US = 10 * 365 * 86_400_000_000


@dataclass
class PoleTime:
    """The device's own clock: it began at any number, and runs too fast or too slow. Power cuts set it anew."""

    rate_ppm: float
    began_s: float
    true_s: Callable[[], float]
    first_us: int = 5_000_000

    def monotonic_us(self) -> int:
        return self.first_us + round(self._gone_s() * 1e6 * (1 + self.rate_ppm * 1e-6))

    def _gone_s(self) -> float:
        return self.true_s() - self.began_s

    def wall_us(self) -> int:
        return 0

    def wall_synchronised(self) -> bool:
        return False

    async def sleep_until(self, monotonic_us: int) -> None:
        left_us = monotonic_us - self.monotonic_us()
        await asyncio.sleep(max(0.0, left_us / 1e6))

    def block_until(self, monotonic_us: int) -> None:
        raise AssertionError("no thread asks the time here")


@dataclass
class Pole:
    """``switch_on`` and ``crash`` it as often as wanted. ``horns`` holds the horn of each run."""

    name: str
    folder: Path
    line: Line
    rate_ppm: float
    true_s: Callable[[], float]
    runs: int = 0
    horns: list[Horn] = field(default_factory=list)
    problems: list[BaseException] = field(default_factory=list)
    _living: "asyncio.Task[None] | None" = None
    _time: PoleTime | None = None
    _kept_clock: ControllerClock | None = None

    @property
    def state_folder(self) -> Path:
        return self.folder / f"run-{self.runs}"

    @property
    def is_on(self) -> bool:
        return self._living is not None

    def identity(self) -> Identity:
        self.state_folder.mkdir(parents=True, exist_ok=True)
        return load_or_make(self.state_folder)

    async def switch_on(self) -> None:
        ready = asyncio.Event()
        self._living = asyncio.create_task(self._live(ready))
        waiting = asyncio.ensure_future(ready.wait())
        await asyncio.wait({self._living, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if self._living.done():
            await self._living

    async def crash(self, *, power: bool) -> None:
        """Nothing is finished or flushed: what goes on is what lies on the disk at this moment. Without ``power`` the
        clock begins anew, and what was known of the station's is gone.
        """
        if self._living is None:
            return
        before, self.runs = self.state_folder, self.runs + 1
        self.horns[-1].fall_silent()
        shutil.copytree(before, self.state_folder)
        living, self._living = self._living, None
        living.cancel()
        await asyncio.wait([living])
        if not power:
            self._time = self._kept_clock = None
        shutil.rmtree(before)

    async def _live(self, ready: asyncio.Event) -> None:
        now_s = asyncio.get_running_loop().time()
        time = self._time = self._time or PoleTime(self.rate_ppm, now_s, self.true_s)
        state, clips = (
            StateStore(self.state_folder),
            ClipStore(self.state_folder / "clips", ClipSettings(floor_bytes=0)),
        )
        await state.open()
        await clips.open()
        horn = Horn(time, self.true_s)
        self.horns.append(horn)
        clock = ControllerClock()
        if self._kept_clock is not None and (saved := self._kept_clock.saved()) is not None:
            clock.restore(*saved)
        self._kept_clock = clock
        identity = self.identity()
        conductor = Conductor(
            Parts(
                device_id=identity.device_id,
                software="simulated",
                time=time,
                clock=clock,
                engine=horn,
                state=state,
                clips=clips,
            )
        )
        horn.tell = conductor.play_event
        clock.subscribe(conductor.clock_changed)
        try:
            async with aiohttp.ClientSession() as http, asyncio.TaskGroup() as group:
                group.create_task(conductor.run())
                await conductor.wait_ready()
                pinned = await self._pinned(state, conductor, identity)
                ready.set()
                parts = LinkParts(
                    identity=identity,
                    about=About(model="m", software="s", name=self.name, boot_id=f"b{self.runs}"),
                    configured_url="",
                    conductor=conductor,
                    clock=clock,
                    discovery=None,
                    time=time,
                    http=http,
                )
                group.create_task(Link(parts, pinned).run())
        except* Exception as group_problem:
            self.problems.append(group_problem)
            raise
        finally:
            await state.close(clean=False)

    async def _pinned(self, state: StateStore, conductor: Conductor, identity: Identity) -> Pinned:
        pinned = state.pinned()
        if pinned is not None:
            return pinned
        pinned = Pinned(
            controller_id=IDENTITY.controller_id,
            static_key=IDENTITY.static_key,
            signing_key=IDENTITY.signing_key,
            urls=(f"ws://127.0.0.1:{self.line.port}{LINK_PATH}",),
        )
        key = SigningKey.load(KEYS.signing_private)
        trusted = TrustedKey(
            key_id=key.key_id,
            public_key=key.public_bytes,
            kinds=tuple(DocumentKind),
            classes=tuple(AiringClass),
            areas=("*",),
        )
        assignment = Assignment(
            header=Header(
                document_id=f"d-first-{self.name}",
                key_id=key.key_id,
                issued_at_us=T0_US,
                not_after_us=T0_US + _YEARS_US,
                counter=1,
            ),
            device_id=identity.device_id,
            speaker_id=f"s-{identity.device_id}",
            speaker_name=self.name,
            area_path=(AREA,),
            trusted_keys=(trusted,),
        )
        assert (await conductor.adopt(pinned, sign(key, assignment))).accepted
        return pinned

    def key(self) -> tuple[DeviceId, bytes]:
        identity = self.identity()
        public = X25519PrivateKey.from_private_bytes(identity.private_key).public_key().public_bytes_raw()
        return DeviceId(identity.device_id), public
