"""What is planned, for programs, and the pages of limits and rundowns: part of the table of `controller.web.routes`."""

from typing import Final

from controller.domain.rights import Right
from controller.web import guardpages, rundowns, subjects
from controller.web.api import approvals, calendar, conflicts, guards, occurrences, rundown, schedules
from controller.web.api.endpoint import Endpoint, endpoint
from controller.web.asking import Route, Token

_SEE: Final = Right.SEE
_PLAN: Final = Right.BROADCAST
_APPROVE: Final = Right.APPROVE
_GUARDS: Final = Right.SET_GUARDS
_PEOPLE: Final = Right.MANAGE_PEOPLE
_FORM: Final = Token.HANDLER
_ONE: Final = "/api/v1/schedules/{schedule_id}"
_OCCURRENCE: Final = "/api/v1/schedules/{schedule_id}/occurrences/{original}"

PLANNING_API: Final[tuple[Endpoint, ...]] = (
    endpoint("GET", "/api/v1/schedules", schedules.list_schedules, right=_SEE),
    endpoint("POST", "/api/v1/schedules", schedules.create_schedule, right=_PLAN),
    endpoint("GET", _ONE, schedules.get_schedule, right=_SEE, over=subjects.schedule),
    endpoint("PUT", _ONE, schedules.change_schedule, right=_PLAN, over=subjects.schedule),
    endpoint("DELETE", _ONE, schedules.withdraw_schedule, right=_PLAN, over=subjects.schedule),
    endpoint("GET", f"{_ONE}/history", schedules.get_schedule_history, right=_SEE, over=subjects.schedule),
    endpoint("POST", f"{_ONE}/succeed", schedules.succeed_area, right=_PLAN, over=subjects.schedule),
    endpoint("GET", f"{_ONE}/occurrences", occurrences.list_occurrences, right=_SEE, over=subjects.schedule),
    endpoint("POST", f"{_OCCURRENCE}/move", occurrences.move_occurrence, right=_PLAN, over=subjects.schedule),
    endpoint("POST", f"{_OCCURRENCE}/cancel", occurrences.cancel_occurrence, right=_PLAN, over=subjects.schedule),
    endpoint("POST", f"{_OCCURRENCE}/replace", occurrences.replace_occurrence, right=_PLAN, over=subjects.schedule),
    endpoint("POST", f"{_OCCURRENCE}/restore", occurrences.restore_occurrence, right=_PLAN, over=subjects.schedule),
    endpoint("POST", f"{_OCCURRENCE}/split", occurrences.split_schedule, right=_PLAN, over=subjects.schedule),
    endpoint("GET", f"{_OCCURRENCE}/free", conflicts.find_free, right=_SEE, over=subjects.schedule),
    endpoint("GET", f"{_ONE}/conflicts", conflicts.list_conflicts, right=_SEE, over=subjects.schedule),
    endpoint("POST", "/api/v1/previews/rule", conflicts.preview_rule, right=_PLAN),
    endpoint("POST", "/api/v1/previews/schedule", conflicts.preview_schedule, right=_PLAN),
    endpoint("GET", "/api/v1/choices", conflicts.list_choices, right=_SEE),
    endpoint("POST", "/api/v1/choices", conflicts.choose_order, right=_PLAN),
    endpoint("GET", "/api/v1/approvals", approvals.list_waiting_approvals, right=_APPROVE),
    endpoint("GET", f"{_ONE}/approvals", approvals.list_approvals, right=_SEE, over=subjects.schedule),
    endpoint("GET", f"{_ONE}/approval", approvals.get_approval_request, right=_SEE, over=subjects.schedule),
    endpoint("POST", f"{_ONE}/approve", approvals.approve_schedule, right=_APPROVE, over=subjects.schedule),
    endpoint("POST", f"{_ONE}/send-back", approvals.send_schedule_back, right=_APPROVE, over=subjects.schedule),
    endpoint("POST", f"{_ONE}/revoke", approvals.revoke_approval, right=_APPROVE, over=subjects.schedule),
    endpoint("GET", "/api/v1/guards", guards.list_guards, right=_SEE),
    endpoint("GET", "/api/v1/guards/presets", guards.list_guard_presets, right=_SEE),
    endpoint("GET", "/api/v1/areas/{area_id}/guards", guards.get_area_guards, right=_SEE, over=subjects.area),
    endpoint("PUT", "/api/v1/areas/{area_id}/guards", guards.set_area_guards, right=_GUARDS, over=subjects.area),
    endpoint(
        "PUT", "/api/v1/areas/{area_id}/self-approval", guards.set_self_approval, right=_PEOPLE, over=subjects.area
    ),
    endpoint(
        "GET", "/api/v1/speakers/{speaker_id}/guards", guards.get_speaker_guards, right=_SEE, over=subjects.speaker
    ),
    endpoint(
        "PUT", "/api/v1/speakers/{speaker_id}/guards", guards.set_speaker_guards, right=_GUARDS, over=subjects.speaker
    ),
    endpoint("GET", "/api/v1/speakers/{speaker_id}/rundown", rundown.get_rundown, right=_SEE, over=subjects.speaker),
    endpoint("GET", "/api/v1/holidays", guards.list_holidays, right=_SEE),
    endpoint("PUT", "/api/v1/holidays/{day}", guards.set_holiday, right=_GUARDS),
    endpoint("DELETE", "/api/v1/holidays/{day}", guards.remove_holiday, right=_GUARDS),
    endpoint("GET", "/api/v1/week", calendar.get_week, right=_SEE),
    endpoint("GET", "/api/v1/calendar.ics", calendar.get_calendar, right=_SEE),
)

PLANNING_PAGES: Final[tuple[Route, ...]] = (
    Route(method="GET", path="/calendar.ics", handler=guardpages.calendar_download, right=_SEE),
    Route(method="GET", path="/speakers/{id}/rundown", handler=rundowns.rundown, right=_SEE, over=subjects.speaker),
    Route(method="GET", path="/guards", handler=guardpages.guards, right=_SEE),
    Route(method="GET", path="/guards/areas/{id}", handler=guardpages.area_guards, right=_SEE, over=subjects.area),
    Route(
        method="POST",
        path="/guards/areas/{id}",
        handler=guardpages.set_area_guards,
        right=_GUARDS,
        over=subjects.area,
        token=_FORM,
    ),
    Route(
        method="POST",
        path="/guards/areas/{id}/self-approval",
        handler=guardpages.set_self_approval,
        right=_PEOPLE,
        over=subjects.area,
        token=_FORM,
    ),
    Route(
        method="GET", path="/guards/speakers/{id}", handler=guardpages.speaker_guards, right=_SEE, over=subjects.speaker
    ),
    Route(
        method="POST",
        path="/guards/speakers/{id}",
        handler=guardpages.set_speaker_guards,
        right=_GUARDS,
        over=subjects.speaker,
        token=_FORM,
    ),
    Route(method="POST", path="/holidays", handler=guardpages.add_holiday, right=_GUARDS, token=_FORM),
    Route(method="POST", path="/holidays/remove", handler=guardpages.remove_holiday, right=_GUARDS, token=_FORM),
)
