"""A view: what one task reads of one state."""

import asyncio

import pytest

from agents.protocol.ids import AreaId
from controller.domain.errors import NotFound
from controller.store.database import SqlStore
from controller.store.engine import VIEWS
from schedules.areas import Area


def area(name: str) -> Area:
    return Area(area_id=AreaId(name), parent_id=None, level="commune", name=name)


async def add(store: SqlStore, name: str) -> None:
    async with store.transaction() as tx:
        await tx.areas.add(area(name))


async def names(store: SqlStore) -> set[str]:
    async with store.reading() as tx:
        return {one.name for one in await tx.areas.all()}


async def beside(store: SqlStore, name: str) -> None:
    await asyncio.create_task(add(store, name))


async def test_all_that_is_read_in_a_view_is_of_one_state(store: SqlStore) -> None:
    async with store.view():
        before = await names(store)
        await beside(store, "Xã Mới")
        assert await names(store) == before
    assert await names(store) == before | {"Xã Mới"}


async def test_without_a_view_each_reading_sees_the_latest(store: SqlStore) -> None:
    before = await names(store)
    await beside(store, "Xã Mới")
    assert await names(store) == before | {"Xã Mới"}


async def test_what_the_task_itself_changes_it_sees(store: SqlStore) -> None:
    async with store.view():
        before = await names(store)
        await add(store, "Xã Mới")
        assert await names(store) == before | {"Xã Mới"}


async def test_a_task_begun_in_a_view_reads_by_itself_at_the_same_time(store: SqlStore) -> None:
    async with store.view():
        before = await names(store)
        await beside(store, "Xã Mới")
        found = await asyncio.gather(*(names(store) for _ in range(4)))
        assert all(one == before | {"Xã Mới"} for one in found)
        assert await names(store) == before


async def test_a_reading_inside_another_one_is_the_same(store: SqlStore) -> None:
    async with store.view(), store.reading() as outer:
        before = {one.name for one in await outer.areas.all()}
        await beside(store, "Xã Mới")
        assert await names(store) == before


async def test_who_reads_may_not_change_at_the_same_time(store: SqlStore) -> None:
    """What it reads would change under its hands."""
    async with store.view():
        async with store.reading() as tx:
            await tx.areas.all()
            with pytest.raises(RuntimeError, match="inside of a reading"):
                await add(store, "Xã Mới")
        assert "Xã Mới" not in await names(store)
    assert store._engine.pool.checkedout() == 0  # type: ignore[attr-defined]


async def test_a_view_inside_a_view_changes_nothing(store: SqlStore) -> None:
    async with store.view():
        before = await names(store)
        async with store.view():
            await beside(store, "Xã Mới")
            assert await names(store) == before
        assert await names(store) == before


async def test_after_an_error_the_next_reading_begins_anew(store: SqlStore) -> None:
    async with store.view():
        before = await names(store)
        await beside(store, "Xã Mới")
        with pytest.raises(NotFound):
            async with store.reading():
                raise NotFound("nothing")
        assert await names(store) == before | {"Xã Mới"}


async def test_where_all_views_are_taken_readings_go_on_by_themselves(store: SqlStore) -> None:
    opened, done = asyncio.Semaphore(0), asyncio.Event()

    async def hold() -> None:
        async with store.view():
            await names(store)
            opened.release()
            await done.wait()

    async with asyncio.TaskGroup() as group:
        for _ in range(VIEWS):
            group.create_task(hold())
        for _ in range(VIEWS):
            await opened.acquire()
        async with store.view():
            before = await names(store)
            await beside(store, "Xã Mới")
            assert await names(store) == before | {"Xã Mới"}
        done.set()


async def test_a_view_in_which_nothing_is_read_takes_no_connection(store: SqlStore) -> None:
    async with store.view():
        assert store._engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    async with store.view():
        await names(store)
        assert store._engine.pool.checkedout() == 1  # type: ignore[attr-defined]
    assert store._engine.pool.checkedout() == 0  # type: ignore[attr-defined]
