"""Schedules: planned, changed, withdrawn; single occurrences moved, cancelled, replaced, restored.

Whoever calls has seen to it that ``by`` may broadcast in every area that the target touches (`ScheduleDesk.areas_of`).
Every change ends by ringing ``office.planning``.
"""

from datetime import datetime

from agents.protocol.ids import AreaId
from controller.domain.airings import ContentId
from controller.domain.revisions import Revision
from controller.domain.rights import Actor
from controller.domain.schedules import ChosenOrder, PlannedSchedule, ScheduleDraft, ScheduleId
from controller.services.office import Office
from schedules.schedule import Target


class ScheduleDesk:
    """Every method raises `StoreFailed` too."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def plan(self, draft: ScheduleDraft, by: Actor) -> PlannedSchedule:
        """A new schedule. It is heard once it is approved, unless its content came from above.

        Raises `Invalid` (``targets_missing``, ``too_many_targets``, ``area_unknown``, ``area_closed``,
        ``group_unknown``, ``speaker_unknown``, ``rank_out_of_range``, ``slot_out_of_range``, ``rule_*`` and
        ``zone_unknown`` of `schedules.recurrence`, ``class_reserved``, ``rule_overlaps_itself``,
        ``target_outside_area``), `NotFound` (``content_unknown``), `Refused` (``withdrawn``, ``hand_in_open``,
        ``not_valid_yet``, ``bulletin_expired``, ``too_many_schedules``).
        """
        raise NotImplementedError

    async def change(
        self, schedule_id: ScheduleId, draft: ScheduleDraft, by: Actor, *, revision: int | None = None
    ) -> PlannedSchedule:
        """The next revision. Changed occurrences stay where the new rule still has them. ``revision`` is the one that
        was looked at.

        Raises what `plan` raises, `NotFound` (``schedule_unknown``), and `Refused` (``changed_meanwhile``,
        ``withdrawn``).
        """
        raise NotImplementedError

    async def withdraw(self, schedule_id: ScheduleId, by: Actor) -> PlannedSchedule:
        """Nothing of it is heard any more; what was heard stays in the log. Raises `NotFound`."""
        raise NotImplementedError

    async def move(self, schedule_id: ScheduleId, original: datetime, to: datetime, by: Actor) -> PlannedSchedule:
        """One occurrence to another wall time in the rule's zone. It needs an approval of its own.

        Raises `NotFound`, `Invalid` (``exception_unknown``, ``rule_out_of_years``, ``rule_overlaps_itself``),
        `Refused` (``withdrawn``, ``time_passed``: of where it goes; ``too_many_changes``, ``not_valid_yet``).
        """
        raise NotImplementedError

    async def cancel(self, schedule_id: ScheduleId, original: datetime, by: Actor) -> PlannedSchedule:
        """One occurrence does not happen. Raises `NotFound`, `Invalid` (``exception_unknown``), `Refused`."""
        raise NotImplementedError

    async def replace(
        self, schedule_id: ScheduleId, original: datetime, content_id: ContentId, by: Actor
    ) -> PlannedSchedule:
        """Other content in one occurrence. It needs an approval of its own, and goes by the class of the schedule.

        Raises as `move` and `plan` do, and `Refused` (``replacement_not_from_above``: what needs no approval is
        replaced by what needs none).
        """
        raise NotImplementedError

    async def restore(self, schedule_id: ScheduleId, original: datetime, by: Actor) -> PlannedSchedule:
        """One occurrence as the rule gives it. Raises as `cancel` does."""
        raise NotImplementedError

    async def split(
        self,
        schedule_id: ScheduleId,
        original: datetime,
        draft: ScheduleDraft,
        by: Actor,
        *,
        revision: int | None = None,
    ) -> tuple[PlannedSchedule, PlannedSchedule]:
        """From this occurrence on as the draft says, before it as it was: the schedule that ends, and the new one. What
        was approved before the split stays so. Raises as `change` does, and `Invalid` (``exception_unknown``).
        """
        raise NotImplementedError

    async def choose(self, first: ScheduleId, second: ScheduleId, by: Actor) -> ChosenOrder:
        """Between two schedules of the same class, ``first`` goes first from now on, in place of what was chosen
        before. Raises `NotFound`, `Refused` (``withdrawn``, ``classes_differ``, ``choice_of_itself``).
        """
        raise NotImplementedError

    async def get(self, schedule_id: ScheduleId) -> PlannedSchedule:
        """Raises `NotFound` (``schedule_unknown``)."""
        raise NotImplementedError

    async def all(self, since_us: int | None = None) -> tuple[PlannedSchedule, ...]:
        """Those that are not withdrawn and of which something may begin at ``since_us`` (None: now) or later, the
        oldest first.
        """
        raise NotImplementedError

    async def history(self, schedule_id: ScheduleId) -> tuple[Revision, ...]:
        """What it is and was, the newest first."""
        raise NotImplementedError

    async def areas_of(self, target: Target) -> tuple[AreaId, ...]:
        """The areas that a target touches: whoever plans, changes or approves needs the right in each."""
        raise NotImplementedError

    async def needs_successor(self, schedule_id: ScheduleId) -> dict[AreaId, tuple[AreaId, ...]]:
        """Areas of its target that are closed by now, each with what may follow it. Raises `NotFound`."""
        raise NotImplementedError

    async def succeed(self, schedule_id: ScheduleId, old_area: AreaId, new_area: AreaId, by: Actor) -> PlannedSchedule:
        """The target names ``new_area`` in place of ``old_area``; it is to be approved anew. Raises as `change`."""
        raise NotImplementedError
