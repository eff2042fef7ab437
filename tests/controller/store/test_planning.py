"""What is planned comes back from the database as it went in."""

from dataclasses import replace
from datetime import date, datetime, time
from typing import Any

import pytest
from sqlalchemy import text

from agents.protocol.ids import AreaId, SpeakerId
from controller.domain.errors import NotFound, StoreFailed
from controller.domain.guarding import STATION, GuardPlace, PlaceGuards
from controller.domain.schedules import Approval, ChosenOrder, OwnHoliday, PlannedSchedule, ScheduleId
from controller.store.database import SqlStore
from controller.store.engine import make_engine
from schedules.areas import Area
from schedules.guards import Guards, Quiet
from schedules.precedence import AirClass
from schedules.recurrence.rule import ByDay, Calendar, Cancelled, Changed, Frequency, OnHoliday, Rule, Series
from schedules.schedule import Choice, Fill, OnInterrupted, Overrun, Schedule, Target
from tests.controller.contents import T0_US

HOME = AreaId("x-1")
WALL = datetime.fromisoformat
START = WALL("2026-03-02T17:00")
RULE = Rule(
    zone="Asia/Ho_Chi_Minh",
    start=START,
    frequency=Frequency.MONTHLY,
    interval=2,
    calendar=Calendar.LUNAR,
    by_month=(1, 5),
    by_month_day=(1, 15, -1),
    by_day=(ByDay(0, 2), ByDay(6)),
    by_hour=(5, 17),
    by_minute=(0, 30),
    by_set_pos=(-1,),
    week_start=6,
    until_us=T0_US + 1,
    on_holiday=OnHoliday.SKIP,
    extra=(WALL("2026-09-02T07:30:15.250000"),),
)
CHANGES = (
    Cancelled(WALL("2026-03-03T17:00")),
    Changed(WALL("2026-03-04T17:00"), to=WALL("2026-03-04T18:30")),
    Changed(WALL("2026-03-05T17:00"), content_id="b-2"),
)


def planned(name: str, **more: Any) -> PlannedSchedule:
    schedule = Schedule(
        schedule_id=f"sc-{name}",
        content_id="b-1",
        target=Target(areas=("x-1",), groups=("g-1",), speakers=("s-1", "s-2")),
        series=Series(rule=RULE, changes=CHANGES),
        since_us=T0_US,
        air_class=AirClass.PRIORITY,
        rank=3,
        above=True,
        slot_us=900_000_000,
        overrun=Overrun.PUSH_BACK,
        fill=Fill.REPEAT,
        on_interrupted=OnInterrupted.DROP,
        needs_approval=False,
    )
    made = PlannedSchedule(
        schedule=replace(schedule, **{key: more.pop(key) for key in list(more) if hasattr(schedule, key)}),
        title="Bản tin chiều",
        area_id=None,
        created_by="an",
        planned_by="bình",
        changed_by="chi",
        changed_at_us=T0_US + 5,
        revision=4,
        sent_back="Sửa câu đầu.",
        sent_back_by="dung",
        sent_back_binding="f" * 64,
        ends_us=T0_US + 9,
        altered_by={CHANGES[0].original: "an", CHANGES[2].original: "bình"},
    )
    return replace(made, **more)


async def put(store: SqlStore, *some: PlannedSchedule) -> None:
    async with store.transaction() as tx:
        for one in some:
            await tx.schedules.put(one)


async def test_a_schedule_comes_back_as_it_was(store: SqlStore) -> None:
    full = planned("full", area_id=HOME)
    plain = planned(
        "plain",
        series=Series(rule=Rule(zone="Asia/Ho_Chi_Minh", start=START)),
        target=Target(speakers=("s-1",)),
        on_interrupted=None,
        slot_us=None,
        ends_us=None,
        altered_by={},
    )
    async with store.transaction() as tx:
        await tx.areas.add(Area(area_id=HOME, parent_id=None, level="commune", name="Xã"))
    for made in (full, plain, replace(full, revision=5, sent_back="")):
        await put(store, made)
        async with store.reading() as tx:
            assert await tx.schedules.get(made.schedule_id) == made
    async with store.reading() as tx:
        several = await tx.schedules.several([full.schedule_id, ScheduleId("sc-no"), plain.schedule_id])
        assert set(several) == {full.schedule_id, plain.schedule_id}
        with pytest.raises(NotFound) as missing:
            await tx.schedules.get(ScheduleId("sc-no"))
    assert missing.value.code == "schedule_unknown"


async def test_what_is_live_is_neither_withdrawn_nor_over_and_the_oldest_is_first(store: SqlStore) -> None:
    endless, soon = planned("b", ends_us=None, since_us=T0_US + 1), planned("c", ends_us=T0_US + 9)
    await put(store, endless, soon, planned("over", ends_us=T0_US + 8), planned("gone", withdrawn=True, ends_us=None))
    async with store.reading() as tx:
        assert await tx.schedules.live(T0_US + 9) == (soon, endless)
        assert await tx.schedules.count_live(T0_US + 9) == 2
        assert await tx.schedules.live(T0_US + 10) == (endless,)


async def test_a_plan_of_a_form_to_come_is_not_guessed_at(store: SqlStore, url: str) -> None:
    await put(store, planned("a"))
    engine = make_engine(url)
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE schedule SET plan = json_set(plan, '$.version', 2)"))
    await engine.dispose()
    with pytest.raises(StoreFailed, match="version 2"):
        async with store.reading() as tx:
            await tx.schedules.live(0)


async def test_approvals_count_until_they_are_revoked_or_their_schedule_is_withdrawn(store: SqlStore) -> None:
    def approval(of: PlannedSchedule, letter: str, **more: Any) -> Approval:
        given = {"original": None, "by": "dung", "at_us": T0_US, **more}
        return Approval(schedule_id=of.schedule_id, binding=letter * 64, **given)

    one, gone = planned("one"), planned("gone", withdrawn=True)
    whole = approval(one, "a", self_approved=True)
    moved = approval(one, "b", original=START, at_us=T0_US + 1)
    revoked = approval(one, "c", at_us=T0_US + 2, revoked_at_us=T0_US + 3, revoked_by="chi")
    await put(store, one, gone)
    async with store.transaction() as tx:
        for each in (whole, moved, revoked, approval(gone, "d")):
            await tx.approvals.put(each)
    async with store.transaction() as tx:
        assert await tx.approvals.of(one.schedule_id) == (revoked, moved, whole)
        assert await tx.approvals.in_force() == {one.schedule_id: (moved, whole)}
        again = approval(one, "c", at_us=T0_US + 4)
        await tx.approvals.put(again)
        assert await tx.approvals.of(one.schedule_id) == (again, moved, whole)


async def test_between_two_schedules_the_last_choice_counts(store: SqlStore) -> None:
    one, other, gone = planned("1"), planned("2"), planned("3", withdrawn=True)
    await put(store, one, other, gone)

    def chosen(first: PlannedSchedule, second: PlannedSchedule) -> ChosenOrder:
        return ChosenOrder(choice=Choice(first.schedule_id, second.schedule_id), by="an", at_us=T0_US)

    async with store.transaction() as tx:
        await tx.choices.put(chosen(one, other))
        await tx.choices.put(chosen(gone, one))
        assert await tx.choices.all() == (chosen(one, other),)
        await tx.choices.put(chosen(other, one))
        assert await tx.choices.all() == (chosen(other, one),)


async def test_guards_come_back_from_where_they_stand(store: SqlStore) -> None:
    strict = Guards(
        quiet=(Quiet(time(21, 30), time(5)), Quiet(time(12), time(13), weekdays=(5, 6))),
        slots_a_day=3,
        slot_minutes=45,
        day_minutes=120,
        max_volume_percent=80,
    )
    station = PlaceGuards(
        place=STATION, guards=strict, self_approval=False, revision=2, changed_by="an", changed_at_us=1
    )
    area = PlaceGuards(place=GuardPlace.area(HOME), self_approval=True, revision=1, changed_by="an", changed_at_us=2)
    speaker = replace(station, place=GuardPlace.speaker(SpeakerId(HOME)), self_approval=None)
    async with store.transaction() as tx:
        for one in (speaker, area, replace(station, guards=Guards()), station):
            await tx.guard_rows.put(one)
    async with store.reading() as tx:
        assert await tx.guard_rows.all() == (station, area, speaker)
        assert await tx.guard_rows.get(speaker.place) == speaker
        nowhere = GuardPlace.area(AreaId("x-no"))
        assert await tx.guard_rows.get(nowhere) == PlaceGuards(place=nowhere)


async def test_the_stations_own_holidays_are_kept_by_day(store: SqlStore) -> None:
    late = OwnHoliday(day=date(2026, 11, 20), name="Ngày Nhà giáo", by="an", at_us=T0_US)
    early = replace(late, day=date(2026, 5, 7), name="Hội làng")
    async with store.transaction() as tx:
        for one in (late, replace(early, name="Hội"), early):
            await tx.holidays.put(one)
        assert await tx.holidays.all() == (early, late)
        await tx.holidays.remove(late.day)
        await tx.holidays.remove(date(1999, 1, 1))
        assert await tx.holidays.all() == (early,)
