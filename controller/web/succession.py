"""The page of one area: what it was, and what becomes of it: another name or place, a merger, a split, its end."""

from collections.abc import Awaitable, Callable
from datetime import date

from aiohttp import web

from agents.protocol.ids import AreaId
from controller.domain.errors import Invalid, Refused
from controller.domain.rights import EVERYWHERE, Right
from controller.services.areabook import day_of as day_where_areas_are
from controller.web import moments
from controller.web.asking import Ask
from controller.web.errors import problem_of
from controller.web.forms import Form, reading
from controller.web.frames import full_frame
from controller.web.i18n import N_
from controller.web.pages import page
from controller.web.placeviews import AreaTyped, area_page, heard_languages
from controller.web.views import Flash, Tone

NOTHING_TYPED = AreaTyped()
DONE = {
    "renamed": N_("The name is changed. What was said before keeps the name of its day."),
    "moved": N_("The area is moved. Its speakers are told when the day comes."),
    "merged": N_(
        "The merger is kept. Speakers stand in the successor from its day on. What is planned for this area is silent "
        "from then: see the list of schedules, which asks for the successor."
    ),
    "split": N_("The split is kept. From its day on, say of each speaker and area in it where it belongs."),
    "reopened": N_("The area is open again."),
    "languages": N_(
        "The languages of alerts are kept. They hold in the areas below too, where nothing else is chosen."
    ),
    "closed": N_("The area is closed. What was said of it before stays."),
}


async def area(ask: Ask) -> web.StreamResponse:
    """GET /areas/{id}"""
    return await _page(ask)


async def _page(ask: Ask, problem: str = "", status: int = 200, typed: AreaTyped = NOTHING_TYPED) -> web.Response:
    done = DONE.get(ask.request.query.get("done", ""))
    flashes = (Flash(tone=Tone.OK, sentence=ask.say.gettext(done)),) if done else ()
    found = await area_page(ask, _id(ask))
    heard = await heard_languages(ask, _id(ask))
    frame = await full_frame(ask, path=f"/areas/{found.id}", flashes=flashes)
    return page(ask, "area.html", status=status, frame=frame, area=found, heard=heard, problem=problem, typed=typed)


def _typed(form: Form, what: str) -> AreaTyped:
    return AreaTyped(
        what=what,
        name=form.text("name")[:200],
        parent_id=form.text("parent_id"),
        on=form.text("on").strip()[:10],
        into=form.text("into"),
        names=form.text("names")[:4_000],
        together=form.all("with"),
    )


async def change(ask: Ask) -> web.StreamResponse:
    """POST /areas/{id}: another name, or another place, from a day on."""

    async def work(form: Form) -> str:
        on, country, desk = _on(ask, form), _country(ask), ask.parts.areas
        if form.text("what") == "move":
            parent_id = AreaId(form.text("parent_id")) if form.text("parent_id") else None
            ask.require(Right.MANAGE_AREAS, parent_id or EVERYWHERE)
            await desk.move(_id(ask), parent_id, ask.by, on=on, country=country)
            return "moved"
        if form.text("what") == "close":
            await desk.close(_id(ask), on, ask.by, country=country)
            return "closed"
        await desk.rename(_id(ask), form.text("name"), ask.by, on=on, country=country)
        return "renamed"

    return await _changed(ask, work, "what")


async def merge(ask: Ask) -> web.StreamResponse:
    """POST /areas/{id}/merge: it, and others with it, into one that is there or a new one."""

    async def work(form: Form) -> str:
        ids = [_id(ask), *(AreaId(one) for one in form.all("with"))]
        into, name = AreaId(form.text("into")), form.text("name")
        ask.require_all(Right.MANAGE_AREAS, ids if name.strip() else [*ids, into])
        if not name.strip() and not into:
            raise Invalid("nothing to merge into", code="successor_missing")
        await ask.parts.succession.merge(
            ids, name if name.strip() else into, _on(ask, form), ask.by, new=bool(name.strip()), country=_country(ask)
        )
        return "merged"

    return await _changed(ask, work, "merge")


async def split(ask: Ask) -> web.StreamResponse:
    """POST /areas/{id}/split: into new ones, one name a line."""

    async def work(form: Form) -> str:
        names = [line for line in form.text("names").split("\n") if line.strip()]
        await ask.parts.succession.split(_id(ask), names, [], _on(ask, form), ask.by, country=_country(ask))
        return "split"

    return await _changed(ask, work, "split")


async def set_languages(ask: Ask) -> web.StreamResponse:
    """POST /areas/{id}/languages: in which languages alerts are heard there, the first first."""

    async def work(form: Form) -> str:
        await ask.parts.cap_settings.put_languages(_id(ask), form.all("language"), ask.known_actor)
        return "languages"

    return await _changed(ask, work)


async def reopen(ask: Ask) -> web.StreamResponse:
    """POST /areas/{id}/reopen"""

    async def work(_form: Form) -> str:
        await ask.parts.succession.reopen(_id(ask), ask.by, country=_country(ask))
        return "reopened"

    return await _changed(ask, work)


def _id(ask: Ask) -> AreaId:
    return AreaId(ask.request.match_info["id"])


def _country(ask: Ask) -> bool:
    return ask.may(Right.MANAGE_AREAS, EVERYWHERE)


def _on(ask: Ask, form: Form) -> date:
    """The day of the form, today where none is given. Raises `Invalid` (``day_malformed``)."""
    written = form.text("on").strip()
    return moments.day_of(written) if written else day_where_areas_are(ask.parts.clock.now_us())


async def _changed(ask: Ask, work: Callable[[Form], Awaitable[str]], what: str = "") -> web.Response:
    """``what`` names the form whose fields come back as they were typed; "what" where the form names itself."""
    async with reading(ask) as form:
        try:
            done = await work(form)
        except (Invalid, Refused) as error:
            told = problem_of(error, ask.say)
            typed = _typed(form, form.text("what") if what == "what" else what)
            return await _page(ask, told.sentence, told.status, typed)
    return web.Response(status=303, headers={"Location": f"/areas/{_id(ask)}?done={done}"})
