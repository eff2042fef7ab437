"""What this server answers about CAP alerts besides its pages; part of the table of `controller.web.routes`."""

from typing import Final

from controller.domain.rights import Right
from controller.web import cap_public, subjects
from controller.web.api import cap, cap_settings
from controller.web.api.cap_told import FOLDER
from controller.web.api.endpoint import endpoint
from controller.web.asking import Needs, Route

_ONE: Final = FOLDER + "/{alert_id}"
_IN: Final = Right.HAND_IN_ALERT
_CAP: Final = Right.CAP
_AREAS: Final = Right.MANAGE_AREAS

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
