"""Bulletins that another level's system hands in, and what becomes of them.

The rules are those of Circular 39/2020/TT-BTTTT: whether an ordinary bulletin is played is for the commune to decide;
a priority one is played, and the commune decides its place; an emergency is heard at once.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

from agents.protocol.ids import AreaId, BulletinId
from agents.protocol.values import AiringClass

HandInId = NewType("HandInId", str)


class HandInState(StrEnum):
    """``preparing`` while its sound is made; ``waiting`` for the commune; ``taken`` once it has an airing;
    ``declined`` with a reason (an ordinary one only); ``expired`` when its validity ended before that; ``failed``
    when its sound could not be made or no speaker could be told.
    """

    PREPARING = "preparing"
    WAITING = "waiting"
    TAKEN = "taken"
    DECLINED = "declined"
    EXPIRED = "expired"
    FAILED = "failed"


OPEN_STATES = frozenset({HandInState.PREPARING, HandInState.WAITING})


@dataclass(frozen=True, kw_only=True, slots=True)
class HandIn:
    """``reference`` is the sender's own id: the same one from the same token is the same hand-in, sent again.

    ``valid_from_us`` and ``valid_until_us`` bound when it may be heard. ``failure`` is an error code.
    """

    hand_in_id: HandInId
    token_id: str
    sender: str
    reference: str
    bulletin_id: BulletinId
    airing_class: AiringClass
    area_ids: tuple[AreaId, ...]
    valid_from_us: int | None
    valid_until_us: int | None
    received_at_us: int
    state: HandInState
    decided_at_us: int | None = None
    decided_by: str = ""
    reason: str = ""
    failure: str | None = None


def may_be_declined(hand_in: HandIn) -> bool:
    """Only what is ordinary: a priority bulletin is played, and an emergency has been."""
    return hand_in.airing_class is AiringClass.ORDINARY and hand_in.state in OPEN_STATES


def due_at_once(hand_in: HandIn) -> bool:
    """True for what nobody at the commune is asked about."""
    return hand_in.airing_class is AiringClass.EMERGENCY
