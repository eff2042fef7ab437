"""Zones: from wall time to instant and back.

A wall time that does not exist moves by the gap, one that exists twice means the first. Instants are microseconds since
the Unix epoch, days are ordinals (1 is 0001-01-01). Almost every day of every zone keeps one offset from midnight to
midnight: of those only the first instant is kept, and the zone is asked no more.
"""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from schedules.recurrence.rule import RuleError

DAY_US: Final = 86_400_000_000
FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2199
FIRST_DAY: Final = date(FIRST_YEAR, 1, 1).toordinal()
LAST_DAY: Final = date(LAST_YEAR, 12, 31).toordinal()

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY: Final = _EPOCH.toordinal()
_MICROSECOND: Final = timedelta(microseconds=1)
_MARGIN_DAYS: Final = 3
FIRST_US: Final = (FIRST_DAY - _EPOCH_DAY - _MARGIN_DAYS) * DAY_US
"""Before the first instant of the years that are planned for, in any zone."""
LAST_US: Final = (LAST_DAY - _EPOCH_DAY + _MARGIN_DAYS) * DAY_US
"""Behind the last."""

_OF_THE_MACHINE: Final = frozenset({"localtime", "posixrules", "Factory"})


@lru_cache(maxsize=1024)
def zone_of(name: str) -> ZoneInfo:
    """The IANA zone of that name. Raises RuleError (``zone_unknown``), also for a zone that only this machine means."""
    if not name:
        raise RuleError("The rule names no time zone", "zone_unknown")
    if name in _OF_THE_MACHINE:
        raise RuleError(f"{name} is not a time zone that means the same everywhere", "zone_unknown")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise RuleError(f"There is no time zone {name!r}", "zone_unknown") from error


@lru_cache(maxsize=1 << 17)
def steady_day_us(zone: str, day: int) -> int | None:
    """The first instant of a day that keeps its offset from UTC; None where the offset changes during the day."""
    tz = zone_of(zone)
    midnight = datetime.fromordinal(day)
    last = midnight.replace(hour=23, minute=59, second=59)
    offsets = {wall.replace(tzinfo=tz, fold=fold).utcoffset() for wall in (midnight, last) for fold in (0, 1)}
    offset = offsets.pop()
    if offsets or offset is None:
        return None
    return (day - _EPOCH_DAY) * DAY_US - offset // _MICROSECOND


def instant_us(zone: str, wall: datetime) -> int:
    """The instant of a wall time. Raises RuleError (``zone_unknown``)."""
    begin_us = steady_day_us(zone, wall.toordinal())
    if begin_us is None:
        return (wall.replace(tzinfo=zone_of(zone), fold=0) - _EPOCH) // _MICROSECOND
    return begin_us + ((wall.hour * 60 + wall.minute) * 60 + wall.second) * 1_000_000 + wall.microsecond


def wall_of(zone: str, at_us: int) -> datetime:
    """What clocks of the zone show at an instant of the years that are planned for; instants outside are taken for the
    nearest of them. Raises RuleError (``zone_unknown``).
    """
    at = _EPOCH + timedelta(microseconds=min(max(at_us, FIRST_US), LAST_US))
    return at.astimezone(zone_of(zone)).replace(tzinfo=None, fold=0)


@lru_cache(maxsize=4096)
def days_around(zone: str, from_us: int, until_us: int) -> tuple[int, int]:
    """The first and the last day that can hold a wall time whose instant is in [``from_us``, ``until_us``)."""
    first = wall_of(zone, from_us).toordinal()
    last = wall_of(zone, until_us - 1).toordinal()
    # Near a change of offset a wall time may mean an instant of the day beside it.
    return first - (not _joined(zone, first - 1)), last + (not _joined(zone, last))


def _joined(zone: str, day: int) -> bool:
    """Whether this day and the next keep one offset."""
    begin_us, next_us = steady_day_us(zone, day), steady_day_us(zone, day + 1)
    return begin_us is not None and next_us is not None and next_us - begin_us == DAY_US
