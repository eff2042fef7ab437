"""The Vietnamese lunar calendar: days, months and years of 1900 to 2100, reckoned for the meridian of 105 degrees east.

It differs from the Chinese one on some days, by a day or a whole month. A year has 12 or 13 months of 29 or 30 days;
the month put in takes the number of the one before it, and is ``leap``. The astronomy is that of ``lunar_vn`` (Hồ Ngọc
Đức's rules), which is imported only where it is asked: small devices do not carry it.
"""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from schedules.recurrence.rule import RuleError

FIRST_DAY = date(1900, 1, 1)
LAST_DAY = date(2100, 12, 31)
FIRST_YEAR = 1899
"""The first lunar year: it ends in January 1900."""
LAST_YEAR = 2100

_ZONE_HOURS = 7.0
_EPOCH_JULIAN_DAY = 1_721_425
"""The Julian day number of what would have the ordinal 0, the day before 0001-01-01."""


@dataclass(frozen=True, order=True, slots=True)
class LunarDay:
    """A day of the lunar calendar; ``leap`` is true in a month that was put in."""

    year: int
    month: int
    day: int
    leap: bool = False


class LunarMonth(NamedTuple):
    """A month of a lunar year: its number, whether it was put in, its first day in the solar calendar, its length."""

    month: int
    leap: bool
    first: date
    days: int


def lunar_of(day: date) -> LunarDay:
    """Which lunar day a solar day is. Raises RuleError (``rule_out_of_years``) outside 1900 to 2100."""
    if not FIRST_DAY <= day <= LAST_DAY:
        raise _out_of_years(day.year)
    ordinal = day.toordinal()
    year = day.year
    firsts, table = _table(year)
    if ordinal < firsts[0]:
        year -= 1
        firsts, table = _table(year)
    place = bisect_right(firsts, ordinal) - 1
    found = table[place]
    return LunarDay(year, found.month, ordinal - firsts[place] + 1, found.leap)


def solar_of(day: LunarDay) -> date | None:
    """Which solar day a lunar day is; None where there is no such day: that year has no such leap month, or that month
    only 29 days. Raises RuleError (``rule_out_of_years``) where the lunar year is not in 1899 to 2100.
    """
    for found in months(day.year):
        if found.month == day.month and found.leap == day.leap:
            return found.first + timedelta(days=day.day - 1) if 1 <= day.day <= found.days else None
    return None


def months(year: int) -> tuple[LunarMonth, ...]:
    """The months of a lunar year in their order. Raises RuleError (``rule_out_of_years``) outside 1899 to 2100."""
    return _table(year)[1]


def new_year(year: int) -> date:
    """The first day of a lunar year (mùng 1 Tết). Raises RuleError (``rule_out_of_years``)."""
    return months(year)[0].first


@lru_cache(maxsize=256)
def _table(year: int) -> tuple[tuple[int, ...], tuple[LunarMonth, ...]]:
    """The months of a lunar year, and the ordinals of their first days."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise _out_of_years(year)
    around = _from_solstice(year - 1) + _from_solstice(year)
    first, ends = (ordinal for month, leap, ordinal in around if month == 1 and not leap)
    begins = [begin for begin in around if first <= begin[2] < ends]
    firsts = tuple(ordinal for _, _, ordinal in begins)
    table = tuple(
        LunarMonth(month, leap, date.fromordinal(ordinal), until - ordinal)
        for (month, leap, ordinal), until in zip(begins, (*firsts[1:], ends), strict=True)
    )
    return firsts, table


def _from_solstice(year: int) -> list[tuple[int, bool, int]]:
    """Number, leap and first day (as an ordinal) of the months from the 11th of a lunar year, in which the winter
    solstice lies, until the 11th of the next. Where there are 13, the first without a major solar term is the leap one.
    """
    from lunar_vn import core

    first = core.get_lunar_month11(year, _ZONE_HOURS)
    until = core.get_lunar_month11(year + 1, _ZONE_HOURS)
    leap_at = core.get_leap_month_offset(first, _ZONE_HOURS) if until - first > 365 else None
    moon = round((first - 2_415_021.076998695) / 29.530588853)
    begins: list[tuple[int, bool, int]] = []
    for place in range(12 if leap_at is None else 13):
        shifted = place if leap_at is None or place < leap_at else place - 1
        ordinal = core.get_new_moon_day(moon + place, _ZONE_HOURS) - _EPOCH_JULIAN_DAY
        begins.append(((shifted + 10) % 12 + 1, place == leap_at, ordinal))
    return begins


def _out_of_years(year: int) -> RuleError:
    return RuleError(f"The lunar calendar is known from 1900 to 2100, not in {year}", "rule_out_of_years")
