"""What can go wrong on the wire, by who can act on it."""


class WireError(Exception):
    """The other side sent something that this side cannot accept. The link is closed; the device dials again."""


class MalformedMessage(WireError):
    """A frame or message that does not follow `docs/protocol.md`."""


class TooLarge(WireError):
    """A frame or message above its size limit."""


class HandshakeFailed(WireError):
    """The other side does not hold the key that it must hold."""


class VersionMismatch(WireError):
    """Neither side speaks a version that the other understands. Update the older one."""


class PairingFailed(WireError):
    """The code or the token was not the right one. Nothing was pinned."""


class BadSignature(WireError):
    """A document that was not signed by the key it names, or was changed afterwards."""
