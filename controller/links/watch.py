"""Looks at all links now and then: one timer for thousands of them, instead of one for each."""

import asyncio
from collections.abc import Mapping
from typing import Final

from agents.protocol.ids import DeviceId
from controller.links.device_link import DeviceLink

_EVERY_S: Final = 0.5
_OF_THE_LIMIT: Final = 8.0


class Watch:
    """Ends links that are silent, or take nothing, for longer than they may. Sleeps while there are none."""

    def __init__(self, links: Mapping[DeviceId, DeviceLink]) -> None:
        self._links = links
        self._every_s = _EVERY_S
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, silence_limit_s: float) -> None:
        """A link is there that may be silent for so long."""
        self._every_s = min(self._every_s, silence_limit_s / _OF_THE_LIMIT)
        if self._timer is None:
            self._wait()

    def _wait(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._every_s, self._look)

    def _look(self) -> None:
        self._timer = None
        now_s = asyncio.get_running_loop().time()
        for link in tuple(self._links.values()):
            link.look(now_s)
        if self._links:
            self._wait()
