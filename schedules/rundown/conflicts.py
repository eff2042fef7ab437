"""Conflicts: what a schedule would meet, found when it is planned; and where it could go instead.

The two answers are *override* (a `Choice`: this one goes first) and *append* (it begins in the next air that is free
within the guards).
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from heapq import nsmallest
from typing import Final

from schedules.guards import forbidden
from schedules.recurrence.rule import Cancelled, Series
from schedules.recurrence.zones import instant_us, wall_of
from schedules.rundown.book import keys_of
from schedules.rundown.choices import deciding
from schedules.rundown.compile import Compiler
from schedules.rundown.items import Days, items_of
from schedules.rundown.near import alike, belonging, narrowed, planned_with, reached
from schedules.rundown.place import touches
from schedules.rundown.values import Item
from schedules.schedule import Place, Schedule, World

MOST_CONFLICTS: Final = 500
_SEARCHED_DAYS: Final = 8
_ONE_DAY: Final = timedelta(days=1)
_MINUTE_US: Final = 60_000_000
_SECOND_US: Final = 1_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Conflict:
    """Two items that want the same air on ``speaker_ids`` from one instant until another.

    ``wins`` is true where ``item``, of the schedule that was asked about, goes first as things stand. ``undecided``: it
    is for the commune to choose, one comes from above.
    """

    item: Item
    other: Item
    from_us: int
    until_us: int
    speaker_ids: tuple[str, ...]
    wins: bool
    undecided: bool


def find(world: World, schedule: Schedule, first: date, days: int) -> tuple[Conflict, ...]:
    """What ``schedule`` meets in so many days from ``first`` on, whether or not it is in the world already; by time, at
    most `MOST_CONFLICTS`.
    """
    zone = Days(world.zone)
    window = zone.named(first - _ONE_DAY, days + 2)
    places = reached(world, schedule.target, window)
    own = _items(world, schedule, zone, first, days)
    if not places or not own:
        return ()
    reach = _Reach(world, places, window)
    speakers = reach.of(schedule)
    others = (one for one in world.schedules if one.schedule_id != schedule.schedule_id)
    near = (one for one in others if not speakers.isdisjoint(reach.of(one)))
    met = (
        (other, *pair) for other in near for pair in _overlaps(own, _items(world, other, zone, first, days, beside=1))
    )
    return tuple(
        _conflict(world, item, with_, span, reach.common(schedule, other))
        for other, item, with_, span in nsmallest(MOST_CONFLICTS, met, key=_by_time)
    )


_Span = tuple[int, int]


def _overlaps(own: Sequence[Item], others: Iterable[Item]) -> Iterator[tuple[Item, Item, _Span]]:
    """Every pair that would sound at the same time, and from when until when. ``own`` is sorted by its starts."""
    starts = [item.start_us for item in own]
    longest_us = max(item.length_us for item in own)
    for other in others:
        near = bisect_left(starts, other.start_us - longest_us)
        last = bisect_left(starts, other.start_us + other.length_us)
        for item in own[near:last]:
            from_us = max(item.start_us, other.start_us)
            until_us = min(item.start_us + item.length_us, other.start_us + other.length_us)
            if from_us < until_us:
                yield item, other, (from_us, until_us)


def _by_time(met: tuple[Schedule, Item, Item, _Span]) -> tuple[int, str, str]:
    _, item, other, (from_us, _) = met
    return from_us, item.item_id, other.item_id


def _conflict(world: World, item: Item, other: Item, span: _Span, common: tuple[str, ...]) -> Conflict:
    chosen = {(choice.first, choice.second) for choice in deciding(world.choices)}
    forward, back = (item.schedule_id, other.schedule_id), (other.schedule_id, item.schedule_id)
    same_class = item.order[0] == other.order[0]
    if same_class and forward in chosen:
        wins = True
    elif same_class and back in chosen:
        wins = False
    else:
        wins = item.order < other.order
    both_priority = item.priority and other.priority and item.above != other.above
    return Conflict(
        item=item,
        other=other,
        from_us=span[0],
        until_us=span[1],
        speaker_ids=common,
        wins=wins,
        undecided=both_priority and forward not in chosen and back not in chosen,
    )


class _Reach:
    """Which of some speakers schedules are addressed to, found once for each."""

    def __init__(self, world: World, places: Iterable[Place], days: Sequence[date]) -> None:
        self._belonging = belonging(world, places, days)
        self._reached: dict[str, frozenset[str]] = {}
        self._common: dict[str, tuple[str, ...]] = {}

    def of(self, schedule: Schedule) -> frozenset[str]:
        found = self._reached.get(schedule.schedule_id)
        if found is None:
            found = frozenset[str]().union(*(self._belonging.get(key, ()) for key in keys_of(schedule.target)))
            self._reached[schedule.schedule_id] = found
        return found

    def common(self, asked: Schedule, other: Schedule) -> tuple[str, ...]:
        """To whom both are addressed, sorted; always of the same one that is asked about."""
        found = self._common.get(other.schedule_id)
        if found is None:
            found = self._common[other.schedule_id] = tuple(sorted(self.of(asked) & self.of(other)))
        return found


def _items(world: World, schedule: Schedule, zone: Days, first: date, days: int, *, beside: int = 0) -> list[Item]:
    """Those of the days, and of as many beside them, that are not out for another reason than a missing approval: that
    may still come.
    """
    from_us, until_us = zone.begin_us(first - beside * _ONE_DAY), zone.begin_us(first + (days + beside) * _ONE_DAY)
    granted = replace(schedule, needs_approval=False)
    items = items_of(granted, world.contents, world.holidays, from_us, until_us)
    return [item for item in items if item.why_not is None]


# --- append ---------------------------------------------------------------------------------------------------------


def next_free(world: World, schedule: Schedule, item: Item) -> int | None:
    """The first instant, not before it is planned for, at which all of ``item`` could be heard on every speaker that it
    reaches, within their guards; None where there is none in the next days, or it reaches nobody. The air of what only
    lacks its approval is not free: as in `find`, that may still come.
    """
    zone = Days(world.zone)
    first = zone.of(item.start_us)
    places = reached(world, schedule.target, zone.named(first, _SEARCHED_DAYS))
    if not places:
        return None
    kept = (*(change for change in schedule.series.changes if change.original != item.original),)
    without = replace(schedule, series=Series(rule=schedule.series.rule, changes=(*kept, Cancelled(item.original))))
    near = _granted(narrowed(planned_with(world, without), places, first - _ONE_DAY, _SEARCHED_DAYS + 1))
    compiler = Compiler(near, first - _ONE_DAY, _SEARCHED_DAYS + 1)
    days = zone.named(first, _SEARCHED_DAYS)
    rooms = [_Room(compiler, place, zone, days) for place, *_ in alike(near, places)]
    last_us = zone.begin_us(first + _SEARCHED_DAYS * _ONE_DAY) - item.length_us
    content, first_us = world.contents.get(item.content_id), item.start_us
    if content is not None and content.expires_us is not None:
        last_us = min(last_us, content.expires_us - 1)
    if content is not None and content.begins_us is not None:
        first_us = max(first_us, content.begins_us)
    starts = {first_us, *map(zone.begin_us, days), *(end_us for room in rooms for end_us in room.ends_us)}
    named = {_nameable_us(schedule.series.rule.zone, start_us) for start_us in starts}
    for start_us in sorted(start_us for start_us in named if first_us <= start_us <= last_us):
        if all(room.holds(start_us, item.length_us) for room in rooms):
            return start_us
    return None


def _nameable_us(zone: str, start_us: int) -> int:
    """The first instant from then on that a wall time can mean: not while the clock shows an hour again."""
    again_us = start_us - instant_us(zone, wall_of(zone, start_us))
    if not again_us:
        return start_us
    low_us, high_us = start_us, start_us + again_us
    while high_us - low_us > _SECOND_US:
        middle_us = (low_us + high_us) // 2
        if instant_us(zone, wall_of(zone, middle_us)) == middle_us:
            high_us = middle_us
        else:
            low_us = middle_us
    return high_us - high_us % _SECOND_US


def _granted(world: World) -> World:
    """As if everything in it were approved."""
    return replace(world, schedules=tuple(replace(one, needs_approval=False) for one in world.schedules))


class _Room:
    """What is left for one more on a speaker."""

    def __init__(self, compiler: Compiler, place: Place, zone: Days, days: Sequence[date]) -> None:
        timeline = compiler.timeline(place.speaker_id)
        self._zone, self._name, self._later_us = zone, compiler.world.zone, place.stagger_us
        self._guards = {day: compiler.guards_of(place.speaker_id, day) for day in days}
        self._busy = [(segment.from_us, segment.until_us) for segment in timeline]
        begin_us, until_us = zone.begin_us(days[0]), zone.begin_us(days[-1] + _ONE_DAY)
        quiet = (forbidden(one, self._name, begin_us, until_us) for one in set(self._guards.values()))
        self.ends_us = {end_us for _, end_us in self._busy}
        self.ends_us.update(end_us - self._later_us for spans in quiet for _, end_us in spans)
        self._slots: dict[date, set[str]] = {}
        self._sounded_us: dict[date, int] = {}
        for segment in timeline:
            item = compiler.item(segment.item_id)
            if not item.guarded:
                continue
            day = zone.of(item.start_us)
            self._slots.setdefault(day, set()).add(segment.item_id)
            self._sounded_us[day] = self._sounded_us.get(day, 0) + segment.until_us - segment.from_us

    def holds(self, start_us: int, length_us: int) -> bool:
        """Whether something that long could begin then."""
        end_us = start_us + length_us
        if touches(self._busy, start_us, end_us):
            return False
        day = self._zone.of(start_us)
        guards = self._guards[day]
        if guards.slot_minutes is not None and length_us > guards.slot_minutes * _MINUTE_US:
            return False
        if guards.slots_a_day is not None and len(self._slots.get(day, ())) >= guards.slots_a_day:
            return False
        sounded_us = self._sounded_us.get(day, 0) + length_us
        if guards.day_minutes is not None and sounded_us > guards.day_minutes * _MINUTE_US:
            return False
        return not forbidden(guards, self._name, start_us + self._later_us, end_us + self._later_us)
