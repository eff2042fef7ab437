"""What the agent keeps, over restarts, damage and kill -9."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from agents.domain.journal import Airtime, Mark
from agents.domain.now import Now
from agents.io.clips import ClipSettings
from agents.io.database import StateError, StateInUse
from agents.io.journal import Entry, JournalSettings
from agents.io.state import Pinned, StateStore
from agents.protocol.documents import Play, ReleaseStop, Stop
from agents.protocol.journal import Failed, FailReason, Finished, JournalEvent, RecordsLost, Sounding, StartedUp, Stored
from agents.protocol.values import ClockBasis, DocumentKind
from tests.agents.making import HOUR_US, T0_US, Desk, airing

NOW = Now(1, T0_US, 500, ClockBasis.LINK)
PINNED = Pinned(controller_id="c-1", static_key=b"s" * 32, signing_key=b"k" * 32, urls=("ws://station/link",))
SOUNDING = Sounding(airing_id="air-1", planned_start_us=T0_US, actual_start_us=T0_US, start_error_us=0)


@asynccontextmanager
async def opened(directory: Path, **journal: int) -> AsyncIterator[StateStore]:
    store = StateStore(directory, JournalSettings(**journal) if journal else None)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


async def write(store: StateStore, *events: JournalEvent) -> None:
    await store.journal.write([Entry(event, NOW) for event in events])


def stored(number: int) -> Stored:
    return Stored(airing_id=f"air-{number}")


async def seqs(store: StateStore) -> list[int]:
    batch = await store.journal.next_batch()
    return [] if batch is None else [record.seq for record in batch.records]


async def test_a_disk_that_is_full_keeps_nobody_from_what_lies_on_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(tmp_path) as store:
        await store.pin(PINNED)
        await write(store, stored(1))

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("agents.io.state._set", full)
    async with opened(tmp_path) as store:
        assert store.pinned() == PINNED
        assert await seqs(store) == [1]
        assert not store.was_clean


async def test_a_disk_that_was_full_from_the_beginning_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("agents.io.state._set", full)
    store = StateStore(tmp_path)
    with pytest.raises(StateError, match="full"):
        await store.open()
    await store.close(clean=False)


# --- pins and documents ---------------------------------------------------------------------------------------------


async def test_a_new_device_belongs_to_nobody_and_a_pinned_one_to_its_controller_for_good(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        assert store.pinned() is None
        await store.pin(PINNED)
    async with opened(tmp_path) as store:
        assert store.pinned() == PINNED


async def test_documents_come_back_as_they_were_signed(tmp_path: Path) -> None:
    desk = Desk()
    first, second = desk.rundown(airing("a")), desk.rundown(airing("b"))
    documents = [desk.assignment(), first, second, desk.order(Stop()), desk.order(Play(airing=airing()))]
    async with opened(tmp_path) as store:
        for document in documents:
            await store.accept(desk.sign(document), document, T0_US)
    async with opened(tmp_path) as store:
        kept = await store.load()

    assert kept.assignment == desk.sign(documents[0])
    assert kept.rundowns == (desk.sign(second),)
    assert kept.orders == (desk.sign(documents[3]), desk.sign(documents[4]))
    assert kept.counters == {
        (desk.key.key_id, DocumentKind.ASSIGNMENT): 1,
        (desk.key.key_id, DocumentKind.RUNDOWN): 2,
        (desk.key.key_id, DocumentKind.ORDER): 2,
    }


async def test_each_key_has_its_own_rundown(tmp_path: Path) -> None:
    desk, other = Desk(), Desk()
    async with opened(tmp_path) as store:
        for one in (desk, other):
            document = one.rundown(airing())
            await store.accept(one.sign(document), document, T0_US)
        assert len((await store.load()).rundowns) == 2

        await store.drop_rundowns([other.key.key_id])

        assert [signed.key_id for signed in (await store.load()).rundowns] == [desk.key.key_id]


async def test_orders_are_forgotten_past_their_not_after_but_not_in_the_middle_of_their_airing(tmp_path: Path) -> None:
    desk = Desk()
    stop, play = desk.order(Stop()), desk.order(Play(airing=airing()))
    async with opened(tmp_path) as store:
        for document in (stop, play):
            await store.accept(desk.sign(document), document, T0_US)
        await write(store, SOUNDING)
        later = desk.order(Stop(), issued_at_us=T0_US + 2 * HOUR_US)
        await store.accept(desk.sign(later), later, T0_US + 2 * HOUR_US)

        assert (await store.load()).orders == (desk.sign(play), desk.sign(later))


async def test_the_order_of_an_airing_of_which_nothing_was_said_is_kept_a_day_longer(tmp_path: Path) -> None:
    """Without it nobody would say what became of that airing, where the program is cut off now."""
    desk = Desk()
    play, done = desk.order(Play(airing=airing())), desk.order(Play(airing=airing("air-2")))
    async with opened(tmp_path) as store:
        for document in (play, done):
            await store.accept(desk.sign(document), document, T0_US)
        await write(store, Finished(airing_id="air-2", ended_at_us=1, played_us=1))
        for hours, kept in ((2, (play,)), (26, ())):
            now_us = T0_US + hours * HOUR_US
            later = desk.order(Stop(), issued_at_us=now_us, not_after_us=now_us)
            await store.accept(desk.sign(later), later, now_us)

            assert (await store.load()).orders == tuple(desk.sign(one) for one in (*kept, later))


async def test_releasing_something_that_is_no_stop_spends_nothing(tmp_path: Path) -> None:
    desk = Desk()
    play = desk.order(Play(airing=airing()))
    release = desk.order(ReleaseStop(order_id=play.header.document_id))
    async with opened(tmp_path) as store:
        for document in (play, release):
            await store.accept(desk.sign(document), document, None)

        assert (await store.load()).spent == frozenset()


async def test_a_released_stop_is_remembered_and_no_longer_obeyed(tmp_path: Path) -> None:
    desk = Desk()
    stop = desk.order(Stop())
    release = desk.order(ReleaseStop(order_id=stop.header.document_id))
    async with opened(tmp_path) as store:
        for document in (stop, release):
            await store.accept(desk.sign(document), document, T0_US)

        kept = await store.load()

    assert kept.spent == {stop.header.document_id}
    assert desk.sign(stop) in kept.orders


async def test_a_device_that_forgets_is_new_but_for_its_counters(tmp_path: Path) -> None:
    desk = Desk()
    async with opened(tmp_path) as store:
        await store.pin(PINNED, desk.sign(desk.assignment()))
        await write(store, SOUNDING)
        journal_id = store.journal.journal_id

        await store.forget()

        assert store.pinned() is None
        assert store.journal.journal_id != journal_id
        assert await store.journal.next_batch() is None
    async with opened(tmp_path) as store:
        kept = await store.load()
        assert store.pinned() is None
        assert (kept.assignment, kept.marks) == (None, {})
        assert list(kept.counters) == [(desk.key.key_id, DocumentKind.ASSIGNMENT)]


async def test_marks_say_what_was_written_of_an_airing(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.journal.write([Entry(stored(1), NOW)], starting=["air-1", "air-2"])
        await write(store, SOUNDING, Finished(airing_id="air-3", ended_at_us=1, played_us=1))
    async with opened(tmp_path) as store:
        marks = (await store.load()).marks

    assert marks == {
        "air-1": Mark(stored=True, starting=True, begun=True),
        "air-2": Mark(starting=True),
        "air-3": Mark(ended=True),
    }


async def test_what_airings_took_of_their_days_is_kept_until_it_counts_for_none(tmp_path: Path) -> None:
    early, late = Airtime(T0_US, 40_000_000, slot=True), Airtime(T0_US + 90 * HOUR_US, 5, slot=False)
    async with opened(tmp_path) as store:
        await store.journal.write([], ["air-1"], {"air-1": early, "gone": late})
        await store.journal.write([], [], {"air-2": late, "gone": None})
        await store.journal.write([], [], {"air-1": replace(early, played_us=7)})
    async with opened(tmp_path) as store:
        assert (await store.load()).airtime == {"air-1": replace(early, played_us=7), "air-2": late}
        await store.journal.write([], [], {"air-3": replace(late, began_us=T0_US + 97 * HOUR_US)})
        assert (await store.load()).airtime.keys() == {"air-2", "air-3"}


async def test_a_state_from_before_there_were_guards_is_taken_up(tmp_path: Path) -> None:
    async with opened(tmp_path):
        pass
    with sqlite3.connect(tmp_path / "agent.db") as old:
        old.execute("DROP TABLE airtime")
    old.close()

    async with opened(tmp_path) as store:
        assert (await store.load()).airtime == {}


async def test_a_shutdown_is_told_from_an_accident(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        assert store.was_clean
    async with opened(tmp_path) as store:
        assert store.was_clean
        await store.close(clean=False)
    async with opened(tmp_path) as store:
        assert not store.was_clean


# --- the journal ----------------------------------------------------------------------------------------------------


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


# --- damage ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", ["garbage", "torn", "empty_pages", "gone"])
async def test_a_damaged_file_is_moved_aside_and_the_device_still_knows_its_controller(
    tmp_path: Path, damage: str
) -> None:
    async with opened(tmp_path) as store:
        await store.pin(PINNED)
        await write(store, *map(stored, range(500)))
        journal_id = store.journal.journal_id
    file = tmp_path / "agent.db"
    content = file.read_bytes()
    match damage:
        case "garbage":
            file.write_bytes(b"\x17" * len(content))
        case "gone":
            file.unlink()
        case "torn":
            file.write_bytes(content[:5_000])
        case _:
            file.write_bytes(content[:4_096] + bytes(len(content) - 4_096))

    async with opened(tmp_path) as store:
        assert store.was_damaged
        assert not store.was_clean
        assert store.pinned() == PINNED
        assert store.journal.journal_id != journal_id
        assert await store.journal.next_batch() is None
        await write(store, stored(1))
        assert await seqs(store) == [1]
    assert (tmp_path / "agent.db.damaged").exists() or damage == "gone"


async def test_a_device_that_forgot_does_not_remember_through_the_file_of_its_pins(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.pin(PINNED)
    (tmp_path / "agent.db").write_bytes(b"garbage" * 1_000)
    async with opened(tmp_path) as store:
        await store.forget()
        assert store.pinned() is None
    async with opened(tmp_path) as store:
        assert store.pinned() is None


async def test_two_agents_do_not_share_a_state(tmp_path: Path) -> None:
    async with opened(tmp_path):
        second = StateStore(tmp_path)
        with pytest.raises(StateInUse):
            await second.open()
        await second.close()


async def test_a_disk_that_is_full_is_an_error_and_leaves_no_hole(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store._database.run(lambda db: db.execute("PRAGMA max_page_count = 1").fetchone())
        with pytest.raises(StateError, match="full"):
            await write(store, *map(stored, range(1_000)))
        await store._database.run(lambda db: db.execute("PRAGMA max_page_count = 100000").fetchone())
        await write(store, stored(2))

        assert await seqs(store) == [1]


async def test_a_write_whose_asker_gave_up_is_finished_all_the_same(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        task = asyncio.ensure_future(write(store, stored(1)))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await write(store, stored(2))

        batch = await store.journal.next_batch()

    assert batch is not None
    assert [record.event for record in batch.records] == [stored(1), stored(2)]
    assert [record.seq for record in batch.records] == [1, 2]
