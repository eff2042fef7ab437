"""Every item near a window, by whom it is addressed to and by the day on which it begins."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from schedules.rundown.items import Days, items_of
from schedules.rundown.place import MOST_PUSHED_US
from schedules.rundown.values import Item
from schedules.schedule import Overrun, Schedule, Target, World

Key = str
"""One area, group or speaker that something can be addressed to; see `area_key` and the others."""

_ONE_DAY: Final = timedelta(days=1)
MAX_INSTANT_US: Final = 2**62
"""Later than everything: what passes guards may be held by nothing."""


def area_key(area_id: str) -> Key:
    return "a " + area_id


def group_key(group_id: str) -> Key:
    return "g " + group_id


def speaker_key(speaker_id: str) -> Key:
    return "s " + speaker_id


def keys_of(target: Target) -> tuple[Key, ...]:
    """Whom a schedule is addressed to, each once."""
    keys = (
        *map(area_key, target.areas),
        *map(group_key, target.groups),
        *map(speaker_key, target.speakers),
    )
    return tuple(dict.fromkeys(keys))


@dataclass(slots=True)
class Page:
    """One day: what is addressed to each key, in the total order; of it what may sound (``live``); and where something
    may sound beyond the day, until when at most (``crossing``).
    """

    all: dict[Key, list[Item]]
    live: dict[Key, list[Item]]
    crossing: dict[Key, int]

    @classmethod
    def blank(cls) -> "Page":
        return cls({}, {}, {})

    def copy(self) -> "Page":
        """Its lists are shared, and must be replaced, not changed."""
        return Page(dict(self.all), dict(self.live), dict(self.crossing))


class Book:
    """Pages of the days of the window and of one more to each side; others are written when they are asked for, which
    takes all schedules, and are kept.
    """

    def __init__(self, world: World, first: date, days: int) -> None:
        self.world = world
        self.days = Days(world.zone)
        self.first, self.count = first - _ONE_DAY, days + 2
        self.soft = any(schedule.overrun is Overrun.PUSH_BACK for schedule in world.schedules)
        self.items: dict[str, Item] = {}
        self.pages = {day: Page.blank() for day in self.days.named(self.first, self.count)}
        self._write(world.schedules, self.first, self.count)

    def page(self, day: date) -> Page:
        """What begins on this day."""
        if day not in self.pages:
            self.pages[day] = Page.blank()
            self._write(self.world.schedules, day, 1)
        return self.pages[day]

    def reach_us(self, item: Item) -> int:
        """Until when an item may sound at most."""
        if not item.guarded:
            return MAX_INSTANT_US
        return item.start_us + item.room_us + (MOST_PUSHED_US if self.soft else 0)

    def changed(self, world: World, gone: Iterable[Schedule], come: Iterable[Schedule]) -> "Book":
        """The book of a world that differs in these schedules alone, and not in whether something is soft."""
        book = Book.__new__(Book)
        book.world, book.days, book.first, book.count, book.soft = world, self.days, self.first, self.count, self.soft
        book.items = dict(self.items)
        book.pages = {day: page.copy() for day, page in self.pages.items()}
        book._strike(gone)
        book._write(come, self.first, self.count)
        for day in book.pages.keys() - set(self.days.named(self.first, self.count)):
            book._write(come, day, 1)
        return book

    def _strike(self, schedules: Iterable[Schedule]) -> None:
        for schedule in schedules:
            for day, page in self.pages.items():
                for key in keys_of(schedule.target):
                    left = [item for item in page.all.get(key, ()) if item.schedule_id != schedule.schedule_id]
                    if len(left) == len(page.all.get(key, ())):
                        continue
                    for item in page.all[key]:
                        if item.schedule_id == schedule.schedule_id:
                            self.items.pop(item.item_id, None)
                    self._put(page, day, key, left)

    def _write(self, schedules: Iterable[Schedule], first: date, count: int) -> None:
        from_us = self.days.begin_us(first)
        until_us = self.days.begin_us(first + count * _ONE_DAY)
        added: dict[tuple[date, Key], list[Item]] = {}
        for schedule in schedules:
            items = items_of(schedule, self.world.contents, self.world.holidays, from_us, until_us)
            if not items:
                continue
            keys = keys_of(schedule.target)
            for item in items:
                self.items[item.item_id] = item
                day = self.days.of(item.start_us)
                for key in keys:
                    added.setdefault((day, key), []).append(item)
        for (day, key), items_there in added.items():
            page = self.pages[day]
            together = sorted([*page.all.get(key, ()), *items_there], key=lambda item: item.order)
            self._put(page, day, key, together)

    def _put(self, page: Page, day: date, key: Key, items: list[Item]) -> None:
        page.all[key] = items
        live = [item for item in items if item.why_not is None]
        page.live.pop(key, None)
        page.crossing.pop(key, None)
        if live:
            page.live[key] = live
            reach_us = max(map(self.reach_us, live))
            if reach_us > self.days.begin_us(day + _ONE_DAY):
                page.crossing[key] = reach_us
        if not items:
            del page.all[key]
