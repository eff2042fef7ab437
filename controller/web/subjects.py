"""Where the things are that a path names, for `Route.over`.

Rules: who reads needs the right in one of the areas of a thing; who changes it needs it in all of them. What is not
there is `NotFound` to everybody.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from agents.protocol.ids import AiringId, AreaId, BulletinId, SpeakerId
from controller.domain.airings import Airing
from controller.domain.bulletins import Bulletin
from controller.domain.errors import NotFound
from controller.domain.rights import EVERYWHERE, Right
from controller.domain.tokens import BY_TOKEN
from controller.ports import Transaction
from controller.services.reports import AiringReport, AiringSummary
from controller.web.asking import Ask
from controller.web.security import SAFE_METHODS

_SEARCHED: Final = 1_000
"""How far back something of one's own areas is looked for."""
_RECENT: Final = 200
"""Airings among which one with a given bulletin is looked for."""


def _named(ask: Ask, name: str) -> str:
    found = ask.request.match_info
    return found[name] if name in found else found["id"]


def _holds(ask: Ask, right: Right, area_ids: Iterable[AreaId]) -> bool:
    if ask.request.method in SAFE_METHODS:
        return any(ask.may(right, area_id) for area_id in area_ids)
    return ask.may_all(right, area_ids)


async def speaker(ask: Ask, right: Right) -> bool:
    """The speaker of the path. Raises `NotFound`."""
    async with ask.parts.store.reading() as tx:
        return _holds(ask, right, [(await tx.speakers.get(SpeakerId(_named(ask, "speaker_id")))).area_id])


async def speaker_or_none(ask: Ask, right: Right) -> bool:
    """The same for the part of a page whose speaker may just have been released."""
    try:
        return await speaker(ask, right)
    except NotFound:
        return True


async def airing(ask: Ask, right: Right) -> bool:
    """The airing of the path, which is where its speakers are. Raises `NotFound`."""
    async with ask.parts.store.reading() as tx:
        found = await tx.airings.get(AiringId(_named(ask, "airing_id")))
        return _holds(ask, right, await _areas_of(tx, found))


async def bulletin(ask: Ask, right: Right) -> bool:
    """The bulletin of the path. Raises `NotFound`."""
    async with ask.parts.store.reading() as tx:
        found = await tx.bulletins.get(BulletinId(_named(ask, "bulletin_id")))
        if ask.request.method not in SAFE_METHODS:
            return found.created_by == ask.by or ask.may_all(right, await makers_areas(tx, found.created_by, right))
        return await bulletin_seen(ask, tx, found, right)


async def bulletin_seen(ask: Ask, tx: Transaction, found: Bulletin, right: Right) -> bool:
    """A bulletin is seen by whoever made it, where its maker has a role, and where it was sent."""
    if found.created_by == ask.by or ask.may(right, EVERYWHERE):
        return True
    if any(ask.touches(right, area_id) for area_id in await makers_areas(tx, found.created_by)):
        return True
    sent = [one for one in await tx.airings.latest(_RECENT) if one.content_id == found.bulletin_id]
    areas = {area_id for one in sent for area_id in await _areas_of(tx, one)}
    return any(ask.may(right, area_id) for area_id in areas)


async def require_bulletin(ask: Ask, bulletin_id: BulletinId) -> None:
    """One that is to be sent must be one that whoever asks may see. Raises `NotFound`."""
    async with ask.parts.store.reading() as tx:
        if not await bulletin_seen(ask, tx, await tx.bulletins.get(bulletin_id), Right.BROADCAST):
            raise NotFound(f"no bulletin {bulletin_id}")


async def makers_areas(tx: Transaction, name: str, right: Right | None = None) -> tuple[AreaId, ...]:
    """Where whoever made something has roles, or those with ``right``; the whole station for who is not known."""
    if name.startswith(BY_TOKEN):
        found = [one.actor for one in await tx.api_tokens.all() if one.actor.name == name][:1]
    else:
        person = await tx.persons.named(name)
        found = [] if person is None else [person.actor]
    areas = {area_id for actor in found for area_id, rights in actor.scopes if right is None or right in rights}
    return tuple(areas) or (EVERYWHERE,)


async def seen_airings(ask: Ask, limit: int) -> Sequence[AiringSummary]:
    """The latest that whoever asks may see: those with a speaker in their areas."""
    if ask.may(Right.SEE, EVERYWHERE):
        return await ask.parts.reports.latest_airings(limit)
    summaries = await ask.parts.reports.latest_airings(_SEARCHED)
    wanted = {speaker_id for summary in summaries for speaker_id in summary.airing.speaker_ids}
    async with ask.parts.store.reading() as tx:
        known = await tx.speakers.several(list(wanted))
    mine = {speaker_id for speaker_id, one in known.items() if ask.may(Right.SEE, one.area_id)}
    return [summary for summary in summaries if not mine.isdisjoint(summary.airing.speaker_ids)][:limit]


def seen_report(ask: Ask, report: AiringReport) -> AiringReport:
    """With those of its speakers that whoever asks may see."""
    seen = tuple(one for one in report.playbacks if ask.may(Right.SEE, one.speaker.area_id))
    return replace(report, playbacks=seen)


async def seen_bulletins(ask: Ask, limit: int) -> Sequence[Bulletin]:
    """The latest that whoever asks may see."""
    if ask.may(Right.SEE, EVERYWHERE):
        return await ask.parts.compose.latest(limit)
    found = await ask.parts.compose.latest(_SEARCHED)
    async with ask.parts.store.reading() as tx:
        makers = {name: await makers_areas(tx, name) for name in {one.created_by for one in found}}
    mine = {name for name, areas in makers.items() if any(ask.touches(Right.SEE, area_id) for area_id in areas)}
    return [one for one in found if one.created_by in mine | {ask.by}][:limit]


async def _areas_of(tx: Transaction, one: Airing) -> set[AreaId]:
    return {found.area_id for found in (await tx.speakers.several(one.speaker_ids)).values()}


async def areas_of_speakers(ask: Ask, speaker_ids: Iterable[SpeakerId]) -> set[AreaId]:
    """Where these speakers stand, as far as they are known."""
    async with ask.parts.store.reading() as tx:
        return {one.area_id for one in (await tx.speakers.several(list(speaker_ids))).values()}
