"""What follows from the time and from what is known: taken anew after every event, whatever the event was.

In this order: stops silence, what an order ended is over, what runs into quiet hours is cut, what was interrupted looks
for its air anew, what is too late ends, sirens sound, what is near is armed, the air is given to what guards let begin,
clips are wanted. Each asks only the state and the time, so it does not matter in what order events came.
"""

from dataclasses import replace

from agents.domain.player.effects import ArmSource, FetchClips, StartAt, WakeAt, Want
from agents.domain.player.ending import finish_ended
from agents.domain.player.guards import (
    cut_at_edges,
    held_back,
    hold_back,
    next_cut_local_us,
    next_cut_us,
    stay_cut,
    take_airtime,
)
from agents.domain.player.interrupt import look_again
from agents.domain.player.partly import may_be_in_part, next_turn_us, turn_of_what_is_here
from agents.domain.player.sirens import sound_sirens
from agents.domain.player.sound import play_id_of
from agents.domain.player.state import GaveWay, Item, Latch, Stage, StoppedBy
from agents.domain.player.turn import Turn
from agents.protocol.journal import Failed, FailReason, Gap, Skipped, SkipReason, Stopped
from schedules.precedence import goes_before, in_order


def settle(turn: Turn) -> None:
    """Bring the state to rest."""
    _note_time(turn)
    _silence(turn)
    finish_ended(turn)
    cut_at_edges(turn)
    look_again(turn)
    _retire(turn)
    sound_sirens(turn)
    _arm(turn)
    _give_air(turn)
    if turn.wants_changed:
        turn.do(_wanted(turn))
    turn.do(WakeAt(_next_us(turn), next_cut_local_us(turn)))


def _note_time(turn: Turn) -> None:
    now_us, state = turn.now_us, turn.state
    if now_us is None:
        turn.state = replace(state, known_since_us=None)
        return
    turn.state = replace(
        state,
        known_since_us=now_us if state.known_since_us is None else state.known_since_us,
        latches={name: latch for name, latch in state.latches.items() if latch.not_after_us >= now_us},
        starts={name: start for name, start in state.starts.items() if start.not_after_us >= now_us},
        ends={name: ending for name, ending in state.ends.items() if ending.not_after_us >= now_us},
    )


# --- stop -----------------------------------------------------------------------------------------------------------


def _silence(turn: Turn) -> None:
    if not turn.state.latches:
        return
    for item in turn.items:
        latch = _latch_over(turn, item)
        if latch is None or isinstance(item.cut, StoppedBy):
            continue
        if item.in_engine:
            turn.cut(item, StoppedBy(latch.order_id))
        elif item.mark.begun:  # nobody was left to tell where it was cut
            turn.end(item, Stopped(airing_id=item.airing_id, order_id=latch.order_id, at_us=item.heard_us))
        elif item.order_id is not None or _is_due(turn, item):
            detail = f"stop order {latch.order_id}"
            turn.end(item, Skipped(airing_id=item.airing_id, reason=SkipReason.STOPPED, detail=detail))


def _latch_over(turn: Turn, item: Item) -> Latch | None:
    return next((latch for latch in turn.state.latches.values() if latch.covers(item.airing_id)), None)


def _is_due(turn: Turn, item: Item) -> bool:
    return turn.now_us is not None and item.due_us is not None and item.due_us <= turn.now_us


# --- too late -------------------------------------------------------------------------------------------------------


def _retire(turn: Turn) -> None:
    for item in turn.items:
        if item.in_engine:
            continue
        if item.hopes_until_us is not None and item.interruption is not None:
            if turn.now_us is not None and turn.now_us > item.hopes_until_us:
                stay_cut(turn, item, item.interruption)
        elif item.order_id is not None and _is_hopeless(item):
            turn.end(item, _failed(item))
        elif turn.now_us is not None and _is_near(turn, item, turn.now_us):
            latest_us = item.last_chance_us
            if item.duration_us <= 0:
                detail = "Nothing is left of its sequence."
                turn.end(item, Failed(airing_id=item.airing_id, reason=FailReason.DECODE_FAILED, detail=detail))
            elif latest_us is not None and turn.now_us > latest_us:
                _too_late(turn, item)


def _is_hopeless(item: Item) -> bool:
    return item.trouble is not None and item.trouble.final and bool(item.missing) and not may_be_in_part(item)


def _is_near(turn: Turn, item: Item, now_us: int) -> bool:
    begins_us = item.begins_us
    return begins_us is None or begins_us - turn.state.settings.arm_lead_us <= now_us or item.expires_us < now_us


def _too_late(turn: Turn, item: Item) -> None:
    if item.interruption is not None:
        stay_cut(turn, item, item.interruption)
    elif item.mark.begun:
        lost_us = max(0, item.duration_us - item.heard_us)
        gap = Gap(airing_id=item.airing_id, from_us=item.heard_us, lost_us=lost_us, cause=item.why_cut)
        turn.end(turn.journal(item, gap), _failed_in_the_middle(item))
    elif item.output_trouble:
        detail = item.output_trouble[:500]
        turn.end(item, Failed(airing_id=item.airing_id, reason=FailReason.OUTPUT_FAILED, detail=detail))
    elif item.missing and item.trouble is not None:
        turn.end(item, _failed(item))
    else:
        reason, detail = _why_late(turn, item)
        turn.end(item, Skipped(airing_id=item.airing_id, reason=reason, detail=detail))


def _failed_in_the_middle(item: Item) -> Failed:
    if item.output_trouble:
        return Failed(airing_id=item.airing_id, reason=FailReason.OUTPUT_FAILED, detail=item.output_trouble[:500])
    detail = "It was cut off in the middle, and there was no joining it any more."
    return Failed(airing_id=item.airing_id, reason=FailReason.INTERRUPTED, detail=detail)


def _why_late(turn: Turn, item: Item) -> tuple[SkipReason, str]:
    due_us, since_us = item.due_us, turn.state.known_since_us
    if due_us is None:
        return SkipReason.LATE, "No start order came."
    if since_us is not None and due_us < since_us and (item.accepted_us is None or item.accepted_us < due_us):
        return SkipReason.TIME_UNKNOWN, ""
    if item.held_by is not None:
        return SkipReason.DISPLACED, f"{item.held_by} had the air"
    if item.missing:
        return SkipReason.LATE, f"{len(item.missing)} clips had not arrived."
    return SkipReason.LATE, "Its order had expired." if item.expires_us < due_us else ""


def _failed(item: Item) -> Failed:
    trouble = item.trouble
    assert trouble is not None
    return Failed(airing_id=item.airing_id, reason=trouble.reason, detail=trouble.detail[:500])


# --- clips and arming -----------------------------------------------------------------------------------------------


def _wanted(turn: Turn) -> FetchClips:
    """Emergencies first, then what is due first; what waits for its start order is wanted at once."""
    wants: dict[str, Want] = {}
    needed: set[str] = set()
    for item in sorted(turn.items, key=lambda one: (not one.emergency, one.due_us or 0, one.airing_id)):
        if item.siren is not None and (siren := item.siren.clip.choose(item.rendition)).sha256 in turn.state.clips:
            needed.add(siren.sha256)
        for ref in item.refs():
            needed.add(ref.sha256)
            if ref.sha256 in item.missing:
                wants.setdefault(ref.sha256, Want(ref, item.emergency, item.due_us))
    return FetchClips(tuple(wants.values()), frozenset(needed))


def _arm(turn: Turn) -> None:
    for item in turn.items:
        if item.stage in (Stage.ARMING, Stage.ARMED) and _is_far(turn, item):
            turn.disarm(item)  # it was planned anew, for later
        if item.stage is not Stage.WAITING or not _is_complete_enough(turn, item) or not _is_arming_time(turn, item):
            continue
        number = turn.state.plays + 1
        turn.state = replace(turn.state, plays=number)
        play_id = play_id_of(item.airing_id, number)
        turn.put(replace(item, stage=Stage.ARMING, play_id=play_id, try_at_us=None))
        airing, span = item.airing, item.span
        turn.do(
            ArmSource(
                item.airing_id,
                play_id,
                airing.sequence,
                item.rendition,
                item.emergency,
                span,
                airing.fade_frames,
                airing.times,
                airing.pause_frames,
                item.missing,
            )
        )


def _is_complete_enough(turn: Turn, item: Item) -> bool:
    if not item.missing:
        return True
    return turn.now_us is not None and turn_of_what_is_here(item, turn.now_us, turn.state.settings.start_lead_us)


def _is_arming_time(turn: Turn, item: Item) -> bool:
    if item.hopes_until_us is not None or item.away:
        return False
    if item.due_us is None:
        return True
    if turn.now_us is None or (item.try_at_us is not None and turn.now_us < item.try_at_us):
        return False
    return not _is_far(turn, item)


def _is_far(turn: Turn, item: Item) -> bool:
    if item.begins_us is None or turn.now_us is None:
        return False
    return turn.now_us < item.begins_us - turn.state.settings.arm_lead_us


# --- the air --------------------------------------------------------------------------------------------------------


def _give_air(turn: Turn) -> None:
    """Tell the engine the instant of the one airing that goes first among those that are ready and near."""
    now_us = turn.now_us
    if now_us is None:
        return
    ready = [
        item
        for item in turn.items
        if item.stage is Stage.ARMED
        and not item.away
        and _is_starting_time(turn, item, now_us)
        and _latch_over(turn, item) is None
    ]
    by_id = {item.airing_id: item for item in ready}
    for claim in in_order(item.claim() for item in ready):
        item = by_id[claim.airing_id]
        if (why := held_back(turn, item, now_us)) is not None:
            hold_back(turn, item, why)
            continue
        holder = _holder(turn, item)
        if holder is None:
            _start(turn, item)
        elif item.begins_us is not None and item.begins_us <= now_us:
            turn.put(replace(item, held_by=holder.airing_id))


def _is_starting_time(turn: Turn, item: Item, now_us: int) -> bool:
    return item.begins_us is not None and item.begins_us - turn.state.settings.start_lead_us <= now_us


def _holder(turn: Turn, item: Item) -> Item | None:
    """Who keeps the air from it, if anybody. Where a start has to be called off for it, calls it off."""
    rivals = [one for one in turn.items if one.airing_id != item.airing_id and _holds(one, item)]
    for rival in rivals:
        if not goes_before(item.claim(), rival.claim()):
            return rival
    for rival in rivals:
        if rival.stage is Stage.STARTING:
            turn.cut(rival, GaveWay(item.airing_id))
    return None


def _holds(one: Item, other: Item) -> bool:
    if one.siren_sounds:
        return True
    if one.away and one.stage is Stage.SOUNDING:
        return False
    return one.stage in (Stage.STARTING, Stage.SOUNDING) and _overlap(one, other)


def _overlap(one: Item, other: Item) -> bool:
    if one.due_us is None or other.due_us is None:
        return False
    begins_us, other_begins_us = one.due_us + one.resume_us, other.due_us + other.resume_us
    return begins_us < _over_us(other, other.due_us) and other_begins_us < _over_us(one, one.due_us)


def _over_us(item: Item, due_us: int) -> int:
    over_us = due_us + item.duration_us
    return over_us if item.end is None else min(over_us, item.end.at_us)


def _start(turn: Turn, item: Item) -> None:
    if item.play_id is None or item.due_us is None:
        return
    mark = replace(item.mark, starting=True)
    turn.put(replace(item, stage=Stage.STARTING, mark=mark, cut=None))
    take_airtime(turn, item)
    limit = None if item.emergency else turn.state.max_volume_percent
    turn.do(StartAt(item.airing_id, item.play_id, item.due_us, item.emergency, limit, item.resume_us))


# --- waking ---------------------------------------------------------------------------------------------------------


def _next_us(turn: Turn) -> int | None:
    """The next instant at which something may follow from the time alone."""
    now_us = turn.now_us
    if now_us is None:
        return None
    state = turn.state
    instants = [latch.not_after_us + 1 for latch in state.latches.values()]
    for item in turn.items:
        if item.end is not None:
            instants.append(item.end.at_us)
        if item.hopes_until_us is not None:
            instants.append(item.hopes_until_us + 1)
        if item.siren is not None and item.siren.try_at_us is not None:
            instants.append(item.siren.try_at_us)
        if item.in_engine:
            cut_us = next_cut_us(turn, item)
            instants += [] if cut_us is None else [cut_us]
            continue
        near_us = None if item.begins_us is None else item.begins_us - state.settings.arm_lead_us
        if near_us is not None and near_us > now_us:
            instants += [min(near_us, item.expires_us + 1)]
            continue
        latest_us = item.last_chance_us
        instants += [] if latest_us is None else [latest_us + 1]
        instants += [] if item.try_at_us is None else [item.try_at_us]
        instants += [] if (turn_us := next_turn_us(item, now_us)) is None else [turn_us]
        if item.begins_us is not None:
            instants += [item.begins_us - state.settings.start_lead_us, item.begins_us]
    return min((instant for instant in instants if instant > now_us), default=None)
