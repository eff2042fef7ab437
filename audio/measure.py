"""Loudness, silence and level of a file; what is in an untrusted file.

Standard: EBU R128 / ITU-R BS.1770-4, mono measured as mono (no dual-mono correction). A recording from outside is
opened only by processes of their own (`probe_child`, ffmpeg); what this process reads itself it has made itself.
"""

import asyncio
import json
import math
import re
import sys
import warnings
import wave
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from audio import runner
from audio.clip import (
    SAMPLE_RATE_HZ,
    EmptyRecording,
    ErrorCode,
    Loudness,
    ToolFailed,
    UnreadableRecording,
)
from audio.plan import CHECK_HEADROOM_DB, VIEW_RATE_HZ

FLOOR_DB = -100.0
HEADERLESS = frozenset({"g722", "gsm"})
BLOCK_FRAMES = SAMPLE_RATE_HZ // 100  # one block of the view is 10 ms
_VIEW_BLOCK = VIEW_RATE_HZ // 100
_TAPS = 12
_AROUND = range(-_TAPS, _TAPS + 1)
_STEEPEST = 1.42  # a tone of 12 kHz between its samples
_UNITY = 32768 * 10 ** (-CHECK_HEADROOM_DB / 20)
_NUMBER = r"(-?(?:inf|nan|\d+(?:\.\d+)?))"
_INTEGRATED = re.compile(rf"^\s*I:\s+{_NUMBER} LUFS", re.MULTILINE)
_THRESHOLD = re.compile(rf"LUFS\n\s*Threshold:\s+{_NUMBER} LUFS\n\n")
_PEAK = re.compile(rf"^\s*Peak:\s+{_NUMBER} dBFS", re.MULTILINE)
_PROBE_TIME_LIMIT_S = 20.0
_PROBE_MEMORY_BYTES = 1024**3


@dataclass(frozen=True, slots=True)
class Probe:
    """What a file holds: `format` as a demuxer is named; `duration_s` as the file itself promises, or None."""

    format: str
    duration_s: float | None
    codec: str
    rate_hz: int
    channels: int


@dataclass(frozen=True, slots=True)
class WavLevel:
    """Level of a finished WAV, in dBFS; `lead_s` and `tail_s` are the silence at its ends."""

    rms_dbfs: float
    peak_dbfs: float
    duration_s: float
    lead_s: float
    tail_s: float


async def probe(path: Path, name: str = "") -> Probe:
    """Look into an untrusted recording, in a process of its own with limits.

    Only the content says what it is. `name` (a file name; that of `path` when it is empty) counts for two formats
    without any header, G.722 and GSM, and only where the content is none of the others.

    Raises:
        EmptyRecording: the file has no byte.
        UnreadableRecording: it is no recording, or a kind that is not read (archives, playlists, ...), or it has no
            sound track.
    """
    if await asyncio.to_thread(_size_of, path) == 0:
        raise EmptyRecording("0 bytes")
    child = Path(__file__).with_name("probe_child.py")
    command = runner.Command(
        (
            sys.executable,
            "-I",
            "-B",
            str(child),
            str(await asyncio.to_thread(path.absolute)),
            _ending(name or path.name),
        ),
        time_limit_s=_PROBE_TIME_LIMIT_S,
        memory_limit_bytes=_PROBE_MEMORY_BYTES,
        output_limit_bytes=0,
    )
    try:
        finished = await runner.run_checked(command)
        found: dict[str, object] = json.loads(finished.stdout)
    except (ToolFailed, ValueError) as error:
        raise UnreadableRecording(f"looking into it failed: {error}") from error
    return _probed(found)


def _ending(name: str) -> str:
    # A name may hold what no argument can, such as a zero byte.
    ending = name.rpartition(".")[2].lower()
    return ending if ending in HEADERLESS else ""


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise UnreadableRecording(f"{error.strerror}") from error


def _probed(found: Mapping[str, object]) -> Probe:
    match found:
        case {"error": str(error)}:
            raise UnreadableRecording(error[:300])
        case {"codec": ""}:
            raise UnreadableRecording("no sound track", code=ErrorCode.RECORDING_WITHOUT_SOUND)
        case {"format": str(kind), "codec": str(codec), "rate_hz": int(rate), "channels": int(channels)}:
            if rate < 1000 or channels < 1:
                raise UnreadableRecording(f"{rate} Hz, {channels} channels")
            duration = found.get("duration_s")
            return Probe(kind, duration if isinstance(duration, float) else None, codec, rate, channels)
        case _:
            raise UnreadableRecording("looking into it gave no answer")


def read_loudness(stderr: str) -> Loudness:
    """The summary of ffmpeg's ebur128 meter; without a peak meter the true peak is -inf.

    Raises ToolFailed when there is no summary.
    """
    summary = stderr[stderr.rfind("Summary:") :] if "Summary:" in stderr else ""
    integrated = _INTEGRATED.search(summary)
    if integrated is None:
        raise ToolFailed(f"no loudness in: {runner.last_line(stderr)}")
    peak = _PEAK.search(summary)
    return Loudness(float(integrated[1]), float(peak[1]) if peak else -math.inf)


def is_steady(stderr: str) -> bool:
    """Whether rate and channels stayed the same, so that one meter has heard all of it.

    ffmpeg makes a new meter at every change, and each gives its summary; one that has heard nothing has no threshold.
    """
    return sum(1 for threshold in _THRESHOLD.findall(stderr) if float(threshold)) <= 1


def decibels(share_of_full_scale: float) -> float:
    """Amplitude as a share of full scale -> dBFS, never below `FLOOR_DB`."""
    return max(FLOOR_DB, 20 * math.log10(share_of_full_scale)) if share_of_full_scale > 0 else FLOOR_DB


class View:
    """Collects the small PCM view that `plan.measuring` writes: level and peak of every 10 ms.

    Feed it bytes as they come. The first channel is the sound as it came, the last one the sound as shaped; with
    `mixed`, the difference of the two channels that were mixed lies between.
    """

    def __init__(self, *, mixed: bool = False) -> None:
        self.levels = array("H")  # RMS, 0..32767
        self.peaks = array("H")
        self.differences = array("H")  # RMS of the difference
        self.raw_peaks = array("H")  # of the sound as it came
        self._channels = 3 if mixed else 2
        self._rest = b""
        self._bytes = 0

    @property
    def frames(self) -> int:
        """Length of what was fed, at 48 kHz."""
        return self._bytes // (2 * self._channels) * (SAMPLE_RATE_HZ // VIEW_RATE_HZ)

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""
        self._bytes += len(data)
        data = self._rest + data
        size = _VIEW_BLOCK * 2 * self._channels
        whole = len(data) - len(data) % size
        self._blocks(data[:whole])
        self._rest = data[whole:]

    def finish(self) -> None:
        """Count the last, shorter block."""
        sample_bytes = 2 * self._channels
        self._blocks(self._rest[: len(self._rest) // sample_bytes * sample_bytes])
        self._rest = b""

    def _blocks(self, data: bytes) -> None:
        import audioop

        together = array("h", data)
        parts = [together[channel :: self._channels].tobytes() for channel in range(self._channels)]
        raw, *difference, shaped = parts
        for start in range(0, len(shaped), 2 * _VIEW_BLOCK):
            end = start + 2 * _VIEW_BLOCK
            block = shaped[start:end]
            self.levels.append(min(65535, audioop.rms(block, 2)))
            self.peaks.append(min(65535, audioop.max(block, 2)))
            self.raw_peaks.append(min(65535, audioop.max(raw[start:end], 2)))
            for each in difference:
                self.differences.append(min(65535, audioop.rms(each[start:end], 2)))


class Peaks:
    """The true peak of what `plan.checking` writes, and every 10 ms in which it lies above a limit.

    As BS.1770-4, annex 2, 4 times oversampled, but looked at closely only where it could pass the highest so far, or
    the limit: between samples, sound up to 12 kHz rises by 3 dB at most, and smooth sound by an eighth of its bend.
    Feed it bytes as they come.
    """

    def __init__(self, limit_dbtp: float) -> None:
        self.above: list[tuple[float, float]] = []  # seconds from the beginning, true peak in dBTP
        self.frames = 0  # looked at so far
        self._limit = _UNITY * 10 ** (limit_dbtp / 20)
        self._highest = 0.0
        self._calm = 0.0
        self._buffer = bytes(2 * _TAPS)  # the context of the next block, then the block

    @property
    def highest_dbtp(self) -> float:
        """The true peak of all that was fed."""
        return decibels(self._highest / _UNITY)

    @property
    def calm_dbtp(self) -> float:
        """The true peak of all that was fed but for what is above the limit."""
        return decibels(self._calm / _UNITY)

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""
        buffer = self._buffer + data
        context, size = 2 * _TAPS, 2 * BLOCK_FRAMES
        start = context
        while start + size + context <= len(buffer):
            peak = self._peak(buffer[start - context : start + size + context])
            if peak > self._limit:
                self.above.append(((self.frames + BLOCK_FRAMES // 2) / SAMPLE_RATE_HZ, decibels(peak / _UNITY)))
            else:
                self._calm = max(self._calm, peak)
            self._highest = max(self._highest, peak)
            self.frames += BLOCK_FRAMES
            start += size
        self._buffer = buffer[start - context :]

    def _peak(self, block: bytes) -> float:
        import audioop

        peak = audioop.max(block[2 * _TAPS : -2 * _TAPS], 2)
        floor = min(self._highest, self._limit)
        if peak * _STEEPEST <= floor:
            return peak
        slopes = audioop.add(block[2:], audioop.mul(block[:-2], 2, -1), 2)
        bend = audioop.max(audioop.add(slopes[2:], audioop.mul(slopes[:-2], 2, -1), 2), 2)
        bound = peak + bend / 8 if 2 * bend < peak else peak * _STEEPEST
        return max(peak, _between(array("h", block), floor / _STEEPEST)) if bound > floor else peak

    def finish(self) -> None:
        """Look at the last block too."""
        self.feed(bytes(2 * (BLOCK_FRAMES + _TAPS)))


def _between(samples: Sequence[int], near: float) -> float:
    highest = 0.0
    for at in range(_TAPS, len(samples) - _TAPS):
        sign = 1 if samples[at] > 0 else -1
        before, here, after = sign * samples[at - 1], sign * samples[at], sign * samples[at + 1]
        if here <= near or here < before or here < after:
            continue
        bend = 2 * here - before - after
        if 0 < 2 * bend < here:
            # So smooth (below 5.5 kHz) that a parabola through the three is exact to 0.05 dB.
            peak = here + (before - after) ** 2 / (8 * bend)
        else:
            around = samples[at - _TAPS : at + _TAPS + 1]
            peak = max(here, *(abs(_weighted(phase, around)) for phase in _phases()))
        highest = max(highest, peak)
    return highest


def _weighted(weights: Sequence[float], values: Sequence[int]) -> float:
    return sum(weight * value for weight, value in zip(weights, values, strict=True))


@cache
def _phases() -> tuple[tuple[float, ...], ...]:
    """Weights of the samples around a sample for the values at -3/4 to 3/4 of a frame from it: sinc, Hann window."""
    offsets = (-0.75, -0.5, -0.25, 0.25, 0.5, 0.75)
    return tuple(
        tuple(_sinc(tap - offset) * math.cos(math.pi * (tap - offset) / (2 * _TAPS + 2)) ** 2 for tap in _AROUND)
        for offset in offsets
    )


def _sinc(at: float) -> float:
    return math.sin(math.pi * at) / (math.pi * at) if at else 1.0


def wav_level(path: Path, silence_dbfs: float = -50.0) -> WavLevel:
    """Level of a WAV that was made here (never of one from outside). It is read whole into memory.

    Raises wave.Error or EOFError when it is no WAV.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of an ffmpeg that it misses in the system, and does not need here
        from pydub import AudioSegment
        from pydub.silence import detect_leading_silence

    # Not AudioSegment.from_wav, which would start ffmpeg on what is no WAV.
    with wave.open(str(path), "rb") as file:
        sound = AudioSegment(
            data=file.readframes(file.getnframes()),
            sample_width=file.getsampwidth(),
            frame_rate=file.getframerate(),
            channels=file.getnchannels(),
        )
    lead_ms = detect_leading_silence(sound, silence_threshold=silence_dbfs, chunk_size=5)
    tail_ms = detect_leading_silence(sound.reverse(), silence_threshold=silence_dbfs, chunk_size=5)
    return WavLevel(
        rms_dbfs=max(FLOOR_DB, float(sound.dBFS)),
        peak_dbfs=max(FLOOR_DB, float(sound.max_dBFS)),
        duration_s=float(sound.frame_count()) / float(sound.frame_rate),
        lead_s=lead_ms / 1000,
        tail_s=tail_ms / 1000,
    )
