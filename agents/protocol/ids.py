"""Names of things, as types, so that one cannot be taken for another."""

import base64
import hashlib
from typing import NewType

DeviceId = NewType("DeviceId", str)
"""The agent in the box. Derived from its public key, so it cannot be copied with the name."""

ControllerId = NewType("ControllerId", str)
"""One controller. Derived from its public key in the same way."""

SpeakerId = NewType("SpeakerId", str)
"""The pole and its place; it outlives the box that hangs on it."""

AreaId = NewType("AreaId", str)
BulletinId = NewType("BulletinId", str)
AiringId = NewType("AiringId", str)
KeyId = NewType("KeyId", str)
DocumentId = NewType("DocumentId", str)
Sha256 = NewType("Sha256", str)
"""A clip's name: SHA-256 of its bytes, 64 lower-case hexadecimal digits."""

_ID_LETTERS = 16


def _fingerprint(public_key: bytes) -> str:
    digest = hashlib.sha256(public_key).digest()
    return base64.b32encode(digest).decode("ascii").lower()[:_ID_LETTERS]


def device_id(public_key: bytes) -> DeviceId:
    """The id of the device that holds the private half of this X25519 ``public_key`` (32 bytes)."""
    return DeviceId("d-" + _fingerprint(public_key))


def controller_id(public_key: bytes) -> ControllerId:
    """The id of the controller that holds the private half of this X25519 ``public_key`` (32 bytes)."""
    return ControllerId("c-" + _fingerprint(public_key))


def key_id(public_key: bytes) -> KeyId:
    """The id of the Ed25519 signing key with this ``public_key`` (32 bytes)."""
    return KeyId("k-" + _fingerprint(public_key))


def plate_digits(device_id: str) -> str:
    """Four digits for a device, such as stand on its plate: what it says when it is to show which one it is.

    They tell boxes apart that hang near each other; they are no secret, and one in ten thousand has the same.
    """
    digest = hashlib.sha256(b"loa-plate-v1\0" + device_id.encode()).digest()
    return f"{int.from_bytes(digest[:8], 'big') % 10_000:04d}"


def is_sha256(text: str) -> bool:
    """True when ``text`` can be a clip's name."""
    return len(text) == 64 and all(letter in "0123456789abcdef" for letter in text)
