"""What is ahead, for whoever looks at it: the lines of one speaker, the week of an area, what a schedule would meet.

Each question compiles the part of the world that it needs, in a thread of its own, and disturbs nobody.
"""

import asyncio
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from agents.protocol.ids import AreaId, SpeakerId
from controller.domain.errors import NotFound
from schedules.recurrence.rule import Changed
from schedules.rundown.compile import Compiler
from schedules.rundown.conflicts import Conflict, find, next_free
from schedules.rundown.items import Days, items_of
from schedules.rundown.near import alike, narrowed
from schedules.rundown.values import Conflicted, Displaced, Item, Line, Outcome, Played, Refused, Skipped, SkippedFor
from schedules.schedule import Place, Schedule, World

_ONE_DAY: Final = timedelta(days=1)
_WEEK: Final = 7
_DAY_US: Final = 86_400_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class SpeakerOutlook:
    """What becomes of every item that is addressed to one speaker in a window. ``items`` also has those that outcomes
    name, by id.
    """

    world: World
    lines: tuple[Line, ...]
    items: Mapping[str, Item]


@dataclass(frozen=True, slots=True)
class Tally:
    """An outcome, and on how many speakers. Of those that were played alike but at other moments it is one of them."""

    outcome: Outcome
    speakers: int


@dataclass(frozen=True, kw_only=True, slots=True)
class WeekEntry:
    """One occurrence on the speakers that were asked about: it reaches ``speakers`` of them, is played on ``played``
    (in part counts), and ``whole`` of it on so many. ``tallies`` has all outcomes, the most frequent first. One that
    reaches nobody has none.
    """

    item: Item
    title: str
    speakers: int = 0
    played: int = 0
    whole: int = 0
    tallies: tuple[Tally, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Week:
    """Seven days from a Monday, by time. ``items`` also has those that outcomes name, by id."""

    world: World
    monday: date
    entries: tuple[WeekEntry, ...]
    items: Mapping[str, Item] = field(default_factory=dict)


async def speaker_outlook(world: World, speaker_id: SpeakerId, from_us: int, until_us: int) -> SpeakerOutlook:
    """Every item that begins or sounds in [``from_us``, ``until_us``). Raises `NotFound` (``speaker_unknown``)."""
    place = next((one for one in world.places if one.speaker_id == speaker_id), None)
    if place is None:
        raise NotFound(f"no speaker {speaker_id}", code="speaker_unknown")
    return await asyncio.to_thread(_outlook, world, place, from_us, until_us)


def _outlook(world: World, place: Place, from_us: int, until_us: int) -> SpeakerOutlook:
    days = Days(world.zone)
    first, last = days.of(from_us) - _ONE_DAY, days.of(max(from_us, until_us - 1))
    count = (last - first).days + 1
    compiler = Compiler(narrowed(world, [place], first, count), first, count)
    told = (line for line in compiler.lines(place.speaker_id) if _touches(line, from_us, until_us))
    lines = tuple(_unless_stopped(world, line, place.speaker_id) for line in told)
    return SpeakerOutlook(world=world, lines=lines, items=_named(compiler, (line.outcome for line in lines), lines))


def _unless_stopped(world: World, line: Line, speaker_id: str) -> Line:
    return Line(line.item, Skipped(SkippedFor.STOPPED)) if speaker_id in _stopped(world, line) else line


def _stopped(world: World, line: Line) -> AbstractSet[str]:
    """Where a person stopped what would have been played."""
    if not isinstance(line.outcome, Played):
        return frozenset()
    return world.stopped.get((line.item.schedule_id, line.item.original, line.item.start_us), frozenset())


def _touches(line: Line, from_us: int, until_us: int) -> bool:
    if from_us <= line.item.start_us < until_us:
        return True
    match line.outcome:
        case Played(segments=segments):
            return any(one.from_us < until_us and one.until_us > from_us for one in segments)
        case _:
            return False


def _named(compiler: Compiler, outcomes: Iterable[Outcome], lines: Iterable[Line]) -> dict[str, Item]:
    items = {line.item.item_id: line.item for line in lines}
    for outcome in outcomes:
        other = _behind(outcome)
        if other is not None and other not in items:
            items[other] = compiler.item(other)
    return items


def _behind(outcome: Outcome) -> str | None:
    """The item that an outcome names as its cause."""
    match outcome:
        case Played(by=by):
            return by
        case Displaced(by=by):
            return by
        case Conflicted(with_=other):
            return other
        case Refused() | Skipped():
            return None


# --- a week -----------------------------------------------------------------------------------------------------------


async def week_of(world: World, speakers: AbstractSet[str], area_id: AreaId | None, monday: date) -> Week:
    """Every occurrence of these seven days that is addressed to one of ``speakers``, or to ``area_id``, an area in it
    or around it though nobody stands there.
    """
    return await asyncio.to_thread(_week, world, speakers, area_id, monday)


def _week(world: World, speakers: AbstractSet[str], area_id: AreaId | None, monday: date) -> Week:
    places = [place for place in world.places if place.speaker_id in speakers]
    near = narrowed(world, places, monday, _WEEK)
    compiler = Compiler(near, monday, _WEEK)
    counted = _Tallies()
    for together in alike(near, places):
        counted.take(compiler.lines(together[0].speaker_id), {place.speaker_id for place in together}, world)
    entries = counted.entries(world)
    if area_id is not None and area_id in world.tree:
        reached = {entry.item.item_id for entry in entries}
        entries.extend(_unheard(world, area_id, monday, reached))
    entries.sort(key=lambda entry: (entry.item.start_us, entry.item.order))
    lines = counted.lines()
    named = _named(compiler, (line.outcome for line in lines), lines)
    return Week(world=world, monday=monday, entries=tuple(entries), items=named)


class _Tallies:
    """Lines of many speakers, by item."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[Item, dict[object, _Counted]]] = {}

    def take(self, lines: Iterable[Line], speakers: AbstractSet[str], world: World) -> None:
        """The lines of these, which differ in what persons stopped alone."""
        for line in lines:
            stopped = len(_stopped(world, line) & speakers) if world.stopped else 0
            if stopped:
                self._count(line.item, Skipped(SkippedFor.STOPPED), stopped)
            if stopped < len(speakers):
                self._count(line.item, line.outcome, len(speakers) - stopped)

    def _count(self, item: Item, outcome: Outcome, speakers: int) -> None:
        _, tallies = self._found.setdefault(item.item_id, (item, {}))
        tallies.setdefault(_kind(outcome), _Counted(outcome, 0)).speakers += speakers

    def entries(self, world: World) -> list[WeekEntry]:
        return [_entry(world, item, counted.values()) for item, counted in self._found.values()]

    def lines(self) -> list[Line]:
        return [Line(item, one.outcome) for item, counted in self._found.values() for one in counted.values()]


@dataclass(slots=True)
class _Counted:
    """An outcome, and so far on how many speakers."""

    outcome: Outcome
    speakers: int


def _entry(world: World, item: Item, counted: Iterable[_Counted]) -> WeekEntry:
    tallies = [Tally(one.outcome, one.speakers) for one in counted]
    tallies.sort(key=lambda one: one.speakers, reverse=True)
    played = [(one.outcome, one.speakers) for one in tallies if isinstance(one.outcome, Played)]
    return WeekEntry(
        item=item,
        title=_title(world, item),
        speakers=sum(one.speakers for one in tallies),
        played=sum(speakers for _, speakers in played),
        whole=sum(speakers for outcome, speakers in played if outcome.cut is None),
        tallies=tuple(tallies),
    )


def _kind(outcome: Outcome) -> object:
    """Outcomes that are told alike."""
    match outcome:
        case Played(pushed_us=pushed_us, cut=cut, by=by):
            return "played", pushed_us > 0, cut, by
        case _:
            return outcome


def _title(world: World, item: Item) -> str:
    content = world.contents.get(item.content_id)
    return item.content_id if content is None else content.title


def _unheard(world: World, area_id: AreaId, monday: date, reached: AbstractSet[str]) -> Iterable[WeekEntry]:
    """What is planned for the area, or what is around it or in it, and reaches nobody there."""
    days = Days(world.zone)
    from_us, until_us = days.begin_us(monday), days.begin_us(monday + _WEEK * _ONE_DAY)
    around = {*world.tree.path_on(area_id, monday), *world.tree.below(area_id)}
    for schedule in world.schedules:
        if around.isdisjoint(schedule.target.areas):
            continue
        for item in items_of(schedule, world.contents, world.holidays, from_us, until_us):
            if item.item_id not in reached:
                yield WeekEntry(item=item, title=_title(world, item))


# --- what a schedule would meet ---------------------------------------------------------------------------------------


async def conflicts_of(world: World, schedule: Schedule, first: date, days: int) -> tuple[Conflict, ...]:
    """See `schedules.rundown.conflicts.find`."""
    return await asyncio.to_thread(find, world, schedule, first, days)


async def free_after(world: World, schedule: Schedule, original: datetime) -> int | None:
    """Where the occurrence ``original`` of a schedule could begin instead, or at the same time: the next instant at
    which all of it could be heard everywhere; None where there is none in the next days.

    Raises `NotFound` (``exception_unknown``) where the schedule has no such occurrence.
    """
    item = await asyncio.to_thread(_item, world, schedule, original)
    if item is None:
        raise NotFound(f"{schedule.schedule_id} has no occurrence {original}", code="exception_unknown")
    return await asyncio.to_thread(next_free, world, schedule, item)


def _item(world: World, schedule: Schedule, original: datetime) -> Item | None:
    changed = [change for change in schedule.series.changes if change.original == original]
    at = next((one.to for one in changed if isinstance(one, Changed) and one.to is not None), original)
    near_us = int(at.replace(tzinfo=ZoneInfo(schedule.series.rule.zone)).timestamp()) * 1_000_000
    found = items_of(schedule, world.contents, world.holidays, near_us - _DAY_US, near_us + _DAY_US)
    return next((one for one in found if one.original == original), None)
