"""Listening to a text sentence by sentence before anything is made of it, and mending how it is read, right there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from aiohttp import web

from controller.domain.errors import Invalid
from controller.domain.sounds import Reading, SpokenSentence
from controller.web.asking import Ask

LONGEST_ALONE: Final = 1_000
"""Letters of a sentence that can be listened to alone: it travels in an address."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One sentence. ``spoken`` is empty where it is read as it is written; ``audio_url`` where it is too long."""

    written: str
    spoken: str
    audio_url: str


@dataclass(frozen=True, kw_only=True)
class Sentences:
    """The sentences of one language of the compose form, which is the ``number``-th; 0 is the first one."""

    number: int
    language: str
    language_name: str
    lines: Sequence[Line] = ()
    problem: str = ""
    notice: str = ""
    fix_written: str = ""
    fix_spoken: str = ""


def line_of(one: SpokenSentence, reading: Reading) -> Line:
    """A sentence with the address where it is heard at once."""
    query = urlencode(
        {
            "language": reading.language,
            "rate_wpm": reading.words_per_minute,
            "voice": reading.voice,
            "text": one.written,
        }
    )
    return Line(
        written=one.written,
        spoken="" if _plain(one.spoken) == _plain(one.written) else one.spoken,
        audio_url=f"/sentences/audio?{query}" if len(one.written) <= LONGEST_ALONE else "",
    )


def _plain(text: str) -> str:
    """Without what nobody hears: case, punctuation and spaces."""
    return "".join(letter for letter in text.casefold() if letter.isalnum())


async def sentence_audio(ask: Ask) -> web.StreamResponse:
    """GET /sentences/audio: one sentence as a WAV, read as the station reads it now."""
    query = ask.request.query
    rate = query.get("rate_wpm", "")
    text = query.get("text", "")
    if not (rate.isascii() and rate.isdigit() and len(rate) < 5):
        raise Invalid(code="rate_out_of_range")
    if len(text) > LONGEST_ALONE:
        raise Invalid(code="text_too_long")
    reading = Reading(
        text=text, language=query.get("language", ""), words_per_minute=int(rate), voice=query.get("voice", "")
    )
    wav = await ask.parts.voices.say(reading)
    return web.Response(body=wav, content_type="audio/wav", headers={"Cache-Control": "private, no-store"})
