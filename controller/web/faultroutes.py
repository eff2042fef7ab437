"""Faults and telemetry for programs: a part of the table of `controller.web.routes`."""

from typing import Final

from controller.domain.rights import Right
from controller.web import subjects
from controller.web.api import faults
from controller.web.api.endpoint import Endpoint, endpoint
from controller.web.watched import fault

_SEE: Final = Right.SEE
_FAULTS: Final = "/api/v1/faults"
_SPEAKER: Final = "/api/v1/speakers/{speaker_id}"

FAULT_API: Final[tuple[Endpoint, ...]] = (
    endpoint("GET", _FAULTS, faults.list_faults, right=_SEE),
    endpoint("GET", f"{_FAULTS}/history", faults.list_past_faults, right=_SEE),
    endpoint("GET", f"{_FAULTS}/{{fault_id}}", faults.get_fault, right=_SEE, over=fault),
    endpoint("POST", f"{_FAULTS}/{{fault_id}}/seen", faults.see_fault, right=Right.TEND, over=fault),
    endpoint("GET", f"{_SPEAKER}/faults", faults.list_speaker_faults, right=_SEE, over=subjects.speaker),
    endpoint("GET", f"{_SPEAKER}/telemetry", faults.read_telemetry, right=_SEE, over=subjects.speaker),
    endpoint("GET", f"{_SPEAKER}/boxes", faults.list_boxes, right=_SEE, over=subjects.speaker),
)
