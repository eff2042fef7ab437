"""The channel inside the WebSocket: Noise, and messages cut into frames.

Rules of the module: the device is the initiator. A device that is new to the controller speaks ``XX``, which carries
both static keys; a pinned one speaks ``KK``, which proves both and carries neither. The two texts that went before in
the clear are the prologue, so that whoever changes them breaks the handshake. No input or output happens here: bytes
go in, bytes come out. The ``noise`` library is imported in this file alone, and makes the handshake alone: what follows
is one authenticated encryption a frame with a key and a counter, done here, because a controller holds thousands of
channels and the library keeps its whole state for each.

Inside an encrypted frame the first byte tells what follows::

    0x01  JSON, the last or only part of a message
    0x02  JSON, more of the same message follows
    0x03  a clock request: t1 (8 bytes, big-endian, signed, microseconds)
    0x04  a clock reply: t1, t2, t3 (8 bytes each), 1 byte flags (bit 0: synchronised), 4 bytes of the clock id's hash
    0x05  JSON, a whole message, deflated (RFC 1950)
    0x10  live audio: instant (8 bytes, big-endian, microseconds of controller time), then the sound

Frames of another kind are ignored and counted. Live audio and the clock may come between two parts of a message.
"""

import hashlib
import struct
import zlib
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final, Self

from cryptography.exceptions import InvalidTag
from noise.connection import Keypair, NoiseConnection
from noise.exceptions import NoiseHandshakeError, NoiseInvalidMessage, NoiseValidationError, NoiseValueError

from agents.protocol.cipher import Cipher
from agents.protocol.errors import HandshakeFailed, MalformedMessage, TooLarge
from agents.protocol.version import MAX_FRAME_BYTES, MAX_MESSAGE_BYTES

PROLOGUE_LABEL: Final = b"loa-link-v1\0"
_SUITE: Final = "25519_ChaChaPoly_SHA256"
_TAG_BYTES: Final = 16
_KIND_LAST: Final = 0x01
_KIND_MORE: Final = 0x02
_KIND_CLOCK_REQUEST: Final = 0x03
_KIND_CLOCK_REPLY: Final = 0x04
_KIND_DEFLATED: Final = 0x05
_KIND_AUDIO: Final = 0x10
_CLOCK_REQUEST: Final = struct.Struct(">q")
_CLOCK_REPLY: Final = struct.Struct(">qqqB4s")
_AUDIO_HEADER_BYTES: Final = 9
SEAL_BYTES: Final = _TAG_BYTES
"""What sealing adds to a plain text."""
_DEFLATED_FROM_BYTES: Final = 200
"""What is shorter hardly shrinks."""
_PART_BYTES: Final = MAX_FRAME_BYTES - _TAG_BYTES - 1
MAX_LIVE_BYTES: Final = MAX_FRAME_BYTES - _TAG_BYTES - _AUDIO_HEADER_BYTES
"""The most that one live audio frame can carry."""

_HANDSHAKE_FAULTS: Final = (
    InvalidTag,
    NoiseHandshakeError,
    NoiseInvalidMessage,
    NoiseValidationError,
    NoiseValueError,
    ValueError,
)


class Pattern(StrEnum):
    """Which handshake: `HelloReply.handshake` carries the value."""

    XX = "XX"
    """Neither side knows the other's key yet."""
    KK = "KK"
    """Both have pinned the other's key."""


@dataclass(frozen=True, slots=True)
class LiveAudio:
    """A piece of live sound: ``at_us`` is the instant of its first sample in controller time."""

    at_us: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class ClockAsk:
    """Device -> controller. ``t1_us`` is the device's own monotonic clock when it sent this. Also the keep-alive."""

    t1_us: int


@dataclass(frozen=True, slots=True)
class ClockAnswer:
    """Controller -> device. ``t2_us`` on arrival and ``t3_us`` on leaving, in controller time.

    ``clock_tag`` is `clock_tag` of the welcome's clock id. Another one: the controller's time line began anew, and the
    device dials again. ``synchronised`` is false while the controller does not trust its own time.
    """

    t1_us: int
    t2_us: int
    t3_us: int
    synchronised: bool
    clock_tag: bytes


@lru_cache(maxsize=4)
def clock_tag(clock_id: str) -> bytes:
    """The first 4 bytes of the SHA-256 of a clock id: enough to notice that it is another one."""
    return hashlib.sha256(clock_id.encode()).digest()[:4]


def prologue(hello: bytes, reply: bytes) -> bytes:
    """What both sides mix in first: the two clear texts, byte for byte, each after its length (4 bytes, big-endian)."""
    parts = (len(text).to_bytes(4, "big") + text for text in (hello, reply))
    return PROLOGUE_LABEL + b"".join(parts)


def live_plain(audio: LiveAudio) -> bytes:
    """The plain text of a live frame: the same on every link, and to be sealed for each. Raises `TooLarge`."""
    if len(audio.payload) > MAX_LIVE_BYTES:
        raise TooLarge(f"{len(audio.payload)} bytes of live sound; at most {MAX_LIVE_BYTES} fit into a frame")
    return b"\x10" + audio.at_us.to_bytes(8, "big") + audio.payload


@lru_cache(maxsize=1)
def _key_pair(library: Any, static_private: bytes) -> Any:
    """The library's form of the own key: reckoning the public half again for every link is a tenth of a handshake."""
    return library.from_private_bytes(static_private)


class Channel:
    """One end of one channel, from the first handshake message to the last frame.

    Handshake: call `write_handshake` while `my_turn`, else feed `read_handshake`, until `finished`. Then `encrypt`
    and `feed`. After any error the channel is worthless: close the link.
    """

    __slots__ = (
        "_local_static",
        "_noise",
        "_opening",
        "_parts",
        "_remote_static",
        "_sealing",
        "deflating",
        "handshake_hash",
        "my_turn",
        "unknown_frames",
    )

    def __init__(
        self,
        *,
        initiator: bool,
        pattern: Pattern,
        static_private: bytes,
        remote_static: bytes | None,
        prologue: bytes,
    ) -> None:
        """Rather use `initiator` or `responder`. ``remote_static`` is needed for KK. Raises `HandshakeFailed`."""
        if (pattern is Pattern.KK) != (remote_static is not None):
            raise ValueError("the other side's key is given for KK, and only for KK")
        self.my_turn = initiator
        self.deflating = False
        """Set it to true where bytes are dear and the other side understands deflated messages."""
        self.unknown_frames = 0
        self.handshake_hash = b""
        self._remote_static = remote_static
        self._parts: bytearray | None = None
        self._sealing: Cipher | None = None
        self._opening: Cipher | None = None
        noise: Any = NoiseConnection.from_name(f"Noise_{pattern}_{_SUITE}".encode())
        self._noise = noise
        if initiator:
            noise.set_as_initiator()
        else:
            noise.set_as_responder()
        noise.set_prologue(prologue)
        try:
            noise.noise_protocol.keypairs["s"] = own = _key_pair(noise.noise_protocol.dh_fn.klass, static_private)
            if remote_static is not None:
                noise.set_keypair_from_public_bytes(Keypair.REMOTE_STATIC, remote_static)
            noise.start_handshake()
        except _HANDSHAKE_FAULTS as error:
            raise HandshakeFailed(f"a key that is none: {error}") from error
        self._local_static = bytes(own.public_bytes)

    @classmethod
    def initiator(cls, pattern: Pattern, static_private: bytes, remote_static: bytes | None, prologue: bytes) -> Self:
        """The device's end."""
        return cls(
            initiator=True,
            pattern=pattern,
            static_private=static_private,
            remote_static=remote_static,
            prologue=prologue,
        )

    @classmethod
    def responder(cls, pattern: Pattern, static_private: bytes, remote_static: bytes | None, prologue: bytes) -> Self:
        """The controller's end."""
        return cls(
            initiator=False,
            pattern=pattern,
            static_private=static_private,
            remote_static=remote_static,
            prologue=prologue,
        )

    @property
    def finished(self) -> bool:
        """Whether the handshake is done and both ends are who they say they are."""
        return self._sealing is not None

    @property
    def local_static(self) -> bytes:
        """This side's X25519 public key, 32 bytes."""
        return self._local_static

    @property
    def remote_static(self) -> bytes:
        """The other side's X25519 public key, 32 bytes. Raises `HandshakeFailed` before the handshake is finished."""
        if self._remote_static is None or not self.finished:
            raise HandshakeFailed("the other side has not shown its key yet")
        return self._remote_static

    def write_handshake(self) -> bytes:
        """The next handshake message to send. Raises `HandshakeFailed` when it is not this side's turn."""
        handshake = self._handshake()
        try:
            message = bytes(self._noise.write_message())
        except _HANDSHAKE_FAULTS as error:
            raise HandshakeFailed(f"the handshake cannot go on: {error}") from error
        self._after_handshake_step(handshake)
        return message

    def read_handshake(self, message: bytes) -> None:
        """Takes the other side's handshake message. Raises `HandshakeFailed` or `TooLarge`."""
        if len(message) > MAX_FRAME_BYTES:
            raise TooLarge(f"a handshake message of {len(message)} bytes")
        handshake = self._handshake()
        try:
            payload = self._noise.read_message(message)
        except _HANDSHAKE_FAULTS as error:
            raise HandshakeFailed("the other side does not hold the key that it must hold") from error
        if payload:
            raise HandshakeFailed("a handshake message with a payload")
        self._after_handshake_step(handshake)

    def _handshake(self) -> Any:
        """The library forgets its handshake, and with it who the other side is, in the moment it succeeds."""
        if self._noise is None:
            raise HandshakeFailed("the handshake is over")
        return self._noise.noise_protocol.handshake_state

    def _after_handshake_step(self, handshake: Any) -> None:
        self.my_turn = not self.my_turn
        noise = self._noise
        if noise.handshake_finished:
            self.my_turn = False
            self.handshake_hash = bytes(noise.get_handshake_hash())
            self._remote_static = bytes(handshake.rs.public_bytes)
            self._sealing = Cipher(noise.noise_protocol.cipher_state_encrypt)
            self._opening = Cipher(noise.noise_protocol.cipher_state_decrypt)
            self._noise = None

    def encrypt(self, message: bytes) -> list[bytes]:
        """The frames of one JSON message, to be sent in this order. Raises `TooLarge`."""
        if len(message) > MAX_MESSAGE_BYTES:
            raise TooLarge(f"a message of {len(message)} bytes; at most {MAX_MESSAGE_BYTES} are allowed")
        if self.deflating and len(message) >= _DEFLATED_FROM_BYTES:
            deflated = zlib.compress(message, 9)
            if len(deflated) <= min(_PART_BYTES, len(message)):
                return [self._seal(b"\x05" + deflated)]
        if len(message) <= _PART_BYTES:
            return [self._seal(b"\x01" + message)]
        starts = range(0, len(message), _PART_BYTES)
        last = starts[-1]
        return [
            self._seal((b"\x01" if start == last else b"\x02") + message[start : start + _PART_BYTES])
            for start in starts
        ]

    def encrypt_live(self, audio: LiveAudio) -> bytes:
        """The one frame of a piece of live sound. Raises `TooLarge`."""
        return self._seal(live_plain(audio))

    def seal_live(self, plain: bytes) -> bytes:
        """The same of what `live_plain` made, once for many links."""
        return self._seal(plain)

    def encrypt_clock(self, message: ClockAsk | ClockAnswer) -> bytes:
        """The one frame of a clock request or its reply."""
        match message:
            case ClockAsk(t1_us=t1_us):
                return self._seal(b"\x03" + _CLOCK_REQUEST.pack(t1_us))
            case ClockAnswer():
                return self._seal(
                    b"\x04"
                    + _CLOCK_REPLY.pack(
                        message.t1_us, message.t2_us, message.t3_us, message.synchronised, message.clock_tag
                    )
                )

    def _seal(self, plain: bytes) -> bytes:
        if self._sealing is None:
            raise HandshakeFailed("nothing can be sealed before the handshake is finished")
        return self._sealing.seal(plain)

    def feed(self, frame: bytes) -> bytes | LiveAudio | ClockAsk | ClockAnswer | None:
        """What a frame completes: a message, live sound, a word about the clock, or nothing yet.

        Raises `HandshakeFailed` for a frame that the other side did not seal, in this order, for this channel;
        `TooLarge`; `MalformedMessage`.
        """
        if len(frame) > MAX_FRAME_BYTES:
            raise TooLarge(f"a frame of {len(frame)} bytes; at most {MAX_FRAME_BYTES} are allowed")
        if self._opening is None:
            raise HandshakeFailed("nothing can be read before the handshake is finished")
        plain = self._opening.open(frame)
        if not plain:
            raise MalformedMessage("an empty frame")
        kind = plain[0]
        if kind == _KIND_LAST and self._parts is None:
            return plain[1:]
        match kind:
            case _ if kind in (_KIND_LAST, _KIND_MORE):
                return self._collect(plain, last=kind == _KIND_LAST)
            case _ if kind == _KIND_DEFLATED:
                if self._parts is not None:
                    raise MalformedMessage("a message in the middle of another")
                return _inflate(plain[1:])
            case _ if kind in (_KIND_CLOCK_REQUEST, _KIND_CLOCK_REPLY):
                return _clock(kind, plain[1:])
            case _ if kind == _KIND_AUDIO:
                if len(plain) < _AUDIO_HEADER_BYTES:
                    raise MalformedMessage("a live frame without its header")
                at_us = int.from_bytes(plain[1:_AUDIO_HEADER_BYTES], "big")
                return LiveAudio(at_us=at_us, payload=plain[_AUDIO_HEADER_BYTES:])
            case _:
                self.unknown_frames += 1
                return None

    def _collect(self, plain: bytes, *, last: bool) -> bytes | None:
        parts = self._parts = self._parts or bytearray()
        if len(parts) + len(plain) - 1 > MAX_MESSAGE_BYTES:
            raise TooLarge(f"a message of more than {MAX_MESSAGE_BYTES} bytes")
        parts += plain[1:]
        if not last:
            return None
        self._parts = None
        return bytes(parts)


def _inflate(deflated: bytes) -> bytes:
    inflater = zlib.decompressobj()
    try:
        message = inflater.decompress(deflated, MAX_MESSAGE_BYTES + 1)
    except zlib.error as error:
        raise MalformedMessage("a deflated frame that does not inflate") from error
    if len(message) > MAX_MESSAGE_BYTES:
        raise TooLarge(f"a message of more than {MAX_MESSAGE_BYTES} bytes")
    if not inflater.eof or inflater.unused_data:
        raise MalformedMessage("a deflated frame that is cut off or goes on behind its end")
    return message


def _clock(kind: int, body: bytes) -> ClockAsk | ClockAnswer:
    try:
        if kind == _KIND_CLOCK_REQUEST:
            return ClockAsk(*_CLOCK_REQUEST.unpack(body))
        t1_us, t2_us, t3_us, flags, tag = _CLOCK_REPLY.unpack(body)
    except struct.error as error:
        raise MalformedMessage("a clock frame of another length") from error
    return ClockAnswer(t1_us, t2_us, t3_us, bool(flags & 1), tag)
