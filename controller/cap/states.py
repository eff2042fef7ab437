"""What an alert would end in, and why: decided from the alert, what is known already, the rules, and the time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from controller.cap.model import Alert, AlertKey, Category, Certainty, Scope, Severity, Urgency
from controller.cap.reasons import Reason
from controller.cap.trust import UNSIGNED, Signature


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
    """Lets alerts sound without a person. Every set that is not empty has to hold the alert's value; ``events`` are
    names of events or values of event codes, whatever their case. ``signed``: only with a valid signature.
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
    """

    alert: Alert | None
    state: CapState
    reasons: tuple[Reason, ...] = ()
    signature: Signature = UNSIGNED


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of an alert. ``rule`` names the rule that lets it go on by itself, also for an update or a
    cancellation; None: a person decides. ``refers_to``: those of its references that are known.
    """

    state: CapState
    reasons: tuple[Reason, ...] = ()
    rule: str | None = None
    refers_to: tuple[AlertKey, ...] = ()


def state_of(
    reading: Reading,
    *,
    now_us: int,
    rules: tuple[Rule, ...] = (),
    known: Known | None = None,
    reached: int | None = None,
    unexpiring_s: int = 86_400,
) -> Outcome:
    """What the alert would end in. ``reached``: speakers that it reaches, where that is known."""
    raise NotImplementedError
