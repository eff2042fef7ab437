"""Approvals: somebody heard exactly this, saw where and when, and said yes. Whatever is changed voids it by itself.

An approval is bound to the bytes, the rule and the places (`schedules.approval`). Who approves is not who made it: not
who last planned it, nor who last changed its content or a bulletin in it. Where a person is alone they may, and it is
recorded as such.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from agents.protocol.ids import AreaId
from controller.domain.rights import Actor
from controller.domain.schedules import Approval, ApprovalState, PlannedSchedule, ScheduleId
from controller.ports import Transaction
from controller.services.contents import Content as HeardContent
from controller.services.office import Office
from schedules.recurrence.rule import Changed
from schedules.schedule import Content


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What waits for an approver: a series, or one changed occurrence of it (``original``).

    ``heard`` is what would sound, part by part; None where it cannot be heard now (``content.lacking`` says why), and
    then it cannot be approved either. ``own`` is true where the asking person is an author of it; they may approve it
    where ``own_allowed``.
    """

    planned: PlannedSchedule
    original: datetime | None
    change: Changed | None
    binding: str
    state: ApprovalState
    content: Content
    heard: HeardContent | None
    authors: frozenset[str]
    own: bool
    own_allowed: bool


class ApprovalDesk:
    """Every method raises `StoreFailed` too."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def waiting(self, by: Actor) -> tuple[Request, ...]:
        """What ``by`` may decide on, the soonest to be heard first. What was sent back is not among it until it is
        changed.
        """
        raise NotImplementedError

    async def request(self, schedule_id: ScheduleId, original: datetime | None, by: Actor) -> Request:
        """One of a schedule, in whatever state it is. Raises `NotFound` (``schedule_unknown``, ``exception_unknown``:
        this occurrence was not changed).
        """
        raise NotImplementedError

    async def approve(self, schedule_id: ScheduleId, original: datetime | None, binding: str, by: Actor) -> Approval:
        """``binding`` is that of what the person heard and saw.

        Raises `NotFound`, `Refused` (``approval_stale``: it is not what would be heard any more; ``own_approval``;
        ``approval_not_allowed``: no right in one of its areas; ``withdrawn``, ``approval_not_needed``, and why the
        content cannot be heard).
        """
        raise NotImplementedError

    async def send_back(
        self, schedule_id: ScheduleId, original: datetime | None, binding: str, note: str, by: Actor
    ) -> PlannedSchedule:
        """With a word on what is to be changed. What was approved of it is so no longer.

        Raises as `approve` does, and `Invalid` (``note_missing``, ``note_too_long``).
        """
        raise NotImplementedError

    async def revoke(self, schedule_id: ScheduleId, original: datetime | None, by: Actor) -> Approval:
        """What was approved is not heard any more. Raises `NotFound`, `Refused` (``not_approved``,
        ``approval_not_allowed``).
        """
        raise NotImplementedError

    async def state_of(self, schedule_id: ScheduleId) -> ApprovalState:
        """That of the series. Raises `NotFound`."""
        raise NotImplementedError

    async def states(self) -> dict[ScheduleId, tuple[ApprovalState, dict[datetime, ApprovalState]]]:
        """Of every live schedule: of the series, and of each changed occurrence by its wall time."""
        raise NotImplementedError

    async def of(self, schedule_id: ScheduleId) -> tuple[Approval, ...]:
        """Who approved what of it, the newest first, also what was revoked or is void."""
        raise NotImplementedError


async def may_approve_own(tx: Transaction, area_ids: Iterable[AreaId]) -> bool:
    """Whether a person may approve their own in all of these areas: as was set there or above, else where exactly one
    active person may approve. Raises `StoreFailed`.
    """
    raise NotImplementedError


async def require_approver(tx: Transaction, by: Actor, area_ids: Iterable[AreaId], authors: Iterable[str]) -> bool:
    """For what ``by`` sends at once, which approves it by that. Returns whether it was self-approved.

    Raises `Refused` (``approval_needed``: no right to approve there, or the only author of it).
    """
    raise NotImplementedError
