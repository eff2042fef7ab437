"""Recordings to work on, the programs to work with, and a second opinion on what came out."""

import math
import shutil
import wave
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from audio import runner, tools

RATE_HZ = 48_000
Sound = NDArray[np.float64]


def every_ffmpeg() -> list[Path]:
    """The ffmpegs of this machine."""
    system = shutil.which("ffmpeg")
    return [path for path in (Path(system) if system else None, tools.wheel_ffmpeg()) if path is not None]


def _espeaks() -> list[tools.Espeak]:
    system = shutil.which("espeak-ng")
    both = (tools.SystemEspeak(Path(system)) if system else None, tools.wheel_espeak())
    return [each for each in both if each is not None]


@pytest.fixture(params=every_ffmpeg(), ids=lambda path: "wheel" if "imageio" in str(path) else "system")
def each_ffmpeg(request: pytest.FixtureRequest) -> Path:
    """Every ffmpeg of this machine: the system's and the wheel's."""
    found = request.param
    assert isinstance(found, Path)
    return found


@pytest.fixture
def ffmpeg() -> Path:
    """One ffmpeg, where it does not matter which."""
    return every_ffmpeg()[0]


@pytest.fixture(params=_espeaks(), ids=lambda espeak: type(espeak).__name__)
def each_espeak(request: pytest.FixtureRequest) -> tools.Espeak:
    """Every espeak-ng of this machine: the system's and the wheel's."""
    found = request.param
    assert isinstance(found, tools.SystemEspeak | tools.LibraryEspeak)
    return found


def seconds(duration_s: float, rate_hz: int = RATE_HZ) -> Sound:
    """The instants of a recording."""
    return np.arange(round(duration_s * rate_hz)) / rate_hz


def speechlike(duration_s: float, *, noise: float = 0.002, seed: int = 1) -> Sound:
    """Syllables: overtones of a gliding pitch through three resonances, hissed onsets, pauses, a quiet room."""
    at = seconds(duration_s)
    rng = np.random.default_rng(seed)
    phase = np.cumsum(130 + 25 * np.sin(math.tau * 0.7 * at) + 10 * np.sin(math.tau * 2.3 * at)) / RATE_HZ
    # Resonances at 600, 1,300 and 2,500 Hz; a throat spreads the phases of its overtones.
    strengths = [sum(1 / (1 + ((k * 130 - f) / 120) ** 2) for f in (600, 1300, 2500)) / k**0.5 for k in range(1, 26)]
    turns = rng.random(25)
    vowel = sum(s * np.sin(math.tau * ((k + 1) * phase + turns[k])) for k, s in enumerate(strengths))
    syllable = (at * 3.5) % 1
    opened = np.clip(syllable / 0.12, 0, 1) * np.clip((0.8 - syllable) / 0.2, 0, 1)
    opened *= 0.6 + 0.4 * rng.random(len(at) // RATE_HZ + 1)[at.astype(int)]
    hiss = rng.standard_normal(len(at)) * ((syllable > 0.9) | (syllable < 0.03))
    spoken = (0.4 * vowel * opened + 0.05 * hiss) * ((at % 4) < 3.3)
    return np.asarray(spoken + noise * rng.standard_normal(len(at)))


def tone(duration_s: float, frequency_hz: float = 1000.0, amplitude: float = 0.3) -> Sound:
    """A steady sine."""
    return np.asarray(amplitude * np.sin(math.tau * frequency_hz * seconds(duration_s)))


def noise(duration_s: float, amplitude: float = 0.1) -> Sound:
    """White noise."""
    return np.random.default_rng(3).standard_normal(round(duration_s * RATE_HZ)) * amplitude


def write_wav(path: Path, *channels: Sound, rate_hz: int = RATE_HZ) -> Path:
    """A 16-bit WAV of the given channels; what is beyond full scale is clipped, as a recorder does."""
    samples = np.int16(np.clip(np.stack(channels, axis=1), -1, 32767 / 32768) * 32768)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(len(channels))
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(samples.tobytes())
    return path


async def convert(ffmpeg: Path, source: Path, to: Path, *options: str) -> Path:
    """Another format of a recording, by ffmpeg."""
    argv = (str(ffmpeg), "-nostdin", "-y", "-i", str(source), *options, f"file:{to}")
    await runner.run_checked(runner.Command(argv, time_limit_s=60))
    return to


def decode(path: Path) -> Sound:
    """Everything a decoder returns, as mono at 48 kHz."""
    blocks = []
    with av.open(str(path)) as container:
        resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE_HZ)
        for frame in container.decode(audio=0):
            blocks += [part.to_ndarray()[0] for part in resampler.resample(frame)]
        blocks += [part.to_ndarray()[0] for part in resampler.resample(None)]
    return np.concatenate(blocks).astype(np.float64)


def integrated_lufs(sound: Sound) -> float:
    """By a meter that shares no code with ffmpeg."""
    import pyloudnorm  # brings SciPy along, which takes a second

    return float(pyloudnorm.Meter(RATE_HZ).integrated_loudness(sound))


def true_peak_dbtp(sound: Sound) -> float:
    """The peak after exact 4-fold oversampling in the frequency domain, block by block with overlap."""
    highest, size, margin = 0.0, 1 << 16, 1 << 10
    padded = np.concatenate([np.zeros(margin), sound, np.zeros(size)])
    for start in range(0, len(sound), size - 2 * margin):
        block = padded[start : start + size]
        spectrum = np.fft.rfft(block)
        fine = np.fft.irfft(np.concatenate([spectrum, np.zeros(len(block) // 2 * 3)]), len(block) * 4) * 4
        highest = max(highest, float(np.abs(fine[4 * margin : -4 * margin]).max()))
    return 20 * math.log10(max(highest, 1e-9))


def lag_frames(sound: Sound, reference: Sound) -> int:
    """By how many frames `sound` comes later than `reference`, by cross-correlation."""
    size = 1 << (len(sound) + len(reference)).bit_length()
    product = np.fft.irfft(np.fft.rfft(sound, size) * np.conj(np.fft.rfft(reference, size)))
    best = int(product.argmax())
    return best if best < size // 2 else best - size


@pytest.fixture
def speech_wav(tmp_path: Path) -> Path:
    """Six seconds of something like speech."""
    return write_wav(tmp_path / "speech.wav", speechlike(6))


@pytest.fixture
def out_dir(tmp_path: Path) -> Path:
    """Where clips go; not made yet."""
    return tmp_path / "clips"


@pytest.fixture
def left_in(out_dir: Path) -> Callable[[], list[str]]:
    """What is left in the folder of the clips."""
    return lambda: sorted(path.name for path in out_dir.iterdir()) if out_dir.exists() else []
