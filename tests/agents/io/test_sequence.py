"""A sequence is heard as often as is asked without being copied, and takes up late what was not here."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.io.decode import Hole
from agents.io.jitter import JitterBuffer, LiveCounters
from agents.io.sequence import ClipPart, LateClipPart, LivePart, SequenceSource, SilencePart
from agents.io.stretch import Stretch

from .conftest import RATE_HZ, tone

Encode = Callable[..., Path]
CLIP = 14_400


@pytest.fixture(scope="module")
def clip(encode: Encode) -> Path:
    return encode("again.opus", tone(0.3))


def everything(source: SequenceSource, chunk: int = 1_001) -> bytes:
    heard = b"".join(iter(lambda: source.read(chunk), b""))
    source.close()
    return heard


def test_it_is_heard_so_many_times_with_a_pause_between_and_none_behind(clip: Path) -> None:
    once = everything(SequenceSource([ClipPart(clip, CLIP)]))
    source = SequenceSource([ClipPart(clip, CLIP), SilencePart(100)], times=3, pause_frames=480)

    heard = everything(source)

    turn = once + bytes(200)
    assert heard == turn + bytes(960) + turn + bytes(960) + turn
    assert source.total_frames == len(heard) // 2


def test_a_thousand_times_are_entered_anywhere_at_once(clip: Path) -> None:
    source = SequenceSource([ClipPart(clip, CLIP)], times=1_000, pause_frames=RATE_HZ)
    first = source.read(CLIP)

    source.seek(998 * (CLIP + RATE_HZ) + 5_000)
    heard = source.read(CLIP)
    source.close()

    ours, theirs = (memoryview(sound).cast("h") for sound in (heard[:9_000], first[10_000:19_000]))
    assert max(abs(one - other) for one, other in zip(ours, theirs, strict=True)) <= 2
    assert not any(heard[(CLIP - 5_000) * 2 :])


@settings(max_examples=200, deadline=None)
@given(
    parts=st.lists(st.integers(0, 5), max_size=4),
    times=st.integers(1, 4),
    pause=st.integers(0, 3),
    reads=st.lists(st.integers(1, 7), min_size=1, max_size=30),
)
def test_wherever_it_is_cut_its_length_is_what_was_promised(
    parts: list[int], times: int, pause: int, reads: list[int]
) -> None:
    source = SequenceSource([SilencePart(frames) for frames in parts], times, pause)
    whole = times * sum(parts) + (times - 1) * pause if sum(parts) else 0
    read = 0
    for frames in reads:
        read += len(source.read(frames)) // 2
    assert source.total_frames == whole
    assert read == min(whole, sum(reads))
    assert source.position == read


def test_a_clip_that_has_not_come_is_silence_and_is_heard_the_next_time(clip: Path) -> None:
    here: list[Path] = []
    late = LateClipPart(lambda: here[0] if here else None, CLIP)
    source = SequenceSource([ClipPart(clip, CLIP), late], times=2)

    first = source.read(CLIP + 1_000)
    here.append(clip)
    rest = source.read(CLIP - 1_000)
    again = source.read(2 * CLIP)
    source.close()

    assert any(first[: CLIP * 2])
    assert not any(first[CLIP * 2 :] + rest)
    assert any(again[CLIP * 2 :])
    assert source.holes() == (Hole(CLIP, CLIP, "clip"),)


def test_what_is_not_here_is_not_to_be_read_before_it_is_needed(clip: Path) -> None:
    here: list[Path] = []
    late = LateClipPart(lambda: here[0] if here else None, CLIP)
    live = LivePart(JitterBuffer(LiveCounters()), 4_800)
    source = SequenceSource([ClipPart(clip, CLIP), late, SilencePart(500), live, ClipPart(clip, CLIP)])

    assert source.free_frames() == CLIP
    source.read(CLIP)
    assert source.free_frames() == 0
    here.append(clip)
    assert source.free_frames() == CLIP + 500
    source.seek(2 * CLIP + 500 + 100)
    assert source.free_frames() == 0
    source.read(4_700)
    assert source.free_frames() == CLIP
    source.read(CLIP)
    assert source.free_frames() > 0
    assert source.read(1) == b""
    source.close()


def test_a_stretch_tells_holes_where_they_lie_in_it() -> None:
    late = LateClipPart(lambda: None, CLIP)
    stretch = Stretch(SequenceSource([SilencePart(1_000), late]), 5_000, 3_000, 0)

    assert stretch.free_frames() == 0
    stretch.read(3_000)
    stretch.close()

    assert stretch.holes() == (Hole(0, 3_000, "clip"),)
