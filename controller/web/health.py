"""Whether the server lives and can work, for those who watch over it. They say nothing that a stranger could use."""

import hmac

from aiohttp import web

from controller.domain.errors import LoaError
from controller.web.asking import Ask, SignInNeeded

THIS_MACHINE = frozenset({"127.0.0.1", "::1", "::ffff:127.0.0.1"})
PROXY_HEADERS = ("Forwarded", "X-Forwarded-For", "X-Real-IP")


async def healthz(_ask: Ask) -> web.StreamResponse:
    """The process answers."""
    return web.Response(text="ok\n")


async def readyz(ask: Ask) -> web.StreamResponse:
    """The database answers and the services run."""
    try:
        ready = await ask.parts.store.ready() and await ask.parts.ready()
    except LoaError:
        ready = False
    return web.Response(text="ready\n" if ready else "not ready\n", status=200 if ready else 503)


async def metrics(ask: Ask) -> web.StreamResponse:
    """Prometheus text, for who shows the bearer token; where none is set, for this machine itself."""
    counted = ask.parts.metrics
    if counted is None:
        raise web.HTTPNotFound
    if not _may_read_metrics(ask):
        raise SignInNeeded
    return web.Response(text=await counted(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})


def _may_read_metrics(ask: Ask) -> bool:
    if ask.person is not None:
        return True
    token = ask.parts.metrics_token
    if token is not None:
        shown = ask.request.headers.get("Authorization", "").encode()
        return hmac.compare_digest(shown, f"Bearer {token}".encode())
    through_proxy = any(name in ask.request.headers for name in PROXY_HEADERS)
    return ask.request.remote in THIS_MACHINE and not through_proxy
