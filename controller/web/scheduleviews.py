"""What the form and the list of schedules show. See `controller.web.views` for the rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from controller.domain.schedules import ApprovalState
from controller.web.composeviews import Option


class Repeat(StrEnum):
    """The ways of repeating that the form offers."""

    ONCE = "once"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    NTH = "nth"
    YEARLY = "yearly"
    LUNAR = "lunar"
    TET = "tet"
    CUSTOM = "custom"


class Ends(StrEnum):
    """Until when it repeats."""

    NEVER = "never"
    DAY = "day"
    COUNT = "count"


@dataclass(frozen=True, kw_only=True)
class ScheduleForm:
    """What the form holds, as it was typed. ``original`` names the occurrence from which on a series is changed; with
    it the schedule ``id`` ends and a new one begins. ``errors`` maps a field to a sentence; ``meanwhile`` says what
    somebody else made of it since the form was opened.
    """

    id: str = ""
    revision: int = 0
    original: str = ""
    content: str = ""
    searched: str = ""
    areas: Sequence[str] = ()
    groups: Sequence[str] = ()
    speakers: Sequence[str] = ()
    repeat: Repeat = Repeat.DAILY
    start: str = ""
    times: Sequence[str] = ("17:00",)
    every: str = "1"
    weekdays: Sequence[int] = (0, 1, 2, 3, 4)
    month_days: str = "1"
    last_day: bool = False
    nth: str = "1"
    nth_weekday: str = "0"
    lunar_days: str = "1, 15"
    tet_days: str = "1"
    custom: str = ""
    ends: Ends = Ends.NEVER
    until: str = ""
    count: str = ""
    holidays: str = "play"
    slot_minutes: str = ""
    overrun: str = "cut"
    fill: str = "silence"
    on_interrupted: str = ""
    rank: str = "0"
    errors: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""
    meanwhile: str = ""

    @property
    def more(self) -> bool:
        """Whether something stands in the part of the form that is folded away at first."""
        usual = ScheduleForm()
        there = (self.slot_minutes, self.overrun, self.fill, self.on_interrupted, self.rank)
        return there != (usual.slot_minutes, usual.overrun, usual.fill, usual.on_interrupted, usual.rank)


@dataclass(frozen=True, kw_only=True)
class ContentOption:
    """A bulletin or programme to choose from."""

    id: str
    title: str
    duration_s: float
    class_name: str
    programme: bool


@dataclass(frozen=True, kw_only=True)
class SpeakerOption:
    """One speaker to choose by itself."""

    id: str
    name: str
    area_name: str
    checked: bool


@dataclass(frozen=True, kw_only=True)
class AreaBox:
    """An area that can be chosen, with how many speakers stand in it and below. ``path`` are the ids of the areas
    around it, the widest first.
    """

    id: str
    name: str
    depth: int
    speakers: int
    checked: bool
    path: Sequence[str] = ()
    gone: bool = False


@dataclass(frozen=True, kw_only=True)
class WhereChoices:
    """Everything that a schedule can be heard from."""

    areas: Sequence[AreaBox] = ()
    groups: Sequence[AreaBox] = ()
    speakers: Sequence[SpeakerOption] = ()


@dataclass(frozen=True, kw_only=True)
class NextOccurrence:
    """One of the next ten. ``day_said`` names its day, with the year where it is not the present one."""

    at: datetime
    day_said: str
    odd: bool = False
    note_sentence: str = ""
    lunar: str = ""


@dataclass(frozen=True, kw_only=True)
class ClashShown:
    """Two items that want the same air: of ours, and of ``other``. ``append_at`` is the next free time for ours;
    ``may_override`` is true where a choice between the two decides it, ``chosen`` where somebody chose already. Of the
    loser so many occurrences are ``unheard``, heard ``partly``, or whole but ``later``.
    """

    key: str
    original: str
    starts_at: datetime
    ends_at: datetime
    title: str
    other_id: str
    other_href: str
    other_title: str
    other_starts_at: datetime
    other_ends_at: datetime
    other_above: bool
    where: str
    speakers: int
    loses: bool
    pending: bool
    may_override: bool
    append_at: datetime | None = None
    append_wall: str = ""
    more: int = 0
    chosen: bool = False
    unheard: int = 0
    partly: int = 0
    later: int = 0


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What the form would plan, told while it is typed."""

    rule_sentence: str = ""
    problem: str = ""
    occurrences: Sequence[NextOccurrence] = ()
    odd: bool = False
    speakers: int | None = None
    duration_s: float | None = None
    refusals: Sequence[str] = ()
    clashes: Sequence[ClashShown] = ()


@dataclass(frozen=True, kw_only=True)
class ClosedArea:
    """An area of a schedule that is no more, and what may follow it."""

    id: str
    name: str
    successors: Sequence[Option] = ()


@dataclass(frozen=True, kw_only=True)
class ScheduleRow:
    """A schedule in the list. ``places_left`` is false where all that it names are ``closed`` areas.

    Of its ``changes``, the changed occurrences, so many are ``undecided``. ``sent_back_of`` names the occurrence that
    was sent back, at ``sent_back_href``; it is empty where the whole of it was.
    """

    id: str
    title: str
    where: str
    rule_sentence: str
    next_at: datetime | None
    approval: ApprovalState
    air_class: str
    class_name: str
    above: bool
    planned_by: str
    changed_at: datetime
    changes: int = 0
    sent_back: str = ""
    sent_back_by: str = ""
    sent_back_of: str = ""
    sent_back_href: str = ""
    undecided: int = 0
    problem_sentence: str = ""
    closed: Sequence[ClosedArea] = ()
    places_left: bool = True
    may_change: bool = False


@dataclass(frozen=True, kw_only=True)
class RevisionShown:
    """What a schedule was."""

    number: int
    by: str
    at: datetime
    sentence: str = ""


@dataclass(frozen=True, kw_only=True)
class TetDay:
    """The shortcut of the form: the last day before Tet."""

    day: date
    year: int
