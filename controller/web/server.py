"""Puts the web application together: the table of routes, the layers every request passes, what is started and ended.

The device link and the clips for devices are served by the same application; they come in as ``device_routes``.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine

from aiohttp import web

from controller.web.asking import HOUSE, House, Route, answer
from controller.web.errors import tell_errors
from controller.web.forms import MOST_BYTES
from controller.web.i18n import load_translators
from controller.web.live import socket as live_socket
from controller.web.parts import WebParts
from controller.web.routes import ROUTES
from controller.web.security import SAFE_METHODS, add_headers
from controller.web.sse import Live
from controller.web.statics import Statics
from controller.web.templating import STATIC_FOLDER, make_environments
from controller.web.uploads import Limits, Uploads

log = logging.getLogger(__name__)

FINISH_WITHIN_S = 3.0

__all__ = ["WebParts", "make_web_app"]


def make_web_app(parts: WebParts) -> web.Application:
    """The application, ready to be run. Reads templates, catalogues and static files once, here."""
    app = web.Application(middlewares=[tell_errors], client_max_size=MOST_BYTES)
    translators = load_translators(parts.zone)
    app[HOUSE] = House(
        parts=parts,
        translators=translators,
        environments=make_environments(translators),
        statics=Statics(STATIC_FOLDER),
        live=Live(parts.events),
        uploads=Uploads(parts.upload_folder, Limits(length_bytes=parts.upload_limit_bytes), parts.clock.now_us),
        routes=ROUTES,
        sending=asyncio.Lock(),
        reckoning=asyncio.Lock(),
        changes=set(),
    )
    for route in ROUTES:
        _add(app, route)
    app.add_routes(parts.device_routes)
    app.on_response_prepare.append(add_headers)
    app[live_socket.SOCKETS] = live_socket.LiveSockets()
    app.on_shutdown.append(_end_streams)
    app.on_shutdown.append(live_socket.end_all)
    app.cleanup_ctx.append(_live)
    app.cleanup_ctx.append(_uploads)
    app.on_cleanup.append(_finish_changes)
    return app


def _add(app: web.Application, route: Route) -> None:
    async def handle(request: web.Request) -> web.StreamResponse:
        if route.method in SAFE_METHODS:
            return await answer(route, request)
        return await _to_its_end(app[HOUSE], answer(route, request))

    if route.method == "GET":
        app.router.add_get(route.path, handle)
    else:
        app.router.add_route(route.method, route.path, handle)


async def _to_its_end(house: House, work: Coroutine[None, None, web.StreamResponse]) -> web.StreamResponse:
    """A change that was begun is finished, also when the person closes the page: a stop must not be half given."""
    task = asyncio.create_task(work)
    house.changes.add(task)
    task.add_done_callback(house.changes.discard)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        task.add_done_callback(_log_failure)
        raise


def _log_failure(task: "asyncio.Task[web.StreamResponse]") -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.warning("a change failed after its page was closed", exc_info=error)


async def _finish_changes(app: web.Application) -> None:
    """What was begun is finished, within reason."""
    changes = list(app[HOUSE].changes)
    if not changes:
        return
    _, unfinished = await asyncio.wait(changes, timeout=FINISH_WITHIN_S)
    for task in unfinished:
        task.cancel()
    await asyncio.gather(*unfinished, return_exceptions=True)


async def _end_streams(app: web.Application) -> None:
    """Before connections are waited for: a live stream would never end by itself."""
    app[HOUSE].live.close()


async def _live(app: web.Application) -> AsyncIterator[None]:
    async with app[HOUSE].live.following():
        yield


async def _uploads(app: web.Application) -> AsyncIterator[None]:
    async with app[HOUSE].uploads.running():
        yield
