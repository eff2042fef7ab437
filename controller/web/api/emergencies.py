"""Emergencies and drills: one person prepares, another confirms; what devices say; corrections and ends.

Only persons who are signed in prepare, confirm, correct and end: no API token sends an emergency of the station's own.
What another system has to say is handed in (`handing_in`) or comes as a CAP alert.
"""

from dataclasses import replace

from agents.protocol.ids import AreaId
from controller.domain.emergencies import AreaPolicy, EmergencyDraft, EmergencyId
from controller.domain.errors import Invalid, NotFound, Refused, StoreFailed, StudioFailed
from controller.domain.paging import Place
from controller.domain.rights import Right
from controller.web.api.emergency_values import (
    FOLDER,
    BoardLineTold,
    BoardTold,
    CorrectBody,
    DraftBody,
    EmergenciesTold,
    EmergencyBody,
    EmergencyTold,
    EndBody,
    ReadinessTold,
    ReasonBody,
    TemplatesTold,
    WhereBody,
    emergency_told,
    template_told,
)
from controller.web.api.endpoint import Accepted, Body, Created, raises
from controller.web.api.values import PageQuery, Told, following, place, told
from controller.web.asking import Ask
from controller.web.emergency import alarms, lacking
from controller.web.emergency.console import recording
from controller.web.forms import owner_of


async def list_templates(ask: Ask) -> TemplatesTold:
    """What can be said, with its slots."""
    return TemplatesTold(templates=[template_told(one) for one in ask.parts.emergencies.templates()])


# --- one emergency ----------------------------------------------------------------------------------------------------


async def list_emergencies(ask: Ask, query: PageQuery) -> EmergenciesTold:
    """Those that wait, are on the air, or were."""
    found = await ask.parts.emergencies.latest(query.limit, place(query.before))
    last = Place(found[-1].changed_at_us, found[-1].emergency_id) if len(found) == query.limit else None
    return EmergenciesTold(
        emergencies=[emergency_told(one) for one in found if alarms.sees(ask, one)], next=following(last)
    )


@raises(NotFound, "emergency_unknown")
async def get_emergency(ask: Ask, emergency_id: EmergencyId) -> EmergencyTold:
    """One emergency."""
    return emergency_told(await ask.parts.emergencies.get(emergency_id))


@raises(Invalid, "areas_missing", "text_empty", "text_too_long", "slot_missing", "slot_unknown", "slot_too_long")
@raises(Invalid, "language_unknown", "lasts_out_of_range", "title_too_long", "too_many_references")
@raises(NotFound, "area_unknown", "template_unknown", "emergency_unknown")
@raises(Refused, "drill_and_real")
@raises(Invalid, "bad_request", "title_empty", "recording_missing", "recording_unfinished")
@raises(StudioFailed, "recording_unreadable", "recording_without_sound", "recording_empty", "recording_silent")
@raises(StudioFailed, "recording_too_long", "tool_missing", "tool_failed", "tool_timed_out", "out_of_space")
@raises(StoreFailed, "out_of_space")
async def prepare_emergency(ask: Ask, body: EmergencyBody) -> Accepted[EmergencyTold]:
    """Prepare an emergency or a drill; its sounds are made from here on, and another person confirms it."""
    _require_areas(ask, Right.PREPARE_EMERGENCY, body)
    made = await ask.parts.emergencies.prepare(await _draft(ask, body), ask.known_actor)
    return Accepted(told=emergency_told(made), location=f"{FOLDER}/{made.emergency_id}")


async def _draft(ask: Ask, body: DraftBody) -> EmergencyDraft:
    """With its recording at its level, where it has one. Raises `Invalid` (``bad_request``, ``title_empty``, and what
    recordings raise), `StudioFailed`.
    """
    draft = body.draft()
    if not body.upload_id:
        return draft
    if body.template_id or body.texts or body.live:
        raise Invalid("give either upload_id, or a template, texts or live", code="bad_request")
    if not body.title.strip():
        raise Invalid("a recording needs a title", code="title_empty")
    name = ask.house.uploads.name(body.upload_id, owner_of(ask))
    return replace(draft, audio=await recording(ask, body.upload_id, name))


def _require_areas(ask: Ask, right: Right, body: DraftBody) -> None:
    unknown = [one for one in body.area_ids if one not in ask.parts.areas.tree()]
    if unknown:
        raise NotFound(f"no area {unknown[0][:80]}", code="area_unknown")
    ask.require_all(right, (*body.area_ids, *alarms.areas_replaced(ask, body.references)))


@raises(NotFound, "emergency_unknown")
@raises(Refused, "emergency_not_ready", "emergency_decided", "emergency_expired", "second_person_needed")
@raises(Refused, "person_needed", "stop_all_latched", "emergency_over")
async def confirm_emergency(ask: Ask, emergency_id: EmergencyId) -> EmergencyTold:
    """Send what another person prepared: it is on its way when this is answered."""
    return emergency_told(await ask.parts.emergencies.confirm(emergency_id, ask.known_actor))


@raises(NotFound, "emergency_unknown")
@raises(Invalid, "reason_missing", "reason_too_long")
@raises(Refused, "emergency_not_ready", "emergency_decided", "emergency_expired", "break_glass_forbidden")
@raises(Refused, "person_needed", "stop_all_latched", "emergency_over")
async def break_glass(ask: Ask, emergency_id: EmergencyId, body: ReasonBody) -> EmergencyTold:
    """Send it alone, with a reason, where every area of it allows that."""
    return emergency_told(await ask.parts.emergencies.break_glass(emergency_id, ask.known_actor, body.reason))


@raises(NotFound, "emergency_unknown")
@raises(Invalid, "validity_passed")
@raises(Refused, "emergency_not_stopped", "stopped_too_scattered")
async def prepare_again(ask: Ask, emergency_id: EmergencyId) -> Accepted[EmergencyTold]:
    """Prepare once more what a stop silenced, where it did; another person confirms it. Answers with the new one."""
    made = await ask.parts.emergencies.again(emergency_id, ask.known_actor)
    return Accepted(told=emergency_told(made), location=f"{FOLDER}/{made.emergency_id}")


@raises(NotFound, "emergency_unknown")
@raises(Refused, "emergency_decided")
async def repair_emergency(ask: Ask, emergency_id: EmergencyId) -> EmergencyTold:
    """Make again what failed of its sounds."""
    return emergency_told(await ask.parts.emergencies.repair(emergency_id, ask.known_actor))


@raises(NotFound, "emergency_unknown")
@raises(Refused, "emergency_decided")
async def withdraw_emergency(ask: Ask, emergency_id: EmergencyId) -> EmergencyTold:
    """It is not sent."""
    return emergency_told(await ask.parts.emergencies.withdraw(emergency_id, ask.known_actor))


@raises(Invalid, "areas_missing", "text_empty", "text_too_long", "slot_missing", "slot_unknown", "slot_too_long")
@raises(Invalid, "language_unknown", "lasts_out_of_range", "title_too_long")
@raises(Invalid, "reason_missing", "reason_too_long", "template_not_made")
@raises(NotFound, "area_unknown", "template_unknown", "emergency_unknown")
@raises(Refused, "drill_and_real", "emergency_over", "person_needed")
@raises(Invalid, "bad_request", "title_empty", "recording_missing", "recording_unfinished")
@raises(StudioFailed, "recording_unreadable", "recording_without_sound", "recording_empty", "recording_silent")
@raises(StudioFailed, "recording_too_long", "tool_missing", "tool_failed", "tool_timed_out", "out_of_space")
@raises(StoreFailed, "out_of_space")
async def correct_emergency(ask: Ask, emergency_id: EmergencyId, body: CorrectBody) -> Created[EmergencyTold]:
    """Correct what is on the air. Answers with the correction."""
    if body.draft is not None:
        _require_areas(ask, Right.PREPARE_EMERGENCY, body.draft)
    draft = None if body.draft is None else await _draft(ask, body.draft)
    made = await ask.parts.emergencies.correct(emergency_id, draft, ask.known_actor, body.reason)
    return Created(told=emergency_told(made), location=f"{FOLDER}/{made.emergency_id}")


@raises(NotFound, "emergency_unknown")
@raises(Invalid, "template_not_made")
@raises(Refused, "emergency_over", "person_needed")
async def end_emergency(ask: Ask, emergency_id: EmergencyId, body: EndBody) -> EmergencyTold:
    """It is over, announced or quietly."""
    return emergency_told(await ask.parts.emergencies.end(emergency_id, ask.known_actor, all_clear=body.all_clear))


# --- the board --------------------------------------------------------------------------------------------------------


@raises(NotFound, "emergency_unknown")
async def get_board(ask: Ask, emergency_id: EmergencyId) -> BoardTold:
    """Speaker by speaker: received, siren, sounding, finished, failed, not reached.

    Those in areas that are not yours to see are in ``counts`` alone.
    """
    board = await ask.parts.emergencies.board(emergency_id)
    seen = lacking.sees(ask)
    return told(
        BoardTold,
        board,
        emergency=emergency_told(board.emergency),
        lines=[told(BoardLineTold, line) for line in board.lines if seen(line.area_id)],
        counts=dict(board.counts),
    )


@raises(NotFound, "area_unknown")
async def count_ready(ask: Ask, body: WhereBody) -> ReadinessTold:
    """How many speakers would sound, before anything is sent."""
    for area_id in body.area_ids:
        if area_id not in ask.parts.areas.tree() or not ask.touches(Right.SEE, area_id):
            raise NotFound(f"no area {area_id[:80]}", code="area_unknown")
    found = await ask.parts.emergencies.readiness(body.area_ids)
    return ReadinessTold(ready=found.ready, speakers=found.speakers, not_ready=dict(found.not_ready))


# --- what areas allow -------------------------------------------------------------------------------------------------


class PolicyBody(Body):
    """What is said on the area itself, for it and all below it; null is inherited."""

    break_glass: bool | None = None
    second_person: bool | None = None


class PolicyTold(Told):
    """``break_glass``: one person may send alone, with a reason. ``second_person``: another one confirms. ``said`` is
    what is set on this area itself.
    """

    break_glass: bool
    second_person: bool
    said: PolicyBody


@raises(NotFound, "area_unknown")
async def get_policy(ask: Ask, area_id: AreaId) -> PolicyTold:
    """What holds in an area for emergencies."""
    return _policy_told(ask, area_id)


@raises(NotFound, "area_unknown")
async def set_policy(ask: Ask, area_id: AreaId, body: PolicyBody) -> PolicyTold:
    """Say what holds in an area and below it."""
    said = AreaPolicy(break_glass=body.break_glass, second_person=body.second_person)
    await ask.parts.emergencies.policies.put(area_id, said, ask.known_actor)
    return _policy_told(ask, area_id)


def _policy_told(ask: Ask, area_id: AreaId) -> PolicyTold:
    policies = ask.parts.emergencies.policies
    said = policies.said(area_id)
    return told(
        PolicyTold,
        policies.of([area_id]),
        said=PolicyBody(break_glass=said.break_glass, second_person=said.second_person),
    )
