"""The output's thread on a clock of its own: a card whose every sample is kept, a decoder that is always there.

Time passes only where the thread waits for the card, so an hour is over in seconds and every figure is exact.
"""

import itertools
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field

from agents.io.decode import Source
from agents.io.output import PlayEvent
from agents.io.output.amplifier import Amplifier, AmplifierSwitch, NoAmplifier
from agents.io.output.base import FRAME_BYTES, RATE_HZ
from agents.io.output.feed import Feed
from agents.io.output.level import volume_gain
from agents.io.output.line import Line
from agents.io.output.play import Play
from agents.io.output.thread import OutputThread

BUFFER_FRAMES = RATE_HZ * 80 // 1000


class SimulatedTime:
    """A clock that stands still until somebody waits."""

    def __init__(self) -> None:
        self.now_us = 1_000_000_000.0

    def monotonic_us(self) -> int:
        return round(self.now_us)

    def wall_us(self) -> int:
        return round(self.now_us)

    def wall_synchronised(self) -> bool:
        return False

    async def sleep_until(self, monotonic_us: int) -> None:
        raise AssertionError("nobody sleeps here")

    def block_until(self, monotonic_us: int) -> None:
        self.now_us = max(self.now_us, monotonic_us)


class Card:
    """A sound card whose clock runs ``fast_ppm`` fast. ``heard`` is what left the horn, holes as silence."""

    description = "a simulated card"
    stays_open = True

    def __init__(self, time: SimulatedTime, fast_ppm: float = 0.0, keep: bool = True) -> None:
        self._time = time
        self._frame_us = 1e6 / RATE_HZ / (1 + fast_ppm / 1e6)
        self._keep = keep
        self.heard = bytearray()
        self.written = 0
        self.began_us: float | None = None

    def heard_us(self, frame: int) -> float:
        """When this frame leaves the horn."""
        assert self.began_us is not None
        return self.began_us + frame * self._frame_us

    def open(self) -> None:
        pass

    def close(self) -> None:
        self.drop()

    def drop(self) -> None:
        self.began_us = None
        self.written = 0

    def begin_play(self, name: str) -> None:
        pass

    def end_play(self) -> None:
        pass

    def _position(self) -> float:
        return 0.0 if self.began_us is None else (self._time.now_us - self.began_us) / self._frame_us

    def ran_out(self) -> bool:
        return self.began_us is not None and self._position() > self.written

    def delay_frames(self) -> int | None:
        return None if self.began_us is None else max(0, round(self.written - self._position()))

    def write(self, frames: bytes) -> bool:
        broke_off = self.ran_out()
        if broke_off:
            if self._keep:
                self.heard += bytes(round(self._position() - self.written) * FRAME_BYTES)
            self.began_us, self.written = None, 0
        count = len(frames) // FRAME_BYTES
        if self.began_us is not None:
            self._time.now_us = max(self._time.now_us, self.heard_us(self.written + count - BUFFER_FRAMES))
        self.written += count
        if self._keep:
            self.heard += frames
        if self.began_us is None and self.written >= BUFFER_FRAMES:
            self.began_us = self._time.now_us
        return broke_off


class ReadyFeed(Feed):
    """A feed without a thread: what is asked for is decoded then. It gives nothing while ``starves``."""

    def __init__(self, name: str, source: Source) -> None:
        super().__init__(name, source, lambda wrong: None)
        self.source = source
        self.starves = False

    def begin(self) -> None:
        pass

    @property
    def has_some(self) -> bool:
        return not self.starves

    @property
    def seeking(self) -> bool:
        return self.starves

    @property
    def exhausted(self) -> bool:
        return self._position >= self.total_frames

    def take(self, frames: int) -> bytes:
        sound = b"" if self.starves else self.source.read(frames)
        self._position += len(sound) // FRAME_BYTES
        return sound

    def seek(self, frame: int) -> None:
        self._position = min(frame, self.total_frames)
        self.source.seek(self._position)

    def close(self) -> None:
        self._closed = True


@dataclass
class Rig:
    """A thread that is gone round by hand, in standby, and what it told."""

    fast_ppm: float = 0.0
    keep: bool = True
    amplifier: Amplifier = field(default_factory=NoAmplifier)
    told: list[PlayEvent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.time = SimulatedTime()
        self.card = Card(self.time, self.fast_ppm, self.keep)
        self.line = Line(self.card, self.time)
        self.thread = OutputThread(
            self.line,
            AmplifierSwitch(self.amplifier),
            self.time,
            self.told.append,
            latency_us=0,
            volume=volume_gain(100),
            standby=True,
        )

    def arm(self, play_id: str, source: Source) -> ReadyFeed:
        feed = ReadyFeed(play_id, source)
        self.thread.add(Play(play_id, feed))
        return feed

    def start(self, play_id: str, start_us: float | None, from_frame: int = 0) -> None:
        """At an instant, None: at once."""
        at_us = None if start_us is None else round(start_us)
        self.thread.schedule(play_id, at_us, from_frame, 0.0, volume_gain(100))

    def run(self, seconds: float, each: Callable[[], None] = lambda: None) -> None:
        until_us = self.time.now_us + seconds * 1e6
        while self.time.now_us < until_us:
            self.thread.go_round()
            each()

    @property
    def next_us(self) -> float:
        """When the frame that is written next leaves the horn."""
        return self.card.heard_us(self.card.written)

    def stall(self, seconds: float) -> None:
        """Somebody else had the processor."""
        self.time.now_us += seconds * 1e6

    @property
    def samples(self) -> "array[int]":
        return array("h", bytes(self.card.heard))

    def of(self, kind: type[PlayEvent], play_id: str) -> PlayEvent:
        (event,) = [one for one in self.told if isinstance(one, kind) and one.play_id == play_id]
        return event


def largest_step(samples: "array[int]") -> int:
    """The largest difference of two samples, one after the other: what a click is made of."""
    return max((abs(b - a) for a, b in itertools.pairwise(samples)), default=0)
