"""Takes signed documents in: judges them, keeps them, hands them to the performer, and says what became of each.

Rules of the module: what is accepted is on disk before it is obeyed and before it is answered, except that a stop and
an emergency are obeyed first. Obeyed and not kept is not accepted: it would be forgotten at the next start, so it has
to be sent again. Refusals are counted, and written folded.
"""

import asyncio
import dataclasses
import logging
from collections.abc import Callable

from agents.domain.journal import RefusalFold
from agents.domain.now import Now
from agents.domain.player.events import DocumentTaken, Event
from agents.domain.trust import Accepted, Refusal, Remembered, Repeated, Trust, digest_of, judge
from agents.io.database import StateError
from agents.io.state import Kept, Pinned, StateStore
from agents.protocol.codec import decode_document
from agents.protocol.documents import (
    Assignment,
    Document,
    Hand,
    Order,
    Play,
    ReleaseDevice,
    SignedDocument,
    Start,
    Stop,
    kind_of,
)
from agents.protocol.journal import Refused
from agents.protocol.messages import DocumentReply
from agents.protocol.values import AiringClass, DocumentKind

log = logging.getLogger(__name__)


class Reception:
    """One document at a time. ``released`` is set once a release order was accepted."""

    def __init__(
        self,
        *,
        device_id: str,
        state: StateStore,
        now: Callable[[], Now],
        tell: Callable[[Event], None],
        record: Callable[[list[Refused]], None],
        class_of: Callable[[str], AiringClass | None],
        hands: Callable[[Order], None] = lambda order: None,
    ) -> None:
        """``hands`` is called with an order for a remote action, once, as soon as it is on disk."""
        self._device_id = device_id
        self._state = state
        self._now = now
        self._tell = tell
        self._record = record
        self._class_of = class_of
        self._hands = hands
        self._one = asyncio.Lock()
        self._fold = RefusalFold()
        self.trust = Trust(device_id=device_id, class_of=class_of)
        self.refusals = 0
        self.released = asyncio.Event()
        self.folded = asyncio.Event()

    def restore(self, kept: Kept) -> tuple[Document, ...]:
        """Believe what was believed before. Returns what is still to be obeyed, in the order of acceptance."""
        pinned = self._state.pinned()
        signed = [one for one in (kept.assignment, *kept.rundowns, *kept.orders) if one is not None]
        documents = [decode_document(one.payload) for one in signed]
        self.refusals = kept.refusals
        self.trust = Trust(
            device_id=self._device_id,
            pinned_key=None if pinned is None else pinned.signing_key,
            assignment=next((one for one in documents if isinstance(one, Assignment)), None),
            counters=kept.counters,
            remembered={
                (kind_of(document), document.header.document_id): Remembered(
                    document.header.key_id, digest_of(one), document.header.not_after_us
                )
                for one, document in zip(signed, documents, strict=True)
            },
            stop_keys={
                one.header.document_id: one.header.key_id
                for one in documents
                if isinstance(one, Order) and isinstance(one.action, Stop)
            },
            class_of=self._class_of,
        )
        keys = self.trust.keys()
        obeyed = [
            document
            for document in documents
            if document.header.document_id not in kept.spent
            and (key := keys.get(document.header.key_id)) is not None
            and kind_of(document) in key.kinds
        ]
        if any(isinstance(one, Order) and isinstance(one.action, ReleaseDevice) for one in obeyed):
            self.released.set()
        return tuple(obeyed)

    async def accept(self, signed: SignedDocument) -> DocumentReply:
        """Judges, keeps, obeys, answers. Does not raise for anything that is in the document."""
        async with self._one:
            pinned = self._state.pinned()
            self.trust = dataclasses.replace(self.trust, pinned_key=None if pinned is None else pinned.signing_key)
            match judge(signed, self.trust, self._now()):
                case Refusal() as refusal:
                    return self._refuse(refusal)
                case Repeated(document_id=document_id):
                    return DocumentReply(document_id=document_id, accepted=True)
                case Accepted() as accepted:
                    return await self._keep(signed, accepted)

    async def adopt(self, pinned: Pinned, assignment: SignedDocument) -> DocumentReply:
        """Belong to this controller, if its assignment can be accepted: both are kept in one moment, or neither."""
        async with self._one:
            trust = Trust(
                device_id=self._device_id,
                pinned_key=pinned.signing_key,
                counters=self.trust.counters,
                class_of=self._class_of,
            )
            match judge(assignment, trust, self._now()):
                case Accepted(document=Assignment()) as accepted:
                    await self._state.pin(pinned, assignment)
                    self.trust = trust.after(accepted, None)
                    self._tell(DocumentTaken(accepted.document))
                    return DocumentReply(document_id=accepted.document.header.document_id, accepted=True)
                case Refusal() as refusal:
                    return self._refuse(refusal)
                case Accepted() | Repeated():
                    return DocumentReply(document_id="", accepted=False, detail="That is no assignment.")

    async def _keep(self, signed: SignedDocument, accepted: Accepted) -> DocumentReply:
        document = accepted.document
        document_id = document.header.document_id
        before, now_us = self.trust, self._now().controller_us
        after = before.after(accepted, now_us)
        hurried = self._cannot_wait(document)
        if hurried:
            self._obey(document, after)
        try:
            await self._state.accept(signed, document, now_us)
        except StateError as error:
            log.error(
                "a document cannot be kept: %s", error, extra={"event": "state_failed", "document_id": document_id}
            )
            self.trust = before  # so that it can be sent, and kept, again
            obeyed = "The device obeys, but cannot write it down" if hurried else "The device cannot write"
            return DocumentReply(document_id=document_id, accepted=False, detail=f"{obeyed}: {error}"[:500])
        if not hurried:
            self._obey(document, after)
        if isinstance(document, Assignment):
            await self._drop_strangers(before, after)
        if isinstance(document, Order) and isinstance(document.action, Hand):
            self._hands(document)
        log.info("accepted", extra={"event": "accepted", "document_id": document_id, "kind": kind_of(document).value})
        return DocumentReply(document_id=document_id, accepted=True)

    def _cannot_wait(self, document: Document) -> bool:
        match document:
            case Order(action=Stop()):
                return True
            case Order(action=Play(airing=airing)):
                return airing.airing_class is AiringClass.EMERGENCY
            case Order(action=Start(airing_id=airing_id)):
                return self._class_of(airing_id) is AiringClass.EMERGENCY
            case _:
                return False

    def _obey(self, document: Document, after: Trust) -> None:
        self.trust = after
        self._tell(DocumentTaken(document))
        if isinstance(document, Order) and isinstance(document.action, ReleaseDevice):
            self.released.set()

    async def _drop_strangers(self, before: Trust, after: Trust) -> None:
        """A rundown of a key that is trusted no more must not come back at the next start."""
        trusted = after.keys()
        gone = [key for key, kind in before.counters if kind is DocumentKind.RUNDOWN and key not in trusted]
        if gone:
            try:
                await self._state.drop_rundowns(gone)
            except StateError as error:
                log.error("a rundown cannot be dropped: %s", error, extra={"event": "state_failed"})

    def _refuse(self, refusal: Refusal) -> DocumentReply:
        self.refusals += 1
        record = refusal.record()
        log.warning(
            "refused: %s. %s",
            refusal.reason.value,
            refusal.detail,
            extra={"event": "refused", "document_id": record.document_id, "key_id": record.key_id},
        )
        self._fold, written = self._fold.add(record, self._now().local_us)
        if written is not None:
            self._record([written])
        self.folded.set()
        return DocumentReply(
            document_id=record.document_id, accepted=False, reason=refusal.reason, detail=record.detail
        )

    def next_fold_us(self) -> int | None:
        """When folded refusals are due to be written, in local microseconds."""
        return self._fold.next_us()

    async def write_folded(self, everything: bool = False) -> None:
        """Write the folded refusals whose time has come, and how many there were in all."""
        self._fold, due = self._fold.due(self._now().local_us, everything)
        if due:
            self._record(list(due))
        try:
            await self._state.count_refusals(self.refusals)
        except StateError as error:
            log.error("the refusals cannot be counted: %s", error, extra={"event": "state_failed"})
