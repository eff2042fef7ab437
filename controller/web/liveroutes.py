"""Live: a part of the table of `controller.web.routes`."""

from typing import Final

from controller.domain.rights import Right
from controller.web import live_socket, subjects
from controller.web.api import live, relays
from controller.web.api.endpoint import Endpoint, endpoint
from controller.web.asking import Route

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
    ),
)
