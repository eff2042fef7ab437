"""A Piper model file (a neural voice), read by the package piper-tts in a process of its own.

The model is loaded once for up to 16 pieces. How fast it speaks by itself is found out at its first use, with one
sentence, so that words a minute mean the same as with any other voice.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from audio import runner
from audio.clip import VoiceFailed
from audio.voices.base import OUTPUT_LIMIT_BYTES, run_voice
from audio.voices.pace import MEASURED_WITH, speaking_time_s

_MEMORY_BYTES = 6 * 1024**3
_START_S = 30.0
# A board of four small cores takes about a second for ten characters at worst.
_CHARACTERS_A_SECOND = 5.0


class PiperVoice:
    """A model (`.onnx`) with its configuration (`.onnx.json` beside it, unless `config` names another).

    `speaker` is the number of a voice in a model that has many.
    """

    def __init__(
        self,
        model: Path,
        config: Path | None = None,
        *,
        languages: frozenset[str] = frozenset({"vi"}),
        speaker: int | None = None,
        time_limit_s: float | None = None,
    ) -> None:
        self.model = model
        self.config = config or model.with_name(f"{model.name}.json")
        self.languages = languages
        self.speaker = speaker
        self._time_limit_s = time_limit_s
        self._scales: dict[tuple[str, int], float] = {}

    async def say(self, text: str, language: str, words_per_minute: int, out: Path) -> None:
        """See `Voice.say`."""
        await self.say_all([text], language, words_per_minute, [out])

    async def say_all(self, texts: Sequence[str], language: str, words_per_minute: int, outs: Sequence[Path]) -> None:
        """See `ReadsMany.say_all`."""
        sample = MEASURED_WITH.get(language)
        asked = {
            "model": str(self.model.resolve()),
            "config": str(self.config.resolve()),
            "speaker": self.speaker,
            "length_scale": self._scales.get((language, words_per_minute)),
            "measured_with": sample,
            "speaking_time_s": speaking_time_s(len((sample or "").split()), words_per_minute),
            "parts": [{"text": text, "out": str(out)} for text, out in zip(texts, outs, strict=True)],
        }
        said = bytearray()
        await run_voice(self._command(asked, sum(map(len, texts))), on_stdout=said.extend)
        try:
            self._scales[language, words_per_minute] = float(json.loads(said)["length_scale"])
        except (ValueError, KeyError, TypeError) as error:
            raise VoiceFailed("the process of the model said nothing that can be understood") from error

    def _command(self, asked: object, characters: int) -> runner.Command:
        child = Path(__file__).with_name("piper_child.py")
        return runner.Command(
            (sys.executable, "-I", "-B", str(child)),
            time_limit_s=self._time_limit_s or _START_S + characters / _CHARACTERS_A_SECOND,
            stdin=json.dumps(asked).encode(),
            memory_limit_bytes=_MEMORY_BYTES,
            output_limit_bytes=OUTPUT_LIMIT_BYTES,
        )
