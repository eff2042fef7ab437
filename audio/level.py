"""Pure: how far to move the level, from what was foretold, tried, and made.

The promise: a decoded rendition is at the target loudness and its true peak nowhere above the limit. A look-ahead
limiter holds a ceiling before the encoder; what it takes away is foretold from the view and corrected by a trial. The
encoder then overshoots: a little everywhere, for which the ceiling leaves room; much at a few onsets of speech, which
get a dip; or much in many places, as music does in the speech coder, which is then changed for the other one. What is
left to correct is written into the header as output gain.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from audio.clip import SAMPLE_RATE_HZ, AudioSettings, Loudness, Profile
from audio.judge import FULL_SCALE, Heard
from audio.measure import BLOCK_FRAMES, View
from audio.plan import PRESSED_LUFS, RELEASE_MS, Coder, Dip, Level

# What Opus does to speech: peaks 0.7 to 1.8 dB above what went in, one frame in minutes 2.5 dB; 0.2 to 0.5 dB less
# loudness.
CODEC_OVERSHOOT_DB = 2.5
CODEC_LOSS_DB = 0.4
# What a compressor takes away is not foretold, nor is well enough what more limiting than this takes away.
_FORETOLD_LIMITING_DB = 9.0
# A limiter takes a little more than the view shows.
_UNSEEN_SHARE = 0.025
_LARGEST_PRESSING_DB = 6.0
# A trial this near shows well enough where to go from it.
TRIAL_TOLERANCE_DB = 1.5
# Within the promised 0.5 dB, with room for the difference between two meters.
CHECK_TOLERANCE_DB = 0.41
_PEAK_MARGIN_DB = 0.1
# More than this and a limiter is heard; what is still too quiet then stays so.
_LARGEST_LIMITING_DB = 14.0
_SMALLEST_GAIN_DB = -40.0
_FLATTEST = 0.25
_LEFT_ALONE_DB = 0.2
_LARGEST_OUTPUT_GAIN_DB = 3.0
# More bursts than this are no bursts but the nature of the sound: music.
_SPEECH_BURSTS_PER_MINUTE = 6
# Speech has gaps: in every voice that was looked at a quarter of it is 10 dB below the second around it. What has next
# to none is a tone, a noise or an organ.
_GAP_SHARE_OF_AROUND = 0.3
_AROUND_BLOCKS = 100
_FEWEST_GAPS = 0.01
_MOST_DIPS = 400
_SAME_BURST_S = 0.06
_DIP_BELOW_DB = 2.0
# A sound that the speech coder has not taken at the right level by now is none that it can take.
_SPEECH_TRIES = 3
_LAST_CHANCE = 6


@dataclass(frozen=True, slots=True)
class Aim:
    """Where to begin: the level, how much loudness a dB of gain gives there, and the largest sensible gain."""

    level: Level
    slope: float
    largest_gain_db: float
    trial_needed: bool = False
    coder: Coder = Coder.SPEECH

    def moved(self, level: Level, gain_db: float, ceiling_dbfs: float | None = None) -> Level:
        """`level` with another gain, kept sensible."""
        gain_db = round(min(self.largest_gain_db, max(_SMALLEST_GAIN_DB, gain_db)), 2)
        ceiling_dbfs = round(level.ceiling_dbfs if ceiling_dbfs is None else ceiling_dbfs, 2)
        return replace(level, gain_db=gain_db, ceiling_dbfs=ceiling_dbfs)


def aim(view: View, heard: Heard, settings: AudioSettings, profile: Profile = Profile.PLAIN) -> Aim:
    """Foretell from the view what the limiter will take away, and begin with a gain that makes up for it.

    On speech, music and noise what was foretold came true within 0.5 dB where no trial is asked for.
    """
    ceiling_dbfs = settings.true_peak_limit_dbtp - CODEC_OVERSHOOT_DB
    plain_db = settings.target_lufs + CODEC_LOSS_DB - heard.loudness_lufs
    largest_db = plain_db + _LARGEST_LIMITING_DB
    blocks = _loud_blocks(view, heard)
    gain_db = plain_db
    for _ in range(6):
        gain_db = min(largest_db, plain_db + _limiter_loss_db(blocks, gain_db, ceiling_dbfs))
    more_loss_db = _limiter_loss_db(blocks, gain_db + 1, ceiling_dbfs)
    slope = 1 - more_loss_db + _limiter_loss_db(blocks, gain_db, ceiling_dbfs)
    trial_needed = profile is Profile.HORN or gain_db - plain_db > _FORETOLD_LIMITING_DB
    pressing_db = None
    if profile is Profile.HORN:
        pressing_db = round(PRESSED_LUFS - heard.loudness_lufs, 2)
        gain_db, largest_db = plain_db, largest_db + _LARGEST_PRESSING_DB
    else:
        gain_db += (gain_db - plain_db) * _UNSEEN_SHARE / min(1.0, max(_FLATTEST, slope))
    level = Level(gain_db, ceiling_dbfs, pressing_db=pressing_db)
    begin = Aim(level, min(1.0, max(_FLATTEST, slope)), largest_db, trial_needed, _coder(view, heard))
    return replace(begin, level=begin.moved(begin.level, gain_db))


def _loud_blocks(view: View, heard: Heard) -> list[tuple[int, int]]:
    first = heard.cut.start_frame // BLOCK_FRAMES
    last = first + math.ceil(heard.frames / BLOCK_FRAMES)
    return list(zip(view.levels[first:last], view.peaks[first:last], strict=True))


def _limiter_loss_db(blocks: Sequence[tuple[int, int]], gain_db: float, ceiling_dbfs: float) -> float:
    # The mean power of the blocks before and after a limiter that lets go with its release time.
    highest = 10 ** ((ceiling_dbfs - gain_db) / 20) * FULL_SCALE
    recovery = 1 - math.exp(-10 / RELEASE_MS)
    reduction, before, after = 1.0, 0.0, 0.0
    for level, peak in blocks:
        reduction += (1 - reduction) * recovery
        if peak > highest:
            reduction = min(reduction, highest / peak)
        power = level * level
        before += power
        after += power * reduction * reduction
    return 10 * math.log10(before / after) if after > 0 else 0.0


def _coder(view: View, heard: Heard) -> Coder:
    powers = [level * level for level, _ in _loud_blocks(view, heard)]
    gaps, sure = 0, _GAP_SHARE_OF_AROUND**2 / _AROUND_BLOCKS
    for start in range(0, len(powers) - _AROUND_BLOCKS + 1, _AROUND_BLOCKS):
        second = powers[start : start + _AROUND_BLOCKS]
        limit = sum(second) * sure
        gaps += sum(1 for power in second if power < limit)
    looked_at = len(powers) // _AROUND_BLOCKS * _AROUND_BLOCKS
    return Coder.MUSIC if looked_at and gaps < _FEWEST_GAPS * looked_at else Coder.SPEECH


def after_trial(begin: Aim, tried: Sequence[tuple[Level, float]], settings: AudioSettings) -> tuple[Level, bool]:
    """The level to go on with after trials that gave these loudnesses, and whether it needs a trial of its own."""
    level, lufs = tried[-1]
    if not math.isfinite(lufs):
        return level, False
    missing_db = settings.target_lufs + CODEC_LOSS_DB - lufs
    following = begin.moved(level, level.gain_db + missing_db / _slope(begin, tried))
    return following, following != level and abs(missing_db) > TRIAL_TOLERANCE_DB


def _slope(begin: Aim, tried: Sequence[tuple[Level, float]]) -> float:
    # Behind a limiter a dB of gain gives less than a dB of loudness; the last two tries tell how much less.
    if len(tried) < 2 or tried[-1][0].ceiling_dbfs != tried[-2][0].ceiling_dbfs:
        return begin.slope
    moved_db = tried[-1][0].gain_db - tried[-2][0].gain_db
    if abs(moved_db) < 0.05:
        return begin.slope
    return min(1.1, max(_FLATTEST, (tried[-1][1] - tried[-2][1]) / moved_db))


@dataclass(frozen=True, slots=True)
class Burst:
    """A moment, in seconds of the kept part, where a decoded rendition peaks above the limit."""

    at_s: float
    peak_dbtp: float


@dataclass(frozen=True, slots=True)
class Made:
    """One encoding, as decoded."""

    coder: Coder
    level: Level
    loudness: Loudness
    bursts: tuple[Burst, ...]
    calm_dbtp: float = -math.inf  # the true peak of all that is no burst


def over_db(loudness: Loudness, settings: AudioSettings) -> float:
    """How far the true peak lies above what is allowed, with a margin for the meter; below 0 it is allowed."""
    return loudness.true_peak_dbtp - (settings.true_peak_limit_dbtp - _PEAK_MARGIN_DB)


def is_near(loudness: Loudness, settings: AudioSettings) -> bool:
    """Whether the loudness is as promised."""
    return abs(settings.target_lufs - loudness.integrated_lufs) <= CHECK_TOLERANCE_DB


def is_level(loudness: Loudness, settings: AudioSettings) -> bool:
    """Whether loudness and peak are as promised."""
    return is_near(loudness, settings) and over_db(loudness, settings) <= 0


def output_gain_db(loudness: Loudness, settings: AudioSettings) -> float | None:
    """The gain that the header must add to make a decoded rendition as promised; None when it cannot.

    A level that is right within 0.2 dB is left alone: 0.
    """
    missing_db = settings.target_lufs - loudness.integrated_lufs
    above_db = over_db(loudness, settings)
    if abs(missing_db) <= _LEFT_ALONE_DB and above_db <= 0:
        return 0.0
    gain_db = round(min(missing_db, -above_db), 2)
    reached = abs(missing_db - gain_db) <= CHECK_TOLERANCE_DB
    return gain_db if reached and abs(gain_db) <= _LARGEST_OUTPUT_GAIN_DB else None


def burst_limit_dbtp(settings: AudioSettings) -> float:
    """What peaks above this is a burst."""
    return settings.true_peak_limit_dbtp - 2 * _PEAK_MARGIN_DB


def corrected(begin: Aim, made: Sequence[Made], frames: int, settings: AudioSettings) -> tuple[Coder, Level] | None:
    """How to encode once more after these results, or None when nothing is to be gained."""
    last = made[-1]
    if output_gain_db(last.loudness, settings) is not None:
        return None
    above_db = over_db(last.loudness, settings)
    level = last.level
    if len(made) >= _LAST_CHANCE:  # the peak is a promise, the loudness an aim
        return (last.coder, _quieter(begin, level, above_db)) if above_db > 0 else None
    if last.coder is Coder.SPEECH and len(made) >= _SPEECH_TRIES:
        return Coder.MUSIC, replace(made[0].level, dips=())
    if above_db > 0:
        bursts = _apart(last.bursts)
        minutes = frames / (60 * SAMPLE_RATE_HZ)
        if last.coder is Coder.SPEECH and len(bursts) > max(4, _SPEECH_BURSTS_PER_MINUTE * minutes):
            return Coder.MUSIC, replace(made[0].level, dips=())
        if 0 < len(bursts) <= _MOST_DIPS - len(level.dips):
            level = replace(level, dips=(*level.dips, *_dips(bursts, settings)))
        else:
            level = replace(level, ceiling_dbfs=level.ceiling_dbfs - above_db - 0.3)
    if not is_near(last.loudness, settings) or level.ceiling_dbfs != last.level.ceiling_dbfs:
        level = begin.moved(level, _gain_db(begin, made, level.ceiling_dbfs, settings))
    return None if level == last.level else (last.coder, level)


def added_dips(made: Made, following: tuple[Coder, Level] | None) -> tuple[Dip, ...]:
    """The dips by which `following` differs from `made`, when it differs in nothing else."""
    if following is None:
        return ()
    coder, level = following
    same = coder is made.coder and replace(level, dips=()) == replace(made.level, dips=())
    return level.dips[len(made.level.dips) :] if same else ()


def _gain_db(begin: Aim, made: Sequence[Made], ceiling_dbfs: float, settings: AudioSettings) -> float:
    last = made[-1]
    slope = _slope(begin, [(each.level, each.loudness.integrated_lufs) for each in made if each.coder is last.coder])
    missing_db = settings.target_lufs - last.loudness.integrated_lufs
    # What a lower ceiling takes away is the other part of what a dB of gain gives.
    lowered_db = last.level.ceiling_dbfs - ceiling_dbfs
    return last.level.gain_db + (missing_db + lowered_db * (1 - slope)) / slope


def _quieter(begin: Aim, level: Level, above_db: float) -> Level:
    less_db = above_db + 0.3
    return begin.moved(level, level.gain_db - less_db, level.ceiling_dbfs - less_db)


def _apart(bursts: Sequence[Burst]) -> list[Burst]:
    # Blocks of one burst become one, with the highest peak.
    found: list[Burst] = []
    for burst in bursts:
        if found and burst.at_s - found[-1].at_s < _SAME_BURST_S:
            found[-1] = replace(found[-1], peak_dbtp=max(found[-1].peak_dbtp, burst.peak_dbtp))
        else:
            found.append(burst)
    return found


def _dips(bursts: Sequence[Burst], settings: AudioSettings) -> Iterator[Dip]:
    for burst in bursts:
        yield Dip(burst.at_s, burst.peak_dbtp - settings.true_peak_limit_dbtp + _DIP_BELOW_DB)
