"""Pushing a document to a device, and keeping its answer.

Rules: documents to one device go one after the other, because their counters only grow; a stop overtakes them all.
What was overtaken is refused as replayed and signed again under the same id with a new number, once: if it is refused
again, the device has had it before. An order by areas that a device does not know it stands in goes to it by name.
Answers are stored in batches, together with the evidence they are.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Final

from agents.protocol.documents import Audience, Document, Order, SignedDocument
from agents.protocol.ids import DeviceId
from agents.protocol.journal import RefusalReason
from agents.protocol.messages import DocumentReply
from agents.protocol.values import DocumentKind
from controller.domain.audiences import FEW
from controller.domain.errors import LoaError, Unreachable
from controller.ports import Links
from controller.services.answers import Answer, Answers
from controller.services.batcher import Batcher
from controller.services.lanes import Lanes
from controller.services.office import Office
from controller.services.round import Round

_log = logging.getLogger(__name__)
PUSH_TIMEOUT_S: Final = 30.0
_AGAIN_US: Final = 2_000_000


class Outbox:
    """All pushing goes through here."""

    def __init__(self, office: Office, links: Links) -> None:
        self._links = links
        self._secretary = office.secretary
        self._clock = office.clock
        self._roster = office.roster
        self._crew = office.crew
        self._foremost = office.foremost
        self._lanes = Lanes()
        self._book: Final = Answers(office, links)
        self._answers: Batcher[Answer, None] = Batcher(self._book.keep)

    async def run(self) -> None:
        """Stores answers until cancelled."""
        await self._answers.run()

    def connected(self) -> frozenset[DeviceId]:
        """Devices that can be pushed to now."""
        return self._links.connected()

    async def push(
        self, device_id: DeviceId, document: Document, signed: SignedDocument, *, overtaking: bool = False
    ) -> DocumentReply | None:
        """The device's answer, None where it cannot be reached. Returns once the answer is stored.

        Raises `StoreFailed` when the answer could not be stored; the device has the document all the same.
        """
        try:
            async with asyncio.timeout(PUSH_TIMEOUT_S):
                reply = await self._in_turn(device_id, document, signed, overtaking)
        except (Unreachable, TimeoutError):
            return None
        if not reply.accepted:
            self._note_refusal(device_id, reply)
        await self._answers.put(Answer(device_id, document, reply, self._clock.now_us()))
        return reply

    async def _in_turn(
        self, device_id: DeviceId, document: Document, signed: SignedDocument, overtaking: bool
    ) -> DocumentReply:
        if overtaking:
            return await self._pushed(device_id, document, signed)
        await self._lanes.wait(device_id)
        try:
            return await self._pushed(device_id, document, signed)
        finally:
            self._lanes.release(device_id)

    def push_behind(self, device_id: DeviceId, document: Document, signed: SignedDocument) -> None:
        """Pushes without waiting for the answer, which is stored when it comes."""
        self._crew.spawn(self._behind(device_id, document, signed), f"push {document.header.document_id}")

    async def _behind(self, device_id: DeviceId, document: Document, signed: SignedDocument) -> None:
        await self.push_until_heard(device_id, document, signed)

    async def push_until_heard(
        self, device_id: DeviceId, document: Document, signed: SignedDocument, *, overtaking: bool = False
    ) -> DocumentReply | None:
        """Like `push`, but a device that is connected and does not answer is told again, until the document is too
        old. One that has gone gets it when it connects.
        """
        while True:
            reply = await self.push(device_id, document, signed, overtaking=overtaking)
            now_us = self._clock.now_us()
            if reply is not None or device_id not in self.connected() or now_us > document.header.not_after_us:
                return reply
            await self._clock.sleep_until(now_us + _AGAIN_US)

    def push_all_behind(
        self,
        device_ids: Iterable[DeviceId],
        document: Document,
        signed: SignedDocument,
        *,
        overtaking: bool = False,
    ) -> None:
        """To many, without waiting for their answers, which are stored when they come."""
        pushing = self._all_behind(tuple(device_ids), document, signed, overtaking)
        self._crew.spawn(pushing, f"push {document.header.document_id}")

    async def _all_behind(
        self, device_ids: Sequence[DeviceId], document: Document, signed: SignedDocument, overtaking: bool
    ) -> None:
        await self.push_all(device_ids, document, signed, overtaking=overtaking)

    async def push_all(
        self,
        device_ids: Iterable[DeviceId],
        document: Document,
        signed: SignedDocument,
        *,
        overtaking: bool = False,
        still: Callable[[], bool] = lambda: True,
    ) -> dict[DeviceId, DocumentReply]:
        """To all at once; returns when all who can be reached have answered and that is stored, or logged where it
        cannot be. Who is connected and does not answer is told again, until the document is too old, or ``still`` says
        that it does not hold any more.
        """
        found: dict[DeviceId, DocumentReply] = {}
        left = tuple(dict.fromkeys(device_ids))
        while True:
            busy = [] if overtaking else [one for one in left if not self._lanes.take(one)]
            free = tuple(set(left).difference(busy)) if busy else left
            async with asyncio.TaskGroup() as group:
                alone = [group.create_task(self._quietly(one, document, signed)) for one in busy]
                with self._foremost.going(len(free)):
                    found.update(await self._round(free, document, signed, lanes=not overtaking, still=still))
            one_by_one = zip(busy, (task.result() for task in alone), strict=True)
            found.update((one, reply) for one, reply in one_by_one if reply is not None)
            now_us, connected = self._clock.now_us(), self.connected()
            left = tuple(one for one in left if one not in found and one in connected)
            if not left or now_us > document.header.not_after_us:
                return found
            await self._clock.sleep_until(now_us + _AGAIN_US)
            if not still():
                return found

    async def _round(
        self,
        device_ids: Sequence[DeviceId],
        document: Document,
        signed: SignedDocument,
        *,
        lanes: bool,
        still: Callable[[], bool],
    ) -> dict[DeviceId, DocumentReply]:
        """Those who answered. With ``lanes`` each device's lane is held, and released with its answer."""
        going = Round(len(device_ids), self._clock.now_us)

        def heard(device_id: DeviceId, reply: DocumentReply | None) -> None:
            if lanes:
                self._lanes.release(device_id)
            going.heard(device_id, reply)

        self._links.broadcast(device_ids, signed, heard)
        found: dict[DeviceId, DocumentReply] = {}
        overtaken: set[DeviceId] = set()
        unnamed: set[DeviceId] = set()
        async for batch in going.batches():
            overtaken |= {who for who, reply, _ in batch if _overtaken(document, reply)}
            unnamed |= {who for who, reply, _ in batch if _unnamed(document, who, reply)}
            once_more = overtaken | unnamed
            answers = [Answer(who, document, reply, at_us) for who, reply, at_us in batch if who not in once_more]
            await self._taken(answers, found)
        if not still():
            return found
        return found | await self._again(overtaken, document) | await self._by_name(sorted(unnamed), document)

    async def _by_name(self, device_ids: Sequence[DeviceId], document: Document) -> dict[DeviceId, DocumentReply]:
        """To those who do not know yet that they stand in an area that the order names."""
        found: dict[DeviceId, DocumentReply] = {}
        async with asyncio.TaskGroup() as group:
            pieces = [device_ids[start : start + FEW] for start in range(0, len(device_ids), FEW)]
            tasks = [group.create_task(self._again(one, document, Audience(devices=tuple(one)))) for one in pieces]
        for task in tasks:
            found.update(task.result())
        return found

    async def _again(
        self, device_ids: Collection[DeviceId], document: Document, to: Audience | None = None
    ) -> dict[DeviceId, DocumentReply]:
        """To those who refused an order because others overtook it, with a new number; ``to`` names them otherwise."""
        if not device_ids or not isinstance(document, Order):
            return {}
        try:
            again = await self._renumbered(document, to)
        except LoaError:
            _log.exception("an order that was overtaken waits for a new number")
            return {}  # `push_all` tries again: a stop must reach them, whatever the database does
        going = Round(len(device_ids), self._clock.now_us)
        self._links.broadcast(device_ids, again, going.heard)
        found: dict[DeviceId, DocumentReply] = {}
        async for batch in going.batches():
            answers = [Answer(who, document, _had(document, reply), at_us) for who, reply, at_us in batch]
            await self._taken(answers, found)
        return found

    async def _taken(self, answers: Sequence[Answer], found: dict[DeviceId, DocumentReply]) -> None:
        for one in answers:
            if not one.reply.accepted:
                self._note_refusal(one.device_id, one.reply)
        await self._kept(answers)
        found.update((one.device_id, one.reply) for one in answers)

    async def _quietly(self, device_id: DeviceId, document: Document, signed: SignedDocument) -> DocumentReply | None:
        try:
            return await self.push(device_id, document, signed)
        except Exception:
            # One bad device or a full disk must not keep a document from the others.
            _log.exception("pushing failed", extra={"device_id": device_id})
            return None

    async def _kept(self, answers: Sequence[Answer]) -> None:
        """Stores them together; where nobody foresaw why that fails, each alone."""
        try:
            await self._book.keep(answers)
        except LoaError:
            _log.exception("%d answers could not be stored", len(answers))
        except Exception:
            _log.exception("%d answers could not be stored together", len(answers))
            for answer in answers if len(answers) > 1 else ():
                await self._kept([answer])

    def _note_refusal(self, device_id: DeviceId, reply: DocumentReply) -> None:
        present = self._roster.get(device_id)
        if present is not None and reply.reason is RefusalReason.TIME_UNKNOWN:
            present.unsure = True
        _log.warning(
            "a document was refused",
            extra={"device_id": device_id, "document_id": reply.document_id, "reason": str(reply.reason)},
        )

    async def _pushed(self, device_id: DeviceId, document: Document, signed: SignedDocument) -> DocumentReply:
        reply = await self._links.push(device_id, signed)
        unnamed = _unnamed(document, device_id, reply)
        if not isinstance(document, Order) or not (unnamed or _overtaken(document, reply)):
            return reply
        to = Audience(devices=(device_id,)) if unnamed else None
        return _had(document, await self._links.push(device_id, await self._renumbered(document, to)))

    async def _renumbered(self, order: Order, to: Audience | None = None) -> SignedDocument:
        """The same order under the same id with a new number, ``to`` the same or these."""
        await self._secretary.stock(DocumentKind.ORDER)
        header = order.header
        _, again = self._secretary.order(
            to or order.to, order.action, header.not_after_us, document_id=header.document_id
        )
        return again


def _overtaken(document: Document, reply: DocumentReply) -> bool:
    """An order that the device refused because it heard a later one first."""
    return not reply.accepted and reply.reason is RefusalReason.REPLAYED and isinstance(document, Order)


def _unnamed(document: Document, device_id: DeviceId, reply: DocumentReply) -> bool:
    """An order by areas, refused by a device that was not told yet that it stands in one of them."""
    not_for_me = not reply.accepted and reply.reason is RefusalReason.NOT_FOR_ME
    return not_for_me and isinstance(document, Order) and device_id not in document.to.devices


def _had(order: Order, reply: DocumentReply) -> DocumentReply:
    """What the answer to an order that was signed again means: refused once more, it was there before."""
    if reply.reason is RefusalReason.REPLAYED:
        return DocumentReply(document_id=order.header.document_id, accepted=True)
    return reply
