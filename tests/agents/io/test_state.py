"""What the agent keeps, over restarts, full disks and damage."""

import asyncio
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from agents.domain.journal import Airtime, Mark
from agents.io.database import StateError, StateInUse
from agents.io.journal import Entry
from agents.io.state import PIN_NAME, StateStore
from agents.protocol.documents import Play, ReleaseStop, Stop
from agents.protocol.journal import Finished
from agents.protocol.values import DocumentKind
from tests.agents.io.kept import NOW, PINNED, SOUNDING, opened, seqs, stored, write
from tests.agents.making import HOUR_US, T0_US, Desk, airing


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


# --- full disks and damage -----------------------------------------------------------------------------------------


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


@pytest.mark.parametrize(
    "rot",
    [
        "UPDATE counters SET kind = 'ordes'",
        "UPDATE counters SET counter = 'x1'",
        "UPDATE counters SET counter = 9e999",
        "UPDATE meta SET value = '1x' WHERE name = 'last_seq'",
        "UPDATE meta SET value = '3' WHERE name = 'last_seq'",
        "UPDATE meta SET value = x'ff' WHERE name = 'refusals'",
        "UPDATE meta SET name = 'jourmal_id' WHERE name = 'journal_id'",
        "UPDATE airtime SET began_us = 'yesterday'",
        "UPDATE orders SET payload = 7",
        "ALTER TABLE marks RENAME TO narks",
        "ALTER TABLE journal RENAME COLUMN record TO redord",
    ],
)
async def test_a_file_that_is_whole_and_holds_what_nobody_can_read_is_moved_aside_too(tmp_path: Path, rot: str) -> None:
    """Or the program would end at every start, and nobody could mend it from afar."""
    desk, order = Desk(), None
    async with opened(tmp_path) as store:
        await store.pin(PINNED)
        order = desk.order(Stop())
        await store.accept(desk.sign(order), order, T0_US)
        await store.count_refusals(3)
        await store.journal.write([Entry(stored(n), NOW) for n in range(5)], (), {"air-1": Airtime(T0_US, 5, True)})
        await store._database.run(lambda db: db.execute(rot))

    async with opened(tmp_path) as store:
        assert store.was_damaged
        assert store.pinned() == PINNED
        assert (await store.load()).orders == ()
        await write(store, stored(1))
        assert await seqs(store) == [1]


@pytest.mark.parametrize(
    "was", ['"c-1"', '"c3Nz', '"a2tr', "{"], ids=["id", "key of the link", "key that signs", "all"]
)
async def test_a_pin_that_rotted_is_read_from_its_file(tmp_path: Path, was: str) -> None:
    """Or the box would wait for another controller for good."""
    async with opened(tmp_path) as store:
        await store.pin(PINNED)
        rotten = f"CAST(replace(CAST(pinned AS TEXT), '{was}', '{was[:-1]}0') AS BLOB)"
        assert await store._database.run(lambda db: db.execute(f"UPDATE pin SET pinned = {rotten}").rowcount) == 1

    for _ in range(2):
        async with opened(tmp_path) as store:
            assert store.pinned() == PINNED


@pytest.mark.parametrize("rotten", [b"{", b'{"controller_id":"c\xad1"}'], ids=["torn", "another byte"])
async def test_a_file_of_the_pins_that_rotted_is_written_anew(tmp_path: Path, rotten: bytes) -> None:
    async with opened(tmp_path) as store:
        await store.pin(PINNED)
    whole = (tmp_path / PIN_NAME).read_bytes()
    (tmp_path / PIN_NAME).write_bytes(rotten)

    async with opened(tmp_path) as store:
        assert store.pinned() == PINNED
        assert not store.was_damaged
    assert (tmp_path / PIN_NAME).read_bytes() == whole


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
        assert store.journal.stuck, "or nobody is told to look after the card"
        await store._database.run(lambda db: db.execute("PRAGMA max_page_count = 100000").fetchone())
        await write(store, stored(2))

        assert await seqs(store) == [1]
        assert not store.journal.stuck


async def test_a_document_that_cannot_be_kept_says_that_somebody_has_to_look_after_the_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    desk = Desk()
    async with opened(tmp_path) as store:
        document = desk.order(Stop())
        with monkeypatch.context() as patch:
            patch.setattr("agents.io.state._put_document", full)
            with pytest.raises(StateError, match="full"):
                await store.accept(desk.sign(document), document, T0_US)
        assert store.journal.stuck
        await store.accept(desk.sign(document), document, T0_US)
        assert not store.journal.stuck


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
