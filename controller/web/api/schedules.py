"""Schedules: what is planned, where, when and how often. Nothing of it is heard before it is approved."""

from datetime import datetime
from typing import Any, Final

import msgspec

from agents.protocol.ids import AreaId
from controller.domain.errors import Invalid, NotFound, Refused
from controller.domain.paging import Place
from controller.domain.rights import Right
from controller.domain.schedules import ApprovalState, PlannedSchedule, ScheduleDraft, ScheduleId, content_id_of
from controller.web import subjects
from controller.web.api import plan_values as plan
from controller.web.api.endpoint import Created, raises
from controller.web.api.schedule_values import (
    ChangedScheduleBody,
    ScheduleBody,
    ScheduleHistoryTold,
    ScheduleRevisionTold,
    SchedulesQuery,
    SchedulesTold,
    ScheduleTold,
    SucceedBody,
    schedule_now,
    schedule_told,
)
from controller.web.api.values import following, place
from controller.web.asking import Ask, NotAllowed
from schedules.schedule import Target

RULE_CODES = (
    "wall_time_malformed",
    "zone_unknown",
    "frequency_unknown",
    "rule_malformed",
    "rule_never_fires",
    "rule_too_often",
    "rule_too_many",
    "rule_out_of_years",
)
PLAN_CODES = (
    *RULE_CODES,
    "rule_overlaps_itself",
    "targets_missing",
    "too_many_targets",
    "target_outside_area",
    "area_unknown",
    "area_closed",
    "group_unknown",
    "speaker_unknown",
    "rank_out_of_range",
    "slot_out_of_range",
    "emergency_not_planned",
)
PLAN_REFUSED = ("withdrawn", "hand_in_open", "not_valid_yet", "bulletin_expired", "too_many_schedules")


def draft_of(ask: Ask, body: ScheduleBody) -> ScheduleDraft:
    """Raises `Invalid` (`RULE_CODES`)."""
    return ScheduleDraft(
        content_id=content_id_of(body.content_id),
        target=plan.target_of(body.target),
        rule=plan.rule_of(body.rule, ask.parts.zone),
        rank=body.rank,
        slot_us=None if body.slot_s is None else body.slot_s * 1_000_000,
        overrun=body.overrun,
        fill=body.fill,
        on_interrupted=body.on_interrupted,
        area_id=None if body.area_id is None else AreaId(body.area_id),
    )


async def require_planner(ask: Ask, draft: ScheduleDraft) -> None:
    """Whoever plans must see the content, and may broadcast at each of its places. Raises `NotFound`, `NotAllowed`."""
    await subjects.require_content(ask, draft.content_id)
    await require_places(ask, draft.target)


async def require_places(ask: Ask, target: Target) -> None:
    """Raises `NotAllowed`. What names no place is for the desk to refuse."""
    area_ids = await ask.parts.schedules.areas_of(target)
    if area_ids:
        ask.require_all(Right.BROADCAST, area_ids)


async def list_schedules(ask: Ask, query: SchedulesQuery) -> SchedulesTold:
    """What is planned and not over."""
    after, shown, more = place(query.before), list[PlannedSchedule](), False
    for one in sorted(await ask.parts.schedules.all(), key=_place):
        if after is not None and _place(one) <= (after.at_us, after.key):
            continue
        area_ids = await subjects.areas_of_schedule(ask, one)
        if subjects.schedule_seen(ask, area_ids) and subjects.about_area(ask, query.area_id, area_ids):
            more = len(shown) == query.limit
            if more:
                break
            shown.append(one)
    states = await ask.parts.approvals.states()
    told = [schedule_told(ask, one, states.get(one.schedule_id, _UNKNOWN)[0]) for one in shown]
    return SchedulesTold(schedules=told, next=following(Place(*_place(shown[-1]))) if more else None)


_UNKNOWN: Final[tuple[ApprovalState, dict[datetime, ApprovalState]]] = (ApprovalState.WAITING, {})


def _place(one: PlannedSchedule) -> tuple[int, str]:
    return one.schedule.since_us, one.schedule_id


@raises(Invalid, *PLAN_CODES)
@raises(NotFound, "not_found", "content_unknown")
@raises(Refused, *PLAN_REFUSED)
@raises(NotAllowed)
async def create_schedule(ask: Ask, body: ScheduleBody) -> Created[ScheduleTold]:
    """Plan a bulletin or programme.

    It is heard once somebody else has approved it; what came from above goes the way of its class.
    """
    draft = draft_of(ask, body)
    await require_planner(ask, draft)
    made = await ask.parts.schedules.plan(draft, ask.known_actor)
    return Created(told=await schedule_now(ask, made), location=f"/api/v1/schedules/{made.schedule_id}")


@raises(NotFound, "schedule_unknown")
async def get_schedule(ask: Ask, schedule_id: ScheduleId) -> ScheduleTold:
    """One schedule."""
    return await schedule_now(ask, await ask.parts.schedules.get(schedule_id))


@raises(Invalid, *PLAN_CODES)
@raises(NotFound, "not_found", "content_unknown", "schedule_unknown")
@raises(Refused, "changed_meanwhile", *PLAN_REFUSED)
@raises(NotAllowed)
async def change_schedule(ask: Ask, schedule_id: ScheduleId, body: ChangedScheduleBody) -> ScheduleTold:
    """Change a schedule, as a whole.

    Changed occurrences stay where the new rule still has them. What was approved is so no longer, unless nothing of
    content, rule and places changed.
    """
    draft = draft_of(ask, body)
    await _require_change(ask, await ask.parts.schedules.get(schedule_id), draft)
    made = await ask.parts.schedules.change(schedule_id, draft, ask.known_actor, revision=body.revision)
    return await schedule_now(ask, made)


async def _require_change(ask: Ask, former: PlannedSchedule, draft: ScheduleDraft) -> None:
    """Content that stays is not asked about again."""
    if former.schedule.content_id != draft.content_id:
        await subjects.require_content(ask, draft.content_id)
    await require_places(ask, draft.target)


@raises(NotFound, "schedule_unknown")
async def withdraw_schedule(ask: Ask, schedule_id: ScheduleId) -> ScheduleTold:
    """Withdraw a schedule.

    Nothing of it is heard any more. What was heard stays in the log.
    """
    return await schedule_now(ask, await ask.parts.schedules.withdraw(schedule_id, ask.known_actor))


@raises(NotFound, "schedule_unknown")
async def get_schedule_history(ask: Ask, schedule_id: ScheduleId) -> ScheduleHistoryTold:
    """What a schedule is and was."""
    revisions = []
    for one in await ask.parts.schedules.history(schedule_id):
        written: dict[str, Any] = {"number": one.number, "at_us": one.at_us, "by": one.by, "content": one.content}
        revisions.append(msgspec.convert(written, ScheduleRevisionTold))
    return ScheduleHistoryTold(revisions=revisions)


@raises(NotFound, "schedule_unknown")
@raises(Invalid, "area_unknown", "area_closed", "targets_missing")
@raises(Refused, "withdrawn", "changed_meanwhile")
@raises(NotAllowed)
async def succeed_area(ask: Ask, schedule_id: ScheduleId, body: SucceedBody) -> ScheduleTold:
    """Give a schedule the area that came after one that is no more.

    It is to be approved anew.
    """
    ask.require(Right.BROADCAST, AreaId(body.new_area))
    changed = await ask.parts.schedules.succeed(
        schedule_id, AreaId(body.old_area), AreaId(body.new_area), ask.known_actor
    )
    return await schedule_now(ask, changed)
