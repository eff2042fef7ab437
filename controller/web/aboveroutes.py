"""What this server answers about bulletins from above; part of the table of `controller.web.routes`."""

from controller.domain.rights import Right
from controller.web import above
from controller.web.api import handing_in as api
from controller.web.api.endpoint import endpoint

_FOLDER = "/api/v1/hand-ins"
_ONE = _FOLDER + "/{hand_in_id}"

ABOVE_API = (
    endpoint("GET", _FOLDER, api.list_hand_ins, right=Right.SEE, or_right=Right.HAND_IN),
    endpoint("POST", _FOLDER, api.create_hand_in, right=Right.HAND_IN),
    endpoint("POST", _FOLDER + "/form", api.create_hand_in_with_file, right=Right.HAND_IN),
    endpoint("GET", _ONE, api.get_hand_in, right=Right.SEE, or_right=Right.HAND_IN),
    endpoint("POST", _ONE + "/withdraw", api.withdraw_hand_in, right=Right.HAND_IN),
    endpoint("POST", _ONE + "/take", api.take_hand_in, right=Right.DECIDE, over=above.over),
    endpoint("POST", _ONE + "/decline", api.decline_hand_in, right=Right.DECIDE, over=above.over),
)
