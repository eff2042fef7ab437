"""Remote actions: a part of the table of `controller.web.routes`."""

from typing import Final

from controller.domain.rights import Right
from controller.web import subjects
from controller.web.api import hands
from controller.web.api.endpoint import Endpoint, endpoint

_TEND: Final = Right.TEND
_ACTIONS: Final = "/api/v1/speakers/{speaker_id}/actions"

HAND_API: Final[tuple[Endpoint, ...]] = (
    endpoint("GET", _ACTIONS, hands.list_actions, right=_TEND, over=subjects.speaker),
    endpoint("POST", _ACTIONS, hands.ask_action, right=_TEND, over=subjects.speaker),
    endpoint("GET", f"{_ACTIONS}/{{order_id}}", hands.get_action, right=_TEND, over=subjects.speaker),
    endpoint("GET", f"{_ACTIONS}/{{order_id}}/log", hands.get_action_log, right=_TEND, over=subjects.speaker),
)
