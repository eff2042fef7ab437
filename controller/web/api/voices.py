"""Voices, how they say what is written, and listening to a text before anything is made of it."""

from typing import Annotated

from aiohttp import web

from controller.domain.errors import Invalid, NotFound, StudioFailed
from controller.domain.pronunciations import Pronunciation
from controller.domain.sounds import Reading
from controller.web.api.endpoint import Body, Sends, raises
from controller.web.api.values import Told, told
from controller.web.asking import Ask


class VoiceTold(Told):
    """A voice that can be chosen, and the languages that it reads."""

    voice_id: str
    name: str
    languages: tuple[str, ...]


class VoicesTold(Told):
    """The station's first voice of each language first."""

    voices: list[VoiceTold]


class ReadingBody(Body):
    """A text and how it is to be read. ``voice`` empty is the first voice of the language."""

    text: str
    language: str = "vi"
    words_per_minute: int = 125
    voice: str = ""


class SentenceTold(Told):
    """One sentence as it is written, and as the voice is given it."""

    written: str
    spoken: str


class SentencesTold(Told):
    """In the order of the text."""

    sentences: list[SentenceTold]


class PronunciationBody(Body):
    """How it is read. At most 300 letters."""

    spoken: str


class PronunciationTold(Told):
    """``written`` in a text of ``language`` is read as ``spoken``; one in lower case stands for every case."""

    language: str
    written: str
    spoken: str
    changed_at_us: int
    changed_by: str


class PronunciationsTold(Told):
    """By language, then as written."""

    pronunciations: list[PronunciationTold]


def _reading(body: ReadingBody) -> Reading:
    return Reading(text=body.text, language=body.language, words_per_minute=body.words_per_minute, voice=body.voice)


async def list_voices(ask: Ask) -> VoicesTold:
    """The voices that can be chosen."""
    return VoicesTold(voices=[told(VoiceTold, one) for one in ask.parts.voices.voices()])


@raises(Invalid, "text_empty", "text_too_long", "language_unknown", "voice_unknown", "rate_out_of_range")
@raises(StudioFailed, "text_empty", "text_other_script")
async def split_into_sentences(ask: Ask, body: ReadingBody) -> SentencesTold:
    """Show how a text is read, sentence by sentence.

    Nothing is made or kept.
    """
    found = await ask.parts.voices.sentences(_reading(body))
    return SentencesTold(sentences=[told(SentenceTold, one) for one in found])


@raises(Invalid, "text_empty", "text_too_long", "language_unknown", "voice_unknown", "rate_out_of_range")
@raises(StudioFailed, "text_empty", "text_other_script", "voice_missing", "voice_failed")
async def say(
    ask: Ask, body: ReadingBody
) -> Annotated[web.StreamResponse, Sends(media_types=("audio/wav",), statuses={200: "The sentence."})]:
    """Say a sentence, to be listened to at once.

    At most 1000 letters. It is as the voice says it, not levelled, and is not kept.
    """
    wav = await ask.parts.voices.say(_reading(body))
    return web.Response(body=wav, content_type="audio/wav", headers={"Cache-Control": "no-store"})


async def list_pronunciations(ask: Ask) -> PronunciationsTold:
    """How this station says words that the voices get wrong."""
    found = await ask.parts.voices.pronunciations()
    return PronunciationsTold(pronunciations=[_pronunciation_told(one) for one in found])


def _pronunciation_told(one: Pronunciation) -> PronunciationTold:
    return told(PronunciationTold, one)


@raises(Invalid, "pronunciation_empty", "pronunciation_too_long", "pronunciations_too_many", "language_unknown")
async def set_pronunciation(ask: Ask, language: str, written: str, body: PronunciationBody) -> PronunciationTold:
    """Say how a word is read from here on.

    What is made already stays as it is. A bulletin with the word is read anew when it is changed.
    """
    return _pronunciation_told(await ask.parts.voices.pronounce(language, written, body.spoken, ask.by))


@raises(NotFound)
async def remove_pronunciation(ask: Ask, language: str, written: str) -> None:
    """Let a word be read by the usual rules again."""
    await ask.parts.voices.forget(language, written, ask.by)
