"""The page of areas: which commune is the station's own, and the villages in it."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from aiohttp import web

from agents.protocol.ids import AreaId
from controller.domain.errors import Invalid, Refused
from controller.domain.rights import EVERYWHERE, Right
from controller.services.areabook import day_of
from controller.web.asking import Ask
from controller.web.errors import problem_of
from controller.web.forms import Form, reading
from controller.web.frames import full_frame
from controller.web.i18n import N_
from controller.web.moments import today
from controller.web.ordering import downwards
from controller.web.pages import page
from controller.web.placeviews import Choice, waiting, whole_name
from controller.web.views import Flash, Tone
from schedules.areas import Area, AreaTree, Origin

MOST_FOUND = 12
PATH = "/areas"
LEVELS = (N_("Village"), N_("Hamlet"), N_("Residential group"), N_("Quarter"))
"""Words to choose from for the level of what a station adds; another word can be typed."""
DONE = {
    "added": N_("The area is added."),
    "renamed": N_("The area has its new name."),
    "moved": N_("The area is moved. Its speakers are being told."),
    "closed": N_("The area is closed. What was said of it before stays."),
    "placed": N_("It is put there. Its speakers are being told."),
    "home": N_("This is your station's own area now. New areas go below it."),
}


@dataclass(frozen=True, kw_only=True)
class AreaRow:
    """An area in the tree. ``depth`` counts from 0; ``speakers`` stand in it and in what lies in it.

    ``mine`` is true where the person may change what lies in it; ``own`` where the station added it, ``ended`` where it
    is no more and something waits there to be placed.
    """

    id: str
    name: str
    level: str
    depth: int
    speakers: int
    home: bool
    mine: bool
    own: bool
    ended: bool
    parent_id: str
    parents: Sequence[Choice]


@dataclass(frozen=True, kw_only=True)
class NewArea:
    """What was typed to add an area to ``parent_id``, and could not be added; everything empty where nothing was."""

    parent_id: str = ""
    name: str = ""
    level: str = ""
    latitude: str = ""
    longitude: str = ""


NOTHING_TYPED = NewArea()


async def areas(ask: Ask) -> web.StreamResponse:
    """GET /areas, with ``?q=`` for the search of the station's own commune."""
    return await _page(ask)


async def _page(ask: Ask, problem: str = "", status: int = 200, typed: NewArea = NOTHING_TYPED) -> web.Response:
    tree, home = ask.parts.areas.tree(), ask.parts.areas.home()
    done = DONE.get(ask.request.query.get("done", ""))
    flashes = (Flash(tone=Tone.OK, sentence=ask.say.gettext(done)),) if done else ()
    query = " ".join(ask.request.query.get("q", "").split())[:100]
    found = tree.find(query, MOST_FOUND) if query else ()
    return page(
        ask,
        "areas.html",
        status=status,
        frame=await full_frame(ask, path=PATH, flashes=flashes),
        rows=await _rows(ask),
        closed=_closed(ask),
        waiting=await waiting(ask),
        home=None if home is None else Choice(id=home.area_id, name=whole_name(tree, home.area_id)),
        may_set_home=ask.may(Right.MANAGE_STATION, EVERYWHERE),
        may_add_widest=ask.may(Right.MANAGE_AREAS, EVERYWHERE),
        query=query,
        found=[Choice(id=one.area_id, name=whole_name(tree, one.area_id)) for one in found],
        levels=[ask.say.gettext(level) for level in LEVELS],
        problem=problem,
        typed=typed,
    )


async def _rows(ask: Ask) -> list[AreaRow]:
    used = {area.area_id: area for area in await ask.parts.areas.in_use()}
    tree, home = ask.parts.areas.tree(), ask.parts.areas.home()
    counted: dict[str, int] = {}
    standing = Counter(one.speaker.area_id for one in await ask.parts.speakers.standing())
    for place, count in standing.items():
        for area_id in ask.path_of(place):
            counted[area_id] = counted.get(area_id, 0) + count
    seen = (tree.get(one) for one in used if one in tree and ask.touches(Right.SEE, AreaId(one)))
    shown = downwards(tree, seen)
    mine = [area for area in shown if ask.may(Right.MANAGE_AREAS, AreaId(area.area_id))]
    return [
        AreaRow(
            id=area.area_id,
            name=area.name,
            level=_kind(ask, area.level),
            depth=len(tree.path(area.area_id)) - 1,
            speakers=counted.get(area.area_id, 0),
            home=home is not None and home.area_id == area.area_id,
            mine=area in mine,
            own=area.origin is Origin.STATION,
            ended=area.closed(day_of(ask.parts.clock.now_us())),
            parent_id=area.parent_id or "",
            parents=_parents(tree, area, mine),
        )
        for area in shown
    ]


def _kind(ask: Ask, level: str) -> str:
    """The kind of an area as it is read: what an enrolment token or a program made is a village in any language."""
    return ask.say.gettext(level.capitalize()) if level.capitalize() in LEVELS else level


def _closed(ask: Ask) -> list[Choice]:
    """The station's areas that are no more and that nothing waits in, for whoever may take their end back."""
    tree, today = ask.parts.areas.tree(), day_of(ask.parts.clock.now_us())
    return [
        Choice(id=area.area_id, name=whole_name(tree, area.area_id))
        for area in tree.walk(None)
        if area.origin is Origin.STATION and area.closed(today) and ask.may(Right.MANAGE_AREAS, AreaId(area.area_id))
    ]


def _parents(tree: AreaTree, area: Area, mine: Sequence[Area]) -> list[Choice]:
    """Where it could be moved to."""
    if area.origin is Origin.COUNTRY:
        return []
    inside = tree.below(area.area_id)
    return [Choice(id=one.area_id, name=one.name) for one in mine if one.area_id not in inside]


async def add(ask: Ask) -> web.StreamResponse:
    """POST /areas"""

    async def work(form: Form) -> str:
        parent_id = AreaId(form.text("parent_id")) if form.text("parent_id") else None
        ask.require(Right.MANAGE_AREAS, parent_id or EVERYWHERE)
        place = _degrees(form.text("latitude")), _degrees(form.text("longitude"))
        await ask.parts.areas.add(
            form.text("name"), parent_id, form.text("level"), ask.by, latitude=place[0], longitude=place[1]
        )
        return "added"

    return await _changed(ask, work)


async def rename(ask: Ask) -> web.StreamResponse:
    """POST /areas/{id}/rename"""

    async def work(form: Form) -> str:
        await ask.parts.areas.rename(_id(ask), form.text("name"), ask.by)
        return "renamed"

    return await _changed(ask, work)


async def move(ask: Ask) -> web.StreamResponse:
    """POST /areas/{id}/move"""

    async def work(form: Form) -> str:
        parent_id = AreaId(form.text("parent_id")) if form.text("parent_id") else None
        ask.require(Right.MANAGE_AREAS, parent_id or EVERYWHERE)
        await ask.parts.areas.move(_id(ask), parent_id, ask.by)
        return "moved"

    return await _changed(ask, work)


async def close(ask: Ask) -> web.StreamResponse:
    """POST /areas/{id}/close: from today on."""

    async def work(_form: Form) -> str:
        await ask.parts.areas.close(_id(ask), today(ask.parts.clock.now_us(), ask.say.zone), ask.by)
        return "closed"

    return await _changed(ask, work)


async def set_home(ask: Ask) -> web.StreamResponse:
    """POST /areas/home"""

    async def work(form: Form) -> str:
        ask.require(Right.MANAGE_STATION, EVERYWHERE)
        await ask.parts.areas.set_home(AreaId(form.text("area_id")), ask.by)
        return "home"

    return await _changed(ask, work)


def _typed(form: Form) -> NewArea:
    return NewArea(
        parent_id=form.text("parent_id"),
        name=form.text("name")[:200],
        level=form.text("level")[:40],
        latitude=form.text("latitude")[:40],
        longitude=form.text("longitude")[:40],
    )


def _id(ask: Ask) -> AreaId:
    return AreaId(ask.request.match_info["id"])


def _degrees(typed: str) -> float | None:
    """Raises `Invalid` (``place_out_of_range``)."""
    if not typed.strip():
        return None
    try:
        return float(typed.strip().replace(",", "."))
    except ValueError as error:
        raise Invalid(typed[:40], code="place_out_of_range") from error


async def _changed(ask: Ask, work: Callable[[Form], Awaitable[str]]) -> web.Response:
    async with reading(ask) as form:
        try:
            done = await work(form)
        except (Invalid, Refused) as error:
            told = problem_of(error, ask.say)
            return await _page(ask, told.sentence, told.status, _typed(form))
    return web.Response(status=303, headers={"Location": f"{PATH}?done={done}"})
