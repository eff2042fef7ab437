"""Clips become sound: streaming decode, exact to the sample.

Rules of the module: everything comes out as signed 16-bit mono at 48 kHz in native byte order; the Ogg pre-skip and
end trim are honoured, so that a clip has exactly as many frames as went into the encoder; memory does not grow with
the length of a clip. Objects here belong to one thread at a time. A clip is Ogg Opus (``ogg.py``), decoded by libopus
(``opus.py``); nothing else is played.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol, runtime_checkable

from agents.io import opus
from agents.io.ogg import BadOgg, OpusFile, Packet

RATE_HZ = opus.RATE_HZ
FRAME_BYTES = 2
# After a jump Opus needs 80 ms at least (RFC 7845, 4.6). The speech coder remembers longer; after a second nothing
# of it is left but last bits, and a second is decoded in some milliseconds.
_CONVERGE_FRAMES = RATE_HZ
# Less than this ahead is decoded and thrown away rather than searched for in the file.
_NEAR_FRAMES = 2 * RATE_HZ


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


@dataclass(frozen=True, slots=True)
class Hole:
    """What should have been heard and was not here: ``frames`` frames from ``first_frame`` on. ``cause`` is ``live``
    for packets that did not come in time, ``clip`` for a clip that had not arrived when its turn came.
    """

    first_frame: int
    frames: int
    cause: str


@runtime_checkable
class PacedSource(Protocol):
    """A `Source` of which something is not there before it is needed: live sound, a clip that is still on its way."""

    def free_frames(self) -> int:
        """How many of the next frames may be read however early; 0: the next one is to be read when it is needed, and
        not before. Raises DecodeError.
        """
        ...

    def holes(self) -> tuple[Hole, ...]:
        """What was read as silence because it was not here, since this was asked last."""
        ...

    def pending(self) -> Hole | None:
        """What has been silence up to the frame that is read next, and is not told yet because it may still go on; None
        where nothing is missing. Any thread may ask.
        """
        ...


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
