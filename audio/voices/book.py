"""A station's voices: a TOML file of its technician -> voices by name.

Rules: the file is read once, at start, and strictly: an unknown key, a missing one or a voice that would spell a
Vietnamese text with English rules is said with its line. No program is started and no model is loaded before a voice
is used. The built-in espeak-ng voices stand behind those of the file, so that no language is lost by adding a voice.
"""

import json
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

from audio import tools
from audio.clip import VoiceMissing, VoicesUnusable
from audio.voices.base import Voice
from audio.voices.command import CommandVoice
from audio.voices.entry import Entry
from audio.voices.espeak import EspeakVoice
from audio.voices.http import HttpVoice
from audio.voices.piper import PiperVoice

_BUILT_IN: Final = (("espeak-vi", "espeak-ng (tiếng Việt)", "vi"), ("espeak-en", "espeak-ng (English)", "en"))
_MOST_VOICES: Final = 50


@dataclass(frozen=True, slots=True)
class VoiceInfo:
    """A voice as a person chooses it; `id` is what is stored with a bulletin."""

    id: str
    name: str
    languages: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Kept:
    info: VoiceInfo
    make: Callable[[], Voice]


class VoiceBook:
    """The voices of a station, in the order in which they are offered; each is made at its first use and kept."""

    def __init__(self, voices: tuple[_Kept, ...]) -> None:
        self._voices = voices
        self._made: dict[str, Voice] = {}

    def all(self) -> tuple[VoiceInfo, ...]:
        """Every voice."""
        return tuple(each.info for each in self._voices)

    def languages(self) -> frozenset[str]:
        """Every language that some voice reads."""
        return frozenset(language for each in self._voices for language in each.info.languages)

    def candidates(self, id: str, language: str) -> tuple[str, ...]:
        """Which voices to ask in turn: the one of this id alone, or with an empty id each that reads the language."""
        return (id,) if id else tuple(each.info.id for each in self._voices if language in each.info.languages)

    def voice(self, id: str, language: str) -> Voice:
        """The voice of this id, or with an empty id the first that reads the language.

        Raises VoiceMissing: there is no such voice, it does not read the language, or its program is not installed.
        """
        if not id:
            kept = next((each for each in self._voices if language in each.info.languages), None)
            if kept is None:
                raise VoiceMissing(f"no voice for {language}")
        else:
            kept = next((each for each in self._voices if each.info.id == id), None)
            if kept is None:
                raise VoiceMissing(f"no voice is called {id[:40]}")
            if language not in kept.info.languages:
                raise VoiceMissing(f"the voice {id} does not read {language}")
        if kept.info.id not in self._made:
            self._made[kept.info.id] = kept.make()
        return self._made[kept.info.id]


def load_voices(path: Path | None = None, *, espeak: Path | None = None) -> VoiceBook:
    """The voices of a file, and the built-in ones behind them; without a file, the built-in ones alone.

    `espeak` is the program espeak-ng, where it is not to be looked for. Raises VoicesUnusable with the line, the voice
    and the key that is wrong.
    """
    entries, with_built_in = _read(path) if path is not None else ((), True)
    kept = [_kept(entry, espeak) for entry in entries]
    names = {each.info.id for each in kept}
    if with_built_in:
        kept += [_built_in(each, espeak) for each in _BUILT_IN if each[0] not in names]
    if not kept:
        raise VoicesUnusable(f"{path}: it names no voice and leaves the built-in ones out")
    return VoiceBook(tuple(kept))


def _built_in(named: tuple[str, str, str], espeak: Path | None) -> _Kept:
    id_, name, language = named
    voices = MappingProxyType({language: language})
    return _Kept(VoiceInfo(id_, name, frozenset({language})), lambda: EspeakVoice(tools.find_espeak(espeak), voices))


def _read(path: Path) -> tuple[tuple[Entry, ...], bool]:
    try:
        text = path.read_text(encoding="utf-8")
        found = tomllib.loads(text)
    except OSError as error:
        raise VoicesUnusable(f"{path} cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise VoicesUnusable(f"{path} is no TOML: {error}") from error
    unknown = sorted(set(found) - {"voice", "built_in"})
    if unknown:
        raise VoicesUnusable(f'{path}: "{unknown[0]}" is unknown; a voice begins with the line [[voice]]')
    tables, built_in = found.get("voice", []), found.get("built_in", True)
    if not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
        raise VoicesUnusable(f"{path}: a voice begins with the line [[voice]], with two brackets")
    if not isinstance(built_in, bool):
        raise VoicesUnusable(f'{path}: "built_in" must be true or false')
    if len(tables) > _MOST_VOICES:
        raise VoicesUnusable(f"{path}: {len(tables)} voices; at most {_MOST_VOICES} are allowed")
    lines = [number for number, line in enumerate(text.splitlines(), 1) if re.match(r"\s*\[\[\s*voice\s*\]\]", line)]
    entries = tuple(
        Entry(table, path, lines[number] if number < len(lines) else None) for number, table in enumerate(tables)
    )
    ids = [entry.id() for entry in entries]
    for number, entry in enumerate(entries):
        if ids[number] in ids[:number]:
            raise entry.wrong("id", "is used by another voice before it")
    return entries, built_in


_KEYS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "espeak": frozenset({"voice"}),
        "piper": frozenset({"model", "config", "speaker", "time_limit_s"}),
        "command": frozenset({"argv", "time_limit_s", "memory_limit_mb"}),
        "http": frozenset({"url", "headers", "time_limit_s"}),
    }
)


def _kept(entry: Entry, espeak: Path | None) -> _Kept:
    kind = entry.text("kind")
    if kind not in _KEYS:
        raise entry.wrong("kind", f"must be one of {', '.join(sorted(_KEYS))}")
    entry.only({"id", "name", "kind", "languages"} | _KEYS[kind])
    info = VoiceInfo(entry.id(), entry.text("name"), entry.languages())
    makers = {"espeak": lambda e, i: _espeak(e, i, espeak), "piper": _piper, "command": _command, "http": _http}
    return _Kept(info, makers[kind](entry, info))


def _espeak(entry: Entry, info: VoiceInfo, program: Path | None) -> Callable[[], Voice]:
    # The name of espeak-ng's voice begins with its language: vi, vi-vn-x-south, en-gb.
    voice = entry.text("voice", default="")
    for language in info.languages:
        if voice and voice.partition("-")[0] != language:
            raise entry.wrong("voice", f"is {voice}, which does not read {language}")
    voices = MappingProxyType({language: voice or language for language in info.languages})
    return lambda: EspeakVoice(tools.find_espeak(program), voices)


def _piper(entry: Entry, info: VoiceInfo) -> Callable[[], Voice]:
    model = entry.file("model")
    config = entry.file("config") if entry.has("config") else entry.beside(f"{entry.text('model')}.json", "model")
    try:
        described = json.loads(config.read_bytes())
        spoken = str(described["espeak"]["voice"]).partition("-")[0]
        by_letters = described.get("phoneme_type", "espeak") != "espeak"
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise entry.wrong("config", f"{config.name} is not the description of a Piper model") from error
    if not by_letters and info.languages != {spoken}:
        raise entry.wrong("languages", f"must be [{json.dumps(spoken)}], the language that the model was made for")
    speaker = entry.number("speaker", least=0, most=10_000) if entry.has("speaker") else None
    limit_s = entry.number("time_limit_s", least=1, most=600) if entry.has("time_limit_s") else None
    made = PiperVoice(model, config, languages=info.languages, speaker=speaker, time_limit_s=limit_s)
    return lambda: made


def _command(entry: Entry, info: VoiceInfo) -> Callable[[], Voice]:
    made = CommandVoice(
        entry.texts("argv"),
        info.languages,
        time_limit_s=entry.number("time_limit_s", least=1, most=600, default=60),
        memory_limit_bytes=entry.number("memory_limit_mb", least=16, most=65_536, default=4096) * 1024**2,
    )
    return lambda: made


def _http(entry: Entry, info: VoiceInfo) -> Callable[[], Voice]:
    url = entry.text("url")
    try:
        parts = urlsplit(url)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        good = False
    if not good:
        raise entry.wrong("url", "must be an address that begins with http:// or https://")
    limit_s = entry.number("time_limit_s", least=1, most=600, default=30)
    made = HttpVoice(url, info.languages, entry.mapping("headers"), time_limit_s=limit_s)
    return lambda: made
