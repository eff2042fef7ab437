"""The agent's core put together: documents in, clips over HTTP, sound from an engine, evidence on the disk."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agents.io.database import StateError
from agents.io.output import events as engine
from agents.protocol.documents import Play, ReleaseDevice, Start, Stop
from agents.protocol.journal import Failed, FailReason, RefusalReason, Refused, Sounding, Stopped
from agents.protocol.values import ClockBasis
from tests.agents.io.core import LATER_US, Station, adopt, push, running, serving_clips, soon
from tests.agents.making import HOUR_US, T0_US, Desk, airing, clip_bytes, ref_of


@pytest.fixture
async def station() -> AsyncIterator[Station]:
    async with serving_clips() as built:
        yield built


# --- from a button to a horn ----------------------------------------------------------------------------------------


async def test_now_is_fetched_armed_started_heard_and_told(tmp_path: Path, station: Station) -> None:
    async with running(tmp_path) as agent:
        await adopt(agent, station)
        station.offer(clip_bytes("air-1"))
        await push(agent, station, station.desk.order(Play(airing=airing())))
        await agent.tells("stored", "armed")
        assert agent.engine.called("start") == []

        start_at_us = soon(agent)
        await push(agent, station, station.desk.order(Start(airing_id="air-1", start_at_us=start_at_us)))
        play_id, start_local_us = await agent.does("start")
        assert abs(agent.clock.to_controller(start_local_us) - start_at_us) <= 1

        agent.conductor.play_event(engine.Sounding(play_id, start_local_us + 40, 40, 0))
        assert agent.conductor.heartbeat().sounding_airing_id == "air-1"
        agent.conductor.play_event(engine.Finished(play_id, 480_000, 0, 0))
        await agent.tells("stored", "armed", "sounding", "finished")

        (sounding,) = [event for event in await agent.records() if isinstance(event, Sounding)]
        assert sounding.planned_start_us == start_at_us
        assert abs(sounding.actual_start_us - start_at_us - 40) <= 2
        assert sounding.start_error_us == 40
        assert agent.conductor.heartbeat().sounding_airing_id is None


async def test_the_intent_is_on_the_disk_before_the_start(tmp_path: Path, station: Station) -> None:
    async with running(tmp_path) as agent:
        await adopt(agent, station)
        station.offer(clip_bytes("air-1"))
        await push(agent, station, station.desk.order(Play(airing=airing(start_at_us=soon(agent)))))
        await agent.does("start")

        assert (await agent.state.load()).marks["air-1"].starting


async def test_stop_reaches_the_engine_before_anything_else_happens(tmp_path: Path, station: Station) -> None:
    async with running(tmp_path) as agent:
        await adopt(agent, station)
        station.offer(clip_bytes("air-1"))
        await push(agent, station, station.desk.order(Play(airing=airing(start_at_us=soon(agent)))))
        play_id, start_local_us = await agent.does("start")
        agent.conductor.play_event(engine.Sounding(play_id, start_local_us, 0, 0))

        await push(agent, station, station.desk.order(Stop()))
        assert agent.engine.called("stop") == [(play_id, 0)]
        agent.conductor.play_event(engine.Stopped(play_id, 96_000))

        await agent.tells("stored", "armed", "sounding", "stopped")
        (stopped,) = [event for event in await agent.records() if isinstance(event, Stopped)]
        assert stopped.at_us == 2_000_000


async def test_volume_follows_the_assignment(tmp_path: Path, station: Station) -> None:
    async with running(tmp_path) as agent:
        await adopt(agent, station, volume_percent=35)

        assert agent.engine.volume_percent == 35
        assert agent.conductor.heartbeat().volume_percent == 35


async def test_the_heartbeat_tells_what_is_known(tmp_path: Path, station: Station) -> None:
    async with running(tmp_path) as agent:
        assert agent.conductor.heartbeat().clock_basis is ClockBasis.NONE
        await adopt(agent, station)

        heartbeat = agent.conductor.heartbeat(unknown_messages=3)

        assert heartbeat.clock_basis is ClockBasis.LINK
        assert heartbeat.clock_error_us is not None
        assert heartbeat.disk_free_bytes > 0
        assert heartbeat.unknown_messages == 3


async def test_a_clip_that_the_server_does_not_have_fails_the_airing(tmp_path: Path, station: Station) -> None:
    async with running(tmp_path) as agent:
        await adopt(agent, station)
        await push(agent, station, station.desk.order(Play(airing=airing())))

        await agent.tells("failed")

        (failed,) = [event for event in await agent.records() if isinstance(event, Failed)]
        assert failed.reason is FailReason.CLIP_MISSING


async def test_a_clip_that_rotted_since_is_fetched_again_before_it_is_armed(tmp_path: Path, station: Station) -> None:
    station.offer(clip_bytes("air-1"))
    async with running(tmp_path) as agent:
        await adopt(agent, station)
        later_us = soon(agent, 2 * HOUR_US)
        await push(agent, station, station.desk.rundown(airing(start_at_us=later_us), not_after_us=later_us + HOUR_US))
        await agent.tells("stored")
        path = tmp_path / "clips" / (ref_of(clip_bytes("air-1")).sha256 + ".opus")
        path.write_bytes(bytes(len(clip_bytes("air-1"))))

        start_at_us = soon(agent)
        await push(agent, station, station.desk.rundown(airing(start_at_us=start_at_us)))

        await agent.tells("stored", "armed")
        assert path.read_bytes() == clip_bytes("air-1")


# --- documents ------------------------------------------------------------------------------------------------------


async def test_what_was_accepted_is_accepted_again_and_acts_once(tmp_path: Path, station: Station) -> None:
    station.offer(clip_bytes("air-1"))
    async with running(tmp_path) as agent:
        await adopt(agent, station)
        order = station.desk.order(Play(airing=airing()))
        for _ in range(3):
            await push(agent, station, order)
        await agent.tells("stored", "armed")

        assert len(agent.engine.called("arm")) == 1
        assert [mark.counter for mark in agent.conductor.counters()] == [1, 1]


async def test_a_flood_of_forgeries_is_answered_counted_and_written_once(tmp_path: Path, station: Station) -> None:
    async with running(tmp_path) as agent:
        await adopt(agent, station)
        for number in range(50):
            forger = Desk()
            order = forger.order(Stop(), document_id=f"o-{number}")
            reply = await agent.conductor.accept_document(forger.sign(order))
            assert (reply.document_id, reply.accepted) == (f"o-{number}", False)
            assert reply.reason is RefusalReason.UNKNOWN_KEY

        assert agent.conductor.heartbeat().refusals == 50
        assert agent.engine.called("stop") == []
    async with running(tmp_path) as agent:
        refused = [event for event in await agent.records() if isinstance(event, Refused)]
        assert [event.count for event in refused] == [1, 49]
        assert agent.conductor.heartbeat().refusals == 50


async def test_a_disk_that_cannot_be_written_refuses_documents_but_obeys_a_stop(
    tmp_path: Path, station: Station
) -> None:
    station.offer(clip_bytes("air-1"))
    async with running(tmp_path) as agent:
        await adopt(agent, station)
        await push(agent, station, station.desk.order(Play(airing=airing(start_at_us=soon(agent)))))
        play_id, _ = await agent.does("start")
        await agent.state._database.run(lambda db: db.execute("PRAGMA max_page_count = 1").fetchone())
        await agent.state._database.run(lambda db: db.execute("PRAGMA journal_size_limit = 0").fetchone())
        big = station.desk.rundown(*(airing(f"air-{number}", start_at_us=T0_US) for number in range(2, 300)))

        reply = await agent.conductor.accept_document(station.desk.sign(big))
        assert not reply.accepted
        assert "write" in reply.detail

        await agent.conductor.accept_document(station.desk.sign(station.desk.order(Stop())))
        assert agent.engine.called("stop") == [(play_id, 0)]


async def test_a_stop_that_is_obeyed_but_cannot_be_kept_is_not_accepted_and_taken_again(
    tmp_path: Path, station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> None:
        raise StateError("no room")

    station.offer(clip_bytes("air-1"))
    async with running(tmp_path) as agent:
        await adopt(agent, station)
        await push(agent, station, station.desk.order(Play(airing=airing(start_at_us=soon(agent)))))
        play_id, _ = await agent.does("start")
        stop = station.desk.order(Stop())
        with monkeypatch.context() as broken:
            broken.setattr(agent.state, "accept", refuse)
            reply = await agent.conductor.accept_document(station.desk.sign(stop))
        assert (reply.accepted, "obeys" in reply.detail) == (False, True)
        assert agent.engine.called("stop") == [(play_id, 0)]

        await push(agent, station, stop)

        assert station.desk.sign(stop) in (await agent.state.load()).orders
        assert agent.engine.called("stop") == [(play_id, 0)]


async def test_without_time_a_play_is_armed_and_starts_when_time_is_known(tmp_path: Path, station: Station) -> None:
    station.offer(clip_bytes("air-1"))
    async with running(tmp_path) as agent:
        await agent.conductor.adopt(station.pinned(), station.desk.sign(station.desk.assignment()))
        agent.conductor.fetch_from(station.source)
        await push(agent, station, station.desk.order(Play(airing=airing())))
        await push(agent, station, station.desk.order(Start(airing_id="air-1", start_at_us=T0_US + LATER_US)))
        await agent.tells("stored")
        assert agent.engine.called("start") == []

        agent.know_time()

        await agent.does("start")


async def test_a_refused_adoption_changes_nothing(tmp_path: Path, station: Station) -> None:
    async with running(tmp_path) as agent:
        other = station.desk.assignment(device_id="d-other")

        reply = await agent.conductor.adopt(station.pinned(), station.desk.sign(other))

        assert (reply.accepted, reply.reason) == (False, RefusalReason.NOT_FOR_ME)
        assert agent.state.pinned() is None
        assert agent.conductor.assignment() is None


async def test_a_released_device_forgets_all_but_its_counters(tmp_path: Path, station: Station) -> None:
    station.offer(clip_bytes("air-1"))
    async with running(tmp_path) as agent:
        await adopt(agent, station)
        await push(agent, station, station.desk.order(Play(airing=airing())))
        await agent.tells("stored", "armed")
        counters = agent.conductor.counters()
        await push(agent, station, station.desk.order(ReleaseDevice()))
        async with asyncio.timeout(10):
            await agent.conductor.released.wait()

        await agent.conductor.forget()

        assert agent.state.pinned() is None
        assert agent.conductor.assignment() is None
        assert agent.conductor.heartbeat().clips == 0
        assert await agent.records() == []
        assert len(agent.conductor.counters()) == len(counters)
        assert agent.engine.called("stop") == [("air-1.1", 0)]

        await adopt(agent, station)
