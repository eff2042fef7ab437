"""The pages of schedules: the list, and one that is made, changed, split, withdrawn.

Rules: while the form is typed, everything is told that would become of it, and nothing is kept. Whatever is wrong, the
form comes back with what was typed and the sentence where it belongs.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from aiohttp import web

from agents.protocol.ids import AreaId
from agents.protocol.version import MAX_INTEGER
from controller.domain.errors import Invalid, LoaError, NotFound, Refused
from controller.domain.rights import Right
from controller.domain.schedules import ApprovalState, PlannedSchedule, ScheduleDraft
from controller.web import planpreview, plans, schedule_forms, subjects
from controller.web.asking import Ask
from controller.web.composeviews import Option
from controller.web.errors import problem_of
from controller.web.forms import reading
from controller.web.moments import moment, today
from controller.web.pages import page
from controller.web.planwords import class_name, rule_words
from controller.web.rundownwords import WEEKDAYS
from controller.web.scheduleviews import (
    ClosedArea,
    Preview,
    RevisionShown,
    ScheduleForm,
    ScheduleRow,
    TetDay,
)
from controller.web.sentences import sentence
from controller.web.wherechoices import where_choices
from schedules.recurrence.parse import parse_rule
from schedules.recurrence.rule import OnHoliday, RuleError
from schedules.recurrence.series import next_dues
from schedules.schedule import Target

SCHEDULES: Final = "/schedules"
SHOWN: Final = 400
CHANGED: Final = {
    ApprovalState.APPROVED: "changed_approved",
    ApprovalState.VOID: "changed_void",
    ApprovalState.WAITING: "changed_waiting",
}
"""What is said of a change, by how the approval stands after it."""


async def schedules(ask: Ask) -> web.StreamResponse:
    """GET /schedules"""
    rows, more = await _rows(ask)
    return page(
        ask,
        "schedules.html",
        frame=await plans.plan_frame(ask),
        tabs=await plans.plan_tabs(ask, "schedules"),
        rows=rows,
        more=more,
        may_plan=ask.may(Right.BROADCAST),
    )


async def new_schedule(ask: Ask) -> web.StreamResponse:
    """GET /schedules/new, with a bulletin or programme chosen already (``?content=``)."""
    day = today(ask.parts.clock.now_us(), ask.say.zone)
    form = ScheduleForm(start=day.isoformat(), content=ask.request.query.get("content", ""))
    return await _page(ask, form)


async def schedule(ask: Ask) -> web.StreamResponse:
    """GET /schedules/{id}; from one occurrence on with ``?from=``."""
    planned = await ask.parts.schedules.get(plans.schedule_id_of(ask))
    form = schedule_forms.form_of(planned)
    begins = ask.request.query.get("from", "")
    if begins:
        form = _from(form, begins)
    return await _page(ask, form, planned)


def _from(form: ScheduleForm, original: str) -> ScheduleForm:
    """What follows begins on the day of this occurrence."""
    return replace(form, original=original, start=_wall(original).date().isoformat())


def _wall(written: str) -> datetime:
    """Raises `NotFound` (``exception_unknown``)."""
    try:
        found = datetime.fromisoformat(written)
    except ValueError as error:
        raise NotFound(f"no occurrence {written[:40]}", code="exception_unknown") from error
    if found.tzinfo is not None or not 1900 <= found.year <= 2199:
        raise NotFound(f"no occurrence {written[:40]}", code="exception_unknown")
    return found


async def edit(ask: Ask) -> web.StreamResponse:
    """POST /schedules/draft: the form with one thing done to it (``do``); nothing is kept."""
    async with reading(ask) as form:
        typed = schedule_forms.read(form)
        deed = form.text("do")
        after = _day(typed.start) or today(ask.parts.clock.now_us(), ask.say.zone)
        typed = schedule_forms.done(typed, deed, schedule_forms.eve_of_tet(after))
        planned = await _known(ask, typed)
        focus = "time" if deed == "time" else ""
        if ask.htmx:
            return page(ask, "_schedule_form.html", **await _fields(ask, typed, focus))
        return await _page(ask, typed, planned, focus=focus)


async def preview(ask: Ask) -> web.StreamResponse:
    """POST /schedules/preview: what would become of what is typed."""
    async with reading(ask) as form:
        typed = schedule_forms.read(form)
        planned = await _known(ask, typed)
        return page(ask, "_schedule_preview.html", preview=await planpreview.preview_of(ask, typed, planned))


async def save(ask: Ask) -> web.StreamResponse:
    """POST /schedules, POST /schedules/{id}: plans it anew, changes it, or splits it."""
    async with reading(ask) as form:
        typed = schedule_forms.read(form)
        named = "id" in ask.request.match_info
        planned = await ask.parts.schedules.get(plans.schedule_id_of(ask)) if named else None
        try:
            drafts = [schedule_forms.draft_of(one, ask.parts.zone) for one in schedule_forms.parted(typed)]
            made = [await _keep(ask, draft, typed, planned) for draft in drafts]
        except (Invalid, Refused, NotFound) as error:
            return await _wrong(ask, typed, planned, error)
        except RuleError as error:
            return await _wrong(ask, typed, planned, Invalid(str(error), code=error.code))
    kept, done = made[0]
    if len(made) > 1:
        return _to(f"{SCHEDULES}?done={done}")
    if await planpreview.meets_something(ask, kept):
        return _to(f"{SCHEDULES}/{kept.schedule_id}/conflicts?done={done}")
    return _to(f"{SCHEDULES}/{kept.schedule_id}?done={done}")


async def _keep(
    ask: Ask, draft: ScheduleDraft, typed: ScheduleForm, planned: PlannedSchedule | None
) -> tuple[PlannedSchedule, str]:
    if draft.target == Target():
        raise Invalid("no place is named", code="targets_missing")
    ask.require_all(Right.BROADCAST, await ask.parts.schedules.areas_of(draft.target))
    if planned is None or draft.content_id != planned.schedule.content_id:
        await _require_content(ask, draft)
    desk, by = ask.parts.schedules, ask.known_actor
    if planned is None:
        made = await desk.plan(draft, by)
        return made, "planned" if made.schedule.needs_approval else "planned_above"
    draft = replace(draft, area_id=planned.area_id)
    revision = typed.revision or None
    if not typed.original:
        kept = await desk.change(planned.schedule_id, draft, by, revision=revision)
        return kept, CHANGED.get(await ask.parts.approvals.state_of(kept.schedule_id), "changed")
    original = _wall(typed.original)
    _, begun = await desk.split(planned.schedule_id, original, draft, by, revision=revision)
    return begun, "split"


async def _require_content(ask: Ask, draft: ScheduleDraft) -> None:
    try:
        await subjects.require_content(ask, draft.content_id)
    except NotFound as error:
        raise NotFound(error.detail, code="content_unknown") from error


async def withdraw(ask: Ask) -> web.StreamResponse:
    """POST /schedules/{id}/withdraw"""
    await ask.parts.schedules.withdraw(plans.schedule_id_of(ask), ask.known_actor)
    return _to(f"{SCHEDULES}?done=withdrawn")


async def succeed(ask: Ask) -> web.StreamResponse:
    """POST /schedules/{id}/succeed: an area that came after one that is no more."""
    async with reading(ask) as form:
        old, new = AreaId(form.text("old")), AreaId(form.text("new"))
        ask.require(Right.BROADCAST, new)
        await ask.parts.schedules.succeed(plans.schedule_id_of(ask), old, new, ask.known_actor)
    return _to(f"{SCHEDULES}/{plans.schedule_id_of(ask)}?done=succeeded")


def _to(path: str) -> web.Response:
    return web.Response(status=303, headers={"Location": path})


def _day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None


async def _known(ask: Ask, typed: ScheduleForm) -> PlannedSchedule | None:
    """The schedule that the form changes. Raises `NotFound` where whoever asks may not see it."""
    if not typed.id:
        return None
    found = await ask.parts.schedules.get(plans.schedule_named(typed.id))
    if not subjects.schedule_seen(ask, await subjects.areas_of_schedule(ask, found)):
        raise NotFound(f"no schedule {typed.id}", code="schedule_unknown")
    return found


async def _wrong(ask: Ask, typed: ScheduleForm, planned: PlannedSchedule | None, error: LoaError) -> web.Response:
    """The form again, with everything typed and the sentence where it belongs."""
    told = problem_of(error, ask.say)
    place = schedule_forms.place_of(error.code, typed)
    if place:
        return await _page(ask, replace(typed, errors={place: told.sentence}), planned, status=told.status)
    return await _page(ask, replace(typed, problem=told.sentence), planned, status=told.status)


# --- what is shown ----------------------------------------------------------------------------------------------------


async def _page(
    ask: Ask, typed: ScheduleForm, planned: PlannedSchedule | None = None, *, focus: str = "", status: int = 200
) -> web.Response:
    withdrawn = planned is not None and planned.withdrawn
    row = await schedule_row(ask, planned) if planned is not None else None
    may_change = ask.may(Right.BROADCAST) if row is None else row.may_change and not withdrawn
    return page(
        ask,
        "schedule.html",
        status=status,
        frame=await plans.plan_frame(ask, f"{SCHEDULES}/{planned.schedule_id if planned else 'new'}"),
        tabs=await plans.plan_tabs(ask, "schedules"),
        heading=planned.title if planned else ask.say.gettext("New schedule"),
        row=row,
        withdrawn=withdrawn,
        may_change=may_change,
        from_said=_from_said(typed, ask),
        revisions=await _revisions(ask, planned),
        preview=Preview() if withdrawn else await planpreview.preview_of(ask, typed, planned),
        **await _fields(ask, typed, focus),
    )


def _from_said(typed: ScheduleForm, ask: Ask) -> str:
    if not typed.original:
        return ""
    begin = _wall(typed.original).replace(tzinfo=ask.say.zone)
    return f"{ask.say.format_time(begin, seconds=False)}, {ask.say.format_day(begin)}"


async def _fields(ask: Ask, typed: ScheduleForm, focus: str) -> dict[str, Any]:
    after = _day(typed.start) or today(ask.parts.clock.now_us(), ask.say.zone)
    eve = schedule_forms.eve_of_tet(after)
    return {
        "form": typed,
        "focus": focus,
        "contents": await plans.content_options(ask, typed.searched, typed.content),
        "where": await where_choices(ask, typed),
        "weekdays": [ask.say.gettext(day) for day in WEEKDAYS],
        "tet": TetDay(day=eve, year=(eve + timedelta(days=1)).year),
    }


async def _rows(ask: Ask) -> tuple[list[ScheduleRow], int]:
    """Those that whoever asks may see: what lacks an area first, then the next to be heard; and how many do not fit."""
    now_us, holidays = ask.parts.clock.now_us(), ask.parts.planner.world().holidays
    seen: list[tuple[int, int, PlannedSchedule]] = []
    for planned in await ask.parts.schedules.all():
        if subjects.schedule_seen(ask, await plans.areas_of(ask, planned)):
            upcoming = next_dues(planned.schedule.series, now_us, 1, holidays)
            next_us = upcoming[0].start_us if upcoming else MAX_INTEGER
            first_us = 0 if _lacks_area(ask, planned) else next_us
            seen.append((first_us, -planned.changed_at_us, planned))
            await asyncio.sleep(0)  # thousands take a moment: links go on in between
    seen.sort(key=lambda one: one[:2])
    states = await ask.parts.approvals.states()
    found = []
    for _, _, planned in seen[:SHOWN]:
        state = states.get(planned.schedule_id)
        found.append(await schedule_row(ask, planned, state[0] if state else None))
    return found, len(seen) - len(found)


async def schedule_row(ask: Ask, planned: PlannedSchedule, approval: ApprovalState | None = None) -> ScheduleRow:
    """One line about a schedule."""
    schedule, world = planned.schedule, ask.parts.planner.world()
    upcoming = next_dues(schedule.series, ask.parts.clock.now_us(), 1, world.holidays)
    content = world.contents.get(schedule.content_id)
    air_class = next(
        (one.air_class for one in world.schedules if one.schedule_id == schedule.schedule_id), schedule.air_class
    )
    state = approval or await ask.parts.approvals.state_of(planned.schedule_id)
    sent_back = state is ApprovalState.SENT_BACK
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
        problem_sentence=sentence(content.lacking, ask.say) if content is not None and content.lacking else "",
        closed=closed,
        places_left=len(closed) < named,
        may_change=ask.may_all(Right.BROADCAST, await plans.areas_of(ask, planned)),
    )


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


async def _revisions(ask: Ask, planned: PlannedSchedule | None) -> list[RevisionShown]:
    found = await ask.parts.schedules.history(planned.schedule_id) if planned else ()
    return [
        RevisionShown(number=one.number, by=one.by, at=moment(one.at_us), sentence=_revision_words(one.content, ask))
        for one in found
    ]


def _revision_words(content: dict[str, Any], ask: Ask) -> str:
    """The rule that it had then."""
    try:
        rule = parse_rule(
            content["rule"],
            start=datetime.fromisoformat(content["start"]),
            zone=content["zone"],
            on_holiday=OnHoliday(content["on_holiday"]),
            extra=tuple(datetime.fromisoformat(one) for one in content["extra"]),
        )
    except (RuleError, KeyError, ValueError):
        return ""
    return rule_words(rule, ask.say)
