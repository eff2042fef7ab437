"""A source again and again, without a gap.

Rules of the module: a short source is decoded once and repeated from memory; a longer one is read anew each time.
"""

from typing import Final

from agents.io.decode import FRAME_BYTES, RATE_HZ, Source

_LONGEST_KEPT_S: Final = 30
_KEPT_FRAMES: Final = _LONGEST_KEPT_S * RATE_HZ
ENDLESS_FRAMES: Final = 24 * 3600 * RATE_HZ


class Loop:
    """``source`` over and over, for a day. Owns it."""

    total_frames = ENDLESS_FRAMES

    def __init__(self, source: Source) -> None:
        self._source = source
        self._round = source.total_frames
        self._kept: bytearray | None = bytearray() if self._round <= _KEPT_FRAMES else None
        self._at = 0

    def read(self, frames: int) -> bytes:
        """The next ``frames`` frames, across the seam. Raises DecodeError."""
        out = bytearray()
        while len(out) < frames * FRAME_BYTES and self._round:
            place = self._at % self._round
            piece = self._piece(place, min(frames - len(out) // FRAME_BYTES, self._round - place))
            if not piece:
                break
            out += piece
            self._at += len(piece) // FRAME_BYTES
        return bytes(out)

    def seek(self, frame: int) -> None:
        """Go on reading at this frame. Raises DecodeError."""
        self._at = frame
        if self._round and (self._kept is None or len(self._kept) // FRAME_BYTES < self._round):
            self._kept = None  # it would have a hole
            self._source.seek(frame % self._round)

    def close(self) -> None:
        """Let go of the source."""
        self._source.close()

    def _piece(self, place: int, frames: int) -> bytes:
        begin, end = place * FRAME_BYTES, (place + frames) * FRAME_BYTES
        if self._kept is not None and end <= len(self._kept):
            return bytes(self._kept[begin:end])
        if place == 0 and self._at:
            self._source.seek(0)
        sound = self._source.read(frames)
        if self._kept is not None:
            self._kept += sound
        return sound
