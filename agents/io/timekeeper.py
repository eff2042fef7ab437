"""Keeps the controller clock fed over one link: bursts of exchanges, quick at first, then at the pace asked for.

Rules of the module: each exchange of a burst leaves when the one before it was answered, or a little later where the
way is long. So they do not queue behind each other, and both ends are awake: a processor that slept in between adds
more to one way than to the other. Answers are matched by ``t1_us``. The first bursts follow close upon each other,
because two points make a line: a fresh link knows offset and drift within seconds. These requests are also the
keep-alive of the link.
"""

import asyncio
from typing import Final

from agents.domain.clock import ControllerClock, Exchange
from agents.io.timeport import TimePort
from agents.io.wire import Wire
from agents.protocol.messages import ClockReply, ClockRequest

_NEXT_AFTER_S: Final = 0.02
_ANSWER_WITHIN_S: Final = 3.0
_FIRST_PAUSES_S: Final = (0.25, 0.5, 1.0, 2.0)


class Timekeeper:
    """The clock exchanges of one link. `run` sends, `answer` takes what comes back."""

    def __init__(self, wire: Wire, clock: ControllerClock, time: TimePort, every_s: float, exchanges: int) -> None:
        self._wire = wire
        self._clock = clock
        self._time = time
        self._every_s = every_s
        self._exchanges = exchanges
        self._clock_id = ""
        self._open: set[int] = set()
        self._collected: list[Exchange] = []
        self._complete = asyncio.Event()
        self.fed: Final = asyncio.Event()
        """Set once the first burst of this link has reached the clock."""

    async def run(self) -> None:
        """Bursts until cancelled. Raises `LinkLost` when the link is gone."""
        pauses = [pause for pause in _FIRST_PAUSES_S if pause < self._every_s]
        while True:
            await self._burst()
            pause_s = pauses.pop(0) if pauses else self._every_s
            await self._pause(pause_s)

    def answer(self, reply: ClockReply, arrived_local_us: int) -> None:
        """A reply; one that nobody waits for is left out."""
        if reply.t1_us not in self._open:
            return
        self._open.discard(reply.t1_us)
        if reply.clock_id != self._clock_id:
            self._clock_id = reply.clock_id
            self._collected.clear()
        self._collected.append(
            Exchange(t1_us=reply.t1_us, t2_us=reply.t2_us, t3_us=reply.t3_us, t4_us=arrived_local_us)
        )
        if not self._open:
            self._complete.set()

    async def _burst(self) -> None:
        self._collected, self._open = [], set()
        for _ in range(self._exchanges):
            t1_us = self._time.monotonic_us()
            self._open.add(t1_us)
            await self._wire.send(ClockRequest(t1_us=t1_us))
            await self._answered(_NEXT_AFTER_S)
        if not await self._answered(_ANSWER_WITHIN_S):
            self._open.clear()  # what did come counts; the reader notices when nothing comes at all
        if self._collected:
            self._clock.feed(self._clock_id, self._collected)
            self.fed.set()

    async def _answered(self, within_s: float) -> bool:
        """Whether every open request has its answer before that time is over."""
        try:
            async with asyncio.timeout(within_s):
                while self._open:
                    self._complete.clear()
                    await self._complete.wait()
        except TimeoutError:
            return False
        return True

    async def _pause(self, seconds: float) -> None:
        await self._time.sleep_until(self._time.monotonic_us() + round(seconds * 1e6))
