"""The pages of bulletins that are there: the list, one with its history, and what can be done with it.

Changing and sending happen on the first page, which is where one listens.
"""

from collections.abc import Mapping, Sequence

from aiohttp import web

from agents.protocol.ids import BulletinId
from controller.domain.bulletins import Bulletin, BulletinState, Origin
from controller.domain.rights import EVERYWHERE, Right
from controller.web import present, subjects
from controller.web.asking import Ask
from controller.web.bulletinviews import BulletinRow, bulletin_row, bulletin_shown, revisions_shown, says
from controller.web.composeviews import CLASS_NAMES
from controller.web.forms import reading
from controller.web.frames import full_frame
from controller.web.i18n import N_
from controller.web.pages import page
from controller.web.sounding import all_tunes, bulletin_track
from controller.web.views import Flash, Frame, Tone

SEARCHED = 400
SHOWN = 100
AIRINGS_SEARCHED = 200

DONE: Mapping[str, str] = {
    "withdrawn": N_("The bulletin is withdrawn. It is not offered any more; what was sent stays in the log."),
    "restored": N_("The earlier revision is in force again, as the newest one."),
    "retrying": N_("The sound is being prepared once more."),
    "saved": N_("The changes are kept."),
    "made": N_("It is kept."),
    "removed": N_("It is removed."),
    "tune-added": N_("The signature tune is being prepared."),
    "tune-withdrawn": N_("The tune is withdrawn. What uses it keeps it."),
}
"""What a page of the desk says at the top after an action, named in the address (``?done=``)."""


async def desk_frame(ask: Ask, path: str) -> Frame:
    """The frame of a page, with the notice that an action left in the address."""
    done = DONE.get(ask.request.query.get("done", ""))
    flashes = (Flash(tone=Tone.OK, sentence=ask.say.gettext(done)),) if done else ()
    return await full_frame(ask, path=path, flashes=flashes)


def to(path: str) -> web.Response:
    """Leads to the page that shows what became of an action."""
    return web.Response(status=303, headers={"Location": path})


def _id(ask: Ask) -> BulletinId:
    return BulletinId(ask.request.match_info["id"])


# --- the list ---------------------------------------------------------------------------------------------------------


async def bulletins(ask: Ask) -> web.StreamResponse:
    """GET /bulletins (q, class, state, whose)"""
    query = ask.request.query
    names = ("q", "class", "state", "whose")
    return page(
        ask,
        "bulletins.html",
        frame=await desk_frame(ask, "/bulletins"),
        bulletins=await bulletin_rows(ask, query),
        chosen={name: query.get(name, "") for name in names},
        classes=[(one.value, ask.say.gettext(name)) for one, name in CLASS_NAMES.items()],
    )


async def bulletin_rows(ask: Ask, query: Mapping[str, str]) -> Sequence[BulletinRow]:
    """Those that whoever asks may see, as far as they fit what is looked for."""
    now_us = ask.parts.clock.now_us()
    found = await subjects.seen_bulletins(ask, SEARCHED)
    wanted = [one for one in found if _fits(ask, one, query, now_us)]
    return [bulletin_row(one, ask.say, now_us, may_change=_may_change(ask, one)) for one in wanted[:SHOWN]]


def _may_change(ask: Ask, bulletin: Bulletin) -> bool:
    """Whether to offer it; who may is asked again when it is done."""
    if bulletin.area_id is None and bulletin.created_by == ask.by:
        return ask.may(Right.COMPOSE)
    return ask.may(Right.COMPOSE, bulletin.area_id or EVERYWHERE)


def _fits(ask: Ask, bulletin: Bulletin, query: Mapping[str, str], now_us: int) -> bool:
    whose = {
        "mine": bulletin.created_by == ask.by,
        "above": bulletin.origin is Origin.ABOVE,
        "expired": bulletin.expired(now_us),
    }
    return (
        (not query.get("q") or says(bulletin, query["q"]))
        and query.get("class", "") in {"", bulletin.airing_class.value}
        and query.get("state", "") in {"", bulletin.state.value}
        and whose.get(query.get("whose", ""), True)
    )


# --- one bulletin -----------------------------------------------------------------------------------------------------


async def bulletin(ask: Ask) -> web.StreamResponse:
    """GET /bulletins/{id}"""
    found = await ask.parts.compose.get(_id(ask))
    tunes = await all_tunes(ask)
    now_us = ask.parts.clock.now_us()
    row = bulletin_row(found, ask.say, now_us, may_change=_may_change(ask, found) and not found.withdrawn)
    summaries = await subjects.seen_airings(ask, AIRINGS_SEARCHED)
    return page(
        ask,
        "bulletin.html",
        frame=await desk_frame(ask, f"/bulletins/{found.bulletin_id}"),
        bulletin=bulletin_shown(found, row, await bulletin_track(ask, found), tunes, ask.say),
        revisions=revisions_shown(await ask.parts.compose.history(found.bulletin_id), tunes, ask.say),
        airings=[present.airing_row(one) for one in summaries if one.airing.content_id == found.bulletin_id],
        may_send=ask.may(Right.BROADCAST) and found.state is BulletinState.READY and not found.withdrawn,
    )


async def withdraw(ask: Ask) -> web.StreamResponse:
    """POST /bulletins/{id}/withdraw"""
    await ask.parts.compose.withdraw(_id(ask), ask.by)
    return to("/bulletins?done=withdrawn")


async def restore(ask: Ask) -> web.StreamResponse:
    """POST /bulletins/{id}/restore: the revision ``number`` as the next one."""
    async with reading(ask) as form:
        await ask.parts.compose.restore(_id(ask), form.number("number", "bad_request"), ask.by)
    return to(f"/bulletins/{_id(ask)}?done=restored")


async def retry(ask: Ask) -> web.StreamResponse:
    """POST /bulletins/{id}/retry: what could not be made is made once more."""
    await ask.parts.compose.make_again(_id(ask), ask.by)
    return to(f"/bulletins/{_id(ask)}?done=retrying")
