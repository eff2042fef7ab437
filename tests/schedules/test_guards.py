"""When a place must be quiet and how much may be said there, and that it only ever gets tighter."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedules.guards import (
    NO_GUARDS,
    PRESETS,
    Guards,
    GuardsError,
    Quiet,
    along,
    check,
    day_start_us,
    days,
    forbidden,
    is_odd,
    tightened,
)

VIETNAM = "Asia/Ho_Chi_Minh"
ZONES = (VIETNAM, "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "UTC")
MINUTE_US = 60_000_000
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US


def at(text: str, zone: str = VIETNAM, fold: int = 0) -> int:
    wall = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)
    return (wall - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def night(begin: str = "21:30", until: str = "05:00", *weekdays: int) -> Quiet:
    return Quiet(time.fromisoformat(begin), time.fromisoformat(until), weekdays)


def naive(quiet: Quiet, zone: str, at_us: int) -> bool:
    wall = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at_us)).astimezone(ZoneInfo(zone))
    begins_today = not quiet.weekdays or wall.weekday() in quiet.weekdays
    began_yesterday = not quiet.weekdays or (wall.weekday() - 1) % 7 in quiet.weekdays
    clock = wall.time()
    if quiet.begin < quiet.until:
        return begins_today and quiet.begin <= clock < quiet.until
    return (begins_today and clock >= quiet.begin) or (began_yesterday and clock < quiet.until)


minutes = st.integers(0, 1_439).map(lambda minute: time(minute // 60, minute % 60))
quiets = st.builds(Quiet, minutes, minutes, st.sets(st.integers(0, 6), max_size=6).map(sorted).map(tuple))
guards = st.builds(
    Guards,
    quiet=st.lists(quiets, max_size=3).map(tuple),
    slots_a_day=st.none() | st.integers(0, 5),
    slot_minutes=st.none() | st.integers(1, 60),
    day_minutes=st.none() | st.integers(0, 200),
    max_volume_percent=st.none() | st.integers(0, 100),
)
# Around the changes of the clock in 2026, where there are any.
instants = st.sampled_from([at(f"2026-{month}-{day:02}T12:00", "UTC") for month, day in
                            (("03", 7), ("03", 28), ("04", 4), ("09", 5), ("10", 3), ("10", 24), ("10", 31))]
                           ).flatmap(lambda us: st.integers(us, us + 2 * DAY_US))  # fmt: skip


@pytest.mark.parametrize("preset", PRESETS)
def test_the_relay_switched_on_by_mistake_at_0315_falls_into_quiet_hours(preset: str) -> None:
    begin_us, end_us = at("2025-12-05T03:15"), at("2025-12-05T03:35")

    assert forbidden(PRESETS[preset], VIETNAM, begin_us, end_us) == ((begin_us, end_us),)
    assert is_odd(begin_us, end_us, VIETNAM)


def test_a_programme_at_five_in_the_morning_is_allowed_by_the_presets() -> None:
    for guard in PRESETS.values():
        check(guard)
        assert forbidden(guard, VIETNAM, at("2026-11-23T05:00"), at("2026-11-23T05:15")) == ()


def test_a_ward_of_the_town_is_quiet_the_whole_weekend() -> None:
    friday, monday = at("2026-11-20T21:30"), at("2026-11-23T05:00")

    assert forbidden(PRESETS["urban"], VIETNAM, friday - HOUR_US, monday + HOUR_US) == ((friday, monday),)


def test_a_row_for_one_weekday_begins_on_it_and_goes_over_midnight() -> None:
    friday = Guards(quiet=(night("22:00", "06:00", 4),))

    assert forbidden(friday, VIETNAM, at("2026-11-16T00:00"), at("2026-11-30T00:00")) == (
        (at("2026-11-20T22:00"), at("2026-11-21T06:00")),
        (at("2026-11-27T22:00"), at("2026-11-28T06:00")),
    )


def test_an_hour_that_comes_twice_is_quiet_twice_and_one_left_out_never() -> None:
    berlin = "Europe/Berlin"
    row = Guards(quiet=(night("02:00", "02:30"),))

    assert forbidden(row, berlin, at("2026-10-25T00:00", berlin), at("2026-10-25T12:00", berlin)) == (
        (at("2026-10-25T02:00", berlin), at("2026-10-25T02:30", berlin)),
        (at("2026-10-25T02:00", berlin, 1), at("2026-10-25T02:30", berlin, 1)),
    )
    assert forbidden(row, berlin, at("2026-03-29T00:00", berlin), at("2026-03-29T12:00", berlin)) == ()


@settings(max_examples=150)
@given(st.lists(quiets, min_size=1, max_size=3).map(tuple), st.sampled_from(ZONES), instants)
def test_an_instant_is_forbidden_exactly_where_the_clock_on_the_wall_says_so(
    rows: tuple[Quiet, ...], zone: str, at_us: int
) -> None:
    found = forbidden(Guards(quiet=rows), zone, at_us - DAY_US, at_us + DAY_US)

    assert any(start <= at_us < end for start, end in found) == any(naive(row, zone, at_us) for row in rows)


@settings(max_examples=60)
@given(guards, st.sampled_from(ZONES), instants, st.integers(0, 3 * DAY_US), st.integers(0, 3 * DAY_US))
def test_forbidden_intervals_are_in_order_apart_and_within_and_two_windows_agree_where_they_meet(
    guard: Guards, zone: str, middle_us: int, before_us: int, after_us: int
) -> None:
    from_us, until_us = middle_us - before_us, middle_us + after_us
    whole = forbidden(guard, zone, from_us, until_us)
    edges = [edge for interval in whole for edge in interval]

    assert edges == sorted(set(edges))
    assert all(from_us <= edge <= until_us for edge in edges)
    first, second = forbidden(guard, zone, from_us, middle_us), forbidden(guard, zone, middle_us, until_us)
    if first and second and first[-1][1] == second[0][0]:
        first, second = first[:-1], ((first[-1][0], second[0][1]), *second[1:])
    assert first + second == whole


@settings(max_examples=100)
@given(guards, guards, guards)
def test_tightening_asks_nothing_of_the_order_and_the_same_twice_changes_nothing(
    one: Guards, two: Guards, three: Guards
) -> None:
    both = tightened(one, two)

    assert both == tightened(two, one)
    assert tightened(both, three) == tightened(one, tightened(two, three))
    assert tightened(both, one) == tightened(both, both) == both


@settings(max_examples=60)
@given(guards, guards, st.sampled_from(ZONES), instants)
def test_tightening_never_allows_more(above: Guards, below: Guards, zone: str, from_us: int) -> None:
    both = tightened(above, below)

    for part in (above, below):
        for name in ("slots_a_day", "slot_minutes", "day_minutes", "max_volume_percent"):
            limit, tighter = getattr(part, name), getattr(both, name)
            assert limit is None or (tighter is not None and tighter <= limit)
    window = (zone, from_us, from_us + 2 * DAY_US)
    together = forbidden(tightened(above, below), *window)
    for start, end in forbidden(above, *window) + forbidden(below, *window):
        assert any(s <= start and end <= e for s, e in together)


def test_a_speaker_is_held_by_every_area_above_it_and_by_its_own() -> None:
    by_area = {
        "province": Guards(slots_a_day=3, quiet=(night("22:00", "04:00"),)),
        "commune": Guards(slots_a_day=5, max_volume_percent=70),
        "elsewhere": Guards(slots_a_day=0),
    }

    assert along(by_area, ("province", "commune", "village"), Guards(day_minutes=30)) == Guards(
        quiet=(night("22:00", "04:00"),), slots_a_day=3, day_minutes=30, max_volume_percent=70
    )
    assert along({}, ("province",), NO_GUARDS) == NO_GUARDS


@pytest.mark.parametrize(
    ("begin", "until", "odd"),
    [
        ("2026-11-22T05:00", "2026-11-22T05:30", False),
        ("2026-11-22T04:59", "2026-11-22T05:30", True),
        ("2026-11-22T21:30", "2026-11-22T22:00", False),
        ("2026-11-22T21:30", "2026-11-22T22:01", True),
        ("2026-11-22T22:00", "2026-11-22T22:00", True),
    ],
)
def test_a_person_is_asked_twice_about_the_hours_from_ten_to_five(begin: str, until: str, odd: bool) -> None:
    assert is_odd(at(begin), at(until), VIETNAM) is odd


@settings(max_examples=60)
@given(st.sampled_from((*ZONES, "Africa/Cairo", "Asia/Beirut")), instants)
def test_days_follow_one_another_and_hold_the_instants_of_their_date(zone: str, at_us: int) -> None:
    found = days(zone, at_us, at_us + DAY_US)

    assert [end for _, _, end in found[:-1]] == [start for _, start, _ in found[1:]]
    assert found[0][1] <= at_us
    assert at_us + DAY_US <= found[-1][2]
    (holds,) = (day for day, start, end in found if start <= at_us < end)
    wall = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at_us)
    assert holds == wall.astimezone(ZoneInfo(zone)).date()


def test_a_day_of_the_change_of_the_clock_has_23_or_25_hours_and_may_begin_at_one() -> None:
    def hours(day: date, zone: str) -> float:
        return (day_start_us(day + timedelta(1), zone) - day_start_us(day, zone)) / HOUR_US

    assert hours(date(2026, 3, 29), "Europe/Berlin") == 23
    assert hours(date(2026, 10, 25), "Europe/Berlin") == 25
    assert day_start_us(date(2026, 9, 6), "America/Santiago") == at("2026-09-06T01:00", "America/Santiago")


@pytest.mark.parametrize(
    ("guard", "code"),
    [
        (Guards(quiet=(Quiet(time(22, tzinfo=UTC), time(5)),)), "quiet_malformed"),
        (Guards(quiet=(night("22:00", "05:00", 7),)), "quiet_malformed"),
        (Guards(quiet=(night(),) * 51), "quiet_too_many"),
        (Guards(slots_a_day=-1), "limit_malformed"),
        (Guards(slot_minutes=0), "limit_malformed"),
        (Guards(day_minutes=1_441), "limit_malformed"),
        (Guards(max_volume_percent=101), "limit_malformed"),
    ],
)
def test_guards_that_say_nothing_sensible_are_refused(guard: Guards, code: str) -> None:
    with pytest.raises(GuardsError) as caught:
        check(guard)

    assert caught.value.code == code


@pytest.mark.parametrize("zone", ["", "Asia/Hanoi_", "../etc/passwd", "Asia"])
def test_an_unknown_zone_is_refused(zone: str) -> None:
    with pytest.raises(GuardsError) as caught:
        forbidden(PRESETS["rural"], zone, 0, DAY_US)

    assert caught.value.code == "zone_unknown"
