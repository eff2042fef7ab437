"""What this server answers about bulletins from above; part of the table of `controller.web.routes`."""

from controller.domain.rights import Right
from controller.web import above
from controller.web import handing_in as pages
from controller.web.api import handing_in as api
from controller.web.api.endpoint import endpoint
from controller.web.asking import Route, Token

_FOLDER = "/api/v1/hand-ins"
_ONE = _FOLDER + "/{hand_in_id}"

ABOVE_PAGES = (
    Route(method="GET", path="/from-above", handler=pages.hand_ins, right=Right.SEE),
    Route(method="GET", path="/from-above/{id}", handler=pages.hand_in, right=Right.SEE, over=above.hand_in),
    Route(method="GET", path="/parts/from-above", handler=pages.hand_ins_part, right=Right.SEE),
    Route(method="GET", path="/parts/from-above/{id}", handler=pages.hand_in_part, right=Right.SEE, over=above.hand_in),
    Route(method="GET", path="/parts/from-above-count", handler=pages.count_part),
    Route(method="GET", path="/parts/from-above-emergencies", handler=pages.emergencies_part),
)

ABOVE_ACTIONS = (
    Route(
        method="POST",
        path="/from-above/{id}/take",
        handler=pages.take,
        token=Token.HANDLER,
        right=Right.DECIDE,
        over=above.hand_in,
    ),
    Route(
        method="POST",
        path="/from-above/{id}/decline",
        handler=pages.decline,
        token=Token.HANDLER,
        right=Right.DECIDE,
        over=above.hand_in,
    ),
)

ABOVE_API = (
    endpoint("GET", _FOLDER, api.list_hand_ins, right=Right.SEE, or_right=Right.HAND_IN),
    endpoint("POST", _FOLDER, api.create_hand_in, right=Right.HAND_IN),
    endpoint("POST", _FOLDER + "/form", api.create_hand_in_with_file, right=Right.HAND_IN),
    endpoint("GET", _ONE, api.get_hand_in, right=Right.SEE, or_right=Right.HAND_IN),
    endpoint("POST", _ONE + "/withdraw", api.withdraw_hand_in, right=Right.HAND_IN),
    endpoint("POST", _ONE + "/take", api.take_hand_in, right=Right.DECIDE, over=above.hand_in),
    endpoint("POST", _ONE + "/decline", api.decline_hand_in, right=Right.DECIDE, over=above.hand_in),
)
