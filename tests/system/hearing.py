"""Ears: hears a six-digit code in a recording of what a speaker played, by comparing it with the spoken digits."""

import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from agents.io.decode import RATE_HZ, ClipDecoder
from agents.io.identify_audio import digits_folder

Sound = NDArray[np.float64]

ALIKE = 0.9
"""A normalised cross-correlation from here on is the digit; another digit stays below 0.6."""
WAV_HEADER_BYTES = 44


def recorded(path: Path) -> Sound:
    """A WAV file, s16 mono, also while it is being written."""
    data = path.read_bytes()[WAV_HEADER_BYTES:]
    return np.frombuffer(data[: len(data) // 2 * 2], dtype="<i2").astype(np.float64) / 32768


def digits_heard(sound: Sound) -> str:
    """Every digit in ``sound``, in the order it is said."""
    said: list[tuple[int, str]] = []
    for digit, clip in spoken_digits().items():
        said += [(frame, digit) for frame in places(clip, sound)]
    return "".join(digit for _, digit in sorted(said))


def spoken_digits() -> dict[str, Sound]:
    """The ten words as a speaker says them."""
    return {str(digit): _decoded(digits_folder() / f"{digit}.opus") for digit in range(10)}


def places(pattern: Sound, sound: Sound) -> Sequence[int]:
    """The frames at which ``pattern`` begins in ``sound``, however loud it is there."""
    if len(sound) < len(pattern):
        return []
    size = 1 << (len(sound) + len(pattern) - 1).bit_length()
    product = np.fft.irfft(np.fft.rfft(sound, size) * np.conj(np.fft.rfft(pattern, size)), size)
    product = product[: len(sound) - len(pattern) + 1]
    energy = np.concatenate(([0.0], np.cumsum(sound**2)))
    here = energy[len(pattern) :] - energy[: -len(pattern)]
    likeness = product / np.sqrt(np.maximum(here, 1e-9) * np.sum(pattern**2))
    found: list[int] = []
    while likeness.max() >= ALIKE:
        frame = int(likeness.argmax())
        found.append(frame)
        likeness[max(0, frame - len(pattern) // 2) : frame + len(pattern) // 2] = 0
    return found


def write_recording(path: Path, seconds: float) -> Path:
    """A recording of tones that come and go like syllables; gives ``path`` back."""
    at = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    syllables = np.clip(np.sin(2 * np.pi * 3 * at), 0, 1)
    tones = np.sin(2 * np.pi * 220 * at) + 0.5 * np.sin(2 * np.pi * 660 * at) + 0.3 * np.sin(2 * np.pi * 1870 * at)
    frames = (tones * syllables * 0.3 * 32767).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(frames.tobytes())
    return path


def _decoded(clip: Path) -> Sound:
    decoder = ClipDecoder(clip)
    try:
        return np.frombuffer(decoder.read(60 * RATE_HZ), dtype=np.int16).astype(np.float64) / 32768
    finally:
        decoder.close()
