"""The pages, and the parts of pages that fetch themselves again when something changed. Reads only."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import chain, islice
from typing import Any

from aiohttp import web

from agents.protocol.ids import AiringId, AreaId, BulletinId, SpeakerId
from agents.protocol.values import RenditionName
from controller.domain.airings import Airing
from controller.domain.bulletins import Bulletin, BulletinState
from controller.domain.errors import NotFound
from controller.domain.rights import Right
from controller.domain.speakers import SpeakerOverview
from controller.web import drafting, present, subjects, targets, views
from controller.web.asking import Ask
from controller.web.composeviews import choices
from controller.web.frames import full_frame, rights_of, wherever_heard
from controller.web.i18n import N_
from controller.web.listening import Sentences
from controller.web.live.present import archives, relay
from controller.web.sounding import bulletin_track
from controller.web.sse import Listener, Voice, page_voice
from controller.web.targets import Choice
from controller.web.targetviews import SpeakersBeside, Where
from controller.web.usage import Usage, usage_of

LOG_LENGTH = 200
NEAR_LENGTH = 60
MOST_BESIDE = 40
"""So many speakers are shown beside the form; the list of speakers has all of them."""
COMPRESS_FROM_BYTES = 1_000
HTMX_PROBLEM = 422
"""The one error status that htmx puts where the answer was wanted."""

DONE = {
    "released": N_("The speaker is released. It can be adopted anew."),
    "releasing": N_("The speaker does not answer now; it is released as soon as it connects again."),
    "adopted": N_("The speaker is adopted."),
    "renamed": N_("The speaker has its new name."),
    "placed": N_(
        "The speaker stands there now, and is being told. Schedules that name it by itself, or its group, may have "
        "to be approved anew."
    ),
    "located": N_("Where the speaker stands on the map is kept."),
    "replaced": N_("The new box hangs there now. It fetches what is planned, and the old one is obeyed no more."),
    "delayed": N_("When the speaker begins is set, and it is being told."),
    "profiled": N_("The way of reporting is set, and the speaker is being told."),
    "noted": N_("It is noted that you have seen it."),
    "asked": N_("The speaker was told. What becomes of it shows below."),
    "identified": N_("The device speaks its code now. Listen, then type the 6 digits."),
}
"""What a page says at the top after an action without scripts, named in the address (``?done=``)."""


def page(ask: Ask, template: str, *, status: int = 200, **values: object) -> web.Response:
    """A rendered template as an answer."""
    response = web.Response(text=ask.render(template, **values), content_type="text/html", status=status)
    if (response.content_length or 0) >= COMPRESS_FROM_BYTES:
        response.enable_compression()
    return response


async def frame_of(ask: Ask, *, path: str | None = None) -> views.Frame:
    """The frame of a page, with the notice that an action left in the address."""
    done = DONE.get(ask.request.query.get("done", ""))
    flashes = (views.Flash(tone=views.Tone.OK, sentence=ask.say.gettext(done)),) if done else ()
    return await full_frame(ask, path=path, flashes=flashes)


# --- the first page ---------------------------------------------------------------------------------------------------


async def broadcast(ask: Ask) -> web.StreamResponse:
    """GET /, with a bulletin to change or send (``?bulletin=``), or one to begin a new one with (``?copy=``)."""
    query = ask.request.query
    named = query.get("bulletin") or query.get("copy")
    if "bulletin" not in query and not ask.may(Right.COMPOSE) and ask.may(Right.BROADCAST):
        # Who only sends what others wrote has nothing to do in an empty form.
        raise web.HTTPSeeOther("/approvals" if ask.may(Right.APPROVE) else "/calendar")
    if not named:
        return await broadcast_page(ask, views.Draft(language=ask.say.language))
    await subjects.require_bulletin(ask, BulletinId(named))
    bulletin = await ask.parts.compose.get(BulletinId(named))
    draft = drafting.draft_of_bulletin(bulletin)
    if "bulletin" not in query:
        return await broadcast_page(ask, drafting.copied(draft))
    return await broadcast_page(ask, draft, bulletin=bulletin)


async def broadcast_page(
    ask: Ask,
    draft: views.Draft,
    *,
    bulletin: Bulletin | None = None,
    problem: str = "",
    choice: Choice | None = None,
    taken: Sequence[str] = (),
    sentences: Sentences | None = None,
    changed: bool = False,
    status: int = 200,
) -> web.Response:
    """The first page with whatever the person has typed so far; ``changed`` where that was just made of it."""
    usage = await _usage(ask, draft.bulletin_id) if draft.editing else Usage()
    return page(
        ask,
        "broadcast.html",
        status=status,
        frame=await frame_of(ask, path="/"),
        draft=draft,
        where=await targets.where(ask, choice) if ask.may(Right.BROADCAST) else Where(),
        prepared=await prepared_view(ask, bulletin, taken) if bulletin else None,
        usage=usage,
        now_waiting=usage if changed else Usage(),
        problem=problem,
        choices=await choices(ask, draft, may_fix=await wherever_heard(ask, Right.MANAGE_STATION)),
        sentences=sentences,
        speakers=await speakers_beside(ask),
        latest=await _latest(ask),
        max_characters=ask.parts.max_text_letters,
        max_recording_s=ask.parts.max_recording_s,
        **await found_view(ask),
    )


async def _usage(ask: Ask, bulletin_id: str) -> Usage:
    """For those who may change it."""
    return await usage_of(ask, BulletinId(bulletin_id)) if ask.may(Right.COMPOSE) else Usage()


async def _latest(ask: Ask) -> views.Airing | None:
    """What sounds now, else what waits for its speakers, else what is nearest: just heard, or about to be. What was
    taken out of the plan only where there is nothing else.
    """
    summaries = await subjects.seen_airings(ask, NEAR_LENGTH)
    if not summaries:
        return None
    order, now_us = {"on_air": 0, "waiting": 1, "withdrawn": 3}, ask.parts.clock.now_us()

    def place(airing: Airing) -> tuple[int, int]:
        start_us = airing.planned_at_us if airing.start_at_us is None else airing.start_at_us
        return order.get(airing.state, 2), abs(start_us - now_us)

    best = min(summaries, key=lambda summary: place(summary.airing))
    return await _airing(ask, best.airing.airing_id)


async def found_view(ask: Ask) -> dict[str, Any]:
    """Devices that belong to nobody are for those who may adopt them."""
    adoption = ask.parts.adoption
    devices = adoption.found() if ask.may(Right.ADOPT) else ()
    names = await ask.parts.speakers.names() if devices else frozenset()
    return {
        "found": present.found_devices(devices, names, ask.say),
        "area_options": present.area_options(
            [area for area in await adoption.areas() if ask.may(Right.ADOPT, AreaId(area.area_id))],
            ask.parts.station_name,
        ),
    }


async def speakers_beside(ask: Ask) -> SpeakersBeside:
    """The speakers beside the form, those first that are not ready; of many only so many."""
    there = await targets.standing_for(ask, Right.SEE)
    total, away = len(there), [one for one in there if one.not_ready is not None]
    if len(there) > MOST_BESIDE:
        ready = (one for one in there if one.not_ready is None)
        there = list(islice(chain(away, ready), MOST_BESIDE))
    places = {one.speaker.speaker_id: place for place, one in enumerate(there)}
    overviews = await overviews_of(ask, places)
    overviews.sort(key=lambda one: places.get(one.speaker.speaker_id, 0))
    return SpeakersBeside(
        rows=[present.speaker_row(overview, ask.say) for overview in overviews],
        total=total,
        ready=total - len(away),
    )


async def overviews_of(ask: Ask, speaker_ids: Collection[SpeakerId] | None = None) -> list[SpeakerOverview]:
    """Every speaker, or these, as far as whoever asks may see them, as they are now. Which ones sound is what their
    journals said last, which is known at once; a heartbeat may be seconds old.
    """
    sounding = ask.parts.dispatch.sounding()
    seen = await seen_speakers(ask, speaker_ids)
    return [_as_sounding(one, sounding.get(one.speaker.speaker_id)) for one in seen]


def _as_sounding(one: SpeakerOverview, airing_id: AiringId | None) -> SpeakerOverview:
    return one if one.sounding_airing_id == airing_id else replace(one, sounding_airing_id=airing_id)


async def seen_speakers(ask: Ask, speaker_ids: Collection[SpeakerId] | None = None) -> Sequence[SpeakerOverview]:
    there = await ask.parts.speakers.overview(speaker_ids)
    seen = {area_id for area_id in {one.speaker.area_id for one in there} if ask.may(Right.SEE, area_id)}
    return [one for one in there if one.speaker.area_id in seen]


async def on_air_light_part(ask: Ask) -> web.StreamResponse:
    return page(ask, "_on_air_light.html", frame=await full_frame(ask))


async def stop_all_part(ask: Ask) -> web.StreamResponse:
    return page(ask, "_stop_all.html", frame=await full_frame(ask))


async def latest_part(ask: Ask) -> web.StreamResponse:
    return page(ask, "_latest.html", frame=await full_frame(ask), latest=await _latest(ask))


async def speakers_part(ask: Ask) -> web.StreamResponse:
    return page(ask, "_speakers_panel.html", frame=await full_frame(ask), speakers=await speakers_beside(ask))


async def found_part(ask: Ask) -> web.StreamResponse:
    return page(ask, "_found_panel.html", frame=await full_frame(ask), **await found_view(ask))


async def prepared_part(ask: Ask) -> web.StreamResponse:
    """While it is being made, the part asks again; what it knows of uploads comes with the question."""
    bulletin = await ask.parts.compose.get(BulletinId(ask.request.match_info["id"]))
    return await prepared_answer(ask, bulletin, taken=ask.request.query.getall("taken", []))


async def prepared_view(ask: Ask, bulletin: Bulletin, taken: Sequence[str]) -> views.Prepared:
    """A bulletin with everything that is heard of it."""
    return present.prepared(bulletin, await bulletin_track(ask, bulletin), taken, ask.say)


async def prepared_answer(
    ask: Ask,
    bulletin: Bulletin | None,
    *,
    problem: str = "",
    draft: views.Draft | None = None,
    taken: Sequence[str] = (),
    status: int = 200,
) -> web.Response:
    """The end of the compose form: listen, send, or what is wrong."""
    return page(
        ask,
        "_prepared.html",
        status=status,
        prepared=await prepared_view(ask, bulletin, taken) if bulletin else None,
        now_waiting=await _usage(ask, bulletin.bulletin_id)
        if bulletin and bulletin.state is BulletinState.READY
        else Usage(),
        problem=problem,
        draft=draft or views.Draft(),
        rights=rights_of(ask),
    )


# --- airings ----------------------------------------------------------------------------------------------------------


async def airings(ask: Ask) -> web.StreamResponse:
    """GET /airings"""
    return page(ask, "airings.html", frame=await frame_of(ask), airings=await _airing_rows(ask))


async def airing_rows_part(ask: Ask) -> web.StreamResponse:
    return page(ask, "_airing_rows.html", airings=await _airing_rows(ask))


async def _airing_rows(ask: Ask) -> Sequence[views.AiringRow]:
    summaries = await subjects.seen_airings(ask, LOG_LENGTH)
    senders = await ask.parts.hand_ins.reports.senders([summary.airing.content_id for summary in summaries])
    return [
        replace(present.airing_row(summary), from_above=senders.get(summary.airing.content_id, ""))
        for summary in summaries
    ]


async def airing(ask: Ask) -> web.StreamResponse:
    """GET /airings/{id}"""
    found = await _airing(ask, _airing_id(ask))
    return page(
        ask,
        "airing.html",
        frame=await frame_of(ask),
        airing=found,
        archives=await archives(ask, _airing_id(ask)),
        relay=relay(ask, _airing_id(ask)),
    )


async def airing_part(ask: Ask) -> web.StreamResponse:
    frame = await full_frame(ask)
    return page(ask, "_airing_state.html", frame=frame, airing=await _airing(ask, _airing_id(ask)), compact=False)


def _airing_id(ask: Ask) -> AiringId:
    return AiringId(ask.request.match_info["id"])


async def _airing(ask: Ask, airing_id: AiringId) -> views.Airing:
    """With those of its speakers that whoever asks may see. Raises `NotFound`."""
    report = await ask.parts.reports.airing(airing_id)
    may_stop = ask.may_all(Right.STOP, [playback.speaker.area_id for playback in report.playbacks])
    return replace(present.airing(subjects.seen_report(ask, report), ask.say), may_stop=may_stop)


# --- sound, events, files ---------------------------------------------------------------------------------------------


async def bulletin_audio(ask: Ask) -> web.StreamResponse:
    """GET /bulletins/{id}/audio"""
    return await audio_of(ask, BulletinId(ask.request.match_info["id"]))


async def audio_of(ask: Ask, bulletin_id: BulletinId) -> web.StreamResponse:
    """The very file that speakers fetch (Ogg Opus, 24 kbit/s), whole or by range. Raises `NotFound`."""
    bulletin = await ask.parts.compose.get(bulletin_id)
    if bulletin.clips is None:
        raise NotFound("the bulletin has no sound")
    clip = bulletin.clips.renditions[RenditionName.OPUS24]
    path = ask.parts.studio.clip_path(clip.sha256)
    if path is None:
        raise NotFound("the clip is gone")
    headers = {"Content-Type": "audio/ogg; codecs=opus", "Cache-Control": "private, no-cache"}
    return web.FileResponse(path, headers=headers)


async def events(ask: Ask) -> web.StreamResponse:
    """The names of what changed, for open pages."""
    return await ask.house.live.serve(ask.request, listener_of(ask, page_voice))


def listener_of(ask: Ask, voice: Voice, *, program: bool = False) -> Listener:
    """This sign-in as a listener, from the mark in ``?since=`` on."""

    return Listener(
        owner=ask.owner,
        voice=voice,
        welcome=ask.still_welcome,
        since=ask.request.query.get("since", ""),
        program=program,
    )


async def static_file(ask: Ask) -> web.StreamResponse:
    return ask.house.statics.answer(ask.request)


async def favicon(_ask: Ask) -> web.StreamResponse:
    """Browsers ask for it by this name whatever the page says."""
    raise web.HTTPFound("/static/favicon.svg")
