"""Live sound from the link: who is believed, and what is kept."""

import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec import structs

from agents.protocol.channel import LiveAudio
from agents.protocol.documents import Play
from agents.protocol.live import Bundle, sign, tag_of
from agents.protocol.signing import SigningKey
from tests.agents.io.core import Agent, Station, adopt, push, running, serving_clips, soon
from tests.agents.making import HOUR_US

from .live_world import PACKET_FRAMES, PACKET_US, bundles, microphone, packets_of, sine

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


@asynccontextmanager
async def listening(directory: Path, station: Station) -> AsyncIterator[tuple[Agent, int]]:
    """An agent that knows of the microphone, and when that begins."""
    async with running(directory) as agent:
        await adopt(agent, station)
        start_us = soon(agent)
        await push(agent, station, station.desk.order(Play(airing=microphone(start_us))))
        yield agent, start_us


async def test_only_what_the_key_of_the_airing_signed_is_kept_and_once(
    tmp_path: Path, station: Station, packets: list[bytes]
) -> None:
    key = station.desk.key
    async with listening(tmp_path, station) as (agent, start_us):
        live = agent.conductor.live
        genuine = bundles(key, "mic", start_us, packets[:6])
        stranger = bundles(SigningKey.generate(), "mic", start_us, packets[:3])[0]
        refused = [
            stranger,
            LiveAudio(start_us + PACKET_US, genuine[0].payload),
            LiveAudio(start_us, genuine[0].payload[:-1] + bytes([genuine[0].payload[-1] ^ 1])),
            LiveAudio(start_us, b""),
        ]
        for audio in refused:
            live.take(audio)
        assert live.buffer("mic").next(0) is None

        for audio in (*genuine, genuine[1], genuine[0]):
            live.take(audio)

        assert live.counters.refused == len(refused) + 2
        first = live.buffer("mic").next(0)
        assert first is not None
        assert first.data == packets[0]


async def test_a_bundle_may_overtake_its_order_but_waits_only_so_long_for_one(
    tmp_path: Path, station: Station, packets: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path) as agent:
        await adopt(agent, station)
        live, start_us = agent.conductor.live, soon(agent)
        said = bundles(station.desk.key, "mic", start_us, packets[:9])
        live.take(said[0])
        live.take(bundles(station.desk.key, "another", start_us, packets[:3])[0])
        await push(agent, station, station.desk.order(Play(airing=microphone(start_us))))
        live.take(said[1])

        first = live.buffer("mic").next(0)
        assert first is not None
        assert (first.frame, live.counters.refused) == (0, 0)
        monkeypatch.setattr("agents.io.live._EARLY_US", 0)
        live.take(said[2])
        assert live.counters.refused == 1


async def test_what_lies_outside_the_airing_or_far_ahead_is_not_kept(
    tmp_path: Path, station: Station, packets: list[bytes]
) -> None:
    async with listening(tmp_path, station) as (agent, start_us):
        for number, at_us in enumerate((start_us - 60_000, start_us + HOUR_US, start_us + 20_000_000)):
            tag = tag_of("mic")
            agent.conductor.live.take(sign(station.desk.key, Bundle(at_us, tag, number, tuple(packets[:1]))))

        assert agent.conductor.live.counters.refused == 3
        assert agent.conductor.live.buffer("mic").next(0) is None


async def test_a_horn_that_begins_later_than_others_keeps_what_it_is_to_say_until_then(
    tmp_path: Path, station: Station, packets: list[bytes]
) -> None:
    async with running(tmp_path) as agent:
        await adopt(agent, station, delay_us=12_000_000)
        start_us = soon(agent, -3_000_000)
        await push(agent, station, station.desk.order(Play(airing=microphone(start_us))))

        for audio in bundles(station.desk.key, "mic", start_us, packets[:1] * 600):
            agent.conductor.live.take(audio)

        first = agent.conductor.live.buffer("mic").next(0)
        assert first is not None
        assert (first.frame, agent.conductor.live.counters.refused) == (0, 0)


async def test_what_is_heard_by_then_is_late_without_anybody_reading(
    tmp_path: Path, station: Station, packets: list[bytes]
) -> None:
    async with running(tmp_path) as agent:
        await adopt(agent, station)
        start_us = soon(agent) - 5_000_000
        await push(agent, station, station.desk.order(Play(airing=microphone(start_us))))
        agent.conductor.live.take(bundles(station.desk.key, "mic", start_us, packets[:3])[0])

        assert agent.conductor.live.counters.late == 3
        assert agent.conductor.live.counters.refused == 0


async def test_a_flood_of_forgeries_is_one_line_in_the_log(
    tmp_path: Path, station: Station, packets: list[bytes], caplog: pytest.LogCaptureFixture
) -> None:
    async with listening(tmp_path, station) as (agent, start_us):
        for audio in bundles(SigningKey.generate(), "mic", start_us, packets):
            agent.conductor.live.take(audio)

    assert len([record for record in caplog.records if record.name == "agents.io.live"]) == 1


async def test_in_a_stretch_of_an_airing_a_bundle_has_its_place_by_its_instant(
    tmp_path: Path, station: Station, packets: list[bytes]
) -> None:
    async with running(tmp_path) as agent:
        await adopt(agent, station)
        start_us = soon(agent)
        rest = structs.replace(microphone(start_us), from_us=60_000_000)
        await push(agent, station, station.desk.order(Play(airing=rest)))
        agent.conductor.live.take(bundles(station.desk.key, "mic", start_us + PACKET_US, packets[:3])[0])

        first = agent.conductor.live.buffer("mic").next(0)
        assert first is not None
        assert first.frame == 60 * 48_000 + PACKET_FRAMES
