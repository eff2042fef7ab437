"""The list of schedules, and one line of it wherever a schedule is named."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from aiohttp import web

from agents.protocol.version import MAX_INTEGER
from controller.domain.rights import Right
from controller.domain.schedules import ApprovalState, PlannedSchedule
from controller.web import plans, subjects
from controller.web.asking import Ask
from controller.web.calendarviews import key_of
from controller.web.composeviews import Option
from controller.web.moments import moment, today
from controller.web.pages import page
from controller.web.planwords import class_name, rule_words
from controller.web.scheduleviews import ClosedArea, ScheduleRow
from controller.web.sentences import sentence
from schedules.areanames import folded
from schedules.recurrence.series import next_dues

SHOWN: Final = 400


async def schedules(ask: Ask) -> web.StreamResponse:
    """GET /schedules?q=: all of them, or those with these words in their title or places."""
    searched = " ".join(ask.request.query.get("q", "").split())[:200]
    rows, more = await _rows(ask, searched)
    return page(
        ask,
        "schedules.html",
        frame=await plans.plan_frame(ask),
        tabs=await plans.plan_tabs(ask, "schedules"),
        rows=rows,
        more=more,
        searched=searched,
        may_plan=ask.may(Right.BROADCAST),
    )


async def _rows(ask: Ask, searched: str) -> tuple[list[ScheduleRow], int]:
    """Those that whoever asks may see: what lacks an area first, then the next to be heard; and how many do not fit."""
    now_us, holidays = ask.parts.clock.now_us(), ask.parts.planner.world().holidays
    seen: list[tuple[int, int, PlannedSchedule]] = []
    words = folded(searched).split()
    for planned in await ask.parts.schedules.all():
        await asyncio.sleep(0)  # thousands take a moment: links go on in between
        if words and not await _says(ask, planned, words):
            continue
        if subjects.schedule_seen(ask, await plans.areas_of(ask, planned)):
            upcoming = next_dues(planned.schedule.series, now_us, 1, holidays)
            next_us = upcoming[0].start_us if upcoming else MAX_INTEGER
            first_us = 0 if _lacks_area(ask, planned) else next_us
            seen.append((first_us, -planned.changed_at_us, planned))
    seen.sort(key=lambda one: one[:2])
    states = await ask.parts.approvals.states()
    found = []
    for _, _, planned in seen[:SHOWN]:
        found.append(await schedule_row(ask, planned, states.get(planned.schedule_id)))
    return found, len(seen) - len(found)


async def _says(ask: Ask, planned: PlannedSchedule, words: Sequence[str]) -> bool:
    """Whether every word stands in its title or in the name of one of its places."""
    there = folded(" ".join([planned.title, *await plans.where_names(ask, planned.schedule.target)]))
    return all(word in there for word in words)


States = tuple[ApprovalState, Mapping[datetime, ApprovalState]]
"""Of a series, and of each changed occurrence."""


async def schedule_row(ask: Ask, planned: PlannedSchedule, states: States | None = None) -> ScheduleRow:
    """One line about a schedule."""
    schedule, world = planned.schedule, ask.parts.planner.world()
    upcoming = next_dues(schedule.series, ask.parts.clock.now_us(), 1, world.holidays)
    content = world.contents.get(schedule.content_id)
    air_class = next(
        (one.air_class for one in world.schedules if one.schedule_id == schedule.schedule_id), schedule.air_class
    )
    state, single = states or await ask.parts.approvals.states_of(planned.schedule_id)
    sent_back_of = next((at for at, one in single.items() if one is ApprovalState.SENT_BACK), None)
    sent_back = state is ApprovalState.SENT_BACK or sent_back_of is not None
    closed = await _closed(ask, planned)
    named = len(schedule.target.areas) + len(schedule.target.groups) + len(schedule.target.speakers)
    return ScheduleRow(
        id=planned.schedule_id,
        title=planned.title if content is None else content.title,
        where=await plans.where_of(ask, schedule.target),
        rule_sentence=rule_words(schedule.series.rule, ask.say),
        next_at=moment(upcoming[0].start_us) if upcoming and not planned.withdrawn else None,
        approval=state,
        air_class=air_class.value,
        class_name=class_name(air_class, ask.say),
        above=schedule.above,
        planned_by=planned.planned_by,
        changed_at=moment(planned.changed_at_us),
        changes=len(schedule.series.changes),
        sent_back=planned.sent_back if sent_back else "",
        sent_back_by=planned.sent_back_by if sent_back else "",
        sent_back_of="" if sent_back_of is None else _wall_words(ask, sent_back_of),
        sent_back_href="" if sent_back_of is None else f"/schedules/{planned.schedule_id}/at/{key_of(sent_back_of)}",
        undecided=sum(1 for one in single.values() if one in _UNDECIDED),
        problem_sentence=sentence(content.lacking, ask.say) if content is not None and content.lacking else "",
        closed=closed,
        places_left=len(closed) < named,
        may_change=ask.may_all(Right.BROADCAST, await plans.areas_of(ask, planned)),
    )


_UNDECIDED: Final = frozenset({ApprovalState.WAITING, ApprovalState.VOID})


def _wall_words(ask: Ask, wall: datetime) -> str:
    at = wall.replace(tzinfo=ask.say.zone)
    return f"{ask.say.format_time(at, seconds=False)}, {ask.say.format_day(at)}"


def _lacks_area(ask: Ask, planned: PlannedSchedule) -> bool:
    """Whether it names an area that is no more."""
    tree, day = ask.parts.planner.world().tree, today(ask.parts.clock.now_us(), ask.say.zone)
    return any(one not in tree or tree.get(one).closed(day) for one in planned.schedule.target.areas)


async def _closed(ask: Ask, planned: PlannedSchedule) -> Sequence[ClosedArea]:
    if not _lacks_area(ask, planned):
        return []
    tree = ask.parts.planner.world().tree
    found = await ask.parts.schedules.needs_successor(planned.schedule_id)
    return [
        ClosedArea(
            id=area_id,
            name=tree.get(area_id).name if area_id in tree else area_id,
            successors=[Option(id=one, name=tree.get(one).name) for one in following if one in tree],
        )
        for area_id, following in found.items()
    ]
