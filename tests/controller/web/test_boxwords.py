"""What boxes write is read in the language of whoever reads it, and what nobody foresaw is still shown."""

import pytest

from agents.io.hands import IT_IS_NIGHT
from controller.services.hands import NO_ANSWER, NO_WORD, NOT_TAKEN
from controller.web.boxwords import SENTENCES, box_sentence
from controller.web.i18n import Language, load_translators

VIETNAMESE = load_translators()[Language.VIETNAMESE]
ENGLISH = load_translators()[Language.ENGLISH]


@pytest.mark.parametrize("sentence", SENTENCES)
def test_every_sentence_of_a_box_is_said_in_vietnamese_with_its_figures(sentence: str) -> None:
    values = {name: f"«{name}»" for name in ("error", "seconds", "digits", "lines", "tones", "all", "level", "above")}
    values |= {name: f"«{name}»" for name in ("share", "rise", "late", "device", "path", "reason")}
    written = sentence % values if "%(" in sentence else sentence
    told = box_sentence(written, VIETNAMESE)
    assert told != written
    assert {one for one in values.values() if one in told} == {one for one in values.values() if one in written}
    assert box_sentence(written, ENGLISH) == written


@pytest.mark.parametrize("written", [IT_IS_NIGHT, NO_ANSWER, NO_WORD, NOT_TAKEN.format(reason="expired")])
def test_what_is_written_today_is_known(written: str) -> None:
    assert box_sentence(written, VIETNAMESE) != written


def test_a_sentence_that_nobody_knows_is_shown_as_it_came() -> None:
    assert box_sentence("Quite <new>.", VIETNAMESE) == "Quite <new>."
    assert box_sentence("", VIETNAMESE) == ""


def test_a_verdict_is_read_in_vietnamese() -> None:
    assert box_sentence("-31 dB, 24 above the rest.", VIETNAMESE) == "-31 dB, hơn nền 24 dB."
