"""Parts one after another without a gap, as often as is asked, some of which are not here yet.

Rules of the module: a sequence is never copied, however often it is heard: where something is follows from the frame
alone. A clip is opened a second before it is needed. What comes over the link meanwhile, and a clip that is still on
its way, is not read before it is needed; where it is not here then it is silence, and a hole that is told.
"""

import contextlib
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Final

from agents.io.decode import FRAME_BYTES, RATE_HZ, ClipDecoder, DecodeError, Hole, PacedSource
from agents.io.jitter import JitterBuffer, LiveReader
from agents.io.output.level import FADE_FRAMES, ramp

_OPEN_AHEAD_FRAMES: Final = RATE_HZ
_FREE_AHEAD_FRAMES: Final = 4 * RATE_HZ
"""No reader looks farther ahead than this."""
_LOOKED_AT: Final = 200
"""Places looked at ahead: enough for parts of any sense."""


@dataclass(frozen=True, slots=True)
class ClipPart:
    """A clip file and the frames it counts for: a shorter file is filled with silence, a longer one cut."""

    path: Path
    frames: int


@dataclass(frozen=True, slots=True)
class LateClipPart:
    """A clip that may not be here yet. ``find`` gives its file once it is, None before; any thread may call it."""

    find: Callable[[], Path | None]
    frames: int


@dataclass(frozen=True, slots=True)
class SilencePart:
    """Silence of a given length."""

    frames: int


@dataclass(frozen=True, slots=True)
class LivePart:
    """What comes over the link meanwhile; its places are frames of the whole sequence."""

    buffer: JitterBuffer
    frames: int


SequencePart = ClipPart | LateClipPart | SilencePart | LivePart


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a frame lies: in which part, the how manieth time it is heard, how far into it, and what is left of it."""

    part: SequencePart
    key: tuple[int, int]
    inside: int
    left: int


class SequenceSource(PacedSource):
    """The parts, ``times`` times, with ``pause_frames`` of silence between.

    Raises DecodeError when a clip's turn comes (or nearly) and it cannot be decoded.
    """

    def __init__(self, parts: Sequence[SequencePart], times: int = 1, pause_frames: int = 0) -> None:
        if any(part.frames < 0 for part in parts):
            raise ValueError("a part cannot be shorter than nothing")
        self._parts = (*parts, SilencePart(pause_frames)) if pause_frames else tuple(parts)
        self._begins = tuple(accumulate((part.frames for part in self._parts), initial=0))
        once = sum(part.frames for part in parts)
        self._round = once + pause_frames
        self._total = times * once + (times - 1) * pause_frames if once else 0
        self._at = 0
        self._open: dict[tuple[int, int], ClipDecoder] = {}
        self._live: LiveReader | None = None
        self._silent: tuple[int, int] | None = None  # the late clip that is not to be heard this time
        self._holes: list[Hole] = []
        self._has_late = any(isinstance(part, LateClipPart | LivePart) for part in parts)

    @property
    def total_frames(self) -> int:
        """Frames of everything together."""
        return self._total

    @property
    def position(self) -> int:
        """The frame that the next read begins with."""
        return self._at

    def read(self, frames: int) -> bytes:
        """The next ``frames`` frames, across seams; fewer only at the end of the last part."""
        out = bytearray()
        while (missing := frames - len(out) // FRAME_BYTES) > 0 and self._at < self._total:
            place = self._place(self._at)
            piece = min(missing, place.left)
            out += self._read_part(place, piece)
            self._at += piece
            if piece == place.left:
                self._leave(place)
        self._open_ahead()
        return bytes(out)

    def seek(self, frame: int) -> None:
        """Make ``frame`` the next to be read; past the end leaves nothing to read."""
        if frame < 0:
            raise ValueError("a sequence has no frames before its first")
        self._at = min(frame, self._total)
        place = self._place(self._at) if self._at < self._total else None
        for key in [key for key in self._open if place is None or key != place.key]:
            self._open.pop(key).close()
        self._silent = None
        if self._live is not None:
            if place is not None and isinstance(place.part, LivePart):
                self._live.seek(self._at)
            else:
                self._end_live()
        if place is not None and (isinstance(place.part, ClipPart) or place.key in self._open):
            clip = self._decoder(place)
            assert clip is not None
            clip.seek_frames(place.inside)

    def free_frames(self) -> int:
        """See `PacedSource`."""
        if not self._has_late:
            return _FREE_AHEAD_FRAMES
        at = self._at
        for _ in range(_LOOKED_AT):
            if at >= self._total or at - self._at >= _FREE_AHEAD_FRAMES:
                return max(1, at - self._at)
            place = self._place(at)
            if self._waits(place):
                break
            at += place.left
        return at - self._at

    def holes(self) -> tuple[Hole, ...]:
        """See `PacedSource`."""
        if self._live is not None:
            self._holes += self._live.holes()
        found, self._holes = tuple(self._holes), []
        return found

    def pending(self) -> Hole | None:
        """See `PacedSource`."""
        live = self._live
        return None if live is None else live.pending()

    def close(self) -> None:
        """Close every open clip."""
        while self._open:
            self._open.popitem()[1].close()
        if self._live is not None:
            self._live.end()
            self._live = None

    def _place(self, frame: int) -> _Place:
        """Of a frame before the end."""
        turn, into = divmod(frame, self._round)
        index = bisect_right(self._begins, into) - 1
        return _Place(self._parts[index], (turn, index), into - self._begins[index], self._begins[index + 1] - into)

    def _waits(self, place: _Place) -> bool:
        """Whether it is to be read only when it is needed."""
        match place.part:
            case LivePart():
                return True
            case LateClipPart(find=find):
                return place.key != self._silent and place.key not in self._open and find() is None
            case _:
                return False

    def _read_part(self, place: _Place, frames: int) -> bytes:
        if isinstance(place.part, LivePart):
            if self._live is None:
                self._live = LiveReader(place.part.buffer, self._at)
            return _fallen(self._live.read(frames), place.left)
        clip = self._decoder(place)
        return (b"" if clip is None else clip.read(frames)).ljust(frames * FRAME_BYTES, b"\0")

    def _decoder(self, place: _Place) -> ClipDecoder | None:
        """The clip whose turn it is, None for silence."""
        match place.part:
            case ClipPart(path=path):
                return self._opened(place.key, path)
            case LateClipPart() as late if place.key != self._silent:
                return self._late(place, late)
            case _:
                return None

    def _late(self, place: _Place, part: LateClipPart) -> ClipDecoder | None:
        if place.key in self._open:
            return self._open[place.key]
        if (path := part.find()) is not None:
            with contextlib.suppress(DecodeError):
                clip = self._opened(place.key, path)
                clip.seek_frames(place.inside)
                return clip
        self._silent = place.key
        self._holes.append(Hole(self._at, place.left, "clip"))
        return None

    def _opened(self, key: tuple[int, int], path: Path) -> ClipDecoder:
        if key not in self._open:
            self._open[key] = ClipDecoder(path)
        return self._open[key]

    def _leave(self, place: _Place) -> None:
        if (done := self._open.pop(place.key, None)) is not None:
            done.close()
        if isinstance(place.part, LivePart):
            after = self._place(self._at).part if self._at < self._total else None
            if not isinstance(after, LivePart):
                self._end_live()

    def _end_live(self) -> None:
        if self._live is not None:
            self._live.end()
            self._holes += self._live.holes()
            self._live = None

    def _open_ahead(self) -> None:
        """Open the clips that begin within the next second, so that no seam waits for a disk."""
        at = self._at
        for _ in range(_LOOKED_AT):
            if at >= self._total or at - self._at > _OPEN_AHEAD_FRAMES:
                return
            place = self._place(at)
            match place.part:
                case ClipPart(path=path):
                    self._opened(place.key, path)
                case _:
                    pass
            at += place.left


def _fallen(sound: bytes, left: int) -> bytes:
    """Sound of a part that may end in the middle of a wave, ``left`` frames behind where this begins: the last 10 ms
    of the part fall to silence.
    """
    whole = max(0, left - FADE_FRAMES) * FRAME_BYTES
    if len(sound) <= whole:
        return sound
    end = left - len(sound) // FRAME_BYTES
    return sound[:whole] + ramp(sound[whole:], min(left, FADE_FRAMES) / FADE_FRAMES, end / FADE_FRAMES)
