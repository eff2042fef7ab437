"""From an alert that came in to what a page shows of it."""

from collections.abc import Mapping, Sequence

from agents.protocol.ids import AreaId
from controller.domain.cap_alerts import (
    STOPPED_HERE,
    AlertState,
    AreaDecision,
    AreaState,
    CapAlert,
    Message,
    MessageType,
    Reason,
    Sending,
    SendingState,
    Status,
)
from controller.domain.cap_following import DISPUTED
from controller.domain.rights import Right
from controller.services.cap.inbox import AlertView
from controller.web.asking import Ask
from controller.web.cap import words as capwords
from controller.web.cap.reasons import reason_sentence
from controller.web.cap.views import AlertRow, AlertShown, AreaShown, Finding, MessageShown, SendingShown
from controller.web.emergency import alarms, console
from controller.web.i18n import Translator
from controller.web.languages import language_name
from controller.web.moments import maybe_moment, moment
from controller.web.sentences import sentence

TONES = {"error": "bad", "warning": "warn"}
URGENT = frozenset({"Extreme", "Severe"})
MOST_NAMED = 4
BY_DIGEST = "#"
"""What the key of a file that cannot be used begins with: it names bytes, and says nothing to a person."""


def areas_of(alert: CapAlert) -> list[AreaId]:
    """Where it would be heard, and what it names whole."""
    return list(dict.fromkeys([*(one.area_id for one in alert.areas), *alert.named_area_ids]))


def sees(ask: Ask, alert: CapAlert) -> bool:
    """Whether whoever asks may know of it: where it holds, or where no area of ours is concerned at all."""
    return sees_areas(ask, areas_of(alert))


def sees_areas(ask: Ask, places: Sequence[AreaId]) -> bool:
    """The same of one for these areas."""
    return not places or any(ask.touches(Right.CAP, one) for one in places)


def row(ask: Ask, alert: CapAlert) -> AlertRow:
    """One line."""
    tone, icon, word = capwords.STATES[alert.state]
    worst = _worst(alert)
    severity = next((one.severity for one in alert.messages), "Unknown")
    return AlertRow(
        id=alert.alert_id,
        title=_title(alert, ask.say),
        sender=alert.key.sender,
        state=alert.state.value,
        state_word=ask.say.gettext(capwords.LATE_WORD if came_late(alert) else word),
        tone=tone,
        icon=icon,
        severity=word_of(capwords.SEVERITIES, severity, ask.say),
        urgent=alert.state is AlertState.HELD and severity in URGENT,
        source=ask.say.gettext(capwords.SOURCES[alert.source.kind], name=alert.source.name),
        sent_at=maybe_moment(alert.key.sent_us or None),
        received_at=moment(alert.received_at_us),
        expires_at=maybe_moment(_expires_us(alert)),
        area_names=alarms.area_names(ask, areas_of(alert), MOST_NAMED),
        finding_sentence=reason_sentence(worst, ask.say) if worst else "",
    )


def came_late(alert: CapAlert) -> bool:
    """Whether its time was over when it came, so that nobody could decide."""
    ends_us = alert.expires_at_us
    return alert.state is AlertState.EXPIRED and (ends_us is None or ends_us <= alert.received_at_us)


def _expires_us(alert: CapAlert) -> int | None:
    """When all of it is over, also of one that came too late for anything else to be worked out; None: not said."""
    if alert.expires_at_us is not None:
        return alert.expires_at_us
    ends = [one.expires_at_us for one in alert.messages if one.expires_at_us is not None]
    return max(ends) if ends and len(ends) == len(alert.messages) else None


def _worst(alert: CapAlert) -> Reason | None:
    """What has to stand in the list already: why it cannot be used, or why no rule sent it."""
    if alert.state is AlertState.HELD:
        return next((one for one in alert.reasons if one.code in {DISPUTED, STOPPED_HERE}), None)
    if alert.state is not AlertState.REFUSED:
        return None
    return next((one for weight in ("error", "warning") for one in alert.reasons if one.weight == weight), None)


def _title(alert: CapAlert, say: Translator) -> str:
    if alert.state is AlertState.REFUSED and not alert.title:
        return say.gettext("A file that cannot be used")
    return alert.title or alert.key.identifier


def shown(ask: Ask, found: AlertView) -> AlertShown:
    """All of it."""
    alert, say = found.alert, ask.say
    drill = alert.status is not Status.ACTUAL
    open_ones = [one for one in alert.held if ask.may(Right.CAP, one.area_id)]
    waits = alert.state is AlertState.HELD or (alert.state is AlertState.NOT_ACTUAL and alert.status is Status.EXERCISE)
    cancels = alert.message_type is MessageType.CANCEL
    return AlertShown(
        row=row(ask, alert),
        identifier="" if alert.key.identifier.startswith(BY_DIGEST) else alert.key.identifier,
        message_word=say.gettext(capwords.MESSAGES[alert.message_type]),
        status_word=say.gettext(capwords.STATUSES[alert.status]),
        scope=alert.scope,
        source=say.gettext(capwords.SOURCES[alert.source.kind], name=alert.source.name),
        signature_sentence=word_of(capwords.SIGNATURES, alert.signature or "none", say),
        vouched=alert.trusted,
        findings=[finding(one, say) for one in alert.reasons],
        messages=[_message(number, one, say) for number, one in enumerate(alert.messages)],
        areas=[_area(ask, alert, one) for one in alert.areas],
        sendings=[_sending(ask, one) for one in alert.sendings],
        related=[row(ask, one) for one in found.related],
        decided_by=alert.decided_by,
        decided_at=maybe_moment(alert.decided_at_us),
        reason=alert.reason,
        word=_word(ask, open_ones, drill=drill),
        drill=drill,
        anywhere=alert.anywhere,
        may_confirm=waits and ask.may(Right.CAP) and bool(open_ones or alert.anywhere or cancels),
        may_decline=waits and ask.may(Right.CAP) and bool(open_ones or alert.anywhere or cancels),
        explain_sentence=say.gettext(explained(alert)),
        lasts_sentence=_lasts(alert, ask.parts.cap_inbox.heard_s, ask.parts.clock.now_us(), say),
    )


def explained(alert: CapAlert) -> str:
    """Where it stands, to be translated: nothing is called heard that is not on the air."""
    states = {one.state for one in alert.sendings}
    if alert.state is AlertState.DECIDED and SendingState.SENT not in states:
        if SendingState.PREPARED in states or (SendingState.MAKING in states and not alert.trusted):
            return capwords.SECOND_EXPLAINED
        if SendingState.MAKING in states:
            return capwords.MAKING_EXPLAINED
    if came_late(alert):
        return capwords.LATE_EXPLAINED
    return capwords.EXPLAINED[alert.state]


def _lasts(alert: CapAlert, heard_s: int, now_us: int, say: Translator) -> str:
    """How long it would be repeated, for whoever decides."""
    left_s = heard_s if alert.expires_at_us is None else (alert.expires_at_us - now_us) // 1_000_000
    minutes = max(1, round(max(0, min(heard_s, left_s)) / 60))
    said = say.ngettext(
        "It is repeated for at most %(num)s minute.", "It is repeated for at most %(num)s minutes.", minutes
    )
    if left_s <= heard_s:
        return said
    longer = say.gettext("It is not repeated until it expires. Who needs it longer prepares an emergency of their own.")
    return f"{said} {longer}"


def _word(ask: Ask, open_ones: Sequence[AreaDecision], *, drill: bool) -> str:
    """What is typed to confirm it: where it would be heard, as the smallest area is called in which all of it lies."""
    if drill:
        return ask.say.gettext("drill")
    tree = ask.parts.areas.tree()
    paths = [[AreaId(a.area_id) for a in tree.path(one.area_id)] for one in open_ones if one.area_id in tree]
    together = [level[0] for level in zip(*paths, strict=False) if len(set(level)) == 1]
    places = together[-1:] or [one.area_id for one in open_ones[:1]]
    names = alarms.area_names(ask, places)
    return names[0] if names else ask.say.gettext("send it")


def finding(one: Reason, say: Translator) -> Finding:
    """What was noticed, in a sentence."""
    return Finding(
        tone=TONES.get(one.weight, "info"),
        sentence=reason_sentence(one, say),
        where="" if one.weight == "note" else one.where,
    )


def _message(number: int, one: Message, say: Translator) -> MessageShown:
    heard = console.said_as(one.language, one.text, say)
    return MessageShown(
        number=number + 1,
        language=one.language,
        language_name=language_name(one.language, say),
        event=one.event,
        headline=one.headline,
        text=one.text,
        facts=[
            (say.gettext("Severity"), word_of(capwords.SEVERITIES, one.severity, say)),
            (say.gettext("Urgency"), word_of(capwords.URGENCIES, one.urgency, say)),
            (say.gettext("Certainty"), word_of(capwords.CERTAINTIES, one.certainty, say)),
        ],
        area_names=one.area_names,
        begins_at=maybe_moment(one.begins_at_us),
        expires_at=maybe_moment(one.expires_at_us),
        sounds=len(one.sounds),
        audio_urls=heard.audio_urls if one.text and one.language in {"vi", "en"} else (),
    )


def _area(ask: Ask, alert: CapAlert, one: AreaDecision) -> AreaShown:
    languages = dict.fromkeys(alert.messages[place].language for place in one.messages)
    return AreaShown(
        id=one.area_id,
        name=alarms.area_names(ask, [one.area_id])[0],
        speakers=one.speakers,
        language_names=[language_name(code, ask.say) for code in languages],
        state=one.state.value,
        state_word=ask.say.gettext(capwords.AREA_STATES[one.state]),
        by=one.by,
        mine=one.state is AreaState.HELD and ask.may(Right.CAP, one.area_id),
    )


def _sending(ask: Ask, one: Sending) -> SendingShown:
    tone, word = capwords.SENDINGS[one.state]
    return SendingShown(
        emergency_id=one.emergency_id,
        word=ask.say.gettext(word),
        tone=tone,
        area_names=alarms.area_names(ask, one.area_ids, MOST_NAMED),
        by=one.by,
        problem_sentence=sentence(one.failure, ask.say) if one.failure else "",
    )


def word_of(words: Mapping[str, str], value: str, say: Translator) -> str:
    """In words where there are some; as it was written else."""
    return say.gettext(words[value]) if value in words else value
