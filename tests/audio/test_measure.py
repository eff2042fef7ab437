"""What is in a file, and how loud it is."""

import math
import struct
from pathlib import Path

import numpy as np
import pytest

from audio.clip import SAMPLE_RATE_HZ, ToolFailed, UnreadableRecording
from audio.measure import Peaks, View, decibels, probe, read_loudness, wav_level
from audio.plan import CHECK_HEADROOM_DB, VIEW_RATE_HZ
from tests.audio.conftest import Sound, seconds, true_peak_dbtp, write_wav

SUMMARY = """
[Parsed_ebur128_0 @ 0x1] Summary:

  Integrated loudness:
    I:         -23.4 LUFS
    Threshold: -33.9 LUFS

  Loudness range:
    LRA:         5.1 LU
    LRA low:   -27.0 LUFS

  True peak:
    Peak:       -4.2 dBFS
"""


async def test_a_recording_is_looked_into(speech_wav: Path) -> None:
    found = await probe(speech_wav)
    assert (found.format, found.codec, found.rate_hz, found.channels) == ("wav", "pcm_s16le", 48_000, 1)
    assert found.duration_s == pytest.approx(6.0)


async def test_what_is_no_recording_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.wav").write_bytes(b"\x7fELF" + bytes(1000))
    with pytest.raises(UnreadableRecording, match="a program"):
        await probe(tmp_path / "x.wav")


async def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableRecording):
        await probe(tmp_path)


def test_a_summary_is_read() -> None:
    loudness = read_loudness("[info] I: -1.0 LUFS\n" + SUMMARY)
    assert (loudness.integrated_lufs, loudness.true_peak_dbtp) == (-23.4, -4.2)


def test_the_last_of_several_summaries_counts() -> None:
    assert read_loudness(SUMMARY.replace("-23.4", "-70.0") + SUMMARY).integrated_lufs == -23.4


def test_silence_has_a_loudness_too() -> None:
    assert read_loudness(SUMMARY.replace("-4.2", "-inf")).true_peak_dbtp == -math.inf


def test_no_summary_is_an_error() -> None:
    with pytest.raises(ToolFailed, match="Conversion failed"):
        read_loudness("Conversion failed!\n")


def test_decibels_of_full_scale() -> None:
    assert decibels(1.0) == 0
    assert decibels(0.5) == pytest.approx(-6.02, abs=0.01)
    assert decibels(0.0) == -100


def pcm(*channels: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> bytes:
    return np.int16(np.stack(channels, axis=1) * 32767).tobytes()


def test_the_view_is_the_same_however_the_bytes_come() -> None:
    sound = 0.5 * np.sin(math.tau * 440 * seconds(1.005, VIEW_RATE_HZ))
    whole, by_drops = View(), View()
    data = pcm(0.9 * sound, sound)
    whole.feed(data)
    for start in range(0, len(data), 77):
        by_drops.feed(data[start : start + 77])
    whole.finish()
    by_drops.finish()
    assert whole.levels == by_drops.levels
    assert whole.frames == by_drops.frames == round(1.005 * SAMPLE_RATE_HZ)
    assert len(whole.levels) == 101
    assert whole.peaks[50] == pytest.approx(16383, rel=0.01)
    assert whole.levels[50] == pytest.approx(16383 / math.sqrt(2), rel=0.06)
    assert whole.raw_peaks[50] == pytest.approx(0.9 * 16383, rel=0.01)


def test_the_view_of_two_channels_knows_their_difference() -> None:
    mix, difference = 0.1 * np.ones(VIEW_RATE_HZ), 0.4 * np.ones(VIEW_RATE_HZ)
    view = View(mixed=True)
    view.feed(pcm(2 * mix, difference, mix))
    assert view.raw_peaks[3] == pytest.approx(6553, abs=2)
    assert view.levels[3] == pytest.approx(3276, abs=2)
    assert view.differences[3] == pytest.approx(13106, abs=2)


def test_full_scale_is_no_overflow() -> None:
    view = View()
    view.feed(struct.pack("<hh", -32768, -32768) * VIEW_RATE_HZ)
    assert max(view.peaks) == 32768


def fed(sound: Sound, limit_dbtp: float, chunk_bytes: int = 65_537) -> Peaks:
    peaks = Peaks(limit_dbtp)
    data = pcm(sound * 10 ** (-CHECK_HEADROOM_DB / 20))
    for start in range(0, len(data), chunk_bytes):
        peaks.feed(data[start : start + chunk_bytes])
    peaks.finish()
    return peaks


@pytest.mark.parametrize("chunk_bytes", [1, 777, 65_537, 10_000_000])
def test_peaks_above_a_limit_are_found_where_they_are(chunk_bytes: int) -> None:
    sound = 0.1 * np.sin(math.tau * 200 * seconds(0.5))
    sound[24_000 - 100 :] *= 9
    peaks = fed(sound, -3.0, chunk_bytes)
    [(at_s, peak_dbtp)] = peaks.above
    assert at_s == pytest.approx(0.495, abs=0.001)
    assert peak_dbtp == peaks.highest_dbtp == pytest.approx(decibels(0.9), abs=0.05)


@pytest.mark.parametrize("frequency_hz", [997.0, 4000.0, 8000.0, 12_000.0])
def test_a_peak_between_samples_is_seen(frequency_hz: float) -> None:
    sound = 0.9 * np.sin(math.tau * frequency_hz * seconds(0.3) + math.pi / 4)
    sound *= np.hanning(len(sound))
    assert fed(sound, -1.6).highest_dbtp == pytest.approx(true_peak_dbtp(sound), abs=0.15)


def test_a_peak_above_full_scale_is_seen() -> None:
    assert fed(1.5 * np.sin(math.tau * 440 * seconds(0.2)), -1.5).highest_dbtp == pytest.approx(3.52, abs=0.05)


def test_true_peaks_of_noise_are_those_of_a_second_meter() -> None:
    sound = np.random.default_rng(8).standard_normal(48_000) * 0.2
    assert fed(sound, -1.6).highest_dbtp == pytest.approx(true_peak_dbtp(sound), abs=0.4)


def test_the_level_of_a_wav(tmp_path: Path) -> None:
    sound = np.concatenate([np.zeros(24_000), 0.5 * np.sin(math.tau * 440 * seconds(1)), np.zeros(12_000)])
    level = wav_level(write_wav(tmp_path / "x.wav", sound))
    assert level.peak_dbfs == pytest.approx(-6.02, abs=0.1)
    assert level.duration_s == pytest.approx(1.75)
    assert (level.lead_s, level.tail_s) == (pytest.approx(0.5, abs=0.01), pytest.approx(0.25, abs=0.01))
    silent = wav_level(write_wav(tmp_path / "silent.wav", np.zeros(4800)))
    assert (silent.rms_dbfs, silent.peak_dbfs) == (-100, -100)
