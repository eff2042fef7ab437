"""What is said of a hazard: templates with slots, in each language, and what is fixed in them. Pure.

A template is an opening, a middle with slots to fill, and instructions, and a correction that stands ready before it is
needed. Everything but the middle is fixed: it is made once, and every device keeps it. The words stand in
`hazard_words_vi` and `hazard_words_en`, the templates in `hazard_templates`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from controller.domain.errors import Invalid
from controller.domain.texts import clean

LONGEST_VALUE: Final = 300
_SLOT: Final = re.compile(r"\{(\w+)\}")


class Hazard(StrEnum):
    """What threatens; ``other`` where no template fits."""

    STORM = "storm"
    FLOOD = "flood"
    FLASH_FLOOD = "flash_flood"
    """With landslides."""
    DAM_RELEASE = "dam_release"
    FIRE = "fire"
    EPIDEMIC = "epidemic"
    MISSING_PERSON = "missing_person"
    ALL_CLEAR = "all_clear"
    DRILL = "drill"
    OTHER = "other"


class SlotKind(StrEnum):
    """What is to be typed into a slot, so that a page offers the right field."""

    TEXT = "text"
    PLACE = "place"
    TIME = "time"
    NUMBER = "number"
    NAME = "name"
    PHONE = "phone"


@dataclass(frozen=True, kw_only=True, slots=True)
class Slot:
    """Something to fill in. ``labels`` and ``examples`` are by language."""

    name: str
    kind: SlotKind
    labels: Mapping[str, str]
    examples: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Wording:
    """A template in one language. ``middle`` holds the slots, as ``{name}``; everything else is fixed."""

    name: str
    event: str
    opening: str
    middle: str
    instructions: str
    correction: str = ""
    all_clear: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Template:
    """``category``, ``urgency`` and ``certainty`` are CAP 1.2's words for it; ``severity`` is what is offered first."""

    template_id: str
    hazard: Hazard
    wordings: Mapping[str, Wording]
    slots: tuple[Slot, ...]
    siren: bool
    category: str
    severity: str
    urgency: str = "Immediate"
    certainty: str = "Likely"

    @property
    def languages(self) -> tuple[str, ...]:
        """Those it can be said in, the first first."""
        return tuple(self.wordings)


class FixedKind(StrEnum):
    """Which fixed part of a template it is."""

    OPENING = "opening"
    INSTRUCTIONS = "instructions"
    CORRECTION = "correction"
    ALL_CLEAR = "all_clear"
    DRILL = "drill"


@dataclass(frozen=True, slots=True)
class FixedPart:
    """Words that never change, so that their sound is made once and kept everywhere. ``key`` names them."""

    key: str
    language: str
    text: str


def fixed_key(template_id: str, kind: FixedKind, language: str) -> str:
    """The name of a fixed part."""
    return f"{template_id}.{kind.value}.{language}"


def filled(template: Template, language: str, values: Mapping[str, str]) -> str:
    """The middle with its slots filled. A value ``slot:en`` goes before ``slot``.

    Raises `Invalid` (``language_unknown``, ``slot_missing``, ``slot_too_long``, ``slot_unknown``).
    """
    if language not in template.wordings:
        raise Invalid(f"{template.template_id} is not there in {language[:20]}", code="language_unknown")
    known = {slot.name for slot in template.slots}
    unknown = {name.partition(":")[0] for name in values} - known
    if unknown:
        raise Invalid(f"no slot {min(unknown)[:40]}", code="slot_unknown")

    def value(found: re.Match[str]) -> str:
        name = found.group(1)
        given = clean(values.get(f"{name}:{language}") or values.get(name, ""))
        if not given:
            raise Invalid(name, code="slot_missing")
        if len(given) > LONGEST_VALUE:
            raise Invalid(f"{name}: at most {LONGEST_VALUE} letters", code="slot_too_long")
        return given

    return _SLOT.sub(value, template.wordings[language].middle)
