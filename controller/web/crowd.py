"""Keeps the connections of the server within what the process may open, so that a flood of them shuts nobody out.

Rules of the module: a connection that asks nothing is worth nothing. Where too many of them wait, the one that waited
longest is closed for each that comes, but none before it had time to speak: after a power cut every device dials at
once. Where all together come near to the limit of open files, new ones are closed at once. Files for the database, for
clips and for ffmpeg stay free whatever comes from the network.
"""

import asyncio
import logging
import resource
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

OTHER_FILES: Final = 256
"""Open files that are left for everything but connections."""
FEWEST_CONNECTIONS: Final = 128
WAITING_AT_MOST: Final = 512
IDLE_S: Final = 75.0
"""How long a connection may wait for its first, or its next, request."""
TIME_TO_SPEAK_S: Final = 3.0
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def raise_file_limit() -> int:
    """Takes all the open files that the system grants this process; returns how many that are."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        soft = hard
    return soft


def quiet_logger() -> logging.Logger:
    """For the HTTP library: whoever speaks no HTTP to us is answered 400, and cannot fill the log with traces."""
    logger = logging.getLogger("controller.web.http")
    if _is_our_fault not in logger.filters:
        logger.addFilter(_is_our_fault)
    return logger


def _is_our_fault(record: logging.LogRecord) -> bool:
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))


class Crowd:
    """Counts the connections of one server. All on one event loop."""

    def __init__(
        self,
        files: int,
        waiting_at_most: int = WAITING_AT_MOST,
        time_to_speak_s: float = TIME_TO_SPEAK_S,
        others: Callable[[], int] = lambda: 0,
    ) -> None:
        """``others`` is how many connections are open that the server does not count any more."""
        self._others = others
        self._most = max(FEWEST_CONNECTIONS, files - OTHER_FILES)
        self._waiting_at_most = min(waiting_at_most, self._most // 2)
        self._time_to_speak_s = time_to_speak_s
        self._waiting: dict[web.RequestHandler, float] = {}
        self._room = 0
        """So many more may come before they have to be counted again; some may have gone since."""
        self.turned_away = 0

    def entrance(self, server: web.Server) -> Callable[[], asyncio.Protocol]:
        """What makes the protocol of each connection that is accepted."""

        def enter() -> asyncio.Protocol:
            self._make_room()
            if self._room <= 0:  # counting them all takes long where there are thousands
                self._room = self._most - len(server.connections) - self._others()
            if self._room <= 0:
                self.turned_away += 1
                return _ClosedAtOnce()
            self._room -= 1
            handler = server()
            self._wait(handler)
            return handler

        return enter

    def watch(self, app: web.Application) -> None:
        """Lets the application tell which connections are being answered. To be called before it runs."""
        app.middlewares.insert(0, self._see)

    @web.middleware
    async def _see(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self._waiting.pop(request.protocol, None)
        try:
            return await handler(request)
        finally:
            if request.transport is not None:
                self._wait(request.protocol)

    def _wait(self, handler: web.RequestHandler) -> None:
        self._waiting[handler] = asyncio.get_running_loop().time()

    def _make_room(self) -> None:
        """Lets go of those that waited longest, as far as there are too many; what ended by itself goes first too."""
        before_s = asyncio.get_running_loop().time() - self._time_to_speak_s
        while len(self._waiting) >= self._waiting_at_most:
            longest, since_s = next(iter(self._waiting.items()))
            if since_s > before_s:
                return
            del self._waiting[longest]
            if longest.transport is not None:
                self.turned_away += 1
                longest.force_close()


class _ClosedAtOnce(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.abort()
