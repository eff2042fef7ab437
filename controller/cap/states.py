"""What an alert would end in, and why: decided from the alert, what is known already, the rules, and the time.

The order of the questions is the rule: is it an alert at all; did it come already; is it meant for real; is it an
answer of some system; was it overtaken; does it take something back; is it over; is anybody there to hear it; does it
take the place of something; and only then whether it may sound by itself.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from controller.cap.limits import Limits
from controller.cap.matching import Match
from controller.cap.model import (
    Alert,
    AlertKey,
    Category,
    Certainty,
    Info,
    MessageType,
    ResponseType,
    Scope,
    Severity,
    Status,
    Urgency,
)
from controller.cap.reasons import Reason, Weight, note, warning
from controller.cap.trust import UNSIGNED, Signature, SignatureState

_SECOND_US: Final = 1_000_000


class CapState(StrEnum):
    REFUSED = "refused"
    """Not an alert, or one that breaks a rule."""
    HELD = "held"
    """A person decides."""
    AUTOMATIC = "automatic"
    """A rule lets it sound by itself."""
    NOT_ACTUAL = "not_actual"
    """Exercise, System, Test or Draft: shown, never sounded as real."""
    EXPIRED = "expired"
    """Over before it came."""
    UPDATES = "updates"
    """Takes the place of an alert that is known here (`Outcome.refers_to`)."""
    CANCELS = "cancels"
    """Takes back the alerts that it refers to; those that are known here are in `Outcome.refers_to`."""
    DUPLICATE = "duplicate"
    """Came already."""
    SUPERSEDED = "superseded"
    """An update or a cancellation of it came before it did."""
    IGNORED = "ignored"
    """An acknowledgement or an error message of another system: nothing to sound."""
    ELSEWHERE = "elsewhere"
    """No speaker stands where it holds."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Lets alerts of named senders sound without a person. Every set that is not empty has to hold the alert's value;
    ``events`` are names of events or values of event codes, whatever their case. ``signed``: only with a valid
    signature.
    """

    name: str
    senders: frozenset[str]
    severities: frozenset[Severity] = frozenset()
    urgencies: frozenset[Urgency] = frozenset()
    certainties: frozenset[Certainty] = frozenset()
    categories: frozenset[Category] = frozenset()
    events: frozenset[str] = frozenset()
    scopes: frozenset[Scope] = frozenset({Scope.PUBLIC})
    signed: bool = False

    def admits(self, alert: Alert, infos: Sequence[Info], signature: Signature) -> bool:
        """Whether every one of the infos that hold may sound by this rule."""
        return (
            alert.sender in self.senders
            and (not self.scopes or alert.scope in self.scopes)
            and (not self.signed or signature.state is SignatureState.VALID)
            and all(self._admits(info) for info in infos)
        )

    def _admits(self, info: Info) -> bool:
        events = {info.event.casefold(), *(one.value.casefold() for one in info.event_codes)}
        return (
            (not self.severities or info.severity in self.severities)
            and (not self.urgencies or info.urgency in self.urgencies)
            and (not self.certainties or info.certainty in self.certainties)
            and (not self.categories or bool(self.categories & {*info.categories}))
            and (not self.events or bool(events & {one.casefold() for one in self.events}))
        )


@dataclass(frozen=True, slots=True)
class Known:
    """What came before: ``keys`` of alerts that were taken in, and what each ``referred`` to by their updates and
    cancellations (the value is the key of the one that refers).
    """

    keys: frozenset[AlertKey] = frozenset()
    referred: Mapping[AlertKey, AlertKey] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reading:
    """What one file or entry says. ``alert`` is None where nothing could be understood; ``state`` is what it would end
    in with no rules and nothing known (`state_of` knows better); ``signature`` covers the alert as it stands here.
    ``envelope``: what the wrapper that it came in says of all that is inside.
    """

    alert: Alert | None
    state: CapState
    reasons: tuple[Reason, ...] = ()
    signature: Signature = UNSIGNED
    envelope: Status | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of an alert. ``reasons`` are the findings of its reading and, last, why it ends in this state.
    ``rule`` names the rule that lets it go on by itself, also for an update or a cancellation; None: a person decides.
    ``refers_to``: those of its references that are known.
    """

    state: CapState
    reasons: tuple[Reason, ...] = ()
    rule: str | None = None
    refers_to: tuple[AlertKey, ...] = ()


def state_of(
    reading: Reading,
    *,
    now_us: int,
    rules: Sequence[Rule] = (),
    known: Known | None = None,
    reached: int | None = None,
    found: Match | None = None,
    limits: Limits | None = None,
) -> Outcome:
    """What the alert would end in. ``found``: whom it is for, where known; or ``reached``, their number alone."""
    alert = reading.alert
    if alert is None or any(one.weight is Weight.ERROR for one in reading.reasons):
        return Outcome(CapState.REFUSED, reading.reasons)
    before = known or Known()
    bounds = limits or Limits()
    earlier = tuple(one for one in alert.references if one in before.keys)
    decided = _settled(reading, alert, before) or _by_time(alert, now_us, bounds)
    takes_back = alert.message_type is MessageType.CANCEL
    nobody = reached == 0 if found is None else not (found.speakers or found.unplaced)
    if decided is None and nobody and not earlier and not takes_back:
        decided = (CapState.ELSEWHERE, note("nobody_there"))
    if decided is not None:
        return Outcome(decided[0], (*reading.reasons, decided[1]), refers_to=earlier)
    infos = lasting(alert, now_us, bounds)
    unknown = alert.message_type is MessageType.UPDATE and not earlier
    alone = (note("update_of_unknown", "references"),) if unknown else ()
    doubts = (*alone, *doubts_of(alert, now_us=now_us, limits=bounds, found=found))
    rule = next((one.name for one in rules if one.admits(alert, infos, reading.signature)), None)
    return _go_on(reading, earlier, doubts, rule)


def doubts_of(
    alert: Alert, *, now_us: int, limits: Limits | None = None, found: Match | None = None
) -> tuple[Reason, ...]:
    """What a person has to look at, though the alert itself is in order: by the time, and by whom it is for, where that
    is known. The station asks this too, so that it doubts whatever `state_of` doubts.
    """
    bounds = limits or Limits()
    infos = lasting(alert, now_us, bounds)
    return (*_by_clock(alert, infos, now_us + bounds.ahead_s * _SECOND_US), *_of_places(found))


def is_all_clear(alert: Alert) -> bool:
    """Whether it says that the danger is over: every info asks for nothing but "all clear"."""
    return bool(alert.infos) and all(ResponseType.ALL_CLEAR in info.response_types for info in alert.infos)


def lasting(alert: Alert, now_us: int, limits: Limits) -> tuple[Info, ...]:
    """The infos that are not over. One that does not say when it expires is over a day (by `Limits`) after sending."""
    return tuple(one for one in alert.infos if now_us < ends_us(alert, one, limits))


def ends_us(alert: Alert, info: Info, limits: Limits) -> int:
    """When an info is over."""
    return alert.sent_us + limits.unexpiring_s * _SECOND_US if info.expires_us is None else info.expires_us


def _settled(reading: Reading, alert: Alert, before: Known) -> tuple[CapState, Reason] | None:
    """What needs no look at the clock."""
    overtaken_by = before.referred.get(alert.key)
    meant = next((one for one in (alert.status, reading.envelope) if one not in (None, Status.ACTUAL)), None)
    if alert.key in before.keys:
        return CapState.DUPLICATE, note("came_already")
    if meant is not None:
        return CapState.NOT_ACTUAL, note("status_not_actual", status=meant.value)
    if alert.message_type in (MessageType.ACK, MessageType.ERROR):
        return CapState.IGNORED, note("answer_of_a_system", type=alert.message_type.value)
    if overtaken_by is not None and overtaken_by.sender == alert.sender:
        return CapState.SUPERSEDED, note("overtaken", identifier=overtaken_by.identifier)
    return None


def _by_time(alert: Alert, now_us: int, limits: Limits) -> tuple[CapState, Reason] | None:
    if alert.message_type is MessageType.CANCEL or lasting(alert, now_us, limits):
        return None
    last_us = max(ends_us(alert, one, limits) for one in alert.infos)
    silent = any(one.expires_us is None for one in alert.infos)
    return CapState.EXPIRED, note("expired_by_age" if silent else "expired", at=_written(last_us))


def _written(at_us: int) -> str:
    try:
        return (datetime(1970, 1, 1) + timedelta(microseconds=at_us)).strftime("%Y-%m-%d %H:%M UTC")  # noqa: DTZ001
    except OverflowError:
        return ""


def _go_on(reading: Reading, found: tuple[AlertKey, ...], doubts: tuple[Reason, ...], rule: str | None) -> Outcome:
    """Of those that go on: alone or with a person, and as what."""
    assert reading.alert is not None
    more = list(doubts)
    if rule is not None and any(one.weight is Weight.WARNING for one in (*reading.reasons, *doubts)):
        more.append(note("rule_not_used", rule=rule))
        rule = None
    if reading.alert.message_type is MessageType.CANCEL:
        state = CapState.CANCELS
        more.append(note("takes_back" if found else "takes_back_unknown"))
    elif found:
        state = CapState.UPDATES
        more.append(note("takes_the_place"))
    else:
        state = CapState.HELD if rule is None else CapState.AUTOMATIC
    more.append(note("held_by_default") if rule is None else note("admitted", rule=rule))
    return Outcome(state, (*reading.reasons, *more), rule, found)


def _of_places(found: Match | None) -> Iterator[Reason]:
    if found is not None:
        yield from (warning("area_unplaced", area=one) for one in found.unplaced)
        yield from (warning("area_widened", area=one) for one in found.widened)


def _by_clock(alert: Alert, infos: Sequence[Info], soon_us: int) -> Iterator[Reason]:
    """``infos``: those that are not over."""
    if alert.sent_us > soon_us:
        yield warning("sent_in_future", "sent", value=alert.sent)
    if infos and len(infos) < len(alert.infos):
        yield note("some_infos_expired", "info", count=len(alert.infos) - len(infos))
    if infos and all((alert.sent_us if one.effective_us is None else one.effective_us) > soon_us for one in infos):
        yield note("not_yet_effective", "info")
    if is_all_clear(alert):
        yield note("all_clear")
