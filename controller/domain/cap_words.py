"""What of an alert is read out, and which hazard it is about: pure.

Rules: headline, description and instruction are heard in this order, each once. What is written for eyes alone
(addresses, bullets, rows of signs, mark-up) is left out. What takes too long to hear is cut at the end of a sentence,
in the description first: what to do is heard whole where it can be.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from controller.domain.hazards import Hazard
from controller.domain.texts import clean

MOST_LETTERS: Final = 2_400
"""About three minutes at the rate of a horn."""
_MOST_READ: Final = 20_000
_MARKUP: Final = re.compile(r"<[^<>]{1,200}>")
_ADDRESSES: Final = re.compile(
    r"(?:https?://|www\.)[^\s<>]{1,500}|[^\s@<>]{1,64}@[^\s@<>]{1,200}\.[a-z]{2,20}", re.IGNORECASE
)
_SIGNS: Final = re.compile(r"[*#=_~|^<>\[\]{}\\]+|-{2,}")
_DOTS: Final = re.compile(r"\.{2,}|…")
_SPACES: Final = re.compile(r"\s+")
_SENTENCE: Final = re.compile(r"(?<=[.!?])\s+")

_HAZARDS: Final = (
    (Hazard.FLASH_FLOOD, ("flash flood", "landslide", "mudslide", "debris", "lũ quét", "lũ ống", "sạt lở", "sụt lún")),
    (Hazard.DAM_RELEASE, ("dam ", "reservoir", "spillway", "xả lũ", "hồ chứa", "xả đập", "xả tràn")),
    (Hazard.FLOOD, ("flood", "inundation", "ngập", "lũ", "lụt", "triều cường")),
    (Hazard.STORM, ("storm", "typhoon", "hurricane", "cyclone", "tornado", "bão", "áp thấp", "giông", "dông", "lốc")),
    (Hazard.FIRE, ("fire", "wildfire", "cháy")),
    (Hazard.EPIDEMIC, ("epidemic", "pandemic", "outbreak", "disease", "dịch")),
    (Hazard.MISSING_PERSON, ("missing", "amber", "abduct", "mất tích")),
)
"""Words with their accents: without them "bão" is in every "cảnh báo"."""
_BY_CATEGORY: Final = {"Fire": Hazard.FIRE, "Health": Hazard.EPIDEMIC}


def to_be_heard(headline: str, description: str, instruction: str, most_letters: int = MOST_LETTERS) -> str:
    """The text that is read out; empty where nothing of it can be."""
    first, last = _plain(headline), _plain(instruction)
    middle = _plain(description)
    if first and middle.casefold().startswith(first.rstrip(".!?").casefold()):
        first = ""
    if last and last in middle:
        last = ""
    first, last = _cut(first, most_letters // 3), _cut(last, most_letters // 2)
    middle = _cut(middle, most_letters - len(first) - len(last) - 2)
    return " ".join(part for part in (first, middle, last) if part)


def _plain(text: str) -> str:
    """One line of whole sentences."""
    words = _MARKUP.sub(" ", clean(text[:_MOST_READ]))
    words = _ADDRESSES.sub(" ", words)
    paragraphs = [_line(one) for one in re.split(r"\n\s*\n|\n\s*[*•-]\s", words)]
    return " ".join(one for one in paragraphs if any(letter.isalnum() for letter in one))


def _line(text: str) -> str:
    words = _DOTS.sub(", ", _SIGNS.sub(" ", text.replace("•", " ")))
    words = _SPACES.sub(" ", words).strip(" ,;:-")
    return words if not words or words[-1] in ".!?" else f"{words}."


def _cut(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    kept = ""
    for sentence in _SENTENCE.split(text):
        if len(kept) + len(sentence) + 1 > most:
            break
        kept = f"{kept} {sentence}".strip()
    return kept or (text[: max(most - 1, 0)].rpartition(" ")[0] + "." if most > 20 else "")


def language_of(tag: str) -> str:
    """The language of a tag of RFC 3066, without the country: ``en-US`` is ``en``."""
    return re.split(r"[-_]", tag.strip(), maxsplit=1)[0].lower() or "en"


def hazard_of(events: Iterable[str], categories: Iterable[str]) -> Hazard:
    """What it is about, by the words of its event, else by its category."""
    said = " ".join(f"{unicodedata.normalize('NFC', one).casefold()} " for one in events)
    found = next((hazard for hazard, words in _HAZARDS if any(re.search(rf"\b{word}", said) for word in words)), None)
    if found is not None:
        return found
    return next((_BY_CATEGORY[one] for one in categories if one in _BY_CATEGORY), Hazard.OTHER)
