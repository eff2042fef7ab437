"""The form of a schedule makes the rule that was meant, and is filled from it again."""

from dataclasses import replace
from datetime import date, datetime

import pytest

from controller.domain.errors import Invalid
from controller.web.schedule_forms import done, eve_of_tet, place_of, rule_of, when_form
from controller.web.scheduleviews import Ends, Repeat, ScheduleForm
from schedules.recurrence.parse import parse_rule, rule_text
from schedules.recurrence.rule import OnHoliday, Rule

ZONE = "Asia/Ho_Chi_Minh"
FORM = ScheduleForm(start="2026-03-02", times=["17:00"])

MEANT = [
    (replace(FORM, repeat=Repeat.ONCE), ""),
    (FORM, "FREQ=DAILY;BYHOUR=17;BYMINUTE=0"),
    (replace(FORM, times=["17:00", "05:00"], every="2"), "FREQ=DAILY;INTERVAL=2;BYHOUR=5,17;BYMINUTE=0"),
    (replace(FORM, repeat=Repeat.WEEKLY, weekdays=[0, 4]), "FREQ=WEEKLY;BYDAY=MO,FR;BYHOUR=17;BYMINUTE=0"),
    (
        replace(FORM, repeat=Repeat.MONTHLY, month_days="1, 15", last_day=True),
        "FREQ=MONTHLY;BYMONTHDAY=1,15,-1;BYHOUR=17;BYMINUTE=0",
    ),
    (
        replace(FORM, repeat=Repeat.NTH, nth="-1", nth_weekday="5"),
        "FREQ=MONTHLY;BYDAY=-1SA;BYHOUR=17;BYMINUTE=0",
    ),
    (replace(FORM, repeat=Repeat.YEARLY), "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=2;BYHOUR=17;BYMINUTE=0"),
    (replace(FORM, repeat=Repeat.LUNAR), "RSCALE=VIETNAMESE;FREQ=MONTHLY;BYMONTHDAY=1,15;BYHOUR=17;BYMINUTE=0"),
    (
        replace(FORM, repeat=Repeat.TET, tet_days="1 2 3"),
        "RSCALE=VIETNAMESE;FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=1,2,3;BYHOUR=17;BYMINUTE=0",
    ),
    (
        replace(FORM, ends=Ends.DAY, until="2027-02-05"),
        "FREQ=DAILY;UNTIL=20270205T165959Z;BYHOUR=17;BYMINUTE=0",
    ),
    (replace(FORM, ends=Ends.COUNT, count="10"), "FREQ=DAILY;COUNT=10;BYHOUR=17;BYMINUTE=0"),
]


@pytest.mark.parametrize(("form", "text"), MEANT)
def test_what_is_typed_is_the_rule_that_was_meant_and_comes_back(form: ScheduleForm, text: str) -> None:
    rule = rule_of(form, ZONE)
    again = when_form(rule)
    assert rule == parse_rule(text, start=rule.start, zone=ZONE)
    assert again.repeat is form.repeat
    assert rule_of(again, ZONE) == rule


def test_several_times_of_one_day_are_several_wall_times() -> None:
    form = replace(FORM, repeat=Repeat.ONCE, times=["17:30", "05:00"])
    rule = rule_of(form, ZONE)
    assert (rule.start, rule.extra) == (wall(5), (wall(17, 30),))
    assert list(when_form(rule).times) == ["05:00", "17:30"]


def test_a_rule_that_the_form_has_no_fields_for_is_shown_as_its_text_and_stays_as_it_is() -> None:
    rule = parse_rule("FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", start=wall(17), zone=ZONE, on_holiday=OnHoliday.SKIP)
    form = when_form(rule)
    assert (form.repeat, form.custom) == (Repeat.CUSTOM, rule_text(rule))
    assert rule_of(form, ZONE) == rule


def test_hours_that_a_rule_takes_from_its_start_are_times_of_the_form() -> None:
    form = when_form(parse_rule("FREQ=DAILY", start=wall(17), zone=ZONE))
    assert (form.repeat, list(form.times)) == (Repeat.DAILY, ["17:00"])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"start": "yesterday"}, "start_missing"),
        ({"start": ""}, "start_missing"),
        ({"times": [""]}, "times_missing"),
        ({"times": ["25:00"]}, "times_missing"),
        ({"times": ["05:00", "17:30"]}, "times_differ"),
        ({"every": "0"}, "every_malformed"),
        ({"every": "³"}, "every_malformed"),
        ({"repeat": Repeat.WEEKLY, "weekdays": []}, "weekdays_missing"),
        ({"repeat": Repeat.MONTHLY, "month_days": "32"}, "month_days_malformed"),
        ({"repeat": Repeat.MONTHLY, "month_days": ""}, "month_days_malformed"),
        ({"repeat": Repeat.LUNAR, "lunar_days": "31"}, "lunar_days_malformed"),
        ({"repeat": Repeat.CUSTOM, "custom": ""}, "rule_malformed"),
        ({"ends": Ends.DAY, "until": ""}, "until_missing"),
        ({"ends": Ends.COUNT, "count": "0"}, "count_malformed"),
        ({"ends": Ends.COUNT, "count": "9" * 30}, "count_malformed"),
    ],
)
def test_what_cannot_be_understood_names_its_field(change: dict[str, object], code: str) -> None:
    with pytest.raises(Invalid) as raised:
        rule_of(replace(FORM, **change), ZONE)  # type: ignore[arg-type]
    assert raised.value.code == code
    assert place_of(code, FORM)


def test_what_is_wrong_stands_at_a_field_that_is_shown() -> None:
    tet = replace(FORM, repeat=Repeat.TET, tet_days="31")
    assert place_of("lunar_days_malformed", tet) == "tet_days"
    hidden = replace(FORM, repeat=Repeat.TET, tet_days="1", every="")
    assert rule_of(hidden, ZONE).by_month == (1,), "how often it repeats is not asked there"


def test_until_tet_is_until_the_day_before_the_lunar_new_year() -> None:
    assert eve_of_tet(date(2026, 3, 2)) == date(2027, 2, 5)
    assert eve_of_tet(date(2027, 2, 5)) == date(2027, 2, 5)
    assert eve_of_tet(date(2030, 2, 1)) == date(2030, 2, 1), "the new year of 2030 is on 2 February"
    form = done(FORM, "tet", date(2027, 2, 5))
    assert (form.ends, form.until) == (Ends.DAY, "2027-02-05")


def test_times_are_added_and_taken_out() -> None:
    two = done(FORM, "time", date(2027, 2, 5))
    assert list(two.times) == ["17:00", ""]
    assert list(done(two, "untime:0", date(2027, 2, 5)).times) == [""]
    assert done(FORM, "untime:0", date(2027, 2, 5)) == FORM, "the last one stays"
    assert done(FORM, "untime:x", date(2027, 2, 5)) == FORM


def test_a_rule_keeps_its_zone() -> None:
    rule = Rule(zone="Europe/Berlin", start=wall(17))
    assert rule_of(when_form(rule), "Europe/Berlin") == rule


def wall(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, 2, hour, minute)  # noqa: DTZ001 - a wall time
