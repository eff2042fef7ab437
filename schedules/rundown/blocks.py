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


@dataclass(frozen=True, slots=True)
class Block:
    """``days`` of the window, and what matters of the days ``beside`` them."""

    days: tuple[date, ...]
    beside: tuple[Item, ...] = ()
    reach: tuple[date, date] | None = None
    """The first and the last day from which something is taken; None for just ``days``."""


def blocks(book: Book, keys_on: KeysOn, window: tuple[date, ...]) -> Iterator[Block]:
    """The window in blocks, for one speaker."""
    run: list[date] = []
    for day in window:
        run.append(day)
        if day == window[-1] or not _crossing(book, keys_on, day):
            yield _block(book, keys_on, tuple(run), edge=day == window[-1])
            run = []


def _block(book: Book, keys_on: KeysOn, days: tuple[date, ...], *, edge: bool) -> Block:
    before, first = _before(book, keys_on, days[0]) if _crossing(book, keys_on, days[0] - _ONE_DAY) else ([], days[0])
    after, last = _after(book, keys_on, days[-1]) if edge and _crossing(book, keys_on, days[-1]) else ([], days[-1])
    if not before and not after:
        return Block(days)
    return Block(days, (*before, *after), (first, last))


def _crossing(book: Book, keys_on: KeysOn, day: date) -> bool:
    crossing = book.page(day).crossing
    return bool(crossing) and not crossing.isdisjoint(keys_on(day))


def _on(book: Book, keys_on: KeysOn, day: date) -> list[Item]:
    page = book.page(day)
    return [item for key in keys_on(day) for item in page.all.get(key, ())]


def _before(book: Book, keys_on: KeysOn, first: date) -> tuple[list[Item], date]:
    taken: list[Item] = []
    floor: tuple[int, int, int, str] | None = None
    day = first
    for _ in range(_FARTHEST_DAYS):
        there = _on(book, keys_on, day - _ONE_DAY)
        crossing = [item for item in there if book.crosses(item, day - _ONE_DAY) and _matters(item, floor)]
        if not crossing:
            break
        day -= _ONE_DAY
        if not book.world.choices:
            floor = max(item.order[:4] for item in crossing)
            there = [item for item in there if item.order[:4] <= floor]
        taken.extend(there)
    return taken, day


def _after(book: Book, keys_on: KeysOn, last: date) -> tuple[list[Item], date]:
    taken: list[Item] = []
    floor: tuple[int, int, int, str] | None = None
    day, there = last, _on(book, keys_on, last)
    for _ in range(_FARTHEST_DAYS):
        crossing = [item for item in there if book.crosses(item, day) and _matters(item, floor)]
        if not crossing:
            break
        day += _ONE_DAY
        there = _on(book, keys_on, day)
        if not book.world.choices:
            floor = max(item.order[:4] for item in crossing)
            there = [item for item in there if item.order[:4] <= floor]
        taken.extend(there)
    return taken, day


def _matters(item: Item, floor: tuple[int, int, int, str] | None) -> bool:
    """Two occurrences of one schedule do not meet, so the floor itself is left out."""
    return floor is None or item.order[:4] < floor
