"""The store's part for what is planned: schedules, approvals, choices, guards and the station's own holidays."""

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from controller.domain.guarding import GuardPlace, PlaceGuards
from controller.domain.schedules import Approval, ChosenOrder, OwnHoliday, PlannedSchedule, ScheduleId


class Schedules(Protocol):
    async def get(self, schedule_id: ScheduleId) -> PlannedSchedule:
        """Raises `NotFound` (``schedule_unknown``)."""
        ...

    async def put(self, planned: PlannedSchedule) -> None: ...
    async def several(self, schedule_ids: Sequence[ScheduleId]) -> dict[ScheduleId, PlannedSchedule]:
        """Those that exist."""
        ...

    async def live(self, since_us: int) -> tuple[PlannedSchedule, ...]:
        """Those that are not withdrawn and of which something may begin at ``since_us`` or later, the oldest first."""
        ...

    async def count_live(self, since_us: int) -> int: ...


class Approvals(Protocol):
    """One for each binding; approved again after it was revoked, it is the newer one."""

    async def put(self, approval: Approval) -> None: ...
    async def of(self, schedule_id: ScheduleId) -> tuple[Approval, ...]:
        """The newest first, also those that were revoked."""
        ...

    async def in_force(self) -> dict[ScheduleId, tuple[Approval, ...]]:
        """Those that were not revoked, of every schedule that is not withdrawn, void ones too."""
        ...


class Choices(Protocol):
    async def all(self) -> tuple[ChosenOrder, ...]:
        """Between schedules that are both not withdrawn; the oldest first."""
        ...

    async def put(self, chosen: ChosenOrder) -> None:
        """In place of what was chosen between the two before."""
        ...


class GuardRows(Protocol):
    async def get(self, place: GuardPlace) -> PlaceGuards:
        """With nothing in it, of revision 0, where nothing was ever set."""
        ...

    async def all(self) -> tuple[PlaceGuards, ...]: ...
    async def put(self, guards: PlaceGuards) -> None: ...


class Holidays(Protocol):
    """The station's own, besides the public ones."""

    async def all(self) -> tuple[OwnHoliday, ...]:
        """By day."""
        ...

    async def put(self, holiday: OwnHoliday) -> None: ...
    async def remove(self, day: date) -> None: ...
