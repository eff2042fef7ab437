"""What docs/protocol.md says, written down a second time by somebody who has nothing but that page.

Only `cryptography` and the standard library; nothing of the code under test. Noise follows revision 34 of its
specification, sections 5.1 to 5.3; SPAKE2 is written on the affine Edwards curve, slow and plain.
"""

import hashlib
import hmac
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

# --- Noise ------------------------------------------------------------------------------------------------------------

PATTERNS = {
    "XX": ([], [["e"], ["e", "ee", "s", "es"], ["s", "se"]]),
    "KK": (["s", "rs"], [["e", "es", "ss"], ["e", "ee", "se"]]),
}


def hkdf(key: bytes, material: bytes) -> tuple[bytes, bytes]:
    secret = hmac.digest(key, material, "sha256")
    first = hmac.digest(secret, b"\x01", "sha256")
    return first, hmac.digest(secret, first + b"\x02", "sha256")


@dataclass
class Cipher:
    key: bytes | None = None
    count: int = 0

    def _nonce(self) -> bytes:
        nonce = bytes(4) + self.count.to_bytes(8, "little")
        self.count += 1
        return nonce

    def seal(self, text: bytes, extra: bytes = b"") -> bytes:
        return text if self.key is None else ChaCha20Poly1305(self.key).encrypt(self._nonce(), text, extra)

    def open(self, text: bytes, extra: bytes = b"") -> bytes:
        return text if self.key is None else ChaCha20Poly1305(self.key).decrypt(self._nonce(), text, extra)


def public(private: bytes) -> bytes:
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def agree(private: bytes, other: bytes) -> bytes:
    return X25519PrivateKey.from_private_bytes(private).exchange(X25519PublicKey.from_public_bytes(other))


@dataclass
class Noise:
    """One end. ``ephemeral`` is given, so that a transcript can be repeated."""

    pattern: str
    initiator: bool
    prologue: bytes
    static: bytes
    ephemeral: bytes
    remote_static: bytes = b""
    remote_ephemeral: bytes = b""
    step: int = 0
    cipher: Cipher = field(default_factory=Cipher)
    sending: Cipher = field(default_factory=Cipher)
    receiving: Cipher = field(default_factory=Cipher)

    def __post_init__(self) -> None:
        name = f"Noise_{self.pattern}_25519_ChaChaPoly_SHA256".encode()
        self.hash = self.chain = name.ljust(32, b"\0") if len(name) <= 32 else hashlib.sha256(name).digest()
        self._mix(self.prologue)
        if PATTERNS[self.pattern][0]:
            mine, theirs = public(self.static), self.remote_static
            for key in (mine, theirs) if self.initiator else (theirs, mine):
                self._mix(key)

    def _mix(self, data: bytes) -> None:
        self.hash = hashlib.sha256(self.hash + data).digest()

    def _agree(self, token: str) -> None:
        mine, theirs = token if self.initiator else token[::-1]
        private = {"e": self.ephemeral, "s": self.static}[mine]
        other = {"e": self.remote_ephemeral, "s": self.remote_static}[theirs]
        self.chain, key = hkdf(self.chain, agree(private, other))
        self.cipher = Cipher(key)

    def _seal(self, text: bytes) -> bytes:
        sealed = self.cipher.seal(text, self.hash)
        self._mix(sealed)
        return sealed

    def _open(self, sealed: bytes) -> bytes:
        text = self.cipher.open(sealed, self.hash)
        self._mix(sealed)
        return text

    def write(self) -> bytes:
        message = b""
        for token in PATTERNS[self.pattern][1][self.step]:
            if token == "e":
                message += public(self.ephemeral)
                self._mix(public(self.ephemeral))
            elif token == "s":
                message += self._seal(public(self.static))
            else:
                self._agree(token)
        message += self._seal(b"")
        self._next()
        return message

    def read(self, message: bytes) -> None:
        for token in PATTERNS[self.pattern][1][self.step]:
            if token == "e":
                self.remote_ephemeral, message = message[:32], message[32:]
                self._mix(self.remote_ephemeral)
            elif token == "s":
                length = 32 if self.cipher.key is None else 48
                self.remote_static, message = self._open(message[:length]), message[length:]
            else:
                self._agree(token)
        assert self._open(message) == b""
        self._next()

    def _next(self) -> None:
        self.step += 1
        if self.step == len(PATTERNS[self.pattern][1]):
            first, second = (Cipher(key) for key in hkdf(self.chain, b""))
            self.sending, self.receiving = (first, second) if self.initiator else (second, first)


# --- SPAKE2 -----------------------------------------------------------------------------------------------------------

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
M = "15cfd18e385952982b6a8f8c7854963b58e34388c8e6dae891db756481a02312"
N = "f04f2e7eb734b2a8f8b472eaf9c3c632576ac64aea650b496a8a20ff00e583c3"
Point = tuple[int, int]


def decode(encoded: bytes) -> Point:
    number = int.from_bytes(encoded, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    assert x * x % P == square
    return (P - x if x & 1 != sign else x, y)


def encode(point: Point) -> bytes:
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def add(a: Point, b: Point) -> Point:
    cross = D * a[0] * b[0] * a[1] * b[1] % P
    x = (a[0] * b[1] + a[1] * b[0]) * pow(1 + cross, P - 2, P)
    y = (a[1] * b[1] + a[0] * b[0]) * pow(1 - cross, P - 2, P)
    return (x % P, y % P)


def times(scalar: int, point: Point) -> Point:
    scalar, total = scalar % ORDER, (0, 1)
    while scalar:
        if scalar & 1:
            total = add(total, point)
        point, scalar = add(point, point), scalar >> 1
    return total


BASE = decode((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def code_scalar(code: bytes) -> int:
    """HKDF-SHA256 (empty salt, info "SPAKE2 pw"), 48 bytes, big-endian, modulo the group's order."""
    secret, block, stream = hmac.digest(bytes(32), code, "sha256"), b"", b""
    for index in (1, 2):
        block = hmac.digest(secret, block + b"SPAKE2 pw" + bytes([index]), "sha256")
        stream += block
    return int.from_bytes(stream[:48], "big") % ORDER


@dataclass
class Pairing:
    """One side of the exchange over a code. ``side`` is A for the controller, B for the device."""

    side: str
    code: str
    scalar: int
    controller_identity: bytes
    device_identity: bytes

    def share(self) -> bytes:
        blind = decode(bytes.fromhex(M if self.side == "A" else N))
        self.sent = encode(add(times(self.scalar, BASE), times(code_scalar(self.code.encode()), blind)))
        return self.side.encode() + self.sent

    def shared_key(self, other_share: bytes) -> bytes:
        blind = decode(bytes.fromhex(N if self.side == "A" else M))
        received = other_share[1:]
        unblinded = add(decode(received), times(-code_scalar(self.code.encode()), blind))
        product = encode(times(self.scalar, unblinded))
        shares = self.sent + received if self.side == "A" else received + self.sent
        parts = (self.code.encode(), self.controller_identity, self.device_identity)
        return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts) + shares + product).digest()


def confirmation(shared_key: bytes, who: bytes, transcript: bytes) -> bytes:
    extracted = hmac.digest(b"loa-pair-confirm-v1", shared_key, "sha256")
    key = hmac.digest(extracted, who + b" confirms\x01", "sha256")
    return hmac.digest(key, transcript, "sha256")
