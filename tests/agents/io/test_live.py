"""Live sound from the link to the horn: who is believed, and that it is heard at its instant."""

import asyncio
import subprocess
from array import array
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from agents.io.conductor import Conductor
from agents.io.output import PlayEngine, PlayEvent
from agents.io.output.null import NullOutput
from agents.io.timeport import SystemTime
from agents.protocol.channel import LiveAudio
from agents.protocol.documents import End, Play
from agents.protocol.journal import Ended, Finished, Gap, Interrupted, JournalEvent, Sounding
from agents.protocol.values import AiringClass, LivePart
from tests.agents.io.core import Agent, Station, adopt, eventually, push, running, serving_clips, soon
from tests.agents.making import airing, clip_bytes, clip_part, ref_of

from .conftest import tone
from .live_world import PACKET_FRAMES, PACKET_US, bundles, loudest, microphone, packets_of, sine, steps

Encode = Callable[..., Path]

DELAY_US = 240_000
SOON_US = 900_000


@pytest.fixture
async def station() -> AsyncIterator[Station]:
    async with serving_clips() as built:
        yield built


@pytest.fixture(scope="module")
def packets(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """Two seconds of a tone."""
    path = tmp_path_factory.mktemp("live") / "tone.opus"
    command = ["ffmpeg", "-v", "error", "-f", "s16le", "-ar", "48000", "-ac", "1", "-i", "-", "-c:a", "libopus"]
    subprocess.run([*command, "-b:a", "24k", str(path)], input=sine(2.0), check=True, capture_output=True)
    return packets_of(path)


class KeepingOutput(NullOutput):
    """Keeps what was written, and when its first frame was heard, by the local clock."""

    def __init__(self, time: SystemTime) -> None:
        super().__init__(time)
        self.heard = bytearray()
        self.broke_off = False
        """Whether the machine was too busy to feed it."""

    @property
    def began_us(self) -> int:
        began_us = self._device._began_us
        assert began_us is not None
        return began_us

    def write(self, frames: bytes) -> bool:
        broke_off = super().write(frames)
        if broke_off:
            self.broke_off = True
            self.heard.clear()
        self.heard += frames
        return broke_off

    def close(self) -> None:
        super().close()
        self.heard.clear()


class Box:
    """An agent whose sound is kept."""

    def __init__(self, agent: Agent, output: KeepingOutput, engine: PlayEngine) -> None:
        self.agent = agent
        self.output = output
        self.engine = engine

    def take(self, audio: LiveAudio) -> None:
        self.agent.conductor.live.take(audio)

    def tone(self) -> tuple[int, int]:
        """The first and the last frame that were not silent."""
        loud = [at for at, sample in enumerate(array("h", bytes(self.output.heard))) if abs(sample) > 300]
        return (loud[0], loud[-1]) if loud else (0, 0)

    def heard_us(self, frame: int) -> int:
        """When a frame was heard, by its own clock of the controller."""
        return self.agent.clock.to_controller(self.output.began_us + frame * 1_000_000 // 48_000)

    @property
    def counters(self) -> tuple[int, int, int, int]:
        counted = self.agent.conductor.live.counters
        return counted.played, counted.concealed, counted.late, counted.refused


@asynccontextmanager
async def box(directory: Path, station: Station, **assignment: int) -> AsyncIterator[Box]:
    output = KeepingOutput(SystemTime())
    made: list[Conductor] = []

    def tell(event: PlayEvent) -> None:
        for conductor in made:
            conductor.play_event(event)

    engine = PlayEngine(output, SystemTime(), tell, standby=True)
    async with engine, running(directory, engine_made=engine) as agent:
        made.append(agent.conductor)
        await adopt(agent, station, **assignment)
        yield Box(agent, output, engine)


async def speak(boxes: list[Box], said: list[LiveAudio], delay_us: int = DELAY_US) -> None:
    """Hands over each bundle its delay before it is to be heard."""
    agent = boxes[0].agent
    for audio in said:
        due_us = agent.clock.to_local(audio.at_us - delay_us)
        await agent.time.sleep_until(due_us)
        for one in boxes:
            one.take(audio)


async def test_a_microphone_is_heard_at_its_instant_until_its_end(
    tmp_path: Path, station: Station, packets: list[bytes]
) -> None:
    async with box(tmp_path, station) as one:
        start_us = soon(one.agent, SOON_US)
        await push(one.agent, station, station.desk.order(Play(airing=microphone(start_us))))
        said = bundles(station.desk.key, "mic", start_us + 3 * PACKET_US, packets[:45], last=True)
        await speak([one], said)
        await push(one.agent, station, station.desk.order(End(airing_ids=("mic",), end_at_us=start_us + 1_100_000)))

        async def over() -> bool:
            return any(isinstance(event, Ended) for event in await one.agent.records())

        await eventually(over, one.agent.records)
        records = await one.agent.records()
        first, last = one.tone()

    sounding = next(event for event in records if isinstance(event, Sounding))
    assert abs(sounding.start_error_us) < 20_000
    told = [type(event).__name__ for event in records[1:] if not isinstance(event, Gap)]
    assert told == ["Stored", "Armed", "Sounding", "Ended"]
    if not one.output.broke_off:
        assert last - first == pytest.approx(45 * PACKET_FRAMES, abs=2 * PACKET_FRAMES)
        assert one.counters == (45, 0, 0, 0)


async def test_two_horns_speak_in_step_though_one_comes_late_and_one_has_a_delay(
    tmp_path: Path, station: Station, packets: list[bytes]
) -> None:
    async with box(tmp_path / "one", station) as one, box(tmp_path / "two", station, delay_us=120_000) as two:
        start_us = soon(one.agent, SOON_US)
        order = station.desk.order(Play(airing=microphone(start_us)))
        said = bundles(station.desk.key, "mic", start_us, packets, last=True)
        await push(one.agent, station, order)
        speaking = asyncio.create_task(speak([one, two], said))
        await one.agent.time.sleep_until(one.agent.clock.to_local(start_us + 500_000))
        await push(two.agent, station, order)
        await speaking
        await one.agent.time.sleep_until(one.agent.clock.to_local(start_us + 2_300_000))
        ends = [each.heard_us(each.tone()[1]) for each in (one, two)]
        joined = [event for event in await two.agent.records() if isinstance(event, Sounding)]

    if not (one.output.broke_off or two.output.broke_off):
        assert ends[1] - ends[0] == pytest.approx(120_000, abs=5_000)
    assert joined[0].joined_at_us >= 380_000
    if not two.output.broke_off:
        assert two.counters[0] == pytest.approx(74, abs=12)
        assert sum(two.counters[1:]) < 4, "at most what came as it began to read"


async def test_a_stretch_that_the_link_lost_is_a_gap_and_what_follows_is_in_step(
    tmp_path: Path, station: Station, packets: list[bytes]
) -> None:
    async with box(tmp_path, station) as one:
        start_us = soon(one.agent, SOON_US)
        await push(one.agent, station, station.desk.order(Play(airing=microphone(start_us))))
        said = bundles(station.desk.key, "mic", start_us, packets[:66], last=True)
        await speak([one], said[:5] + said[12:])
        await one.agent.time.sleep_until(one.agent.clock.to_local(start_us + 1_500_000))
        gaps = [event for event in await one.agent.records() if isinstance(event, Gap) and event.cause == "live"]
        began, ended = one.tone()

    assert gaps == [Gap(airing_id="mic", from_us=15 * PACKET_US, lost_us=21 * PACKET_US, cause="live")]
    if not one.output.broke_off:
        assert ended - began == pytest.approx(66 * PACKET_FRAMES, abs=4 * PACKET_FRAMES)


async def test_where_nothing_came_it_finishes_all_the_same_and_says_what_was_lost(
    tmp_path: Path, station: Station
) -> None:
    async with box(tmp_path, station) as one:
        await push(
            one.agent,
            station,
            station.desk.order(Play(airing=microphone(soon(one.agent, SOON_US), LivePart(frames=24_000)))),
        )
        await eventually(lambda: _has(one, Finished), one.agent.records)
        *before, finished = await one.agent.records()

    assert isinstance(finished, Finished)
    assert Gap(airing_id="mic", from_us=0, lost_us=500_000, cause="live") in before
    assert finished.played_us == 0
    assert finished.lost_us >= 500_000


async def test_what_was_silent_up_to_its_end_is_a_gap_though_nothing_came_after_it(
    tmp_path: Path, station: Station, packets: list[bytes]
) -> None:
    async with box(tmp_path, station) as one:
        start_us = soon(one.agent, SOON_US)
        await push(one.agent, station, station.desk.order(Play(airing=microphone(start_us))))
        await speak([one], bundles(station.desk.key, "mic", start_us, packets[:15]))
        ends_us = start_us + 1_200_000
        await push(one.agent, station, station.desk.order(End(airing_ids=("mic",), end_at_us=ends_us)))
        await eventually(lambda: _has(one, Ended), one.agent.records)
        *_, gap, ended = await one.agent.records()

    assert isinstance(gap, Gap)
    assert isinstance(ended, Ended)
    assert gap.cause == "live"
    if not one.output.broke_off:
        assert gap.from_us == 15 * PACKET_US
        assert ended.at_us - gap.lost_us == pytest.approx(15 * PACKET_US, abs=250_000), "as much as was heard"


async def test_what_is_planned_does_not_wait_for_a_microphone_whose_end_was_lost_which_goes_on_when_it_comes_again(
    tmp_path: Path, station: Station, encode: Encode, packets: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agents.io.jitter.AWAY_FRAMES", 12_000)
    clip = encode("noon.opus", tone(0.5)).read_bytes()
    station.offer(clip)
    async with box(tmp_path, station) as one:
        start_us = soon(one.agent, SOON_US)
        noon = airing("noon", start_at_us=start_us + 1_500_000, sequence=(clip_part(clip, 0.5),))
        await push(one.agent, station, station.desk.rundown(noon))
        await push(one.agent, station, station.desk.order(Play(airing=microphone(start_us))))
        await eventually(lambda: _has(one, Finished), one.agent.records)
        told = [event for event in await one.agent.records() if isinstance(event, Finished | Interrupted | Sounding)]
        assert [(type(event), event.airing_id) for event in told] == [
            (Sounding, "mic"),
            (Interrupted, "mic"),
            (Sounding, "noon"),
            (Finished, "noon"),
        ]
        await one.agent.time.sleep_until(one.agent.clock.to_local(start_us + 3_500_000))
        assert one.agent.conductor.heartbeat().sounding_airing_id is None, "nothing comes: it does not go on"

        again_us = start_us + (3_500_000 + 2 * DELAY_US) // PACKET_US * PACKET_US
        await speak([one], bundles(station.desk.key, "mic", again_us, packets))

        async def again() -> bool:
            found = [event for event in await one.agent.records() if isinstance(event, Sounding)]
            return len(found) == 3 and found[2].airing_id == "mic" and found[2].again

        await eventually(again, one.agent.records)
        assert one.agent.conductor.live.counters.played > 0, "it is heard"


# --- between clips ----------------------------------------------------------------------------------------------------


async def test_a_relay_lies_between_its_tunes_without_a_hole_or_a_click(
    tmp_path: Path, station: Station, packets: list[bytes], encode: Encode
) -> None:
    tune = encode("tune.opus", tone(0.5, frequency_hz=400)).read_bytes()
    station.offer(tune)
    part = clip_part(tune, 0.5)
    async with box(tmp_path, station) as one:
        start_us = soon(one.agent, SOON_US)
        relay = airing("mic", start_at_us=start_us, sequence=(part, LivePart(frames=30 * PACKET_FRAMES), part))
        await push(one.agent, station, station.desk.order(Play(airing=relay)))
        await speak([one], bundles(station.desk.key, "mic", start_us + 500_000, packets[:30], last=True))
        await eventually(lambda: _has(one, Finished), one.agent.records)
        story = [event for event in await one.agent.records() if isinstance(event, Gap)]
        first, last = one.tone()
        heard = bytes(one.output.heard)[first * 2 : last * 2]

    if not one.output.broke_off:
        assert story == []
        assert last - first == pytest.approx(48_000 + 30 * PACKET_FRAMES, abs=500)
        assert steps(heard) < 2_600, "no more than the tones themselves"
        loud = [loudest(heard[at * 2 : (at + 480) * 2]) for at in range(0, last - first - 480, 480)]
        assert min(loud[5:-5]) > 300, "it never falls silent"


async def test_an_emergency_sounds_what_is_here_of_it_and_tells_what_is_not(
    tmp_path: Path, station: Station, encode: Encode
) -> None:
    head = encode("head.opus", tone(0.5)).read_bytes()
    (tmp_path / "clips").mkdir()
    (tmp_path / "clips" / f"{ref_of(head).sha256}.opus").write_bytes(head)
    parts = (clip_part(head, 0.5), clip_part(clip_bytes("filled"), 0.5))
    async with box(tmp_path, station) as one:
        alarm = airing(
            "mic", start_at_us=soon(one.agent, SOON_US), airing_class=AiringClass.EMERGENCY, sequence=parts, times=2
        )
        await push(one.agent, station, station.desk.order(Play(airing=alarm)))
        await eventually(lambda: _has(one, Finished), one.agent.records)
        records = await one.agent.records()

    gaps = [(event.from_us, event.lost_us) for event in records if isinstance(event, Gap) and event.cause == "clip"]
    assert gaps == [(500_000, 500_000), (1_500_000, 500_000)]
    finished = records[-1]
    assert isinstance(finished, Finished)
    assert finished.lost_us >= 1_000_000


async def _has(one: Box, kind: type[JournalEvent]) -> bool:
    return any(isinstance(event, kind) for event in await one.agent.records())
