"""Live sound on the wire: some Opus packets, when they are to be heard, and who says so.

Rules of the module: a bundle is signed once, whoever it goes to, and travels as one live frame of the channel
(`channel.LiveAudio`), whose instant is the controller instant at which the first sample of the bundle leaves every
horn. All packets are Opus, mono or stereo, and last exactly `PACKET_US`. A bundle stands for itself: what is lost is
lost, and nothing waits for it. The device knows by the airing who may sign, and where in the sound a bundle belongs: at
``at_us`` less the airing's start.

Payload of the frame, numbers big-endian::

    8 bytes   tag of the airing: the first 8 of the SHA-256 of its id
    4 bytes   number of the bundle within the airing, from 0, only growing
    1 byte    flags: bit 0 is set in the last bundle of a stream
    1 byte    how many packets follow, at most 3
    each      2 bytes length, then the Opus packet
    64 bytes  Ed25519 over the label, the 8 bytes of the instant, and all of the payload before
"""

import hashlib
import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from agents.protocol.channel import LiveAudio
from agents.protocol.errors import BadSignature, MalformedMessage
from agents.protocol.signing import SigningKey

LIVE_LABEL: Final = b"loa-live-v1\0"
PACKET_US: Final = 20_000
PACKET_FRAMES: Final = 960
"""The same at 48 kHz."""
MAX_PACKETS: Final = 3
"""In a bundle: 60 ms."""
MAX_PACKET_BYTES: Final = 1_275
"""Of an Opus packet with one frame (RFC 6716, 3.4)."""
_HEAD: Final = struct.Struct(">8sIBB")
_INSTANT: Final = struct.Struct(">Q")
_LENGTH: Final = struct.Struct(">H")
_SIGNATURE_BYTES: Final = 64
_LAST: Final = 0x01


@lru_cache(maxsize=1_024)
def tag_of(airing_id: str) -> bytes:
    """The 8 bytes that stand for an airing in its bundles."""
    return hashlib.sha256(airing_id.encode()).digest()[:8]


@dataclass(frozen=True, slots=True)
class Bundle:
    """At most 60 ms of sound. ``at_us`` is when its first sample is to be heard, in controller time; ``last`` says that
    no other follows.
    """

    at_us: int
    tag: bytes
    number: int
    packets: tuple[bytes, ...]
    last: bool = False


def sign(key: SigningKey, bundle: Bundle) -> LiveAudio:
    """The frame to send, signed. Raises `ValueError` for a bundle that could not be read."""
    if len(bundle.packets) > MAX_PACKETS or any(not 0 < len(one) <= MAX_PACKET_BYTES for one in bundle.packets):
        raise ValueError("at most 3 packets of 1 to 1275 bytes")
    flags = _LAST if bundle.last else 0
    body = _HEAD.pack(bundle.tag, bundle.number, flags, len(bundle.packets)) + b"".join(
        _LENGTH.pack(len(packet)) + packet for packet in bundle.packets
    )
    return LiveAudio(bundle.at_us, body + key.sign_bytes(_signed(bundle.at_us, body)))


def read(audio: LiveAudio) -> Bundle:
    """What a frame says; who said it is for `verify`. Raises `MalformedMessage`."""
    payload = audio.payload
    end = len(payload) - _SIGNATURE_BYTES
    if end < _HEAD.size:
        raise MalformedMessage("a live bundle without its head or signature")
    tag, number, flags, count = _HEAD.unpack_from(payload)
    if count > MAX_PACKETS:
        raise MalformedMessage(f"a live bundle of {count} packets")
    packets, at = [], _HEAD.size
    for _ in range(count):
        if end - at < _LENGTH.size:
            raise MalformedMessage("a live bundle that ends in the middle of a packet")
        (length,) = _LENGTH.unpack_from(payload, at)
        at += _LENGTH.size
        if not 0 < length <= MAX_PACKET_BYTES or end - at < length:
            raise MalformedMessage("a live bundle that ends in the middle of a packet")
        packets.append(payload[at : at + length])
        at += length
    if at != end:
        raise MalformedMessage("a live bundle with something left over")
    return Bundle(audio.at_us, tag, number, tuple(packets), bool(flags & _LAST))


def verify(public_key: bytes, audio: LiveAudio) -> None:
    """Returns when the holder of ``public_key`` (32 bytes) signed exactly this, else raises `BadSignature`."""
    body, signature = audio.payload[:-_SIGNATURE_BYTES], audio.payload[-_SIGNATURE_BYTES:]
    try:
        _key(public_key).verify(signature, _signed(audio.at_us, body))
    except (InvalidSignature, ValueError) as error:
        raise BadSignature("the signature does not fit the live bundle") from error


@lru_cache(maxsize=16)
def _key(public_key: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(public_key)


def _signed(at_us: int, body: bytes) -> bytes:
    return LIVE_LABEL + _INSTANT.pack(at_us) + body
