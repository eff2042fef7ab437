"""A new box takes the place of a dead one: the speaker stays what it is."""

from typing import Final

from aiohttp import web

from agents.protocol.ids import DeviceId, SpeakerId
from controller.domain.errors import LoaError, StoreFailed
from controller.domain.rights import Right
from controller.domain.speakers import SpeakerState
from controller.web import present
from controller.web.asking import Ask
from controller.web.errors import problem_of
from controller.web.forms import reading
from controller.web.pages import frame_of, page
from controller.web.speaker_pages import speaker_view
from controller.web.speakerlist import Wanted, listed

MOST_SHOWN: Final = 30


def _id(ask: Ask) -> SpeakerId:
    return SpeakerId(ask.request.match_info["id"])


async def replace_page(ask: Ask) -> web.StreamResponse:
    """GET /speakers/{id}/replace, with the device that was chosen already (``?device=``)."""
    return await _page(ask, chosen=ask.request.query.get("device", ""))


async def _page(ask: Ask, *, chosen: str = "", problem: str = "", status: int = 200) -> web.Response:
    found = present.found_devices(ask.parts.adoption.found(), (), ask.say)
    return page(
        ask,
        "replace.html",
        status=status,
        frame=await frame_of(ask, path=f"/speakers/{_id(ask)}/replace"),
        speaker=await speaker_view(ask, _id(ask)),
        found=[one for one in found if one.linked and not one.problem_sentence],
        chosen=chosen,
        problem=problem,
    )


async def replace_box(ask: Ask) -> web.StreamResponse:
    """POST /speakers/{id}/replace"""
    async with reading(ask) as form:
        device, code = form.text("device"), "".join(form.text("code").split())
    try:
        await ask.parts.adoption.adopt(DeviceId(device), code, by=ask.by, replaces=_id(ask))
    except StoreFailed:
        raise
    except LoaError as error:
        told = problem_of(error, ask.say)
        if told.status not in {409, 422, 503}:
            raise
        return await _page(ask, chosen=device, problem=told.sentence, status=told.status)
    return web.Response(status=303, headers={"Location": f"/speakers/{_id(ask)}?done=replaced"})


async def choose_speaker(ask: Ask) -> web.StreamResponse:
    """GET /replace?device=&q=: which speaker a new device takes the place of. Those that are away the longest come
    first: it is they that need a new box.
    """
    device, words = ask.request.query.get("device", ""), ask.request.query.get("q", "")
    there = [
        one
        for one in await ask.parts.speakers.overview()
        if one.speaker.state is SpeakerState.ADOPTED and ask.may(Right.ADOPT, one.speaker.area_id)
    ]
    found = listed(there, lambda _: (), Wanted(q=words, sort="offline"), ask.path_of, ask.say)
    return page(
        ask,
        "replace_choose.html",
        frame=await frame_of(ask, path="/speakers"),
        device=device,
        words=words,
        speakers=[present.speaker_row(one, ask.say) for one in found.overviews[:MOST_SHOWN]],
        more=max(0, found.found - MOST_SHOWN),
    )
