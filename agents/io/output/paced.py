"""A device made of time: what the outputs without sound hardware have in common.

Rules of the module: the position follows the time port exactly, as if a perfect sound card ran on it; a small buffer
lies between what is written and what is heard, and running out of it is an underrun, as on real devices.
"""

from agents.io.output.base import FRAME_BYTES, RATE_HZ
from agents.io.timeport import TimePort

BUFFER_FRAMES = RATE_HZ * 80 // 1000


class PacedDevice:
    """Counts frames against the time port. It starts to move when its buffer is full."""

    def __init__(self, time: TimePort) -> None:
        self._time = time
        self._written = 0
        self._began_us: int | None = None  # when frame 0 was heard
        self.hole_frames = 0  # how long nothing was heard in the last underrun

    def reset(self) -> None:
        """Empty and at rest."""
        self._written = 0
        self._began_us = None

    def heard_frames(self) -> int:
        """Frames that have left the horn."""
        if self._began_us is None:
            return 0
        return (self._time.monotonic_us() - self._began_us) * RATE_HZ // 1_000_000

    def delay_frames(self) -> int | None:
        """As Output.delay_frames."""
        return None if self._began_us is None else max(0, self._written - self.heard_frames())

    def ran_out(self) -> bool:
        """As Output.ran_out."""
        return self._began_us is not None and self.heard_frames() > self._written

    def put(self, frames: bytes) -> bool:
        """Take frames, blocking while the buffer is full; True where it had run empty."""
        count = len(frames) // FRAME_BYTES
        broke_off = self.ran_out()
        if broke_off:
            self.hole_frames = self.heard_frames() - self._written
            self.reset()
        if self._began_us is not None:
            self._wait_for_room(count)
        self._written += count
        if self._began_us is None and self._written >= BUFFER_FRAMES:
            self._began_us = self._time.monotonic_us()
        return broke_off

    def _wait_for_room(self, count: int) -> None:
        assert self._began_us is not None
        over = self._written + count - BUFFER_FRAMES
        self._time.block_until(self._began_us + over * 1_000_000 // RATE_HZ)
