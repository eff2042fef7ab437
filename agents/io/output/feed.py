"""A play's sound, decoded ahead by a thread of its own.

Rules of the module: the thread that feeds the device never waits for a disk or a decoder; a second or two of sound lies
ready in between, whatever the length of the play. What is not there in time is taken as missing, and the one who takes
decides what that means. What is not there before it is needed (see `PacedSource`) is read when it is, and held back
until then.
"""

import threading
from collections.abc import Callable

from agents.io.decode import Hole, PacedSource, Source
from agents.io.output.base import FRAME_BYTES, RATE_HZ

_AHEAD_BYTES = 2 * RATE_HZ * FRAME_BYTES
_READY_BYTES = RATE_HZ * FRAME_BYTES // 2
_CHUNK_FRAMES = RATE_HZ // 5
_FIRST_CHUNK_FRAMES = RATE_HZ // 25
"""As long as little lies ready: what is to sound at once has something to begin with."""


class Feed:
    """Decodes ``source`` ahead. Owns it, and closes it at the end.

    ``on_ready`` is called once, from the feed's thread, when the first half second lies ready, with None, or with what
    went wrong before that, or when the rest is held back; also where the feed is closed first (see ``closed``).
    ``on_hole`` is called with what was not here when it was read, from the feed's thread or by `tell_pending`.
    """

    def __init__(
        self,
        name: str,
        source: Source,
        on_ready: Callable[[Exception | None], None],
        on_hole: Callable[[Hole], None] = lambda hole: None,
    ) -> None:
        self.total_frames = source.total_frames
        self._source = source
        self._paced = source if isinstance(source, PacedSource) else None
        self._on_hole = on_hole
        self._free: int | None = None  # frames that may be read however early; None: not known yet, or no limit
        self._needed = 0  # what lies before this frame is needed now
        self._on_ready: Callable[[Exception | None], None] | None = on_ready
        self._changed = threading.Condition()
        self._buffer = bytearray()
        self._position = 0  # the frame that the buffer begins with
        self._seek: int | None = None
        self._ended = False
        self._closed = False
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name=f"feed-{name}", daemon=True)

    @property
    def position(self) -> int:
        """The frame that the next take begins with."""
        return self._position

    @property
    def closed(self) -> bool:
        """Nobody wants its sound any more."""
        return self._closed

    @property
    def error(self) -> Exception | None:
        """What ended the decoding, once everything decoded before it has been taken."""
        with self._changed:
            return None if self._buffer else self._error

    @property
    def exhausted(self) -> bool:
        """Everything has been taken, up to the end of the source."""
        with self._changed:
            return self._ended and not self._buffer

    @property
    def has_some(self) -> bool:
        """Whether the next take gives anything."""
        with self._changed:
            return bool(self._buffer)

    @property
    def seeking(self) -> bool:
        """A seek is under way and nothing lies ready yet."""
        with self._changed:
            return not self._buffer and not self._ended and self._error is None and not self._held()

    def need(self, until_frame: int) -> None:
        """What lies before this frame is to be taken soon, and cannot be waited for any longer."""
        if self._paced is None:
            return
        with self._changed:
            if until_frame > self._needed:
                self._needed = until_frame
                self._changed.notify()

    def tell_pending(self) -> None:
        """It ends here: what is missing of the frames that were taken last is told now, or nobody will be told."""
        hole = None if self._paced is None else self._paced.pending()
        if hole is not None and hole.first_frame < self._position:
            self._on_hole(Hole(hole.first_frame, min(hole.frames, self._position - hole.first_frame), hole.cause))

    def begin(self) -> None:
        """Begin to decode. Where the system has no thread left that is what went wrong, and not the end of all else."""
        try:
            self._thread.start()
        except RuntimeError as wrong:
            self._error = wrong
            self._source.close()
            self._tell_ready(wrong)

    def take(self, frames: int) -> bytes:
        """The next frames, as far as they lie ready."""
        with self._changed:
            size = frames * FRAME_BYTES
            out = bytes(self._buffer[:size])
            del self._buffer[:size]
            self._position += len(out) // FRAME_BYTES
            if len(self._buffer) < _AHEAD_BYTES:
                self._changed.notify()
            return out

    def skip(self, frames: int) -> int:
        """Let the next frames go unheard; returns how many lay ready and are gone."""
        return len(self.take(frames)) // FRAME_BYTES

    def seek(self, frame: int) -> None:
        """Go on at this frame; what lies ready is thrown away."""
        with self._changed:
            self._seek = min(frame, self.total_frames)
            self._position = self._needed = self._seek
            self._buffer.clear()
            self._ended = False
            self._changed.notify()

    def close(self) -> None:
        """End the thread soon; it closes the source."""
        with self._changed:
            self._closed = True
            self._buffer.clear()
            self._changed.notify()

    def _run(self) -> None:
        try:
            if self._paced is not None:
                self._look_ahead(self._paced)
            while self._decode_some():
                pass
        except Exception as wrong:  # told to whoever takes: a thread has nobody above it
            with self._changed:
                self._error = wrong
            self._tell_ready(wrong)
        finally:
            self._source.close()
            self._tell_ready(None)

    def _decode_some(self) -> bool:
        with self._changed:
            self._changed.wait_for(self._has_work)
            if self._closed:
                return False
            goal, self._seek = self._seek, None
            frames = self._next_frames()
        if goal is not None:
            self._source.seek(goal)
            if self._paced is not None:
                self._look_ahead(self._paced)
                return True
        chunk = self._source.read(frames)
        free = None if self._paced is None else self._paced.free_frames()
        with self._changed:
            self._free = free
            if self._seek is None and not self._closed:
                self._buffer += chunk
                self._ended = not chunk
            ready = self._ended or len(self._buffer) >= _READY_BYTES or self._held()
        if ready:
            self._tell_ready(None)
        for hole in () if self._paced is None or self._closed else self._paced.holes():
            self._on_hole(hole)
        return True

    def _look_ahead(self, paced: PacedSource) -> None:
        free = paced.free_frames()
        with self._changed:
            self._free = free
            held = self._held()
        if held:
            self._tell_ready(None)

    def _next_frames(self) -> int:
        """How many frames to read next."""
        ready = len(self._buffer) // FRAME_BYTES
        frames = _CHUNK_FRAMES if ready >= _FIRST_CHUNK_FRAMES else _FIRST_CHUNK_FRAMES
        if self._free is None:
            return frames
        return min(frames, self._free or max(1, self._needed - self._position - ready))

    def _held(self) -> bool:
        """Whether the next frame is not to be read yet."""
        return (
            self._free == 0 and self._seek is None and self._position + len(self._buffer) // FRAME_BYTES >= self._needed
        )

    def _has_work(self) -> bool:
        wants_more = not self._ended and len(self._buffer) < _AHEAD_BYTES and not self._held()
        return self._closed or self._seek is not None or wants_more

    def _tell_ready(self, wrong: Exception | None) -> None:
        tell, self._on_ready = self._on_ready, None
        if tell is not None:
            tell(wrong)
