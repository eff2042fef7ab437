"""RRULE texts of RFC 5545, from days upward, and RSCALE of RFC 7529 for the Vietnamese lunar calendar.

Read strictly: what is not understood is refused, never guessed. Written in one order, so that the same rule is always
the same text.
"""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

from schedules.recurrence.form import LAST_UNTIL_US, check_form
from schedules.recurrence.rule import ByDay, Calendar, Frequency, OnHoliday, Rule, RuleError
from schedules.recurrence.zones import instant_us, zone_of

MOST_CHARACTERS: Final = 2000

_Value = TypeVar("_Value")

_DAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_TOO_OFTEN: Final = frozenset({"SECONDLY", "MINUTELY"})
_KEYS: Final = frozenset(
    {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "RSCALE", "SKIP", "BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO"}
    | {"BYDAY", "BYHOUR", "BYMINUTE", "BYSECOND", "BYSETPOS"}
)
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,6}", re.ASCII)
_BY_DAY: Final = re.compile(r"([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)", re.ASCII)
_UNTIL: Final = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})(?:T([0-9]{2})([0-9]{2})([0-9]{2})(Z?))?", re.ASCII)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def parse_rule(
    text: str,
    *,
    start: datetime,
    zone: str,
    on_holiday: OnHoliday = OnHoliday.PLAY,
    extra: Sequence[datetime] = (),
) -> Rule:
    """The rule of an RRULE text, with or without ``RRULE:`` before it; an empty one fires once, at ``start``.

    UNTIL is an instant in UTC; a wall time is taken as one of the zone, and a day as the whole of it. Raises RuleError:
    ``zone_unknown``, ``frequency_unknown``, ``rule_malformed``, ``rule_too_often``, ``rule_too_many``,
    ``rule_out_of_years``.
    """
    zone_of(zone)
    parts = _parts(text)
    frequency = _frequency(parts) if parts else Frequency.ONCE
    _check_second(parts.get("BYSECOND"), start)
    rule = Rule(
        zone=zone,
        start=start,
        frequency=frequency,
        interval=_one(parts, "INTERVAL", 1),
        calendar=_calendar(parts),
        by_month=_numbers(parts, "BYMONTH"),
        by_month_day=_numbers(parts, "BYMONTHDAY"),
        by_year_day=_numbers(parts, "BYYEARDAY"),
        by_week_no=_numbers(parts, "BYWEEKNO"),
        by_day=_each(parts, "BYDAY", _by_day),
        by_hour=_numbers(parts, "BYHOUR"),
        by_minute=_numbers(parts, "BYMINUTE"),
        by_set_pos=_numbers(parts, "BYSETPOS"),
        week_start=_weekday(parts["WKST"]) if "WKST" in parts else 0,
        until_us=_until_us(parts["UNTIL"], zone) if "UNTIL" in parts else None,
        count=_one(parts, "COUNT", 1) if "COUNT" in parts else None,
        on_holiday=on_holiday,
        extra=tuple(extra),
    )
    check_form(rule)
    return rule


def rule_text(rule: Rule) -> str:
    """The RRULE text of a rule, without ``RRULE:``; empty for one that fires once. `parse_rule` reads it back."""
    if rule.frequency is Frequency.ONCE:
        return ""
    parts: list[str] = []
    if rule.calendar is Calendar.LUNAR:
        parts.append("RSCALE=VIETNAMESE")
    parts.append(f"FREQ={rule.frequency.value}")
    if rule.interval != 1:
        parts.append(f"INTERVAL={rule.interval}")
    if rule.until_us is not None:
        until = _EPOCH + timedelta(microseconds=rule.until_us)
        parts.append(f"UNTIL={until.year:04}{until:%m%dT%H%M%SZ}")
    if rule.count is not None:
        parts.append(f"COUNT={rule.count}")
    by_day = tuple(f"{day.nth or ''}{_DAYS[day.weekday]}" for day in rule.by_day)
    named: tuple[tuple[str, Sequence[int | str]], ...] = (
        ("BYMONTH", rule.by_month),
        ("BYWEEKNO", rule.by_week_no),
        ("BYYEARDAY", rule.by_year_day),
        ("BYMONTHDAY", rule.by_month_day),
        ("BYDAY", by_day),
        ("BYHOUR", rule.by_hour),
        ("BYMINUTE", rule.by_minute),
        ("BYSETPOS", rule.by_set_pos),
    )
    parts.extend(f"{name}={','.join(map(str, values))}" for name, values in named if values)
    if rule.week_start:
        parts.append(f"WKST={_DAYS[rule.week_start]}")
    return ";".join(parts)


def _malformed(message: str) -> RuleError:
    return RuleError(message, "rule_malformed")


def _parts(text: str) -> dict[str, str]:
    if len(text) > MOST_CHARACTERS:
        raise RuleError(f"The text of a rule has {MOST_CHARACTERS} characters at most", "rule_too_many")
    text = text.strip().upper().removeprefix("RRULE:")
    parts: dict[str, str] = {}
    for part in text.split(";") if text else ():
        name, equals, value = part.partition("=")
        if not equals or not value or name not in _KEYS:
            raise _malformed(f"{part or 'An empty part'} is not part of a rule")
        if name in parts:
            raise _malformed(f"{name} stands in the rule twice")
        parts[name] = value
    return parts


def _frequency(parts: dict[str, str]) -> Frequency:
    name = parts.get("FREQ")
    if name is None:
        raise _malformed("The rule does not say how often (FREQ)")
    if name in _TOO_OFTEN:
        raise RuleError("A rule steps by days or more; name the hours and minutes of a day instead", "rule_too_often")
    if name not in {"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}:
        raise RuleError(f"A rule is daily, weekly, monthly or yearly, not {name}", "frequency_unknown")
    return Frequency(name)


def _calendar(parts: dict[str, str]) -> Calendar:
    name = parts.get("RSCALE", "GREGORIAN")
    if parts.get("SKIP", "OMIT") != "OMIT":
        raise _malformed("A day that a month does not have is left out; SKIP can say nothing else")
    if name not in {"GREGORIAN", "VIETNAMESE"}:
        raise _malformed(f"The calendar is GREGORIAN or VIETNAMESE, not {name}")
    return Calendar.LUNAR if name == "VIETNAMESE" else Calendar.SOLAR


def _check_second(text: str | None, start: datetime) -> None:
    if text is not None and (not _NUMBER.fullmatch(text) or int(text) != start.second):
        raise _malformed("The second of every occurrence is that of the start")


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise _malformed(f"{text!r} is not a number that a rule knows")
    return int(text)


def _one(parts: dict[str, str], name: str, default: int) -> int:
    return _number(parts[name]) if name in parts else default


def _each(parts: dict[str, str], name: str, read: Callable[[str], _Value]) -> tuple[_Value, ...]:
    return tuple(read(value) for value in parts[name].split(",")) if name in parts else ()


def _numbers(parts: dict[str, str], name: str) -> tuple[int, ...]:
    return _each(parts, name, _number)


def _weekday(text: str) -> int:
    if text not in _DAYS:
        raise _malformed(f"{text!r} is not a weekday: MO, TU, WE, TH, FR, SA or SU")
    return _DAYS.index(text)


def _by_day(text: str) -> ByDay:
    found = _BY_DAY.fullmatch(text)
    if found is None or (found[1] is not None and int(found[1]) == 0):
        raise _malformed(f"{text!r} is not a weekday such as MO, 2TU or -1SU")
    return ByDay(_DAYS.index(found[2]), int(found[1] or 0))


def _until_us(text: str, zone: str) -> int:
    found = _UNTIL.fullmatch(text)
    if found is None:
        raise _malformed(f"{text!r} is not a day or time such as 20301231 or 20301231T170000Z")
    year, month, day, hour, minute, second, utc = found.groups()
    # A day alone: the whole of it.
    clock = (23, 59, 59) if hour is None else (int(hour), int(minute), int(second))
    try:
        wall = datetime(int(year), int(month), int(day), *clock)  # noqa: DTZ001
    except ValueError as error:
        raise _malformed(f"There is no time {text}") from error
    try:
        at_us = (wall.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1) if utc else instant_us(zone, wall)
        return min(at_us, LAST_UNTIL_US)
    except OverflowError as error:
        raise RuleError(f"{text} is out of all years", "rule_out_of_years") from error
