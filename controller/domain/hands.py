"""Remote actions on one speaker, and what they ended with; what self-tests found."""

from dataclasses import dataclass
from typing import Final

from agents.protocol.documents import Calibrate, FetchLog, Hand, Identify, Restart, SelfTest, TestTone
from agents.protocol.ids import DeviceId, DocumentId, SpeakerId
from agents.protocol.journal import ActionName, ActionResult, Heard

HANDS_KEPT: Final = 50
"""Of each speaker, so many actions are shown."""


def name_of(action: Hand) -> ActionName:
    """What results call a remote action."""
    match action:
        case Identify():
            return ActionName.IDENTIFY
        case TestTone():
            return ActionName.TEST_TONE
        case Restart():
            return ActionName.RESTART
        case FetchLog():
            return ActionName.FETCH_LOG
        case SelfTest():
            return ActionName.SELF_TEST
        case Calibrate():
            return ActionName.CALIBRATE


@dataclass(frozen=True, kw_only=True, slots=True)
class AskedHand:
    """One remote action that a person asked for.

    ``result`` is None until the device's journal told how it ended, and then ``detail`` says it in a sentence. It
    can also end here: where the device did not take the order, or never told. ``has_log`` once the lines are there;
    the text itself is kept apart (``Hands.log_of`` of the ports).
    """

    order_id: DocumentId
    speaker_id: SpeakerId
    device_id: DeviceId
    action: ActionName
    by: str
    asked_at_us: int
    ended_at_us: int | None = None
    result: ActionResult | None = None
    detail: str = ""
    has_log: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class SelfTestFound:
    """What a device heard of its own horn; fields as in `agents.protocol.journal.SelfTested`."""

    speaker_id: SpeakerId
    at_us: int
    heard: Heard
    level_db: float | None = None
    reference_db: float | None = None
    order_id: DocumentId | None = None
    airing_id: str | None = None
    detail: str = ""
