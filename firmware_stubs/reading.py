"""What the controller says, read once for all devices of the process to which it says the same.

Rules of the module: a message is the same only where every byte of it is; then it is decoded once, its signature is
checked once against one key, and the answer to it is encoded once. Nothing else is shared: who is addressed, whether
the time is right and whether it was heard before is each device's own to judge.
"""

from collections import OrderedDict
from typing import Final

from agents.protocol.codec import controller_decoder, decode_document, encode
from agents.protocol.documents import Document, Order, SignedDocument, kind_of
from agents.protocol.errors import BadSignature, WireError
from agents.protocol.messages import DocumentPush, DocumentReply, Message
from agents.protocol.signing import verify
from agents.protocol.values import DocumentKind

_KEPT: Final = 64


class Pushed:
    """A document as it arrived, read. ``document`` is None where it cannot be read: ``fault`` says why."""

    __slots__ = ("_verified", "accepted", "areas", "devices", "document", "fault", "groups", "kind", "signed")

    def __init__(self, signed: SignedDocument) -> None:
        self.signed: Final = signed
        self.document: Document | None = None
        self.kind: DocumentKind | None = None
        self.fault = ""
        self.accepted = b""
        self.devices: frozenset[str] = frozenset()
        self.areas: frozenset[str] = frozenset()
        self.groups: frozenset[str] = frozenset()
        self._verified: dict[bytes, bool] = {}
        try:
            document = decode_document(signed.payload)
        except WireError as error:
            self.fault = str(error)
            return
        self.document, self.kind = document, kind_of(document)
        self.accepted = encode(DocumentReply(document_id=document.header.document_id, accepted=True))
        if isinstance(document, Order):
            self.devices = frozenset(document.to.devices)
            self.areas = frozenset(document.to.areas)
            self.groups = frozenset(document.to.groups)

    def signed_by(self, key: bytes) -> bool:
        """Whether the holder of this Ed25519 key signed it: reckoned once for each key."""
        known = self._verified.get(key)
        if known is None:
            try:
                verify(key, self.signed)
                known = True
            except BadSignature:
                known = False
            self._verified[key] = known
        return known


class Reader:
    """Belongs to one process."""

    def __init__(self) -> None:
        self._decoder = controller_decoder()
        self._kept: OrderedDict[bytes, Pushed] = OrderedDict()
        self.shared = 0
        """Documents that had been read for another device before."""

    @property
    def unknown(self) -> int:
        """Messages of unknown types and unknown fields so far."""
        return self._decoder.unknown_types + self._decoder.unknown_fields

    def read(self, message: bytes) -> Pushed | Message | None:
        """A document, another message, or None for one of an unknown type. Raises `WireError`."""
        pushed = self._kept.get(message)
        if pushed is not None:
            self.shared += 1
            return pushed
        read: Message | None = self._decoder.decode(message)
        if not isinstance(read, DocumentPush):
            return read
        pushed = Pushed(read.document)
        self._kept[message] = pushed
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return pushed
