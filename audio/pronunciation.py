"""Pure: a station's own pronunciations, written -> spoken, editable by its staff.

Rules: an entry is matched as whole words. One written in small letters matches any case, one with a capital only
itself. Of entries that fit at the same place the longest is taken. What an entry says is not looked up again, so that
entries can neither loop nor grow.
"""

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from audio.clip import ErrorCode, TextUnspeakable

NOTHING: Mapping[str, str] = MappingProxyType({})
MOST_PRONUNCIATIONS = 500
LONGEST_WRITTEN = 100
LONGEST_SPOKEN = 300


def check_pronunciation(written: str, spoken: str) -> None:
    """Raises TextUnspeakable for an entry that cannot be used.

    Its code is `pronunciation_empty` (either side has no letter or digit) or `pronunciation_too_long` (more than 100
    characters written or 300 spoken; values `characters` and `limit`).
    """
    for side, limit in ((written, LONGEST_WRITTEN), (spoken, LONGEST_SPOKEN)):
        if not any(map(str.isalnum, side)):
            raise TextUnspeakable("an entry needs a word on both sides", code=ErrorCode.PRONUNCIATION_EMPTY)
        if len(side) > limit:
            values = {"characters": float(len(side)), "limit": float(limit)}
            raise TextUnspeakable(f"{len(side)} characters", code=ErrorCode.PRONUNCIATION_TOO_LONG, values=values)


def check_pronunciations(entries: Mapping[str, str]) -> None:
    """Raises TextUnspeakable for the first entry that cannot be used, or for more than 500 (code `.._too_many`)."""
    if len(entries) > MOST_PRONUNCIATIONS:
        values = {"entries": float(len(entries)), "limit": float(MOST_PRONUNCIATIONS)}
        raise TextUnspeakable(f"{len(entries)} entries", code=ErrorCode.PRONUNCIATIONS_TOO_MANY, values=values)
    for written, spoken in entries.items():
        check_pronunciation(written, spoken)


def pronounced(text: str, entries: Mapping[str, str]) -> str:
    """The text with the entries said. Raises TextUnspeakable as `check_pronunciations` does."""
    if not entries:
        return text
    check_pronunciations(entries)
    pattern, exact, any_case = _compiled(tuple(sorted(entries.items())))

    def said(match: re.Match[str]) -> str:
        written = " ".join(match[0].split())
        return exact.get(written) or any_case.get(written.lower()) or match[0]

    return pattern.sub(said, unicodedata.normalize("NFC", text))


@lru_cache(maxsize=8)
def _compiled(entries: tuple[tuple[str, str], ...]) -> tuple[re.Pattern[str], dict[str, str], dict[str, str]]:
    exact: dict[str, str] = {}
    any_case: dict[str, str] = {}
    for written, spoken in entries:
        key = " ".join(unicodedata.normalize("NFC", written).split())
        (any_case if key == key.lower() else exact)[key] = f" {spoken} " if not key[-1].isalnum() else spoken
    keys = sorted({*exact, *any_case}, key=lambda each: (-len(each), each))
    words = [_branch(key, small=key in any_case) for key in keys if key[0].isalnum()]
    signs = [_branch(key, small=key in any_case) for key in keys if not key[0].isalnum()]
    # Looked for at the beginnings of words alone: a text of 20,000 characters has few of them.
    together = ([rf"(?<!\w)(?:{'|'.join(words)})"] if words else []) + signs
    return re.compile("|".join(together)), exact, any_case


def _branch(key: str, *, small: bool) -> str:
    written = r"\s+".join(re.escape(word) for word in key.split())
    behind = r"(?!\w)" if key[-1].isalnum() else ""
    return f"(?i:{written}){behind}" if small else f"{written}{behind}"
