"""The one place where the agent learns what time it is.

Rules of the module: everything in the agent that measures, waits or stamps asks a ``TimePort``, the threads of the
output too, so that an experiment can skew rate and offset without touching the system clock. Two clocks are told
apart: *monotonic* never steps and is what starts and positions are counted in; *wall* is UTC and may be wrong.
"""

import asyncio
import ctypes
import ctypes.util
import functools
import os
import time
from typing import Protocol

_STA_UNSYNC = 0x0040  # linux/timex.h: the kernel's clock is not disciplined by anything
_LONGEST_NAP_S = 3600.0


class TimePort(Protocol):
    """What the agent may ask about time. All values are whole microseconds."""

    def monotonic_us(self) -> int:
        """Microseconds since an arbitrary point; never goes back, goes on at a steady rate. Any thread may ask."""

    def wall_us(self) -> int:
        """Microseconds since 1970-01-01 UTC, as the system believes. Any thread may ask."""

    def wall_synchronised(self) -> bool:
        """Whether something (NTP, usually) keeps the wall clock true. False where it cannot be known."""

    async def sleep_until(self, monotonic_us: int) -> None:
        """Return as soon as ``monotonic_us()`` has reached the given value; at once if it has already."""

    def block_until(self, monotonic_us: int) -> None:
        """The same for a thread of its own: blocks it. Never to be called on the event loop."""


class _Timeval(ctypes.Structure):
    _fields_ = (("tv_sec", ctypes.c_long), ("tv_usec", ctypes.c_long))


class _Timex(ctypes.Structure):
    """``struct timex`` of adjtimex(2); the tail is room for what newer kernels add."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("constant", ctypes.c_long),
        ("precision", ctypes.c_long),
        ("tolerance", ctypes.c_long),
        ("time", _Timeval),
        ("tail", ctypes.c_byte * 256),
    )


@functools.cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(ctypes.util.find_library("c") or "libc.so.6", use_errno=True)


class SystemTime:
    """The time of this machine."""

    def monotonic_us(self) -> int:
        return time.monotonic_ns() // 1000

    def wall_us(self) -> int:
        return time.time_ns() // 1000

    def wall_synchronised(self) -> bool:
        if os.name != "posix":
            return False
        question = _Timex()  # modes = 0: read only
        try:
            answer: int = _libc().adjtimex(ctypes.byref(question))
        except (AttributeError, OSError):
            return False
        return answer >= 0 and not question.status & _STA_UNSYNC

    async def sleep_until(self, monotonic_us: int) -> None:
        while (left_us := monotonic_us - self.monotonic_us()) > 0:  # noqa: ASYNC110 - naps, not polling
            await asyncio.sleep(min(left_us / 1e6, _LONGEST_NAP_S))

    def block_until(self, monotonic_us: int) -> None:
        while (left_us := monotonic_us - self.monotonic_us()) > 0:
            time.sleep(min(left_us / 1e6, _LONGEST_NAP_S))


class SkewedTime:
    """Another time port seen through a wrong clock: for experiments.

    The skewed monotonic clock reads ``inner + offset_us`` at the moment this object is made and from then on runs
    ``rate_ppm`` parts per million fast (slow where negative). The wall clock is skewed the same way.
    """

    def __init__(self, inner: TimePort, rate_ppm: float = 0.0, offset_us: int = 0) -> None:
        if rate_ppm <= -1e6:
            raise ValueError("a clock cannot run backwards: rate_ppm must be above -1,000,000")
        self._inner = inner
        self._rate_ppm = rate_ppm
        self._offset_us = offset_us
        self._made_at_us = inner.monotonic_us()

    def _gained_us(self) -> int:
        elapsed_us = self._inner.monotonic_us() - self._made_at_us
        return self._offset_us + round(elapsed_us * self._rate_ppm / 1e6)

    def _inner_instant_us(self, monotonic_us: int) -> int:
        elapsed_us = (monotonic_us - self._offset_us - self._made_at_us) / (1 + self._rate_ppm / 1e6)
        return self._made_at_us + round(elapsed_us)

    def monotonic_us(self) -> int:
        elapsed_us = self._inner.monotonic_us() - self._made_at_us
        return self._made_at_us + elapsed_us + self._offset_us + round(elapsed_us * self._rate_ppm / 1e6)

    def wall_us(self) -> int:
        return self._inner.wall_us() + self._gained_us()

    def wall_synchronised(self) -> bool:
        return self._inner.wall_synchronised()

    async def sleep_until(self, monotonic_us: int) -> None:
        while self.monotonic_us() < monotonic_us:
            await self._inner.sleep_until(max(self._inner_instant_us(monotonic_us), self._inner.monotonic_us() + 1))

    def block_until(self, monotonic_us: int) -> None:
        while self.monotonic_us() < monotonic_us:
            self._inner.block_until(max(self._inner_instant_us(monotonic_us), self._inner.monotonic_us() + 1))
