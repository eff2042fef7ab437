"""Keeps the controller clock fed over one link: rounds of exchanges, as `clock_pace` says.

Rules of the module: each exchange of a round leaves when the one before it was answered, or a little later where the
way is long. So they do not queue behind each other, and both ends are awake: a processor that slept in between adds
more to one way than to the other. Answers are matched by ``t1_us``. These requests are also the keep-alive of the link.
"""

import asyncio
from typing import Final

from agents.domain.clock import ControllerClock
from agents.domain.clock_burst import Exchange
from agents.domain.clock_pace import ClockPace, PaceBounds
from agents.io.timeport import TimePort
from agents.io.wire import LinkLost, Wire
from agents.protocol.channel import ClockAnswer, clock_tag
from agents.protocol.messages import Welcome
from agents.protocol.values import Profile

_NEXT_AFTER_S: Final = 0.025
"""Longer than ways differ on most noisy networks, so that an answer seldom waits for the one before it."""
_ANSWER_WITHIN_S: Final = 3.0
_ALIVE_SHARE: Final = 0.85
"""Of the limit of silence: nobody is to take the link for dead while it waits to ask again."""


class Timekeeper:
    """The clock exchanges of one link. `run` sends, `answer` takes what comes back."""

    def __init__(self, wire: Wire, clock: ControllerClock, time: TimePort, welcome: Welcome) -> None:
        self._wire = wire
        self._clock = clock
        self._time = time
        self._clock_id = welcome.clock_id
        self._tag = clock_tag(welcome.clock_id)
        every_s = min(welcome.clock_every_s, _ALIVE_SHARE * welcome.silence_limit_s)
        self._every_us = round(every_s * 1e6)
        bounds = PaceBounds(every_s, welcome.clock_burst, welcome.profile is Profile.SIM, welcome.crowded_s)
        self._pace = ClockPace(bounds, time.monotonic_us())
        self._open: set[int] = set()
        self._collected: list[Exchange] = []
        self._complete = asyncio.Event()
        self.fed: Final = asyncio.Event()
        """Set once the first round of this link has reached the clock."""

    async def run(self) -> None:
        """Rounds until cancelled. Raises `LinkLost` when the link is gone."""
        while True:
            now_us = self._time.monotonic_us()
            due = self._pace.next(now_us, self._clock.sigma_us(self._clock_id, now_us + self._every_us))
            await self._burst(due.exchanges)
            await self._time.sleep_until(self._time.monotonic_us() + round(due.pause_s * 1e6))

    def answer(self, answer: ClockAnswer, arrived_local_us: int) -> None:
        """An answer; one that nobody waits for is left out. Raises `LinkLost` when it is of another time line."""
        if answer.clock_tag != self._tag:
            raise LinkLost("the controller's time begins anew")
        if answer.t1_us not in self._open:
            return
        self._open.discard(answer.t1_us)
        self._collected.append(
            Exchange(t1_us=answer.t1_us, t2_us=answer.t2_us, t3_us=answer.t3_us, t4_us=arrived_local_us)
        )
        if not self._open:
            self._complete.set()

    async def _burst(self, exchanges: int) -> None:
        self._collected, self._open = [], set()
        for _ in range(exchanges):
            await self._wire.ask_time(self._open.add)
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
