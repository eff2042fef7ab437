"""What becomes of remote actions on a box without horn, microphone and log: each ends with its record."""

from typing import Final

from agents.protocol.documents import Calibrate, FetchLog, Hand, Identify, Restart, SelfTest, TestTone
from agents.protocol.journal import ActionEnded, ActionName, ActionResult, Heard, JournalEvent, SelfTested

LOG: Final = '{"event":"simulated"}\n'
"""What a simulated device has to say when it is asked for its log."""


def results(order_id: str, hand: Hand) -> tuple[JournalEvent, ...]:
    """The records that a perfect device would write."""
    match hand:
        case Identify():
            return (_done(order_id, ActionName.IDENTIFY),)
        case TestTone():
            return (_done(order_id, ActionName.TEST_TONE),)
        case Restart():
            return (_done(order_id, ActionName.RESTART),)
        case FetchLog():
            return (_done(order_id, ActionName.FETCH_LOG),)
        case SelfTest():
            tested = SelfTested(heard=Heard.NO_SENSOR, order_id=order_id)
            return (tested, _done(order_id, ActionName.SELF_TEST))
        case Calibrate():
            refused = ActionEnded(
                order_id=order_id, action=ActionName.CALIBRATE, result=ActionResult.FAILED, detail="no sensor"
            )
            return (refused,)


def _done(order_id: str, action: ActionName) -> ActionEnded:
    return ActionEnded(order_id=order_id, action=action, result=ActionResult.DONE)
