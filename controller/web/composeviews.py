"""What the compose form offers to choose from."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from agents.protocol.values import AiringClass
from controller.domain.bulletins import MOST_VARIANTS
from controller.domain.sounds import VoiceInfo
from controller.web import views
from controller.web.asking import Ask
from controller.web.i18n import N_, Translator
from controller.web.languages import NAMES, language_name
from controller.web.sounding import all_tunes

CLASS_NAMES = {
    AiringClass.ORDINARY: N_("Ordinary"),
    AiringClass.PRIORITY: N_("Priority"),
    AiringClass.EMERGENCY: N_("Emergency"),
}


@dataclass(frozen=True, kw_only=True)
class LanguageOption:
    """``voiced`` where a voice reads it; in others a recording is needed."""

    code: str
    name: str
    voiced: bool


@dataclass(frozen=True, kw_only=True)
class VoiceOption:
    """A voice for one language; ``name`` as it is set by the station."""

    id: str
    name: str
    language: str
    language_name: str


@dataclass(frozen=True, kw_only=True)
class Option:
    """Something with an id to be chosen from a list."""

    id: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Choices:
    """``voices`` are those of languages that have several. ``may_fix``: whoever looks may change pronunciations."""

    languages: Sequence[LanguageOption]
    main_languages: Sequence[LanguageOption]
    voices: Sequence[VoiceOption]
    tunes: Sequence[Option]
    classes: Sequence[Option]
    most_variants: int = MOST_VARIANTS
    may_fix: bool = True

    @property
    def voiced(self) -> str:
        """The codes of languages that a voice reads."""
        return " ".join(one.code for one in self.languages if one.voiced)


async def choices(ask: Ask, draft: views.Draft, *, may_fix: bool) -> Choices:
    """``draft`` tells what must be there because it is chosen."""
    voices = ask.parts.voices.voices()
    voiced = {code for voice in voices for code in voice.languages}
    used = {draft.language, *(one.language for one in draft.others)}
    codes = list(dict.fromkeys([*NAMES, *sorted(voiced), *sorted(used)]))
    languages = [LanguageOption(code=code, name=language_name(code, ask.say), voiced=code in voiced) for code in codes]
    return Choices(
        languages=languages,
        main_languages=[one for one in languages if one.voiced],
        voices=voice_options(voices, ask.say),
        tunes=await tune_options(ask, {draft.opening, draft.closing}),
        classes=[
            Option(id=one.value, name=ask.say.gettext(name))
            for one, name in CLASS_NAMES.items()
            # An emergency has a console of its own; one that is there keeps its class.
            if one is not AiringClass.EMERGENCY or draft.airing_class is one
        ],
        may_fix=may_fix,
    )


def voice_options(voices: Sequence[VoiceInfo], say: Translator) -> list[VoiceOption]:
    """The voices of languages that have more than one."""
    pairs = [(code, voice) for voice in voices for code in voice.languages]
    counted = {code: sum(1 for other, _ in pairs if other == code) for code, _ in pairs}
    return [
        VoiceOption(id=voice.voice_id, name=voice.name, language=code, language_name=language_name(code, say))
        for code, voice in sorted(pairs, key=lambda pair: list(counted).index(pair[0]))
        if counted[code] > 1
    ]


async def tune_options(ask: Ask, used: Collection[str]) -> list[Option]:
    """Signature tunes that are offered, and those that are ``used`` already."""
    tunes = await all_tunes(ask)
    return [
        Option(id=tune.tune_id, name=tune.name) for tune in tunes.values() if not tune.withdrawn or tune.tune_id in used
    ]
