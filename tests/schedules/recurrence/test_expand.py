"""When rules fire: named cases, and what cannot be planned by."""

from datetime import UTC, date, datetime, timedelta

import pytest

from schedules.recurrence.expand import check, occurrences
from schedules.recurrence.lunar import lunar_of
from schedules.recurrence.parse import parse_rule
from schedules.recurrence.rule import Rule, RuleError
from schedules.recurrence.zones import DAY_US, instant_us, wall_of

ZONE = "Asia/Ho_Chi_Minh"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NOW_US = instant_us(ZONE, datetime.fromisoformat("2026-01-01"))


def rule(text: str, start: str, zone: str = ZONE, extra: tuple[str, ...] = ()) -> Rule:
    return parse_rule(
        text, start=datetime.fromisoformat(start), zone=zone, extra=[datetime.fromisoformat(at) for at in extra]
    )


def utc(text: str) -> int:
    return (datetime.fromisoformat(text).replace(tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)


def walls(found: Rule, from_: str, until: str) -> list[str]:
    """The wall times by which what fires in a window of wall times is named."""
    window = (instant_us(found.zone, datetime.fromisoformat(at)) for at in (from_, until))
    return [f"{one.original:%Y-%m-%d %H:%M}" for one in occurrences(found, *window)]


def instants(found: Rule, from_: str, until: str) -> list[str]:
    """The same in UTC."""
    window = (instant_us(found.zone, datetime.fromisoformat(at)) for at in (from_, until))
    return [f"{EPOCH + timedelta(microseconds=one.start_us):%m-%d %H:%M}" for one in occurrences(found, *window)]


def refusal(found: Rule, now_us: int = NOW_US) -> str:
    with pytest.raises(RuleError) as refused:
        check(found, now_us)
    return refused.value.code


def test_once_is_at_the_start() -> None:
    assert walls(rule("", "2026-03-01 05:00"), "2020-01-01", "2030-01-01") == ["2026-03-01 05:00"]


def test_a_window_holds_its_first_instant_and_not_its_last() -> None:
    daily = rule("FREQ=DAILY", "2026-03-01 05:00")
    assert walls(daily, "2026-03-03 05:00", "2026-03-05 05:00") == ["2026-03-03 05:00", "2026-03-04 05:00"]
    assert walls(daily, "2026-03-05", "2026-03-03") == []


def test_the_start_fires_only_where_the_rule_names_it() -> None:
    # RFC 5545 leaves the other case open; calendars fire at it, dateutil and we do not.
    assert walls(rule("FREQ=WEEKLY;BYDAY=MO", "2026-03-04 05:00"), "2026-03-01", "2026-03-11") == ["2026-03-09 05:00"]


def test_hours_before_the_start_on_its_day_are_left_out() -> None:
    twice = rule("FREQ=DAILY;BYHOUR=5,17", "2026-03-01 17:00")
    assert walls(twice, "2026-03-01", "2026-03-03") == ["2026-03-01 17:00", "2026-03-02 05:00", "2026-03-02 17:00"]


def test_the_end_may_fire() -> None:
    ends = rule("FREQ=DAILY;UNTIL=20260303T050000", "2026-03-01 05:00")
    assert walls(ends, "2026-01-01", "2027-01-01")[-1] == "2026-03-03 05:00"


def test_every_fourth_year_has_a_29th_of_february() -> None:
    leap = rule("FREQ=YEARLY", "2024-02-29 05:00")
    assert walls(leap, "2024-01-01", "2034-01-01") == ["2024-02-29 05:00", "2028-02-29 05:00", "2032-02-29 05:00"]
    check(leap, NOW_US)


def test_a_month_without_a_31st_is_left_out() -> None:
    monthly = rule("FREQ=MONTHLY", "2026-01-31 05:00")
    assert [day[5:10] for day in walls(monthly, "2026-01-01", "2026-08-01")] == ["01-31", "03-31", "05-31", "07-31"]


def test_the_last_day_of_each_month() -> None:
    monthly = rule("FREQ=MONTHLY;BYMONTHDAY=-1", "2026-01-31 05:00")
    assert [day[5:10] for day in walls(monthly, "2026-01-01", "2026-05-01")] == ["01-31", "02-28", "03-31", "04-30"]


def test_weekdays_and_numbered_weekdays_together_are_either() -> None:
    # dateutil takes them for both at once, and finds nothing.
    both = rule("FREQ=MONTHLY;BYDAY=SU,1MO", "2026-03-01 05:00")
    assert [day[8:10] for day in walls(both, "2026-03-01", "2026-04-01")] == ["01", "02", "08", "15", "22", "29"]


def test_a_week_of_the_year_has_the_weekday_of_the_start() -> None:
    # dateutil gives all seven days.
    weekly = rule("FREQ=YEARLY;BYWEEKNO=20", "2026-01-07 05:00")
    assert walls(weekly, "2026-01-01", "2028-01-01") == ["2026-05-13 05:00", "2027-05-19 05:00"]


@pytest.mark.parametrize("number", [1, 51, 52, 53])
def test_weeks_are_numbered_as_in_iso_8601(number: int) -> None:
    found = rule(f"FREQ=YEARLY;BYWEEKNO={number};BYDAY=MO,TU,WE,TH,FR,SA,SU", "1990-01-01 00:00")
    days = [date(1990, 1, 1) + timedelta(days=days) for days in range(40 * 366)]
    expected = [f"{day} 00:00" for day in days if day.isocalendar().week == number]
    assert walls(found, "1990-01-01", f"{days[-1] + timedelta(days=1)}") == expected


def test_the_last_working_day_of_the_month() -> None:
    last = rule("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "2026-01-01 05:00")
    assert [day[5:10] for day in walls(last, "2026-01-01", "2026-06-01")] == [
        *("01-30", "02-27", "03-31", "04-30", "05-29")
    ]


def test_a_wall_time_that_does_not_exist_moves_by_the_gap() -> None:
    daily = rule("FREQ=DAILY", "2025-03-01 02:30", "Europe/Berlin")
    assert instants(daily, "2025-03-29", "2025-04-01") == ["03-29 01:30", "03-30 01:30", "03-31 00:30"]
    assert wall_of("Europe/Berlin", utc("2025-03-30 01:30")) == datetime.fromisoformat("2025-03-30 03:30")


def test_a_wall_time_that_exists_twice_is_the_first() -> None:
    daily = rule("FREQ=DAILY", "2025-10-01 02:30", "Europe/Berlin")
    assert instants(daily, "2025-10-25", "2025-10-28") == ["10-25 00:30", "10-26 00:30", "10-27 01:30"]


def test_a_gap_of_half_an_hour() -> None:
    daily = rule("FREQ=DAILY", "2025-10-01 02:10", "Australia/Lord_Howe")
    assert instants(daily, "2025-10-04", "2025-10-07") == ["10-03 15:40", "10-04 15:40", "10-05 15:10"]


def test_a_day_that_was_left_out_moves_to_the_next() -> None:
    # Samoa had no 30 December 2011. What was planned for it falls together with what was planned for the 31st.
    daily = rule("FREQ=DAILY", "2011-12-01 12:00", "Pacific/Apia")
    assert instants(daily, "2011-12-29", "2012-01-02") == ["12-29 22:00", "12-30 22:00", "12-31 22:00"]
    only = rule("", "2011-12-30 12:00", "Pacific/Apia")
    assert instants(only, "2011-12-31", "2012-01-01") == ["12-30 22:00"]


def test_where_midnight_comes_twice_the_first_one_counts() -> None:
    # Newfoundland went from 00:01 back to 23:01 of the day before: the 7th began, and then the 6th went on.
    midnight = rule("FREQ=DAILY", "2010-11-01 00:00", "America/St_Johns")
    assert wall_of(midnight.zone, utc("2010-11-07 03:00")) == datetime.fromisoformat("2010-11-06 23:30")
    found = occurrences(midnight, utc("2010-11-07 02:00"), utc("2010-11-07 03:00"))
    assert [one.start_us for one in found] == [utc("2010-11-07 02:30")]
    ends = rule("FREQ=DAILY;UNTIL=20101107T030000Z", "2010-11-01 00:00", "America/St_Johns")
    assert occurrences(ends, 0, utc("2011-01-01"))[-1:] == found


def test_two_wall_times_that_are_one_instant_fire_once() -> None:
    twice = rule("FREQ=DAILY;BYHOUR=2,3;BYMINUTE=30", "2025-03-30 02:30", "Europe/Berlin")
    assert walls(twice, "2025-03-30", "2025-03-31") == ["2025-03-30 03:30"]


def test_times_besides_fire_too_and_once() -> None:
    found = rule("FREQ=WEEKLY;COUNT=2", "2026-03-02 05:00", extra=("2026-03-09 05:00", "2026-02-01 17:00"))
    assert walls(found, "2026-01-01", "2027-01-01") == ["2026-02-01 17:00", "2026-03-02 05:00", "2026-03-09 05:00"]


def test_a_lunar_month_begins_with_its_first_day() -> None:
    monthly = rule("RSCALE=VIETNAMESE;FREQ=MONTHLY;BYMONTHDAY=1,15", "2020-01-01 05:00")
    days = [date(2020, 1, 1) + timedelta(days=days) for days in range(1500)]
    expected = [f"{day} 05:00" for day in days if lunar_of(day).day in {1, 15}]
    assert walls(monthly, "2020-01-01", f"{days[-1] + timedelta(days=1)}") == expected


def test_tet_is_the_first_day_of_the_lunar_year() -> None:
    tet = rule("RSCALE=VIETNAMESE;FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=1", "1960-01-01 00:05")
    found = walls(tet, "1960-01-01", "2035-01-01")
    assert {"1968-01-29 00:05", "1985-01-21 00:05", "2007-02-17 00:05", "2030-02-02 00:05"} <= set(found)
    assert len(found) == 75


def test_the_last_evening_of_the_lunar_year() -> None:
    eve = rule("RSCALE=VIETNAMESE;FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=-1", "2025-01-01 23:00")
    assert walls(eve, "2025-01-01", "2027-01-01") == ["2025-01-28 23:00", "2026-02-16 23:00"]


def test_a_yearly_lunar_rule_fires_in_the_month_itself_and_not_in_the_one_put_in() -> None:
    # 2023 had a second month twice: from 20 February, and put in from 22 March.
    yearly = rule("RSCALE=VIETNAMESE;FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=1", "2023-01-01 05:00")
    monthly = rule("RSCALE=VIETNAMESE;FREQ=MONTHLY;BYMONTHDAY=1", "2023-01-01 05:00")
    assert walls(yearly, "2023-01-01", "2024-01-01") == ["2023-02-20 05:00"]
    assert {"2023-02-20 05:00", "2023-03-22 05:00"} <= set(walls(monthly, "2023-01-01", "2024-01-01"))


def test_every_second_lunar_month_counts_the_one_put_in() -> None:
    second = rule("RSCALE=VIETNAMESE;FREQ=MONTHLY;INTERVAL=2", "2023-02-20 05:00")
    assert walls(second, "2023-01-01", "2023-09-01") == [
        *("2023-02-20 05:00", "2023-04-20 05:00", "2023-06-18 05:00", "2023-08-16 05:00")
    ]


def test_a_lunar_month_without_a_30th_is_left_out() -> None:
    monthly = rule("RSCALE=VIETNAMESE;FREQ=MONTHLY;BYMONTHDAY=30", "2026-01-01 05:00")
    found = walls(monthly, "2026-01-01", "2028-01-01")
    assert 10 < len(found) < 16
    assert all(lunar_of(date.fromisoformat(day[:10])).day == 30 for day in found)


def test_a_lunar_rule_takes_from_its_start_what_it_leaves_empty() -> None:
    # 2023-04-10 is the 20th of the month put in: the yearly rule keeps number and day.
    yearly = rule("RSCALE=VIETNAMESE;FREQ=YEARLY", "2023-04-10 05:00")
    found = walls(yearly, "2023-01-01", "2026-01-01")
    assert [
        (lunar.month, lunar.day, lunar.leap) for lunar in (lunar_of(date.fromisoformat(d[:10])) for d in found)
    ] == [*((2, 20, False), (2, 20, False))]


def test_nothing_fires_outside_the_years_that_are_planned_for() -> None:
    daily = rule("FREQ=DAILY", "2199-12-30 05:00")
    assert len(occurrences(daily, 0, 10**18)) == 2
    lunar = rule("RSCALE=VIETNAMESE;FREQ=MONTHLY;BYMONTHDAY=1", "2100-10-01 05:00")
    assert all(one.original.year == 2100 for one in occurrences(lunar, 0, 10**18))
    assert occurrences(daily, -(10**20), -(10**19)) == ()


@pytest.mark.parametrize(
    "text",
    [
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;BYMONTH=4,6;BYMONTHDAY=31",
        "FREQ=YEARLY;BYYEARDAY=200;BYMONTH=1",
        "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6",
        "FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=300",
        "FREQ=WEEKLY;BYMONTH=2;BYSETPOS=8",
        "FREQ=DAILY;BYHOUR=5,17;BYSETPOS=-3",
        "FREQ=MONTHLY;BYHOUR=5,17;BYSETPOS=63",
        "FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=29",
        "FREQ=DAILY;UNTIL=20260101",
        "RSCALE=VIETNAMESE;FREQ=YEARLY;INTERVAL=100;BYMONTH=1",
    ],
)
def test_a_rule_that_never_fires_is_refused(text: str) -> None:
    start = "2026-01-01 00:00" if "RSCALE" not in text else "2026-06-01 00:00"
    assert refusal(rule(text, "2026-02-01 05:00" if "UNTIL" in text else start)) == "rule_never_fires"


def test_a_rule_that_is_over_is_refused() -> None:
    over = rule("FREQ=DAILY;COUNT=3", "2025-06-01 05:00")
    assert refusal(over) == "rule_never_fires"
    check(over, instant_us(ZONE, datetime.fromisoformat("2025-06-03 05:00")))
    assert refusal(rule("", "2025-12-31 23:59")) == "rule_never_fires"


@pytest.mark.parametrize(
    "text",
    ["", "FREQ=DAILY", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "FREQ=YEARLY;BYWEEKNO=53", "FREQ=YEARLY;INTERVAL=50"],
)
def test_what_fires_however_seldom_can_be_planned_by(text: str) -> None:
    check(rule(text, "2026-01-01 05:00"), NOW_US)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"zone": ""}, "zone_unknown"),
        ({"zone": "Mars/Olympus"}, "zone_unknown"),
        ({"start": datetime.fromisoformat("0001-01-01")}, "rule_out_of_years"),
        ({"start": datetime.fromisoformat("2026-01-01T05:00+07:00")}, "rule_malformed"),
        ({"extra": (datetime.fromisoformat("2300-01-01"),)}, "rule_out_of_years"),
        ({"interval": 2}, "rule_malformed"),
        ({"by_hour": (5,)}, "rule_malformed"),
    ],
)
def test_a_rule_that_was_not_read_from_a_text_is_checked_too(changed: dict[str, object], code: str) -> None:
    values: dict[str, object] = {"zone": ZONE, "start": datetime.fromisoformat("2026-01-01 05:00"), **changed}
    assert refusal(Rule(**values)) == code  # type: ignore[arg-type]


def test_the_most_times_a_day_for_the_most_counted_ends() -> None:
    hours = ",".join(map(str, range(24)))
    often = rule(f"FREQ=DAILY;BYHOUR={hours};BYMINUTE=0,30;COUNT=10000", "2026-01-01 00:00")
    assert len(occurrences(often, NOW_US, NOW_US + 1000 * DAY_US)) == 10_000
