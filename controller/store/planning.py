"""Schedules, approvals, choices, guards, and the station's own holidays."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, func, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from agents.protocol.ids import AreaId
from controller.domain.errors import NotFound
from controller.domain.guarding import GuardPlace, PlaceGuards, PlaceKind
from controller.domain.schedules import Approval, ChosenOrder, OwnHoliday, PlannedSchedule, ScheduleId
from controller.store.bulk import each, pieces
from controller.store.plan_json import guards_json, guards_of, plan_json, plan_of
from controller.store.planning_rows import ApprovalRow, ChoiceRow, GuardRow, HolidayRow, ScheduleRow
from schedules.precedence import AirClass
from schedules.schedule import Choice, Fill, OnInterrupted, Overrun, Schedule

_FRESH = {"populate_existing": True}


class SqlSchedules:
    """`ports.Schedules`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, schedule_id: ScheduleId) -> PlannedSchedule:
        row = await self._session.get(ScheduleRow, schedule_id, populate_existing=True)
        if row is None:
            raise NotFound(f"no schedule {schedule_id}", code="schedule_unknown")
        return _planned(row)

    async def put(self, planned: PlannedSchedule) -> None:
        await self._session.merge(_row(planned))
        await self._session.flush()

    async def several(self, schedule_ids: Sequence[ScheduleId]) -> dict[ScheduleId, PlannedSchedule]:
        found: dict[ScheduleId, PlannedSchedule] = {}
        for piece in pieces(list(dict.fromkeys(schedule_ids))):
            rows = await self._session.scalars(
                select(ScheduleRow).where(col(ScheduleRow.schedule_id).in_(piece)), execution_options=_FRESH
            )
            found.update({ScheduleId(row.schedule_id): _planned(row) for row in rows})
        return found

    async def live(self, since_us: int) -> tuple[PlannedSchedule, ...]:
        order = (col(ScheduleRow.since_us), col(ScheduleRow.schedule_id))
        return await each(self._session, select(*_COLUMNS).where(_live(since_us)).order_by(*order), _planned)

    async def count_live(self, since_us: int) -> int:
        found = await self._session.scalar(select(func.count()).select_from(ScheduleRow).where(_live(since_us)))
        return found or 0


_COLUMNS = tuple(ScheduleRow.__table__.columns)  # type: ignore[attr-defined]


def _live(since_us: int) -> ColumnElement[bool]:
    ends_us = col(ScheduleRow.ends_us)
    return ~col(ScheduleRow.withdrawn) & or_(ends_us.is_(None), ends_us >= since_us)


class SqlApprovals:
    """`ports.Approvals`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def put(self, approval: Approval) -> None:
        original = None if approval.original is None else approval.original.isoformat()
        await self._session.merge(ApprovalRow(**asdict(approval) | {"original": original}))
        await self._session.flush()

    async def of(self, schedule_id: ScheduleId) -> tuple[Approval, ...]:
        rows = await self._session.scalars(
            select(ApprovalRow)
            .where(col(ApprovalRow.schedule_id) == schedule_id)
            .order_by(col(ApprovalRow.at_us).desc(), col(ApprovalRow.binding)),
            execution_options=_FRESH,
        )
        return tuple(_approval(row) for row in rows)

    async def in_force(self) -> dict[ScheduleId, tuple[Approval, ...]]:
        rows = await self._session.scalars(
            select(ApprovalRow)
            .join(ScheduleRow, col(ScheduleRow.schedule_id) == col(ApprovalRow.schedule_id))
            .where(~col(ScheduleRow.withdrawn), col(ApprovalRow.revoked_at_us).is_(None))
            .order_by(col(ApprovalRow.at_us).desc(), col(ApprovalRow.binding)),
            execution_options=_FRESH,
        )
        found: dict[ScheduleId, list[Approval]] = {}
        for row in rows:
            found.setdefault(ScheduleId(row.schedule_id), []).append(_approval(row))
        return {schedule_id: tuple(some) for schedule_id, some in found.items()}


class SqlChoices:
    """`ports.Choices`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def all(self) -> tuple[ChosenOrder, ...]:
        one, other = aliased(ScheduleRow), aliased(ScheduleRow)
        rows = await self._session.scalars(
            select(ChoiceRow)
            .join(one, col(one.schedule_id) == col(ChoiceRow.one))
            .join(other, col(other.schedule_id) == col(ChoiceRow.other))
            .where(~col(one.withdrawn), ~col(other.withdrawn))
            .order_by(col(ChoiceRow.at_us), col(ChoiceRow.one), col(ChoiceRow.other)),
            execution_options=_FRESH,
        )
        return tuple(_chosen(row) for row in rows)

    async def put(self, chosen: ChosenOrder) -> None:
        first, second = chosen.choice.first, chosen.choice.second
        one, other = sorted((first, second))
        row = ChoiceRow(one=one, other=other, one_first=one == first, by=chosen.by, at_us=chosen.at_us)
        await self._session.merge(row)
        await self._session.flush()


class SqlGuardRows:
    """`ports.GuardRows`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, place: GuardPlace) -> PlaceGuards:
        key = (place.kind.value, place.place_id)
        row = await self._session.get(GuardRow, key, populate_existing=True)
        return PlaceGuards(place=place) if row is None else _guards(row)

    async def all(self) -> tuple[PlaceGuards, ...]:
        rows = await self._session.scalars(
            select(GuardRow).order_by(col(GuardRow.kind), col(GuardRow.place_id)), execution_options=_FRESH
        )
        return tuple(_guards(row) for row in rows)

    async def put(self, guards: PlaceGuards) -> None:
        await self._session.merge(
            GuardRow(
                kind=guards.place.kind.value,
                place_id=guards.place.place_id,
                guards=guards_json(guards.guards),
                self_approval=guards.self_approval,
                revision=guards.revision,
                changed_by=guards.changed_by,
                changed_at_us=guards.changed_at_us,
            )
        )
        await self._session.flush()


class SqlHolidays:
    """`ports.Holidays`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def all(self) -> tuple[OwnHoliday, ...]:
        rows = await self._session.scalars(select(HolidayRow).order_by(col(HolidayRow.day)), execution_options=_FRESH)
        return tuple(
            OwnHoliday(day=date.fromisoformat(row.day), name=row.name, by=row.by, at_us=row.at_us) for row in rows
        )

    async def put(self, holiday: OwnHoliday) -> None:
        await self._session.merge(HolidayRow(**asdict(holiday) | {"day": holiday.day.isoformat()}))
        await self._session.flush()

    async def remove(self, day: date) -> None:
        if (row := await self._session.get(HolidayRow, day.isoformat())) is not None:
            await self._session.delete(row)
            await self._session.flush()


def _row(planned: PlannedSchedule) -> ScheduleRow:
    schedule = planned.schedule
    return ScheduleRow(
        schedule_id=schedule.schedule_id,
        content_id=schedule.content_id,
        title=planned.title,
        area_id=planned.area_id,
        plan=plan_json(schedule.target, schedule.series, planned.altered_by),
        air_class=schedule.air_class.value,
        rank=schedule.rank,
        above=schedule.above,
        needs_approval=schedule.needs_approval,
        slot_us=schedule.slot_us,
        overrun=schedule.overrun.value,
        fill=schedule.fill.value,
        on_interrupted=None if schedule.on_interrupted is None else schedule.on_interrupted.value,
        since_us=schedule.since_us,
        ends_us=planned.ends_us,
        revision=planned.revision,
        withdrawn=planned.withdrawn,
        created_by=planned.created_by,
        planned_by=planned.planned_by,
        changed_by=planned.changed_by,
        changed_at_us=planned.changed_at_us,
        sent_back=planned.sent_back,
        sent_back_by=planned.sent_back_by,
        sent_back_binding=planned.sent_back_binding,
    )


def _planned(row: ScheduleRow | Row[Any]) -> PlannedSchedule:
    target, series, altered_by = plan_of(row.plan)
    schedule = Schedule(
        schedule_id=row.schedule_id,
        content_id=row.content_id,
        target=target,
        series=series,
        since_us=row.since_us,
        air_class=AirClass(row.air_class),
        rank=row.rank,
        above=row.above,
        slot_us=row.slot_us,
        overrun=Overrun(row.overrun),
        fill=Fill(row.fill),
        on_interrupted=None if row.on_interrupted is None else OnInterrupted(row.on_interrupted),
        needs_approval=row.needs_approval,
    )
    return PlannedSchedule(
        schedule=schedule,
        title=row.title,
        area_id=None if row.area_id is None else AreaId(row.area_id),
        created_by=row.created_by,
        planned_by=row.planned_by,
        changed_by=row.changed_by,
        changed_at_us=row.changed_at_us,
        revision=row.revision,
        withdrawn=row.withdrawn,
        sent_back=row.sent_back,
        sent_back_by=row.sent_back_by,
        sent_back_binding=row.sent_back_binding,
        ends_us=row.ends_us,
        altered_by=altered_by,
    )


def _approval(row: ApprovalRow) -> Approval:
    values: dict[str, Any] = row.model_dump()
    original = None if row.original is None else datetime.fromisoformat(row.original)
    return Approval(**values | {"schedule_id": ScheduleId(row.schedule_id), "original": original})


def _chosen(row: ChoiceRow) -> ChosenOrder:
    first, second = (row.one, row.other) if row.one_first else (row.other, row.one)
    return ChosenOrder(choice=Choice(first, second), by=row.by, at_us=row.at_us)


def _guards(row: GuardRow) -> PlaceGuards:
    return PlaceGuards(
        place=GuardPlace(PlaceKind(row.kind), row.place_id),
        guards=guards_of(row.guards),
        self_approval=row.self_approval,
        revision=row.revision,
        changed_by=row.changed_by,
        changed_at_us=row.changed_at_us,
    )
