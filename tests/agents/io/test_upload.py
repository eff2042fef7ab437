"""The journal on its way: at once, in order, a few batches ahead, and deleted only when it is home."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from agents.domain.now import Now
from agents.io.journal import Entry
from agents.io.state import StateStore
from agents.io.timeport import SystemTime
from agents.io.upload import BATCHES_AHEAD, Gathering, Uploader
from agents.io.wire import LinkLost
from agents.protocol.journal import JournalEvent, Stored
from agents.protocol.messages import JournalAck, JournalBatch
from agents.protocol.values import ClockBasis

NOW = Now(0, None, None, ClockBasis.NONE)


class HurriedTime(SystemTime):
    """Every wait is over as soon as ``late`` is set."""

    def __init__(self) -> None:
        self.late = asyncio.Event()

    def monotonic_us(self) -> int:
        return super().monotonic_us() + (3_600_000_000 if self.late.is_set() else 0)

    async def sleep_until(self, monotonic_us: int) -> None:
        await self.late.wait()


class Way:
    """A link that carries batches nowhere, and the uploader on it."""

    def __init__(self, store: StateStore) -> None:
        self.store = store
        self.time = HurriedTime()
        self.uploader = Uploader(store.journal, self.time, self._send)
        self.sent: list[list[int]] = []
        self._came = asyncio.Condition()

    async def _send(self, batch: JournalBatch) -> None:
        async with self._came:
            self.sent.append([record.seq for record in batch.records])
            self._came.notify_all()

    async def until(self, look: Callable[[], bool]) -> None:
        async with asyncio.timeout(10), self._came:
            await self._came.wait_for(look)

    async def write(self) -> None:
        number = self.store.journal.last_seq + 1
        await self.store.journal.write([Entry(Stored(airing_id=f"air-{number}"), NOW)])

    def commit(self, seq: int) -> None:
        self.uploader.acknowledged(JournalAck(journal_id=self.store.journal.journal_id, committed_seq=seq))

    async def kept(self) -> list[int]:
        batch = await self.store.journal.next_batch()
        return [] if batch is None else [record.seq for record in batch.records]


@asynccontextmanager
async def uploading(directory: Path) -> AsyncIterator[tuple[Way, "asyncio.Task[None]"]]:
    store = StateStore(directory)
    await store.open()
    way = Way(store)
    task = asyncio.ensure_future(way.uploader.run())
    try:
        yield way, task
    finally:
        task.cancel()
        await asyncio.wait([task])
        await store.close()


async def test_a_record_does_not_wait_for_the_one_before_it_to_be_committed(tmp_path: Path) -> None:
    async with uploading(tmp_path) as (way, _):
        for count in range(1, BATCHES_AHEAD + 1):
            await way.write()
            await way.until(lambda count=count: len(way.sent) == count)  # type: ignore[misc]

        assert way.sent == [[seq] for seq in range(1, BATCHES_AHEAD + 1)]


async def test_more_than_a_few_batches_wait_for_the_first_and_go_together(tmp_path: Path) -> None:
    async with uploading(tmp_path) as (way, _):
        for count in range(1, BATCHES_AHEAD + 1):
            await way.write()
            await way.until(lambda count=count: len(way.sent) == count)  # type: ignore[misc]
        for _ in range(3):
            await way.write()
        assert len(way.sent) == BATCHES_AHEAD

        way.commit(1)
        await way.until(lambda: len(way.sent) == BATCHES_AHEAD + 1)

        assert way.sent[-1] == [BATCHES_AHEAD + 1, BATCHES_AHEAD + 2, BATCHES_AHEAD + 3]


async def test_what_is_committed_is_deleted_and_nothing_else(tmp_path: Path) -> None:
    async with uploading(tmp_path) as (way, task):
        for count in range(1, 4):
            await way.write()
            await way.until(lambda count=count: len(way.sent) == count)  # type: ignore[misc]

        way.commit(2)
        way.uploader.acknowledged(JournalAck(journal_id="j-other", committed_seq=3))
        way.uploader.leave()
        async with asyncio.timeout(10):
            while await way.kept() != [3]:
                await asyncio.sleep(0)
        assert not task.done()

        way.commit(3)
        await asyncio.wait_for(task, 10)
        assert await way.kept() == []


async def test_a_number_above_all_that_was_written_begins_a_new_journal_and_deletes_nothing(tmp_path: Path) -> None:
    """A disk that forgot what it had confirmed: under the old numbers the controller would take nothing any more."""
    async with uploading(tmp_path) as (way, task):
        former = way.store.journal.journal_id
        await way.write()
        await way.until(lambda: way.sent == [[1]])
        way.commit(1_000)
        await way.until(lambda: way.sent == [[1], [1, 2]])
        assert way.store.journal.journal_id != former
        assert await way.kept() == [1, 2]

        await way.write()
        await way.until(lambda: way.sent == [[1], [1, 2], [3]])
        way.commit(3)
        way.uploader.leave()
        await asyncio.wait_for(task, 10)
        assert await way.kept() == []


async def test_a_controller_that_commits_nothing_loses_the_link(tmp_path: Path) -> None:
    async with uploading(tmp_path) as (way, task):
        await way.write()
        await way.until(lambda: len(way.sent) == 1)

        way.time.late.set()

        with pytest.raises(LinkLost, match="did not acknowledge"):
            await asyncio.wait_for(task, 10)


@asynccontextmanager
async def gathering(directory: Path) -> AsyncIterator[Way]:
    """A link where bytes are dear: somebody waits for airings whose id begins with ``now``."""
    store = StateStore(directory)
    await store.open()
    way = Way(store)

    def awaited(event: JournalEvent) -> bool:
        return isinstance(event, Stored) and event.airing_id.startswith("now")

    way.uploader = Uploader(store.journal, way.time, way._send, Gathering(30_000_000, awaited))
    task = asyncio.ensure_future(way.uploader.run())
    try:
        yield way
    finally:
        task.cancel()
        await asyncio.wait([task])
        await store.close()


async def test_where_bytes_are_dear_records_wait_for_others_and_travel_together(tmp_path: Path) -> None:
    async with gathering(tmp_path) as way:
        for _ in range(3):
            await way.write()
        await asyncio.wait([asyncio.ensure_future(way.until(lambda: bool(way.sent)))], timeout=0.1)
        assert way.sent == []

        way.time.late.set()
        await way.until(lambda: way.sent == [[1, 2, 3]])


async def test_what_somebody_waits_for_takes_all_others_along_at_once(tmp_path: Path) -> None:
    async with gathering(tmp_path) as way:
        await way.write()
        await way.store.journal.write([Entry(Stored(airing_id="now-1"), NOW)])
        await way.until(lambda: way.sent == [[1, 2]])


async def test_nothing_is_gathered_by_who_leaves(tmp_path: Path) -> None:
    async with gathering(tmp_path) as way:
        await way.write()
        way.uploader.leave()
        await way.until(lambda: way.sent == [[1]])
