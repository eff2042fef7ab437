"""Approvals: somebody heard exactly this, saw where and when, and said yes. Whatever is changed voids it by itself."""

from typing import Annotated

from msgspec import Meta

from agents.protocol.ids import AreaId
from agents.protocol.version import FRAMES_PER_SECOND
from controller.domain.errors import Invalid, NotFound, Refused
from controller.domain.paging import Place
from controller.domain.schedules import Approval, ApprovalState, ScheduleId
from controller.services.planning.approvals import Request
from controller.web.api import content_values as content
from controller.web.api import plan_values as plan
from controller.web.api.content_values import PartHeard
from controller.web.api.endpoint import Body, Query, raises
from controller.web.api.plan_values import ChangeTold, WallTime
from controller.web.api.schedule_values import ScheduleTold, schedule_now, schedule_told
from controller.web.api.values import PageQuery, Told, following, place, told
from controller.web.asking import Ask

Binding = Annotated[
    str,
    Meta(min_length=64, max_length=64, description="The `binding` that came with what was heard and seen."),
]
Of = Annotated[
    str,
    Meta(max_length=40, description="The changed occurrence that is meant; null is the series."),
]


class ApproveBody(Body, kw_only=True):
    """Exactly what is approved."""

    original: Of | None = None
    binding: Binding


class SendBackBody(ApproveBody, kw_only=True):
    """With a word on what is to be changed."""

    note: Annotated[str, Meta(max_length=20_000)]


class RevokeBody(Body, kw_only=True):
    """What is not approved any more."""

    original: Of | None = None


class RequestQuery(Query):
    """Which part of the schedule."""

    original: Of | None = None


class RequestTold(Told):
    """What waits, or waited, for an approver: a series, or the changed occurrence ``original``.

    ``area_ids`` are all areas that it touches, ``next_start_at_us`` when it would be heard next, if ever. ``parts`` is
    what would be heard, one after another; empty where it cannot be heard now, and ``lacking`` is the code
    of why. ``own``: whoever asks is an author of it, and may approve it only where ``own_allowed``.
    """

    schedule: ScheduleTold
    original: WallTime | None
    change: ChangeTold | None
    binding: str
    state: ApprovalState
    title: str
    duration_s: float
    parts: list[PartHeard]
    lacking: str
    authors: list[str]
    own: bool
    own_allowed: bool
    area_ids: list[AreaId]
    next_start_at_us: int | None


class RequestsTold(Told):
    """The soonest to be heard first. ``next`` is what to give as ``before`` for more; null at the end."""

    requests: list[RequestTold]
    next: str | None


class ApprovalTold(Told):
    """Who approved what. ``revoked_at_us`` is null while it was not revoked."""

    schedule_id: ScheduleId
    binding: str
    original: WallTime | None
    by: str
    at_us: int
    self_approved: bool
    revoked_at_us: int | None
    revoked_by: str


class ApprovalsTold(Told):
    """The newest first, also what was revoked or is void by now. ``state`` is that of the series as it is now."""

    state: ApprovalState
    approvals: list[ApprovalTold]


def _approval_told(one: Approval) -> ApprovalTold:
    return told(ApprovalTold, one, original=None if one.original is None else plan.written(one.original))


def _request_told(ask: Ask, one: Request) -> RequestTold:
    state = one.state if one.original is None else ApprovalState.WAITING
    return RequestTold(
        schedule=schedule_told(ask, one.planned, state),
        original=None if one.original is None else plan.written(one.original),
        change=None if one.change is None else plan.change_told(one.change),
        binding=one.binding,
        state=one.state,
        title=one.content.title,
        duration_s=0.0 if one.heard is None else one.heard.frames / FRAMES_PER_SECOND,
        parts=[] if one.heard is None else content.heard(one.heard),
        lacking=one.content.lacking,
        authors=sorted(one.authors),
        own=one.own,
        own_allowed=one.own_allowed,
        area_ids=list(one.area_ids),
        next_start_at_us=one.next_us,
    )


@raises(Invalid, "bad_request")
async def list_waiting_approvals(ask: Ask, query: PageQuery) -> RequestsTold:
    """What waits for whoever asks to hear and decide.

    What was sent back is not among it until it is changed.
    """
    after, waiting = place(query.before), await ask.parts.approvals.waiting(ask.known_actor)
    left = sorted((one for one in waiting if after is None or _place(one) > (after.at_us, after.key)), key=_place)
    more = following(Place(*_place(left[query.limit - 1]))) if len(left) > query.limit else None
    return RequestsTold(requests=[_request_told(ask, one) for one in left[: query.limit]], next=more)


def _place(one: Request) -> tuple[int, str]:
    original = "" if one.original is None else plan.written(one.original)
    return one.next_us or 0, f"{one.planned.schedule_id}@{original}"


@raises(NotFound, "schedule_unknown", "exception_unknown")
@raises(Invalid, "wall_time_malformed")
async def get_approval_request(ask: Ask, schedule_id: ScheduleId, query: RequestQuery) -> RequestTold:
    """What is to be approved of a schedule, in whatever state it is, with what would be heard."""
    original = None if query.original is None else plan.wall(query.original)
    return _request_told(ask, await ask.parts.approvals.request(schedule_id, original, ask.known_actor))


@raises(NotFound, "schedule_unknown")
async def list_approvals(ask: Ask, schedule_id: ScheduleId) -> ApprovalsTold:
    """Who approved what of a schedule."""
    found = await ask.parts.approvals.of(schedule_id)
    return ApprovalsTold(
        state=await ask.parts.approvals.state_of(schedule_id), approvals=[_approval_told(one) for one in found]
    )


_LACKING = ("bulletin_not_ready", "tune_not_ready", "bulletin_expired", "hand_in_open", "not_valid_yet")


@raises(NotFound, "schedule_unknown", "exception_unknown")
@raises(Invalid, "wall_time_malformed")
@raises(Refused, "approval_stale", "own_approval", "approval_not_allowed", "approval_not_needed", "withdrawn")
@raises(Refused, *_LACKING)
async def approve_schedule(ask: Ask, schedule_id: ScheduleId, body: ApproveBody) -> ApprovalTold:
    """Approve exactly what was heard and seen.

    Nobody approves their own, unless that is allowed there; then it is recorded as such. Anything that was changed in
    between is refused (``approval_stale``).
    """
    original = None if body.original is None else plan.wall(body.original)
    return _approval_told(await ask.parts.approvals.approve(schedule_id, original, body.binding, ask.known_actor))


@raises(NotFound, "schedule_unknown", "exception_unknown")
@raises(Invalid, "wall_time_malformed", "note_missing", "note_too_long")
@raises(Refused, "approval_stale", "own_approval", "approval_not_allowed", "approval_not_needed", "withdrawn")
@raises(Refused, *_LACKING)
async def send_schedule_back(ask: Ask, schedule_id: ScheduleId, body: SendBackBody) -> ScheduleTold:
    """Send it back, with a word on what is to be changed.

    What was approved of it is so no longer.
    """
    original = None if body.original is None else plan.wall(body.original)
    sent = await ask.parts.approvals.send_back(schedule_id, original, body.binding, body.note, ask.known_actor)
    return await schedule_now(ask, sent)


@raises(NotFound, "schedule_unknown", "exception_unknown")
@raises(Invalid, "wall_time_malformed")
@raises(Refused, "not_approved", "approval_not_allowed")
async def revoke_approval(ask: Ask, schedule_id: ScheduleId, body: RevokeBody) -> ApprovalTold:
    """Revoke what was approved: it is not heard any more."""
    original = None if body.original is None else plan.wall(body.original)
    return _approval_told(await ask.parts.approvals.revoke(schedule_id, original, ask.known_actor))
