"""What an item may take on one speaker: cut, faded, pushed back, resumed, begun again, dropped, to the second."""

from datetime import time

import pytest

from schedules.guards import Guards, Quiet
from schedules.precedence import AirClass
from schedules.rundown.values import CutFor, Displaced, Played, Refused, RefusedFor
from schedules.schedule import Fill, OnInterrupted, Overrun, Place, Schedule, World
from tests.schedules.rundown.stations import (
    COMMUNE,
    MINUTE_US,
    SECOND_US,
    daily,
    heard,
    lines,
    once,
    outcomes,
    played,
    priority,
    station,
)

RESUME, RESTART, DROP = OnInterrupted.RESUME, OnInterrupted.RESTART, OnInterrupted.DROP


def slot(minutes: float) -> int:
    return round(minutes * MINUTE_US)


# --- a programme and its slot


def test_a_programme_longer_than_its_slot_is_cut_at_the_end_of_it() -> None:
    world = station(once("news", "05:00", slot_us=slot(15)), minutes={"news": 25})
    assert heard(world) == [("news", "05:00", "05:15", 0)]
    assert played(outcomes(world)["news"]).cut is CutFor.SLOT_ENDED
    assert not played(outcomes(world)["news"]).segments[0].fade


def test_a_programme_longer_than_its_slot_is_faded_out_before_the_end_of_it() -> None:
    world = station(once("news", "05:00", slot_us=slot(15), overrun=Overrun.FADE), minutes={"news": 25})
    assert heard(world) == [("news", "05:00", "05:15", 0)]
    assert played(outcomes(world)["news"]).segments[0].fade


def test_a_programme_that_fits_is_not_faded() -> None:
    world = station(once("news", "05:00", slot_us=slot(15), overrun=Overrun.FADE), minutes={"news": 15})
    assert not played(outcomes(world)["news"]).segments[0].fade
    assert played(outcomes(world)["news"]).cut is None


def test_a_programme_longer_than_its_slot_pushes_back_what_would_begin_behind_the_slot() -> None:
    news = once("news", "05:00", slot_us=slot(15), overrun=Overrun.PUSH_BACK)
    world = station(news, once("song", "05:15", rank=1), once("talk", "05:25", rank=2), minutes={"news": 25})
    assert heard(world) == [("news", "05:00", "05:25", 0), ("song", "05:25", "05:35", 0)]
    song = played(outcomes(world)["song"])
    assert (song.pushed_us, song.cut, song.by) == (10 * MINUTE_US, None, lines(world)["news"].item.item_id)
    # What was pushed has no soft part of its own: the talk of less weight goes without.
    assert outcomes(world)["talk"] == Displaced(lines(world)["song"].item.item_id)


def test_nothing_is_pushed_back_by_what_lies_inside_the_slot() -> None:
    news = once("news", "05:00", slot_us=slot(15), overrun=Overrun.PUSH_BACK)
    world = station(news, once("song", "05:14", rank=1, on_interrupted=DROP), minutes={"news": 25})
    assert outcomes(world)["song"] == Displaced(lines(world)["news"].item.item_id)


@pytest.mark.parametrize(("start", "begins"), [("05:30", "05:40"), ("05:25", None), ("05:15", None)])
def test_pushing_back_goes_on_while_what_follows_is_soft_too(start: str, begins: str | None) -> None:
    one = once("one", "05:00", slot_us=slot(10), overrun=Overrun.PUSH_BACK)
    two = once("two", "05:10", slot_us=slot(10), overrun=Overrun.PUSH_BACK, rank=1)
    three = once("three", start, rank=2, on_interrupted=DROP)
    world = station(one, two, three, minutes={"one": 20, "two": 20})
    assert heard(world)[:2] == [("one", "05:00", "05:20", 0), ("two", "05:20", "05:40", 0)]
    assert [at for name, at, *_ in heard(world) if name == "three"] == ([begins] if begins else [])


@pytest.mark.parametrize(("minutes", "begins"), [(75, "06:15"), (75.01, None)])
def test_nothing_is_pushed_back_by_more_than_an_hour(minutes: float, begins: str | None) -> None:
    news = once("news", "05:00", slot_us=slot(15), overrun=Overrun.PUSH_BACK)
    world = station(news, once("song", "05:15", rank=1), minutes={"news": minutes})
    assert [start for name, start, *_ in heard(world) if name == "song"] == ([begins] if begins else [])


def test_content_is_repeated_as_often_as_it_fits_whole() -> None:
    world = station(once("jingle", "05:00", slot_us=slot(15), fill=Fill.REPEAT), minutes={"jingle": 4})
    assert heard(world) == [("jingle", "05:00", "05:12", 0)]
    assert played(outcomes(world)["jingle"]).cut is None


def test_a_word_is_repeated_two_hundred_times_at_most() -> None:
    world = station(once("chime", "05:00", slot_us=slot(720), fill=Fill.REPEAT), minutes={"chime": 1})
    assert heard(world) == [("chime", "05:00", "08:20", 0)]


# --- what is interrupted


def interrupted(how: OnInterrupted | None, at: str = "05:10", *, room: float = 60) -> World:
    """Half an hour of programme in a room, and five minutes of more weight in it."""
    programme = once("talk", "05:00", slot_us=slot(room), on_interrupted=how)
    return station(programme, priority("call", at), minutes={"talk": 30, "call": 5})


def test_resume_goes_on_at_the_second_at_which_it_was_cut() -> None:
    world = interrupted(RESUME, "05:10:07")
    assert heard(world) == [
        ("talk", "05:00", "05:10:07", 0),
        ("call", "05:10:07", "05:15:07", 0),
        ("talk", "05:15:07", "05:35", 607),
    ]
    assert played(outcomes(world)["talk"]).cut is None


def test_resume_ends_with_its_room() -> None:
    world = interrupted(RESUME, room=30)
    assert heard(world)[-1] == ("talk", "05:15", "05:30", 600)
    talk = played(outcomes(world)["talk"])
    assert (talk.cut, talk.by) == (CutFor.INTERRUPTED, lines(world)["call"].item.item_id)


def test_restart_begins_again_where_it_fits_whole() -> None:
    assert heard(interrupted(RESTART)) == [("call", "05:10", "05:15", 0), ("talk", "05:15", "05:45", 0)]
    assert played(outcomes(interrupted(RESTART))["talk"]).pushed_us == 15 * MINUTE_US


def test_restart_without_room_for_the_whole_is_displaced() -> None:
    world = interrupted(RESTART, room=30)
    assert outcomes(world)["talk"] == Displaced(lines(world)["call"].item.item_id)


def test_drop_ends_where_it_is_interrupted() -> None:
    assert heard(interrupted(DROP)) == [("talk", "05:00", "05:10", 0), ("call", "05:10", "05:15", 0)]
    assert played(outcomes(interrupted(DROP))["talk"]).cut is CutFor.INTERRUPTED


def test_drop_is_displaced_where_its_start_is_taken() -> None:
    assert [name for name, *_ in heard(interrupted(DROP, "04:58"))] == ["call"]
    assert isinstance(outcomes(interrupted(DROP, "04:58"))["talk"], Displaced)


@pytest.mark.parametrize(
    ("air_class", "way"),
    [
        (AirClass.LIVE, RESUME),
        (AirClass.ORDINARY, RESUME),
        (AirClass.PRIORITY, RESTART),
        (AirClass.DRILL, DROP),
        (AirClass.TEST, DROP),
    ],
)
def test_where_nothing_is_stated_the_class_says_what_is_done(air_class: AirClass, way: OnInterrupted) -> None:
    assert lines(station(once("talk", "05:00", air_class=air_class)))["talk"].item.on_interrupted is way


# --- stretches that are too short to be worth it


@pytest.mark.parametrize(("at", "first"), [("05:00:29", "05:05:29"), ("05:00:30", "05:00")])
def test_a_stretch_of_less_than_half_a_minute_is_left_out(at: str, first: str) -> None:
    assert min(start for name, start, *_ in heard(interrupted(RESUME, at)) if name == "talk") == first


@pytest.mark.parametrize(("at", "left"), [("05:00:29", 0), ("05:00:30", 1)])
def test_a_cut_that_leaves_less_than_half_a_minute_is_not_played(at: str, left: int) -> None:
    assert sum(name == "talk" for name, *_ in heard(interrupted(DROP, at))) == left


def test_a_short_stretch_that_holds_all_that_is_left_is_played() -> None:
    world = interrupted(RESUME, "05:29:50")
    assert heard(world)[-1] == ("talk", "05:34:50", "05:35", 1_790)


# --- guards


def guarded(schedule: Schedule, guards: Guards, *more: Schedule, minutes: float = 10, stagger_s: int = 0) -> World:
    place = Place(speaker_id="s", area_id=COMMUNE, stagger_us=stagger_s * SECOND_US)
    return station(schedule, *more, minutes={"talk": minutes}, guards={COMMUNE: guards}, places=[place])


@pytest.mark.parametrize(("start", "refused"), [("21:20", False), ("21:20:01", True), ("04:59:59", True)])
def test_what_would_touch_quiet_hours_as_planned_is_refused(start: str, refused: bool) -> None:
    world = guarded(once("talk", start), Guards(quiet=(Quiet(time(21, 30), time(5)),)))
    assert isinstance(outcomes(world)["talk"], Refused) == refused


def test_quiet_hours_are_looked_at_with_the_turn_of_a_speaker() -> None:
    quiet = Guards(quiet=(Quiet(time(21, 30), time(5)),))
    assert isinstance(outcomes(guarded(once("talk", "21:20"), quiet))["talk"], Played)
    assert outcomes(guarded(once("talk", "21:20"), quiet, stagger_s=15))["talk"] == Refused(RefusedFor.QUIET_HOURS)
    assert isinstance(outcomes(guarded(once("talk", "04:59:50"), quiet, stagger_s=15))["talk"], Played)


def test_what_resumes_stops_at_quiet_hours() -> None:
    guards = Guards(quiet=(Quiet(time(5, 40), time(6)),))
    world = guarded(once("talk", "05:00", slot_us=slot(90)), guards, priority("call", "05:10"), minutes=35)
    assert heard(world) == [
        ("talk", "05:00", "05:10", 0),
        ("call", "05:10", "05:20", 0),
        ("talk", "05:20", "05:40", 600),
        ("talk", "06:00", "06:05", 1_800),
    ]


def test_slots_and_minutes_are_counted_by_what_is_placed() -> None:
    two = Guards(slots_a_day=2)
    world = guarded(
        once("talk", "05:00", on_interrupted=DROP), two, priority("call", "05:00"), once("song", "06:00", rank=1)
    )
    assert [name for name, *_ in heard(world)] == ["call", "song"]
    world = guarded(
        daily("talk", "05:00"), Guards(day_minutes=25), once("song", "06:00", rank=1), once("tune", "07:00", rank=2)
    )
    assert outcomes(world)["tune"] == Refused(RefusedFor.MINUTES_USED_UP)


def test_guards_name_the_first_reason() -> None:
    guards = Guards(slot_minutes=5, slots_a_day=0)
    assert outcomes(guarded(once("talk", "05:00"), guards))["talk"] == Refused(RefusedFor.SLOT_TOO_LONG)
    assert outcomes(guarded(once("talk", "05:00"), Guards(slots_a_day=0)))["talk"] == Refused(RefusedFor.SLOTS_USED_UP)


def test_an_emergency_passes_every_guard() -> None:
    nothing = Guards(quiet=(Quiet(time(0), time(0)),), slots_a_day=0, slot_minutes=1, day_minutes=0)
    world = guarded(once("talk", "03:00", air_class=AirClass.EMERGENCY), nothing)
    assert heard(world) == [("talk", "03:00", "03:10", 0)]
