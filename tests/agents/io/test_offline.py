"""A box on its own: power came back, the controller is away, and it goes on for as many days as its rundown holds."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec import structs

from agents.domain.now import Now
from agents.io.identity import load_or_make
from agents.io.journal import Entry
from agents.io.kept import Pinned
from agents.io.output import events as engine
from agents.io.state import StateStore
from agents.protocol.journal import Finished, JournalRecord, Skipped, SkipReason, StartedUp
from agents.protocol.values import ClipRef, ClockBasis, PlannedAiring
from tests.agents.io.agent_process import running as running_process
from tests.agents.io.core import Agent, Station, adopt, eventually, push, running, serving_clips
from tests.agents.making import HOUR_US, SECOND_US, T0_US, Desk, airing, clip_bytes, clip_part, ref_of

DAY_US = 24 * HOUR_US
DAYS = 7
READY_WITHIN_S = 10
AT_NOON = clip_bytes("noon")


@pytest.fixture
async def station() -> AsyncIterator[Station]:
    async with serving_clips() as built:
        yield built


def on(day: int) -> int:
    """Noon of a day, in controller time."""
    return T0_US + day * DAY_US


def week() -> list[PlannedAiring]:
    return [airing(f"day-{day}", start_at_us=on(day), sequence=(clip_part(AT_NOON),)) for day in range(1, DAYS + 1)]


async def leave_alone(directory: Path, station: Station) -> None:
    """Adopted, with a rundown for the week and its clip; then the power is cut."""
    station.offer(AT_NOON)
    async with running(directory, clean=False) as agent:
        await adopt(agent, station)
        pinned = structs.replace(station.desk.assignment(), pinned=(ref_of(AT_NOON),))
        await push(agent, station, pinned)  # or it would wait for its turn
        await push(agent, station, station.desk.rundown(*week(), not_after_us=on(DAYS + 1)))
        for day in range(1, DAYS + 1):
            await agent.tells("stored", airing_id=f"day-{day}")


def learn_network_time(agent: Agent, controller_us: int) -> None:
    agent.clock.network_time(agent.time.monotonic_us(), controller_us, synchronised=True)


async def test_without_a_controller_it_plays_every_day_of_its_rundown_by_network_time(
    tmp_path: Path, station: Station
) -> None:
    await leave_alone(tmp_path, station)
    for day in range(1, DAYS + 1):
        async with running(tmp_path, clean=False) as agent:
            learn_network_time(agent, on(day) - SECOND_US)
            play_id, start_local_us = await agent.does("start")
            assert play_id.startswith(f"day-{day}.")
            assert abs(agent.clock.to_controller(start_local_us) - on(day)) <= 1
            agent.conductor.play_event(engine.Sounding(play_id, start_local_us, 0, 0))
            agent.conductor.play_event(engine.Finished(play_id, 480_000, 0, 0))
            await eventually(lambda agent=agent, day=day: ended(agent, f"day-{day}"))  # type: ignore[misc]


async def ended(agent: Agent, airing_id: str) -> bool:
    return (await agent.state.load()).marks[airing_id].ended


async def test_where_nothing_tells_the_time_it_is_silent_and_says_so(tmp_path: Path, station: Station) -> None:
    await leave_alone(tmp_path, station)
    async with running(tmp_path) as agent:
        heartbeat = agent.conductor.heartbeat()
        assert heartbeat.clock_basis is ClockBasis.NONE
        started = [event async for event in _records(agent) if isinstance(event.event, StartedUp)]
        assert started[-1].at_us is None
        assert agent.engine.called("start") == []

        learn_network_time(agent, on(2) + HOUR_US)
        await eventually(lambda: ended(agent, "day-2"))
        skipped = [one.event async for one in _records(agent) if isinstance(one.event, Skipped)]
        assert [(one.airing_id, one.reason) for one in skipped] == [
            ("day-1", SkipReason.TIME_UNKNOWN),
            ("day-2", SkipReason.TIME_UNKNOWN),
        ]
        assert agent.engine.called("start") == []


async def _records(agent: Agent) -> AsyncIterator[JournalRecord]:
    last = 0
    while batch := await agent.conductor.journal.next_batch(last):
        for record in batch.records:
            yield record
        last = batch.records[-1].seq


@pytest.mark.system
async def test_after_a_power_cut_it_is_ready_with_days_of_work_on_its_disk(tmp_path: Path) -> None:
    """A week of twenty airings a day, 500 clips, 50,000 records that nobody collected."""
    await a_long_time_alone(tmp_path / "state")
    async with running_process(tmp_path, "--no-mdns", "--controller-url", "http://127.0.0.1:9") as agent:
        ready = await agent.said("ready")
        _, status = await agent.command("status")
        assert "adopted" in status
    assert ready["after_s"] < READY_WITHIN_S, "so long may a horn be away after its power is back"
    print(f"ready {ready['after_s']} s after the start of its program")


async def a_long_time_alone(directory: Path) -> None:
    desk = Desk()
    load_or_make(directory)
    clips = directory / "clips"
    clips.mkdir(parents=True)
    refs: list[ClipRef] = []
    for number in range(500):
        content = clip_bytes(f"clip-{number}", 60_000)
        name = hashlib.sha256(content).hexdigest()
        (clips / f"{name}.opus").write_bytes(content)
        refs.append(ClipRef(sha256=name, size_bytes=len(content), frames=480_000))
    store = StateStore(directory)
    await store.open()
    await store.pin(
        Pinned(controller_id="c-1", static_key=b"s" * 32, signing_key=desk.key.public_bytes),
        desk.sign(desk.assignment(not_after_us=10**15 * 4)),
    )
    planned = [
        airing(
            f"air-{number}",
            start_at_us=4 * 10**15 + number,
            sequence=(clip_part(clip_bytes(f"clip-{number}", 60_000)),),
        )
        for number in range(DAYS * 20)
    ]
    rundown = desk.rundown(*planned, not_after_us=8 * 10**15)
    await store.accept(desk.sign(rundown), rundown, None)
    now = Now(1, T0_US, 500, ClockBasis.LINK)
    done = [Finished(airing_id=f"old-{number}", ended_at_us=T0_US, played_us=SECOND_US) for number in range(5_000)]
    for events in (done, *[[StartedUp(software="loa-agent", clean=True)] * 5_000] * 9):
        await store.journal.write([Entry(event, now) for event in events])
    await store.close(clean=False)
