"""What was handed in and what became of it, as whoever asks is told. Reads, and changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from agents.protocol.ids import AreaId, BulletinId
from controller.domain import handing_in as rules
from controller.domain.airings import OPEN_STATES, Airing, Playback
from controller.domain.bulletins import Bulletin
from controller.domain.handing_in import HandIn, HandInId, HandInState
from controller.domain.paging import Place
from controller.domain.speakers import Speaker, SpeakerState
from controller.ports import Transaction
from controller.services.office import Office
from schedules.areas import AreaTree

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

    async def emergencies(self) -> tuple[Outcome, ...]:
        """Those that wait, are on their way or sound now, or have no sound and would still be valid."""
        async with self._store.reading() as tx:
            found = [one for one in await tx.hand_ins.open() if one.emergency]
            found += await tx.hand_ins.unheard(self._clock.now_us())
            outcomes = [await _outcome(tx, one) for one in found]
        return tuple([one for one in outcomes if _matters(one)])

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
        """The adopted speakers that stand in these areas, or below them."""
        async with self._store.reading() as tx:
            adopted = [one for one in await tx.speakers.all() if one.state is SpeakerState.ADOPTED]
            tree = await self._areas.knowing(tx, {one.area_id for one in adopted})
        wanted = set(area_ids)
        return tuple([one for one in adopted if wanted & _path(tree, one.area_id)])

    async def senders(self, content_ids: Sequence[str]) -> dict[str, str]:
        """Who handed in these, of those that came from above."""
        async with self._store.reading() as tx:
            return await tx.hand_ins.senders([BulletinId(one) for one in content_ids])


def _matters(outcome: Outcome) -> bool:
    if outcome.hand_in.open or outcome.hand_in.state is HandInState.FAILED:
        return True
    return any(airing.state in OPEN_STATES for airing, _ in outcome.airings)


def _path(tree: AreaTree, area_id: AreaId) -> set[str]:
    return {area.area_id for area in tree.path(area_id)}


async def _outcome(tx: Transaction, hand_in: HandIn) -> Outcome:
    airings = await tx.airings.of_content(hand_in.bulletin_id)
    played = [(airing, await tx.airings.playbacks(airing.airing_id)) for airing in airings]
    return Outcome(hand_in=hand_in, bulletin=await tx.bulletins.get(hand_in.bulletin_id), airings=tuple(played))
