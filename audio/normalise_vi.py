"""Pure: a Vietnamese text as it is written -> as a person would read it aloud, for a voice that misreads the rest.

The rules stand in one table, `rules()`, and are applied from top to bottom, each on the result of the one before: the
more specific first, single numbers and letters last. A rule is a name, a pattern, and what is said for a match. To
teach an abbreviation, add a line to `abbreviations_vi`; a unit or an expression, to `words_vi`; a way of writing, add a
rule to the `rules_vi_*` module of its kind and a case to the test.

What comes out has only letters, spaces, line breaks and `. , ; : ! ?`, and is not changed by a second pass.
"""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache

from audio import rules_vi_amounts, rules_vi_letters, rules_vi_names, rules_vi_times
from audio.letters_vi import fold
from audio.pronunciation import NOTHING, pronounced
from audio.rules_vi import Rule

_MOST_PASSES = 4


def normalise(text: str, pronunciations: Mapping[str, str] = NOTHING) -> str:
    """The text to give to a Vietnamese voice: no digit is left, and no known abbreviation.

    `pronunciations` are a station's own (see `pronunciation`); they go before everything else, and what they say is
    normalised like the rest.
    """
    text = pronounced(unicodedata.normalize("NFC", text), pronunciations)
    text = fold(text)
    # What was dropped can bring to the front what is read in another way there: "/a." is "a." on a second look.
    for _ in range(_MOST_PASSES):
        before, text = text, _pass(text)
        if text == before:
            break
    return text


def _pass(text: str) -> str:
    text = re.sub(r"[^\S\n]+", " ", text)
    for rule in rules():
        text = rule.apply(text)
    return _tidy(text)


@cache
def rules() -> tuple[Rule, ...]:
    """The table of rules, compiled at the first use."""
    table = (
        *rules_vi_letters.line_starts(),
        *rules_vi_names.addresses(),
        *rules_vi_letters.idioms(),
        *rules_vi_names.rows(),
        *rules_vi_times.rows(),
        *rules_vi_letters.titles(),
        *rules_vi_amounts.amounts(),
        *rules_vi_letters.letters(),
        *rules_vi_amounts.left(),
        *rules_vi_letters.capitals(),
    )
    return tuple(Rule(name, re.compile(pattern), said) for name, pattern, said in table)


def _tidy(text: str) -> str:
    # What only guides the eye; square brackets would switch espeak-ng to phonemes.
    text = re.sub(r"\.{2,}", ".", text)
    text = re.sub(r"(?<=\w) ?/ ?(?=\w)", " ", text)
    text = re.sub(r"(?<=\s)-+(?=\s)|[()\[\]{}|*~^\\•]", ", ", text)
    text = "".join(each if _is_heard(each) else " " for each in text)
    text = re.sub(r"[^\S\n]+", " ", text)
    text = re.sub(r"[ ,.;:!?]*[,.;:!?][ ,.;:!?]*", _one_mark, text)
    return re.sub(r" ?\n ?", "\n", re.sub(r"(?m)^[ ,.;:!?]+", "", text)).strip(" ,")


def _is_heard(character: str) -> bool:
    return character.isalpha() or character in " \n,.;:!?" or unicodedata.category(character) == "Mn"


def _one_mark(match: re.Match[str]) -> str:
    # Of several marks in a row the strongest is heard.
    marks = match[0].replace(" ", "")
    strongest = next(each for each in "!?.;:," if each in marks) if marks else ""
    return strongest if match.end() == len(match.string) or match.string[match.end()] == "\n" else f"{strongest} "
