"""Text as persons type or paste it."""

import unicodedata

from controller.domain.errors import Invalid

MAX_TITLE = 200
MAX_NAME = 200
_TITLE_FROM_TEXT = 60


def clean(text: str) -> str:
    """``text`` composed (NFC), with line breaks as ``\\n``, without control and other invisible characters, trimmed."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(letter for letter in plain if letter in _KEPT or unicodedata.category(letter) not in _INVISIBLE)
    return unicodedata.normalize("NFC", kept).strip()


_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_KEPT = frozenset("\n\t\u200c\u200d")
"""Line breaks, tabs, and the joiners that some scripts and emoji are written with."""


def bulletin_text(text: str, max_letters: int) -> str:
    """The text to read out. Raises `Invalid` (``text_empty``, ``text_too_long``)."""
    if len(text) > 4 * max_letters:
        raise Invalid(f"{len(text)} letters; at most {max_letters} are allowed", code="text_too_long")
    cleaned = clean(text)
    if not cleaned:
        raise Invalid("no letters to read", code="text_empty")
    if len(cleaned) > max_letters:
        raise Invalid(f"{len(cleaned)} letters; at most {max_letters} are allowed", code="text_too_long")
    return cleaned


def title(typed: str, fallback: str) -> str:
    """The title on one line; where none was typed, the beginning of ``fallback``. Raises `Invalid`."""
    cleaned = " ".join(clean(typed).split())
    if len(cleaned) > MAX_TITLE:
        raise Invalid(f"{len(cleaned)} letters; at most {MAX_TITLE} are allowed", code="title_too_long")
    return cleaned or shortened(" ".join(fallback.split()), _TITLE_FROM_TEXT)


def shortened(text: str, letters: int) -> str:
    """``text``, or its beginning up to a whole word and an ellipsis."""
    if len(text) <= letters:
        return text
    cut = text[: letters - 1]
    whole = cut.rpartition(" ")[0] or cut
    return whole.rstrip(",;:.") + "…"


def name(typed: str) -> str:
    """A speaker's or area's name on one line. Raises `Invalid` (``name_empty``, ``name_too_long``)."""
    cleaned = " ".join(clean(typed).split())
    if not cleaned:
        raise Invalid("a name is needed", code="name_empty")
    if len(cleaned) > MAX_NAME:
        raise Invalid(f"{len(cleaned)} letters; at most {MAX_NAME} are allowed", code="name_too_long")
    return cleaned
