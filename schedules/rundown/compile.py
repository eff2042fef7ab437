"""Rundowns of all speakers, in steps that are kept: occurrences by address and day, days decided once for all speakers
that hear and may hear the same, timelines put together.

`Compiler` answers for one world and one window of days; `changed` makes the one for the next world out of it and does
again only what the change touches. What is kept only makes answers quicker: no
question changes the answer to another.
"""

from bisect import bisect_left
from collections.abc import Iterable
from copy import copy
from datetime import date, timedelta
from typing import Final

from schedules.guards import NO_GUARDS, Guards, along, forbidden
from schedules.rundown.blocks import Block, Speaker
from schedules.rundown.book import Book, Key, area_key, group_key, keys_of, speaker_key
from schedules.rundown.items import by_order
from schedules.rundown.place import Air, Limits, allowed, place_all, segments_of
from schedules.rundown.values import Item, Line, Refused, RefusedFor, Segment
from schedules.schedule import Overrun, Place, Schedule, World

_ONE_DAY: Final = timedelta(days=1)
_MINUTE_US: Final = 60_000_000
Timeline = tuple[Segment, ...]
_Sort = tuple[str, tuple[str, ...], int, int, str]
"""What makes two speakers alike: area, groups, guards, stagger, and its id where something is addressed to it alone."""


def _order(item: Item) -> tuple[int, int, int, str, int]:
    return item.order


class Compiler:
    """Rundowns of a world for ``days`` days of its zone from ``first`` on. Raises `KeyError` for unknown ids."""

    def __init__(self, world: World, first: date, days: int) -> None:
        self.world = world
        self.window = tuple(first + number * _ONE_DAY for number in range(days))
        self._book = Book(world, first, days)
        self._places = {place.speaker_id: place for place in world.places}
        self._named = frozenset(one for schedule in world.schedules for one in schedule.target.speakers)
        self._guards: dict[Guards, int] = {}
        self._guards_at: dict[tuple[tuple[Key, ...], Guards], int] = {}
        self._named_guards: list[Guards] = []
        self._limits: dict[tuple[int, int, date], Limits] = {}
        self._keys: dict[tuple[str, date], tuple[Key, ...]] = {}
        self._allowed: dict[tuple[date, Key, int, int], list[Item]] = {}
        self._decided: dict[tuple[date, tuple[Key, ...], int, int], tuple[Segment, ...]] = {}
        self._timelines: dict[_Sort, Timeline] = {}
        self._sorts: dict[_Sort, list[Place]] = {}
        self._by_key: dict[Key, set[_Sort]] = {}
        for place in world.places:
            self._sorts.setdefault(self._sort(place), []).append(place)
        for sort, places in self._sorts.items():
            for key in {key for day in self.window for key in self._keys_on(places[0], day)}:
                self._by_key.setdefault(key, set()).add(sort)

    # --- what is asked ----------------------------------------------------------------------------------------------

    def item(self, item_id: str) -> Item:
        """One item of the window."""
        return self._book.items[item_id]

    def timeline(self, speaker_id: str) -> Timeline:
        """What this speaker plays of the items that begin in the window, by time. Stretches never overlap."""
        place = self._places[speaker_id]
        sort = self._sort(place)
        found = self._timelines.get(sort)
        if found is None:
            found = self._timelines[sort] = self._put_together(place)
        return found

    def full(self) -> dict[str, Timeline]:
        """Of every speaker. Speakers that are alike share theirs."""
        return {
            place.speaker_id: timeline
            for places in self._sorts.values()
            for timeline in (self.timeline(places[0].speaker_id),)
            for place in places
        }

    def lines(self, speaker_id: str) -> tuple[Line, ...]:
        """Every item that begins in the window and is addressed to this speaker, with what becomes of it, by time."""
        place = self._places[speaker_id]
        lines: list[Line] = []
        for block in self._speaker(place).blocks(self.window):
            items = self._all_items(place, block)
            wanted = set(block.days)
            placed = place_all(items, self._air(place, block))
            lines.extend(line for line in placed if self._book.days.of(line.item.start_us) in wanted)
        lines.extend(self._lost(place))
        return tuple(sorted(lines, key=lambda line: (line.item.start_us, line.item.order)))

    def guards_of(self, speaker_id: str, day: date) -> Guards:
        """What holds for a speaker on a day."""
        place = self._places[speaker_id]
        return along(self.world.guards, self.world.tree.path_on(place.area_id, day), place.guards)

    # --- one speaker ------------------------------------------------------------------------------------------------

    def _sort(self, place: Place) -> _Sort:
        alone = place.speaker_id if place.speaker_id in self._named else ""
        return place.area_id, place.groups, self._number(place.guards), place.stagger_us, alone

    def _number(self, guards: Guards) -> int:
        """A short name for guards: they are compared often, and are long."""
        number = self._guards.setdefault(guards, len(self._guards))
        if number == len(self._named_guards):
            self._named_guards.append(guards)
        return number

    def _put_together(self, place: Place) -> Timeline:
        segments: list[Segment] = []
        for block in self._speaker(place).blocks(self.window):
            segments.extend(self._block(place, block))
        segments.sort(key=lambda segment: segment.from_us)
        return tuple(segments)

    def _speaker(self, place: Place) -> Speaker:
        return Speaker(
            self._book, lambda day: self._keys_on(place, day), lambda day: self._limits_on(place, day).over_midnight_us
        )

    def _keys_on(self, place: Place, day: date) -> tuple[Key, ...]:
        keys = self._keys.get((place.area_id, day))
        if keys is None:
            keys = tuple(area_key(area_id) for area_id in self.world.tree.path_on(place.area_id, day))
            self._keys[place.area_id, day] = keys
        if place.groups:
            keys = (*keys, *(group_key(group_id) for group_id in place.groups))
        if place.speaker_id in self._named:
            keys = (*keys, speaker_key(place.speaker_id))
        return keys

    def _block(self, place: Place, block: Block) -> Iterable[Segment]:
        if len(block.days) > 1 or block.beside:
            items = [item for item in self._all_items(place, block) if item.why_not is None]
            wanted = set(block.days)
            sounding = segments_of(items, self._air(place, block))
            day_of, items_by_id = self._book.days.of, self._book.items
            return [one for one in sounding if day_of(items_by_id[one.item_id].start_us) in wanted]
        day = block.days[0]
        live = self._book.pages[day].live
        keys = tuple(key for key in self._keys_on(place, day) if key in live)
        if not keys:
            return ()
        which = (day, keys, self._guards_on(place, day), place.stagger_us)
        found = self._decided.get(which)
        if found is None:
            items = self._candidates(place, day, keys)
            found = tuple(segments_of(items, self._air(place, block), day))
            self._decided[which] = found
        return found

    def _candidates(self, place: Place, day: date, keys: tuple[Key, ...]) -> list[Item]:
        """What may be heard on one day: of the widest area, which most is addressed to, once for all in it."""
        live, limits = self._book.pages[day].live, self._limits_on(place, day)
        which = (day, keys[0], self._guards_on(place, day), place.stagger_us)
        wide = self._allowed.get(which)
        if wide is None:
            wide = self._allowed[which] = [item for item in live[keys[0]] if allowed(item, limits)]
        if len(keys) == 1:
            return wide
        items = wide.copy()
        for key in keys[1:]:
            for item in live[key]:
                number = bisect_left(items, item.order, key=_order)
                if number == len(items) or items[number] is not item:
                    items.insert(number, item)
        return items

    def _all_items(self, place: Place, block: Block) -> list[Item]:
        items = list(block.beside)
        for day in block.days:
            page = self._book.page(day)
            items.extend(item for key in self._keys_on(place, day) for item in page.all.get(key, ()))
        return by_order(items)

    def _lost(self, place: Place) -> Iterable[Line]:
        """What is addressed to areas that this speaker stood in before they were merged."""
        for day in self.window:
            page, known = self._book.page(day), set(self._keys_on(place, day))
            reached = {item.item_id for key in known for item in page.all.get(key, ())}
            for area_id in sorted(self.world.tree.former_on(place.area_id, day)):
                for item in page.all.get(area_key(area_id), ()):
                    if area_key(area_id) not in known and item.item_id not in reached:
                        reached.add(item.item_id)
                        yield Line(item, item.why_not or Refused(RefusedFor.AREA_CLOSED, area_id))

    # --- guards -----------------------------------------------------------------------------------------------------

    def _guards_on(self, place: Place, day: date) -> int:
        keys = self._keys_on(place, day)
        number = self._guards_at.get((keys, place.guards))
        if number is None:
            path = self.world.tree.path_on(place.area_id, day)
            number = self._number(along(self.world.guards, path, place.guards))
            self._guards_at[keys, place.guards] = number
        return number

    def _air(self, place: Place, block: Block) -> Air:
        if len(block.days) == 1 and block.reach is None:
            day = block.days[0]
            limits = self._limits_on(place, day)
            return Air(lambda _: limits, lambda _: day, self.world.choices)
        return Air(lambda day: self._limits_on(place, day), self._book.days.of, self.world.choices)

    def _limits_on(self, place: Place, day: date) -> Limits:
        number = self._guards_on(place, day)
        which = (number, place.stagger_us, day)
        limits = self._limits.get(which)
        if limits is None:
            limits = self._limits[which] = self._limited(self._named_guards[number], place.stagger_us, day)
        return limits

    def _limited(self, guards: Guards, later_us: int, day: date) -> Limits:
        if guards == NO_GUARDS:
            return Limits()
        begin_us = self._book.days.begin_us
        named = forbidden(guards, self.world.zone, begin_us(day - _ONE_DAY), begin_us(day + 3 * _ONE_DAY))
        quiet = tuple((from_us - later_us, until_us - later_us) for from_us, until_us in named)
        end_us = begin_us(day + _ONE_DAY)
        return Limits(
            quiet,
            next((until_us for from_us, until_us in quiet if from_us < end_us < until_us), 0),
            guards.slots_a_day,
            None if guards.slot_minutes is None else guards.slot_minutes * _MINUTE_US,
            None if guards.day_minutes is None else guards.day_minutes * _MINUTE_US,
        )

    # --- the next world ---------------------------------------------------------------------------------------------

    def _next(self, world: World) -> "tuple[Compiler, set[_Sort], dict[_Sort, Timeline]] | None":
        """For a world that differs in few schedules alone, with the sorts of speakers that are touched and what they
        played; None where more differs.
        """
        old = self.world
        gone, come = _differing(old.schedules, world.schedules)
        moved = (*gone, *come)
        if not _alike(old, world) or any(one.overrun is Overrun.PUSH_BACK or one.target.speakers for one in moved):
            return None
        touched = {key for schedule in moved for key in keys_of(schedule.target)}
        near = {sort for key in touched for sort in self._by_key.get(key, ())}
        played = {sort: self.timeline(self._sorts[sort][0].speaker_id) for sort in near}
        for sort in near:
            self._forget(self._sorts[sort][0])
        made = copy(self)
        made.world, made._book = world, self._book.changed(world, gone, come)
        return made, near, played

    def _forget(self, place: Place) -> None:
        self._timelines.pop(self._sort(place), None)
        for day in self.window:
            live = self._book.pages[day].live
            keys = tuple(key for key in self._keys_on(place, day) if key in live)
            number = self._guards_on(place, day)
            self._decided.pop((day, keys, number, place.stagger_us), None)
            for key in keys[:1]:
                self._allowed.pop((day, key, number, place.stagger_us), None)


def changed(old: Compiler, world: World, first: date | None = None) -> tuple[Compiler, frozenset[str]]:
    """The compiler of the next world (and window, where another first day is given), and the speakers that play
    something else by it; those that came and went are among them. What ``old`` kept goes over: ask it no more.
    """
    stepped = old._next(world) if first is None or first == old.window[0] else None
    if stepped is not None:
        made, near, played = stepped
        moved = [sort for sort in near if made.timeline(made._sorts[sort][0].speaker_id) != played[sort]]
        return made, frozenset(place.speaker_id for sort in moved for place in made._sorts[sort])
    made = Compiler(world, first or old.window[0], len(old.window))
    before, after = old.full(), made.full()
    return made, frozenset(one for one in before.keys() | after.keys() if before.get(one) != after.get(one))


def _alike(old: World, new: World) -> bool:
    """Whether two worlds differ in schedules at most."""
    return (
        new.zone == old.zone
        and new.tree is old.tree
        and new.places is old.places
        and (new.contents is old.contents or new.contents == old.contents)
        and new.guards == old.guards
        and new.choices == old.choices
        and new.holidays == old.holidays
    )


def _differing(
    old: tuple[Schedule, ...], new: tuple[Schedule, ...]
) -> tuple[tuple[Schedule, ...], tuple[Schedule, ...]]:
    """Those that are no more, or not as they were; and those that are new, or as they are now."""
    before = {schedule.schedule_id: schedule for schedule in old}
    after = {schedule.schedule_id: schedule for schedule in new}
    gone = tuple(one for name, one in before.items() if after.get(name) is not one and after.get(name) != one)
    come = tuple(one for name, one in after.items() if before.get(name) is not one and before.get(name) != one)
    return gone, come
