"""Accidents that happened to stations, and that must not happen here."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest

from schedules.approval import series_binding
from schedules.areas import Area, AreaTree
from schedules.guards import NO_GUARDS, PRESETS, Guards, Quiet, is_odd
from schedules.precedence import AirClass
from schedules.recurrence.rule import Cancelled, Changed
from schedules.recurrence.series import with_change
from schedules.rundown.compile import Compiler
from schedules.rundown.values import Conflicted, Displaced, Played, Refused, RefusedFor, Skipped, SkippedFor
from schedules.schedule import OnInterrupted, Overrun, Place, Schedule, Target, World
from schedules.succession import merged, with_changes
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

# --- the programme that was switched on by mistake at 03:15


@pytest.mark.parametrize("preset", sorted(PRESETS))
@pytest.mark.parametrize("minutes", [10, 120])
def test_the_0315_accident_is_refused_at_every_speaker_by_the_first_guards_of_a_station(
    preset: str, minutes: int
) -> None:
    places = [
        Place(speaker_id="plain", area_id=COMMUNE),
        Place(speaker_id="of its own", area_id=COMMUNE, guards=Guards(slots_a_day=9)),
        Place(speaker_id="in turn", area_id=COMMUNE, stagger_us=60_000_000),
        Place(speaker_id="of a group", area_id=COMMUNE, groups=("g",)),
    ]
    song = daily("song", "03:15", target=Target(areas=(PROVINCE,), groups=("g",)), rank=-9)
    live = daily("live", "03:15", air_class=AirClass.LIVE, slot_us=60 * MINUTE_US)
    world = station(song, live, places=places, guards={PROVINCE: PRESETS[preset]}, minutes={"song": minutes})
    for place in places:
        week = Compiler(world, MONDAY, 7)
        assert week.timeline(place.speaker_id) == ()
        refused = {line.outcome for line in week.lines(place.speaker_id)}
        assert len(week.lines(place.speaker_id)) == 14
        assert refused <= {Refused(RefusedFor.QUIET_HOURS), Refused(RefusedFor.SLOT_TOO_LONG)}


def test_the_0315_accident_is_flagged_even_where_a_guard_allows_it() -> None:
    world = station(daily("song", "03:15"), guards={COMMUNE: NO_GUARDS})
    item = lines(world)["song"].item
    assert heard(world) == [("song", "03:15", "03:25", 0)]
    assert is_odd(item.start_us, item.start_us + item.length_us, VIETNAM)
    usual = lines(station(daily("song", "05:00")))["song"].item
    assert not is_odd(usual.start_us, usual.start_us + usual.length_us, VIETNAM)


def test_the_0315_accident_cannot_be_had_by_moving_one_occurrence_or_by_being_late() -> None:
    song = daily("song", "17:00")
    original = datetime.combine(MONDAY, time(17))
    moved = replace(song, series=with_change(song.series, Changed(original, to=original.replace(hour=3, minute=15))))
    world = station(moved, guards={COMMUNE: PRESETS["rural"]})
    assert outcomes(world)["song"] == Refused(RefusedFor.QUIET_HOURS)
    # What waits for something longer stops where the night begins, and does not go on in the morning.
    late = once("song", "21:00", slot_us=600 * MINUTE_US)
    world = station(
        late, priority("call", "21:00"), minutes={"song": 30, "call": 15}, guards={COMMUNE: Guards(quiet=(NIGHT,))}
    )
    assert heard(world) == [("call", "21:00", "21:15", 0), ("song", "21:15", "21:30", 0), *MORNING]


NIGHT = Quiet(time(21, 30), time(5))
MORNING = [("song", "1d 05:00", "1d 05:15", 900)]


# --- the communes that were merged in 2025

MERGED_ON = date(2025, 7, 1)


def communes() -> AreaTree:
    def area(area_id: str, parent_id: str | None = None) -> Area:
        return Area(area_id=area_id, parent_id=parent_id, level="commune" if parent_id else "province", name=area_id)

    tree = AreaTree([area("province"), *(area(one, "province") for one in ("upper", "lower", "other"))])
    return with_changes(tree, merged(tree, ["upper", "lower"], area("new", "province"), MERGED_ON))


def of_communes(*schedules: Schedule) -> World:
    places = [Place(speaker_id="s", area_id="upper"), Place(speaker_id="t", area_id="other")]
    return station(*schedules, tree=communes(), places=places)


def test_a_schedule_of_a_commune_that_was_merged_asks_for_its_successor() -> None:
    world = of_communes(daily("news", "2025-06-01 05:00", target=Target(areas=("upper",))))
    assert heard(world, MERGED_ON - timedelta(days=2), 4) == [
        ("news", "05:00", "05:10", 0),
        ("news", "1d 05:00", "1d 05:10", 0),
    ]
    week = Compiler(world, MERGED_ON, 7)
    assert [line.outcome for line in week.lines("s")] == [Refused(RefusedFor.AREA_CLOSED, "upper")] * 7
    assert week.lines("t") == ()


def test_that_its_area_is_no_more_is_said_before_that_nobody_approved_it_unless_it_was_cancelled() -> None:
    news = daily("news", "2025-07-01 05:00", target=Target(areas=("upper",)))
    asked = replace(news, needs_approval=True, approved=frozenset())
    cancelled = replace(
        asked, series=replace(asked.series, changes=(Cancelled(datetime.combine(date(2025, 7, 2), time(5))),))
    )
    outcomes = [line.outcome for line in Compiler(of_communes(cancelled), MERGED_ON, 2).lines("s")]
    assert outcomes == [Refused(RefusedFor.AREA_CLOSED, "upper"), Skipped(SkippedFor.CANCELLED)]


def test_given_the_successor_the_schedule_is_heard_again_and_last_year_stays_as_it_was() -> None:
    news = daily("news", "2025-06-01 05:00", target=Target(areas=("upper",)))
    last_year = heard(of_communes(news), MERGED_ON - timedelta(days=7), 7)
    given = of_communes(replace(news, target=Target(areas=("upper", "new"))))
    assert heard(given, MERGED_ON, 1) == [("news", "05:00", "05:10", 0)]
    assert outcomes(given, MERGED_ON, 1).keys() == {"news"}
    assert heard(given, MERGED_ON - timedelta(days=7), 7) == last_year
    assert len(last_year) == 7


def test_an_approval_for_the_former_commune_does_not_reach_the_new_one() -> None:
    news = daily("news", "2025-06-01 05:00", target=Target(areas=("upper",)), needs_approval=True)
    news = replace(news, approved=frozenset({series_binding(news, "master of news")}))
    day = MERGED_ON - timedelta(days=1)
    assert isinstance(outcomes(of_communes(news), day)["news"], Played)
    given = of_communes(replace(news, target=Target(areas=("new",))))
    assert outcomes(given, MERGED_ON)["news"] == Refused(RefusedFor.NOT_APPROVED)


def test_the_limits_of_a_former_commune_hold_until_it_is_merged() -> None:
    world = of_communes(daily("news", "2025-06-01 05:00", target=Target(areas=("province",))))
    world = replace(world, guards={"upper": Guards(slots_a_day=0), "new": Guards(slot_minutes=5)})
    assert outcomes(world, MERGED_ON - timedelta(days=1))["news"] == Refused(RefusedFor.SLOTS_USED_UP)
    assert outcomes(world, MERGED_ON)["news"] == Refused(RefusedFor.SLOT_TOO_LONG)


# --- two priority items at once, one from above and one of the commune


def double(*choices: tuple[str, str], above_rank: int = 0, own_rank: int = 1) -> World:
    above = priority("above", "05:00", above=True, rank=above_rank, target=Target(areas=(PROVINCE,)))
    return station(above, priority("own", "05:05", rank=own_rank), choices=choices)


def test_of_the_double_priority_item_one_waits_for_the_choice_of_the_commune_and_the_order_holds_meanwhile() -> None:
    world = double()
    assert heard(world) == [("above", "05:00", "05:10", 0)]
    assert outcomes(world)["own"] == Conflicted(lines(world)["above"].item.item_id)
    other = double(above_rank=1, own_rank=0)
    assert heard(other) == [("own", "05:05", "05:15", 0)]
    assert outcomes(other)["above"] == Conflicted(lines(other)["own"].item.item_id)


@pytest.mark.parametrize(("first", "second"), [("above", "own"), ("own", "above")])
@pytest.mark.parametrize("ranks", [(0, 1), (1, 0)])
def test_of_the_double_priority_item_the_one_chosen_is_heard(first: str, second: str, ranks: tuple[int, int]) -> None:
    world = double((first, second), above_rank=ranks[0], own_rank=ranks[1])
    assert [name for name, *_ in heard(world)] == [first]
    assert outcomes(world)[second] == Displaced(lines(world)[first].item.item_id)


def test_of_the_double_priority_item_both_are_heard_where_there_is_room() -> None:
    world = double()
    roomy = replace(world.schedules[1], slot_us=30 * MINUTE_US)
    assert heard(replace(world, schedules=(world.schedules[0], roomy))) == [
        ("above", "05:00", "05:10", 0),
        ("own", "05:10", "05:20", 0),
    ]


def test_two_priority_items_of_one_level_need_no_choice() -> None:
    world = double()
    both = tuple(replace(one, above=True) for one in world.schedules)
    assert isinstance(outcomes(replace(world, schedules=both))["own"], Displaced)


def test_choices_that_contradict_each_other_decide_nothing() -> None:
    circle = double(("above", "own"), ("own", "above"))
    assert outcomes(circle) == outcomes(double())
    # Nor do they let anything of less weight go before.
    songs = tuple(once(name, "05:00", rank=-1) for name in ("song", "tune"))
    both = replace(circle, schedules=(*songs, *circle.schedules))
    assert heard(both) == heard(double())


# --- ten thousand at once


@pytest.mark.parametrize("way", [OnInterrupted.RESUME, OnInterrupted.DROP])
def test_ten_thousand_items_at_once_end_with_one_outcome_each(way: OnInterrupted) -> None:
    many = [
        once(f"n{number:04}", "05:00", content_id="n", rank=number % 7, on_interrupted=way, slot_us=300 * MINUTE_US)
        for number in range(10_000)
    ]
    world = station(*many, minutes={"n": 10}, choices=[("n9998", "n0001"), ("n0003", "n0001"), ("n0005", "n0005")])
    compiler = Compiler(world, MONDAY, 1)
    found = compiler.lines("s")
    assert len(found) == 10_000 == len({line.item.item_id for line in found})
    sounding = sum(isinstance(line.outcome, Played) for line in found)
    assert sounding == (1 if way is OnInterrupted.DROP else 30)
    assert len(compiler.timeline("s")) == sounding


def test_ten_thousand_items_that_push_each_other_back_end_too() -> None:
    many = [
        once(
            f"n{number:04}",
            f"05:{number % 60:02}:{number % 59:02}",
            content_id="n",
            slot_us=MINUTE_US,
            overrun=Overrun.PUSH_BACK,
        )
        for number in range(10_000)
    ]
    world = station(*many, minutes={"n": 45})
    found = Compiler(world, MONDAY, 1).lines("s")
    assert len(found) == 10_000
    assert all(line.outcome.pushed_us <= 105 * MINUTE_US for line in found if isinstance(line.outcome, Played))


def test_one_schedule_that_overlaps_itself_has_one_outcome_for_every_occurrence() -> None:
    news = daily("news", "00:00")
    rule = replace(news.series.rule, by_hour=tuple(range(24)), by_minute=(0, 30))
    world = station(replace(news, series=replace(news.series, rule=rule)), minutes={"news": 45})
    found = Compiler(world, MONDAY, 3).lines("s")
    assert len(found) == 144
    # Each goes on until its room ends, the next one begins when it does.
    assert heard(world)[:3] == [
        ("news", "00:00", "00:45", 0),
        ("news", "00:45", "01:15", 0),
        ("news", "01:15", "01:45", 0),
    ]


@pytest.mark.parametrize(("hours", "refused"), [(20, False), (20.01, True)])
def test_what_needs_the_air_of_more_than_a_day_is_refused(hours: float, refused: bool) -> None:
    world = station(once("news", "05:00", air_class=AirClass.EMERGENCY), minutes={"news": hours * 60})
    assert (outcomes(world)["news"] == Refused(RefusedFor.SLOT_TOO_LONG)) == refused
    cut = station(once("news", "05:00", slot_us=60 * MINUTE_US), minutes={"news": hours * 60})
    assert heard(cut) == [("news", "05:00", "06:00", 0)]


# --- a programme of the former evening


def test_a_programme_that_goes_on_over_midnight_takes_the_air_of_the_next_day_alike_in_every_window() -> None:
    world = station(
        daily("late", "23:30", air_class=AirClass.PRIORITY), daily("early", "00:00", rank=1), minutes={"late": 45}
    )
    two = heard(world, MONDAY, 2)
    assert ("early", "00:00", "00:10", 0) in two
    assert [one for one in two if one[0] == "early"] == [("early", "00:00", "00:10", 0)]
    alone = Compiler(world, MONDAY + timedelta(days=1), 1)
    early = next(line for line in alone.lines("s") if line.item.schedule_id == "early")
    assert early.outcome == Displaced("late@2026-11-23T23:30")
    assert [segment.from_us for segment in alone.timeline("s")] == [instant("2026-11-24 23:30")]
