"""What becomes of an airing that another one cut in the middle.

Rules: only what nobody had planned interrupts (an order, an emergency, something live, another key's plan); the plan
itself has been made so that nothing of it is cut. A plan cuts a microphone that nothing comes from, which goes on when
something comes again. The instant at which it goes on, and where, follow from the documents alone, so that all horns
find the same: it was cut when the other one was to begin (with a siren: when its order was signed) and goes on when
that is to be over, each with the delay of its speaker. Nothing of it is heard outside its slot; what would be a scrap
of it is left out.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from agents.domain.player.guards import stay_cut
from agents.domain.player.state import LEAST_JOINED_US, Interruption, Item, Stage
from agents.domain.player.turn import Turn
from agents.protocol.journal import Gap, Interrupted, Preempted
from agents.protocol.values import AiringClass, OnInterrupted, PlannedAiring
from schedules.precedence import goes_before

LEAST_RESUMED_US: Final = 30_000_000
"""Less than this is not worth going on with, unless it is all that is left: the measure of the plan itself."""


def interrupt(turn: Turn, item: Item, rival: Item, at_us: int) -> None:
    """``rival`` has cut it ``at_us`` into it: write what becomes of it."""
    going_on = _going_on(turn.items, item, rival, at_us)
    if going_on is None or going_on.begins_us is None:
        preempted = Preempted(airing_id=item.airing_id, by_airing_id=rival.airing_id, at_us=at_us)
        turn.forget_play(item, preempted)
        return
    interrupted = Interrupted(
        airing_id=item.airing_id,
        by_airing_id=rival.airing_id,
        at_us=at_us,
        resumes_at_us=going_on.begins_us,
        from_us=going_on.resume_us,
    )
    going_on = turn.journal(going_on, interrupted)
    turn.wants_changed = True
    if going_on.resume_us > at_us:
        lost_us = going_on.resume_us - at_us
        gap = Gap(airing_id=item.airing_id, from_us=at_us, lost_us=lost_us, cause="interrupted")
        turn.journal(replace(going_on, lost_us=going_on.lost_us + lost_us), gap)


def was_interrupted(items: Iterable[Item], item: Item, rival: Item) -> Item | None:
    """What `interrupt` made of it in an earlier run, of which only the documents are left; None where ``rival`` did not
    cut it, or it was not to go on.
    """
    if item.start_at_us is None or rival.start_at_us is None or not goes_before(rival.claim(), item.claim()):
        return None
    at_us = _cut_us(rival, rival.start_at_us) - item.start_at_us
    if not item.resume_us < at_us < item.duration_us:
        return None
    return _going_on(items, item, rival, at_us)


def goes_on_with(airing: PlannedAiring, item: Item) -> bool:
    """Whether a plan has the rest of what was cut: then that is heard, and not both."""
    if item.interruption is None or item.in_engine or airing.start_at_us is None or item.slot_ends_us is None:
        return False
    same = (airing.bulletin_id, airing.sequence) == (item.airing.bulletin_id, item.airing.sequence)
    first_us = item.airing.start_at_us or 0
    return same and airing.airing_id != item.airing_id and first_us < airing.start_at_us < item.slot_ends_us


def look_again(turn: Turn) -> None:
    """What waits to go on waits longer where something else is to have the air then, or does not go on at all."""
    for item in turn.items:
        if item.interruption is None or item.in_engine or item.start_at_us is None:
            continue
        begins_us = item.start_at_us + item.resume_us
        free_us = _free_from(turn.items, item, begins_us)
        if free_us == begins_us:
            continue
        _place_again(turn, item, free_us)


def freed(turn: Turn, rival: Item, at_us: int) -> None:
    """``rival`` is over at this instant, before it was to be: what waits for it may go on sooner."""
    for waiting in turn.items:
        cause = waiting.interruption
        if cause is None or waiting.in_engine or waiting.start_at_us is None:
            continue
        if cause.by_airing_id == rival.airing_id:
            cause = replace(cause, over_us=min(cause.over_us, at_us))
        item = turn.put(replace(waiting, interruption=cause))
        free_us = _free_from(turn.items, item, max(at_us, cause.over_us))
        if free_us < waiting.start_at_us + waiting.resume_us:
            _place_again(turn, item, free_us)


def _place_again(turn: Turn, item: Item, begins_us: int) -> None:
    hopes = item.hopes_until_us is not None
    later = _placed(item, begins_us, _goes_on_at(item, begins_us), hopes=hopes)
    if later is not None:
        turn.put(turn.disarm(later) if later.stage is not Stage.WAITING else later)
    elif item.interruption is not None:
        stay_cut(turn, item, item.interruption)


def _goes_on_at(item: Item, begins_us: int) -> int:
    """How far into it it goes on at this instant: what is joined again has gone on meanwhile."""
    if item.airing.on_interrupted is OnInterrupted.REJOIN:
        return max(0, begins_us - (item.start_at_us or 0))
    return item.resume_us


def _going_on(items: Iterable[Item], item: Item, rival: Item, at_us: int) -> Item | None:
    """The airing as it is to go on; None where it is not to."""
    airing = item.airing
    if airing.on_interrupted is OnInterrupted.DROP or not _is_unplanned(item, rival):
        return None
    if item.start_at_us is None or rival.start_at_us is None:
        return None
    reached_us = min(item.whole_us, max(item.resume_us, _cut_us(rival, rival.start_at_us) - item.start_at_us))
    slot_ends_us = item.slot_ends_us
    if slot_ends_us is None:
        ends_us = item.start_at_us + item.whole_us + item.delay_us
        slot_ends_us = ends_us if airing.slot_ends_us is None else airing.slot_ends_us
    heard_us = item.played_before_us + max(0, at_us - item.resume_us - item.lost_in_play_us)
    waiting = replace(
        item,
        stage=Stage.WAITING,
        play_id=None,
        cut=None,
        held_by=None,
        sounding_since_us=None,
        lost_in_play_us=0,
        silent_in_play_us=0,
        cut_off=False,
        slot_ends_us=slot_ends_us,
        interruption=Interruption(rival.airing_id, at_us, _over_us(rival, rival.start_at_us)),
    )
    begins_us = _free_from(items, waiting, max(_over_us(rival, rival.start_at_us), item.start_at_us))
    hopes = rival.open_ended and rival.end is None
    if airing.on_interrupted is OnInterrupted.RESTART:
        again = replace(
            waiting, wasted_us=item.wasted_us + heard_us, played_before_us=0, heard_us=0, lost_us=0, resume_us=0
        )
        return _placed(again, begins_us, 0, hopes=hopes)
    resumed = replace(waiting, played_before_us=heard_us, resume_us=reached_us)
    return _placed(resumed, begins_us, _goes_on_at(resumed, begins_us), hopes=hopes)


def _over_us(rival: Item, start_at_us: int) -> int:
    """When what cut it is over, by its documents."""
    over_us = start_at_us + rival.whole_us
    return over_us if rival.end is None else min(over_us, rival.end.at_us)


def _cut_us(rival: Item, start_at_us: int) -> int:
    """When it cuts what is on the air, by its documents."""
    sirens = rival.siren is not None and rival.issued_us is not None
    return min(start_at_us, rival.issued_us or 0) if sirens else start_at_us


def _placed(item: Item, begins_us: int, from_us: int, *, hopes: bool) -> Item | None:
    """To go on at this instant, without its delay, ``from_us`` into it; None where there is no room for it. With
    ``hopes`` it waits then, as long as there would be room if it could begin at once.
    """
    left_us = item.whole_us - from_us
    room_us = left_us if item.slot_ends_us is None else item.slot_ends_us - begins_us - item.delay_us
    least_us = min(_least_us(item, left_us), left_us)
    placed = replace(
        item,
        start_at_us=begins_us - from_us,
        resume_us=from_us,
        heard_us=min(from_us, item.whole_us),
        ends_us=None,
        hopes_until_us=None,
    )
    if left_us > 0 and room_us >= least_us:
        return placed if room_us >= left_us else replace(placed, ends_us=from_us + room_us)
    if not hopes or item.slot_ends_us is None:
        return None
    return replace(placed, hopes_until_us=item.slot_ends_us - item.delay_us - max(0, least_us))


def _least_us(item: Item, left_us: int) -> int:
    """Of what goes on so much is to be heard at least."""
    match item.airing.on_interrupted:
        case OnInterrupted.RESTART:
            return left_us
        case OnInterrupted.REJOIN:
            return LEAST_JOINED_US
        case _:
            return LEAST_RESUMED_US


def _free_from(items: Iterable[Item], item: Item, begins_us: int) -> int:
    """The first instant from this one on at which nothing that goes before it is to be heard."""
    spans = [
        (one.start_at_us + one.resume_us, one.frees_us)
        for one in items
        if one.airing_id != item.airing_id
        and one.start_at_us is not None
        and one.frees_us is not None
        and one.hopes_until_us is None
        and not one.away
        and _is_unplanned(item, one)
        and goes_before(one.claim(), item.claim())
    ]
    for from_us, until_us in sorted(spans):
        if from_us <= begins_us < until_us:
            begins_us = until_us
    return begins_us


def _is_unplanned(item: Item, rival: Item) -> bool:
    if item.spoken or rival.order_id is not None or rival.key_id != item.key_id:
        return True
    return rival.emergency or rival.airing.airing_class is AiringClass.LIVE
