"""A play's sound, decoded ahead by a thread of its own.

Rules of the module: the thread that feeds the device never waits for a disk or a decoder; a second or two of sound lies
ready in between, whatever the length of the play. What is not there in time is taken as missing, and the one who takes
decides what that means.
"""

import threading
from collections.abc import Callable

from agents.io.decode import Source
from agents.io.output.base import FRAME_BYTES, RATE_HZ

_AHEAD_BYTES = 2 * RATE_HZ * FRAME_BYTES
_READY_BYTES = RATE_HZ * FRAME_BYTES // 2
_CHUNK_FRAMES = RATE_HZ // 5


class Feed:
    """Decodes ``source`` ahead. Owns it, and closes it at the end.

    ``on_ready`` is called once, from the feed's thread, when the first half second lies ready, with None, or with what
    went wrong before that; also where the feed is closed first (see ``closed``).
    """

    def __init__(self, name: str, source: Source, on_ready: Callable[[Exception | None], None]) -> None:
        self.total_frames = source.total_frames
        self._source = source
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
            return not self._buffer and not self._ended and self._error is None

    def begin(self) -> None:
        """Begin to decode."""
        self._thread.start()

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
            self._position = self._seek
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
        if goal is not None:
            self._source.seek(goal)
        chunk = self._source.read(_CHUNK_FRAMES)
        with self._changed:
            if self._seek is None and not self._closed:
                self._buffer += chunk
                self._ended = not chunk
            ready = self._ended or len(self._buffer) >= _READY_BYTES
        if ready:
            self._tell_ready(None)
        return True

    def _has_work(self) -> bool:
        wants_more = not self._ended and len(self._buffer) < _AHEAD_BYTES
        return self._closed or self._seek is not None or wants_more

    def _tell_ready(self, wrong: Exception | None) -> None:
        tell, self._on_ready = self._on_ready, None
        if tell is not None:
            tell(wrong)
