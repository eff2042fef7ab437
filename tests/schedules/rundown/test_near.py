"""A part of a world says of its speakers what the whole does."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from schedules.areas import Area, AreaTree
from schedules.guards import Guards
from schedules.rundown.compile import Compiler
from schedules.rundown.near import alike, narrowed, planned_with, reached
from schedules.schedule import Place, Target
from tests.schedules.rundown.stations import COMMUNE, MONDAY, PROVINCE, daily, station
from tests.schedules.rundown.worlds import DAYS, whens, worlds


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.data())
def test_the_world_of_some_speakers_says_of_them_what_the_whole_does(data: st.DataObject) -> None:
    when = data.draw(whens)
    world = data.draw(worlds(when))
    kept = data.draw(st.lists(st.sampled_from(world.places), unique=True, max_size=2))
    whole = Compiler(world, when.first, DAYS)
    part = Compiler(narrowed(world, kept, when.first, DAYS), when.first, DAYS)
    assert part.full().keys() == {place.speaker_id for place in kept}
    for place in kept:
        assert part.timeline(place.speaker_id) == whole.timeline(place.speaker_id)
        assert part.lines(place.speaker_id) == whole.lines(place.speaker_id)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.data())
def test_who_is_reached_is_who_has_a_line(data: st.DataObject) -> None:
    when = data.draw(whens)
    world = data.draw(worlds(when))
    compiler = Compiler(world, when.first, DAYS)
    for schedule in world.schedules:
        told = {
            place.speaker_id
            for place in world.places
            for line in compiler.lines(place.speaker_id)
            if line.item.schedule_id == schedule.schedule_id
        }
        assert told <= {place.speaker_id for place in reached(world, schedule.target, compiler.window)}


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.data())
def test_whoever_is_alike_hears_the_same(data: st.DataObject) -> None:
    when = data.draw(whens)
    world = data.draw(worlds(when))
    compiler = Compiler(world, when.first, DAYS)
    together = alike(world, world.places)
    assert sorted(one.speaker_id for each in together for one in each) == [one.speaker_id for one in world.places]
    for first, *others in together:
        for one in others:
            assert compiler.lines(one.speaker_id) == compiler.lines(first.speaker_id)


def test_who_stands_in_villages_for_which_nothing_is_planned_hears_what_the_commune_does() -> None:
    areas = [Area(area_id=COMMUNE, parent_id=None, level="commune", name="Xã")]
    areas += [Area(area_id=one, parent_id=COMMUNE, level="village", name=one) for one in ("a", "b", "c", "d")]
    places = tuple(Place(speaker_id=f"s{one}", area_id=one, groups=(f"g{one}",)) for one in "abcd")
    village = daily("village", "06:00", target=Target(areas=("c",)))
    world = station(daily("news", "05:00"), village, tree=AreaTree(areas), places=places)
    world = replace(world, guards={"d": Guards(slots_a_day=1)})
    assert alike(world, places) == [[places[0], places[1]], [places[2]], [places[3]]]


def test_what_reaches_none_of_them_is_left_out() -> None:
    places = [Place(speaker_id="s", area_id=COMMUNE, groups=("g",)), Place(speaker_id="t", area_id=PROVINCE)]
    wide, own = daily("wide", "05:00", target=Target(areas=(PROVINCE,))), daily("own", "05:00")
    group, named = (
        daily("g", "05:00", target=Target(groups=("g",))),
        daily("t", "05:00", target=Target(speakers=("t",))),
    )
    world = station(wide, own, group, named, places=places)
    assert narrowed(world, places[1:], MONDAY, 1).schedules == (wide, named)
    assert narrowed(world, places[:1], MONDAY, 1).schedules == (wide, own, group)
    assert reached(world, own.target, [MONDAY]) == (places[0],)
    assert reached(world, Target(areas=(PROVINCE,)), [MONDAY + timedelta(days=1)]) == tuple(places)
    assert reached(world, Target(), [MONDAY]) == ()


def test_a_schedule_takes_the_place_of_the_one_of_its_id() -> None:
    news, song = daily("news", "05:00"), daily("song", "06:00")
    world = station(news, song)
    assert planned_with(world, replace(news, rank=3)).schedules == (song, replace(news, rank=3))
    assert planned_with(world, daily("more", "07:00")).schedules[:2] == (news, song)
