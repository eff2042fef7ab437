"""A fleet: its file, its devices, and how long it stays."""

import asyncio
import resource
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agents.protocol.pairing import EnrolmentToken
from firmware_stubs import state
from firmware_stubs.device import Device
from firmware_stubs.faults import Fault
from firmware_stubs.fetching import Fetcher
from firmware_stubs.link import Way
from firmware_stubs.live import Bundles
from firmware_stubs.reading import Reader
from firmware_stubs.shared import Shared
from firmware_stubs.state import Kept
from firmware_stubs.tally import Tally
from firmware_stubs.timers import Timers

_SAVE_AFTER_S: Final = 5.0
_FILES_BESIDE: Final = 200
"""Open files that are no links."""


class CannotRun(Exception):
    """The fleet cannot be as large as was asked; the sentence says what to do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What to run. Times in seconds; ``ramp_s`` lies between two devices' first dials."""

    count: int
    url: str
    token: EnrolmentToken | None = None
    state_file: Path | None = None
    ramp_s: float = 0.01
    own_addresses: bool = False
    seed: int = 0
    faults: Sequence[Fault] = ()


class Fleet:
    """Belongs to the event loop in which it is made. ``say`` gets one event at a time, for a program that watches."""

    def __init__(self, plan: Plan, tally: Tally, say: Callable[[dict[str, object]], None]) -> None:
        """Raises `StateUnusable`, `CannotRun`, `ValueError` or `OSError` for an address that leads nowhere."""
        raise_file_limit(plan.count + _FILES_BESIDE)
        loop = asyncio.get_running_loop()
        way = Way.to(plan.url)
        self._plan = plan
        self._tally = tally
        self._say = say
        self._all: list[Kept] = [] if plan.state_file is None else state.load(plan.state_file)
        self._all += [state.new_device() for _ in range(plan.count - len(self._all))]
        tally.devices = plan.count
        self._shared = Shared(
            loop=loop,
            way=way,
            timers=Timers(loop),
            reader=Reader(),
            tally=tally,
            bundles=Bundles(),
            fetcher=Fetcher(way, self._fetched, tally.problem),
            token=plan.token,
            tls=ssl.create_default_context() if way.secure else None,
            own_addresses=plan.own_addresses,
            changed=self._changed,
            noticed=self._noticed,
        )
        self._saving = False
        self._said: set[str] = set()
        self.devices = [
            Device(number, kept, self._shared, seed=plan.seed, faults=plan.faults)
            for number, kept in enumerate(self._all[: plan.count])
        ]

    async def run(self, seconds: float) -> None:
        """Stays that long, then hangs up and writes its file. Also when it is cancelled. Raises `OSError`."""
        fetching = asyncio.create_task(self._shared.fetcher.run())
        self._say({"event": "dialling", "devices": len(self.devices)})
        self._shared.timers.begin()
        began_s = self._shared.loop.time()
        try:
            await self._dial(began_s)
            await asyncio.sleep(max(0.0, began_s + seconds - self._shared.loop.time()))
        finally:
            linked, in_time = self._tally.linked, self._tally.in_time
            for device in self.devices:
                device.stop()
            self._shared.timers.close()
            fetching.cancel()
            await asyncio.gather(fetching, *self._shared.dialling, return_exceptions=True)
            self._tally.linked, self._tally.in_time = linked, in_time
            self._tally.shared = self._shared.reader.shared
            self._save()

    def jump(self, elapsed_s: float) -> None:
        """Timed faults count as if the fleet had begun so long ago."""
        self._shared.timers.begin(elapsed_s)

    async def _dial(self, began_s: float) -> None:
        """So many at once as are due: a pause a device would be longer than was asked for a large fleet."""
        loop, ramp_s = self._shared.loop, self._plan.ramp_s
        for number, device in enumerate(self.devices):
            ahead_s = began_s + number * ramp_s - loop.time()
            if ahead_s > 0.001:
                await asyncio.sleep(ahead_s)
            elif not number % 50:
                await asyncio.sleep(0)
            device.start()

    def _fetched(self) -> None:
        self._tally.fetched += 1

    def _noticed(self) -> None:
        """Says once when all are linked, and once when all have been told the time."""
        for event, reached in (("all_linked", self._tally.linked), ("all_served", self._tally.in_time)):
            if reached == len(self.devices) and event not in self._said:
                self._said.add(event)
                self._say({"event": event, "after_s": round(self._shared.timers.elapsed_s(), 3)})

    def _changed(self) -> None:
        """Keys that were pinned are worth keeping soon: a fleet that forgets them is another fleet."""
        if not self._saving and self._plan.state_file is not None:
            self._saving = True
            self._shared.timers.after(_SAVE_AFTER_S, self._save)

    def _save(self) -> None:
        self._saving = False
        if self._plan.state_file is not None:
            state.save(self._plan.state_file, self._all)


def raise_file_limit(wanted: int) -> None:
    """Takes as many open files as are needed. Raises `CannotRun` where the system grants fewer."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise CannotRun(f"{wanted} open files are needed and {hard} are allowed; raise it with ulimit -Hn.")
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
