"""Whether one device obeys a document: the rules of docs/protocol.md, for the one key that it was adopted with."""

from typing import Final

from agents.protocol import ids
from agents.protocol.documents import Assignment, Order, ReleaseDevice, Rundown
from agents.protocol.journal import RefusalReason
from firmware_stubs.reading import Pushed
from firmware_stubs.state import Kept, Mark

_TOO_EARLY_US: Final = 5_000_000


class Obedience:
    """What one device has accepted so far. ``orders`` are remembered until their not-after."""

    __slots__ = ("_kept", "_key_id", "_latest", "_orders", "device_id")

    def __init__(self, kept: Kept, device_id: str) -> None:
        self._kept = kept
        self.device_id = device_id
        self._orders: dict[str, tuple[bytes, int]] = {}
        self._latest: dict[str, bytes] = {}
        self._key_id = ""

    def judge(self, pushed: Pushed, now_us: int | None) -> RefusalReason | bool:
        """True: obey it. False: it was accepted before, and nothing changes. Else why it is refused."""
        fault = self._fault(pushed)
        if fault is not None:
            return fault
        if self._had(pushed):
            return False
        fault = self._untimely(pushed, now_us) if self._mine(pushed) else RefusalReason.NOT_FOR_ME
        if fault is not None:
            return fault
        document = pushed.document
        assert document is not None
        mark = self._mark(document.header.key_id, pushed)
        if document.header.counter <= mark.counter or document.header.document_id in self._orders:
            return RefusalReason.REPLAYED
        mark.counter = document.header.counter
        self._remember(pushed, now_us)
        return True

    def _fault(self, pushed: Pushed) -> RefusalReason | None:
        """What is wrong with it, whoever it is for."""
        kept, document = self._kept, pushed.document
        if kept.signing_key is None or pushed.signed.key_id != self._own_key_id(kept.signing_key):
            return RefusalReason.UNKNOWN_KEY
        if not pushed.signed_by(kept.signing_key):
            return RefusalReason.BAD_SIGNATURE
        if document is None or pushed.kind is None or document.header.key_id != pushed.signed.key_id:
            return RefusalReason.MALFORMED
        return None

    def _untimely(self, pushed: Pushed, now_us: int | None) -> RefusalReason | None:
        document = pushed.document
        assert document is not None
        header = document.header
        if now_us is None:
            releases = isinstance(document, Order) and isinstance(document.action, ReleaseDevice)
            return RefusalReason.TIME_UNKNOWN if releases else None
        if header.issued_at_us > now_us + _TOO_EARLY_US:
            return RefusalReason.NOT_YET_VALID
        return RefusalReason.EXPIRED if header.not_after_us < now_us else None

    def adopted(self, assignment: Pushed) -> None:
        """The first assignment, which came with the keys."""
        document = assignment.document
        assert document is not None
        self._key_id = ""
        self._orders.clear()
        self._latest.clear()
        self._kept.marks.clear()
        self._mark(document.header.key_id, assignment).counter = document.header.counter
        self._remember(assignment, None)

    def _own_key_id(self, signing_key: bytes) -> str:
        if not self._key_id:
            self._key_id = ids.key_id(signing_key)
        return self._key_id

    def _had(self, pushed: Pushed) -> bool:
        document = pushed.document
        if isinstance(document, Order):
            signature, _ = self._orders.get(document.header.document_id, (b"", 0))
        else:
            signature = self._latest.get(str(pushed.kind), b"")
        return signature == pushed.signed.signature

    def _mine(self, pushed: Pushed) -> bool:
        match pushed.document:
            case Assignment(device_id=device_id) | Rundown(device_id=device_id):
                return device_id == self.device_id
            case _:
                return (
                    self.device_id in pushed.devices
                    or not pushed.areas.isdisjoint(self._kept.areas)
                    or not pushed.groups.isdisjoint(self._kept.groups)
                )

    def _mark(self, key_id: str, pushed: Pushed) -> Mark:
        assert pushed.kind is not None
        for mark in self._kept.marks:
            if mark.kind is pushed.kind and mark.key_id == key_id:
                return mark
        mark = Mark(key_id, pushed.kind, 0)
        self._kept.marks.append(mark)
        return mark

    def _remember(self, pushed: Pushed, now_us: int | None) -> None:
        document = pushed.document
        assert document is not None
        if not isinstance(document, Order):
            self._latest[str(pushed.kind)] = pushed.signed.signature
            return
        if now_us is not None:
            for order_id in [one for one, (_, until_us) in self._orders.items() if until_us < now_us]:
                del self._orders[order_id]
        self._orders[document.header.document_id] = (pushed.signed.signature, document.header.not_after_us)
