"""Resumable uploads over HTTP: tus 1.0.0 with the extensions creation, termination and expiration (https://tus.io).

Rules: besides what the protocol says, errors are problems as everywhere in the API, GET tells the same as HEAD as JSON,
and a request without ``Tus-Resumable`` is taken as one of version 1.0.0.
"""

import asyncio
import binascii
from base64 import b64decode
from collections.abc import AsyncIterator
from email.utils import formatdate
from typing import Any, Final

from aiohttp import StreamReader, web

from controller.domain.errors import Invalid
from controller.web.asking import Ask
from controller.web.forms import owner_of
from controller.web.uploads.store import Upload, Uploads

VERSION: Final = "1.0.0"
EXTENSIONS: Final = "creation,termination,expiration"
MEDIA_TYPE: Final = "application/offset+octet-stream"
FOLDER: Final = "/api/v1/uploads"
PIECE_BYTES: Final = 512 * 1024
STALLED_S: Final = 20.0
"""A sender of whom nothing was heard for so long has lost the connection; it may begin again where it was."""


async def options(ask: Ask) -> web.StreamResponse:
    """What this server understands."""
    headers = {
        "Tus-Version": VERSION,
        "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": str(_uploads(ask).limits.length_bytes),
    }
    return web.Response(status=204, headers=headers)


async def create(ask: Ask) -> web.StreamResponse:
    """Begins an upload of ``Upload-Length`` bytes; ``Location`` is where they go."""
    _check_version(ask)
    length_bytes = _count(ask, "Upload-Length")
    told = _metadata(ask.request.headers.get("Upload-Metadata", ""))
    name, media_type = told.get("filename", ""), told.get("filetype", "")
    upload = await _uploads(ask).create(owner_of(ask), name, media_type, length_bytes)
    headers = _headers(ask, upload) | {"Location": f"{FOLDER}/{upload.upload_id}"}
    return web.json_response(_plain(upload), status=201, headers=headers)


async def listed(ask: Ask) -> web.StreamResponse:
    """What the one who asks has here, the newest first."""
    return web.json_response({"uploads": [_plain(upload) for upload in _uploads(ask).of(owner_of(ask))]})


async def state(ask: Ask) -> web.StreamResponse:
    """GET and HEAD: how much of it is there."""
    _check_version(ask)
    upload = _upload(ask)
    return web.json_response(_plain(upload), headers=_headers(ask, upload))


async def append(ask: Ask) -> web.StreamResponse:
    """PATCH: the bytes from ``Upload-Offset`` on."""
    _check_version(ask)
    if ask.request.content_type != MEDIA_TYPE:
        raise Invalid(f"send {MEDIA_TYPE}", code="unsupported_type")
    upload = _upload(ask)
    offset_bytes = _count(ask, "Upload-Offset")
    announced_bytes = ask.request.content_length or 0
    if offset_bytes == upload.offset_bytes and offset_bytes + announced_bytes > upload.note.length_bytes:
        raise Invalid(f"over {upload.note.length_bytes} bytes", code="upload_too_long")
    await _uploads(ask).append(upload, offset_bytes, _pieces(ask.request.content))
    return web.Response(status=204, headers=_headers(ask, upload))


async def remove(ask: Ask) -> web.StreamResponse:
    """DELETE: nothing of it is kept."""
    _check_version(ask)
    _uploads(ask).remove(_upload(ask))
    return web.Response(status=204)


async def _pieces(content: StreamReader) -> AsyncIterator[bytes]:
    """What arrives, in pieces worth writing. What came before the connection broke is given before that is raised."""
    collected = bytearray()
    broken: Exception | None = None
    while broken is None:
        try:
            async with asyncio.timeout(STALLED_S):
                arrived = await content.readany()
        except (OSError, web.RequestPayloadError) as error:  # a timeout and a lost connection are OSErrors too
            broken, arrived = error, b""
        collected += arrived
        if len(collected) >= PIECE_BYTES or (collected and not arrived):
            yield bytes(collected)
            collected.clear()
        if not arrived and broken is None:
            return
    raise Invalid(str(broken), code="upload_interrupted") from broken


def _uploads(ask: Ask) -> Uploads:
    return ask.house.uploads


def _upload(ask: Ask) -> Upload:
    return _uploads(ask).get(ask.request.match_info["id"], owner_of(ask))


def _check_version(ask: Ask) -> None:
    if ask.request.headers.get("Tus-Resumable", VERSION) != VERSION:
        raise Invalid(f"only version {VERSION}", code="tus_version")


def _count(ask: Ask, header: str) -> int:
    """A number of bytes. Raises `Invalid` (``bad_request``)."""
    written = ask.request.headers.get(header, "")
    if not (written.isascii() and written.isdigit() and len(written) < 18):
        raise Invalid(f"{header} must be a number of bytes", code="bad_request")
    return int(written)


def _metadata(written: str) -> dict[str, str]:
    """``Upload-Metadata``: pairs of a key and its value in Base64. Raises `Invalid` (``bad_request``)."""
    told: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in written.split(","))):
        key, _, value = pair.partition(" ")
        try:
            told[key] = b64decode(value, validate=True).decode("utf-8", errors="replace")
        except (binascii.Error, ValueError) as error:
            raise Invalid(f"Upload-Metadata: {key} is not Base64", code="bad_request") from error
    return told


def _expires_at_us(ask: Ask, upload: Upload) -> int:
    return upload.note.touched_at_us + _uploads(ask).limits.kept_us


def _headers(ask: Ask, upload: Upload) -> dict[str, str]:
    return {
        "Upload-Offset": str(upload.offset_bytes),
        "Upload-Length": str(upload.note.length_bytes),
        "Upload-Expires": formatdate(_expires_at_us(ask, upload) / 1e6, usegmt=True),
    }


def _plain(upload: Upload) -> dict[str, Any]:
    return {
        "upload_id": upload.upload_id,
        "name": upload.note.name,
        "media_type": upload.note.media_type,
        "length_bytes": upload.note.length_bytes,
        "offset_bytes": upload.offset_bytes,
        "finished": upload.finished,
        "created_at_us": upload.note.created_at_us,
        "touched_at_us": upload.note.touched_at_us,
    }
