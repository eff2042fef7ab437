"""Documents get their number and signature here.

Counters are set aside in blocks, in the database, before one of them is used: so a document can be signed without
waiting for the disk (a stop must not wait), and after a crash no counter is ever used twice. A block that was not
used up is lost, which costs nothing.
"""

import secrets
from dataclasses import dataclass
from typing import Final

from agents.protocol.channel import LiveAudio
from agents.protocol.documents import Action, Assignment, Audience, Header, Order, Rundown, SignedDocument
from agents.protocol.live import Bundle
from agents.protocol.values import DocumentKind
from controller.ports import Clock, Signer, Store

BLOCK: Final = 1_000
_LOW: Final = 200


def fresh_id(prefix: str) -> str:
    """A new id that nobody can guess, such as ``o-4f1c...``."""
    return f"{prefix}-{secrets.token_hex(8)}"


class MustSign(Exception):
    """Something is outdated, and may not be signed where only reading is done."""


@dataclass(slots=True)
class _Pool:
    following: int = 0
    end: int = 0

    @property
    def left(self) -> int:
        return self.end - self.following


class Secretary:
    """Signs with this controller's key. `prepare` must have run; `stock` must not be called inside a transaction."""

    def __init__(self, store: Store, signer: Signer, clock: Clock) -> None:
        self._store = store
        self._signer = signer
        self._clock = clock
        self._pools = {kind: _Pool() for kind in DocumentKind}

    @property
    def key_id(self) -> str:
        """Of the key that signs."""
        return self._signer.key_id

    @property
    def public_key(self) -> bytes:
        """What devices verify with."""
        return self._signer.public_key

    async def prepare(self) -> None:
        """Sets aside the first counters of every kind. Raises `StoreFailed`."""
        for kind in DocumentKind:
            await self.stock(kind)

    async def stock(self, kind: DocumentKind, count: int = 1) -> None:
        """Makes sure that ``count`` more documents of this kind can be signed. Raises `StoreFailed`."""
        pool = self._pools[kind]
        if pool.left >= count + _LOW:
            return
        await self._reserve(kind, count + BLOCK, 0)

    async def raise_above(self, kind: DocumentKind, counter: int) -> None:
        """Continues above ``counter``: after a restore a device may know more than the database. Raises
        `StoreFailed`.
        """
        if counter >= self._pools[kind].end:
            await self._reserve(kind, BLOCK, counter)
        elif counter >= self._pools[kind].following:
            self._pools[kind].following = counter + 1

    async def _reserve(self, kind: DocumentKind, count: int, at_least: int) -> None:
        async with self._store.transaction() as tx:
            first = await tx.documents.reserve_counters(self.key_id, kind, count, at_least)
        pool = self._pools[kind]
        pool.following, pool.end = first, first + count

    def header(self, kind: DocumentKind, not_after_us: int, document_id: str | None = None) -> Header:
        """The next number of this kind. Raises `RuntimeError` where none was set aside."""
        pool = self._pools[kind]
        if pool.left < 1:
            raise RuntimeError(f"no counter of kind {kind} was set aside")
        counter = pool.following
        pool.following += 1
        return Header(
            document_id=document_id or fresh_id(kind.value[0]),
            key_id=self.key_id,
            issued_at_us=self._clock.now_us(),
            not_after_us=not_after_us,
            counter=counter,
        )

    def order(
        self, to: Audience, action: Action, not_after_us: int, *, document_id: str | None = None
    ) -> tuple[Order, SignedDocument]:
        """A signed order. An order that is signed again for a device that missed it keeps its ``document_id``."""
        order = Order(header=self.header(DocumentKind.ORDER, not_after_us, document_id), to=to, action=action)
        return order, self._signer.sign(order)

    def sign_live(self, bundle: Bundle) -> LiveAudio:
        """A piece of live sound, signed: it has no number but its own."""
        return self._signer.sign_live(bundle)

    def sign(self, document: Assignment | Rundown) -> SignedDocument:
        """The signature of a document whose header came from `header`."""
        return self._signer.sign(document)
