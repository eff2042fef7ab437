"""Areas: the country's provinces and communes, and the villages that a station adds below its own.

An area's id never changes. What the country's list says cannot be changed; an area that is no more is closed.
"""

from datetime import date
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from agents.protocol.ids import AreaId
from controller.domain.errors import Invalid, NotFound, Refused
from controller.domain.rights import EVERYWHERE, Right
from controller.web.api.endpoint import Body, Created, Query, raises
from controller.web.api.values import LIST_LENGTH, Limit, Told, told
from controller.web.asking import Ask
from controller.web.moments import today
from schedules.areas import Area, Origin


class AreasQuery(Query):
    """Without ``q``, ``parent`` and ``all``: the areas that matter to this station."""

    q: Annotated[str, Meta(max_length=200, description="Words of its name, accents or not, or its code.")] = ""
    parent: Annotated[str, Meta(max_length=80, description="The areas directly in this one; `*` for the widest.")] = ""
    limit: Limit = LIST_LENGTH


class AreaBody(Body):
    """A village, a group or another area within ``parent_id``; ``level`` is a word: village, group, ..."""

    name: str
    parent_id: AreaId | None = None
    level: str = "village"
    latitude: float | None = None
    longitude: float | None = None


class AreaChangeBody(Body):
    """What is left out stays as it is."""

    name: str | UnsetType = UNSET
    parent_id: AreaId | UnsetType | None = UNSET


class CloseQuery(Query):
    """``on`` is the first day on which the area is no more; today where it is left out."""

    on: date | None = None


class HomeBody(Body):
    """The station's own commune or province; null for none."""

    area_id: AreaId | None


class AreaTold(Told):
    """A node of the administrative tree.

    ``level`` is data: province, commune, village, ... ``code`` is the official one; ``latitude`` and ``longitude`` are
    about its middle, in degrees. ``origin`` is ``country`` for the official list. ``path_names`` go from the widest
    area down to this one.
    """

    area_id: AreaId
    parent_id: AreaId | None
    level: str
    name: str
    code: str
    latitude: float | None
    longitude: float | None
    valid_from: date | None
    valid_until: date | None
    origin: Origin
    path_names: list[str]


class AreasTold(Told):
    """In the order of the tree, or the best match first."""

    areas: list[AreaTold]


class HomeTold(Told):
    """``area`` is null until it is set."""

    area: AreaTold | None


def area_told(ask: Ask, area: Area) -> AreaTold:
    """With the names of the areas it lies in."""
    tree = ask.parts.areas.tree()
    names = [one.name for one in tree.path(area.area_id)] if area.area_id in tree else [area.name]
    return told(AreaTold, area, path_names=names)


@raises(NotFound, "area_unknown")
async def list_areas(ask: Ask, query: AreasQuery) -> AreasTold:
    """The areas that matter to this station, those within one, or those of a name.

    The whole country can be searched and walked through.
    """
    tree = ask.parts.areas.tree()
    found: list[Area]
    if query.q:
        found = list(tree.find(query.q, query.limit))
    elif query.parent:
        if query.parent != EVERYWHERE and query.parent not in tree:
            raise NotFound(f"no area {query.parent}", code="area_unknown")
        found = list(tree.children(None if query.parent == EVERYWHERE else query.parent))
    else:
        found = list(await ask.parts.areas.in_use())
    return AreasTold(areas=[area_told(ask, area) for area in found])


@raises(NotFound, "area_unknown")
async def get_area(ask: Ask, area_id: AreaId) -> AreaTold:
    """One area, of the station or of the country."""
    tree = ask.parts.areas.tree()
    if area_id not in tree:
        raise NotFound(f"no area {area_id}", code="area_unknown")
    return area_told(ask, tree.get(area_id))


@raises(Invalid, "name_empty", "name_too_long", "area_name_taken", "area_unknown")
@raises(Invalid, "area_level_malformed", "place_out_of_range")
async def create_area(ask: Ask, body: AreaBody) -> Created[AreaTold]:
    """Add a village, or another area of the station."""
    ask.require(Right.MANAGE_AREAS, body.parent_id or EVERYWHERE)
    made = await ask.parts.areas.add(
        body.name, body.parent_id, body.level, ask.by, latitude=body.latitude, longitude=body.longitude
    )
    return Created(told=area_told(ask, made), location=f"/api/v1/areas/{made.area_id}")


@raises(NotFound, "area_unknown")
@raises(Refused, "area_of_country")
@raises(Invalid, "name_empty", "name_too_long", "area_name_taken", "area_unknown", "area_in_itself")
async def change_area(ask: Ask, area_id: AreaId, body: AreaChangeBody) -> AreaTold:
    """Rename an area, or move it into another one with all that lies in it."""
    desk = ask.parts.areas
    if body.parent_id is not UNSET:
        ask.require(Right.MANAGE_AREAS, body.parent_id or EVERYWHERE)
        await desk.move(area_id, body.parent_id, ask.by)
    if body.name is not UNSET:
        await desk.rename(area_id, body.name, ask.by)
    return await get_area(ask, area_id)


@raises(NotFound, "area_unknown")
@raises(Refused, "area_of_country", "area_in_use")
async def close_area(ask: Ask, area_id: AreaId, query: CloseQuery) -> AreaTold:
    """Close an area that is no more. What was said of it before stays."""
    return area_told(
        ask, await ask.parts.areas.close(area_id, query.on or today(ask.parts.clock.now_us(), ask.say.zone), ask.by)
    )


async def get_home(ask: Ask) -> HomeTold:
    """The station's own commune."""
    home = ask.parts.areas.home()
    return HomeTold(area=None if home is None else area_told(ask, home))


@raises(Invalid, "area_unknown")
async def set_home(ask: Ask, body: HomeBody) -> HomeTold:
    """Set the station's own commune: new areas go below it."""
    ask.require(Right.MANAGE_STATION, EVERYWHERE)
    await ask.parts.areas.set_home(body.area_id, ask.by)
    return await get_home(ask)
