"""What an order is about."""

from agents.protocol.documents import Order, Play, Start
from agents.protocol.ids import AiringId


def airing_of(order: Order) -> AiringId | None:
    """The airing that the order puts on the air; None for every other kind of order."""
    match order.action:
        case Play() as play:
            return AiringId(play.airing.airing_id)
        case Start() as start:
            return AiringId(start.airing_id)
        case _:
            return None
