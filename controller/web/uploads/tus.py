"""Resumable uploads over HTTP: tus 1.0.0 with the extensions creation, termination and expiration (https://tus.io).

Rules: besides what the protocol says, errors are problems as everywhere in the API, GET tells the same as HEAD as JSON,
and a request without ``Tus-Resumable`` is taken as one of version 1.0.0.
"""

import asyncio
import binascii
from base64 import b64decode
from collections.abc import AsyncIterator
from email.utils import formatdate
from typing import Annotated, Final

import msgspec
from aiohttp import StreamReader, web
from msgspec import Meta

from controller.domain.errors import Invalid, NotFound, Refused, StoreFailed
from controller.web.api.endpoint import BytesOf, Header, Sends, raises
from controller.web.api.values import Told
from controller.web.api.values import told as told_of
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


Version = Annotated[str, Header("Tus-Resumable", f"`{VERSION}`, the only one there is.")]
Bytes = Annotated[int, Meta(ge=0, lt=10**17)]
UPLOAD_HEADERS: Final = {
    "Upload-Offset": "How many bytes are here.",
    "Upload-Length": "How many bytes it will have.",
    "Upload-Expires": "When it is forgotten unless it goes on.",
}


class UploadTold(Told):
    """A recording that is being uploaded, or waits to be made into a bulletin. ``offset_bytes`` of it are here."""

    upload_id: str
    name: str
    media_type: str
    length_bytes: int
    offset_bytes: int
    finished: bool
    created_at_us: int
    touched_at_us: int


class UploadsTold(Told):
    """The newest first."""

    uploads: list[UploadTold]


async def get_upload_options(
    ask: Ask,
) -> Annotated[
    web.StreamResponse,
    Sends(
        statuses={204: "Said in the headers."},
        headers={
            "Tus-Version": "The version of the protocol.",
            "Tus-Extension": "What is understood of its extensions.",
            "Tus-Max-Size": "The most bytes that one upload may have.",
        },
    ),
]:
    """What this server understands of tus."""
    headers = {
        "Tus-Version": VERSION,
        "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": str(_uploads(ask).limits.length_bytes),
    }
    return web.Response(status=204, headers=headers)


@raises(Invalid, "tus_version", "recording_empty", "too_large_recording")
@raises(Refused, "too_many_uploads")
@raises(StoreFailed, "out_of_space")
async def create_upload(
    ask: Ask,
    upload_length: Annotated[Bytes, Header("Upload-Length", "How many bytes it will have.")],
    upload_metadata: Annotated[str, Header("Upload-Metadata", "`filename` and `filetype`, each in Base64.")] = "",
    tus_resumable: Version = VERSION,
) -> Annotated[
    web.StreamResponse,
    Sends(
        media_types=("application/json",),
        statuses={201: "It is there, and empty."},
        headers={"Location": "Where its bytes go.", **UPLOAD_HEADERS},
        told=UploadTold,
    ),
]:
    """Begin an upload."""
    _check_version(tus_resumable)
    told = _metadata(upload_metadata)
    name, media_type = told.get("filename", ""), told.get("filetype", "")
    upload = await _uploads(ask).create(owner_of(ask), name, media_type, upload_length)
    headers = _headers(ask, upload) | {"Location": f"{FOLDER}/{upload.upload_id}"}
    return _answer(upload, 201, headers)


async def list_uploads(ask: Ask) -> UploadsTold:
    """The uploads of the one who asks."""
    return UploadsTold(uploads=[_told(upload) for upload in _uploads(ask).of(owner_of(ask))])


@raises(NotFound, "upload_unknown")
@raises(Invalid, "tus_version")
async def get_upload(
    ask: Ask, upload_id: str, tus_resumable: Version = VERSION
) -> Annotated[web.StreamResponse, Sends(media_types=("application/json",), headers=UPLOAD_HEADERS, told=UploadTold)]:
    """How much of an upload is here. HEAD tells the same in headers."""
    _check_version(tus_resumable)
    upload = _uploads(ask).get(upload_id, owner_of(ask))
    return _answer(upload, 200, _headers(ask, upload))


@raises(NotFound, "upload_unknown")
@raises(Refused, "upload_busy", "upload_offset")
@raises(Invalid, "tus_version", "upload_too_long", "upload_interrupted")
@raises(StoreFailed, "out_of_space")
async def append_to_upload(
    ask: Ask,
    upload_id: str,
    upload_offset: Annotated[Bytes, Header("Upload-Offset", "From which byte on; as many as are here.")],
    content: Annotated[StreamReader, BytesOf(MEDIA_TYPE)],
    tus_resumable: Version = VERSION,
) -> Annotated[web.StreamResponse, Sends(statuses={204: "They are here."}, headers=UPLOAD_HEADERS)]:
    """Send more bytes of an upload.

    What arrives before the connection is lost is kept: ask how much it is, and go on from there.
    """
    _check_version(tus_resumable)
    upload = _uploads(ask).get(upload_id, owner_of(ask))
    announced_bytes = ask.request.content_length or 0
    if upload_offset == upload.offset_bytes and upload_offset + announced_bytes > upload.note.length_bytes:
        raise Invalid(f"over {upload.note.length_bytes} bytes", code="upload_too_long")
    await _uploads(ask).append(upload, upload_offset, _pieces(content))
    return web.Response(status=204, headers=_headers(ask, upload))


@raises(NotFound, "upload_unknown")
@raises(Refused, "upload_busy")
@raises(Invalid, "tus_version")
async def remove_upload(ask: Ask, upload_id: str, tus_resumable: Version = VERSION) -> None:
    """Forget an upload. Nothing of it is kept."""
    _check_version(tus_resumable)
    _uploads(ask).remove(_uploads(ask).get(upload_id, owner_of(ask)))


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


def _check_version(named: str) -> None:
    if named != VERSION:
        raise Invalid(f"only version {VERSION}", code="tus_version")


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


def _told(upload: Upload) -> UploadTold:
    return told_of(
        UploadTold,
        upload.note,
        upload_id=upload.upload_id,
        offset_bytes=upload.offset_bytes,
        finished=upload.finished,
    )


def _answer(upload: Upload, status: int, headers: dict[str, str]) -> web.Response:
    body = msgspec.json.encode(_told(upload))
    return web.Response(body=body, content_type="application/json", status=status, headers=headers)
