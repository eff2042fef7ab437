"""What an approval is bound to: exactly these bytes, this rule, these places. Whatever changes one of them voids it.

The approval of a series covers every occurrence as the rule gives it. One that was moved, or given other content, needs
its own.
"""

import hashlib

from schedules.recurrence.rule import Change, Changed, Rule
from schedules.schedule import Schedule


def series_binding(schedule: Schedule, master: str) -> str:
    """Names what is approved for the whole series, as 64 hexadecimal digits; ``master`` is that of its content."""
    return _digest("series", _common(schedule, master), _rule(schedule.series.rule))


def occurrence_binding(schedule: Schedule, master: str, change: Changed) -> str:
    """Names what is approved of one changed occurrence; ``master`` is that of what is heard then."""
    at = change.original if change.to is None else change.to
    zone = schedule.series.rule.zone
    return _digest("occurrence", _common(schedule, master), (zone, change.original.isoformat(), at.isoformat()))


def approved(schedule: Schedule, master: str | None, change: Change | None = None) -> bool:
    """Whether just this was approved, or needs nobody's approval: the whole series, or one changed occurrence of it.
    ``master`` is that of what is heard then; None where that is unknown.
    """
    if not schedule.needs_approval:
        return True
    if master is None or not schedule.approved:
        return False
    if isinstance(change, Changed):
        return occurrence_binding(schedule, master, change) in schedule.approved
    return series_binding(schedule, master) in schedule.approved


_Said = tuple[object, ...]
"""Nothing but words, numbers, None and such tuples: what Python writes of them is the same for ever."""


def _common(schedule: Schedule, master: str) -> _Said:
    target = schedule.target
    return (
        schedule.schedule_id,
        master,
        tuple(sorted(target.areas)),
        tuple(sorted(target.groups)),
        tuple(sorted(target.speakers)),
        tuple(sorted(schedule.standing)),
        schedule.air_class.value,
        schedule.rank,
        schedule.slot_us,
        schedule.overrun.value,
        schedule.fill.value,
        None if schedule.on_interrupted is None else schedule.on_interrupted.value,
    )


def _rule(rule: Rule) -> _Said:
    return (
        rule.zone,
        rule.start.isoformat(),
        rule.frequency.value,
        rule.interval,
        rule.calendar.value,
        rule.by_month,
        rule.by_month_day,
        rule.by_year_day,
        rule.by_week_no,
        tuple((day.weekday, day.nth) for day in rule.by_day),
        rule.by_hour,
        rule.by_minute,
        rule.by_set_pos,
        rule.week_start,
        rule.until_us,
        rule.count,
        rule.on_holiday.value,
        tuple(one.isoformat() for one in rule.extra),
    )


def _digest(*said: object) -> str:
    return hashlib.sha256(repr(said).encode()).hexdigest()
