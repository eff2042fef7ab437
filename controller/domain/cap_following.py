"""What an alert that comes does to those that came, and they to it: pure.

Rules: a message follows another by its ``references`` alone. It changes the other by itself where it may speak for it
(`cap_alerts.may_follow`) and came by a way that reaches all areas of it; where not it waits for a person. A message
that came before the one it speaks of, by the same way or signed, has the same effect. What is on the air goes on until
what replaces it is decided; a cancel ends it at once.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from controller.domain.cap_alerts import (
    SIGNED,
    AlertState,
    AreaState,
    CapAlert,
    MessageType,
    Reason,
    Sending,
    SendingState,
    came_alike,
    may_follow,
)

_WIDENED = frozenset(
    {AlertState.HELD, AlertState.NOT_ACTUAL, AlertState.DECIDED, AlertState.DECLINED, AlertState.ELSEWHERE}
)
Covers = Callable[[CapAlert], bool]
"""Whether the way by which a message came reaches all areas of another one."""
OTHER_SENDER = "other_sender"
_SETTLED = frozenset({AlertState.REFUSED, AlertState.IGNORED, AlertState.CANCELLED, AlertState.APPLIED})


@dataclass(frozen=True, slots=True)
class Arrival:
    """An alert as it is to be kept, with others that it changed. ``to_end`` are to be taken off the air."""

    alert: CapAlert
    changed: tuple[CapAlert, ...] = ()

    @property
    def to_end(self) -> tuple[tuple[CapAlert, Sending], ...]:
        """What those that were changed still have on the air, unless this one corrects it."""
        corrected = {one.corrects for one in self.alert.sendings if one.corrects}
        return tuple(
            (one, sending)
            for one in self.changed
            if one.state in {AlertState.CANCELLED, AlertState.SUPERSEDED}
            for sending in one.on_air
            if not (sending.emergency_id and sending.emergency_id in corrected)
        )


def arrived(
    alert: CapAlert, earlier: Sequence[CapAlert], later: Sequence[CapAlert], now_us: int, covers: Covers
) -> Arrival:
    """``earlier`` are those that it refers to, with what updated them since; ``later`` came before it, and refer to it
    all the same.
    """
    alert = replace(alert, earlier=tuple(one.alert_id for one in earlier))
    for one in later:
        if not alert.open or one.state is AlertState.REFUSED or not may_follow(one, alert):
            continue
        if came_alike(one, alert) or one.signature == SIGNED:
            return _too_late(alert, one, now_us)
        alert = _doubted(alert)  # how far the way of the other reaches is not known any more
    mine = [one for one in earlier if may_follow(alert, one) and covers(one)]
    match alert.message_type:
        case MessageType.CANCEL if alert.open:
            return _cancels(alert, earlier, mine, now_us)
        case MessageType.UPDATE if alert.open:
            return _updates(alert, earlier, mine, now_us)
        case _:
            return Arrival(alert)


def _too_late(alert: CapAlert, by: CapAlert, now_us: int) -> Arrival:
    cancelled = by.message_type is MessageType.CANCEL
    state = AlertState.CANCELLED if cancelled else AlertState.SUPERSEDED
    reasons = (*alert.reasons, Reason("overtaken", values={"identifier": by.key.identifier[:120]}))
    late = replace(alert, state=state, followed_by=by.alert_id, reasons=reasons)
    if by.state is not AlertState.WAITING:
        return Arrival(late)
    return Arrival(late, (replace(by, state=AlertState.APPLIED, changed_at_us=now_us),))


def widened(kept: CapAlert, again: CapAlert, now_us: int) -> CapAlert:
    """The same alert, that came ``again`` by a way that reaches areas which the first one did not: it is held there.
    ``kept`` itself where nothing is new, or it is over.
    """
    known = {one.area_id for one in kept.areas}
    new = tuple(one for one in again.areas if one.area_id not in known)
    if not new or kept.messages != again.messages or again.trusted < kept.trusted or kept.state not in _WIDENED:
        return kept
    named = tuple(dict.fromkeys((*kept.named_area_ids, *again.named_area_ids)))
    state = kept.state if kept.state is AlertState.NOT_ACTUAL else AlertState.HELD
    return replace(kept, areas=(*kept.areas, *new), named_area_ids=named, state=state, changed_at_us=now_us)


def _doubted(alert: CapAlert) -> CapAlert:
    """A person has to look at whose word it is."""
    if any(one.code == OTHER_SENDER for one in alert.reasons):
        return alert
    return replace(alert, reasons=(*alert.reasons, Reason(OTHER_SENDER, "warning")))


def _cancels(alert: CapAlert, earlier: Sequence[CapAlert], mine: Sequence[CapAlert], now_us: int) -> Arrival:
    if not earlier:
        reasons = (*alert.reasons, Reason("takes_back_unknown"))
        return Arrival(replace(alert, state=AlertState.WAITING, reasons=reasons))
    return applied(alert, mine, now_us) if mine else Arrival(_doubted(alert))


def applied(cancel: CapAlert, earlier: Iterable[CapAlert], now_us: int) -> Arrival:
    """All of these are cancelled."""
    changed = tuple(
        replace(one, state=AlertState.CANCELLED, followed_by=cancel.alert_id, changed_at_us=now_us)
        for one in earlier
        if one.state not in _SETTLED
    )
    return Arrival(replace(cancel, state=AlertState.APPLIED, changed_at_us=now_us), changed)


def _updates(alert: CapAlert, earlier: Sequence[CapAlert], mine: Sequence[CapAlert], now_us: int) -> Arrival:
    if not earlier:
        alert = replace(alert, reasons=(*alert.reasons, Reason("update_of_unknown", where="references")))
    if len(mine) < len(earlier):
        alert = _doubted(alert)
    changed = tuple(_superseded(one, alert, now_us) for one in mine if one.open and not one.on_air)
    return Arrival(alert, changed)


def _superseded(one: CapAlert, by: CapAlert, now_us: int) -> CapAlert:
    return replace(one, state=AlertState.SUPERSEDED, followed_by=by.alert_id, changed_at_us=now_us)


def correcting(alert: CapAlert, sending: Sending, earlier: Iterable[CapAlert]) -> Sending:
    """The sending with the emergency that it takes over: the first on the air of those that this alert updates which
    is heard in one of its areas, else any that nothing of this alert took over yet. While areas are still held only one
    that is heard nowhere else: what nobody has decided on yet goes on.
    """
    taken, mine = {one.corrects for one in alert.sendings}, set(sending.area_ids)
    aired = [
        one
        for before in earlier
        for one in before.on_air
        if one.state is SendingState.SENT and one.drill is sending.drill and one.emergency_id not in taken
    ]
    if alert.held:
        aired = [one for one in aired if set(one.area_ids) <= mine]
    shared = [one for one in aired if set(one.area_ids) & mine]
    found = next(iter(shared or aired), None)
    return sending if found is None else replace(sending, corrects=found.emergency_id)


def decided(alert: CapAlert, earlier: Iterable[CapAlert], now_us: int) -> Arrival:
    """After areas of an update were decided: once none is held, what it updates is over where this one is heard."""
    heard = any(one.state in {AreaState.AUTOMATIC, AreaState.CONFIRMED} for one in alert.areas)
    if alert.message_type is not MessageType.UPDATE or alert.held or not heard:
        return Arrival(alert)
    changed = tuple(_superseded(one, alert, now_us) for one in earlier if one.open)
    return Arrival(alert, changed)
