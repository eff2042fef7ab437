"""What a memory card makes of kept documents, one bit or digit after the other, is obeyed by nobody."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agents.protocol.documents import Play, Stop
from agents.protocol.values import DocumentKind
from tests.agents.io.core import Agent, Station, adopt, push, running, serving_clips, soon
from tests.agents.io.kept import opened
from tests.agents.making import airing, clip_bytes


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


async def test_what_nothing_happened_to_is_obeyed_as_before(tmp_path: Path, station: Station) -> None:
    await planned(tmp_path, station)
    async with running(tmp_path) as agent:
        assert list(agent.conductor.performer.state.items) == ["air-1"]
        assert counter(agent, DocumentKind.RUNDOWN) == 1
