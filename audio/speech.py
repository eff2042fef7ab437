"""Text -> spoken sentences, one WAV, and when each sentence is heard in it.

A voice gets one piece of text at a time, each a sentence or a part of a long one, in a process with a time limit: a
hanging voice costs seconds and is reported, never waited for. Between sentences the silence is ours, so that the
pauses of a notice read by another voice are the same.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from functools import partial
from pathlib import Path

from audio import runner, tools
from audio.clip import Mark, Progress, Spoken, Stage, VoiceFailed, VoiceMissing
from audio.joiner import Joiner
from audio.pronunciation import NOTHING
from audio.text import LONGEST_TEXT, Piece, SpokenSentence, clean, pieces, said_in, script, sentences
from audio.voices.base import ReadsMany, Voice
from audio.voices.espeak import EspeakVoice
from audio.voices.pace import DEFAULT_WPM, FASTEST_WPM, SLOWEST_WPM

__all__ = [
    "DEFAULT_WPM",
    "FASTEST_WPM",
    "LONGEST_TEXT",
    "SLOWEST_WPM",
    "EspeakVoice",
    "Piece",
    "SpokenSentence",
    "Voice",
    "clean",
    "pieces",
    "sentences",
    "speak",
    "speak_sentence",
]

_Said = tuple[SpokenSentence, tuple[Piece, ...]]
# So many pieces at once are given to a voice that takes long to start; cancelling loses no more.
_BATCH = 16


async def speak(
    text: str,
    language: str,
    out: Path,
    *,
    voice: Voice | None = None,
    words_per_minute: int = DEFAULT_WPM,
    pronunciations: Mapping[str, str] = NOTHING,
    progress: Progress | None = None,
) -> Spoken:
    """Read a text aloud into `out`, a mono 16-bit WAV.

    `words_per_minute` (110-150) is over running speech with the pauses between sentences; in Vietnamese a word is a
    syllable. Without `voice`, espeak-ng is looked for. `out` is whole or absent, whatever happens.

    Raises: TextUnspeakable; VoiceMissing, also for a language that the voice does not read; VoiceFailed; OutOfSpace;
    ValueError for a rate out of bounds.
    """
    # A text of the greatest length takes a while to normalise; other requests go on meanwhile.
    todo = await asyncio.to_thread(script, text, language, pronunciations)
    return await _read(todo, out, voice, (language, words_per_minute), progress)


async def speak_sentence(
    sentence: SpokenSentence,
    language: str,
    out: Path,
    *,
    voice: Voice | None = None,
    words_per_minute: int = DEFAULT_WPM,
) -> Spoken:
    """Read one of `sentences` aloud, as it will be heard in the whole. Raises as `speak` does."""
    todo = [(sentence, said_in(sentence))]
    return await _read(todo, out, voice, (language, words_per_minute), None)


async def _read(
    todo: list[_Said], out: Path, voice: Voice | None, how: tuple[str, int], progress: Progress | None
) -> Spoken:
    language, words_per_minute = how
    if not SLOWEST_WPM <= words_per_minute <= FASTEST_WPM:
        raise ValueError(f"{words_per_minute} words a minute: choose {SLOWEST_WPM} to {FASTEST_WPM}")
    voice = voice or EspeakVoice(tools.find_espeak())
    if language not in voice.languages:
        raise VoiceMissing(f"no voice for {language}")
    with runner.work_directory(out.parent) as work:
        whole = work / "whole.wav"
        reading = _Reading(voice, language, words_per_minute, work)
        marks, duration_s = await _read_all(todo, whole, reading, progress)
        await runner.in_thread(lambda: runner.settle(whole, out))
    return Spoken(out, len(todo), duration_s, marks)


class _Reading:
    """One voice reads pieces into files of a work directory, one at a time or many, as the voice likes it."""

    def __init__(self, voice: Voice, language: str, words_per_minute: int, work: Path) -> None:
        self._voice = voice
        self._language = language
        self._words_per_minute = words_per_minute
        self._work = work

    async def parts(self, texts: list[str]) -> AsyncGenerator[Path, None]:
        """The file of each piece in turn; it may be removed afterwards."""
        for start in range(0, len(texts), _BATCH):
            batch = texts[start : start + _BATCH]
            outs = [self._work / f"part{number}.wav" for number in range(len(batch))]
            if isinstance(self._voice, ReadsMany):
                await self._voice.say_all(batch, self._language, self._words_per_minute, outs)
                for out in outs:
                    yield out
            else:
                for text, out in zip(batch, outs, strict=True):
                    await self._voice.say(text, self._language, self._words_per_minute, out)
                    yield out


async def _read_all(
    todo: list[_Said], whole: Path, reading: _Reading, tell: Progress | None
) -> tuple[tuple[Mark, ...], float]:
    joiner = Joiner(whole)
    texts = [piece.text for _, said in todo for piece in said]
    total, done = sum(map(len, texts)), 0
    marks: list[Mark] = []
    try:
        async with aclosing(reading.parts(texts)) as parts:
            for sentence, said in todo:
                start_s = end_s = joiner.duration_s
                for piece in said:
                    part = await anext(parts)
                    end_s = await runner.in_thread(partial(joiner.add, part, piece.pause_s))
                    part.unlink(missing_ok=True)
                    done += len(piece.text)
                    if tell is not None:
                        tell(Stage.SPEAKING, done / total)
                marks.append(Mark(sentence.text, start_s, end_s))
    finally:
        await runner.in_thread(joiner.close)
    if joiner.sounding_s == 0:
        raise VoiceFailed("the voice gave no sound")
    return tuple(marks), joiner.duration_s
