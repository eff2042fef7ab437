"""Looks after silent links with one timer for thousands of them, instead of one for each.

A link is looked at when it could be due at the earliest, and not before: about once in its silence limit.
"""

import asyncio
from typing import Final

from controller.links.device_link import DeviceLink

_TICK_S: Final = 0.25
_OF_THE_LIMIT: Final = 8.0


class Watch:
    """Ends links that are silent, or take nothing, for longer than they may. Sleeps while there are none."""

    def __init__(self) -> None:
        self._tick_s = _TICK_S
        self._due: dict[int, list[DeviceLink]] = {}
        self._seen = 0
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, link: DeviceLink) -> None:
        """From now on the link may be silent for as long as its limit, and no longer."""
        loop = asyncio.get_running_loop()
        if not self._due:
            self._tick_s = min(_TICK_S, link.silence_limit_s / _OF_THE_LIMIT)
            self._seen = int(loop.time() / self._tick_s)
        self._put(link, link.due_s)
        if self._timer is None:
            self._timer = loop.call_later(self._tick_s, self._look)

    def _put(self, link: DeviceLink, due_s: float) -> None:
        tick = max(self._seen, int(due_s / self._tick_s)) + 1
        self._due.setdefault(tick, []).append(link)

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        now_s = loop.time()
        for tick in range(self._seen + 1, int(now_s / self._tick_s) + 1):
            self._seen = tick
            for link in self._due.pop(tick, ()):
                link.look(now_s)
                if not link.over:
                    self._put(link, link.due_s)
        self._timer = loop.call_later(self._tick_s, self._look) if self._due else None
