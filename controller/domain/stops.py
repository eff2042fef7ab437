"""Stop orders that hold every speaker silent."""

from dataclasses import dataclass

from agents.protocol.ids import DocumentId, SpeakerId


@dataclass(frozen=True, kw_only=True, slots=True)
class ActiveStop:
    """A stop of everything that is latched: until someone releases it, or ``not_after_us``."""

    order_id: DocumentId
    since_us: int
    not_after_us: int
    by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Acknowledgement:
    """One speaker's word on an order: ``at_us`` is None until it answered; ``reason`` is set where it refused."""

    speaker_id: SpeakerId
    at_us: int | None
    reason: str | None = None
