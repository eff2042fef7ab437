"""What the player is told. One class an event; a play id names one arming of an airing at the engine."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from agents.domain.journal import Airtime, Heard, Mark
from agents.protocol.documents import Assignment, Order, Rundown
from agents.protocol.journal import FailReason


@dataclass(frozen=True, slots=True)
class Restored:
    """First of all events: what was kept from the run before.

    ``documents`` in the order of their acceptance. ``heard`` is where the airing was that sounded when the run ended.
    ``clips`` holds the names of the clips that are whole on the disk, ``airtime`` what airings took of their days.
    ``complete`` is false where documents had to be left out that are to come again: their airings are not orphans.
    """

    documents: tuple[Assignment | Rundown | Order, ...] = ()
    marks: Mapping[str, Mark] = field(default_factory=dict)
    heard: Heard | None = None
    clips: frozenset[str] = frozenset()
    airtime: Mapping[str, Airtime] = field(default_factory=dict)
    complete: bool = True


@dataclass(frozen=True, slots=True)
class DocumentTaken:
    """A document was verified and is on disk."""

    document: Assignment | Rundown | Order


@dataclass(frozen=True, slots=True)
class ClipStored:
    """The clip is whole, verified, on disk; ``fetched_bytes`` came over the network for it."""

    sha256: str
    fetched_bytes: int


@dataclass(frozen=True, slots=True)
class LiveAway:
    """Nothing live has come for this airing for long (``away``), or something comes again."""

    airing_id: str
    away: bool


@dataclass(frozen=True, slots=True)
class ClipLost:
    """A clip that was stored turned out to be missing or damaged, and is gone."""

    sha256: str
    reason: FailReason
    detail: str


@dataclass(frozen=True, slots=True)
class FetchFailed:
    """A clip could not be fetched. ``final``: trying again as it stands will not help."""

    sha256: str
    reason: FailReason
    detail: str
    final: bool


@dataclass(frozen=True, slots=True)
class PlayArmed:
    """The engine has decoded the first half second."""

    play_id: str


@dataclass(frozen=True, slots=True)
class PlaySounding:
    """The first frame left the horn; ``first_frame`` is above zero for a play joined in step."""

    play_id: str
    actual_start_local_us: int
    error_us: int
    first_frame: int


@dataclass(frozen=True, slots=True)
class PlayUnderrun:
    """The sound broke off and went on in step."""

    play_id: str
    lost_frames: int


@dataclass(frozen=True, slots=True)
class PlayMissing:
    """From ``first_frame`` on ``lost_frames`` are silence: a live part or a clip had not come. It may be told some
    seconds before its place is heard.
    """

    play_id: str
    first_frame: int
    lost_frames: int
    cause: str


@dataclass(frozen=True, slots=True)
class PlayFinished:
    """The last frame left the horn; ``lost_frames`` is the sum of its underruns."""

    play_id: str
    played_frames: int
    lost_frames: int
    underruns: int


@dataclass(frozen=True, slots=True)
class PlayStopped:
    """Cut at ``at_frame`` of the source, on request or because another play took its place."""

    play_id: str
    at_frame: int


@dataclass(frozen=True, slots=True)
class PlayFailed:
    """It will not sound (any more)."""

    play_id: str
    reason: FailReason
    detail: str


@dataclass(frozen=True, slots=True)
class ClockChanged:
    """Controller time is known better, or anew, or no more."""


@dataclass(frozen=True, slots=True)
class Tick:
    """An instant that the player asked to be woken at has come."""


PlayEvent = PlayArmed | PlaySounding | PlayUnderrun | PlayMissing | PlayFinished | PlayStopped | PlayFailed
Event = Restored | DocumentTaken | ClipStored | LiveAway | ClipLost | FetchFailed | PlayEvent | ClockChanged | Tick
