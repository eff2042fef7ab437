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
from schedules.areas import Area, AreaTree, Origin, Past


class AreasQuery(Query):
    """Without ``q``, ``parent`` and ``all``: the areas that matter to this station."""

    q: Annotated[str, Meta(max_length=200, description="Words of its name, accents or not, or its code.")] = ""
    parent: Annotated[str, Meta(max_length=80, description="The areas directly in this one; `*` for the widest.")] = ""
    limit: Limit = LIST_LENGTH
    on: Annotated[date | None, Meta(description="With the names and places of another day than today.")] = None


class AreaBody(Body):
    """A village, a group or another area within ``parent_id``; ``level`` is a word: village, group, ..."""

    name: str
    parent_id: AreaId | None = None
    level: str = "village"
    latitude: float | None = None
    longitude: float | None = None
    on: date | None = None


class AreaChangeBody(Body):
    """What is left out stays as it is. It holds from the day ``on`` on, today where that is left out; what is said of
    the days before keeps the name and place of its day. An area of the country's list is changed with ``official``
    alone, where the list itself changed.
    """

    name: str | UnsetType = UNSET
    parent_id: AreaId | UnsetType | None = UNSET
    on: date | None = None
    official: bool = False


class CloseQuery(Query):
    """``on`` is the first day on which the area is no more; today where it is left out."""

    on: date | None = None
    official: bool = False


class HomeBody(Body):
    """The station's own commune or province; null for none."""

    area_id: AreaId | None


class PastTold(Told):
    """What held of an area before the day ``until``."""

    until: date
    name: str
    parent_id: AreaId | None


class AreaTold(Told):
    """A node of the administrative tree.

    ``level`` is data: province, commune, village, ... ``code`` is the official one; ``latitude`` and ``longitude`` are
    about its middle, in degrees. ``origin`` is ``country`` for the official list. ``path_names`` go from the widest
    area down to this one. ``past`` is what held before, the earliest first; ``successors`` take its place when it ends:
    one where it is merged, several where it is split.
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
    past: list[PastTold]
    successors: list[AreaId]


class AreasTold(Told):
    """In the order of the tree, or the best match first."""

    areas: list[AreaTold]


class HomeTold(Told):
    """``area`` is null until it is set."""

    area: AreaTold | None


def area_told(ask: Ask, area: Area) -> AreaTold:
    """With the names of the areas it lies in, and its past: ``area`` may be told as of another day."""
    tree = ask.parts.areas.tree()
    names = [one.name for one in tree.path(area.area_id)] if area.area_id in tree else [area.name]
    return _told(area, names, ask.parts.areas.known(area.area_id).past if area.area_id in tree else ())


def _told(area: Area, names: list[str], past: tuple[Past, ...]) -> AreaTold:
    return told(
        AreaTold,
        area,
        path_names=names,
        past=[PastTold(until=one.until, name=one.name, parent_id=_maybe(one.parent_id)) for one in past],
        successors=[AreaId(one) for one in area.successors],
    )


def _maybe(area_id: str | None) -> AreaId | None:
    return None if area_id is None else AreaId(area_id)


@raises(NotFound, "area_unknown")
async def list_areas(ask: Ask, query: AreasQuery) -> AreasTold:
    """The areas that matter to this station, those within one, or those of a name.

    The whole country can be searched and walked through.
    """
    tree = ask.parts.areas.tree()
    if query.on is not None:
        tree = tree.at(query.on)
    found: list[Area]
    if query.q:
        found = list(tree.find(query.q, query.limit))
    elif query.parent:
        if query.parent != EVERYWHERE and query.parent not in tree:
            raise NotFound(f"no area {query.parent}", code="area_unknown")
        found = list(tree.children(None if query.parent == EVERYWHERE else query.parent))
    else:
        used = {area.area_id: area for area in await ask.parts.areas.in_use()}
        found = [*used.values()] if query.on is None else [area for area in tree.walk() if area.area_id in used]
    return AreasTold(areas=[_told_in(ask, tree, area) for area in found])


def _told_in(ask: Ask, tree: AreaTree, area: Area) -> AreaTold:
    return _told(area, [one.name for one in tree.path(area.area_id)], ask.parts.areas.known(area.area_id).past)


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
        body.name, body.parent_id, body.level, ask.by, latitude=body.latitude, longitude=body.longitude, on=body.on
    )
    return Created(told=area_told(ask, made), location=f"/api/v1/areas/{made.area_id}")


@raises(NotFound, "area_unknown")
@raises(Refused, "area_of_country")
@raises(Invalid, "name_empty", "name_too_long", "area_name_taken", "area_unknown", "area_in_itself")
@raises(Invalid, "area_closed", "area_changed_later")
async def change_area(ask: Ask, area_id: AreaId, body: AreaChangeBody) -> AreaTold:
    """Rename an area, or move it into another one with all that lies in it."""
    desk = ask.parts.areas
    if body.official:
        ask.require(Right.MANAGE_AREAS, EVERYWHERE)
    if body.parent_id is not UNSET:
        ask.require(Right.MANAGE_AREAS, body.parent_id or EVERYWHERE)
        await desk.move(area_id, body.parent_id, ask.by, on=body.on, country=body.official)
    if body.name is not UNSET:
        await desk.rename(area_id, body.name, ask.by, on=body.on, country=body.official)
    return await get_area(ask, area_id)


@raises(NotFound, "area_unknown")
@raises(Refused, "area_of_country", "area_in_use")
@raises(Invalid, "area_closed", "area_changed_later")
async def close_area(ask: Ask, area_id: AreaId, query: CloseQuery) -> AreaTold:
    """Close an area that is no more. What was said of it before stays."""
    if query.official:
        ask.require(Right.MANAGE_AREAS, EVERYWHERE)
    on = query.on or today(ask.parts.clock.now_us(), ask.say.zone)
    return area_told(ask, await ask.parts.areas.close(area_id, on, ask.by, country=query.official))


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
