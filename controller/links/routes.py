"""The paths that devices use, added to the one web application. They let nobody in but by key or ticket."""

from aiohttp import web

from agents.protocol.version import CLIP_PATH, LINK_PATH
from controller.links.clips import ClipRoom
from controller.links.door import Door


def add_routes(app: web.Application, door: Door, clips: ClipRoom) -> None:
    """The pages' own sign-in must leave these paths alone."""
    app.router.add_get(LINK_PATH, door.handle)
    app.router.add_get(CLIP_PATH, clips.handle)
