"""What a verified document changes: new airings, other instants, latches.

Rules: an airing is known by its id; one that has begun stays as it is, one that has ended never comes back. A rundown
replaces what the same key's rundown before it planned; an order's airing is not touched by it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from agents.domain.journal import Mark, mark_after
from agents.domain.player.effects import Journal, Retarget
from agents.domain.player.ending import end_all
from agents.domain.player.events import Restored
from agents.domain.player.guards import stay_cut
from agents.domain.player.interrupt import goes_on_with, was_interrupted
from agents.domain.player.state import EarlyStart, Ending, Item, Latch, Siren, Stage, Withdrawn
from agents.domain.player.turn import Turn
from agents.protocol.documents import (
    Assignment,
    End,
    Header,
    Order,
    Play,
    ReleaseStop,
    Rundown,
    Start,
    Stop,
)
from agents.protocol.ids import AiringId
from agents.protocol.journal import Failed, FailReason, Skipped, SkipReason, Stored
from agents.protocol.values import ClipPart, PlannedAiring


@dataclass(frozen=True, slots=True)
class _Origin:
    key_id: str
    order_id: str | None
    expires_us: int
    issued_us: int | None = None
    siren: ClipPart | None = None


def restore(turn: Turn, kept: Restored) -> None:
    """Take up what was kept. Documents were verified before they were kept."""
    turn.state = replace(turn.state, heard=kept.heard, clips=kept.clips, airtime=kept.airtime)
    for airing_id, mark in kept.marks.items():
        turn.know(airing_id, mark)
    for document in kept.documents:
        take(turn, document)
    rivals = [_made(turn, play.airing, _by(order, play)) for order, play in _plays(kept.documents)]
    rivals = [one for one in rivals if one.mark.begun or _has_siren(one, kept)]
    for rival in sorted(rivals, key=lambda one: one.start_at_us or 0):
        for item in turn.items:
            if item.mark.begun and (going_on := was_interrupted(turn.items, item, rival)) is not None:
                turn.put(going_on)
    if kept.complete:
        _end_the_orphaned(turn, kept)


def _has_siren(item: Item, kept: Restored) -> bool:
    return item.siren is not None and item.siren.clip.choose(item.rendition).sha256 in kept.clips


def _plays(documents: Iterable[Assignment | Rundown | Order]) -> Iterator[tuple[Order, Play]]:
    for document in documents:
        if isinstance(document, Order) and isinstance(document.action, Play):
            yield document, document.action


def _end_the_orphaned(turn: Turn, kept: Restored) -> None:
    """What was said something of and has no document any more: the program ended between the document that took it
    from the plan and the last record.
    """
    for airing_id, mark in kept.marks.items():
        if mark.ended or turn.item(airing_id) is not None:
            continue
        end: Failed | Skipped
        if mark.starting or mark.begun:
            detail = "It was cut off in the middle, and is not planned any more."
            end = Failed(airing_id=airing_id, reason=FailReason.INTERRUPTED, detail=detail)
        else:
            end = Skipped(airing_id=airing_id, reason=SkipReason.WITHDRAWN)
        turn.do(Journal(end))
        turn.know(airing_id, mark_after(mark, end))


def take(turn: Turn, document: Assignment | Rundown | Order) -> None:
    """Obey a document."""
    match document:
        case Assignment():
            _assign(turn, document)
        case Rundown():
            _plan(turn, document)
        case Order(action=Play() as play):
            _add(turn, play.airing, _by(document, play))
            end_all(turn, play.ends, _ending(document, play))
        case Order(action=End(airing_ids=ids, end_at_us=at_us), header=header):
            end_all(turn, ids, Ending(header.document_id, at_us, header.not_after_us))
        case Order(action=Start() as start, header=header):
            _start(turn, header, start)
        case Order(action=Stop(airing_ids=ids), header=header):
            covered = None if ids is None else frozenset(ids)
            latch = Latch(header.document_id, covered, header.not_after_us)
            turn.state = replace(turn.state, latches={**turn.state.latches, latch.order_id: latch})
        case Order(action=ReleaseStop(order_id=order_id)):
            left = {name: latch for name, latch in turn.state.latches.items() if name != order_id}
            turn.state = replace(turn.state, latches=left)
        case Order():
            pass  # the shell's business: nothing is left to decide here


def _by(order: Order, play: Play) -> _Origin:
    header = order.header
    return _Origin(header.key_id, header.document_id, header.not_after_us, header.issued_at_us, play.siren)


def _ending(order: Order, play: Play) -> Ending:
    """What a play ends is over when that begins, or its siren."""
    header, start_at_us = order.header, play.airing.start_at_us
    at_us = header.issued_at_us if play.siren is not None or start_at_us is None else start_at_us
    return Ending(header.document_id, at_us, header.not_after_us)


def _assign(turn: Turn, assignment: Assignment) -> None:
    trusted = {key.key_id for key in assignment.trusted_keys}
    turn.state = replace(
        turn.state,
        delay_us=assignment.delay_us,
        rendition=assignment.rendition,
        guards={key_id: guards for key_id, guards in turn.state.guards.items() if key_id in trusted},
    )
    for item in turn.items:
        if item.key_id not in trusted:
            _withdraw(turn, item)
        elif not item.in_engine and item.delay_us != assignment.delay_us:
            turn.put(replace(item, delay_us=assignment.delay_us))


def _plan(turn: Turn, rundown: Rundown) -> None:
    header = rundown.header
    others = {key_id: guards for key_id, guards in turn.state.guards.items() if key_id != header.key_id}
    own = {} if rundown.guards is None else {header.key_id: rundown.guards}
    turn.state = replace(turn.state, guards={**others, **own})
    planned = {airing.airing_id for airing in rundown.airings}
    for item in turn.items:
        if item.order_id is None and item.key_id == header.key_id and item.airing_id not in planned:
            _withdraw(turn, item)
    for item in turn.items:
        mine = item.order_id is None and item.key_id == header.key_id
        if mine and item.interruption is not None and any(goes_on_with(one, item) for one in rundown.airings):
            stay_cut(turn, item, item.interruption)
    for airing in rundown.airings:
        _add(turn, airing, _Origin(header.key_id, None, header.not_after_us))


def _withdraw(turn: Turn, item: Item) -> None:
    """Unless it has begun: the instant may have passed before the engine has told."""
    due_us, now_us = item.due_us, turn.now_us
    if item.mark.begun or item.stage in (Stage.SOUNDING, Stage.CUTTING):
        return
    if item.stage is not Stage.STARTING:
        turn.end(item, Skipped(airing_id=item.airing_id, reason=SkipReason.WITHDRAWN))
    elif due_us is not None and now_us is not None and now_us < due_us:
        turn.cut(item, Withdrawn())


def _add(turn: Turn, airing: PlannedAiring, origin: _Origin) -> None:
    state, airing_id = turn.state, airing.airing_id
    if turn.ended(airing_id):
        return
    known = turn.item(airing_id)
    if known is not None:
        _change(turn, known, airing, origin)
        return
    item = _made(turn, airing, origin)
    mark = item.mark
    if mark.begun and state.heard is not None and state.heard.airing_id == airing_id:
        heard, lost = state.heard.heard_us, state.heard.lost_us
        item = replace(item, heard_us=heard, lost_us=lost, played_before_us=max(0, heard - lost))
    _settle_in(turn, _with_early_start(turn, item))


def _made(turn: Turn, airing: PlannedAiring, origin: _Origin) -> Item:
    state = turn.state
    refs = airing.clips(state.rendition)
    mark = turn.mark(airing.airing_id) or Mark()
    return Item(
        airing=airing,
        key_id=origin.key_id,
        order_id=origin.order_id,
        expires_us=origin.expires_us,
        rendition=state.rendition,
        delay_us=state.delay_us,
        start_at_us=airing.start_at_us,
        accepted_us=turn.now_us,
        missing=frozenset(ref.sha256 for ref in refs) - state.clips,
        mark=mark,
        cut_off=mark.starting or mark.begun,
        issued_us=origin.issued_us,
        siren=None if origin.siren is None else Siren(origin.siren),
        end=state.ends.get(airing.airing_id),
    )


def _change(turn: Turn, known: Item, airing: PlannedAiring, origin: _Origin) -> None:
    """The airing was known: take what is new, unless it is on its way out of the horn or an order's."""
    if known.mark.begun or known.in_engine or (known.order_id is not None and origin.order_id is None):
        return
    same_sound = _sound_of(airing) == _sound_of(known.airing)
    if not same_sound and known.stage is not Stage.WAITING:
        known = turn.disarm(known)
    started_us = known.start_at_us if airing.start_at_us is None else airing.start_at_us
    item = replace(
        known,
        airing=airing,
        key_id=origin.key_id,
        order_id=origin.order_id,
        expires_us=origin.expires_us,
        issued_us=origin.issued_us,
        start_at_us=started_us,
        siren=known.siren if origin.siren is None or known.siren is not None else Siren(origin.siren),
        missing=frozenset(ref.sha256 for ref in airing.clips(known.rendition)) - turn.state.clips,
        trouble=known.trouble if same_sound else None,
    )
    _settle_in(turn, _with_early_start(turn, item))


def _sound_of(airing: PlannedAiring) -> tuple[object, ...]:
    return airing.sequence, airing.from_us, airing.play_us, airing.fade_us, airing.times, airing.pause_us


def _with_early_start(turn: Turn, item: Item) -> Item:
    early = turn.state.starts.get(item.airing_id)
    if early is None:
        return item
    left = {name: start for name, start in turn.state.starts.items() if name != item.airing_id}
    turn.state = replace(turn.state, starts=left)
    if early.key_id != item.key_id:
        return item
    return replace(item, start_at_us=early.start_at_us, expires_us=max(item.expires_us, early.not_after_us))


def _settle_in(turn: Turn, item: Item) -> None:
    turn.put(item)
    turn.wants_changed = True
    note_stored(turn, (item,))


def note_stored(turn: Turn, items: Iterable[Item]) -> None:
    """Write, once an airing, that all its clips are here."""
    for item in items:
        if not item.missing and not item.mark.stored:
            airing_id = AiringId(item.airing_id)
            turn.journal(item, Stored(airing_id=airing_id, fetched_bytes=item.fetched_bytes))


def _start(turn: Turn, header: Header, start: Start) -> None:
    item = turn.item(start.airing_id)
    if turn.ended(start.airing_id):
        return
    if item is None:
        early = EarlyStart(header.key_id, start.start_at_us, header.not_after_us)
        turn.state = replace(turn.state, starts={**turn.state.starts, start.airing_id: early})
        return
    # What began in an earlier run of the program needs its start again: only what sounds now stays as it is.
    if item.key_id != header.key_id or item.stage in (Stage.SOUNDING, Stage.CUTTING) or item.interruption is not None:
        return
    item = turn.put(replace(item, start_at_us=start.start_at_us, expires_us=max(item.expires_us, header.not_after_us)))
    turn.wants_changed = True
    if item.stage is Stage.STARTING and item.play_id is not None and item.begins_us is not None:
        turn.do(Retarget(item.play_id, item.begins_us))
