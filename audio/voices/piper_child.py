"""Speaks texts with a Piper model into WAV files; a process of its own, because a model is big and not ours.

Run by `voices.piper`. On standard input comes one JSON object: model, config, speaker (number or null), measured_with
(a text or null), speaking_time_s (how long that text shall sound), length_scale (or null), parts (a list of objects
text and out). On standard output goes one: length_scale. It imports nothing of this project.
"""

import json
import sys
import wave
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from piper import PiperVoice

# What is said slower or faster than this has nothing to do with the model's voice any more.
_SCALES = (0.4, 3.0)
_QUIET = 0.01


def main() -> int:
    """Exit code 0, or 1 with the reason on standard error."""
    asked = json.load(sys.stdin)
    try:
        from piper import PiperVoice
    except ImportError:
        sys.stderr.write("piper-tts is not installed: install loa with the extra piper")
        return 1
    try:
        voice = PiperVoice.load(asked["model"], config_path=asked["config"])
    except Exception as error:  # whatever is wrong with a foreign file, one line of it is said
        sys.stderr.write(f"the model cannot be loaded: {' '.join(str(error).split())[:200]}")
        return 1
    speaker = asked["speaker"]
    if speaker is not None and not 0 <= speaker < max(1, voice.config.num_speakers):
        sys.stderr.write(f"the model has {voice.config.num_speakers} speakers and not number {speaker}")
        return 1
    scale = asked["length_scale"] or _scale(voice, asked)
    for part in asked["parts"]:
        _write(voice, part["text"], speaker, scale, out=Path(part["out"]))
    sys.stdout.write(json.dumps({"length_scale": scale}))
    return 0


def _scale(voice: "PiperVoice", asked: dict[str, Any]) -> float:
    own = float(voice.config.length_scale)
    if not asked["measured_with"]:
        return own
    natural_s = _sounding_s(voice, asked["measured_with"], asked["speaker"], own)
    wished = own * asked["speaking_time_s"] / natural_s if natural_s > 0 else own
    return min(max(wished, _SCALES[0]), _SCALES[1])


def _sounding_s(voice: "PiperVoice", text: str, speaker: int | None, scale: float) -> float:
    import numpy as np

    total_s = 0.0
    for chunk in _chunks(voice, text, speaker, scale):
        loud = np.flatnonzero(np.abs(chunk.audio_float_array) > _QUIET)
        if len(loud):
            total_s += float(loud[-1] - loud[0]) / chunk.sample_rate
    return total_s


def _chunks(voice: "PiperVoice", text: str, speaker: int | None, scale: float) -> Any:
    from piper import SynthesisConfig

    return voice.synthesize(text, SynthesisConfig(speaker_id=speaker, length_scale=scale))


def _write(voice: "PiperVoice", text: str, speaker: int | None, scale: float, *, out: Path) -> None:
    with wave.open(str(out), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(voice.config.sample_rate)
        for chunk in _chunks(voice, text, speaker, scale):
            file.writeframes(chunk.audio_int16_bytes)


if __name__ == "__main__":
    sys.exit(main())
