"""Whether a rule is well formed: what RFC 5545 allows together, and how much of it is too much.

Nothing here looks at when the rule fires; that is `schedules.recurrence.expand.check`.
"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Final

from schedules.recurrence.rule import Calendar, Frequency, Rule, RuleError
from schedules.recurrence.zones import DAY_US, FIRST_YEAR, LAST_YEAR

MOST_A_DAY: Final = 48
MOST_COUNT: Final = 10_000
MOST_VALUES: Final = 200
"""By-values of all kinds together, and wall times besides."""
LAST_LUNAR_YEAR: Final = 2100

_LEAST_UNTIL_US: Final = -1900 * 366 * DAY_US
LAST_UNTIL_US: Final = (date.max.toordinal() - date(1969, 12, 31).toordinal()) * DAY_US - 1_000_000
"""From the year 66 to the last second of 9999, which many write where they mean always."""


def check_form(rule: Rule) -> None:
    """Raises RuleError (``rule_malformed``, ``rule_too_many``, ``rule_too_often``, ``rule_out_of_years``)."""
    _check_numbers(rule)
    _check_ranges(rule)
    _check_together(rule)
    _check_calendar(rule)
    _check_amounts(rule)
    _check_years(rule)


def _malformed(message: str) -> RuleError:
    return RuleError(message, "rule_malformed")


def _check_numbers(rule: Rule) -> None:
    if rule.interval < 1:
        raise _malformed("The interval must be 1 or more")
    if rule.count is not None and rule.count < 1:
        raise _malformed("The count must be 1 or more")
    if rule.count is not None and rule.until_us is not None:
        raise _malformed("A rule ends by a count or by a date, not by both")
    if rule.start.tzinfo is not None or any(at.tzinfo is not None for at in rule.extra):
        raise _malformed("Wall times belong to the zone of the rule and carry none of their own")
    if not 0 <= rule.week_start <= 6:
        raise _malformed("A week starts on one of seven days")


def _check_ranges(rule: Rule) -> None:
    days = 30 if rule.calendar is Calendar.LUNAR else 31
    _within("BYMONTH", rule.by_month, 1, 12)
    _within("BYHOUR", rule.by_hour, 0, 23)
    _within("BYMINUTE", rule.by_minute, 0, 59)
    _signed("BYMONTHDAY", rule.by_month_day, days)
    _signed("BYYEARDAY", rule.by_year_day, 366)
    _signed("BYWEEKNO", rule.by_week_no, 53)
    _signed("BYSETPOS", rule.by_set_pos, 366)
    nth_most = 5 if rule.frequency is Frequency.MONTHLY else 53
    for day in rule.by_day:
        if not 0 <= day.weekday <= 6 or abs(day.nth) > nth_most:
            raise _malformed("BYDAY names a day that no period has")


def _within(name: str, values: Iterable[int], least: int, most: int) -> None:
    if any(not least <= value <= most for value in values):
        raise _malformed(f"{name} must be {least} to {most}")


def _signed(name: str, values: Iterable[int], most: int) -> None:
    if any(not 1 <= abs(value) <= most for value in values):
        raise _malformed(f"{name} must be 1 to {most}, or -1 to -{most}")


def _check_together(rule: Rule) -> None:
    """What RFC 5545 (3.3.10) allows with what."""
    frequency = rule.frequency
    by_day_alone = rule.by_month or rule.by_month_day or rule.by_day or rule.by_year_day or rule.by_week_no
    if frequency is Frequency.ONCE:
        ends = rule.count is not None or rule.until_us is not None or rule.interval != 1
        if ends or by_day_alone or rule.by_hour or rule.by_minute or rule.by_set_pos or rule.week_start:
            raise _malformed("What happens once has a start and nothing else")
        return
    if rule.by_year_day and frequency is not Frequency.YEARLY:
        raise _malformed("BYYEARDAY belongs to yearly rules")
    if rule.by_week_no and frequency is not Frequency.YEARLY:
        raise _malformed("BYWEEKNO belongs to yearly rules")
    if rule.by_month_day and frequency is Frequency.WEEKLY:
        raise _malformed("BYMONTHDAY does not go with weekly rules")
    if any(day.nth for day in rule.by_day):
        if frequency not in {Frequency.MONTHLY, Frequency.YEARLY}:
            raise _malformed("Only monthly and yearly rules have a first or a last weekday")
        if rule.by_week_no:
            raise _malformed("A numbered weekday does not go with BYWEEKNO")
    if rule.by_set_pos and not (by_day_alone or rule.by_hour or rule.by_minute):
        raise _malformed("BYSETPOS picks from what another part of the rule names")


def _check_calendar(rule: Rule) -> None:
    if rule.calendar is Calendar.SOLAR:
        return
    if rule.frequency not in {Frequency.MONTHLY, Frequency.YEARLY}:
        raise _malformed("A lunar rule is monthly or yearly")
    if rule.by_day or rule.by_year_day or rule.by_week_no or rule.by_set_pos:
        raise _malformed("A lunar rule names months and days of the month, and times")


def _check_amounts(rule: Rule) -> None:
    values = sum(
        len(part)
        for part in (rule.by_month, rule.by_month_day, rule.by_year_day, rule.by_week_no, rule.by_day, rule.by_set_pos)
    )
    if values > MOST_VALUES or len(rule.extra) > MOST_VALUES:
        raise RuleError(f"A rule may name {MOST_VALUES} days and numbers, and as many times besides", "rule_too_many")
    if rule.count is not None and rule.count > MOST_COUNT:
        raise RuleError(f"A rule may count to {MOST_COUNT}; for longer, name the last day", "rule_too_many")
    besides: dict[int, int] = {}
    for at in rule.extra:
        besides[at.toordinal()] = besides.get(at.toordinal(), 0) + 1
    if max(len(rule.by_hour), 1) * max(len(rule.by_minute), 1) + max(besides.values(), default=0) > MOST_A_DAY:
        raise RuleError(f"A rule may fire {MOST_A_DAY} times a day at most", "rule_too_often")


def _check_years(rule: Rule) -> None:
    last = LAST_LUNAR_YEAR if rule.calendar is Calendar.LUNAR else LAST_YEAR
    if not FIRST_YEAR <= rule.start.year <= last:
        raise RuleError(f"A rule starts in the years {FIRST_YEAR} to {last}", "rule_out_of_years")
    check_year(*rule.extra)
    if rule.until_us is not None and not _LEAST_UNTIL_US < rule.until_us <= LAST_UNTIL_US:
        raise RuleError("The last day of the rule is out of all years", "rule_out_of_years")


def check_year(*walls: datetime) -> None:
    """Raises RuleError (``rule_out_of_years``) for a wall time outside the years that are planned for."""
    if any(not FIRST_YEAR <= wall.year <= LAST_YEAR for wall in walls):
        raise RuleError(f"Only the years {FIRST_YEAR} to {LAST_YEAR} can be planned for", "rule_out_of_years")
