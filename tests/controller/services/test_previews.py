"""A schedule is looked at from its next occurrence on, however far ahead that is."""

from dataclasses import replace
from datetime import datetime, time

from controller.services.previews import preview
from schedules.areas import Area, AreaTree
from schedules.guards import Guards, Quiet
from schedules.recurrence.rule import Changed, Frequency, Rule, Series
from schedules.recurrence.series import with_change
from schedules.rundown.values import RefusedFor
from schedules.schedule import Content, Fill, Place, Schedule, Target, World
from tests.controller.services.plans import MINUTE_US, ZONE, at, instant_us

DAILY = Schedule(
    schedule_id="daily",
    content_id="news",
    target=Target(areas=("village",)),
    series=Series(rule=Rule(zone=ZONE, start=at(17), frequency=Frequency.DAILY)),
    since_us=1,
    needs_approval=False,
)
NEWS = Content(content_id="news", title="Thời sự", master="0" * 64, duration_us=10 * MINUTE_US)
WORLD = World(
    zone=ZONE,
    tree=AreaTree([Area(area_id="village", parent_id=None, level="village", name="Thôn Đông")]),
    schedules=(DAILY,),
    contents={NEWS.content_id: NEWS},
    places=(Place(speaker_id="pole", area_id="village"),),
)


def once(begins: datetime) -> Schedule:
    return replace(DAILY, schedule_id="once", since_us=2, series=Series(rule=Rule(zone=ZONE, start=begins)))


def test_a_conflict_of_next_year_is_told_today() -> None:
    found = preview(WORLD, once(at(17, 5).replace(year=2028)), NEWS, instant_us(at(15)), 1)
    [conflict] = found.conflicts
    assert (conflict.other.schedule_id, conflict.from_us) == (
        "daily",
        instant_us(at(17, 5).replace(year=2028)),
    )


def test_what_quiet_hours_refuse_next_year_is_told_today() -> None:
    night = replace(WORLD, guards={"village": Guards(quiet=(Quiet(time(21, 30), time(5)),))})
    found = preview(night, once(at(23).replace(year=2028)), NEWS, instant_us(at(15)), 1)
    [refusal] = found.refusals
    assert refusal.outcome.reason is RefusedFor.QUIET_HOURS
    assert refusal.speaker_ids == ("pole",)
    assert found.conflicts == ()


def test_an_odd_hour_is_told_though_many_others_come_before_it() -> None:
    rule = replace(DAILY.series.rule, start=at(6), by_hour=tuple(range(6, 23)), by_minute=(0, 30))
    often = replace(DAILY, schedule_id="often", series=Series(rule=rule))
    found = preview(WORLD, often, NEWS, instant_us(at(23)), 1)
    assert [due.original for due in found.dues][-1] == at(10, 30, day=16)
    assert found.odd[0].original == at(22, day=16)
    assert [due.original.hour for due in found.odd] == [22] * len(found.odd)


def test_an_hour_is_odd_by_what_is_heard_filled_up_and_by_what_is_put_in_its_place() -> None:
    evening = replace(once(at(20)), slot_us=150 * MINUTE_US, fill=Fill.REPEAT)
    assert preview(WORLD, replace(evening, fill=Fill.SILENCE), NEWS, instant_us(at(15)), 1).odd == ()
    assert [due.original for due in preview(WORLD, evening, NEWS, instant_us(at(15)), 1).odd] == [at(20)]
    long = replace(NEWS, content_id="long", duration_us=130 * MINUTE_US)
    world = replace(WORLD, contents={**WORLD.contents, "long": long})
    replaced = once(at(20))
    replaced = replace(replaced, series=with_change(replaced.series, Changed(at(20), content_id="long")))
    assert [due.original for due in preview(world, replaced, NEWS, instant_us(at(15)), 1).odd] == [at(20)]
