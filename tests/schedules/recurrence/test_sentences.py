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

from schedules.recurrence.parse import parse_rule
from schedules.recurrence.rule import (
    ByDay,
    Calendar,
    Cancelled,
    Changed,
    Frequency,
    OnHoliday,
    Rule,
    Series,
)
from schedules.recurrence.sentences import rule_sentence, series_sentence
from tests.schedules.recurrence.any_rule import rules

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


@settings(max_examples=200, deadline=None)
@given(
    rules(
        starts=st.datetimes(datetime(1901, 1, 1), datetime(2098, 12, 31)),
        zones=["Asia/Ho_Chi_Minh", "Europe/Berlin", "Mars/Olympus"],
        untils_us=st.integers(0, 7 * 10**15),
    )
)
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
        "Hằng ngày lúc 17:00, từ ngày 01/12/2026. Trong đó có 2 lần đã dời sang lúc khác, 1 lần đã hủy, 1 lần đã thay "
        "nội dung và 1 lần vừa dời vừa thay nội dung."
    )
    assert series_sentence(series, "en") == (
        "Every day at 17:00, from 1 December 2026. Of these, 2 moved, 1 cancelled, 1 given other content and 1 moved "
        "and given other content."
    )


def test_a_series_of_which_nothing_was_changed_says_its_rule() -> None:
    rule = hcm(frequency=Frequency.DAILY)
    assert series_sentence(Series(rule=rule), "vi") == rule_sentence(rule, "vi")
    assert series_sentence(Series(rule=rule, changes=(Changed(START),)), "en") == rule_sentence(rule, "en")
