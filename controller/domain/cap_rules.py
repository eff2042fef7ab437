"""Rules by which alerts go on the air without a person, area by area: pure.

Rules: a rule is set on an area and holds there and below. It names one sender, and the least severity, urgency and
certainty that it is for; of two that fit the older one is named. Without one an alert waits for a person.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from agents.protocol.ids import AreaId
from controller.domain.cap_alerts import SIGNED, CapAlert, Message

SEVERITIES: Final = ("Unknown", "Minor", "Moderate", "Severe", "Extreme")
"""From the least on; CAP 1.2, 3.2.2."""
URGENCIES: Final = ("Unknown", "Past", "Future", "Expected", "Immediate")
CERTAINTIES: Final = ("Unknown", "Unlikely", "Possible", "Likely", "Observed")
MOST_EVENTS: Final = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """On an area and all below it: alerts that go on the air by themselves. ``sender`` is the exact ``sender`` of the
    alert; ``events`` are compared without capitals, none is every event. ``severity``, ``urgency`` and ``certainty``
    are the least that is asked for. ``source_id`` is the feed or token that it must have come by, empty for any;
    ``signed`` asks for a valid signature.
    """

    rule_id: str
    area_id: AreaId
    sender: str
    severity: str
    urgency: str
    certainty: str
    events: tuple[str, ...] = ()
    source_id: str = ""
    signed: bool = False
    enabled: bool = True
    made_by: str = ""
    made_at_us: int = 0

    def fits(self, alert: CapAlert, message: Message) -> bool:
        """Whether it is for this message of this alert, wherever it is."""
        return (
            self.enabled
            and self.sender == alert.key.sender
            and self.source_id in {"", alert.source.source_id}
            and (alert.signature == SIGNED or not self.signed)
            and at_least(message.severity, self.severity, SEVERITIES)
            and at_least(message.urgency, self.urgency, URGENCIES)
            and at_least(message.certainty, self.certainty, CERTAINTIES)
            and (not self.events or message.event.casefold() in {one.casefold() for one in self.events})
        )


def at_least(value: str, least: str, scale: Sequence[str]) -> bool:
    """Whether a value of the scale is that high; what stands on no scale is the lowest, and reached by nothing."""
    return (scale.index(value) if value in scale else 0) >= (scale.index(least) if least in scale else len(scale))


def rule_for(rules: Iterable[Rule], alert: CapAlert, path: Sequence[AreaId], messages: Iterable[int]) -> Rule | None:
    """The rule that lets all of these of its messages go on the air in the area at the end of ``path``."""
    heard = [alert.messages[place] for place in messages]
    there = [rule for rule in rules if rule.area_id in path]
    return next((rule for rule in there if heard and all(rule.fits(alert, one) for one in heard)), None)


def severest(messages: Iterable[Message]) -> str:
    """The highest severity among them."""
    return max((one.severity for one in messages), key=_severity, default="Unknown")


def _severity(value: str) -> int:
    return SEVERITIES.index(value) if value in SEVERITIES else 0
