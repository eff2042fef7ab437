"""Stop orders that hold speakers silent: all of them, or those of some areas."""

from dataclasses import dataclass
from typing import Final

from agents.protocol.documents import Order, Stop
from agents.protocol.ids import AreaId, DocumentId, SpeakerId

BY_AREAS: Final = "sa"
"""What the id of a stop by areas begins with: it holds there and nowhere else, whatever areas are added."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ActiveStop:
    """A stop that is latched: until someone releases it, or ``not_after_us``. Empty ``area_ids`` is everything."""

    order_id: DocumentId
    since_us: int
    not_after_us: int
    by: str
    area_ids: tuple[AreaId, ...] = ()

    @property
    def everything(self) -> bool:
        """Whether it holds every speaker."""
        return not self.area_ids


@dataclass(frozen=True, kw_only=True, slots=True)
class Acknowledgement:
    """One speaker's word on an order: ``at_us`` is None until it answered; ``reason`` is set where it refused."""

    speaker_id: SpeakerId
    at_us: int | None
    reason: str | None = None


def latches(order: Order) -> bool:
    """Whether the order holds speakers silent until it is released."""
    return isinstance(order.action, Stop) and order.action.airing_ids is None


def stops_everything(order: Order) -> bool:
    """Whether it is the stop of every speaker, those included that are still to come."""
    return latches(order) and not order.header.document_id.startswith(f"{BY_AREAS}-")
