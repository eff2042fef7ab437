"""What was handed in and what became of it, as whoever asks is told. Reads, and changes nothing."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from agents.protocol.ids import AreaId, BulletinId
from controller.domain import handing_in as rules
from controller.domain.airings import Airing, ContentId, Playback
from controller.domain.bulletins import Bulletin
from controller.domain.handing_in import HandIn, HandInId, HandInState
from controller.domain.paging import Place
from controller.domain.speakers import Speaker, SpeakerState
from controller.ports import Transaction
from controller.services.office import Office

_LISTED: Final = 1_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What became of it: its bulletin, and each airing with its evidence, the newest first."""

    hand_in: HandIn
    bulletin: Bulletin
    airings: tuple[tuple[Airing, tuple[Playback, ...]], ...]


class HandInReports:
    """Every method raises `StoreFailed` too."""

    def __init__(self, office: Office) -> None:
        self._store = office.store
        self._clock = office.clock
        self._areas = office.areas

    async def get(self, hand_in_id: HandInId) -> Outcome:
        """Raises `NotFound`."""
        async with self._store.reading() as tx:
            return await _outcome(tx, await tx.hand_ins.get(hand_in_id))

    async def open(self) -> tuple[HandIn, ...]:
        """What waits or is being prepared, the most urgent first."""
        async with self._store.reading() as tx:
            return tuple(sorted(await tx.hand_ins.open(), key=rules.by_urgency))

    async def waiting_areas(self) -> tuple[tuple[AreaId, ...], ...]:
        """The areas of each that is open and no emergency."""
        async with self._store.reading() as tx:
            return await tx.hand_ins.waiting_areas()

    async def emergencies(self, underway: Collection[ContentId]) -> tuple[tuple[HandIn, str], ...]:
        """Those that wait, are ``underway``, or have no sound and would still be valid; each with its title. Every page
        asks: what each speaker says of them is not read.
        """
        async with self._store.reading() as tx:
            found = [*await tx.hand_ins.open_emergencies(), *await tx.hand_ins.unheard(self._clock.now_us())]
            found = [one for one in found if one.state is not HandInState.TAKEN or one.bulletin_id in underway]
            bulletins = await tx.bulletins.several([one.bulletin_id for one in found])
        return tuple([(one, bulletins[one.bulletin_id].title) for one in found])

    async def decided(self, limit: int) -> tuple[HandIn, ...]:
        """What nobody is asked about any more, the last handed in first."""
        async with self._store.reading() as tx:
            found = await tx.hand_ins.latest(_LISTED)
        return tuple([one for one in found if not one.open][:limit])

    async def changed(self, limit: int, after: Place | None = None, token_id: str | None = None) -> tuple[HandIn, ...]:
        """The first to change first: of all, or of one token's; those that changed after a place."""
        async with self._store.reading() as tx:
            return await tx.hand_ins.changed(limit, after, token_id)

    async def targets(self, area_ids: Sequence[AreaId]) -> tuple[Speaker, ...]:
        """The adopted speakers that stand in these areas, or below them, or did until these were merged: who hands in
        may not have heard of a merger, and an emergency must arrive all the same.
        """
        async with self._store.reading() as tx:
            adopted = [one for one in await tx.speakers.all() if one.state is SpeakerState.ADOPTED]
            await self._areas.knowing(tx, {one.area_id for one in adopted})
        wanted = set(area_ids)
        return tuple([one for one in adopted if wanted & self._areas.around(one.area_id)])

    async def senders(self, content_ids: Sequence[str]) -> dict[str, str]:
        """Who handed in these, of those that came from above."""
        async with self._store.reading() as tx:
            return await tx.hand_ins.senders([BulletinId(one) for one in content_ids])


async def _outcome(tx: Transaction, hand_in: HandIn) -> Outcome:
    airings = await tx.airings.of_content(hand_in.bulletin_id)
    played = [(airing, await tx.airings.playbacks(airing.airing_id)) for airing in airings]
    return Outcome(hand_in=hand_in, bulletin=await tx.bulletins.get(hand_in.bulletin_id), airings=tuple(played))
