"""espeak-ng, the voice that is always there."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import audio
from audio import runner, tools
from audio.voices.base import OUTPUT_LIMIT_BYTES, run_voice
from audio.voices.pace import espeak_pace

_MEMORY_BYTES = 1024**3


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
            self._argv(language, words_per_minute, out),
            time_limit_s=self.time_limit_s,
            stdin=text.encode() + b"\n",
            memory_limit_bytes=_MEMORY_BYTES,
            output_limit_bytes=OUTPUT_LIMIT_BYTES,
        )
        await run_voice(command)

    def _argv(self, language: str, words_per_minute: int, out: Path) -> tuple[str, ...]:
        voice, pace = self.voices[language], espeak_pace(language)
        speed, gap = str(pace.speed(words_per_minute)), str(pace.word_gap)
        match self.espeak:
            case tools.SystemEspeak(program):
                return (str(program), "-v", voice, "-s", speed, "-g", gap, "-b", "1", "-w", str(out), "--stdin")
            case tools.LibraryEspeak(library, data):
                child = Path(audio.__file__).with_name("espeak_child.py")
                arguments = (str(library), str(data), voice, speed, gap, str(out))
                return (sys.executable, "-I", "-B", str(child), *arguments)
