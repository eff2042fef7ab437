"""Is a horn heard? Recordings made of the pattern, of noise, and of both."""

import math
import random
from array import array
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from functools import cache

import pytest

from agents.domain import selftest
from agents.domain.night import day_of, is_night
from agents.domain.selftest import SENSOR_RATE_HZ as RATE
from agents.protocol.journal import Heard


@cache
def pattern() -> Sequence[int]:
    return selftest.pattern(RATE, -12.0)


def recording(gain_db: float, noise_db: float, late_s: float = 0.0, seconds: float = 4.6) -> "array[int]":
    """The pattern this far below the full level, ``late_s`` after one second, in white noise of a fixed seed."""
    noise = random.Random(5)
    loud = 32_768 * 10 ** (noise_db / 20) / math.sqrt(2)
    sound = [noise.uniform(-1.7, 1.7) * loud for _ in range(round(seconds * RATE))]
    gain, at = 10 ** ((gain_db + 12) / 20), RATE + round(late_s * RATE)
    for index, sample in enumerate(pattern()):
        sound[at + index] += gain * sample
    return array("h", (max(-32_768, min(32_767, round(value))) for value in sound))


def heard(samples: Sequence[int], reference_db: float | None = None) -> tuple[selftest.Hearing, selftest.Verdict]:
    hearing = selftest.hear_pattern(samples, RATE, RATE)
    return hearing, selftest.judge_pattern(hearing, reference_db)


@pytest.mark.parametrize(("gain_db", "noise_db"), [(-12, -70), (-30, -30), (-45, -45)])
def test_the_pattern_is_heard_in_noise_that_is_as_loud(gain_db: float, noise_db: float) -> None:
    hearing, verdict = heard(recording(gain_db, noise_db, late_s=0.123))

    assert verdict.heard is Heard.HEARD
    assert hearing.level_db == pytest.approx(gain_db, abs=1.5)
    assert hearing.late_s == pytest.approx(0.123, abs=0.0005)


@pytest.mark.parametrize("noise_db", [-90, -40, -6])
def test_noise_alone_is_not_heard_however_loud(noise_db: float) -> None:
    assert heard(recording(-200, noise_db))[1].heard is Heard.NOT_HEARD


def test_digital_silence_is_not_heard() -> None:
    hearing, verdict = heard(array("h", bytes(2 * round(4.6 * RATE))))

    assert verdict.heard is Heard.NOT_HEARD
    assert hearing.level_db == selftest.FLOOR_DB


def test_another_sound_at_the_same_frequencies_is_not_the_pattern() -> None:
    tones = [selftest.tone(tone_hz, 4.6, RATE) for tone_hz in selftest.TONES_HZ]
    siren = selftest.samples_of([sum(values) / 5 for values in zip(*tones, strict=True)], -12)

    assert heard(siren)[1].heard is Heard.NOT_HEARD


def test_a_horn_that_is_much_softer_than_when_calibrated_is_not_heard() -> None:
    samples = recording(-40, -70)

    assert heard(samples, reference_db=-38.0)[1].heard is Heard.HEARD
    torn = heard(samples, reference_db=-20.0)[1]
    assert torn.heard is Heard.NOT_HEARD
    assert "20 dB softer" in torn.detail


def test_a_horn_may_sound_a_second_later() -> None:
    assert heard(recording(-20, -60, late_s=1.2, seconds=5))[0].late_s == pytest.approx(1.2, abs=0.0005)


def test_too_little_was_recorded_to_say_anything() -> None:
    with pytest.raises(ValueError, match="too short"):
        selftest.hear_pattern(recording(-20, -60)[: 2 * RATE], RATE, RATE)
    with pytest.raises(ValueError, match="too short"):
        selftest.hear_pattern(recording(-20, -60), RATE, 100)


def test_one_frequency_is_measured_by_its_power() -> None:
    tone = selftest.samples_of(selftest.tone(1_000, 0.5, RATE), -20)

    assert selftest.decibels(selftest.goertzel(tone, 1_000, RATE)) == pytest.approx(-20, abs=0.3)
    assert selftest.decibels(selftest.goertzel(tone, 1_500, RATE)) < -60


# --- a tune ---------------------------------------------------------------------------------------------------------


def tune(seconds: float = 4.0) -> list[float]:
    """The loudness of blocks: strokes that ring out, as those of a gong."""
    return [0.05 * math.exp(-((at * 0.02) % 0.7) / 0.15) for at in range(round(seconds / 0.02))]


def yard(sound: Sequence[float], *, gain: float, noise: float, late_blocks: int = 0) -> list[float]:
    """What a microphone has of it: one second before, and noise all the time."""
    uneven = random.Random(7)
    quiet = [noise * uneven.uniform(0.5, 1.5) for _ in range(round((1.0 + len(sound) * 0.02 + 2.0) / 0.02))]
    for at, power in enumerate(sound):
        quiet[50 + late_blocks + at] += gain * power
    return quiet


def test_a_tune_that_is_followed_is_heard() -> None:
    verdict = selftest.judge_tune(yard(tune(), gain=0.1, noise=1e-4, late_blocks=7), tune(), 50)

    assert verdict.heard is Heard.HEARD


@pytest.mark.parametrize("noise", [1e-9, 1e-4, 0.05])
def test_a_tune_from_a_muted_horn_is_not_heard(noise: float) -> None:
    assert selftest.judge_tune(yard(tune(), gain=0.0, noise=noise), tune(), 50).heard is Heard.NOT_HEARD


def test_a_lorry_that_passes_during_the_tune_is_not_the_tune() -> None:
    lorry = [0.03 * math.exp(-(((at - 100) / 40) ** 2)) for at in range(200)]

    assert selftest.judge_tune(yard(lorry, gain=1.0, noise=1e-5), tune(), 50).heard is Heard.NOT_HEARD


def test_a_tune_of_a_moment_says_nothing() -> None:
    with pytest.raises(ValueError, match="too short"):
        selftest.judge_tune(yard(tune(1.0), gain=1.0, noise=1e-5), tune(1.0), 50)


# --- a current ------------------------------------------------------------------------------------------------------


def test_a_current_that_rises_is_heard_and_one_that_does_not_is_not() -> None:
    before = [100.0, 101.0, 99.0, 100.0, 101.0, 99.0]

    rise, restless = selftest.current_rise(before, [value + 40 for value in before])
    assert selftest.judge_current(rise, restless, None).heard is Heard.HEARD
    assert selftest.judge_current(rise, restless, 400.0).heard is Heard.NOT_HEARD
    assert selftest.judge_current(*selftest.current_rise(before, before), None).heard is Heard.NOT_HEARD


# --- night ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("utc", "night"), [("14:59", False), ("15:00", True), ("21:59", True), ("22:00", False)])
def test_night_is_from_ten_in_the_evening_to_five_where_the_box_hangs(utc: str, night: bool) -> None:
    instant = datetime.fromisoformat(f"2026-11-22T{utc}:00+00:00")
    here = timezone(timedelta(hours=7))

    assert is_night(round(instant.timestamp() * 1e6), here) is night
    assert day_of(round(instant.timestamp() * 1e6), here).isoformat() == ("2026-11-23" if utc > "17" else "2026-11-22")
