"""How names of areas are compared: without accents and case, đ as d, and by what a person who types them may mean."""

import unicodedata
from functools import lru_cache


def folded(text: str) -> str:
    """``text`` as it is compared: no accents, no case, đ as d, one space between words, nothing but letters and
    digits.
    """
    plain = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    letters = (letter if letter.isalnum() else " " for letter in plain if not "\u0300" <= letter <= "\u036f")
    return " ".join("".join(letters).split())


@lru_cache(maxsize=65_536)
def counting(name: str) -> tuple[tuple[str, int], ...]:
    """What names are sorted by as people look for them: đ beside d, village 2 before village 10."""
    return tuple((word, 0) if not word.isdecimal() else ("", int(word[:18])) for word in folded(name).split())


_KINDS = tuple(
    f" {kind} "
    for kind in (
        *("tinh", "thanh pho", "quan", "huyen", "thi xa", "thi tran", "xa", "phuong", "dac khu"),
        *("thon", "lang", "ban", "ap", "buon", "xom", "soc", "khu", "khu pho", "to", "to dan pho"),
    )
)
"""Words that say what an area is, before its own name; folded. They only put what is found in order."""


def _bare(key: str) -> str:
    """A name without the word for its kind, a space before it."""
    kind = max((kind for kind in _KINDS if key.startswith(kind)), key=len, default=" ")
    return key[len(kind) - 1 :]


def rank(code: str, key: str, wanted: str, words: list[str]) -> int | None:
    """How well an area matches, 0 the best; None where it does not."""
    if code and code.startswith(wanted):
        return 0 if code == wanted else 4
    if not all(word in key for word in words):
        return None
    bare = _bare(key)
    for place, matches in enumerate((key == f" {wanted}", bare == f" {wanted}", bare.startswith(f" {wanted}"))):
        if matches:
            return place
    return 3 if f" {wanted}" in key else 5
