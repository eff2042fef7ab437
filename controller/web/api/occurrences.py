"""Single occurrences of a schedule: moved, cancelled, replaced, restored, or changed from one on. The series stays.

An occurrence is named by the wall time that the rule gives it (``original``), whatever was made of it since.
"""

from datetime import timedelta
from typing import Final

from controller.domain.errors import Invalid, NotFound, Refused
from controller.domain.schedules import ScheduleId, content_id_of
from controller.web import subjects
from controller.web.api import plan_values as plan
from controller.web.api.endpoint import Created, raises
from controller.web.api.plan_values import WallTime
from controller.web.api.schedule_values import (
    ChangedScheduleBody,
    MoveBody,
    OccurrencesQuery,
    OccurrencesTold,
    ReplaceBody,
    ScheduleTold,
    SplitTold,
    schedule_now,
)
from controller.web.api.schedules import PLAN_CODES, PLAN_REFUSED, draft_of, require_places
from controller.web.asking import Ask, NotAllowed
from controller.web.moments import day_of, today
from controller.web.rundownpresent import day_window
from schedules.recurrence.series import dues

_CHANGE_CODES: Final = (
    "wall_time_malformed",
    "exception_unknown",
    "rule_out_of_years",
    "rule_malformed",
    "rule_too_many",
    "rule_overlaps_itself",
)
_CHANGE_REFUSED: Final = ("withdrawn", "occurrence_over", "time_passed", "not_valid_yet", "bulletin_expired")


@raises(NotFound, "schedule_unknown")
@raises(Invalid, "day_malformed")
async def list_occurrences(ask: Ask, schedule_id: ScheduleId, query: OccurrencesQuery) -> OccurrencesTold:
    """The occurrences of some days, also those that do not happen."""
    found = await ask.parts.schedules.get(schedule_id)
    first = today(ask.parts.clock.now_us(), ask.say.zone) if query.day is None else day_of(query.day)
    last = first + timedelta(days=query.days - 1)
    from_us, until_us = day_window(first, ask.say).from_us, day_window(last, ask.say).until_us
    given = dues(found.schedule.series, from_us, until_us, ask.parts.planner.world().holidays)
    return OccurrencesTold(occurrences=[plan.occurrence_told(due) for due in given])


@raises(NotFound, "schedule_unknown")
@raises(Invalid, *_CHANGE_CODES)
@raises(Refused, *_CHANGE_REFUSED)
async def move_occurrence(ask: Ask, schedule_id: ScheduleId, original: WallTime, body: MoveBody) -> ScheduleTold:
    """Move one occurrence to another time.

    It needs an approval of its own.
    """
    moved = await ask.parts.schedules.move(schedule_id, plan.wall(original), plan.wall(body.to), ask.known_actor)
    return await schedule_now(ask, moved)


@raises(NotFound, "schedule_unknown")
@raises(Invalid, "wall_time_malformed", "exception_unknown", "rule_too_many")
@raises(Refused, "withdrawn", "occurrence_over")
async def cancel_occurrence(ask: Ask, schedule_id: ScheduleId, original: WallTime) -> ScheduleTold:
    """Cancel one occurrence."""
    return await schedule_now(ask, await ask.parts.schedules.cancel(schedule_id, plan.wall(original), ask.known_actor))


@raises(NotFound, "schedule_unknown", "not_found", "content_unknown")
@raises(Invalid, "emergency_not_planned", *_CHANGE_CODES)
@raises(Refused, "hand_in_open", "replacement_not_from_above", *_CHANGE_REFUSED)
async def replace_occurrence(ask: Ask, schedule_id: ScheduleId, original: WallTime, body: ReplaceBody) -> ScheduleTold:
    """Put other content into one occurrence.

    It needs an approval of its own, and goes by the class of the schedule.
    """
    content_id = content_id_of(body.content_id)
    await subjects.require_content(ask, content_id)
    replaced = await ask.parts.schedules.replace(schedule_id, plan.wall(original), content_id, ask.known_actor)
    return await schedule_now(ask, replaced)


@raises(NotFound, "schedule_unknown")
@raises(Invalid, "wall_time_malformed", "exception_unknown", "rule_too_many")
@raises(Refused, "withdrawn", "occurrence_over", "time_passed")
async def restore_occurrence(ask: Ask, schedule_id: ScheduleId, original: WallTime) -> ScheduleTold:
    """Make one occurrence again what the rule gives."""
    return await schedule_now(ask, await ask.parts.schedules.restore(schedule_id, plan.wall(original), ask.known_actor))


@raises(NotFound, "schedule_unknown", "not_found", "content_unknown")
@raises(Invalid, "exception_unknown", *PLAN_CODES)
@raises(Refused, "changed_meanwhile", "occurrence_over", *PLAN_REFUSED)
@raises(NotAllowed)
async def split_schedule(
    ask: Ask, schedule_id: ScheduleId, original: WallTime, body: ChangedScheduleBody
) -> Created[SplitTold]:
    """Change this occurrence and all that follow.

    The schedule ends before it, and a new one goes on as the body says. What was approved before the split stays so.
    """
    draft = draft_of(ask, body)
    former = await ask.parts.schedules.get(schedule_id)
    if former.schedule.content_id != draft.content_id:
        await subjects.require_content(ask, draft.content_id)
    await require_places(ask, draft.target)
    ended, begun = await ask.parts.schedules.split(
        schedule_id, plan.wall(original), draft, ask.known_actor, revision=body.revision
    )
    told = SplitTold(ended=await schedule_now(ask, ended), begun=await schedule_now(ask, begun))
    return Created(told=told, location=f"/api/v1/schedules/{begun.schedule_id}")
