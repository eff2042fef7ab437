"""The database itself: all or nothing, one writer, and what happens when it fails."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text

from agents.protocol.ids import AreaId, DeviceId, SpeakerId
from agents.protocol.values import DocumentKind
from controller.domain.errors import NotFound, StoreFailed
from controller.domain.speakers import Speaker, SpeakerHealth, SpeakerState
from controller.ports import Transaction
from controller.store.database import SqlStore
from controller.store.engine import READING, make_engine
from schedules.areas import Area, Origin


def area(number: int) -> Area:
    return Area(area_id=AreaId(f"area-{number}"), parent_id=None, level="village", name=f"Thôn {number}")


async def areas(store: SqlStore) -> int:
    async with store.reading() as tx:
        return len(await added(tx))


async def added(tx: Transaction) -> list[str]:
    """The areas that are not of the country's list, by id."""
    return [one.area_id for one in await tx.areas.all() if one.origin is Origin.STATION]


async def test_what_fails_half_way_is_not_kept(store: SqlStore) -> None:
    async def write() -> None:
        async with store.transaction() as tx:
            await tx.areas.add(area(1))
            raise LookupError

    with pytest.raises(LookupError):
        await write()
    assert await areas(store) == 0


async def test_what_is_written_in_a_reading_is_not_kept(store: SqlStore) -> None:
    async with store.reading() as tx:
        await tx.areas.add(area(1))
    assert await areas(store) == 0


async def test_a_cancelled_write_is_not_kept_and_blocks_nobody(store: SqlStore) -> None:
    began = asyncio.Event()

    async def write() -> None:
        async with store.transaction() as tx:
            await tx.areas.add(area(1))
            began.set()
            await asyncio.Event().wait()

    writing = asyncio.create_task(write())
    await began.wait()
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    async with store.transaction() as tx:
        await tx.areas.add(area(2))
    async with store.reading() as tx:
        assert await added(tx) == ["area-2"]


async def test_many_writers_at_once_never_find_it_locked(store: SqlStore) -> None:
    async def write(number: int) -> None:
        async with store.transaction() as tx:
            await tx.areas.all()
            await tx.areas.add(area(number))

    await asyncio.gather(*(write(number) for number in range(40)), *(areas(store) for _ in range(40)))
    assert await areas(store) == 40


async def test_reading_goes_on_while_somebody_writes(store: SqlStore) -> None:
    async with store.transaction() as tx:
        await tx.areas.add(area(1))
        assert await areas(store) == 0
    assert await areas(store) == 1


async def test_a_reading_sees_one_state(store: SqlStore) -> None:
    async with store.reading() as tx:
        assert await added(tx) == []
        async with store.transaction() as other:
            await other.areas.add(area(1))
        assert await added(tx) == []
    assert await areas(store) == 1


async def test_it_is_set_for_power_cuts_and_true_references(url: str, store: SqlStore) -> None:
    engine = make_engine(url).execution_options(**{READING: True})
    async with engine.connect() as connection:
        said = {
            name: (await connection.execute(text(f"PRAGMA {name}"))).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    await engine.dispose()
    assert said == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5_000}
    orphan = Speaker(
        speaker_id=SpeakerId("s-1"),
        name="Chợ",
        area_id=AreaId("area-nowhere"),
        device_id=DeviceId("d-1"),
        device_key=bytes(32),
        state=SpeakerState.ADOPTED,
        adopted_at_us=0,
    )
    with pytest.raises(StoreFailed):
        async with store.transaction() as tx:
            await tx.speakers.put(orphan)


async def test_a_full_disk_is_reported_and_nothing_half_written(store: SqlStore) -> None:
    async with store._engine.connect() as connection:
        pages = (await connection.execute(text("PRAGMA page_count"))).scalar()
        await connection.execute(text(f"PRAGMA max_page_count = {pages}"))

    async def write() -> None:
        async with store.transaction() as tx:
            for number in range(20_000):
                await tx.areas.add(area(number))

    with pytest.raises(StoreFailed, match="full") as failed:
        await write()
    assert failed.value.code == "out_of_space"
    assert await areas(store) == 0
    assert await store.ready()


async def test_a_database_that_another_program_holds_is_reported(
    store: SqlStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with store._engine.connect() as connection:
        await connection.execute(text("PRAGMA busy_timeout = 1"))
    other = sqlite3.connect(tmp_path / "loa.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreFailed, match="locked"):
        async with store.transaction() as tx:
            await tx.areas.add(area(1))
    other.execute("ROLLBACK")
    other.close()
    async with store.transaction() as tx:
        await tx.areas.add(area(1))


async def test_counters_only_grow(store: SqlStore) -> None:
    async def reserve(count: int, at_least: int = 0) -> int:
        async with store.transaction() as tx:
            return await tx.documents.reserve_counters("k-1", DocumentKind.ORDER, count, at_least)

    assert await reserve(10) == 1
    assert await reserve(1) == 11
    assert await reserve(5, at_least=100) == 101
    assert await reserve(1, at_least=50) == 106


async def test_more_speakers_than_one_statement_can_name(store: SqlStore) -> None:
    count = 1_201
    async with store.transaction() as tx:
        await tx.areas.add(area(1))
        for number in range(count):
            await tx.speakers.put(
                Speaker(
                    speaker_id=SpeakerId(f"s-{number:04}"),
                    name=f"Loa {number:04}",
                    area_id=AreaId("area-1"),
                    device_id=DeviceId(f"d-{number:04}"),
                    device_key=bytes(32),
                    state=SpeakerState.ADOPTED,
                    adopted_at_us=0,
                )
            )
    healths = [SpeakerHealth(speaker_id=SpeakerId(f"s-{n:04}"), seen_at_us=1, connected=True) for n in range(count)]
    for seen_us in (1, 2):
        async with store.transaction() as tx:
            await tx.speakers.put_health(
                [type(one)(speaker_id=one.speaker_id, seen_at_us=seen_us, connected=True) for one in healths]
            )
    async with store.reading() as tx:
        found = await tx.speakers.health()
    assert len(found) == count
    assert {one.seen_at_us for one in found.values()} == {2}


async def test_what_is_not_there_is_said_so(store: SqlStore) -> None:
    async with store.reading() as tx:
        for missing in (
            tx.speakers.get(SpeakerId("s-1")),
            tx.airings.get("a-1"),
            tx.bulletins.get("b-1"),
            tx.areas.path(AreaId("area-1")),
            tx.persons.get("p-1"),
        ):
            with pytest.raises(NotFound):
                await missing
        assert await tx.documents.latest_assignment(DeviceId("d-1")) is None
        assert await tx.journals.committed(DeviceId("d-1"), "j") == 0


async def test_two_programs_that_read_before_they_write_take_turns(url: str, store: SqlStore) -> None:
    other = SqlStore(url)

    async def write(through: SqlStore) -> None:
        async with through.transaction() as tx:
            count = len(await added(tx))
            await asyncio.sleep(0)
            await tx.areas.add(area(count))

    await asyncio.gather(*(write(through) for _ in range(10) for through in (store, other)))
    await other.close()
    assert await areas(store) == 20
