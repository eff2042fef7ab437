"""Small arithmetic on figures, and what processes cost."""

import math
import os
import struct
import wave
from collections.abc import Sequence
from pathlib import Path
from random import Random
from statistics import median

RATE_HZ = 48_000


class CannotMeasure(Exception):
    """Something that the measurement needs is not there; the sentence says what."""


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile; ``share`` from 0 to 1. Raises ValueError when there are no values."""
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def middle(values: Sequence[float]) -> float:
    """The median."""
    return float(median(values))


def resident_mb(pid: int) -> float:
    """Resident memory of a process in MB (10^6 bytes), as the kernel counts it."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise CannotMeasure(f"process {pid} has no resident memory; has it ended?")


def cpu_seconds(pid: int) -> float:
    """Processor time that a process has used so far, user and system, over all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def write_recording(path: Path, seconds: float, seed: int) -> None:
    """A speech-like recording: noise in syllables of changing pitch and level, another for every seed."""
    random = Random(seed)  # noqa: S311 - not for secrets
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16_000)
        left = int(seconds * 16_000)
        while left > 0:
            frames = min(left, random.randint(1_600, 4_000))
            out.writeframes(_syllable(random, frames))
            left -= frames


def _syllable(random: Random, frames: int) -> bytes:
    pitch_hz = random.uniform(110, 260)
    loud = random.uniform(2_000, 9_000)
    samples = []
    for i in range(frames):
        shape = math.sin(math.pi * i / frames)
        voice = sum(math.sin(2 * math.pi * pitch_hz * k * i / 16_000) / k for k in (1, 2, 3, 5))
        samples.append(int(loud * shape * (voice / 2 + random.uniform(-0.2, 0.2))))
    return struct.pack(f"<{frames}h", *(max(-32_768, min(32_767, s)) for s in samples))
