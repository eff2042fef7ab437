"""What giving way means for the one of two schedules that loses: reckoned from the outcomes of the days looked at."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from schedules.rundown.compile import Compiler
from schedules.rundown.conflicts import Conflict
from schedules.rundown.items import Days
from schedules.rundown.near import alike, narrowed, planned_with
from schedules.rundown.values import Conflicted, CutFor, Displaced, Item, Outcome, Played
from schedules.schedule import Schedule, World

_ONE_DAY: Final = timedelta(days=1)
_UNHEARD, _PARTLY, _LATER = range(3)


@dataclass(frozen=True, slots=True)
class Losses:
    """How many occurrences are not heard at all on some speaker because of the other schedule; of how many only a part
    is; and how many are heard whole, but later.
    """

    unheard: int = 0
    partly: int = 0
    later: int = 0


def losses(world: World, schedule: Schedule, found: Sequence[Conflict]) -> dict[str, Losses]:
    """For each schedule that ``schedule`` meets, by its id, what the loser of the two loses, as if everything were
    approved. ``found`` are the conflicts as `schedules.rundown.conflicts.find` gives them.
    """
    if not found:
        return {}
    days = Days(world.zone)
    named = [days.of(item.start_us) for one in found for item in (one.item, one.other)]
    first, count = min(named), (max(named) - min(named)).days + 1
    met = frozenset(speaker_id for one in found for speaker_id in one.speaker_ids)
    places = [place for place in world.places if place.speaker_id in met]
    asked = planned_with(world, schedule)
    granted = replace(asked, schedules=tuple(replace(one, needs_approval=False) for one in asked.schedules))
    near = narrowed(granted, places, first - _ONE_DAY, count + 1)
    compiler = Compiler(near, first, count)
    worst: dict[str, dict[str, int]] = {}
    for together in alike(near, places):
        here = {place.speaker_id for place in together}
        outcomes = {line.item.item_id: line.outcome for line in compiler.lines(together[0].speaker_id)}
        for one in found:
            winner, loser = (one.item, one.other) if one.wins else (one.other, one.item)
            kind = _lost(outcomes.get(loser.item_id), winner)
            if kind is not None and not here.isdisjoint(one.speaker_ids):
                kinds = worst.setdefault(one.other.schedule_id, {})
                kinds[loser.item_id] = min(kind, kinds.get(loser.item_id, kind))
    return {key: _counted(list(kinds.values())) for key, kinds in worst.items()}


def _lost(outcome: Outcome | None, winner: Item) -> int | None:
    """What an occurrence loses to ``winner``; None where that is nothing, or another takes its air."""
    match outcome:
        case Displaced(by=by) | Conflicted(with_=by) if by == winner.item_id:
            return _UNHEARD
        case Played(cut=CutFor.INTERRUPTED, by=by) if by == winner.item_id:
            return _PARTLY
        case Played(pushed_us=pushed_us, by=by) if by == winner.item_id and pushed_us > 0:
            return _LATER
        case _:
            return None


def _counted(kinds: list[int]) -> Losses:
    return Losses(kinds.count(_UNHEARD), kinds.count(_PARTLY), kinds.count(_LATER))
