"""The files that every page loads, held in memory: they are few and small, and a fixed list cannot be climbed out of.

An address that carries the hash of the file's bytes may be kept for ever; without it the browser asks each time.
"""

import gzip
import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"
SMALLER = frozenset({".css", ".js", ".svg"})


@dataclass(frozen=True, kw_only=True, slots=True)
class _File:
    body: bytes
    gzipped: bytes | None
    content_type: str
    etag: str


def _read(path: Path) -> _File:
    body = path.read_bytes()
    kind = {".woff2": "font/woff2", ".js": "text/javascript", ".svg": "image/svg+xml"}.get(path.suffix)
    return _File(
        body=body,
        gzipped=gzip.compress(body, mtime=0) if path.suffix in SMALLER else None,
        content_type=kind or mimetypes.guess_type(path.name)[0] or "application/octet-stream",
        etag=hashlib.sha256(body).hexdigest()[:12],
    )


class Statics:
    """Every file below one folder, read once."""

    def __init__(self, folder: Path) -> None:
        found = (path for path in sorted(folder.rglob("*")) if path.is_file())
        self._files: Mapping[str, _File] = {path.relative_to(folder).as_posix(): _read(path) for path in found}

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self._files)

    def answer(self, request: web.Request) -> web.Response:
        """The file that ``{name}`` of the route asks for. Raises `web.HTTPNotFound`."""
        file = self._files.get(request.match_info["name"])
        if file is None:
            raise web.HTTPNotFound
        known = request.query.get("v") == file.etag
        headers = {"Cache-Control": FOR_EVER if known else ASK_AGAIN, "Vary": "Accept-Encoding"}
        if any(tag.value == file.etag for tag in request.if_none_match or ()):
            response = web.Response(status=304, headers=headers)
        elif file.gzipped is not None and "gzip" in request.headers.get("Accept-Encoding", ""):
            headers["Content-Encoding"] = "gzip"
            response = web.Response(body=file.gzipped, content_type=file.content_type, headers=headers)
        else:
            response = web.Response(body=file.body, content_type=file.content_type, headers=headers)
        response.etag = file.etag
        return response
