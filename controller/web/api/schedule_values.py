"""Schedules as the API takes and tells them."""

from typing import Annotated, Any, Final

from msgspec import Meta

from agents.protocol.ids import AreaId, SpeakerId
from controller.domain.schedules import HIGHEST_RANK, ApprovalState, PlannedSchedule, ScheduleId
from controller.web.api import plan_values as plan
from controller.web.api.endpoint import Body, Query
from controller.web.api.plan_values import (
    ChangeTold,
    Day,
    Id,
    OccurrenceTold,
    RuleBody,
    RuleTold,
    TargetBody,
    WallTime,
)
from controller.web.api.values import PageQuery, Told
from controller.web.asking import Ask
from controller.web.planwords import rule_words
from schedules.precedence import AirClass
from schedules.recurrence.series import next_dues
from schedules.schedule import Fill, OnInterrupted, Overrun

LOOKED_DAYS: Final = 14
MOST_DAYS: Final = 62
NEXT: Final = 10
MOST_NAMED: Final = 200
"""So many speakers are named at most where something is told of many."""


class ScheduleBody(Body, kw_only=True):
    """What is to be heard (a bulletin or a programme), where, when and how often.

    Null as ``slot_s`` is as long as the content; ``overrun`` and ``fill`` say what happens where the two differ.
    ``on_interrupted`` null goes by the class of the content. ``area_id`` null files it under the narrowest area around
    all of its places. Lower ``rank`` goes first within a class.
    """

    content_id: Id
    target: TargetBody
    rule: RuleBody
    rank: Annotated[int, Meta(ge=0, le=HIGHEST_RANK)] = 0
    slot_s: Annotated[int, Meta(ge=1, le=86_400)] | None = None
    overrun: Overrun = Overrun.CUT
    fill: Fill = Fill.SILENCE
    on_interrupted: OnInterrupted | None = None
    area_id: Id | None = None


class ChangedScheduleBody(ScheduleBody):
    """The schedule as it is to be, whole; what is left out takes its default."""

    revision: (
        Annotated[int, Meta(description="The revision that was looked at: another one now is refused.")] | None
    ) = None


class PreviewBody(ScheduleBody):
    """A schedule that is not kept. ``schedule_id`` is the one that it would replace, where it is not a new one."""

    schedule_id: Id | None = None
    days: Annotated[int, Meta(ge=1, le=MOST_DAYS, description="How many days are looked at for conflicts.")] = (
        LOOKED_DAYS
    )


class RulePreviewBody(Body, kw_only=True):
    """A rule alone."""

    rule: RuleBody


class MoveBody(Body):
    """The wall time, in the zone of the rule, at which this occurrence is to happen."""

    to: WallTime


class ReplaceBody(Body):
    """The bulletin or programme that is heard this one time."""

    content_id: Id


class SucceedBody(Body):
    """An area of the target that is no more, and the one that came after it."""

    old_area: Id
    new_area: Id


class ChoiceBody(Body):
    """Two schedules of the same class: ``first`` goes first from now on."""

    first: Id
    second: Id


class SchedulesQuery(PageQuery):
    """Which of them: those that are heard in ``area_id``, or around it, or below."""

    area_id: Id | None = None


class OccurrencesQuery(Query):
    """Which days: so many from ``day`` on (today)."""

    day: Day | None = None
    days: Annotated[int, Meta(ge=1, le=MOST_DAYS)] = LOOKED_DAYS


class ScheduleTold(Told):
    """What is planned. ``next`` are its next occurrences; ``changes`` what was changed of single ones.

    ``approval`` says whether exactly this was approved. ``sent_back`` is the word of whoever sent it back.
    """

    schedule_id: ScheduleId
    title: str
    content_id: str
    airing_class: AirClass
    from_above: bool
    target: TargetBody
    area_id: AreaId | None
    rule: RuleTold
    rank: int
    slot_s: float | None
    overrun: Overrun
    fill: Fill
    on_interrupted: OnInterrupted | None
    changes: list[ChangeTold]
    next: list[OccurrenceTold]
    approval: ApprovalState
    sent_back: str
    sent_back_by: str
    created_by: str
    planned_by: str
    changed_by: str
    changed_at_us: int
    revision: int
    withdrawn: bool


class SchedulesTold(Told):
    """The oldest first: that is the order in which they go, within a class and a rank. ``next`` is what to give as
    ``before`` for more; null at the end.
    """

    schedules: list[ScheduleTold]
    next: str | None


class SplitTold(Told):
    """The schedule that ends, and the one that goes on."""

    ended: ScheduleTold
    begun: ScheduleTold


class OccurrencesTold(Told):
    """By the time at which they happen, those that do not happen among them."""

    occurrences: list[OccurrenceTold]


class ScheduleRevisionTold(Told):
    """What the schedule was from ``at_us`` on, when ``by`` changed it."""

    number: int
    at_us: int
    by: str
    content: dict[str, Any]


class ScheduleHistoryTold(Told):
    """The newest first."""

    revisions: list[ScheduleRevisionTold]


class ConflictTold(Told):
    """Two items that want the same air. ``wins``: this schedule goes first as things stand; ``undecided``: it is for
    the commune to choose. ``speakers`` counts those on which they meet; ``speaker_ids`` are the first 200 of them.
    ``free_at_us`` is where this item would find free air within the limits; null where there is none in the next days,
    or it was not looked for: see `find_free`.
    """

    original: WallTime
    start_at_us: int
    other_schedule_id: ScheduleId
    other_title: str
    other_original: WallTime
    other_start_at_us: int
    from_at_us: int
    until_at_us: int
    speakers: int
    speaker_ids: list[SpeakerId]
    wins: bool
    undecided: bool
    may_override: bool
    free_at_us: int | None


class ConflictsTold(Told):
    """By time."""

    conflicts: list[ConflictTold]


class FreeTold(Told):
    """Where there is room: an instant, and the wall time of the rule's zone to move it to. Null where there is none."""

    free_at_us: int | None
    free_at: WallTime | None


class RefusalTold(Told):
    """One item that so many ``speakers`` would not play, and why; ``speaker_ids`` are the first 200 of them."""

    original: WallTime
    start_at_us: int
    reason: str
    sentence: str
    speakers: int
    speaker_ids: list[SpeakerId]


class RulePreviewTold(Told):
    """The rule in words, in the language of `Accept-Language`, and its next ten occurrences."""

    rule: RuleTold
    next: list[OccurrenceTold]


class PreviewTold(Told):
    """What would become of it, once it is approved. ``odd`` are originals that sound between 22:00 and 05:00."""

    rule: RuleTold
    next: list[OccurrenceTold]
    conflicts: list[ConflictTold]
    refusals: list[RefusalTold]
    odd: list[WallTime]
    speakers: int


class ChoiceTold(Told):
    """Between two schedules of one class: ``first`` goes first."""

    first: ScheduleId
    second: ScheduleId
    by: str
    at_us: int


class ChoicesTold(Told):
    """The oldest first."""

    choices: list[ChoiceTold]


# --- how they are told ------------------------------------------------------------------------------------------------


def schedule_told(ask: Ask, found: PlannedSchedule, approval: ApprovalState) -> ScheduleTold:
    """A schedule, with its next occurrences."""
    schedule, world = found.schedule, ask.parts.planner.world()
    upcoming = () if found.withdrawn else next_dues(schedule.series, ask.parts.clock.now_us(), NEXT, world.holidays)
    return ScheduleTold(
        schedule_id=found.schedule_id,
        title=found.title,
        content_id=schedule.content_id,
        airing_class=schedule.air_class,
        from_above=schedule.above,
        target=plan.target_told(schedule.target),
        area_id=found.area_id,
        rule=rule_told(ask, found),
        rank=schedule.rank,
        slot_s=None if schedule.slot_us is None else schedule.slot_us / 1_000_000,
        overrun=schedule.overrun,
        fill=schedule.fill,
        on_interrupted=schedule.on_interrupted,
        changes=[plan.change_told(one) for one in schedule.series.changes],
        next=[plan.occurrence_told(due) for due in upcoming],
        approval=approval,
        sent_back=found.sent_back,
        sent_back_by=found.sent_back_by,
        created_by=found.created_by,
        planned_by=found.planned_by,
        changed_by=found.changed_by,
        changed_at_us=found.changed_at_us,
        revision=found.revision,
        withdrawn=found.withdrawn,
    )


def rule_told(ask: Ask, found: PlannedSchedule) -> RuleTold:
    """In the words of whoever asks."""
    rule = found.schedule.series.rule
    return plan.rule_told(rule, rule_words(rule, ask.say))


async def schedule_now(ask: Ask, found: PlannedSchedule) -> ScheduleTold:
    """With how its approval stands."""
    return schedule_told(ask, found, await ask.parts.approvals.state_of(found.schedule_id))
