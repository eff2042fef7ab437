"""What a schedule would meet, and the next air that is free: against looking at every pair, and at every quarter."""

from dataclasses import replace
from datetime import time

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from schedules.guards import Guards, Quiet
from schedules.precedence import AirClass
from schedules.recurrence.rule import Cancelled, Changed
from schedules.recurrence.series import with_change
from schedules.recurrence.zones import wall_of
from schedules.rundown.compile import Compiler
from schedules.rundown.conflicts import MOST_CONFLICTS, find, next_free
from schedules.rundown.items import items_of
from schedules.rundown.near import planned_with, reached
from schedules.rundown.values import Item, Played, Segment
from schedules.schedule import Place, Schedule, Target, World
from tests.schedules.rundown.stations import (
    COMMUNE,
    MINUTE_US,
    MONDAY,
    PROVINCE,
    daily,
    instant,
    lines,
    once,
    outcomes,
    priority,
    station,
)
from tests.schedules.rundown.worlds import DAY, DAYS, WHENS, When, worlds

QUARTER_US = 15 * MINUTE_US

# --- pairs


def test_two_items_that_want_the_same_air_are_named_with_times_and_speakers() -> None:
    places = [Place(speaker_id=one, area_id=COMMUNE) for one in "ts"]
    wide = daily("wide", "05:05", target=Target(areas=(PROVINCE,)), above=True)
    world = station(wide, once("apart", "05:20"), places=places)
    asked = once("new", "05:00", rank=1)
    world = replace(world, contents=world.contents | station(asked).contents)
    (conflict,) = find(world, asked, MONDAY, 7)
    assert (conflict.item.schedule_id, conflict.other.item_id) == ("new", "wide@2026-11-23T05:05")
    assert (conflict.from_us, conflict.until_us) == (instant("05:05"), instant("05:10"))
    assert conflict.speaker_ids == ("s", "t")
    assert not conflict.wins
    assert not conflict.undecided


@pytest.mark.parametrize(
    ("choices", "wins", "undecided"),
    [
        ((), False, True),
        ((("own", "above"),), True, False),
        ((("above", "own"),), False, False),
        ((("above", "own"), ("own", "above")), False, True),
    ],
)
def test_a_double_priority_item_is_undecided_until_it_is_chosen(
    choices: tuple[tuple[str, str], ...], wins: bool, undecided: bool
) -> None:
    own = priority("own", "05:00", rank=1)
    world = station(priority("above", "05:00", above=True), own, choices=choices)
    (conflict,) = find(world, own, MONDAY, 1)
    assert (conflict.wins, conflict.undecided) == (wins, undecided)


def test_what_is_not_approved_yet_is_met_too() -> None:
    world = station(once("news", "05:00", needs_approval=True), once("new", "05:00", needs_approval=True))
    assert len(find(world, world.schedules[1], MONDAY, 1)) == 1


def test_who_meets_everything_is_told_of_the_first_only() -> None:
    many = [daily(f"n{number:03}", "05:00", content_id="n") for number in range(200)]
    world = station(*many)
    found = find(world, many[0], MONDAY, 7)
    assert len(found) == MOST_CONFLICTS
    assert [one.from_us for one in found] == sorted(one.from_us for one in found)
    assert found[-1].from_us == instant("2026-11-25 05:00")


def pairs(world: World, schedule: Schedule, when: When) -> set[tuple[str, str, int, int, tuple[str, ...], bool]]:
    """Every item of the schedule beside every other that could be heard: a plain look at all of them."""
    from_us, until_us = when.us(0, "00:00"), when.us(DAYS, "00:00")

    def of(one: Schedule, beside: int) -> list[Item]:
        granted = replace(one, needs_approval=False)
        begin_us, end_us = when.us(-beside, "00:00"), when.us(DAYS + beside, "00:00")
        found = items_of(granted, world.contents, world.holidays, begin_us, end_us)
        return [item for item in found if item.why_not is None]

    def hears(one: Schedule, place: Place) -> bool:
        path = world.tree.path_on(place.area_id, when.first)
        target = one.target
        named = place.speaker_id in target.speakers or not set(place.groups).isdisjoint(target.groups)
        return named or not set(path).isdisjoint(target.areas)

    found = set()
    for other in (one for one in world.schedules if one.schedule_id != schedule.schedule_id):
        common = tuple(
            sorted(place.speaker_id for place in world.places if hears(schedule, place) and hears(other, place))
        )
        for item in of(schedule, 0):
            assert from_us <= item.start_us < until_us
            for met in of(other, 1):
                begin_us = max(item.start_us, met.start_us)
                end_us = min(item.start_us + item.length_us, met.start_us + met.length_us)
                if begin_us < end_us and common:
                    found.add((item.item_id, met.item_id, begin_us, end_us, common, item.order < met.order))
    return found


@settings(max_examples=120, deadline=None, derandomize=True)
@given(st.data())
def test_conflicts_are_those_of_looking_at_every_pair(data: st.DataObject) -> None:
    when = data.draw(st.sampled_from(WHENS))
    world = data.draw(worlds(when, changing=False, chosen=False))
    schedule = data.draw(st.sampled_from(world.schedules))
    found = find(world, schedule, when.first, DAYS)
    told = {
        (one.item.item_id, one.other.item_id, one.from_us, one.until_us, one.speaker_ids, one.wins) for one in found
    }
    assert told == pairs(world, schedule, when)
    assert len(told) == len(found)
    without = replace(world, schedules=tuple(one for one in world.schedules if one is not schedule))
    assert find(without, schedule, when.first, DAYS) == found


# --- the next air that is free


def appended(world: World, schedule: Schedule) -> int | None:
    return next_free(world, schedule, items_of(schedule, world.contents, frozenset(), 0, 2**61)[0])


def test_the_next_free_air_is_behind_what_is_in_the_way() -> None:
    new = once("new", "05:05", rank=1)
    world = station(once("one", "05:00"), once("two", "05:15"), new)
    assert appended(world, new) == instant("05:25")
    assert appended(station(new), new) == instant("05:05")


def test_the_next_free_air_is_free_on_every_speaker_and_within_the_guards() -> None:
    new = once("new", "21:15", rank=1)
    places = [Place(speaker_id="s", area_id=COMMUNE), Place(speaker_id="t", area_id=COMMUNE, stagger_us=MINUTE_US)]
    night = {PROVINCE: Guards(quiet=(Quiet(time(21, 30), time(5)),))}
    world = station(
        once("one", "21:10", target=Target(speakers=("s",))),
        once("two", "2026-11-24 05:05", target=Target(speakers=("t",))),
        new,
        places=places,
        guards=night,
    )
    assert appended(world, new) == instant("2026-11-24 05:15")


@pytest.mark.parametrize("guards", [Guards(slots_a_day=1), Guards(day_minutes=19)])
def test_the_next_free_air_is_on_another_day_where_this_one_is_used_up(guards: Guards) -> None:
    new = once("new", "05:05", rank=1)
    world = station(once("one", "05:00"), new, guards={COMMUNE: guards})
    assert appended(world, new) == instant("2026-11-24 00:00")


def test_a_speaker_that_something_else_is_for_alone_is_asked_itself() -> None:
    new = once("new", "05:05", rank=1)
    places = [Place(speaker_id=one, area_id=COMMUNE) for one in "stu"]
    world = station(once("one", "05:00", target=Target(speakers=("t",))), new, places=places)
    assert appended(world, new) == instant("05:10")


def test_the_next_free_air_begins_when_a_wall_time_can_mean_it_and_before_the_content_expires() -> None:
    berlin = "Europe/Berlin"
    new = once("new", "2026-10-25 02:30", rank=1, zone=berlin)
    world = station(once("one", "2026-10-25 02:25", zone=berlin), new, zone=berlin, minutes={"one": 45})
    # The clock shows 02:10 for the second time when the first one ends.
    assert appended(world, new) == instant("2026-10-25 03:00", berlin)
    expiring = replace(world.contents["new"], expires_us=instant("2026-10-25 03:00", berlin))
    assert appended(replace(world, contents=world.contents | {"new": expiring}), new) is None


def test_the_next_free_air_is_not_before_the_content_may_be_heard() -> None:
    new = once("new", "05:05", rank=1)
    world = station(once("one", "05:00"), new)
    early = replace(world.contents["new"], begins_us=instant("09:07"))
    granted = items_of(new, world.contents, frozenset(), 0, 2**61)[0]
    assert next_free(replace(world, contents=world.contents | {"new": early}), new, granted) == instant("09:07")


def test_what_waits_for_its_approval_has_its_air_already() -> None:
    new = once("new", "05:05", rank=1)
    assert appended(station(once("one", "05:00", needs_approval=True), new), new) == instant("05:10")


def test_there_is_no_free_air_for_what_guards_never_allow_or_nobody_hears() -> None:
    new = once("new", "05:05", rank=1)
    assert appended(station(new, guards={COMMUNE: Guards(slot_minutes=5)}), new) is None
    nobody = replace(new, target=Target(areas=("elsewhere",)))
    assert appended(station(nobody), nobody) is None


def moved_to(world: World, schedule: Schedule, item: Item, start_us: int) -> World:
    wall = wall_of(schedule.series.rule.zone, start_us)
    if wall == item.original:
        return planned_with(world, schedule)
    return planned_with(world, replace(schedule, series=with_change(schedule.series, Changed(item.original, to=wall))))


def timelines(world: World, when: When, names: tuple[str, ...]) -> dict[str, tuple[Segment, ...]]:
    full = Compiler(world, when.first - DAY, DAYS + 9).full()
    return {name: full[name] for name in names}


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.data())
def test_what_is_appended_is_heard_whole_takes_nothing_from_others_and_could_not_begin_earlier(
    data: st.DataObject,
) -> None:
    when = data.draw(st.sampled_from(WHENS))
    world = data.draw(worlds(when, changing=False, chosen=False))
    index = data.draw(st.integers(0, len(world.schedules) - 1))
    drawn = world.schedules[index]
    world = replace(world, schedules=tuple(replace(one, needs_approval=False) for one in world.schedules))
    assume(drawn.air_class is not AirClass.EMERGENCY and drawn.series.rule.zone == when.zone)
    plain = replace(drawn, needs_approval=False, series=replace(drawn.series, changes=()))
    usual = items_of(plain, world.contents, world.holidays, when.us(0, "00:00"), when.us(DAYS, "00:00"))
    heard_ones = [item for item in usual if item.why_not is None]
    assume(heard_ones)
    item = data.draw(st.sampled_from(heard_ones))
    names = tuple(place.speaker_id for place in reached(world, plain.target, [when.first]))
    free_us = next_free(world, plain, item)
    without = planned_with(world, cancelled(plain, item))
    before = timelines(without, when, names)

    def fits(start_us: int) -> bool:
        """Heard whole from then on everywhere, with everything else as it was."""
        after = timelines(moved_to(without, plain, item, start_us), when, names)
        whole = (start_us, start_us + item.length_us)
        for name in names:
            own = [one for one in after[name] if one.item_id == item.item_id]
            rest = tuple(one for one in after[name] if one.item_id != item.item_id)
            if [(one.from_us, one.until_us) for one in own] != [whole] or rest != before[name]:
                return False
        return True

    until_us = free_us if free_us is not None else item.start_us + 6 * 3_600_000_000
    earlier = list(range(item.start_us, until_us, QUARTER_US))[:12]
    if names:
        assert free_us is None or fits(free_us)
        assert not any(fits(start_us) for start_us in earlier)
    else:
        assert free_us is None


def cancelled(schedule: Schedule, item: Item) -> Schedule:
    return replace(schedule, series=with_change(schedule.series, Cancelled(item.original)))


def test_appending_asks_for_what_is_planned_already_as_if_it_were_not() -> None:
    new = once("new", "05:00")
    world = station(new, once("other", "05:00", rank=1))
    assert isinstance(outcomes(world)["new"], Played)
    assert next_free(world, new, lines(world)["new"].item) == instant("05:10")
