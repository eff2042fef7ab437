"""Controller time: one steady line per run of the program.

Rules of the module: the wall clock is read once, at the start; from then on the line follows the clock of the kernel
that never steps and counts sleep as well (CLOCK_BOOTTIME, else CLOCK_MONOTONIC). The wall clock is then only watched:
when it leaves the line by more than a second, somebody set it, one of the two is wrong, and the controller stops
trusting its time until that is explained.

A line that was never trusted (the machine started without network time) begins anew, with a new ``clock_id``, once
the system clock is synchronised; nothing was planned on it. A line that was trusted goes on as it is: speakers hold
plans that were made on it.
"""

import asyncio
import ctypes
import ctypes.util
import functools
import logging
import secrets
import time
from collections.abc import Callable
from typing import Final, Protocol

_log = logging.getLogger(__name__)

STEP_US: Final = 1_000_000
_WATCH_EVERY_S: Final = 1.0
_LONGEST_NAP_S: Final = 30.0
_TIME_ERROR: Final = 5
"""adjtimex(2): the clock is not synchronised to a reliable server."""
_TIMEX_BYTES: Final = 512
"""More than ``struct timex`` on any Linux; all zero asks without setting anything."""


class SystemClocks(Protocol):
    """The clocks of the machine, in microseconds."""

    def steady_us(self) -> int: ...
    def wall_us(self) -> int: ...
    def synchronised(self) -> bool:
        """Whether something (network time, usually) keeps the wall clock true; False where that cannot be known."""
        ...


@functools.cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(ctypes.util.find_library("c") or "libc.so.6", use_errno=True)


class KernelClocks:
    """Those of this machine."""

    def __init__(self) -> None:
        self._steady = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)

    def steady_us(self) -> int:
        return time.clock_gettime_ns(self._steady) // 1000

    def wall_us(self) -> int:
        return time.time_ns() // 1000

    def synchronised(self) -> bool:
        try:
            answer: int = _libc().adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
        except (AttributeError, OSError):
            return False
        return 0 <= answer < _TIME_ERROR


def _nothing() -> None:
    return None


class ControllerClock:
    """Implements `controller.ports.Clock`. Run `watch` for as long as the program lives."""

    def __init__(
        self,
        clocks: SystemClocks | None = None,
        *,
        trust_system_clock: bool = False,
        changed: Callable[[], None] = _nothing,
    ) -> None:
        """``changed`` is called when `synchronised` or `clock_id` has changed."""
        self._clocks = clocks or KernelClocks()
        self._trust = trust_system_clock
        self._changed = changed
        self._clock_id = ""
        self._base_us = 0
        self._step_us = 0
        self._synchronised = False
        self._was_trusted = False
        self._kept_true = False
        self._begin()

    def _begin(self) -> None:
        self._clock_id = "t-" + secrets.token_hex(8)
        self._base_us = self._clocks.wall_us() - self._clocks.steady_us()
        self._step_us = 0
        self._synchronised = self._trust or self._clocks.synchronised()
        self._was_trusted = self._kept_true = self._synchronised
        if not self._synchronised:
            _log.warning(
                "Nothing keeps the system clock of this machine true, so no rundown is signed. Turn on network time, "
                "or set trust_system_clock where the clock is known to be right."
            )

    @property
    def clock_id(self) -> str:
        return self._clock_id

    @property
    def step_us(self) -> int:
        """How far the wall clock has left the line, where that is more than a second; else 0."""
        return self._step_us

    def now_us(self) -> int:
        return self._base_us + self._clocks.steady_us()

    def synchronised(self) -> bool:
        return self._synchronised

    async def sleep_until(self, instant_us: int) -> None:
        while (left_us := instant_us - self.now_us()) > 0:  # noqa: ASYNC110 - naps, because the line may begin anew
            await asyncio.sleep(min(left_us / 1e6, _LONGEST_NAP_S))

    async def watch(self) -> None:
        """Never returns."""
        while True:
            await asyncio.sleep(_WATCH_EVERY_S)
            self.look()

    def look(self) -> None:
        """Compares the clocks once."""
        before = (self._clock_id, self._synchronised)
        apart_us = self._clocks.wall_us() - self.now_us()
        kept_true = self._trust or self._clocks.synchronised()
        stepped = abs(apart_us) > STEP_US
        if stepped and kept_true and not self._was_trusted:
            self._begin()
            _log.warning(
                "The system clock became true, %+.3f s from where it was; controller time begins anew.", apart_us / 1e6
            )
        else:
            self._note_step(apart_us if stepped else 0)
            self._note_trust(kept_true)
            self._synchronised = kept_true and not stepped
            self._was_trusted = self._was_trusted or self._synchronised
        if before != (self._clock_id, self._synchronised):
            self._changed()

    def _note_trust(self, kept_true: bool) -> None:
        if kept_true != self._kept_true:
            if kept_true:
                _log.info("The system clock is kept true again.")
            else:
                _log.warning("Nothing keeps the system clock true any more. Until something does no rundown is signed.")
        self._kept_true = kept_true

    def _note_step(self, step_us: int) -> None:
        if step_us and not self._step_us:
            _log.error(
                "The system clock was set by %+.3f s while the controller ran. Until it is set back or the controller "
                "is started again no rundown is signed.",
                step_us / 1e6,
            )
        elif self._step_us and not step_us:
            _log.info("The system clock is back where it was.")
        self._step_us = step_us
