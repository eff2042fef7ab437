"""Tells speakers what they are, where that changed: their name, their areas and groups, how much later they begin."""

from collections.abc import Collection, Iterable, Sequence
from typing import Final

from agents.protocol.documents import Assignment, SignedDocument
from agents.protocol.ids import AreaId, DeviceId, SpeakerId
from agents.protocol.values import DocumentKind
from controller.domain.speakers import Speaker, SpeakerState
from controller.ports import Transaction
from controller.services.assignments import Assignments
from controller.services.office import Office
from controller.services.outbox import Outbox

_AT_ONCE: Final = 100
"""Assignments that are signed in one transaction: others want to write too."""


class Telling:
    """Signs assignments anew where they changed, and sends them to the speakers that are connected. One that is missed
    here, by a power cut say, is told when it connects.
    """

    def __init__(self, office: Office, outbox: Outbox, assignments: Assignments) -> None:
        self._store = office.store
        self._secretary = office.secretary
        self._areas = office.areas
        self._outbox = outbox
        self._assignments = assignments

    async def standing_in(self, area_ids: Collection[AreaId]) -> None:
        """All speakers that stand in one of these areas today, or are recorded in one. Raises `StoreFailed`."""
        async with self._store.reading() as tx:
            speakers = await tx.speakers.all()
            await self._areas.knowing(tx, {one.area_id for one in speakers})
        await self.speakers(
            one.speaker_id for one in speakers if {one.area_id, self._areas.standing(one.area_id).area_id} & {*area_ids}
        )

    async def pinned(self, speaker_ids: Sequence[SpeakerId]) -> None:
        """Those of them that do not keep what they should. Raises `StoreFailed`."""
        async with self._store.reading() as tx:
            found = (await tx.speakers.several(speaker_ids)).values()
            lacking = [one.speaker_id for one in found if await self._assignments.lacks_pins(tx, one)]
        await self.speakers(lacking, pinning=True)

    async def speakers(self, speaker_ids: Iterable[SpeakerId], *, pinning: bool = False) -> None:
        """``pinning``: also where nothing but the pinned clips changed. Raises `StoreFailed`."""
        chosen = list(dict.fromkeys(speaker_ids))
        for start in range(0, len(chosen), _AT_ONCE):
            piece = chosen[start : start + _AT_ONCE]
            await self._secretary.stock(DocumentKind.ASSIGNMENT, len(piece))
            async with self._store.transaction() as tx:
                signed = await self._signed(tx, (await tx.speakers.several(piece)).values(), pinning)
            connected = self._outbox.connected()
            for device_id, document, wrapped in signed:
                if device_id in connected:
                    self._outbox.push_behind(device_id, document, wrapped)

    async def _signed(
        self, tx: Transaction, speakers: Iterable[Speaker], pinning: bool
    ) -> Sequence[tuple[DeviceId, Assignment, SignedDocument]]:
        return [
            (speaker.device_id, *await self._assignments.current(tx, speaker, pinning=pinning))
            for speaker in speakers
            if speaker.state is SpeakerState.ADOPTED
        ]
