"""What is stopped: everything, or some areas; since when, by whom, and letting it play again on purpose."""

from typing import Final

from aiohttp import web

from agents.protocol.ids import AreaId, DocumentId
from controller.domain.errors import Invalid, NotFound, Refused
from controller.domain.rights import Right
from controller.web.asking import Ask
from controller.web.emergency import alarms
from controller.web.emergency.consoletree import ground
from controller.web.errors import problem_of
from controller.web.forms import reading
from controller.web.frames import full_frame, require_stop_all
from controller.web.pages import page

PATH: Final = "/stops"


async def stops(ask: Ask) -> web.StreamResponse:
    """GET /stops"""
    return await _page(ask)


async def stops_part(ask: Ask) -> web.StreamResponse:
    """GET /parts/stops"""
    return page(ask, "_stops.html", frame=await full_frame(ask, path=PATH), stops=await alarms.area_stops(ask))


async def ready_part(ask: Ask) -> web.StreamResponse:
    """GET /parts/stops/ready?open=..&areas=..: how many are ready now."""
    found = await ground(ask, Right.STOP)
    return page(ask, "_console_ready.html", areas=found.listed(ask.request.query), speakers=())


async def stop(ask: Ask) -> web.StreamResponse:
    """POST /stops: silence in these areas, until somebody lets them play again."""
    async with reading(ask) as form:
        area_ids = [AreaId(one) for one in dict.fromkeys(form.all("areas"))]
        try:
            if not area_ids:
                raise Invalid(code="areas_missing")
            ask.require_all(Right.STOP, area_ids)
            await ask.parts.stops.stop_areas(area_ids, ask.by)
        except (Invalid, Refused) as error:
            told = problem_of(error, ask.say)
            return await _page(ask, problem=told.sentence, chosen=area_ids, status=told.status)
    return web.Response(status=303, headers={"Location": PATH})


async def stop_emergency(ask: Ask) -> web.StreamResponse:
    """POST /emergency/{id}/stop: silence in the areas of an emergency, for everything."""
    found = await ask.parts.emergencies.get(alarms.emergency_id(ask))
    await ask.parts.stops.stop_areas(list(found.draft.area_ids), ask.by)
    return web.Response(status=303, headers={"Location": f"/emergency/{found.emergency_id}"})


async def release(ask: Ask) -> web.StreamResponse:
    """POST /stops/{id}/release"""
    order_id = DocumentId(ask.request.match_info["id"])
    held = next((one for one in ask.parts.stops.holding() if one.order_id == order_id), None)
    if held is None:
        raise NotFound("this stop does not hold any more", code="stop_over")
    if held.area_ids:
        ask.require_all(Right.STOP, held.area_ids)
    else:
        await require_stop_all(ask)
    await ask.parts.stops.release(order_id, ask.by)
    return web.Response(status=303, headers={"Location": PATH})


async def _page(ask: Ask, *, problem: str = "", chosen: list[AreaId] | None = None, status: int = 200) -> web.Response:
    found = await ground(ask, Right.STOP)
    return page(
        ask,
        "stops.html",
        status=status,
        frame=await full_frame(ask, path=PATH),
        stops=await alarms.area_stops(ask),
        areas=found.rows(chosen or ()),
        problem=problem,
    )
