"""The compiler of the next world, made of the last one, is one like new; and it names whom the change reaches."""

import random
from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from schedules.recurrence.rule import Cancelled
from schedules.recurrence.series import dues
from schedules.rundown.compile import Compiler, changed
from schedules.rundown.items import Days
from schedules.rundown.values import Segment
from schedules.schedule import World
from tests.schedules.rundown.worlds import DAY, DAYS, When, seeds, whens, worlds

PARTS = (
    "schedules",
    "schedules",
    "schedules",
    "schedule",
    "schedule",
    "contents",
    "guards",
    "places",
    "choices",
    "holidays",
    "place",
    "tree",
)


def stepped(world: World, other: World, chance: random.Random, when: When) -> World:
    """``world`` with something of another one of the same days."""
    part = chance.choice(PARTS)
    match part:
        case "schedules":
            mine = [one for one in world.schedules if chance.random() < 0.8]
            kept = {one.schedule_id for one in mine}
            more = [one for one in other.schedules if one.schedule_id not in kept and chance.random() < 0.4]
            return replace(world, schedules=(*mine, *more))
        case "schedule" if world.schedules:
            one = chance.choice(world.schedules)
            found = dues(one.series, when.us(0, "00:00"), when.us(DAYS, "00:00"), frozenset())
            if found and chance.random() < 0.5:
                series = replace(one.series, changes=(Cancelled(chance.choice(found).original),))
                later = replace(one, series=series)
            else:
                later = replace(
                    one, rank=one.rank + 1, needs_approval=False, target=chance.choice(world.schedules).target
                )
            return replace(world, schedules=tuple(later if each is one else each for each in world.schedules))
        case "tree":
            # Both were made for the same day: every place of the one stands in the other.
            return replace(world, tree=other.tree, places=other.places)
        case "place" if world.places:
            one = chance.choice(world.places)
            later = replace(one, stagger_us=chance.choice((0, 7, 900)) * 1_000_000, groups=chance.choice(((), ("g1",))))
            return replace(world, places=tuple(later if each is one else each for each in world.places))
        case "places":
            there = tuple(one for one in other.places if one.area_id in world.tree)
            return replace(world, places=there)
        case _:
            return replace(world, **{part: getattr(other, part)}) if part not in ("schedule", "place") else world


def differing(before: dict[str, tuple[Segment, ...]], after: dict[str, tuple[Segment, ...]]) -> set[str]:
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.data())
def test_a_compiler_made_of_the_last_one_is_one_like_new_and_names_whom_the_change_reaches(
    data: st.DataObject,
) -> None:
    when = data.draw(whens)
    world, other = data.draw(worlds(when)), data.draw(worlds(when))
    chance = random.Random(data.draw(seeds))
    compiler = Compiler(world, when.first, DAYS)
    for _ in range(chance.randint(1, 4)):
        before = Compiler(world, when.first, DAYS).full()
        if chance.random() < 0.5:
            compiler.full()
        world = stepped(world, other, chance, when)
        compiler, reached = changed(compiler, world)
        fresh = Compiler(world, when.first, DAYS)
        after = fresh.full()
        assert reached == differing(before, after)
        assert compiler.full() == after
        for place in world.places:
            assert compiler.lines(place.speaker_id) == fresh.lines(place.speaker_id)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.data())
def test_the_window_may_go_on_by_days_with_the_world(data: st.DataObject) -> None:
    when = data.draw(whens)
    world, other = data.draw(worlds(when)), data.draw(worlds(when))
    later = when.first + timedelta(days=data.draw(st.integers(1, 2)))
    next_world = stepped(world, other, random.Random(data.draw(seeds)), when)
    compiler, reached = changed(Compiler(world, when.first, DAYS), next_world, later)
    fresh = Compiler(next_world, later, DAYS)
    assert reached == differing(Compiler(world, when.first, DAYS).full(), fresh.full())
    assert compiler.full() == fresh.full()
    assert compiler.window == tuple(later + number * DAY for number in range(DAYS))
    assert Days(when.zone).named(later, DAYS) == compiler.window
