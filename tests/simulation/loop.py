"""An event loop whose time is made up: it stands still while anybody works, and leaps when everybody waits.

Sockets on the loopback, threads and the disk are real. Nobody works when no callback is ready, no socket has anything
to be read, and nothing that was handed to a thread is still to come back; then the clock is set to whatever is waited
for next. So hours pass in seconds, and always in the same order of instants.
"""

import asyncio
import selectors
import time
from collections.abc import Awaitable, Callable
from typing import Any

import aiosqlite.core

START_S = 1_000_000.0
_STUCK_S = 60.0
_BREATH_S = 0.0002


class _Selector(selectors.DefaultSelector):
    """Asks the system what has come; time passes only where nothing has."""

    loop: "LeapingLoop"

    def select(self, timeout: float | None = None) -> list[Any]:
        found = super().select(0)
        if found or timeout == 0:
            return found
        began = time.monotonic()
        while self.loop.busy or timeout is None:
            found = super().select(0.05)
            if found:
                return found
            if time.monotonic() - began > _STUCK_S:
                raise RuntimeError("everybody waits, and nothing is to come")
        # A word may be on its way from one socket to the other, or a thread about to speak.
        time.sleep(_BREATH_S)
        found = super().select(0)
        if not found and not self.loop.busy:
            self.loop.now_s += timeout
        return found


class LeapingLoop(asyncio.SelectorEventLoop):
    """``busy`` counts what threads are doing for it."""

    def __init__(self) -> None:
        self.now_s = START_S
        self.busy = 0
        selector = _Selector()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        return self.now_s

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:
        future = super().run_in_executor(executor, func, *args)
        self.busy += 1
        future.add_done_callback(lambda _: self._done())
        return future

    def _done(self) -> None:
        self.busy -= 1


def counting(execute: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """The same with what the database's threads are asked for counted."""

    async def counted(self: Any, *args: Any, **named: Any) -> Any:
        loop = asyncio.get_running_loop()
        if not isinstance(loop, LeapingLoop):
            return await execute(self, *args, **named)
        loop.busy += 1
        try:
            return await execute(self, *args, **named)
        finally:
            loop.busy -= 1

    return counted


COUNTED = (aiosqlite.core.Connection, ("_execute", "_connect"))
"""What is to be wrapped by `counting` while such a loop runs."""
