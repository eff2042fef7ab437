"""A few words beside the database, for what must outlast a restart while the database takes nothing.

The room for them is on the disk before they are needed, and they are written over what was there: that works on a full
disk too. What was cut off in the middle is not believed.
"""

import asyncio
import contextlib
import hashlib
import os
from pathlib import Path
from typing import Final

from controller.domain.errors import StoreFailed

ROOM_BYTES: Final = 65_536
_DIGEST_BYTES: Final = 32
_LENGTH_BYTES: Final = 4
MOST_BYTES: Final = ROOM_BYTES - _DIGEST_BYTES - _LENGTH_BYTES


class FileAside:
    """`ports.Aside` in one file. The room is made when it is first asked for."""

    def __init__(self, path: Path | None) -> None:
        """``path`` None keeps nothing: the database itself is in memory."""
        self._path = path

    async def read(self) -> bytes:
        """What was written last; nothing where nothing was, or where it was cut off. Raises `StoreFailed`."""
        return await asyncio.to_thread(self._read)

    async def write(self, words: bytes) -> None:
        """In place of all that was there; it is on the disk when this returns. Raises `StoreFailed`."""
        await asyncio.to_thread(self._write, words)

    def _read(self) -> bytes:
        if self._path is None:
            return b""
        try:
            with contextlib.suppress(FileNotFoundError):
                return _believed(self._path.read_bytes())
            _put(self._path, bytes(ROOM_BYTES))
        except OSError as error:
            raise StoreFailed(str(error)) from error
        return b""

    def _write(self, words: bytes) -> None:
        if self._path is None:
            return
        if len(words) > MOST_BYTES:
            raise StoreFailed(f"{len(words)} bytes beside the database", code="out_of_space")
        try:
            _put(self._path, hashlib.sha256(words).digest() + len(words).to_bytes(_LENGTH_BYTES, "big") + words)
        except OSError as error:
            raise StoreFailed(str(error)) from error


def _believed(found: bytes) -> bytes:
    digest, rest = found[:_DIGEST_BYTES], found[_DIGEST_BYTES:]
    words = rest[_LENGTH_BYTES : _LENGTH_BYTES + int.from_bytes(rest[:_LENGTH_BYTES], "big")]
    return words if hashlib.sha256(words).digest() == digest else b""


def _put(path: Path, what: bytes) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        os.write(file, what)
        os.fsync(file)
    finally:
        os.close(file)
