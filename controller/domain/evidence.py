"""From what devices wrote to what the desk shows: journal records become playbacks.

Rules: `fold` looks at all records of one airing by one device, in the order the device wrote them, so that it does not
matter in which order or how often they arrived. Going through them a state moves forward only: what finished or was
stopped stays so; what failed or was skipped can still come to sound, because devices try again.
"""

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from agents.protocol.journal import (
    ActionEnded,
    Armed,
    Ended,
    Failed,
    Finished,
    Gap,
    Interrupted,
    JournalRecord,
    Preempted,
    RecordsLost,
    Refused,
    SelfTested,
    SirenSounding,
    Skipped,
    Sounding,
    StartedUp,
    Stopped,
    Stored,
)
from agents.protocol.messages import DocumentReply
from agents.protocol.version import MAX_INTEGER
from controller.domain.airings import Airing, AiringState, Playback, PlayState

_BEFORE_STORED: Final = frozenset({PlayState.PLANNED, PlayState.REFUSED, PlayState.PUSHED, PlayState.FAILED})
_BEFORE_ARMED: Final = _BEFORE_STORED | {PlayState.STORED}
_FINAL: Final = frozenset({PlayState.FINISHED, PlayState.STOPPED})

ENDS: Final = frozenset(
    {
        PlayState.FINISHED,
        PlayState.SKIPPED,
        PlayState.FAILED,
        PlayState.PREEMPTED,
        PlayState.STOPPED,
        PlayState.REFUSED,
    }
)
"""States after which nothing more is waited for."""


def pushed(playback: Playback, at_us: int) -> Playback:
    """The device has confirmed at ``at_us`` that the airing's document is on its disk and obeyed."""
    state = PlayState.PUSHED if playback.state in {PlayState.PLANNED, PlayState.REFUSED} else playback.state
    cleared = state is PlayState.PUSHED
    return replace(
        playback,
        state=state,
        pushed_at_us=at_us if playback.pushed_at_us is None else playback.pushed_at_us,
        reason=None if cleared else playback.reason,
        detail="" if cleared else playback.detail,
    )


def taken_out(playback: Playback) -> Playback:
    """The desk's own word: this speaker is not to play it any more."""
    return replace(playback, withdrawn=True)


def refused(playback: Playback, reply: DocumentReply) -> Playback:
    """The device did not obey the airing's document. What it did before is not undone by that."""
    if playback.state not in {PlayState.PLANNED, PlayState.REFUSED}:
        return playback
    reason = None if reply.reason is None else reply.reason.value
    return replace(playback, state=PlayState.REFUSED, reason=reason, detail=reply.detail)


def fold(playback: Playback, records: Sequence[JournalRecord]) -> Playback:
    """The playback after ``records``: all there are of this airing and device, each once, in the device's order.

    Of ``playback`` itself only what the desk knows is used (whether the document was confirmed or refused, or it was
    taken out), so that the same records give the same result again.
    """
    if not records:
        return playback
    state = PlayState.PLANNED if playback.pushed_at_us is None else PlayState.PUSHED
    folded = Playback(
        airing_id=playback.airing_id,
        speaker_id=playback.speaker_id,
        state=state,
        pushed_at_us=playback.pushed_at_us,
        withdrawn=playback.withdrawn,
    )
    for record in records:
        folded = _after(folded, record)
    return folded


def _after(playback: Playback, record: JournalRecord) -> Playback:
    match record.event:
        case Stored():
            after = _stored(playback, record)
        case Armed():
            after = _armed(playback, record)
        case Sounding() as event:
            after = _sounding(playback, record, event)
        case Interrupted() as event:
            after = _interrupted(playback, event)
        case Gap() as event:
            after = _gap(playback, event)
        case Finished() as event:
            after = _finished(playback, record, event)
        case Skipped() as event:
            after = _ended(playback, record, PlayState.SKIPPED, event.reason.value, event.detail)
        case Failed() as event:
            after = _ended(playback, record, PlayState.FAILED, event.reason.value, event.detail)
        case Preempted() as event:
            after = _cut(_ended(playback, record, PlayState.PREEMPTED, None, event.by_airing_id), playback, event.at_us)
        case Stopped() as event:
            after = _cut(_ended(playback, record, PlayState.STOPPED, None, event.order_id), playback, event.at_us)
        case Ended() as event:
            heard = playback.started_at_us is not None or event.at_us > 0
            state = PlayState.FINISHED if heard else PlayState.SKIPPED
            after = _cut(_ended(playback, record, state, "ended", event.order_id), playback, event.at_us)
        case SirenSounding() | Refused() | StartedUp() | RecordsLost() | ActionEnded() | SelfTested():
            after = playback
    return after


def _interrupted(playback: Playback, event: Interrupted) -> Playback:
    """It waits to go on: what it has lost is reckoned anew where it begins again."""
    if playback.state in _FINAL or event.from_us > 0:
        return playback
    return replace(playback, lost_us=0)


def _gap(playback: Playback, event: Gap) -> Playback:
    if playback.state in _FINAL:
        return playback
    return replace(playback, lost_us=min(MAX_INTEGER, playback.lost_us + event.lost_us))


def _stored(playback: Playback, record: JournalRecord) -> Playback:
    state = PlayState.STORED if _may_prepare(playback, _BEFORE_STORED) else playback.state
    at_us = record.at_us if playback.stored_at_us is None else playback.stored_at_us
    return replace(_retried(playback, state), state=state, stored_at_us=at_us)


def _armed(playback: Playback, record: JournalRecord) -> Playback:
    state = PlayState.ARMED if _may_prepare(playback, _BEFORE_ARMED) else playback.state
    at_us = record.at_us if playback.armed_at_us is None else playback.armed_at_us
    return replace(_retried(playback, state), state=state, armed_at_us=at_us)


def _may_prepare(playback: Playback, before: frozenset[PlayState]) -> bool:
    return playback.state in before and playback.started_at_us is None


def _retried(playback: Playback, state: PlayState) -> Playback:
    """What failed and is tried again has no reason and no end any more."""
    if state is playback.state:
        return playback
    return replace(playback, reason=None, detail="", ended_at_us=None, played_us=None)


def _sounding(playback: Playback, record: JournalRecord, event: Sounding) -> Playback:
    if playback.state in _FINAL:
        return playback
    restarts = playback.restarts + (1 if event.again else 0)
    playback = replace(_retried(playback, PlayState.SOUNDING), state=PlayState.SOUNDING, restarts=restarts)
    if playback.started_at_us is not None:
        return playback
    return replace(
        playback,
        started_at_us=event.actual_start_us,
        start_error_us=event.start_error_us,
        joined_at_us=event.joined_at_us,
        clock_basis=record.clock_basis.value,
        clock_error_us=record.clock_error_us,
    )


def _finished(playback: Playback, record: JournalRecord, event: Finished) -> Playback:
    if playback.state in _FINAL:
        return playback
    return replace(
        playback,
        state=PlayState.FINISHED,
        ended_at_us=event.ended_at_us,
        played_us=event.played_us,
        lost_us=max(event.lost_us, playback.lost_us),
        underruns=event.underruns,
        clock_basis=playback.clock_basis or record.clock_basis.value,
        reason=None,
        detail="",
    )


def _ended(playback: Playback, record: JournalRecord, state: PlayState, reason: str | None, detail: str) -> Playback:
    if playback.state in _FINAL:
        return playback
    return replace(
        playback,
        state=state,
        ended_at_us=record.at_us,
        played_us=None,
        reason=reason,
        detail=detail,
        clock_basis=playback.clock_basis or record.clock_basis.value,
    )


def _cut(ended: Playback, before: Playback, at_us: int) -> Playback:
    """What was cut at ``at_us`` into it has played up to there, but for what it had lost: what a device that joins late
    has missed is a gap of its own.
    """
    if ended is before:
        return ended
    return replace(ended, played_us=max(0, at_us - before.lost_us))


def reported_state(airing: Airing, playbacks: Sequence[Playback]) -> AiringState:
    """Where the evidence puts the airing as a whole, forward only.

    On the air once a speaker sounds, ended once every speaker that is to play it reported an end and one of them
    sounded. A stop by a person stays a stop. What had expired or was withdrawn, and turns out to have sounded after
    all, has ended.
    """
    sounded = any(playback.started_at_us is not None for playback in playbacks)
    match airing.state:
        case AiringState.STOPPED | AiringState.ENDED:
            return airing.state
        case AiringState.EXPIRED | AiringState.WITHDRAWN:
            return AiringState.ENDED if sounded else airing.state
        case AiringState.WAITING | AiringState.PLANNED | AiringState.ON_AIR:
            ended = all(playback.state in ENDS for playback in playbacks if not playback.withdrawn)
            if playbacks and ended and not airing.lasting:
                return AiringState.ENDED if sounded else airing.state
            return AiringState.ON_AIR if sounded else airing.state


def settled_state(airing: Airing, playbacks: Sequence[Playback]) -> AiringState:
    """What an airing is once its time is over: ended if anyone sounded, else expired."""
    reported = reported_state(airing, playbacks)
    if reported in {AiringState.WAITING, AiringState.PLANNED}:
        return AiringState.EXPIRED
    return AiringState.ENDED if reported is AiringState.ON_AIR else reported
