"""The part of a world that matters to some speakers: a question about one pole needs not the whole country."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from schedules.areas import AreaTree
from schedules.rundown.book import Key, area_key, group_key, keys_of, speaker_key
from schedules.schedule import Place, Schedule, Target, World

_MOST_TURNS: Final = 8


def reached(world: World, target: Target, days: Iterable[date]) -> tuple[Place, ...]:
    """The speakers to which something with this target is addressed on one of the days."""
    areas, groups, speakers = frozenset(target.areas), frozenset(target.groups), frozenset(target.speakers)
    among = eras(world.tree, days)
    stands: dict[str, bool] = {}

    def hears(place: Place) -> bool:
        if place.speaker_id in speakers or not groups.isdisjoint(place.groups):
            return True
        found = stands.get(place.area_id)
        if found is None:
            near = areas_near(world.tree, place.area_id, among) if areas else frozenset()
            found = stands[place.area_id] = not areas.isdisjoint(near)
        return found

    return tuple(filter(hears, world.places))


def eras(tree: AreaTree, days: Iterable[date]) -> tuple[date, ...]:
    """Of these days the first, and each from which on speakers stand in other areas than on the one before: the others
    are alike.
    """
    kept: list[date] = []
    for day in sorted(set(days)):
        if not kept or tree.turns(kept[-1], day):
            kept.append(day)
    return tuple(kept)


def areas_near(tree: AreaTree, area_id: str, days: Iterable[date]) -> frozenset[str]:
    """In which areas something stands on these days, and stood before they were merged."""
    return frozenset(one for day in days for one in (*tree.path_on(area_id, day), *tree.former_on(area_id, day)))


def belonging(world: World, places: Iterable[Place], days: Iterable[date]) -> dict[Key, set[str]]:
    """To whom of these speakers something is addressed by each key on one of the days, or was before areas were
    merged.
    """
    among = eras(world.tree, days)
    of_area: dict[str, tuple[Key, ...]] = {}
    found: dict[Key, set[str]] = {}
    for place in places:
        keys = of_area.get(place.area_id)
        if keys is None:
            keys = of_area[place.area_id] = tuple(map(area_key, areas_near(world.tree, place.area_id, among)))
        for key in (*keys, *map(group_key, place.groups), speaker_key(place.speaker_id)):
            found.setdefault(key, set()).add(place.speaker_id)
    return found


def narrowed(world: World, places: Iterable[Place], first: date, days: int) -> World:
    """The world of these speakers alone: for them it says, from ``first`` on for so many days, what the whole does."""
    kept = tuple(places)
    keys = belonging(world, kept, (first + timedelta(days=number) for number in range(-1, days + 1))).keys()
    schedules = tuple(one for one in world.schedules if not keys.isdisjoint(keys_of(one.target)))
    return replace(world, places=kept, schedules=schedules)


def planned_with(world: World, schedule: Schedule) -> World:
    """The world with this schedule in the place of the one of its id, or added to it."""
    others = tuple(one for one in world.schedules if one.schedule_id != schedule.schedule_id)
    return replace(world, schedules=(*others, schedule))


def alike(world: World, places: Iterable[Place]) -> list[list[Place]]:
    """Places that hear the same, together: one of each needs to be asked. ``world`` has no schedules but theirs."""
    targets = [schedule.target for schedule in world.schedules]
    speakers = frozenset(one for target in targets for one in target.speakers)
    groups = frozenset(one for target in targets for one in target.groups)
    meant = frozenset(one for target in targets for one in target.areas).union(world.guards)
    stands: dict[str, object] = {}
    found: dict[object, list[Place]] = {}
    for place in places:
        if place.area_id not in stands:
            stands[place.area_id] = _stands(world.tree, place.area_id, meant)
        alone = place.speaker_id if place.speaker_id in speakers else ""
        among = groups.intersection(place.groups)
        which = stands[place.area_id], among, place.guards, place.stagger_us, alone
        found.setdefault(which, []).append(place)
    return list(found.values())


def _stands(tree: AreaTree, area_id: str, meant: frozenset[str]) -> object:
    """What of these areas something stands in, or stood in before they were merged, on every day; where areas changed
    often, just where it stands.
    """
    turns = tree.turns(date.min, date.max)
    if len(turns) > _MOST_TURNS:
        return area_id
    return tuple(
        (meant.intersection(tree.path_on(area_id, day)), meant.intersection(tree.former_on(area_id, day)))
        for day in (date.min, *turns)
    )
