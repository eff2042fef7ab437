"""What the templates are given. Each class is one thing on a page, ready to be shown; nothing here decides anything.

Rules: values carry units in their names; moments carry their zone; text is already in the reader's language where its
name ends in ``sentence``, else it is data typed by persons or devices and is escaped by the templates.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from agents.protocol.journal import JournalRecord, RefusalReason
from agents.protocol.values import AiringClass, ClockBasis
from controller.domain.airings import AiringState, PlayState
from controller.domain.bulletins import BulletinState
from controller.domain.rights import Right
from controller.domain.sounds import Source
from controller.web.aboveviews import Above
from controller.web.emergency.alarmviews import Alarm, AreaStop, OnAir, StopAll
from controller.web.i18n import Language


class Theme(StrEnum):
    """Light or dark, or as the person's system says."""

    AUTO = "auto"
    LIGHT = "light"
    DARK = "dark"


class Tone(StrEnum):
    """How a notice looks; every tone has its own icon and word as well as its colour."""

    OK = "ok"
    INFO = "info"
    WARN = "warn"
    BAD = "bad"


class SpeakerState(StrEnum):
    """The one word that sums up an adopted speaker."""

    READY = "ready"
    SOUNDING = "sounding"
    STOPPED = "stopped"
    TIME_UNKNOWN = "time_unknown"
    FAULT = "fault"
    OFFLINE = "offline"
    RELEASING = "releasing"


@dataclass(frozen=True, kw_only=True)
class Flash:
    """A notice at the top of the page."""

    tone: Tone
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Frame:
    """What every page needs. ``path`` is the address of this page, to come back to after a switch.

    ``mark`` names the moment before the page was made: its live updates begin there. ``rights`` are those that the
    person has in one area at least. A person who is not ``settled`` must first choose a password of their own, and gets
    nothing else. ``open_faults`` are those that the person may see; one that many speakers have together counts once.
    ``trust_to`` leads to HTTPS where a page over plain HTTP can have no microphone.
    """

    language: Language
    theme: Theme
    path: str
    csrf_token: str
    now: datetime
    station_name: str
    mark: str = ""
    person_name: str | None = None
    stop_all: StopAll | None = None
    on_air: OnAir | None = None
    above: Above = field(default_factory=Above)
    alarms: Sequence[Alarm] = ()
    area_stops: Sequence[AreaStop] = ()
    open_faults: int = 0
    flashes: Sequence[Flash] = ()
    rights: frozenset[Right] = frozenset()
    may_stop_all: bool = False
    settled: bool = True
    trust_to: str = ""


@dataclass(frozen=True, kw_only=True)
class AreaOption:
    """An area that can be chosen."""

    id: str
    name: str


@dataclass(frozen=True, kw_only=True)
class SpeakerRow:
    """An adopted speaker in a list. ``note_sentence`` says more about a state that is not ready."""

    id: str
    name: str
    area_name: str
    state: SpeakerState
    last_seen: datetime | None
    volume_percent: int
    clock_error_ms: float | None = None
    software: str = ""
    address: str = ""
    refusals: int = 0
    model: str = ""
    profile: str = "lan"
    note_sentence: str = ""


@dataclass(frozen=True, kw_only=True)
class FoundDevice:
    """A device on the network that belongs to nobody yet.

    ``linked`` is true when it has dialled this controller, so that it can be identified and adopted;
    ``problem_sentence`` tells why it cannot be, where it cannot; ``warning_sentence`` what to beware of.
    """

    id: str
    name: str
    model: str
    address: str
    software: str
    linked: bool = True
    identifies_left: int = 5
    identify_until: datetime | None = None
    problem_sentence: str = ""
    warning_sentence: str = ""


@dataclass(frozen=True, kw_only=True)
class TargetSpeaker:
    """A speaker that can be chosen for an airing."""

    id: str
    name: str
    state: SpeakerState
    checked: bool


@dataclass(frozen=True, kw_only=True)
class TargetArea:
    """An area with the speakers that stand in it and in no area within it, of which ``ready`` are ready. ``around``: an
    area within it is listed beside it.
    """

    id: str
    name: str
    ready: int
    speakers: Sequence[TargetSpeaker]
    around: bool = False


@dataclass(frozen=True, kw_only=True)
class VariantDraft:
    """One further language of the compose form; ``number`` names its fields."""

    number: int
    language: str
    source: Source = Source.TEXT
    text: str = ""
    recording_id: str = ""
    recording_name: str = ""
    voice: str = ""
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What the compose form holds. ``errors`` maps a field's name to a sentence.

    ``recording_id`` is what went up, or the sound that the bulletin has already. ``bulletin_id`` is the bulletin that
    the form changes; ``editing`` is true when it was opened for that.
    """

    title: str = ""
    text: str = ""
    source: Source = Source.TEXT
    recording_id: str = ""
    recording_name: str = ""
    language: str = Language.VIETNAMESE
    voice: str = ""
    rate_wpm: int = 125
    others: Sequence[VariantDraft] = ()
    airing_class: AiringClass = AiringClass.ORDINARY
    expires_at: datetime | None = None
    opening: str = ""
    closing: str = ""
    times: int = 1
    pause_s: float = 1.0
    horn: bool = False
    bulletin_id: str = ""
    revision: int = 0
    editing: bool = False
    when: str = "now"
    at: datetime | None = None
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def has_more(self) -> bool:
        """Whether something is set that the short form does not show."""
        plain = (self.airing_class is AiringClass.ORDINARY, not self.others, self.expires_at is None, self.times == 1)
        framed = bool(self.opening or self.closing or self.voice or self.horn) or self.pause_s != 1.0
        return framed or not all(plain) or bool({"expires_at", "pause_s"} & set(self.errors))


@dataclass(frozen=True, kw_only=True)
class SoundPart:
    """One piece of what is heard: a clip at ``audio_url``, or a silence where that is empty."""

    label: str
    duration_s: float
    audio_url: str = ""


@dataclass(frozen=True, kw_only=True)
class RelayShown:
    """A relay that is planned, and what is heard where its source fails: ``spare`` is the title of a bulletin."""

    name: str
    source_url: str
    duration_s: float
    second_url: str = ""
    spare_id: str = ""
    spare: str = ""


@dataclass(frozen=True, kw_only=True)
class SentenceMark:
    """A sentence, and where it is heard in the whole, in seconds."""

    text: str
    start_s: float
    end_s: float
    language: str


@dataclass(frozen=True, kw_only=True)
class Track:
    """What is heard from the beginning to the end. ``peaks`` are levels from 0 to 100, evenly over it; ``relays`` what
    is in it that arrives while it is heard.
    """

    parts: Sequence[SoundPart] = ()
    peaks: Sequence[int] = ()
    marks: Sequence[SentenceMark] = ()
    relays: Sequence[RelayShown] = ()

    @property
    def duration_s(self) -> float:
        return sum(part.duration_s for part in self.parts)

    @property
    def alone(self) -> SoundPart | None:
        """The only clip, where nothing else is heard."""
        return self.parts[0] if len(self.parts) == 1 and self.parts[0].audio_url else None


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A bulletin being made, made, or not to be had.

    ``sentence`` is the step it is at, or what went wrong; ``finding_sentences`` what was noticed in the sound, such as
    a very quiet recording. ``taken`` are pairs of an upload and the sound that is made of it, so that it is not made
    again; ``asked`` the uploads themselves, for when the part asks again.
    """

    id: str
    state: BulletinState
    revision: int = 1
    progress_percent: int | None = None
    sentence: str = ""
    track: Track = Track()
    loudness_lufs: float | None = None
    size_bytes: int = 0
    finding_sentences: Sequence[str] = ()
    taken: Sequence[str] = ()
    asked: str = ""


@dataclass(frozen=True, kw_only=True)
class TargetProgress:
    """One speaker of an airing. ``reached`` holds the moments of the stages reached, in any order."""

    speaker_id: str
    speaker_name: str
    area_name: str
    state: PlayState
    reached: Mapping[PlayState, datetime]
    reason_sentence: str = ""
    start_error_ms: float | None = None
    joined_at_s: float = 0.0
    lost_s: float = 0.0
    clock_basis: ClockBasis | None = None
    clock_error_ms: float | None = None
    records: Sequence[JournalRecord] = ()


@dataclass(frozen=True, kw_only=True)
class AiringRow:
    """An airing in a list. ``starts_at`` is None while "now" waits for its speakers; ``from_above`` names who handed it
    in.
    """

    id: str
    title: str
    state: AiringState
    starts_at: datetime | None
    duration_s: float
    finished: int
    targets: int
    airing_class: AiringClass = AiringClass.ORDINARY
    from_above: str = ""


@dataclass(frozen=True, kw_only=True)
class Airing:
    """One airing with everything known of it.

    ``spread_ms`` is the largest difference between the starts the speakers reported. ``text`` is empty for a recording.
    """

    id: str
    title: str
    state: AiringState
    starts_at: datetime | None
    duration_s: float
    sent_at: datetime
    sent_by: str
    targets: Sequence[TargetProgress]
    spread_ms: float | None = None
    text: str = ""
    audio_url: str = ""
    peaks: Sequence[int] = ()
    may_stop: bool = True
    from_above: str = ""

    @property
    def finished(self) -> int:
        """How many speakers played it to its end."""
        return sum(1 for target in self.targets if target.state is PlayState.FINISHED)

    @property
    def underway(self) -> bool:
        """True while it can still be stopped."""
        return self.state in {AiringState.WAITING, AiringState.PLANNED, AiringState.ON_AIR}


@dataclass(frozen=True, kw_only=True)
class RefusalCount:
    """Signed documents that a speaker did not obey, for one reason."""

    reason: RefusalReason
    count: int
    last_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class RundownItem:
    """One airing that a speaker is to play."""

    airing_id: str
    title: str
    starts_at: datetime | None
    duration_s: float
    state: PlayState


@dataclass(frozen=True, kw_only=True)
class SpeakerPage:
    """One speaker with everything known of it. ``max_volume_percent`` is the limit of its assignment."""

    row: SpeakerRow
    device_id: str
    model: str
    linked_since: datetime | None
    clock_basis: ClockBasis | None
    disk_free_bytes: int | None
    clips: int | None
    max_volume_percent: int
    refusals: Sequence[RefusalCount]
    rundown: Sequence[RundownItem]
    records: Sequence[JournalRecord]
    area_id: str = ""
    delay_ms: int = 0
    may_tend: bool = True
    may_release: bool = True
