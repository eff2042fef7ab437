"""The line to the horn: the opened output, what has been written to it, and when that is heard.

Rules of the module: used by the engine's thread alone, but for the counters, which any thread may read. What fades away
lies in ``tail`` and is mixed to whatever is written next.
"""

from agents.io.output.base import FRAME_BYTES, Output, OutputError
from agents.io.output.level import mix
from agents.io.output.position import PositionFit
from agents.io.timeport import TimePort


class Line:
    """``at`` is the next output frame to be written, counted from the opening; ``fit`` says when it is heard."""

    def __init__(self, output: Output, time: TimePort) -> None:
        self.output = output
        self.fit = PositionFit()
        self.at = 0
        self.tail = b""
        self.is_open = False
        self.failures = 0
        """How often the output failed after it had worked, or when it was wanted first."""
        self.works: bool | None = None
        """Whether it worked when it was wanted last; None while it never was."""
        self._time = time

    def open(self) -> None:
        """Raises OutputError."""
        try:
            self.output.open()
        except OutputError:
            self.note(works=False)
            raise
        self.note(works=True)
        self.is_open = True
        self.fit.forget()
        self.at = 0

    def close(self) -> None:
        """Give the device back, whatever still faded. Raises OutputError; it counts as closed all the same."""
        self.is_open = False
        self.tail = b""
        self.output.close()

    def note(self, works: bool) -> None:
        """Count a failure once, however often it is tried again."""
        if not works and self.works is not False:
            self.failures += 1
        self.works = works

    def broke_off(self) -> bool:
        """Whether the sound has run out since the last write; then where it is has to be learned anew."""
        if not self.output.ran_out():
            return False
        self.fit.forget()
        return True

    def read_position(self) -> None:
        """Ask the output how far away the horn is."""
        before_us = self._time.monotonic_us()
        delay_frames = self.output.delay_frames()
        after_us = self._time.monotonic_us()
        if delay_frames is not None:
            self.fit.add((before_us + after_us) // 2, self.at, delay_frames)

    def write(self, frames: bytes) -> bool:
        """Hand over frames, with what fades away mixed to them; True where the sound had broken off."""
        if self.tail and frames:
            tail, self.tail = self.tail[: len(frames)], self.tail[len(frames) :]
            frames = mix(frames, tail)
        self.at += len(frames) // FRAME_BYTES
        if not self.output.write(frames):
            return False
        self.fit.forget()
        return True

    def let_fade(self, sound: bytes) -> None:
        """Mix this to what is written next."""
        self.tail = mix(self.tail, sound)

    @property
    def tail_frames(self) -> int:
        """How long it still fades."""
        return len(self.tail) // FRAME_BYTES
