"""One heap of timers for all devices, and one timer of the event loop for all of them."""

import asyncio
import heapq
import itertools
from collections.abc import Callable
from typing import Final

_SLICE: Final = 200
"""So many are called before the sockets have their turn again."""


class Timer:
    """Something that is to happen once. `cancel` may be called at any time, also afterwards."""

    __slots__ = ("call",)

    def __init__(self, call: Callable[[], None]) -> None:
        self.call: Callable[[], None] | None = call

    def cancel(self) -> None:
        """It does not happen any more."""
        self.call = None


class Timers:
    """Belongs to one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._order = itertools.count()
        self._heap: list[tuple[float, int, Timer]] = []
        self._handle: asyncio.Handle | None = None
        self._rings_at_s = float("inf")
        self._began_s = loop.time()

    def begin(self, elapsed_s: float = 0.0) -> None:
        """The fleet begins now, or so long ago."""
        self._began_s = self._loop.time() - elapsed_s

    def elapsed_s(self) -> float:
        """Since the fleet began: what timed faults count from."""
        return self._loop.time() - self._began_s

    def after(self, delay_s: float, call: Callable[[], None]) -> Timer:
        """Calls back in ``delay_s`` seconds, never from inside this call."""
        timer = Timer(call)
        at_s = self._loop.time() + max(0.0, delay_s)
        heapq.heappush(self._heap, (at_s, next(self._order), timer))
        if at_s < self._rings_at_s:
            self._arm(at_s)
        return timer

    def close(self) -> None:
        """Nothing happens any more."""
        self._heap.clear()
        if self._handle is not None:
            self._handle.cancel()

    def _arm(self, at_s: float) -> None:
        if self._handle is not None:
            self._handle.cancel()
        self._rings_at_s = at_s
        self._handle = self._loop.call_at(at_s, self._ring)

    def _ring(self) -> None:
        self._handle, self._rings_at_s = None, float("inf")
        now_s = self._loop.time()
        for _ in range(_SLICE):
            if not self._heap or self._heap[0][0] > now_s:
                break
            timer = heapq.heappop(self._heap)[2]
            if timer.call is not None:
                timer.call()
        if self._heap and self._heap[0][0] < self._rings_at_s:
            self._arm(self._heap[0][0])
