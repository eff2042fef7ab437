"""What forms do. Each works without scripts (post, then a page) and with them (post, then a part of the page).

Rules: an error of the person's input comes back beside what was typed, and nothing typed is lost; everything else is
raised and told by `controller.web.errors`.
"""

from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from agents.protocol.ids import AiringId, AreaId, DeviceId, SpeakerId
from controller.domain.errors import Invalid, LoaError, StoreFailed
from controller.domain.rights import EVERYWHERE, Right
from controller.domain.speakers import SpeakerState
from controller.web import views
from controller.web.asking import Ask
from controller.web.auth import remember
from controller.web.errors import problem_of
from controller.web.forms import owner_of, reading
from controller.web.frames import require_stop_all
from controller.web.i18n import N_
from controller.web.pages import DONE, HTMX_PROBLEM, page
from controller.web.present import NEW_AREA
from controller.web.security import local_path
from controller.web.speaker_pages import speaker_page, speaker_view

_STAYED_ON: Final = ("/speakers", "/airings", "/emergency", "/live", "/cap", "/stops")


def back_to(path: str) -> web.Response:
    """After a change without scripts: fetch this page."""
    return web.Response(status=303, headers={"Location": path})


def _done(ask: Ask, path: str, done: str = "") -> web.Response:
    where = f"{path}?done={done}" if done else path
    return web.Response(status=204, headers={"HX-Redirect": where}) if ask.htmx else back_to(where)


def _say(ask: Ask, tone: views.Tone, said: str, status: int = 200) -> web.Response:
    return page(ask, "_say.html", status=status, tone=tone, sentence=said)


def _came_from(ask: Ask) -> str:
    """The page of ours that the form stood on: of what is done to one thing, the page of that thing."""
    came = urlsplit(ask.request.headers.get("Referer", ""))
    if came.netloc != ask.request.host or not came.path.startswith(_STAYED_ON):
        return "/"
    return local_path("/".join(came.path.split("/")[:3]))


# --- stop -------------------------------------------------------------------------------------------------------------


async def stop_all(ask: Ask) -> web.StreamResponse:
    """Silence everywhere, until somebody allows playing again."""
    await require_stop_all(ask)
    await ask.parts.dispatch.stop_all(ask.by)
    return back_to(_came_from(ask))


async def release_stop(ask: Ask) -> web.StreamResponse:
    await require_stop_all(ask)
    await ask.parts.dispatch.release_stop(ask.by)
    return back_to(_came_from(ask))


async def stop_airing(ask: Ask) -> web.StreamResponse:
    airing_id = AiringId(ask.request.match_info["id"])
    await ask.parts.dispatch.stop(airing_id, ask.by)
    return web.Response(status=204) if ask.htmx else back_to(f"/airings/{airing_id}")


# --- speakers and found devices ---------------------------------------------------------------------------------------


async def set_volume(ask: Ask) -> web.StreamResponse:
    speaker_id = SpeakerId(ask.request.match_info["id"])
    notice, problem, status = "", "", 200
    async with reading(ask) as form:
        try:
            percent = form.number("volume_percent", "volume_out_of_range")
            await ask.parts.speakers.set_volume(speaker_id, percent, ask.by)
            notice = ask.say.gettext(N_("The volume is set to %(percent)s percent."), percent=percent)
        except LoaError as error:
            told = problem_of(error, ask.say)
            if told.status not in {409, 422, 503}:
                raise
            problem, status = told.sentence, HTMX_PROBLEM
    if not ask.htmx:
        return await speaker_page(ask, speaker_id, notice=notice, problem=problem, status=status)
    found = await speaker_view(ask, speaker_id)
    return page(ask, "_volume.html", status=status, speaker=found, notice=notice, problem=problem)


async def release_speaker(ask: Ask) -> web.StreamResponse:
    speaker = await ask.parts.adoption.release(SpeakerId(ask.request.match_info["id"]), ask.by)
    return _done(ask, "/speakers", "released" if speaker.state is SpeakerState.RELEASED else "releasing")


async def identify(ask: Ask) -> web.StreamResponse:
    try:
        left = await ask.parts.adoption.identify(DeviceId(ask.request.match_info["id"]))
    except LoaError as error:
        return _refused(ask, error)
    if not ask.htmx:
        return _done(ask, "/speakers", "identified")
    more = ask.say.ngettext("It can do so %(num)s more time.", "It can do so %(num)s more times.", left)
    return _say(ask, views.Tone.OK, f"{ask.say.gettext(DONE['identified'])} {more}")


async def adopt(ask: Ask) -> web.StreamResponse:
    device_id = DeviceId(ask.request.match_info["id"])
    async with reading(ask) as form:
        area_id, new_area_name = area_choice(ask, form.text("area_id"))
        ask.require(Right.ADOPT, area_id or EVERYWHERE)
        code = "".join(form.text("code").split())
        try:
            await ask.parts.adoption.adopt(
                device_id,
                code,
                name=form.text("name").strip(),
                area_id=area_id,
                new_area_name=new_area_name,
                by=ask.by,
            )
        except LoaError as error:
            return _refused(ask, error)
    if not ask.htmx:
        return _done(ask, "/speakers", "adopted")
    return _say(ask, views.Tone.OK, ask.say.gettext(DONE["adopted"]))


def area_choice(ask: Ask, chosen: str) -> tuple[AreaId | None, str | None]:
    """The area of a form: one that is there, or a new one with the station's name."""
    return (None, ask.parts.station_name) if chosen in {"", NEW_AREA} else (AreaId(chosen), None)


def _refused(ask: Ask, error: LoaError) -> web.Response:
    """What a device or the desk said no to, beside the button that was pressed."""
    if not ask.htmx or isinstance(error, StoreFailed):
        raise error
    return _say(ask, views.Tone.BAD, problem_of(error, ask.say).sentence, HTMX_PROBLEM)


# --- recordings, preferences ------------------------------------------------------------------------------------------


async def upload_recording(ask: Ask) -> web.StreamResponse:
    """A chosen file, sent by the page's script: answers JSON with the id to prepare it by."""
    async with reading(ask) as form:
        received = form.take_file()
    if received is None:
        raise Invalid(code="recording_missing")
    recording_id = ask.house.uploads.keep(received, owner_of(ask))
    return web.json_response({"id": recording_id, "name": received.name}, status=201)


async def preferences(ask: Ask) -> web.StreamResponse:
    """Language and colours, remembered by the browser for a year."""
    async with reading(ask) as form:
        response = back_to(local_path(form.text("next")))
        remember(ask, response, form.fields)
    return response
