"""Who comes to hear a live broadcast while it lasts: speakers that are adopted, or moved, into an area that was chosen,
and boxes that take the place of others.

Rules of the module: they get the order as all others have it, and join in step. Where the database takes nothing they
wait for it, and keep nobody else waiting: a database that is slow holds up neither other streams nor this one. Who
leaves such an area hears it to its end.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from agents.protocol.documents import Audience, Order
from agents.protocol.ids import AiringId, AreaId, DeviceId
from agents.protocol.values import DocumentKind
from controller.domain import evidence
from controller.domain.airings import Playback, PlayState
from controller.domain.errors import LoaError
from controller.domain.groups import latest_us
from controller.domain.journals import JournalKey
from controller.domain.speakers import Speaker
from controller.ports import Transaction
from controller.services.board import OpenAiring
from controller.services.live.stream import LiveStream
from controller.services.office import Office
from controller.services.outbox import Outbox

_log = logging.getLogger(__name__)
_RETRY_US: Final = 5_000_000


@dataclass(slots=True)
class _Heard:
    """Where one is heard: all that lies in ``area_ids``; ``told`` are the devices that get its order. While somebody is
    ``adding`` nobody else does, and after a failure nobody before ``again_us``.
    """

    area_ids: tuple[AreaId, ...]
    order: Order
    told: set[DeviceId]
    again_us: int = 0
    adding: bool = False


class Newcomers:
    """`begin` with each broadcast, then `look` now and then, until `forget`."""

    def __init__(self, office: Office, outbox: Outbox) -> None:
        self._store = office.store
        self._clock = office.clock
        self._crew = office.crew
        self._areas = office.areas
        self._where = office.whereabouts
        self._board = office.board
        self._secretary = office.secretary
        self._outbox = outbox
        self._heard: dict[AiringId, _Heard] = {}

    def begin(self, stream: LiveStream, area_ids: Sequence[AreaId], order: Order) -> None:
        """Its order goes to all that are on the board for it."""
        told = set() if stream.entry is None else set(stream.entry.devices.values())
        self._heard[stream.airing.airing_id] = _Heard(tuple(area_ids), order, told)

    def forget(self, airing_id: AiringId) -> None:
        """It is over."""
        self._heard.pop(airing_id, None)

    def look(self, stream: LiveStream) -> None:
        """Sees to it that who is new comes on the board, and is told. Never waits."""
        airing_id = stream.airing.airing_id
        heard, entry = self._heard.get(airing_id), self._board.get(airing_id)
        if heard is None or entry is None:
            return
        meant = self._where.meant(heard.area_ids, self._areas.around) if heard.area_ids else ()
        new = [one for one in meant if one.speaker_id not in entry.playbacks]
        if new and not heard.adding and self._clock.now_us() >= heard.again_us:
            heard.adding = True
            self._crew.spawn(self._come(stream, entry, heard, new), f"who came to {airing_id}")
        for device_id in self._outbox.connected() & set(entry.devices.values()) - heard.told:
            heard.told.add(device_id)
            _name(entry, device_id)
            self._crew.spawn(self._tell(stream, heard, device_id), f"live for {device_id}")

    async def _come(self, stream: LiveStream, entry: OpenAiring, heard: _Heard, new: Sequence[Speaker]) -> None:
        try:
            await self._add(stream, entry, heard.order, new)
        except Exception:
            _log.exception("who came to a live broadcast is added later", extra={"airing_id": entry.airing.airing_id})
            heard.again_us = self._clock.now_us() + _RETRY_US
        finally:
            heard.adding = False

    async def _add(self, stream: LiveStream, entry: OpenAiring, order: Order, new: Sequence[Speaker]) -> None:
        async with self._store.transaction() as tx:
            if stream.over.is_set():
                return  # while the database kept us waiting
            playbacks = await _evidence(tx, entry, order, new)
            await tx.airings.add_playbacks(playbacks)
            later_us = latest_us(new, await tx.groups.all())
        if self._board.get(entry.airing.airing_id) is not entry:
            return
        entry.playbacks.update({one.speaker_id: one for one in playbacks})
        entry.devices.update({one.speaker_id: one.device_id for one in new})
        entry.airing = replace(entry.airing, speaker_ids=tuple(entry.playbacks))
        self._board.put(entry)
        stream.joined(later_us)

    async def _tell(self, stream: LiveStream, heard: _Heard, device_id: DeviceId) -> None:
        """By name: it may not know yet where it stands."""
        order_id = heard.order.header.document_id
        try:
            async with self._store.reading() as tx:
                if await tx.documents.accepted([device_id], [order_id]):
                    return  # it got it when it connected
            await self._secretary.stock(DocumentKind.ORDER)
            if stream.over.is_set():
                return
            to, not_after_us = Audience(devices=(device_id,)), heard.order.header.not_after_us
            order, signed = self._secretary.order(to, heard.order.action, not_after_us, document_id=order_id)
            if await self._outbox.push_until_heard(device_id, order, signed) is None:
                heard.told.discard(device_id)
        except LoaError:
            heard.told.discard(device_id)
            raise


def _name(entry: OpenAiring, device_id: DeviceId) -> None:
    """The order that ends it is for this device too."""
    if entry.to is not None and device_id not in entry.to.devices:
        entry.to = Audience(areas=entry.to.areas, devices=(*entry.to.devices, device_id))


async def _evidence(tx: Transaction, entry: OpenAiring, order: Order, new: Sequence[Speaker]) -> tuple[Playback, ...]:
    """What their devices said already: one that stands in an area that the order names has it before it is here."""
    airing_id = entry.airing.airing_id
    words = {one.device_id: one for one in await tx.documents.delivered(order.header.document_id) if one.accepted}
    journals = await tx.journals.of_airings([(airing_id, one.device_id) for one in new])
    found = []
    for one in new:
        playback = Playback(airing_id=airing_id, speaker_id=one.speaker_id, state=PlayState.PLANNED)
        if (word := words.get(one.device_id)) is not None:
            playback = evidence.pushed(playback, word.at_us)
        found.append(evidence.fold(playback, journals.get(JournalKey(airing_id, one.device_id), ())))
    return tuple(found)
