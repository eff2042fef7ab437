"""Sounds of the device's own: only where nothing else is, and gone as soon as something else comes."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agents.io.output import events as engine
from agents.protocol.documents import Play, Stop
from agents.protocol.guards import Stretch, WireGuards
from tests.agents.io.core import Agent, Station, adopt, push, running, serving_clips, soon
from tests.agents.making import HOUR_US, T0_US, airing

from .conftest import MemorySource, tone


@pytest.fixture
async def station() -> AsyncIterator[Station]:
    async with serving_clips() as built:
        yield built


class Ends(list[str]):
    def __call__(self, end: str, detail: str) -> None:
        self.append(end)


def play(agent: Agent, ends: Ends, *, quiet_hours: bool = False) -> str | None:
    source = MemorySource(tone(2))
    why_not = agent.conductor.local.play("tone", source, on_end=ends, quiet_hours=quiet_hours)
    assert source.closed or why_not is None
    return why_not


async def test_it_sounds_at_once_and_tells_when_it_began_and_ended(tmp_path: Path, station: Station) -> None:
    async with running(tmp_path) as agent:
        await adopt(agent, station)
        ends, began = Ends(), []
        source = MemorySource(tone(2))
        assert agent.conductor.local.play("tone", source, on_end=ends, on_start=began.append) is None
        play_id, _ = await agent.does("start_now")
        assert play(agent, Ends()) == "Another sound of this device is being played."

        agent.conductor.play_event(engine.Sounding(play_id, 17, 0, 0))
        agent.conductor.play_event(engine.Finished(play_id, 96_000, 0, 0))
        assert (began, ends) == ([17], ["finished"])
        assert play(agent, ends) is None
        assert await agent.story("tone") == []


async def test_a_stop_of_everything_silences_it_and_keeps_it_silent(tmp_path: Path, station: Station) -> None:
    async with running(tmp_path) as agent:
        await adopt(agent, station)
        ends = Ends()
        play(agent, ends)
        play_id, _ = await agent.does("start_now")
        await push(agent, station, station.desk.order(Stop()))

        assert (play_id, 0) in agent.engine.called("stop")
        agent.conductor.play_event(engine.Stopped(play_id, 4_800))
        assert ends == ["cut"]
        assert play(agent, ends) == "A stop holds."


async def test_it_does_not_begin_where_an_airing_does_or_has(tmp_path: Path, station: Station) -> None:
    async with running(tmp_path) as agent:
        await adopt(agent, station)
        await push(agent, station, station.desk.order(Play(airing=airing(start_at_us=soon(agent, 2_500_000)))))
        assert play(agent, Ends()) == "An airing begins too soon."

        await push(agent, station, station.desk.order(Play(airing=airing(start_at_us=soon(agent, 60_000_000)))))
        assert play(agent, Ends()) is None


async def test_quiet_hours_keep_it_silent_unless_somebody_stands_beside_it(tmp_path: Path, station: Station) -> None:
    async with running(tmp_path) as agent:
        await adopt(agent, station)
        quiet = WireGuards(forbidden=(Stretch(from_us=T0_US - HOUR_US, until_us=T0_US + HOUR_US),))
        await push(agent, station, station.desk.rundown(guards=quiet))

        assert play(agent, Ends()) == "It is quiet hours, or will be before it is over."
        assert play(agent, Ends(), quiet_hours=True) is None


async def test_with_guards_and_without_the_time_it_is_silent(tmp_path: Path, station: Station) -> None:
    async with running(tmp_path) as agent:
        await adopt(agent, station)
        await push(agent, station, station.desk.rundown(guards=WireGuards(max_volume_percent=40)))
        agent.clock.forget()

        assert play(agent, Ends()) == "The time is not known, so it may be quiet hours."
        assert play(agent, Ends(), quiet_hours=True) is None
        play_id, _ = await agent.does("start_now")
        assert agent.engine.limits[play_id] == 40
