"""Sources that are being listened to for relays: each once, however many airings take its sound.

Rules of the module: a source that ends or fails is tried again, at longer and longer intervals, for as long as somebody
wants it; nothing that a source does reaches further than its own task. When nobody wants it any more it is let go of
at once.
"""

import asyncio
import logging
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from controller.domain.errors import StudioFailed
from controller.domain.relaying import RelayLimits, Sight
from controller.ports import Clock
from controller.ports.relays import Radio

_log = logging.getLogger(__name__)
_SECOND_US: Final = 1_000_000
_FIRST_PAUSE_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 15.0
Take = Callable[[bytes], None]


@dataclass(slots=True)
class Tap:
    """One source. ``problem`` is the sentence on why nothing comes from it, "" while something does."""

    source: str
    limits: RelayLimits
    clock: Clock
    problem: str = ""
    problem_code: str = ""
    takers: list[Take] = field(default_factory=list)
    task: "asyncio.Task[None] | None" = None
    _tried_us: int = 0
    _came_us: int | None = None
    _well_us: int | None = None
    _quiet_s: float = 0.0

    def __post_init__(self) -> None:
        self._tried_us = self.clock.now_us()

    def sight(self) -> Sight:
        """How it is now."""
        now_us = self.clock.now_us()
        stalled_s = math.inf if self._came_us is None else (now_us - self._came_us) / _SECOND_US
        if stalled_s >= self.limits.lost_s:
            self._well_us = None
        return Sight(
            tried_s=(now_us - self._tried_us) / _SECOND_US,
            stalled_s=stalled_s,
            quiet_s=self._quiet_s,
            well_s=0.0 if self._well_us is None else (now_us - self._well_us) / _SECOND_US,
            failed=bool(self.problem),
        )

    async def run(self, radio: Radio) -> None:
        """Until cancelled."""
        pause_s = _FIRST_PAUSE_S
        while True:
            before_us = self._came_us
            try:
                await self._listen(radio)
                self.problem, self.problem_code = "The source has ended.", "source_unreachable"
            except StudioFailed as error:
                self.problem, self.problem_code = error.detail or str(error), error.code
            except Exception:
                # Whatever is wrong here, the other sources and the desk go on.
                _log.exception("a source of a relay could not be listened to")
                self.problem, self.problem_code = "It could not be listened to; see the log.", "internal"
            if self._came_us != before_us:
                pause_s = _FIRST_PAUSE_S
            self._well_us, self._quiet_s = None, 0.0
            _log.warning("A source of a relay is away: %s", self.problem, extra={"event": "relay_source_away"})
            await self.clock.sleep_until(self.clock.now_us() + round(pause_s * _SECOND_US))
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    async def _listen(self, radio: Radio) -> None:
        async with radio.tune(self.source) as reception:
            async for packet in reception:
                self._came(packet, reception.quiet_s)

    def _came(self, packet: bytes, quiet_s: float) -> None:
        self._came_us, self._quiet_s = self.clock.now_us(), quiet_s
        self.problem = self.problem_code = ""
        if quiet_s >= self.limits.dead_air_s:
            self._well_us = None
        elif self._well_us is None:
            self._well_us = self._came_us
        for take in tuple(self.takers):
            take(packet)


class Taps:
    """Those that are open. ``radio`` None: this station cannot listen to anything."""

    def __init__(self, radio: Radio | None, clock: Clock, limits: RelayLimits) -> None:
        self._radio = radio
        self._clock = clock
        self._limits = limits
        self._open: dict[str, Tap] = {}
        self._group: asyncio.TaskGroup | None = None

    def join(self, group: asyncio.TaskGroup) -> None:
        """From here on tasks belong to ``group``."""
        self._group = group

    def hold(self, source: str, take: Take) -> Tap:
        """Listens to a source; every packet is given to ``take``, which must not raise. See `let_go`."""
        tap = self._open.get(source)
        if tap is None:
            tap = self._open[source] = Tap(source, self._limits, self._clock)
            if self._radio is not None and self._group is not None:
                tap.task = self._group.create_task(tap.run(self._radio), name="a source of a relay")
        tap.takers.append(take)
        return tap

    def let_go(self, tap: Tap, take: Take) -> None:
        """Nothing more is given to ``take``."""
        tap.takers.remove(take)
        if not tap.takers and self._open.get(tap.source) is tap:
            del self._open[tap.source]
            if tap.task is not None:
                tap.task.cancel()

    @property
    def open(self) -> int:
        """How many sources are listened to."""
        return len(self._open)
