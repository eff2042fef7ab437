"""What a rule says, apart from any language: its period, its days, what narrows them, its times and its ends.

Rules that mean the same are brought to the same facts, so that they read the same: ``DAILY`` on Mondays is each Monday
of the week, ``MONTHLY`` in June is a day of the year.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum, auto
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from schedules.recurrence.lunar import lunar_of
from schedules.recurrence.rule import ByDay, Calendar, Frequency, OnHoliday, Rule, RuleError

HOME_ZONES = ("Asia/Ho_Chi_Minh", "Asia/Saigon")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Unit(Enum):
    """The period from which a rule steps to the next; ``NONE`` where it fires once."""

    NONE = auto()
    DAY = auto()
    WEEK = auto()
    MONTH = auto()
    YEAR = auto()


@dataclass(frozen=True, slots=True)
class EveryDay:
    """All days of the period."""


@dataclass(frozen=True, slots=True)
class Weekdays:
    """Each of these weekdays in the period."""

    days: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """Those of Monday to Friday that have these places in the month, negative ones from its end."""

    places: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class NthWeekdays:
    """Weekdays counted in the month (in the year where no months are named)."""

    days: tuple[ByDay, ...]
    of_year: bool


@dataclass(frozen=True, slots=True)
class MonthDays:
    """Days by their number in the month, negative ones from its end."""

    days: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class YearDays:
    """Days by their number in the year, negative ones from its end."""

    days: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class WeekNumbers:
    """Weekdays in the weeks with these numbers, negative ones from the end of the year."""

    weeks: tuple[int, ...]
    days: tuple[int, ...]


Days = EveryDay | Weekdays | WorkingDays | NthWeekdays | MonthDays | YearDays | WeekNumbers


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What a sentence says. ``only_...`` narrow the days further; ``positions`` choose among what is left in a period.

    ``since`` and ``until`` are a day where the whole of it counts, and a wall time where a part of it is cut off.
    ``week_start`` is set where it makes a difference and is not Monday; ``zone`` where it is not Vietnam's.
    """

    unit: Unit
    every: int
    lunar: bool
    days: Days
    months: tuple[int, ...] = ()
    only_weekdays: tuple[ByDay, ...] = ()
    only_month_days: tuple[int, ...] = ()
    only_year_days: tuple[int, ...] = ()
    only_weeks: tuple[int, ...] = ()
    positions: tuple[int, ...] = ()
    week_start: int | None = None
    times: tuple[time, ...]
    since: date | datetime
    until: date | datetime | None
    count: int | None
    on_holiday: OnHoliday
    zone: str | None
    extra: tuple[datetime, ...]


def facts_of(rule: Rule) -> Facts:
    """The facts of a rule; also of one that can never fire or whose zone is unknown."""
    if rule.frequency is Frequency.ONCE:
        return _once(rule)
    times = _times(rule)
    facts = Facts(
        unit=_UNITS[rule.frequency],
        every=rule.interval,
        lunar=rule.calendar is Calendar.LUNAR,
        days=EveryDay(),
        months=_months(rule),
        positions=_from_end(rule.by_set_pos),
        times=times,
        since=rule.start if rule.start.time() > times[0] else rule.start.date(),
        until=_until(rule, times),
        count=rule.count,
        on_holiday=rule.on_holiday,
        zone=None if rule.zone in HOME_ZONES else rule.zone,
        extra=rule.extra,
    )
    facts = _smallest(_counted_weekdays(_with_days(facts, rule)))
    return replace(facts, week_start=_week_start(facts, rule), lunar=facts.lunar and _counts_by_moon(facts))


def _once(rule: Rule) -> Facts:
    extra = tuple(sorted({rule.start, *rule.extra}))
    return Facts(
        unit=Unit.NONE,
        every=1,
        lunar=False,
        days=EveryDay(),
        times=(rule.start.time(),),
        since=rule.start,
        until=None,
        count=None,
        on_holiday=rule.on_holiday,
        zone=None if rule.zone in HOME_ZONES else rule.zone,
        extra=extra,
    )


_UNITS = {
    Frequency.ONCE: Unit.NONE,
    Frequency.DAILY: Unit.DAY,
    Frequency.WEEKLY: Unit.WEEK,
    Frequency.MONTHLY: Unit.MONTH,
    Frequency.YEARLY: Unit.YEAR,
}


def _with_days(facts: Facts, rule: Rule) -> Facts:  # noqa: PLR0911 - one a row of that table
    """The days by the table of RFC 5545: what names them, what only narrows them, what ``start`` gives."""
    by_day = rule.by_day
    month_days, year_days, weeks = (
        _from_end(numbers) for numbers in (rule.by_month_day, rule.by_year_day, rule.by_week_no)
    )
    narrowed = replace(
        facts, only_weekdays=by_day, only_month_days=month_days, only_year_days=year_days, only_weeks=weeks
    )
    start_month, start_day = _start(rule)
    weekly = tuple(sorted({day.weekday for day in by_day})) or (rule.start.weekday(),)
    in_weeks = weekly if by_day or not (month_days or year_days) else tuple(range(7))
    match rule.frequency:
        case Frequency.DAILY:
            return narrowed
        case Frequency.WEEKLY:
            return replace(narrowed, days=Weekdays(weekly), only_weekdays=())
        case Frequency.YEARLY if weeks:
            return replace(narrowed, days=WeekNumbers(weeks, in_weeks), only_weeks=(), only_weekdays=())
        case Frequency.YEARLY if year_days:
            return replace(narrowed, days=YearDays(year_days), only_year_days=())
    if month_days:
        return replace(narrowed, days=MonthDays(month_days), only_month_days=())
    if by_day:
        of_year = rule.frequency is Frequency.YEARLY and not facts.months
        in_order = tuple(sorted(by_day, key=lambda day: (day.nth < 0, day.nth, day.weekday)))
        days = NthWeekdays(in_order, of_year) if any(day.nth for day in by_day) else Weekdays(weekly)
        return replace(narrowed, days=days, only_weekdays=())
    if year_days or weeks:
        return narrowed
    yearly = rule.frequency is Frequency.YEARLY
    return replace(narrowed, days=MonthDays((start_day,)), months=facts.months or ((start_month,) if yearly else ()))


def _counted_weekdays(facts: Facts) -> Facts:
    """One weekday of a month of which some are chosen is the nth of the month; so are working days."""
    if facts.unit is not Unit.MONTH or not facts.positions or len(facts.times) > 1 or facts.only_month_days:
        return facts
    match facts.days:
        case Weekdays((weekday,)):
            nth = tuple(ByDay(weekday, place) for place in facts.positions)
            return replace(facts, days=NthWeekdays(nth, of_year=False), positions=())
        case Weekdays((0, 1, 2, 3, 4)):
            return replace(facts, days=WorkingDays(facts.positions), positions=())
        case _:
            return facts


def _smallest(facts: Facts) -> Facts:
    """Where every period counts and nothing is chosen in it, the period is the smallest that the days are named by.

    Lunar years leave out the months that were put in, lunar months do not.
    """
    if facts.every != 1 or facts.positions:
        return facts
    unit, days = facts.unit, facts.days
    if unit is Unit.DAY and facts.only_month_days:
        unit, days = Unit.MONTH, MonthDays(facts.only_month_days)
        facts = replace(facts, only_month_days=())
    elif unit is Unit.DAY and facts.only_weekdays:
        days = Weekdays(tuple(sorted({day.weekday for day in facts.only_weekdays})))
        facts = replace(facts, only_weekdays=())
    match days:
        case Weekdays(named) if len(named) == 7:
            unit, days = Unit.DAY, EveryDay()
        case Weekdays():
            unit = Unit.WEEK
        case EveryDay():
            unit = Unit.DAY
        case MonthDays() | NthWeekdays(of_year=False) if facts.months:
            unit = Unit.YEAR
        case MonthDays() if not facts.lunar:
            unit = Unit.MONTH
        case _:
            pass
    return replace(facts, unit=unit, days=days)


def _counts_by_moon(facts: Facts) -> bool:
    """Whether the lunar calendar makes a difference: days and weeks are the same in both."""
    return facts.unit in (Unit.MONTH, Unit.YEAR) or bool(facts.months or facts.only_month_days or facts.only_year_days)


def _week_start(facts: Facts, rule: Rule) -> int | None:
    counted = isinstance(facts.days, WeekNumbers) or bool(facts.only_weeks)
    stepped = facts.unit is Unit.WEEK and (facts.every > 1 or bool(facts.positions))
    return rule.week_start if rule.week_start and (counted or stepped) else None


def _start(rule: Rule) -> tuple[int, int]:
    """Month and day of the start in the calendar of the rule; the solar ones where the lunar calendar is not known."""
    if rule.calendar is Calendar.LUNAR:
        try:
            day = lunar_of(rule.start.date())
        except RuleError:
            return rule.start.month, rule.start.day
        return day.month, day.day
    return rule.start.month, rule.start.day


def _months(rule: Rule) -> tuple[int, ...]:
    """The months that a rule is confined to. Twelve solar ones are all there are, twelve lunar ones may not be."""
    months = _from_end(rule.by_month)
    return () if len(months) == 12 and rule.calendar is Calendar.SOLAR else months


def _times(rule: Rule) -> tuple[time, ...]:
    return tuple(
        time(hour, minute, rule.start.second)
        for hour in rule.by_hour or (rule.start.hour,)
        for minute in rule.by_minute or (rule.start.minute,)
    )


def _until(rule: Rule, times: Sequence[time]) -> date | datetime | None:
    if rule.until_us is None:
        return None
    try:
        zone = ZoneInfo(rule.zone)
        until = (_EPOCH + timedelta(microseconds=rule.until_us)).astimezone(zone).replace(tzinfo=None)
    except OverflowError:
        return date.max if rule.until_us > 0 else date.min
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return _utc_until(rule.until_us)
    if until.time() >= times[-1]:
        return until.date()
    if until.time() < times[0]:
        return until.date() - timedelta(days=1) if until.date() > date.min else until.date()
    return until


def _utc_until(until_us: int) -> datetime:
    """For a zone that is not known, and instants that no date can name: as near as it goes."""
    try:
        return (_EPOCH + timedelta(microseconds=until_us)).replace(tzinfo=None)
    except OverflowError:
        return datetime(9999 if until_us > 0 else 1, 1, 1)  # noqa: DTZ001


def _from_end(numbers: Sequence[int]) -> tuple[int, ...]:
    """Ascending, with those counted from the end behind, the last one last."""
    return tuple(sorted(set(numbers), key=lambda number: (number < 0, number)))


def runs(numbers: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """Numbers, which ascend, as first and last of each stretch of three and more that follow one another; what does not
    stand in such a stretch stands alone, as first and last.
    """
    found: list[tuple[int, int]] = []
    place = 0
    while place < len(numbers):
        end = place
        while end + 1 < len(numbers) and numbers[end + 1] == numbers[end] + 1:
            end += 1
        if end - place < 2:
            end = place
        found.append((numbers[place], numbers[end]))
        place = end + 1
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Hourly:
    """Times at the same minutes of every hour from one until another."""

    first: int
    last: int
    minutes: tuple[int, ...]


def hourly(times: Sequence[time]) -> Hourly | None:
    """Times as a stretch of at least four hours, where they are one and there are no seconds to say."""
    hours = sorted({moment.hour for moment in times})
    minutes = tuple(sorted({moment.minute for moment in times}))
    whole = len(times) > 4 and len(hours) >= 4 and len(runs(hours)) == 1 and len(times) == len(hours) * len(minutes)
    return Hourly(hours[0], hours[-1], minutes) if whole and not times[0].second else None


def lacking(facts: Facts) -> bool:
    """Whether some of the months that the rule names are too short for one of its days."""
    if not isinstance(facts.days, MonthDays) or facts.unit not in (Unit.MONTH, Unit.YEAR):
        return False
    longest = max(abs(day) for day in facts.days.days)
    if facts.lunar:
        return longest > 29
    shortest = min((_SHORTEST.get(month, 31) for month in facts.months), default=28)
    return longest > shortest


_SHORTEST = {2: 28, 4: 30, 6: 30, 9: 30, 11: 30}


@dataclass(frozen=True, slots=True)
class Changes:
    """How many occurrences of a series were changed, and how; no occurrence counts twice."""

    moved: int
    cancelled: int
    replaced: int
    moved_and_replaced: int
