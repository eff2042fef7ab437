"""Which frame is heard when: a robust fit over readings of the output's delay.

Rules of the module: pure. Frames written to the output are counted from 0; a reading says "at this instant the next
frame, number n, was d frames away from the horn". One instant, that at which frame 0 would have been heard, sums it
up; the median of the last readings gives it without minding single readings that were disturbed.
"""

from collections import deque
from statistics import median

from agents.io.output.base import RATE_HZ

FRAME_US = 1e6 / RATE_HZ


class PositionFit:
    """The running estimate. Forget it whenever the sound broke off."""

    def __init__(self, window_us: int = 2_000_000, settled_readings: int = 5) -> None:
        self._window_us = window_us
        self._settled_readings = settled_readings
        self._readings: deque[tuple[int, float]] = deque()  # (instant, instant of frame 0)
        self._begin_us = 0.0

    @property
    def settled(self) -> bool:
        """Whether enough has been read to place a frame by it."""
        return len(self._readings) >= self._settled_readings

    def add(self, now_us: int, next_frame: int, delay_frames: int) -> None:
        """Take a reading in."""
        self._readings.append((now_us, now_us + (delay_frames - next_frame) * FRAME_US))
        while self._readings[0][0] < now_us - self._window_us:
            self._readings.popleft()
        self._begin_us = median(begin_us for _, begin_us in self._readings)

    def forget(self) -> None:
        """The sound broke off: what was read before says nothing about what comes."""
        self._readings.clear()

    def heard_us(self, frame: int) -> float:
        """The instant at which this frame leaves the horn."""
        return self._begin_us + frame * FRAME_US

    def frame_at(self, instant_us: float) -> float:
        """The frame (and part of a frame) that leaves the horn at this instant."""
        return (instant_us - self._begin_us) / FRAME_US


class Slew:
    """Decides when a play that runs on must be moved, and by how much.

    Small errors are taken back a frame at a time, which nobody hears; it begins above ``begin_frames`` and goes on
    until the error is below ``end_frames``, so that noise in the readings does not make it swing. Errors above
    ``jump_frames`` are for the caller to repair at once.
    """

    def __init__(self, begin_frames: float = 4.0, end_frames: float = 1.0, jump_frames: float = 960.0) -> None:
        self._begin_frames = begin_frames
        self._end_frames = end_frames
        self._jump_frames = jump_frames
        self._active = False

    def step(self, error_frames: float) -> int:
        """How many frames to insert before the next block (negative: to leave out): -1, 0, 1, or a whole jump."""
        size = abs(error_frames)
        if size > self._jump_frames:
            self._active = False
            return round(error_frames)
        self._active = size > (self._end_frames if self._active else self._begin_frames)
        if not self._active:
            return 0
        return 1 if error_frames > 0 else -1
