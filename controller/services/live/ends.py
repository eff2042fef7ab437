"""The end of what was spoken live, on its way to the horns.

Rules of the module: it goes out at once and is stored as soon as the database takes it; until then it is in force all
the same. It is open until nobody can have the airing any more, so that who was away hears of it when it dials.
"""

import asyncio
import logging
from dataclasses import replace
from typing import Final

from agents.protocol.documents import Audience, End, Order, SignedDocument
from agents.protocol.values import DocumentKind
from controller.domain.deeds import Deed, DeedKind
from controller.domain.errors import StoreFailed
from controller.services.board import OpenAiring
from controller.services.events import AiringChanged
from controller.services.office import Office
from controller.services.outbox import Outbox

_log = logging.getLogger(__name__)
_RETRY_US: Final = 5_000_000


class LiveEnds:
    """All of them."""

    def __init__(self, office: Office, outbox: Outbox) -> None:
        self._office = office
        self._store = office.store
        self._clock = office.clock
        self._secretary = office.secretary
        self._outbox = outbox
        self._telling: set[asyncio.Task[None]] = set()

    async def end(self, entry: OpenAiring, end_at_us: int, by: str) -> None:
        """Ends an airing at this instant. On its way before this waits for anything; never raises `StoreFailed`."""
        airing = entry.airing
        start_us = airing.start_at_us or end_at_us
        to = entry.to or Audience(devices=tuple(entry.devices.values()))
        action = End(airing_ids=(airing.airing_id,), end_at_us=end_at_us)
        order, signed = self._secretary.order(to, action, start_us + 2 * airing.duration_us)
        self._office.unstored.hold(order, signed)
        self._tell(entry, order, signed)
        entry.airing = replace(airing, duration_us=max(0, end_at_us - start_us))
        deed = Deed(at_us=self._clock.now_us(), by=by, what=DeedKind.END_LIVE, subject=airing.airing_id)
        try:
            await self._stored(entry, order, signed, deed)
        except StoreFailed:
            _log.exception("the end of a live airing is not stored yet", extra={"airing_id": airing.airing_id})
            self._office.crew.spawn(self._store_later(entry, order, signed, deed), f"end {airing.airing_id}")

    async def told(self) -> None:
        """Returns when every device that is there has said that it has what was ended until now."""
        if self._telling:
            await asyncio.wait(self._telling)

    def _tell(self, entry: OpenAiring, order: Order, signed: SignedDocument) -> None:
        there = self._outbox.connected() & set(entry.devices.values())

        async def tell() -> None:
            await self._outbox.push_all(there, order, signed)

        task = self._office.crew.spawn(tell(), f"push {order.header.document_id}")
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _stored(self, entry: OpenAiring, order: Order, signed: SignedDocument, deed: Deed) -> None:
        airing_id, played = entry.airing.airing_id, list(entry.orders)
        async with self._store.transaction() as tx:
            await tx.documents.put(order, signed)
            await tx.documents.close_orders(played)
            await tx.airings.shorten(airing_id, entry.airing.duration_us)
            await tx.deeds.add(deed)
        self._office.unstored.drop(order.header.document_id)
        await self._secretary.stock(DocumentKind.ORDER)
        if self._office.board.get(airing_id) is entry:
            self._office.board.put(entry)
        self._office.planning.wake()
        self._office.events.publish(AiringChanged(airing_id))

    async def _store_later(self, entry: OpenAiring, order: Order, signed: SignedDocument, deed: Deed) -> None:
        while self._clock.now_us() < order.header.not_after_us:
            await self._clock.sleep_until(self._clock.now_us() + _RETRY_US)
            try:
                await self._stored(entry, order, signed, deed)
            except StoreFailed:
                continue
            return
