"""WebSocket as a device speaks it (RFC 6455): the opening request, frames out with a mask, frames in without one."""

import base64
import hashlib
import secrets
from typing import Final

from agents.protocol.errors import MalformedMessage, TooLarge
from agents.protocol.version import MAX_FRAME_BYTES

TEXT: Final = 0x1
BINARY: Final = 0x2
CLOSE: Final = 0x8
PING: Final = 0x9
PONG: Final = 0xA
_FINAL: Final = 0x80
_MASKED: Final = 0x80
_MOST_HEAD_BYTES: Final = 16_384
_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_END: Final = b"\r\n\r\n"


class Opening:
    """The HTTP part of one link."""

    __slots__ = ("_key",)

    def __init__(self) -> None:
        self._key = base64.b64encode(secrets.token_bytes(16))

    def request(self, host: str, path: str) -> bytes:
        """What the device sends first."""
        return (
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {self._key.decode()}\r\nSec-WebSocket-Version: 13\r\n\r\n"
        ).encode()

    def answered(self, received: bytes) -> bytes | None:
        """What came after the answer's head; None while the head is not whole. Raises `MalformedMessage`."""
        head, end, rest = received.partition(_END)
        if not end:
            if len(received) > _MOST_HEAD_BYTES:
                raise MalformedMessage("the answer to the opening request has no end")
            return None
        status, *lines = head.split(b"\r\n")
        fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines)}
        accept = base64.b64encode(hashlib.sha1(self._key + _GUID, usedforsecurity=False).digest())
        if not status.startswith(b"HTTP/1.1 101") or fields.get(b"sec-websocket-accept") != accept:
            raise MalformedMessage(f"no WebSocket here: {status[:80].decode(errors='replace')}")
        return rest


def masked(kind: int, payload: bytes, mask: int) -> bytes:
    """One frame from a device; ``mask`` is any number of 32 bits."""
    size = len(payload)
    four = mask.to_bytes(4, "big")
    if size < 126:
        head = bytes((_FINAL | kind, _MASKED | size))
    elif size < 65_536:
        head = bytes((_FINAL | kind, _MASKED | 126)) + size.to_bytes(2, "big")
    else:
        raise TooLarge(f"a frame of {size} bytes")
    covered = int.from_bytes(payload, "big") ^ int.from_bytes((four * (size // 4 + 1))[:size], "big")
    return head + four + covered.to_bytes(size, "big")


def split(received: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """The whole frames in what was received, each with its kind, and what is left over.

    Raises `MalformedMessage` for a frame in parts or with a mask, `TooLarge`.
    """
    frames: list[tuple[int, bytes]] = []
    at, end = 0, len(received)
    while at + 2 <= end:
        first, size = received[at], received[at + 1]
        begins = at + 2
        if size == 126:
            begins = at + 4
            size = int.from_bytes(received[at + 2 : begins], "big")
        elif size == 127:
            begins = at + 10
            size = int.from_bytes(received[at + 2 : begins], "big")
        elif size > 127:
            raise MalformedMessage("a frame of the controller with a mask")
        if not first & _FINAL:
            raise MalformedMessage("a frame in parts")
        if begins <= end and size > MAX_FRAME_BYTES:
            raise TooLarge(f"a frame of {size} bytes")
        if begins + size > end:
            break
        frames.append((first & 0xF, received[begins : begins + size]))
        at = begins + size
    return frames, received[at:]
