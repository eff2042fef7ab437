"""Approvals: what waits is heard exactly as it will sound, seen with its places and times, then approved or sent back.

Rules: what is approved is what was on the page: the page posts the binding that it was made with, and where something
was changed meanwhile nothing is approved.
"""

from dataclasses import replace
from datetime import datetime
from typing import Final

from aiohttp import web

from controller.domain.errors import Invalid, LoaError, Refused
from controller.domain.rights import Right
from controller.domain.schedules import Approval, ApprovalState, PlannedSchedule, content_id_of
from controller.services import previews
from controller.services.planning.approvals import Request
from controller.web import planpreview, plans
from controller.web.approvalviews import ApprovedRow, RequestShown
from controller.web.asking import Ask
from controller.web.calendarviews import key_of
from controller.web.errors import problem_of
from controller.web.forms import Form, reading
from controller.web.moments import maybe_moment, moment, today
from controller.web.pages import page
from controller.web.planwords import class_name, slot_sentences, when_words
from controller.web.reckoning import reckoned
from controller.web.sentences import sentence
from schedules.guards import is_odd
from schedules.recurrence.rule import Changed, Rule, Series
from schedules.recurrence.series import next_dues
from schedules.rundown.near import reached

APPROVALS: Final = "/approvals"
APPROVED_SHOWN: Final = 30
WAITING_SHOWN: Final = 60
LOOKED_INTO: Final = 15
"""Of so many, the soonest to be heard, the list says whether they meet something; their pages say it of each."""


async def approvals(ask: Ask) -> web.StreamResponse:
    """GET /approvals"""
    requests = await ask.parts.approvals.waiting(ask.known_actor)
    return page(
        ask,
        "approvals.html",
        frame=await plans.plan_frame(ask),
        tabs=await plans.plan_tabs(ask, "approvals"),
        requests=[
            await _listed(ask, one, met=place < LOOKED_INTO) for place, one in enumerate(requests[:WAITING_SHOWN])
        ],
        approved=await _approved(ask),
    )


async def count_part(ask: Ask) -> web.StreamResponse:
    """GET /parts/approvals-count: the number beside the name of the page, wherever one is."""
    return page(ask, "_approvals_count.html", waiting=await plans.waiting_count(ask))


async def approval(ask: Ask) -> web.StreamResponse:
    """GET /approvals/{id}?at="""
    return await _page(ask, ask.request.query.get("at", ""))


async def approve(ask: Ask) -> web.StreamResponse:
    """POST /approvals/{id}/approve: exactly what was on the page."""
    async with reading(ask) as form:
        at = form.text("at")
        try:
            await ask.parts.approvals.approve(
                plans.schedule_id_of(ask), _original(at), form.text("binding"), ask.known_actor
            )
        except (Invalid, Refused) as error:
            return await _wrong(ask, form, error)
    return _to(f"{APPROVALS}?done=approved")


async def send_back(ask: Ask) -> web.StreamResponse:
    """POST /approvals/{id}/send-back: with a word on what is to be changed."""
    async with reading(ask) as form:
        at = form.text("at")
        note, binding = form.text("note").strip(), form.text("binding")
        try:
            await ask.parts.approvals.send_back(
                plans.schedule_id_of(ask), _original(at), binding, note, ask.known_actor
            )
        except (Invalid, Refused) as error:
            return await _wrong(ask, form, error)
    return _to(f"{APPROVALS}?done=sent_back")


async def revoke(ask: Ask) -> web.StreamResponse:
    """POST /approvals/{id}/revoke"""
    async with reading(ask) as form:
        try:
            await ask.parts.approvals.revoke(plans.schedule_id_of(ask), _original(form.text("at")), ask.known_actor)
        except (Invalid, Refused) as error:
            return await _wrong(ask, form, error)
    return _to(f"{APPROVALS}?done=revoked")


def _to(path: str) -> web.Response:
    return web.Response(status=303, headers={"Location": path})


def _original(written: str) -> datetime | None:
    """Raises `Invalid` (``time_missing``)."""
    if not written:
        return None
    try:
        found = datetime.fromisoformat(written)
    except ValueError as error:
        raise Invalid(written[:40], code="time_missing") from error
    if found.tzinfo is not None:
        raise Invalid(written[:40], code="time_missing")
    return found


async def _wrong(ask: Ask, form: Form, error: LoaError) -> web.Response:
    told = problem_of(error, ask.say)
    of_note = error.code in {"note_missing", "note_too_long"}
    return await _page(
        ask,
        form.text("at"),
        note=form.text("note"),
        problem="" if of_note else told.sentence,
        note_problem=told.sentence if of_note else "",
        status=told.status,
    )


async def _page(
    ask: Ask, at: str, *, note: str = "", problem: str = "", note_problem: str = "", status: int = 200
) -> web.Response:
    request = await ask.parts.approvals.request(plans.schedule_id_of(ask), _original(at), ask.known_actor)
    shown = await _shown(ask, request)
    return page(
        ask,
        "approval.html",
        status=status,
        frame=await plans.plan_frame(ask, shown.href),
        tabs=await plans.plan_tabs(ask, "approvals"),
        request=shown,
        note=note,
        problem=problem,
        note_problem=note_problem,
    )


# --- what is shown ----------------------------------------------------------------------------------------------------


async def _listed(ask: Ask, request: Request, *, met: bool = False) -> RequestShown:
    """One in the list: enough to know which is which; ``met`` looks for conflicts too."""
    planned, schedule = request.planned, request.planned.schedule
    length_us = min(request.content.duration_us, schedule.slot_us or request.content.duration_us)
    start_us = _first_us(ask, request)
    areas = await plans.areas_of(ask, planned)
    return RequestShown(
        schedule_id=planned.schedule_id,
        original=key_of(request.original) if request.original else "",
        binding=request.binding,
        title=request.content.title,
        when_sentence=when_words(planned, request.change, ask.say),
        where=await plans.where_of(ask, schedule.target),
        speakers=_speakers(ask, planned),
        approval=request.state,
        air_class=schedule.air_class.value,
        class_name=class_name(schedule.air_class, ask.say),
        authors=", ".join(sorted(request.authors)),
        own=request.own,
        own_allowed=request.own_allowed,
        may_decide=ask.may_all(Right.APPROVE, areas) and not planned.withdrawn,
        next_at=maybe_moment(start_us),
        odd=_odd(ask, request, length_us),
        duration_s=length_us / 1_000_000,
        clashes=met
        and await planpreview.meets_something(ask, planned, request.original, _looked_from_us(ask, request)),
        lacking_sentence=sentence(request.content.lacking, ask.say) if request.content.lacking else "",
        sent_back=planned.sent_back if request.state is ApprovalState.SENT_BACK else "",
        sent_back_by=planned.sent_back_by,
    )


async def _shown(ask: Ask, request: Request) -> RequestShown:
    """One with everything that an approver is to hear and see."""
    planned, content = request.planned, request.content
    listed = await _listed(ask, request)
    since_us = _looked_from_us(ask, request)
    world, schedule, conflicts = await planpreview.conflicts_found(ask, planned, since_us)
    length_us = round(listed.duration_s * 1_000_000)
    track, texts = await plans.heard(ask, content_id_of(content.content_id))
    given = replace(schedule, needs_approval=False)
    found = await reckoned(ask, previews.preview, world, given, content, since_us, planpreview.LOOKED_DAYS)
    series = planned.schedule.series if request.change is None else _single(request)
    approved = next((one for one in await ask.parts.approvals.of(planned.schedule_id) if _holds(one, request)), None)
    return replace(
        listed,
        track=track,
        texts=texts,
        slot_sentences=slot_sentences(schedule, content.duration_us, ask.say),
        odd=bool(found.odd) if request.change is None else listed.odd,
        next=plans.next_shown(ask, series, world.holidays, length_us),
        where=", ".join(await plans.where_names(ask, schedule.target)),
        refusals=planpreview.refusal_sentences(
            ask, world, [one for one in found.refusals if _asked(request, one.item.original)]
        ),
        clash_lines=await planpreview.clashes_shown(
            ask, world, schedule, [one for one in conflicts if _asked(request, one.item.original)]
        ),
        approved_by=approved.by if approved else "",
        approved_at=moment(approved.at_us) if approved else None,
        self_approved=approved is not None and approved.self_approved,
    )


def _looked_from_us(ask: Ask, request: Request) -> int:
    """From when on it is looked at what it meets: a changed occurrence, which may be far ahead, from its own time."""
    now_us = ask.parts.clock.now_us()
    return now_us if request.change is None else _first_us(ask, request) or now_us


def _asked(request: Request, original: datetime) -> bool:
    """Whether it is about this occurrence: a request for a changed one is about that alone."""
    return request.original is None or request.original == original


def _single(request: Request) -> Series:
    """The one changed occurrence, as a series of its own."""
    change, rule = request.change, request.planned.schedule.series.rule
    at = rule.start if change is None else change.to or change.original
    return Series(rule=Rule(zone=rule.zone, start=at))


def _holds(one: Approval, request: Request) -> bool:
    return one.revoked_at_us is None and one.binding == request.binding


def _first_us(ask: Ask, request: Request) -> int | None:
    """When it is heard first."""
    now_us, holidays = ask.parts.clock.now_us(), ask.parts.planner.world().holidays
    series = request.planned.schedule.series if request.change is None else _single(request)
    found = next_dues(series, now_us, 1, holidays)
    return found[0].start_us if found else None


def _odd(ask: Ask, request: Request, length_us: int) -> bool:
    """Whether one of the next times sounds in the middle of the night."""
    now_us, holidays = ask.parts.clock.now_us(), ask.parts.planner.world().holidays
    series = request.planned.schedule.series if request.change is None else _single(request)
    found = next_dues(series, now_us, plans.NEXT, holidays)
    return any(is_odd(one.start_us, one.start_us + max(1, length_us), ask.parts.zone) for one in found)


def _speakers(ask: Ask, planned: PlannedSchedule) -> int:
    day = today(ask.parts.clock.now_us(), ask.say.zone)
    return len(reached(ask.parts.planner.world(), planned.schedule.target, [day]))


async def _approved(ask: Ask) -> list[ApprovedRow]:
    """What is approved and still to be heard, where whoever asks may revoke it; the last approved first."""
    rows: list[ApprovedRow] = []
    for planned, approval in await ask.parts.approvals.in_force():
        if ask.may_all(Right.APPROVE, await plans.areas_of(ask, planned)):
            rows.append(_approved_row(ask, planned, approval))
        if len(rows) == APPROVED_SHOWN:
            break
    return rows


def _approved_row(ask: Ask, planned: PlannedSchedule, approval: Approval) -> ApprovedRow:
    original = approval.original
    changes = {one.original: one for one in planned.schedule.series.changes if isinstance(one, Changed)}
    return ApprovedRow(
        href=f"{APPROVALS}/{planned.schedule_id}" + (f"?at={key_of(original)}" if original else ""),
        title=planned.title,
        when_sentence=when_words(planned, changes.get(original) if original else None, ask.say),
        by=approval.by,
        at=moment(approval.at_us),
        self_approved=approval.self_approved,
    )
