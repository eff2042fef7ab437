"""The Vietnamese lunar calendar: leap months, where it differs from the Chinese one, each day once."""

from datetime import date, timedelta
from itertools import pairwise

import lunar_vn
import pytest

from schedules.recurrence.lunar import FIRST_DAY, LAST_DAY, LunarDay, lunar_of, months, new_year, solar_of
from schedules.recurrence.rule import RuleError


@pytest.mark.parametrize(
    ("day", "chinese"),
    [
        (date(1968, 1, 29), date(1968, 1, 30)),
        (date(1985, 1, 21), date(1985, 2, 20)),
        (date(2007, 2, 17), date(2007, 2, 18)),
        (date(2030, 2, 2), date(2030, 2, 3)),
    ],
)
def test_tet_is_that_of_viet_nam_where_it_differs_from_that_of_china(day: date, chinese: date) -> None:
    assert new_year(day.year) == day
    assert lunar_of(day) == LunarDay(day.year, 1, 1)
    assert lunar_of(chinese) != LunarDay(day.year, 1, 1)


@pytest.mark.parametrize(
    ("solar", "lunar"),
    [
        (date(2024, 2, 10), LunarDay(2024, 1, 1)),
        (date(2025, 1, 28), LunarDay(2024, 12, 29)),
        (date(2025, 1, 29), LunarDay(2025, 1, 1)),
        (date(2025, 7, 25), LunarDay(2025, 6, 1, leap=True)),
        (date(2026, 2, 17), LunarDay(2026, 1, 1)),
        (date(2026, 4, 26), LunarDay(2026, 3, 10)),
        (date(2033, 12, 22), LunarDay(2033, 11, 1, leap=True)),
    ],
)
def test_days_that_are_known(solar: date, lunar: LunarDay) -> None:
    assert lunar_of(solar) == lunar
    assert solar_of(lunar) == solar


def test_every_day_has_one_name_and_goes_back_to_itself() -> None:
    day = FIRST_DAY
    while day <= LAST_DAY:
        assert solar_of(lunar_of(day)) == day
        day += timedelta(days=7)


def test_it_says_what_the_library_says_day_by_day() -> None:
    for ordinal in range(FIRST_DAY.toordinal(), LAST_DAY.toordinal() + 1, 13):
        day = date.fromordinal(ordinal)
        theirs = lunar_vn.solar_to_lunar(day)
        assert lunar_of(day) == LunarDay(theirs.year, theirs.month, theirs.day, theirs.leap)


def test_years_join_without_a_gap_and_have_their_months_in_order() -> None:
    after = None
    for year in range(1899, 2101):
        table = months(year)
        assert after is None or table[0].first == after
        assert len(table) == 12 + sum(month.leap for month in table) <= 13
        assert [month.month for month in table if not month.leap] == list(range(1, 13))
        for month, following in pairwise(table):
            assert following.first - month.first == timedelta(days=month.days)
            assert not following.leap or following.month == month.month
        assert {month.days for month in table} == {29, 30}
        after = table[-1].first + timedelta(days=table[-1].days)


def test_a_leap_month_comes_seven_times_in_nineteen_years() -> None:
    assert [(year, month.month) for year in range(2014, 2033) for month in months(year) if month.leap] == [
        (2014, 9),
        (2017, 6),
        (2020, 4),
        (2023, 2),
        (2025, 6),
        (2028, 5),
        (2031, 3),
    ]


@pytest.mark.parametrize(
    "day",
    [
        LunarDay(2024, 12, 30),  # 29 days
        LunarDay(2026, 6, 1, leap=True),  # no such leap month that year
        LunarDay(2026, 13, 1),
        LunarDay(2026, 1, 31),
        LunarDay(2026, 1, 0),
    ],
)
def test_a_day_that_does_not_exist_has_no_solar_day(day: LunarDay) -> None:
    assert solar_of(day) is None


def test_nothing_is_known_outside_1900_to_2100() -> None:
    for outside in (
        lambda: lunar_of(date(1899, 12, 31)),
        lambda: lunar_of(date(2101, 1, 1)),
        lambda: months(1898),
        lambda: months(2101),
        lambda: solar_of(LunarDay(2101, 1, 1)),
    ):
        with pytest.raises(RuleError) as refused:
            outside()
        assert refused.value.code == "rule_out_of_years"
