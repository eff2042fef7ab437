"""GET /speakers/{id}/rundown: what one speaker plays in the next 24 hours, or on a day, and what it does not."""

from datetime import timedelta
from typing import Final

from aiohttp import web

from agents.protocol.ids import SpeakerId
from controller.domain.guarding import GuardPlace
from controller.domain.rights import Right
from controller.services.planning.outlook import speaker_outlook
from controller.web import rundownpresent as present
from controller.web.asking import Ask
from controller.web.guarding import limit_sources, place_name
from controller.web.moments import day_of, moment, today
from controller.web.pages import frame_of, page
from controller.web.rundownpresent import Found, Window
from controller.web.rundownviews import GuardRow, RundownPage

_ONE_DAY: Final = timedelta(days=1)
_MINUTE_US: Final = 60_000_000


async def rundown_found(ask: Ask, speaker_id: SpeakerId, window: Window) -> Found:
    """What is planned for a speaker. Raises `NotFound`."""
    guards = await ask.parts.guards.effective(GuardPlace.speaker(speaker_id))
    world = ask.parts.planner.world()
    outlook = await speaker_outlook(world, speaker_id, window.from_us, window.until_us)
    return Found(world=world, lines=outlook.lines, items=outlook.items, guards=guards.guards, window=window)


async def rundown(ask: Ask) -> web.StreamResponse:
    """GET /speakers/{id}/rundown, with ``?day=2026-03-02`` for another day than the next 24 hours."""
    speaker_id = SpeakerId(ask.request.match_info["id"])
    written, now_us = ask.request.query.get("day", ""), ask.parts.clock.now_us()
    window = present.day_window(day_of(written), ask.say) if written else present.next_window(now_us)
    found = await rundown_found(ask, speaker_id, window)
    overview = await ask.parts.speakers.one(speaker_id)
    items = present.rows(found, ask.say)
    day = window.day or today(now_us, ask.say.zone)
    place = next((one for one in found.world.places if one.speaker_id == speaker_id), None)
    told = RundownPage(
        speaker_id=speaker_id,
        speaker_name=overview.speaker.name,
        area_name=overview.area_name,
        from_at=moment(window.from_us),
        until_at=moment(window.until_us),
        day="" if window.day is None else window.day.isoformat(),
        previous=(day - _ONE_DAY).isoformat(),
        next=(day + _ONE_DAY).isoformat(),
        rows=present.with_quiet(found, items),
        bars=present.bars(found, ask.say),
        hours=present.hours(window, ask.say),
        guards=await _guards(ask, speaker_id),
        odd=[row for row in items if row.odd],
        heard=sum(1 for row in items if row.starts_at is not None),
        absent=sum(1 for row in items if row.starts_at is None),
        stagger_s=0.0 if place is None else place.stagger_us / 1_000_000,
        now_x=_now_x(window, now_us),
        may_set_guards=ask.may(Right.SET_GUARDS, overview.speaker.area_id),
        minutes=(window.until_us - window.from_us) / _MINUTE_US,
    )
    return page(ask, "rundown.html", frame=await frame_of(ask), rundown=told)


def _now_x(window: Window, now_us: int) -> float | None:
    """On a whole day alone: the next 24 hours begin with it."""
    if window.day is None or not window.from_us <= now_us < window.until_us:
        return None
    return (now_us - window.from_us) / _MINUTE_US


async def _guards(ask: Ask, speaker_id: SpeakerId) -> list[GuardRow]:
    effective = await ask.parts.guards.effective(GuardPlace.speaker(speaker_id))
    return [
        GuardRow(sentence=said, source=await place_name(ask, place))
        for said, place in limit_sources(effective, ask.say)
    ]
