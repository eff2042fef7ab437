"""Single occurrences of a schedule: moved, cancelled, replaced, and given back as the rule has them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from controller.domain.airings import ContentId
from controller.domain.deeds import DeedKind
from controller.domain.errors import Invalid, Refused
from controller.domain.plan_checks import check_apart, refusing, room_us, start_us
from controller.domain.rights import Actor
from controller.domain.schedules import PlannedSchedule, ScheduleId, content_id_of
from controller.ports import Transaction
from controller.services.planning.planbook import PlanBook
from controller.services.planning.planned import Known
from schedules.recurrence.rule import Cancelled, Change, Changed, RuleError, Series
from schedules.recurrence.series import with_change, without_change

Altered = Callable[[Changed | None], Change]
"""What becomes of an occurrence, given how it was changed before; who was cancelled begins anew."""


class OccurrenceDesk(PlanBook):
    """Of what is over nothing is changed. Every method raises `StoreFailed` too."""

    async def move(self, schedule_id: ScheduleId, original: datetime, to: datetime, by: Actor) -> PlannedSchedule:
        """One occurrence to another wall time in the rule's zone. It needs an approval of its own.

        Raises `NotFound`, `Invalid` (``exception_unknown``, ``rule_out_of_years``, ``rule_malformed``,
        ``rule_too_many``, ``rule_overlaps_itself``), `Refused` (``withdrawn``, ``occurrence_over``, ``time_passed``: of
        where it goes; ``not_valid_yet``, ``bulletin_expired``).
        """

        def moved(former: Changed | None) -> Change:
            content_id = None if former is None else former.content_id
            return Changed(original, None if to == original else to, content_id)

        return await self._alter(
            schedule_id, original, moved, by, what=DeedKind.MOVE_OCCURRENCE, detail=f"to {_said(to)}"
        )

    async def cancel(self, schedule_id: ScheduleId, original: datetime, by: Actor) -> PlannedSchedule:
        """One occurrence does not happen. Raises `NotFound`, `Invalid` (``exception_unknown``, ``rule_too_many``),
        `Refused` (``withdrawn``, ``occurrence_over``).
        """

        def cancelled(_: Changed | None) -> Change:
            return Cancelled(original)

        return await self._alter(schedule_id, original, cancelled, by, what=DeedKind.CANCEL_OCCURRENCE)

    async def replace(
        self, schedule_id: ScheduleId, original: datetime, content_id: ContentId, by: Actor
    ) -> PlannedSchedule:
        """Other content in one occurrence. It needs an approval of its own, and goes by the class of the schedule.

        Raises as `move` does, `NotFound` (``content_unknown``), `Invalid` (``emergency_not_planned``), and `Refused`
        (``hand_in_open``; ``replacement_not_from_above``: what needs no approval is replaced by what needs none).
        """

        def replaced(former: Changed | None) -> Change:
            return Changed(original, None if former is None else former.to, content_id)

        return await self._alter(
            schedule_id, original, replaced, by, what=DeedKind.REPLACE_OCCURRENCE, detail=content_id
        )

    async def restore(self, schedule_id: ScheduleId, original: datetime, by: Actor) -> PlannedSchedule:
        """One occurrence as the rule gives it. Raises as `cancel` does, and `Refused` (``time_passed``: that of the
        rule).
        """

        def restored(_: Changed | None) -> Change:
            return Changed(original)

        return await self._alter(schedule_id, original, restored, by, what=DeedKind.RESTORE_OCCURRENCE)

    async def _alter(
        self, schedule_id: ScheduleId, original: datetime, how: Altered, by: Actor, *, what: DeedKind, detail: str = ""
    ) -> PlannedSchedule:
        async with self._store.transaction() as tx:
            planned = await self._open(tx, schedule_id)
            series, change = self._altered(planned.schedule.series, original, how)
            if isinstance(change, Changed):
                await self._require_heard(tx, planned, series, change)
            altered_by = {wall: name for wall, name in planned.altered_by.items() if wall != original}
            if series.changes != without_change(series, original).changes:
                altered_by[original] = by.name
            planned = replace(
                planned,
                schedule=replace(planned.schedule, series=series),
                changed_by=by.name,
                revision=planned.revision + 1,
                altered_by=altered_by,
            )
            planned = await self._keep(tx, planned, what, f"{_said(original)} {detail}".strip())
        self._tell()
        return planned

    def _altered(self, series: Series, original: datetime, how: Altered) -> tuple[Series, Change]:
        former = next((one for one in series.changes if one.original == original), None)
        changed = former if isinstance(former, Changed) else None
        change, now_us = how(changed), self._clock.now_us()
        try:
            altered = with_change(series, change)
        except RuleError as error:
            raise refusing(error) from error
        if start_us(series.rule, original, changed) < now_us:
            raise Refused(f"{_said(original)} is over", code="occurrence_over")
        if isinstance(change, Changed) and start_us(series.rule, original, change) < now_us:
            raise Refused("it would begin in the past", code="time_passed")
        return altered, change

    async def _require_heard(self, tx: Transaction, planned: PlannedSchedule, series: Series, change: Changed) -> None:
        schedule = planned.schedule
        known: Known = await self._require_content(tx, content_id_of(change.content_id or schedule.content_id))
        if change.content_id is not None and not schedule.needs_approval and not known.above:
            raise Refused("this is from above and needs no approval", code="replacement_not_from_above")
        await self._require_validity(tx, known, start_us(series.rule, change.original, change))
        if change.to is not None or change.content_id is not None:
            length_us = room_us(schedule.slot_us, known.summary, schedule.overrun)
            at_us = start_us(series.rule, change.original, change)
            check_apart(series, length_us, self._clock.now_us(), await self._holidays(tx), around_us=at_us)


def _said(wall: datetime) -> str:
    if wall.tzinfo is not None:
        raise Invalid("a wall time carries no zone", code="rule_malformed")
    return f"{wall:%Y-%m-%d %H:%M}"
