"""Clips for devices over HTTP: only for a device that is linked, only with the ticket of that very link.

``Authorization: Loa-Device <device id>:<ticket>``. Ranges work, so that a fetch that broke off goes on. A clip is named
by the SHA-256 of its bytes, so what a name stands for never changes and may be kept for ever.
"""

from pathlib import Path
from typing import Final, Protocol

from aiohttp import hdrs, web

from agents.protocol.ids import DeviceId, is_sha256
from controller.links.hub import Hub
from controller.services.foremost import Foremost

_SCHEME: Final = "Loa-Device"
_TYPE: Final = "audio/ogg"


class ClipShelf(Protocol):
    """`controller.ports.Studio`, as far as it is needed here."""

    def clip_path(self, sha256: str) -> Path | None: ...


class ClipRoom:
    """The handler of `version.CLIP_PATH`."""

    def __init__(self, hub: Hub, shelf: ClipShelf, foremost: Foremost) -> None:
        self._hub = hub
        self._shelf = shelf
        self._foremost = foremost

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """401 without a live link's ticket, 404 where there is no such clip, else the bytes asked for."""
        if not self._may_enter(request.headers.get(hdrs.AUTHORIZATION, "")):
            self._hub.counters.clips_denied += 1
            return web.Response(status=401, headers={hdrs.WWW_AUTHENTICATE: _SCHEME})
        name = request.match_info["sha256"]
        await self._foremost.wait()
        # Nothing but 64 hexadecimal digits ever reaches the file system.
        path = self._shelf.clip_path(name) if is_sha256(name) else None
        if path is None:
            return web.Response(status=404)
        self._hub.counters.clips_served += 1
        headers = {hdrs.CACHE_CONTROL: "private, max-age=31536000, immutable", hdrs.CONTENT_TYPE: _TYPE}
        return web.FileResponse(path, headers=headers)

    def _may_enter(self, authorization: str) -> bool:
        scheme, _, credentials = authorization.partition(" ")
        device_id, _, ticket = credentials.strip().partition(":")
        return scheme == _SCHEME and self._hub.roll.ticket_opens(DeviceId(device_id), ticket)
