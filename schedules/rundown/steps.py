"""From one world to the next: what differs, and whom it can concern. Nothing else need be decided anew."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from schedules.guards import NO_GUARDS, Guards
from schedules.recurrence.rule import Changed, OnHoliday
from schedules.rundown.book import Key, area_key, keys_of
from schedules.rundown.choices import deciding
from schedules.schedule import Content, Overrun, Place, Schedule, World

_One = TypeVar("_One")


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """``gone`` are schedules that are no more, or not as they were, ``come`` those that are new, or as they are now;
    ``chosen`` pairs between which something else is chosen, which concerns whoever hears both. ``guarded`` are areas
    with other guards than before. ``left`` are speakers that are no more, or not as they were, ``joined`` those that
    are new, or as they are now.
    """

    gone: tuple[Schedule, ...] = ()
    come: tuple[Schedule, ...] = ()
    chosen: tuple[tuple[Schedule, Schedule], ...] = ()
    guarded: frozenset[str] = frozenset()
    left: tuple[Place, ...] = ()
    joined: tuple[Place, ...] = ()

    def addressed(self) -> set[Key]:
        """To whom the schedules are addressed that came or went."""
        return {key for schedule in (*self.gone, *self.come) for key in keys_of(schedule.target)}

    def keys(self) -> set[Key]:
        """Whoever belongs to none of these, hears none of the pairs, and did not leave or join, plays on as before."""
        return self.addressed().union(map(area_key, self.guarded))


def step(old: World, new: World) -> Step | None:
    """How ``new`` differs; None where it is so much that all is to be decided anew: another zone or tree of areas, or
    the first or last schedule that pushes others back.
    """
    if new.zone != old.zone or new.tree is not old.tree or soft(new) != soft(old):
        return None
    gone, come = _schedules(old, new)
    left, joined = _places(old.places, new.places)
    return Step(
        gone=gone,
        come=come,
        chosen=_chosen(old, new),
        guarded=_guarded(old.guards, new.guards),
        left=left,
        joined=joined,
    )


def soft(world: World) -> bool:
    """Whether anything can be pushed back."""
    return any(schedule.overrun is Overrun.PUSH_BACK for schedule in world.schedules)


def _schedules(old: World, new: World) -> tuple[tuple[Schedule, ...], tuple[Schedule, ...]]:
    """One of which the content is another, or that heeds holidays when these are others, counts as another."""
    contents, holidays = _contents(old.contents, new.contents), old.holidays != new.holidays
    if not contents and not holidays:
        return _differing(old.schedules, new.schedules, _schedule_id)
    before = {schedule.schedule_id: schedule for schedule in old.schedules}
    after = {schedule.schedule_id: schedule for schedule in new.schedules}

    def same(one: Schedule, was: Schedule | None) -> bool:
        if was is not one and was != one:
            return False
        if holidays and one.series.rule.on_holiday is not OnHoliday.PLAY:
            return False
        return not contents or contents.isdisjoint(_heard(one))

    kept = {name for name, one in after.items() if same(one, before.get(name))}
    gone = tuple(one for name, one in before.items() if name not in kept)
    return gone, tuple(one for name, one in after.items() if name not in kept)


def _contents(old: dict[str, Content], new: dict[str, Content]) -> set[str]:
    if old is new or old == new:
        return set()
    return {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}


def _heard(schedule: Schedule) -> set[str]:
    changes = schedule.series.changes
    replaced = {one.content_id for one in changes if isinstance(one, Changed) and one.content_id is not None}
    return {schedule.content_id, *replaced}


def _chosen(old: World, new: World) -> tuple[tuple[Schedule, Schedule], ...]:
    """Between schedules that are there: for others nothing was to be chosen, or they come or go."""
    if old.choices == new.choices:
        return ()
    there = {one.schedule_id: one for one in (*old.schedules, *new.schedules)}
    others = deciding(old.choices) ^ deciding(new.choices)
    return tuple((there[one.first], there[one.second]) for one in others if one.first in there and one.second in there)


def _guarded(old: dict[str, Guards], new: dict[str, Guards]) -> frozenset[str]:
    if old is new or old == new:
        return frozenset()
    areas = old.keys() | new.keys()
    return frozenset(one for one in areas if old.get(one, NO_GUARDS) != new.get(one, NO_GUARDS))


def _places(old: tuple[Place, ...], new: tuple[Place, ...]) -> tuple[tuple[Place, ...], tuple[Place, ...]]:
    return _differing(old, new, _speaker_id)


def _differing(
    old: tuple[_One, ...], new: tuple[_One, ...], name_of: Callable[[_One], str]
) -> tuple[tuple[_One, ...], tuple[_One, ...]]:
    """Those that are no more, or not as they were, and those that are new, or as they are now. Mostly each stands where
    it stood, and is the same object.
    """
    others = [(was, one) for was, one in zip(old, new, strict=False) if was is not one]
    if len(old) == len(new) and all(name_of(was) == name_of(one) for was, one in others):
        others = [(was, one) for was, one in others if was != one]
        return tuple(was for was, _ in others), tuple(one for _, one in others)
    before, after = {name_of(one): one for one in old}, {name_of(one): one for one in new}
    gone = tuple(one for name, one in before.items() if after.get(name) != one)
    return gone, tuple(one for name, one in after.items() if before.get(name) != one)


def _schedule_id(schedule: Schedule) -> str:
    return schedule.schedule_id


def _speaker_id(place: Place) -> str:
    return place.speaker_id
