"""Remote actions and self-tests in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from agents.protocol.documents import Calibrate, FetchLog, Hand, Identify, Restart, SelfTest, TestTone
from agents.protocol.journal import ActionName, ActionResult, Heard
from controller.domain.hands import AskedHand, SelfTestFound
from controller.web.boxviews import ActionLine, ActionOffered, SelfTestLine
from controller.web.boxwords import box_sentence
from controller.web.i18n import N_, Translator
from controller.web.moments import moment


@dataclass(frozen=True, kw_only=True, slots=True)
class ActionWords:
    """``what`` says what it does, ``waits`` that it is under way; ``confirm`` is asked before it, where it is there."""

    icon: str
    word: str
    what: str
    waits: str
    confirm: str = ""


WORDS: Final[Mapping[ActionName, ActionWords]] = {
    ActionName.IDENTIFY: ActionWords(
        icon="volume-2",
        word=N_("Identify"),
        what=N_("It speaks the four digits of its label aloud and blinks, so that you know which box it is."),
        waits=N_("It is about to speak."),
    ),
    ActionName.TEST_TONE: ActionWords(
        icon="audio-lines",
        word=N_("Test tone"),
        what=N_("It sounds a quiet tone for 2 seconds. Not while something is on the air, nor in quiet hours."),
        waits=N_("It is about to sound its tone."),
    ),
    ActionName.SELF_TEST: ActionWords(
        icon="ear",
        word=N_("Self-test"),
        what=N_("It plays a few tones and listens whether its own horn is heard."),
        waits=N_("It plays its tones and listens."),
    ),
    ActionName.CALIBRATE: ActionWords(
        icon="check",
        word=N_("Calibrate"),
        what=N_("It plays its tones and keeps what it hears now as its reference. Do it when the horn sounds right."),
        waits=N_("It plays its tones and measures."),
    ),
    ActionName.FETCH_LOG: ActionWords(
        icon="file-text",
        word=N_("Fetch the log"),
        what=N_("It sends the last 200 lines that its program wrote, for looking for a fault."),
        waits=N_("It sends its log."),
    ),
    ActionName.RESTART: ActionWords(
        icon="refresh-cw",
        word=N_("Restart"),
        what=N_("Its program ends and begins again, which takes some seconds. What sounds goes on in step afterwards."),
        waits=N_("It starts anew, and tells when it is back."),
        confirm=N_("The speaker is away for some seconds. What sounds now is interrupted, and goes on in step."),
    ),
}

_RESULTS: Final[Mapping[ActionResult, str]] = {
    ActionResult.DONE: N_("Done"),
    ActionResult.REFUSED: N_("Refused"),
    ActionResult.FAILED: N_("Failed"),
}
_HEARD: Final[Mapping[Heard, str]] = {
    Heard.HEARD: N_("Heard"),
    Heard.NOT_HEARD: N_("Horn not heard"),
    Heard.NO_SENSOR: N_("No sensor"),
}


def offered(say: Translator) -> list[ActionOffered]:
    """Everything that can be asked of a speaker."""
    return [
        ActionOffered(
            action=action,
            icon=words.icon,
            word=say.gettext(words.word),
            what_sentence=say.gettext(words.what),
            confirm_sentence=say.gettext(words.confirm) if words.confirm else "",
        )
        for action, words in WORDS.items()
    ]


NO_SENSOR: Final = "This device has neither a microphone nor a current sensor: see its settings."
"""As devices write it."""

_PLAIN: Final[Mapping[str, Hand]] = {
    ActionName.IDENTIFY: Identify(),
    ActionName.TEST_TONE: TestTone(),
    ActionName.CALIBRATE: Calibrate(),
    ActionName.FETCH_LOG: FetchLog(),
    ActionName.RESTART: Restart(),
}


def hand_of(written: str, *, quiet_hours: bool) -> Hand | None:
    """The action of this name, None where there is none."""
    return SelfTest(quiet_hours=quiet_hours) if written == ActionName.SELF_TEST else _PLAIN.get(written)


def action_lines(hands: Sequence[AskedHand], say: Translator) -> list[ActionLine]:
    """What was asked, and what became of it."""
    return [_line(one, say) for one in hands]


def _line(one: AskedHand, say: Translator) -> ActionLine:
    words = WORDS[one.action]
    return ActionLine(
        order_id=one.order_id,
        icon=words.icon,
        word=say.gettext(words.word),
        by=one.by,
        asked_at=moment(one.asked_at_us),
        state=_state(one),
        sentence=say.gettext(words.waits) if one.result is None else detail_sentence(one.detail, one.result, say),
        took_s=None if one.ended_at_us is None else max(0, one.ended_at_us - one.asked_at_us) / 1e6,
        has_log=one.has_log,
    )


def _state(one: AskedHand) -> str:
    """A self-test that had nothing to listen with is done, and found nothing out."""
    if one.result is None:
        return "waiting"
    blind = one.action is ActionName.SELF_TEST and one.detail == NO_SENSOR
    return "no_sensor" if blind and one.result is ActionResult.DONE else one.result.value


def result_word(result: ActionResult, say: Translator) -> str:
    """How an action ended, in a word."""
    return say.gettext(_RESULTS[result])


def heard_word(heard: Heard, say: Translator) -> str:
    """What a self-test found, in a word."""
    return say.gettext(_HEARD[heard])


def detail_sentence(detail: str, result: ActionResult, say: Translator) -> str:
    """What the device wrote, in the reader's language where it is one of the sentences that devices write."""
    if not detail:
        return say.gettext(N_("It does not say why.")) if result is not ActionResult.DONE else ""
    return box_sentence(detail, say)


def test_lines(found: Sequence[SelfTestFound], say: Translator) -> list[SelfTestLine]:
    """What self-tests found."""
    return [
        SelfTestLine(at=moment(one.at_us), heard=one.heard.value, detail_sentence=_levels(one, say)) for one in found
    ]


def _levels(one: SelfTestFound, say: Translator) -> str:
    if one.heard is Heard.NO_SENSOR:
        return say.gettext(N_("The box has neither a microphone nor a current sensor."))
    if one.level_db is None:
        return box_sentence(one.detail, say)
    level = f"{say.format_signed(one.level_db, 1)} dB"
    if one.reference_db is None:
        return say.gettext(N_("Heard at %(level)s; it was never calibrated."), level=level)
    reference = f"{say.format_signed(one.reference_db, 1)} dB"
    return say.gettext(N_("Heard at %(level)s; its reference is %(reference)s."), level=level, reference=reference)
