"""A speaker's rundown made ready to be shown: lines and guards in, rows and bars out. Reads nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Final

from agents.protocol.ids import AiringId
from controller.services.planning.world import is_direct
from controller.web.i18n import Translator
from controller.web.moments import instant_us, moment
from controller.web.rundownviews import Bar, QuietRow, RundownRow
from controller.web.rundownwords import Named, Names, outcome_sentence, verdict
from schedules.guards import NO_GUARDS, Guards, forbidden, is_odd
from schedules.rundown.values import Item, Line, Played
from schedules.schedule import World

_MINUTE_US: Final = 60_000_000
_DAY: Final = timedelta(days=1)
_EVERY_HOURS: Final = 3


@dataclass(frozen=True, slots=True)
class Window:
    """From an instant until another. ``day`` is the calendar day that it is, where it is one."""

    from_us: int
    until_us: int
    day: date | None = None


def day_window(day: date, say: Translator) -> Window:
    """A whole day of the station's zone."""
    return days_window(day, 1, say)


def days_window(day: date, days: int, say: Translator) -> Window:
    """So many whole days of the station's zone."""
    begin, end = (datetime.combine(one, time(), say.zone) for one in (day, day + days * _DAY))
    return Window(instant_us(begin), instant_us(end), day)


def next_window(now_us: int) -> Window:
    """The next 24 hours."""
    return Window(now_us, now_us + 24 * 60 * _MINUTE_US)


@dataclass(frozen=True, kw_only=True)
class Found:
    """What is known of one speaker in one window: every item that is addressed to it, those that are in the way of one
    (by id), and the guards in force.
    """

    world: World
    lines: Sequence[Line]
    items: Mapping[str, Item]
    guards: Guards
    window: Window

    def title(self, item: Item) -> str:
        """What an item is called: the title of what is heard."""
        return title_of(self.world, item.content_id)

    @cached_property
    def names(self) -> Names:
        """For the sentences of `controller.web.rundownwords`."""
        return names_in(self.world, self.items, self.guards)


def title_of(world: World, content_id: str) -> str:
    """The title of a content; its id where it is not known."""
    content = world.contents.get(content_id)
    return content_id if content is None else content.title


def names_in(world: World, items: Mapping[str, Item], guards: Guards = NO_GUARDS) -> Names:
    """Finds items among ``items``, areas in the tree."""

    def named(item_id: str) -> Named | None:
        item = items.get(item_id)
        return None if item is None else Named(title_of(world, item.content_id), item.start_us)

    def area(area_id: str) -> str:
        return world.tree.get(area_id).name if area_id in world.tree else ""

    return Names(named, area, guards)


def span_of(line: Line) -> tuple[int, int] | None:
    """From the first to the last instant that is heard; None of an absence."""
    match line.outcome:
        case Played(segments=segments):
            return segments[0].from_us, segments[-1].until_us
        case _:
            return None


def odd(found: Found, line: Line) -> bool:
    """Whether any of it is heard in the middle of the night."""
    match line.outcome:
        case Played(segments=segments):
            return any(is_odd(one.from_us, one.until_us, found.world.zone) for one in segments)
        case _:
            return False


def in_order(lines: Sequence[Line]) -> list[Line]:
    """By when it is heard, or was to be."""
    return sorted(lines, key=lambda line: ((span_of(line) or (line.item.start_us,))[0], line.item.order))


def rows(found: Found, say: Translator) -> list[RundownRow]:
    """Every item, in the order of the day."""
    return [_row(found, line, found.names, say) for line in in_order(found.lines)]


def _row(found: Found, line: Line, names: Names, say: Translator) -> RundownRow:
    heard, item, said = span_of(line), line.item, verdict(line.outcome)
    return RundownRow(
        id=item.item_id,
        title=found.title(item),
        planned_at=moment(item.start_us),
        starts_at=None if heard is None else moment(heard[0]),
        ends_at=None if heard is None else moment(heard[1]),
        length_s=item.length_us / 1e6,
        tone=said.tone,
        icon=said.icon,
        word=say.gettext(said.word),
        sentence=outcome_sentence(line, names, say),
        odd=odd(found, line),
        above=item.above,
        href=href_of(item.schedule_id),
    )


def href_of(schedule_id: str) -> str:
    """Where a schedule is looked at, or the airing that was planned without one."""
    return f"/airings/{airing}" if (airing := airing_of(schedule_id)) is not None else f"/schedules/{schedule_id}"


def airing_of(schedule_id: str) -> AiringId | None:
    """The airing that was planned without a schedule and takes part as one."""
    return AiringId(schedule_id.partition(":")[2]) if is_direct(schedule_id) else None


def quiet_spans(found: Found) -> tuple[tuple[int, int], ...]:
    """Quiet hours within the window."""
    return forbidden(found.guards, found.world.zone, found.window.from_us, found.window.until_us)


def quiet_rows(found: Found) -> list[QuietRow]:
    """The same for the list. The end of one that goes on behind the window is told as it is."""
    later_us = found.window.until_us + 24 * 60 * _MINUTE_US
    whole = forbidden(found.guards, found.world.zone, found.window.from_us, later_us)
    return [QuietRow(at=moment(begin), until=moment(end)) for begin, end in whole if begin < found.window.until_us]


def with_quiet(found: Found, items: Sequence[RundownRow]) -> list[RundownRow | QuietRow]:
    """Items and quiet hours in one list, by time."""
    return sorted([*quiet_rows(found), *items], key=lambda row: (row.at, isinstance(row, RundownRow)))


def bars(found: Found, say: Translator) -> list[Bar]:
    """What the timeline draws: quiet hours, what is heard, and where something is absent."""
    said = say.gettext("quiet hours")
    drawn = [_bar(found, begin, end, "quiet", said) for begin, end in quiet_spans(found)]
    for line in in_order(found.lines):
        title = found.title(line.item)
        match line.outcome:
            case Played(segments=segments):
                kind = verdict(line.outcome).tone
                drawn += [_bar(found, one.from_us, one.until_us, kind, title) for one in segments]
            case _:
                start_us = line.item.start_us
                drawn.append(_bar(found, start_us, start_us + max(line.item.length_us, _MINUTE_US), "absent", title))
    return [bar for bar in drawn if bar.width > 0]


def _bar(found: Found, begin_us: int, end_us: int, kind: str, label: str) -> Bar:
    window = found.window
    begin_us, end_us = max(begin_us, window.from_us), min(end_us, window.until_us)
    return Bar(
        x=(begin_us - window.from_us) / _MINUTE_US, width=(end_us - begin_us) / _MINUTE_US, kind=kind, label=label
    )


def hours(window: Window, say: Translator) -> list[str]:
    """The labels under the timeline, at even distances from its left end to its right."""
    step_us = _EVERY_HOURS * 60 * _MINUTE_US
    instants = range(window.from_us, window.until_us + 1, step_us)
    return [say.format_time(moment(at_us), seconds=False) for at_us in instants]
