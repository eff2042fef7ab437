"""Bulletins that the editor of a programme offers: to be heard in it, or in place of a relay that cannot be had."""

from typing import Final

from controller.domain.bulletins import Bulletin, BulletinState
from controller.domain.programmes import Programme
from controller.domain.rights import Right
from controller.web import subjects
from controller.web.asking import Ask
from controller.web.bulletinviews import says
from controller.web.programmeviews import Offered, content_s

OFFERED: Final = 8
SEARCHED: Final = 400
SPARES: Final = 60


async def offered(ask: Ask, searched: str, now_us: int) -> list[Offered]:
    def fits(one: Bulletin) -> bool:
        return one.state is BulletinState.READY and not one.expired(now_us) and (not searched or says(one, searched))

    found = [one for one in await subjects.seen_bulletins(ask, SEARCHED) if fits(one)]
    return [
        Offered(
            id=one.bulletin_id,
            title=one.title,
            duration_s=content_s(one),
            changed_by=one.changed_by,
        )
        for one in found[:OFFERED]
    ]


async def spares(ask: Ask, imagined: Programme, now_us: int) -> list[Offered]:
    """What can be heard where a relay cannot be had: the latest, and what is chosen already."""
    if not imagined.relays:
        return []
    chosen = {one.fallback_bulletin_id for one in imagined.relays if one.fallback_bulletin_id}
    async with ask.parts.store.reading() as tx:
        there = (await tx.bulletins.several(list(chosen))).values()
    found = [one for one in there if await subjects.bulletin_seen(ask, one, Right.SEE)]
    latest = await subjects.seen_bulletins(ask, SPARES)
    found += [
        one
        for one in latest
        if one.bulletin_id not in chosen and one.state is BulletinState.READY and not one.expired(now_us)
    ]
    return [
        Offered(id=one.bulletin_id, title=one.title, duration_s=content_s(one), changed_by=one.changed_by)
        for one in found
    ]
