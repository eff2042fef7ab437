"""Guards: when a place must be quiet, and how much it may be spoken to. Stop and emergency alone pass them.

Guards stand at areas and at single speakers. They are inherited downwards and only ever tightened: a looser value
below changes nothing. Wall times are those of the station's zone, and quiet is what the clock on the wall says: an hour
that comes twice is quiet twice, one that is left out is quiet never. Instants are microseconds since the Unix epoch.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import chain
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Interval = tuple[int, int]
"""From an instant until another, which is not in it."""

_DAY_S: Final = 86_400
_DAY_US: Final = _DAY_S * 1_000_000
_EVERY_DAY: Final = frozenset(range(7))
_THURSDAY: Final = 3
"""1 January 1970, day 0."""
_LOOK_EVERY_S: Final = 3_600
"""No zone changes its offset twice within this."""
_MAX_QUIET: Final = 50
_MINUTES_A_DAY: Final = 1_440
_MAX_SLOTS: Final = 1_000


@dataclass(frozen=True, order=True, slots=True)
class Quiet:
    """Silence from one wall time until another, over midnight where ``until`` is not after ``begin`` (both equal: the
    whole day). It begins on these ``weekdays`` (0 is Monday), on every day where none is named.
    """

    begin: time
    until: time
    weekdays: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Guards:
    """What holds at a place; None is no limit. A day is one of the station's zone; an airing counts for the day on
    which it begins.
    """

    quiet: tuple[Quiet, ...] = ()
    slots_a_day: int | None = None
    slot_minutes: int | None = None
    day_minutes: int | None = None
    max_volume_percent: int | None = None


NO_GUARDS = Guards()

NIGHT: Final = Quiet(time(21, 30), time(5))
"""The quiet hours of the presets. No rule states them: the usual programmes begin from 05:00 on, and the one that was
switched on by mistake at 03:15 must not be heard.
"""

PRESETS: Final[dict[str, Guards]] = {
    "rural": Guards(quiet=(NIGHT,), slots_a_day=3, slot_minutes=45, day_minutes=135),
    "urban": Guards(quiet=(Quiet(time(0), time(0), (5, 6)), NIGHT), slots_a_day=2, slot_minutes=15, day_minutes=30),
}
"""What stations were told in practice: at most three slots of 45 minutes a day with relays; in the wards of a large
town two of 15 minutes, five days a week. They are a beginning, each station changes them.
"""

_ODD: Final = (Quiet(time(22), time(5)),)


class GuardsError(ValueError):
    """Guards that say nothing sensible. ``code`` says why, for a sentence: ``quiet_malformed``, ``quiet_too_many``,
    ``limit_malformed``, ``zone_unknown``.
    """

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


def check(guards: Guards) -> None:
    """Raises `GuardsError` where a limit is out of its bounds or quiet hours are none."""
    if len(guards.quiet) > _MAX_QUIET:
        raise GuardsError(f"Quiet hours have at most {_MAX_QUIET} rows, not {len(guards.quiet)}.", "quiet_too_many")
    for quiet in guards.quiet:
        if quiet.begin.tzinfo is not None or quiet.until.tzinfo is not None:
            raise GuardsError("Quiet hours are wall times, without a zone of their own.", "quiet_malformed")
        if not _EVERY_DAY.issuperset(quiet.weekdays):
            raise GuardsError("Weekdays go from 0 (Monday) to 6 (Sunday).", "quiet_malformed")
    _check_limit("slots a day", guards.slots_a_day, 0, _MAX_SLOTS)
    _check_limit("minutes a slot", guards.slot_minutes, 1, _MINUTES_A_DAY)
    _check_limit("minutes a day", guards.day_minutes, 0, _MINUTES_A_DAY)
    _check_limit("percent of volume", guards.max_volume_percent, 0, 100)


def _check_limit(name: str, value: int | None, least: int, most: int) -> None:
    if value is not None and not least <= value <= most:
        raise GuardsError(f"A limit of {name} lies between {least} and {most}, not at {value}.", "limit_malformed")


# --- inheritance -----------------------------------------------------------------------------------------------------


def tightened(above: Guards, below: Guards) -> Guards:
    """What holds where both do: quiet when either is, and the lower of each limit. The order plays no part, and the
    same twice is the same once (rows of quiet hours come out sorted, those of the same hours as one).
    """
    return Guards(
        quiet=_canonical((*above.quiet, *below.quiet)),
        slots_a_day=_lower(above.slots_a_day, below.slots_a_day),
        slot_minutes=_lower(above.slot_minutes, below.slot_minutes),
        day_minutes=_lower(above.day_minutes, below.day_minutes),
        max_volume_percent=_lower(above.max_volume_percent, below.max_volume_percent),
    )


def along(guards_by_area: Mapping[str, Guards], path: Sequence[str], own: Guards = NO_GUARDS) -> Guards:
    """What holds at a speaker: the guards of every area on its ``path`` and its own."""
    result = tightened(NO_GUARDS, own)
    for area_id in path:
        found = guards_by_area.get(area_id)
        if found is not None:
            result = tightened(result, found)
    return result


def _lower(one: int | None, other: int | None) -> int | None:
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)


def _canonical(rows: Iterable[Quiet]) -> tuple[Quiet, ...]:
    days: dict[tuple[time, time], frozenset[int]] = {}
    for row in rows:
        hours = (row.begin, row.until)
        days[hours] = days.get(hours, frozenset()) | (frozenset(row.weekdays) or _EVERY_DAY)
    return tuple(sorted(Quiet(*hours, () if on == _EVERY_DAY else tuple(sorted(on))) for hours, on in days.items()))


# --- what is quiet, when ---------------------------------------------------------------------------------------------


def forbidden(guards: Guards, zone: str, from_us: int, until_us: int) -> tuple[Interval, ...]:
    """When nothing may sound: absolute, in order, merged where they touch, clipped to ``[from_us, until_us)``.

    Raises `GuardsError` (``zone_unknown``).
    """
    return _forbidden(guards.quiet, zone, from_us, until_us) if guards.quiet else ()


def is_odd(start_us: int, until_us: int, zone: str) -> bool:
    """Whether any of it sounds between 22:00 and 05:00, when a person should be asked twice whatever guards allow.

    Raises `GuardsError` (``zone_unknown``).
    """
    return bool(_forbidden(_ODD, zone, start_us, max(until_us, start_us + 1)))


def day_start_us(day: date, zone: str) -> int:
    """The first instant of a day in a zone; the day lasts until that of the next one, 23 to 25 hours as a rule.

    Raises `GuardsError` (``zone_unknown``).
    """
    number = day.toordinal() - _EPOCH_ORDINAL
    stretches = chain.from_iterable(_stretches(zone, near) for near in (number - 1, number, number + 1))
    return next(
        start
        for start, end, offset in ((max(s, number * _DAY_US - off), e, off) for s, e, off in stretches)
        if start < end
    )


def days(zone: str, from_us: int, until_us: int) -> tuple[tuple[date, int, int], ...]:
    """The days of a zone that ``[from_us, until_us)`` touches, whole, in order: the day, its first instant, and that of
    the next. Raises `GuardsError` (``zone_unknown``).
    """
    first = date.fromordinal(from_us // _DAY_US + _EPOCH_ORDINAL - 1)
    last = date.fromordinal(until_us // _DAY_US + _EPOCH_ORDINAL + 1)
    numbers = range(first.toordinal(), last.toordinal() + 1)
    bounds = ((day, day_start_us(day, zone), day_start_us(day + timedelta(1), zone)) for day in map(_date, numbers))
    return tuple((day, start, end) for day, start, end in bounds if start < until_us and from_us < end and start < end)


_EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()
_date = date.fromordinal


@lru_cache(maxsize=8_192)
def _forbidden(quiet: tuple[Quiet, ...], zone: str, from_us: int, until_us: int) -> tuple[Interval, ...]:
    if from_us >= until_us:
        return ()
    near = range(from_us // _DAY_US, (until_us - 1) // _DAY_US + 1)
    found = _merged(interval for number in near for interval in _quiet_of_day(quiet, zone, number))
    return tuple(
        (max(start, from_us), min(end, until_us)) for start, end in found if start < until_us and from_us < end
    )


@lru_cache(maxsize=32_768)
def _quiet_of_day(quiet: tuple[Quiet, ...], zone: str, utc_day: int) -> tuple[Interval, ...]:
    found = (
        (max(begin - offset, start), min(until - offset, end))
        for start, end, offset in _stretches(zone, utc_day)
        for begin, until in _walls(quiet, start + offset, end + offset)
    )
    return _merged(sorted(interval for interval in found if interval[0] < interval[1]))


def _walls(quiet: tuple[Quiet, ...], from_us: int, until_us: int) -> Iterator[Interval]:
    """The rows as wall times that touch these, counted from the wall's 1 January 1970."""
    for day in range(from_us // _DAY_US - 1, until_us // _DAY_US + 1):
        for row in quiet:
            if not row.weekdays or (day + _THURSDAY) % 7 in row.weekdays:
                over_midnight = _DAY_US if row.until <= row.begin else 0
                yield day * _DAY_US + _of_day(row.begin), day * _DAY_US + _of_day(row.until) + over_midnight


def _of_day(wall: time) -> int:
    return ((wall.hour * 60 + wall.minute) * 60 + wall.second) * 1_000_000 + wall.microsecond


def _merged(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """Of intervals sorted by their begin."""
    merged: list[Interval] = []
    for start, end in intervals:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return tuple(merged)


# --- zones -----------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4_096)
def _stretches(zone: str, utc_day: int) -> tuple[tuple[int, int, int], ...]:
    """A day of UTC in stretches of one offset each: from, until, and wall minus UTC, in microseconds."""
    info = _zone(zone)
    begin_s = utc_day * _DAY_S
    edges = [begin_s]
    for at_s in range(begin_s, begin_s + _DAY_S, _LOOK_EVERY_S):
        before, after = _offset(info, at_s), _offset(info, at_s + _LOOK_EVERY_S)
        if before != after:
            low, high = at_s, at_s + _LOOK_EVERY_S  # the offset is ``before`` at low, and no longer at high
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if _offset(info, middle) == before else (low, middle)
            if high < begin_s + _DAY_S:
                edges.append(high)
    ends = [*edges[1:], begin_s + _DAY_S]
    return tuple((s * 1_000_000, e * 1_000_000, _offset(info, s)) for s, e in zip(edges, ends, strict=True))


def _offset(info: ZoneInfo, at_s: int) -> int:
    offset = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=at_s)).astimezone(info).utcoffset()
    assert offset is not None
    return offset // timedelta(microseconds=1)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise GuardsError(
            f"There is no zone {name!r}. Zones are named like Asia/Ho_Chi_Minh.", "zone_unknown"
        ) from error
