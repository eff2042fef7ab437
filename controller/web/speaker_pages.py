"""The list of speakers, and the page of each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from aiohttp import web

from agents.protocol.ids import SpeakerId
from controller.domain.errors import NotFound
from controller.domain.rights import EVERYWHERE, Right
from controller.domain.speakers import SpeakerOverview
from controller.web import box_pages, placeviews, present, views
from controller.web.asking import Ask
from controller.web.degrees import written_place
from controller.web.pages import found_view, frame_of, overviews_of, page
from controller.web.speakerlist import Listed, Mark, Wanted, listed, marks, wanted
from controller.web.targets import standing_for

JOURNAL_LENGTH: Final = 200


@dataclass(frozen=True, kw_only=True)
class SpeakersShown:
    """One page of the list of speakers, and the addresses of its neighbours; those are empty at its ends."""

    rows: Sequence[views.SpeakerRow]
    marks: Sequence[Sequence[Mark]]
    want: Wanted
    list: Listed
    part: str
    previous: str = ""
    next: str = ""


async def speakers(ask: Ask) -> web.StreamResponse:
    """GET /speakers, narrowed and sorted as `speakerlist.Wanted` says."""
    return page(
        ask,
        "speakers.html",
        frame=await frame_of(ask),
        speakers=await _shown(ask),
        waiting=await placeviews.waiting(ask),
        **await found_view(ask),
    )


async def speaker_rows_part(ask: Ask) -> web.StreamResponse:
    """GET /parts/speaker-rows, narrowed in the same way."""
    return page(ask, "_speaker_rows.html", speakers=await _shown(ask))


async def _shown(ask: Ask) -> SpeakersShown:
    want = wanted(ask.request.query)
    faults = ask.parts.faults.of_speaker_now
    # What thousands of devices say of themselves is put together only where the list asks for it.
    whole = want.by_health or not ask.may(Right.SEE, EVERYWHERE)
    there = await overviews_of(ask) if whole else await _without_health(ask)
    makes = None if whole else await ask.parts.speakers.makes()
    found = listed(there, faults, want, ask.path_of, ask.say, makes=makes)
    shown: Sequence[SpeakerOverview] = found.overviews
    if not whole:
        places = {one.speaker.speaker_id: place for place, one in enumerate(shown)}
        shown = sorted(await overviews_of(ask, places), key=lambda one: places[one.speaker.speaker_id])
    rows = [present.speaker_row(one, ask.say) for one in shown]
    return SpeakersShown(
        rows=rows,
        marks=[marks(faults(SpeakerId(row.id)), row.state, ask.say) for row in rows],
        want=want,
        list=found,
        part=want.address("/parts/speaker-rows", page=found.page),
        previous=want.address("/speakers", page=found.page - 1) if found.page > 1 else "",
        next=want.address("/speakers", page=found.page + 1) if found.page < found.pages else "",
    )


async def _without_health(ask: Ask) -> list[SpeakerOverview]:
    sounding = ask.parts.dispatch.sounding()
    return [
        SpeakerOverview(
            speaker=one.speaker,
            area_name=one.area_name,
            health=None,
            not_ready=one.not_ready,
            sounding_airing_id=sounding.get(one.speaker.speaker_id),
        )
        for one in await standing_for(ask, Right.SEE)
    ]


# --- one speaker ------------------------------------------------------------------------------------------------------


async def speaker(ask: Ask) -> web.StreamResponse:
    """GET /speakers/{id}"""
    return await speaker_page(ask, SpeakerId(ask.request.match_info["id"]))


async def speaker_page(
    ask: Ask,
    speaker_id: SpeakerId,
    *,
    notice: str = "",
    problem: str = "",
    status: int = 200,
    position: str | None = None,
    position_problem: str = "",
    delay: str | None = None,
    delay_problem: str = "",
) -> web.Response:
    """One speaker's page, with what became of a change; ``position`` and ``delay`` are what was typed. Raises
    `NotFound`.
    """
    overview = await _overview(ask, speaker_id)
    found = await _view(ask, overview)
    if position is None:
        known = await ask.parts.cap_settings.positions() if found.may_tend else {}
        position = written_place(known.get(speaker_id))
    return page(
        ask,
        "speaker.html",
        status=status,
        frame=await frame_of(ask, path=f"/speakers/{speaker_id}"),
        speaker=found,
        box=await box_pages.box_shown(ask, overview, model=found.model),
        places=await placeviews.places(ask, Right.TEND) if found.may_tend else [],
        position=position,
        position_problem=position_problem,
        delay=str(found.delay_ms) if delay is None else delay,
        delay_problem=delay_problem,
        located=ask.request.query.get("done") == "located",
        notice=notice,
        problem=problem,
    )


async def _overview(ask: Ask, speaker_id: SpeakerId) -> SpeakerOverview:
    """Raises `NotFound`."""
    overview = await ask.parts.speakers.one(speaker_id)
    return replace(overview, sounding_airing_id=ask.parts.dispatch.sounding().get(speaker_id))


async def speaker_view(ask: Ask, speaker_id: SpeakerId) -> views.SpeakerPage:
    """Raises `NotFound`."""
    return await _view(ask, await _overview(ask, speaker_id))


async def _view(ask: Ask, overview: SpeakerOverview) -> views.SpeakerPage:
    report = await ask.parts.reports.speaker(overview.speaker.speaker_id, JOURNAL_LENGTH)
    area_id = overview.speaker.area_id
    return replace(
        present.speaker_page(overview, report, ask.say),
        may_tend=ask.may(Right.TEND, area_id),
        may_release=ask.may(Right.ADOPT, area_id),
    )


async def speaker_part(ask: Ask) -> web.StreamResponse:
    """GET /parts/speakers/{id}"""
    return await _part(ask, "_speaker_state.html")


async def journal_part(ask: Ask) -> web.StreamResponse:
    """GET /parts/speakers/{id}/journal"""
    return await _part(ask, "_speaker_journal.html")


async def _part(ask: Ask, template: str) -> web.Response:
    """Nothing new of a speaker that was released a moment ago: its page is about to be left."""
    try:
        found = await speaker_view(ask, SpeakerId(ask.request.match_info["id"]))
    except NotFound:
        return web.Response(status=204)
    return page(ask, template, speaker=found)
