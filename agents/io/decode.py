"""Clips become sound: streaming decode, exact to the sample, and gapless sequences of parts.

Rules of the module: everything comes out as signed 16-bit mono at 48 kHz in native byte order; the Ogg pre-skip and
end trim are honoured, so that a clip has exactly as many frames as went into the encoder; memory does not grow with
the length of a clip. Objects here belong to one thread at a time. PyAV is imported when the first clip is opened: it is
18 MB that an idle agent does not need.
"""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.resampler import AudioResampler
    from av.audio.stream import AudioStream
    from av.container import InputContainer

RATE_HZ = 48_000
FRAME_BYTES = 2
# Opus needs 80 ms to converge after a jump (RFC 7845, 4.6); more costs nothing.
_CONVERGE_FRAMES = RATE_HZ // 5
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
    """One audio file as a stream of frames. Raises DecodeError from every method."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._container: InputContainer | None = None
        self._stream: AudioStream | None = None
        self._resampler: AudioResampler | None = None
        self._chunks: Iterator[bytes] = iter(())
        self._buffer = bytearray()
        self._at = 0
        self._landed: int | None = None  # the place that the first frame after a jump says it has
        with self._errors():
            self._open()

    @property
    def position(self) -> int:
        """The frame that the next read begins with."""
        return self._at

    def read(self, frames: int) -> bytes:
        """Up to ``frames`` frames; fewer only at the end of the clip, none after it."""
        wanted = frames * FRAME_BYTES
        with self._errors():
            while len(self._buffer) < wanted:
                chunk = next(self._chunks, None)
                if chunk is None:
                    break
                self._buffer += chunk
        out = bytes(self._buffer[:wanted])
        del self._buffer[:wanted]
        self._at += len(out) // FRAME_BYTES
        return out

    def seek_frames(self, frame: int) -> None:
        """Make ``frame`` the next to be read; past the end leaves nothing to read."""
        if frame < 0:
            raise ValueError("a clip has no frames before its first")
        if not self._at <= frame <= self._at + _NEAR_FRAMES:
            with self._errors():
                self._jump(frame)
        while self._at < frame:
            if not self.read(min(frame - self._at, RATE_HZ // 10)):
                return

    def close(self) -> None:
        """Close the file. Closing twice does nothing."""
        self._chunks = iter(())
        self._buffer.clear()
        if self._container is not None:
            self._container.close()
            self._container = self._stream = self._resampler = None

    def _open(self) -> None:
        import av

        container = av.open(str(self._path), metadata_errors="replace")
        self._container = container
        if not container.streams.audio:
            raise DecodeError(f"{self._path.name} holds no sound. Fetch it again or replace it.")
        self._stream = container.streams.audio[0]
        self._stream.codec_context.thread_count = 1
        self._restart()

    def _restart(self) -> None:
        from av.audio.resampler import AudioResampler

        self._resampler = AudioResampler(format="s16", layout="mono", rate=RATE_HZ)
        self._buffer.clear()
        self._chunks = self._decoded()

    def _jump(self, frame: int) -> None:
        """Continue some way before ``frame``, where the decoder converges in time; sets the true position."""
        assert self._container is not None
        assert self._stream is not None
        goal = max(0, frame - _CONVERGE_FRAMES)
        # A codec that has to be resampled cannot be entered exactly in the middle: begin at the beginning.
        if goal == 0 or self._stream.rate != RATE_HZ or self._stream.time_base is None:
            self.close()
            self._open()
            self._at = 0
            return
        begin = self._stream.start_time or 0
        self._container.seek(begin + int(goal / RATE_HZ / self._stream.time_base), stream=self._stream)
        self._restart()
        self._landed = None
        first = next(self._chunks, b"")
        self._at = frame if self._landed is None else self._landed
        self._buffer += first
        if self._at < 0:  # the decoder does not leave out the pre-skip a second time
            del self._buffer[: -self._at * FRAME_BYTES]
            self._at = 0

    def _decoded(self) -> Iterator[bytes]:
        assert self._container is not None
        assert self._stream is not None
        assert self._resampler is not None
        for packet in self._container.demux(self._stream):
            for frame in packet.decode():
                if self._landed is None:
                    self._landed = self._frame_index(frame)
                yield from map(_pcm, self._resampler.resample(frame))
        yield from map(_pcm, self._resampler.resample(None))

    def _frame_index(self, frame: "AudioFrame") -> int:
        assert self._stream is not None
        if frame.pts is None or frame.time_base is None:
            return 0
        return round((frame.pts - (self._stream.start_time or 0)) * frame.time_base * RATE_HZ)

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        import av

        try:
            yield
        except (av.FFmpegError, OSError, ValueError) as wrong:
            self.close()
            raise DecodeError(f"{self._path.name} cannot be decoded ({wrong}). Fetch it again.") from wrong


def count_frames(path: Path) -> int:
    """The exact length of a clip, by decoding it: a millisecond for each of its seconds. Raises DecodeError."""
    clip = ClipDecoder(path)
    try:
        while clip.read(RATE_HZ):
            pass
        return clip.position
    finally:
        clip.close()


def _pcm(frame: "AudioFrame") -> bytes:
    return bytes(memoryview(frame.planes[0])[: frame.samples * FRAME_BYTES])


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
