"""How far the level is moved, decided from numbers alone."""

from dataclasses import replace

import numpy as np
import pytest

from audio.clip import AudioSettings, Loudness, Profile
from audio.judge import Heard, hear
from audio.level import (
    Aim,
    Burst,
    Made,
    after_trial,
    aim,
    corrected,
    is_level,
    output_gain_db,
)
from audio.measure import View
from audio.plan import Coder, Level
from tests.audio.conftest import Sound, noise, speechlike

SETTINGS = AudioSettings()
MINUTE = 60 * 48_000
BEGIN = Aim(Level(10.0, -4.0), slope=0.5, largest_gain_db=20.0)


def made(lufs: float, dbtp: float, *bursts: Burst, coder: Coder = Coder.SPEECH, level: Level = BEGIN.level) -> Made:
    return Made(coder, level, Loudness(lufs, dbtp), bursts)


@pytest.mark.parametrize(
    ("lufs", "dbtp", "gain_db"),
    [
        (-16.0, -2.0, 0.0),
        (-16.2, -1.6, 0.0),
        (-16.4, -2.5, 0.4),
        (-15.0, -1.0, -1.0),
        (-16.1, -1.4, -0.2),
        (-17.0, -2.3, 0.7),
        (-17.0, -1.6, None),
        (-16.3, -1.0, None),
        (-21.0, -12.0, None),
    ],
)
def test_what_the_header_can_still_correct(lufs: float, dbtp: float, gain_db: float | None) -> None:
    gain = output_gain_db(Loudness(lufs, dbtp), SETTINGS)
    assert gain == (None if gain_db is None else pytest.approx(gain_db))
    if gain is not None:
        assert is_level(Loudness(lufs + gain, dbtp + gain - 1e-9), SETTINGS)


def again(begin: Aim, tries: list[Made], frames: int, settings: AudioSettings) -> tuple[Coder, Level]:
    """How it is encoded once more."""
    answer = corrected(begin, tries, frames, settings)
    assert answer is not None
    return answer


def test_a_good_encoding_is_left_alone() -> None:
    assert corrected(BEGIN, [made(-16.0, -2.0)], MINUTE, SETTINGS) is None


def test_a_burst_gets_a_dip_and_nothing_else_moves() -> None:
    coder, level = again(BEGIN, [made(-16.2, 0.0, Burst(12.0, 0.0))], MINUTE, SETTINGS)
    assert coder is Coder.SPEECH
    assert [dip.at_s for dip in level.dips] == [12.0]
    assert level.dips[0].depth_db >= 1.6
    assert replace(level, dips=()) == BEGIN.level


def test_blocks_of_one_burst_share_a_dip() -> None:
    bursts = (Burst(12.00, -1.0), Burst(12.01, 0.0), Burst(12.02, -1.0), Burst(30.0, -1.0))
    _, level = again(BEGIN, [made(-16.2, 0.0, *bursts)], MINUTE, SETTINGS)
    assert [dip.at_s for dip in level.dips] == [12.0, 30.0]


def test_bursts_everywhere_are_music_and_change_the_coder() -> None:
    bursts = tuple(Burst(float(at), -1.0) for at in range(50))
    coder, level = again(BEGIN, [made(-16.0, -1.0, *bursts)], MINUTE, SETTINGS)
    assert (coder, level) == (Coder.MUSIC, BEGIN.level)


def test_what_the_speech_coder_cannot_take_goes_to_the_other() -> None:
    tries = [made(-18.0, -1.6), made(-17.8, -1.6), made(-17.7, -1.6)]
    assert corrected(BEGIN, tries, MINUTE, SETTINGS) == (Coder.MUSIC, BEGIN.level)


def test_behind_a_limiter_more_gain_is_needed_than_loudness_is_missing() -> None:
    _, level = again(BEGIN, [made(-17.0, -1.6)], MINUTE, SETTINGS)
    assert level.gain_db == pytest.approx(12.0)


def test_two_tries_tell_the_slope() -> None:
    tries = [made(-18.0, -1.6), made(-17.5, -1.6, level=Level(12.0, -4.0))]
    _, level = again(BEGIN, tries, MINUTE, SETTINGS)
    assert level.gain_db == pytest.approx(18.0)


def test_the_gain_stays_sensible() -> None:
    _, level = again(BEGIN, [made(-40.0, -1.6)], MINUTE, SETTINGS)
    assert level.gain_db == BEGIN.largest_gain_db


def test_at_last_the_peak_is_kept_at_the_cost_of_loudness() -> None:
    tries = [made(-17.0, -1.0, coder=Coder.MUSIC)] * 6
    _, level = again(BEGIN, tries, MINUTE, SETTINGS)
    assert level.gain_db <= BEGIN.level.gain_db - 0.6
    assert level.ceiling_dbfs <= BEGIN.level.ceiling_dbfs - 0.6
    assert corrected(BEGIN, [made(-17.0, -1.7, coder=Coder.MUSIC)] * 6, MINUTE, SETTINGS) is None


def test_a_trial_far_off_asks_for_another_and_one_near_does_not() -> None:
    level, again = after_trial(BEGIN, [(BEGIN.level, -18.0)], SETTINGS)
    assert again
    assert level.gain_db > BEGIN.level.gain_db
    level, again = after_trial(BEGIN, [(BEGIN.level, -16.0)], SETTINGS)
    assert not again
    assert 10.0 < level.gain_db < 11.5


def viewed(sound: Sound) -> tuple[View, Heard]:
    """What measuring shows of a sound given at the rate of the view."""
    view = View()
    view.feed(np.int16(np.clip(np.stack([sound, sound], axis=1), -1, 1) * 32767).tobytes())
    view.finish()
    return view, hear(view, -20.0, "wav", None)


def test_a_level_that_is_foretold_well_needs_no_trial() -> None:
    begin = aim(*viewed(0.1 * speechlike(10)[::3]), SETTINGS)
    assert not begin.trial_needed
    assert begin.level.gain_db == pytest.approx(4.4, abs=0.5)
    assert begin.level.pressing_db is None


def test_heavy_limiting_and_pressing_for_a_horn_need_a_trial() -> None:
    quiet = 0.01 * speechlike(10)[::3]
    peaks = quiet.copy()
    peaks[800::1600] = 0.9
    assert aim(*viewed(peaks), SETTINGS).trial_needed
    horn = aim(*viewed(0.1 * speechlike(10)[::3]), SETTINGS, Profile.HORN)
    assert horn.trial_needed
    assert horn.level.pressing_db == pytest.approx(0.0)  # as loud as the compressor wants it


@pytest.mark.parametrize(
    ("sound", "coder"),
    [
        (0.1 * speechlike(10)[::3], Coder.SPEECH),
        (0.1 * speechlike(10, noise=0.02)[::3], Coder.SPEECH),
        (0.1 * np.ones(160_000), Coder.MUSIC),
        (noise(10)[::3], Coder.MUSIC),
        (0.1 * speechlike(0.6)[::3], Coder.SPEECH),
    ],
    ids=["speech", "speech in a loud room", "a tone", "a noise", "a call"],
)
def test_what_has_no_gaps_is_no_speech(sound: Sound, coder: Coder) -> None:
    assert aim(*viewed(sound), SETTINGS).coder is coder
