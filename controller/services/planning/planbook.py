"""The book of schedules: read, and written under the rules that hold for every change of one.

Whoever calls has seen to it that they may broadcast in every area that the target touches. Every change makes the next
revision, is recorded, and rings ``office.planning``.
"""

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import date
from typing import Any

from agents.protocol.ids import AreaId, BulletinId, SpeakerId
from agents.protocol.values import AiringClass
from controller.domain.airings import ContentId
from controller.domain.deeds import Deed, DeedKind
from controller.domain.errors import Invalid, NotFound, Refused
from controller.domain.plan_checks import check_apart, ends_us, holidays_around, room_us
from controller.domain.revisions import Revision
from controller.domain.schedules import PlannedSchedule, ScheduleId
from controller.domain.speakers import SpeakerState
from controller.ports import Transaction
from controller.services.areabook import day_of
from controller.services.events import PlansChanged
from controller.services.office import Office
from controller.services.planning.planned import Known, areas_of_target, known_contents, own_holidays
from schedules.recurrence.parse import rule_text
from schedules.recurrence.rule import Cancelled, Change
from schedules.recurrence.series import next_dues
from schedules.schedule import Schedule, Target

NO_TARGET = Target()
_NEVER_BEGINS = frozenset({"withdrawn", "hand_in_open"})
"""Why a content cannot be heard that does not pass by waiting."""


class PlanBook:
    """What `ScheduleDesk` is built on. Every method raises `StoreFailed` too."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._store = office.store
        self._clock = office.clock

    async def get(self, schedule_id: ScheduleId) -> PlannedSchedule:
        """Raises `NotFound` (``schedule_unknown``)."""
        async with self._store.reading() as tx:
            return await tx.schedules.get(schedule_id)

    async def all(self, since_us: int | None = None) -> tuple[PlannedSchedule, ...]:
        """Those that are not withdrawn and of which something may begin at ``since_us`` (None: now) or later, the
        oldest first.
        """
        async with self._store.reading() as tx:
            return await tx.schedules.live(self._clock.now_us() if since_us is None else since_us)

    async def history(self, schedule_id: ScheduleId) -> tuple[Revision, ...]:
        """What it is and was, the newest first."""
        async with self._store.reading() as tx:
            return await tx.revisions.of(schedule_id)

    async def areas_of(self, target: Target) -> tuple[AreaId, ...]:
        """The areas that a target touches: whoever plans, changes or approves needs the right in each."""
        async with self._store.reading() as tx:
            return await areas_of_target(tx, target)

    async def needs_successor(self, schedule_id: ScheduleId) -> dict[AreaId, tuple[AreaId, ...]]:
        """Areas of its target that are no more, each with what may follow it. Raises `NotFound`."""
        planned = await self.get(schedule_id)
        tree, today = self._office.areas.history(), day_of(self._clock.now_us())
        found: dict[AreaId, tuple[AreaId, ...]] = {}
        for area_id in planned.schedule.target.areas:
            if area_id in tree and tree.get(area_id).closed(today):
                following, waiting = dict[AreaId, None](), list(tree.get(area_id).successors)
                while waiting:
                    area = tree.get(waiting.pop(0))
                    waiting = [*area.successors, *waiting] if area.closed(today) else waiting
                    if area.valid(today):
                        following[AreaId(area.area_id)] = None
                found[AreaId(area_id)] = tuple(following)
        return found

    # --- for the desk -------------------------------------------------------------------------------------------------

    async def _open(self, tx: Transaction, schedule_id: ScheduleId, revision: int | None = None) -> PlannedSchedule:
        """The schedule, where it can be changed."""
        planned = await tx.schedules.get(schedule_id)
        if planned.withdrawn:
            raise Refused("the schedule is withdrawn", code="withdrawn")
        if revision not in {None, planned.revision}:
            raise Refused(f"it is at revision {planned.revision}", code="changed_meanwhile")
        return planned

    async def _keep(
        self, tx: Transaction, planned: PlannedSchedule, what: DeedKind, detail: str = ""
    ) -> PlannedSchedule:
        """Stores what was changed, with its revision and its deed; ``changed_by`` has done it."""
        planned = replace(planned, ends_us=ends_us(planned.schedule.series), changed_at_us=self._clock.now_us())
        await tx.schedules.put(planned)
        await tx.revisions.add(schedule_revision(planned))
        await tx.deeds.add(
            Deed(
                at_us=planned.changed_at_us,
                by=planned.changed_by,
                what=what,
                subject=planned.schedule_id,
                detail=detail or f"revision {planned.revision}: {planned.title}",
            )
        )
        return planned

    def _tell(self) -> None:
        """After what was changed is committed."""
        self._office.planning.wake()
        self._office.events.publish(PlansChanged())

    async def _holidays(self, tx: Transaction) -> frozenset[date]:
        return holidays_around(await own_holidays(tx), day_of(self._clock.now_us()))

    async def _require_content(self, tx: Transaction, content_id: ContentId) -> Known:
        """A content that can be planned, though it may still be in the making."""
        known = (await known_contents(tx, [content_id], self._clock.now_us()))[content_id]
        if known.airing_class is None:
            raise NotFound(f"neither a bulletin nor a programme: {content_id}", code="content_unknown")
        if known.airing_class is AiringClass.EMERGENCY:
            raise Invalid("an emergency is not planned", code="emergency_not_planned")
        if known.summary.lacking in _NEVER_BEGINS:
            raise Refused(f"{content_id} cannot be heard", code=known.summary.lacking)
        return known

    async def _require_validity(self, tx: Transaction, known: Known, at_us: int) -> None:
        """Whether it may be heard at an instant, as far as it is known now."""
        if known.summary.expires_us is not None and at_us >= known.summary.expires_us:
            raise Refused("it has expired by then", code="bulletin_expired")
        hand_in = await tx.hand_ins.of_bulletin(BulletinId(known.summary.content_id)) if known.above else None
        if hand_in is not None and not hand_in.begun(at_us):
            raise Refused("it may not be heard by then", code="not_valid_yet")

    async def _require_series(self, tx: Transaction, schedule: Schedule, known: Known) -> None:
        """Its next occurrence can be heard, and it leaves itself the air that it needs."""
        now_us, holidays = self._clock.now_us(), await self._holidays(tx)
        for due in next_dues(schedule.series, now_us - 1, 1, holidays):
            await self._require_validity(tx, known, due.start_us)
        length_us = room_us(schedule.slot_us, known.summary, schedule.overrun)
        check_apart(schedule.series, length_us, now_us, holidays)

    async def _require_target(self, tx: Transaction, target: Target, former: Target = NO_TARGET) -> None:
        """What was named before may be named on, whatever became of it."""
        tree, today = self._office.areas.history(), day_of(self._clock.now_us())
        for area_id in set(target.areas) - set(former.areas):
            if area_id not in tree:
                raise Invalid(f"no area {area_id}", code="area_unknown")
            if tree.get(area_id).closed(today):
                raise Invalid(f"the area {area_id} is no more", code="area_closed")
        if groups := set(target.groups) - set(former.groups):
            groups -= {group.group_id for group in await tx.groups.all()}
            if groups:
                raise Invalid(f"no group {min(groups)}", code="group_unknown")
        new = [SpeakerId(one) for one in dict.fromkeys(target.speakers) if one not in former.speakers]
        found = await tx.speakers.several(new)
        for speaker_id in new:
            if speaker_id not in found or found[speaker_id].state is SpeakerState.RELEASED:
                raise Invalid(f"no speaker {speaker_id}", code="speaker_unknown")

    async def _filed(self, tx: Transaction, target: Target, area_id: AreaId | None) -> AreaId | None:
        """Where a schedule is filed: in the area that was asked for, around all of its target; else in the narrowest
        such area; None is the whole station.
        """
        paths = [await self._office.areas.path(tx, one) for one in await areas_of_target(tx, target)]
        if area_id is not None:
            wanted = (await self._office.areas.path(tx, area_id))[-1]
            if not all(wanted in path for path in paths):
                raise Invalid(f"not all of it lies in {area_id}", code="target_outside_area")
            return wanted
        common = [those[0] for those in zip(*paths, strict=False) if len(set(those)) == 1]
        return common[-1] if common else None


def schedule_revision(planned: PlannedSchedule) -> Revision:
    """What it is now, as plain JSON."""
    schedule, rule = planned.schedule, planned.schedule.series.rule
    return Revision(
        subject_id=planned.schedule_id,
        number=planned.revision,
        at_us=planned.changed_at_us,
        by=planned.changed_by,
        content={
            "title": planned.title,
            "content_id": schedule.content_id,
            "area_id": planned.area_id,
            "target": {name: list(ids) for name, ids in asdict(schedule.target).items()},
            "rule": rule_text(rule),
            "start": rule.start.isoformat(),
            "zone": rule.zone,
            "on_holiday": rule.on_holiday.value,
            "extra": [at.isoformat() for at in rule.extra],
            "changes": [_change(one, planned.altered_by) for one in schedule.series.changes],
            "air_class": schedule.air_class.value,
            "rank": schedule.rank,
            "slot_us": schedule.slot_us,
            "overrun": schedule.overrun.value,
            "fill": schedule.fill.value,
            "on_interrupted": None if schedule.on_interrupted is None else schedule.on_interrupted.value,
            "withdrawn": planned.withdrawn,
        },
    )


def _change(change: Change, altered_by: Mapping[Any, str]) -> dict[str, Any]:
    said: dict[str, Any] = {"original": change.original.isoformat(), "by": altered_by.get(change.original, "")}
    if isinstance(change, Cancelled):
        return said | {"cancelled": True}
    return said | {"to": None if change.to is None else change.to.isoformat(), "content_id": change.content_id}
