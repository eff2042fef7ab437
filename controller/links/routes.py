"""The paths that devices use. They let nobody in but by key or ticket."""

from aiohttp import web

from agents.protocol.version import CLIP_PATH, LINK_PATH
from controller.links.clips import ClipRoom
from controller.links.door import Door


def device_routes(door: Door, clips: ClipRoom) -> tuple[web.RouteDef, ...]:
    """For the one web application, whose own sign-in must leave these paths alone."""
    return (web.get(LINK_PATH, door.handle), web.get(CLIP_PATH, clips.handle))
