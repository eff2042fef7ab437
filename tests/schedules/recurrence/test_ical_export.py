"""iCalendar: the text itself, and that another calendar's reading of it is what we play."""

# Wall times are naive by design.
# ruff: noqa: DTZ001

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events
from hypothesis import given, settings
from hypothesis import strategies as st

from schedules.recurrence.expand import fires_at, occurrences
from schedules.recurrence.holidays import public_holidays
from schedules.recurrence.ical import IcalEntry, calendar
from schedules.recurrence.ical_zone import timezone_lines
from schedules.recurrence.parse import parse_rule
from schedules.recurrence.rule import Cancelled, Change, Changed, OnHoliday, Rule, RuleError, Series
from schedules.recurrence.series import dues
from tests.schedules.recurrence.any_rule import rules

ZONES = ("Asia/Ho_Chi_Minh", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe")
NOW = datetime(2026, 11, 22, 1, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SLOT_US = 900_000_000
HOLIDAYS = public_holidays(2025, 2030)


def us(at: datetime) -> int:
    return (at - EPOCH) // timedelta(microseconds=1)


def rule(text: str, start: datetime = datetime(2026, 12, 1, 17), zone: str = ZONES[0], **more: Any) -> Rule:
    return parse_rule(text, start=start, zone=zone, **more)


def text_of(*series: Series, **more: Any) -> str:
    entries = [IcalEntry(f"{place}@loa", "Bản tin", one, SLOT_US) for place, one in enumerate(series)]
    return calendar("Lịch phát", entries, us(NOW), **more)


def unfolded(text: str) -> list[str]:
    return text.replace("\r\n ", "").split("\r\n")


def theirs(text: str, begin: datetime, end: datetime) -> list[int]:
    """When the peer says something begins, in [begin, end)."""
    parsed = icalendar.Calendar.from_ical(text)
    found = recurring_ical_events.of(parsed).between(begin - timedelta(days=2), end + timedelta(days=2))
    starts = [event["DTSTART"].dt for event in found]
    return sorted(us(start.astimezone(UTC)) for start in starts if begin <= start.astimezone(UTC) < end)


def ours(series: Series, begin: datetime, end: datetime) -> list[int]:
    found = dues(series, us(begin), us(end), HOLIDAYS)
    return [due.start_us for due in found if not due.on_holiday and not isinstance(due.change, Cancelled)]


# What is written


def test_a_calendar_is_written_line_by_line_as_rfc_5545_says() -> None:
    daily = Series(rule=rule("FREQ=DAILY"), changes=(Cancelled(datetime(2026, 12, 3, 17)),))
    assert text_of(daily).split("\r\n") == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Loa//Schedules//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        "NAME:Lịch phát",
        "X-WR-CALNAME:Lịch phát",
        "BEGIN:VTIMEZONE",
        "TZID:Asia/Ho_Chi_Minh",
        "BEGIN:STANDARD",
        "DTSTART:20250101T070000",
        "TZOFFSETFROM:+0700",
        "TZOFFSETTO:+0700",
        "TZNAME:+07",
        "END:STANDARD",
        "END:VTIMEZONE",
        "BEGIN:VEVENT",
        "UID:0@loa",
        "DTSTAMP:20261122T010000Z",
        "DTSTART;TZID=Asia/Ho_Chi_Minh:20261201T170000",
        "DURATION:PT900S",
        "SUMMARY:Bản tin",
        "STATUS:CONFIRMED",
        "RRULE:FREQ=DAILY",
        "EXDATE;TZID=Asia/Ho_Chi_Minh:20261203T170000",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]


def test_an_event_begins_with_its_first_real_occurrence() -> None:
    lines = unfolded(text_of(Series(rule=rule("FREQ=WEEKLY;BYDAY=MO;INTERVAL=2"))))
    assert "DTSTART;TZID=Asia/Ho_Chi_Minh:20261214T170000" in lines


def test_what_waits_for_its_approval_is_tentative() -> None:
    moved = datetime(2026, 12, 3, 17)
    series = Series(rule=rule("FREQ=DAILY"), changes=(Changed(moved, to=datetime(2026, 12, 4, 9)),))

    def states(**waits: Any) -> list[str]:
        text = calendar("Lịch", [IcalEntry("a", "Bản tin", series, SLOT_US, **waits)], us(NOW))
        return [str(event["STATUS"]) for event in icalendar.Calendar.from_ical(text).walk("VEVENT")]

    assert states() == ["CONFIRMED", "CONFIRMED"]
    assert states(waits=True) == ["TENTATIVE", "CONFIRMED"]
    assert states(waiting=frozenset({moved})) == ["CONFIRMED", "TENTATIVE"]


def test_a_moved_occurrence_and_one_with_other_content_are_told_by_their_original_time() -> None:
    series = Series(
        rule=rule("FREQ=DAILY"),
        changes=(
            Changed(datetime(2026, 12, 3, 17), to=datetime(2026, 12, 4, 9)),
            Changed(datetime(2026, 12, 5, 17), content_id="c2"),
        ),
    )
    entry = IcalEntry("a", "Bản tin", series, SLOT_US, "Xã Tân An", {"c2": "Tin khác"}, {"c2": 3 * SLOT_US})
    events = icalendar.Calendar.from_ical(calendar("x", [entry], us(NOW))).walk("VEVENT")
    assert [
        (
            event["UID"],
            event["SUMMARY"],
            event["LOCATION"],
            f"{event['RECURRENCE-ID'].dt:%d %H}",
            f"{event.start:%d %H}",
        )
        for event in events[1:]
    ] == [("a", "Bản tin", "Xã Tân An", "03 17", "04 09"), ("a", "Tin khác", "Xã Tân An", "05 17", "05 17")]
    assert [event.duration for event in events] == [timedelta(minutes=15), timedelta(minutes=15), timedelta(minutes=45)]


def test_a_change_of_what_the_rule_does_not_fire_is_not_written() -> None:
    series = Series(rule=rule("FREQ=DAILY"), changes=(Cancelled(datetime(2026, 12, 3, 18)),))
    assert "EXDATE" not in text_of(series)


def test_what_never_fires_is_left_out_with_its_zone() -> None:
    over = Series(rule=rule("FREQ=DAILY;UNTIL=20261130T000000Z"))
    assert "VEVENT" not in text_of(over)
    assert "VTIMEZONE" not in text_of(over)


def test_a_zone_that_nobody_knows_is_refused() -> None:
    with pytest.raises(RuleError) as refused:
        text_of(Series(rule=Rule(zone="Mars/Olympus", start=datetime(2026, 12, 1, 17))))
    assert refused.value.code == "zone_unknown"


TEXTS = (
    "a,b;c\\d",
    "xuống\ndòng",
    "\r\n BEGIN:VEVENT\r\n",
    "Thông báo tiêm chủng mở rộng cho trẻ em " * 4,
    "\x07\ud800",
    "😀" * 40,
)


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_any_text_comes_back_as_it_was_and_never_breaks_a_line(text: str) -> None:
    entry = IcalEntry(text, text, Series(rule=rule("")), SLOT_US, text)
    written = calendar(text, [entry], us(NOW))
    assert all(len(line.encode()) <= 75 for line in written.split("\r\n"))
    assert not re.search(r"[^\r]\n|\r[^\n]", written)
    (event,) = icalendar.Calendar.from_ical(written).walk("VEVENT")
    kept = text.replace("\r\n", "\n").replace("\x07\ud800", "").removesuffix("\n")
    assert (event.get("SUMMARY"), event.get("LOCATION", ""), event.get("UID")) == (kept, kept, kept)


# That others agree


def test_lunar_days_are_listed_for_two_years() -> None:
    series = Series(
        rule=rule("RSCALE=VIETNAMESE;FREQ=MONTHLY;BYMONTHDAY=1,15"),
        changes=(Cancelled(datetime(2026, 12, 23, 17)), Changed(datetime(2027, 1, 8, 17), to=datetime(2027, 1, 8, 6))),
    )
    written = text_of(series)
    begin, end = NOW - timedelta(days=30), NOW + timedelta(days=730)
    assert "RRULE" not in written
    assert theirs(written, begin, end) == ours(series, begin, end)
    assert len(ours(series, begin, end)) == 48


@pytest.mark.parametrize("on_holiday", [OnHoliday.SKIP, OnHoliday.ONLY])
def test_rules_that_heed_holidays_are_listed_and_what_was_moved_from_one_happens(on_holiday: OnHoliday) -> None:
    tet = datetime(2027, 2, 6, 17)
    changes = (Changed(tet, to=datetime(2027, 2, 6, 9)), Changed(datetime(2029, 1, 1, 17), to=datetime(2027, 3, 9, 9)))
    series = Series(rule=rule("FREQ=DAILY", on_holiday=on_holiday), changes=changes)
    begin, end = NOW - timedelta(days=30), NOW + timedelta(days=730)
    found = theirs(text_of(series, holidays=HOLIDAYS), begin, end)
    assert found == ours(series, begin, end)
    assert us(datetime(2027, 2, 6, 2, tzinfo=UTC)) in found


def test_vietnams_public_holidays_are_heeded_where_none_are_given() -> None:
    series = Series(rule=rule("FREQ=DAILY", on_holiday=OnHoliday.SKIP))
    assert text_of(series) == text_of(series, holidays=public_holidays(2025, 2029))


def test_a_rule_that_began_long_ago_is_read_as_it_is_today() -> None:
    series = Series(rule=rule("FREQ=DAILY", start=datetime(1900, 1, 1, 17), zone="Europe/Berlin"))
    begin, end = NOW, NOW + timedelta(days=3)
    assert theirs(text_of(series), begin, end) == ours(series, begin, end)


def test_extra_dates_before_the_first_occurrence_have_an_event_of_their_own() -> None:
    early, late = datetime(2026, 11, 29, 9), datetime(2027, 1, 1, 9)
    weekly = rule("FREQ=WEEKLY;BYDAY=MO", extra=(early, early + timedelta(days=1), late))
    series = Series(rule=weekly, changes=(Cancelled(early), Cancelled(late)))
    begin, end = NOW, NOW + timedelta(days=90)
    written = text_of(series)
    assert theirs(written, begin, end) == ours(series, begin, end)
    assert {line for line in unfolded(written) if line.startswith("UID")} == {"UID:0@loa", "UID:0@loa-besides"}


@pytest.mark.parametrize(
    ("zone", "start", "utc"),
    [
        ("UTC", datetime(2027, 3, 28, 2, 30), datetime(2027, 3, 28, 2, 30)),
        ("Europe/Berlin", datetime(2027, 3, 28, 2, 30), datetime(2027, 3, 28, 1, 30)),
        ("Europe/Berlin", datetime(2027, 10, 31, 2, 30), datetime(2027, 10, 31, 0, 30)),
        ("America/New_York", datetime(2027, 3, 14, 2, 30), datetime(2027, 3, 14, 7, 30)),
        ("America/New_York", datetime(2027, 11, 7, 1, 30), datetime(2027, 11, 7, 5, 30)),
        ("Australia/Lord_Howe", datetime(2027, 10, 3, 2, 15), datetime(2027, 10, 2, 15, 45)),
        ("Australia/Lord_Howe", datetime(2027, 4, 4, 1, 45), datetime(2027, 4, 3, 14, 45)),
    ],
)
def test_a_wall_time_in_a_gap_moves_by_it_and_one_that_comes_twice_is_the_first(
    zone: str, start: datetime, utc: datetime
) -> None:
    series = Series(rule=rule("FREQ=DAILY", start=start - timedelta(days=3), zone=zone))
    at = utc.replace(tzinfo=UTC)
    begin, end = at - timedelta(days=2), at + timedelta(days=2)
    assert us(at) in theirs(text_of(series), begin, end)
    assert theirs(text_of(series), begin, end) == ours(series, begin, end)


@st.composite
def serieses(draw: st.DrawFn) -> Series:
    """A rule about now, and some changes of what it fires."""
    days, minutes = st.integers(0, 900), st.sampled_from([0, 75, 105, 135, 150, 195, 330, 1020, 1430])
    starts = st.builds(lambda day, minute: datetime(2026, 1, 1) + timedelta(day, minutes=minute), days, minutes)
    untils_us = days.map(lambda day: us(NOW + timedelta(day)))
    rule = draw(rules(starts=starts, zones=ZONES, untils_us=untils_us))
    fired = occurrences(rule, us(NOW), us(NOW + timedelta(days=365)))
    changed = draw(st.lists(st.sampled_from(fired), max_size=3, unique=True)) if fired else []
    moved = [timedelta(minutes=draw(st.integers(-2000, 2000))) for _ in changed]
    changes = tuple(
        Changed(one.original, one.original + by) if by.seconds % 3 else Cancelled(one.original)
        for one, by in zip(changed, moved, strict=True)
    )
    return Series(rule=rule, changes=() if mistaken(rule, changes) else changes)


def mistaken(rule: Rule, changes: Sequence[Change]) -> bool:
    """Whether the peer takes another occurrence for one that was changed: it looks them up by wall time and by UTC in
    one table, so that 17:00 and 10:00 of a day in Ho Chi Minh City are one to it.
    """
    at = [(change.original, change.original.replace(tzinfo=ZoneInfo(rule.zone)).utcoffset()) for change in changes]
    walls = [wall + by for wall, offset in at if offset is not None for by in (offset, -offset)]
    return any(fires_at(rule, wall) for wall in walls)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(serieses(), min_size=3, max_size=3),
    st.sampled_from([NOW, datetime(2027, 3, 12, tzinfo=UTC), datetime(2027, 9, 30, tzinfo=UTC)]),
)
def test_another_calendar_shows_what_is_played(together: list[Series], begin: datetime) -> None:
    end = begin + timedelta(days=40)
    played = sorted(at_us for series in together for at_us in ours(series, begin, end))
    assert theirs(text_of(*together, holidays=HOLIDAYS), begin, end) == played


@pytest.mark.parametrize("zone", [*ZONES, "Africa/Casablanca", "Asia/Jerusalem", "America/St_Johns", "Europe/Dublin"])
def test_a_zone_is_told_so_that_those_who_do_not_know_it_reckon_its_offsets(zone: str) -> None:
    lines = "\r\n".join(timezone_lines(zone, 2020, 2041)).replace(zone, "Nowhere/Known")
    told = icalendar.Timezone.from_ical(lines).to_tz(lookup_tzid=False)
    known = ZoneInfo(zone)
    day = datetime(2020, 1, 1, 12)
    while day.year < 2042:
        assert day.replace(tzinfo=told).utcoffset() == day.replace(tzinfo=known).utcoffset(), day
        day += timedelta(days=5)
