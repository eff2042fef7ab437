"""What the player wants done, in order. The shell does it; what comes of it returns as events."""

from dataclasses import dataclass

from agents.domain.journal import Airtime
from agents.protocol.journal import JournalEvent
from agents.protocol.values import ClipRef, Part, RenditionName


@dataclass(frozen=True, slots=True)
class Want:
    """A clip to have. ``due_us`` is the controller instant it is needed at, None for at once."""

    ref: ClipRef
    emergency: bool
    due_us: int | None


@dataclass(frozen=True, slots=True)
class FetchClips:
    """These clips are wanted, and no others; the most urgent first. ``needed`` must not be evicted."""

    wants: tuple[Want, ...]
    needed: frozenset[str]


@dataclass(frozen=True, slots=True)
class ArmSource:
    """Verify the clips once more and have the engine open this sequence: the frames of ``span`` alone, fading out over
    the last ``fade_frames`` of them. The sequence lies there ``times`` times, with ``pause_frames`` of silence between.
    The clips of ``missing`` have not arrived: they are heard from the first time on at which they have.
    """

    airing_id: str
    play_id: str
    sequence: tuple[Part, ...]
    rendition: RenditionName
    emergency: bool
    span: range
    fade_frames: int
    times: int = 1
    pause_frames: int = 0
    missing: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class StartAt:
    """Have source frame 0 leave the horn at ``due_us`` of controller time; past instants are joined in step.
    Where ``from_us`` is not 0, nothing of it is heard before what lies so far into it.

    It is played at ``max_volume_percent`` at most, None: at the volume of the speaker.

    The intent is to be on disk first, except where ``before_disk``: an emergency does not wait for a disk.
    """

    airing_id: str
    play_id: str
    due_us: int
    before_disk: bool
    max_volume_percent: int | None = None
    from_us: int = 0


@dataclass(frozen=True, slots=True)
class SoundSiren:
    """Have this clip sound at once, again and again, until it is stopped or something else takes the air."""

    airing_id: str
    play_id: str
    clip: ClipRef


@dataclass(frozen=True, slots=True)
class Retarget:
    """The instant at which the play begins, or what is known of the clock, has changed."""

    play_id: str
    due_us: int


@dataclass(frozen=True, slots=True)
class StopSound:
    """Silence this play, or let go of it where it does not sound yet. Never waits."""

    play_id: str


@dataclass(frozen=True, slots=True)
class Journal:
    """Write this record."""

    event: JournalEvent


@dataclass(frozen=True, slots=True)
class NoteAirtime:
    """Keep what the airing takes of its day; None: nothing after all."""

    airing_id: str
    airtime: Airtime | None


@dataclass(frozen=True, slots=True)
class WakeAt:
    """Tell Tick at this instant of controller time, and at that of the local clock, where one is given; neither: there
    is nothing to wait for. Replaces the one before.
    """

    controller_us: int | None
    local_us: int | None = None


Effect = FetchClips | ArmSource | StartAt | SoundSiren | Retarget | StopSound | Journal | NoteAirtime | WakeAt
