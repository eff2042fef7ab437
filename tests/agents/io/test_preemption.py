"""What cannot wait: emergencies, sirens and stops act while the disk is stuck, and are answered once it is not."""

import asyncio
import wave
from array import array
from collections.abc import AsyncIterator, Callable
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from agents.io.clips import ClipStore
from agents.io.database import StateError
from agents.io.output import PlayEngine
from agents.io.output import events as engine
from agents.io.output.wav import WavOutput
from agents.io.timeport import SystemTime
from agents.protocol.documents import Play, Stop
from agents.protocol.journal import Finished, Interrupted, SirenSounding, Sounding, airing_of
from agents.protocol.messages import DocumentReply
from agents.protocol.values import AiringClass, OnInterrupted, PlannedAiring
from tests.agents.io.core import Agent, Station, adopt, eventually, push, running, serving_clips, soon
from tests.agents.making import airing, clip_bytes, clip_part, ref_of

from .conftest import tone

SIREN = clip_bytes("siren")


@pytest.fixture
async def station() -> AsyncIterator[Station]:
    async with serving_clips() as built:
        yield built


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A state in which the siren and the emergency's words lie already."""
    _keep(tmp_path, SIREN, clip_bytes("flood"))
    return tmp_path


def _keep(directory: Path, *contents: bytes) -> None:
    """Clips that are on the disk already."""
    (directory / "clips").mkdir()
    for content in contents:
        (directory / "clips" / f"{ref_of(content).sha256}.opus").write_bytes(content)


class StuckDisk:
    """Nothing that is written reaches the disk until it is let go. ``breaks``: nothing ever does."""

    def __init__(self, agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
        self._free = asyncio.Event()
        self.breaks = False
        for owner, name in ((agent.state, "accept"), (agent.conductor.journal, "write")):
            monkeypatch.setattr(owner, name, self._later(getattr(owner, name)))

    def _later(self, write: Any) -> Any:
        async def stuck(*given: Any) -> Any:
            await self._free.wait()
            if self.breaks:
                raise StateError("no disk")
            return await write(*given)

        return stuck

    def let_go(self) -> None:
        self._free.set()


def flood(agent: Agent, micros: int) -> PlannedAiring:
    return airing("flood", start_at_us=soon(agent, micros), airing_class=AiringClass.EMERGENCY)


def alarm(agent: Agent, station: Station, micros: int = 5_000_000) -> asyncio.Future[DocumentReply]:
    order = station.desk.order(Play(airing=flood(agent, micros), siren=clip_part(SIREN)))
    return asyncio.ensure_future(agent.conductor.accept_document(station.desk.sign(order)))


async def test_a_siren_sounds_while_the_disk_is_stuck_with_what_came_before(
    directory: Path, station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(directory) as agent:
        await adopt(agent, station)
        disk = StuckDisk(agent, monkeypatch)
        plan = station.desk.sign(station.desk.rundown(airing(start_at_us=soon(agent, 60_000_000))))
        before = asyncio.ensure_future(agent.conductor.accept_document(plan))
        reply = alarm(agent, station)

        play_id, _ = await agent.does("start_now")
        assert play_id.startswith("flood.")
        assert not before.done()
        assert not reply.done(), "accepted means that it is on the disk"

        disk.let_go()
        assert (await before).accepted
        assert (await reply).accepted
        await agent.tells("stored", "armed", airing_id="flood")


async def test_an_emergency_that_is_due_starts_while_the_disk_is_stuck(
    directory: Path, station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(directory) as agent:
        await adopt(agent, station)
        disk = StuckDisk(agent, monkeypatch)
        reply = alarm(agent, station, micros=-100_000)

        await agent.does("start")
        assert not reply.done()
        assert agent.engine.called("start_now") == [], "its words are heard at once"
        disk.let_go()
        assert (await reply).accepted


async def test_a_stop_silences_while_another_document_is_being_kept(
    directory: Path, station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(directory) as agent:
        await adopt(agent, station)
        station.offer(clip_bytes("air-1"))
        await push(agent, station, station.desk.rundown(airing(start_at_us=soon(agent))))
        play_id, start_local_us = await agent.does("start")
        agent.conductor.play_event(engine.Sounding(play_id, start_local_us, 0, 0))
        disk = StuckDisk(agent, monkeypatch)
        later = station.desk.sign(station.desk.order(Play(airing=airing("air-2"))))
        before = asyncio.ensure_future(agent.conductor.accept_document(later))
        stop = asyncio.ensure_future(agent.conductor.accept_document(station.desk.sign(station.desk.order(Stop()))))

        assert await agent.does("stop") == (play_id, 0)
        assert not before.done()
        assert not stop.done()
        disk.let_go()
        assert (await before).accepted
        assert (await stop).accepted


async def test_what_is_not_kept_can_be_sent_and_is_taken_again(
    directory: Path, station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(directory) as agent:
        await adopt(agent, station)
        signed = station.desk.sign(station.desk.order(Stop()))
        with monkeypatch.context() as patch:
            disk = StuckDisk(agent, patch)
            disk.breaks = True
            first = asyncio.ensure_future(agent.conductor.accept_document(signed))
            again = asyncio.ensure_future(agent.conductor.accept_document(signed))
            await asyncio.sleep(0)
            disk.let_go()
            assert not (await first).accepted
            assert not (await again).accepted, "what waits for the first one's disk shares its end"

        assert (await agent.conductor.accept_document(signed)).accepted


async def test_the_same_document_twice_is_kept_once_and_answered_twice(
    directory: Path, station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(directory) as agent:
        await adopt(agent, station)
        disk = StuckDisk(agent, monkeypatch)
        first = alarm(agent, station)
        await agent.does("start_now")
        order = station.desk.sign(station.desk.rundown())
        replies = [asyncio.ensure_future(agent.conductor.accept_document(order)) for _ in range(2)]
        await asyncio.sleep(0)
        assert not any(reply.done() for reply in (first, *replies))

        disk.let_go()
        assert all([(await reply).accepted for reply in (first, *replies)])
        assert len(agent.engine.called("start_now")) == 1
        assert agent.conductor.heartbeat().refusals == 0


async def test_what_is_pinned_is_verified_before_it_is_needed(
    directory: Path, station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(directory) as agent:
        read: list[str] = []
        await adopt(agent, station)
        verify = ClipStore.verify

        async def noting(store: ClipStore, ref: Any) -> Path:
            path = await verify(store, ref)
            read.append(ref.sha256)
            return path

        monkeypatch.setattr(ClipStore, "verify", noting)
        await push(agent, station, structs.replace(station.desk.assignment(), pinned=(ref_of(SIREN),)))

        async def is_ready() -> bool:
            return ref_of(SIREN).sha256 in read

        await eventually(is_ready)
        read.clear()
        assert (await alarm(agent, station)).accepted
        await agent.does("start_now")
        assert ref_of(SIREN).sha256 not in read, "nothing is read again when it has to be heard"


@pytest.mark.system
@pytest.mark.alone
async def test_a_siren_and_the_words_after_it_are_heard_through_the_real_engine(
    tmp_path: Path, station: Station, encode: Callable[..., Path]
) -> None:
    siren = encode("siren.opus", tone(0.5, 700)).read_bytes()
    words = encode("words.opus", tone(0.5, 440)).read_bytes()
    _keep(tmp_path, siren, words)
    time = SystemTime()

    def tell(event: engine.PlayEvent) -> None:
        agent.conductor.play_event(event)

    async with (
        PlayEngine(WavOutput(tmp_path / "heard", time), time, tell, standby=True) as play_engine,
        running(tmp_path, engine_made=play_engine) as agent,
    ):
        await adopt(agent, station, volume_percent=100)
        start_us = soon(agent, 2_000_000)
        kind = AiringClass.EMERGENCY
        emergency = airing("flood", start_at_us=start_us, airing_class=kind, sequence=(clip_part(words, 0.5),))
        await push(agent, station, station.desk.order(Play(airing=emergency, siren=clip_part(siren, 0.5))))
        await eventually(lambda: _has_ended(agent), agent.records)
        events = [event for event in await agent.records() if airing_of(event) == "flood"]

    (began,) = [event for event in events if isinstance(event, SirenSounding)]
    (sounding,) = [event for event in events if isinstance(event, Sounding)]
    with wave.open(str(min((tmp_path / "heard").glob("*.wav")))) as file:
        heard = array("h", file.readframes(file.getnframes()))
    assert abs(len(heard) / 48_000 - (sounding.actual_start_us - began.began_at_us) / 1e6) < 0.1
    longest = max(len(list(run)) for loud, run in groupby(abs(one) > 40 for one in heard[4_800:-4_800]) if not loud)
    assert longest < 480, "round after round without a gap"


async def _has_ended(agent: Agent) -> bool:
    return (await agent.story("flood"))[-1:] == ["finished"]


def _going_on(start_us: int, news: bytes) -> PlannedAiring:
    """Three seconds that are heard to their end, whatever cuts them."""
    return airing(
        "flood",
        start_at_us=start_us,
        sequence=(clip_part(news, 3),),
        on_interrupted=OnInterrupted.RESUME,
        slot_ends_us=start_us + 60_000_000,
    )


def _call(start_us: int, words: bytes) -> PlannedAiring:
    """An emergency of half a second."""
    return airing("call", start_at_us=start_us, airing_class=AiringClass.EMERGENCY, sequence=(clip_part(words, 0.5),))


@pytest.mark.system
@pytest.mark.alone
async def test_what_an_emergency_cuts_goes_on_through_the_real_engine(
    tmp_path: Path, station: Station, encode: Callable[..., Path]
) -> None:
    news, words = encode("news.opus", tone(3, 300)).read_bytes(), encode("words.opus", tone(0.5, 440)).read_bytes()
    _keep(tmp_path, news, words)
    time = SystemTime()

    def tell(event: engine.PlayEvent) -> None:
        agent.conductor.play_event(event)

    async with (
        PlayEngine(WavOutput(tmp_path / "heard", time), time, tell, standby=True) as play_engine,
        running(tmp_path, engine_made=play_engine) as agent,
    ):
        await adopt(agent, station, volume_percent=100)
        start_us = soon(agent, 2_500_000)
        await push(agent, station, station.desk.rundown(_going_on(start_us, news)))
        await agent.tells("stored", "armed", "sounding", airing_id="flood")
        urgent = _call(soon(agent, 1_500_000), words)
        await push(agent, station, station.desk.order(Play(airing=urgent)))
        await eventually(lambda: _has_ended(agent), agent.records)
        events = [event for event in await agent.records() if airing_of(event) == "flood"]

    (interrupted,) = [event for event in events if isinstance(event, Interrupted)]
    first, again = [event for event in events if isinstance(event, Sounding)]
    (finished,) = [event for event in events if isinstance(event, Finished)]
    assert urgent.start_at_us is not None
    assert interrupted.resumes_at_us == urgent.start_at_us + 500_000
    assert interrupted.from_us == urgent.start_at_us - start_us
    assert (first.again, again.again) == (False, True)
    assert again.joined_at_us > interrupted.from_us - 100, "to the frame"
    assert abs(finished.played_us + finished.lost_us - 3_000_000) < 300_000
