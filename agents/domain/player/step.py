"""One step of the player: an event, the time, the state before; the state after, and what to do."""

from dataclasses import replace

from agents.domain.now import Now
from agents.domain.player.documents import note_stored, restore, take
from agents.domain.player.effects import Effect, Retarget
from agents.domain.player.events import (
    ClipLost,
    ClipStored,
    ClockChanged,
    DocumentTaken,
    Event,
    FetchFailed,
    LiveAway,
    PlayArmed,
    PlayFailed,
    PlayFinished,
    PlayMissing,
    PlaySounding,
    PlayStopped,
    PlayUnderrun,
    Restored,
    Tick,
)
from agents.domain.player.settle import settle
from agents.domain.player.sirens import lose_siren
from agents.domain.player.sound import hear
from agents.domain.player.state import PlayerState, Stage, Trouble
from agents.domain.player.turn import Turn


def step(state: PlayerState, event: Event, now: Now) -> tuple[PlayerState, tuple[Effect, ...]]:
    """Pure. The effects are to be done in their order; what comes of them returns as events."""
    turn = Turn(state, now)
    match event:
        case Restored():
            restore(turn, event)
        case DocumentTaken(document=document):
            take(turn, document)
        case ClipStored():
            _stored(turn, event)
        case ClipLost():
            _lost(turn, event)
        case FetchFailed(sha256=sha256):
            _trouble(turn, Trouble(sha256, event.reason, event.detail, event.final))
        case (
            PlayArmed()
            | PlaySounding()
            | PlayUnderrun()
            | PlayMissing()
            | PlayFinished()
            | PlayStopped()
            | PlayFailed()
        ):
            hear(turn, event)
        case LiveAway(airing_id=airing_id, away=away):
            _away(turn, airing_id, away)
        case ClockChanged():
            _aim_again(turn)
        case Tick():
            pass
    settle(turn)
    return turn.result()


def _stored(turn: Turn, event: ClipStored) -> None:
    turn.state = replace(turn.state, clips=turn.state.clips | {event.sha256})
    for item in turn.items:
        if event.sha256 in item.missing:
            solved = item.trouble is not None and item.trouble.sha256 == event.sha256
            changed = turn.put(
                replace(
                    item,
                    missing=item.missing - {event.sha256},
                    fetched_bytes=item.fetched_bytes + event.fetched_bytes,
                    trouble=None if solved else item.trouble,
                )
            )
            note_stored(turn, (changed,))


def _lost(turn: Turn, event: ClipLost) -> None:
    """Whoever needs the clip and does not sound yet has to fetch it again."""
    turn.state = replace(turn.state, clips=turn.state.clips - {event.sha256})
    turn.wants_changed = True
    for item in turn.items:
        if item.in_engine or all(ref.sha256 != event.sha256 for ref in item.refs()):
            continue
        kept = item if item.stage is Stage.WAITING else turn.disarm(item)
        trouble = Trouble(event.sha256, event.reason, event.detail, final=False)
        turn.put(replace(kept, missing=item.missing | {event.sha256}, trouble=trouble))
    lose_siren(turn, event.sha256)


def _trouble(turn: Turn, trouble: Trouble) -> None:
    for item in turn.items:
        if trouble.sha256 in item.missing:
            turn.put(replace(item, trouble=trouble))


def _away(turn: Turn, airing_id: str, away: bool) -> None:
    """Its end may have been lost with the link: what is planned must not wait for that."""
    item = turn.item(airing_id)
    if item is not None and item.spoken:
        turn.put(replace(item, away=away))


def _aim_again(turn: Turn) -> None:
    """The clock is known better: what sounds or is about to moves to where it should be."""
    if turn.now_us is None:
        return
    for item in turn.items:
        if item.stage in (Stage.STARTING, Stage.SOUNDING) and item.play_id is not None and item.begins_us is not None:
            turn.do(Retarget(item.play_id, item.begins_us))
