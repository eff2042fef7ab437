"""Who hears alike: what the same is addressed to, under the same guards and with the same turn, hears the same."""

from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from schedules.guards import Guards, along
from schedules.rundown.book import Key, area_key, group_key, keys_of, speaker_key
from schedules.rundown.steps import Step
from schedules.schedule import Place, Schedule, World

FARTHEST: Final = timedelta(days=32)
"""Items that sound over midnight tie days together, so far at most, whatever they do."""


@dataclass(frozen=True, slots=True)
class Listener:
    """What speakers that hear alike have in common.

    ``keys`` are all that something is addressed to and that they belong to, from the widest area down; ``guards`` is
    the number of what holds for them. Where either differs from day to day ``area_id`` and ``own`` are set, and say
    whom to ask about.
    """

    keys: tuple[Key, ...]
    guards: int
    stagger_us: int
    area_id: str = ""
    own: Guards | None = None


class Listeners:
    """The speakers of a world as listeners, for the days of a window and as many beside it as may matter."""

    def __init__(self, world: World, window: tuple[date, ...]) -> None:
        self._world = world
        first, last = window[0] - FARTHEST, window[-1] + FARTHEST
        self._eras = (first, *world.tree.turns(first, last))
        self._addressed: dict[Key, int] = {}
        self._count(world.schedules, 1)
        self._numbers: dict[Guards, int] = {}
        self._guards: list[Guards] = []
        self._guards_at: dict[tuple[tuple[str, ...], Guards], int] = {}
        self._steady: dict[str, tuple[str, ...] | None] = {}
        self._later: dict[tuple[Listener, date], tuple[tuple[Key, ...], int]] = {}
        self._of: dict[str, Listener] = {}
        self._belonging: dict[Key, list[Place]] = {}
        for place in world.places:
            self._of[place.speaker_id] = self._listener(place)
            for key in self._all_keys(place):
                self._belonging.setdefault(key, []).append(place)

    def of(self, speaker_id: str) -> Listener:
        """Raises `KeyError`."""
        return self._of[speaker_id]

    def all(self) -> dict[str, Listener]:
        """By speaker."""
        return self._of

    def belonging(self, keys: Iterable[Key]) -> dict[str, Place]:
        """The speakers to whom something for one of these is addressed."""
        return {place.speaker_id: place for key in keys for place in self._belonging.get(key, ())}

    def hearing(self, one: Schedule, other: Schedule) -> dict[str, Place]:
        """The speakers to whom both are addressed."""
        few, many = sorted((keys_of(one.target), keys_of(other.target)), key=self._counted)
        wanted = set(many)
        return {name: place for name, place in self.belonging(few).items() if wanted & self._all_keys(place)}

    def _counted(self, keys: Iterable[Key]) -> int:
        return sum(len(self._belonging.get(key, ())) for key in keys)

    def keys_ever(self, listener: Listener) -> frozenset[Key]:
        """What they belong to on any day."""
        if not listener.area_id:
            return frozenset(listener.keys)
        tree = self._world.tree
        areas = {one for day in self._eras for one in tree.path_on(listener.area_id, day)}
        return frozenset({*listener.keys, *map(area_key, areas)})

    def keys_on(self, listener: Listener, day: date) -> tuple[Key, ...]:
        """What they belong to on a day."""
        return self._on(listener, day)[0] if listener.area_id else listener.keys

    def guards_on(self, listener: Listener, day: date) -> int:
        """The number of the guards that hold on a day."""
        return self._on(listener, day)[1] if listener.area_id else listener.guards

    def guards_named(self, number: int) -> Guards:
        """What a number stands for."""
        return self._guards[number]

    def changed(self, world: World, step: Step) -> "Listeners":
        """Those of the next world."""
        made = copy(self)
        made._world, made._addressed, made._of = world, dict(self._addressed), dict(self._of)
        made._count(step.gone, -1)
        made._count(step.come, 1)
        stale = {key for key in step.addressed() if (key in self._addressed) != (key in made._addressed)}
        if step.guarded:
            stale.update(map(area_key, step.guarded))
            kept = self._guards_at.items()
            made._guards_at = {which: number for which, number in kept if step.guarded.isdisjoint(which[0])}
            made._later = {}
        if step.left or step.joined:
            made._move(step.left, step.joined)
        for speaker_id, place in (made.belonging(stale) | {one.speaker_id: one for one in step.joined}).items():
            made._of[speaker_id] = made._listener(place)
        return made

    def _move(self, left: Iterable[Place], joined: Iterable[Place]) -> None:
        """Those who left belong to nothing any more, those who joined to what they do now."""
        self._belonging = dict(self._belonging)
        for place in left:
            del self._of[place.speaker_id]
            for key in self._all_keys(place):
                there = self._belonging[key]
                self._belonging[key] = [one for one in there if one.speaker_id != place.speaker_id]
        for place in joined:
            for key in self._all_keys(place):
                self._belonging[key] = [*self._belonging.get(key, ()), place]

    def _count(self, schedules: Iterable[Schedule], by: int) -> None:
        for schedule in schedules:
            for key in keys_of(schedule.target):
                count = self._addressed.get(key, 0) + by
                if count:
                    self._addressed[key] = count
                else:
                    del self._addressed[key]

    def _listener(self, place: Place) -> Listener:
        path = self._path(place.area_id)
        others = (*map(group_key, place.groups), speaker_key(place.speaker_id))
        own = tuple(key for key in others if key in self._addressed)
        if path is None:
            return Listener(own, -1, place.stagger_us, place.area_id, place.guards)
        areas = tuple(key for key in map(area_key, path) if key in self._addressed)
        return Listener((*areas, *own), self._number_at(path, place.guards), place.stagger_us)

    def _path(self, area_id: str) -> tuple[str, ...] | None:
        """From the widest area down, where it is the same on all days."""
        if area_id not in self._steady:
            paths = {self._world.tree.path_on(area_id, day) for day in self._eras}
            self._steady[area_id] = next(iter(paths)) if len(paths) == 1 else None
        return self._steady[area_id]

    def _all_keys(self, place: Place) -> set[Key]:
        tree = self._world.tree
        path = self._path(place.area_id)
        areas = (
            set(path) if path is not None else {one for day in self._eras for one in tree.path_on(place.area_id, day)}
        )
        return {*map(area_key, areas), *map(group_key, place.groups), speaker_key(place.speaker_id)}

    def _number_at(self, path: tuple[str, ...], own: Guards) -> int:
        guarded = tuple(area_id for area_id in path if area_id in self._world.guards)
        number = self._guards_at.get((guarded, own))
        if number is None:
            guards = along(self._world.guards, guarded, own)
            number = self._numbers.setdefault(guards, len(self._numbers))
            if number == len(self._guards):
                self._guards.append(guards)
            self._guards_at[guarded, own] = number
        return number

    def _on(self, listener: Listener, day: date) -> tuple[tuple[Key, ...], int]:
        found = self._later.get((listener, day))
        if found is None:
            path = self._world.tree.path_on(listener.area_id, day)
            areas = tuple(map(area_key, path))
            found = (*areas, *listener.keys), self._number_at(path, listener.own or Guards())
            self._later[listener, day] = found
        return found
