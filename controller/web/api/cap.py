"""CAP alerts: handed in by other systems, looked at, and decided by persons.

The guide is `docs/guide-administrator.md`. An alert is named by its sender, identifier and time of sending: handed in
again it is the same alert, unless it says something else. It waits for a person unless a rule of the
area sends it by itself.
"""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Final

import msgspec
from aiohttp import StreamReader, web

from agents.protocol.ids import AreaId
from controller.domain.cap_alerts import AlertState, CapAlert, CapAlertId, Source, SourceKind
from controller.domain.cap_following import is_disputed
from controller.domain.errors import Invalid, NotFound, Refused
from controller.domain.paging import Place
from controller.domain.rights import Right
from controller.services.cap.inbox import Taken
from controller.web.api.cap_told import CapAlertTold, alert_told
from controller.web.api.endpoint import JSON, Body, BytesOf, Sends, raises
from controller.web.api.values import PageQuery, Told, following, place
from controller.web.asking import Ask
from controller.web.cap import present as cappresent

CAP_TYPE: Final = "application/cap+xml"
ALSO: Final = ("application/xml", "text/xml", "application/octet-stream")
_PIECE: Final = 64 * 1024
_WITHIN_S: Final = 60.0

CapBytes = Annotated[StreamReader, BytesOf(CAP_TYPE, also=ALSO)]


class CapTakenTold(Told):
    """What was in the bytes that were handed in."""

    alerts: list[CapAlertTold]


class CapAlertsTold(Told):
    """The last to come first. ``next`` is what to give as ``before`` for those that came earlier."""

    alerts: list[CapAlertTold]
    next: str | None


class CapConfirmBody(Body):
    """In these areas; in all that wait where whoever asks may decide, if none are named. ``drill`` is needed for an
    exercise, which is then heard as a drill.
    """

    area_ids: list[AreaId] | None = None
    drill: bool = False


class CapDeclineBody(Body):
    """Why nobody is told of it."""

    reason: str
    area_ids: list[AreaId] | None = None


HandedIn = Annotated[
    web.StreamResponse,
    Sends(
        media_types=(JSON,),
        statuses={
            200: "It was here already; this is what became of it.",
            201: "It was taken beside another with the same sender, identifier and time that says something else: no"
            " rule sends it.",
            202: "It was taken: `state` says what becomes of it, `reasons` why.",
            422: "It cannot be used: `reasons` say why.",
        },
        with_content=frozenset({422}),
        told=CapTakenTold,
    ),
]


# --- coming in --------------------------------------------------------------------------------------------------------


@raises(Invalid, "too_large", "upload_incomplete")
async def hand_in_cap(ask: Ask, data: CapBytes) -> HandedIn:
    """Hand in a CAP 1.2 alert, as it is.

    Alone or in an EDXL distribution or an Atom entry; as application/cap+xml, application/xml, text/xml or
    application/octet-stream. It is for areas where the token, or the person, may decide or hand in.
    """
    actor = ask.known_actor
    source = Source(kind=SourceKind.UPLOAD, source_id=actor.person_id or "", name=actor.name)
    right = Right.CAP
    if actor.token_id is not None:
        name = actor.name.removeprefix("token:")
        source = Source(kind=SourceKind.TOKEN, source_id=actor.token_id, name=name, trusted=True)
        right = Right.HAND_IN_ALERT
    raw = await _whole(data, ask.parts.cap_inbox.most_bytes)
    taken = await ask.parts.cap_inbox.take(raw, source=source, by=actor, right=right)
    answer = CapTakenTold(alerts=[alert_told(ask, one.alert) for one in taken])
    return web.Response(body=msgspec.json.encode(answer), content_type=JSON, status=_status(taken))


def _status(taken: Sequence[Taken]) -> int:
    if all(one.alert.state is AlertState.REFUSED for one in taken):
        return 422
    if any(one.new and is_disputed(one.alert) for one in taken):
        return 201
    return 202 if any(one.new for one in taken) else 200


async def _whole(data: StreamReader, most_bytes: int) -> bytes:
    """Raises `Invalid` (``too_large``, ``upload_incomplete``)."""
    raw = bytearray()
    try:
        async with asyncio.timeout(_WITHIN_S):
            while piece := await data.read(_PIECE):
                raw += piece
                if len(raw) > most_bytes:
                    raise Invalid(f"more than {most_bytes} bytes", code="too_large")
    except TimeoutError:
        raise Invalid("it did not arrive in time", code="upload_incomplete") from None
    return bytes(raw)


# --- looking ----------------------------------------------------------------------------------------------------------


def sees(ask: Ask, alert: CapAlert) -> bool:
    """A program is told of what it handed in, a person of what is for their areas."""
    if ask.person is None:
        mine = alert.source.kind is SourceKind.TOKEN and alert.source.source_id == ask.known_actor.token_id
        return mine or (ask.may(Right.CAP) and cappresent.sees(ask, alert))
    return ask.may(Right.CAP) and cappresent.sees(ask, alert)


async def _seen(ask: Ask, alert_id: CapAlertId) -> CapAlert:
    """Raises `NotFound`."""
    found = (await ask.parts.cap_inbox.view(alert_id)).alert
    if not sees(ask, found):
        raise NotFound(f"no alert {alert_id}", code="cap_alert_unknown")
    return found


@raises(Invalid, "bad_request")
async def list_cap_alerts(ask: Ask, query: PageQuery) -> CapAlertsTold:
    """Alerts that came in, and what became of them."""
    found = await ask.parts.cap_inbox.latest(query.limit, place(query.before))
    more = Place(found[-1].received_at_us, found[-1].alert_id) if len(found) == query.limit else None
    return CapAlertsTold(alerts=[alert_told(ask, one) for one in found if sees(ask, one)], next=following(more))


@raises(NotFound, "cap_alert_unknown")
async def get_cap_alert(ask: Ask, alert_id: CapAlertId) -> CapAlertTold:
    """One alert, and what became of it."""
    return alert_told(ask, await _seen(ask, alert_id))


@raises(NotFound, "cap_alert_unknown")
async def get_cap_bytes(
    ask: Ask, alert_id: CapAlertId
) -> Annotated[web.StreamResponse, Sends(media_types=("application/octet-stream",))]:
    """The bytes of an alert as they came."""
    await _seen(ask, alert_id)
    raw = await ask.parts.cap_inbox.raw(alert_id)
    headers = {"Content-Disposition": 'attachment; filename="alert.xml"'}
    return web.Response(body=raw, content_type="application/octet-stream", headers=headers)


# --- deciding ---------------------------------------------------------------------------------------------------------


@raises(Invalid, "areas_missing", "area_unknown")
@raises(NotFound, "cap_alert_unknown")
@raises(Refused, "cap_decided", "cap_expired", "cap_not_actual", "cap_others_areas", "stop_all_latched")
async def confirm_cap_alert(ask: Ask, alert_id: CapAlertId, body: CapConfirmBody) -> CapAlertTold:
    """Let an alert be heard.

    Where its sender is vouched for it is sent as soon as its sound is ready; else another person has to confirm the
    emergency that is made of it.
    """
    alert = await _seen(ask, alert_id)
    area_ids = _decided(ask, alert, body.area_ids)
    return alert_told(
        ask, await ask.parts.cap_inbox.confirm(alert_id, ask.known_actor, area_ids=area_ids, drill=body.drill)
    )


@raises(Invalid, "reason_missing", "reason_too_long")
@raises(NotFound, "cap_alert_unknown")
@raises(Refused, "cap_decided")
async def decline_cap_alert(ask: Ask, alert_id: CapAlertId, body: CapDeclineBody) -> CapAlertTold:
    """Let nobody be told of an alert."""
    alert = await _seen(ask, alert_id)
    area_ids = _decided(ask, alert, body.area_ids)
    return alert_told(ask, await ask.parts.cap_inbox.decline(alert_id, ask.known_actor, body.reason, area_ids=area_ids))


def _decided(ask: Ask, alert: CapAlert, named: Sequence[AreaId] | None) -> list[AreaId] | None:
    """Raises `NotAllowed`."""
    if named is not None:
        for area_id in named:
            ask.require(Right.CAP, area_id)
        return list(named)
    if not alert.areas:
        return None
    mine = [one.area_id for one in alert.held if ask.may(Right.CAP, one.area_id)]
    if not mine and alert.held:
        ask.require(Right.CAP, alert.held[0].area_id)
    return mine
