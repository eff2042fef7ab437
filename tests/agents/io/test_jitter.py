"""Live packets are heard at their place; what is missing is made up, then silent; nothing clicks."""

import subprocess
from collections.abc import Callable

import pytest

from agents.io.decode import Hole
from agents.io.jitter import AWAY_FRAMES, MAX_PACKETS, JitterBuffer, LiveCounters, LivePacket, LiveReader
from agents.protocol.live import PACKET_FRAMES

from .live_world import loudest, packets_of, sine, steps

OWN_STEP = 1_330
"""The steepest that the tone goes, as this encoder makes it."""


@pytest.fixture(scope="module")
def packets(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """A second and a half of one tone, as the encoder of a microphone makes them."""
    path = tmp_path_factory.mktemp("live") / "tone.opus"
    command = ["ffmpeg", "-v", "error", "-f", "s16le", "-ar", "48000", "-ac", "1", "-i", "-", "-c:a", "libopus"]
    options = ["-b:a", "24k", "-application", "voip", "-fec", "1", "-packet_loss", "10", "-frame_duration", "20"]
    subprocess.run([*command, *options, str(path)], input=sine(1.5), check=True, capture_output=True)
    return packets_of(path)


Filled = Callable[..., tuple[JitterBuffer, LiveReader]]


@pytest.fixture
def filled(packets: list[bytes]) -> Filled:
    """A buffer with the packets of these numbers at their places, and its reader at frame 0."""

    def build(*numbers: int, shift: int = 0, at: int = 0) -> tuple[JitterBuffer, LiveReader]:
        buffer = JitterBuffer(LiveCounters())
        reader = LiveReader(buffer, at)
        before = -1
        for number in numbers:
            packet = LivePacket(number * PACKET_FRAMES + shift, packets[number], follows=number == before + 1)
            assert buffer.put(packet) == (packet.frame + PACKET_FRAMES > at)
            before = number
        return buffer, reader

    return build


def test_a_whole_stream_is_heard_as_it_was_encoded(filled: Filled) -> None:
    buffer, reader = filled(*range(50))

    heard = b"".join(reader.read(333) for _ in range(50 * PACKET_FRAMES // 333))

    assert loudest(heard[24_000:]) > 12_000
    assert steps(heard) < OWN_STEP
    assert (buffer.counters.played, buffer.counters.concealed) == (50, 0)
    assert reader.holes() == ()


def test_a_packet_that_is_missing_is_made_up_and_clicks_nowhere(filled: Filled) -> None:
    buffer, reader = filled(*(number for number in range(50) if number not in {20, 31, 32}))

    heard = reader.read(50 * PACKET_FRAMES)

    lost = heard[20 * PACKET_FRAMES * 2 : 21 * PACKET_FRAMES * 2]
    assert loudest(lost) > 4_000
    assert steps(heard[10_000:]) < 1.2 * OWN_STEP
    assert (buffer.counters.played, buffer.counters.concealed) == (47, 3)
    assert reader.holes() == ()


def test_what_stays_away_falls_to_silence_and_comes_back_in_its_place(filled: Filled) -> None:
    buffer, reader = filled(*range(20), *range(40, 60))

    heard = reader.read(60 * PACKET_FRAMES)

    away = heard[20 * PACKET_FRAMES * 2 : 40 * PACKET_FRAMES * 2]
    assert not any(away[4_800 * 2 :])
    assert loudest(heard[42 * PACKET_FRAMES * 2 : 60 * PACKET_FRAMES * 2]) > 12_000
    assert steps(heard[10_000:]) < 1.2 * OWN_STEP
    assert buffer.counters.concealed == 5
    assert reader.holes() == (Hole(20 * PACKET_FRAMES, 20 * PACKET_FRAMES, "live"),)


def test_silence_that_was_meant_is_no_hole(filled: Filled, packets: list[bytes]) -> None:
    buffer, reader = filled(*range(10))
    for number in range(10, 20):
        buffer.put(LivePacket((number + 30) * PACKET_FRAMES + 77, packets[number]))

    heard = reader.read(50 * PACKET_FRAMES)
    reader.end()

    assert loudest(heard[-PACKET_FRAMES * 2 :]) > 12_000
    assert steps(heard[2_000:]) < 1.2 * OWN_STEP
    assert reader.holes() == ()


def test_after_the_last_packet_it_is_over(filled: Filled, packets: list[bytes]) -> None:
    buffer, reader = filled(*range(10))
    buffer.put(LivePacket(10 * PACKET_FRAMES, packets[10]))
    buffer.finish(11 * PACKET_FRAMES)

    heard = reader.read(40 * PACKET_FRAMES)
    reader.end()

    assert not any(heard[12 * PACKET_FRAMES * 2 :])
    assert steps(heard[2_000:]) < 1.2 * OWN_STEP
    assert buffer.counters.concealed == 0
    assert reader.holes() == ()


def test_what_is_lost_of_another_stream_of_the_same_airing_is_a_hole(filled: Filled, packets: list[bytes]) -> None:
    buffer, reader = filled(*range(3))
    buffer.finish(3 * PACKET_FRAMES)
    reader.read(20 * PACKET_FRAMES)
    buffer.put(LivePacket(20 * PACKET_FRAMES, packets[3], follows=False))
    buffer.put(LivePacket(30 * PACKET_FRAMES, packets[4], follows=False))
    reader.read(11 * PACKET_FRAMES)
    reader.end()

    assert reader.holes() == (Hole(21 * PACKET_FRAMES, 9 * PACKET_FRAMES, "live"),), "the pause between them was meant"


def test_the_end_of_one_live_part_says_nothing_of_the_next(filled: Filled, packets: list[bytes]) -> None:
    buffer, reader = filled(*range(3))
    buffer.finish(3 * PACKET_FRAMES)
    reader.read(5 * PACKET_FRAMES)
    reader.end()
    following = LiveReader(buffer, 50 * PACKET_FRAMES)
    buffer.put(LivePacket(60 * PACKET_FRAMES, packets[3], follows=False))
    following.read(61 * PACKET_FRAMES - 50 * PACKET_FRAMES)

    assert reader.holes() == ()
    assert following.holes() == (Hole(50 * PACKET_FRAMES, 10 * PACKET_FRAMES, "live"),)


def test_where_nothing_comes_there_is_silence_and_one_hole(filled: Filled) -> None:
    _, reader = filled()

    assert not any(reader.read(100_000))
    reader.end()

    (hole,) = reader.holes()
    assert hole.first_frame == 0
    assert hole.frames == pytest.approx(100_000, abs=PACKET_FRAMES)


def test_what_comes_when_its_place_was_read_is_late_and_dropped(filled: Filled, packets: list[bytes]) -> None:
    buffer, reader = filled(0, 1, 2)
    reader.read(5 * PACKET_FRAMES)

    assert not buffer.put(LivePacket(3 * PACKET_FRAMES, packets[3]))
    assert buffer.put(LivePacket(5 * PACKET_FRAMES, packets[5]))
    reader.read(PACKET_FRAMES)

    assert (buffer.counters.played, buffer.counters.late) == (4, 1)


def test_who_joins_hears_what_all_others_hear(filled: Filled) -> None:
    _, whole = filled(*range(50))
    _, joined = filled(*range(50), at=20 * PACKET_FRAMES + 500)

    everything = whole.read(50 * PACKET_FRAMES)
    heard = joined.read(20 * PACKET_FRAMES)

    begin = (20 * PACKET_FRAMES + 500 + 4_800) * 2
    ours = memoryview(heard[4_800 * 2 : 9_600 * 2]).cast("h")
    theirs = memoryview(everything[begin : begin + 9_600]).cast("h")
    assert max(abs(one - other) for one, other in zip(ours, theirs, strict=True)) < 2_000
    assert steps(heard) < OWN_STEP


def test_a_packet_that_is_none_is_made_up(filled: Filled) -> None:
    buffer, reader = filled(*range(10))
    buffer.put(LivePacket(10 * PACKET_FRAMES, b"\xff\xff\xff"))

    heard = reader.read(12 * PACKET_FRAMES)

    assert steps(heard[2_000:]) < 1.2 * OWN_STEP
    assert buffer.counters.played == 10


def test_it_is_away_when_nothing_comes_for_half_a_minute(filled: Filled, packets: list[bytes]) -> None:
    buffer, reader = filled(*range(10), at=PACKET_FRAMES)
    assert not any(read_on(buffer, reader, 10 * PACKET_FRAMES + AWAY_FRAMES))
    reader.read(2 * PACKET_FRAMES)
    assert buffer.away
    buffer.put(LivePacket(12 * PACKET_FRAMES + AWAY_FRAMES, packets[10]))
    assert not buffer.away
    reader.read(20 * PACKET_FRAMES + AWAY_FRAMES)
    assert buffer.away
    reader.end()
    assert not buffer.away, "nobody listens"


def test_it_runs_while_something_came_within_half_a_minute_though_nobody_reads(
    filled: Filled, packets: list[bytes]
) -> None:
    buffer, reader = filled(*range(10), at=PACKET_FRAMES)
    reader.end()
    assert buffer.runs(10 * PACKET_FRAMES + AWAY_FRAMES - 1)
    assert not buffer.runs(10 * PACKET_FRAMES + AWAY_FRAMES)
    buffer.put(LivePacket(11 * PACKET_FRAMES, packets[10]))
    assert buffer.runs(10 * PACKET_FRAMES + AWAY_FRAMES)


def read_on(buffer: JitterBuffer, reader: LiveReader, until: int) -> list[bool]:
    """Whether it was away, after each packet's time."""
    told = []
    for _ in range(PACKET_FRAMES, until, PACKET_FRAMES):
        reader.read(PACKET_FRAMES)
        told.append(buffer.away)
    return told


def test_only_so_much_is_kept(packets: list[bytes]) -> None:
    buffer = JitterBuffer(LiveCounters())
    for number in range(MAX_PACKETS + 100):
        buffer.put(LivePacket(number * PACKET_FRAMES, packets[0]))

    first = buffer.next(0)

    assert first is not None
    assert first.frame == 100 * PACKET_FRAMES
