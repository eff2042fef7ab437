"""What is told of a recording, and its picture, decided from the view alone."""

import math

import numpy as np
import pytest

from audio.clip import AudioSettings, FindingCode, Remedy, SilentRecording
from audio.judge import Heard, channels_cancel, hear, surely_s, waveform
from audio.measure import View
from audio.plan import VIEW_RATE_HZ
from tests.audio.conftest import Sound, speechlike

SETTINGS = AudioSettings()


def viewed(shaped: Sound, came: Sound | None = None, difference: Sound | None = None) -> View:
    """The view of a sound given at the rate of the view."""
    channels = [shaped if came is None else came, *([] if difference is None else [difference]), shaped]
    view = View(mixed=difference is not None)
    view.feed(np.int16(np.clip(np.stack(channels, axis=1), -1, 1) * 32767).tobytes())
    view.finish()
    return view


def speech(duration_s: float) -> Sound:
    return speechlike(duration_s)[::3]  # its highest part folds down: no matter here


def heard(view: View, lufs: float = -20.0) -> Heard:
    return hear(view, lufs, "wav", None)


def test_words_and_pauses_are_seen_even_where_a_bar_is_longer_than_a_word() -> None:
    # Three minutes in 400 bars; speech pauses for 0.7 s every 4 s.
    view = viewed(np.tile(0.3 * speech(20), 9))
    bars = np.array(waveform(view, heard(view), SETTINGS))
    assert len(bars) == 400
    assert (bars.min() >= 0, bars.max()) == (True, 100)
    assert (bars > 90).mean() < 0.6
    assert (bars < 50).mean() > 0.1
    assert (bars > 20).mean() > 0.7


def test_a_bang_makes_nothing_else_small() -> None:
    sound = 0.1 * speech(20)
    without = np.array(waveform(view := viewed(sound), heard(view), SETTINGS))
    sound[5 * VIEW_RATE_HZ : 5 * VIEW_RATE_HZ + 800] = 0.9
    bars = np.array(waveform(view := viewed(sound), heard(view), SETTINGS))
    assert bars.max() == 100
    assert np.median(bars) > 0.8 * np.median(without)


def test_the_level_of_a_recording_does_not_change_its_picture() -> None:
    loud, quiet = viewed(0.8 * speech(10)), viewed(0.08 * speech(10))
    pictures = [np.array(waveform(view, heard(view), SETTINGS)) for view in (loud, quiet)]
    assert np.abs(pictures[0] - pictures[1]).max() <= 3


def test_the_preroll_is_part_of_the_picture() -> None:
    view = viewed(0.5 * speech(2))
    bars = waveform(view, heard(view), AudioSettings(preroll_ms=1000, waveform_buckets=30))
    assert not any(bars[:9])
    assert all(bars[11:15])


def test_a_recording_that_a_limiter_made_loud_is_not_called_clipped() -> None:
    # Taking out what lies below 80 Hz turns phases, and peaks then pass full scale.
    sound = 0.95 * np.tanh(4 * speech(10))
    assert FindingCode.CLIPPED not in {each.code for each in heard(viewed(1.2 * sound, sound)).findings}


def test_clipping_is_seen_in_what_came() -> None:
    sound = 3 * speech(10)
    [finding] = heard(viewed(0.5 * sound, sound), -10).findings
    assert (finding.code, finding.remedy) == (FindingCode.CLIPPED, Remedy.KEPT)
    assert 5 < finding.values["percent"] <= 100


def test_silence_at_both_ends_is_cut_and_said() -> None:
    still = np.zeros(VIEW_RATE_HZ * 2)
    found = heard(viewed(np.concatenate([still, 0.5 * speech(3), still])))
    assert found.cut.start_frame == pytest.approx(2 * 48_000, abs=4800)
    [finding] = [each for each in found.findings if each.code is FindingCode.SILENCE_TRIMMED]
    assert finding.remedy is Remedy.TRIMMED
    assert finding.values["start_s"] == pytest.approx(2, abs=0.1)
    assert finding.values["end_s"] == pytest.approx(2, abs=0.9)


@pytest.mark.parametrize("lufs", [-61.0, -math.inf])
def test_what_is_nearly_nothing_is_silence(lufs: float) -> None:
    with pytest.raises(SilentRecording):
        heard(viewed(0.0005 * speech(3)), lufs)


def test_channels_cancel_only_where_next_to_nothing_is_left() -> None:
    sound = 0.5 * speech(3)
    assert channels_cancel(viewed(0.01 * sound, difference=sound))
    assert not channels_cancel(viewed(0.2 * sound, difference=sound))
    assert not channels_cancel(viewed(sound))


@pytest.mark.parametrize(
    ("kind", "promised_s", "surely"),
    [("wav", 4000.0, 4000.0), ("mp3", 4000.0, 2000.0), ("aac", 4000.0, 0.0), ("ogg", None, 0.0)],
)
def test_an_estimated_length_is_believed_in_part(kind: str, promised_s: float | None, surely: float) -> None:
    assert surely_s(kind, promised_s) == surely
