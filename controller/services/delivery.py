"""What a device lacks when it connects, sent in an order that makes sense to it."""

import logging
from collections.abc import Sequence
from typing import Final

from agents.protocol.documents import Audience, Document, Order, ReleaseDevice, SignedDocument
from agents.protocol.ids import AreaId, DeviceId
from agents.protocol.values import DocumentKind
from controller.domain.errors import StoreFailed
from controller.domain.orders import airing_of
from controller.domain.speakers import Speaker, SpeakerState
from controller.domain.stops import stops_everything
from controller.ports import Transaction
from controller.services.assignments import Assignments
from controller.services.lacking import Lacking, addressed
from controller.services.office import Office
from controller.services.outbox import Outbox
from controller.services.planning.rundowns import Rundowns
from controller.services.roster import Present
from controller.services.secretary import MustSign

_log = logging.getLogger(__name__)
_HAND_IN_WITHIN_US: Final = 60_000_000
_LOOK_EVERY_US: Final = 1_000_000
_RETRY_US: Final = 5_000_000


class Delivery:
    """Sees to it that every device gets what is meant for it, also when it was away."""

    def __init__(self, office: Office, outbox: Outbox, assignments: Assignments, rundowns: Rundowns) -> None:
        self._store = office.store
        self._outbox = outbox
        self._secretary = office.secretary
        self._clock = office.clock
        self._roster = office.roster
        self._lack = Lacking(office, assignments, rundowns)
        self._assignments = assignments
        self._rundowns = rundowns
        self._board = office.board
        self._areas = office.areas
        self._crew = office.crew
        self._unstored = office.unstored
        self._where = office.whereabouts

    async def deliver(self, device_id: DeviceId) -> None:
        """To be called once a device's link can be pushed to (it is in ``Links.connected()``).

        Sends what it lacks, in order: its assignment, its rundown, then open orders and stops by their numbers; to one
        that is being released only that. Returns when all is delivered or the device is gone; never raises
        `Unreachable`. What is in force and not stored yet goes last; where the database fails that alone, and the rest
        is tried again while the device is there.
        """
        present = self._roster.get(device_id)
        if present is None:
            return
        self._board.links_changed()
        marks = {kind: present.marks.get((self._secretary.key_id, kind), 0) for kind in DocumentKind}
        unstored = self._not_stored_for(device_id)
        lacking: Sequence[tuple[Document, SignedDocument]] = ()
        try:
            lacking = await self._lacking(device_id, marks)
        except StoreFailed:
            _log.exception("nothing that is stored could be delivered", extra={"device_id": device_id})
            self._crew.spawn(self._again(present), f"deliver {device_id}")
        if present.former_of is not None:
            await self._handed_in(present)
        found = {document.header.document_id for document, _ in lacking}
        more = [one for one in unstored if one[0].header.document_id not in found and self._holds(one[0])]
        for document, signed in (*lacking, *more):
            try:
                if await self._outbox.push_until_heard(device_id, document, signed) is None:
                    return
            except StoreFailed:
                _log.exception("that it was delivered is not stored", extra={"device_id": device_id})

    async def _again(self, present: Present) -> None:
        await self._clock.sleep_until(self._clock.now_us() + _RETRY_US)
        if self._roster.get(present.device_id) is present:
            await self.deliver(present.device_id)

    def _not_stored_for(self, device_id: DeviceId) -> list[tuple[Order, SignedDocument]]:
        """Orders for this device that are in force, and that the database does not have yet."""
        orders = self._unstored.all(self._clock.now_us())
        speaker = self._where.of(device_id) if orders else None
        if speaker is None or speaker.state is not SpeakerState.ADOPTED:
            return []
        around = tuple(AreaId(one) for one in self._areas.around(speaker.area_id))
        found = []
        for order, signed in orders:
            if addressed(order, device_id, around):
                found.append((order, signed))
            elif stops_everything(order):
                found.append(self._widened(order, device_id))
        return found

    def _holds(self, order: Order) -> bool:
        """Whether what it puts on the air was not ended or stopped meanwhile."""
        airing_id = airing_of(order)
        return airing_id is None or self._board.get(airing_id) is not None

    async def _handed_in(self, present: Present) -> None:
        """A box that was replaced forgets all when it is released: for a minute, what it has seen comes first."""
        until_us = self._clock.now_us() + _HAND_IN_WITHIN_US
        while self._roster.get(present.device_id) is present and self._clock.now_us() < until_us:
            told = None if present.heartbeat is None else present.heartbeat.telemetry
            if told is not None and told.journal_waiting == 0:
                return
            await self._clock.sleep_until(self._clock.now_us() + _LOOK_EVERY_US)

    async def _lacking(
        self, device_id: DeviceId, marks: dict[DocumentKind, int]
    ) -> Sequence[tuple[Document, SignedDocument]]:
        """Most devices that connect lack nothing new: only where something must be signed is anything written."""
        for kind in DocumentKind:
            await self._secretary.raise_above(kind, marks[kind])
            await self._secretary.stock(kind)
        at_a_look = await self._lack.of(device_id)
        if at_a_look is not None:
            return at_a_look
        try:
            async with self._store.reading() as tx:
                return await self._found_lacking(tx, device_id, marks, signing=False)
        except MustSign:
            async with self._store.transaction() as tx:
                return await self._found_lacking(tx, device_id, marks, signing=True)

    async def _found_lacking(
        self, tx: Transaction, device_id: DeviceId, marks: dict[DocumentKind, int], *, signing: bool
    ) -> list[tuple[Document, SignedDocument]]:
        speaker = await tx.speakers.by_device(device_id)
        if speaker is None:
            return []
        path = await self._areas.path(tx, speaker.area_id)
        orders = await self._orders(tx, speaker, path, marks[DocumentKind.ORDER])
        if speaker.state in {SpeakerState.RELEASING, SpeakerState.REPLACED}:
            return [pair for pair in orders if isinstance(pair[0].action, ReleaseDevice)]
        lacking: list[tuple[Document, SignedDocument]] = []
        known = marks[DocumentKind.ASSIGNMENT]
        assignment = await self._assignments.current(tx, speaker, known, signing=signing)
        if assignment[0].header.counter > known:
            lacking.append(assignment)
        known = marks[DocumentKind.RUNDOWN]
        rundown = await self._rundowns.current(tx, speaker, known, signing=signing)
        if rundown is not None and rundown[0].header.counter > known:
            lacking.append(rundown)
        return [*lacking, *orders]

    async def _orders(
        self, tx: Transaction, speaker: Speaker, path: tuple[AreaId, ...], mark: int
    ) -> list[tuple[Order, SignedDocument]]:
        """Open orders for this device that it is not known to have, by number."""
        now_us = self._clock.now_us()
        stored = await tx.documents.open_orders(now_us)
        ids = [order.header.document_id for order, _ in stored]
        had = {one.document_id for one in await tx.documents.delivered_to(speaker.device_id, ids) if one.accepted}
        lacking: list[tuple[Order, SignedDocument]] = []
        for order, signed in stored:
            if order.header.document_id in had and order.header.counter <= mark:
                continue
            if addressed(order, speaker.device_id, path):
                lacking.append((order, signed))
            elif stops_everything(order):
                # A stop of everything covers places that were added while it holds.
                lacking.append(self._widened(order, speaker.device_id))
        return lacking

    def _widened(self, order: Order, device_id: DeviceId) -> tuple[Order, SignedDocument]:
        return self._secretary.order(
            Audience(devices=(device_id,)),
            order.action,
            order.header.not_after_us,
            document_id=order.header.document_id,
        )
