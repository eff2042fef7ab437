"""Stopping: one airing, everything, or everything in some areas.

A stop waits for nothing. It is signed from counters in memory and pushed to all devices at once, past whatever else
they are being sent, while it is being stored; where the database fails it is in force all the same. Several may hold at
once, and each is released on purpose.
"""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from typing import Final

from agents.protocol.documents import Audience, Order, ReleaseStop, SignedDocument, Stop
from agents.protocol.ids import AiringId, AreaId, DeviceId, DocumentId
from agents.protocol.values import DocumentKind, OnInterrupted
from controller.domain.airings import Airing
from controller.domain.audiences import FEW
from controller.domain.deeds import Deed, DeedKind
from controller.domain.errors import Invalid, NotFound, StoreFailed
from controller.domain.orders import airing_of
from controller.domain.stops import BY_AREAS, Acknowledgement, ActiveStop, latches, stops_everything
from controller.ports import Transaction
from controller.services.beside import Unwritten, write
from controller.services.board import OpenAiring
from controller.services.events import AiringChanged, SpeakersChanged, StopChanged
from controller.services.office import Office
from controller.services.outbox import Outbox
from controller.services.secretary import fresh_id

_log = logging.getLogger(__name__)
_HOUR_US: Final = 3_600_000_000
_RETRY_US: Final = 5_000_000
_LATCHING: Final = frozenset({DeedKind.STOP_ALL, DeedKind.STOP_AREAS})


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
        self._where = office.whereabouts
        self._unstored = office.unstored
        self._beside = office.beside
        self._holding: dict[DocumentId, ActiveStop] = {}

    async def resume(self) -> None:
        """Reads what was stopped before a restart. Raises `StoreFailed`."""
        async with self._store.reading() as tx:
            orders = await tx.documents.open_orders(self._clock.now_us())
            deeds = {deed.subject: deed.by for deed in await tx.deeds.latest(1_000) if deed.what in _LATCHING}
        for order, _ in orders:
            if latches(order):
                self._hold(order, deeds.get(order.header.document_id, ""))

    def active(self) -> ActiveStop | None:
        """The stop of everything that holds now, the last one where there are several."""
        return next((one for one in reversed(self.holding()) if one.everything), None)

    def holding(self) -> tuple[ActiveStop, ...]:
        """Every stop that holds now, of everything or of some areas, the oldest first."""
        now_us = self._clock.now_us()
        for one in [one for one in self._holding.values() if one.not_after_us <= now_us]:
            del self._holding[one.order_id]
        return tuple(self._holding.values())

    def stopped(self, area_id: str) -> bool:
        """Whether everything that stands in this area is stopped."""
        holding = self.holding()
        if not holding:
            return False
        around = self._areas.around(area_id)
        return any(one.everything or not around.isdisjoint(one.area_ids) for one in holding)

    def silences(self, area_ids: Iterable[AreaId]) -> bool:
        """Whether nothing could be heard in any of these areas."""
        return all(self.stopped(area_id) for area_id in area_ids)

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

    async def stop_areas(self, area_ids: Sequence[AreaId], by: str) -> DocumentId:
        """Silence in these areas and all below them, latched, whatever else holds.

        Raises `Invalid` (``areas_missing``), `NotFound` (``area_unknown``).
        """
        areas = self._known(area_ids)
        now_us = self._clock.now_us()
        not_after_us = now_us + round(self._settings.stop_hours * _HOUR_US)
        order, signed = self._secretary.order(
            Audience(areas=areas), Stop(), not_after_us, document_id=fresh_id(BY_AREAS)
        )
        self._hold(order, by)
        connected = self._standing_in(areas)
        self._push(connected, order, signed)
        ended = [entry.airing for entry in self._board.all() if self._all_silent(entry, now_us)]
        order_id = DocumentId(order.header.document_id)
        deed = Deed(at_us=now_us, by=by, what=DeedKind.STOP_AREAS, subject=order_id, detail=" ".join(areas)[:1_000])
        await self._keep(order, signed, ended, deed)
        self._push(self._standing_in(areas) - connected, order, signed)
        self._events.publish(StopChanged())
        self._events.publish(SpeakersChanged())
        return order_id

    def _known(self, area_ids: Sequence[AreaId]) -> tuple[AreaId, ...]:
        unknown = [one for one in area_ids if one not in self._areas.history()]
        if unknown:
            raise NotFound(f"no area {unknown[0]}", code="area_unknown")
        if not area_ids:
            raise Invalid("no area", code="areas_missing")
        return tuple(dict.fromkeys(AreaId(self._areas.standing(one).area_id) for one in area_ids))

    def _standing_in(self, area_ids: Sequence[AreaId]) -> frozenset[DeviceId]:
        """Those connected that stand there; who comes there just now gets it by `Delivery`."""
        connected = self._outbox.connected()
        meant = self._where.meant(area_ids, self._areas.around)
        return frozenset(one.device_id for one in meant if one.device_id in connected)

    def _all_silent(self, entry: OpenAiring, now_us: int) -> bool:
        """Whether it is on its way or on the air, and nobody could be heard with it any more."""
        if not _begun(entry.airing, now_us) or not entry.devices:
            return False
        standing = [self._where.of(device_id) for device_id in entry.devices.values()]
        areas = {one.area_id for one in standing if one is not None}
        return bool(areas) and all(self.stopped(area_id) for area_id in areas)

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

    async def release_all(self, by: str) -> None:
        """Speakers may sound again, but where areas are stopped besides. Raises `StoreFailed`, and then everything
        stays stopped.
        """
        await self._release([one for one in self.holding() if one.everything], by)

    async def release(self, order_id: DocumentId, by: str) -> None:
        """This stop does not hold any more; others may. Raises `NotFound` (``stop_unknown``), `StoreFailed`, and then
        it holds on.
        """
        held = next((one for one in self.holding() if one.order_id == order_id), None)
        if held is None:
            raise NotFound(f"no stop {order_id} holds", code="stop_unknown")
        await self._release([held], by)

    async def _release(self, stops: Sequence[ActiveStop], by: str) -> None:
        if not stops:
            return
        now_us = self._clock.now_us()
        # Whoever moved meanwhile is stopped as well: a release goes to all.
        to = Audience(areas=self._areas.roots())
        orders = [self._secretary.order(to, ReleaseStop(order_id=one.order_id), one.not_after_us) for one in stops]
        async with self._store.transaction() as tx:
            for order, signed in orders:
                await tx.documents.put(order, signed)
            await tx.documents.close_orders([one.order_id for one in stops])
            await tx.deeds.add(Deed(at_us=now_us, by=by, what=DeedKind.RELEASE_STOP, subject=stops[-1].order_id))
        for one in stops:
            self._holding.pop(one.order_id, None)
            self._unstored.drop(one.order_id)
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
        self._holding[order_id] = ActiveStop(
            order_id=order_id,
            since_us=order.header.issued_at_us,
            not_after_us=order.header.not_after_us,
            by=by,
            area_ids=() if stops_everything(order) else tuple(AreaId(one) for one in order.to.areas),
        )

    def _push(self, device_ids: Iterable[DeviceId], order: Order, signed: SignedDocument) -> None:
        wanted = tuple(device_ids)
        if not wanted:
            return
        self._crew.spawn(self._pushed(wanted, order, signed), f"stop {order.header.document_id}")

    async def _pushed(self, device_ids: Sequence[DeviceId], order: Order, signed: SignedDocument) -> None:
        def still() -> bool:
            # Who missed the stop and has its release already must not be stopped by a late copy.
            return not latches(order) or order.header.document_id in self._holding

        await self._outbox.push_all(device_ids, order, signed, overtaking=True, still=still)
        self._events.publish(StopChanged())

    async def _keep(self, order: Order, signed: SignedDocument, ended: Sequence[Airing], deed: Deed) -> None:
        """Stores a stop that is already on its way. Where that fails it is tried again until it works."""
        for airing in ended:
            self._board.remove(airing.airing_id)
        self._unstored.hold(order, signed)
        stopped = tuple(airing.airing_id for airing in ended)
        what, tried = Unwritten(deed=deed, orders=(signed,), stopped=stopped), asyncio.Event()
        task = self._crew.spawn(self._until_stored(order, what, ended, tried), f"store stop {order.header.document_id}")
        await self._beside.guard(task, tried, what).wait()

    async def _until_stored(self, order: Order, what: Unwritten, ended: Sequence[Airing], tried: asyncio.Event) -> None:
        while True:
            try:
                await self._stored(order, what, ended)
                return
            except StoreFailed:
                _log.exception("a stop was sent and is not stored yet", extra={"order_id": order.header.document_id})
            finally:
                tried.set()
            if self._clock.now_us() >= order.header.not_after_us:
                return
            await self._clock.sleep_until(self._clock.now_us() + _RETRY_US)

    async def _stored(self, order: Order, what: Unwritten, ended: Sequence[Airing]) -> None:
        async with self._store.transaction() as tx:
            await write(tx, what)
            order_id = DocumentId(order.header.document_id)
            if latches(order) and order_id not in self._holding:
                await tx.documents.close_orders([order_id])  # it was released before it could be stored
            await _close_orders_of(tx, {airing.airing_id for airing in ended}, self._clock.now_us())
            self._where.stand(await tx.speakers.all())  # who came a moment ago is told after this
        self._unstored.drop(order.header.document_id)
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
