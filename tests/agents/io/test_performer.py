"""What the performer does where the disk does not take its records."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agents.domain.clock import ControllerClock
from agents.domain.journal import Airtime
from agents.domain.player import PlayerSettings
from agents.io.clips import ClipStore
from agents.io.database import StateError
from agents.io.heard import HeardFile
from agents.io.jitter import JitterBuffer, LiveCounters
from agents.io.journal import Entry, JournalStore
from agents.io.output import PlayEngine
from agents.io.output.null import NullOutput
from agents.io.performer import Performer
from agents.io.timeport import SystemTime
from agents.protocol.journal import JournalEvent, RecordsLost, StartedUp

PATIENCE_S = 10.0


class FullDisk:
    """A journal that takes nothing until there is room."""

    def __init__(self) -> None:
        self.room = False
        self.tries = 0
        self.kept: list[JournalEvent] = []
        self.tried = asyncio.Event()

    async def write(self, entries: list[Entry], starting: list[str], airtime: dict[str, Airtime | None]) -> None:
        self.tries += 1
        self.tried.set()
        if not self.room:
            raise StateError("no room")
        self.kept += [entry.event for entry in entries]


class PatientTime(SystemTime):
    """Counts who waits for long, and wakes them all at once."""

    def __init__(self) -> None:
        self.waiting = 0
        self.go_on = asyncio.Event()

    async def sleep_until(self, monotonic_us: int) -> None:
        if monotonic_us - self.monotonic_us() < 3_000_000:
            return await super().sleep_until(monotonic_us)
        self.waiting += 1
        await self.go_on.wait()
        return None


class Stage:
    def __init__(self, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("agents.io.performer._UNWRITTEN_AT_MOST", 5)
        self.time, self.disk = PatientTime(), FullDisk()
        journal = JournalStore.__new__(JournalStore)
        journal.write = self.disk.write  # type: ignore[method-assign,assignment]
        self.performer = Performer(
            time=self.time,
            clock=ControllerClock(),
            engine=PlayEngine(NullOutput(self.time), self.time, lambda event: None),
            clips=ClipStore(directory),
            journal=journal,
            heard=HeardFile(directory),
            fetch=lambda wants: None,
            live=lambda airing_id: JitterBuffer(LiveCounters()),
            settings=PlayerSettings(),
        )

    async def record(self) -> None:
        """Write one, and see it tried."""
        self.disk.tried.clear()
        self.performer.record([StartedUp(software="test", clean=True)])
        async with asyncio.timeout(PATIENCE_S):
            await self.disk.tried.wait()


@pytest.fixture
async def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    built = Stage(tmp_path, monkeypatch)
    task = asyncio.ensure_future(built.performer.run())
    yield built
    task.cancel()
    await asyncio.wait([task])


async def test_however_much_is_recorded_one_waits_to_try_again(stage: Stage) -> None:
    for _ in range(4):
        await stage.record()
    await asyncio.sleep(0)

    assert stage.disk.tries == 4
    assert stage.time.waiting == 1


async def test_what_found_no_room_is_told_when_there_is_room_again(stage: Stage) -> None:
    for _ in range(8):
        await stage.record()
    stage.disk.room = True
    stage.time.go_on.set()
    async with asyncio.timeout(PATIENCE_S):
        while not stage.disk.kept:
            await asyncio.sleep(0)

    assert stage.disk.kept[0] == RecordsLost(cause="3 records found no room")
    assert len(stage.disk.kept) == 1 + 5
