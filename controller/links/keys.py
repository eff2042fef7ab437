"""This controller's two keys: X25519 for links, Ed25519 for documents.

Rules of the module: the private halves live in one file that its owner alone may read, written whole or not at all, and
are never logged. Losing them means adopting every speaker again, so a file that is there and cannot be used is an
error, never a reason to make a new one.
"""

import contextlib
import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from agents.protocol import ids, live, signing
from agents.protocol.channel import LiveAudio
from agents.protocol.documents import Document, SignedDocument
from controller.domain.speakers import ControllerIdentity

KEY_FILE: Final = "controller.key"
"""One file, so that there are both keys or none: first the X25519 private key, then the Ed25519 seed."""
_KEY_BYTES: Final = 32
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


class KeysUnusable(Exception):
    """The controller's keys cannot be read or kept; the sentence says what to do."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Both private halves, 32 bytes each. The text form shows neither."""

    static_private: bytes
    signing_private: bytes

    def __repr__(self) -> str:
        return "Keys()"

    def identity(self, name: str) -> ControllerIdentity:
        """The public halves, and the id that follows from them."""
        static_key = X25519PrivateKey.from_private_bytes(self.static_private).public_key().public_bytes_raw()
        return ControllerIdentity(
            controller_id=ids.controller_id(static_key),
            name=name,
            static_key=static_key,
            signing_key=signing.SigningKey.load(self.signing_private).public_bytes,
        )


def load_or_make(folder: Path) -> Keys:
    """The keys in ``folder``, made where they are not there yet. Raises `KeysUnusable`."""
    path = folder / KEY_FILE
    try:
        if not path.exists():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write(path, secrets.token_bytes(2 * _KEY_BYTES))
        secret = _read(path)
    except OSError as error:
        raise KeysUnusable(f"The keys in {path} cannot be read or written: {error.strerror}.") from error
    return Keys(static_private=secret[:_KEY_BYTES], signing_private=secret[_KEY_BYTES:])


def _write(path: Path, secret: bytes) -> None:
    draft = path.with_suffix(".new")
    with contextlib.suppress(FileNotFoundError):
        draft.unlink()
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(secret)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _read(path: Path) -> bytes:
    if path.stat().st_mode & _OTHERS:
        raise KeysUnusable(f"Others may read {path}, which must stay secret. Run: chmod 600 {path}")
    secret = path.read_bytes()
    if len(secret) != 2 * _KEY_BYTES:
        raise KeysUnusable(f"{path} does not hold two keys of {_KEY_BYTES} bytes. Put it back from a backup.")
    return secret


class FileSigner:
    """Implements `controller.ports.Signer` with the key of this controller."""

    def __init__(self, keys: Keys) -> None:
        self._key = signing.SigningKey.load(keys.signing_private)

    @property
    def key_id(self) -> str:
        return self._key.key_id

    @property
    def public_key(self) -> bytes:
        return self._key.public_bytes

    def sign(self, document: Document) -> SignedDocument:
        """Raises `ValueError` when the document's header names another key."""
        return signing.sign(self._key, document)

    def sign_live(self, bundle: live.Bundle) -> LiveAudio:
        """Raises `ValueError` for a bundle that nobody could read."""
        return live.sign(self._key, bundle)
