"""The pages of one schedule: made, changed, split, withdrawn.

Rules: while the form is typed, everything is told that would become of it, and nothing is kept. Whatever is wrong, the
form comes back with what was typed and the sentence where it belongs.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from aiohttp import web

from agents.protocol.ids import AreaId
from controller.domain.errors import Invalid, LoaError, NotFound, Refused
from controller.domain.rights import Right
from controller.domain.schedules import ApprovalState, PlannedSchedule, ScheduleDraft
from controller.web import planpreview, plans, schedule_forms, subjects
from controller.web.asking import Ask
from controller.web.errors import problem_of
from controller.web.forms import reading
from controller.web.moments import moment, today
from controller.web.pages import page
from controller.web.planning_once import is_already, just_planned, next_page
from controller.web.planwords import rule_words
from controller.web.rundownwords import WEEKDAYS
from controller.web.schedulelist import schedule_row
from controller.web.scheduleviews import Preview, RevisionShown, ScheduleForm, TetDay
from controller.web.wherechoices import where_choices
from schedules.recurrence.parse import parse_rule
from schedules.recurrence.rule import OnHoliday, RuleError
from schedules.schedule import Target

SCHEDULES: Final = "/schedules"
CHANGED: Final = {
    ApprovalState.APPROVED: "changed_approved",
    ApprovalState.VOID: "changed_void",
    ApprovalState.WAITING: "changed_waiting",
}
"""What is said of a change, by how the approval stands after it."""


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
        typed = replace(typed, id=planned.schedule_id if planned else "")
        try:
            drafts = [schedule_forms.draft_of(one, ask.parts.zone) for one in schedule_forms.parted(typed)]
            for draft in drafts:
                await _require_allowed(ask, draft, planned)
            if planned is None:
                return _to(await _planned(ask, drafts))
            kept, done = await _changed(ask, drafts[0], typed, planned)
        except (Invalid, Refused, NotFound) as error:
            return await _wrong(ask, typed, planned, error)
        except RuleError as error:
            return await _wrong(ask, typed, planned, Invalid(str(error), code=error.code))
    conflicts = "/conflicts" if await planpreview.meets_something(ask, kept) else ""
    return _to(f"{SCHEDULES}/{kept.schedule_id}{conflicts}?done={done}")


async def _require_allowed(ask: Ask, draft: ScheduleDraft, planned: PlannedSchedule | None) -> None:
    """Raises `Invalid` (``targets_missing``), `NotAllowed`, `NotFound` (``content_unknown``)."""
    if draft.target == Target():
        raise Invalid("no place is named", code="targets_missing")
    ask.require_all(Right.BROADCAST, await ask.parts.schedules.areas_of(draft.target))
    if planned is None or draft.content_id != planned.schedule.content_id:
        try:
            await subjects.require_content(ask, draft.content_id)
        except NotFound as error:
            raise NotFound(error.detail, code="content_unknown") from error


async def _planned(ask: Ask, drafts: Sequence[ScheduleDraft]) -> str:
    """Plans all of them, or finds what the same press planned a moment ago: the address of what is to be looked at."""
    async with ask.house.sending:
        made = [one for draft in drafts if (one := await just_planned(ask, draft))]
        if len(made) < len(drafts):
            made = await ask.parts.schedules.plan_all(drafts, ask.known_actor)
    if len(made) == 1:
        return await next_page(ask, made[0])
    done = "planned" if any(one.schedule.needs_approval for one in made) else "planned_above"
    for one in made:
        if await planpreview.meets_something(ask, one):
            return f"{SCHEDULES}/{one.schedule_id}/conflicts?done={done}"
    return f"{SCHEDULES}?done={done}"


async def _changed(
    ask: Ask, draft: ScheduleDraft, typed: ScheduleForm, planned: PlannedSchedule
) -> tuple[PlannedSchedule, str]:
    desk, by = ask.parts.schedules, ask.known_actor
    draft = replace(draft, area_id=planned.area_id)
    revision = typed.revision or None
    if typed.original:
        _, begun = await desk.split(planned.schedule_id, _wall(typed.original), draft, by, revision=revision)
        return begun, "split"
    try:
        kept = await desk.change(planned.schedule_id, draft, by, revision=revision)
    except Refused as error:
        kept = await desk.get(planned.schedule_id)
        pressed_twice = kept.changed_by == ask.by and is_already(kept, draft)
        if error.code != "changed_meanwhile" or not pressed_twice:
            raise
    return kept, CHANGED.get(await ask.parts.approvals.state_of(kept.schedule_id), "changed")


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
    if error.code == "changed_meanwhile" and planned is not None:
        now = await ask.parts.schedules.get(planned.schedule_id)
        typed = replace(typed, revision=now.revision, meanwhile=_meanwhile(ask, now))
        return await _page(ask, typed, now, status=told.status)
    place = schedule_forms.place_of(error.code, typed)
    if place:
        return await _page(ask, replace(typed, errors={place: told.sentence}), planned, status=told.status)
    return await _page(ask, replace(typed, problem=told.sentence), planned, status=told.status)


def _meanwhile(ask: Ask, now: PlannedSchedule) -> str:
    """What somebody else made of it while the form was open. Kept once more, the form is put in its place."""
    return ask.say.gettext(
        "%(name)s changed this schedule at %(at)s, while you had it open. It is now: %(rule)s",
        name=now.changed_by,
        at=ask.say.format_datetime(moment(now.changed_at_us)),
        rule=rule_words(now.schedule.series.rule, ask.say),
    )


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
