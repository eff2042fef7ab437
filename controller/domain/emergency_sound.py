"""What is heard of an emergency, part by part, and how often. Pure.

Rules: a drill says so first and last, in every language that is spoken in it. What is fixed in a template stands before
and after what was filled in, language by language. Repeated until it is ended, it still has an end: that of its
validity, or of the longest that the station allows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from agents.protocol.values import ClipPart, LivePart, Part
from agents.protocol.version import FRAMES_PER_SECOND, MAX_TIMES
from controller.domain import texts
from controller.domain.bulletins import frames_of, spaced
from controller.domain.emergencies import Emergency, EmergencyDraft, EmergencyKind
from controller.domain.errors import Invalid, Refused
from controller.domain.hazard_templates import LANGUAGES, drill_key, fixed_parts, template, template_of
from controller.domain.hazards import FixedKind, Hazard, filled, fixed_key

LONGEST_LIVE_S: Final = 7_200
LONGEST_LASTS_S: Final = 7 * 86_400
_BETWEEN_PARTS_S: Final = 0.4
_BETWEEN_LANGUAGES_S: Final = 1.0
_SECOND_US: Final = 1_000_000
_ANSWERS: Final = {EmergencyKind.CORRECTION: 3, EmergencyKind.ALL_CLEAR: 2}
_ANSWER_PAUSE_US: Final = 5 * _SECOND_US


@dataclass(frozen=True, kw_only=True, slots=True)
class Saying:
    """What is said in one language: fixed parts by their keys around the text that is to be read."""

    language: str
    before: tuple[str, ...] = ()
    text: str = ""
    after: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """The fixed parts of it."""
        return self.before + self.after


def sayings(draft: EmergencyDraft) -> tuple[Saying, ...]:
    """What is to be said, language by language; nothing where a recording or a person says it.

    Raises `Invalid` (``text_empty`` and what `hazards.filled` raises), `NotFound` (``template_unknown``), `Refused`
    (``drill_and_real``).
    """
    if draft.hazard is Hazard.DRILL and not draft.drill:
        raise Refused("the words of a drill are said in a drill alone", code="drill_and_real")
    languages = spoken_languages(draft)
    if draft.audio is not None or (draft.live and draft.template_id is None):
        return ()
    if draft.template_id is None:
        if not languages:
            raise Invalid("there is nothing to say", code="text_empty")
        return tuple(Saying(language=one, text=draft.texts[one]) for one in languages)
    return tuple(_from_template(draft, draft.template_id, one) for one in languages)


def _from_template(draft: EmergencyDraft, template_id: str, language: str) -> Saying:
    chosen = template(template_id)
    if language not in chosen.wordings:
        raise Invalid(f"{template_id} is not there in {language[:20]}", code="language_unknown")
    opening = fixed_key(template_id, FixedKind.OPENING, language)
    if draft.live:  # a person says the rest
        return Saying(language=language, before=(opening,))
    text = draft.texts.get(language) or filled(chosen, language, draft.values)
    instructions = fixed_key(template_id, FixedKind.INSTRUCTIONS, language)
    return Saying(language=language, before=(opening,), text=text, after=(instructions,))


def spoken_languages(draft: EmergencyDraft) -> tuple[str, ...]:
    """Those of a draft, in the order in which they are heard."""
    if draft.template_id is None:
        return tuple(draft.texts)
    return tuple(dict.fromkeys((*draft.languages, *draft.texts)))


def answer_sayings(draft: EmergencyDraft, kind: EmergencyKind) -> tuple[Saying, ...]:
    """The prepared correction, or the all clear, of an emergency; in the languages it was said in, or in the first."""
    fixed = FixedKind.CORRECTION if kind is EmergencyKind.CORRECTION else FixedKind.ALL_CLEAR
    said = template(draft.template_id) if draft.template_id else template_of(draft.hazard)
    languages = [one for one in spoken_languages(draft) if one in said.wordings] or [LANGUAGES[0]]
    if kind is EmergencyKind.ALL_CLEAR and not said.wordings[languages[0]].all_clear:
        said = template_of(Hazard.OTHER)
    return tuple(
        Saying(language=language, before=(fixed_key(said.template_id, fixed, language),)) for language in languages
    )


def drill_languages(said: Sequence[Saying]) -> tuple[str, ...]:
    """In which languages a drill says so."""
    return tuple(one.language for one in said if one.language in LANGUAGES) or LANGUAGES[:1]


def fixed_of(said: Sequence[Saying], *, drill: bool) -> tuple[str, ...]:
    """The keys of all fixed parts that are needed."""
    around = [drill_key(language) for language in drill_languages(said)] if drill else []
    return tuple(dict.fromkeys([*around, *(key for one in said for key in one.keys)]))


def sequence(
    draft: EmergencyDraft, said: Sequence[Saying], fixed: Mapping[str, ClipPart], read: Mapping[str, ClipPart]
) -> tuple[Part, ...]:
    """What is heard once. ``fixed`` by key, ``read`` by language. Raises `KeyError` where one is missing."""
    languages = [
        spaced(
            [
                *((fixed[key],) for key in one.before),
                (read[one.language],) if one.text else (),
                *((fixed[key],) for key in one.after),
            ],
            _BETWEEN_PARTS_S,
        )
        for one in said
    ]
    words: tuple[Part, ...] = spaced(languages, _BETWEEN_LANGUAGES_S)
    recorded: tuple[Part, ...] = () if draft.audio is None else (draft.audio,)
    spoken: tuple[Part, ...] = (LivePart(frames=LONGEST_LIVE_S * FRAMES_PER_SECOND),) if draft.live else ()
    content = spaced([words, recorded, spoken], _BETWEEN_LANGUAGES_S)
    if not draft.drill:
        return content
    around = spaced([(fixed[drill_key(one)],) for one in drill_languages(said)], _BETWEEN_PARTS_S)
    return spaced([around, content, around], _BETWEEN_LANGUAGES_S)


@dataclass(frozen=True, slots=True)
class Repetition:
    """How often the sequence is heard, with how much between."""

    times: int
    pause_us: int
    whole_us: int


def repetition(emergency: Emergency, starts_at_us: int, *, pause_us: int, longest_us: int) -> Repetition:
    """So often as it fits into what it may last."""
    once_us = max(1, frames_of(emergency.sequence) * _SECOND_US // FRAMES_PER_SECOND)
    draft = emergency.draft
    if emergency.kind is not EmergencyKind.ALARM and draft.lasts_s is None:
        times = _ANSWERS[emergency.kind]
        return Repetition(times, _ANSWER_PAUSE_US, times * once_us + (times - 1) * _ANSWER_PAUSE_US)
    lasts_us = longest_us if draft.lasts_s is None else min(longest_us, draft.lasts_s * _SECOND_US)
    if draft.expires_at_us is not None:
        lasts_us = min(lasts_us, draft.expires_at_us - starts_at_us)
    times = 1 if draft.live else max(1, min(MAX_TIMES, (lasts_us + pause_us) // (once_us + pause_us)))
    return Repetition(times, pause_us, times * once_us + (times - 1) * pause_us)


def title_of(draft: EmergencyDraft) -> str:
    """What it is called, on pages and in the log. Raises `Invalid` (``title_too_long``)."""
    languages = spoken_languages(draft)
    said = template(draft.template_id) if draft.template_id else template_of(draft.hazard)
    text = draft.texts[languages[0]] if languages and languages[0] in draft.texts and not draft.template_id else ""
    first = languages[0] if languages and languages[0] in said.wordings else LANGUAGES[0]
    return texts.title(draft.title, text or said.wordings[first].name)


def written(emergency: Emergency) -> Mapping[str, str]:
    """All that is said, as text, by language; empty for what is recorded or spoken live."""
    said = (
        sayings(emergency.draft)
        if emergency.kind is EmergencyKind.ALARM
        else answer_sayings(emergency.draft, emergency.kind)
    )
    fixed = _fixed_texts()
    return {
        one.language: " ".join(
            [*(fixed[key] for key in one.before), *([one.text] if one.text else []), *(fixed[key] for key in one.after)]
        )
        for one in said
    }


def heard(emergency: Emergency) -> Mapping[str, str]:
    """`written`, in a drill with what it says first and last; that alone around what is recorded or spoken live."""
    said = written(emergency)
    if not emergency.drill:
        return said
    fixed = _fixed_texts()
    around = {one: fixed[drill_key(one)] for one in said if one in LANGUAGES}
    around = around or {LANGUAGES[0]: fixed[drill_key(LANGUAGES[0])]}
    every = dict.fromkeys([*around, *said])
    return {one: "\n".join(_around(around.get(one), said.get(one, "…"))) for one in every}


def _around(drill: str | None, text: str) -> Sequence[str]:
    return [text] if drill is None else [drill, text, drill]


def _fixed_texts() -> Mapping[str, str]:
    return {part.key: part.text for part in fixed_parts()}
