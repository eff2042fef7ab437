"""Our own emergencies as CAP 1.2, for any reader: the Atom feed, and each alert.

Rules: nobody has to sign in unless that was set; then a person with the right to see does. What was read before and is
still the same is answered without its bytes.
"""

from typing import Final

from aiohttp import web

from controller.domain.errors import NotFound
from controller.domain.rights import Right
from controller.services.cap.out import Published
from controller.web.asking import Ask, NotAllowed, SignInNeeded

ATOM: Final = "application/atom+xml"
CAP: Final = "application/cap+xml"
_SUFFIX: Final = ".xml"


async def feed(ask: Ask) -> web.StreamResponse:
    """GET /cap/feed.atom"""
    _require_reader(ask)
    return _answered(ask, await ask.parts.cap_out.feed(_base_url(ask)), ATOM)


async def alert(ask: Ask) -> web.StreamResponse:
    """GET /cap/alerts/{identifier}.xml"""
    _require_reader(ask)
    named = ask.request.match_info["name"]
    if not named.endswith(_SUFFIX):
        raise NotFound(f"no alert {named[:80]}", code="cap_alert_unknown")
    return _answered(ask, await ask.parts.cap_out.alert(named.removesuffix(_SUFFIX)), CAP)


def _require_reader(ask: Ask) -> None:
    """Raises `SignInNeeded`, `NotAllowed`."""
    if ask.parts.cap_out.public:
        return
    if ask.actor is None:
        raise SignInNeeded
    if not ask.may(Right.SEE):
        raise NotAllowed(Right.SEE)


def _base_url(ask: Ask) -> str:
    """Where this server is reached: as was set, else as it was asked."""
    public = ask.parts.public_urls
    return (public[0] if public else str(ask.request.url.origin())).rstrip("/")


def _answered(ask: Ask, told: Published, media_type: str) -> web.Response:
    headers = {"ETag": told.etag, "Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
    known = {one.strip().removeprefix("W/") for one in ask.request.headers.get("If-None-Match", "").split(",")}
    if known & {told.etag, "*"}:
        return web.Response(status=304, headers=headers)
    return web.Response(body=told.body, content_type=media_type, charset="utf-8", headers=headers)
