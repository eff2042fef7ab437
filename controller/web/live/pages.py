"""The page of live broadcasts: where it is heard, the microphone, and what is live now. The sound itself goes through
`controller.web.live.socket`.
"""

from collections.abc import Sequence
from typing import Final

from aiohttp import web

from agents.protocol.ids import AiringId
from controller.domain.rights import EVERYWHERE, Right
from controller.domain.speakers import Standing
from controller.services.live.stream import LiveStream
from controller.web import subjects
from controller.web.asking import Ask
from controller.web.emergency.consoletree import grounds
from controller.web.frames import full_frame
from controller.web.live.present import relay
from controller.web.live.views import SpeakerChoice, StreamShown
from controller.web.moments import moment
from controller.web.pages import page
from controller.web.secured import require_microphone
from schedules.areanames import counting

PATH: Final = "/live"
MOST_SINGLE: Final = 60
"""So many speakers can be chosen one by one; where there are more, by area."""


async def live(ask: Ask) -> web.StreamResponse:
    """GET /live"""
    require_microphone(ask)
    standing = await ask.parts.speakers.standing()
    found = grounds(ask, standing, Right.LIVE)
    return page(
        ask,
        "live.html",
        frame=await full_frame(ask, path=PATH),
        areas=found.rows(()),
        speakers=_single(ask, standing),
        streams=await _streams(ask),
    )


async def ready_part(ask: Ask) -> web.StreamResponse:
    """GET /parts/live/ready?open=..&areas=..: how many are ready now, and which of those that are chosen one by one."""
    standing = await ask.parts.speakers.standing()
    areas = grounds(ask, standing, Right.LIVE).listed(ask.request.query)
    return page(ask, "_console_ready.html", areas=areas, speakers=_single(ask, standing))


def _single(ask: Ask, standing: Sequence[Standing]) -> list[SpeakerChoice]:
    """Those that can be chosen one by one."""
    mine = [one for one in standing if ask.may(Right.LIVE, one.speaker.area_id)]
    if len(mine) > MOST_SINGLE:
        return []
    ordered = sorted(mine, key=lambda one: (counting(one.area.name), counting(one.speaker.name)))
    return [
        SpeakerChoice(
            id=one.speaker.speaker_id,
            name=one.speaker.name,
            area_name=one.area.name,
            ready=one.not_ready is None,
        )
        for one in ordered
    ]


async def live_part(ask: Ask) -> web.StreamResponse:
    """GET /parts/live"""
    return page(ask, "_live_streams.html", frame=await full_frame(ask, path=PATH), streams=await _streams(ask))


async def end(ask: Ask) -> web.StreamResponse:
    """POST /live/{id}/end"""
    await ask.parts.live_desk.end(AiringId(ask.request.match_info["id"]), ask.by)
    return web.Response(status=303, headers={"Location": PATH})


async def _streams(ask: Ask) -> Sequence[StreamShown]:
    found = []
    for stream in ask.parts.live_desk.open_streams():
        areas = await subjects.areas_of_speakers(ask, stream.airing.speaker_ids)
        if ask.may(Right.SEE, EVERYWHERE) or any(ask.may(Right.SEE, one) for one in areas):
            found.append(_shown(stream, may_end=stream.owned and ask.may_all(Right.LIVE, areas)))
    return found


def _shown(stream: LiveStream, *, may_end: bool) -> StreamShown:
    return StreamShown(
        id=stream.airing.airing_id,
        title=stream.airing.title,
        by=stream.airing.planned_by,
        since=moment(stream.begins_us),
        hearing=stream.hearing(),
        of=stream.of,
        relay=not stream.owned,
        may_end=may_end,
    )


async def relay_part(ask: Ask) -> web.StreamResponse:
    """GET /parts/airings/{id}/relay"""
    airing_id = AiringId(ask.request.match_info["id"])
    return page(ask, "_airing_relay.html", relay=relay(ask, airing_id), airing_id=airing_id)
