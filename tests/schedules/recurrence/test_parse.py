"""What a rule may say, what is refused and why, and that one rule has one text."""

from datetime import datetime

import pytest

from schedules.recurrence.expand import check
from schedules.recurrence.parse import parse_rule, rule_text
from schedules.recurrence.rule import ByDay, Calendar, Frequency, OnHoliday, Rule, RuleError
from schedules.recurrence.sentences import rule_sentence
from schedules.recurrence.zones import instant_us

ZONE = "Asia/Ho_Chi_Minh"
START = datetime.fromisoformat("2026-01-05 05:00")


def parsed(text: str, *, start: datetime = START, zone: str = ZONE) -> Rule:
    return parse_rule(text, start=start, zone=zone)


def refusal(text: str, *, start: datetime = START, zone: str = ZONE) -> str:
    with pytest.raises(RuleError) as refused:
        parsed(text, start=start, zone=zone)
    return refused.value.code


def test_every_part_is_read() -> None:
    text = (
        "FREQ=YEARLY;INTERVAL=2;COUNT=10;BYMONTH=3,1;BYWEEKNO=10,-1;BYYEARDAY=1,-366;BYMONTHDAY=1,-31;BYDAY=SU,MO"
        ";BYHOUR=17,5;BYMINUTE=30;BYSETPOS=1,-1;WKST=SU"
    )
    assert parsed(text) == Rule(
        zone=ZONE,
        start=START,
        frequency=Frequency.YEARLY,
        interval=2,
        count=10,
        by_month=(1, 3),
        by_week_no=(-1, 10),
        by_year_day=(-366, 1),
        by_month_day=(-31, 1),
        by_day=(ByDay(0), ByDay(6)),
        by_hour=(5, 17),
        by_minute=(30,),
        by_set_pos=(-1, 1),
        week_start=6,
    )


def test_numbered_weekdays_are_read() -> None:
    assert parsed("FREQ=MONTHLY;BYDAY=2TU,-1FR,+1MO").by_day == (ByDay(0, 1), ByDay(1, 2), ByDay(4, -1))


def test_nothing_is_once() -> None:
    extra = [datetime.fromisoformat("2026-02-01 05:00")]
    rule = parse_rule("", start=START, zone=ZONE, on_holiday=OnHoliday.SKIP, extra=extra)
    assert rule.frequency is Frequency.ONCE
    assert (rule.on_holiday, rule.extra) == (OnHoliday.SKIP, tuple(extra))
    assert rule_text(rule) == ""


def test_a_lunar_rule_names_its_calendar() -> None:
    rule = parsed("RSCALE=VIETNAMESE;FREQ=MONTHLY;BYMONTHDAY=15,1")
    assert rule.calendar is Calendar.LUNAR
    assert rule_text(rule) == "RSCALE=VIETNAMESE;FREQ=MONTHLY;BYMONTHDAY=1,15"


def test_the_solar_calendar_may_be_named() -> None:
    assert parsed("RSCALE=GREGORIAN;FREQ=DAILY;SKIP=OMIT") == parsed("FREQ=DAILY")


@pytest.mark.parametrize(
    ("until", "last"),
    [
        ("20260110T100000Z", "2026-01-10 17:00:00"),
        ("20260110T170000", "2026-01-10 17:00:00"),
        ("20260110", "2026-01-10 23:59:59"),
    ],
)
def test_an_end_is_an_instant_or_a_wall_time_or_a_whole_day(until: str, last: str) -> None:
    rule = parsed(f"FREQ=DAILY;UNTIL={until}")
    assert rule.until_us == instant_us(ZONE, datetime.fromisoformat(last))


def test_an_end_is_written_in_utc() -> None:
    assert rule_text(parsed("FREQ=DAILY;UNTIL=20260110")) == "FREQ=DAILY;UNTIL=20260110T165959Z"


@pytest.mark.parametrize("zone", [ZONE, "America/New_York", "Pacific/Kiritimati"])
@pytest.mark.parametrize("end", ["99991231", "99991231T235959", "99991231T235959Z"])
def test_many_write_9999_where_they_mean_always(end: str, zone: str) -> None:
    rule = parse_rule(f"FREQ=DAILY;UNTIL={end}", start=datetime.fromisoformat("2026-01-05T17:00"), zone=zone)
    again = parse_rule(rule_text(rule), start=rule.start, zone=zone)
    assert again == rule
    assert "UNTIL=99991231T" in rule_text(rule)
    check(rule, instant_us(zone, datetime.fromisoformat("2190-01-01T00:00")))
    said = rule_sentence(rule, "en").removesuffix(f", in {zone} time.").removesuffix(".")
    assert said.endswith("from 5 January 2026 until the end of 31 December 9999")


@pytest.mark.parametrize(
    "other",
    [
        "RRULE:FREQ=WEEKLY;BYDAY=MO,FR;BYHOUR=5,17",
        " byhour=17,5,5;byday=FR,MO,FR;freq=weekly ",
        "FREQ=WEEKLY;INTERVAL=1;WKST=MO;BYDAY=MO,FR;BYHOUR=5,17;BYSECOND=0",
    ],
)
def test_other_spellings_are_the_same_rule(other: str) -> None:
    text = "FREQ=WEEKLY;BYDAY=MO,FR;BYHOUR=5,17"
    assert parsed(other) == parsed(text)
    assert rule_text(parsed(other)) == text


def test_a_rule_knows_whole_seconds() -> None:
    start = START.replace(microsecond=5, fold=1)
    rule = Rule(zone=ZONE, start=start, until_us=1_000_001, extra=(start, START))
    assert rule == Rule(zone=ZONE, start=START, until_us=1_000_000, extra=(START,))
    assert hash(rule) == hash(Rule(zone=ZONE, start=START, until_us=1_000_000, extra=(START,)))


@pytest.mark.parametrize("often", ["SECONDLY", "MINUTELY"])
def test_seconds_and_minutes_are_too_often(often: str) -> None:
    assert refusal(f"FREQ={often};INTERVAL=1440") == "rule_too_often"


@pytest.mark.parametrize("often", ["HOURLY", "FORTNIGHTLY", "daily2"])
def test_unknown_frequencies_are_refused(often: str) -> None:
    assert refusal(f"FREQ={often}") == "frequency_unknown"


@pytest.mark.parametrize("zone", ["", "Asia/Hanoi", "Europe", "../etc/passwd", "/etc/localtime", "localtime", "a\0b"])
def test_a_rule_without_a_zone_is_refused(zone: str) -> None:
    assert refusal("FREQ=DAILY", zone=zone) == "zone_unknown"


@pytest.mark.parametrize(
    "text",
    [
        "INTERVAL=2",
        "FREQ",
        "FREQ=",
        "FREQ=DAILY;",
        "FREQ=DAILY;;COUNT=2",
        "FREQ=DAILY;FREQ=DAILY",
        "FREQ=DAILY;COUNT=2;COUNT=3",
        "FREQ=DAILY;BYEASTER=1",
        "FREQ=DAILY;X-LOA=1",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;INTERVAL=-1",
        "FREQ=DAILY;INTERVAL=two",
        "FREQ=DAILY;INTERVAL=1.5",
        "FREQ=DAILY;INTERVAL=1,2",
        "FREQ=DAILY;INTERVAL=٢",
        "FREQ=DAILY;INTERVAL=99999999999999999999",
        "FREQ=DAILY;COUNT=0",
        "FREQ=DAILY;COUNT=3;UNTIL=20300101",
        "FREQ=DAILY;UNTIL=tomorrow",
        "FREQ=DAILY;UNTIL=20260230",
        "FREQ=DAILY;UNTIL=20260101T250000Z",
        "FREQ=DAILY;BYMONTH=0",
        "FREQ=DAILY;BYMONTH=13",
        "FREQ=DAILY;BYMONTH=5L",
        "FREQ=MONTHLY;BYMONTHDAY=0",
        "FREQ=MONTHLY;BYMONTHDAY=32",
        "FREQ=MONTHLY;BYMONTHDAY=,1",
        "FREQ=YEARLY;BYYEARDAY=367",
        "FREQ=YEARLY;BYWEEKNO=54",
        "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=WEEKLY;BYDAY=0MO",
        "FREQ=MONTHLY;BYDAY=6MO",
        "FREQ=YEARLY;BYDAY=54MO",
        "FREQ=DAILY;BYHOUR=24",
        "FREQ=DAILY;BYMINUTE=60",
        "FREQ=DAILY;BYSECOND=30",
        "FREQ=DAILY;BYDAY=MO;BYSETPOS=0",
        "FREQ=DAILY;BYDAY=MO;BYSETPOS=367",
        "FREQ=DAILY;WKST=1",
        # What RFC 5545 does not allow together.
        "FREQ=DAILY;BYDAY=1MO",
        "FREQ=WEEKLY;BYDAY=-1MO",
        "FREQ=WEEKLY;BYMONTHDAY=1",
        "FREQ=MONTHLY;BYYEARDAY=1",
        "FREQ=MONTHLY;BYWEEKNO=1",
        "FREQ=YEARLY;BYWEEKNO=1;BYDAY=1MO",
        "FREQ=DAILY;BYSETPOS=1",
        # What the lunar calendar does not have.
        "RSCALE=CHINESE;FREQ=YEARLY",
        "RSCALE=VIETNAMESE;FREQ=DAILY",
        "RSCALE=VIETNAMESE;FREQ=WEEKLY",
        "RSCALE=VIETNAMESE;FREQ=MONTHLY;BYMONTHDAY=31",
        "RSCALE=VIETNAMESE;FREQ=MONTHLY;BYDAY=MO",
        "RSCALE=VIETNAMESE;FREQ=YEARLY;SKIP=FORWARD",
    ],
)
def test_what_is_not_understood_is_refused(text: str) -> None:
    assert refusal(text) == "rule_malformed"


def test_wall_times_carry_no_zone_of_their_own() -> None:
    assert refusal("FREQ=DAILY", start=datetime.fromisoformat("2026-01-05T05:00+07:00")) == "rule_malformed"


@pytest.mark.parametrize(
    "text",
    [
        "FREQ=DAILY;COUNT=10001",
        "FREQ=YEARLY;BYYEARDAY=" + ",".join(map(str, range(1, 250))),
        "FREQ=DAILY;BYHOUR=" + ",".join(["5"] * 2000),
    ],
)
def test_too_much_is_refused(text: str) -> None:
    assert refusal(text) == "rule_too_many"


def test_too_many_times_besides_are_refused() -> None:
    extra = [START.replace(year=1990 + year, month=month) for year in range(20) for month in range(1, 13)]
    with pytest.raises(RuleError) as refused:
        parse_rule("FREQ=DAILY", start=START, zone=ZONE, extra=extra)
    assert refused.value.code == "rule_too_many"


def test_more_than_48_times_a_day_is_too_often() -> None:
    hours = "BYHOUR=" + ",".join(map(str, range(24)))
    assert parsed(f"FREQ=DAILY;{hours};BYMINUTE=0,30").by_minute == (0, 30)
    assert refusal(f"FREQ=DAILY;{hours};BYMINUTE=0,20,40") == "rule_too_often"
    with pytest.raises(RuleError) as refused:
        parse_rule(f"FREQ=DAILY;{hours};BYMINUTE=0,30", start=START, zone=ZONE, extra=[START.replace(minute=7)])
    assert refused.value.code == "rule_too_often"


@pytest.mark.parametrize("year", [1, 1899, 2200, 9999])
def test_years_that_cannot_be_planned_for_are_refused(year: int) -> None:
    assert refusal("FREQ=DAILY", start=START.replace(year=year)) == "rule_out_of_years"
    assert refusal("", start=START.replace(year=year)) == "rule_out_of_years"


def test_the_lunar_calendar_is_known_until_2100() -> None:
    assert refusal("RSCALE=VIETNAMESE;FREQ=YEARLY", start=START.replace(year=2101)) == "rule_out_of_years"
    assert refusal("FREQ=DAILY;UNTIL=00010101") == "rule_out_of_years"
