"""Which records of the journal somebody waits for.

On a link where bytes are dear records are gathered, and travel together. What a person or the controller waits for does
not: an airing that begins as soon as all have it, emergencies, drills and live talk, and what was ordered of the box.
"""

from collections.abc import Callable
from typing import Final

from agents.protocol.journal import ActionEnded, JournalEvent, SelfTested, Stopped, airing_of
from agents.protocol.values import AiringClass, PlannedAiring

_AWAITED: Final = frozenset({AiringClass.EMERGENCY, AiringClass.DRILL, AiringClass.LIVE})


def is_awaited(event: JournalEvent, airing: Callable[[str], PlannedAiring | None]) -> bool:
    """Whether somebody waits for this record. ``airing`` finds one that the device still knows."""
    match event:
        case ActionEnded() | Stopped():
            return True
        case SelfTested(order_id=order_id):
            return order_id is not None
        case _:
            airing_id = airing_of(event)
            planned = None if airing_id is None else airing(airing_id)
            return planned is not None and (planned.airing_class in _AWAITED or planned.start_at_us is None)
