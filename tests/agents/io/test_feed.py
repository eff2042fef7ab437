"""A feed decodes ahead what is there, and holds back what is not to be read before it is needed."""

import threading
import time
from collections.abc import Callable

import pytest

from agents.io.decode import Hole, PacedSource
from agents.io.output.feed import Feed

from .conftest import RATE_HZ, counting

SOUND = counting(3)
LIVE = range(20_000, 60_000)
PATIENCE_S = 10.0


class LateSource(PacedSource):
    """Frames that are numbered; those of ``LIVE`` are not to be read before they are needed."""

    total_frames = len(SOUND) // 2

    def __init__(self) -> None:
        self.at = 0
        self.closed = threading.Event()
        self._holes: list[Hole] = []

    def read(self, frames: int) -> bytes:
        piece = SOUND[self.at * 2 : (self.at + frames) * 2]
        if self.at in LIVE:
            self._holes.append(Hole(self.at, frames, "live"))
        self.at += len(piece) // 2
        return piece

    def seek(self, frame: int) -> None:
        self.at = frame

    def free_frames(self) -> int:
        if self.at in LIVE:
            return 0
        return LIVE.start - self.at if self.at < LIVE.start else max(1, self.total_frames - self.at)

    def holes(self) -> tuple[Hole, ...]:
        found, self._holes = tuple(self._holes), []
        return found

    def pending(self) -> Hole | None:
        return Hole(LIVE.start, self.at - LIVE.start, "live") if self.at in LIVE else None

    def close(self) -> None:
        self.closed.set()


class Fed:
    """A feed, and what it told."""

    def __init__(self) -> None:
        self.source = LateSource()
        self.ready = threading.Event()
        self.holes: list[Hole] = []
        self.feed = Feed("test", self.source, lambda wrong: self.ready.set(), self.holes.append)

    def until(self, condition: Callable[[], bool]) -> None:
        give_up = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < give_up, (self.source.at, self.feed.position)
            time.sleep(0.001)


@pytest.fixture
def fed() -> Fed:
    return Fed()


def test_it_is_ready_where_the_rest_is_held_back(fed: Fed) -> None:
    fed.feed.begin()
    assert fed.ready.wait(PATIENCE_S)

    assert fed.source.at == LIVE.start
    assert fed.feed.take(LIVE.start + 960) == SOUND[: LIVE.start * 2]
    assert not fed.feed.seeking
    assert not fed.feed.exhausted
    fed.feed.close()
    assert fed.source.closed.wait(PATIENCE_S)


def test_what_is_needed_is_read_and_no_more(fed: Fed) -> None:
    fed.feed.begin()
    fed.feed.need(LIVE.start + 1_968)
    fed.until(lambda: fed.source.at == LIVE.start + 1_968)
    fed.feed.take(LIVE.start + 960)
    fed.until(lambda: fed.feed.has_some)

    assert fed.source.at == LIVE.start + 1_968
    assert fed.feed.take(9_600) == SOUND[(LIVE.start + 960) * 2 : (LIVE.start + 1_968) * 2]
    assert fed.holes[0].first_frame == LIVE.start
    fed.feed.close()


def test_who_joins_begins_where_it_is_told_and_nothing_before_is_read(fed: Fed) -> None:
    fed.feed.begin()
    assert fed.ready.wait(PATIENCE_S)
    fed.feed.seek(40_000)
    fed.until(lambda: not fed.feed.seeking)
    assert not fed.feed.has_some

    fed.feed.need(40_480)
    fed.until(lambda: fed.feed.has_some)

    assert fed.feed.take(RATE_HZ) == SOUND[40_000 * 2 : 40_480 * 2]
    assert [(hole.first_frame, hole.frames) for hole in fed.holes] == [(40_000, 480)]
    fed.feed.close()


def test_behind_what_was_held_back_it_decodes_ahead_again(fed: Fed) -> None:
    fed.feed.begin()
    fed.feed.seek(LIVE.stop - 100)
    fed.feed.need(LIVE.stop)
    fed.until(lambda: fed.source.at == fed.source.total_frames)

    assert fed.feed.take(fed.source.total_frames) == SOUND[(LIVE.stop - 100) * 2 :]
    fed.until(lambda: fed.feed.exhausted)
    fed.feed.close()
