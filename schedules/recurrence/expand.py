"""The occurrences of a rule in any window, as instants; and whether a rule can be planned by.

The cost of a window follows from its length alone, however long ago the rule started. Where a rule counts, the last one
that it counts to is found once. Nothing fires outside the years 1900 to 2199 (lunar rules: 2100), so every search ends.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache

from schedules.recurrence.days import Firing, Pattern
from schedules.recurrence.form import check_form
from schedules.recurrence.rule import Frequency, Occurrence, Rule, RuleError
from schedules.recurrence.zones import DAY_US, LAST_US, days_around, instant_us, steady_day_us, wall_of, zone_of

Start = tuple[int, datetime]
"""An instant, and the wall time that names it."""


def occurrences(rule: Rule, from_us: int, until_us: int) -> tuple[Occurrence, ...]:
    """Those whose instant is in [``from_us``, ``until_us``), in order. Two wall times of one instant are one.

    Raises RuleError where the rule has no zone that is known (``zone_unknown``), or a lunar one starts outside the
    years of its calendar (``rule_out_of_years``).
    """
    return tuple([Occurrence(at_us, wall) for at_us, wall in starts(rule, from_us, until_us)])


def check(rule: Rule, now_us: int) -> None:
    """Whether a rule can be planned by from now on.

    Raises RuleError: ``zone_unknown``; ``rule_malformed``, where parts do not go together; ``rule_too_many`` values;
    ``rule_too_often``, more than 48 times a day; ``rule_out_of_years``; ``rule_never_fires``, from now until the end of
    the rule or of the years that are planned for.
    """
    zone_of(rule.zone)
    check_form(rule)
    if next(starts_from(rule, now_us, LAST_US), None) is None:
        ended = next(starts_from(rule, instant_us(rule.zone, rule.start) - DAY_US, LAST_US), None) is not None
        raise RuleError("The last time of this rule is over" if ended else "This rule never fires", "rule_never_fires")


def fires_at(rule: Rule, wall: datetime) -> bool:
    """Whether an occurrence of the rule has this wall time as its name."""
    at_us = instant_us(rule.zone, wall)
    return (at_us, wall) in starts(rule, at_us, at_us + 1)


def counted_before(rule: Rule, wall: datetime) -> int:
    """How many times a rule has fired by itself, without the wall times besides, before this one."""
    count = 0
    for day, times in _plan(rule).firings(rule.start.toordinal(), wall.toordinal()):
        count += sum(_wall(day, time_us) < wall for time_us in times)
    return count


def starts_from(rule: Rule, from_us: int, until_us: int) -> Iterator[Start]:
    """As `starts`, found piece by piece as far as they are asked for."""
    from_us = max(from_us, _begin_us(rule))
    days = 8
    while from_us < until_us:
        end_us = min(until_us, from_us + days * DAY_US)
        yield from starts(rule, from_us, end_us)
        from_us, days = end_us, days * 2


def _begin_us(rule: Rule) -> int:
    """Before the first start."""
    first = min(rule.start, rule.extra[0]) if rule.extra else rule.start
    return instant_us(rule.zone, first) - 2 * DAY_US


def starts(rule: Rule, from_us: int, until_us: int) -> list[Start]:
    """The occurrences in [``from_us``, ``until_us``) as pairs, which cost less; see `occurrences`."""
    if from_us >= until_us:
        return []
    zone = rule.zone
    first, last = days_around(zone, from_us, until_us)
    end_us = until_us if rule.until_us is None else min(until_us, rule.until_us + 1)
    found: list[Start] = []
    in_order = True
    for day, times in _plan(rule).firings(first, last):
        begin_us = steady_day_us(zone, day)
        if begin_us is None:
            in_order = False
            walls = [_wall(day, time_us) for time_us in times]
            found.extend([(at_us, wall) for wall in walls if from_us <= (at_us := instant_us(zone, wall)) < end_us])
            continue
        for time_us in times:
            at_us = begin_us + time_us
            if from_us <= at_us < end_us:
                found.append((at_us, _wall(day, time_us)))
    if rule.extra:
        found.extend([(at_us, wall) for wall in rule.extra if from_us <= (at_us := instant_us(zone, wall)) < until_us])
        in_order = False
    if in_order:
        return found
    # The wall time that exists comes last of those that are one instant, and names it.
    return list({at_us: (at_us, wall) for at_us, wall in sorted(found)}.values())


class _Plan:
    """A pattern between the start of its rule and the end."""

    __slots__ = ("_first_time", "_last_day", "_last_time", "_pattern")

    def __init__(self, rule: Rule) -> None:
        self._pattern = pattern = Pattern(rule)
        start = rule.start
        self._first_time = ((start.hour * 60 + start.minute) * 60 + start.second) * 1_000_000
        self._last_day, self._last_time = pattern.last_day, DAY_US
        if rule.count is not None and rule.frequency is not Frequency.ONCE:
            self._last_day, self._last_time = self._counted(rule.count)
        elif rule.until_us is not None:
            self._last_day = min(wall_of(rule.zone, rule.until_us).toordinal() + 1, pattern.last_day)

    def firings(self, first: int, last: int) -> Iterator[Firing]:
        pattern, last_day = self._pattern, self._last_day
        for day, times in pattern.firings(first, min(last, last_day)):
            if day in (pattern.start_day, last_day):
                kept = tuple([time_us for time_us in times if self._lies_within(day, time_us)])
                yield day, kept
            else:
                yield day, times

    def _lies_within(self, day: int, time_us: int) -> bool:
        if day == self._pattern.start_day and time_us < self._first_time:
            return False
        return day != self._last_day or time_us <= self._last_time

    def _counted(self, count: int) -> tuple[int, int]:
        """The day and the time of the last one that is counted; the last day of all, where it is never reached."""
        pattern = self._pattern
        for day, times in self.firings(pattern.start_day, pattern.last_day):
            if count <= len(times):
                return day, times[count - 1]
            count -= len(times)
        return pattern.last_day, DAY_US


@lru_cache(maxsize=1 << 15)
def _plan(rule: Rule) -> _Plan:
    zone_of(rule.zone)
    return _Plan(rule)


@lru_cache(maxsize=1 << 16)
def _wall(day: int, time_us: int) -> datetime:
    return datetime.fromordinal(day) + timedelta(microseconds=time_us)
