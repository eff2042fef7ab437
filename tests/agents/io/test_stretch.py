"""A stretch of a sequence sounds as that part of it does, with edges that do not click."""

import itertools
from array import array
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.io.sequence import ClipPart, SequenceSource, SilencePart
from agents.io.stretch import Stretch

from .conftest import RATE_HZ, MemorySource, counting, tone

EDGE = RATE_HZ // 100
LOUD = tone(2.0, frequency_hz=300, peak=0.99)
TOTAL = len(LOUD) // 2


def read(stretch: Stretch, chunk: int = 9_600) -> bytes:
    return b"".join(iter(lambda: stretch.read(chunk), b""))


def greatest_step(sound: bytes) -> int:
    samples = [0, *array("h", sound), 0]
    return max(abs(after - before) for before, after in itertools.pairwise(samples))


def loudness(sound: bytes, pieces: int) -> list[int]:
    size = len(sound) // pieces // 2 * 2
    return [max(array("h", sound[at : at + size])) for at in range(0, size * pieces, size)]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, TOTAL), st.integers(0, TOTAL + 10), st.integers(1_000, 20_000), st.integers(0, TOTAL))
def test_between_its_edges_it_is_the_source_frame_for_frame(first: int, frames: int, chunk: int, jump: int) -> None:
    source = MemorySource(counting(2.0))
    stretch = Stretch(source, first, frames, 0)
    length = min(frames, TOTAL - first)

    sound = read(stretch, chunk)
    stretch.seek(jump)
    again = read(stretch, chunk)

    assert stretch.total_frames == length == len(sound) // 2
    assert len(again) // 2 == max(0, length - jump)
    inner = slice(EDGE * 2, (length - EDGE) * 2)
    assert sound[inner] == source.sound[first * 2 : (first + length) * 2][inner]
    later = slice(max(0, EDGE - jump) * 2, max(0, length - EDGE - jump) * 2)
    assert again[later] == sound[min(jump, length) * 2 :][later]


@pytest.mark.parametrize("fade_s", [0, 0.005, 0.2, 1.0, 60])
def test_no_edge_clicks_however_long_the_fade(fade_s: float) -> None:
    stretch = Stretch(MemorySource(LOUD), 12_345, 60_000, round(fade_s * RATE_HZ))

    assert greatest_step(read(stretch)) < 1.3 * greatest_step(LOUD)


def test_what_is_the_whole_source_keeps_its_own_edges() -> None:
    assert read(Stretch(MemorySource(LOUD), 0, TOTAL, 0)) == LOUD


@pytest.mark.parametrize("fade_s", [0.4, 1.0])
def test_a_fade_falls_evenly_to_silence_at_the_end(fade_s: float) -> None:
    sound = read(Stretch(MemorySource(LOUD), 0, TOTAL, round(fade_s * RATE_HZ)), chunk=7_777)

    begin = round((2.0 - fade_s) * RATE_HZ) * 2
    assert sound[:begin] == LOUD[:begin]
    levels = [peak / 32_767 / 0.99 for peak in loudness(sound[begin:], 8)]
    assert levels == pytest.approx([1 - step / 8 for step in range(8)], abs=0.06)


def test_a_stretch_reaches_over_the_seams_of_a_sequence(tmp_path: Path, encode: Callable[..., Path]) -> None:
    clip = encode("a.opus", tone(0.5, peak=0.5))
    parts = ClipPart(clip, RATE_HZ // 2), SilencePart(RATE_HZ // 4), ClipPart(clip, RATE_HZ // 2)
    stretch = Stretch(SequenceSource(parts), RATE_HZ // 4, RATE_HZ * 3 // 4, 0)

    sound = read(stretch)
    stretch.close()

    assert len(sound) // 2 == RATE_HZ * 3 // 4
    quarters = loudness(sound, 3)
    assert quarters[0] > 10_000
    assert quarters[1] == 0
    assert quarters[2] > 10_000
