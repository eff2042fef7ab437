"""The line to the horn: the opened output, what has been written to it, and when that is heard.

Rules of the module: used by the engine's thread alone, but for the counters, which any thread may read. What fades away
lies in ``tail`` and is mixed to whatever is written next.
"""

from agents.io.output.base import FRAME_BYTES, Output, OutputError
from agents.io.output.level import mix
from agents.io.output.position import PositionFit
from agents.io.timeport import TimePort

_FRESH_US = 4_000_000
_REOPEN_LEAD_US = 800_000
_LEAST_OPEN_US = 1_000_000


class Line:
    """``at`` is the next output frame to be written, counted from the opening; ``fit`` says when it is heard."""

    def __init__(self, output: Output, time: TimePort) -> None:
        self.output = output
        self.fit = PositionFit()
        self.at = 0
        self.tail = b""
        self.is_open = False
        self.opened_us = 0
        """The instant of the opening, by the local clock."""
        self.has_broken = False
        """Whether the sound has run out since the opening."""
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
        self.opened_us = self._time.monotonic_us()
        self.has_broken = False
        self.fit.forget()
        self.at = 0

    def is_worn(self, next_us: int | None, ahead_us: int) -> bool:
        """Whether to open the device anew before what begins next, at ``next_us``, once that is ``ahead_us`` away.

        In a long time, or once the sound has run out, a sound server loses count of what it holds back, by tens of
        milliseconds that it does not tell of. What is to sound at once is not made to wait for that.
        """
        now_us = self._time.monotonic_us()
        open_us = now_us - self.opened_us
        if self.tail_frames or (next_us is not None and next_us < now_us + _REOPEN_LEAD_US):
            return False
        if self.has_broken:
            return open_us > _LEAST_OPEN_US
        return next_us is not None and next_us <= now_us + ahead_us and open_us > _FRESH_US

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
        self.has_broken = True
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
        self.has_broken = True
        self.fit.forget()
        return True

    def let_fade(self, sound: bytes) -> None:
        """Mix this to what is written next."""
        self.tail = mix(self.tail, sound)

    @property
    def tail_frames(self) -> int:
        """How long it still fades."""
        return len(self.tail) // FRAME_BYTES
