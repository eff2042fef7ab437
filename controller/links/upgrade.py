"""From a request of the web server to a connection of ours (RFC 6455, section 4.2).

The web server has read the request line and headers; from the answer on, the connection is a `LinkSocket`. The server
keeps its part of it, with two tasks, the request and a parser, until `LinkSocket.part`: so it still counts the
connection, and ends it when the program ends, as long as a task of its own is at work for the device.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterable
from typing import Final

from aiohttp import HttpVersion11, hdrs, web

from controller.links.link_socket import LinkSocket, Sockets

_MAGIC: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_VERSION: Final = "13"
_KEY_BYTES: Final = 16


class TakenOver(web.Response):
    """What the handler of an upgraded connection returns: nothing is left for the web server to answer."""

    async def prepare(self, request: web.BaseRequest) -> None:
        """Ends the server's part of the connection, as if the other side had hung up."""
        raise ConnectionResetError("this connection is a link")


def upgrade(request: web.Request, sockets: Sockets) -> LinkSocket:
    """Answers the request, and takes the connection.

    Raises `HTTPBadRequest` for what is no upgrade to a WebSocket, `ConnectionResetError` where the device hung up.
    """
    key = _key(request)
    transport = request.transport
    if transport is None or transport.is_closing():
        raise ConnectionResetError("the device hung up")
    accept = base64.b64encode(hashlib.sha1(key + _MAGIC).digest())  # noqa: S324 - as the standard wants it
    transport.write(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )
    return LinkSocket(transport, request.protocol, sockets)


def _key(request: web.Request) -> bytes:
    headers = request.headers
    if "websocket" not in _words(headers.getall(hdrs.UPGRADE, ())) or (
        "upgrade" not in _words(headers.getall(hdrs.CONNECTION, ()))
    ):
        raise web.HTTPBadRequest(text="This path is for devices: it takes a WebSocket.\n")
    if request.method != hdrs.METH_GET or request.version < HttpVersion11 or request.can_read_body:
        # What stands between a device and here must not understand the request in another way.
        raise web.HTTPBadRequest(text="A WebSocket begins with GET in HTTP/1.1, without a body.\n")
    if headers.get(hdrs.SEC_WEBSOCKET_VERSION) != _VERSION:
        raise web.HTTPBadRequest(text="Only WebSocket version 13 is spoken here.\n")
    key = headers.get(hdrs.SEC_WEBSOCKET_KEY, "").strip().encode("ascii", "replace")
    try:
        whole = len(base64.b64decode(key, validate=True)) == _KEY_BYTES
    except binascii.Error:
        whole = False
    if not whole:
        raise web.HTTPBadRequest(text="The WebSocket key is none.\n")
    return key


def _words(fields: Iterable[str]) -> set[str]:
    return {word.strip().lower() for field in fields for word in field.split(",")}
