"""The device's end of the Noise handshakes `KK` and `XX`, and of the transport after it (Noise, revision 34).

Rules of the module: written from docs/protocol.md and the Noise specification, not from the agent's channel; thousands
of ends live in one process, so each keeps two ciphers and no more. What the static keys of both sides agree on is the
same at every dial and is reckoned once.
"""

import hashlib
import hmac
from collections.abc import Sequence
from typing import Final, Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from agents.protocol.errors import HandshakeFailed

Pattern = Literal["KK", "XX"]
Step = Literal["e", "s", "ee", "es", "se", "ss"]

_MESSAGES: Final[dict[Pattern, tuple[tuple[Step, ...], ...]]] = {
    "KK": (("e", "es", "ss"), ("e", "ee", "se")),
    "XX": (("e",), ("e", "ee", "s", "es"), ("s", "se")),
}
_KEY_BYTES: Final = 32
_TAG_BYTES: Final = 16


class StaticKey:
    """A device's X25519 key pair; keeps what it agrees on with a controller's static key."""

    __slots__ = ("_agreed", "_with", "private", "public", "raw")

    def __init__(self, raw: bytes | None = None) -> None:
        """The key of these 32 bytes, or a new one."""
        self.private: Final = X25519PrivateKey.generate() if raw is None else X25519PrivateKey.from_private_bytes(raw)
        self.raw: Final = self.private.private_bytes_raw() if raw is None else raw
        self.public: Final = self.private.public_key().public_bytes_raw()
        self._with = b""
        self._agreed = b""

    def agree(self, other: bytes) -> bytes:
        """The shared secret with another's static key."""
        if other != self._with:
            self._agreed = self.private.exchange(X25519PublicKey.from_public_bytes(other))
            self._with = other
        return self._agreed


class Transport:
    """Seals and opens frames once the handshake is done. ``remote_static`` is who the other side is."""

    __slots__ = ("_opened", "_opens", "_sealed", "_seals", "handshake_hash", "remote_static")

    def __init__(self, seals: bytes, opens: bytes, remote_static: bytes, handshake_hash: bytes) -> None:
        self._seals: Final = ChaCha20Poly1305(seals)
        self._opens: Final = ChaCha20Poly1305(opens)
        self._sealed = 0
        self._opened = 0
        self.remote_static: Final = remote_static
        self.handshake_hash: Final = handshake_hash

    def seal(self, plain: bytes) -> bytes:
        """The next frame to send."""
        sealed = self._seals.encrypt((self._sealed << 32).to_bytes(12, "little"), plain, None)
        self._sealed += 1
        return sealed

    def open(self, frame: bytes) -> bytes:
        """What the next frame holds. Raises `HandshakeFailed` unless the controller sealed it, in this order."""
        try:
            plain = self._opens.decrypt((self._opened << 32).to_bytes(12, "little"), frame, None)
        except InvalidTag as error:
            raise HandshakeFailed("a frame that was not sealed for this link") from error
        self._opened += 1
        return plain


class Handshake:
    """One handshake. Call `write` and feed `read` in turns, as the pattern says, until `transport` is there."""

    def __init__(self, pattern: Pattern, key: StaticKey, remote_static: bytes | None, prologue: bytes) -> None:
        self._key = key
        self._remote_static = remote_static or b""
        self._ephemeral: X25519PrivateKey | None = None
        self._remote_ephemeral = b""
        self._left: list[Sequence[Step]] = list(_MESSAGES[pattern])
        self._cipher: ChaCha20Poly1305 | None = None
        self._used = 0
        self._chain = self._hash = f"Noise_{pattern}_25519_ChaChaPoly_SHA256".encode()
        self.transport: Transport | None = None
        self._mix(prologue)
        if pattern == "KK":
            self._mix(key.public)
            self._mix(self._remote_static)

    def write(self) -> bytes:
        """This side's next message."""
        message = b""
        for step in self._left.pop(0):
            if step == "e":
                self._ephemeral = X25519PrivateKey.generate()
                public = self._ephemeral.public_key().public_bytes_raw()
                self._mix(public)
                message += public
            elif step == "s":
                message += self._seal(self._key.public)
            else:
                self._agree(step)
        return message + self._seal_end()

    def read(self, message: bytes) -> None:
        """Takes the controller's message. Raises `HandshakeFailed`."""
        try:
            for step in self._left.pop(0):
                if step == "e":
                    self._remote_ephemeral, message = message[:_KEY_BYTES], message[_KEY_BYTES:]
                    self._mix(self._remote_ephemeral)
                elif step == "s":
                    length = _KEY_BYTES + _TAG_BYTES
                    self._remote_static, message = self._open(message[:length]), message[length:]
                else:
                    self._agree(step)
            if self._open(message):
                raise HandshakeFailed("a handshake message with a payload")
        except (InvalidTag, ValueError) as error:
            raise HandshakeFailed("the controller does not hold the key that it must hold") from error
        self._end_if_done()

    def _seal_end(self) -> bytes:
        end = self._seal(b"")
        self._end_if_done()
        return end

    def _end_if_done(self) -> None:
        if not self._left:
            first, second = _derive(self._chain, b"")
            self.transport = Transport(first, second, self._remote_static, self._hash)

    def _agree(self, step: Step) -> None:
        mine, theirs = step[0], step[1]
        if mine == theirs == "s":
            secret = self._key.agree(self._remote_static)
        else:
            private = self._key.private if mine == "s" else self._ephemeral
            other = self._remote_static if theirs == "s" else self._remote_ephemeral
            assert private is not None
            secret = private.exchange(X25519PublicKey.from_public_bytes(other))
        self._chain, key = _derive(self._chain, secret)
        self._cipher, self._used = ChaCha20Poly1305(key), 0

    def _mix(self, data: bytes) -> None:
        self._hash = hashlib.sha256(self._hash + data).digest()

    def _seal(self, plain: bytes) -> bytes:
        sealed = plain if self._cipher is None else self._cipher.encrypt(self._nonce(), plain, self._hash)
        self._mix(sealed)
        return sealed

    def _open(self, sealed: bytes) -> bytes:
        plain = sealed if self._cipher is None else self._cipher.decrypt(self._nonce(), sealed, self._hash)
        self._mix(sealed)
        return plain

    def _nonce(self) -> bytes:
        self._used += 1
        return (self._used - 1 << 32).to_bytes(12, "little")


def _derive(chain: bytes, material: bytes) -> tuple[bytes, bytes]:
    secret = hmac.digest(chain, material, "sha256")
    first = hmac.digest(secret, b"\x01", "sha256")
    return first, hmac.digest(secret, first + b"\x02", "sha256")
