"""Stops that hold, of everything and of areas: each is released by itself, on purpose."""

from agents.protocol.ids import AreaId, DocumentId
from controller.domain.errors import Invalid, NotFound
from controller.domain.rights import Right
from controller.web.api.emergency_values import WhereBody
from controller.web.api.endpoint import Created, raises
from controller.web.api.values import Told, told
from controller.web.asking import Ask
from controller.web.frames import require_stop_all


class AreaStopTold(Told):
    """A stop that holds. No ``area_ids`` is everything."""

    order_id: DocumentId
    since_us: int
    not_after_us: int
    by: str
    area_ids: list[AreaId]


class StopsTold(Told):
    """The oldest first; each is released by itself."""

    stops: list[AreaStopTold]


async def list_stops(ask: Ask) -> StopsTold:
    """The stops that hold, of everything and of areas."""
    return StopsTold(
        stops=[
            told(AreaStopTold, one, area_ids=list(one.area_ids))
            for one in ask.parts.dispatch.holding()
            if one.everything or any(ask.touches(Right.SEE, area_id) for area_id in one.area_ids)
        ]
    )


@raises(NotFound, "area_unknown")
@raises(Invalid, "areas_missing")
async def stop_areas(ask: Ask, body: WhereBody) -> Created[AreaStopTold]:
    """Silence in these areas, and all below them, until it is released."""
    unknown = [one for one in body.area_ids if one not in ask.parts.areas.tree()]
    if unknown:
        raise NotFound(f"no area {unknown[0][:80]}", code="area_unknown")
    ask.require_all(Right.STOP, body.area_ids)
    order_id = await ask.parts.dispatch.stop_areas(body.area_ids, ask.by)
    held = next(one for one in ask.parts.dispatch.holding() if one.order_id == order_id)
    return Created(told=told(AreaStopTold, held, area_ids=list(held.area_ids)), location=f"/api/v1/stops/{order_id}")


@raises(NotFound, "stop_unknown")
async def release_area_stop(ask: Ask, order_id: DocumentId) -> None:
    """Allow playing again, as far as this stop goes."""
    held = next((one for one in ask.parts.dispatch.holding() if one.order_id == order_id), None)
    if held is None:
        raise NotFound(f"no stop {order_id[:80]} holds", code="stop_unknown")
    if held.everything:
        await require_stop_all(ask)
    else:
        ask.require_all(Right.STOP, held.area_ids)
    await ask.parts.dispatch.release(order_id, ask.by)
