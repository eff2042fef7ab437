"""The pages of live broadcasts and of alerts that came in; part of the table of `controller.web.routes`."""

from typing import Final

from controller.domain.rights import Right
from controller.web import cap_pages, cap_settings_pages, live_pages, subjects
from controller.web.asking import Route, Token

_FORM: Final = Token.HANDLER
_CAP: Final = Right.CAP
_AREAS: Final = Right.MANAGE_AREAS

LIVE_PAGES: Final = (
    Route(method="GET", path="/live", handler=live_pages.live, right=Right.LIVE),
    Route(method="GET", path="/parts/live", handler=live_pages.live_part, right=Right.LIVE),
    Route(
        method="GET",
        path="/parts/airings/{id}/relay",
        handler=live_pages.relay_part,
        right=Right.SEE,
        over=subjects.airing,
    ),
    Route(method="POST", path="/live/{id}/end", handler=live_pages.end, right=Right.LIVE, over=subjects.airing),
)

CAP_PAGES: Final = (
    Route(method="GET", path="/cap", handler=cap_pages.alerts, right=_CAP),
    Route(method="GET", path="/cap/settings", handler=cap_settings_pages.settings, right=_AREAS),
    Route(method="GET", path="/cap/{id}", handler=cap_pages.alert, right=_CAP),
    Route(method="GET", path="/cap/{id}/xml", handler=cap_pages.raw, right=_CAP),
    Route(method="GET", path="/parts/cap", handler=cap_pages.alerts_part, right=_CAP),
    Route(method="GET", path="/parts/cap-count", handler=cap_pages.count_part, right=_CAP),
    Route(method="GET", path="/parts/cap/{id}", handler=cap_pages.alert_part, right=_CAP),
)

CAP_ACTIONS: Final = (
    Route(method="POST", path="/cap", handler=cap_pages.upload, right=_CAP, token=_FORM),
    Route(method="POST", path="/cap/{id}/confirm", handler=cap_pages.confirm, right=_CAP, token=_FORM),
    Route(method="POST", path="/cap/{id}/decline", handler=cap_pages.decline, right=_CAP, token=_FORM),
    Route(method="POST", path="/cap/settings/rules", handler=cap_settings_pages.put_rule, right=_AREAS, token=_FORM),
    Route(method="POST", path="/cap/settings/rules/{id}/remove", handler=cap_settings_pages.remove_rule, right=_AREAS),
    Route(method="POST", path="/cap/settings/feeds", handler=cap_settings_pages.put_feed, right=_AREAS, token=_FORM),
    Route(method="POST", path="/cap/settings/feeds/{id}/remove", handler=cap_settings_pages.remove_feed, right=_AREAS),
    Route(method="POST", path="/cap/settings/feeds/{id}/ask", handler=cap_settings_pages.ask_feed, right=_AREAS),
)
