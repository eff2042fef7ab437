"""What is planned: the part of the table of `controller.web.routes` for its pages."""

from typing import Final

from controller.domain.rights import Right
from controller.web import approval_pages, calendar_pages, conflict_pages, schedule_pages, schedulelist, subjects
from controller.web.asking import Handler, Route, Token

_FORM: Final = Token.HANDLER
_SEE: Final = Right.SEE
_PLAN: Final = Right.BROADCAST
_APPROVE: Final = Right.APPROVE


def _seen(path: str, handler: Handler) -> Route:
    return Route(method="GET", path=path, handler=handler, right=_SEE, over=subjects.schedule)


def _done(path: str, handler: Handler, right: Right = _PLAN) -> Route:
    return Route(method="POST", path=path, handler=handler, right=right, over=subjects.schedule, token=_FORM)


PLANS: Final = (
    Route(method="GET", path="/calendar", handler=calendar_pages.calendar, right=_SEE),
    Route(method="GET", path="/schedules", handler=schedulelist.schedules, right=_SEE),
    Route(method="GET", path="/schedules/new", handler=schedule_pages.new_schedule, right=_PLAN),
    Route(method="POST", path="/schedules", handler=schedule_pages.save, right=_PLAN, token=_FORM),
    Route(method="POST", path="/schedules/draft", handler=schedule_pages.edit, right=_PLAN, token=_FORM),
    Route(method="POST", path="/schedules/preview", handler=schedule_pages.preview, right=_PLAN, token=_FORM),
    _seen("/schedules/{id}", schedule_pages.schedule),
    _done("/schedules/{id}", schedule_pages.save),
    Route(
        method="POST",
        path="/schedules/{id}/withdraw",
        handler=schedule_pages.withdraw,
        right=_PLAN,
        over=subjects.schedule,
    ),
    _done("/schedules/{id}/succeed", schedule_pages.succeed),
    _seen("/schedules/{id}/conflicts", conflict_pages.conflicts),
    _done("/schedules/{id}/choose", conflict_pages.choose),
    _done("/schedules/{id}/append", conflict_pages.append),
    # one occurrence
    _seen("/schedules/{id}/at/{original}", calendar_pages.occurrence),
    _seen("/parts/schedules/{id}/at/{original}", calendar_pages.occurrence_part),
    _done("/schedules/{id}/at/{original}/move", calendar_pages.move),
    _done("/schedules/{id}/at/{original}/cancel", calendar_pages.cancel),
    _done("/schedules/{id}/at/{original}/replace", calendar_pages.replace_content),
    _done("/schedules/{id}/at/{original}/restore", calendar_pages.restore),
    # approvals
    Route(method="GET", path="/approvals", handler=approval_pages.approvals, right=_APPROVE),
    Route(method="GET", path="/parts/approvals-count", handler=approval_pages.count_part, right=_APPROVE),
    _seen("/approvals/{id}", approval_pages.approval),
    _done("/approvals/{id}/approve", approval_pages.approve, _APPROVE),
    _done("/approvals/{id}/send-back", approval_pages.send_back, _APPROVE),
    _done("/approvals/{id}/revoke", approval_pages.revoke, _APPROVE),
)
