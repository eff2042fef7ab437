"""Which signed document has reached which device."""

import msgspec

from agents.protocol.ids import DeviceId, DocumentId
from agents.protocol.journal import RefusalReason


class Delivered(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """A device's word on a document, and when it came. ``reason`` is set where it refused."""

    document_id: DocumentId
    device_id: DeviceId
    at_us: int
    accepted: bool
    reason: RefusalReason | None = None
    detail: str = ""
