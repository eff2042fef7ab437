"""What the play engine tells about a play: one class an event, each with the play it speaks of.

All ``_local_us`` are instants of the agent's own monotonic clock, corrected for the calibrated latency: when the
sample left the horn. Frames are counted at 48 kHz from the start of the play's source.
"""

from dataclasses import dataclass
from typing import Literal

FailReason = Literal["clip", "output", "engine"]


@dataclass(frozen=True, slots=True)
class Armed:
    """The source is open and its first half second decoded: it can start at any moment."""

    play_id: str
    total_frames: int


@dataclass(frozen=True, slots=True)
class Sounding:
    """The first frame has left the horn. ``error_us`` is measured minus intended: positive is late.

    ``first_frame`` is above the one asked for where the play was joined in step.
    """

    play_id: str
    actual_start_local_us: int
    error_us: int
    first_frame: int


@dataclass(frozen=True, slots=True)
class Underrun:
    """The sound broke off and went on in step; ``lost_frames`` of the source were never heard."""

    play_id: str
    lost_frames: int


@dataclass(frozen=True, slots=True)
class Missing:
    """``lost_frames`` of the source from ``first_frame`` on are silence, because what belongs there has not come.

    It may be told up to two seconds before that is heard. ``cause`` is ``live`` or ``clip``, see `decode.Hole`.
    """

    play_id: str
    first_frame: int
    lost_frames: int
    cause: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The last frame has left the horn. ``played_frames`` were heard, ``lost_frames`` fell into underruns."""

    play_id: str
    played_frames: int
    underruns: int
    lost_frames: int


@dataclass(frozen=True, slots=True)
class Stopped:
    """Stopped on request, or because another play took its place, under which it falls silent from source frame
    ``at_frame`` on.

    ``at_frame`` is 0 where it had not begun to sound.
    """

    play_id: str
    at_frame: int


@dataclass(frozen=True, slots=True)
class Failed:
    """It will not sound (any more). ``reason``: clip (cannot be decoded), output (device), engine (a defect here)."""

    play_id: str
    reason: FailReason
    detail: str


PlayEvent = Armed | Sounding | Underrun | Missing | Finished | Stopped | Failed


@dataclass(frozen=True, slots=True)
class EngineFacts:
    """How the engine is, since it was opened. ``output_ok`` is None while no sound was wanted yet."""

    underruns: int
    output_failures: int
    output_ok: bool | None
    latency_us: int
    amplifier_on: bool
