"""The pages of CAP alerts, and what programs are answered about them; part of the table of `controller.web.routes`."""

from typing import Final

from controller.domain.rights import Right
from controller.web import subjects
from controller.web.api import cap, cap_settings
from controller.web.api.cap_told import FOLDER
from controller.web.api.endpoint import endpoint
from controller.web.asking import Needs, Route, Token
from controller.web.cap import pages as cap_pages
from controller.web.cap import public as cap_public
from controller.web.cap import settings_pages as cap_settings_pages

_ONE: Final = FOLDER + "/{alert_id}"
_FORM: Final = Token.HANDLER
_IN: Final = Right.HAND_IN_ALERT
_CAP: Final = Right.CAP
_AREAS: Final = Right.MANAGE_AREAS

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

CAP_PUBLIC: Final = (
    Route(method="GET", path="/cap/feed.atom", handler=cap_public.feed, needs=Needs.PUBLIC),
    Route(method="GET", path="/cap/alerts/{name}", handler=cap_public.alert, needs=Needs.PUBLIC),
)

CAP_API: Final = (
    endpoint("POST", FOLDER, cap.hand_in_cap, right=_CAP, or_right=_IN),
    endpoint("GET", FOLDER, cap.list_cap_alerts, right=_CAP, or_right=_IN),
    endpoint("GET", _ONE, cap.get_cap_alert, right=_CAP, or_right=_IN),
    endpoint("GET", _ONE + "/xml", cap.get_cap_bytes, right=_CAP, or_right=_IN),
    endpoint("POST", _ONE + "/confirm", cap.confirm_cap_alert, right=_CAP),
    endpoint("POST", _ONE + "/decline", cap.decline_cap_alert, right=_CAP),
    endpoint("GET", cap_settings.RULES, cap_settings.list_cap_rules, right=_CAP),
    endpoint("POST", cap_settings.RULES, cap_settings.create_cap_rule, right=_AREAS),
    endpoint("PUT", cap_settings.RULES + "/{rule_id}", cap_settings.change_cap_rule, right=_AREAS),
    endpoint("DELETE", cap_settings.RULES + "/{rule_id}", cap_settings.remove_cap_rule, right=_AREAS),
    endpoint("GET", cap_settings.FEEDS, cap_settings.list_cap_feeds, right=_CAP),
    endpoint("POST", cap_settings.FEEDS, cap_settings.create_cap_feed, right=_AREAS),
    endpoint("PUT", cap_settings.FEEDS + "/{feed_id}", cap_settings.change_cap_feed, right=_AREAS),
    endpoint("DELETE", cap_settings.FEEDS + "/{feed_id}", cap_settings.remove_cap_feed, right=_AREAS),
    endpoint("POST", cap_settings.FEEDS + "/{feed_id}/ask", cap_settings.ask_cap_feed, right=_AREAS),
    endpoint("GET", "/api/v1/cap-languages", cap_settings.list_cap_languages, right=_CAP),
    endpoint("PUT", "/api/v1/cap-languages/{area_id}", cap_settings.set_cap_languages, right=_AREAS),
    endpoint(
        "GET",
        "/api/v1/speakers/{speaker_id}/position",
        cap_settings.get_speaker_position,
        right=Right.SEE,
        over=subjects.speaker,
    ),
    endpoint(
        "PUT",
        "/api/v1/speakers/{speaker_id}/position",
        cap_settings.set_speaker_position,
        right=Right.TEND,
        over=subjects.speaker,
    ),
)
