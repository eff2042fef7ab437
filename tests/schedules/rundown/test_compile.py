"""Rundowns of speakers: who hears what, on which day, by which guards and at which turn."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from schedules.areas import Area, AreaTree, BrokenTree
from schedules.guards import NO_GUARDS, Guards, Quiet
from schedules.recurrence.rule import ByDay, Cancelled, Changed, Frequency, OnHoliday, Rule, RuleError, Series
from schedules.recurrence.series import with_change
from schedules.rundown.compile import Compiler, changed
from schedules.rundown.values import Displaced, Played, Refused, RefusedFor, Skipped, SkippedFor
from schedules.schedule import Choice, Content, OnInterrupted, Overrun, Place, Target
from tests.schedules.rundown.stations import (
    COMMUNE,
    MINUTE_US,
    MONDAY,
    PROVINCE,
    VIETNAM,
    daily,
    heard,
    instant,
    lines,
    once,
    outcomes,
    priority,
    station,
)

TUESDAY = MONDAY + timedelta(days=1)


# --- whom it reaches


def test_a_speaker_hears_what_is_for_its_areas_its_groups_and_itself() -> None:
    places = [
        Place(speaker_id="s", area_id=COMMUNE, groups=("market",)),
        Place(speaker_id="t", area_id=PROVINCE),
    ]
    world = station(
        once("wide", "05:00", target=Target(areas=(PROVINCE,))),
        once("commune", "06:00"),
        once("market", "07:00", target=Target(groups=("market", "harbour"))),
        once("one", "08:00", target=Target(speakers=("t",))),
        once("nobody", "09:00", target=Target()),
        places=places,
    )
    assert [name for name, *_ in heard(world)] == ["wide", "commune", "market"]
    assert [name for name, *_ in heard(world, speaker_id="t")] == ["wide", "one"]


def test_what_reaches_a_speaker_by_several_ways_is_heard_once() -> None:
    target = Target(areas=(PROVINCE, COMMUNE), groups=("market",), speakers=("s",))
    place = Place(speaker_id="s", area_id=COMMUNE, groups=("market",))
    world = station(once("news", "05:00", target=target), places=[place])
    assert heard(world) == [("news", "05:00", "05:10", 0)]
    assert len(lines(world)) == 1


def test_every_speaker_has_the_same_instants_and_its_turn_comes_later() -> None:
    places = [Place(speaker_id="s", area_id=COMMUNE), Place(speaker_id="t", area_id=COMMUNE, stagger_us=30_000_000)]
    full = Compiler(station(daily("news", "05:00"), places=places), MONDAY, 2).full()
    assert full["s"] == full["t"]


def test_what_is_not_known_is_said() -> None:
    compiler = Compiler(station(once("news", "05:00")), MONDAY, 1)
    assert compiler.item("news@2026-11-23T05:00").start_us == instant("05:00")
    for ask in (compiler.timeline, compiler.lines, compiler.item):
        with pytest.raises(KeyError):
            ask("nobody")


def test_guards_are_those_of_the_areas_on_that_day_and_its_own() -> None:
    place = Place(speaker_id="s", area_id=COMMUNE, guards=Guards(slot_minutes=9))
    world = station(guards={PROVINCE: Guards(slots_a_day=3), COMMUNE: Guards(slots_a_day=5)}, places=[place])
    assert Compiler(world, MONDAY, 1).guards_of("s", MONDAY) == Guards(slots_a_day=3, slot_minutes=9)
    assert Compiler(station(), MONDAY, 1).guards_of("s", MONDAY) == NO_GUARDS


# --- one occurrence is changed


def test_one_occurrence_is_cancelled_moved_or_replaced_without_the_others() -> None:
    news = daily("news", "05:00")
    at = [datetime.combine(MONDAY + timedelta(days=number), time(5)) for number in range(4)]
    series = news.series
    for change in (Cancelled(at[0]), Changed(at[1], to=at[1].replace(hour=17)), Changed(at[2], content_id="other")):
        series = with_change(series, change)
    world = station(replace(news, series=series), minutes={"other": 20})
    assert heard(world, MONDAY, 4) == [
        ("news", "1d 17:00", "1d 17:10", 0),
        ("news", "2d 05:00", "2d 05:20", 0),
        ("news", "3d 05:00", "3d 05:10", 0),
    ]
    assert outcomes(world) == {"news": Skipped(SkippedFor.CANCELLED)}
    assert lines(world, MONDAY + timedelta(days=2))["news"].item.content_id == "other"


def test_an_occurrence_moved_out_of_the_window_is_in_the_one_it_moved_to() -> None:
    news = once("news", "05:00")
    moved = with_change(news.series, Changed(datetime.combine(MONDAY, time(5)), to=datetime.combine(TUESDAY, time(5))))
    world = station(replace(news, series=moved))
    assert lines(world) == {}
    assert heard(world, TUESDAY) == [("news", "05:00", "05:10", 0)]


def test_a_holiday_is_left_out_where_the_rule_says_so() -> None:
    news = daily("news", "05:00")
    skipping = replace(news, series=Series(rule=replace(news.series.rule, on_holiday=OnHoliday.SKIP)))
    world = replace(station(skipping), holidays=frozenset({MONDAY}))
    assert outcomes(world) == {"news": Skipped(SkippedFor.HOLIDAY)}
    assert isinstance(outcomes(world, TUESDAY)["news"], Played)


# --- content


def test_content_that_lacks_something_is_refused_with_its_code() -> None:
    world = station(once("news", "05:00"))
    lacking = Content(content_id="news", title="", master="m", duration_us=MINUTE_US, lacking="withdrawn")
    assert outcomes(replace(world, contents={"news": lacking}))["news"] == Refused(
        RefusedFor.CONTENT_LACKING, "withdrawn"
    )
    assert outcomes(replace(world, contents={}))["news"] == Refused(RefusedFor.CONTENT_LACKING, "content_unknown")


@pytest.mark.parametrize(("begins", "is_heard"), [("05:00", True), ("05:01", False)])
def test_nothing_begins_before_it_may_be_heard(begins: str, is_heard: bool) -> None:
    world = station(once("news", "05:00"))
    content = replace(world.contents["news"], begins_us=instant(begins))
    outcome = outcomes(replace(world, contents={"news": content}))["news"]
    assert isinstance(outcome, Played) == is_heard
    assert is_heard or outcome == Refused(RefusedFor.CONTENT_LACKING, "not_valid_yet")


@pytest.mark.parametrize(("expires", "is_heard"), [("05:00", False), ("05:01", True)])
def test_nothing_begins_once_it_has_expired(expires: str, is_heard: bool) -> None:
    world = station(once("news", "05:00"))
    content = replace(world.contents["news"], expires_us=instant(expires))
    assert isinstance(outcomes(replace(world, contents={"news": content}))["news"], Played) == is_heard


# --- midnight


def test_an_item_over_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    world = station(daily("late", "23:50"), minutes={"late": 30}, guards={COMMUNE: Guards(slots_a_day=1)})
    assert heard(world, MONDAY, 2) == [("late", "23:50", "1d 00:20", 0), ("late", "1d 23:50", "2d 00:20", 0)]
    assert heard(world, TUESDAY) == [("late", "23:50", "1d 00:20", 0)]


def test_what_crosses_into_the_window_is_seen_though_it_is_not_of_it() -> None:
    world = station(priority("late", "23:55"), once("early", "2026-11-24 00:00", rank=-1), minutes={"late": 30})
    assert outcomes(world, TUESDAY) == {"early": Displaced("late@2026-11-23T23:55")}
    assert heard(world, TUESDAY) == []


def test_what_begins_after_the_window_is_seen_where_it_takes_air_of_it() -> None:
    world = station(once("late", "23:50", rank=1), priority("early", "2026-11-24 00:00"), minutes={"late": 30})
    assert heard(world) == [("late", "23:50", "1d 00:00", 0), ("late", "1d 00:10", "1d 00:20", 600)]


@pytest.mark.parametrize("links", [1, 2, 3, 4])
def test_days_hang_together_as_far_as_items_cross_from_one_into_the_next(links: int) -> None:
    """Each is displaced by the one of the day before, unless that is displaced itself."""
    starts = ("2026-11-23 20:00", "2026-11-24 15:00", "2026-11-25 10:00", "2026-11-26 05:00")
    chain = [
        once(f"n{number}", start, rank=number, content_id="long", on_interrupted=OnInterrupted.DROP)
        for number, start in enumerate(starts)
    ][4 - links :]
    world = station(*chain, minutes={"long": 19.5 * 60})
    last_day = MONDAY + timedelta(days=3)
    assert (heard(world, last_day) != []) == (links in (1, 3))
    assert Compiler(world, last_day, 1).lines("s") == Compiler(world, MONDAY, 4).lines("s")[-1:]


def test_what_is_pushed_over_midnight_takes_the_air_of_the_next_day_in_every_window() -> None:
    late = once("late", "23:40", slot_us=10 * MINUTE_US, overrun=Overrun.PUSH_BACK)
    pushed = once("pushed", "23:55", rank=1)
    early = once("early", "2026-11-24 00:20", rank=2)
    world = station(late, pushed, early, minutes={"late": 40, "pushed": 4, "early": 4})
    assert heard(world, MONDAY, 2) == [("late", "23:40", "1d 00:20", 0), ("pushed", "1d 00:20", "1d 00:24", 0)]
    assert outcomes(world, TUESDAY) == {"early": Displaced("pushed@2026-11-23T23:55")}


# --- zones


def test_what_would_begin_in_the_hour_that_is_left_out_begins_later_by_it() -> None:
    berlin = "Europe/Berlin"
    world = station(daily("news", "2026-03-01 02:30", zone=berlin), zone=berlin)
    assert heard(world, date(2026, 3, 28), 3) == [
        ("news", "02:30", "02:40", 0),
        ("news", "1d 03:30", "1d 03:40", 0),
        ("news", "2d 02:30", "2d 02:40", 0),
    ]


def test_the_hour_that_comes_twice_is_quiet_twice_and_heard_once() -> None:
    berlin = "Europe/Berlin"
    world = station(daily("news", "2026-10-01 02:30", zone=berlin), zone=berlin)
    assert len(heard(world, date(2026, 10, 25))) == 1
    quiet = replace(world, guards={COMMUNE: Guards(quiet=(Quiet(time(2, 30), time(3)),))})
    assert outcomes(quiet, date(2026, 10, 25))["news"] == Refused(RefusedFor.QUIET_HOURS)
    # From the first 02:20 on until the second 02:30: an hour and ten minutes, of which half are quiet.
    long = station(
        once("news", "2026-10-25 02:20", zone=berlin), zone=berlin, guards=quiet.guards, minutes={"news": 15}
    )
    assert outcomes(long, date(2026, 10, 25))["news"] == Refused(RefusedFor.QUIET_HOURS)


def test_a_rule_of_another_zone_fires_on_the_day_that_it_is_here() -> None:
    world = station(daily("news", "2026-11-22 23:00", zone="UTC"))
    assert heard(world) == [("news", "06:00", "06:10", 0)]


# --- the next world


def test_a_change_of_one_commune_reaches_its_speakers_alone() -> None:
    areas = [Area(area_id=PROVINCE, parent_id=None, level="province", name="Tỉnh")]
    areas += [Area(area_id=one, parent_id=PROVINCE, level="commune", name=one) for one in (COMMUNE, "other")]
    places = [Place(speaker_id="s", area_id=COMMUNE), Place(speaker_id="t", area_id="other")]
    wide, own = daily("wide", "05:00", target=Target(areas=(PROVINCE,))), daily("own", "06:00")
    world = station(wide, own, tree=AreaTree(areas), places=places)
    compiler = Compiler(world, MONDAY, 2)
    compiler, reached = changed(compiler, replace(world, schedules=(wide, replace(own, rank=3))))
    assert reached == frozenset()
    compiler, reached = changed(compiler, replace(world, schedules=(wide,)))
    assert reached == {"s"}
    compiler, reached = changed(compiler, replace(world, schedules=(own,)))
    assert reached == {"s", "t"}


OWN = daily("own", "06:00")
OWN_LATER = once("later", "06:05", rank=1)
AT_NIGHT = Guards(quiet=(Quiet(time(6, 9), time(7)),))


@pytest.mark.parametrize(
    "other",
    [
        {"guards": {COMMUNE: Guards(slots_a_day=1)}},
        {"choices": frozenset({Choice("later", "own")})},
        {"holidays": frozenset({MONDAY})},
        {"places": (Place(speaker_id="s", area_id=COMMUNE, guards=Guards(slots_a_day=0)),)},
        {"places": (Place(speaker_id="s", area_id=COMMUNE, stagger_us=5_000_000),), "guards": {COMMUNE: AT_NIGHT}},
        {"places": (Place(speaker_id="s", area_id="other"),)},
        {"contents": {"own": Content(content_id="own", title="", master="m", duration_us=MINUTE_US)}},
    ],
    ids="+".join,
)
def test_whatever_changes_in_one_commune_what_others_play_is_not_even_looked_at(other: dict[str, Any]) -> None:
    areas = [Area(area_id=PROVINCE, parent_id=None, level="province", name="Tỉnh")]
    areas += [Area(area_id=one, parent_id=PROVINCE, level="commune", name=one) for one in (COMMUNE, "other")]
    there = Place(speaker_id="t", area_id="other")
    news = daily("news", "05:00", target=Target(areas=("other",)))
    on_workdays = replace(OWN.series.rule, on_holiday=OnHoliday.SKIP)
    own = replace(OWN, series=Series(rule=on_workdays))
    places = [Place(speaker_id="s", area_id=COMMUNE), there]
    world = station(own, OWN_LATER, news, tree=AreaTree(areas), places=places)
    changes = dict(other)
    if "places" in changes:
        changes["places"] = (*changes["places"], there)
    if "contents" in changes:
        changes["contents"] = world.contents | changes["contents"]
    compiler = Compiler(world, MONDAY, 2)
    before = compiler.full()
    after, reached = changed(compiler, replace(world, **changes))
    assert reached == {"s"}
    assert after.full() == Compiler(after.world, MONDAY, 2).full() != before
    assert after.timeline("t") is before["t"]


def test_speakers_that_come_and_go_are_named() -> None:
    world = station(daily("news", "05:00"))
    more = replace(world, places=(*world.places, Place(speaker_id="t", area_id=COMMUNE)))
    compiler, reached = changed(Compiler(world, MONDAY, 1), more)
    assert reached == {"t"}
    assert compiler.timeline("t") == compiler.timeline("s")
    assert changed(compiler, world)[1] == {"t"}


# --- what makes no sense


def test_a_rule_without_a_zone_or_of_one_that_is_none_is_refused_and_not_guessed() -> None:
    for zone in ("", "Asia/Nowhere"):
        with pytest.raises(RuleError) as error:
            Compiler(station(daily("news", "05:00", zone=zone)), MONDAY, 1).timeline("s")
        assert error.value.code == "zone_unknown"


def test_a_rule_that_never_fires_gives_nothing_and_one_of_long_ago_gives_today() -> None:
    never = Rule(
        zone=VIETNAM,
        start=datetime.fromisoformat("2026-01-30 05:00"),
        frequency=Frequency.YEARLY,
        by_month=(2,),
        by_month_day=(30,),
    )
    world = station(replace(daily("never", "05:00"), series=Series(rule=never)), daily("old", "1900-01-01 05:00"))
    assert [name for name, *_ in heard(world)] == ["old"]


def test_areas_in_a_circle_make_no_tree() -> None:
    with pytest.raises(BrokenTree):
        AreaTree([Area(area_id=one, parent_id=two, level="x", name=one) for one, two in (("a", "b"), ("b", "a"))])


def test_a_weekly_rule_is_heard_on_its_days() -> None:
    news = daily("news", "05:00")
    weekly = replace(news.series.rule, frequency=Frequency.WEEKLY, by_day=(ByDay(1), ByDay(6)))
    world = station(replace(news, series=Series(rule=weekly)))
    assert [start for _, start, *_ in heard(world, MONDAY, 7)] == ["1d 05:00", "6d 05:00"]
