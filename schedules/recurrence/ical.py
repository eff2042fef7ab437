"""iCalendar: series as RFC 5545 writes them, so that other calendars show the same occurrences.

A solar rule is written as it is, and goes on as long as it does. A lunar rule, and one that heeds holidays, is beyond
what others can reckon, and places in a week are read differently: there the occurrences are listed, from a month before
now until two years after. What was cancelled,
moved or given other content is told as RFC 5545 tells it. Extra dates before a rule's first occurrence stand in an
event of their own, since no event begins before its DTSTART.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Final
from unicodedata import category

from schedules.recurrence.expand import fires_at, occurrences, starts_from
from schedules.recurrence.holidays import public_holidays
from schedules.recurrence.ical_zone import timezone_lines
from schedules.recurrence.parse import rule_text
from schedules.recurrence.rule import ByDay, Calendar, Cancelled, Change, Changed, Frequency, OnHoliday, Rule, Series
from schedules.recurrence.zones import DAY_US, FIRST_US, LAST_US, instant_us

LISTED_BEFORE_US: Final = 31 * DAY_US
LISTED_AFTER_US: Final = 731 * DAY_US
"""Around now, the window in which occurrences are listed where no rule can be written."""
ZONE_YEARS: Final = 15
"""For so many years from now changes of offset are told, and for ever where they go by a rule."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DATES_A_LINE: Final = 50
_OCTETS_A_LINE: Final = 75


@dataclass(frozen=True, slots=True)
class IcalEntry:
    """A series to be written. ``uid`` stays the same for as long as it is this series; ``titles`` and ``durations_us``
    are those of other contents by their id, for the occurrences that were given one. ``waits`` where the series is not
    approved, ``waiting`` are the changed occurrences that are not, by their wall time by the rule.
    """

    uid: str
    title: str
    series: Series
    duration_us: int
    location: str = ""
    titles: Mapping[str, str] = field(default_factory=dict)
    durations_us: Mapping[str, int] = field(default_factory=dict)
    waits: bool = False
    waiting: frozenset[datetime] = frozenset()


def calendar(name: str, entries: Sequence[IcalEntry], now_us: int, *, holidays: frozenset[date] | None = None) -> str:
    """The entries as one calendar, with CRLF line ends. What never fires is left out.

    ``holidays`` are those that rules heed, Vietnam's public ones where none are given. Raises RuleError
    (``zone_unknown``).
    """
    now = _EPOCH + timedelta(microseconds=now_us)
    if holidays is None:
        holidays = public_holidays(now.year - 1, now.year + 3)
    events = [(entry, event) for entry in entries for event in _events(entry, now_us, holidays)]
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Loa//Schedules//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"NAME:{_escaped(name)}",
        f"X-WR-CALNAME:{_escaped(name)}",
    ]
    for zone, first_year in sorted(_zones(event for _, event in events).items()):
        lines += timezone_lines(zone, first_year, max(now.year, first_year) + ZONE_YEARS)
    stamp = f"{_stamp(now)}Z"
    for entry, event in events:
        lines += _event_lines(entry, event, stamp)
    return "".join(f"{_folded(line)}\r\n" for line in (*lines, "END:VCALENDAR"))


@dataclass(frozen=True, slots=True)
class _Event:
    """A recurring event: its first occurrence, the rule or the further ones, and what was changed of them."""

    uid: str
    zone: str
    first: datetime
    rule: str
    besides: tuple[datetime, ...]
    changes: tuple[Change, ...]


def _events(entry: IcalEntry, now_us: int, holidays: frozenset[date]) -> list[_Event]:
    rule = entry.series.rule
    if rule.calendar is Calendar.LUNAR or rule.on_holiday is not OnHoliday.PLAY or _read_otherwise(rule):
        return _listed_event(entry, now_us, holidays)
    changes = [change for change in entry.series.changes if fires_at(rule, change.original)]
    alone = replace(rule, extra=())
    found = next(starts_from(alone, FIRST_US, LAST_US), None)
    first = None if found is None else found[1]
    early = [wall for wall in rule.extra if first is None or wall < first]
    events = []
    if first is not None:
        besides = tuple(wall for wall in rule.extra if wall > first)
        kept = tuple(change for change in changes if change.original not in early)
        events.append(_Event(entry.uid, rule.zone, first, rule_text(_explicit(alone)), besides, kept))
    if early:
        kept = tuple(change for change in changes if change.original in early)
        events.append(_Event(f"{entry.uid}-besides", rule.zone, early[0], "", tuple(early[1:]), kept))
    return events


def _read_otherwise(rule: Rule) -> bool:
    """Some calendars count the places in a week (BYSETPOS) of the first one from DTSTART, not from its beginning."""
    return rule.frequency is Frequency.WEEKLY and bool(rule.by_set_pos)


def _explicit(rule: Rule) -> Rule:
    """The rule in words that others read alike: with its weekday named where some would take the whole of the week, and
    numbered weekdays not beside plain ones, where some would take those alone that are both.
    """
    named = rule.by_day or rule.by_month_day or rule.by_year_day
    if rule.frequency is Frequency.YEARLY and rule.by_week_no and not named:
        return replace(rule, by_day=(ByDay(rule.start.weekday()),))
    if len({day.nth == 0 for day in rule.by_day}) < 2:
        return rule
    most = 53 if rule.frequency is Frequency.YEARLY and not rule.by_month else 5
    numbered = [
        ByDay(day.weekday, nth) for day in rule.by_day for nth in (range(1, most + 1) if not day.nth else [day.nth])
    ]
    return replace(rule, by_day=tuple(numbered))


def _listed_event(entry: IcalEntry, now_us: int, holidays: frozenset[date]) -> list[_Event]:
    rule, changes = entry.series.rule, {change.original: change for change in entry.series.changes}
    from_us, until_us = now_us - LISTED_BEFORE_US, now_us + LISTED_AFTER_US
    walls = {occurrence.original for occurrence in occurrences(rule, from_us, until_us)}
    for change in entry.series.changes:
        if _moved(change) is not None and from_us <= instant_us(rule.zone, _happens(change)) < until_us:
            walls |= {change.original} if fires_at(rule, change.original) else set()
    listed = sorted(wall for wall in walls if _fires(rule, wall, changes.get(wall), holidays))
    if not listed:
        return []
    kept = tuple(changes[wall] for wall in listed if wall in changes)
    return [_Event(entry.uid, rule.zone, listed[0], "", tuple(listed[1:]), kept)]


def _fires(rule: Rule, wall: datetime, change: Change | None, holidays: frozenset[date]) -> bool:
    """Whether anything can happen of an occurrence, by holidays: somebody who named another time has decided."""
    match rule.on_holiday:
        case OnHoliday.PLAY:
            return True
        case OnHoliday.ONLY:
            return wall.date() in holidays
        case OnHoliday.SKIP:
            return wall.date() not in holidays or _moved(change) is not None


def _moved(change: Change | None) -> datetime | None:
    return change.to if isinstance(change, Changed) else None


def _happens(change: Change) -> datetime:
    return _moved(change) or change.original


def _zones(events: Iterator[_Event]) -> dict[str, int]:
    """The zones of events, and the year before anything happens in them."""
    years: dict[str, int] = {}
    for event in events:
        happens = (event.first, *event.besides, *(_happens(change) for change in event.changes))
        year = min(wall.year for wall in happens) - 1
        years[event.zone] = min(years.get(event.zone, year), year)
    return years


def _event_lines(entry: IcalEntry, event: _Event, stamp: str) -> list[str]:
    cancelled = [change.original for change in event.changes if isinstance(change, Cancelled)]
    recurring = [f"RRULE:{event.rule}"] if event.rule else []
    recurring += _date_lines("RDATE", event.zone, event.besides) + _date_lines("EXDATE", event.zone, cancelled)
    lines = _component(entry, event, None, stamp=stamp, start=event.first, recurring=recurring, waits=entry.waits)
    for change in event.changes:
        if isinstance(change, Changed) and (change.to is not None or change.content_id is not None):
            original = [f"RECURRENCE-ID;TZID={event.zone}:{_stamp(change.original)}"]
            lines += _component(
                entry,
                event,
                change.content_id,
                stamp=stamp,
                start=_happens(change),
                recurring=original,
                waits=change.original in entry.waiting,
            )
    return lines


def _component(
    entry: IcalEntry,
    event: _Event,
    content_id: str | None,
    *,
    stamp: str,
    start: datetime,
    recurring: Sequence[str],
    waits: bool,
) -> list[str]:
    """``content_id`` None is the usual one. What waits for its approval is tentative."""
    title = entry.title if content_id is None else entry.titles.get(content_id, entry.title)
    duration_us = entry.duration_us if content_id is None else entry.durations_us.get(content_id, entry.duration_us)
    seconds = -(-duration_us // 1_000_000)
    return [
        "BEGIN:VEVENT",
        f"UID:{_escaped(event.uid)}",
        f"DTSTAMP:{stamp}",
        f"DTSTART;TZID={event.zone}:{_stamp(start)}",
        *([f"DURATION:PT{seconds}S"] if seconds > 0 else []),
        f"SUMMARY:{_escaped(title)}",
        f"STATUS:{'TENTATIVE' if waits else 'CONFIRMED'}",
        *([f"LOCATION:{_escaped(entry.location)}"] if entry.location else []),
        *recurring,
        "END:VEVENT",
    ]


def _date_lines(name: str, zone: str, walls: Sequence[datetime]) -> list[str]:
    pieces = (walls[begin : begin + _DATES_A_LINE] for begin in range(0, len(walls), _DATES_A_LINE))
    return [f"{name};TZID={zone}:{','.join(map(_stamp, piece))}" for piece in pieces]


def _stamp(wall: datetime) -> str:
    return f"{wall.year:04}{wall:%m%dT%H%M%S}"


def _escaped(text: str) -> str:
    """A text value: what would end it is escaped, what no line may hold is left out."""
    text = "\n".join(text.splitlines())
    text = "".join(letter for letter in text if letter in "\n\t" or category(letter) not in ("Cc", "Cs"))
    for plain, escaped in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        text = text.replace(plain, escaped)
    return text


def _folded(line: str) -> str:
    """A line in pieces of 75 octets at most, the later ones led by a space; no letter is cut in two."""
    pieces = [""]
    octets = 0
    for letter in line:
        size = len(letter.encode("utf-8", "replace"))
        if octets + size > _OCTETS_A_LINE:
            pieces.append("")
            octets = 1
        pieces[-1] += letter
        octets += size
    return "\r\n ".join(pieces)
