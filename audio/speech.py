"""Text -> spoken sentences, one WAV.

A voice gets one piece of text at a time, each a sentence or a part of a long one, in a process with a time limit: a
hanging voice costs seconds and is reported, never waited for. Between sentences the silence is ours, so that the
pauses of a notice read by another voice are the same.
"""

import asyncio
import re
import sys
import unicodedata
import wave
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from audio import runner, tools
from audio.clip import (
    ErrorCode,
    Progress,
    Spoken,
    Stage,
    TextUnspeakable,
    ToolFailed,
    ToolMissing,
    ToolTimedOut,
    VoiceFailed,
    VoiceMissing,
)
from audio.normalise_vi import normalise
from audio.pronunciation import NOTHING

LONGEST_TEXT = 20_000
SLOWEST_WPM, DEFAULT_WPM, FASTEST_WPM = 110, 125, 150
_LONGEST_PIECE = 400
_SENTENCE_PAUSE_S = 0.35
_PARAGRAPH_PAUSE_S = 0.7
_PIECE_PAUSE_S = 0.1
_KEPT_TAIL_S = 0.05
_VOICE_MEMORY_BYTES = 1024**3
_VOICE_OUTPUT_BYTES = 64 * 1024**2


class Voice(Protocol):
    """Reads one piece of text aloud."""

    @property
    def languages(self) -> frozenset[str]:
        """The languages it reads, as two letters."""
        ...

    async def say(self, text: str, language: str, words_per_minute: int, out: Path) -> None:
        """Write the reading of `text` to `out`, a mono 16-bit WAV whose rate is the same every time.

        Raises VoiceMissing, VoiceFailed or OutOfSpace. It must end by itself within a time that it chooses.
        """
        ...


@dataclass(frozen=True, slots=True)
class EspeakVoice:
    """espeak-ng: the command of the system, or the library of a wheel in a process of its own.

    `voices` maps a language to espeak-ng's name of a voice. `vi` has the six tones (`vi-vn-x-central` is nearly flat).
    """

    espeak: tools.Espeak
    voices: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({"vi": "vi", "en": "en"}))
    time_limit_s: float = 20.0

    @property
    def languages(self) -> frozenset[str]:
        """The languages it reads."""
        return frozenset(self.voices)

    async def say(self, text: str, language: str, words_per_minute: int, out: Path) -> None:
        """See `Voice.say`."""
        command = runner.Command(
            self._argv(self.voices[language], words_per_minute, out),
            time_limit_s=self.time_limit_s,
            stdin=text.encode() + b"\n",
            memory_limit_bytes=_VOICE_MEMORY_BYTES,
            output_limit_bytes=_VOICE_OUTPUT_BYTES,
        )
        try:
            await runner.run_checked(command)
        except ToolMissing as error:
            raise VoiceMissing(error.detail) from error
        except ToolTimedOut as error:
            raise VoiceFailed(error.detail, values={"limit_s": self.time_limit_s}) from error
        except ToolFailed as error:
            raise VoiceFailed(error.detail) from error

    def _argv(self, voice: str, words_per_minute: int, out: Path) -> tuple[str, ...]:
        match self.espeak:
            case tools.SystemEspeak(program):
                options = ("-v", voice, "-s", str(words_per_minute), "-b", "1", "-w", str(out), "--stdin")
                return (str(program), *options)
            case tools.LibraryEspeak(library, data):
                child = Path(__file__).with_name("espeak_child.py")
                arguments = (str(library), str(data), voice, str(words_per_minute), str(out))
                return (sys.executable, "-I", "-B", str(child), *arguments)


@dataclass(frozen=True, slots=True)
class Piece:
    """What is said at a stretch, and the silence after it."""

    text: str
    pause_s: float


def clean(text: str) -> str:
    """The text without what is neither seen nor heard (control characters, marks of direction, halves of pairs).

    Raises TextUnspeakable: nothing is left to say, more than 20,000 characters are, or no letter of it is Latin.
    """
    kept = "".join(_visible(each) for each in unicodedata.normalize("NFC", text.replace("\r\n", "\n")))
    kept = re.sub(r"[^\S\n]+", " ", kept)
    kept = re.sub(r"\s*\n\s*", "\n", kept).strip()
    if not any(each.isalnum() for each in kept):
        raise TextUnspeakable("nothing to say", code=ErrorCode.TEXT_EMPTY)
    if len(kept) > LONGEST_TEXT:
        values = {"characters": float(len(kept)), "limit": float(LONGEST_TEXT)}
        raise TextUnspeakable(f"{len(kept)} characters", code=ErrorCode.TEXT_TOO_LONG, values=values)
    letters = [each for each in kept if each.isalpha()]
    latin = sum(1 for each in letters if unicodedata.name(each, "").startswith("LATIN"))
    if letters and latin * 2 < len(letters):
        raise TextUnspeakable("letters that the voices do not read", code=ErrorCode.TEXT_OTHER_SCRIPT)
    return kept


def _visible(character: str) -> str:
    if character == "\n":
        return character
    category = unicodedata.category(character)
    if category in {"Cc", "Zl", "Zp"}:
        return " "
    return "" if category in {"Cf", "Cs", "Co", "Cn"} else character


def pieces(text: str, language: str, pronunciations: Mapping[str, str] = NOTHING) -> list[Piece]:
    """A clean text as what is said piece by piece, normalised where the language is Vietnamese."""
    found: list[Piece] = []
    for paragraph in text.split("\n"):
        spoken = normalise(paragraph, pronunciations) if language == "vi" else re.sub(r"[\[\]]", " ", paragraph)
        sentences = [each for each in re.split(r"(?<=[.!?;])\s+", spoken) if any(map(str.isalnum, each))]
        for sentence in sentences:
            parts = _parts(sentence)
            found += [Piece(part, _PIECE_PAUSE_S) for part in parts[:-1]]
            found.append(Piece(parts[-1], _SENTENCE_PAUSE_S))
        if sentences:
            found[-1] = Piece(found[-1].text, _PARAGRAPH_PAUSE_S)
    if not found:
        raise TextUnspeakable("nothing to say", code=ErrorCode.TEXT_EMPTY)
    return [*found[:-1], Piece(found[-1].text, 0.0)]


def _parts(sentence: str) -> list[str]:
    # A long sentence is parted at a comma, or else at a space; a word of 400 letters is parted anywhere.
    parts = []
    while len(sentence) > _LONGEST_PIECE:
        head = sentence[:_LONGEST_PIECE]
        at = max(head.rfind(mark) for mark in ",:;")
        if at < _LONGEST_PIECE // 4:
            at = head.rfind(" ")
        at = at if at > 0 else _LONGEST_PIECE - 1
        parts.append(sentence[: at + 1].strip())
        sentence = sentence[at + 1 :].strip()
    return [part for part in (*parts, sentence) if any(map(str.isalnum, part))] or [sentence]


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
    """Read a text aloud into `out`, a mono 16-bit WAV; `words_per_minute` (110-150) is as espeak-ng counts them.

    Without `voice`, espeak-ng is looked for. `out` is whole or absent, whatever happens.

    Raises: TextUnspeakable; VoiceMissing, also for a language that the voice does not read; VoiceFailed; OutOfSpace;
    ValueError for a rate out of bounds.
    """
    if not SLOWEST_WPM <= words_per_minute <= FASTEST_WPM:
        raise ValueError(f"{words_per_minute} words a minute: choose {SLOWEST_WPM} to {FASTEST_WPM}")
    # A text of the greatest length takes a while to normalise; other requests go on meanwhile.
    todo = await asyncio.to_thread(lambda: pieces(clean(text), language, pronunciations))
    voice = voice or EspeakVoice(tools.find_espeak())
    if language not in voice.languages:
        raise VoiceMissing(f"no voice for {language}")
    with runner.work_directory(out.parent) as work:
        whole = work / "whole.wav"
        duration_s = await _read_all(todo, work, whole, voice=voice, how=(language, words_per_minute), tell=progress)
        await runner.in_thread(lambda: runner.settle(whole, out))
    return Spoken(out, len(todo), duration_s)


async def _read_all(
    todo: list[Piece],
    work: Path,
    whole: Path,
    *,
    voice: Voice,
    how: tuple[str, int],
    tell: Callable[[Stage, float], None] | None,
) -> float:
    joiner = _Joiner(whole)
    total = sum(len(piece.text) for piece in todo)
    done = 0
    try:
        for piece in todo:
            part = work / "part.wav"
            await voice.say(piece.text, how[0], how[1], part)
            await runner.in_thread(partial(joiner.add, part, piece.pause_s))
            done += len(piece.text)
            if tell is not None:
                tell(Stage.SPEAKING, done / total)
    finally:
        await runner.in_thread(joiner.close)
    if joiner.sounding_s == 0:
        raise VoiceFailed("the voice gave no sound")
    return joiner.duration_s


class _Joiner:
    """Writes the pieces one after another into one WAV, each cut to where it sounds, with our pause behind."""

    def __init__(self, path: Path) -> None:
        self.duration_s = 0.0
        self.sounding_s = 0.0
        self._path = path
        self._out: wave.Wave_write | None = None
        self._rate_hz = 0

    def add(self, part: Path, pause_s: float) -> None:
        """Append a piece. Raises VoiceFailed when it is not what a voice must write."""
        from audio.measure import wav_level

        try:
            level = wav_level(part)
            with wave.open(str(part), "rb") as sound:
                self._open(sound)
                start = int(max(0.0, level.lead_s - _KEPT_TAIL_S) * self._rate_hz)
                end = sound.getnframes() - int(max(0.0, level.tail_s - _KEPT_TAIL_S) * self._rate_hz)
                sound.setpos(min(start, sound.getnframes()))
                samples = sound.readframes(max(0, end - start))
        except (wave.Error, EOFError, FileNotFoundError) as error:
            raise VoiceFailed(f"the voice wrote no WAV: {error}") from error
        self._write(samples)
        self.sounding_s += len(samples) / 2 / self._rate_hz
        self._write(bytes(2 * int(pause_s * self._rate_hz)))

    def _open(self, sound: wave.Wave_read) -> None:
        form = (sound.getnchannels(), sound.getsampwidth())
        if form != (1, 2) or (self._out is not None and sound.getframerate() != self._rate_hz):
            raise VoiceFailed(f"the voice wrote {form} at {sound.getframerate()} Hz")
        if self._out is None:
            self._rate_hz = sound.getframerate()
            self._out = wave.open(str(self._path), "wb")  # noqa: SIM115  # close() is called by the owner
            self._out.setnchannels(1)
            self._out.setsampwidth(2)
            self._out.setframerate(self._rate_hz)

    def _write(self, samples: bytes) -> None:
        if self._out is None:
            return
        with runner.space_errors():
            self._out.writeframes(samples)
        self.duration_s += len(samples) / 2 / self._rate_hz

    def close(self) -> None:
        """Finish the file; a full disk here raises OutOfSpace."""
        if self._out is not None:
            with runner.space_errors():
                self._out.close()
