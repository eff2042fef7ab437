"""The name of a speaker, its area and where it stands on a map, as its page changes them."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from agents.protocol.ids import AreaId, SpeakerId
from controller.domain.errors import Invalid
from controller.domain.rights import Right
from controller.web.asking import Ask
from controller.web.degrees import read_place
from controller.web.errors import problem_of
from controller.web.forms import Form, reading
from controller.web.speaker_pages import speaker_page


async def rename_speaker(ask: Ask) -> web.StreamResponse:
    """POST /speakers/{id}/name"""

    async def work(form: Form) -> str:
        await ask.parts.speakers.rename(_id(ask), form.text("name"), ask.by)
        return f"/speakers/{_id(ask)}?done=renamed"

    return await _changed(ask, work)


async def place_speaker(ask: Ask) -> web.StreamResponse:
    """POST /speakers/{id}/place: from its own page, or from the list of those that are to be placed."""

    async def work(form: Form) -> str:
        area_id = AreaId(form.text("area_id"))
        ask.require(Right.TEND, area_id)
        await ask.parts.speakers.move(_id(ask), area_id, ask.by)
        came = {"areas": "/areas", "speakers": "/speakers"}.get(form.text("back"), f"/speakers/{_id(ask)}")
        return f"{came}?done=placed"

    return await _changed(ask, work)


async def delay_speaker(ask: Ask) -> web.StreamResponse:
    """POST /speakers/{id}/delay: by how many milliseconds it begins later; nothing typed is not at all."""
    async with reading(ask) as form:
        typed = form.text("delay_ms")
        try:
            delay_us = form.number("delay_ms", "delay_out_of_range") * 1_000 if typed.strip() else 0
            await ask.parts.speakers.set_delay(_id(ask), delay_us, ask.by)
        except Invalid as error:
            told = problem_of(error, ask.say)
            return await speaker_page(ask, _id(ask), delay_problem=told.sentence, status=told.status, delay=typed)
    return web.Response(status=303, headers={"Location": f"/speakers/{_id(ask)}?done=delayed#begins-later"})


async def locate_speaker(ask: Ask) -> web.StreamResponse:
    """POST /speakers/{id}/position: where it stands on a map; nothing typed forgets it."""
    async with reading(ask) as form:
        typed = form.text("position")
        try:
            await ask.parts.cap_settings.put_position(_id(ask), read_place(typed), ask.known_actor)
        except Invalid as error:
            told = problem_of(error, ask.say)
            return await speaker_page(ask, _id(ask), position_problem=told.sentence, status=told.status, position=typed)
    return web.Response(status=303, headers={"Location": f"/speakers/{_id(ask)}?done=located"})


def _id(ask: Ask) -> SpeakerId:
    return SpeakerId(ask.request.match_info["id"])


async def _changed(ask: Ask, work: Callable[[Form], Awaitable[str]]) -> web.Response:
    async with reading(ask) as form:
        try:
            where = await work(form)
        except Invalid as error:
            told = problem_of(error, ask.say)
            return await speaker_page(ask, _id(ask), problem=told.sentence, status=told.status)
    return web.Response(status=303, headers={"Location": where})
