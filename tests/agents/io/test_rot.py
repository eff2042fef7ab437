"""What a memory card makes of kept documents, one bit or digit after the other, is obeyed by nobody."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agents.io.state import AT_ONCE_S, CRASHES_IN_A_ROW, StateStore
from agents.protocol.documents import Play, ReleaseStop, Stop
from agents.protocol.values import DocumentKind
from tests.agents.io.core import Agent, Station, adopt, push, running, serving_clips, soon
from tests.agents.io.kept import opened
from tests.agents.making import HOUR_US, T0_US, Desk, airing, clip_bytes


@pytest.fixture
async def station() -> AsyncIterator[Station]:
    async with serving_clips() as built:
        yield built


def rot(directory: Path, change: str) -> None:
    with sqlite3.connect(directory / "agent.db") as db:
        assert db.execute(change).rowcount == 1
    db.close()


def another_hour(column: str = "payload") -> str:
    """The digit of the hour in an instant of this test, read as another."""
    return f"CAST(replace(CAST({column} AS TEXT), '\"start_at_us\":18', '\"start_at_us\":17') AS BLOB)"


async def planned(directory: Path, station: Station) -> None:
    """A box with a rundown whose clip is here, and then without its controller."""
    station.offer(clip_bytes("air-1"))
    async with running(directory) as agent:
        await adopt(agent, station)
        await push(agent, station, station.desk.rundown(airing(start_at_us=soon(agent, 30_000_000))))
        await agent.tells("stored", "armed")


def counter(agent: Agent, kind: DocumentKind) -> int:
    return next(mark.counter for mark in agent.conductor.counters() if mark.kind is kind)


async def test_a_rundown_that_rotted_plays_nothing_and_is_sent_again(tmp_path: Path, station: Station) -> None:
    await planned(tmp_path, station)
    rot(tmp_path, f"UPDATE documents SET payload = {another_hour()} WHERE place LIKE 'rundown:%'")

    async with running(tmp_path) as agent:
        agent.know_time()
        assert counter(agent, DocumentKind.RUNDOWN) == 0, "the controller sees that it is not here"
        assert not agent.conductor.performer.state.items
        assert agent.engine.called("start") == []

        again = station.desk.rundown(airing(start_at_us=soon(agent)), counter=1)
        assert (await agent.conductor.accept_document(station.desk.sign(again))).accepted
        assert (await agent.does("start"))[0].startswith("air-1."), "and what was planned is not taken for withdrawn"
        assert counter(agent, DocumentKind.RUNDOWN) == 1


async def test_an_assignment_that_rotted_makes_nobody_else_its_master(tmp_path: Path, station: Station) -> None:
    await planned(tmp_path, station)
    rot(tmp_path, "UPDATE documents SET payload = CAST(payload || ' ' AS BLOB) WHERE place = 'assignment'")

    async with running(tmp_path) as agent:
        assert agent.conductor.assignment() is None
        assert counter(agent, DocumentKind.ASSIGNMENT) == 0
        agent.know_time()
        again = station.desk.sign(station.desk.assignment(counter=1))
        assert (await agent.conductor.accept_document(again)).accepted


async def test_an_order_that_rotted_is_not_obeyed_and_the_others_are(tmp_path: Path, station: Station) -> None:
    async with running(tmp_path) as agent:
        await adopt(agent, station)
        await push(agent, station, station.desk.order(Stop(airing_ids=("air-9",)), document_id="stop-1"))
        await push(
            agent, station, station.desk.order(Play(airing=airing(start_at_us=soon(agent))), document_id="play-1")
        )
    rot(tmp_path, f"UPDATE orders SET payload = {another_hour()} WHERE document_id = 'play-1'")

    async with opened(tmp_path) as store:
        kept = await store.load()
        assert kept.rotten == 1
    async with running(tmp_path) as agent:
        assert list(agent.conductor.performer.state.latches) == ["stop-1"]
        assert not agent.conductor.performer.state.items


@pytest.mark.parametrize("rotten", ["CAST('{' AS BLOB)", "CAST('7' AS BLOB)", "CAST('{\"action\":7}' AS BLOB)"])
async def test_an_order_that_nobody_can_read_any_more_keeps_no_later_one_from_being_kept(
    tmp_path: Path, rotten: str
) -> None:
    desk = Desk()
    async with opened(tmp_path) as store:
        for number in range(2):
            old = desk.order(Stop(), document_id=f"stop-{number}", not_after_us=T0_US + HOUR_US)
            await store.accept(desk.sign(old), old, T0_US)
    rot(tmp_path, f"UPDATE orders SET payload = {rotten} WHERE document_id = 'stop-0'")

    async with opened(tmp_path) as store:
        for action in (ReleaseStop(order_id="stop-0"), ReleaseStop(order_id="stop-1")):
            order = desk.order(action, document_id=action.order_id + "-release", not_after_us=T0_US + 3 * HOUR_US)
            await store.accept(desk.sign(order), order, T0_US + 1)
        later = desk.order(Stop(), document_id="later", not_after_us=T0_US + 3 * HOUR_US)
        await store.accept(desk.sign(later), later, T0_US + 2 * HOUR_US)
        kept = await store.load()
        assert (kept.rotten, len(kept.orders)) == (0, 3), "what has passed is gone"


async def test_what_nothing_happened_to_is_obeyed_as_before(tmp_path: Path, station: Station) -> None:
    await planned(tmp_path, station)
    async with running(tmp_path) as agent:
        assert list(agent.conductor.performer.state.items) == ["air-1"]
        assert counter(agent, DocumentKind.RUNDOWN) == 1


async def crash(directory: Path, after_s: float = 1.0) -> None:
    store = StateStore(directory)
    await store.open()
    await store.close(clean=False, crashed_after_s=after_s)


async def test_a_program_that_ends_at_every_start_is_tried_without_what_it_was_to_play(
    tmp_path: Path, station: Station
) -> None:
    """So that its controller can reach it, and send something else."""
    await planned(tmp_path, station)
    async with running(tmp_path) as agent:
        await push(agent, station, station.desk.order(Stop(airing_ids=("air-9",)), document_id="stop-1"))
    for _ in range(CRASHES_IN_A_ROW - 1):
        await crash(tmp_path)
    async with opened(tmp_path) as store:
        assert (await store.load()).rotten == 0, "four times is not always"
        await store.close(clean=False, crashed_after_s=1.0)

    async with running(tmp_path) as agent:
        assert agent.conductor.assignment() is not None
        assert not agent.conductor.performer.state.items
        assert list(agent.conductor.performer.state.latches) == ["stop-1"], "a stop holds whatever happens"
        assert counter(agent, DocumentKind.RUNDOWN) == 0
        assert counter(agent, DocumentKind.ORDER) == 1

    async with running(tmp_path) as agent:
        assert list(agent.conductor.performer.state.items) == ["air-1"], "once it has ended well all is as it was"


@pytest.mark.parametrize("after_s", [AT_ONCE_S + 1, None], ids=["after some time", "by power cuts"])
async def test_a_program_that_ends_otherwise_keeps_its_plan(
    tmp_path: Path, station: Station, after_s: float | None
) -> None:
    await planned(tmp_path, station)
    for _ in range(3 * CRASHES_IN_A_ROW):
        store = StateStore(tmp_path)
        await store.open()
        await store.close(clean=False, crashed_after_s=after_s)
    async with running(tmp_path) as agent:
        assert list(agent.conductor.performer.state.items) == ["air-1"]
