"""Schedules: planned, changed, withdrawn, split; and which of two goes first.

Whoever calls has seen to it that ``by`` may broadcast in every area that the target touches (`areas_of`).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from agents.protocol.ids import AreaId
from controller.domain import schedules
from controller.domain.deeds import Deed, DeedKind
from controller.domain.errors import Invalid, Refused
from controller.domain.plan_checks import begun_with, check_draft, checked_rule, fires, refusing, start_us
from controller.domain.rights import Actor
from controller.domain.schedules import ChosenOrder, PlannedSchedule, ScheduleDraft, ScheduleId, content_id_of
from controller.ports import Transaction
from controller.services.planning.occurrences import OccurrenceDesk
from controller.services.planning.planbook import NO_TARGET
from controller.services.planning.planned import Standing, counting, known_contents
from controller.services.secretary import fresh_id
from schedules.approval import series_binding
from schedules.recurrence.expand import fires_at
from schedules.recurrence.rule import Changed, RuleError, Series
from schedules.recurrence.series import split
from schedules.schedule import Choice, Schedule, Target


class ScheduleDesk(OccurrenceDesk):
    """Every method raises `StoreFailed` too."""

    async def plan(self, draft: ScheduleDraft, by: Actor) -> PlannedSchedule:
        """A new schedule. It is heard once it is approved, unless its content came from above.

        Raises `Invalid` (``targets_missing``, ``too_many_targets``, ``area_unknown``, ``area_closed``,
        ``group_unknown``, ``speaker_unknown``, ``target_outside_area``, ``rank_out_of_range``, ``slot_out_of_range``,
        the codes of `RuleError`, ``rule_overlaps_itself``, ``emergency_not_planned``), `NotFound`
        (``content_unknown``), `Refused` (``withdrawn``, ``hand_in_open``, ``not_valid_yet``, ``bulletin_expired``,
        ``too_many_schedules``).
        """
        (planned,) = await self.plan_all([draft], by)
        return planned

    async def plan_all(self, drafts: Sequence[ScheduleDraft], by: Actor) -> list[PlannedSchedule]:
        """New schedules, all of them or none. Raises what `plan` raises."""
        checked = [self._checked(one) for one in drafts]
        async with self._store.transaction() as tx:
            made = [await self._keep(tx, await self._new(tx, one, by), DeedKind.PLAN) for one in checked]
        self._tell()
        return made

    async def change(
        self, schedule_id: ScheduleId, draft: ScheduleDraft, by: Actor, *, revision: int | None = None
    ) -> PlannedSchedule:
        """The next revision. Changed occurrences stay where the new rule still has them. ``revision`` is the one that
        was looked at.

        Raises what `plan` raises, `NotFound` (``schedule_unknown``), and `Refused` (``changed_meanwhile``).
        """
        draft = self._checked(draft)
        async with self._store.transaction() as tx:
            former = await self._open(tx, schedule_id, revision)
            planned = await self._changed(tx, former, draft, by)
            planned = await self._keep(tx, planned, DeedKind.CHANGE_PLAN)
        self._tell()
        return planned

    async def withdraw(self, schedule_id: ScheduleId, by: Actor) -> PlannedSchedule:
        """Nothing of it is heard any more; what was heard stays in the log. Raises `NotFound`."""
        async with self._store.transaction() as tx:
            planned = await tx.schedules.get(schedule_id)
            if planned.withdrawn:
                return planned
            planned = replace(planned, withdrawn=True, changed_by=by.name, revision=planned.revision + 1)
            planned = await self._keep(tx, planned, DeedKind.WITHDRAW_PLAN)
        self._tell()
        return planned

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
        was approved stays so before the split. Where nothing was before it, the schedule itself is changed and comes
        back twice.

        Raises as `change` does, and `Invalid` (``exception_unknown``), `Refused` (``occurrence_over``).
        """
        draft = self._checked(draft)
        async with self._store.transaction() as tx:
            former = await self._open(tx, schedule_id, revision)
            series = former.schedule.series
            draft = self._checked(replace(draft, rule=begun_with(draft.rule, original, series.rule)))
            try:
                halves = split(series, original, draft.rule)
            except RuleError as error:
                raise refusing(error) from error
            if start_us(series.rule, original) < self._clock.now_us():
                raise Refused("that occurrence is over", code="occurrence_over")
            if not fires(halves[0].rule):
                planned = await self._keep(tx, await self._changed(tx, former, draft, by), DeedKind.CHANGE_PLAN)
                ended = planned
            else:
                ended, planned = await self._two(tx, former, halves, draft, by)
        self._tell()
        return ended, planned

    async def succeed(self, schedule_id: ScheduleId, old_area: AreaId, new_area: AreaId, by: Actor) -> PlannedSchedule:
        """The target names ``new_area`` in place of ``old_area``; it is to be approved anew.

        Raises `NotFound`, `Invalid` (``area_unknown``, also where the target does not name ``old_area``;
        ``area_closed``), `Refused` (``withdrawn``).
        """
        async with self._store.transaction() as tx:
            former = await self._open(tx, schedule_id)
            target = former.schedule.target
            if old_area not in target.areas:
                raise Invalid(f"{old_area} is none of its areas", code="area_unknown")
            areas = dict.fromkeys(new_area if one == old_area else one for one in target.areas)
            target = replace(target, areas=tuple(areas))
            await self._require_target(tx, target, former.schedule.target)
            planned = replace(
                former,
                schedule=replace(former.schedule, target=target),
                area_id=await self._filed(tx, target, None),
                planned_by=by.name,
                changed_by=by.name,
                revision=former.revision + 1,
            )
            planned = await self._keep(tx, planned, DeedKind.SUCCEED_AREA, f"{old_area} {new_area}")
        self._tell()
        return planned

    async def choose(self, first: ScheduleId, second: ScheduleId, by: Actor) -> ChosenOrder:
        """Between two schedules of the same class, ``first`` goes first from now on, in place of what was chosen
        before. Raises `NotFound`, `Refused` (``withdrawn``, ``classes_differ``, ``choice_of_itself``).
        """
        if first == second:
            raise Refused("two different schedules are needed", code="choice_of_itself")
        now_us = self._clock.now_us()
        chosen = ChosenOrder(choice=Choice(first, second), by=by.name, at_us=now_us)
        async with self._store.transaction() as tx:
            two = [await self._open(tx, one) for one in (first, second)]
            known = await known_contents(tx, {content_id_of(one.schedule.content_id) for one in two}, now_us)
            if len({counting(one, known, frozenset()).air_class for one in two}) > 1:
                raise Refused("they are of different classes", code="classes_differ")
            await tx.choices.put(chosen)
            await tx.deeds.add(
                Deed(at_us=now_us, by=by.name, what=DeedKind.CHOOSE_ORDER, subject=first, detail=f"before {second}")
            )
        self._tell()
        return chosen

    # --- how they are made --------------------------------------------------------------------------------------------

    def _checked(self, draft: ScheduleDraft) -> ScheduleDraft:
        check_draft(draft)
        rule = checked_rule(draft.rule, self._office.settings.time_zone, self._clock.now_us())
        return replace(draft, rule=rule, target=_tidy(draft.target))

    async def _new(
        self, tx: Transaction, draft: ScheduleDraft, by: Actor, former: Schedule | None = None
    ) -> PlannedSchedule:
        """A schedule of its own; where it follows a ``former`` one, as old as that, with the changes in it."""
        now_us = self._clock.now_us()
        if await tx.schedules.count_live(now_us) >= schedules.MOST_LIVE:
            raise Refused(f"at most {schedules.MOST_LIVE} schedules", code="too_many_schedules")
        if former is None:
            empty = Series(rule=draft.rule)
            former = Schedule(schedule_id="", content_id="", target=NO_TARGET, series=empty, since_us=now_us)
        blank = PlannedSchedule(
            schedule=replace(former, schedule_id=fresh_id("sc")),
            title="",
            area_id=None,
            created_by=by.name,
            planned_by=by.name,
            changed_by=by.name,
            changed_at_us=now_us,
            revision=0,
        )
        return await self._changed(tx, blank, draft, by)

    async def _changed(
        self, tx: Transaction, former: PlannedSchedule, draft: ScheduleDraft, by: Actor
    ) -> PlannedSchedule:
        known = await self._require_content(tx, draft.content_id)
        await self._require_target(tx, draft.target, former.schedule.target)
        changes = tuple(one for one in former.schedule.series.changes if fires_at(draft.rule, one.original))
        schedule = replace(
            former.schedule,
            content_id=draft.content_id,
            target=draft.target,
            series=Series(rule=draft.rule, changes=changes),
            rank=draft.rank,
            above=known.above,
            slot_us=draft.slot_us,
            overrun=draft.overrun,
            fill=draft.fill,
            on_interrupted=draft.on_interrupted,
            needs_approval=not known.above,
        )
        if known.above:
            await self._require_all_above(tx, schedule)
        await self._require_series(tx, schedule, known)
        planned = replace(
            former,
            schedule=schedule,
            title=known.summary.title,
            area_id=await self._filed(tx, draft.target, draft.area_id),
            planned_by=by.name,
            changed_by=by.name,
            revision=former.revision + 1,
            altered_by={one.original: former.altered_by.get(one.original, by.name) for one in changes},
        )
        return replace(planned, schedule=counting(planned, {draft.content_id: known}, frozenset()))

    async def _require_all_above(self, tx: Transaction, schedule: Schedule) -> None:
        """What needs no approval has nothing in it that would."""
        changed = (one for one in schedule.series.changes if isinstance(one, Changed))
        others = {content_id_of(one.content_id) for one in changed if one.content_id is not None}
        known = await known_contents(tx, others, self._clock.now_us())
        if not all(one.above for one in known.values()):
            raise Refused("an occurrence was replaced by the station's own", code="replacement_not_from_above")

    async def _two(
        self, tx: Transaction, former: PlannedSchedule, halves: tuple[Series, Series], draft: ScheduleDraft, by: Actor
    ) -> tuple[PlannedSchedule, PlannedSchedule]:
        """The former schedule until the split, and the new one."""
        earlier, later = halves
        following = replace(former.schedule, series=later)
        planned = await self._new(tx, replace(draft, rule=later.rule), by, following)
        altered_by = {wall: former.altered_by.get(wall, by.name) for wall in planned.altered_by}
        planned = replace(planned, altered_by=altered_by)
        left = {one.original for one in earlier.changes}
        kept = {wall: name for wall, name in former.altered_by.items() if wall in left}
        ended = replace(
            former,
            schedule=replace(former.schedule, series=earlier),
            changed_by=by.name,
            revision=former.revision + 1,
            altered_by=kept,
        )
        ended = await self._keep(tx, ended, DeedKind.SPLIT_PLAN, f"from then on {planned.schedule_id}")
        planned = await self._keep(tx, planned, DeedKind.PLAN)
        await self._carry_approval(tx, former, ended)
        for chosen in await tx.choices.all():
            two = (chosen.choice.first, chosen.choice.second)
            if former.schedule_id in two:
                first, second = (planned.schedule_id if one == former.schedule_id else one for one in two)
                await tx.choices.put(replace(chosen, choice=Choice(first, second)))
        return ended, planned

    async def _carry_approval(self, tx: Transaction, former: PlannedSchedule, ended: PlannedSchedule) -> None:
        """What is left is a part of what was approved: the same sound in the same places, at times that were heard of.
        It stays approved, by whoever approved the whole.
        """
        known = await known_contents(tx, [content_id_of(former.schedule.content_id)], self._clock.now_us())
        master = known[former.schedule.content_id].summary.master
        standing = await Standing.read(tx, [former.schedule.target])
        before, after = (counting(one, known, frozenset(), standing) for one in (former, ended))
        for approval in await tx.approvals.of(former.schedule_id):
            if approval.binding == series_binding(before, master) and approval.revoked_at_us is None and master:
                await tx.approvals.put(replace(approval, binding=series_binding(after, master)))


def _tidy(target: Target) -> Target:
    """Each place once."""
    return Target(
        areas=tuple(dict.fromkeys(target.areas)),
        groups=tuple(dict.fromkeys(target.groups)),
        speakers=tuple(dict.fromkeys(target.speakers)),
    )
