"""A schedule is looked at from its next occurrence on, however far ahead that is."""

from dataclasses import replace
from datetime import datetime, time

from controller.services.previews import preview
from schedules.areas import Area, AreaTree
from schedules.guards import Guards, Quiet
from schedules.recurrence.rule import Frequency, Rule, Series
from schedules.rundown.values import RefusedFor
from schedules.schedule import Content, Place, Schedule, Target, World
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
