"""Watches over the program itself: its services, its event loop, its disk.

Rules of the module: a service that must run for ever and returns is a failure, and ends the program, so that whoever
started it starts it again whole. What is only getting worse is told in the log, once when it begins and once when it
is over, and shown as a figure.
"""

import asyncio
import logging
import shutil
from collections import deque
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final, NoReturn

_log = logging.getLogger(__name__)

_BEAT_S: Final = 0.5
_LAG_TOLD_S: Final = 0.5
_LAGS_KEPT: Final = 120
_DISK_EVERY_S: Final = 15.0


class ServiceEnded(Exception):
    """A service that must run as long as the controller does has returned."""


async def permanent(name: str, service: Coroutine[Any, Any, None]) -> NoReturn:
    """Runs a service. Raises `ServiceEnded` when it returns, and whatever it raises."""
    await service
    raise ServiceEnded(f"The service {name} ended by itself; the controller cannot go on without it.")


class LoopWatch:
    """How late the event loop runs what is due: above all, how long something has blocked it."""

    def __init__(self) -> None:
        self._lags_s: deque[float] = deque(maxlen=_LAGS_KEPT)
        self._told = False

    @property
    def worst_s(self) -> float:
        """The worst of the last minute."""
        return max(self._lags_s, default=0.0)

    async def run(self) -> None:
        """Never returns."""
        now_s = asyncio.get_running_loop().time
        while True:
            due_s = now_s() + _BEAT_S
            await asyncio.sleep(_BEAT_S)
            self._note(max(0.0, now_s() - due_s))

    def _note(self, lag_s: float) -> None:
        self._lags_s.append(lag_s)
        late = lag_s > _LAG_TOLD_S
        if late and not self._told:
            _log.warning("The controller was held up for %.2f s.", lag_s)
        self._told = late


class DiskWatch:
    """Free disk where the data is."""

    def __init__(self, folder: Path, least_bytes: int) -> None:
        self._folder = folder
        self._least_bytes = least_bytes
        self.free_bytes = shutil.disk_usage(folder).free
        self.low = False

    async def run(self) -> None:
        """Never returns."""
        while True:
            try:
                usage = await asyncio.to_thread(shutil.disk_usage, self._folder)
                self.note(usage.free)
            except OSError as error:
                _log.error("The data directory cannot be read: %s", error)
            await asyncio.sleep(_DISK_EVERY_S)

    def note(self, free_bytes: int) -> None:
        """What was measured."""
        self.free_bytes = free_bytes
        low = free_bytes < self._least_bytes
        if low and not self.low:
            _log.warning("Only %d MB of disk are free in %s. Free some space.", free_bytes // 1_000_000, self._folder)
        elif self.low and not low:
            _log.info("There is enough free disk again: %d MB.", free_bytes // 1_000_000)
        self.low = low


async def all_of(checks: list[tuple[str, Callable[[], Coroutine[Any, Any, bool]]]]) -> bool:
    """Whether everything that is needed works; what does not is told in the log."""
    well = True
    for name, check in checks:
        if not await check():
            _log.warning("Not ready: %s does not work.", name)
            well = False
    return well
