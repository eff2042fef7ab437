"""Takes recordings from the network to the disk, piece by piece.

Rules: what arrives is never held in memory as a whole; it lies under a temporary name until it is complete; whatever
goes wrong on the way (the person closes the page, the limit is passed, the disk is full) leaves no file behind.
"""

import asyncio
import errno
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from aiohttp import BodyPartReader

from controller.domain.errors import Invalid, StoreFailed

PIECE_BYTES = 256 * 1024
FIELD_LIMIT_BYTES = 1024 * 1024
TEMPORARY = ".part"
COMPLETE = ".upload"
KEPT_RECORDINGS = 40
PREFIX = "web-"


@dataclass(frozen=True, kw_only=True, slots=True)
class Received:
    """A complete file. Who takes it over removes it when it is no longer needed."""

    path: Path
    name: str
    size_bytes: int


class Uploads:
    """Recordings that were handed in and wait to be made into a bulletin, the latest few of them.

    One can be used again, as when a person corrects the title; what an earlier run of the server left is removed.
    """

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        self.folder = folder
        self.limit_bytes = limit_bytes
        self._waiting: dict[str, Received] = {}

    def open(self) -> None:
        """Makes the folder and clears what was left there."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for leftover in self.folder.glob(f"{PREFIX}*"):
            leftover.unlink(missing_ok=True)

    def close(self) -> None:
        """Removes what still waits."""
        for received in self._waiting.values():
            received.path.unlink(missing_ok=True)
        self._waiting.clear()

    def keep(self, received: Received) -> str:
        """Keeps a recording, and forgets the oldest where there are too many. Returns its id."""
        recording_id = secrets.token_urlsafe(16)
        self._waiting[recording_id] = received
        while len(self._waiting) > KEPT_RECORDINGS:
            oldest = next(iter(self._waiting))
            self._waiting.pop(oldest).path.unlink(missing_ok=True)
        return recording_id

    def name(self, recording_id: str) -> str:
        """What the person's file was called; empty when it is no longer kept."""
        received = self._waiting.get(recording_id)
        return received.name if received else ""

    def take(self, recording_id: str) -> Path:
        """The recording as a file of the caller's own. Raises `Invalid` (``recording_missing``)."""
        received = self._waiting.get(recording_id)
        if received is None:
            raise Invalid(code="recording_missing")
        taken = received.path.with_name(f"{PREFIX}{secrets.token_hex(12)}{COMPLETE}")
        try:
            taken.hardlink_to(received.path)
        except OSError as error:
            raise store_failure(error) from error
        return taken


async def receive(part: BodyPartReader, folder: Path, limit_bytes: int) -> Received:
    """Writes one file of a form into ``folder``.

    Raises `Invalid` (``too_large_recording``, ``recording_empty``) and `StoreFailed` (``out_of_space``).
    """
    temporary = folder / f"{PREFIX}{secrets.token_hex(12)}{TEMPORARY}"
    complete = temporary.with_suffix(COMPLETE)
    try:
        size_bytes = await _write(part, temporary, limit_bytes)
        if size_bytes == 0:
            raise Invalid(code="recording_empty")
        await asyncio.to_thread(temporary.rename, complete)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise store_failure(error) from error
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return Received(path=complete, name=safe_name(part.filename), size_bytes=size_bytes)


async def _write(part: BodyPartReader, path: Path, limit_bytes: int) -> int:
    size_bytes = 0
    out = await asyncio.to_thread(path.open, "xb")
    try:
        async for piece in _pieces(part):
            size_bytes += len(piece)
            if size_bytes > limit_bytes:
                raise Invalid(f"over {limit_bytes} bytes", code="too_large_recording")
            await asyncio.to_thread(out.write, piece)
        await asyncio.to_thread(_close, out)
    finally:
        out.close()
    return size_bytes


async def _pieces(part: BodyPartReader) -> AsyncIterator[bytes]:
    while not part.at_eof():
        try:
            piece = await part.read_chunk(PIECE_BYTES)
        except (ValueError, AssertionError) as error:
            raise Invalid(str(error), code="upload_incomplete") from error
        if piece:
            yield piece


def _close(out: BinaryIO) -> None:
    out.flush()
    out.close()


async def read_field(part: BodyPartReader) -> str:
    """A text field of a form. Raises `Invalid` when it is too long."""
    collected = bytearray()
    async for piece in _pieces(part):
        collected += piece
        if len(collected) > FIELD_LIMIT_BYTES:
            raise Invalid("a form field is too long", code="too_large")
    return collected.decode("utf-8", errors="replace")


def safe_name(name: str | None) -> str:
    """What a person's file is called, for showing: no folders, no control characters, at most 200 letters."""
    last = (name or "").replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(letter for letter in last if letter.isprintable())[:200]


def store_failure(error: OSError) -> Exception:
    if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return StoreFailed(str(error), code="out_of_space")
    if isinstance(error, ConnectionError):
        return Invalid(str(error), code="upload_incomplete")
    return StoreFailed(str(error))
