"""Sentences of rules: a table of rules with what is said of them, and the laws that hold for every rule."""

# Wall times are naive by design.
# ruff: noqa: DTZ001

import csv
import itertools
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedules.recurrence.form import check_form
from schedules.recurrence.parse import parse_rule
from schedules.recurrence.rule import (
    ByDay,
    Calendar,
    Cancelled,
    Changed,
    Frequency,
    OnHoliday,
    Rule,
    RuleError,
    Series,
)
from schedules.recurrence.sentences import rule_sentence, series_sentence

TABLE = Path(__file__).parent / "sentences.tsv"
START = datetime(2026, 12, 1, 17)


def rows() -> list[dict[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE))


def rule_of(row: dict[str, str]) -> Rule:
    return parse_rule(
        row["rule"],
        start=datetime.fromisoformat(row["start"]),
        zone=row["zone"],
        on_holiday=OnHoliday(row["on_holiday"]),
        extra=tuple(datetime.fromisoformat(moment) for moment in row["extra"].split()),
    )


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["en"])
def test_a_rule_is_said_as_the_table_says(row: dict[str, str]) -> None:
    rule = rule_of(row)
    assert rule_sentence(rule, "vi") == row["vi"]
    assert rule_sentence(rule, "en") == row["en"]


def hcm(**parts: Any) -> Rule:
    return Rule(zone="Asia/Ho_Chi_Minh", start=START, **parts)


COMMON = (
    *(hcm(frequency=Frequency.DAILY, interval=n) for n in (1, 2, 3, 7)),
    *(
        hcm(frequency=Frequency.WEEKLY, interval=n, by_day=tuple(map(ByDay, days)))
        for n in (1, 2)
        for size in (1, 2, 3, 5, 6)
        for days in itertools.combinations(range(7), size)
    ),
    *(
        hcm(frequency=Frequency.MONTHLY, interval=n, by_month_day=days)
        for n in (1, 2)
        for days in ((1,), (15,), (1, 15), (-1,), (-2,), (1, -1), (1, 2, 3), (31,))
    ),
    *(
        hcm(frequency=Frequency.MONTHLY, interval=n, by_day=(ByDay(weekday, nth),))
        for n in (1, 2)
        for weekday in range(7)
        for nth in (1, 2, 3, 4, 5, -1, -2)
    ),
    *(
        hcm(frequency=Frequency.YEARLY, interval=n, calendar=calendar, by_month=(month,), by_month_day=(day,))
        for n in (1, 2)
        for calendar in Calendar
        for month in range(1, 13)
        for day in (1, 2, 8, 15, -1)
    ),
    *(
        hcm(frequency=Frequency.MONTHLY, calendar=Calendar.LUNAR, interval=n, by_month_day=days)
        for n in (1, 2)
        for days in ((1,), (15,), (1, 15), (-1,), (1, 2, 3), (30,))
    ),
    *(hcm(frequency=Frequency.DAILY, by_hour=hours) for hours in ((5,), (5, 17), (18, 19, 20, 21), (18, 19, 20, 22))),
    *(hcm(frequency=Frequency.DAILY, on_holiday=holiday) for holiday in (OnHoliday.SKIP, OnHoliday.ONLY)),
    *(hcm(frequency=Frequency.DAILY, count=count) for count in (1, 2, 10)),
    hcm(),
    hcm(extra=(datetime(2026, 12, 24, 17),)),
    hcm(frequency=Frequency.DAILY, extra=(datetime(2026, 12, 24, 18),)),
    Rule(zone="Europe/Berlin", start=START, frequency=Frequency.DAILY),
    Rule(zone="Asia/Ho_Chi_Minh", start=START + timedelta(days=1), frequency=Frequency.DAILY),
)


@pytest.mark.parametrize("language", ["vi", "en"])
def test_rules_that_mean_something_else_are_said_otherwise(language: Any) -> None:
    said = [rule_sentence(rule, language) for rule in COMMON]
    assert len(set(said)) == len(said) > 400


def numbers(least: int, most: int, size: int = 3) -> st.SearchStrategy[tuple[int, ...]]:
    return st.lists(st.integers(least, most), max_size=size).map(tuple)


def signed(most: int) -> st.SearchStrategy[tuple[int, ...]]:
    return st.lists(st.integers(-most, most).filter(bool), max_size=3).map(tuple)


@st.composite
def rules(draw: st.DrawFn) -> Rule | None:
    """Any rule that is well formed; None where what was drawn is not."""
    frequency = draw(st.sampled_from(Frequency))
    once = frequency is Frequency.ONCE
    nth = signed(5) if frequency in (Frequency.MONTHLY, Frequency.YEARLY) else st.just(())
    parts: dict[str, Any] = {
        "interval": draw(st.integers(1, 4)),
        "calendar": draw(st.sampled_from(Calendar)),
        "by_month": draw(numbers(1, 12)),
        "by_month_day": draw(st.just(()) if frequency is Frequency.WEEKLY else signed(31)),
        "by_year_day": draw(signed(366) if frequency is Frequency.YEARLY else st.just(())),
        "by_week_no": draw(signed(53) if frequency is Frequency.YEARLY else st.just(())),
        "by_day": tuple(
            ByDay(weekday, place)
            for weekday, place in itertools.zip_longest(draw(numbers(0, 6, 7)), draw(nth), fillvalue=0)
        ),
        "by_hour": draw(numbers(0, 23, 6)),
        "by_minute": draw(numbers(0, 59)),
        "by_set_pos": draw(signed(40)),
        "week_start": draw(st.integers(0, 6)),
    }
    kept = draw(st.sets(st.sampled_from(sorted(parts))))
    rule = Rule(
        zone=draw(st.sampled_from(["Asia/Ho_Chi_Minh", "Europe/Berlin", "Mars/Olympus"])),
        start=draw(st.datetimes(datetime(1900, 1, 1), datetime(2199, 12, 31))),
        frequency=frequency,
        until_us=None if once else draw(st.none() | st.integers(0, 7 * 10**15)),
        on_holiday=draw(st.sampled_from(OnHoliday)),
        extra=tuple(draw(st.lists(st.datetimes(datetime(1900, 1, 1), datetime(2199, 12, 31)), max_size=9))),
        **({} if once else {name: parts[name] for name in kept}),
    )
    try:
        check_form(rule)
    except RuleError:
        return None
    return rule


@settings(max_examples=300, deadline=None)
@given(rules().filter(bool))
def test_every_rule_has_a_sentence_that_begins_and_ends_as_one(rule: Rule) -> None:
    for said in (rule_sentence(rule, "vi"), rule_sentence(rule, "en")):
        assert said[0] == said[0].upper()
        assert said.endswith(".")
        assert "  " not in said
        assert not any(odd in said for odd in ("None", " ,", ",,", "..", "()", " ;"))


def test_a_series_says_what_was_changed_of_it() -> None:
    rule = hcm(frequency=Frequency.DAILY)
    days = [START + timedelta(days=number) for number in range(9)]
    series = Series(
        rule=rule,
        changes=(
            Cancelled(days[0]),
            Changed(days[1], to=days[1] + timedelta(hours=1)),
            Changed(days[2], to=days[2] + timedelta(hours=1)),
            Changed(days[3], content_id="b"),
            Changed(days[4], to=days[4] + timedelta(hours=1), content_id="b"),
            Changed(days[5]),
        ),
    )
    assert series_sentence(series, "vi") == (
        "Hằng ngày lúc 17:00, từ ngày 01/12/2026. Trong đó có 2 lần đã dời giờ, 1 lần đã hủy, 1 lần đã thay nội dung "
        "và 1 lần đã dời giờ và thay nội dung."
    )
    assert series_sentence(series, "en") == (
        "Every day at 17:00, from 1 December 2026. Of these, 2 moved, 1 cancelled, 1 given other content and 1 moved "
        "and given other content."
    )


def test_a_series_of_which_nothing_was_changed_says_its_rule() -> None:
    rule = hcm(frequency=Frequency.DAILY)
    assert series_sentence(Series(rule=rule), "vi") == rule_sentence(rule, "vi")
    assert series_sentence(Series(rule=rule, changes=(Changed(START),)), "en") == rule_sentence(rule, "en")
