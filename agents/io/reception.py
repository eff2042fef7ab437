"""Takes signed documents in: judges them, keeps them, hands them to the performer, and says what became of each.

Rules of the module: documents are judged at once, in the order in which they come, each as if those before it had been
kept already. What is accepted is on disk before it is obeyed and before it is answered, one after another, except that
a stop, an end and an emergency are obeyed in the moment in which they were judged, whatever the disk is doing. Obeyed
and not kept is not accepted: it would be forgotten at the next start, so it has to be sent again. Refusals are counted,
and written folded.
"""

import asyncio
import dataclasses
import logging
from collections.abc import Callable
from dataclasses import dataclass

from agents.domain.journal import RefusalFold
from agents.domain.now import Now
from agents.domain.player.events import DocumentTaken, Event
from agents.domain.trust import Accepted, Refusal, Remembered, Repeated, Trust, digest_of, judge
from agents.io.database import StateError
from agents.io.kept import Kept, Pinned
from agents.io.state import StateStore
from agents.protocol.codec import decode_document
from agents.protocol.documents import (
    Assignment,
    Document,
    End,
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


@dataclass(frozen=True, slots=True)
class _Pending:
    """Accepted, and on its way to the disk. ``done`` is the reply to give."""

    signed: SignedDocument
    accepted: Accepted
    now_us: int | None
    obeyed: bool
    done: asyncio.Future[DocumentReply]

    @property
    def name(self) -> tuple[DocumentKind, str]:
        return kind_of(self.accepted.document), self.accepted.document.header.document_id


class Reception:
    """Takes documents while `run` runs. ``released`` is set once a release order was accepted; ``trust`` is what the
    documents that are on disk say.
    """

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
        self._fold = RefusalFold()
        self._waiting: dict[tuple[DocumentKind, str], _Pending] = {}
        self._queue: asyncio.Queue[_Pending] = asyncio.Queue()
        self.trust = Trust(device_id=device_id, class_of=class_of)
        self._expected = self.trust  # once everything that waits is on disk
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
        self._expect()
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
        now = self._now()
        match judge(signed, dataclasses.replace(self._expected, pinned_key=self._pinned_key()), now):
            case Refusal() as refusal:
                return self._refuse(refusal)
            case Repeated(document_id=document_id):
                known = [one for name, one in self._waiting.items() if name[1] == document_id]
                replies = [await asyncio.shield(one.done) for one in known]
                return next((reply for reply in replies if not reply.accepted), _accepted(document_id))
            case Accepted() as accepted:
                pending = self._take(signed, accepted, now.controller_us)
                return await asyncio.shield(pending.done)

    async def run(self) -> None:
        """Until cancelled: puts on disk what was accepted, one after another."""
        while True:
            pending = await self._queue.get()
            try:
                reply = await self._keep(pending)
                if not pending.done.done():
                    pending.done.set_result(reply)
            finally:
                self._waiting.pop(pending.name, None)
                self._expect()
                pending.done.cancel()
                self._queue.task_done()

    async def adopt(self, pinned: Pinned, assignment: SignedDocument) -> DocumentReply:
        """Belong to this controller, if its assignment can be accepted: both are kept in one moment, or neither."""
        await self.settled()
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
                self._expect()
                self._tell(DocumentTaken(accepted.document))
                return _accepted(accepted.document.header.document_id)
            case Refusal() as refusal:
                return self._refuse(refusal)
            case Accepted() | Repeated():
                return DocumentReply(document_id="", accepted=False, detail="That is no assignment.")

    async def settled(self) -> None:
        """Returns when nothing is on its way to the disk."""
        await self._queue.join()

    def _pinned_key(self) -> bytes | None:
        pinned = self._state.pinned()
        return None if pinned is None else pinned.signing_key

    def _take(self, signed: SignedDocument, accepted: Accepted, now_us: int | None) -> _Pending:
        """It counts as kept from now on, for what comes after it; what cannot wait is obeyed."""
        hurried = self._cannot_wait(accepted.document)
        done: asyncio.Future[DocumentReply] = asyncio.get_running_loop().create_future()
        pending = _Pending(signed, accepted, now_us, hurried, done)
        self._waiting[pending.name] = pending
        self._expected = self._expected.after(accepted, now_us)
        if hurried:
            self._obey(accepted.document)
        self._queue.put_nowait(pending)
        return pending

    def _expect(self) -> None:
        self._expected = self.trust
        for one in self._waiting.values():
            self._expected = self._expected.after(one.accepted, one.now_us)

    async def _keep(self, pending: _Pending) -> DocumentReply:
        document = pending.accepted.document
        document_id = document.header.document_id
        try:
            await self._state.accept(pending.signed, document, pending.now_us)
        except StateError as error:  # it counts as never seen, so that it can be sent, and kept, again
            log.error(
                "a document cannot be kept: %s", error, extra={"event": "state_failed", "document_id": document_id}
            )
            obeyed = "The device obeys, but cannot write it down" if pending.obeyed else "The device cannot write"
            return DocumentReply(document_id=document_id, accepted=False, detail=f"{obeyed}: {error}"[:500])
        before = dataclasses.replace(self.trust, pinned_key=self._pinned_key())
        self.trust = before.after(pending.accepted, pending.now_us)
        if not pending.obeyed:
            self._obey(document)
        if isinstance(document, Assignment):
            await self._drop_strangers(before, self.trust)
        if isinstance(document, Order) and isinstance(document.action, Hand):
            self._hands(document)
        log.info("accepted", extra={"event": "accepted", "document_id": document_id, "kind": kind_of(document).value})
        return _accepted(document_id)

    def _cannot_wait(self, document: Document) -> bool:
        match document:
            case Order(action=Stop()):
                return True
            case Order(action=Play(airing=airing)):
                return airing.airing_class is AiringClass.EMERGENCY
            case Order(action=Start(airing_id=airing_id)):
                return self._class_of(airing_id) is AiringClass.EMERGENCY
            case Order(action=End()):
                return True
            case _:
                return False

    def _obey(self, document: Document) -> None:
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


def _accepted(document_id: str) -> DocumentReply:
    return DocumentReply(document_id=document_id, accepted=True)
