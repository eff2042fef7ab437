"""Live broadcasts: a part of the table of `controller.web.routes`."""

from typing import Final

from controller.domain.rights import Right
from controller.web import subjects
from controller.web.api import live, relays
from controller.web.api.endpoint import Endpoint, endpoint
from controller.web.asking import Route
from controller.web.live import pages as live_pages
from controller.web.live import socket as live_socket

LIVE_PAGES: Final = (
    Route(method="GET", path="/live", handler=live_pages.live, right=Right.LIVE),
    Route(method="GET", path="/parts/live", handler=live_pages.live_part, right=Right.LIVE),
    Route(method="GET", path="/parts/live/ready", handler=live_pages.ready_part, right=Right.LIVE),
    Route(
        method="GET",
        path="/parts/airings/{id}/relay",
        handler=live_pages.relay_part,
        right=Right.SEE,
        over=subjects.airing,
    ),
    Route(method="POST", path="/live/{id}/end", handler=live_pages.end, right=Right.LIVE, over=subjects.airing),
)

LIVE_API: Final[tuple[Endpoint, ...]] = (
    endpoint("GET", "/api/v1/relays", relays.list_relays, right=Right.SEE),
    endpoint("GET", "/api/v1/live", live.list_live, right=Right.SEE),
    endpoint("POST", "/api/v1/live", live.open_live, right=Right.LIVE),
    endpoint("POST", "/api/v1/live/{airing_id}/end", live.end_live, right=Right.LIVE, over=subjects.airing),
    endpoint(
        "GET",
        "/api/v1/airings/{airing_id}/archives",
        live.list_live_archives,
        right=Right.SEE,
        over=subjects.airing,
    ),
)

LIVE_SOCKETS: Final[tuple[Route, ...]] = (
    Route(
        method="GET",
        path="/live/{id}/microphone",
        handler=live_socket.microphone,
        right=Right.LIVE,
        over=subjects.airing,
        lasting=True,
    ),
)
