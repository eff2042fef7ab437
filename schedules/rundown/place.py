"""Items on one speaker: each takes, in the total order, what those before it have left. See docs/rundown.md.

This is the only place where it is decided what sounds; nothing here knows of areas, rules or days of a calendar.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from schedules.rundown.values import (
    Conflicted,
    CutFor,
    Displaced,
    Item,
    Line,
    Outcome,
    Played,
    Refused,
    RefusedFor,
    Segment,
)
from schedules.schedule import Choice, OnInterrupted

LEAST_US: Final = 30_000_000
"""A stretch shorter than this is not played, unless it holds all that is left."""
MOST_PUSHED_US: Final = 3_600_000_000
"""Nothing is pushed back by more."""

Spans = Sequence[tuple[int, int]]
"""Intervals [from, until) of instants, sorted and apart."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The guards of one speaker for the items of one day; None is no limit. ``quiet`` are absolute; until
    ``over_midnight_us`` it is quiet over the end of the day, 0 where it is not.
    """

    quiet: Spans = ()
    over_midnight_us: int = 0
    slots_a_day: int | None = None
    slot_us: int | None = None
    day_us: int | None = None

    @property
    def counted(self) -> bool:
        """Whether anything is counted by days."""
        return self.slots_a_day is not None or self.day_us is not None


@dataclass(slots=True)
class _Used:
    slots: int = 0
    sounded_us: int = 0


@dataclass(slots=True)
class Air:
    """What is taken, and used up, on one speaker. The guards of the day on which an item begins hold for it."""

    limits_on: Callable[[date], Limits]
    day_of: Callable[[int], date]
    choices: AbstractSet[Choice] = frozenset()
    """Those that decide; see `schedules.rundown.choices`."""
    _starts: list[int] = field(default_factory=list)
    _taken: list[tuple[Segment, Item, int]] = field(default_factory=list)
    """Each with the instant from which it is soft."""
    _used: dict[date, _Used] = field(default_factory=dict)

    def place(self, item: Item) -> Outcome:
        """What becomes of the next item in the order."""
        if item.why_not is not None:
            return item.why_not
        day = self.day_of(item.start_us)
        limits = self.limits_on(day)
        used: _Used | None = None
        if item.guarded:
            if limits.counted:
                used = self._used.setdefault(day, _Used())
            refused = _guarded(item, limits, used)
            if refused is not None:
                return refused
        hit = self._first(item.start_us, item.start_us + item.length_us)
        outcome = self._whole(item) if hit is None else self._around(item, hit, limits)
        if isinstance(outcome, Played):
            self._take(item, outcome.segments)
            if used is not None:
                used.slots += 1
                used.sounded_us += sum(segment.until_us - segment.from_us for segment in outcome.segments)
        return outcome

    def full(self, day: date) -> bool:
        """Whether nothing guarded fits on this day any more."""
        used, limits = self._used.get(day), self.limits_on(day)
        if used is None:
            return limits.slots_a_day == 0 or limits.day_us == 0
        slots_out = limits.slots_a_day is not None and used.slots >= limits.slots_a_day
        return slots_out or (limits.day_us is not None and used.sounded_us >= limits.day_us)

    def _whole(self, item: Item) -> Played:
        segment = Segment(item.start_us, item.start_us + item.length_us, item.item_id, 0, item.fade)
        return Played((segment,), cut=_slot_ended(item))

    def _around(self, item: Item, hit: int, limits: Limits) -> Outcome:
        """Where some of its air is taken, first by the segment numbered ``hit``."""
        by = self._taken[hit][1]
        begin_us = self._pushed(item)
        if begin_us - item.start_us > MOST_PUSHED_US:
            return self._out(item, by)
        free = self._free(begin_us, begin_us + item.room_us, limits.quiet if item.guarded else ())
        match item.on_interrupted:
            case OnInterrupted.DROP:
                stretches = _until_cut(free, begin_us, item.length_us)
            case OnInterrupted.RESTART:
                stretches = _whole_stretch(free, item.length_us)
            case OnInterrupted.RESUME:
                stretches = _resumed(free, item.length_us)
        if not stretches:
            return self._out(item, by)
        segments = _segments(item, stretches)
        whole = sum(until_us - from_us for from_us, until_us in stretches) == item.length_us
        cut = _slot_ended(item) if whole else CutFor.INTERRUPTED
        pushed_us = segments[0].from_us - item.start_us
        return Played(segments, pushed_us, cut, by.item_id)

    def _out(self, item: Item, by: Item) -> Displaced | Conflicted:
        if item.priority and by.priority and item.above != by.above:
            one, other = item.schedule_id, by.schedule_id
            if Choice(one, other) not in self.choices and Choice(other, one) not in self.choices:
                return Conflicted(by.item_id)
        return Displaced(by.item_id)

    def _pushed(self, item: Item) -> int:
        """When it would begin: later than planned where that instant lies in something soft."""
        begin_us = item.start_us
        while begin_us - item.start_us <= MOST_PUSHED_US:
            number = bisect_right(self._starts, begin_us) - 1
            if number < 0:
                break
            segment, _, soft_us = self._taken[number]
            if not soft_us <= begin_us < segment.until_us:
                break
            begin_us = segment.until_us
        return begin_us

    def _first(self, from_us: int, until_us: int) -> int | None:
        """The number of the first segment that sounds somewhere between."""
        number = bisect_right(self._starts, from_us) - 1
        if number >= 0 and self._taken[number][0].until_us > from_us:
            return number
        number += 1
        return number if number < len(self._starts) and self._starts[number] < until_us else None

    def _free(self, from_us: int, until_us: int, quiet: Spans) -> Iterator[tuple[int, int]]:
        """The stretches between that are neither taken nor quiet."""
        first, last = max(0, bisect_right(self._starts, from_us) - 1), bisect_left(self._starts, until_us)
        taken = [(segment.from_us, segment.until_us) for segment, _, _ in self._taken[first:last]]
        if quiet:
            first, last = max(0, bisect_right(quiet, (from_us,)) - 1), bisect_left(quiet, (until_us,))
            taken = sorted([*taken, *quiet[first:last]])
        at_us = from_us
        for begin_us, end_us in taken:
            if end_us <= at_us:
                continue
            if begin_us >= until_us:
                break
            if begin_us > at_us:
                yield at_us, begin_us
            at_us = max(at_us, end_us)
        if at_us < until_us:
            yield at_us, until_us

    def _take(self, item: Item, segments: Sequence[Segment]) -> None:
        soft_us = segments[0].from_us + item.firm_us
        for segment in segments:
            number = bisect_left(self._starts, segment.from_us)
            self._starts.insert(number, segment.from_us)
            self._taken.insert(number, (segment, item, soft_us))


def allowed(item: Item, limits: Limits) -> bool:
    """Whether guards let it be heard at all, whatever else is."""
    return not item.guarded or _guarded(item, limits, None) is None


def _guarded(item: Item, limits: Limits, used: _Used | None) -> Refused | None:
    if limits.slot_us is not None and item.length_us > limits.slot_us:
        return Refused(RefusedFor.SLOT_TOO_LONG)
    if limits.quiet and touches(limits.quiet, item.start_us, item.start_us + item.length_us):
        return Refused(RefusedFor.QUIET_HOURS)
    if used is None:
        return None
    if limits.slots_a_day is not None and used.slots >= limits.slots_a_day:
        return Refused(RefusedFor.SLOTS_USED_UP)
    if limits.day_us is not None and used.sounded_us + item.length_us > limits.day_us:
        return Refused(RefusedFor.MINUTES_USED_UP)
    return None


def touches(spans: Spans, from_us: int, until_us: int) -> bool:
    """Whether any of the spans shares an instant with [``from_us``, ``until_us``)."""
    number = bisect_left(spans, (until_us,)) - 1
    return number >= 0 and spans[number][1] > from_us


def _slot_ended(item: Item) -> CutFor | None:
    return CutFor.SLOT_ENDED if item.length_us < item.content_us else None


def _until_cut(free: Iterator[tuple[int, int]], begin_us: int, length_us: int) -> list[tuple[int, int]]:
    first = next(free, None)
    if first is None or first[0] != begin_us:
        return []
    long_us = min(first[1] - begin_us, length_us)
    return [(begin_us, begin_us + long_us)] if long_us >= min(LEAST_US, length_us) else []


def _whole_stretch(free: Iterator[tuple[int, int]], length_us: int) -> list[tuple[int, int]]:
    return next(([(begin_us, begin_us + length_us)] for begin_us, end_us in free if end_us - begin_us >= length_us), [])


def _resumed(free: Iterator[tuple[int, int]], length_us: int) -> list[tuple[int, int]]:
    stretches: list[tuple[int, int]] = []
    left_us = length_us
    for begin_us, end_us in free:
        long_us = min(end_us - begin_us, left_us)
        if long_us < min(LEAST_US, left_us):
            continue
        stretches.append((begin_us, begin_us + long_us))
        left_us -= long_us
        if not left_us:
            break
    return stretches


def _segments(item: Item, stretches: Sequence[tuple[int, int]]) -> tuple[Segment, ...]:
    segments: list[Segment] = []
    offset_us = 0
    for from_us, until_us in stretches:
        offset_end_us = offset_us + until_us - from_us
        fade = item.fade and offset_end_us == item.length_us
        segments.append(Segment(from_us, until_us, item.item_id, offset_us, fade))
        offset_us = offset_end_us
    return tuple(segments)


def in_turn(items: Sequence[Item], choices: AbstractSet[Choice], day_of: Callable[[int], date]) -> Sequence[Item]:
    """The items in the order in which they are placed: the total order, but for what somebody chose.

    ``items`` are in the total order already. An item comes after those of the schedule chosen first that are of the
    same class and begin on the same day, or whose rooms meet its own. ``choices`` do not go round in a circle.
    """
    waits = _waits(items, choices, day_of) if choices else {}
    if not waits:
        return items
    ordered: list[Item] = []
    left = list(items)
    done: set[str] = set()
    while left:
        number = next(n for n, item in enumerate(left) if waits.get(item.item_id, done) <= done)
        item = left.pop(number)
        ordered.append(item)
        done.add(item.item_id)
    return ordered


def _waits(
    items: Sequence[Item], choices: AbstractSet[Choice], day_of: Callable[[int], date]
) -> dict[str, AbstractSet[str]]:
    """For every item that waits for others, which."""
    of: dict[str, list[Item]] = {}
    for item in items:
        of.setdefault(item.schedule_id, []).append(item)
    waits: dict[str, AbstractSet[str]] = {}
    for choice in choices:
        firsts = of.get(choice.first, ())
        for second in of.get(choice.second, ()) if firsts else ():
            met = {first.item_id for first in firsts if _meet(first, second, day_of)}
            if met:
                waits[second.item_id] = waits.get(second.item_id, frozenset()) | met
    return waits


def _meet(one: Item, other: Item, day_of: Callable[[int], date]) -> bool:
    if one.order[0] != other.order[0]:
        return False
    if one.start_us < other.start_us + other.room_us and other.start_us < one.start_us + one.room_us:
        return True
    return day_of(one.start_us) == day_of(other.start_us)


def place_all(items: Sequence[Item], air: Air) -> tuple[Line, ...]:
    """Every item with its outcome, in the order of placing."""
    return tuple(Line(item, air.place(item)) for item in in_turn(items, air.choices, air.day_of))


def segments_of(items: Sequence[Item], air: Air, day: date | None = None) -> list[Segment]:
    """The same as `place_all`, but only what sounds. Where all items begin on one ``day``, only until that is full:
    what comes after is refused, since what passes guards is first in the order.
    """
    sounding: list[Segment] = []
    for item in in_turn(items, air.choices, air.day_of):
        outcome = air.place(item)
        if isinstance(outcome, Played):
            sounding.extend(outcome.segments)
            if day is not None and air.full(day):
                break
    return sounding
