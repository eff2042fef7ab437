"""Gain, ramps and fades on s16 mono PCM: everything that keeps a change of level from clicking.

Rules of the module: pure; plain ``audioop`` and ``array``, because an agent does not carry numpy. Gains are linear
factors; ``volume_gain`` says what a percentage means.
"""

import audioop
from array import array

from agents.io.output.base import FRAME_BYTES, RATE_HZ

FADE_FRAMES = RATE_HZ // 100
DUCK_FRAMES = RATE_HZ // 10
"""So long what is interrupted fades, under what takes the air from it."""
_RAMP_FRAMES = RATE_HZ // 20
_GENTLE_STEP = 64
LOUD_STEP = 1_024
"""Three percent of full scale: sound that begins farther from silence than this clicks."""


def volume_gain(percent: float) -> float:
    """The factor for a volume from 0 (silent) to 100 (as recorded): its square, near to how loudness is felt.

    50 percent is -12 dB, 10 percent -40 dB.
    """
    return (min(max(percent, 0.0), 100.0) / 100) ** 2


def decibel_gain(gain_db: float) -> float:
    """The factor for a gain in decibels."""
    return float(10 ** (gain_db / 20))


def ramp(frames: bytes, begin: float, end: float) -> bytes:
    """Gain that goes evenly from ``begin`` to ``end`` over these frames; too loud is clipped."""
    samples = array("h", frames)
    step = (end - begin) / max(1, len(samples))
    gain = begin
    for index, sample in enumerate(samples):
        gain += step
        samples[index] = min(32767, max(-32768, int(sample * gain)))
    return samples.tobytes()


def fade_in(frames: bytes) -> bytes:
    """The same with its first 10 ms rising from silence."""
    edge = FADE_FRAMES * FRAME_BYTES
    return ramp(frames[:edge], 0.0, 1.0) + frames[edge:]


def fade_out(frames: bytes) -> bytes:
    """The same falling to silence over its whole length."""
    return ramp(frames, 1.0, 0.0)


def settle_down(last: int) -> bytes:
    """From this sample evenly to silence, for sound that ends where nothing is left to fade."""
    frames = min(FADE_FRAMES, abs(last) // _GENTLE_STEP)
    return array("h", (last - last * (index + 1) // frames for index in range(frames))).tobytes()


def last_sample(frames: bytes) -> int:
    """The sample that these frames end with, 0 where there are none."""
    return array("h", frames[-FRAME_BYTES:])[0] if frames else 0


def first_sample(frames: bytes) -> int:
    """The sample that these frames begin with, 0 where there are none."""
    return array("h", frames[:FRAME_BYTES])[0] if frames else 0


def mix(one: bytes, other: bytes) -> bytes:
    """Both at once, the shorter filled with silence."""
    size = max(len(one), len(other))
    return audioop.add(one.ljust(size, b"\0"), other.ljust(size, b"\0"), FRAME_BYTES)


def stretch(frames: bytes, by: int) -> bytes:
    """One frame more (1) or fewer (-1), where the sound changes least; 0 leaves it as it is."""
    samples = array("h", frames)
    if by == 0 or len(samples) < 3:
        return frames
    middle = len(samples) // 2
    window = range(max(1, middle - 48), min(len(samples) - 1, middle + 48))
    place = min(window, key=lambda at: abs(samples[at - 1] - samples[at]) + abs(samples[at] - samples[at + 1]))
    if by > 0:
        samples.insert(place, (samples[place - 1] + samples[place]) // 2)
    else:
        samples.pop(place)
    return samples.tobytes()


class Level:
    """A gain that moves to its target within 50 ms."""

    def __init__(self, gain: float) -> None:
        self._gain = gain
        self._target = gain
        self._step = 0.0  # a frame

    def move_to(self, gain: float) -> None:
        """Be at this gain in 50 ms, without a click."""
        self._target = gain
        self._step = (gain - self._gain) / _RAMP_FRAMES

    def set_to(self, gain: float) -> None:
        """Be at this gain now: for silence only."""
        self._gain = self._target = gain

    def apply(self, frames: bytes) -> bytes:
        """These frames at the gain of the moment."""
        if not frames:
            return frames
        if self._gain == self._target:
            return frames if self._gain == 1.0 else audioop.mul(frames, FRAME_BYTES, self._gain)
        count = len(frames) // FRAME_BYTES
        begin = self._gain
        arrives = abs(self._target - begin) <= abs(self._step * count)
        self._gain = self._target if arrives else begin + self._step * count
        return ramp(frames, begin, self._gain)
