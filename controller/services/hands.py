"""Remote actions: asked of one speaker that is connected, and ended by what its device wrote about them.

Rules: an action is of the moment. It is never kept for a device that is away, and its order is over after two
minutes. It goes to one device, by name. What it ended with is the device's own word, stored together with the journal
that says it; where that never comes, the action ends here as failed, and a later word of the device still counts.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from agents.protocol.documents import Audience, Hand, Order, SignedDocument
from agents.protocol.ids import DeviceId, DocumentId, SpeakerId
from agents.protocol.journal import ActionEnded, ActionName, ActionResult, JournalRecord, SelfTested
from agents.protocol.messages import LogReport
from agents.protocol.values import DocumentKind
from controller.domain.deeds import Deed, DeedKind
from controller.domain.errors import NotFound, Unreachable
from controller.domain.hands import HANDS_KEPT, AskedHand, SelfTestFound, name_of
from controller.domain.speakers import Speaker, SpeakerState
from controller.ports import Transaction
from controller.services.events import HandsChanged
from controller.services.office import Office
from controller.services.outbox import Outbox

_log = logging.getLogger(__name__)
_SECOND_US: Final = 1_000_000
LOGS_KEPT: Final = 10
"""Of each speaker, the newest: a log can be 400,000 letters long."""
ORDER_VALID_US: Final = 120 * _SECOND_US
NO_WORD_AFTER_US: Final = 600 * _SECOND_US
"""An action whose end was not told for so long is failed. A restart and a self-test take a minute at most."""

NOT_TAKEN: Final = "The speaker did not take the order: {reason}."
NO_ANSWER: Final = "The speaker did not answer. Look whether it is connected, and ask again."
NO_WORD: Final = "The speaker took the order and never told how it ended. Ask again."


class HandDesk:
    """What a technician does on a speaker from the desk."""

    def __init__(self, office: Office, outbox: Outbox) -> None:
        self._store = office.store
        self._clock = office.clock
        self._secretary = office.secretary
        self._crew = office.crew
        self._events = office.events
        self._outbox = outbox

    async def resume(self) -> None:
        """Waits again for what was asked before a restart. Raises `StoreFailed`."""
        async with self._store.reading() as tx:
            waiting = await tx.hands.waiting()
        for hand in waiting:
            self._crew.spawn(self._ended_in_time(hand), f"end of {hand.order_id}")

    async def ask(self, speaker_id: SpeakerId, action: Hand, by: str) -> AskedHand:
        """Signs the order and sends it; how it ended is told later (`HandsChanged`).

        Raises `NotFound` (``speaker_unknown``), `Unreachable` (``speaker_away``) for one that is not connected now,
        `StoreFailed`.
        """
        await self._secretary.stock(DocumentKind.ORDER)
        now_us = self._clock.now_us()
        async with self._store.transaction() as tx:
            speaker = await _adopted(tx, speaker_id)
            if speaker.device_id not in self._outbox.connected():
                raise Unreachable(f"the speaker {speaker_id} is away", code="speaker_away")
            to = Audience(devices=(speaker.device_id,))
            order, signed = self._secretary.order(to, action, now_us + ORDER_VALID_US)
            hand = AskedHand(
                order_id=DocumentId(order.header.document_id),
                speaker_id=speaker_id,
                device_id=speaker.device_id,
                action=name_of(action),
                by=by,
                asked_at_us=now_us,
            )
            await tx.documents.put(order, signed)
            # Closed at once, so that it is not delivered to a device that comes back later.
            await tx.documents.close_orders([hand.order_id])
            await tx.hands.put(hand)
            await tx.deeds.add(
                Deed(at_us=now_us, by=by, what=DeedKind.ACT, subject=speaker_id, detail=hand.action.value)
            )
        self._events.publish(HandsChanged(speaker_id))
        self._crew.spawn(self._pushed(hand, order, signed), f"push {hand.order_id}")
        return hand

    async def results(self, speaker_id: SpeakerId, limit: int = HANDS_KEPT) -> tuple[AskedHand, ...]:
        """What was asked of a speaker, the newest first. Raises `StoreFailed`."""
        async with self._store.reading() as tx:
            return await tx.hands.of_speaker(speaker_id, limit)

    async def one(self, speaker_id: SpeakerId, order_id: DocumentId) -> AskedHand:
        """Raises `NotFound` (``action_unknown``), also for another speaker's; `StoreFailed`."""
        async with self._store.reading() as tx:
            return _of(speaker_id, await tx.hands.get(order_id))

    async def log_text(self, speaker_id: SpeakerId, order_id: DocumentId) -> str:
        """The lines that a `FetchLog` brought, the newest last. Raises `NotFound` (``action_unknown``,
        ``log_not_there``), `StoreFailed`.
        """
        async with self._store.reading() as tx:
            _of(speaker_id, await tx.hands.get(order_id))
            text = await tx.hands.log_of(order_id)
        if text is None:
            raise NotFound(f"the action {order_id} brought no log", code="log_not_there")
        return text

    async def self_tests(self, speaker_id: SpeakerId, limit: int = HANDS_KEPT) -> tuple[SelfTestFound, ...]:
        """What a speaker's self-tests found, the newest first. Raises `StoreFailed`."""
        async with self._store.reading() as tx:
            return await tx.self_tests.of_speaker(speaker_id, limit)

    # --- what the device says ---------------------------------------------------------------------------------------

    async def log_report(self, device_id: DeviceId, report: LogReport) -> None:
        """Keeps a log that this device was asked for; another is left out. Raises `StoreFailed`."""
        order_id = DocumentId(report.order_id)
        async with self._store.transaction() as tx:
            hand = await _hand_of(tx, device_id, order_id)
            if hand is None or hand.action is not ActionName.FETCH_LOG or hand.has_log:
                _log.warning("a log came that nobody asked for", extra={"device_id": device_id})
                return
            await tx.hands.put_log(order_id, report.text)
            await tx.hands.drop_logs(hand.speaker_id, LOGS_KEPT)
        self._events.publish(HandsChanged(hand.speaker_id))

    async def within(
        self, tx: Transaction, speaker_id: SpeakerId, device_id: DeviceId, records: Sequence[JournalRecord]
    ) -> None:
        """In the transaction of the journal: ends the actions that these records end, keeps what self-tests found."""
        now_us = self._clock.now_us()
        for record in records:
            # A box that is wrong about the time must not put what it found before all that comes later.
            at_us = now_us if record.at_us is None else min(record.at_us, now_us)
            match record.event:
                case ActionEnded(order_id=order_id, result=result, detail=detail):
                    hand = await _hand_of(tx, device_id, DocumentId(order_id))
                    if hand is not None:
                        await tx.hands.put(replace(hand, ended_at_us=at_us, result=result, detail=detail))
                case SelfTested() as found:
                    await tx.self_tests.add([_found(speaker_id, at_us, found)])
                case _:
                    pass

    def after(self, speaker_id: SpeakerId, device_id: DeviceId, records: Sequence[JournalRecord]) -> None:
        """Once the journal is committed."""
        if any(isinstance(record.event, ActionEnded | SelfTested) for record in records):
            self._events.publish(HandsChanged(speaker_id))

    # --- on the way -------------------------------------------------------------------------------------------------

    async def _pushed(self, hand: AskedHand, order: Order, signed: SignedDocument) -> None:
        reply = await self._outbox.push(hand.device_id, order, signed)
        if reply is None:
            await self._fail(hand, ActionResult.FAILED, NO_ANSWER)
        elif not reply.accepted:
            reason = "unknown" if reply.reason is None else reply.reason.value
            await self._fail(hand, ActionResult.REFUSED, NOT_TAKEN.format(reason=reply.detail or reason))
        else:
            await self._ended_in_time(hand)

    async def _ended_in_time(self, hand: AskedHand) -> None:
        await self._clock.sleep_until(hand.asked_at_us + NO_WORD_AFTER_US)
        await self._fail(hand, ActionResult.FAILED, NO_WORD)

    async def _fail(self, hand: AskedHand, result: ActionResult, detail: str) -> None:
        """Ends it, unless the device told how it ended."""
        async with self._store.transaction() as tx:
            now = await tx.hands.get(hand.order_id)
            if now.result is not None:
                return
            await tx.hands.put(replace(now, ended_at_us=self._clock.now_us(), result=result, detail=detail))
        self._events.publish(HandsChanged(hand.speaker_id))


async def _adopted(tx: Transaction, speaker_id: SpeakerId) -> Speaker:
    speaker = await tx.speakers.get(speaker_id)
    if speaker.state is not SpeakerState.ADOPTED:
        raise NotFound(f"the speaker {speaker_id} is released", code="speaker_unknown")
    return speaker


async def _hand_of(tx: Transaction, device_id: DeviceId, order_id: DocumentId) -> AskedHand | None:
    """What this device speaks of; None where it was asked of another, or of none."""
    try:
        hand = await tx.hands.get(order_id)
    except NotFound:
        return None
    return hand if hand.device_id == device_id else None


def _of(speaker_id: SpeakerId, hand: AskedHand) -> AskedHand:
    if hand.speaker_id != speaker_id:
        raise NotFound(f"{hand.order_id} was not asked of {speaker_id}", code="action_unknown")
    return hand


def _found(speaker_id: SpeakerId, at_us: int, found: SelfTested) -> SelfTestFound:
    return SelfTestFound(
        speaker_id=speaker_id,
        at_us=at_us,
        heard=found.heard,
        level_db=found.level_db,
        reference_db=found.reference_db,
        order_id=None if found.order_id is None else DocumentId(found.order_id),
        airing_id=found.airing_id,
        detail=found.detail,
    )
