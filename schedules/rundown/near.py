"""The part of a world that matters to some speakers: a question about one pole needs not the whole country."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

from schedules.rundown.book import Key, area_key, group_key, keys_of, speaker_key
from schedules.schedule import Place, Schedule, Target, World


def reached(world: World, target: Target, days: Iterable[date]) -> tuple[Place, ...]:
    """The speakers to which something with this target is addressed on one of the days."""
    wanted = set(keys_of(target))
    among = tuple(days)
    return tuple(place for place in world.places if not wanted.isdisjoint(keys_near(world, place, among)))


def keys_near(world: World, place: Place, days: Iterable[date]) -> frozenset[Key]:
    """All that a speaker belongs to on these days, what it belonged to before areas were merged included."""
    tree = world.tree
    keys = {speaker_key(place.speaker_id), *map(group_key, place.groups)}
    for day in days:
        keys.update(map(area_key, tree.path_on(place.area_id, day)))
        keys.update(map(area_key, tree.former_on(place.area_id, day)))
    return frozenset(keys)


def narrowed(world: World, places: Iterable[Place], first: date, days: int) -> World:
    """The world of these speakers alone: for them it says, from ``first`` on for so many days, what the whole does."""
    kept = tuple(places)
    near = tuple(first + timedelta(days=number) for number in range(-1, days + 1))
    keys: set[Key] = set()
    for place in {(one.area_id, one.groups): one for one in kept}.values():
        keys |= keys_near(world, place, near)
    keys.update(speaker_key(place.speaker_id) for place in kept)
    schedules = tuple(one for one in world.schedules if not keys.isdisjoint(keys_of(one.target)))
    return replace(world, places=kept, schedules=schedules)


def planned_with(world: World, schedule: Schedule) -> World:
    """The world with this schedule in the place of the one of its id, or added to it."""
    others = tuple(one for one in world.schedules if one.schedule_id != schedule.schedule_id)
    return replace(world, schedules=(*others, schedule))


def alike(world: World, places: Iterable[Place]) -> list[list[Place]]:
    """Places that hear the same, together: one of each needs to be asked. ``world`` has no schedules but theirs."""
    named = frozenset(one for schedule in world.schedules for one in schedule.target.speakers)
    found: dict[object, list[Place]] = {}
    for place in places:
        alone = place.speaker_id if place.speaker_id in named else ""
        found.setdefault((place.area_id, place.groups, place.guards, place.stagger_us, alone), []).append(place)
    return list(found.values())
