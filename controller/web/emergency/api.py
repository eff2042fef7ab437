"""What programs are answered about emergencies and stops of areas; part of the table of `controller.web.routes`."""

from typing import Final

from controller.domain.rights import Right
from controller.web import subjects
from controller.web.api import emergencies as api
from controller.web.api import stops
from controller.web.api.emergency_values import FOLDER
from controller.web.api.endpoint import endpoint
from controller.web.emergency import alarms

_FOLDER: Final = FOLDER
_ONE: Final = _FOLDER + "/{emergency_id}"
_PREPARE: Final = Right.PREPARE_EMERGENCY
_CONFIRM: Final = Right.CONFIRM_EMERGENCY
_OVER: Final = alarms.emergency

EMERGENCY_API: Final = (
    endpoint("GET", "/api/v1/emergency-templates", api.list_templates, right=Right.SEE),
    endpoint("POST", "/api/v1/emergency-readiness", api.count_ready, right=Right.SEE),
    endpoint("GET", _FOLDER, api.list_emergencies, right=Right.SEE),
    endpoint("POST", _FOLDER, api.prepare_emergency, right=_PREPARE),
    endpoint("GET", _ONE, api.get_emergency, right=Right.SEE, over=_OVER),
    endpoint("GET", _ONE + "/board", api.get_board, right=Right.SEE, over=_OVER),
    endpoint("POST", _ONE + "/confirm", api.confirm_emergency, right=_CONFIRM, over=_OVER),
    endpoint("POST", _ONE + "/break-glass", api.break_glass, right=Right.BREAK_GLASS, over=_OVER),
    endpoint("POST", _ONE + "/again", api.prepare_again, right=_PREPARE, over=_OVER),
    endpoint("POST", _ONE + "/repair", api.repair_emergency, right=_PREPARE, over=_OVER),
    endpoint("POST", _ONE + "/withdraw", api.withdraw_emergency, right=_PREPARE, over=_OVER),
    endpoint("POST", _ONE + "/correct", api.correct_emergency, right=_CONFIRM, over=_OVER),
    endpoint("POST", _ONE + "/end", api.end_emergency, right=_CONFIRM, over=_OVER),
    endpoint("GET", "/api/v1/areas/{area_id}/emergency-policy", api.get_policy, right=Right.SEE, over=subjects.area),
    endpoint(
        "PUT", "/api/v1/areas/{area_id}/emergency-policy", api.set_policy, right=Right.MANAGE_PEOPLE, over=subjects.area
    ),
    endpoint("GET", "/api/v1/stops", stops.list_stops, right=Right.SEE),
    endpoint("POST", "/api/v1/stops", stops.stop_areas, right=Right.STOP),
    endpoint("DELETE", "/api/v1/stops/{order_id}", stops.release_area_stop, right=Right.STOP),
)
