"""Public holidays: the days of the Labour Code, Tet by the lunar calendar, and what is left to announcements."""

from datetime import date

from schedules.recurrence.holidays import named_holidays, public_holidays
from schedules.recurrence.lunar import lunar_of


def test_the_year_2026_has_the_ten_days_that_need_no_announcement() -> None:
    assert {f"{day:%d/%m}": vietnamese for day, (vietnamese, _) in named_holidays(2026).items()} == {
        "01/01": "Tết Dương lịch",
        "16/02": "Ngày cuối năm âm lịch (30 Tết)",
        "17/02": "Mùng 1 Tết",
        "18/02": "Mùng 2 Tết",
        "19/02": "Mùng 3 Tết",
        "20/02": "Mùng 4 Tết",
        "26/04": "Giỗ Tổ Hùng Vương",
        "30/04": "Ngày Chiến thắng 30/4",
        "01/05": "Ngày Quốc tế Lao động",
        "02/09": "Quốc khánh",
    }


def test_they_stand_in_the_order_of_the_year_and_have_english_names() -> None:
    names = named_holidays(2030)
    assert list(names) == sorted(names)
    assert names[date(2030, 2, 2)][1] == "First day of Tet"


def test_tet_follows_the_vietnamese_calendar_every_year() -> None:
    for year in range(1900, 2101):
        lunar = [lunar_of(day) for day in named_holidays(year)]
        assert [(day.month, day.day) for day in lunar if day.month == 1][:4] == [(1, 1), (1, 2), (1, 3), (1, 4)]
        assert sum((day.month, day.day, day.leap) == (3, 10, False) for day in lunar) >= 1


def test_several_years_together_are_the_days_of_each() -> None:
    days = public_holidays(2026, 2028)
    assert days == set(named_holidays(2026)) | set(named_holidays(2027)) | set(named_holidays(2028))
    assert public_holidays(2028, 2027) == frozenset()


def test_beyond_the_lunar_calendar_only_solar_holidays_are_known() -> None:
    assert public_holidays(2150, 2150) == {date(2150, 1, 1), date(2150, 4, 30), date(2150, 5, 1), date(2150, 9, 2)}


def test_two_on_one_day_have_both_names() -> None:
    assert named_holidays(1947)[date(1947, 4, 30)] == (
        "Giỗ Tổ Hùng Vương, Ngày Chiến thắng 30/4",
        "Hung Kings' Commemoration Day, Reunification Day",
    )
