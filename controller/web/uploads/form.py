"""A file that comes within a form, as it does without scripts: it arrives as a whole, or nothing of it is kept."""

import asyncio
import io
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from aiohttp import BodyPartReader

from controller.domain.errors import Invalid
from controller.web.uploads.files import PREFIX, TEMPORARY, safe_name, store_failure, sync_and_close, write_piece

PIECE_BYTES = 256 * 1024
FIELD_LIMIT_BYTES = 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Received:
    """A complete file. Who takes it over removes it when it is no longer needed."""

    path: Path
    name: str
    size_bytes: int
    media_type: str = ""


async def receive(part: BodyPartReader, folder: Path, limit_bytes: int, spare_bytes: int) -> Received:
    """Writes one file of a form into ``folder``, where that leaves ``spare_bytes`` free.

    Raises `Invalid` (``too_large_recording``, ``recording_empty``, ``upload_incomplete``) and `StoreFailed`
    (``out_of_space``).
    """
    path = folder / f"{PREFIX}{secrets.token_hex(12)}{TEMPORARY}"
    try:
        size_bytes = await _write(part, path, limit_bytes, spare_bytes)
        if size_bytes == 0:
            raise Invalid(code="recording_empty")
    except OSError as error:
        path.unlink(missing_ok=True)
        raise store_failure(error) from error
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    media_type = part.headers.get("Content-Type", "")[:100]
    return Received(path=path, name=safe_name(part.filename), size_bytes=size_bytes, media_type=media_type)


async def _write(part: BodyPartReader, path: Path, limit_bytes: int, spare_bytes: int) -> int:
    size_bytes = 0
    out = await asyncio.to_thread(io.FileIO, path, "xb")
    try:
        async for piece in _pieces(part):
            size_bytes += len(piece)
            if size_bytes > limit_bytes:
                raise Invalid(f"over {limit_bytes} bytes", code="too_large_recording")
            await asyncio.to_thread(write_piece, out, piece, spare_bytes)
        await asyncio.to_thread(sync_and_close, out)
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


async def read_field(part: BodyPartReader) -> str:
    """A text field of a form. Raises `Invalid` when it is too long."""
    collected = bytearray()
    async for piece in _pieces(part):
        collected += piece
        if len(collected) > FIELD_LIMIT_BYTES:
            raise Invalid("a form field is too long", code="too_large")
    return collected.decode("utf-8", errors="replace")
