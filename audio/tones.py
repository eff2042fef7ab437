"""Sounds made here: the siren, the signature tune, test tones. Mono, 16-bit, 48 kHz WAV; pydub makes and joins them.

They are written whole or not at all, and pass `make.make_clips` like any recording.
"""

import math
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from audio import runner
from audio.clip import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from pydub import AudioSegment

_PEAK_DBFS = -6.0
_TABLE = 4096
# Four notes of the pentatonic scale (Sol-La-Do-Re), rising: Hz and seconds from the beginning.
_CHIME = ((392.00, 0.0), (440.00, 0.45), (523.25, 0.9), (587.33, 1.35))
_CHIME_NOTE_S = 1.4
# Strengths of the partials of a small bell.
_BELL = ((1.0, 1.0), (2.0, 0.45), (3.01, 0.2), (4.2, 0.08))


def write_chime(out: Path) -> None:
    """The signature tune: four bell notes, 2.75 s."""
    from pydub import AudioSegment

    length_ms = round((_CHIME[-1][1] + _CHIME_NOTE_S) * 1000)
    tune = AudioSegment.silent(duration=length_ms, frame_rate=SAMPLE_RATE_HZ)
    for frequency_hz, at_s in _CHIME:
        tune = tune.overlay(_bell(frequency_hz), position=round(at_s * 1000))
    _write(tune.apply_gain(_PEAK_DBFS - tune.max_dBFS), out)


def write_siren(out: Path, duration_s: float = 10.0) -> None:
    """A siren that rises from 400 to 1,000 Hz and falls again every 4 s, with two overtones to carry over wind."""

    def frequencies() -> Iterator[float]:
        for frame in range(round(duration_s * SAMPLE_RATE_HZ)):
            yield 700 - 300 * math.cos(math.tau * frame / SAMPLE_RATE_HZ / 4)

    sound = _segment(_swept(frequencies(), ((1.0, 0.6), (2.0, 0.25), (3.0, 0.15))))
    _write(sound.fade_in(20).fade_out(50), out)


def write_test_tone(out: Path, frequency_hz: float = 1000.0, duration_s: float = 2.0) -> None:
    """A steady sine of -6 dBFS, with 10 ms of fade at both ends."""
    from pydub.generators import Sine

    tone = Sine(frequency_hz, sample_rate=SAMPLE_RATE_HZ).to_audio_segment(
        duration=round(duration_s * 1000), volume=_PEAK_DBFS
    )
    _write(tone.fade_in(10).fade_out(10), out)


def _bell(frequency_hz: float) -> "AudioSegment":
    samples = array("h")
    for frame in range(round(_CHIME_NOTE_S * SAMPLE_RATE_HZ)):
        at_s = frame / SAMPLE_RATE_HZ
        value = sum(
            strength * math.exp(-at_s * 3 * multiple) * math.sin(math.tau * frequency_hz * multiple * at_s)
            for multiple, strength in _BELL
        )
        samples.append(round(value * 8000 * min(1.0, at_s / 0.004)))
    return _segment(samples).fade_out(60)


def _swept(frequencies: Iterator[float], partials: tuple[tuple[float, float], ...]) -> "array[int]":
    period = [
        sum(strength * math.sin(math.tau * multiple * step / _TABLE) for multiple, strength in partials)
        for step in range(_TABLE)
    ]
    highest = max(map(abs, period))
    peak = 32767 * 10 ** (_PEAK_DBFS / 20)
    table = [round(value / highest * peak) for value in period]
    samples = array("h")
    turns = 0.0
    for frequency_hz in frequencies:
        samples.append(table[int(turns * _TABLE) % _TABLE])
        turns += frequency_hz / SAMPLE_RATE_HZ
    return samples


def _segment(samples: "array[int]") -> "AudioSegment":
    from pydub import AudioSegment

    return AudioSegment(data=samples.tobytes(), sample_width=2, frame_rate=SAMPLE_RATE_HZ, channels=1)


def _write(sound: "AudioSegment", out: Path) -> None:
    with runner.work_directory(out.parent) as work:
        part = work / "tone.wav"
        sound.export(str(part), format="wav").close()
        runner.settle(part, out)
