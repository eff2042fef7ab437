"""What is to be heard of an alert, as an emergency is asked for: pure."""

from typing import Final

from agents.protocol.values import ClipPart
from controller.domain.cap_alerts import CapAlert, Sending, ends_at_us, texts_of
from controller.domain.cap_rules import SEVERITIES, URGENCIES, severest
from controller.domain.cap_words import hazard_of
from controller.domain.emergencies import EmergencyDraft, Origin, Severity
from controller.domain.errors import Invalid, Refused
from controller.domain.texts import shortened

_SECOND_US: Final = 1_000_000
_LEAST_S: Final = 10
_SIREN: Final = frozenset({Severity.EXTREME, Severity.SEVERE, Severity.UNKNOWN})


def drafted(alert: CapAlert, sending: Sending, now_us: int, heard_s: int, audio: ClipPart | None) -> EmergencyDraft:
    """``heard_s`` is how long it is repeated; ``audio`` is heard in place of the text. Raises `Refused`
    (``cap_expired``), `Invalid` (``text_empty``).
    """
    heard = [alert.messages[place] for place in sending.messages]
    over_us = ends_at_us(alert, sending.messages)
    left_s = heard_s if over_us is None else (over_us - now_us) // _SECOND_US
    if left_s <= 0:
        raise Refused("its time is over", code="cap_expired")
    texts = {language: text for language, text in texts_of(alert, sending.messages).items() if text}
    if not texts and audio is None:
        raise Invalid("neither words nor a sound", code="text_empty")
    severity = Severity(severest(heard))
    first = heard[0]
    return EmergencyDraft(
        drill=sending.drill,
        hazard=hazard_of([one.event for one in heard], [c for one in heard for c in one.categories]),
        area_ids=sending.area_ids,
        severity=severity,
        texts=texts,
        languages=tuple(texts) or tuple(dict.fromkeys(one.language for one in heard)),
        title=shortened(first.headline or first.event, 150),
        lasts_s=max(min(heard_s, left_s), _LEAST_S),
        siren=not sending.drill and severity in _SIREN and not all(one.all_clear for one in heard),
        origin=Origin.CAP,
        cap_id=alert.alert_id,
        audio=audio,
        expires_at_us=over_us,
        category=next(iter(first.categories), ""),
        event=first.event,
        urgency=first.urgency,
        certainty=first.certainty,
    )


def urgency_of(alert: CapAlert) -> tuple[int, int, int]:
    """To sort by, the most urgent first: how bad, then how soon; of equals the last to come, for it is what a person
    looks at next.
    """
    severity = max((SEVERITIES.index(one.severity) for one in alert.messages if one.severity in SEVERITIES), default=0)
    urgency = max((URGENCIES.index(one.urgency) for one in alert.messages if one.urgency in URGENCIES), default=0)
    return (-severity, -urgency, -alert.received_at_us)
