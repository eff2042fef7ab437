"""A device that listens to its own horn, in a room and in time that a test makes up."""

import asyncio
import threading
from array import array
from pathlib import Path

from agents.domain import selftest
from agents.domain.selftest import SENSOR_RATE_HZ
from agents.io.microphone import Recording
from agents.io.output import events as engine
from agents.io.selftest import PATTERN_DB, Found, Horn, HornTest, ReferenceFile
from agents.io.timeport import SystemTime
from tests.agents.io.core import Agent, eventually


class Room:
    """The air between the horn and the microphone. ``gain_db`` 0 is as loud as it was played, None a muted horn."""

    description = "a microphone"

    def __init__(self) -> None:
        self.gain_db: float | None = 0.0
        self.late_s = [0.0]
        """One time after the other; the last for ever."""
        self.sound: array[int] = selftest.pattern(SENSOR_RATE_HZ, PATTERN_DB)
        self.began_us = 0
        self.listened = 0
        self.wrong: Exception | None = None

    def listen(self, over: threading.Event) -> Recording:
        self.listened += 1
        late_s = self.late_s[min(self.listened, len(self.late_s)) - 1]
        if self.wrong is not None:
            raise self.wrong
        over.wait(30)
        samples = array("h", [(-1) ** at * (at % 3) for at in range(round(9 * SENSOR_RATE_HZ))])
        if self.gain_db is not None:
            at = round((1.2 + late_s) * SENSOR_RATE_HZ)
            gain = 10 ** (self.gain_db / 20)
            for index, sample in enumerate(self.sound):
                samples[at + index] = max(-32_768, min(32_767, samples[at + index] + round(gain * sample)))
        return Recording(samples, SENSOR_RATE_HZ, self.began_us - 1_200_000)


class Steps(SystemTime):
    """Nothing that sleeps wakes before the test says so; ``quick`` wakes it at once."""

    def __init__(self, quick: bool = False) -> None:
        self.quick = quick
        self.asleep: list[tuple[float, asyncio.Future[None]]] = []

    async def sleep_until(self, monotonic_us: int) -> None:
        if not self.quick:
            woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self.asleep.append(((monotonic_us - self.monotonic_us()) / 1e6, woken))
            await woken
        await asyncio.sleep(0)

    async def wanted(self) -> float:
        """How long the next sleeper wants to sleep."""

        async def sleeps() -> bool:
            self.asleep = [one for one in self.asleep if not one[1].done()]
            return bool(self.asleep)

        await eventually(sleeps)
        return self.asleep[0][0]

    async def wake(self) -> float:
        """The next sleeper wakes; returns how long it had wanted to sleep."""
        wanted = await self.wanted()
        self.asleep.pop(0)[1].set_result(None)
        await asyncio.sleep(0)
        return wanted


class Ears:
    """A device with a microphone in a room."""

    def __init__(self, agent: Agent, folder: Path, room: Room, time: Steps) -> None:
        self.agent = agent
        self.room = room
        self.time = time
        self.volume_percent = 100
        self.latency_us = 10_000
        horn = Horn(lambda: self.volume_percent, lambda: self.latency_us, self._set_latency)
        self.test = HornTest(room, agent.conductor.local, time, ReferenceFile(folder), horn)

    def _set_latency(self, latency_us: int) -> None:
        self.latency_us = latency_us

    async def sounding(self, count: int, end: type[engine.PlayEvent] = engine.Finished) -> None:
        """What the engine says of the pattern, the ``count``-th sound of the device's own."""
        play_id, _ = await self.agent.does("start_now", count)
        self.room.began_us = self.agent.time.monotonic_us()
        self.agent.engine.tell(engine.Sounding(play_id, self.room.began_us, 0, 0))
        cut = end is engine.Stopped
        self.agent.engine.tell(engine.Stopped(play_id, 5) if cut else engine.Finished(play_id, 96_000, 0, 0))

    async def tested(self, count: int = 1) -> Found:
        testing = asyncio.ensure_future(self.test.test())
        await self.sounding(count)
        return await testing
