"""What is sent from a page for a date and time: a schedule that is heard once, with the guards, conflicts and approval
of every other.

Rules: what guards would refuse is refused at once, for whoever presses "plan" is still there to choose another time.
Pressing twice plans once.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from agents.protocol.ids import AreaId, SpeakerId
from controller.domain.airings import ContentId
from controller.domain.errors import Invalid, Refused
from controller.domain.rights import Right
from controller.domain.schedules import PlannedSchedule, ScheduleDraft
from controller.domain.speakers import Standing
from controller.services import previews
from controller.web import planpreview, subjects
from controller.web.asking import Ask
from controller.web.moments import instant_us
from controller.web.reckoning import reckoned
from schedules.recurrence.rule import Rule
from schedules.rundown.values import RefusedFor
from schedules.schedule import Target

SAME_PRESS_US: Final = 3_000_000
FARTHEST_US: Final = 366 * 86_400_000_000
GUARD_CODES: Final = {
    RefusedFor.QUIET_HOURS: "guard_quiet_hours",
    RefusedFor.SLOT_TOO_LONG: "guard_slot_too_long",
    RefusedFor.SLOTS_USED_UP: "guard_slots_used_up",
    RefusedFor.MINUTES_USED_UP: "guard_minutes_used_up",
}


async def plan_once(ask: Ask, content_id: ContentId, speaker_ids: Sequence[SpeakerId], at: datetime) -> str:
    """The address of what is to be looked at next: a conflict, one's own approval, or what was planned.

    Raises `Invalid` (``start_in_past``, ``too_far_ahead``), `Refused` (``guard_*``), what `ScheduleDesk.plan` raises.
    """
    now_us, start_us = ask.parts.clock.now_us(), instant_us(at)
    if start_us <= now_us:
        raise Invalid("the start is in the past", code="start_in_past")
    if start_us > now_us + FARTHEST_US:
        raise Invalid("the start is more than a year ahead", code="too_far_ahead")
    target = target_of(ask, await ask.parts.speakers.standing(), set(speaker_ids))
    wall = at.astimezone(ask.say.zone).replace(tzinfo=None)
    draft = ScheduleDraft(content_id=content_id, target=target, rule=Rule(zone=ask.parts.zone, start=wall))
    async with ask.house.sending:
        planned = await just_planned(ask, draft) or await _plan(ask, draft)
    return await next_page(ask, planned)


async def _plan(ask: Ask, draft: ScheduleDraft) -> PlannedSchedule:
    known = await planpreview.known_of(ask, draft)
    if known is not None:
        schedule = planpreview.imagined(ask, draft, known, None, split=False)
        world, now_us = ask.parts.planner.world(), ask.parts.clock.now_us()
        found = await reckoned(ask, previews.preview, world, schedule, known.summary, now_us, 1)
        codes = [GUARD_CODES[one.outcome.reason] for one in found.refusals if one.outcome.reason in GUARD_CODES]
        if codes:
            raise Refused("the guards do not allow it", code=codes[0])
    return await ask.parts.schedules.plan(draft, ask.known_actor)


async def just_planned(ask: Ask, draft: ScheduleDraft) -> PlannedSchedule | None:
    """What the same press of the button planned a moment ago, if there is something."""
    now_us = ask.parts.clock.now_us()
    for planned in await ask.parts.schedules.all():
        recent = now_us - planned.schedule.since_us < SAME_PRESS_US
        if recent and planned.created_by == ask.by and is_already(planned, draft):
            return planned
    return None


def is_already(planned: PlannedSchedule, draft: ScheduleDraft) -> bool:
    """Whether it is just what the draft wants."""
    schedule = planned.schedule
    there = (schedule.content_id, schedule.target, schedule.series.rule, schedule.rank, schedule.slot_us)
    wanted = (draft.content_id, draft.target, draft.rule, draft.rank, draft.slot_us)
    ways = (schedule.overrun, schedule.fill, schedule.on_interrupted)
    return there == wanted and ways == (draft.overrun, draft.fill, draft.on_interrupted)


async def next_page(ask: Ask, planned: PlannedSchedule) -> str:
    """The address of what is to be looked at next: a conflict, one's own approval, or what was planned."""
    where = f"/schedules/{planned.schedule_id}"
    done = "planned" if planned.schedule.needs_approval else "planned_above"
    if await planpreview.meets_something(ask, planned):
        return f"{where}/conflicts?done={done}"
    if not planned.schedule.needs_approval:
        return f"{where}?done={done}"
    areas = await subjects.areas_of_schedule(ask, planned)
    if ask.may_all(Right.APPROVE, areas):
        request = await ask.parts.approvals.request(planned.schedule_id, None, ask.known_actor)
        if not request.own or request.own_allowed:
            return f"/approvals/{planned.schedule_id}?done=planned"
    return f"{where}?done=planned"


def target_of(ask: Ask, overviews: Sequence[Standing], chosen: Collection[SpeakerId]) -> Target:
    """The areas of which every speaker was chosen, and single speakers besides."""
    inside: dict[AreaId, set[SpeakerId]] = {}
    for one in overviews:
        for area_id in ask.path_of(one.speaker.area_id):
            inside.setdefault(area_id, set()).add(one.speaker.speaker_id)
    wanted = set(chosen)
    stood_in = {one.speaker.area_id for one in overviews if one.speaker.speaker_id in wanted}
    whole = sorted(area_id for area_id in stood_in if inside[area_id] <= wanted)
    covered = {speaker_id for area_id in whole for speaker_id in inside[area_id]}
    return Target(areas=tuple(whole), speakers=tuple(sorted(wanted - covered)))
