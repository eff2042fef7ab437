"""Pure: letters and syllables of Vietnamese, and the folding of look-alike characters into plain ones."""

import re
import unicodedata
from functools import cache, lru_cache

from audio import words_vi as words

_VOWELS = "aăâeêioôơuưy"
_TONES = "\u0300\u0301\u0303\u0309\u0323"
_DASHES = "‐‑‒–—―−﹘﹣－"
_SINGLE_QUOTES = "‘’‚‛ʼʻ`´′"
_DOUBLE_QUOTES = "“”„‟«»″＂"
_BULLETS = "•◦▪▫●○■□►▶➢➤✓✔☑★☆·‣⁃❖◆◇♦"
_FOLDED = (
    dict.fromkeys(_DASHES, "-")
    | dict.fromkeys(_SINGLE_QUOTES, "'")
    | dict.fromkeys(_DOUBLE_QUOTES, '"')
    | dict.fromkeys(_BULLETS, "•")
    | {"ð": "đ", "Ð": "Đ", "Ɖ": "Đ", "ɖ": "đ", "…": "...", "⁄": "/", "∕": "/", "：": ":", "˚": "°", "º": "°"}
    | {"½": " 1 phần 2 ", "¼": " 1 phần tư ", "¾": " 3 phần tư ", "µ": "μ", "\n": "\n", "\t": " "}
)
# What NFKC would tear apart although a rule or a table knows it.
_KEPT = frozenset("²³№₫€°")
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "So", "Sk"})


def upper_class() -> str:
    """Capital letters of the Latin script, for a character class of a pattern."""
    return _classes()[0]


def lower_class() -> str:
    """Small letters of the Latin script, for a character class of a pattern."""
    return _classes()[1]


@cache
def _classes() -> tuple[str, str]:
    latin = [chr(code) for start, end in ((0x41, 0x250), (0x1E00, 0x1F00)) for code in range(start, end)]
    letters = [each for each in latin if each.isalpha()]
    return "".join(filter(str.isupper, letters)), "".join(filter(str.islower, letters))


def fold(text: str) -> str:
    """NFC, with one kind of dash, quote, bullet and digit, and without what is not read (emoji, control characters)."""
    return "".join(map(_folded, unicodedata.normalize("NFC", text)))


@lru_cache(maxsize=8192)
def _folded(character: str) -> str:
    if character in _FOLDED:
        return _FOLDED[character]
    if character in _KEPT or character.isascii():
        return character if character.isprintable() else " "
    if character.isdigit():
        return str(unicodedata.digit(character))
    plain = unicodedata.normalize("NFKC", character)
    if plain != character and plain.isascii() and plain.isprintable():
        return plain
    # Emoji are pictures between words; marks of direction stand inside of them.
    between = unicodedata.category(character) in {"So", "No", "Nl", "Zs", "Zl", "Zp"}
    unseen = unicodedata.category(character) in _UNSEEN or character in "\u20e3\ufe0f"
    return " " if between else "" if unseen else character


def bare(word: str) -> str:
    """A word in small letters without its tone marks and hooks, except that đ stays."""
    parts = unicodedata.normalize("NFD", word.lower())
    return "".join(each for each in parts if not unicodedata.combining(each))


@lru_cache(maxsize=4096)
def is_syllable(word: str) -> bool:
    """Whether a word is spelled as a Vietnamese syllable can be, in whatever case."""
    plain = bare(word)
    doubled = re.search(r"([aeiuy])\1", plain)
    return _syllable().fullmatch(plain) is not None and doubled is None


@cache
def _syllable() -> re.Pattern[str]:
    initial = r"(?:ngh|ng|nh|gh|gi|kh|ph|qu|th|tr|ch|[bcdđghklmnprstvx])?"
    return re.compile(rf"{initial}[aeiouy]{{1,3}}(?:ng|nh|ch|[ckmnpt])?")


def has_tone(word: str) -> bool:
    """Whether a letter carries one of the five tone marks, which no abbreviation does."""
    return any(each in _TONES for each in unicodedata.normalize("NFD", word))


def has_vowel(word: str) -> bool:
    """Whether any letter of a word is a vowel of Vietnamese."""
    return any(each in _VOWELS for each in bare(word))


def spell(letters: str) -> str:
    """Letter by letter, digits one by one; what has no name is passed over."""
    named = (words.LETTERS.get(each) or words.LETTERS.get(bare(each).upper()) for each in letters.upper())
    return " ".join(each for each in named if each)


_LONGEST_RUN = 40
_LONGEST_SYLLABLE = 7


def parted(run: str) -> str | None:
    """Syllables that were written together without tones, as in web addresses: "thaibinh" -> "thai binh".

    None where they are no Vietnamese syllables, or there are too many letters. One that ends in c, ch, p or t gets a
    rising tone: without any it is no syllable of the language, and a voice would turn to English for it.
    """
    if not 4 <= len(run) <= _LONGEST_RUN:
        return None
    # From the end: of several ways the cheapest, and of those the one that begins with the longest syllable.
    ways: dict[int, tuple[str, ...]] = {len(run): ()}
    for start in range(len(run) - 1, -1, -1):
        found = [
            (run[start:end], *ways[end])
            for end in range(min(len(run), start + _LONGEST_SYLLABLE), start, -1)
            if end in ways and _is_well_spelled(run[start:end])
        ]
        if found:
            ways[start] = min(found, key=_cost)
    return " ".join(map(_toned, ways[0])) if 0 in ways else None


def _cost(syllables: tuple[str, ...]) -> int:
    # Few syllables, and few that begin with a vowel: dich vu cong, not dich vuc ong.
    return len(syllables) + sum(1 for each in syllables[1:] if each[0] in "aeiou")


def _is_well_spelled(syllable: str) -> bool:
    whole = len(syllable) > 1 or syllable == "y"
    return whole and is_syllable(syllable) and not re.match(r"(?:ngh|gh|k)[^eiy]|(?:ng|c)[eiy]", syllable)


def _toned(syllable: str) -> str:
    if not re.search(r"(?:ch|[cpt])$", syllable):
        return syllable
    at = max(place for place, letter in enumerate(syllable) if letter in "aeiouy") + 1
    return unicodedata.normalize("NFC", f"{syllable[:at]}\u0301{syllable[at:]}")
