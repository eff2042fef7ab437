"""Whether the horn is heard: the pattern that is played, and what is made of a recording of it. Pure.

The pattern is a sweep, by which the instant is found, and five short tones, by which the level is. None of the tones is
a multiple of another, so that an amplifier that distorts one does not fake the next. A tone counts as heard where its
own frequency stands out of what that frequency had before and after; noise of any loudness has no such thing at five
frequencies in the right order. Levels are in dB below a full-scale sine of the sensor.

A horn has to be listened to without a pattern too: on the signature tune of the day, whose rise and fall the recording
must follow. Sensors of the amplifier's current know only more and less.
"""

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from operator import mul
from statistics import fmean, median, pstdev
from typing import Final

from agents.protocol.journal import Heard

SENSOR_RATE_HZ: Final = 16_000
"""What microphones are asked for: above twice the highest tone, and little to calculate with."""

TONES_HZ: Final = (760.0, 1_090.0, 1_610.0, 2_140.0, 2_870.0)
_SWEEP_HZ: Final = (600.0, 3_000.0)
_SWEEP_S: Final = 0.1
_REST_S: Final = 0.15
_TONE_S: Final = 0.2
_EDGE_S: Final = 0.01
_SLOT_S: Final = _TONE_S + _REST_S
_TONES_FROM_S: Final = _SWEEP_S + _REST_S
PATTERN_S: Final = _TONES_FROM_S + len(TONES_HZ) * _SLOT_S
"""How long the pattern is: two seconds."""

BEFORE_S: Final = 1.0
"""So much of a recording lies before the instant at which the horn was told to begin: it is the background."""
LATEST_S: Final = 1.5
"""Radio links and network amplifiers sound at most this much later than they were told to."""

FLOOR_DB: Final = -120.0
LEAST_DB: Final = -85.0
"""Below this there is only the last bit of the sensor."""
STANDS_OUT_DB: Final = 10.0
TONES_NEEDED: Final = 4
SOFTER_DB: Final = 12.0
"""So much below its own reference a horn counts as not heard: a cone that is torn, one of two horns that is cut off."""
RISES_DB: Final = 6.0
FOLLOWS: Final = 0.55
"""How closely the loudness of a recording must follow that of the tune (correlation, at most 1)."""

_BLOCK_S: Final = 0.02
_SMOOTH_BLOCKS: Final = 25
_LEAST_TUNE_S: Final = 1.5


@dataclass(frozen=True, slots=True)
class Hearing:
    """What a recording holds of the pattern.

    ``late_s`` is how long after the expected instant the pattern began, exact to some hundredths of a millisecond where
    it was ``clear``.
    """

    level_db: float
    background_db: float
    late_s: float
    tones: int

    @property
    def clear(self) -> bool:
        return self.tones >= TONES_NEEDED


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result, and a sentence for it."""

    heard: Heard
    level_db: float | None
    detail: str


def decibels(power: float) -> float:
    """Of a power where 1 is full scale; never below `FLOOR_DB`."""
    return max(FLOOR_DB, 10 * math.log10(power)) if power > 0 else FLOOR_DB


# --- what is played -------------------------------------------------------------------------------------------------


def pattern(rate_hz: int, gain_db: float) -> "array[int]":
    """The pattern as 16-bit samples, ``gain_db`` below the full level."""
    silence = [0.0] * round(_REST_S * rate_hz)
    sound = [*_sweep(rate_hz), *silence]
    for tone_hz in TONES_HZ:
        sound += [*tone(tone_hz, _TONE_S, rate_hz), *silence]
    return samples_of(sound, gain_db)


def tone(tone_hz: float, seconds: float, rate_hz: int) -> list[float]:
    """A sine of full level whose edges rise and fall within 10 ms."""
    count = round(seconds * rate_hz)
    turn = 2 * math.pi * tone_hz / rate_hz
    return [_edge(at, count, rate_hz) * math.sin(turn * at) for at in range(count)]


def samples_of(sound: Sequence[float], gain_db: float) -> "array[int]":
    """16-bit samples, ``gain_db`` below the full level."""
    full = 32_767 * 10 ** (gain_db / 20)
    return array("h", (round(full * value) for value in sound))


def _sweep(rate_hz: int) -> list[float]:
    count = round(_SWEEP_S * rate_hz)
    low, high = _SWEEP_HZ
    sound = []
    for at in range(count):
        t = at / rate_hz
        phase = 2 * math.pi * (low * t + (high - low) * t * t / (2 * _SWEEP_S))
        sound.append(_edge(at, count, rate_hz) * math.sin(phase))
    return sound


def _edge(at: int, count: int, rate_hz: int) -> float:
    edge = _EDGE_S * rate_hz
    near = min(at, count - 1 - at)
    return 1.0 if near >= edge else 0.5 - 0.5 * math.cos(math.pi * near / edge)


# --- what a microphone heard of the pattern -------------------------------------------------------------------------


def hear_pattern(samples: Sequence[int], rate_hz: int, expected: int) -> Hearing:
    """``expected`` is the sample at which the pattern would begin if the horn sounded exactly when it was told to.

    Raises `ValueError` where the recording is too short to hold the pattern.
    """
    if expected < round(0.5 * rate_hz) or len(samples) < expected + round((PATTERN_S + 0.1) * rate_hz):
        raise ValueError("the recording is too short")
    block = round(_BLOCK_S * rate_hz)
    powers = [_powers(samples, block, tone_hz, rate_hz) for tone_hz in TONES_HZ]
    at = _found_block(powers, expected // block) * block
    levels, backgrounds = [], []
    for index, tone_hz in enumerate(TONES_HZ):
        level, background = _tone_level(samples, rate_hz, at, index, tone_hz)
        levels.append(level)
        backgrounds.append(background)
    tones = sum(
        decibels(level) >= max(LEAST_DB, decibels(background) + STANDS_OUT_DB)
        for level, background in zip(levels, backgrounds, strict=True)
    )
    exact = _sweep_at(samples, rate_hz, at) if tones >= TONES_NEEDED else float(at)
    return Hearing(
        level_db=round(decibels(fmean(levels)), 1),
        background_db=round(decibels(fmean(backgrounds)), 1),
        late_s=(exact - expected) / rate_hz,
        tones=tones,
    )


def judge_pattern(hearing: Hearing, reference_db: float | None) -> Verdict:
    """Against the background, and against what this device's own sensor gave when it was calibrated."""
    level_db = hearing.level_db
    if not hearing.clear:
        detail = (
            f"{hearing.tones} of {len(TONES_HZ)} tones stood out of the background of {hearing.background_db:.0f} dB."
        )
        return Verdict(Heard.NOT_HEARD, level_db, detail)
    if reference_db is not None and level_db < reference_db - SOFTER_DB:
        detail = f"The horn was {reference_db - level_db:.0f} dB softer than when it was calibrated."
        return Verdict(Heard.NOT_HEARD, level_db, detail)
    return Verdict(Heard.HEARD, level_db, f"{level_db:.0f} dB, {level_db - hearing.background_db:.0f} above the rest.")


def goertzel(samples: Sequence[int], tone_hz: float, rate_hz: int) -> float:
    """The power of one frequency, 1 for a full-scale sine of it (G. Goertzel, 1958)."""
    turn = 2 * math.cos(2 * math.pi * tone_hz / rate_hz)
    before = last = 0.0
    for sample in samples:
        before, last = last, sample + turn * last - before
    power = last * last + before * before - turn * last * before
    return max(0.0, power) * (2 / (len(samples) * 32_768)) ** 2 if samples else 0.0


def _powers(samples: Sequence[int], block: int, tone_hz: float, rate_hz: int) -> list[float]:
    return [goertzel(samples[at : at + block], tone_hz, rate_hz) for at in range(0, len(samples) - block + 1, block)]


def _found_block(powers: Sequence[Sequence[float]], expected: int) -> int:
    """The block at which the five tones come in their order best, from a little before the expected one on."""
    last = min(expected + round(LATEST_S / _BLOCK_S), len(powers[0]) - round(PATTERN_S / _BLOCK_S))
    candidates = range(max(0, expected - 3), max(expected, last) + 1)
    # What leaks from one tone into the next one's frequency must not count: where all else is silent it would.
    least = 10 ** (FLOOR_DB / 10) + 1e-2 * max(map(max, powers))
    return max(candidates, key=lambda at: _likeness(powers, at, least))


def _likeness(powers: Sequence[Sequence[float]], at: int, least: float) -> float:
    slots = [_slot(at, index) for index in range(len(TONES_HZ))]
    found = 0.0
    for index, own in enumerate(powers):
        means = [fmean(own[begin:end] or [0.0]) for begin, end in slots]
        others = fmean(means[:index] + means[index + 1 :])
        found += math.log((means[index] + least) / (others + least))
    return found


def _slot(at: int, index: int) -> tuple[int, int]:
    """The blocks that lie in the middle of a tone."""
    begin = at + round((_TONES_FROM_S + index * _SLOT_S) / _BLOCK_S)
    return begin + 1, begin + round(_TONE_S / _BLOCK_S) - 1


def _tone_level(samples: Sequence[int], rate_hz: int, at: int, index: int, tone_hz: float) -> tuple[float, float]:
    """The power of a tone in its place, and of the same frequency where it does not sound."""
    size = round((_TONE_S - 2 * _BLOCK_S) * rate_hz)

    def power(begin_s: float) -> float:
        begin = at + round((begin_s + _BLOCK_S) * rate_hz)
        return goertzel(samples[begin : begin + size], tone_hz, rate_hz) if begin >= 0 else 0.0

    elsewhere = [power(_TONES_FROM_S + other * _SLOT_S) for other in range(len(TONES_HZ)) if other != index]
    before = range(max(0, at - round(BEFORE_S * rate_hz)), max(0, at - size), size)
    elsewhere += [goertzel(samples[begin : begin + size], tone_hz, rate_hz) for begin in before]
    return power(_TONES_FROM_S + index * _SLOT_S), median(elsewhere)


def _sweep_at(samples: Sequence[int], rate_hz: int, at: int) -> float:
    """Where the sweep begins, between samples: the peak of its correlation within two blocks of ``at``."""
    sweep = _sweep(rate_hz)
    reach = round(2 * _BLOCK_S * rate_hz)
    first = max(0, at - reach)
    last = min(at + reach, len(samples) - len(sweep))
    found = [abs(sum(map(mul, sweep, samples[begin : begin + len(sweep)]))) for begin in range(first, last + 1)]
    peak = max(range(len(found)), key=found.__getitem__)
    if not 0 < peak < len(found) - 1:
        return float(first + peak)
    left, top, right = found[peak - 1 : peak + 2]
    bend = left - 2 * top + right
    return first + peak + (0.5 * (left - right) / bend if bend else 0.0)


# --- what a microphone heard of a tune ------------------------------------------------------------------------------


def loudness(samples: Sequence[int], rate_hz: int) -> list[float]:
    """The power of each block of 20 ms, 1 for a full-scale sine."""
    block = round(_BLOCK_S * rate_hz)
    return [
        2 * sum(map(mul, part, part)) / (block * 32_768.0**2)
        for part in (samples[at : at + block] for at in range(0, len(samples) - block + 1, block))
    ]


def judge_tune(heard: Sequence[float], tune: Sequence[float], expected: int) -> Verdict:
    """Whether the blocks of a recording follow those of the tune that was played. ``expected`` is the block at which
    the tune would begin if the horn sounded exactly when it was told to.

    Raises `ValueError` where the recording or the tune is too short to say anything.
    """
    length = min(len(tune), len(heard) - expected - round(LATEST_S / _BLOCK_S))
    if expected < round(0.5 / _BLOCK_S) or length * _BLOCK_S < _LEAST_TUNE_S:
        raise ValueError("the recording is too short")
    shape = _shape(tune[:length])
    best, at = max(
        (_correlation(shape, _shape(heard[begin : begin + length])), begin)
        for begin in range(max(0, expected - 5), expected + round(LATEST_S / _BLOCK_S))
    )
    background = median(heard[: max(1, at - 2)])
    level_db = round(decibels(max(0.0, fmean(heard[at : at + length]) - background)), 1)
    rises_db = decibels(fmean(heard[at : at + length])) - decibels(background)
    if level_db < LEAST_DB or rises_db < RISES_DB:
        return Verdict(Heard.NOT_HEARD, level_db, f"The tune stood {rises_db:.0f} dB above what was there before it.")
    if best < FOLLOWS:
        return Verdict(Heard.NOT_HEARD, level_db, "What was heard does not follow the tune.")
    return Verdict(Heard.HEARD, level_db, f"The tune was followed ({best:.2f}) at {level_db:.0f} dB.")


def _shape(powers: Sequence[float]) -> list[float]:
    """Loudness without what changes slowly: wind, and lorries that pass."""
    levels = [decibels(power + 1e-8) for power in powers]
    shape = []
    for at in range(len(levels)):
        around = levels[max(0, at - _SMOOTH_BLOCKS) : at + _SMOOTH_BLOCKS + 1]
        shape.append(levels[at] - sum(around) / len(around))
    return shape


def _correlation(one: Sequence[float], other: Sequence[float]) -> float:
    scale = math.sqrt(sum(map(mul, one, one)) * sum(map(mul, other, other)))
    return sum(map(mul, one, other)) / scale if scale else 0.0


# --- what a current sensor saw --------------------------------------------------------------------------------------

CURRENT_RISES: Final = 4.0
"""In standard deviations of what the current did before."""
CURRENT_LEAST: Final = 0.25
"""Of the rise at calibration, so much must be there."""


def current_rise(before: Sequence[float], during: Sequence[float]) -> tuple[float, float]:
    """How much more the sensor read while the pattern sounded, and how restless it was before; in its own unit.

    Raises `ValueError` where there are too few readings.
    """
    if len(before) < 5 or len(during) < 5:
        raise ValueError("the sensor gave too few readings")
    return fmean(during) - fmean(before), pstdev(before)


def judge_current(rise: float, restless: float, reference: float | None) -> Verdict:
    """``reference`` is the rise at calibration. Levels are 20 log of the rise in the sensor's unit."""
    level_db = round(20 * math.log10(rise), 1) if rise > 1e-6 else None
    if rise <= max(CURRENT_RISES * restless, 1e-6):
        return Verdict(Heard.NOT_HEARD, level_db, "The amplifier took no more current while it was to sound.")
    if reference is not None and rise < CURRENT_LEAST * reference:
        detail = f"The amplifier took {100 * rise / reference:.0f} % of the current that it took when calibrated."
        return Verdict(Heard.NOT_HEARD, level_db, detail)
    return Verdict(Heard.HEARD, level_db, f"The current rose by {rise:g}.")
