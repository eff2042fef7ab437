"""A series: a rule, and what was changed of single occurrences without touching it.

A change belongs to the wall time that the rule gives an occurrence. Where the rule, edited since, no longer fires
there, the change rests: it does nothing, and is in force again once the rule fires there again.

Holidays are looked up by the day of that wall time. On one that a rule leaves out nothing happens, but for an
occurrence that somebody moved: whoever named the time has decided. A rule for holidays alone does not fire on other
days.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time
from itertools import islice
from typing import Final

from schedules.recurrence.expand import Start, counted_before, fires_at, starts
from schedules.recurrence.form import check_year
from schedules.recurrence.rule import Cancelled, Change, Changed, Due, Frequency, OnHoliday, Rule, RuleError, Series
from schedules.recurrence.zones import DAY_US, LAST_US, instant_us, steady_day_us

MOST_CHANGES: Final = 1000
SEARCH_YEARS: Final = 50

_SECOND_US: Final = 1_000_000


def dues(series: Series, from_us: int, until_us: int, holidays: frozenset[date]) -> tuple[Due, ...]:
    """What happens, or would, in [``from_us``, ``until_us``), in order.

    An occurrence that was moved is listed where it was moved to; one that was cancelled, or left out because of a
    holiday, at its own instant. Raises RuleError as `expand.occurrences` does.
    """
    rule = series.rule
    found = starts(rule, from_us, until_us)
    if not series.changes and rule.on_holiday is OnHoliday.PLAY:
        return tuple([Due(at_us, wall) for at_us, wall in found])
    changes = {change.original: change for change in series.changes}
    listed = [due for start in found if (due := _due(rule, start, changes.get(start[1]), holidays)) is not None]
    for change in series.changes:
        if isinstance(change, Changed) and change.to is not None:
            at_us = instant_us(rule.zone, change.to)
            if from_us <= at_us < until_us and _fires(rule, change.original, holidays):
                listed.append(Due(at_us, change.original, change))
    listed.sort(key=lambda due: (due.start_us, due.original))
    return tuple(listed)


def _due(rule: Rule, start: Start, change: Change | None, holidays: frozenset[date]) -> Due | None:
    """What becomes of an occurrence at its own instant; None where it was moved away, or is none on such a day."""
    at_us, wall = start
    if rule.on_holiday is OnHoliday.ONLY and wall.date() not in holidays:
        return None
    if isinstance(change, Changed) and change.to is not None:
        return None
    left_out = rule.on_holiday is OnHoliday.SKIP and wall.date() in holidays
    return Due(at_us, wall, change, left_out)


def _fires(rule: Rule, original: datetime, holidays: frozenset[date]) -> bool:
    if rule.on_holiday is OnHoliday.ONLY and original.date() not in holidays:
        return False
    return fires_at(rule, original)


def next_dues(series: Series, after_us: int, count: int, holidays: frozenset[date]) -> tuple[Due, ...]:
    """The next ones that happen after an instant, at most ``count``; fewer where there are no more within 50 years of
    that instant or, if it is later, of the start of the rule.
    """
    return tuple(islice(_happening(series, after_us + 1, holidays), max(0, count)))


def _happening(series: Series, from_us: int, holidays: frozenset[date]) -> Iterator[Due]:
    begin_us = max(from_us, instant_us(series.rule.zone, series.rule.start))
    until_us = min(begin_us + SEARCH_YEARS * 366 * DAY_US, LAST_US)
    if series.rule.on_holiday is OnHoliday.ONLY:
        windows = _holiday_windows(series, from_us, until_us, holidays)
    else:
        windows = _widening(from_us, until_us)
    for window in windows:
        for due in dues(series, *window, holidays):
            if not due.on_holiday and not isinstance(due.change, Cancelled):
                yield due


def _widening(from_us: int, until_us: int) -> Iterator[tuple[int, int]]:
    days = 8
    while from_us < until_us:
        end_us = min(until_us, from_us + days * DAY_US)
        yield from_us, end_us
        from_us, days = end_us, days * 2


def _holiday_windows(
    series: Series, from_us: int, until_us: int, holidays: frozenset[date]
) -> Iterator[tuple[int, int]]:
    """Around every day on which a rule for holidays alone can have something, without repetitions."""
    moved = [change.to.date() for change in series.changes if isinstance(change, Changed) and change.to is not None]
    for day in sorted({*holidays, *moved}):
        noon_us = instant_us(series.rule.zone, datetime.combine(day, time(12)))
        begin_us, end_us = max(from_us, noon_us - 2 * DAY_US), min(until_us, noon_us + 2 * DAY_US)
        if begin_us < end_us:
            yield begin_us, end_us
            from_us = end_us


def with_change(series: Series, change: Change) -> Series:
    """The series with this change in place of any of the same occurrence; one that changes nothing takes it away.

    Raises RuleError: ``exception_unknown`` where the rule does not fire there, ``rule_out_of_years`` for a new time
    outside 1900 to 2199, ``rule_malformed`` for one in a zone of its own, ``rule_too_many`` behind a thousand changes.
    """
    _check_fires(series.rule, change.original)
    rest = without_change(series, change.original)
    if isinstance(change, Changed):
        if change.to is None and change.content_id is None:
            return rest
        if change.to is not None:
            if change.to.tzinfo is not None:
                raise RuleError("The new time belongs to the zone of the rule and carries none", "rule_malformed")
            check_year(change.to)
    if len(rest.changes) >= MOST_CHANGES:
        raise RuleError(f"At most {MOST_CHANGES} occurrences of a series can be changed", "rule_too_many")
    return replace(rest, changes=tuple(sorted((*rest.changes, change), key=lambda one: one.original)))


def without_change(series: Series, original: datetime) -> Series:
    """The series with this occurrence as the rule gives it."""
    return replace(series, changes=tuple([change for change in series.changes if change.original != original]))


def _check_fires(rule: Rule, original: datetime) -> None:
    if original.tzinfo is not None or not fires_at(rule, original):
        raise RuleError(f"The rule does not fire at {original:%Y-%m-%d %H:%M}", "exception_unknown")


def split(series: Series, original: datetime, new_rule: Rule) -> tuple[Series, Series]:
    """This one and those that follow by another rule: the series until before it, and the one from it on.

    Wall times besides, and changes, go with the occurrence they belong to; a change follows where the new rule still
    fires. Where both rules count to the same number, what is left of it is the new one's. Before the first occurrence
    nothing is left: the old rule then never fires. Raises RuleError (``exception_unknown``).
    """
    rule = series.rule
    _check_fires(rule, original)
    old_rule = _ended(rule, original)
    besides = tuple([at for at in new_rule.extra if new_rule.zone != rule.zone or at >= original])
    new_rule = replace(new_rule, extra=besides)
    if rule.count is not None and new_rule.count == rule.count:
        left = rule.count - counted_before(rule, original)
        new_rule = replace(new_rule, count=left) if left else _once(new_rule)
    earlier = tuple([change for change in series.changes if change.original < original])
    later = tuple([change for change in series.changes if change.original >= original])
    following = tuple([change for change in later if fires_at(new_rule, change.original)])
    return Series(rule=old_rule, changes=earlier), Series(rule=new_rule, changes=following)


def _ended(rule: Rule, original: datetime) -> Rule:
    """The rule without this occurrence and those that follow."""
    besides = [at for at in rule.extra if at < original]
    never_us = instant_us(rule.zone, rule.start) - _SECOND_US
    if rule.frequency is Frequency.ONCE:
        if rule.start < original:
            return replace(rule, extra=tuple(besides))
        if besides:
            return replace(rule, start=besides[0], extra=tuple(besides[1:]))
        return replace(rule, frequency=Frequency.DAILY, until_us=never_us, extra=())
    if rule.count is not None and steady_day_us(rule.zone, original.toordinal()) is not None:
        count = counted_before(rule, original)
        if not count:
            return replace(rule, count=None, until_us=never_us, extra=tuple(besides))
        return replace(rule, count=count, extra=tuple(besides))
    at_us = instant_us(rule.zone, original)
    near = starts(rule, at_us - DAY_US, at_us + DAY_US)
    last_us = min(start_us for start_us, wall in near if wall >= original) - _SECOND_US
    # A wall time that moved by a gap may come behind one that is later on the clock.
    besides.extend([wall for start_us, wall in near if wall < original and start_us > last_us])
    if rule.until_us is not None:
        last_us = min(last_us, rule.until_us)
    return replace(rule, count=None, until_us=last_us, extra=tuple(besides))


def _once(rule: Rule) -> Rule:
    return Rule(zone=rule.zone, start=rule.start, on_holiday=rule.on_holiday, extra=rule.extra)
