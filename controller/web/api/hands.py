"""What a technician has one speaker do: speak its plate, sound a tone, test its horn, restart, send its log."""

from typing import Annotated

import msgspec
from msgspec import Meta

from agents.protocol.documents import Calibrate, FetchLog, Hand, Identify, Restart, SelfTest, TestTone
from agents.protocol.ids import DeviceId, DocumentId, SpeakerId
from agents.protocol.journal import ActionName, ActionResult
from agents.protocol.version import MAX_LOG_LINES
from controller.domain.errors import Invalid, NotFound, Unreachable
from controller.domain.hands import AskedHand, SelfTestFound
from controller.web.api.endpoint import Accepted, Body, raises
from controller.web.api.values import Told, told
from controller.web.asking import Ask


class ActionBody(Body):
    """``action`` is what to do. The rest belongs to single actions: ``seconds`` and ``gain_db`` (relative to full
    volume) to ``test_tone``, ``lines`` to ``fetch_log``, ``quiet_hours`` to ``self_test``: also where guards forbid it,
    because a person stands beside the horn.
    """

    action: ActionName
    seconds: Annotated[int, Meta(ge=1, le=30)] | None = None
    gain_db: Annotated[float, Meta(ge=-60, le=0)] | None = None
    lines: Annotated[int, Meta(ge=1, le=MAX_LOG_LINES)] | None = None
    quiet_hours: bool | None = None


class ActionTold(Told):
    """One action. ``result`` is null until the device told how it ended, or did not take the order; ``detail`` is its
    sentence. ``has_log`` is true once the log can be read.
    """

    order_id: DocumentId
    speaker_id: SpeakerId
    device_id: DeviceId
    action: ActionName
    by: str
    asked_at_us: int
    ended_at_us: int | None
    result: ActionResult | None
    detail: str
    has_log: bool


class ActionsTold(Told):
    """The newest first; with what self-tests found, also those that nobody asked for."""

    actions: list[ActionTold]
    self_tests: tuple[SelfTestFound, ...]


class LogTold(Told):
    """The last lines of the program's log, the newest last."""

    order_id: DocumentId
    text: str


def hand_of(body: ActionBody) -> Hand:
    """The action with what was said of it. Raises `Invalid` (``bad_request``) for what does not belong to it."""
    said = {
        name: value
        for name in ("seconds", "gain_db", "lines", "quiet_hours")
        if (value := getattr(body, name)) is not None
    }
    kind = _KINDS[body.action]
    if foreign := sorted(said.keys() - {one.name for one in msgspec.structs.fields(kind)}):
        raise Invalid(f"{foreign[0]} does not belong to {body.action}", code="bad_request")
    return kind(**said)


_KINDS: dict[ActionName, type[Hand]] = {
    ActionName.IDENTIFY: Identify,
    ActionName.TEST_TONE: TestTone,
    ActionName.RESTART: Restart,
    ActionName.FETCH_LOG: FetchLog,
    ActionName.SELF_TEST: SelfTest,
    ActionName.CALIBRATE: Calibrate,
}


def action_told(hand: AskedHand) -> ActionTold:
    return told(ActionTold, hand)


@raises(NotFound, "speaker_unknown")
@raises(Invalid, "bad_request")
@raises(Unreachable, "speaker_away")
async def ask_action(ask: Ask, speaker_id: SpeakerId, body: ActionBody) -> Accepted[ActionTold]:
    """Have a speaker do something now.

    The speaker must be connected: nothing of this is kept for later. How it ended is told by the list of its actions.
    """
    hand = await ask.parts.hands.ask(speaker_id, hand_of(body), ask.by)
    return Accepted(told=action_told(hand), location=f"/api/v1/speakers/{speaker_id}/actions/{hand.order_id}")


@raises(NotFound, "speaker_unknown")
async def list_actions(ask: Ask, speaker_id: SpeakerId) -> ActionsTold:
    """What a speaker was asked to do, and what became of it."""
    hands = await ask.parts.hands.results(speaker_id)
    return ActionsTold(
        actions=[action_told(hand) for hand in hands], self_tests=await ask.parts.hands.self_tests(speaker_id)
    )


@raises(NotFound, "speaker_unknown", "action_unknown")
async def get_action(ask: Ask, speaker_id: SpeakerId, order_id: DocumentId) -> ActionTold:
    """One action and what became of it."""
    return action_told(await ask.parts.hands.one(speaker_id, order_id))


@raises(NotFound, "speaker_unknown", "action_unknown", "log_not_there")
async def get_action_log(ask: Ask, speaker_id: SpeakerId, order_id: DocumentId) -> LogTold:
    """The log that an action brought."""
    return LogTold(order_id=order_id, text=await ask.parts.hands.log_text(speaker_id, order_id))
