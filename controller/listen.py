"""Where pages and devices come in: plain HTTP for everybody, and HTTPS beside it where it is set.

Nothing is said of HSTS: a browser that was told so, and does not trust the station's own authority any more, could not
be led anywhere.
"""

import asyncio
import os
import socket
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NoReturn

from controller.config import Config
from controller.datadir import CannotStart

if TYPE_CHECKING:
    from aiohttp import web

    from controller.certificates import Https
    from controller.web.parts import Secure

CLOSE_WITHIN_S: Final = 3.0
_BACKLOG: Final = 4_096
"""Connections that may wait to be taken: after a power cut every device dials in the same second."""
_TAKEN_AT_ONCE: Final = 16
"""So many of them are taken before pages and links go on."""
_HANDSHAKE_WITHIN_S: Final = 10.0
Entrance = Callable[[], asyncio.Protocol]


async def listen(
    config: Config,
    app: "web.Application",
    others: Callable[[], int],
    listening: "asyncio.Future[int]",
    https: "tuple[Https, Secure] | None" = None,
) -> NoReturn:
    """The web server, for pages and devices alike; ``listening`` is given the port, ``others`` counts the links. Raises
    `CannotStart`.
    """
    from aiohttp import web

    from controller.web.crowd import IDLE_S, Crowd, quiet_logger, raise_file_limit

    crowd = Crowd(raise_file_limit(), others=others)
    crowd.watch(app)
    runner = web.AppRunner(
        app,
        access_log=None,
        logger=quiet_logger(),
        shutdown_timeout=CLOSE_WITHIN_S,
        keepalive_timeout=IDLE_S,
    )
    await runner.setup()
    assert runner.server is not None
    entrance = crowd.entrance(runner.server)
    servers: list[asyncio.Server] = []
    try:
        if https is not None:
            held, told = https
            servers.append(await _server(entrance, config.host, config.tls_port, held.context))
            told.port = servers[0].sockets[0].getsockname()[1]
        servers.append(await _server(entrance, config.host, config.port))
        listening.set_result(servers[-1].sockets[0].getsockname()[1])
        while True:
            await (https[0].watch() if https is not None else asyncio.Event().wait())
    finally:
        for server in servers:
            server.close()
        await runner.cleanup()


async def _server(entrance: Entrance, host: str, port: int, context: ssl.SSLContext | None = None) -> asyncio.Server:
    within_s = _HANDSHAKE_WITHIN_S if context is not None else None
    try:
        server = await asyncio.get_running_loop().create_server(
            entrance, host, port, backlog=_TAKEN_AT_ONCE, ssl=context, ssl_handshake_timeout=within_s
        )
    except OSError as error:
        raise CannotStart(f"{host} port {port} cannot be used: {_why(error)}.") from error
    for listener in server.sockets:
        with listener.dup() as same:
            same.listen(_BACKLOG)
    return server


def _why(error: OSError) -> str:
    """asyncio puts an address of its own into ``strerror``; a name that means nothing has a number of its own, too."""
    if isinstance(error, socket.gaierror) or not error.errno:
        return str(error.strerror or error)
    return os.strerror(error.errno)
