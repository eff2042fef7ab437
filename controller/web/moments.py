"""Between controller time in microseconds and moments that persons read and write."""

import re
from datetime import UTC, date, datetime, timedelta, tzinfo

from controller.domain.errors import Invalid

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MINUTE_US = 60_000_000


def moment(instant_us: int) -> datetime:
    """Exact to the microsecond, in UTC."""
    return EPOCH + timedelta(microseconds=instant_us)


def maybe_moment(instant_us: int | None) -> datetime | None:
    return None if instant_us is None else moment(instant_us)


def instant_us(when: datetime) -> int:
    """Microseconds since the Unix epoch. Raises `ValueError` for a moment without a zone."""
    if when.tzinfo is None:
        raise ValueError("a moment without a zone is no instant")
    return (when - EPOCH) // _MICROSECOND


def minute_up(at_us: int) -> int:
    """The next whole minute, or this one: for ends, which are told to the minute."""
    return -(-at_us // _MINUTE_US) * _MINUTE_US


def wall_time(written: str, zone: tzinfo) -> datetime:
    """What a date-time field holds, in the station's zone.

    A wall time that the zone skips moves forward by the gap; one that it has twice is the first. Raises `Invalid`
    (``time_missing``).
    """
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?", written):
        raise Invalid(written[:40], code="time_missing")
    try:
        local = datetime.fromisoformat(written).replace(tzinfo=zone, fold=0)
        return local.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Invalid(written, code="time_missing") from error


def today(now_us: int, zone: tzinfo) -> date:
    """The day it is in ``zone``."""
    return moment(now_us).astimezone(zone).date()


def day_of(written: str) -> date:
    """A day as addresses write it: ``2026-03-02``. Raises `Invalid` (``day_malformed``), also for one of years that
    nothing is planned in.
    """
    try:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", written, re.ASCII):
            raise ValueError(written)
        found = date.fromisoformat(written)
    except ValueError as error:
        raise Invalid(written[:40], code="day_malformed") from error
    if not 1970 < found.year < 2199:
        raise Invalid(written, code="day_malformed")
    return found
