"""What a schedule has to be before it is kept: pure, checked before anything is read or written."""

from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Final

from controller.domain import schedules
from controller.domain.errors import Invalid
from controller.domain.schedules import ScheduleDraft
from schedules.recurrence import expand
from schedules.recurrence.holidays import public_holidays
from schedules.recurrence.rule import Cancelled, Changed, Due, Frequency, Rule, RuleError, Series
from schedules.recurrence.series import dues, next_dues
from schedules.recurrence.zones import DAY_US, LAST_US, instant_us, wall_of
from schedules.schedule import Content, Overrun

_EVER_US: Final = -LAST_US
"""Before any year that is planned for."""
_LOOKED_AT_US: Final = 40 * DAY_US
_LOOKED_AT: Final = 60
_HOLIDAY_YEARS: Final = 3


def check_draft(draft: ScheduleDraft) -> None:
    """Raises `Invalid` (``targets_missing``, ``too_many_targets``, ``rank_out_of_range``, ``slot_out_of_range``)."""
    named = (*draft.target.areas, *draft.target.groups, *draft.target.speakers)
    if not named:
        raise Invalid("neither an area nor a group nor a speaker", code="targets_missing")
    if len(named) > schedules.MOST_PLACES:
        raise Invalid(f"{len(named)} places; at most {schedules.MOST_PLACES}", code="too_many_targets")
    if not 0 <= draft.rank <= schedules.HIGHEST_RANK:
        raise Invalid(f"a rank from 0 to {schedules.HIGHEST_RANK}", code="rank_out_of_range")
    slot_us = draft.slot_us
    if slot_us is not None and not schedules.SHORTEST_SLOT_US <= slot_us <= schedules.LONGEST_SLOT_US:
        raise Invalid("a slot lasts from a minute to twelve hours", code="slot_out_of_range")


def checked_rule(rule: Rule, zone: str, now_us: int) -> Rule:
    """The rule in the station's ``zone`` where it names none. Raises `Invalid` with the code of a `RuleError`."""
    rule = rule if rule.zone else replace(rule, zone=zone)
    try:
        expand.check(rule, now_us)
    except RuleError as error:
        raise refusing(error) from error
    return rule


def refusing(error: RuleError) -> Invalid:
    """A rule's error as the desk tells it."""
    return Invalid(str(error), code=error.code)


def room_us(slot_us: int | None, content: Content, overrun: Overrun) -> int:
    """How much air one occurrence may use; 0 where that is not known yet."""
    if slot_us is None:
        return content.duration_us
    return max(slot_us, content.duration_us) if overrun is Overrun.PUSH_BACK else slot_us


def check_apart(
    series: Series, length_us: int, now_us: int, holidays: frozenset[date], *, around_us: int | None = None
) -> None:
    """Looks at the next forty days of it, at the next sixty times, and ``around_us``. Raises `Invalid`
    (``rule_overlaps_itself``).
    """
    from_us = max(now_us, instant_us(series.rule.zone, series.rule.start) - DAY_US)
    near = (due for due in dues(series, from_us, from_us + _LOOKED_AT_US, holidays) if happens(due))
    far = next_dues(series, from_us - 1, _LOOKED_AT, holidays)
    _require_apart((*near, *far), length_us)
    if around_us is not None:
        beside = dues(series, around_us - schedules.LONGEST_SLOT_US, around_us + schedules.LONGEST_SLOT_US, holidays)
        _require_apart([due for due in beside if happens(due)], length_us)


def _require_apart(found: Iterable[Due], length_us: int) -> None:
    starts = sorted({due.original: due.start_us for due in found}.values())
    if any(later - earlier < length_us for earlier, later in pairwise(starts)):
        raise Invalid("it begins again before it has ended", code="rule_overlaps_itself")


def begun_with(rule: Rule, original: datetime, former: Rule) -> Rule:
    """The rule, from the day of that occurrence of the former one on; where it starts later, as it is."""
    day = wall_of(rule.zone, instant_us(former.zone, original)).date()
    return rule if rule.start.date() >= day else replace(rule, start=datetime.combine(day, rule.start.time()))


def happens(due: Due) -> bool:
    """Whether it is to be heard."""
    return not due.on_holiday and not isinstance(due.change, Cancelled)


def ends_us(series: Series) -> int | None:
    """After which instant nothing of it begins; None where the rule has no end."""
    rule = series.rule
    if rule.until_us is not None:
        # Wall times besides may come after the last one that the rule gives.
        last_us = max([rule.until_us, *(start_us(rule, one) for one in rule.extra)])
    elif rule.frequency is Frequency.ONCE or rule.count is not None:
        last_us = next((at_us for at_us, _ in deque(expand.starts_from(rule, _EVER_US, LAST_US), maxlen=1)), _EVER_US)
    else:
        return None
    moved = [start_us(rule, one.original, one) for one in series.changes if isinstance(one, Changed)]
    return max(last_us, *moved) if moved else last_us


def fires(rule: Rule) -> bool:
    """Whether it ever does."""
    return next(expand.starts_from(rule, _EVER_US, LAST_US), None) is not None


def start_us(rule: Rule, original: datetime, change: Changed | None = None) -> int:
    """When an occurrence begins."""
    return instant_us(rule.zone, original if change is None or change.to is None else change.to)


def holidays_around(own: frozenset[date], now: date) -> frozenset[date]:
    """The public holidays of last year and the next years, and the station's own."""
    first = (now - timedelta(days=366)).year
    return public_holidays(first, first + _HOLIDAY_YEARS) | own
