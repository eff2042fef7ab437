"""Stopping: one airing, or everything.

A stop waits for nothing. It is signed from counters in memory and pushed to all devices at once, past whatever else
they are being sent, while it is being stored; where the database fails it is in force all the same.
"""

import logging
from collections.abc import Iterable, Sequence
from typing import Final

from agents.protocol.documents import Audience, Order, ReleaseStop, SignedDocument, Stop
from agents.protocol.ids import AiringId, DeviceId, DocumentId
from agents.protocol.values import DocumentKind, OnInterrupted
from controller.domain.airings import Airing, AiringState
from controller.domain.audiences import FEW
from controller.domain.deeds import Deed, DeedKind
from controller.domain.errors import StoreFailed
from controller.domain.orders import airing_of
from controller.domain.stops import Acknowledgement, ActiveStop
from controller.ports import Transaction
from controller.services.events import AiringChanged, SpeakersChanged, StopChanged
from controller.services.office import Office
from controller.services.outbox import Outbox

_log = logging.getLogger(__name__)
_HOUR_US: Final = 3_600_000_000
_RETRY_US: Final = 5_000_000


class Stops:
    """Holds what is stopped, also while the database cannot be asked."""

    def __init__(self, office: Office, outbox: Outbox) -> None:
        self._store = office.store
        self._outbox = outbox
        self._secretary = office.secretary
        self._clock = office.clock
        self._board = office.board
        self._events = office.events
        self._crew = office.crew
        self._settings = office.settings
        self._areas = office.areas
        self._planning = office.planning
        self._active: ActiveStop | None = None
        self._orders: list[DocumentId] = []

    async def resume(self) -> None:
        """Reads what was stopped before a restart. Raises `StoreFailed`."""
        async with self._store.reading() as tx:
            orders = await tx.documents.open_orders(self._clock.now_us())
            deeds = {deed.subject: deed.by for deed in await tx.deeds.latest(1_000) if deed.what is DeedKind.STOP_ALL}
        for order, _ in orders:
            if isinstance(order.action, Stop) and order.action.airing_ids is None:
                self._hold(order, deeds.get(order.header.document_id, ""))

    def active(self) -> ActiveStop | None:
        """The stop of everything that holds now."""
        if self._active is not None and self._active.not_after_us <= self._clock.now_us():
            self._active = None
            self._orders.clear()
        return self._active

    async def stop_all(self, by: str) -> DocumentId:
        """Silence everywhere, latched. A second stop while one holds is sent all the same."""
        now_us = self._clock.now_us()
        not_after_us = now_us + round(self._settings.stop_hours * _HOUR_US)
        connected = self._outbox.connected()
        # Devices are named where no area is known, so that the order reaches someone in any case.
        roots = self._areas.roots()
        to = Audience(areas=roots) if roots else Audience(devices=tuple(sorted(connected)))
        order, signed = self._secretary.order(to, Stop(), not_after_us)
        self._hold(order, by)
        self._push(connected, order, signed)
        ended = [entry.airing for entry in self._board.all() if _begun(entry.airing, now_us)]
        order_id = DocumentId(order.header.document_id)
        await self._keep(order, signed, ended, Deed(at_us=now_us, by=by, what=DeedKind.STOP_ALL, subject=order_id))
        self._push(self._outbox.connected() - connected, order, signed)  # they looked before it was stored
        self._events.publish(StopChanged())
        self._events.publish(SpeakersChanged())
        return order_id

    async def stop_airing(self, airing: Airing, devices: Iterable[DeviceId], by: str) -> DocumentId:
        """Ends one airing on its devices; the order stays open until the airing could not sound any more."""
        now_us = self._clock.now_us()
        begins_us = max(now_us, airing.start_at_us or now_us)
        not_after_us = begins_us + airing.duration_us + airing.lateness_window_us
        if airing.on_interrupted is not OnInterrupted.DROP:  # where something cut it, it may be waiting to go on
            not_after_us = max(not_after_us, airing.slot_ends_us or 0)
        named = tuple(sorted(devices))
        roots = self._areas.roots()
        # It ends nothing but this airing, so that it may reach more than those who play it.
        to = Audience(areas=roots) if roots and len(named) > FEW else Audience(devices=named)
        order, signed = self._secretary.order(to, Stop(airing_ids=(airing.airing_id,)), not_after_us)
        connected = self._outbox.connected()
        self._push(connected & set(named), order, signed)
        deed = Deed(at_us=now_us, by=by, what=DeedKind.STOP, subject=airing.airing_id)
        await self._keep(order, signed, [airing], deed)
        self._push((self._outbox.connected() - connected) & set(named), order, signed)
        return DocumentId(order.header.document_id)

    async def release(self, by: str) -> None:
        """Speakers may sound again. Raises `StoreFailed`, and then everything stays stopped."""
        active = self.active()
        if active is None:
            return
        now_us = self._clock.now_us()
        held = list(self._orders)
        to = Audience(areas=self._areas.roots())
        orders = [self._secretary.order(to, ReleaseStop(order_id=one), active.not_after_us) for one in held]
        async with self._store.transaction() as tx:
            for order, signed in orders:
                await tx.documents.put(order, signed)
            await tx.documents.close_orders(held)
            await tx.deeds.add(Deed(at_us=now_us, by=by, what=DeedKind.RELEASE_STOP, subject=active.order_id))
        self._active = None
        self._orders.clear()
        for order, signed in orders:
            self._push(self._outbox.connected(), order, signed)
        self._events.publish(StopChanged())
        self._events.publish(SpeakersChanged())

    async def acknowledgements(self, order_id: DocumentId) -> tuple[Acknowledgement, ...]:
        """Each adopted speaker's word on an order, by name of the speaker. Raises `StoreFailed`."""
        async with self._store.reading() as tx:
            speakers = await tx.speakers.all()
            words = {one.device_id: one for one in await tx.documents.delivered(order_id)}
        found = []
        for speaker in speakers:
            word = words.get(speaker.device_id)
            reason = None if word is None or word.reason is None else word.reason.value
            found.append(
                Acknowledgement(
                    speaker_id=speaker.speaker_id, at_us=None if word is None else word.at_us, reason=reason
                )
            )
        return tuple(found)

    def _hold(self, order: Order, by: str) -> None:
        order_id = DocumentId(order.header.document_id)
        self._orders.append(order_id)
        self._active = ActiveStop(
            order_id=order_id,
            since_us=order.header.issued_at_us,
            not_after_us=order.header.not_after_us,
            by=by,
        )

    def _push(self, device_ids: Iterable[DeviceId], order: Order, signed: SignedDocument) -> None:
        wanted = tuple(device_ids)
        if not wanted:
            return
        self._crew.spawn(self._pushed(wanted, order, signed), f"stop {order.header.document_id}")

    async def _pushed(self, device_ids: Sequence[DeviceId], order: Order, signed: SignedDocument) -> None:
        everything = isinstance(order.action, Stop) and order.action.airing_ids is None

        def still() -> bool:
            # Who missed the stop and has its release already must not be stopped by a late copy.
            return not everything or order.header.document_id in self._orders

        await self._outbox.push_all(device_ids, order, signed, overtaking=True, still=still)
        self._events.publish(StopChanged())

    async def _keep(self, order: Order, signed: SignedDocument, ended: Sequence[Airing], deed: Deed) -> None:
        """Stores a stop that is already on its way. Where that fails it is tried again until it works."""
        for airing in ended:
            self._board.remove(airing.airing_id)
        try:
            await self._stored(order, signed, ended, deed)
        except StoreFailed:
            _log.exception("a stop was sent and is not stored yet", extra={"order_id": order.header.document_id})
            self._crew.spawn(self._keep_later(order, signed, ended, deed), f"store stop {order.header.document_id}")

    async def _keep_later(self, order: Order, signed: SignedDocument, ended: Sequence[Airing], deed: Deed) -> None:
        while self._clock.now_us() < order.header.not_after_us:
            await self._clock.sleep_until(self._clock.now_us() + _RETRY_US)
            try:
                await self._stored(order, signed, ended, deed)
            except StoreFailed:
                continue
            return

    async def _stored(self, order: Order, signed: SignedDocument, ended: Sequence[Airing], deed: Deed) -> None:
        async with self._store.transaction() as tx:
            await tx.documents.put(order, signed)
            await tx.deeds.add(deed)
            for airing in ended:
                await tx.airings.set_state(airing.airing_id, AiringState.STOPPED)
            await _close_orders_of(tx, {airing.airing_id for airing in ended}, self._clock.now_us())
        for airing in ended:
            self._events.publish(AiringChanged(airing.airing_id))
        if ended:
            self._planning.wake()
        await self._secretary.stock(DocumentKind.ORDER)


async def _close_orders_of(tx: Transaction, airing_ids: set[AiringId], now_us: int) -> None:
    await tx.documents.close_orders(
        [
            order.header.document_id
            for order, _ in await tx.documents.open_orders(now_us)
            if airing_of(order) in airing_ids
        ]
    )


def _begun(airing: Airing, now_us: int) -> bool:
    """True for what sounds or is about to: all but what is planned for later."""
    return airing.now or airing.start_at_us is None or airing.start_at_us <= now_us
