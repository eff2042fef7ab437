"""The siren of an emergency: at once, until the airing itself is heard.

Rules: it is sounded where it lies on the disk, and nothing waits for it where it does not. It holds the air as its
airing does: what goes before that keeps the air, everything else gives way now. It waits for no instant, but time must
be known: an order from before a power cut could be of any age. It ends with its airing, or when that is heard, and it
is not begun again, unless the output failed and may be back.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final

from agents.domain.player.effects import SoundSiren, StopSound
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
from agents.domain.player.state import GaveWay, Item, Siren, Stage
from agents.domain.player.turn import Turn
from agents.protocol.journal import FailReason, SirenSounding
from schedules.precedence import goes_before, in_order

LEAST_US: Final = 1_000_000
"""A siren that would be heard for less than this is left out: the airing itself is about to begin."""


def sound_sirens(turn: Turn) -> None:
    """Begin what is to be heard, end what is not."""
    with_sirens = {one.airing_id: one for one in turn.items if one.siren is not None and not one.siren.over}
    for claim in in_order(one.claim() for one in with_sirens.values()):
        item = with_sirens[claim.airing_id]
        if item.siren is None:
            continue
        if item.mark.begun or item.stage is Stage.CUTTING:
            turn.hush(item)
        elif item.siren.play_id is None:
            if _is_wanted(turn, item, item.siren) and not _goes_behind(turn, item, partial(_has_air, turn)):
                _begin(turn, item, item.siren)
        elif _goes_behind(turn, item, _is_heard):
            turn.hush(item)


def _is_wanted(turn: Turn, item: Item, siren: Siren) -> bool:
    now_us = turn.now_us
    if now_us is None or not item.emergency or siren.clip.choose(item.rendition).sha256 not in turn.state.clips:
        return False
    if siren.try_at_us is not None and now_us < siren.try_at_us:
        return False
    if any(latch.covers(item.airing_id) for latch in turn.state.latches.values()):
        return False
    if item.due_us is None:
        return now_us <= item.expires_us
    return bool(item.missing) or item.due_us - now_us >= LEAST_US


def _goes_behind(turn: Turn, item: Item, which: Callable[[Item], bool]) -> bool:
    """Whether one that ``which`` is true of goes before it. That is asked first: it is quick, and a rundown long."""
    claim = item.claim()
    others = (one for one in turn.items if one.airing_id != item.airing_id and which(one))
    return any(goes_before(one.claim(), claim) for one in others)


def _has_air(turn: Turn, item: Item) -> bool:
    """Whether it has the air, or takes it now."""
    begins_us, now_us = item.begins_us, turn.now_us
    due = item.stage is Stage.STARTING and begins_us is not None and now_us is not None and begins_us <= now_us
    return item.siren_sounds or item.stage is Stage.SOUNDING or due


def _is_heard(item: Item) -> bool:
    """The same by the engine's word: only then is nothing between the two."""
    return item.stage is Stage.SOUNDING or (item.siren is not None and item.siren.sounding and item.siren_sounds)


def _begin(turn: Turn, item: Item, siren: Siren) -> None:
    number = turn.state.plays + 1
    turn.state = replace(turn.state, plays=number)
    play_id = f"{item.airing_id}.{number}"
    turn.put(replace(item, siren=replace(siren, play_id=play_id)))
    for other in turn.items:
        if other.airing_id == item.airing_id or other.stage is not Stage.STARTING:
            continue
        if not goes_before(other.claim(), item.claim()):
            turn.cut(other, GaveWay(item.airing_id))
    turn.do(SoundSiren(item.airing_id, play_id, siren.clip.choose(item.rendition)))


def lose_siren(turn: Turn, sha256: str) -> None:
    """The clip is gone: a siren of it that is not heard yet holds no air, and begins where the clip comes back."""
    for item in turn.items:
        siren = item.siren
        if siren is None or siren.play_id is None or siren.sounding:
            continue
        if siren.clip.choose(item.rendition).sha256 == sha256:
            turn.do(StopSound(siren.play_id))
            turn.put(replace(item, siren=replace(siren, play_id=None)))


def hear_siren(turn: Turn, item: Item, siren: Siren, event: PlayEvent) -> None:
    """Take in the engine's word about the siren of this airing."""
    match event:
        case PlaySounding(actual_start_local_us=at_local_us) if not siren.sounding:
            known_us = turn.now.controller_us
            item = turn.put(replace(item, siren=replace(siren, sounding=True)))
            if known_us is not None:
                began_us = max(0, known_us - (turn.now.local_us - at_local_us))
                turn.journal(item, SirenSounding(airing_id=item.airing_id, began_at_us=began_us))
        case PlayFailed(reason=FailReason.OUTPUT_FAILED) if turn.now_us is not None:
            try_at_us = turn.now_us + turn.state.settings.output_pause_us
            turn.put(replace(item, siren=replace(siren, play_id=None, sounding=False, try_at_us=try_at_us)))
        case PlayFinished() | PlayStopped() | PlayFailed():
            turn.put(replace(item, siren=replace(siren, play_id=None, over=True)))
        case PlayArmed() | PlaySounding() | PlayUnderrun() | PlayMissing():
            pass
