"""The templates: words of both languages, slots, and what CAP calls it. Pure."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from controller.domain.errors import NotFound
from controller.domain.hazard_words_en import DRILL_WORDS_EN, WORDS_EN
from controller.domain.hazard_words_vi import DRILL_WORDS_VI, WORDS_VI
from controller.domain.hazards import FixedKind, FixedPart, Hazard, Slot, SlotKind, Template, fixed_key

LANGUAGES: Final = ("vi", "en")
DRILL_ID: Final = "any"
"""In place of a template's id, for what every drill says."""


def _slot(name: str, kind: SlotKind, vi: tuple[str, str], en: tuple[str, str]) -> Slot:
    return Slot(name=name, kind=kind, labels={"vi": vi[0], "en": en[0]}, examples={"vi": vi[1], "en": en[1]})


_PLACE: Final = _slot(
    "place", SlotKind.PLACE, ("Nơi bị ảnh hưởng", "thôn Đông, thôn Hạ"), ("Where", "Dong and Ha villages")
)
_FROM: Final = _slot("time", SlotKind.TIME, ("Từ lúc nào", "20 giờ tối nay"), ("From when", "8 this evening"))
_SHELTER: Final = _slot(
    "shelter", SlotKind.PLACE, ("Nơi sơ tán", "trường tiểu học xã"), ("Shelter", "the primary school")
)

_SLOTS: Final[Mapping[Hazard, tuple[Slot, ...]]] = {
    Hazard.STORM: (
        _slot("name", SlotKind.NAME, ("Tên bão", "số 3"), ("Name of the storm", "number 3")),
        _PLACE,
        _slot("strength", SlotKind.TEXT, ("Sức gió", "cấp 10, giật cấp 12"), ("Wind", "force 10, gusts of 12")),
        _FROM,
    ),
    Hazard.FLOOD: (
        _slot("river", SlotKind.PLACE, ("Sông", "sông Hồng"), ("River", "the Red River")),
        _PLACE,
        _FROM,
    ),
    Hazard.FLASH_FLOOD: (
        _PLACE,
        _slot("time", SlotKind.TIME, ("Trong bao lâu", "ba giờ tới"), ("Within", "the next three hours")),
        _SHELTER,
    ),
    Hazard.DAM_RELEASE: (
        _slot("dam", SlotKind.PLACE, ("Tên hồ", "Hòa Bình"), ("Reservoir", "Hoa Binh")),
        _slot("time", SlotKind.TIME, ("Xả lúc", "14 giờ chiều nay"), ("At", "2 this afternoon")),
        _PLACE,
    ),
    Hazard.FIRE: (
        _slot("place", SlotKind.PLACE, ("Nơi cháy", "chợ xã"), ("Where it burns", "the market")),
        _slot("nearby", SlotKind.PLACE, ("Ai phải rời đi", "khu phố Một"), ("Who must leave", "quarter one")),
        _SHELTER,
    ),
    Hazard.EPIDEMIC: (
        _slot("disease", SlotKind.TEXT, ("Bệnh", "sốt xuất huyết"), ("Disease", "dengue fever")),
        _PLACE,
        _slot("time", SlotKind.TIME, ("Từ lúc nào", "hôm nay"), ("From when", "today")),
    ),
    Hazard.MISSING_PERSON: (
        _slot("name", SlotKind.NAME, ("Họ tên", "cụ bà 80 tuổi"), ("Who", "a woman of 80")),
        _slot(
            "description",
            SlotKind.TEXT,
            ("Đặc điểm", "mặc áo nâu, chống gậy"),
            ("Description", "in brown, with a stick"),
        ),
        _slot("time", SlotKind.TIME, ("Từ lúc nào", "7 giờ sáng nay"), ("Since", "7 this morning")),
        _slot("place", SlotKind.PLACE, ("Thấy lần cuối ở", "chợ xã"), ("Last seen at", "the market")),
        _slot("phone", SlotKind.PHONE, ("Số điện thoại", "một một ba"), ("Telephone", "one one three")),
    ),
    Hazard.OTHER: (
        _slot(
            "message",
            SlotKind.TEXT,
            ("Nội dung", "Xe bồn chở hóa chất bị lật tại ngã tư."),
            ("Message", "A tanker has overturned at the crossroads."),
        ),
    ),
    Hazard.ALL_CLEAR: (
        _slot("danger", SlotKind.TEXT, ("Nguy cơ gì", "Nguy cơ lũ lụt"), ("Which danger", "flooding")),
        _slot("place", SlotKind.PLACE, ("Ở đâu", "toàn xã"), ("Where", "the whole commune")),
    ),
    Hazard.DRILL: (
        _slot("situation", SlotKind.TEXT, ("Tình huống", "vỡ đê"), ("Situation", "a broken dyke")),
        _slot("place", SlotKind.PLACE, ("Ở đâu", "thôn Đông"), ("Where", "Dong village")),
    ),
}

_CAP: Final[Mapping[Hazard, tuple[str, str]]] = {
    Hazard.STORM: ("Met", "Severe"),
    Hazard.FLOOD: ("Met", "Severe"),
    Hazard.FLASH_FLOOD: ("Geo", "Extreme"),
    Hazard.DAM_RELEASE: ("Infra", "Severe"),
    Hazard.FIRE: ("Fire", "Severe"),
    Hazard.EPIDEMIC: ("Health", "Moderate"),
    Hazard.MISSING_PERSON: ("Rescue", "Minor"),
    Hazard.OTHER: ("Safety", "Severe"),
    Hazard.ALL_CLEAR: ("Safety", "Minor"),
    Hazard.DRILL: ("Safety", "Minor"),
}
_QUIET: Final = frozenset({Hazard.MISSING_PERSON, Hazard.ALL_CLEAR, Hazard.DRILL})
"""No siren goes before these."""


def _template(hazard: Hazard) -> Template:
    category, severity = _CAP[hazard]
    return Template(
        template_id=hazard.value,
        hazard=hazard,
        wordings=MappingProxyType({"vi": WORDS_VI[hazard], "en": WORDS_EN[hazard]}),
        slots=_SLOTS[hazard],
        siren=hazard not in _QUIET,
        category=category,
        severity=severity,
        urgency="Past" if hazard is Hazard.ALL_CLEAR else "Immediate",
        certainty="Observed" if hazard in {Hazard.FIRE, Hazard.MISSING_PERSON, Hazard.ALL_CLEAR} else "Likely",
    )


TEMPLATES: Final = tuple(_template(hazard) for hazard in _SLOTS)
_BY_ID: Final = {template.template_id: template for template in TEMPLATES}


def template(template_id: str) -> Template:
    """Raises `NotFound` (``template_unknown``)."""
    if template_id not in _BY_ID:
        raise NotFound(f"no template {template_id[:40]}", code="template_unknown")
    return _BY_ID[template_id]


def template_of(hazard: Hazard) -> Template:
    """The template of a hazard: every hazard has one."""
    return _BY_ID[hazard.value]


def drill_key(language: str) -> str:
    """What a drill says first and last."""
    return fixed_key(DRILL_ID, FixedKind.DRILL, language)


def fixed_parts() -> tuple[FixedPart, ...]:
    """All that is fixed, in the order in which it is needed: what a drill says, then each template, language by
    language.
    """
    drill = {"vi": DRILL_WORDS_VI, "en": DRILL_WORDS_EN}
    parts = [FixedPart(drill_key(language), language, drill[language]) for language in LANGUAGES]
    for language in LANGUAGES:
        for one in TEMPLATES:
            parts.extend(_fixed_of(one, language))
    return tuple(parts)


def _fixed_of(one: Template, language: str) -> Iterator[FixedPart]:
    wording = one.wordings[language]
    texts = (
        (FixedKind.OPENING, wording.opening),
        (FixedKind.INSTRUCTIONS, wording.instructions),
        (FixedKind.CORRECTION, wording.correction),
        (FixedKind.ALL_CLEAR, wording.all_clear),
    )
    for kind, text in texts:
        if text:
            yield FixedPart(fixed_key(one.template_id, kind, language), language, text)
