"""What the player knows: values, replaced whole, never changed in place."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from agents.domain.journal import Airtime, Heard, Mark
from agents.protocol.guards import WireGuards
from agents.protocol.journal import FailReason
from agents.protocol.values import AiringClass, ClipPart, ClipRef, PlannedAiring, RenditionName
from agents.protocol.version import FRAMES_PER_SECOND
from schedules.lateness import last_chance_us
from schedules.precedence import AirClass, Claim

LEAST_JOINED_US = 500_000
"""Of what is late so much must be left (or half of it, where that is less): a scrap of a word helps nobody, and the
output may not get it out at all."""


@dataclass(frozen=True, slots=True)
class PlayerSettings:
    """``arm_lead_us``: an airing is opened this long before its instant. ``start_lead_us``: the engine is told the
    instant this long before it. Above ``max_clock_error_us`` controller time counts as unknown. An output that failed
    is tried again after ``output_pause_us``, for as long as the airing may still be joined. What quiet hours cut is
    stopped ``edge_lead_us`` before they begin, so that all of it has left the output by then."""

    arm_lead_us: int = 30_000_000
    start_lead_us: int = 3_000_000
    max_clock_error_us: int = 5_000_000
    output_pause_us: int = 2_000_000
    edge_lead_us: int = 300_000

    @classmethod
    def of_horn(cls, latency_us: int) -> "PlayerSettings":
        """For a horn that sounds this much later: what is on its way to it has to be over too as quiet hours begin."""
        return cls(edge_lead_us=cls().edge_lead_us + latency_us)


class Stage(Enum):
    """Where an airing is on its way to the horn. What has ended is no longer among the items."""

    WAITING = "waiting"
    ARMING = "arming"
    ARMED = "armed"
    STARTING = "starting"
    """The engine knows the instant; nothing has been heard of it yet."""
    SOUNDING = "sounding"
    CUTTING = "cutting"
    """The engine was told to stop it and has not yet said that it did."""


@dataclass(frozen=True, slots=True)
class StoppedBy:
    """Cut by a stop order."""

    order_id: str


@dataclass(frozen=True, slots=True)
class GaveWay:
    """Its start was called off for an airing that goes before it; it may still join later."""

    airing_id: str


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """Cut because a newer rundown no longer has it."""


@dataclass(frozen=True, slots=True)
class Guarded:
    """Cut because quiet hours begin."""


@dataclass(frozen=True, slots=True)
class EndedBy:
    """Over, by an order that ends it."""

    order_id: str


Cut = StoppedBy | GaveWay | Withdrawn | Guarded | EndedBy


@dataclass(frozen=True, slots=True)
class Ending:
    """An airing is over at this controller instant, by this order, which is remembered until not-after."""

    order_id: str
    at_us: int
    not_after_us: int


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a clip is not here; it is the reason to give when the airing fails for it."""

    sha256: str
    reason: FailReason
    detail: str
    final: bool


@dataclass(frozen=True, slots=True)
class Siren:
    """What sounds from an emergency's arrival until the emergency itself does. ``play_id`` is its play at the engine,
    None while there is none; ``over``: it is not begun any more.
    """

    clip: ClipPart
    play_id: str | None = None
    sounding: bool = False
    over: bool = False
    try_at_us: int | None = None
    """The controller instant before which it is not tried again, after the output failed."""


@dataclass(frozen=True, slots=True)
class Interruption:
    """What cut an airing that is to go on, where it was then, and the controller instant at which that is over."""

    by_airing_id: str
    at_us: int
    over_us: int


@dataclass(frozen=True, slots=True)
class Item:
    """One airing that has not ended.

    ``order_id`` is None for an airing of the rundown. ``accepted_us`` is when it became known here, None where time
    was not. ``lost_us`` and ``heard_us`` count from the airing's start, over all runs of the program.
    """

    airing: PlannedAiring
    key_id: str
    order_id: str | None
    expires_us: int
    rendition: RenditionName
    delay_us: int
    start_at_us: int | None
    accepted_us: int | None
    missing: frozenset[str]
    mark: Mark = field(default_factory=Mark)
    stage: Stage = Stage.WAITING
    play_id: str | None = None
    cut_off: bool = False
    """An earlier run of the program ended when it was about to begin, or in the middle of it."""
    cut: Cut | None = None
    held_by: str | None = None
    trouble: Trouble | None = None
    output_trouble: str = ""
    """What the output said when it failed for this airing, empty while it has not."""
    try_at_us: int | None = None
    """The controller instant before which the output is not tried again."""
    fetched_bytes: int = 0
    sounding_since_us: int | None = None
    """Local instant at which source frame 0 sounded, or would have."""
    heard_us: int = 0
    lost_us: int = 0
    lost_in_play_us: int = 0
    """The part of ``lost_us`` that the engine told of the present play."""
    silent_in_play_us: int = 0
    """The part of that which the engine played as silence, because it had not come."""
    played_before_us: int = 0
    gaps: int = 0
    issued_us: int | None = None
    """When the order for it was signed, None for an airing of the rundown."""
    siren: Siren | None = None
    interruption: Interruption | None = None
    """The last one. From then on ``start_at_us`` is the instant at which it would have begun without any."""
    resume_us: int = 0
    """So far into it it goes on."""
    ends_us: int | None = None
    """So far into it its slot ends, None where it ends within it."""
    slot_ends_us: int | None = None
    """The controller instant that its slot ends at, once it has been cut by another."""
    wasted_us: int = 0
    """What was heard of it before it began again."""
    hopes_until_us: int | None = None
    """It has no room as things stand. Until this controller instant it waits for what has the air to end sooner."""
    end: Ending | None = None
    away: bool = False
    """Somebody was to speak, and nothing has come for long: it keeps the air from nobody, and where it was cut it does
    not go on.
    """

    @property
    def airing_id(self) -> str:
        return self.airing.airing_id

    @property
    def emergency(self) -> bool:
        return self.airing.airing_class is AiringClass.EMERGENCY

    @property
    def due_us(self) -> int | None:
        """When frame 0 leaves this speaker's horn, in controller time; None while no start is known."""
        if self.start_at_us is None:
            return None
        return self.start_at_us if self.emergency else self.start_at_us + self.delay_us

    @property
    def begins_us(self) -> int | None:
        """The controller instant at which it is to be heard first, or again; None while no start is known."""
        return None if self.due_us is None else self.due_us + self.resume_us

    @property
    def frees_us(self) -> int | None:
        """When it leaves the air to others, in controller time, without its delay; None while no start is known."""
        if self.start_at_us is None:
            return None
        over_us = self.start_at_us + self.duration_us
        return over_us if self.end is None else min(over_us, self.end.at_us)

    @property
    def open_ended(self) -> bool:
        """Whether an order is likely to end it before all of it was heard."""
        return self.order_id is not None and (self.airing.live or self.airing.times > 1)

    @property
    def spoken(self) -> bool:
        """Whether it is a microphone, for as long as somebody speaks. An emergency is one that is not given up."""
        return self.order_id is not None and self.airing.live and self.airing.airing_class is AiringClass.LIVE

    @property
    def whole_us(self) -> int:
        """How long all of it is."""
        return self.airing.duration_us(self.rendition)

    @property
    def duration_us(self) -> int:
        """How long it is, up to where its slot ends."""
        return self.whole_us if self.ends_us is None else min(self.whole_us, self.ends_us)

    @property
    def span(self) -> range:
        """The frames of its sequence that it plays."""
        whole = self.airing.span(self.rendition)
        return whole if self.ends_us is None else whole[: frames_of(self.ends_us)]

    @property
    def in_engine(self) -> bool:
        """Whether the engine has been told to make sound of it."""
        return self.stage in (Stage.STARTING, Stage.SOUNDING, Stage.CUTTING)

    @property
    def has_air(self) -> bool:
        """Whether something of it is on the air, or is about to be."""
        return self.in_engine or self.siren_sounds

    @property
    def siren_sounds(self) -> bool:
        """Whether the engine has been told to sound its siren."""
        return self.siren is not None and self.siren.play_id is not None

    @property
    def last_chance_us(self) -> int | None:
        """The last controller instant at which it may begin, or go on after it was cut off."""
        if self.due_us is None:
            return self.expires_us
        if self.mark.begun:
            return min(self.due_us + self.heard_us + self.airing.lateness_window_us, self.due_us + self.duration_us - 1)
        left_us = min(LEAST_JOINED_US, self.duration_us // 2)
        latest_us = last_chance_us(self.due_us, self.duration_us - left_us, self.airing.lateness_window_us)
        return min(latest_us, self.expires_us)

    @property
    def why_cut(self) -> str:
        """The cause of a gap at its beginning, or where it goes on after it was cut off."""
        if self.output_trouble:
            return "output"
        return "restart" if self.cut_off else "late"

    def refs(self) -> tuple[ClipRef, ...]:
        return self.airing.clips(self.rendition)

    def claim(self) -> Claim:
        """Its claim to the air; the wire's classes and those of the order have the same names."""
        airing = self.airing
        air_class, references = AirClass(airing.airing_class.value), frozenset(airing.references)
        return Claim(airing.airing_id, air_class, airing.rank, airing.planned_at_us, references)


@dataclass(frozen=True, slots=True)
class Latch:
    """A stop that holds. ``airing_ids`` None covers everything."""

    order_id: str
    airing_ids: frozenset[str] | None
    not_after_us: int

    def covers(self, airing_id: str) -> bool:
        return self.airing_ids is None or airing_id in self.airing_ids


@dataclass(frozen=True, slots=True)
class EarlyStart:
    """A start order that arrived before its play."""

    key_id: str
    start_at_us: int
    not_after_us: int


@dataclass(frozen=True, slots=True)
class PlayerState:
    """``items`` by airing id; ``marks`` of airings that have ended or were known in an earlier run.

    ``ends`` says of airings, known or not, when they are over.
    ``known_since_us`` is the controller instant since when time has been known without a break. ``guards`` are those of
    the last rundown of each key; ``airtime`` is what airings took of their days.
    """

    settings: PlayerSettings = field(default_factory=PlayerSettings)
    items: Mapping[str, Item] = field(default_factory=dict)
    marks: Mapping[str, Mark] = field(default_factory=dict)
    heard: Heard | None = None
    clips: frozenset[str] = frozenset()
    latches: Mapping[str, Latch] = field(default_factory=dict)
    starts: Mapping[str, EarlyStart] = field(default_factory=dict)
    ends: Mapping[str, Ending] = field(default_factory=dict)
    delay_us: int = 0
    rendition: RenditionName = RenditionName.OPUS24
    guards: Mapping[str, WireGuards] = field(default_factory=dict)
    airtime: Mapping[str, Airtime] = field(default_factory=dict)
    known_since_us: int | None = None
    plays: int = 0

    @property
    def max_volume_percent(self) -> int | None:
        """The volume above which guards let nothing but an emergency be played."""
        limits = [one.max_volume_percent for one in self.guards.values() if one.max_volume_percent is not None]
        return min(limits, default=None)

    def sounding(self) -> Item | None:
        """The airing on the air, by the engine's own word."""
        return next((item for item in self.items.values() if item.sounding_since_us is not None), None)

    def ended(self, airing_id: str) -> bool:
        """Whether the last record of this airing has been written."""
        mark = self.marks.get(airing_id)
        return mark is not None and mark.ended


def frames_us(frames: int) -> int:
    """Frames at 48 kHz as microseconds."""
    return frames * 1_000_000 // FRAMES_PER_SECOND


def frames_of(micros: int) -> int:
    """Microseconds as frames at 48 kHz, as the wire counts them."""
    return micros * FRAMES_PER_SECOND // 1_000_000
