"""Between the form of a schedule and what is planned: a rule made from what was typed, and a form filled from a rule.

Rules: everything typed survives, so a form holds texts; what cannot be understood is `Invalid` with a code that belongs
to one field. A rule that the form has no fields for is shown as its RRULE text, and comes back from it unchanged.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import product
from typing import Final
from zoneinfo import ZoneInfo

from controller.domain.errors import Invalid
from controller.domain.schedules import PlannedSchedule, ScheduleDraft, content_id_of
from controller.web.forms import Form
from controller.web.moments import instant_us, moment
from controller.web.scheduleviews import Ends, Repeat, ScheduleForm
from schedules.recurrence.lunar import LunarDay, solar_of
from schedules.recurrence.parse import parse_rule, rule_text
from schedules.recurrence.rule import ByDay, Calendar, Frequency, OnHoliday, Rule
from schedules.schedule import Fill, OnInterrupted, Overrun, Target

MOST_TIMES: Final = 12
_CLOCK: Final = re.compile(r"([01]?\d|2[0-3])[:hH.]([0-5]\d)?")
_LAST: Final = -1
_FIRST_DAY: Final = date(1901, 1, 1)
_LAST_DAY: Final = date(2098, 12, 31)

FIELD_OF_CODE: Final = {
    "content_missing": "content",
    "content_unknown": "content",
    "class_reserved": "content",
    "bulletin_expired": "content",
    "hand_in_open": "content",
    "not_valid_yet": "content",
    "targets_missing": "where",
    "too_many_targets": "where",
    "area_unknown": "where",
    "area_closed": "where",
    "group_unknown": "where",
    "speaker_unknown": "where",
    "target_outside_area": "where",
    "start_missing": "start",
    "times_missing": "times",
    "times_differ": "times",
    "rule_overlaps_itself": "times",
    "every_malformed": "every",
    "weekdays_missing": "weekdays",
    "month_days_malformed": "month_days",
    "lunar_days_malformed": "lunar_days",
    "until_missing": "until",
    "count_malformed": "count",
    "rule_malformed": "custom",
    "frequency_unknown": "custom",
    "slot_out_of_range": "slot_minutes",
    "rank_out_of_range": "rank",
}
"""Where the sentence of a code stands; the rest stands above the form."""


def place_of(code: str, typed: ScheduleForm) -> str:
    """The field that a sentence belongs to; empty for the whole form."""
    if code.startswith("rule_") and code not in FIELD_OF_CODE:
        return "custom" if typed.repeat is Repeat.CUSTOM else "start"
    if code == "lunar_days_malformed" and typed.repeat is Repeat.TET:
        return "tet_days"
    return FIELD_OF_CODE.get(code, "")


def read(form: Form) -> ScheduleForm:
    """What was typed, whether it makes sense or not."""
    usual = ScheduleForm()
    repeat, ends = form.text("repeat"), form.text("ends")
    times = [one.strip() for one in form.all("times")][: MOST_TIMES + 1]
    return ScheduleForm(
        id=form.text("schedule_id"),
        revision=int(form.text("revision")[:9]) if form.text("revision").isdecimal() else 0,
        original=form.text("original"),
        content=form.text("content"),
        searched=form.text("q").strip()[:200],
        areas=form.all("areas"),
        groups=form.all("groups"),
        speakers=form.all("speakers"),
        repeat=Repeat(repeat) if repeat in set(Repeat) else usual.repeat,
        start=form.text("start").strip(),
        times=times or [""],
        every=form.text("every").strip() or "1",
        weekdays=sorted({int(one) for one in form.all("weekdays") if one in {"0", "1", "2", "3", "4", "5", "6"}}),
        month_days=form.text("month_days").strip(),
        last_day=bool(form.text("last_day")),
        nth=form.text("nth") or usual.nth,
        nth_weekday=form.text("nth_weekday") or usual.nth_weekday,
        lunar_days=form.text("lunar_days").strip(),
        tet_days=form.text("tet_days").strip(),
        custom=form.text("custom").strip(),
        ends=Ends(ends) if ends in set(Ends) else usual.ends,
        until=form.text("until").strip(),
        count=form.text("count").strip(),
        holidays=form.text("holidays") if form.text("holidays") in set(OnHoliday) else usual.holidays,
        slot_minutes=form.text("slot_minutes").strip(),
        overrun=form.text("overrun") if form.text("overrun") in set(Overrun) else usual.overrun,
        fill=form.text("fill") if form.text("fill") in set(Fill) else usual.fill,
        on_interrupted=form.text("on_interrupted") if form.text("on_interrupted") in set(OnInterrupted) else "",
        rank=form.text("rank").strip() or "0",
    )


def done(form: ScheduleForm, deed: str, tet: date) -> ScheduleForm:
    """The form after one press of a button that changes the form itself."""
    what, _, value = deed.partition(":")
    match what:
        case "time" if len(form.times) < MOST_TIMES:
            return replace(form, times=[*form.times, ""])
        case "untime" if value.isdecimal() and len(form.times) > 1:
            return replace(form, times=[one for place, one in enumerate(form.times) if place != int(value)])
        case "tet":
            return replace(form, ends=Ends.DAY, until=tet.isoformat())
        case _:
            return form


def eve_of_tet(after: date) -> date:
    """The last day before the next lunar new year, as far as lunar years are known."""
    after = min(max(after, _FIRST_DAY), _LAST_DAY)
    for year in (after.year, after.year + 1):
        first = solar_of(LunarDay(year, 1, 1, leap=False))
        if first is not None and first > after:
            return first - timedelta(days=1)
    return after


# --- from the form to a draft -----------------------------------------------------------------------------------------


def draft_of(form: ScheduleForm, zone: str) -> ScheduleDraft:
    """Raises `Invalid` with a code of `FIELD_OF_CODE`, and `RuleError`."""
    if not form.content:
        raise Invalid("nothing was chosen", code="content_missing")
    return ScheduleDraft(
        content_id=content_id_of(form.content),
        target=target_of(form),
        rule=rule_of(form, zone),
        rank=_whole(form.rank, "rank_out_of_range"),
        slot_us=_slot_us(form.slot_minutes),
        overrun=Overrun(form.overrun),
        fill=Fill(form.fill),
        on_interrupted=OnInterrupted(form.on_interrupted) if form.on_interrupted else None,
    )


def parted(form: ScheduleForm) -> list[ScheduleForm]:
    """The form once for each minute of the hour that its times have: a rule has one (see `_at_times`), so what is new
    becomes a schedule for each. What is there already stays one.
    """
    if form.id or form.repeat in {Repeat.ONCE, Repeat.CUSTOM}:
        return [form]
    try:
        times = times_of(form.times)
    except Invalid:
        return [form]
    hours = sorted({one.hour for one in times}), sorted({one.minute for one in times})
    if set(product(*hours)) == {(one.hour, one.minute) for one in times}:
        return [form]
    return [replace(form, times=[f"{one:%H:%M}" for one in times if one.minute == minute]) for minute in hours[1]]


def target_of(form: ScheduleForm) -> Target:
    return Target(areas=tuple(form.areas), groups=tuple(form.groups), speakers=tuple(form.speakers))


def _slot_us(typed: str) -> int | None:
    if not typed:
        return None
    try:
        minutes = float(typed.replace(",", "."))
    except ValueError as error:
        raise Invalid(typed, code="slot_out_of_range") from error
    if not 0 < minutes < 100_000:
        raise Invalid(typed, code="slot_out_of_range")
    return round(minutes * 60_000_000)


def rule_of(form: ScheduleForm, zone: str) -> Rule:
    """When it fires. Raises `Invalid` with a code of `FIELD_OF_CODE`, and `RuleError`."""
    day, times = _day(form.start, "start_missing"), times_of(form.times)
    start = datetime.combine(day, times[0])
    on_holiday = OnHoliday(form.holidays)
    if form.repeat is Repeat.ONCE:
        extra = tuple(datetime.combine(day, one) for one in times[1:])
        return Rule(zone=zone, start=start, extra=extra, on_holiday=on_holiday)
    if form.repeat is Repeat.CUSTOM:
        if not form.custom:
            raise Invalid("no rule", code="rule_malformed")
        return parse_rule(form.custom, start=start, zone=zone, on_holiday=on_holiday)
    rule = _repeated(form, Rule(zone=zone, start=start, on_holiday=on_holiday))
    return _ended(form, _at_times(rule, times), zone)


def _repeated(form: ScheduleForm, rule: Rule) -> Rule:  # noqa: PLR0911 - one a way of repeating
    every = 1 if form.repeat in {Repeat.LUNAR, Repeat.TET} else _whole(form.every, "every_malformed")
    if not 1 <= every <= 999:
        raise Invalid(form.every, code="every_malformed")
    match form.repeat:
        case Repeat.DAILY:
            return replace(rule, frequency=Frequency.DAILY, interval=every)
        case Repeat.WEEKLY:
            if not form.weekdays:
                raise Invalid("no weekday", code="weekdays_missing")
            weekdays = tuple(ByDay(day) for day in form.weekdays)
            return replace(rule, frequency=Frequency.WEEKLY, interval=every, by_day=weekdays)
        case Repeat.MONTHLY:
            days = _numbers(form.month_days, 31, "month_days_malformed", empty=form.last_day)
            last = (_LAST,) if form.last_day else ()
            return replace(rule, frequency=Frequency.MONTHLY, interval=every, by_month_day=(*days, *last))
        case Repeat.NTH:
            nth = ByDay(_choice(form.nth_weekday, range(7)), _choice(form.nth, (1, 2, 3, 4, 5, _LAST)))
            return replace(rule, frequency=Frequency.MONTHLY, interval=every, by_day=(nth,))
        case Repeat.LUNAR:
            days = _numbers(form.lunar_days, 30, "lunar_days_malformed")
            return replace(rule, frequency=Frequency.MONTHLY, calendar=Calendar.LUNAR, by_month_day=days)
        case Repeat.TET:
            days = _numbers(form.tet_days, 30, "lunar_days_malformed")
            return replace(rule, frequency=Frequency.YEARLY, calendar=Calendar.LUNAR, by_month=(1,), by_month_day=days)
        case _:
            day = rule.start
            return replace(
                rule, frequency=Frequency.YEARLY, interval=every, by_month=(day.month,), by_month_day=(day.day,)
            )


def times_of(typed: Sequence[str]) -> tuple[time, ...]:
    """The times of a day, in order. Raises `Invalid` (``times_missing``)."""
    found = set()
    for one in typed:
        if not one:
            continue
        match = _CLOCK.fullmatch(one)
        if match is None:
            raise Invalid(one, code="times_missing")
        found.add(time(int(match[1]), int(match[2] or 0)))
    if not found:
        raise Invalid("no time", code="times_missing")
    return tuple(sorted(found))


def _at_times(rule: Rule, times: Sequence[time]) -> Rule:
    """A rule names hours and minutes, and fires at every pair of them: so both must go together. Raises `Invalid`
    (``times_differ``).
    """
    hours, minutes = sorted({one.hour for one in times}), sorted({one.minute for one in times})
    if set(product(hours, minutes)) != {(one.hour, one.minute) for one in times}:
        raise Invalid("times with different minutes", code="times_differ")
    return replace(rule, by_hour=tuple(hours), by_minute=tuple(minutes))


def _ended(form: ScheduleForm, rule: Rule, zone: str) -> Rule:
    match form.ends:
        case Ends.NEVER:
            return rule
        case Ends.DAY:
            last = datetime.combine(_day(form.until, "until_missing"), time(23, 59, 59), ZoneInfo(zone))
            return replace(rule, until_us=instant_us(last))
        case Ends.COUNT:
            count = _whole(form.count, "count_malformed")
            if not 1 <= count <= 9_999:
                raise Invalid(form.count, code="count_malformed")
            return replace(rule, count=count)


def _day(typed: str, code: str) -> date:
    try:
        return date.fromisoformat(typed)
    except ValueError as error:
        raise Invalid(typed[:40], code=code) from error


def _whole(typed: str, code: str) -> int:
    if not (typed.isascii() and typed.isdecimal() and len(typed) < 7):
        raise Invalid(typed[:40], code=code)
    return int(typed)


def _choice(typed: str, allowed: Sequence[int]) -> int:
    try:
        chosen = int(typed)
    except ValueError as error:
        raise Invalid(typed[:40], code="bad_request") from error
    if chosen not in allowed:
        raise Invalid(typed[:40], code="bad_request")
    return chosen


def _numbers(typed: str, most: int, code: str, *, empty: bool = False) -> tuple[int, ...]:
    """Days of a month, divided by whatever is no digit."""
    found = sorted({int(one) for one in re.findall(r"\d{1,4}", typed)})
    if (not found and not empty) or any(not 1 <= one <= most for one in found):
        raise Invalid(typed[:40], code=code)
    return tuple(found)


# --- from what is planned to the form ---------------------------------------------------------------------------------


def form_of(planned: PlannedSchedule) -> ScheduleForm:
    """The form that makes this schedule again."""
    schedule = planned.schedule
    usual = ScheduleForm()
    return replace(
        when_form(schedule.series.rule),
        id=planned.schedule_id,
        revision=planned.revision,
        content=schedule.content_id,
        areas=schedule.target.areas,
        groups=schedule.target.groups,
        speakers=schedule.target.speakers,
        slot_minutes=f"{schedule.slot_us / 60_000_000:g}" if schedule.slot_us else usual.slot_minutes,
        overrun=schedule.overrun.value,
        fill=schedule.fill.value,
        on_interrupted=schedule.on_interrupted.value if schedule.on_interrupted else "",
        rank=str(schedule.rank),
    )


def when_form(rule: Rule) -> ScheduleForm:
    """The part of the form that says when: with its own fields where they say all of the rule, else as RRULE text."""
    typed = replace(_guess(rule), start=rule.start.date().isoformat(), holidays=rule.on_holiday.value)
    try:
        again = rule_of(typed, rule.zone)
    except ValueError:
        again = None
    except Invalid:
        again = None
    if again is not None and _same(again, rule):
        return typed
    usual = ScheduleForm()
    return replace(
        usual,
        repeat=Repeat.CUSTOM,
        start=typed.start,
        holidays=typed.holidays,
        times=[f"{rule.start:%H:%M}"],
        custom=rule_text(rule),
    )


def _same(one: Rule, other: Rule) -> bool:
    """Rules that fire alike: hours and minutes may be taken from the start."""

    def full(rule: Rule) -> Rule:
        if rule.frequency is Frequency.ONCE:
            return replace(rule, extra=tuple(sorted(rule.extra)))
        hours, minutes = rule.by_hour or (rule.start.hour,), rule.by_minute or (rule.start.minute,)
        first = time(min(hours), min(minutes))
        begin = rule.start if rule.start.time() >= first else datetime.combine(rule.start.date(), first)
        return replace(rule, by_hour=tuple(sorted(hours)), by_minute=tuple(sorted(minutes)), start=begin)

    return full(one) == full(other)


def _guess(rule: Rule) -> ScheduleForm:  # noqa: PLR0911 - one a way of repeating
    form = replace(ScheduleForm(), times=_times(rule), every=str(rule.interval))
    if rule.until_us is not None:
        last = moment(rule.until_us).astimezone(ZoneInfo(rule.zone)).date()
        form = replace(form, ends=Ends.DAY, until=last.isoformat())
    elif rule.count is not None:
        form = replace(form, ends=Ends.COUNT, count=str(rule.count))
    days = ", ".join(str(day) for day in rule.by_month_day if day > 0)
    lunar = rule.calendar is Calendar.LUNAR
    match rule.frequency:
        case Frequency.ONCE:
            return replace(
                form, repeat=Repeat.ONCE, times=sorted({f"{one:%H:%M}" for one in (rule.start, *rule.extra)})
            )
        case Frequency.DAILY:
            return replace(form, repeat=Repeat.DAILY)
        case Frequency.WEEKLY:
            weekdays = sorted(one.weekday for one in rule.by_day) or [rule.start.weekday()]
            return replace(form, repeat=Repeat.WEEKLY, weekdays=weekdays)
        case Frequency.MONTHLY if lunar:
            return replace(form, repeat=Repeat.LUNAR, lunar_days=days)
        case Frequency.YEARLY if lunar:
            return replace(form, repeat=Repeat.TET, tet_days=days)
        case Frequency.MONTHLY if rule.by_day:
            nth = rule.by_day[0]
            return replace(form, repeat=Repeat.NTH, nth=str(nth.nth or 1), nth_weekday=str(nth.weekday))
        case Frequency.MONTHLY:
            return replace(form, repeat=Repeat.MONTHLY, month_days=days, last_day=_LAST in rule.by_month_day)
        case Frequency.YEARLY:
            return replace(form, repeat=Repeat.YEARLY)


def _times(rule: Rule) -> list[str]:
    pairs = product(rule.by_hour or (rule.start.hour,), rule.by_minute or (rule.start.minute,))
    return sorted(f"{hour:02}:{minute:02}" for hour, minute in pairs)
