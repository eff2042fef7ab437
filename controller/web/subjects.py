"""Where the things are that a path names, for `Route.over`.

Rules: who reads needs the right in one of the areas of a thing; who changes it needs it in all of them. What is not
there is `NotFound` to everybody.
"""

from collections.abc import Iterable, Sequence
from typing import Final, TypeVar

from agents.protocol.ids import AiringId, AreaId, BulletinId, SpeakerId
from controller.domain.airings import Airing
from controller.domain.bulletins import Bulletin
from controller.domain.errors import NotFound
from controller.domain.paging import Page, Place
from controller.domain.rights import EVERYWHERE, Right
from controller.ports import Transaction
from controller.web.asking import Ask
from controller.web.security import SAFE_METHODS

Listed = TypeVar("Listed")
_SEARCHED: Final = 1_000
"""How far back something of one's own areas is looked for at once."""
_PIECE: Final = 200


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
    found = await ask.parts.compose.get(BulletinId(_named(ask, "bulletin_id")))
    if ask.request.method in SAFE_METHODS:
        return await bulletin_seen(ask, found, right)
    async with ask.parts.store.reading() as tx:
        areas = (await _Makers.known(tx)).areas_of(found, right)
    return found.created_by == ask.by or ask.may_all(right, areas)


async def bulletin_seen(ask: Ask, found: Bulletin, right: Right) -> bool:
    """A bulletin is seen by whoever made it, where it belongs, and where it was sent."""
    if found.created_by == ask.by or ask.may(right, EVERYWHERE):
        return True
    async with ask.parts.store.reading() as tx:
        if any(ask.touches(right, area_id) for area_id in (await _Makers.known(tx)).areas_of(found)):
            return True
        sent = [one for one in await tx.airings.latest(_SEARCHED) if one.bulletin_id == found.bulletin_id]
        areas = {area_id for one in sent for area_id in await _areas_of(tx, one)}
    return any(ask.may(right, area_id) for area_id in areas)


async def require_bulletin(ask: Ask, bulletin_id: BulletinId) -> None:
    """One that is to be sent must be one that whoever asks may see. Raises `NotFound`."""
    if not await bulletin_seen(ask, await ask.parts.compose.get(bulletin_id), Right.BROADCAST):
        raise NotFound(f"no bulletin {bulletin_id}")


async def seen_bulletins(ask: Ask, limit: int) -> Sequence[Bulletin]:
    """The latest that whoever asks may see."""
    return (await page_of_bulletins(ask, limit)).items


async def page_of_bulletins(ask: Ask, limit: int, before: Place | None = None) -> Page[Bulletin]:
    """Those of `seen_bulletins` that come after a place."""

    async def read(most: int, after: Place | None) -> Sequence[Bulletin]:
        return await ask.parts.compose.latest(most, before=after)

    async def seen(found: Sequence[Bulletin]) -> Sequence[bool]:
        async with ask.parts.store.reading() as tx:
            makers = {name: await makers_areas(tx, name) for name in {one.created_by for one in found}}
        mine = {name for name, areas in makers.items() if any(ask.touches(Right.SEE, area_id) for area_id in areas)}
        return [one.created_by in mine | {ask.by} for one in found]

    return await _page(
        ask, limit, before, read=read, seen=seen, place=lambda one: Place(one.changed_at_us, one.bulletin_id)
    )


async def _areas_of(tx: Transaction, one: Airing) -> set[AreaId]:
    return {found.area_id for found in (await tx.speakers.several(one.speaker_ids)).values()}


async def areas_of_speakers(ask: Ask, speaker_ids: Iterable[SpeakerId]) -> set[AreaId]:
    """Where these speakers stand, as far as they are known."""
    async with ask.parts.store.reading() as tx:
        return {one.area_id for one in (await tx.speakers.several(list(speaker_ids))).values()}
