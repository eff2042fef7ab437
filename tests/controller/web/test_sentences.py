"""Every code that can reach a person has a sentence of its own, in both languages."""

import pytest

from agents.protocol.journal import FailReason, RefusalReason, SkipReason
from audio.clip import ErrorCode, FindingCode
from controller.domain.errors import Invalid, LoaError, NotFound, Refused, StoreFailed, Unreachable
from controller.web.i18n import Language, load_translators
from controller.web.sentences import (
    CODES,
    FAILED,
    REFUSED,
    SKIPPED,
    fail_sentence,
    playback_sentence,
    refusal_sentence,
    sentence,
    skip_sentence,
)

VIETNAMESE = load_translators()[Language.VIETNAMESE]
ENGLISH = load_translators()[Language.ENGLISH]


@pytest.mark.parametrize("code", [*ErrorCode, *FindingCode])
def test_what_audio_can_say_has_a_sentence(code: ErrorCode | FindingCode) -> None:
    assert code.value in CODES


@pytest.mark.parametrize("kind", [LoaError, NotFound, Refused, Invalid, Unreachable, StoreFailed])
def test_every_family_of_errors_has_a_sentence(kind: type[LoaError]) -> None:
    assert kind.code in CODES


def test_every_reason_of_the_wire_has_a_sentence() -> None:
    assert set(SKIPPED) == set(SkipReason)
    assert set(FAILED) == set(FailReason)
    assert set(REFUSED) == set(RefusalReason)


@pytest.mark.parametrize("code", CODES)
def test_a_sentence_differs_between_the_languages(code: str) -> None:
    assert sentence(code, VIETNAMESE) != sentence(code, ENGLISH)
    assert sentence(code, VIETNAMESE).endswith((".", "!"))


def test_an_unknown_code_is_shown_so_that_it_can_be_told() -> None:
    assert "frob_lost" in sentence("frob_lost", VIETNAMESE)


def test_the_reason_of_a_playback_is_found_in_whichever_family_it_is() -> None:
    assert playback_sentence("disk_full", VIETNAMESE) == fail_sentence(FailReason.DISK_FULL, VIETNAMESE)
    assert playback_sentence("late", ENGLISH) == skip_sentence(SkipReason.LATE, ENGLISH)
    assert playback_sentence("replayed", ENGLISH) == refusal_sentence(RefusalReason.REPLAYED, ENGLISH)
    assert playback_sentence(None, ENGLISH) == ""
