"""An alert that came in (CAP 1.2), and what becomes of it: pure.

Rules: an alert is named by its sender, its identifier and when it was sent, and is the same alert however often it
comes, as long as it says the same. It is decided area by area, for persons and rules hold in areas; what was decided
together for the same words is one sending, which is one emergency. Only a status of Actual may sound as real; an
Exercise may become a drill, and only by a person. What a later message did to it (update, cancel) stays visible, also
where that message came first.

    refused                       it cannot be used; the reasons say why
    elsewhere                     no speaker of ours stands where it holds
    not_actual                    exercise, system, test, draft: never sounds as real
    held                          waits for a person, at least somewhere
    decided                       confirmed by a person or a rule wherever it was not declined
    declined                      nobody is told
    applied                       a message about earlier ones, which were ended or replaced by it
    waiting                       a cancel of what did not come yet: should it come late, it stays silent
    superseded, cancelled         by a later message, before it was decided or while it was heard
    ignored                       a word between systems (Ack, Error): nothing to say
    over                          it was heard, and is over
    expired                       its time was over before anybody decided
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final, NewType

from agents.protocol.ids import AreaId

CapAlertId = NewType("CapAlertId", str)
MAX_REASON: Final = 500
SIGNED: Final = "valid"
"""`CapAlert.signature` of one that is unchanged since somebody signed it who is trusted."""
STOPPED_HERE: Final = "stopped_here"
"""`Reason.code` of one that a rule would have sent, where everything is stopped."""


class MessageType(StrEnum):
    """CAP 1.2, 3.2.1: ``msgType``."""

    ALERT = "Alert"
    UPDATE = "Update"
    CANCEL = "Cancel"
    ACK = "Ack"
    ERROR = "Error"


class Status(StrEnum):
    """CAP 1.2, 3.2.1: ``status``."""

    ACTUAL = "Actual"
    EXERCISE = "Exercise"
    SYSTEM = "System"
    TEST = "Test"
    DRAFT = "Draft"


class AlertState(StrEnum):
    """See the rules of this module."""

    REFUSED = "refused"
    ELSEWHERE = "elsewhere"
    NOT_ACTUAL = "not_actual"
    HELD = "held"
    DECIDED = "decided"
    DECLINED = "declined"
    APPLIED = "applied"
    WAITING = "waiting"
    SUPERSEDED = "superseded"
    CANCELLED = "cancelled"
    IGNORED = "ignored"
    OVER = "over"
    EXPIRED = "expired"


OPEN_STATES: Final = frozenset({AlertState.HELD, AlertState.NOT_ACTUAL, AlertState.DECIDED})
"""Something may still become of these by itself or by a person."""


class SourceKind(StrEnum):
    """How it came."""

    TOKEN = "token"  # noqa: S105 - a way in
    UPLOAD = "upload"
    FEED = "feed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """Where an alert came from. ``source_id`` is the id of the token, person or feed, ``name`` what is shown.

    ``trusted`` is true where an administrator said of this way in that what comes by it is its sender's own word; a
    signature that is valid under the configured trust says the same of one alert.
    """

    kind: SourceKind
    source_id: str
    name: str
    trusted: bool = False


@dataclass(frozen=True, slots=True)
class Key:
    """What names an alert everywhere, CAP 1.2, 3.2.1. ``sent_us`` is the instant that the sender wrote."""

    sender: str
    identifier: str
    sent_us: int


@dataclass(frozen=True, slots=True)
class Reason:
    """``code`` is stable, the words are the pages'; ``values`` fill them. ``weight`` is ``error``, ``warning`` (a
    person has to look) or ``note``; ``where`` is the place in the alert, such as ``info[2].area[1]``.
    """

    code: str
    weight: str = "note"
    where: str = ""
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sound:
    """An audio resource that may be heard in place of the text: inside (``inline``) or at ``uri``."""

    mime_type: str
    uri: str = ""
    inline: bool = False
    sha1: str = ""
    size_bytes: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One ``info`` of the alert: one event in one language. ``text`` is what is read out, ``all_clear`` that the danger
    is over. Instants are microseconds.
    """

    language: str
    event: str
    categories: tuple[str, ...] = ()
    severity: str
    urgency: str
    certainty: str
    headline: str = ""
    text: str = ""
    area_names: tuple[str, ...] = ()
    begins_at_us: int | None = None
    expires_at_us: int | None = None
    sounds: tuple[Sound, ...] = ()
    all_clear: bool = False


class AreaState(StrEnum):
    """What was decided of the alert in one area."""

    HELD = "held"
    AUTOMATIC = "automatic"
    CONFIRMED = "confirmed"
    DECLINED = "declined"


@dataclass(frozen=True, kw_only=True, slots=True)
class AreaDecision:
    """An area in which speakers stand that the alert is for. ``messages`` are the places in `CapAlert.messages` of
    what is heard there, in their order. ``by`` is empty while it is held; ``rule_id`` names the rule that decided.
    """

    area_id: AreaId
    messages: tuple[int, ...]
    speakers: int
    state: AreaState = AreaState.HELD
    by: str = ""
    at_us: int | None = None
    rule_id: str = ""


class SendingState(StrEnum):
    """``making`` until its emergency is prepared and confirmed."""

    MAKING = "making"
    PREPARED = "prepared"
    """A person prepared it of an alert that nobody vouches for: another person must confirm."""
    SENT = "sent"
    FAILED = "failed"
    DROPPED = "dropped"
    """Taken back before it was heard."""
    ENDED = "ended"
    REPLACED = "replaced"
    """A sending of a later alert corrected it."""


AIRED_STATES: Final = frozenset({SendingState.MAKING, SendingState.PREPARED, SendingState.SENT})


@dataclass(frozen=True, kw_only=True, slots=True)
class Sending:
    """What was decided together, for the same words: one emergency. ``corrects`` is the emergency it takes over."""

    sending_id: str
    messages: tuple[int, ...]
    area_ids: tuple[AreaId, ...]
    drill: bool
    by: str
    person_id: str = ""
    rule_id: str = ""
    state: SendingState = SendingState.MAKING
    emergency_id: str = ""
    corrects: str = ""
    failure: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class CapAlert:
    """One alert that came in. Instants are controller time in microseconds, `Key.sent_us` is the sender's.

    Of one that was refused nothing counts that stands in it: its key is empty but for the digest of its bytes, or its
    id. ``says`` is the SHA-256 of all that it says, however it is written and signed.
    """

    alert_id: CapAlertId
    key: Key
    message_type: MessageType
    status: Status
    scope: str
    source: Source
    signature: str
    signed_by: str = ""
    trusted: bool
    digest: str
    says: str = ""
    received_at_us: int
    changed_at_us: int
    state: AlertState
    reasons: tuple[Reason, ...] = ()
    messages: tuple[Message, ...] = ()
    references: tuple[Key, ...] = ()
    earlier: tuple[CapAlertId, ...] = ()
    """Those of its references that are here."""
    followed_by: CapAlertId | None = None
    """What updated or cancelled it."""
    named_area_ids: tuple[AreaId, ...] = ()
    """Areas that it names whole."""
    areas: tuple[AreaDecision, ...] = ()
    anywhere: bool = False
    """It names no area at all: whoever confirms it says where."""
    sendings: tuple[Sending, ...] = ()
    begins_at_us: int | None = None
    expires_at_us: int | None = None
    decided_by: str = ""
    decided_at_us: int | None = None
    reason: str = ""
    """Why it was declined, in a person's words."""

    @property
    def open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def title(self) -> str:
        """Its first headline, or its first event."""
        return next((one.headline or one.event for one in self.messages), "")

    @property
    def held(self) -> tuple[AreaDecision, ...]:
        return tuple(one for one in self.areas if one.state is AreaState.HELD)

    @property
    def on_air(self) -> tuple[Sending, ...]:
        """What it brought about that is on its way to be heard, or heard."""
        return tuple(one for one in self.sendings if one.state in AIRED_STATES)

    @property
    def busy(self) -> bool:
        """Whether somebody has to look at it again: something may become of it, or it is still heard."""
        return self.open or bool(self.on_air)

    @property
    def done(self) -> bool:
        """Whether all that was decided of it has been heard, or taken back."""
        failed = any(one.state is SendingState.FAILED for one in self.sendings)
        return self.state is AlertState.DECIDED and not (self.on_air or failed)

    def sending(self, sending_id: str) -> Sending | None:
        """The one of this id."""
        return next((one for one in self.sendings if one.sending_id == sending_id), None)

    def with_sending(self, sending: Sending) -> "CapAlert":
        """The sending of this id in the place of the one before, or added."""
        others = [one for one in self.sendings if one.sending_id != sending.sending_id]
        return replace(self, sendings=(*others, sending))


# --- judging ----------------------------------------------------------------------------------------------------------


def may_be_automatic(alert: CapAlert) -> bool:
    """A rule may decide on nothing that is not actual, public, vouched for, and sure of where it holds."""
    return (
        alert.status is Status.ACTUAL
        and alert.scope == "Public"
        and alert.trusted
        and not alert.anywhere
        and not any(one.weight == "warning" for one in alert.reasons)
        and alert.message_type in {MessageType.ALERT, MessageType.UPDATE}
    )


def may_follow(later: CapAlert, earlier: CapAlert) -> bool:
    """Whether a message that refers to another may change it by itself: it names the same sender, is of the same
    status, and nothing that vouched for the earlier one is missing of the later one.
    """
    if later.key.sender != earlier.key.sender or later.status is not earlier.status:
        return False
    return later.trusted or (came_alike(later, earlier) and not earlier.trusted)


def came_alike(one: CapAlert, other: CapAlert) -> bool:
    """Whether both came by the same way."""
    return (one.source.kind, one.source.source_id) == (other.source.kind, other.source.source_id)


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """Of some areas, by a person or by a rule that a person made."""

    state: AreaState
    by: str
    at_us: int
    person_id: str = ""
    rule_id: str = ""


def decide(alert: CapAlert, area_ids: Iterable[AreaId], how: Decision) -> CapAlert:
    """These of its areas that are still held are decided; the state of the whole follows."""
    wanted = set(area_ids)
    areas = tuple(
        replace(one, state=how.state, by=how.by, at_us=how.at_us, rule_id=how.rule_id)
        if one.area_id in wanted and one.state is AreaState.HELD
        else one
        for one in alert.areas
    )
    decided = replace(alert, areas=areas, decided_by=how.by, decided_at_us=how.at_us, changed_at_us=how.at_us)
    return replace(decided, state=state_of(decided))


def state_of(alert: CapAlert) -> AlertState:
    """Of one that was held or decided, by its areas."""
    states = {one.state for one in alert.areas}
    if AreaState.HELD in states or not states:
        return alert.state
    return AlertState.DECLINED if states == {AreaState.DECLINED} else AlertState.DECIDED


def held_back(alert: CapAlert, sending: Sending, area_ids: Iterable[AreaId], now_us: int) -> CapAlert:
    """What a rule decided in these areas waits for a person after all: everything is stopped there."""
    wanted = set(area_ids)
    areas = tuple(
        replace(one, state=AreaState.HELD, by="", at_us=None, rule_id="")
        if one.area_id in wanted and one.state is AreaState.AUTOMATIC and one.messages == sending.messages
        else one
        for one in alert.areas
    )
    dropped = replace(sending, state=SendingState.DROPPED, failure="")
    waits = replace(alert.with_sending(dropped), areas=areas, state=AlertState.HELD, changed_at_us=now_us)
    return while_stopped(waits)


def while_stopped(alert: CapAlert) -> CapAlert:
    """With the reason why no rule sent it; no rule does later."""
    if any(one.code == STOPPED_HERE for one in alert.reasons):
        return alert
    return replace(alert, reasons=(*alert.reasons, Reason(STOPPED_HERE, "warning")))


def groups(areas: Iterable[AreaDecision]) -> tuple[tuple[tuple[int, ...], tuple[AreaId, ...]], ...]:
    """Areas where the same messages are heard, together."""
    found: dict[tuple[int, ...], list[AreaId]] = {}
    for one in areas:
        found.setdefault(one.messages, []).append(one.area_id)
    return tuple((messages, tuple(area_ids)) for messages, area_ids in found.items())


def texts_of(alert: CapAlert, messages: Iterable[int]) -> dict[str, str]:
    """What is read out, by language, in the order in which it is heard. Of one language all are read."""
    texts: dict[str, str] = {}
    for place in messages:
        one = alert.messages[place]
        texts[one.language] = f"{texts[one.language]}\n{one.text}" if one.language in texts else one.text
    return texts


def ends_at_us(alert: CapAlert, messages: Iterable[int]) -> int | None:
    """When what is heard of these messages is over: with the first that expires."""
    ends = [alert.messages[place].expires_at_us for place in messages]
    known = [one for one in ends if one is not None]
    return min(known, default=alert.expires_at_us)
