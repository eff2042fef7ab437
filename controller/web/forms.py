"""What persons typed, as it comes from a form: fields, and files by the name of their field.

Rules: a form that brings a file is read piece by piece, and its token comes before the file, so that nothing of a
stranger's is ever written; whoever reads a form with files owns them, and `reading` removes what nobody took.
"""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import BodyPartReader, MultipartReader
from aiohttp.http_exceptions import HttpProcessingError
from multidict import MultiDict

from controller.domain.errors import Invalid
from controller.web.asking import CSRF_FIELD, Ask, check_token, header_token
from controller.web.uploads import Owner, Received, read_field, receive

_UNSHOWABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")

MOST_FIELDS = 5_000
MOST_FILES = 6
MOST_BYTES = 2 * 1024 * 1024


@dataclass(kw_only=True)
class Form:
    """``files`` holds those that were chosen and not yet taken, by field."""

    fields: MultiDict[str] = field(default_factory=MultiDict)
    files: dict[str, Received] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """One field with plain line ends and nothing invisible a page could not show; empty where it is not there."""
        plain = self.fields.get(name, "").replace("\r\n", "\n").replace("\r", "\n")
        return _UNSHOWABLE.sub("", plain)

    def all(self, name: str) -> list[str]:
        return self.fields.getall(name, [])

    def number(self, name: str, code: str) -> int:
        """A whole number. Raises `Invalid` with ``code``."""
        written = self.text(name).strip()
        if not (written.isascii() and written.isdigit() and len(written) < 10):
            raise Invalid(f"{name} is no number", code=code)
        return int(written)

    @property
    def file(self) -> Received | None:
        """The first file, which stays where it is."""
        return next(iter(self.files.values()), None)

    def take_file(self, name: str = "") -> Received | None:
        """The file of this field, or the first one; it belongs to the caller from here on."""
        return self.files.pop(name or next(iter(self.files), ""), None)


def owner_of(ask: Ask) -> Owner:
    """To whom an upload of this request belongs: a person, or an API token. Raises `SignInNeeded`."""
    actor = ask.known_actor
    return Owner(actor.person_id or f"token {actor.token_id}", actor.name)


@asynccontextmanager
async def reading(ask: Ask) -> AsyncIterator[Form]:
    """The form of this request, its token checked. Raises `Forbidden`, `Invalid`, `StoreFailed`."""
    form = Form()
    try:
        if ask.request.content_type == "multipart/form-data":
            await _read_parts(ask, form)
        else:
            for name, value in (await ask.request.post()).items():
                if isinstance(value, str):
                    form.fields.add(name, value)
            check_token(ask, header_token(ask.request) or form.fields.get(CSRF_FIELD))
        yield form
    finally:
        for received in form.files.values():
            received.path.unlink(missing_ok=True)


async def _read_parts(ask: Ask, form: Form) -> None:
    size_bytes = 0
    async for part in _parts(ask):
        if part.filename is None:
            value = await read_field(part)
            size_bytes += len(value)
            if len(form.fields) >= MOST_FIELDS or size_bytes > MOST_BYTES:
                raise Invalid("too many fields", code="too_large")
            form.fields.add(part.name or "", value)
            continue
        check_token(ask, header_token(ask.request) or form.fields.get(CSRF_FIELD))
        if not part.filename:
            await part.release()
        elif (part.name or "") in form.files or len(form.files) >= MOST_FILES:
            raise Invalid("too many files", code="bad_request")
        else:
            uploads = ask.house.uploads
            form.files[part.name or ""] = await receive(
                part, uploads.folder, uploads.limits.length_bytes, uploads.limits.spare_bytes
            )
    check_token(ask, header_token(ask.request) or form.fields.get(CSRF_FIELD))


async def _parts(ask: Ask) -> AsyncIterator[BodyPartReader]:
    request, limit_bytes = ask.request, ask.house.uploads.limits.length_bytes
    if (request.content_length or 0) > limit_bytes + MOST_BYTES:
        raise Invalid(f"over {limit_bytes} bytes", code="too_large_recording")
    try:
        reader = await request.multipart()
        while (part := await reader.next()) is not None:
            if isinstance(part, MultipartReader):
                raise Invalid("a form within a form", code="bad_request")
            yield part
    except (ValueError, AssertionError, HttpProcessingError) as error:
        raise Invalid(str(error), code="bad_request") from error
