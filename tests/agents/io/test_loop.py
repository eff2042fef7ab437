"""A siren is repeated without a gap, to the sample, however it is read."""

import pytest

from agents.io import loop
from agents.io.loop import ENDLESS_FRAMES, Loop

from .conftest import MemorySource, counting

ROUND = counting(0.5)


def read(source: Loop, *sizes: int) -> bytes:
    return b"".join(source.read(size) for size in sizes)


@pytest.mark.parametrize("kept", [True, False], ids=["from memory", "read anew"])
def test_the_end_is_followed_by_the_beginning(kept: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not kept:
        monkeypatch.setattr(loop, "_KEPT_FRAMES", 100)
    source = Loop(MemorySource(ROUND))

    heard = read(source, 9_600, 1, 20_000, 960, 50_000, 7)

    assert heard == (ROUND * 4)[: len(heard)]
    assert len(heard) == 2 * 80_568
    assert source.total_frames == ENDLESS_FRAMES


@pytest.mark.parametrize("first", [0, 10_000, 30_000])
def test_it_can_be_joined_anywhere(first: int) -> None:
    source = Loop(MemorySource(ROUND))
    read(source, first)

    source.seek(100_000)

    assert source.read(60_000) == (ROUND * 8)[200_000 : 200_000 + 120_000]


def test_what_has_no_sound_has_no_end_and_no_sound() -> None:
    assert Loop(MemorySource(b"")).read(960) == b""


def test_its_file_is_let_go() -> None:
    inner = MemorySource(ROUND)
    Loop(inner).close()
    assert inner.closed
