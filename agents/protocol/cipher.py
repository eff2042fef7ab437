"""What seals the frames of a channel once its handshake is done: see `channel`."""

import struct
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from agents.protocol.errors import HandshakeFailed

_NONCE: Final = struct.Struct("<4xQ")
_LAST_NONCE: Final = 2**64 - 2
"""The number after it is reserved by Noise."""


class Cipher:
    """One direction of a channel after the handshake: ChaCha20-Poly1305 under a counter that never repeats."""

    __slots__ = ("_aead", "_number")

    def __init__(self, cipher_state: Any) -> None:
        self._aead = ChaCha20Poly1305(bytes(cipher_state.k))
        self._number = int(cipher_state.n)

    def seal(self, plain: bytes) -> bytes:
        """Raises `HandshakeFailed` when every number was used."""
        return self._aead.encrypt(self._next(), plain, None)

    def open(self, frame: bytes) -> bytes:
        """Raises `HandshakeFailed` for what the other side did not seal next; `InvalidTag` never leaves."""
        try:
            return self._aead.decrypt(self._next(), frame, None)
        except InvalidTag as error:
            raise HandshakeFailed("a frame that was not sealed for this channel") from error

    def _next(self) -> bytes:
        number = self._number
        if number > _LAST_NONCE:
            raise HandshakeFailed("this channel is used up; dial again")
        self._number = number + 1
        return _NONCE.pack(number)
