"""Who this device is: an X25519 key pair, made at first start, that never leaves the box.

The private key lies in one file that only its owner may read. It survives release and adoption: the device keeps its id
for life, unless somebody with a shell on it asks for a new one.
"""

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from agents.protocol import ids

KEY_FILE: Final = "device.key"
_KEY_BYTES: Final = 32


class IdentityUnreadable(Exception):
    """The key file is damaged or may be read by others. Nothing is done with such a key."""


@dataclass(frozen=True, slots=True)
class Identity:
    """The device's keys. ``private_key`` never appears in its text form."""

    private_key: bytes = field(repr=False)
    public_key: bytes

    @classmethod
    def from_private(cls, private_key: bytes) -> "Identity":
        """Raises `ValueError` unless ``private_key`` is 32 bytes."""
        public = X25519PrivateKey.from_private_bytes(private_key).public_key().public_bytes_raw()
        return cls(private_key=private_key, public_key=public)

    @property
    def device_id(self) -> ids.DeviceId:
        """The id that others see."""
        return ids.device_id(self.public_key)


def load_or_make(state_dir: Path) -> Identity:
    """The identity kept in ``state_dir``, made now if there is none. Raises `IdentityUnreadable` or `OSError`.

    A new key counts only once it is on the disk: a power cut leaves the whole key or none.
    """
    state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = state_dir / KEY_FILE
    try:
        return _load(path)
    except FileNotFoundError:
        _write_whole(path, X25519PrivateKey.generate().private_bytes_raw())
        return _load(path)


def _load(path: Path) -> Identity:
    with path.open("rb") as file:
        if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
            raise IdentityUnreadable(f"{path} may be read by others. Close it with: chmod 600 {path}")
        private = file.read(_KEY_BYTES + 1)
    if len(private) != _KEY_BYTES:
        raise IdentityUnreadable(f"{path} holds no key. Delete it, and the device gets a new identity when it starts.")
    return Identity.from_private(private)


def _write_whole(path: Path, content: bytes) -> None:
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor, not a path
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
