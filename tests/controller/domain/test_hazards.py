"""The templates say the same in both languages, and everything fixed in them fits on a device."""

import re

import pytest

from agents.protocol.values import ClipPart, ClipRef, LivePart, RenditionName
from agents.protocol.version import MAX_PINNED
from controller.domain.emergencies import EmergencyDraft, EmergencyKind
from controller.domain.emergency_sound import answer_sayings, fixed_of, sayings, sequence
from controller.domain.errors import Invalid, LoaError, Refused
from controller.domain.hazard_templates import LANGUAGES, TEMPLATES, drill_key, fixed_parts, template
from controller.domain.hazards import Hazard, Template, filled

HERE = ("area-1",)
FIRE = {"place": "chợ", "nearby": "khu phố Một", "shelter": "trường học"}


def clip(name: str) -> ClipPart:
    refs = {
        one: ClipRef(sha256=f"{hash((name, one)) % 16**64:064x}", size_bytes=1, frames=960) for one in RenditionName
    }
    return ClipPart(renditions=refs)


def fire(**more: object) -> EmergencyDraft:
    usual: dict[str, object] = {"hazard": Hazard.FIRE, "template_id": "fire", "values": FIRE, "area_ids": HERE}
    return EmergencyDraft(**({"drill": False} | usual | more))  # type: ignore[arg-type]


@pytest.mark.parametrize("one", TEMPLATES, ids=lambda one: one.template_id)
def test_every_template_fills_all_its_slots_in_both_languages(one: Template) -> None:
    for language in LANGUAGES:
        wording = one.wordings[language]
        assert set(re.findall(r"\{(\w+)\}", wording.middle)) == {slot.name for slot in one.slots}
        examples = {slot.name: slot.examples[language] for slot in one.slots}
        assert "{" not in filled(one, language, examples)
        assert all((wording.opening, wording.instructions, wording.correction))
        assert one.hazard is Hazard.ALL_CLEAR or wording.all_clear


def test_every_hazard_of_the_list_has_a_template() -> None:
    assert {one.hazard for one in TEMPLATES} == set(Hazard)


def test_what_is_fixed_fits_beside_the_siren_and_the_tunes_and_nothing_is_there_twice() -> None:
    parts = fixed_parts()
    assert len({part.key for part in parts}) == len(parts) <= MAX_PINNED - 10
    assert [part.key for part in parts[:2]] == [drill_key(language) for language in LANGUAGES]


def test_numbers_of_telephones_are_not_left_to_a_voice() -> None:
    assert not [part.key for part in fixed_parts() if re.search(r"\d", part.text)]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"place": "chợ"}, "slot_missing"),
        (FIRE | {"when": "now"}, "slot_unknown"),
        (FIRE | {"place": "x" * 301}, "slot_too_long"),
    ],
)
def test_a_slot_is_filled_and_no_other(values: dict[str, str], code: str) -> None:
    with pytest.raises(Invalid) as wrong:
        filled(template("fire"), "vi", values)
    assert wrong.value.code == code


def test_a_slot_can_be_said_otherwise_in_one_language() -> None:
    both = FIRE | {"place:en": "the market"}
    assert "the market" in filled(template("fire"), "en", both)
    assert "the market" not in filled(template("fire"), "vi", both)


def test_what_is_fixed_stands_around_what_was_filled_in_language_by_language() -> None:
    draft = fire(languages=("vi", "en"))
    said = sayings(draft)
    fixed = {key: clip(key) for key in fixed_of(said, drill=False)}
    read = {language: clip(language) for language in LANGUAGES}
    heard = [part for part in sequence(draft, said, fixed, read) if isinstance(part, ClipPart)]
    assert heard == [
        fixed["fire.opening.vi"],
        read["vi"],
        fixed["fire.instructions.vi"],
        fixed["fire.opening.en"],
        read["en"],
        fixed["fire.instructions.en"],
    ]


def test_a_drill_says_so_first_and_last_also_when_a_person_speaks() -> None:
    draft = fire(drill=True, live=True, template_id=None, texts={})
    said = sayings(draft)
    words = {key: clip(key) for key in fixed_of(said, drill=True)}
    first, *_, last = sequence(draft, said, words, {})
    assert first == last == words[drill_key("vi")]
    assert [part for part in sequence(draft, said, words, {}) if isinstance(part, LivePart)]


def test_the_words_of_a_drill_are_not_said_in_earnest_and_nothing_is_not_said() -> None:
    with pytest.raises(Refused):
        sayings(fire(hazard=Hazard.DRILL, template_id="drill"))
    with pytest.raises(LoaError):
        sayings(fire(template_id=None, values={}))


def test_every_emergency_has_its_correction_and_its_all_clear() -> None:
    for one in TEMPLATES:
        drill = one.hazard is Hazard.DRILL
        draft = fire(drill=drill, hazard=one.hazard, template_id=one.template_id, languages=LANGUAGES)
        for kind in (EmergencyKind.CORRECTION, EmergencyKind.ALL_CLEAR):
            keys = fixed_of(answer_sayings(draft, kind), drill=drill)
            assert set(keys) <= {part.key for part in fixed_parts()}
    own = fire(hazard=Hazard.OTHER, template_id=None, texts={"vi": "Bà con chú ý."})
    assert [one.before for one in answer_sayings(own, EmergencyKind.CORRECTION)] == [("other.correction.vi",)]
