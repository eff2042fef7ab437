"""A few words beside the database, for what must outlast a restart while the database takes nothing.

The room for them is on the disk before they are needed, and they are written over what was there: that works on a full
disk too. There are two slots, written in turn, so that what is being written never lies over the last whole words; each
has a number and a digest, and the newest whole one is believed.
"""

import asyncio
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from controller.domain.errors import StoreFailed

SLOT_BYTES: Final = 65_536
ROOM_BYTES: Final = 2 * SLOT_BYTES
_DIGEST_BYTES: Final = 32
_NUMBER_BYTES: Final = 8
_LENGTH_BYTES: Final = 4
_HEAD_BYTES: Final = _DIGEST_BYTES + _NUMBER_BYTES + _LENGTH_BYTES
MOST_BYTES: Final = SLOT_BYTES - _HEAD_BYTES


@dataclass(frozen=True, slots=True)
class _Written:
    """Whole words: ``number`` is one more than that of those before them, ``slot`` is 0 or 1."""

    number: int
    slot: int
    words: bytes


_NOTHING: Final = _Written(number=0, slot=1, words=b"")


class FileAside:
    """`ports.Aside` in one file. The room is made when it is first asked for."""

    def __init__(self, path: Path | None) -> None:
        """``path`` None keeps nothing: the database itself is in memory."""
        self._path = path

    async def read(self) -> bytes:
        """What was written last and whole; nothing where nothing was. Raises `StoreFailed`."""
        return await asyncio.to_thread(self._read)

    async def write(self, words: bytes) -> None:
        """In place of all that was there; it is on the disk when this returns. Where it could not be written, what was
        there before still is. Raises `StoreFailed`.
        """
        await asyncio.to_thread(self._write, words)

    def _read(self) -> bytes:
        if self._path is None:
            return b""
        try:
            found = _found(self._path)
            if len(found) < ROOM_BYTES:
                _put(self._path, len(found), bytes(ROOM_BYTES - len(found)))
                _settle(self._path.parent)
        except OSError as error:
            raise StoreFailed(str(error)) from error
        return _newest(found).words

    def _write(self, words: bytes) -> None:
        if self._path is None:
            return
        if len(words) > MOST_BYTES:
            raise StoreFailed(f"{len(words)} bytes beside the database", code="out_of_space")
        try:
            newest = _newest(_found(self._path))
            slot = 1 - newest.slot
            _put(self._path, slot * SLOT_BYTES, _slot_of(newest.number + 1, words))
        except OSError as error:
            raise StoreFailed(str(error)) from error


def _found(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def _newest(found: bytes) -> _Written:
    slots = (_whole(slot, found[slot * SLOT_BYTES : (slot + 1) * SLOT_BYTES]) for slot in (0, 1))
    return max((one for one in slots if one is not None), key=lambda one: one.number, default=_NOTHING)


def _slot_of(number: int, words: bytes) -> bytes:
    told = number.to_bytes(_NUMBER_BYTES, "big") + len(words).to_bytes(_LENGTH_BYTES, "big") + words
    return hashlib.sha256(told).digest() + told


def _whole(slot: int, found: bytes) -> _Written | None:
    number = int.from_bytes(found[_DIGEST_BYTES : _DIGEST_BYTES + _NUMBER_BYTES], "big")
    length = int.from_bytes(found[_DIGEST_BYTES + _NUMBER_BYTES : _HEAD_BYTES], "big")
    words = found[_HEAD_BYTES : _HEAD_BYTES + length]
    whole = len(found) >= _HEAD_BYTES and found.startswith(_slot_of(number, words)) and len(words) == length
    return _Written(number=number, slot=slot, words=words) if whole else None


def _put(path: Path, at_byte: int, what: bytes) -> None:
    """All of it, however little the disk takes at once."""
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
        file.seek(at_byte)
        file.write(what)
        file.flush()
        os.fsync(file.fileno())


def _settle(folder: Path) -> None:
    """That a file is in this folder outlasts a power cut, too."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
