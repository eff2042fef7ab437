"""Orders that are in force and that the database does not have yet, in memory: a stop, an emergency, an end. Whoever
connects meanwhile gets them all the same.
"""

from agents.protocol.documents import Order, SignedDocument


class Unstored:
    """`hold` before the first copy of an order is pushed, `drop` once it is stored, or holds no more."""

    def __init__(self) -> None:
        self._orders: dict[str, tuple[Order, SignedDocument]] = {}

    def hold(self, order: Order, signed: SignedDocument) -> None:
        """In force from now on."""
        self._orders[order.header.document_id] = (order, signed)

    def drop(self, order_id: str) -> None:
        """The database has it, or nobody is to have it any more."""
        self._orders.pop(order_id, None)

    def all(self, now_us: int) -> tuple[tuple[Order, SignedDocument], ...]:
        """Those that are not too old, by their numbers."""
        there = (one for one in self._orders.values() if one[0].header.not_after_us > now_us)
        return tuple(sorted(there, key=lambda one: one[0].header.counter))
