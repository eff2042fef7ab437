"""Sentences of rules in English. Times are on the 24-hour clock (17:00), days as 2 September 2026."""

from collections.abc import Sequence
from datetime import date, datetime, time

from schedules.recurrence.rule import ByDay, OnHoliday
from schedules.recurrence.sentences_facts import (
    Changes,
    EveryDay,
    Facts,
    MonthDays,
    NthWeekdays,
    Unit,
    Weekdays,
    WeekNumbers,
    WorkingDays,
    YearDays,
    hourly,
    lacking,
    runs,
)

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_PERIODS = {Unit.DAY: "day", Unit.WEEK: "week", Unit.MONTH: "month", Unit.YEAR: "year"}
_ORDINALS = ("first", "second", "third", "fourth", "fifth")
_LISTED = 6
"""So many moments are listed one by one; of more, the last ones are counted."""


def sentence(facts: Facts) -> str:
    """The facts of a rule as one sentence."""
    if facts.unit is Unit.NONE:
        said = [_once(facts.extra)]
    else:
        days = _days(facts) + "".join(_narrowed(facts))
        comma = "," if ", only" in days or ", with" in days or hourly(facts.times) else ""
        said = [f"{days}{comma} {_times(facts.times)}", *_chosen(facts), *_ends(facts)]
    match facts.on_holiday:
        case OnHoliday.SKIP:
            said.append("except on public holidays")
        case OnHoliday.ONLY:
            said.append("on public holidays only")
    if facts.zone is not None:
        said.append(f"in {facts.zone} time")
    text = ", ".join(said)
    if facts.unit is not Unit.NONE and facts.extra:
        text += f"; also {_moments(facts.extra)}"
    return text[0].upper() + text[1:] + "."


def changes(counted: Changes) -> str:
    """How many occurrences were changed, as a sentence; empty where none was."""
    said = [
        f"{number} {what}"
        for number, what in (
            (counted.moved, "moved"),
            (counted.cancelled, "cancelled"),
            (counted.replaced, "given other content"),
            (counted.moved_and_replaced, "moved and given other content"),
        )
        if number
    ]
    return f"Of these, {_and(said)}." if said else ""


def _once(moments: Sequence[datetime]) -> str:
    if len(moments) == 1:
        return f"once, {_moment(moments[0])}"
    return f"{len(moments)} times, {_moments(moments)}"


def _days(facts: Facts) -> str:  # noqa: PLR0911 - one a kind of days
    """The days with their period: "every Monday", "every 2 months on the 1st"."""
    lunar = "lunar " if facts.lunar and facts.unit in (Unit.MONTH, Unit.YEAR) else ""
    period = lunar + _PERIODS[facts.unit]
    if facts.every > 1 or facts.positions:
        head = f"every {facts.every} {period}s" if facts.every > 1 else f"every {period}"
        inside = _inside(facts)
        return f"{head} {inside}{_note(facts)}" if inside else head
    match facts.days:
        case EveryDay():
            return f"every {period}"
        case Weekdays((0, 1, 2, 3, 4)):
            return "on weekdays (Monday to Friday)"
        case Weekdays((5, 6)):
            return "on weekends (Saturday and Sunday)"
        case Weekdays(days) if len(runs(days)) == len(days):
            return f"every {_weekdays(days)}"
        case Weekdays(days):
            return f"every week on {_weekdays(days)}"
        case MonthDays() | NthWeekdays() | WorkingDays() if facts.unit is Unit.MONTH:
            return f"on {_named(facts)} of every {period}{_note(facts)}"
        case YearDays() | WeekNumbers() | NthWeekdays(of_year=True):
            return f"on {_named(facts)} of every {period}"
        case _:
            return f"{_inside(facts)} every {_PERIODS[facts.unit]}{_note(facts)}"


def _inside(facts: Facts) -> str:  # noqa: PLR0911 - one a kind of days
    """The days within their period, which is named before or behind; empty where it is every day of a day."""
    named, of_period = _named(facts), f" of the {_PERIODS[facts.unit]}"
    match facts.days:
        case EveryDay():
            return "" if facts.unit is Unit.DAY else "on every day"
        case Weekdays() if facts.unit is Unit.YEAR and facts.months:
            return f"on every {named} of {_months(facts)}"
        case Weekdays() if facts.unit in (Unit.MONTH, Unit.YEAR):
            return f"on every {named}"
        case NthWeekdays() | MonthDays() if facts.unit is Unit.YEAR and facts.months:
            return f"on {_in_year(facts)}"
        case MonthDays() if facts.unit is Unit.YEAR:
            return f"on {named} of every {'lunar month (leap months aside)' if facts.lunar else 'month'}"
        case MonthDays() | NthWeekdays() | WorkingDays() | YearDays() | WeekNumbers():
            return f"on {named}{of_period}"
        case _:
            return f"on {named}"


def _in_year(facts: Facts) -> str:
    """Days of months that are named, the feasts among them by their name."""
    named, days = _named(facts), facts.days
    match days:
        case MonthDays(numbers) if facts.lunar and facts.months == (1,) and numbers[0] > 0 and 0 < numbers[-1] <= 7:
            return f"{named} day of Tet"
        case MonthDays((-1,)) if facts.lunar and facts.months == (12,):
            return "the eve of Tet (the last day of the lunar year)"
        case MonthDays((day,)) if not facts.lunar and len(facts.months) == 1 and day > 0:
            return f"{day} {_months(facts)}"
        case _:
            return f"{named} of {_months(facts)}"


def _named(facts: Facts) -> str:  # noqa: PLR0911 - one a kind of days
    """The days alone."""
    match facts.days:
        case EveryDay():
            return "every day"
        case Weekdays(days):
            return _weekdays(days)
        case WorkingDays(places):
            return f"{_and([f'the {_nth(place)}' for place in places])} weekday (Monday to Friday)"
        case NthWeekdays(days):
            return _and([_nth_weekday(day) for day in days])
        case MonthDays(days):
            return _month_days(days, facts.lunar)
        case YearDays(days):
            return _and([_nth_day(day) for day in days])
        case WeekNumbers(weeks, days):
            return f"{_weekdays(days)} of {_weeks(weeks)}"


def _narrowed(facts: Facts) -> list[str]:
    """What narrows the days further, each with its comma."""
    said = []
    lunar = "lunar " if facts.lunar else ""
    months_said = facts.unit is Unit.YEAR and isinstance(facts.days, MonthDays | NthWeekdays | Weekdays)
    if facts.months and not months_said:
        said.append(f", only in {_months(facts)}")
    if facts.only_month_days:
        said.append(f", only if it is {_month_days(facts.only_month_days, facts.lunar, last='or')} of the {lunar}month")
    if facts.only_year_days:
        said.append(f", only if it is {_and([_nth_day(day) for day in facts.only_year_days], 'or')} of the {lunar}year")
    if facts.only_weeks:
        said.append(f", only in {_weeks(facts.only_weeks)} of the year")
    if facts.only_weekdays:
        said.append(f", only if it is {_and([_a_weekday(day) for day in facts.only_weekdays], 'or')}")
    if facts.week_start is not None:
        said.append(f", with weeks beginning on {_WEEKDAYS[facts.week_start]}")
    return said


def _chosen(facts: Facts) -> list[str]:
    if not facts.positions:
        return []
    what = "days" if len(facts.times) == 1 and facts.unit is not Unit.DAY else "airings"
    chosen = _and([f"the {_nth(position)}" for position in facts.positions])
    return [f"but only {chosen} of these {what} in the {_PERIODS[facts.unit]}"]


def _ends(facts: Facts) -> list[str]:
    said = [f"from {_edge(facts.since)}"]
    if facts.until is not None:
        whole = not isinstance(facts.until, datetime)
        said[0] += f" until {'the end of ' if whole else ''}{_edge(facts.until)}"
    if facts.count is not None:
        said.append("one time only" if facts.count == 1 else f"{facts.count} times in all")
    return said


def _edge(edge: date | datetime) -> str:
    return f"{_clock(edge.time())} on {_date(edge)}" if isinstance(edge, datetime) else _date(edge)


def _month_days(days: Sequence[int], lunar: bool, *, last: str = "and") -> str:
    """Days by number: "the 1st to the 7th and the last day"; of the moon: "the 1st and the 15th (full moon)"."""
    said = []
    for first, until in runs([day for day in days if day > 0]):
        full_moon = " (full moon)" if lunar and first == until == 15 else ""
        said.append(f"the {_ordinal(first)}" + (f" to the {_ordinal(until)}" if first != until else full_moon))
    said += [_nth_day(day) for day in days if day < 0]
    return _and(said, last)


def _weekdays(days: Sequence[int]) -> str:
    return _and(
        [
            _WEEKDAYS[first] if first == until else f"{_WEEKDAYS[first]} to {_WEEKDAYS[until]}"
            for first, until in runs(days)
        ]
    )


def _nth_weekday(day: ByDay) -> str:
    return f"the {_nth(day.nth)} {_WEEKDAYS[day.weekday]}" if day.nth else f"every {_WEEKDAYS[day.weekday]}"


def _a_weekday(day: ByDay) -> str:
    return _nth_weekday(day) if day.nth else f"a {_WEEKDAYS[day.weekday]}"


def _nth_day(day: int) -> str:
    return f"the {_nth(day)} day"


def _nth(number: int) -> str:
    """A place in an order: "first", "20th", "second to last", "last"."""
    if number == -1:
        return "last"
    words = _ORDINALS[abs(number) - 1] if 0 < abs(number) <= len(_ORDINALS) else _ordinal(abs(number))
    return words if number > 0 else f"{words} to last"


def _ordinal(number: int) -> str:
    ending = "th" if number // 10 % 10 == 1 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _weeks(weeks: Sequence[int]) -> str:
    return _and([f"week {week}" if week > 0 else f"the {_nth(week)} week" for week in weeks])


def _months(facts: Facts) -> str:
    if facts.lunar:
        word = "month" if len(facts.months) == 1 else "months"
        return f"the {_and([_ordinal(month) for month in facts.months])} lunar {word}"
    return _and([_MONTHS[month - 1] for month in facts.months])


def _note(facts: Facts) -> str:
    if not lacking(facts):
        return ""
    leap_day = facts.months == (2,) and not facts.lunar
    return " (left out in years without it)" if leap_day else " (left out in months without it)"


def _times(times: Sequence[time]) -> str:
    every = hourly(times)
    if every is None:
        return f"at {_and([_clock(moment) for moment in times])}"
    within = f"from {_clock(times[0])} to {_clock(times[-1])}"
    if len(every.minutes) == 1:
        return f"every hour {within}"
    return f"every hour at minutes {_and([f'{minute:02}' for minute in every.minutes])} {within}"


def _moments(moments: Sequence[datetime]) -> str:
    said = [_moment(moment) for moment in moments[:_LISTED]]
    if len(moments) > _LISTED:
        said.append(f"{len(moments) - _LISTED} more, the last {_moment(moments[-1])}")
    return _and(said)


def _moment(moment: datetime) -> str:
    return f"at {_clock(moment.time())} on {_WEEKDAYS[moment.weekday()]} {_date(moment)}"


def _clock(moment: time) -> str:
    return f"{moment:%H:%M:%S}" if moment.second else f"{moment:%H:%M}"


def _date(day: date) -> str:
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def _and(words: Sequence[str], last: str = "and") -> str:
    return f"{', '.join(words[:-1])} {last} {words[-1]}" if len(words) > 1 else words[0]
