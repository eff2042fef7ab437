"""Pure: a text -> its sentences, as they are written and as they are read.

Rules: what is neither seen nor heard is taken out; a text in letters that the language does not use is refused, but a
foreign word or two are passed over; sentences end where a reader takes breath, and a title's full stop is no end; a
line is a paragraph unless it only goes on in the next one.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from audio.clip import ErrorCode, TextUnspeakable
from audio.normalise_vi import normalise
from audio.pronunciation import NOTHING, pronounced
from audio.voices.pace import SENTENCE_PAUSE_S
from audio.words_vi import TITLES

LONGEST_TEXT = 20_000
MOST_FOREIGN_WORDS = 3
_LONGEST_PIECE = 400
_PARAGRAPH_PAUSE_S = 0.7
_PIECE_PAUSE_S = 0.1
# A line this long that ends without a mark and is followed by a small letter goes on in the next one.
_SHORTEST_WRAPPED_LINE = 50
# Letters of one foreign word: scripts that write no spaces would make it one word a sentence.
_LETTERS_IN_A_WORD = 4
_TITLES_ELSEWHERE = frozenset({"Mr", "Mrs", "Ms", "Dr", "Prof", "St", "No", "vs", "Mt", "Jr", "Sr"})
_SHORT = frozenset({"etc", "approx", "incl", "vv"})
_EVERYWHERE = frozenset({"LATIN", "MODIFIER"})
_SCRIPTS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "ar": frozenset({"ARABIC"}),
        "blt": frozenset({"TAI"}),
        "cjm": frozenset({"CHAM", "ARABIC"}),
        "ja": frozenset({"CJK", "HIRAGANA", "KATAKANA"}),
        "km": frozenset({"KHMER"}),
        "ko": frozenset({"HANGUL", "CJK"}),
        "lo": frozenset({"LAO"}),
        "ru": frozenset({"CYRILLIC"}),
        "th": frozenset({"THAI"}),
        "zh": frozenset({"CJK", "BOPOMOFO"}),
    }
)


@dataclass(frozen=True, slots=True)
class SpokenSentence:
    """A sentence as it is written, and the words that the voice is given."""

    text: str
    spoken: str


@dataclass(frozen=True, slots=True)
class Piece:
    """What is said at a stretch, and the silence after it."""

    text: str
    pause_s: float


def clean(text: str, language: str = "vi") -> str:
    """The text without what is neither seen nor heard (control characters, marks of direction, halves of pairs).

    Raises TextUnspeakable: nothing is left to say, more than 20,000 characters are, or more than three words, or more
    than half, are in letters that the language does not use (code `text_other_script`, values `words`).
    """
    kept = "".join(_visible(each) for each in unicodedata.normalize("NFC", text.replace("\r\n", "\n")))
    kept = re.sub(r"[^\S\n]+", " ", kept)
    kept = re.sub(r"\s*\n\s*", "\n", kept).strip()
    if not any(each.isalnum() for each in kept):
        raise TextUnspeakable("nothing to say", code=ErrorCode.TEXT_EMPTY)
    if len(kept) > LONGEST_TEXT:
        values = {"characters": float(len(kept)), "limit": float(LONGEST_TEXT)}
        raise TextUnspeakable(f"{len(kept)} characters", code=ErrorCode.TEXT_TOO_LONG, values=values)
    _refuse_other_scripts(kept, language)
    return kept


def _visible(character: str) -> str:
    if character == "\n":
        return character
    category = unicodedata.category(character)
    if category in {"Cc", "Zl", "Zp"}:
        return " "
    return "" if category in {"Cf", "Cs", "Co", "Cn"} else character


@lru_cache(maxsize=4096)
def _script(letter: str) -> str:
    # "µ" and "ª" are signs that look like letters.
    name = unicodedata.name(letter, "")
    signs = ("MICRO", "FEMININE", "MASCULINE", "SCRIPT", "DOUBLE-STRUCK", "FULLWIDTH", "MATHEMATICAL", "KELVIN")
    return "LATIN" if name.startswith(signs) else name.partition(" ")[0]


def _foreign_runs(text: str, language: str) -> Iterator[re.Match[str]]:
    known = _EVERYWHERE | _SCRIPTS.get(language, frozenset())
    for run in re.finditer(r"[^\W\d_]+", text):
        scripts = {_script(letter) for letter in run[0]}
        # A Greek letter alone is a sign.
        if not scripts <= known and not (len(run[0]) <= 2 and scripts <= {"GREEK", "LATIN"}):
            yield run


def _refuse_other_scripts(text: str, language: str) -> None:
    runs = list(_foreign_runs(text, language))
    if not runs:
        return
    words = sum(-(-len(run[0]) // _LETTERS_IN_A_WORD) if _unspaced(run[0]) else 1 for run in runs)
    others = len(re.findall(r"\w+", text)) - len(runs)
    if words > MOST_FOREIGN_WORDS or words > others:
        known = _EVERYWHERE | _SCRIPTS.get(language, frozenset())
        names = sorted(
            {_script(letter).title() for run in runs for letter in run[0]} - {each.title() for each in known}
        )
        detail = f"{words} words in {', '.join(names)}, for example {runs[0][0][:20]}"
        raise TextUnspeakable(detail, code=ErrorCode.TEXT_OTHER_SCRIPT, values={"words": float(words)})


def _unspaced(word: str) -> bool:
    return bool(
        {_script(letter) for letter in word} & {"CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR"}
    )


def sentences(text: str, language: str, pronunciations: Mapping[str, str] = NOTHING) -> tuple[SpokenSentence, ...]:
    """Each sentence as it is written and as it will be read; what has nothing to say is left out.

    Raises TextUnspeakable as `clean` does, or for pronunciations that cannot be used.
    """
    return tuple(each for paragraph in _paragraphs(text, language, pronunciations) for each in paragraph)


def script(
    text: str, language: str, pronunciations: Mapping[str, str] = NOTHING
) -> list[tuple[SpokenSentence, tuple[Piece, ...]]]:
    """Each sentence with the pieces in which it is said. Raises as `sentences` does."""
    found: list[tuple[SpokenSentence, tuple[Piece, ...]]] = []
    for paragraph in _paragraphs(text, language, pronunciations):
        for number, sentence in enumerate(paragraph, start=1):
            pause_s = _PARAGRAPH_PAUSE_S if number == len(paragraph) else SENTENCE_PAUSE_S
            *parts, last = said_in(sentence)
            found.append((sentence, (*parts, Piece(last.text, pause_s))))
    sentence, _ = found[-1]
    return [*found[:-1], (sentence, said_in(sentence))]


def said_in(sentence: SpokenSentence) -> tuple[Piece, ...]:
    """The pieces in which one sentence is said, with no pause behind the last."""
    *parts, last = _parts(sentence.spoken)
    return (*(Piece(part, _PIECE_PAUSE_S) for part in parts), Piece(last, 0.0))


def pieces(text: str, language: str, pronunciations: Mapping[str, str] = NOTHING) -> list[Piece]:
    """What is said piece by piece. Raises as `sentences` does."""
    return [piece for _, said in script(text, language, pronunciations) for piece in said]


def _paragraphs(text: str, language: str, pronunciations: Mapping[str, str]) -> list[list[SpokenSentence]]:
    kept = clean(text, language)
    found = []
    for paragraph in _unwrapped(kept):
        said = (SpokenSentence(each, _spoken(each, language, pronunciations)) for each in _split(paragraph, language))
        found.append([each for each in said if any(map(str.isalnum, each.spoken))])
    found = [paragraph for paragraph in found if paragraph]
    if not found:
        raise TextUnspeakable("nothing to say", code=ErrorCode.TEXT_EMPTY)
    return found


def _spoken(sentence: str, language: str, pronunciations: Mapping[str, str]) -> str:
    # An entry may be for just that foreign word.
    said = _without_foreign(pronounced(sentence, pronunciations), language)
    if language == "vi":
        return normalise(said)
    said = "".join(" " if unicodedata.category(each) == "So" else each for each in said)
    # Square brackets would switch espeak-ng to phonemes.
    said = re.sub(r"^\s*[-+*•]+\s+", "", re.sub(r"[\[\]]", " ", said))
    return re.sub(r"\s+", " ", said).strip()


def _without_foreign(text: str, language: str) -> str:
    runs = list(_foreign_runs(text, language))
    for run in reversed(runs):
        text = text[: run.start()] + text[run.end() :]
    return re.sub(r"[(\[]\W*[)\]]", "", text) if runs else text


def _unwrapped(text: str) -> list[str]:
    paragraphs: list[str] = []
    last = ""
    for line in text.split("\n"):
        goes_on = len(last) >= _SHORTEST_WRAPPED_LINE and last[-1] not in ".!?:;" and line[:1].islower()
        if goes_on and not re.match(r"\w\)", line):
            paragraphs[-1] += f" {line}"
        else:
            paragraphs.append(line)
        last = line
    return paragraphs


def _split(paragraph: str, language: str) -> list[str]:
    found: list[str] = []
    start = 0
    for end in re.finditer(r"[.!?;…]+[\"'”’»)\]]*(?= )|[。！？។]+", paragraph):
        if _ends(paragraph, start, end, language):
            found.append(paragraph[start : end.end()].strip())
            start = end.end()
    return [each for each in (*found, paragraph[start:].strip()) if each]


def _ends(paragraph: str, start: int, mark: re.Match[str], language: str) -> bool:
    if mark[0][0] != ".":
        return True
    head = paragraph[start : mark.start()]
    # "1. Thời gian", "II. Địa điểm", "(a. ": the number of a paragraph.
    if re.fullmatch(r"\(?(?:\d{1,2}(?:\.\d{1,2})*|[IVX]{1,5}|\w)", head.strip()):
        return False
    token = re.search(r"[\w./]*$", head[-24:])
    before = token[0] if token else ""
    last = before.rpartition(".")[2]
    titled = mark[0] == "." and last in (TITLES if language == "vi" else _TITLES_ELSEWHERE)
    behind = paragraph[mark.end() : mark.end() + 4].lstrip()
    # "v.v. và", "T. trú tại", "muối... và" go on; "b. Lệ phí" is the next of a list, and carelessly typed notices
    # begin their sentences small.
    if behind[:1].islower() and not re.match(r"\w[.)] ", behind):
        plain = last == before and (last.isdigit() or last[1:].islower())
        return mark[0] == "." and plain and not titled and last not in _SHORT
    return not titled


def _parts(sentence: str) -> list[str]:
    # A long sentence is parted at a comma, or else at a space; a word of 400 letters is parted anywhere.
    parts = []
    while len(sentence) > _LONGEST_PIECE:
        head = sentence[:_LONGEST_PIECE]
        at = max(head.rfind(mark) for mark in ",:;")
        if at < _LONGEST_PIECE // 4:
            at = head.rfind(" ")
        at = at if at > 0 else _LONGEST_PIECE - 1
        parts.append(sentence[: at + 1].strip())
        sentence = sentence[at + 1 :].strip()
    return [part for part in (*parts, sentence) if any(map(str.isalnum, part))] or [sentence]
