"""On which days, and at which times of them, a rule fires: in wall time alone, for any stretch of days.

Days are ordinals (1 is 0001-01-01, a Monday), times are microseconds of the day. What a period (week, month, year)
holds is found from its number, so that the cost does not grow with the age of a rule. Parts that RFC 5545 says expand
or limit a period come to the same: a day of the period fires where every part that is given names it.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from functools import lru_cache
from itertools import groupby
from typing import Final, NamedTuple

from schedules.recurrence.form import LAST_LUNAR_YEAR
from schedules.recurrence.lunar import lunar_of, months
from schedules.recurrence.rule import Calendar, Frequency, Rule
from schedules.recurrence.zones import FIRST_DAY, LAST_DAY

Firing = tuple[int, tuple[int, ...]]
"""A day, and the times of it in their order."""

_LAST_LUNAR_DAY: Final = date(LAST_LUNAR_YEAR, 12, 31).toordinal()
_SHORT_DAYS: Final = 100


class Month(NamedTuple):
    """A month of either calendar. ``place`` counts months without a gap; ``leap`` ones have the number before."""

    year: int
    number: int
    first: int
    days: int
    place: int
    leap: bool = False


class Pattern:
    """A rule made ready to be asked: what it leaves empty is taken from its start, and parts are sets."""

    __slots__ = (
        "_days_of_month",
        "_first_month",
        "_frequency",
        "_interval",
        "_lunar",
        "_months",
        "_nth",
        "_nth_in_year",
        "_picks",
        "_start_year",
        "_week_days",
        "_week_start",
        "_weeks",
        "_year_days",
        "last_day",
        "start_day",
        "times",
    )

    def __init__(self, rule: Rule) -> None:
        start = rule.start
        self.start_day: Final = start.toordinal()
        self._lunar = rule.calendar is Calendar.LUNAR
        self.last_day: Final = _LAST_LUNAR_DAY if self._lunar else LAST_DAY
        self._frequency = rule.frequency
        self._interval = rule.interval
        self._week_start = rule.week_start
        self._nth_in_year = rule.frequency is Frequency.YEARLY and not rule.by_month
        self._months = frozenset(rule.by_month)
        self._days_of_month = rule.by_month_day
        self._year_days = frozenset(rule.by_year_day)
        self._weeks = frozenset(rule.by_week_no)
        self._week_days = frozenset([day.weekday for day in rule.by_day if not day.nth])
        self._nth = frozenset([(day.weekday, day.nth) for day in rule.by_day if day.nth])
        self._picks = rule.by_set_pos
        self._first_month, self._start_year = start.year * 12 + start.month, start.year
        if self._lunar:
            self._fill_lunar(start.date())
        else:
            self._fill_solar(rule)
        self.times: tuple[int, ...] = _times(rule)
        if self._picks and rule.frequency is Frequency.DAILY:
            self.times = tuple(self.times[place] for place in _picked(self._picks, len(self.times)))
            self._picks = ()

    def _fill_solar(self, rule: Rule) -> None:
        named = rule.by_day or rule.by_month_day or rule.by_year_day
        match rule.frequency:
            case Frequency.WEEKLY if not rule.by_day:
                self._week_days = frozenset((rule.start.weekday(),))
            case Frequency.MONTHLY if not named:
                self._days_of_month = (rule.start.day,)
            case Frequency.YEARLY if not named and rule.by_week_no:
                self._week_days = frozenset((rule.start.weekday(),))
            case Frequency.YEARLY if not named:
                self._months = self._months or frozenset((rule.start.month,))
                self._days_of_month = (rule.start.day,)
            case _:
                pass

    def _fill_lunar(self, start: date) -> None:
        day = lunar_of(start)
        month = _few_months(True, self.start_day, self.start_day)[0]
        self._first_month, self._start_year = month.place, day.year
        if not self._days_of_month:
            self._days_of_month = (day.day,)
            if self._frequency is Frequency.YEARLY and not self._months:
                self._months = frozenset((day.month,))

    def firings(self, first: int, last: int) -> Iterator[Firing]:
        """The days from ``first`` to ``last``, both included, in order; times before the start on its day too."""
        first, last = max(first, self.start_day, FIRST_DAY), min(last, self.last_day)
        if first > last or not self.times or self._picks_nothing():
            return iter(())
        if self._picks:
            return self._picked_firings(first, last)
        return ((day, self.times) for day in self._days(first, last))

    def _picked_firings(self, first: int, last: int) -> Iterator[Firing]:
        """BYSETPOS: of all that fires in a period, by its place in it. Whole periods are looked at."""
        begin, end = self._period_of(first)[0], self._period_of(last)[1]
        times = self.times
        for _, found in groupby(self._days(begin, end), key=lambda day: self._period_of(day)[0]):
            days = tuple(found)
            by_day: dict[int, list[int]] = {}
            for place in _picked(self._picks, len(days) * len(times)):
                by_day.setdefault(days[place // len(times)], []).append(times[place % len(times)])
            for day, picked in by_day.items():
                if first <= day <= last:
                    yield day, tuple(picked)

    def _picks_nothing(self) -> bool:
        """Whether no period has as many places as the least that is picked."""
        most = {Frequency.WEEKLY: 7, Frequency.MONTHLY: 31}.get(self._frequency, 366) * len(self.times)
        return bool(self._picks) and min(map(abs, self._picks)) > most

    def _period_of(self, day: int) -> tuple[int, int]:
        """The first and the last day of its period."""
        if self._frequency is Frequency.WEEKLY:
            begin = day - (day - 1 - self._week_start) % 7
            return begin, begin + 6
        on = date.fromordinal(day)
        if self._frequency is Frequency.MONTHLY:
            begin = day - on.day + 1
            return begin, begin + _days_in(on.year, on.month) - 1
        return date(on.year, 1, 1).toordinal(), date(on.year, 12, 31).toordinal()

    def _days(self, first: int, last: int) -> Iterator[int]:
        match self._frequency:
            case Frequency.ONCE:
                return iter((self.start_day,) if first <= self.start_day <= last else ())
            case Frequency.DAILY:
                return self._daily(first, last)
            case Frequency.WEEKLY:
                return self._weekly(first, last)
            case _:
                return self._in_months(first, last)

    def _daily(self, first: int, last: int) -> Iterator[int]:
        step = self._interval
        days = range(first + (self.start_day - first) % step, last + 1, step)
        if not (self._months or self._days_of_month or self._week_days):
            return iter(days)
        return (day for day in days if self._fits_date(day))

    def _fits_date(self, day: int) -> bool:
        if self._week_days and (day - 1) % 7 not in self._week_days:
            return False
        on = date.fromordinal(day)
        if self._months and on.month not in self._months:
            return False
        named = self._days_of_month
        return not named or on.day in named or on.day - _days_in(on.year, on.month) - 1 in named

    def _weekly(self, first: int, last: int) -> Iterator[int]:
        offset = 1 + self._week_start
        begin = (self.start_day - offset) // 7
        week = (first - offset) // 7
        week += (begin - week) % self._interval
        in_week = sorted([(weekday - self._week_start) % 7 for weekday in self._week_days])
        for monday in range(week * 7 + offset, last + 1, 7 * self._interval):
            for number in in_week:
                day = monday + number
                if first <= day <= last and (not self._months or date.fromordinal(day).month in self._months):
                    yield day

    def _in_months(self, first: int, last: int) -> Iterator[int]:
        found = _months(self._lunar, first, last)
        yearly = self._frequency is Frequency.YEARLY
        limited = bool(self._week_days or self._nth or self._year_days or self._weeks)
        for month in found:
            steps = month.year - self._start_year if yearly else month.place - self._first_month
            if steps % self._interval or not self._takes(month, yearly):
                continue
            for number in self._numbers(month.days):
                day = month.first + number - 1
                if first <= day <= last and (not limited or self._fits(day, number, month)):
                    yield day

    def _takes(self, month: Month, yearly: bool) -> bool:
        """A lunar month that was put in is one more month, and never the one whose number it has."""
        if not self._months:
            return not (yearly and month.leap)
        return month.number in self._months and not month.leap

    def _numbers(self, days: int) -> range | list[int]:
        named = self._days_of_month
        if not named:
            return range(1, days + 1)
        if len(named) == 1:
            number = named[0] if named[0] > 0 else days + 1 + named[0]
            return [number] if 1 <= number <= days else []
        numbers = {number if number > 0 else days + 1 + number for number in named}
        return sorted(number for number in numbers if 1 <= number <= days)

    def _fits(self, day: int, number: int, month: Month) -> bool:
        weekday = (day - 1) % 7
        if (self._week_days or self._nth) and weekday not in self._week_days:
            if not self._nth:
                return False
            begin, days = (month.first, month.days) if not self._nth_in_year else _year(month.year)
            place = day - begin
            if self._nth.isdisjoint(((weekday, place // 7 + 1), (weekday, -((days - 1 - place) // 7) - 1))):
                return False
        if self._year_days:
            begin, days = _year(month.year)
            place = day - begin
            if place + 1 not in self._year_days and place - days not in self._year_days:
                return False
        return not self._weeks or not self._weeks.isdisjoint(_week_numbers(day, self._week_start))


def _times(rule: Rule) -> tuple[int, ...]:
    start = rule.start
    if not rule.by_hour and not rule.by_minute:
        return (((start.hour * 60 + start.minute) * 60 + start.second) * 1_000_000,)
    return tuple(
        ((hour * 60 + minute) * 60 + start.second) * 1_000_000
        for hour in rule.by_hour or (start.hour,)
        for minute in rule.by_minute or (start.minute,)
    )


def _picked(picks: tuple[int, ...], length: int) -> list[int]:
    places = {pick - 1 if pick > 0 else length + pick for pick in picks}
    return sorted(place for place in places if 0 <= place < length)


@lru_cache(maxsize=4096)
def _days_in(year: int, month: int) -> int:
    following = date(year + month // 12, month % 12 + 1, 1)
    return following.toordinal() - date(year, month, 1).toordinal()


@lru_cache(maxsize=512)
def _year(year: int) -> tuple[int, int]:
    """Its first day, and how many it has."""
    begin = date(year, 1, 1).toordinal()
    return begin, date(year, 12, 31).toordinal() - begin + 1


@lru_cache(maxsize=4096)
def _week_numbers(day: int, week_start: int) -> tuple[int, int]:
    """The number of the week that holds the day, from the first and from the last of its year. A week belongs to the
    year that has four days of it or more (ISO 8601, where it starts on Monday).
    """
    week = day - (day - 1 - week_start) % 7
    year = date.fromordinal(week + 3).year
    begins = [fourth - (fourth - 1 - week_start) % 7 for fourth in (_year(year)[0] + 3, _year(year + 1)[0] + 3)]
    return (week - begins[0]) // 7 + 1, (week - begins[1]) // 7


def _months(lunar: bool, first: int, last: int) -> Iterable[Month]:
    """Those that have a day from ``first`` to ``last``. Many ask about the same short window; the long ones are
    searches, which mostly end early.
    """
    if last - first <= _SHORT_DAYS:
        return _few_months(lunar, first, last)
    return _lunar_months(first, last) if lunar else _solar_months(first, last)


@lru_cache(maxsize=1024)
def _few_months(lunar: bool, first: int, last: int) -> tuple[Month, ...]:
    return tuple(_lunar_months(first, last) if lunar else _solar_months(first, last))


def _solar_months(first: int, last: int) -> Iterator[Month]:
    begin, end = date.fromordinal(first), date.fromordinal(last)
    for place in range(begin.year * 12 + begin.month - 1, end.year * 12 + end.month):
        yield _solar_month(place // 12, place % 12 + 1)


@lru_cache(maxsize=4096)
def _solar_month(year: int, number: int) -> Month:
    return Month(year, number, date(year, number, 1).toordinal(), _days_in(year, number), year * 12 + number)


def _lunar_months(first: int, last: int) -> Iterator[Month]:
    begin, end = (lunar_of(date.fromordinal(day)).year for day in (first, last))
    for year in range(begin, end + 1):
        for month in _lunar_year(year):
            if month.first <= last and month.first + month.days > first:
                yield month


@lru_cache(maxsize=256)
def _lunar_year(year: int) -> tuple[Month, ...]:
    return tuple(
        Month(year, month.month, month.first.toordinal(), month.days, _moons(month.first.toordinal()), month.leap)
        for month in months(year)
    )


def _moons(day: int) -> int:
    """Counts months without a gap, by their mean length: none begins as much as two days from where that puts it."""
    return round((day - FIRST_DAY) / 29.530588853)
