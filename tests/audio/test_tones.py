"""The sounds that are made here."""

import wave
from pathlib import Path

import numpy as np
import pytest

from audio.clip import AudioSettings
from audio.make import make_clips
from audio.tones import write_chime, write_siren, write_test_tone
from tests.audio.conftest import RATE_HZ, Sound


def read(path: Path) -> Sound:
    with wave.open(str(path), "rb") as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, RATE_HZ)
        return np.frombuffer(file.readframes(file.getnframes()), dtype="<i2") / 32768


def loudest_hz(sound: Sound) -> float:
    return float(np.abs(np.fft.rfft(sound * np.hanning(len(sound)))).argmax() * RATE_HZ / len(sound))


def test_the_test_tone(tmp_path: Path) -> None:
    write_test_tone(tmp_path / "tone.wav", frequency_hz=880, duration_s=1.5)
    sound = read(tmp_path / "tone.wav")
    assert len(sound) == 1.5 * RATE_HZ
    assert loudest_hz(sound) == pytest.approx(880, abs=1)
    assert np.abs(sound).max() == pytest.approx(0.5, abs=0.01)


def test_the_siren_rises_and_falls(tmp_path: Path) -> None:
    write_siren(tmp_path / "siren.wav", duration_s=4)
    sound = read(tmp_path / "siren.wav")
    assert len(sound) == 4 * RATE_HZ
    part = RATE_HZ // 5
    low, high = sound[part : 2 * part], sound[2 * RATE_HZ - part // 2 : 2 * RATE_HZ + part // 2]
    assert loudest_hz(low) < 500
    assert loudest_hz(high) == pytest.approx(1000, abs=30)


async def test_the_chime_is_a_clip_like_any_other(tmp_path: Path, ffmpeg: Path) -> None:
    write_chime(tmp_path / "chime.wav")
    assert read(tmp_path / "chime.wav").any()
    made = await make_clips(tmp_path / "chime.wav", tmp_path / "clips", settings=AudioSettings(ffmpeg=ffmpeg))
    assert made.findings == ()
    assert all(-16.5 <= clip.loudness.integrated_lufs <= -15.5 for clip in made.renditions.values())


def test_nothing_is_left_beside_a_tone(tmp_path: Path) -> None:
    write_test_tone(tmp_path / "tone.wav")
    assert [path.name for path in tmp_path.iterdir()] == ["tone.wav"]
