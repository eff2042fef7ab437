"""What is ahead: the lines of a speaker, the week of an area, what a schedule would meet, where it could go."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from agents.protocol.ids import AreaId, SpeakerId
from agents.protocol.values import AiringClass
from controller.domain.errors import NotFound
from controller.domain.guarding import GuardPlace
from schedules.guards import PRESETS
from schedules.recurrence.parse import parse_rule
from schedules.rundown.values import Displaced, Played, Refused, Skipped, SkippedFor
from schedules.schedule import Content, Schedule
from tests.controller.services.plans import (
    ADMIN,
    HOUR_US,
    MINUTE_US,
    ZONE,
    at,
    bulletin,
    guard,
    instant_us,
    plan,
    planned_for,
    until_starts,
)
from tests.controller.services.station import Station

MONDAY = date(2027, 1, 11)


async def test_a_week_counts_what_becomes_of_each_occurrence_over_the_speakers(station: Station) -> None:
    east, _ = await station.speaker("Chợ")
    west, _ = await station.speaker("Đình")
    north, _ = await station.adopt("Đồi", "Thôn Bắc")
    area = AreaId(east.area_id)
    usual = await plan(station, await bulletin(station, 10), at(17), area)
    urgent = await plan(station, await bulletin(station, 10, AiringClass.PRIORITY), at(17), west, rule="")
    night = await plan(station, await bulletin(station), at(22), area)
    other = await plan(station, await bulletin(station), at(12), AreaId(north.area_id))
    await station.desk.schedules.cancel(usual.schedule_id, at(17, day=16), ADMIN)
    await guard(station, GuardPlace.speaker(east.speaker_id), PRESETS["rural"])
    await station.desk.planner.look()
    week = await station.desk.planner.week(area, MONDAY)
    found = {(one.item.schedule_id, one.item.original): one for one in week.entries}
    assert all(one.item.schedule_id != other.schedule_id for one in week.entries)
    friday = found[usual.schedule_id, at(17)]
    assert (friday.speakers, friday.played, friday.whole, friday.title) == (2, 1, 1, "Thông báo")
    fates = {type(tally.outcome): tally.speakers for tally in friday.tallies}
    assert fates == {Played: 1, Displaced: 1}
    [displaced] = [one.outcome for one in friday.tallies if isinstance(one.outcome, Displaced)]
    assert week.items[displaced.by].schedule_id == urgent.schedule_id
    assert found[usual.schedule_id, at(17, day=16)].played == 0
    late = found[night.schedule_id, at(22)]
    assert {type(tally.outcome): tally.speakers for tally in late.tallies} == {Played: 1, Refused: 1}
    mine = await station.desk.planner.week({SpeakerId(west.speaker_id)}, MONDAY)
    assert {one.item.schedule_id for one in mine.entries} == {
        usual.schedule_id,
        urgent.schedule_id,
        night.schedule_id,
    }


async def test_what_is_planned_where_nobody_stands_is_in_the_week_of_that_place(station: Station) -> None:
    empty = (await station.desk.areas.add("Xã Mới", None, "commune", "an")).area_id
    planned = await plan(station, await bulletin(station), at(17), AreaId(empty), rule="")
    await station.desk.planner.look()
    [entry] = (await station.desk.planner.week(AreaId(empty), MONDAY)).entries
    assert (entry.item.schedule_id, entry.speakers, entry.tallies) == (planned.schedule_id, 0, ())


async def test_lines_are_of_one_speaker_and_window(station: Station) -> None:
    speaker, _ = await station.speaker("Chợ")
    await plan(station, await bulletin(station, 20), at(23, 50), speaker)
    await station.desk.planner.look()
    midnight_us = instant_us(at(0, day=17))
    lines = station.desk.planner.lines
    over = (await lines(speaker.speaker_id, midnight_us, midnight_us + HOUR_US)).lines
    assert [one.item.start_us for one in over] == [midnight_us - 10 * MINUTE_US], "it sounds over midnight"
    assert (await lines(speaker.speaker_id, midnight_us + HOUR_US, midnight_us + 2 * HOUR_US)).lines == ()
    with pytest.raises(NotFound):
        await lines(SpeakerId("s-none"), midnight_us, midnight_us + HOUR_US)


async def test_what_a_person_stopped_is_told_as_such_where_it_was_stopped(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    planned = await plan(station, await bulletin(station, 20), at(17), speaker)
    await until_starts(station, device, at(17), at(17, day=16))
    await station.desk.dispatch.stop(planned_for(device)[0].airing_id, "an")  # type: ignore[arg-type]
    await until_starts(station, device, at(17, day=16))
    await station.desk.planner.look()
    day_us = 24 * HOUR_US
    found = await station.desk.planner.lines(speaker.speaker_id, instant_us(at(15)), instant_us(at(15)) + 2 * day_us)
    assert [one.item.schedule_id for one in found.lines] == [planned.schedule_id] * 2
    assert found.lines[0].outcome == Skipped(SkippedFor.STOPPED)
    assert isinstance(found.lines[1].outcome, Played)
    day = at(15).date()
    week = await station.desk.planner.week(frozenset({speaker.speaker_id}), day - timedelta(days=day.weekday()))
    one = next(entry for entry in week.entries if entry.item.start_us == instant_us(at(17)))
    assert [(tally.outcome, tally.speakers) for tally in one.tallies] == [(Skipped(SkippedFor.STOPPED), 1)]


async def test_a_draft_is_told_what_it_would_meet_and_where_it_could_go(station: Station) -> None:
    speaker, _ = await station.speaker("Chợ")
    planned = await plan(station, await bulletin(station, 30), at(17), speaker, rule="")
    await station.desk.planner.look()
    rule = parse_rule("", start=at(17, 10), zone=ZONE)
    draft: Schedule = replace(
        planned.schedule,
        schedule_id="draft",
        content_id="b-new",
        series=replace(planned.schedule.series, rule=rule),
        since_us=station.clock.now_us() + 1,
        needs_approval=False,
    )
    content = Content(content_id="b-new", title="Mới", master="m", duration_us=5 * MINUTE_US)
    [conflict] = await station.desk.planner.conflicts_of(draft, content)
    assert (conflict.wins, conflict.undecided, conflict.other.schedule_id) == (False, False, planned.schedule_id)
    assert await station.desk.planner.next_free(draft, at(17, 10), content) == instant_us(at(17, 30))
    with pytest.raises(NotFound):
        await station.desk.planner.next_free(draft, at(18), content)
