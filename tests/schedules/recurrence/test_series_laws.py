"""Laws that hold for every rule and every series, whatever is drawn."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from schedules.recurrence.expand import occurrences, starts_from
from schedules.recurrence.form import check_form
from schedules.recurrence.parse import parse_rule, rule_text
from schedules.recurrence.rule import (
    ByDay,
    Calendar,
    Cancelled,
    Change,
    Changed,
    Due,
    Frequency,
    Occurrence,
    OnHoliday,
    Rule,
    RuleError,
    Series,
)
from schedules.recurrence.series import dues, next_dues, split, with_change, without_change
from schedules.recurrence.zones import DAY_US, LAST_US, instant_us

YEAR_US = 366 * DAY_US
ZONES = ("Asia/Ho_Chi_Minh", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "UTC")
CLOCKS = (0, 30, 90, 120, 150, 179, 180, 1020, 1410, 1439)
PECULIAR = [
    datetime.fromisoformat(day)
    for day in (
        *("2024-02-29", "2025-03-30", "2025-10-26", "2025-03-09", "2025-11-02", "2025-04-06", "2025-10-05"),
        *("2011-12-29", "2025-12-31", "1968-01-28"),
    )
]
laws = settings(max_examples=100, deadline=None)


def some(values: st.SearchStrategy[int], most: int = 3) -> st.SearchStrategy[tuple[int, ...]]:
    return st.one_of(st.just(()), st.lists(values, max_size=most).map(tuple))


walls = st.builds(
    lambda day, days, minutes: day + timedelta(days=days, minutes=minutes),
    st.sampled_from(PECULIAR),
    st.integers(-40, 3),
    st.sampled_from(CLOCKS),
)
signed_days = st.integers(-31, 31).filter(bool)


@st.composite
def rules(draw: st.DrawFn, *, endless: bool = False) -> Rule:
    frequency = draw(st.sampled_from(Frequency))
    start = draw(walls)
    zone = draw(st.sampled_from(ZONES))
    extra = tuple(draw(st.lists(walls, max_size=2)))
    if frequency is Frequency.ONCE:
        return Rule(zone=zone, start=start, extra=extra)
    yearly, monthly = frequency is Frequency.YEARLY, frequency is Frequency.MONTHLY
    lunar = (yearly or monthly) and draw(st.booleans())
    nth = st.sampled_from((0, 1, 2, -1)) if (yearly or monthly) else st.just(0)
    by_day = st.lists(st.builds(ByDay, st.integers(0, 6), nth), max_size=3).map(tuple)
    end = draw(st.sampled_from(("none", "none", "count", "until")))
    if endless:
        end = "none"
    rule = Rule(
        zone=zone,
        start=start,
        frequency=frequency,
        interval=draw(st.sampled_from((1, 1, 2, 3))),
        calendar=Calendar.LUNAR if lunar else Calendar.SOLAR,
        by_month=draw(some(st.integers(1, 12))),
        by_month_day=() if frequency is Frequency.WEEKLY else draw(some(signed_days)),
        by_year_day=draw(some(st.integers(-366, 366).filter(bool))) if yearly and not lunar else (),
        by_week_no=draw(some(st.integers(-53, 53).filter(bool))) if yearly and not lunar else (),
        by_day=() if lunar else draw(by_day),
        by_hour=draw(some(st.integers(0, 4))),
        by_minute=draw(some(st.sampled_from((0, 15, 30, 59)))),
        by_set_pos=() if lunar else draw(some(st.sampled_from((1, 2, -1)), 2)),
        week_start=draw(st.integers(0, 6)),
        count=draw(st.integers(1, 40)) if end == "count" else None,
        until_us=instant_us(zone, start) + draw(st.integers(0, 200)) * DAY_US if end == "until" else None,
        on_holiday=draw(st.sampled_from(OnHoliday)),
        extra=extra,
    )
    try:
        check_form(rule)
    except RuleError:
        assume(False)
    return rule


@st.composite
def series_with_changes(draw: st.DrawFn) -> Series:
    series = Series(rule=draw(rules()))
    begin_us = instant_us(series.rule.zone, series.rule.start)
    near = occurrences(series.rule, begin_us - 60 * DAY_US, begin_us + YEAR_US)[:30]
    for occurrence in draw(st.lists(st.sampled_from(near), max_size=4)) if near else ():
        series = with_change(series, draw(changes(occurrence)))
    return series


def changes(occurrence: Occurrence) -> st.SearchStrategy[Change]:
    original = occurrence.original
    moved = st.integers(-4000, 4000).map(lambda minutes: Changed(original, to=original + timedelta(minutes=minutes)))
    return st.one_of(moved, st.just(Cancelled(original)), st.just(Changed(original, content_id="other")))


holidays_near = st.frozensets(walls.map(datetime.date), max_size=10)


def happening(listed: tuple[Due, ...]) -> list[Due]:
    return [due for due in listed if not due.on_holiday and not isinstance(due.change, Cancelled)]


@laws
@given(rules())
def test_what_is_written_is_read_back_as_the_same_rule(rule: Rule) -> None:
    text = rule_text(rule)
    again = parse_rule(text, start=rule.start, zone=rule.zone, on_holiday=rule.on_holiday, extra=rule.extra)
    assert again == rule
    assert rule_text(again) == text


@laws
@given(series_with_changes(), holidays_near, st.lists(st.integers(-100 * DAY_US, YEAR_US), min_size=1, max_size=4))
def test_windows_agree_where_they_meet(series: Series, holidays: frozenset[date], cuts: list[int]) -> None:
    begin_us = instant_us(series.rule.zone, series.rule.start)
    edges = sorted({begin_us - 100 * DAY_US, begin_us + YEAR_US, *(begin_us + cut for cut in cuts)})
    whole = dues(series, edges[0], edges[-1], holidays)
    parts = [dues(series, from_us, until_us, holidays) for from_us, until_us in pairwise(edges)]
    assert tuple(due for part in parts for due in part) == whole
    assert list(whole) == sorted(whole, key=lambda due: (due.start_us, due.original))


@laws
@given(rules(), st.integers(0, 40))
def test_a_window_of_one_instant_finds_the_occurrence_at_it(rule: Rule, number: int) -> None:
    begin_us = instant_us(rule.zone, rule.start)
    found = occurrences(rule, begin_us - 100 * DAY_US, begin_us + YEAR_US)
    assume(found)
    one = found[number % len(found)]
    assert occurrences(rule, one.start_us, one.start_us + 1) == (one,)
    assert len({each.start_us for each in found}) == len(found)


@laws
@given(rules(endless=True), st.integers(1, 30))
def test_a_count_keeps_the_first_ones(rule: Rule, count: int) -> None:
    assume(rule.frequency is not Frequency.ONCE)
    # Where clocks change, wall times of two instants may be one, and the count is of wall times: not here.
    rule = replace(rule, zone="Asia/Ho_Chi_Minh", start=rule.start.replace(year=2025, day=15), extra=())
    begin_us = instant_us(rule.zone, rule.start)
    until_us = begin_us + 12 * YEAR_US
    all_of_it = occurrences(rule, begin_us, until_us)
    assert occurrences(replace(rule, count=count), begin_us, until_us) == all_of_it[:count]


@laws
@given(series_with_changes(), holidays_near, st.integers(-100 * DAY_US, 300 * DAY_US), st.integers(1, 12))
def test_the_next_ones_are_the_first_of_those_that_happen(
    series: Series, holidays: frozenset[date], offset_us: int, count: int
) -> None:
    after_us = instant_us(series.rule.zone, series.rule.start) + offset_us
    expected = happening(dues(series, after_us + 1, after_us + 2 * YEAR_US, holidays))[:count]
    found = next_dues(series, after_us, count, holidays)
    assert list(found[: len(expected)]) == expected
    assert len(found) <= count
    assert all(due.start_us >= after_us + 2 * YEAR_US for due in found[len(expected) :])


def in_a_gap(zone: str, start: str, hours: tuple[int, ...], minutes: tuple[int, ...], count: int | None = None) -> Rule:
    """Daily; on the third day the clock goes forward, and one wall time comes behind a later one, or upon it."""
    at = datetime.fromisoformat(start)
    return Rule(zone=zone, start=at, frequency=Frequency.DAILY, by_hour=hours, by_minute=minutes, count=count)


@settings(max_examples=200, deadline=None)
@given(series_with_changes(), st.integers(0, 60))
@example(Series(rule=in_a_gap("Europe/Berlin", "2025-03-28 02:15", (2, 3), (15, 30), count=12)), 8)
@example(Series(rule=in_a_gap("Australia/Lord_Howe", "2025-10-03 02:20", (2,), (20, 35))), 4)
@example(Series(rule=in_a_gap("Australia/Lord_Howe", "2025-10-03 02:20", (2,), (20, 35))), 5)
def test_a_split_covers_exactly_what_was_there(series: Series, number: int) -> None:
    rule = series.rule
    begin_us = instant_us(rule.zone, rule.start)
    found = occurrences(rule, begin_us, begin_us + YEAR_US)
    assume(found)
    original = found[number % len(found)].original
    # From a wall time besides on, the same rule would begin in another step: its phase is that of its start.
    assume(original not in rule.extra)
    old, new = split(series, original, replace(rule, start=original))
    window = (begin_us - 100 * DAY_US, begin_us + 3 * YEAR_US)
    holidays = frozenset({original.date()})
    before, after, whole = (dues(each, *window, holidays) for each in (old, new, series))
    assert sorted(before + after, key=lambda due: (due.start_us, due.original)) == list(whole)
    assert all(due.original < original for due in before)
    assert all(due.original >= original for due in after)


@laws
@given(rules(), st.integers(0, 30), st.data())
def test_a_change_touches_one_occurrence_and_can_be_taken_back(rule: Rule, number: int, data: st.DataObject) -> None:
    series = Series(rule=rule)
    begin_us = instant_us(rule.zone, rule.start)
    window = (begin_us - 100 * DAY_US, begin_us + YEAR_US)
    found = occurrences(rule, *window)
    assume(found)
    one = found[number % len(found)]
    changed = with_change(series, data.draw(changes(one)))
    plain, now = dues(series, *window, frozenset()), dues(changed, *window, frozenset())
    assert [due for due in now if due.original != one.original] == [
        due for due in plain if due.original != one.original
    ]
    assert without_change(changed, one.original) == series


@laws
@given(rules())
def test_nothing_fires_before_the_start_or_after_the_end(rule: Rule) -> None:
    begin_us = instant_us(rule.zone, rule.start)
    for count, (at_us, wall) in enumerate(starts_from(rule, 0, LAST_US)):
        assert instant_us(rule.zone, wall) == at_us
        if wall not in rule.extra:
            assert wall >= rule.start
            assert rule.until_us is None or at_us <= rule.until_us
        if count > 60 or at_us > begin_us + 10 * YEAR_US:
            break
