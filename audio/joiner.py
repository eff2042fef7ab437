"""Pieces of speech -> one WAV, with our pauses between them."""

import wave
from dataclasses import replace
from pathlib import Path

from audio import runner
from audio.clip import VoiceFailed
from audio.voices.wav import Samples, read_wav, resampled

_KEPT_TAIL_S = 0.05


class Joiner:
    """Writes the pieces one after another into one WAV, each cut to where it sounds, with our pause behind.

    The rate is that of the first piece; another one is brought to it.
    """

    def __init__(self, path: Path) -> None:
        self.duration_s = 0.0
        self.sounding_s = 0.0
        self._path = path
        self._out: wave.Wave_write | None = None
        self._rate_hz = 0

    def add(self, part: Path, pause_s: float) -> float:
        """Append a piece and return when its sound ends, in seconds. Raises VoiceFailed when it is no WAV."""
        from audio.measure import wav_level

        try:
            level = wav_level(part)
            samples = read_wav(part.read_bytes())
        except (wave.Error, EOFError, FileNotFoundError) as error:
            raise VoiceFailed(f"the voice wrote no WAV: {error}") from error
        start = int(max(0.0, level.lead_s - _KEPT_TAIL_S) * samples.rate_hz)
        end = len(samples.data) // 2 - int(max(0.0, level.tail_s - _KEPT_TAIL_S) * samples.rate_hz)
        self._open(samples)
        heard = resampled(replace(samples, data=samples.data[2 * start : 2 * max(start, end)]), self._rate_hz)
        self._write(heard.data)
        self.sounding_s += len(heard.data) / 2 / self._rate_hz
        ended_s = self.duration_s
        self._write(bytes(2 * int(pause_s * self._rate_hz)))
        return ended_s

    def _open(self, samples: Samples) -> None:
        if self._out is None:
            self._rate_hz = samples.rate_hz
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
