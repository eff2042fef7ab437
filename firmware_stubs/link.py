"""A simulated device's end of one link, without a task of its own: bytes come in, calls go out.

Rules of the module: one buffer is shared by all links of the process, because each takes what arrived out of it at
once. A link ends once, and says so once.
"""

import asyncio
import random
import socket
import struct
import time
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, Protocol
from urllib.parse import urlsplit

from agents.protocol import ids
from agents.protocol.codec import Decoder, clear_decoder, encode
from agents.protocol.errors import HandshakeFailed, MalformedMessage, WireError
from agents.protocol.messages import ClearMessage, DeviceState, Hello, HelloReply, Reject
from agents.protocol.version import LINK_PATH, MAX_FRAME_BYTES, OLDEST_PROTOCOL_VERSION, PROTOCOL_VERSION
from firmware_stubs import frames
from firmware_stubs.noise import Handshake, StaticKey, Transport

JSON_LAST: Final = 0x01
JSON_MORE: Final = 0x02
CLOCK_ASK: Final = 0x03
CLOCK_ANSWER: Final = 0x04
JSON_DEFLATED: Final = 0x05
_PROLOGUE: Final = b"loa-link-v1\0"
_ASK: Final = struct.Struct(">Bq")
_MOST_PLAIN_BYTES: Final = MAX_FRAME_BYTES - 16
_CLOSE_NORMALLY: Final = (1000).to_bytes(2, "big")


def clock_ask() -> bytes:
    """The plain text of a clock exchange's first half, made at this instant."""
    return _ASK.pack(CLOCK_ASK, time.monotonic_ns() // 1000)


class Listener(Protocol):
    """The device whose link it is."""

    def opened(self, link: "Link") -> None: ...
    def heard(self, plain: bytes, arrived_us: int) -> None: ...
    def lost(self, reason: str, retry_after_s: float) -> None: ...


@dataclass(frozen=True, slots=True)
class Way:
    """How the controller is reached, and what all links of the process share. ``path`` is that of the link."""

    address: str
    port: int
    host: str
    path: str
    secure: bool
    buffer: memoryview
    clear: "Decoder[ClearMessage]"

    @classmethod
    def to(cls, base_url: str) -> "Way":
        """The way to a controller's address; its name is looked up once, here. Raises `ValueError` or `OSError`."""
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{base_url} is no address of a controller; it reads http://HOST:PORT")
        secure = parts.scheme == "https"
        port = parts.port or (443 if secure else 80)
        found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
        return cls(
            address=str(found[0][4][0]),
            port=port,
            host=parts.netloc,
            path=parts.path.rstrip("/"),
            secure=secure,
            buffer=memoryview(bytearray(2 * MAX_FRAME_BYTES)),
            clear=clear_decoder(),
        )


class _State(Enum):
    OPENING = auto()
    GREETING = auto()
    SHAKING = auto()
    OPEN = auto()
    OVER = auto()


class Link(asyncio.BufferedProtocol):
    """From the opening request to the last frame."""

    __slots__ = (
        "_claimed",
        "_hello",
        "_left",
        "_listener",
        "_opening",
        "_pinned",
        "_shaking",
        "_state",
        "_way",
        "key",
        "received_bytes",
        "sent_bytes",
        "socket",
        "transport",
    )

    def __init__(self, way: Way, key: StaticKey, pinned: bytes | None, listener: Listener) -> None:
        self._way = way
        self._listener = listener
        self._pinned = pinned
        self.key = key
        self._state = _State.OPENING
        self._opening: frames.Opening | None = frames.Opening()
        self._hello = b""
        self._claimed = ""
        self._left = b""
        self._shaking: Handshake | None = None
        self.socket: asyncio.Transport | None = None
        self.transport: Transport | None = None
        self.sent_bytes = self.received_bytes = 0

    # --- what the event loop calls ----------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.socket = transport
        assert self._opening is not None
        transport.write(self._opening.request(self._way.host, self._way.path + LINK_PATH))

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._way.buffer

    def buffer_updated(self, nbytes: int) -> None:
        arrived_us = time.monotonic_ns() // 1000
        self.received_bytes += nbytes
        received = bytes(self._way.buffer[:nbytes])
        if self._left:
            received = self._left + received
        try:
            self._take(received, arrived_us)
        except (WireError, ValueError) as error:
            self.end(f"{type(error).__name__}: {error}")

    def connection_lost(self, exc: Exception | None) -> None:
        self.end("the connection broke" if exc is not None else "the controller hung up")

    # --- what the device calls --------------------------------------------------------------------------------------

    def send_plain(self, plain: bytes) -> None:
        """One frame. What is said after the end is lost, as on any wire."""
        frame = self.sealed(plain)
        if frame:
            self.write(frame)

    def sealed(self, plain: bytes) -> bytes:
        """The bytes of the next frame, which must be written next; nothing after the end."""
        if self._state is not _State.OPEN or self.transport is None:
            return b""
        if len(plain) > _MOST_PLAIN_BYTES:
            raise ValueError(f"{len(plain)} bytes do not fit into a frame")
        return frames.masked(frames.BINARY, self.transport.seal(plain), random.getrandbits(32))

    def write(self, raw: bytes) -> None:
        """Bytes as they are."""
        if self.socket is not None and not self.socket.is_closing():
            self.sent_bytes += len(raw)
            self.socket.write(raw)

    def end(self, reason: str, retry_after_s: float = 0.0, *, abruptly: bool = False) -> None:
        """Closes the link; the device is told once."""
        if self._state is _State.OVER:
            return
        opened = self._state is not _State.OPENING
        self._state = _State.OVER
        self._shaking = self._opening = self.transport = None
        self._left = b""
        socket = self.socket
        if socket is not None and not socket.is_closing():
            if abruptly:
                socket.abort()
            else:
                if opened:
                    socket.write(frames.masked(frames.CLOSE, _CLOSE_NORMALLY, random.getrandbits(32)))
                socket.close()
        self._listener.lost(reason, retry_after_s)

    # --- what arrives -----------------------------------------------------------------------------------------------

    def _take(self, received: bytes, arrived_us: int) -> None:
        if self._state is _State.OPENING:
            assert self._opening is not None
            rest = self._opening.answered(received)
            if rest is None:
                self._left = received
                return
            self._opening, self._state, received = None, _State.GREETING, rest
            self._greet()
        whole, self._left = frames.split(received)
        for kind, payload in whole:
            self._frame(kind, payload, arrived_us)
            if self._state is _State.OVER:
                return

    def _frame(self, kind: int, payload: bytes, arrived_us: int) -> None:
        if kind == frames.BINARY and self._state is _State.OPEN:
            assert self.transport is not None
            self._listener.heard(self.transport.open(payload), arrived_us)
        elif kind == frames.BINARY and self._state is _State.SHAKING:
            self._shake(payload)
        elif kind == frames.TEXT and self._state is _State.GREETING:
            self._greeted(payload)
        elif kind == frames.PING:
            self.write(frames.masked(frames.PONG, payload, random.getrandbits(32)))
        elif kind == frames.CLOSE:
            self.end("the controller closed the link")
        elif kind != frames.PONG:
            raise MalformedMessage("a frame out of turn")

    def _greet(self) -> None:
        pinned = self._pinned
        self._hello = encode(
            Hello(
                protocol=PROTOCOL_VERSION,
                oldest_protocol=OLDEST_PROTOCOL_VERSION,
                device_id=ids.device_id(self.key.public),
                state=DeviceState.NEW if pinned is None else DeviceState.ADOPTED,
                controller_id=None if pinned is None else ids.controller_id(pinned),
            )
        )
        self.write(frames.masked(frames.TEXT, self._hello, random.getrandbits(32)))

    def _greeted(self, raw: bytes) -> None:
        match self._way.clear.decode(raw):
            case Reject(reason=reason, retry_after_s=retry_after_s):
                self.end(f"turned away: {reason}", retry_after_s)
                return
            case HelloReply(controller_id=controller_id):
                self._claimed = controller_id
            case _:
                raise MalformedMessage("the answer to the greeting is none")
        parts = (len(text).to_bytes(4, "big") + text for text in (self._hello, raw))
        prologue = _PROLOGUE + b"".join(parts)
        self._hello = b""
        self._shaking = Handshake("XX" if self._pinned is None else "KK", self.key, self._pinned, prologue)
        self._state = _State.SHAKING
        self._write_handshake(self._shaking)

    def _shake(self, message: bytes) -> None:
        shaking = self._shaking
        assert shaking is not None
        shaking.read(message)
        if shaking.transport is None:
            self._write_handshake(shaking)
        if shaking.transport is None:
            raise HandshakeFailed("the handshake has no end")
        if ids.controller_id(shaking.transport.remote_static) != self._claimed:
            raise HandshakeFailed("the controller's key does not fit the id it gave")
        self.transport, self._shaking, self._state = shaking.transport, None, _State.OPEN
        self._listener.opened(self)

    def _write_handshake(self, shaking: Handshake) -> None:
        self.write(frames.masked(frames.BINARY, shaking.write(), random.getrandbits(32)))
