"""What is changed of single occurrences, holidays, and series that are split."""

from dataclasses import replace
from datetime import date, datetime

import pytest

from schedules.recurrence.parse import parse_rule, rule_text
from schedules.recurrence.rule import Cancelled, Changed, OnHoliday, RuleError, Series
from schedules.recurrence.series import dues, next_dues, split, with_change, without_change
from schedules.recurrence.zones import instant_us, wall_of

ZONE = "Asia/Ho_Chi_Minh"
NONE: frozenset[date] = frozenset()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def us(text: str) -> int:
    return instant_us(ZONE, at(text))


def series(text: str, start: str = "2026-03-02 05:00", on_holiday: OnHoliday = OnHoliday.PLAY) -> Series:
    return Series(rule=parse_rule(text, start=at(start), zone=ZONE, on_holiday=on_holiday))


def listed(of: Series, from_: str, until: str, holidays: frozenset[date] = NONE) -> list[str]:
    """When it happens, what it is by the rule where that differs, and what does not happen in brackets."""
    said = []
    for due in dues(of, us(from_), us(until), holidays):
        text = f"{wall_of(ZONE, due.start_us):%d %H:%M}"
        if wall_of(ZONE, due.start_us) != due.original:
            text += f" for {due.original:%d %H:%M}"
        said.append(f"({text})" if due.on_holiday or isinstance(due.change, Cancelled) else text)
    return said


def test_one_that_is_moved_is_listed_where_it_was_moved_to() -> None:
    moved = with_change(series("FREQ=DAILY"), Changed(at("2026-03-03 05:00"), to=at("2026-03-04 17:00")))
    assert listed(moved, "2026-03-02", "2026-03-05") == ["02 05:00", "04 05:00", "04 17:00 for 03 05:00"]


def test_one_that_is_moved_out_of_a_window_is_in_the_other() -> None:
    moved = with_change(series("FREQ=DAILY"), Changed(at("2026-03-03 05:00"), to=at("2026-04-10 17:00")))
    assert listed(moved, "2026-03-03", "2026-03-04") == []
    assert listed(moved, "2026-04-10 10:00", "2026-04-11") == ["10 17:00 for 03 05:00"]


def test_one_may_be_moved_before_the_start_and_behind_the_end() -> None:
    few = series("FREQ=DAILY;COUNT=3")
    early = with_change(few, Changed(at("2026-03-02 05:00"), to=at("2026-02-01 05:00")))
    late = with_change(early, Changed(at("2026-03-04 05:00"), to=at("2030-02-01 05:00")))
    assert [f"{wall_of(ZONE, due.start_us):%Y-%m-%d}" for due in next_dues(late, 0, 10, NONE)] == [
        *("2026-02-01", "2026-03-03", "2030-02-01")
    ]


def test_one_that_is_cancelled_stays_in_the_list() -> None:
    cancelled = with_change(series("FREQ=DAILY"), Cancelled(at("2026-03-03 05:00")))
    assert listed(cancelled, "2026-03-02", "2026-03-05") == ["02 05:00", "(03 05:00)", "04 05:00"]
    assert [due.original.day for due in next_dues(cancelled, 0, 2, NONE)] == [2, 4]


def test_other_content_leaves_the_time() -> None:
    change = Changed(at("2026-03-03 05:00"), content_id="other")
    replaced = with_change(series("FREQ=DAILY"), change)
    (due,) = dues(replaced, us("2026-03-03"), us("2026-03-04"), NONE)
    assert (due.start_us, due.change) == (us("2026-03-03 05:00"), change)


def test_a_later_change_takes_the_place_of_the_earlier() -> None:
    moved = with_change(series("FREQ=DAILY"), Changed(at("2026-03-03 05:00"), to=at("2026-03-03 06:00")))
    cancelled = with_change(moved, Cancelled(at("2026-03-03 05:00")))
    assert cancelled.changes == (Cancelled(at("2026-03-03 05:00")),)
    assert without_change(cancelled, at("2026-03-03 05:00")) == series("FREQ=DAILY")
    assert with_change(moved, Changed(at("2026-03-03 05:00"))) == series("FREQ=DAILY")


@pytest.mark.parametrize("original", ["2026-03-03 05:01", "2026-03-01 05:00", "2026-03-06 05:00", "1800-01-01 00:00"])
def test_what_the_rule_does_not_fire_cannot_be_changed(original: str) -> None:
    with pytest.raises(RuleError) as refused:
        with_change(series("FREQ=DAILY;COUNT=4"), Cancelled(at(original)))
    assert refused.value.code == "exception_unknown"


@pytest.mark.parametrize(
    ("to", "code"), [("2026-03-03T05:00+07:00", "rule_malformed"), ("2200-01-01 05:00", "rule_out_of_years")]
)
def test_a_time_that_cannot_be_planned_for_is_refused(to: str, code: str) -> None:
    with pytest.raises(RuleError) as refused:
        with_change(series("FREQ=DAILY"), Changed(at("2026-03-03 05:00"), to=at(to)))
    assert refused.value.code == code


def test_changes_have_an_end() -> None:
    daily = series("FREQ=DAILY")
    many = replace(
        daily, changes=tuple(Cancelled(due.original) for due in next_dues(daily, us("2026-03-03"), 1000, NONE))
    )
    with pytest.raises(RuleError) as refused:
        with_change(many, Cancelled(at("2026-03-02 05:00")))
    assert refused.value.code == "rule_too_many"


def test_a_change_of_what_the_rule_no_longer_fires_rests() -> None:
    moved = with_change(series("FREQ=DAILY"), Changed(at("2026-03-03 05:00"), to=at("2026-03-03 06:00")))
    weekly = replace(moved, rule=series("FREQ=WEEKLY").rule)
    assert listed(weekly, "2026-03-02", "2026-03-10") == ["02 05:00", "09 05:00"]


def test_on_a_holiday_a_rule_may_be_silent() -> None:
    silent = series("FREQ=DAILY", on_holiday=OnHoliday.SKIP)
    holidays = frozenset({date(2026, 3, 3)})
    assert listed(silent, "2026-03-02", "2026-03-05", holidays) == ["02 05:00", "(03 05:00)", "04 05:00"]
    assert [due.original.day for due in next_dues(silent, 0, 2, holidays)] == [2, 4]


def test_one_that_somebody_moved_happens_whatever_day_it_is() -> None:
    silent = series("FREQ=DAILY", on_holiday=OnHoliday.SKIP)
    holidays = frozenset({date(2026, 3, 3), date(2026, 3, 5)})
    moved = with_change(silent, Changed(at("2026-03-03 05:00"), to=at("2026-03-05 09:00")))
    assert listed(moved, "2026-03-03", "2026-03-07", holidays) == [
        *("04 05:00", "(05 05:00)", "05 09:00 for 03 05:00", "06 05:00")
    ]


def test_a_rule_for_holidays_alone_fires_on_no_other_day() -> None:
    only = series("FREQ=DAILY", on_holiday=OnHoliday.ONLY)
    holidays = frozenset({date(2026, 3, 3), date(2026, 3, 4), date(2026, 9, 2), date(2020, 1, 1)})
    assert listed(only, "2026-03-01", "2026-04-01", holidays) == ["03 05:00", "04 05:00"]
    assert [f"{due.original:%m-%d}" for due in next_dues(only, 0, 10, holidays)] == ["03-03", "03-04", "09-02"]
    assert next_dues(only, 0, 10, NONE) == ()


def test_the_next_one_comes_after_the_instant() -> None:
    daily = series("FREQ=DAILY")
    assert next_dues(daily, us("2026-03-03 05:00"), 1, NONE)[0].original == at("2026-03-04 05:00")
    assert next_dues(daily, us("2026-03-03 05:00") - 1, 1, NONE)[0].original == at("2026-03-03 05:00")
    assert next_dues(daily, 0, 0, NONE) == ()


def test_the_search_for_the_next_one_ends() -> None:
    never = series("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30")
    assert next_dues(never, 0, 10, NONE) == ()
    over = series("FREQ=DAILY;COUNT=2")
    assert len(next_dues(over, 0, 10, NONE)) == 2


def test_this_and_those_that_follow_go_by_another_rule() -> None:
    whole = with_change(series("FREQ=DAILY"), Cancelled(at("2026-03-03 05:00")))
    whole = with_change(whole, Changed(at("2026-03-06 05:00"), content_id="other"))
    whole = with_change(whole, Cancelled(at("2026-03-09 05:00")))
    weekdays = parse_rule("FREQ=WEEKLY;BYDAY=MO,WE,FR", start=at("2026-03-05 05:00"), zone=ZONE)
    old, new = split(whole, at("2026-03-05 05:00"), weekdays)
    assert listed(old, "2026-03-01", "2026-04-01") == ["02 05:00", "(03 05:00)", "04 05:00"]
    assert listed(new, "2026-03-01", "2026-03-12") == ["06 05:00", "(09 05:00)", "11 05:00"]
    assert [change.original.day for change in new.changes] == [6, 9]


def test_a_change_does_not_follow_where_the_new_rule_does_not_fire() -> None:
    whole = with_change(series("FREQ=DAILY"), Cancelled(at("2026-03-06 05:00")))
    later = parse_rule("FREQ=DAILY", start=at("2026-03-05 06:00"), zone=ZONE)
    assert split(whole, at("2026-03-05 05:00"), later)[1].changes == ()


def test_a_count_is_shared_out() -> None:
    whole = series("FREQ=DAILY;COUNT=10")
    old, new = split(whole, at("2026-03-05 05:00"), replace(whole.rule, start=at("2026-03-05 05:00")))
    assert (rule_text(old.rule), rule_text(new.rule)) == ("FREQ=DAILY;COUNT=3", "FREQ=DAILY;COUNT=7")


def test_a_count_that_was_stated_anew_is_kept() -> None:
    whole = series("FREQ=DAILY;COUNT=10")
    other = parse_rule("FREQ=DAILY;COUNT=4", start=at("2026-03-05 05:00"), zone=ZONE)
    assert split(whole, at("2026-03-05 05:00"), other)[1].rule.count == 4


@pytest.mark.parametrize("text", ["", "FREQ=DAILY", "FREQ=DAILY;COUNT=3", "FREQ=DAILY;UNTIL=20270101"])
def test_before_the_first_one_nothing_is_left(text: str) -> None:
    whole = series(text)
    old, new = split(whole, whole.rule.start, whole.rule)
    assert next_dues(old, 0, 1, NONE) == ()
    assert next_dues(new, 0, 20, NONE) == next_dues(whole, 0, 20, NONE)


def test_times_besides_go_to_the_side_they_are_on() -> None:
    once = replace(series("").rule, extra=(at("2026-02-01 05:00"), at("2026-04-01 05:00"), at("2026-05-01 05:00")))
    other = parse_rule("", start=at("2026-04-01 06:00"), zone=ZONE, extra=once.extra)
    old, new = split(Series(rule=once), at("2026-04-01 05:00"), other)
    assert [due.original.month for due in next_dues(old, 0, 9, NONE)] == [2, 3]
    assert [f"{due.original:%m-%d %H}" for due in next_dues(new, 0, 9, NONE)] == ["04-01 05", "04-01 06", "05-01 05"]


def test_what_the_rule_does_not_fire_cannot_be_split_at() -> None:
    whole = series("FREQ=DAILY")
    with pytest.raises(RuleError) as refused:
        split(whole, at("2026-03-05 06:00"), whole.rule)
    assert refused.value.code == "exception_unknown"
