"""What an alert that comes does to those that came, and they to it: pure.

Rules: a message follows another by its ``references`` alone. It changes the other by itself where it may speak for it
(`cap_alerts.may_follow`) and came by a way that reaches all areas of it; where not it waits for a person. A message
that came before the one it speaks of, by the same way or signed, has the same effect. What is on the air goes on until
what replaces it is decided; a cancel ends it at once.

Of two with the same sender, identifier and time that say different things nobody knows which is its sender's. One that
is vouched for takes the place of one that is not, where its way reaches; else both are kept, and those that nobody
decided on yet wait for a person: by itself such a one does nothing.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from controller.domain.cap_alerts import (
    SIGNED,
    AlertState,
    AreaState,
    CapAlert,
    Key,
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
DISPUTED: Final = "says_otherwise"
"""`Reason.code` of one that names itself as another does, and says something else."""
MOST_NAMESAKES: Final = 5
"""So many that say different things under one sender, identifier and time are taken by one way; more are refused."""
_SETTLED = frozenset({AlertState.REFUSED, AlertState.IGNORED, AlertState.CANCELLED, AlertState.APPLIED})


@dataclass(frozen=True, slots=True)
class Arrival:
    """An alert as it is to be kept, with others that it changed. ``to_end`` are to be taken off the air."""

    alert: CapAlert
    changed: tuple[CapAlert, ...] = ()

    def with_more(self, changed: Iterable[CapAlert]) -> "Arrival":
        """Others that it changed too."""
        return replace(self, changed=(*self.changed, *changed))

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


@dataclass(frozen=True, slots=True)
class Namesakes:
    """Others of the same key. ``kept`` is the same alert, which was here already; ``against`` say something else, and
    are vouched for no less or were sent already; ``outdone`` give way. ``full``: this way brought too many already.
    """

    kept: CapAlert | None
    against: tuple[CapAlert, ...]
    outdone: tuple[CapAlert, ...]
    full: bool


def says_same(one: CapAlert, other: CapAlert) -> bool:
    """Whether two of one key are the same alert. Of one that was kept before this was noted its messages tell."""
    if one.says and other.says:
        return one.says == other.says
    return (one.status, one.message_type, one.messages) == (other.status, other.message_type, other.messages)


def namesakes(alert: CapAlert, found: Sequence[CapAlert], covers: Covers) -> Namesakes:
    """Of those ``found`` under the key of an alert that comes."""
    strong = [one for one in found if one.trusted >= alert.trusted or one.sendings]
    same = [one for one in strong if says_same(one, alert)]
    others = [one for one in found if not says_same(one, alert)]
    return Namesakes(
        kept=max(same, key=lambda one: (bool(one.sendings), one.trusted), default=None),
        against=tuple(one for one in strong if not says_same(one, alert)),
        outdone=tuple(one for one in found if one not in strong and one.open and covers(one)),
        full=sum(came_alike(one, alert) for one in others) >= MOST_NAMESAKES,
    )


def is_disputed(alert: CapAlert) -> bool:
    """Whether another of its key says something else."""
    return any(one.code == DISPUTED for one in alert.reasons)


def disputed(alert: CapAlert) -> CapAlert:
    """A person has to look which one is its sender's."""
    return alert if is_disputed(alert) else replace(alert, reasons=(*alert.reasons, Reason(DISPUTED, "warning")))


def one_too_many(alert: CapAlert) -> CapAlert:
    """Refused: its way brought many others under its name already."""
    reasons = (Reason("too_many_namesakes", "error", values={"most": str(MOST_NAMESAKES)}),)
    return replace(
        alert,
        key=Key("", f"!{alert.alert_id}", 0),
        references=(),
        state=AlertState.REFUSED,
        reasons=reasons,
        trusted=False,
    )


def made_way(alert: CapAlert, named: Namesakes, now_us: int) -> tuple[CapAlert, ...]:
    """What becomes of the others of its name: those outdone give way, and what waits says that there is another, unless
    it is vouched for and this one is not.
    """
    waiting = {AlertState.HELD, AlertState.NOT_ACTUAL}
    unsure = [
        one for one in named.against if one.state in waiting and not is_disputed(one) and one.trusted <= alert.trusted
    ]
    return (
        *(_superseded(one, alert, now_us) for one in named.outdone),
        *(replace(disputed(one), changed_at_us=now_us) for one in unsure),
    )


def arrived(
    alert: CapAlert, earlier: Sequence[CapAlert], later: Sequence[CapAlert], now_us: int, covers: Covers
) -> Arrival:
    """``earlier`` are those that it refers to, with what updated them since; ``later`` came before it, and refer to it
    all the same.
    """
    mine = [one for one in earlier if may_follow(alert, one) and covers(one)]
    spoken_of = {one.key for one in mine}
    earlier = [one for one in earlier if one in mine or one.key not in spoken_of]
    alert = replace(alert, earlier=tuple(one.alert_id for one in earlier))
    for one in later:
        if not alert.open or one.state is AlertState.REFUSED or not may_follow(one, alert):
            continue
        unsure = is_disputed(one) and one.state is AlertState.HELD
        if not unsure and (came_alike(one, alert) or one.signature == SIGNED):
            return _too_late(alert, one, now_us)
        alert = _doubted(alert)  # how far the way of the other reaches is not known any more
    match alert.message_type:
        case _ if is_disputed(alert):
            return Arrival(alert)
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
    kept = disputed(kept) if is_disputed(again) else kept
    return replace(kept, areas=(*kept.areas, *new), named_area_ids=named, state=state, changed_at_us=now_us)


def trusted_first(alerts: Iterable[CapAlert]) -> tuple[CapAlert, ...]:
    """In their order but for that: where several have the name that a message refers to, one that is vouched for is
    meant.
    """
    return tuple(sorted(alerts, key=lambda one: not one.trusted))


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
