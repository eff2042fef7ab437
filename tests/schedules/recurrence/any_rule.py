"""Any well-formed rule, drawn part by part from what RFC 5545 allows together."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from schedules.recurrence.form import check_form
from schedules.recurrence.rule import ByDay, Calendar, Frequency, OnHoliday, Rule


def numbers(least: int, most: int, size: int = 3) -> st.SearchStrategy[tuple[int, ...]]:
    return st.lists(st.integers(least, most), max_size=size).map(tuple)


def signed(most: int, size: int = 3) -> st.SearchStrategy[tuple[int, ...]]:
    return st.lists(st.integers(-most, most).filter(bool), max_size=size).map(tuple)


WEEKDAYS = st.lists(st.integers(0, 6).map(ByDay), max_size=7).map(tuple)
NTH = st.lists(st.builds(ByDay, st.integers(0, 6), st.integers(-5, 5)), max_size=3).map(tuple)
EVERY: dict[str, st.SearchStrategy[Any]] = {
    "interval": st.integers(1, 5),
    "by_month": numbers(1, 12, 4),
    "by_month_day": signed(30),
    "by_day": WEEKDAYS,
    "by_hour": numbers(0, 23),
    "by_minute": st.lists(st.sampled_from([0, 15, 30, 45]), max_size=2).map(tuple),
    "by_set_pos": signed(4, 2),
    "week_start": st.sampled_from([0, 3, 6]),
    "count": st.integers(1, 40),
}
LUNAR = ("interval", "by_month", "by_month_day", "by_hour", "by_minute", "count")
PARTS: dict[Frequency, dict[str, st.SearchStrategy[Any]]] = {
    Frequency.ONCE: {},
    Frequency.DAILY: EVERY,
    Frequency.WEEKLY: {name: part for name, part in EVERY.items() if name != "by_month_day"},
    Frequency.MONTHLY: {**EVERY, "by_day": WEEKDAYS | NTH},
    Frequency.YEARLY: {**EVERY, "by_day": WEEKDAYS | NTH, "by_year_day": signed(366), "by_week_no": signed(53)},
}
NAMES_DAYS = ("by_month", "by_month_day", "by_day", "by_year_day", "by_week_no", "by_hour", "by_minute")


@st.composite
def rules(
    draw: st.DrawFn,
    *,
    starts: st.SearchStrategy[datetime],
    zones: Sequence[str],
    untils_us: st.SearchStrategy[int],
    calendars: Sequence[Calendar] = tuple(Calendar),
    on_holiday: Sequence[OnHoliday] = tuple(OnHoliday),
) -> Rule:
    """A rule of any frequency, with any of its parts."""
    frequency, start = draw(st.sampled_from(Frequency)), draw(starts)
    lunar = frequency in (Frequency.MONTHLY, Frequency.YEARLY) and draw(st.sampled_from(calendars)) is Calendar.LUNAR
    allowed = {name: part for name, part in PARTS[frequency].items() if not lunar or name in LUNAR}
    kept = sorted(draw(st.sets(st.sampled_from(sorted(allowed)), max_size=5))) if allowed else []
    parts = {name: draw(allowed[name]) for name in kept}
    if not any(parts.get(name) for name in NAMES_DAYS):
        parts.pop("by_set_pos", None)
    if any(day.nth for day in parts.get("by_day", ())):
        parts.pop("by_week_no", None)
    rule = Rule(
        zone=draw(st.sampled_from(zones)),
        start=start,
        frequency=frequency,
        calendar=Calendar.LUNAR if lunar else Calendar.SOLAR,
        until_us=draw(untils_us)
        if frequency is not Frequency.ONCE and "count" not in parts and draw(st.booleans())
        else None,
        on_holiday=draw(st.sampled_from(on_holiday)),
        extra=tuple(start + timedelta(hours=hours) for hours in draw(st.lists(st.integers(-999, 9999), max_size=3))),
        **parts,
    )
    check_form(rule)
    return rule
