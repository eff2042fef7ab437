"""Pure: what was measured -> what to keep, how far to move the level, what to tell the person, what to draw.

Silence is judged against the recording itself, because a quiet recording and a hissing one are both common: the
threshold lies 40 dB below the loud parts, higher when the floor of the room is higher, never within 20 dB of them.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from audio.clip import (
    SAMPLE_RATE_HZ,
    AudioSettings,
    EmptyRecording,
    Finding,
    FindingCode,
    Loudness,
    Remedy,
    SilentRecording,
)
from audio.measure import BLOCK_FRAMES, View, decibels
from audio.plan import RELEASE_MS, Cut, Level

FULL_SCALE = 32768
SHORTEST_FRAMES = SAMPLE_RATE_HZ // 10
SILENT_LUFS = -60.0
_SILENT_PEAK = 33  # -60 dBFS
_UNMEASURED_LUFS = -69.9  # the meter's answer when no block passed its gate
_VERY_QUIET_LUFS = -40.0
_SMALLEST_GAIN_DB = -40.0
_CLIPPED_AT = 32_400  # -0.1 dBFS
_CLIPPED_PERCENT = 5.0
_SILENT_PERCENT = 60.0
_GUARD_BEFORE_BLOCKS = 3
_GUARD_AFTER_BLOCKS = 15
_TOLD_TRIM_S = 0.5
_CANCEL_DB = 20.0
_TRUNCATED_S = 2.0
_TRUNCATED_SHARE = 0.05
# Kinds whose length is written in them; of others (MP3, AAC, AMR) it is an estimate.
_EXACT_FORMATS = frozenset({"wav", "w64", "aiff", "au", "caf", "flac", "mov", "matroska"})

# What Opus does to speech: peaks 0.7 to 1.8 dB above what went in, one frame in minutes 2.5 dB; 0.2 to 0.5 dB less
# loudness.
CODEC_OVERSHOOT_DB = 2.5
CODEC_LOSS_DB = 0.4
# A trial this near shows well enough where to go from it.
TRIAL_TOLERANCE_DB = 1.0
# Within the promised 0.5 dB, with room for the difference between two meters.
CHECK_TOLERANCE_DB = 0.41
_PEAK_MARGIN_DB = 0.1
_SAMPLE_PEAK_ROOM_DB = 1.0
_MUSIC_OVERSHOOT_DB = 1.0
# More than this and a limiter is heard; what is still too quiet then stays so.
_LARGEST_LIMITING_DB = 14.0


@dataclass(frozen=True, slots=True)
class Heard:
    """What the measuring pass says of a recording."""

    cut: Cut
    frames: int  # of the part that is kept
    loudness_lufs: float
    peak_dbfs: float
    findings: tuple[Finding, ...]


def channels_cancel(view: View) -> bool:
    """Whether left and right cancel each other when mixed: the mix is 20 dB below their difference, or more."""
    if not view.differences:
        return False
    mix, difference = _total(view.levels), _total(view.differences)
    return difference > _SILENT_PEAK and decibels(mix / difference) < -_CANCEL_DB


def hear(view: View, integrated_lufs: float, format_name: str, promised_s: float | None) -> Heard:
    """Judge a measured recording.

    Raises:
        EmptyRecording: shorter than 0.1 s.
        SilentRecording: quieter than -60 LUFS, or no peak above -60 dBFS.
    """
    if view.frames < SHORTEST_FRAMES:
        raise EmptyRecording(f"{view.frames / SAMPLE_RATE_HZ:.3f} s")
    peak = max(view.peaks)
    threshold = _threshold(view.levels)
    sounding = [index for index, level in enumerate(view.levels) if level > threshold]
    if peak < _SILENT_PEAK or not sounding:
        raise SilentRecording(f"peak {decibels(peak / FULL_SCALE):.0f} dBFS")
    first = max(0, sounding[0] - _GUARD_BEFORE_BLOCKS)
    last = min(len(view.levels), sounding[-1] + 1 + _GUARD_AFTER_BLOCKS)
    loudness = integrated_lufs
    if loudness <= _UNMEASURED_LUFS or math.isnan(loudness):
        loudness = decibels(_total(view.levels[first:last]) / FULL_SCALE)
    if loudness < SILENT_LUFS:
        raise SilentRecording(f"{loudness:.1f} LUFS")
    cut = Cut(first * BLOCK_FRAMES, last * BLOCK_FRAMES if last < len(view.levels) else None)
    frames = (cut.end_frame or view.frames) - cut.start_frame
    findings = (
        *_level_findings(view, sounding, loudness),
        *_length_findings(view, sounding, cut, format_name, promised_s),
    )
    return Heard(cut, frames, loudness, decibels(peak / FULL_SCALE), findings)


def _threshold(levels: Sequence[int]) -> int:
    ordered = sorted(levels)
    loud, floor = ordered[len(ordered) * 95 // 100], ordered[len(ordered) * 5 // 100]
    if loud <= _SILENT_PEAK:  # a short sound in a long silence
        loud = ordered[-1]
    return int(max(loud / 100, min(floor * 2, loud / 10), 3))


def _total(levels: Sequence[int]) -> float:
    return math.sqrt(sum(level * level for level in levels) / max(1, len(levels)))


def _level_findings(view: View, sounding: list[int], loudness_lufs: float) -> list[Finding]:
    findings = []
    if loudness_lufs < _VERY_QUIET_LUFS:
        values = {"loudness_lufs": loudness_lufs}
        findings.append(Finding(FindingCode.VERY_QUIET, Remedy.AMPLIFIED, values))
    clipped = sum(1 for index in sounding if view.peaks[index] >= _CLIPPED_AT)
    percent = 100 * clipped / len(sounding)
    if percent >= _CLIPPED_PERCENT:
        findings.append(Finding(FindingCode.CLIPPED, Remedy.KEPT, {"percent": percent}))
    return findings


def _length_findings(
    view: View, sounding: list[int], cut: Cut, format_name: str, promised_s: float | None
) -> list[Finding]:
    findings = []
    duration_s = view.frames / SAMPLE_RATE_HZ
    silent_percent = 100 * (1 - len(sounding) / len(view.levels))
    if silent_percent >= _SILENT_PERCENT:
        remedy = Remedy.KEPT if cut == Cut() else Remedy.TRIMMED
        findings.append(Finding(FindingCode.MOSTLY_SILENT, remedy, {"percent": silent_percent}))
    start_s = cut.start_frame / SAMPLE_RATE_HZ
    end_s = 0.0 if cut.end_frame is None else duration_s - cut.end_frame / SAMPLE_RATE_HZ
    if start_s + end_s >= _TOLD_TRIM_S:
        trimmed: Mapping[str, float] = {"start_s": start_s, "end_s": end_s}
        findings.append(Finding(FindingCode.SILENCE_TRIMMED, Remedy.TRIMMED, trimmed))
    if promised_s is not None and format_name in _EXACT_FORMATS:
        missing_s = promised_s - duration_s
        if missing_s > max(_TRUNCATED_S, _TRUNCATED_SHARE * promised_s):
            lengths = {"duration_s": duration_s, "promised_s": promised_s}
            findings.append(Finding(FindingCode.TRUNCATED, Remedy.KEPT, lengths))
    return findings


@dataclass(frozen=True, slots=True)
class Aim:
    """Where to begin: the level, how much loudness a dB of gain gives there, and the largest sensible gain."""

    level: Level
    slope: float
    largest_gain_db: float

    def moved(self, level: Level, gain_db: float, ceiling_dbfs: float | None = None) -> Level:
        """`level` with another gain, kept sensible."""
        gain_db = round(min(self.largest_gain_db, max(_SMALLEST_GAIN_DB, gain_db)), 2)
        return Level(gain_db, level.ceiling_dbfs if ceiling_dbfs is None else round(ceiling_dbfs, 2))


def aim(view: View, heard: Heard, settings: AudioSettings) -> Aim:
    """Foretell from the view what the limiter will take away, and begin with a gain that makes up for it."""
    ceiling_dbfs = settings.true_peak_limit_dbtp - CODEC_OVERSHOOT_DB
    plain_db = settings.target_lufs + CODEC_LOSS_DB - heard.loudness_lufs
    largest_db = plain_db + _LARGEST_LIMITING_DB
    blocks = _loud_blocks(view, heard)
    gain_db = plain_db
    for _ in range(6):
        gain_db = min(largest_db, plain_db + _limiter_loss_db(blocks, gain_db, ceiling_dbfs))
    more_loss_db = _limiter_loss_db(blocks, gain_db + 1, ceiling_dbfs)
    slope = 1 - more_loss_db + _limiter_loss_db(blocks, gain_db, ceiling_dbfs)
    begin = Aim(Level(gain_db, ceiling_dbfs), min(1.0, max(0.25, slope)), largest_db)
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
    return min(1.1, max(0.25, (tried[-1][1] - tried[-2][1]) / moved_db))


def over_db(loudness: Loudness, settings: AudioSettings) -> float:
    """How far the true peak lies above what is allowed, with a margin for the meter; below 0 it is allowed."""
    return loudness.true_peak_dbtp - (settings.true_peak_limit_dbtp - _PEAK_MARGIN_DB)


def needs_true_peak(loudness: Loudness, settings: AudioSettings) -> bool:
    """Whether a sample peak is neither clearly below what is allowed nor already above it."""
    return -_SAMPLE_PEAK_ROOM_DB < loudness.true_peak_dbtp - settings.true_peak_limit_dbtp <= 0


def is_music(loudness: Loudness, settings: AudioSettings) -> bool:
    """Whether the speech coder overshot as it does with music alone."""
    return over_db(loudness, settings) > _MUSIC_OVERSHOOT_DB


def is_level(loudness: Loudness, settings: AudioSettings) -> bool:
    """Whether a decoded rendition is as promised."""
    near = abs(settings.target_lufs - loudness.integrated_lufs) <= CHECK_TOLERANCE_DB
    return near and over_db(loudness, settings) <= 0


def corrected(begin: Aim, made: Sequence[tuple[Level, Loudness]], settings: AudioSettings) -> Level | None:
    """The level for encoding once more after these decoded results, or None when nothing is to be gained."""
    level, loudness = made[-1]
    if is_level(loudness, settings):
        return None
    above_db = max(0.0, over_db(loudness, settings))
    missing_db = settings.target_lufs - loudness.integrated_lufs
    if above_db and len(made) >= 3:  # the peak is a promise, the loudness an aim
        return begin.moved(level, level.gain_db - above_db - 0.3, level.ceiling_dbfs - above_db - 0.3)
    slope = _slope(begin, [(each, result.integrated_lufs) for each, result in made])
    lower_db = above_db + 0.3 if above_db else 0.0
    gain_db = level.gain_db + missing_db / slope + lower_db * (1 / slope - 1)
    following = begin.moved(level, gain_db, level.ceiling_dbfs - lower_db)
    return following if following != level else None


def waveform(view: View, heard: Heard, level: Level, settings: AudioSettings) -> tuple[int, ...]:
    """The levelled sound as `settings.waveform_buckets` peaks of 0..100, preroll included; 100 is the ceiling."""
    first = heard.cut.start_frame // BLOCK_FRAMES
    blocks = [0] * (settings.preroll_ms // 10)
    blocks += view.peaks[first : first + math.ceil(heard.frames / BLOCK_FRAMES)]
    scale = 10 ** ((level.gain_db - level.ceiling_dbfs) / 20) * 100 / FULL_SCALE
    buckets = settings.waveform_buckets
    drawn = []
    for bucket in range(buckets):
        start = bucket * len(blocks) // buckets
        end = max(start + 1, (bucket + 1) * len(blocks) // buckets)
        drawn.append(min(100, round(max(blocks[start:end]) * scale)))
    return tuple(drawn)
