"""What schedules, approvals and rundowns have in common in the API: rules, targets, and how they are told."""

import re
from datetime import datetime
from typing import Annotated, Final

from msgspec import Meta, Struct

from controller.domain.errors import Invalid
from controller.web.api.values import Told
from schedules.recurrence.parse import parse_rule, rule_text
from schedules.recurrence.rule import Cancelled, Change, Due, OnHoliday, Rule, RuleError
from schedules.schedule import Target

MOST_NAMED: Final = 500
_WALL = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?")

WallTime = Annotated[
    str, Meta(max_length=40, description="Wall time without a zone, to the minute: `2026-03-02T17:00`.")
]
Day = Annotated[str, Meta(max_length=40, description="A day of the station's zone: `2026-03-02`.")]
Id = Annotated[str, Meta(max_length=100)]
Ids = Annotated[list[Id], Meta(max_length=MOST_NAMED)]


class RuleBody(Struct, kw_only=True, forbid_unknown_fields=True):
    """When and how often: an `RRULE` of RFC 5545, from days upward, over wall times of a zone.

    Without ``rrule`` it is once, at ``start``. `RSCALE=VIETNAMESE` counts months and days of the lunar calendar.
    ``zone`` null is the station's. ``extra`` are wall times besides.
    """

    rrule: Annotated[str, Meta(max_length=2_000)] = ""
    start: WallTime
    zone: Annotated[str, Meta(max_length=100)] | None = None
    on_holiday: OnHoliday = OnHoliday.PLAY
    extra: Annotated[list[WallTime], Meta(max_length=200)] = []


class RuleTold(Told):
    """A rule as it is kept. ``sentence`` says it in words, in the language of `Accept-Language`."""

    rrule: str
    start: WallTime
    zone: str
    on_holiday: OnHoliday
    extra: list[WallTime]
    sentence: str


class TargetBody(Struct, kw_only=True, forbid_unknown_fields=True):
    """Where: every speaker in one of the areas or below, in one of the groups, or named. At least one of these."""

    areas: Ids = []
    groups: Ids = []
    speakers: Ids = []


class ChangeTold(Told):
    """What was changed of one occurrence: it is cancelled, happens at the wall time ``to``, or has other content."""

    original: WallTime
    cancelled: bool = False
    to: WallTime | None = None
    content_id: str | None = None


class OccurrenceTold(Told):
    """One occurrence. ``original`` names it: the wall time by the rule. ``on_holiday``: it is left out for that."""

    original: WallTime
    start_at_us: int
    change: ChangeTold | None = None
    on_holiday: bool = False


def rule_of(body: RuleBody, zone: str) -> Rule:
    """Raises `Invalid` (``wall_time_malformed``, and the codes of `RuleError`)."""
    try:
        return parse_rule(
            body.rrule,
            start=wall(body.start),
            zone=zone if body.zone is None else body.zone,
            on_holiday=body.on_holiday,
            extra=tuple(wall(one) for one in body.extra),
        )
    except RuleError as error:
        raise Invalid(str(error), code=error.code) from error


def target_of(body: TargetBody) -> Target:
    """Each place once, in one order."""
    return Target(
        areas=tuple(sorted(set(body.areas))),
        groups=tuple(sorted(set(body.groups))),
        speakers=tuple(sorted(set(body.speakers))),
    )


def target_told(target: Target) -> TargetBody:
    return TargetBody(areas=list(target.areas), groups=list(target.groups), speakers=list(target.speakers))


def rule_told(rule: Rule, sentence: str) -> RuleTold:
    return RuleTold(
        rrule=rule_text(rule),
        start=written(rule.start),
        zone=rule.zone,
        on_holiday=rule.on_holiday,
        extra=[written(one) for one in rule.extra],
        sentence=sentence,
    )


def change_told(change: Change) -> ChangeTold:
    match change:
        case Cancelled(original=original):
            return ChangeTold(original=written(original), cancelled=True)
        case _:
            return ChangeTold(
                original=written(change.original),
                to=None if change.to is None else written(change.to),
                content_id=change.content_id,
            )


def occurrence_told(due: Due) -> OccurrenceTold:
    return OccurrenceTold(
        original=written(due.original),
        start_at_us=due.start_us,
        change=None if due.change is None else change_told(due.change),
        on_holiday=due.on_holiday,
    )


def wall(text: str) -> datetime:
    """Raises `Invalid` (``wall_time_malformed``), also for one with a zone."""
    try:
        if not _WALL.fullmatch(text):
            raise ValueError(text)
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid(f"{text[:40]} is no wall time", code="wall_time_malformed") from error


def written(at: datetime) -> str:
    """A wall time, to the minute where it is a whole one."""
    return at.isoformat(timespec="seconds" if at.second else "minutes")
