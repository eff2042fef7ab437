"""What guards keep from the horn: what may not begin, what must end, and what has been used of a day.

Rules: an emergency is asked nothing here. Guards of several keys hold all at once. An airing takes its part of the day
when the engine is told to start it, and in the end gives back what was not heard, unless it was cut off in the middle.
No sound is in a stretch that is forbidden: it is stopped so long before the edge that its fade and what lies in the
output are over by then.
"""

from collections.abc import Iterator
from dataclasses import replace

from agents.domain.journal import Airtime
from agents.domain.player.state import LEAST_JOINED_US, Guarded, Interruption, Item, PlayerState, Stage
from agents.domain.player.turn import Turn
from agents.protocol.guards import GuardDetail, GuardedDay, Stretch
from agents.protocol.journal import Finished, Gap, Preempted, Skipped, SkipReason


def cut_at_edges(turn: Turn) -> None:
    """Stop what sounds, or is about to, where quiet hours begin before it ends."""
    for item in turn.items:
        if item.stage in (Stage.STARTING, Stage.SOUNDING) and not item.emergency:
            at_us = _air_us(turn, item)
            if at_us is not None and any(cut_us <= at_us for cut_us in _cuts(turn.state, item, at_us)):
                turn.cut(item, Guarded())


def next_cut_us(turn: Turn, item: Item) -> int | None:
    """The controller instant at which an airing that is in the engine has to be stopped."""
    at_us = _air_us(turn, item)
    if at_us is None or item.emergency or item.stage is Stage.CUTTING:
        return None
    return min((cut_us for cut_us in _cuts(turn.state, item, at_us) if cut_us > at_us), default=None)


def next_cut_local_us(turn: Turn) -> int | None:
    """The same for what sounds while controller time is not known, by the local clock."""
    item = turn.state.sounding()
    if turn.now_us is not None or item is None or item.sounding_since_us is None or item.due_us is None:
        return None
    cut_us = next_cut_us(turn, item)
    return None if cut_us is None else item.sounding_since_us + cut_us - item.due_us


def held_back(turn: Turn, item: Item, now_us: int) -> GuardDetail | None:
    """Why this airing may not begin (or go on after it was cut off), None where it may."""
    if item.emergency or item.due_us is None or not turn.state.guards:
        return None
    begins_us = max(now_us, item.due_us + item.resume_us)
    least_us = min(LEAST_JOINED_US, item.duration_us // 2)
    if any(cut_us - begins_us < least_us for cut_us in _cuts(turn.state, item, begins_us)):
        return GuardDetail.QUIET_HOURS
    for day in _days(turn.state, item.due_us):
        others = [
            spent
            for airing_id, spent in turn.state.airtime.items()
            if airing_id != item.airing_id and day.from_us <= spent.began_us < day.until_us
        ]
        if day.slots is not None and takes_slot(item) and sum(one.slot for one in others) >= day.slots:
            return GuardDetail.SLOTS_USED_UP
        takes_us = item.wasted_us + item.played_before_us + item.due_us + item.duration_us - begins_us
        if day.budget_us is not None and sum(one.played_us for one in others) + takes_us > day.budget_us:
            return GuardDetail.MINUTES_USED_UP
    return None


def hold_back(turn: Turn, item: Item, why: GuardDetail) -> None:
    """Write that it does not begin, or does not go on."""
    if item.interruption is not None:
        stay_cut(turn, item, item.interruption)
    elif item.mark.begun:
        finish_early(turn, item, item.heard_us)
    else:
        turn.end(item, Skipped(airing_id=item.airing_id, reason=SkipReason.GUARDED, detail=why.value))


def stay_cut(turn: Turn, item: Item, interruption: Interruption) -> None:
    """Write that it does not go on after another cut it."""
    turn.end(
        item, Preempted(airing_id=item.airing_id, by_airing_id=interruption.by_airing_id, at_us=interruption.at_us)
    )


def finish_early(turn: Turn, item: Item, at_us: int) -> None:
    """Write that quiet hours ended it ``at_us`` into it."""
    left_us = max(0, item.duration_us - at_us)
    if left_us:
        gap = Gap(airing_id=item.airing_id, from_us=at_us, lost_us=left_us, cause="guarded")
        item = turn.journal(replace(item, lost_us=item.lost_us + left_us), gap)
    turn.end(
        item,
        Finished(
            airing_id=item.airing_id,
            ended_at_us=(item.due_us or 0) + at_us,
            played_us=max(0, at_us - (item.lost_us - left_us)),
            lost_us=item.lost_us,
        ),
    )


def take_airtime(turn: Turn, item: Item) -> None:
    """Its part of the day is taken, as long as it may sound."""
    if item.emergency or item.due_us is None:
        return
    begins_us = max(turn.now_us or 0, item.due_us + item.resume_us)
    sounds_us = item.wasted_us + item.played_before_us + item.duration_us - (begins_us - item.due_us)
    taken = turn.state.airtime.get(item.airing_id)
    if item.cut_off and taken is not None:
        sounds_us = max(sounds_us, taken.played_us)
    turn.spend(item.airing_id, Airtime(item.due_us, max(0, sounds_us), takes_slot(item)))


def takes_slot(item: Item) -> bool:
    """What begins in the middle of its sequence goes on with one that was cut, in the slot of that."""
    return item.airing.from_us == 0


def _cuts(state: PlayerState, item: Item, at_us: int) -> Iterator[int]:
    """The instants at which it has to be stopped, for each quiet stretch between ``at_us`` and its end."""
    assert item.due_us is not None
    for stretch in _forbidden(state):
        if at_us < stretch.until_us and stretch.from_us < min(stretch.until_us, item.due_us + item.duration_us):
            yield stretch.from_us - state.settings.edge_lead_us


def _forbidden(state: PlayerState) -> Iterator[Stretch]:
    for guards in state.guards.values():
        yield from guards.forbidden


def _days(state: PlayerState, at_us: int) -> Iterator[GuardedDay]:
    for guards in state.guards.values():
        yield from (day for day in guards.days if day.from_us <= at_us < day.until_us)


def _air_us(turn: Turn, item: Item) -> int | None:
    """The instant of controller time that it has reached, or will begin at; also where time was lost meanwhile."""
    if item.due_us is None:
        return None
    if turn.now_us is not None:
        return max(turn.now_us, item.due_us + item.resume_us)
    if item.sounding_since_us is None:
        return None
    return item.due_us + turn.now.local_us - item.sounding_since_us
