"""The sound of a clip, by the name that speakers fetch it by."""

from aiohttp import web

from controller.domain.errors import NotFound
from controller.web.asking import Ask

YEAR_S = 31_536_000


async def clip(ask: Ask) -> web.StreamResponse:
    """GET /clips/{sha256}"""
    return await clip_of(ask, ask.request.match_info["sha256"])


async def clip_of(ask: Ask, sha256: str) -> web.StreamResponse:
    """The very file that speakers fetch, whole or by range. Its name is what is in it, so it is kept by the browser.
    Whoever knows the name was shown it with a bulletin or a tune. Raises `NotFound`.
    """
    path = ask.parts.studio.clip_path(sha256)
    if path is None:
        raise NotFound("there is no such clip")
    headers = {
        "Content-Type": "audio/ogg; codecs=opus",
        "Cache-Control": f"private, max-age={YEAR_S}, immutable",
    }
    return web.FileResponse(path, headers=headers)
