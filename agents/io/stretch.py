"""A stretch of a source, with soft edges.

Rules of the module: a stretch that begins or ends in the middle of its source rises and falls within 10 ms, so that no
edge clicks; a longer fade falls evenly to silence.
"""

import audioop
from itertools import pairwise
from typing import Final

from agents.io.decode import FRAME_BYTES, Hole, PacedSource, Source
from agents.io.output.level import FADE_FRAMES, ramp

_STEP_FRAMES: Final = 48
"""A long fade goes down in steps of a millisecond: too small to be heard, and cheap on a small machine."""
_LONG_FRAMES: Final = 24_000


class Stretch(PacedSource):
    """The ``frames`` frames of ``source`` from ``first`` on, falling to silence over the last ``fade_frames`` of them.

    Owns the source.
    """

    def __init__(self, source: Source, first: int, frames: int, fade_frames: int) -> None:
        whole = source.total_frames
        self.total_frames = max(0, min(frames, whole - first))
        self._source = source
        self._paced = source if isinstance(source, PacedSource) else None
        self._first = first
        edge = FADE_FRAMES if first + self.total_frames < whole else 0
        self._rise = min(self.total_frames // 2, FADE_FRAMES if first else 0)
        self._fall = min(self.total_frames - self._rise, max(fade_frames, edge))
        self._at = 0
        self._placed = first == 0

    def read(self, frames: int) -> bytes:
        """The next ``frames`` frames, fewer only at the end, none after it. Raises DecodeError."""
        self._be_placed()
        sound = self._source.read(max(0, min(frames, self.total_frames - self._at)))
        begin, self._at = self._at, self._at + len(sound) // FRAME_BYTES
        return self._shaped(sound, begin)

    def seek(self, frame: int) -> None:
        """Go on reading at this frame, exact to the sample; past the end leaves nothing to read. Raises DecodeError."""
        self._at = min(frame, self.total_frames)
        self._source.seek(self._first + self._at)
        self._placed = True

    def free_frames(self) -> int:
        """See `PacedSource`."""
        self._be_placed()
        left = max(1, self.total_frames - self._at)
        return left if self._paced is None else min(left, self._paced.free_frames())

    def holes(self) -> tuple[Hole, ...]:
        """See `PacedSource`."""
        found = () if self._paced is None else self._paced.holes()
        mine = ((hole, self._inside(hole)) for hole in found)
        return tuple(Hole(inside.start, len(inside), hole.cause) for hole, inside in mine if inside)

    def pending(self) -> Hole | None:
        """See `PacedSource`."""
        hole = None if self._paced is None else self._paced.pending()
        if hole is None or not (inside := self._inside(hole)):
            return None
        return Hole(inside.start, len(inside), hole.cause)

    def close(self) -> None:
        """Let go of the source."""
        self._source.close()

    def _be_placed(self) -> None:
        if not self._placed:
            self._source.seek(self._first + self._at)
            self._placed = True

    def _inside(self, hole: Hole) -> range:
        """The frames of the stretch that it takes."""
        first = hole.first_frame - self._first
        return range(max(0, first), min(self.total_frames, first + hole.frames))

    def _shaped(self, sound: bytes, begin: int) -> bytes:
        end = begin + len(sound) // FRAME_BYTES
        falls_at = self.total_frames - self._fall
        if self._rise <= begin and end <= falls_at:
            return sound
        edges = sorted({begin, end, *(edge for edge in (self._rise, falls_at) if begin < edge < end)})
        return b"".join(
            self._piece(sound[(at - begin) * FRAME_BYTES : (until - begin) * FRAME_BYTES], at)
            for at, until in pairwise(edges)
        )

    def _piece(self, sound: bytes, begin: int) -> bytes:
        """What lies on one side of every edge."""
        end = begin + len(sound) // FRAME_BYTES
        if end <= self._rise:
            return ramp(sound, begin / self._rise, end / self._rise)
        if begin < self.total_frames - self._fall:
            return sound
        if self._fall <= _LONG_FRAMES:
            return ramp(sound, self._falling(begin), self._falling(end))
        size = _STEP_FRAMES * FRAME_BYTES
        steps = range(0, len(sound), size)
        return b"".join(
            audioop.mul(sound[at : at + size], FRAME_BYTES, self._falling(begin + at // FRAME_BYTES)) for at in steps
        )

    def _falling(self, at: int) -> float:
        return (self.total_frames - at) / self._fall
