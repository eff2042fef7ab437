"""The pages of emergencies, drills and stops; part of the table of `controller.web.routes`."""

from typing import Final

from controller.domain.rights import Right
from controller.web import stop_pages
from controller.web.asking import Route, Token
from controller.web.emergency import alarms
from controller.web.emergency import pages as emergency_pages
from controller.web.emergency import policy_pages as emergency_policy_pages

_PREPARE: Final = Right.PREPARE_EMERGENCY
_CONFIRM: Final = Right.CONFIRM_EMERGENCY
_FORM: Final = Token.HANDLER
_OVER: Final = alarms.emergency

EMERGENCY_PAGES: Final = (
    Route(method="GET", path="/emergency", handler=emergency_pages.real, right=_PREPARE, or_right=_CONFIRM),
    Route(method="GET", path="/emergency/drill", handler=emergency_pages.drill, right=_PREPARE, or_right=_CONFIRM),
    Route(
        method="GET",
        path="/emergency/policies",
        handler=emergency_policy_pages.policies,
        right=Right.MANAGE_PEOPLE,
    ),
    Route(method="GET", path="/emergency/{id}", handler=emergency_pages.one, right=Right.SEE, over=_OVER),
    Route(method="GET", path="/emergency/{id}/correct", handler=emergency_pages.correction, right=_CONFIRM, over=_OVER),
    Route(
        method="GET",
        path="/emergency/{id}/correct/new",
        handler=emergency_pages.correct_anew,
        right=_PREPARE,
        over=_OVER,
    ),
    Route(method="GET", path="/parts/alarms", handler=emergency_pages.banners_part),
    Route(method="GET", path="/parts/emergency/areas", handler=emergency_pages.areas_part, right=_PREPARE),
    Route(method="GET", path="/parts/emergency/ready", handler=emergency_pages.ready_part, right=_PREPARE),
    Route(method="GET", path="/parts/emergency/{id}", handler=emergency_pages.one_part, right=Right.SEE, over=_OVER),
    Route(
        method="GET",
        path="/parts/emergency/{id}/more",
        handler=emergency_pages.more_part,
        right=Right.SEE,
        over=_OVER,
    ),
    Route(
        method="GET",
        path="/parts/emergency/{id}/board",
        handler=emergency_pages.board_part,
        right=Right.SEE,
        over=_OVER,
    ),
    Route(method="GET", path="/stops", handler=stop_pages.stops, right=Right.STOP),
    Route(method="GET", path="/parts/stops", handler=stop_pages.stops_part, right=Right.STOP),
    Route(method="GET", path="/parts/stops/ready", handler=stop_pages.ready_part, right=Right.STOP),
)

EMERGENCY_ACTIONS: Final = (
    Route(method="POST", path="/emergency", handler=emergency_pages.prepare_real, right=_PREPARE, token=_FORM),
    Route(
        method="POST",
        path="/emergency/policies",
        handler=emergency_policy_pages.put,
        right=Right.MANAGE_PEOPLE,
        token=_FORM,
    ),
    Route(method="POST", path="/emergency/draft", handler=emergency_pages.real_draft, right=_PREPARE, token=_FORM),
    Route(method="POST", path="/emergency/drill", handler=emergency_pages.prepare_drill, right=_PREPARE, token=_FORM),
    Route(
        method="POST", path="/emergency/drill/draft", handler=emergency_pages.drill_draft, right=_PREPARE, token=_FORM
    ),
    Route(
        method="POST",
        path="/emergency/{id}/confirm",
        handler=emergency_pages.confirm,
        right=_CONFIRM,
        over=_OVER,
        token=_FORM,
    ),
    Route(
        method="POST",
        path="/emergency/{id}/break-glass",
        handler=emergency_pages.break_glass,
        right=Right.BREAK_GLASS,
        over=_OVER,
        token=_FORM,
    ),
    Route(method="POST", path="/emergency/{id}/withdraw", handler=emergency_pages.withdraw, right=_PREPARE, over=_OVER),
    Route(method="POST", path="/emergency/{id}/again", handler=emergency_pages.again, right=_PREPARE, over=_OVER),
    Route(method="POST", path="/emergency/{id}/repair", handler=emergency_pages.repair, right=_PREPARE, over=_OVER),
    Route(
        method="POST",
        path="/emergency/{id}/end",
        handler=emergency_pages.end,
        right=_CONFIRM,
        over=_OVER,
        token=_FORM,
    ),
    Route(
        method="POST",
        path="/emergency/{id}/correct",
        handler=emergency_pages.correct,
        right=_CONFIRM,
        over=_OVER,
        token=_FORM,
    ),
    Route(method="POST", path="/emergency/{id}/stop", handler=stop_pages.stop_emergency, right=Right.STOP, over=_OVER),
    Route(method="POST", path="/stops", handler=stop_pages.stop, right=Right.STOP, token=_FORM),
    Route(method="POST", path="/stops/{id}/release", handler=stop_pages.release, right=Right.STOP),
)
