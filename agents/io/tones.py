"""Sounds of the device's own that are no clips: a test tone, the pattern of the self-test."""

import math
from array import array

from agents.io.decode import FRAME_BYTES, RATE_HZ

TONE_HZ = 1_000
_EDGE_FRAMES = RATE_HZ // 100


class MemorySource:
    """A `Source` whose frames are all there already."""

    def __init__(self, sound: bytes) -> None:
        self._sound = sound
        self._at = 0

    @property
    def total_frames(self) -> int:
        """See `Source`."""
        return len(self._sound) // FRAME_BYTES

    def read(self, frames: int) -> bytes:
        """See `Source`."""
        piece = self._sound[self._at * FRAME_BYTES : (self._at + frames) * FRAME_BYTES]
        self._at += len(piece) // FRAME_BYTES
        return piece

    def seek(self, frame: int) -> None:
        """See `Source`."""
        self._at = frame

    def close(self) -> None:
        """See `Source`."""


def tone_source(seconds: int) -> MemorySource:
    """A tone of 1 kHz at full level, whose edges rise and fall within 10 ms."""
    turn = array("h", (round(32_767 * math.sin(2 * math.pi * at * TONE_HZ / RATE_HZ)) for at in range(48)))
    sound = turn * (seconds * TONE_HZ)
    for at in range(_EDGE_FRAMES):
        sound[at] = sound[at] * at // _EDGE_FRAMES
        sound[-1 - at] = sound[-1 - at] * at // _EDGE_FRAMES
    return MemorySource(sound.tobytes())
