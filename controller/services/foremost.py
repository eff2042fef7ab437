"""What goes to many devices at once goes first.

The answers of thousands to an alarm come together with what they do about it: their journals, and the clips that they
fetch. All of that can wait for the moment that it takes until everybody has the order and that is stored.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

MANY: Final = 200
"""Fewer are through before anything else is noticed."""
_AT_MOST_S: Final = 1.0


class Foremost:
    """`going` is around what goes first; everything else asks `wait` before it begins."""

    def __init__(self) -> None:
        self._going = 0
        self._clear = asyncio.Event()
        self._clear.set()

    @contextmanager
    def going(self, devices: int) -> Iterator[None]:
        """Inside the block something goes to so many devices."""
        if devices < MANY:
            yield
            return
        self._going += 1
        self._clear.clear()
        try:
            yield
        finally:
            self._going -= 1
            if not self._going:
                self._clear.set()

    @property
    def idle(self) -> bool:
        """Nothing goes first now."""
        return self._clear.is_set()

    async def wait(self) -> None:
        """Returns when nothing goes first, or after a second: devices that do not answer hold up nobody."""
        if not self._clear.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(_AT_MOST_S):
                    await self._clear.wait()
