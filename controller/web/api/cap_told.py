"""An alert as the API tells it."""

from agents.protocol.ids import AreaId
from controller.domain.cap_alerts import (
    AlertState,
    AreaState,
    CapAlert,
    CapAlertId,
    MessageType,
    SendingState,
    SourceKind,
    Status,
)
from controller.web.api.values import Told
from controller.web.asking import Ask
from controller.web.cap.reasons import reason_of

FOLDER = "/api/v1/cap"


class CapReasonTold(Told):
    """Something that was noticed. ``weight``: an ``error`` refuses, a ``warning`` asks for a person, a ``note`` does
    neither. ``where`` is the place in the alert, such as ``info[2].area[1]``; ``sentence`` says it in words.
    """

    code: str
    weight: str
    where: str
    sentence: str


class CapMessageTold(Told):
    """One ``info``. ``text`` is what is read out."""

    language: str
    event: str
    severity: str
    urgency: str
    certainty: str
    headline: str
    text: str
    expires_at_us: int | None
    recordings: int


class CapAreaTold(Told):
    """One of our areas in which it is heard: which of its messages (counted from 0), by how many speakers, and what was
    decided.
    """

    area_id: AreaId
    name: str
    messages: list[int]
    speakers: int
    state: AreaState
    by: str
    rule_id: str


class CapSendingTold(Told):
    """What was made of it: an emergency. ``failure`` is a code where it could not be sent."""

    emergency_id: str
    area_ids: list[AreaId]
    drill: bool
    state: SendingState
    by: str
    rule_id: str
    corrects: str
    failure: str


class CapAlertTold(Told):
    """An alert, what was understood of it, and what becomes of it here.

    ``trusted`` says that its sender is vouched for: by a valid signature, or by the way it came. ``anywhere`` says that
    whoever confirms it has to name the areas. ``links`` are addresses below this server.
    """

    alert_id: CapAlertId
    state: AlertState
    identifier: str
    sender: str
    sent_at_us: int | None
    message_type: MessageType
    status: Status
    scope: str
    title: str
    source: SourceKind
    source_name: str
    trusted: bool
    signature: str
    signed_by: str
    received_at_us: int
    expires_at_us: int | None
    reasons: list[CapReasonTold]
    messages: list[CapMessageTold]
    anywhere: bool
    areas: list[CapAreaTold]
    sendings: list[CapSendingTold]
    earlier: list[CapAlertId]
    followed_by: CapAlertId | None
    decided_by: str
    decided_at_us: int | None
    reason: str
    links: dict[str, str]


def alert_told(ask: Ask, alert: CapAlert) -> CapAlertTold:
    """For whoever asks."""
    own = f"{FOLDER}/{alert.alert_id}"
    return CapAlertTold(
        alert_id=alert.alert_id,
        state=alert.state,
        identifier=alert.key.identifier if alert.key.sender else "",
        sender=alert.key.sender,
        sent_at_us=alert.key.sent_us if alert.key.sender else None,
        message_type=alert.message_type,
        status=alert.status,
        scope=alert.scope,
        title=alert.title,
        source=alert.source.kind,
        source_name=alert.source.name,
        trusted=alert.trusted,
        signature=alert.signature,
        signed_by=alert.signed_by,
        received_at_us=alert.received_at_us,
        expires_at_us=alert.expires_at_us,
        reasons=_reasons(ask, alert),
        messages=_messages(alert),
        anywhere=alert.anywhere,
        areas=_areas(ask, alert),
        sendings=_sendings(alert),
        earlier=list(alert.earlier),
        followed_by=alert.followed_by,
        decided_by=alert.decided_by,
        decided_at_us=alert.decided_at_us,
        reason=alert.reason,
        links={"self": own, "xml": f"{own}/xml"},
    )


def _reasons(ask: Ask, alert: CapAlert) -> list[CapReasonTold]:
    return [
        CapReasonTold(
            code=one.code, weight=one.weight, where=one.where, sentence=reason_of(one.code, one.values, ask.say)
        )
        for one in alert.reasons
    ]


def _messages(alert: CapAlert) -> list[CapMessageTold]:
    return [
        CapMessageTold(
            language=one.language,
            event=one.event,
            severity=one.severity,
            urgency=one.urgency,
            certainty=one.certainty,
            headline=one.headline,
            text=one.text,
            expires_at_us=one.expires_at_us,
            recordings=len(one.sounds),
        )
        for one in alert.messages
    ]


def _areas(ask: Ask, alert: CapAlert) -> list[CapAreaTold]:
    tree = ask.parts.areas.tree()
    return [
        CapAreaTold(
            area_id=one.area_id,
            name=tree.get(one.area_id).name if one.area_id in tree else one.area_id,
            messages=list(one.messages),
            speakers=one.speakers,
            state=one.state,
            by=one.by,
            rule_id=one.rule_id,
        )
        for one in alert.areas
    ]


def _sendings(alert: CapAlert) -> list[CapSendingTold]:
    return [
        CapSendingTold(
            emergency_id=one.emergency_id,
            area_ids=list(one.area_ids),
            drill=one.drill,
            state=one.state,
            by=one.by,
            rule_id=one.rule_id,
            corrects=one.corrects,
            failure=one.failure,
        )
        for one in alert.sendings
    ]
