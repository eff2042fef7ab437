"""Laws of the order: the same input gives the same rundown in whatever order it comes; two windows agree where they
meet; what comes later in the order changes nothing of what comes before.
"""

import random
from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from hypothesis import given, settings
from hypothesis import strategies as st

from schedules.areas import AreaTree
from schedules.rundown.compile import Compiler
from schedules.rundown.items import Days
from schedules.rundown.values import Line, Played
from schedules.schedule import World
from tests.schedules.rundown.worlds import DAY, DAYS, seeds, whens, worlds

_T = TypeVar("_T")
laws = settings(max_examples=100, deadline=None, derandomize=True)


def shuffled(world: World, seed: int) -> World:
    """The same world, told in another order."""
    chance = random.Random(seed)

    def mixed(values: Iterable[_T]) -> list[_T]:
        given_values = list(values)
        return chance.sample(given_values, len(given_values))

    return replace(
        world,
        tree=AreaTree(mixed(world.tree)),
        schedules=tuple(
            replace(
                one,
                target=replace(
                    one.target,
                    areas=tuple(mixed(one.target.areas)),
                    groups=tuple(mixed(one.target.groups)),
                    speakers=tuple(mixed(one.target.speakers)),
                ),
                series=replace(one.series, changes=tuple(mixed(one.series.changes))),
            )
            for one in mixed(world.schedules)
        ),
        contents=dict(mixed(world.contents.items())),
        places=tuple(replace(one, groups=tuple(mixed(one.groups))) for one in mixed(world.places)),
        guards=dict(mixed(world.guards.items())),
        choices=frozenset(mixed(world.choices)),
        holidays=frozenset(mixed(world.holidays)),
    )


def lines_of(compiler: Compiler) -> dict[str, tuple[Line, ...]]:
    return {place.speaker_id: compiler.lines(place.speaker_id) for place in compiler.world.places}


@laws
@given(st.data())
def test_the_order_in_which_a_world_is_told_and_asked_plays_no_part(data: st.DataObject) -> None:
    when = data.draw(whens)
    world = data.draw(worlds(when))
    compiler = Compiler(world, when.first, DAYS)
    other = Compiler(shuffled(world, data.draw(seeds)), when.first, DAYS)
    timelines = compiler.full()
    lines = lines_of(other)
    assert lines == lines_of(compiler)
    assert other.full() == timelines == compiler.full()


@laws
@given(st.data())
def test_two_windows_agree_where_they_meet(data: st.DataObject) -> None:
    when = data.draw(whens)
    long = data.draw(st.booleans())
    world = data.draw(worlds(when, long=long, chosen=not long))
    days = data.draw(st.integers(2, 4))
    first = data.draw(st.integers(1, days - 1))
    middle = when.first + first * DAY
    whole = Compiler(world, when.first, days)
    early, late = Compiler(world, when.first, first), Compiler(world, middle, days - first)
    for place in world.places:
        name = place.speaker_id
        assert whole.lines(name) == early.lines(name) + late.lines(name)
        together = [*early.timeline(name), *late.timeline(name)]
        assert whole.timeline(name) == tuple(sorted(together, key=lambda segment: segment.from_us))


@laws
@given(st.data())
def test_one_schedule_more_changes_nothing_of_what_goes_before_it(data: st.DataObject) -> None:
    when = data.draw(whens)
    world = data.draw(worlds(when, chosen=False))
    added = data.draw(st.sampled_from(world.schedules))
    without = replace(world, schedules=tuple(one for one in world.schedules if one is not added))
    before, after = Compiler(without, when.first - DAY, DAYS + 2), Compiler(world, when.first - DAY, DAYS + 2)
    for place in world.places:
        old, new = before.lines(place.speaker_id), after.lines(place.speaker_id)
        own = [line for line in new if line.item.schedule_id == added.schedule_id]
        rest = [line for line in new if line.item.schedule_id != added.schedule_id]
        assert [line.item for line in rest] == [line.item for line in old]
        least = min((line.item.order[:4] for line in own), default=None)
        assert all(one == other for one, other in zip(old, rest, strict=True) if not least or one.item.order < least)


@laws
@given(st.data())
def test_what_is_not_heard_changes_nothing_of_what_is(data: st.DataObject) -> None:
    when = data.draw(whens)
    world = data.draw(worlds(when))
    compiler = Compiler(world, when.first - 3 * DAY, DAYS + 6)
    heard = {
        compiler.item(segment.item_id).schedule_id for timeline in compiler.full().values() for segment in timeline
    }
    named = {name for choice in world.choices for name in (choice.first, choice.second)}
    zone = Days(world.zone)
    kept = tuple(one for one in world.schedules if one.schedule_id in heard | named)
    again = Compiler(replace(world, schedules=kept), when.first, DAYS)
    for place in world.places:
        window = [line for line in compiler.lines(place.speaker_id) if isinstance(line.outcome, Played)]
        near = [line for line in window if when.first <= zone.of(line.item.start_us) < when.first + DAYS * DAY]
        assert [line for line in again.lines(place.speaker_id) if isinstance(line.outcome, Played)] == near
