"""Values: what is planned, for whom, and what is known of the content and of the speakers."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from schedules.areas import AreaTree
from schedules.guards import NO_GUARDS, Guards
from schedules.precedence import AirClass
from schedules.recurrence.rule import Series


class OnInterrupted(StrEnum):
    """What becomes of an airing that something of more weight cuts: it goes on where it was cut, begins again, or ends.

    Nothing goes on or begins again outside its slot.
    """

    RESUME = "resume"
    RESTART = "restart"
    DROP = "drop"


class Overrun(StrEnum):
    """What happens where the content is longer than its slot: cut at the end, faded out before it, or played whole,
    so that what has less weight begins later.
    """

    CUT = "cut"
    FADE = "fade"
    PUSH_BACK = "push_back"


class Fill(StrEnum):
    """What fills a slot longer than its content: nothing, or the content again as often as it fits whole."""

    SILENCE = "silence"
    REPEAT = "repeat"


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """Where something is heard: every speaker in one of the areas or below, in one of the groups, or named."""

    areas: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    speakers: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """A bulletin or programme as it would be heard now.

    ``master`` names exactly these bytes in this order. ``lacking`` is empty, or the code of why it cannot be heard
    (``bulletin_not_ready``, ``withdrawn``, ...). Nothing of it may begin before ``begins_us``, nor at ``expires_us`` or
    later.
    """

    content_id: str
    title: str
    master: str
    duration_us: int
    lacking: str = ""
    expires_us: int | None = None
    begins_us: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Schedule:
    """What, where, when, how often. One occurrence at one place is a slot.

    ``since_us`` is when it was first planned, which says what is older. ``above`` is true for what a higher level
    planned. ``slot_us`` None is as long as the content. ``approved`` holds the bindings that were approved, see
    `schedules.approval`. ``standing`` are the areas in which the speakers of its groups, and those that it names, stand
    now: an approval for one place must not be heard in another. Without
    ``needs_approval`` none is asked for: what comes from above goes the way of its class.
    """

    schedule_id: str
    content_id: str
    target: Target
    series: Series
    since_us: int
    air_class: AirClass = AirClass.ORDINARY
    rank: int = 0
    above: bool = False
    slot_us: int | None = None
    overrun: Overrun = Overrun.CUT
    fill: Fill = Fill.SILENCE
    on_interrupted: OnInterrupted | None = None
    approved: frozenset[str] = frozenset()
    needs_approval: bool = True
    standing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """Between two schedules of the same class: which goes first, as somebody chose. Both are ids of schedules."""

    first: str
    second: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A speaker as plans see it: where it stands, its groups, guards of its own, and by how much everything but an
    emergency begins later on it (``stagger_us``: its own delay, and its turn in a stagger group).
    """

    speaker_id: str
    area_id: str
    groups: tuple[str, ...] = ()
    guards: Guards = NO_GUARDS
    stagger_us: int = 0


@dataclass(frozen=True, kw_only=True)
class World:
    """Everything a rundown depends on. Whatever is not in here plays no part."""

    zone: str
    tree: AreaTree
    schedules: tuple[Schedule, ...]
    contents: dict[str, Content]
    places: tuple[Place, ...]
    guards: dict[str, Guards] = field(default_factory=dict)
    """By area."""
    choices: frozenset[Choice] = frozenset()
    holidays: frozenset[date] = frozenset()
    """Public holidays, in any year that is planned for."""
    stopped: Mapping[tuple[str, datetime, int], AbstractSet[str]] = field(default_factory=dict)
    """Speakers on which a person stopped an occurrence: by its schedule, its wall time by the rule, and the instant at
    which it was to begin. It keeps its air, so that nothing else moves; whoever tells what is heard leaves it out.
    """
