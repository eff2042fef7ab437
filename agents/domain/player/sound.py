"""What the engine's word means for an airing.

Rules: only the engine's word advances an airing past its start, and each play ends with one word. Words about a play
that is no longer an airing's own are about something that has been let go, and count for nothing.
"""

from dataclasses import replace

from agents.domain.player.events import (
    PlayArmed,
    PlayEvent,
    PlayFailed,
    PlayFinished,
    PlayMissing,
    PlaySounding,
    PlayStopped,
    PlayUnderrun,
)
from agents.domain.player.guards import finish_early
from agents.domain.player.interrupt import interrupt
from agents.domain.player.sirens import hear_siren
from agents.domain.player.state import (
    EndedBy,
    Ending,
    GaveWay,
    Guarded,
    Item,
    Stage,
    StoppedBy,
    Withdrawn,
    frames_us,
)
from agents.domain.player.turn import Turn
from agents.protocol.guards import GuardDetail
from agents.protocol.journal import (
    Armed,
    Ended,
    Failed,
    FailReason,
    Finished,
    Gap,
    Preempted,
    Skipped,
    SkipReason,
    Sounding,
    Stopped,
)

NEARLY_ALL_US = 100_000
"""An airing whose successor took the air this little before its end has finished."""
GAPS_WRITTEN = 20
"""So many holes of one airing are written one by one; all of them count in its last record."""


def play_id_of(airing_id: str, number: int) -> str:
    """The name of one arming of an airing."""
    return f"{airing_id}.{number}"


def hear(turn: Turn, event: PlayEvent) -> None:
    """Take in the engine's word."""
    item = turn.item(event.play_id.rpartition(".")[0])
    if item is not None and item.siren is not None and item.siren.play_id == event.play_id:
        hear_siren(turn, item, item.siren, event)
    if item is None or item.play_id != event.play_id:
        return
    match event:
        case PlayArmed():
            _armed(turn, item)
        case PlaySounding():
            _sounding(turn, item, event)
        case PlayUnderrun(lost_frames=lost_frames):
            _underrun(turn, item, frames_us(lost_frames))
        case PlayMissing():
            _missing(turn, item, event)
        case PlayFinished():
            _finished(turn, item, event.played_frames, frames_us(event.lost_frames), event.underruns)
        case PlayStopped(at_frame=at_frame):
            _stopped(turn, item, at_frame)
        case PlayFailed():
            _failed(turn, item, event)


def _armed(turn: Turn, item: Item) -> None:
    if item.stage is not Stage.ARMING:
        return
    item = turn.put(replace(item, stage=Stage.ARMED))
    if not item.mark.armed:
        turn.journal(item, Armed(airing_id=item.airing_id))


def _sounding(turn: Turn, item: Item, event: PlaySounding) -> None:
    due_us = item.due_us
    if item.stage not in (Stage.STARTING, Stage.CUTTING) or item.sounding_since_us is not None or due_us is None:
        return
    joined_us = frames_us(event.first_frame)
    known_us = turn.now.controller_us
    actual_us = due_us + joined_us + event.error_us
    if known_us is not None:
        actual_us = known_us - (turn.now.local_us - event.actual_start_local_us)
    again = item.mark.begun
    stage = Stage.SOUNDING if item.stage is Stage.STARTING else item.stage
    item = replace(item, stage=stage, sounding_since_us=event.actual_start_local_us - joined_us)
    item = turn.journal(
        item,
        Sounding(
            airing_id=item.airing_id,
            planned_start_us=due_us,
            actual_start_us=max(0, actual_us),
            start_error_us=event.error_us,
            joined_at_us=joined_us,
            again=again,
        ),
    )
    if joined_us > item.heard_us:
        _gap(turn, item, item.heard_us, joined_us - item.heard_us, item.why_cut)


def _gap(turn: Turn, item: Item, from_us: int, lost_us: int, cause: str) -> None:
    item = replace(item, lost_us=item.lost_us + lost_us, gaps=item.gaps + 1)
    if item.gaps <= GAPS_WRITTEN:
        turn.journal(item, Gap(airing_id=item.airing_id, from_us=from_us, lost_us=lost_us, cause=cause))
    else:
        turn.put(item)


def _underrun(turn: Turn, item: Item, lost_us: int) -> None:
    if item.sounding_since_us is None or lost_us <= 0:
        return
    at_us = max(0, turn.now.local_us - item.sounding_since_us)
    item = replace(item, lost_in_play_us=item.lost_in_play_us + lost_us)
    _gap(turn, item, max(0, at_us - lost_us), lost_us, "underrun")


def _missing(turn: Turn, item: Item, event: PlayMissing) -> None:
    """It goes on, in step; what had not come is heard as silence, now or in a moment. Of one that is cut only what was
    to be heard before counts.
    """
    lost_us = frames_us(event.lost_frames)
    if item.stage is Stage.CUTTING and item.sounding_since_us is not None:
        lost_us = min(lost_us, turn.now.local_us - item.sounding_since_us - frames_us(event.first_frame))
    elif item.stage not in (Stage.STARTING, Stage.SOUNDING):
        return
    if lost_us <= 0:
        return
    item = replace(
        item,
        lost_in_play_us=item.lost_in_play_us + lost_us,
        silent_in_play_us=item.silent_in_play_us + lost_us,
    )
    _gap(turn, item, frames_us(event.first_frame), lost_us, event.cause)


def _finished(turn: Turn, item: Item, played_frames: int, lost_us: int, underruns: int) -> None:
    """``lost_us`` is the engine's own sum for this play: the airing's sum has what it told before."""
    played_us = max(0, item.played_before_us + frames_us(played_frames) - item.silent_in_play_us)
    over_us = (item.due_us or 0) + item.duration_us
    left_us = item.whole_us - item.duration_us
    if left_us > 0:  # its slot has ended
        gap = Gap(airing_id=item.airing_id, from_us=item.duration_us, lost_us=left_us, cause="slot")
        item = turn.journal(replace(item, lost_us=item.lost_us + left_us), gap)
    turn.forget_play(
        item,
        Finished(
            airing_id=item.airing_id,
            ended_at_us=over_us if turn.now.controller_us is None else turn.now.controller_us,
            played_us=played_us,
            lost_us=item.lost_us + max(0, lost_us - item.lost_in_play_us + item.silent_in_play_us),
            underruns=underruns,
        ),
    )


def _stopped(turn: Turn, item: Item, at_frame: int) -> None:
    at_us = frames_us(at_frame)
    begun = item.sounding_since_us is not None or at_frame > 0
    if (ending := _over(turn, item)) is not None:
        at_us = at_us if begun else item.heard_us
        turn.forget_play(item, Ended(airing_id=item.airing_id, order_id=ending.order_id, at_us=at_us))
        return
    match item.cut:
        case StoppedBy(order_id=order_id) if begun or item.mark.begun:
            at_us = at_us if begun else item.heard_us
            turn.forget_play(item, Stopped(airing_id=item.airing_id, order_id=order_id, at_us=at_us))
        case StoppedBy(order_id=order_id):
            skipped = Skipped(airing_id=item.airing_id, reason=SkipReason.STOPPED, detail=f"stop order {order_id}")
            turn.forget_play(item, skipped)
        case GaveWay(airing_id=rival) if begun:
            _cut_by(turn, item, turn.item(rival), rival, at_us)
        case GaveWay(airing_id=rival):
            if not item.mark.begun:
                turn.spend(item.airing_id, None)
            turn.put(replace(item, stage=Stage.WAITING, play_id=None, cut=None, held_by=rival))
        case Withdrawn() if begun:
            turn.forget_play(item, _failed_for(item, FailReason.INTERRUPTED, "It was withdrawn as it began."))
        case Withdrawn():
            turn.forget_play(item, Skipped(airing_id=item.airing_id, reason=SkipReason.WITHDRAWN))
        case Guarded() if begun or item.mark.begun:
            finish_early(turn, item, at_us if begun else item.heard_us)
        case Guarded():
            turn.forget_play(item, _kept_quiet(item))
        case None | EndedBy():
            _displaced(turn, item, at_frame, begun)


def _over(turn: Turn, item: Item) -> Ending | None:
    """What ended it, also where the one that follows took the air a moment before it was cut."""
    match item.cut, item.end:
        case _, None:
            return None
        case EndedBy(), ending:
            return ending
        case ((StoppedBy() | Withdrawn() | Guarded()), _):
            return None
        case _, ending:
            return ending if turn.now_us is None or turn.now_us >= ending.at_us - NEARLY_ALL_US else None


def _displaced(turn: Turn, item: Item, at_frame: int, begun: bool) -> None:
    """Nobody told the engine to stop it: another play took its place."""
    rival = _rival(turn, item)
    if not begun or rival is None:
        detail = "The output let go of it unasked."
        turn.forget_play(item, _failed_for(item, FailReason.OUTPUT_FAILED, detail))
    elif item.duration_us - frames_us(at_frame) <= NEARLY_ALL_US:
        at_us = frames_us(at_frame)
        turn.forget_play(
            item,
            Finished(
                airing_id=item.airing_id,
                ended_at_us=(item.due_us or 0) + at_us,
                played_us=max(0, at_us - item.lost_us),
                lost_us=item.lost_us + max(0, item.duration_us - at_us),
            ),
        )
    else:
        _cut_by(turn, item, rival, rival.airing_id, frames_us(at_frame))


def _cut_by(turn: Turn, item: Item, rival: Item | None, rival_id: str, at_us: int) -> None:
    if rival is None:  # it is over already
        turn.forget_play(item, Preempted(airing_id=item.airing_id, by_airing_id=rival_id, at_us=at_us))
    else:
        interrupt(turn, item, rival, at_us)


def _rival(turn: Turn, item: Item) -> Item | None:
    """Who took the air: a siren takes it at once, others at their instant."""
    others = [one for one in turn.items if one.has_air and one.airing_id != item.airing_id]
    now_us = turn.now_us
    begun = [one for one in others if one.siren_sounds or (now_us is not None and (one.begins_us or 0) <= now_us)]
    return max(begun or others, key=lambda one: (one.siren_sounds, one.begins_us or 0, one.airing_id), default=None)


def _failed(turn: Turn, item: Item, event: PlayFailed) -> None:
    begun = item.sounding_since_us is not None or item.mark.begun
    match item.cut:
        case StoppedBy() if not begun:
            detail = event.detail[:500]
            turn.forget_play(item, Skipped(airing_id=item.airing_id, reason=SkipReason.STOPPED, detail=detail))
        case Withdrawn() if not begun:
            turn.forget_play(item, Skipped(airing_id=item.airing_id, reason=SkipReason.WITHDRAWN))
        case Guarded() if not begun:
            turn.forget_play(item, _kept_quiet(item))
        case None | GaveWay() if event.reason is FailReason.OUTPUT_FAILED and turn.now_us is not None:
            _try_again(turn, item, event.detail, turn.now_us)
        case _:
            turn.forget_play(item, _failed_for(item, event.reason, event.detail))


def _try_again(turn: Turn, item: Item, detail: str, now_us: int) -> None:
    """The output may come back, as a plug does: the airing joins in step then, as after a restart."""
    heard_us = item.heard_us
    if item.sounding_since_us is not None:
        heard_us = min(max(heard_us, turn.now.local_us - item.sounding_since_us), item.duration_us)
    turn.put(
        replace(
            item,
            stage=Stage.WAITING,
            play_id=None,
            cut=None,
            output_trouble=detail or "The output failed.",
            try_at_us=now_us + turn.state.settings.output_pause_us,
            sounding_since_us=None,
            heard_us=heard_us,
            lost_in_play_us=0,
            silent_in_play_us=0,
            played_before_us=max(0, heard_us - item.lost_us),
        )
    )


def _kept_quiet(item: Item) -> Skipped:
    detail = GuardDetail.QUIET_HOURS.value
    return Skipped(airing_id=item.airing_id, reason=SkipReason.GUARDED, detail=detail)


def _failed_for(item: Item, reason: FailReason, detail: str) -> Failed:
    return Failed(airing_id=item.airing_id, reason=reason, detail=detail[:500])
