"""Speaks texts with a Piper model into WAV files; a process of its own, because a model is big and not ours.

Run by `voices.piper`. On standard input comes one JSON object: model, config, speaker (number or null), measured_with
(a text or null), speaking_time_s (how long that text shall sound), length_scale (or null), parts (a list of objects
text and out). On standard output goes one: length_scale. It imports nothing of this project.
"""

import importlib
import json
import sys
import wave
from pathlib import Path
from typing import Any

# What is said slower or faster than this has nothing to do with the model's voice any more.
_SCALES = (0.4, 3.0)
_QUIET = 0.01


def main() -> int:
    """Exit code 0, or 1 with the reason on standard error."""
    asked = json.load(sys.stdin)
    try:
        # By name: the package is an extra that need not be there when types are checked.
        piper: Any = importlib.import_module("piper")
    except ImportError:
        sys.stderr.write("piper-tts is not installed: install loa with the extra piper")
        return 1
    try:
        voice = piper.PiperVoice.load(asked["model"], config_path=asked["config"])
    except Exception as error:  # whatever is wrong with a foreign file, one line of it is said
        sys.stderr.write(f"the model cannot be loaded: {' '.join(str(error).split())[:200]}")
        return 1
    reader = Reader(voice, piper.SynthesisConfig, asked["speaker"])
    speaker = asked["speaker"]
    if speaker is not None and not 0 <= speaker < max(1, voice.config.num_speakers):
        sys.stderr.write(f"the model has {voice.config.num_speakers} speakers and not number {speaker}")
        return 1
    scale = asked["length_scale"] or _scale(reader, asked)
    for part in asked["parts"]:
        reader.write(part["text"], scale, out=Path(part["out"]))
    sys.stdout.write(json.dumps({"length_scale": scale}))
    return 0


class Reader:
    """One speaker of a loaded model."""

    def __init__(self, voice: Any, config: Any, speaker: int | None) -> None:
        self.own_scale = float(voice.config.length_scale)
        self._voice = voice
        self._config = config
        self._speaker = speaker

    def _chunks(self, text: str, scale: float) -> Any:
        return self._voice.synthesize(text, self._config(speaker_id=self._speaker, length_scale=scale))

    def sounding_s(self, text: str, scale: float) -> float:
        """How long a text sounds, without the silence at the ends of its parts."""
        total_s = 0.0
        for chunk in self._chunks(text, scale):
            (loud,) = (abs(chunk.audio_float_array) > _QUIET).nonzero()
            if len(loud):
                total_s += float(loud[-1] - loud[0]) / chunk.sample_rate
        return total_s

    def write(self, text: str, scale: float, *, out: Path) -> None:
        """Write the reading of a text."""
        with wave.open(str(out), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(self._voice.config.sample_rate)
            for chunk in self._chunks(text, scale):
                file.writeframes(chunk.audio_int16_bytes)


def _scale(reader: Reader, asked: dict[str, Any]) -> float:
    if not asked["measured_with"]:
        return reader.own_scale
    natural_s = reader.sounding_s(asked["measured_with"], reader.own_scale)
    wished = reader.own_scale * asked["speaking_time_s"] / natural_s if natural_s > 0 else reader.own_scale
    return min(max(wished, _SCALES[0]), _SCALES[1])


if __name__ == "__main__":
    sys.exit(main())
