"""The agent's core over several runs of the program, and with the real engine."""

import itertools
import wave
from array import array
from collections.abc import AsyncIterator, Callable
from math import pi
from pathlib import Path

import pytest

from agents.domain.clock_burst import Exchange
from agents.domain.journal import is_last
from agents.io.output import events as engine
from agents.io.output.engine import PlayEngine
from agents.io.output.null import NullOutput
from agents.io.output.wav import WavOutput
from agents.io.timeport import SystemTime
from agents.protocol.documents import Play, Start
from agents.protocol.guards import GuardedDay, Stretch, WireGuards
from agents.protocol.journal import Finished, Gap, RecordsLost, Skipped, SkipReason, Sounding, StartedUp
from agents.protocol.values import AiringClass, PlannedAiring, RenditionName
from tests.agents.io.core import Station, adopt, eventually, push, running, serving_clips, soon
from tests.agents.making import HOUR_US, T0_US, airing, clip_bytes, clip_part

from .conftest import tone


@pytest.fixture
async def station() -> AsyncIterator[Station]:
    async with serving_clips() as built:
        yield built


# --- runs -----------------------------------------------------------------------------------------------------------


async def test_each_run_is_told_with_how_the_one_before_it_ended(tmp_path: Path) -> None:
    async with running(tmp_path, clean=False):
        pass
    async with running(tmp_path):
        pass
    async with running(tmp_path):
        pass
    async with running(tmp_path) as agent:
        started = [event for event in await agent.records() if isinstance(event, StartedUp)]

    assert [event.clean for event in started][:3] == [True, False, True]


async def test_a_damaged_state_is_told(tmp_path: Path, station: Station) -> None:
    async with running(tmp_path) as agent:
        await adopt(agent, station)
    (tmp_path / "agent.db").write_bytes(b"?" * 20_000)
    async with running(tmp_path) as agent:

        async def told() -> bool:
            return any(isinstance(event, RecordsLost) for event in await agent.records())

        await eventually(told)
        assert agent.state.pinned() == station.pinned()


async def test_a_restart_in_the_middle_joins_in_step_and_ends_once(tmp_path: Path, station: Station) -> None:
    station.offer(clip_bytes("air-1"))
    async with running(tmp_path, clean=False) as agent:
        await adopt(agent, station)
        planned = airing(start_at_us=soon(agent, 100_000), seconds=60)
        await push(agent, station, station.desk.order(Play(airing=planned)))
        play_id, start_local_us = await agent.does("start")
        agent.conductor.play_event(engine.Sounding(play_id, start_local_us, 0, 0))
        await agent.tells("stored", "armed", "sounding")
        # Asked of now: of a moment hours ago, such as the start of this machine, the clock rightly says nothing.
        before_us = agent.time.monotonic_us()
        offset_us = agent.clock.to_controller(before_us) - before_us

    async with running(tmp_path) as agent:
        now_us = agent.time.monotonic_us()
        middle_us = now_us + offset_us
        agent.clock.feed("clock-1", [Exchange(now_us - 200, middle_us - 100, middle_us - 100, now_us)])
        play_id, again_local_us = await agent.does("start")
        assert abs(again_local_us - start_local_us) < 1_000
        agent.conductor.play_event(engine.Sounding(play_id, again_local_us + 5_000_000, 0, 5 * 48_000))
        agent.conductor.play_event(engine.Finished(play_id, 55 * 48_000, 0, 0))
        await agent.tells("stored", "armed", "sounding", "sounding", "gap", "finished")

        events = await agent.records()
        assert [event.again for event in events if isinstance(event, Sounding)] == [False, True]
        (gap,) = [event for event in events if isinstance(event, Gap)]
        assert gap.cause == "restart"


async def test_what_sounds_follows_the_clock_of_the_controller_as_long_as_it_does(
    tmp_path: Path, station: Station
) -> None:
    station.offer(clip_bytes("air-1"))
    async with running(tmp_path) as agent:
        await adopt(agent, station)
        planned = airing(start_at_us=soon(agent, 100_000), seconds=60)
        await push(agent, station, station.desk.order(Play(airing=planned)))
        play_id, start_local_us = await agent.does("start")
        agent.conductor.play_event(engine.Sounding(play_id, start_local_us, 0, 0))

        aimed_at, _ = await agent.does("retarget")
        assert aimed_at == play_id, "though nothing was learned about the time"


async def test_what_ended_while_it_was_off_is_skipped_with_the_reason(tmp_path: Path, station: Station) -> None:
    async with running(tmp_path) as agent:
        await adopt(agent, station)
        agent.conductor.fetch_from(None)
        planned = airing(start_at_us=soon(agent, 60_000_000))
        await push(agent, station, station.desk.rundown(planned))
    async with running(tmp_path) as agent:
        now_us = agent.time.monotonic_us()
        later_us = T0_US + HOUR_US // 2
        agent.clock.feed("clock-1", [Exchange(now_us - 200, later_us, later_us, now_us)])
        await agent.tells("skipped")

        (skipped,) = [event for event in await agent.records() if isinstance(event, Skipped)]
        assert skipped.reason is SkipReason.TIME_UNKNOWN


async def test_a_slot_that_was_used_stays_used_over_a_restart(tmp_path: Path, station: Station) -> None:
    station.offer(clip_bytes("air-1"), clip_bytes("air-2"))
    day = GuardedDay(from_us=T0_US - HOUR_US, until_us=T0_US + HOUR_US, slots=1)
    guards = WireGuards(days=(day,), max_volume_percent=40)
    async with running(tmp_path, clean=False) as agent:
        await adopt(agent, station)
        planned = airing(start_at_us=soon(agent, 100_000), seconds=1)
        await push(agent, station, station.desk.rundown(planned, guards=guards))
        play_id, start_local_us = await agent.does("start")
        assert agent.engine.limits == {play_id: 40.0}
        assert agent.conductor.heartbeat().volume_percent == 40
        agent.conductor.play_event(engine.Sounding(play_id, start_local_us, 0, 0))
        agent.conductor.play_event(engine.Finished(play_id, 48_000, 0, 0))
        await agent.tells("stored", "armed", "sounding", "finished")

    async with running(tmp_path) as agent:
        agent.know_time()
        agent.conductor.fetch_from(station.source)
        again = airing("air-2", start_at_us=soon(agent, 100_000), seconds=1)
        await push(agent, station, station.desk.order(Play(airing=again)))
        await agent.tells("stored", "armed", "skipped", airing_id="air-2")

        (skipped,) = [event for event in await agent.records() if isinstance(event, Skipped)]
        assert (skipped.reason, skipped.detail) == (SkipReason.GUARDED, "slots_used_up")


# --- the real engine ------------------------------------------------------------------------------------------------


@pytest.fixture
def speech(encode: Callable[..., Path]) -> bytes:
    return encode("second.opus", bytes(48_000 * 2)).read_bytes()


def of(content: bytes, **kind: object) -> PlannedAiring:
    return airing(sequence=(clip_part(content, 1.0), clip_part(content, 1.0)), **kind)  # type: ignore[arg-type]


async def test_a_bulletin_sounds_through_the_real_engine_in_step_with_the_controller(
    tmp_path: Path, station: Station, speech: bytes
) -> None:
    station.offer(speech)
    time = SystemTime()
    urgent = of(speech, airing_class=AiringClass.EMERGENCY)

    def tell(event: engine.PlayEvent) -> None:
        agent.conductor.play_event(event)

    async with (
        PlayEngine(NullOutput(time), time, tell) as play_engine,
        running(tmp_path, engine_made=play_engine) as agent,
    ):
        await adopt(agent, station)
        await push(agent, station, station.desk.order(Play(airing=urgent)))
        await agent.tells("stored", "armed")
        await push(agent, station, station.desk.order(Start(airing_id="air-1", start_at_us=soon(agent))))
        await agent.tells("stored", "armed", "sounding", "finished")
        events = await agent.records()

    (finished,) = [event for event in events if is_last(event)]
    assert isinstance(finished, Finished)
    assert finished.played_us > 0
    assert finished.played_us + finished.lost_us == urgent.duration_us(RenditionName.OPUS24)


async def test_quiet_hours_are_silent_to_the_horn_and_the_cut_does_not_click(
    tmp_path: Path, station: Station, encode: Callable[..., Path]
) -> None:
    content = encode("long.opus", tone(5.0, frequency_hz=300, peak=0.9), "-b:a", "64k").read_bytes()
    station.offer(content)
    time = SystemTime()

    def tell(event: engine.PlayEvent) -> None:
        agent.conductor.play_event(event)

    async with (
        PlayEngine(WavOutput(tmp_path / "heard", time), time, tell) as play_engine,
        running(tmp_path, engine_made=play_engine) as agent,
    ):
        await adopt(agent, station, volume_percent=100)
        start_us = soon(agent)
        quiet = Stretch(from_us=start_us + 1_200_000, until_us=start_us + HOUR_US)
        planned = airing(start_at_us=start_us, sequence=(clip_part(content, 5.0),), from_us=1_000_000)
        await push(
            agent, station, station.desk.rundown(planned, guards=WireGuards(forbidden=(quiet,), max_volume_percent=50))
        )
        await agent.tells("stored", "armed", "sounding", "gap", "finished")
        events = await agent.records()

    gap, finished = [event for event in events if isinstance(event, Gap | Finished)]
    assert isinstance(gap, Gap)
    assert isinstance(finished, Finished)
    assert gap.cause == "guarded"
    assert finished.played_us + finished.lost_us == 4_000_000
    assert finished.played_us < 1_200_000
    with wave.open(str(next((tmp_path / "heard").glob("*.wav")))) as file:
        heard = array("h", file.readframes(file.getnframes()))
    assert 24_000 < len(heard) < 57_600, "0.5 to 1.2 seconds"
    assert max(heard) < 0.25 * 32_767, "50 percent is -12 dB"
    assert max(abs(b - a) for a, b in itertools.pairwise([0, *heard, 0])) < 32_767 * 0.25 * 0.9 * 2 * pi / 160 * 1.5
