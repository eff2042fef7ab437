"""Days that must be decided together, because something sounds over midnight.

A block is a run of days of the window; of the days before and after it takes what may matter: at the edge everything
that goes before the last of the items that cross it, at the next edge what goes before the last of these, and so on.
Only what goes before an item can change what becomes of it, so that suffices, and ends.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from schedules.rundown.book import Book, Key
from schedules.rundown.values import Item

_ONE_DAY: Final = timedelta(days=1)
_FARTHEST_DAYS: Final = 31
"""Where somebody chose between schedules the order alone does not end it."""

KeysOn = Callable[[date], tuple[Key, ...]]
"""To what one speaker belongs on a day."""
QuietOn = Callable[[date], int]
"""Until when it is quiet for one speaker over the end of a day; 0 where it is not."""


@dataclass(frozen=True, slots=True)
class Block:
    """``days`` of the window, and what matters of the days ``beside`` them."""

    days: tuple[date, ...]
    beside: tuple[Item, ...] = ()
    reach: tuple[date, date] | None = None
    """The first and the last day from which something is taken; None for just ``days``."""


@dataclass(frozen=True, slots=True)
class Ties:
    """What ties the days of one listener together, or keeps them apart."""

    book: Book
    keys_on: KeysOn
    quiet_on: QuietOn
    chosen: Callable[[], frozenset[str]]
    """Schedules of theirs between which somebody chose: where these begin, the order alone does not say what matters.
    """

    def blocks(self, window: tuple[date, ...]) -> Iterator[Block]:
        """The window in blocks."""
        run: list[date] = []
        for day in window:
            run.append(day)
            if day == window[-1] or not self._tied(day):
                yield self._block(tuple(run), edge=day == window[-1])
                run = []

    def _block(self, days: tuple[date, ...], *, edge: bool) -> Block:
        before, first = self._before(days[0]) if self._tied(days[0] - _ONE_DAY) else ([], days[0])
        after, last = self._after(days[-1]) if edge and self._tied(days[-1]) else ([], days[-1])
        if not before and not after:
            return Block(days)
        return Block(days, (*before, *after), (first, last))

    def _tied(self, day: date) -> bool:
        """Whether something may sound from this day into the next: nothing does through a quiet midnight."""
        crossing = self.book.page(day).crossing
        keys = self.keys_on(day) if crossing else ()
        if crossing.keys().isdisjoint(keys):
            return False
        return max(crossing.get(key, 0) for key in keys) > self.quiet_on(day)

    def _crossing(self, items: list[Item], day: date) -> list[Item]:
        beyond_us = max(self.quiet_on(day), self.book.days.begin_us(day + _ONE_DAY))
        return [item for item in items if item.why_not is None and self.book.reach_us(item) > beyond_us]

    def _on(self, day: date) -> list[Item]:
        page = self.book.page(day)
        return [item for key in self.keys_on(day) for item in page.all.get(key, ())]

    def _before(self, first: date) -> tuple[list[Item], date]:
        taken: list[Item] = []
        floor: _Floor | None = None
        day = first
        for _ in range(_FARTHEST_DAYS):
            there = self._on(day - _ONE_DAY)
            crossing = [item for item in self._crossing(there, day - _ONE_DAY) if _matters(item, floor)]
            if not crossing:
                break
            day -= _ONE_DAY
            floor, there = self._up_to(crossing, there)
            taken.extend(there)
        return taken, day

    def _after(self, last: date) -> tuple[list[Item], date]:
        taken: list[Item] = []
        floor: _Floor | None = None
        day, there = last, self._on(last)
        for _ in range(_FARTHEST_DAYS):
            crossing = [item for item in self._crossing(there, day) if _matters(item, floor)]
            if not crossing:
                break
            day += _ONE_DAY
            floor, there = self._up_to(crossing, self._on(day))
            taken.extend(there)
        return taken, day

    def _up_to(self, crossing: list[Item], there: list[Item]) -> "tuple[_Floor | None, list[Item]]":
        chosen = self.chosen()
        if chosen and any(item.schedule_id in chosen for item in there):
            return None, there
        floor = max(item.order[:4] for item in crossing)
        return floor, [item for item in there if item.order[:4] <= floor]


_Floor = tuple[int, int, int, str]


def _matters(item: Item, floor: _Floor | None) -> bool:
    """Two occurrences of one schedule do not meet, so the floor itself is left out."""
    return floor is None or item.order[:4] < floor
