"""Rundowns of all speakers, in steps that are kept: occurrences by address and day, days decided once for all speakers
that hear and may hear the same, timelines put together.

`Compiler` answers for one world and one window of days; `changed` makes the one for the next world out of it and does
again only what the change touches. What is kept only makes answers quicker: no question
changes the answer to another.
"""

from bisect import bisect_left
from collections.abc import Iterable
from copy import copy
from datetime import date, timedelta
from typing import Final

from schedules.guards import NO_GUARDS, Guards, forbidden
from schedules.rundown.blocks import Block, Ties
from schedules.rundown.book import Book, Key, area_key, keys_of
from schedules.rundown.choices import deciding
from schedules.rundown.items import by_order
from schedules.rundown.listeners import Listener, Listeners
from schedules.rundown.place import Air, Limits, allowed, place_all, segments_of, touches
from schedules.rundown.steps import step
from schedules.rundown.values import Item, Line, Segment, of_lost_area
from schedules.schedule import World

_ONE_DAY: Final = timedelta(days=1)
_MINUTE_US: Final = 60_000_000
Timeline = tuple[Segment, ...]


class Compiler:
    """Rundowns of a world for ``days`` days of its zone from ``first`` on. Raises `KeyError` for unknown ids."""

    def __init__(self, world: World, first: date, days: int) -> None:
        self.world = world
        self.window = tuple(first + number * _ONE_DAY for number in range(days))
        self._book = Book(world, first, days)
        self._listeners = Listeners(world, self.window)
        self._limits: dict[tuple[int, int, date], Limits] = {}
        self._sorted: dict[tuple[date, Key, int, int], tuple[list[Item], list[Item]]] = {}
        self._allowed: dict[tuple[date, Key, int, int], list[Item]] = {}
        self._decided: dict[tuple[date, tuple[Key, ...], int, int], tuple[Segment, ...]] = {}
        self._timelines: dict[Listener, Timeline] = {}
        self._targets: dict[str, tuple[Key, ...]] | None = None

    # --- what is asked ----------------------------------------------------------------------------------------------

    def item(self, item_id: str) -> Item:
        """One item of the window."""
        return self._book.items[item_id]

    def timeline(self, speaker_id: str) -> Timeline:
        """What this speaker plays of the items that begin in the window, by time. Stretches never overlap."""
        return self._timeline(self._listeners.of(speaker_id))

    def full(self) -> dict[str, Timeline]:
        """Of every speaker. Speakers that are alike share theirs."""
        return {speaker_id: self._timeline(listener) for speaker_id, listener in self._listeners.all().items()}

    def lines(self, speaker_id: str) -> tuple[Line, ...]:
        """Every item that begins in the window and is addressed to this speaker, with what becomes of it, by time."""
        listener = self._listeners.of(speaker_id)
        lines: list[Line] = []
        for block in self._ties(listener).blocks(self.window):
            wanted = set(block.days)
            placed = place_all(self._all_items(listener, block), self._air(listener, block))
            lines.extend(line for line in placed if self._book.days.of(line.item.start_us) in wanted)
        lines.extend(self._lost(speaker_id))
        return tuple(sorted(lines, key=lambda line: (line.item.start_us, line.item.order)))

    def guards_of(self, speaker_id: str, day: date) -> Guards:
        """What holds for a speaker on a day."""
        return self._listeners.guards_named(self._listeners.guards_on(self._listeners.of(speaker_id), day))

    # --- one listener -----------------------------------------------------------------------------------------------

    def _timeline(self, listener: Listener) -> Timeline:
        found = self._timelines.get(listener)
        if found is None:
            segments: list[Segment] = []
            for block in self._ties(listener).blocks(self.window):
                segments.extend(self._block(listener, block))
            segments.sort(key=lambda segment: segment.from_us)
            found = self._timelines[listener] = tuple(segments)
        return found

    def _ties(self, listener: Listener) -> Ties:
        return Ties(
            self._book,
            lambda day: self._listeners.keys_on(listener, day),
            lambda day: self._limits_on(listener, day).over_midnight_us,
            lambda: self._chosen(listener),
        )

    def _chosen(self, listener: Listener) -> frozenset[str]:
        """The schedules addressed to these between which somebody chose."""
        choices = deciding(self.world.choices)
        if not choices:
            return frozenset()
        if self._targets is None:
            named = {name for one in choices for name in (one.first, one.second)}
            there = (one for one in self.world.schedules if one.schedule_id in named)
            self._targets = {one.schedule_id: keys_of(one.target) for one in there}
        keys = self._listeners.keys_ever(listener)
        heard = {name for name, addressed in self._targets.items() if not keys.isdisjoint(addressed)}
        pairs = ((one.first, one.second) for one in choices if one.first in heard and one.second in heard)
        return frozenset(name for pair in pairs for name in pair)

    def _block(self, listener: Listener, block: Block) -> Iterable[Segment]:
        if len(block.days) > 1 or block.beside:
            items = [item for item in self._all_items(listener, block) if item.why_not is None]
            wanted = set(block.days)
            sounding = segments_of(items, self._air(listener, block))
            day_of, items_by_id = self._book.days.of, self._book.items
            return [one for one in sounding if day_of(items_by_id[one.item_id].start_us) in wanted]
        which = self._which(listener, block.days[0])
        if not which[1]:
            return ()
        found = self._decided.get(which)
        if found is None:
            items = self._candidates(listener, which)
            found = self._decided[which] = tuple(segments_of(items, self._air(listener, block), which[0]))
        return found

    def _which(self, listener: Listener, day: date) -> tuple[date, tuple[Key, ...], int, int]:
        """What a single day is remembered by."""
        live = self._book.pages[day].live
        keys = tuple([key for key in self._listeners.keys_on(listener, day) if key in live])
        return day, keys, self._listeners.guards_on(listener, day), listener.stagger_us

    def _candidates(self, listener: Listener, which: tuple[date, tuple[Key, ...], int, int]) -> list[Item]:
        """What may be heard on one day: of the widest area, which most is addressed to, once for all in it."""
        day, keys, guards, stagger_us = which
        wide = self._allowed.get((day, keys[0], guards, stagger_us))
        if wide is None:
            surely, perhaps = self._sorted_out(day, keys[0], guards, _bound_us(stagger_us))
            limits = self._limits_on(listener, day)
            wide = _merged(surely, [item for item in perhaps if allowed(item, limits)])
            self._allowed[day, keys[0], guards, stagger_us] = wide
        live = self._book.pages[day].live
        return _merged(wide, [item for key in keys[1:] for item in live[key]])

    def _sorted_out(self, day: date, key: Key, guards: int, latest_us: int) -> tuple[list[Item], list[Item]]:
        """What may be heard on every speaker with these guards that begins at most so much later, and what may be on
        some of them; in the total order.
        """
        which = day, key, guards, latest_us
        found = self._sorted.get(which)
        if found is None:
            surely, perhaps = found = self._sorted[which] = ([], [])
            limits = self._limits_at(guards, 0, day)
            for item in self._book.pages[day].live[key]:
                end_us = item.start_us + item.length_us
                if not item.guarded or not touches(limits.quiet, item.start_us, end_us + latest_us):
                    if allowed(item, limits):
                        surely.append(item)
                elif not touches(limits.quiet, item.start_us + latest_us, end_us):
                    perhaps.append(item)
        return found

    def _all_items(self, listener: Listener, block: Block) -> list[Item]:
        items = list(block.beside)
        for day in block.days:
            page = self._book.page(day)
            items.extend(item for key in self._listeners.keys_on(listener, day) for item in page.all.get(key, ()))
        return by_order(items)

    def _lost(self, speaker_id: str) -> Iterable[Line]:
        """What is addressed to areas that this speaker stood in before they were merged."""
        area_id = next(place.area_id for place in self.world.places if place.speaker_id == speaker_id)
        listener, tree = self._listeners.of(speaker_id), self.world.tree
        for day in self.window:
            page = self._book.page(day)
            known = (*self._listeners.keys_on(listener, day), *map(area_key, tree.path_on(area_id, day)))
            reached = {item.item_id for key in known for item in page.all.get(key, ())}
            for former_id in sorted(tree.former_on(area_id, day)):
                for item in page.all.get(area_key(former_id), ()):
                    if item.item_id not in reached:
                        reached.add(item.item_id)
                        yield Line(item, of_lost_area(item, former_id))

    # --- guards -----------------------------------------------------------------------------------------------------

    def _air(self, listener: Listener, block: Block) -> Air:
        if len(block.days) == 1 and block.reach is None:
            day = block.days[0]
            limits = self._limits_on(listener, day)
            return Air(lambda _: limits, lambda _: day, deciding(self.world.choices))
        return Air(lambda day: self._limits_on(listener, day), self._book.days.of, deciding(self.world.choices))

    def _limits_on(self, listener: Listener, day: date) -> Limits:
        return self._limits_at(self._listeners.guards_on(listener, day), listener.stagger_us, day)

    def _limits_at(self, number: int, later_us: int, day: date) -> Limits:
        limits = self._limits.get((number, later_us, day))
        if limits is None:
            guards = self._listeners.guards_named(number)
            limits = self._limits[number, later_us, day] = self._limited(guards, later_us, day)
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

    def _next(self, world: World) -> "tuple[Compiler, frozenset[str]] | None":
        """For a world that differs in little, with the speakers that play something else; None where it does in more
        (see `schedules.rundown.steps.step`).
        """
        taken = step(self.world, world)
        if taken is None:
            return None
        near = self._listeners.belonging(taken.keys()).keys() | {place.speaker_id for place in taken.left}
        for pair in taken.chosen:
            near |= self._listeners.hearing(*pair).keys()
        before = {speaker_id: self.timeline(speaker_id) for speaker_id in near}
        for listener in {self._listeners.of(speaker_id) for speaker_id in near}:
            self._forget(listener)
        made = copy(self)
        made.world, made._targets = world, None
        made._book = self._book.changed(world, taken.gone, taken.come)
        made._listeners = self._listeners.changed(world, taken)
        there = made._listeners.all().keys() & (near | {place.speaker_id for place in taken.joined})
        after = {speaker_id: made.timeline(speaker_id) for speaker_id in there}
        return made, frozenset(one for one in before.keys() | there if before.get(one) != after.get(one))

    def _forget(self, listener: Listener) -> None:
        self._timelines.pop(listener, None)
        for day in self.window:
            which = self._which(listener, day)
            self._decided.pop(which, None)
            for key in which[1][:1]:
                self._allowed.pop((day, key, *which[2:]), None)
                self._sorted.pop((day, key, which[2], _bound_us(which[3])), None)


def changed(old: Compiler, world: World, first: date | None = None) -> tuple[Compiler, frozenset[str]]:
    """The compiler of the next world (and window, where another first day is given), and the speakers that play
    something else by it; those that came and went are among them. What ``old`` kept goes over: ask it no more.
    """
    stepped = old._next(world) if first is None or first == old.window[0] else None
    if stepped is not None:
        return stepped
    made = Compiler(world, first or old.window[0], len(old.window))
    before, after = old.full(), made.full()
    return made, frozenset(one for one in before.keys() | after.keys() if before.get(one) != after.get(one))


def _bound_us(stagger_us: int) -> int:
    """The least power of two that is no less, so that few bounds serve all."""
    return 1 << (stagger_us - 1).bit_length() if stagger_us else 0


def _merged(items: list[Item], more: list[Item]) -> list[Item]:
    """All of them in the total order, each once; the first are in it already, and stay as they are."""
    if not more:
        return items
    merged = items.copy()
    for item in more:
        number = bisect_left(merged, item.order, key=_order)
        if number == len(merged) or merged[number] is not item:
            merged.insert(number, item)
    return merged


def _order(item: Item) -> tuple[int, int, int, str, int, str]:
    return item.order
