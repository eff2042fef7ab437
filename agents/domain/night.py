"""What night is: the hours in which a horn is not tested, whatever guards say. Pure."""

from datetime import UTC, date, datetime, tzinfo
from typing import Final

NIGHT_FROM_HOUR: Final = 22
NIGHT_UNTIL_HOUR: Final = 5


def is_night(instant_us: int, zone: tzinfo) -> bool:
    """Whether it is between 22:00 and 05:00 there. ``instant_us`` is controller time."""
    hour = _local(instant_us, zone).hour
    return hour >= NIGHT_FROM_HOUR or hour < NIGHT_UNTIL_HOUR


def day_of(instant_us: int, zone: tzinfo) -> date:
    """The day that it is there."""
    return _local(instant_us, zone).date()


def _local(instant_us: int, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(instant_us / 1e6, UTC).astimezone(zone)
