"""The pages of alerts that came in: what waits, one alert and what it means here, and deciding on it.

Rules: what waits for a person stands first. Whatever is wrong with the input, the page comes back with what was typed.
Confirming makes people hear something, so that it asks for a deed that nobody does by mistake.
"""

from collections.abc import Sequence
from typing import Final

from aiohttp import web

from agents.protocol.ids import AreaId
from controller.domain.cap_alerts import CapAlert, CapAlertId, Source, SourceKind
from controller.domain.errors import Invalid, LoaError, NotFound, Refused
from controller.domain.rights import Right
from controller.services.cap.inbox import AlertView
from controller.web.asking import Ask
from controller.web.cap import present as cappresent
from controller.web.cap.views import AlertRow
from controller.web.deeds import require_deed
from controller.web.emergency.consoletree import ground
from controller.web.errors import problem_of
from controller.web.forms import Form, reading
from controller.web.frames import full_frame
from controller.web.pages import page

PATH: Final = "/cap"
SHOWN: Final = 60


async def alerts(ask: Ask) -> web.StreamResponse:
    """GET /cap"""
    return await _list(ask)


async def alerts_part(ask: Ask) -> web.StreamResponse:
    """GET /parts/cap"""
    held, latest = await _rows(ask)
    return page(ask, "_cap_rows.html", held=held, latest=latest)


async def count_part(ask: Ask) -> web.StreamResponse:
    """GET /parts/cap-count: how many wait for somebody, beside the name of the page, wherever one is."""
    waiting = sum(cappresent.sees_areas(ask, places) for places in await ask.parts.cap_inbox.waiting())
    return page(ask, "_cap_count.html", waiting=waiting)


async def upload(ask: Ask) -> web.StreamResponse:
    """POST /cap: a file that somebody chose."""
    actor = ask.known_actor
    async with reading(ask) as form:
        received = form.file
        try:
            if received is None:
                raise Invalid(code="cap_file_missing")
            source = Source(kind=SourceKind.UPLOAD, source_id=actor.person_id or "", name=actor.name)
            taken = await ask.parts.cap_inbox.take(received.path.read_bytes(), source=source, by=actor)
        except (Invalid, Refused) as error:
            told = problem_of(error, ask.say)
            return await _list(ask, problem=told.sentence, status=told.status)
    if len(taken) == 1:
        return _to(f"{PATH}/{taken[0].alert.alert_id}")
    return _to(PATH)


async def alert(ask: Ask) -> web.StreamResponse:
    """GET /cap/{id}"""
    return await _page(ask)


async def alert_part(ask: Ask) -> web.StreamResponse:
    """GET /parts/cap/{id}"""
    return page(ask, "_cap_state.html", alert=cappresent.shown(ask, await _seen(ask)))


async def raw(ask: Ask) -> web.StreamResponse:
    """GET /cap/{id}/xml: the file as it came, to be kept and not shown."""
    found = await _seen(ask)
    headers = {"Content-Disposition": 'attachment; filename="alert.xml"'}
    body = await ask.parts.cap_inbox.raw(found.alert.alert_id)
    return web.Response(body=body, content_type="application/octet-stream", headers=headers)


async def confirm(ask: Ask) -> web.StreamResponse:
    """POST /cap/{id}/confirm"""
    found = await _seen(ask)
    shown = cappresent.shown(ask, found)
    async with reading(ask) as form:
        try:
            require_deed(form, shown.row.id, [shown.word], drill=shown.drill)
            area_ids = _areas(ask, form, found.alert)
            await ask.parts.cap_inbox.confirm(
                found.alert.alert_id, ask.known_actor, area_ids=area_ids, drill=shown.drill
            )
        except (Invalid, Refused) as error:
            return await _wrong(ask, error)
    return _to(f"{PATH}/{found.alert.alert_id}")


async def decline(ask: Ask) -> web.StreamResponse:
    """POST /cap/{id}/decline"""
    found = await _seen(ask)
    async with reading(ask) as form:
        try:
            area_ids = None if found.alert.anywhere else _areas(ask, form, found.alert)
            await ask.parts.cap_inbox.decline(
                found.alert.alert_id, ask.known_actor, form.text("reason"), area_ids=area_ids
            )
        except (Invalid, Refused) as error:
            return await _wrong(ask, error)
    return _to(f"{PATH}/{found.alert.alert_id}")


async def _seen(ask: Ask) -> AlertView:
    """The alert of the path. Raises `NotFound`, also where whoever asks may not know of it."""
    found = await ask.parts.cap_inbox.view(_id(ask))
    if not cappresent.sees(ask, found.alert):
        raise NotFound(f"no alert {found.alert.alert_id}", code="cap_alert_unknown")
    return found


def _areas(ask: Ask, form: Form, found: CapAlert) -> list[AreaId] | None:
    """Those that are checked; None for a message without areas. Raises `NotAllowed`, `Invalid` (``areas_missing``)."""
    area_ids = [AreaId(one) for one in dict.fromkeys(form.all("areas"))]
    for area_id in area_ids:
        ask.require(Right.CAP, area_id)
    if not area_ids and (found.areas or found.anywhere):
        raise Invalid(code="areas_missing")
    return area_ids or None


def _id(ask: Ask) -> CapAlertId:
    named = ask.request.match_info
    return CapAlertId(named.get("alert_id", named.get("id", "")))


def _to(path: str) -> web.Response:
    return web.Response(status=303, headers={"Location": path})


async def _rows(ask: Ask) -> tuple[Sequence[AlertRow], Sequence[AlertRow]]:
    """What waits, and what came before it."""
    held = [one for one in await ask.parts.cap_inbox.held() if cappresent.sees(ask, one)]
    waiting = {one.alert_id for one in held}

    def mine(one: CapAlert) -> bool:
        return one.alert_id not in waiting and cappresent.sees(ask, one)

    latest = [one for one in await ask.parts.cap_inbox.latest(SHOWN) if mine(one)]
    return [cappresent.row(ask, one) for one in held], [cappresent.row(ask, one) for one in latest]


async def _list(ask: Ask, *, problem: str = "", status: int = 200) -> web.Response:
    held, latest = await _rows(ask)
    return page(
        ask,
        "cap.html",
        status=status,
        frame=await full_frame(ask, path=PATH),
        held=held,
        latest=latest,
        problem=problem,
    )


async def _wrong(ask: Ask, error: LoaError) -> web.Response:
    told = problem_of(error, ask.say)
    if error.code == "word_wrong":
        return await _page(ask, word_problem=told.sentence, status=told.status)
    return await _page(ask, problem=told.sentence, status=told.status)


async def _page(ask: Ask, *, problem: str = "", word_problem: str = "", status: int = 200) -> web.Response:
    found = await _seen(ask)
    shown = cappresent.shown(ask, found)
    areas = (await ground(ask, Right.CAP)).rows(()) if shown.anywhere and shown.may_confirm else ()
    return page(
        ask,
        "cap_alert.html",
        status=status,
        frame=await full_frame(ask, path=f"{PATH}/{found.alert.alert_id}"),
        alert=shown,
        places=areas,
        problem=problem,
        word_problem=word_problem,
    )
