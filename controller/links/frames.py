"""WebSocket frames (RFC 6455) as devices send them and get them: bytes in, frames out. Pure.

Rules of the module: no extension is ever agreed on, so every reserved bit is an error; what comes from a device is
masked, what goes to it is not. A message that was cut into frames is put together, and counts with its whole length.
A controller reads thousands of small frames a second, nearly all of them whole when they arrive: that way is short.
"""

import struct
from enum import IntEnum
from typing import Final, NamedTuple

from agents.protocol.errors import MalformedMessage, TooLarge
from agents.protocol.version import MAX_FRAME_BYTES

_CONTINUATION: Final = 0x0
_MASKED: Final = 0x80
_LENGTH_16: Final = 126
_LENGTH_64: Final = 127
_MASK_BYTES: Final = 4
_CONTROL_AT_MOST: Final = 125
_WHOLE: Final = 0x80
_CODE: Final = struct.Struct(">H")


class Kind(IntEnum):
    """What a frame holds; the values are the opcodes."""

    TEXT = 0x1
    BINARY = 0x2
    CLOSE = 0x8
    PING = 0x9
    PONG = 0xA


_KINDS: Final = {kind.value: kind for kind in Kind}
_CONTROL: Final = frozenset({Kind.CLOSE, Kind.PING, Kind.PONG})


class Frame(NamedTuple):
    """A whole message, or a control frame."""

    kind: Kind
    payload: bytes


def frame(kind: Kind, payload: bytes) -> bytes:
    """The bytes to send to a device."""
    return frame_head(kind, len(payload)) + payload


def frame_head(kind: Kind, length: int) -> bytes:
    """What stands before so many bytes."""
    if length < _LENGTH_16:
        return bytes((_WHOLE | kind, length))
    if length < 1 << 16:
        return bytes((_WHOLE | kind, _LENGTH_16, length >> 8, length & 0xFF))
    return bytes((_WHOLE | kind, _LENGTH_64)) + length.to_bytes(8, "big")


def close_frame(code: int) -> bytes:
    """The frame that ends a connection, with its reason as a number."""
    return frame(Kind.CLOSE, _CODE.pack(code))


def unmasked(payload: bytes | bytearray | memoryview, mask: bytes) -> bytes:
    """What was meant: each byte exclusive-or that of the mask."""
    length = len(payload)
    repeated = (mask * (length // _MASK_BYTES + 1))[:length]
    return (int.from_bytes(payload, "little") ^ int.from_bytes(repeated, "little")).to_bytes(length, "little")


class Frames:
    """Takes what the network brings, in pieces of any size, and gives whole frames."""

    __slots__ = ("_kind", "_parts", "_waiting")

    def __init__(self) -> None:
        self._waiting: bytearray | None = None
        """The beginning of a frame that is not all here."""
        self._kind: Kind | None = None
        self._parts: bytearray | None = None
        """Of a message that was cut, what came so far."""

    def feed(self, data: bytes | bytearray | memoryview) -> list[Frame]:
        """The frames that these bytes complete. Raises `MalformedMessage`, or `TooLarge` above `MAX_FRAME_BYTES`.

        ``data`` is not kept.
        """
        waiting = self._waiting
        if waiting is not None:
            waiting += data
            data, self._waiting = waiting, None
        found: list[Frame] = []
        at, end = 0, len(data)
        while at < end:
            after = self._one(data, at, end, found)
            if after == 0:
                self._waiting = bytearray(data[at:end])
                break
            at = after
        return found

    def _one(self, data: bytes | bytearray | memoryview, at: int, end: int, found: list[Frame]) -> int:
        """Reads the frame at ``at``; returns where the next begins, 0 where this one is not all here."""
        if end - at < 2:
            return 0
        first, second = data[at], data[at + 1]
        begins, length = at + 2, second & 0x7F
        if length >= _LENGTH_16:
            size = 2 if length == _LENGTH_16 else 8
            if end - begins < size:
                return 0
            length = int.from_bytes(data[begins : begins + size], "big")
            begins += size
        self._check(first, second, length)
        ends = begins + _MASK_BYTES + length
        if end < ends:
            return 0
        mask = bytes(data[begins : begins + _MASK_BYTES])
        self._take(first, unmasked(data[begins + _MASK_BYTES : ends], mask), found)
        return ends

    def _check(self, first: int, second: int, length: int) -> None:
        """Before anything of the frame is kept."""
        if not second & _MASKED:
            raise MalformedMessage("a WebSocket frame of a device must be masked")
        if first & 0x70:
            raise MalformedMessage("a WebSocket frame with a reserved bit")
        if first & 0x08 and (length > _CONTROL_AT_MOST or not first & _WHOLE):
            raise MalformedMessage("a WebSocket control frame that is long or cut")
        if length + len(self._parts or b"") > MAX_FRAME_BYTES:
            raise TooLarge(f"a frame of more than {MAX_FRAME_BYTES} bytes")

    def _take(self, first: int, payload: bytes, found: list[Frame]) -> None:
        opcode = first & 0x0F
        kind = _KINDS.get(opcode)
        if kind in _CONTROL:
            found.append(Frame(kind, payload))
            return
        if opcode == _CONTINUATION:
            if self._kind is None:
                raise MalformedMessage("a WebSocket frame goes on with nothing")
        elif kind is None:
            raise MalformedMessage(f"a WebSocket frame of the unknown kind {opcode}")
        elif self._kind is not None:
            raise MalformedMessage("a WebSocket message inside another")
        elif first & _WHOLE:
            found.append(Frame(kind, payload))
            return
        else:
            self._kind, self._parts = kind, bytearray()
        self._collect(payload, last=bool(first & _WHOLE), found=found)

    def _collect(self, payload: bytes, *, last: bool, found: list[Frame]) -> None:
        assert self._kind is not None
        assert self._parts is not None
        self._parts += payload
        if last:
            found.append(Frame(self._kind, bytes(self._parts)))
            self._kind = self._parts = None
