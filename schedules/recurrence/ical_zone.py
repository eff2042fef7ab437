"""VTIMEZONE: the offsets of a zone as other calendars read them, found by asking the zone itself.

Changes of offset that come every year on the same weekday of a month are said by a rule that goes on for ever; what
else changes is listed up to the end of the years that are asked for.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from schedules.recurrence.zones import zone_of

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_YEARS_OF_A_RULE = 12
"""In so many years the last of a weekday is the fourth here and the fifth there, so that the two are told apart."""


@dataclass(frozen=True, slots=True)
class _Observance:
    """What holds from an instant on. ``before`` is the offset until then."""

    at: datetime
    before: timedelta
    offset: timedelta
    name: str
    daylight: bool

    @property
    def wall(self) -> datetime:
        """What clocks showed when it began, by the offset until then."""
        return (self.at + self.before).replace(tzinfo=None)

    @property
    def kind(self) -> tuple[timedelta, timedelta, str, bool]:
        return self.before, self.offset, self.name, self.daylight


@lru_cache(maxsize=256)
def timezone_lines(zone: str, first_year: int, last_year: int) -> tuple[str, ...]:
    """The lines of a VTIMEZONE, true from the beginning of one year to the end of another, both in 2 to 9998, and
    beyond where changes go by a rule. Raises RuleError (``zone_unknown``).
    """
    begin, *changes = _observances(zone_of(zone), first_year, last_year)
    lines = ["BEGIN:VTIMEZONE", f"TZID:{zone}", *_lines(begin, [])]
    for kind in dict.fromkeys(change.kind for change in changes):
        alike = [change for change in changes if change.kind == kind]
        by_rule, rule = _rule_of(alike, last_year)
        listed = alike[: len(alike) - len(by_rule)]
        if listed:
            lines += _lines(listed[0], [_listed(change) for change in listed[1:]])
        if by_rule:
            lines += _lines(by_rule[0], [f"RRULE:{rule}"])
    return (*lines, "END:VTIMEZONE")


def _lines(observance: _Observance, recurring: list[str]) -> list[str]:
    what = "DAYLIGHT" if observance.daylight else "STANDARD"
    return [
        f"BEGIN:{what}",
        f"DTSTART:{_stamp(observance.wall)}",
        f"TZOFFSETFROM:{_offset(observance.before)}",
        f"TZOFFSETTO:{_offset(observance.offset)}",
        f"TZNAME:{observance.name}",
        *recurring,
        f"END:{what}",
    ]


def _listed(observance: _Observance) -> str:
    return f"RDATE:{_stamp(observance.wall)}"


def _rule_of(alike: list[_Observance], last_year: int) -> tuple[list[_Observance], str]:
    """The changes at the end that go by one yearly rule, and the rule; none where they do not."""
    years = [change.wall.year for change in alike]
    if len(alike) < _YEARS_OF_A_RULE or years[-_YEARS_OF_A_RULE:] != list(
        range(last_year - _YEARS_OF_A_RULE + 1, last_year + 1)
    ):
        return [], ""
    for last in (True, False):
        pattern = _pattern(alike[-1].wall, last)
        by_rule: list[_Observance] = []
        for change in reversed(alike):
            if _pattern(change.wall, last) != pattern or (by_rule and by_rule[0].wall.year != change.wall.year + 1):
                break
            by_rule.insert(0, change)
        if len(by_rule) >= _YEARS_OF_A_RULE:
            month, nth, weekday, _ = pattern
            return by_rule, f"FREQ=YEARLY;BYMONTH={month};BYDAY={nth}{_DAYS[weekday]}"
    return [], ""


def _pattern(wall: datetime, last: bool) -> tuple[int, int, int, timedelta]:
    """Month, which of its weekdays (counted from its end, or from its beginning), weekday and time of the day."""
    from_end = (monthrange(wall.year, wall.month)[1] - wall.day) // 7 + 1
    nth = -from_end if last else (wall.day - 1) // 7 + 1
    return wall.month, nth, wall.weekday(), wall - wall.replace(hour=0, minute=0, second=0)


def _observances(zone: ZoneInfo, first_year: int, last_year: int) -> list[_Observance]:
    """What holds at the beginning of the first year, and every change until the end of the last."""
    at, end = datetime(first_year, 1, 1, tzinfo=UTC), datetime(last_year + 1, 1, 1, tzinfo=UTC)
    told = _told(zone, at)
    found = [_observance(zone, at, told[0])]
    while at < end:
        following = at + _DAY
        then = _told(zone, following)
        if then != told:
            low, high = at, following
            while high - low > _SECOND:
                middle = low + (high - low) // _SECOND // 2 * _SECOND
                low, high = (middle, high) if _told(zone, middle) == told else (low, middle)
            found.append(_observance(zone, high, told[0]))
        at, told = following, then
    return found


def _observance(zone: ZoneInfo, at: datetime, before: timedelta) -> _Observance:
    offset, daylight, name = _told(zone, at)
    return _Observance(at, before, offset, name, daylight)


def _told(zone: ZoneInfo, at: datetime) -> tuple[timedelta, bool, str]:
    local = at.astimezone(zone)
    return local.utcoffset() or timedelta(), bool(local.dst()), local.tzname() or zone.key


def _stamp(wall: datetime) -> str:
    return f"{wall.year:04}{wall:%m%dT%H%M%S}"


def _offset(offset: timedelta) -> str:
    seconds = abs(offset) // _SECOND
    said = f"{seconds // 3600:02}{seconds // 60 % 60:02}" + (f"{seconds % 60:02}" if seconds % 60 else "")
    return ("-" if offset < timedelta() else "+") + said
