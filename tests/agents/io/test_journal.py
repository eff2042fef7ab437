"""The journal that the agent keeps until the controller has it."""

import asyncio
import sqlite3
from pathlib import Path

from agents.io.clips import ClipSettings
from agents.io.journal import JournalSettings
from agents.protocol.journal import Failed, FailReason, RecordsLost, StartedUp
from tests.agents.io.kept import opened, seqs, stored, write
from tests.agents.making import T0_US


async def test_records_are_numbered_without_a_hole_over_restarts(tmp_path: Path) -> None:
    for round_number in range(3):
        async with opened(tmp_path) as store:
            await write(store, StartedUp(software="x", clean=True), stored(round_number))
    async with opened(tmp_path) as store:
        batch = await store.journal.next_batch()

        assert batch is not None
        assert [record.seq for record in batch.records] == [1, 2, 3, 4, 5, 6]
        assert store.journal.last_seq == 6
        assert batch.records[1].at_us == T0_US
        assert batch.records[1].event == stored(0)


async def test_what_is_acknowledged_is_deleted_and_numbers_go_on(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await write(store, *map(stored, range(5)))
        await store.journal.acknowledge(store.journal.journal_id, 5)
        assert await store.journal.next_batch() is None
    async with opened(tmp_path) as store:
        await write(store, stored(9))

        assert await seqs(store) == [6]


async def test_how_many_records_wait_is_known_after_a_restart_too(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        assert store.journal.waiting == 0
        await write(store, *map(stored, range(5)))
        await store.journal.acknowledge(store.journal.journal_id, 2)
        assert store.journal.waiting == 3
    async with opened(tmp_path) as store:
        assert store.journal.waiting == 3
        await store.journal.acknowledge(store.journal.journal_id, 5)
        assert store.journal.waiting == 0


async def test_an_acknowledgement_of_another_journal_deletes_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await write(store, *map(stored, range(3)))
        await store.journal.acknowledge("j-other", 3)

        assert await seqs(store) == [1, 2, 3]


async def test_where_the_controller_has_more_than_was_written_a_new_journal_says_that_records_were_lost(
    tmp_path: Path,
) -> None:
    """A card that forgets what it had confirmed: its numbers must not be given twice, or nobody would take them."""
    async with opened(tmp_path) as store:
        await write(store, *map(stored, range(3)))
        former = store.journal.journal_id
        await store.journal.acknowledge(former, 99)
    async with opened(tmp_path) as store:
        batch = await store.journal.next_batch()

        assert batch is not None
        assert batch.journal_id == store.journal.journal_id != former
        assert (store.journal.last_seq, store.journal.waiting) == (4, 4)
        assert [record.seq for record in batch.records] == [1, 2, 3, 4]
        assert batch.records[0].event == RecordsLost(cause="the disk had forgotten records")
        assert [record.event for record in batch.records[1:]] == [stored(0), stored(1), stored(2)]


async def test_the_same_acknowledgement_twice_is_harmless(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await write(store, *map(stored, range(3)))
        for _ in range(2):
            await store.journal.acknowledge(store.journal.journal_id, 2)

        assert await seqs(store) == [3]


async def test_batches_are_bounded_and_in_order(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await write(store, *map(stored, range(450)))

        assert await seqs(store) == list(range(1, 201))


async def test_who_waits_for_the_journal_is_woken_by_a_record(tmp_path: Path) -> None:
    async with opened(tmp_path) as store, asyncio.timeout(10):
        seen = store.journal.version
        waiting = [asyncio.ensure_future(store.journal.wait_changed(seen)) for _ in range(2)]

        await write(store, stored(1))

        await asyncio.gather(*waiting)


async def test_a_record_written_before_one_begins_to_wait_is_not_waited_for(tmp_path: Path) -> None:
    async with opened(tmp_path) as store, asyncio.timeout(10):
        seen = store.journal.version
        await write(store, stored(1))
        await store.journal.next_batch()

        await store.journal.wait_changed(seen)


async def test_a_batch_can_begin_after_what_is_under_way(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await write(store, *map(stored, range(5)))

        batch = await store.journal.next_batch(3)
        assert batch is not None
        assert [record.seq for record in batch.records] == [4, 5]
        assert await store.journal.next_batch(5) is None


async def test_a_full_journal_drops_its_oldest_and_says_so_in_their_place(tmp_path: Path) -> None:
    async with opened(tmp_path, most_records=20) as store:
        for number in range(1, 101):
            await write(store, stored(number))

        batch = await store.journal.next_batch()

    assert batch is not None
    head = batch.records[0]
    assert isinstance(head.event, RecordsLost)
    assert (head.event.first_seq, head.event.records) == (1, head.seq)
    assert [record.seq for record in batch.records] == list(range(head.seq, 101))
    assert len(batch.records) <= 20
    assert batch.records[1].event == stored(head.seq + 1)


async def test_a_full_journal_fits_into_the_disk_that_clips_leave_alone(tmp_path: Path) -> None:
    """With records as long as they get. As they usually are, it is a fifth of that."""
    longest = [
        Failed(airing_id=f"a-{number:030}", reason=FailReason.FETCH_FAILED, detail="x" * 500) for number in range(2_000)
    ]
    async with opened(tmp_path) as store:
        await write(store, *longest)
        (pages,) = await store._database.run(lambda db: db.execute("PRAGMA page_count").fetchone())

    bytes_a_record = pages * 4_096 / len(longest)
    assert JournalSettings().most_records * bytes_a_record < ClipSettings().floor_bytes


async def test_a_record_that_rotted_on_the_disk_is_told_as_lost(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await write(store, *map(stored, (1, 2, 3)))
    with sqlite3.connect(tmp_path / "agent.db") as db:
        db.execute("UPDATE journal SET record = x'ff00' WHERE seq = 2")
    db.close()
    async with opened(tmp_path) as store:
        batch = await store.journal.next_batch()

    assert batch is not None
    assert batch.records[1].event == RecordsLost(first_seq=2, records=1, cause="the record was damaged")
    assert batch.records[2].event == stored(3)
