"""Clips become sound: streaming decode, exact to the sample, and gapless sequences of parts.

Rules of the module: everything comes out as signed 16-bit mono at 48 kHz in native byte order; the Ogg pre-skip and
end trim are honoured, so that a clip has exactly as many frames as went into the encoder; memory does not grow with
the length of a clip. Objects here belong to one thread at a time. A clip is Ogg Opus (``ogg.py``), decoded by libopus
(``opus.py``); nothing else is played.
"""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from agents.io import opus
from agents.io.ogg import BadOgg, OpusFile, Packet

RATE_HZ = opus.RATE_HZ
FRAME_BYTES = 2
# After a jump Opus needs 80 ms at least (RFC 7845, 4.6). The speech coder remembers longer; after a second nothing
# of it is left but last bits, and a second is decoded in some milliseconds.
_CONVERGE_FRAMES = RATE_HZ
# Less than this ahead is decoded and thrown away rather than searched for in the file.
_NEAR_FRAMES = 2 * RATE_HZ
_OPEN_AHEAD_FRAMES = RATE_HZ


class DecodeError(Exception):
    """The clip cannot be decoded: it is missing, damaged, or no audio. Fetch it again."""


class Source(Protocol):
    """What the play engine plays: s16 mono 48 kHz frames, once through."""

    @property
    def total_frames(self) -> int:
        """Length, known before anything is decoded."""

    def read(self, frames: int) -> bytes:
        """The next ``frames`` frames, fewer only at the end, none after it. Raises DecodeError."""

    def seek(self, frame: int) -> None:
        """Go on reading at this frame, exact to the sample. Raises DecodeError."""

    def close(self) -> None:
        """Let go of files. The source is not read again."""


class ClipDecoder:
    """One clip as a stream of frames. Raises DecodeError from every method, NoOpus where there is no decoder."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None
        self._buffer = bytearray()
        self._at = 0
        self._decoder = opus.Decoder()
        with self._errors():
            self._file = path.open("rb")
            self._clip = OpusFile(self._file)
            self._decoder.set_gain(self._clip.head.gain_q8)

    @property
    def position(self) -> int:
        """The frame that the next read begins with."""
        return self._at

    def read(self, frames: int) -> bytes:
        """Up to ``frames`` frames; fewer only at the end of the clip, none after it."""
        wanted = frames * FRAME_BYTES
        self._fill(wanted)
        out = bytes(self._buffer[:wanted])
        del self._buffer[:wanted]
        self._at += len(out) // FRAME_BYTES
        return out

    def seek_frames(self, frame: int) -> None:
        """Make ``frame`` the next to be read; past the end leaves nothing to read."""
        if frame < 0:
            raise ValueError("a clip has no frames before its first")
        if not self._at <= frame <= self._at + _NEAR_FRAMES:
            self._jump(frame)
        while self._at < frame:
            if not self.read(min(frame - self._at, RATE_HZ // 10)):
                return

    def close(self) -> None:
        """Close the file. Closing twice does nothing."""
        self._buffer.clear()
        if self._file is not None:
            self._file.close()
            self._file = None

    def _jump(self, frame: int) -> None:
        """Begins some way before ``frame``, so that the decoder has converged there."""
        if self._file is None:
            return
        with self._errors():
            self._clip.seek(frame - _CONVERGE_FRAMES)
            self._decoder.reset()
        self._buffer.clear()
        self._at = frame
        self._fill(FRAME_BYTES)

    def _fill(self, wanted: int) -> None:
        with self._errors():
            while self._file is not None and len(self._buffer) < wanted:
                packet = self._clip.next_packet()
                if packet is None:
                    return
                self._buffer += self._sound(packet)

    def _sound(self, packet: Packet) -> bytes:
        """What is heard of a packet: without pre-skip, what only lets the decoder converge, and what is cut off."""
        sound = self._decoder.decode(packet.data)
        if len(sound) != packet.frames * FRAME_BYTES:
            raise BadOgg("a packet is not as long as it says")
        first = max(0, self._at + len(self._buffer) // FRAME_BYTES - packet.first_frame)
        return sound[first * FRAME_BYTES : (packet.frames - packet.cut_frames) * FRAME_BYTES]

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (BadOgg, opus.BadPacket, OSError) as wrong:
            self.close()
            raise DecodeError(f"{self._path.name} cannot be decoded ({wrong}). Fetch it again.") from wrong


def count_frames(path: Path) -> int:
    """The exact length of a clip, by looking through all of it. Raises DecodeError."""
    clip = ClipDecoder(path)
    try:
        while clip.read(RATE_HZ):
            pass
        return clip.position
    finally:
        clip.close()


@dataclass(frozen=True, slots=True)
class ClipPart:
    """A clip file and the frames it counts for: a shorter file is filled with silence, a longer one cut."""

    path: Path
    frames: int


@dataclass(frozen=True, slots=True)
class SilencePart:
    """Silence of a given length."""

    frames: int


SequencePart = ClipPart | SilencePart


class SequenceSource:
    """Parts one after another without a gap; a clip is opened a second before it is needed.

    Raises DecodeError when a clip's turn comes (or nearly) and it cannot be decoded.
    """

    def __init__(self, parts: Sequence[SequencePart]) -> None:
        if any(part.frames < 0 for part in parts):
            raise ValueError("a part cannot be shorter than nothing")
        self._parts = tuple(parts)
        self._index = 0
        self._inside = 0  # frames of the current part already read
        self._open: dict[int, ClipDecoder] = {}

    @property
    def total_frames(self) -> int:
        """Frames of all parts together."""
        return sum(part.frames for part in self._parts)

    @property
    def position(self) -> int:
        """The frame that the next read begins with."""
        return sum(part.frames for part in self._parts[: self._index]) + self._inside

    def read(self, frames: int) -> bytes:
        """The next ``frames`` frames, across seams; fewer only at the end of the last part."""
        out = bytearray()
        while (missing := frames - len(out) // FRAME_BYTES) > 0 and self._index < len(self._parts):
            part = self._parts[self._index]
            piece = min(missing, part.frames - self._inside)
            if piece:
                out += self._read_part(part, piece)
                self._inside += piece
            if self._inside == part.frames:
                self._leave_part()
        self._open_ahead()
        return bytes(out)

    def seek(self, frame: int) -> None:
        """Make ``frame`` the next to be read; past the end leaves nothing to read."""
        if frame < 0:
            raise ValueError("a sequence has no frames before its first")
        self._index, self._inside = 0, frame
        while self._index < len(self._parts) and self._inside >= self._parts[self._index].frames:
            self._inside -= self._parts[self._index].frames
            self._index += 1
        for index in [index for index in self._open if index != self._index]:
            self._open.pop(index).close()
        if self._index == len(self._parts):
            self._inside = 0
            return
        part = self._parts[self._index]
        if isinstance(part, ClipPart):
            self._decoder(self._index, part).seek_frames(self._inside)

    def close(self) -> None:
        """Close every open clip."""
        while self._open:
            self._open.popitem()[1].close()

    def _read_part(self, part: SequencePart, frames: int) -> bytes:
        if isinstance(part, SilencePart):
            return bytes(frames * FRAME_BYTES)
        return self._decoder(self._index, part).read(frames).ljust(frames * FRAME_BYTES, b"\0")

    def _decoder(self, index: int, part: ClipPart) -> ClipDecoder:
        if index not in self._open:
            self._open[index] = ClipDecoder(part.path)
        return self._open[index]

    def _leave_part(self) -> None:
        if (done := self._open.pop(self._index, None)) is not None:
            done.close()
        self._index += 1
        self._inside = 0

    def _open_ahead(self) -> None:
        """Open the clips that begin within the next second, so that no seam waits for a disk."""
        ahead = -self._inside
        for index in range(self._index, len(self._parts)):
            if ahead > _OPEN_AHEAD_FRAMES:
                return
            part = self._parts[index]
            if isinstance(part, ClipPart) and part.frames:
                self._decoder(index, part)
            ahead += part.frames
