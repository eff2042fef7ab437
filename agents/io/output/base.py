"""What a place that sound goes to must offer, and how it fails.

Rules of the room: an output is owned by one thread and knows nothing of plays, clocks of the controller or gain; it
takes signed 16-bit mono frames at 48 kHz and says how far away the horn is. Everything above counts in frames.
"""

from typing import Protocol

RATE_HZ = 48_000
FRAME_BYTES = 2


class OutputError(Exception):
    """The sound output does not work. Check the device's name and that nothing else holds it."""


class OutputGone(OutputError):
    """The sound device has vanished. Check its plug; the next play tries to open it again."""


class Output(Protocol):
    """A sink for s16 mono PCM at 48 kHz, in native byte order."""

    @property
    def description(self) -> str:
        """What a person would call it: "ALSA default", "WAV files in /var/lib/loa/heard"."""

    def open(self) -> None:
        """Take the device. Raises OutputError. Opening an open output does nothing."""

    def write(self, frames: bytes) -> bool:
        """Hand over frames, blocking until the buffer has taken them.

        Returns True where the sound broke off before these frames (an underrun: the position so far means nothing
        any more). Raises OutputError; OutputGone where the device is no longer there.
        """

    @property
    def stays_open(self) -> bool:
        """Whether it may be kept open while nothing sounds."""

    def ran_out(self) -> bool:
        """Whether everything that was written has been heard, so that what is written next begins after a hole.

        The write after that returns True. Nothing has run out before the first frame moves.
        """

    def delay_frames(self) -> int | None:
        """How many frames from now the next frame written will leave the horn; None while nothing is moving."""

    def begin_play(self, name: str) -> None:
        """The next frame written is the first of this play: an output that keeps what it played starts a new file."""

    def end_play(self) -> None:
        """The last frame of the play has been written."""

    def drop(self) -> None:
        """Throw away what has been written and not yet heard; the next write starts afresh."""

    def close(self) -> None:
        """Give the device back. Closing a closed output does nothing."""
