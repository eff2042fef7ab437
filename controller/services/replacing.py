"""Another box takes the place of one that is dead: the speaker stays, with its name, place, groups, plans and history.

Rules of the module: until the new device has proven that it took the adoption, the speaker keeps the box it has; the
new one stands by as an entry of its own. Then they change places: the speaker has the new device, and the entry the
old one, which is not obeyed by anybody, is told to forget us if it ever dials again, and may hand in what it has seen
before that. What a device wrote counts for a pole only for as long as it hung there.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from agents.protocol.documents import Audience, ReleaseDevice
from agents.protocol.ids import AiringId, SpeakerId
from agents.protocol.values import DocumentKind
from controller.domain.airings import Airing
from controller.domain.errors import NotFound
from controller.domain.journals import JournalKey
from controller.domain.speakers import Box, Speaker, SpeakerState
from controller.ports import Transaction
from controller.services.box_history import BoxHistory
from controller.services.office import Office

RELEASE_VALID_US: Final = 400 * 86_400_000_000


class Replacing:
    """Lets a device that stands by take its place. Raises `StoreFailed`."""

    def __init__(self, office: Office) -> None:
        self._store = office.store
        self._clock = office.clock
        self._secretary = office.secretary
        self._roster = office.roster
        self._board = office.board
        self._boxes = office.boxes
        self._planning = office.planning
        self._fleet = office.fleet

    async def take_place(self, standby: Speaker) -> Speaker:
        """The device of ``standby`` is adopted: returns the speaker that it hangs on now. Where that one was released
        meanwhile it becomes a speaker itself.
        """
        await self._secretary.stock(DocumentKind.ORDER)
        async with self._store.transaction() as tx:
            now = await tx.speakers.get(standby.speaker_id)
            if now.state is not SpeakerState.ADOPTING or now.replaces is None:
                return await tx.speakers.by_device(standby.device_id) or now
            pole = await tx.speakers.get(now.replaces)
            if pole.state is not SpeakerState.ADOPTED:
                alone = replace(now, state=SpeakerState.ADOPTED, replaces=None)
                await tx.speakers.put(alone)
                boxes: tuple[Box, ...] = ()
            else:
                alone = None
                boxes = await self._changed_places(tx, pole, now)
        self._planning.wake()
        self._fleet.wake()
        if alone is not None:
            return alone
        renewed = replace(pole, device_id=now.device_id, device_key=now.device_key)
        self._boxes.put(pole.speaker_id, boxes)
        self._roster.own.update((now.device_id, pole.device_id))
        for entry in self._board.of_speaker(pole.speaker_id):
            entry.devices[pole.speaker_id] = now.device_id
        return renewed

    async def _changed_places(self, tx: Transaction, pole: Speaker, standby: Speaker) -> tuple[Box, ...]:
        health = await tx.speakers.health_of(pole.speaker_id)
        first = Box(
            speaker_id=pole.speaker_id,
            device_id=pole.device_id,
            device_key=pole.device_key,
            from_us=pole.adopted_at_us,
        )
        had = await tx.boxes.of_speaker(pole.speaker_id) or (first,)
        now_us = max(self._clock.now_us(), had[0].from_us + 1)
        ended = replace(had[0], until_us=now_us, model="" if health is None else health.model)
        begun = replace(first, device_id=standby.device_id, device_key=standby.device_key, from_us=now_us)
        await tx.boxes.put([ended, begun])
        await tx.documents.forget_device(pole.device_id)
        order, signed = self._secretary.order(
            Audience(devices=(pole.device_id,)), ReleaseDevice(), now_us + RELEASE_VALID_US
        )
        await tx.documents.put(order, signed)
        await tx.speakers.put(replace(pole, device_id=standby.device_id, device_key=standby.device_key))
        await tx.speakers.put(
            replace(standby, device_id=pole.device_id, device_key=pole.device_key, state=SpeakerState.REPLACED)
        )
        return (begun, ended, *had[1:])


async def sources(
    tx: Transaction, book: BoxHistory, pairs: Iterable[tuple[JournalKey, SpeakerId]]
) -> dict[tuple[AiringId, SpeakerId], tuple[JournalKey, ...]]:
    """Whose journals tell how an airing went on a speaker that one of them spoke of, in the order in which these
    devices hung there. A device that did not hang there while it was on the air says nothing of it.
    """
    found: dict[tuple[AiringId, SpeakerId], tuple[JournalKey, ...]] = {}
    for key, speaker_id in pairs:
        pair = (key.airing_id, speaker_id)
        if not book.had_several(speaker_id):
            found[pair] = (key,)
        elif pair not in found:
            airing = await _airing(tx, key.airing_id)
            devices = () if airing is None else book.hung(speaker_id, *_stretch(airing))
            found[pair] = tuple(JournalKey(key.airing_id, device_id) for device_id in devices)
    return found


async def _airing(tx: Transaction, airing_id: AiringId) -> Airing | None:
    try:
        return await tx.airings.get(airing_id)
    except NotFound:
        return None


def _stretch(airing: Airing) -> tuple[int, int]:
    start_us = airing.planned_at_us if airing.start_at_us is None else airing.start_at_us
    return start_us, start_us + airing.duration_us
