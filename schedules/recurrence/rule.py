"""Values: a rule, its occurrences, and what was changed of one of them.

Wall times are naive and belong to the rule's zone; instants are microseconds since the Unix epoch. A wall time that
does not exist moves by the gap, one that exists twice means the first.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Frequency(StrEnum):
    """How a rule steps from period to period."""

    ONCE = "ONCE"
    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"
    YEARLY = "YEARLY"


class Calendar(StrEnum):
    """Which months and days a rule counts."""

    SOLAR = "gregorian"
    LUNAR = "vietnamese"


class OnHoliday(StrEnum):
    """What a rule does on a public holiday: fire as always, be silent, or fire on holidays alone."""

    PLAY = "play"
    SKIP = "skip"
    ONLY = "only"


@dataclass(frozen=True, order=True, slots=True)
class ByDay:
    """A weekday (0 is Monday); ``nth`` 0 is each of them, 2 the second of the period, -1 the last."""

    weekday: int
    nth: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """The recurrence of RFC 5545 from days upward, in a zone, in the solar or the Vietnamese lunar calendar.

    ``start`` is the wall time before which nothing fires; it fires itself only where the rest of the rule names it, or
    ``frequency`` is ``ONCE``. What is left empty is taken from ``start``, as RFC 5545 says. ``until`` is the last
    instant that may fire, in microseconds; ``extra`` are wall times besides (RDATE).

    A rule knows whole seconds, and lists in order without repetitions: what is written differently and means the same
    is the same rule.
    """

    zone: str
    start: datetime
    frequency: Frequency = Frequency.ONCE
    interval: int = 1
    calendar: Calendar = Calendar.SOLAR
    by_month: tuple[int, ...] = ()
    by_month_day: tuple[int, ...] = ()
    by_year_day: tuple[int, ...] = ()
    by_week_no: tuple[int, ...] = ()
    by_day: tuple[ByDay, ...] = ()
    by_hour: tuple[int, ...] = ()
    by_minute: tuple[int, ...] = ()
    by_set_pos: tuple[int, ...] = ()
    week_start: int = 0
    until_us: int | None = None
    count: int | None = None
    on_holiday: OnHoliday = OnHoliday.PLAY
    extra: tuple[datetime, ...] = ()

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "start", self.start.replace(microsecond=0, fold=0))
        put(self, "by_month", _ordered(self.by_month))
        put(self, "by_month_day", _ordered(self.by_month_day))
        put(self, "by_year_day", _ordered(self.by_year_day))
        put(self, "by_week_no", _ordered(self.by_week_no))
        put(self, "by_day", tuple(sorted(set(self.by_day))) if len(self.by_day) > 1 else self.by_day)
        put(self, "by_hour", _ordered(self.by_hour))
        put(self, "by_minute", _ordered(self.by_minute))
        put(self, "by_set_pos", _ordered(self.by_set_pos))
        if self.until_us is not None:
            put(self, "until_us", self.until_us - self.until_us % 1_000_000)
        if self.extra:
            put(self, "extra", tuple(sorted({at.replace(microsecond=0, fold=0) for at in self.extra})))

    def __hash__(self) -> int:
        # Rules are looked up often, and these tell them apart.
        return hash((self.start, self.zone, self.by_hour, self.by_minute, self.by_month_day, self.until_us, self.count))


def _ordered(values: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(sorted(set(values))) if len(values) > 1 else values


class RuleError(ValueError):
    """A rule that cannot be planned by. ``code`` says why, for a sentence: ``rule_malformed``, ``zone_unknown``,
    ``rule_never_fires``, ``rule_too_often``, ``rule_out_of_years``, ``rule_too_many``, ``frequency_unknown``,
    ``exception_unknown``.
    """

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, order=True, slots=True)
class Occurrence:
    """One firing of a rule: the wall time that names it, in the rule's zone, and the instant."""

    start_us: int
    original: datetime


@dataclass(frozen=True, slots=True)
class Cancelled:
    """This one does not happen."""

    original: datetime


@dataclass(frozen=True, slots=True)
class Changed:
    """This one happens at the wall time ``to`` instead, or with other content, or both; None leaves it as it is."""

    original: datetime
    to: datetime | None = None
    content_id: str | None = None


Change = Cancelled | Changed
"""What was done to one occurrence; ``original`` is the wall time that the rule gives it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Series:
    """A rule and what was changed of single occurrences, at most one change for each."""

    rule: Rule
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Due:
    """One occurrence of a series after its changes.

    ``start_us`` is when it happens (of a cancelled one: when it would have). ``on_holiday`` is true for one left out
    because of a holiday.
    """

    start_us: int
    original: datetime
    change: Change | None = None
    on_holiday: bool = False
