"""Vietnam's public holidays, as article 112 of the Labour Code of 2019 states them.

The Prime Minister announces each year which days Tet's five are, and whether National Day takes the day before or the
one after besides. What stands here is what holds without an announcement: the last day of the lunar year and the four
that follow; of National Day 2 September alone. What is announced, and days given in exchange for a weekend, a station
adds as days of its own. So it does with 24 November (Vietnamese Culture Day): the Politburo's resolution 80 of January
2026 and the government's resolution 30 of February 2026 ask for it, but no amendment of article 112 was found that
makes it a public holiday.
"""

from datetime import date, timedelta

from schedules.recurrence.lunar import FIRST_DAY, LAST_DAY, LunarDay, new_year, solar_of

_SOLAR = (
    (1, 1, "Tết Dương lịch", "New Year's Day"),
    (4, 30, "Ngày Chiến thắng 30/4", "Reunification Day"),
    (5, 1, "Ngày Quốc tế Lao động", "International Workers' Day"),
    (9, 2, "Quốc khánh", "National Day"),
)
_TET = (
    (-1, "Ngày cuối năm âm lịch (30 Tết)", "Lunar New Year's Eve"),
    (0, "Mùng 1 Tết", "First day of Tet"),
    (1, "Mùng 2 Tết", "Second day of Tet"),
    (2, "Mùng 3 Tết", "Third day of Tet"),
    (3, "Mùng 4 Tết", "Fourth day of Tet"),
)
_HUNG_KINGS = ("Giỗ Tổ Hùng Vương", "Hung Kings' Commemoration Day")


def public_holidays(first_year: int, last_year: int) -> frozenset[date]:
    """The public holidays of these years, both included."""
    return frozenset(day for year in range(first_year, last_year + 1) for day in named_holidays(year))


def named_holidays(year: int) -> dict[date, tuple[str, str]]:
    """The public holidays of a solar year in their order, with their names in Vietnamese and in English.

    Where two fall on one day, it has both names. Outside 1900 to 2100 only those of the solar calendar are known.
    """
    names: dict[date, tuple[str, str]] = {}
    for day, vietnamese, english in sorted(_days(year)):
        before = names.get(day)
        names[day] = (
            (vietnamese, english) if before is None else (f"{before[0]}, {vietnamese}", f"{before[1]}, {english}")
        )
    return names


def _days(year: int) -> list[tuple[date, str, str]]:
    days = [(date(year, month, day), vietnamese, english) for month, day, vietnamese, english in _SOLAR]
    if FIRST_DAY.year <= year <= LAST_DAY.year:
        tet = new_year(year)
        days += [(tet + timedelta(days=after), vietnamese, english) for after, vietnamese, english in _TET]
        kings = solar_of(LunarDay(year, 3, 10))
        assert kings is not None
        days.append((kings, *_HUNG_KINGS))
    return days
