"""What would become of a schedule that is not planned yet: when it would be heard, what it would meet, what guards
would refuse of it. Nothing is kept.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import islice
from typing import Final

from schedules.guards import is_odd
from schedules.recurrence.form import MOST_A_DAY
from schedules.recurrence.rule import Changed, Due
from schedules.recurrence.series import next_dues
from schedules.rundown.compile import Compiler
from schedules.rundown.conflicts import Conflict, find
from schedules.rundown.items import Days, lengths
from schedules.rundown.near import alike, narrowed, planned_with, reached
from schedules.rundown.values import Item, Line, Refused, RefusedFor
from schedules.schedule import Content, Place, Schedule, World

DUES: Final = 10
_LOOKED_AT: Final = 2 * MOST_A_DAY
"""However often a rule fires on a day, each of its times is among so many."""
_ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """One item that would not be heard on ``speaker_ids``, for the reason that the outcome names."""

    item: Item
    outcome: Refused
    speaker_ids: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """``dues`` are the next occurrences, ``conflicts`` and ``refusals`` those of the days that were looked at.

    ``odd`` are the first of those that sound in the middle of the night; ``speakers`` counts those it would reach.
    """

    dues: tuple[Due, ...]
    conflicts: tuple[Conflict, ...]
    refusals: tuple[Refusal, ...]
    odd: tuple[Due, ...]
    speakers: int


def looked_from(world: World, schedule: Schedule, now_us: int) -> date:
    """The day from which on it is looked at: that of its next occurrence, which may be far ahead."""
    upcoming = next_dues(schedule.series, now_us - 1, 1, world.holidays)
    return Days(world.zone).of(upcoming[0].start_us if upcoming else now_us)


def preview(world: World, schedule: Schedule, content: Content, now_us: int, days: int) -> Preview:
    """Of ``schedule`` in so many days from its next occurrence on, as if it were approved."""
    first = looked_from(world, schedule, now_us)
    granted = replace(schedule, needs_approval=False)
    seen = replace(world, contents={**world.contents, content.content_id: content})
    dues = next_dues(schedule.series, now_us, _LOOKED_AT, world.holidays)
    odd = (due for due in dues if is_odd(due.start_us, _sounds_until(seen, schedule, due), world.zone))
    places = reached(seen, schedule.target, tuple(first + number * _ONE_DAY for number in range(days)))
    return Preview(
        dues=dues[:DUES],
        conflicts=find(seen, granted, first, days),
        refusals=_refusals(seen, granted, places, first, days),
        odd=tuple(islice(odd, DUES)),
        speakers=len(places),
    )


def _sounds_until(world: World, schedule: Schedule, due: Due) -> int:
    """When it is over, filled up and all, where nothing is in its way."""
    content_id = schedule.content_id
    if isinstance(due.change, Changed) and due.change.content_id is not None:
        content_id = due.change.content_id
    content = world.contents.get(content_id)
    return due.start_us + (0 if content is None else lengths(schedule, content.duration_us)[0])


def _refusals(
    world: World, schedule: Schedule, places: tuple[Place, ...], first: date, days: int
) -> tuple[Refusal, ...]:
    if not places:
        return ()
    near = narrowed(planned_with(world, schedule), places, first - _ONE_DAY, days + 1)
    compiler = Compiler(near, first, days)
    found: dict[tuple[str, RefusedFor], tuple[Line, Refused, list[str]]] = {}
    for together in alike(near, places):
        for line in compiler.lines(together[0].speaker_id):
            if line.item.schedule_id != schedule.schedule_id or not isinstance(line.outcome, Refused):
                continue
            key = line.item.item_id, line.outcome.reason
            speaker_ids = found.setdefault(key, (line, line.outcome, []))[2]
            speaker_ids.extend(place.speaker_id for place in together)
    told = [
        Refusal(item=line.item, outcome=outcome, speaker_ids=tuple(sorted(speaker_ids)))
        for line, outcome, speaker_ids in found.values()
    ]
    return tuple(sorted(told, key=lambda one: (one.item.start_us, one.outcome.reason)))
