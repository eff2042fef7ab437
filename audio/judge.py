"""Pure: what was measured -> what to keep, what to tell the person, what to draw.

Silence is judged against the recording itself, because a quiet recording and a hissing one are both common: the
threshold lies 40 dB below the loud parts, higher when the floor of the room is higher, never within 20 dB of them.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from audio.clip import (
    SAMPLE_RATE_HZ,
    AudioSettings,
    EmptyRecording,
    Finding,
    FindingCode,
    Remedy,
    SilentRecording,
)
from audio.measure import BLOCK_FRAMES, View, decibels
from audio.plan import Cut

FULL_SCALE = 32768
SHORTEST_FRAMES = SAMPLE_RATE_HZ // 10
SILENT_LUFS = -60.0
_SILENT_PEAK = 33  # -60 dBFS
_UNMEASURED_LUFS = -69.9  # the meter's answer when no block passed its gate
_VERY_QUIET_LUFS = -40.0
_CLIPPED_AT = 32_400  # -0.1 dBFS
_CLIPPED_PERCENT = 5.0
_SILENT_PERCENT = 60.0
_GUARD_BEFORE_BLOCKS = 3
_GUARD_AFTER_BLOCKS = 15
_TOLD_TRIM_S = 0.5
_CANCEL_DB = 20.0
_TRUNCATED_S = 2.0
_TRUNCATED_SHARE = 0.05
_FELT_POWER = 0.6
_FULL_PERCENT = 97
# Kinds whose length is estimated from their first bytes, and how far it may be too long: a quiet beginning takes few.
_ESTIMATED = {"mp3": 2.0, **dict.fromkeys(("aac", "loas", "ac3", "eac3", "dts", "mpeg", "mpegts"), math.inf)}
# Kinds whose length is written in them.
_EXACT_FORMATS = frozenset({"wav", "w64", "aiff", "au", "caf", "flac", "mov", "matroska"})


@dataclass(frozen=True, slots=True)
class Heard:
    """What the measuring pass says of a recording."""

    cut: Cut
    frames: int  # of the part that is kept
    loudness_lufs: float
    peak_dbfs: float
    findings: tuple[Finding, ...]


def surely_s(format_name: str, promised_s: float | None) -> float:
    """The length that a recording has at least, going by what its file says; 0 when that says nothing."""
    return (promised_s or 0.0) / _ESTIMATED.get(format_name, 1.0)


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
    clipped = sum(1 for index in sounding if view.raw_peaks[index] >= _CLIPPED_AT)
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


def waveform(view: View, heard: Heard, settings: AudioSettings) -> tuple[int, ...]:
    """The sound as `settings.waveform_buckets` levels of 0..100, preroll included: how loud each part is to the ear.

    Loudness as felt goes with the power of 0.6 of the amplitude (Stevens' law); a level is its mean over the blocks of
    a part, so that a short pause lowers its bar even where a bar is longer than a word. 100 are the loudest parts but
    for a few: a single bang makes nothing else small.
    """
    first = heard.cut.start_frame // BLOCK_FRAMES
    felt = [0.0] * (settings.preroll_ms // 10)
    felt += [level**_FELT_POWER for level in view.levels[first : first + math.ceil(heard.frames / BLOCK_FRAMES)]]
    buckets = settings.waveform_buckets
    bars = []
    for bucket in range(buckets):
        start = bucket * len(felt) // buckets
        end = max(start + 1, (bucket + 1) * len(felt) // buckets)
        bars.append(sum(felt[start:end]) / (end - start))
    sounding = sorted(bar for bar in bars if bar > 0)
    highest = sounding[len(sounding) * _FULL_PERCENT // 100] if sounding else 1.0
    return tuple(min(100, round(100 * bar / highest)) for bar in bars)
