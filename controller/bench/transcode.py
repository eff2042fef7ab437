"""What it costs to make the clips of a recording, beside bare ffmpeg.

The recording: five minutes of Vietnamese speech in a room, near and far from the microphone, with the hiss of a cheap
one; once mono, once stereo. It is made once, and is one that takes a limiter: its peaks lie 21 dB above its loudness.

Ours: `audio.make.make_clips`, everything that it makes (two Opus renditions, waveform, measuring, and the checks of
what was made), in a Python process of its own; counted whole, with the start of Python.

The peer: ffmpeg's loudnorm as its manual says: one measuring pass, then one linear run for each rendition, libopus at
the same bit rates, all other settings as they come. A recording like this one makes loudnorm fall back to its dynamic
mode, at twice the cost, unless it is told a lower true peak: it is told so, and what it then clips is forgiven. So the
ratio is against the cheapest way that ffmpeg has.

CPU is user and system time of all processes, as the kernel counts it for children that have ended. Both take turns.
Then the pages are measured while ten recordings are made at once, as `underload` does alone.
"""

import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import wave
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from controller.bench import underload
from controller.bench.figures import CannotMeasure, middle

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Sound = NDArray[np.float64]

ROUNDS = 3
RECORDING_S = 300
RATE_HZ = 48_000
BOUND = 0.75
_BIT_RATES_BPS = (24_000, 16_000)
_TARGET = "I=-16:TP=-1.5:LRA=11"
_HIGHEST_LRA = 11.0
_PARAGRAPHS = (
    "Kính thưa bà con nhân dân trong xã. Ủy ban nhân dân xã thông báo lịch tiêm vắc xin cho trẻ em.",
    "Ngày mai, từ bảy giờ sáng, trạm y tế khám sức khỏe cho người cao tuổi. Mời bà con mang theo thẻ bảo hiểm.",
    "Dự báo thời tiết: chiều nay có mưa rào và dông, gió giật mạnh, đề phòng lốc và sét.",
    "Bão số ba đang tiến vào đất liền, bà con chằng chống nhà cửa, đưa tàu thuyền về nơi tránh trú.",
    "Sau đây là chương trình khuyến nông: kỹ thuật chăm sóc lúa làm đòng, phòng trừ rầy nâu và sâu cuốn lá.",
)
_OURS = """
import asyncio, sys
from pathlib import Path
from audio.clip import AudioSettings
from audio.make import make_clips
asyncio.run(make_clips(Path(sys.argv[2]), Path(sys.argv[3]), settings=AudioSettings(ffmpeg=Path(sys.argv[1]))))
"""


async def measure(rounds: int) -> dict[str, float]:
    """`cpu_ratio`, the worse of `mono_cpu_ratio` and `stereo_cpu_ratio`, and the seconds behind them."""
    from audio.clip import AudioError
    from audio.tools import find_ffmpeg

    try:
        ffmpeg = await find_ffmpeg()
        with tempfile.TemporaryDirectory(prefix="loa-bench-") as name:
            folder = Path(name)
            mono, stereo = await _recordings(folder)
            figures = _compared("mono", ffmpeg, mono, folder, rounds or ROUNDS)
            figures |= _compared("stereo", ffmpeg, stereo, folder, rounds or ROUNDS)
    except AudioError as error:
        raise CannotMeasure(str(error)) from error
    worse = max(figures["mono_cpu_ratio"], figures["stereo_cpu_ratio"])
    figures = {"cpu_ratio": worse, **figures, "bound": BOUND, "rounds": float(rounds or ROUNDS)}
    return figures | await underload.measure(1)


def _compared(kind: str, ffmpeg: Path, recording: Path, folder: Path, rounds: int) -> dict[str, float]:
    ours, peer = [], []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(dir=folder) as clips:
            ours.append(_cpu_s([sys.executable, "-c", _OURS, str(ffmpeg), str(recording), clips])[0])
        peer.append(_peer_cpu_s(ffmpeg, recording, folder))
    return {
        f"{kind}_cpu_ratio": round(middle([mine / its for mine, its in zip(ours, peer, strict=True)]), 3),
        f"{kind}_cpu_s": round(middle(ours), 2),
        f"{kind}_peer_cpu_s": round(middle(peer), 2),
    }


def _peer_cpu_s(ffmpeg: Path, recording: Path, folder: Path) -> float:
    read = [str(ffmpeg), "-nostdin", "-hide_banner", "-y", "-i", str(recording)]
    used_s, said = _cpu_s([*read, "-ac", "1", "-af", f"loudnorm={_TARGET}:print_format=json", "-f", "null", "-"])
    found = re.search(r"\{[^{}]*\}\s*$", said[: said.rfind("}") + 1])
    if found is None:
        raise CannotMeasure("loudnorm printed nothing that was measured")
    seen: dict[str, str] = json.loads(found[0])
    allowed_peak = -1.5 - (-16 - float(seen["input_i"])) - 0.1
    filters = (
        f"loudnorm={_TARGET}:measured_I={seen['input_i']}:measured_TP={min(float(seen['input_tp']), allowed_peak):.2f}"
        f":measured_LRA={min(float(seen['input_lra']), _HIGHEST_LRA)}:measured_thresh={seen['input_thresh']}"
        f":offset={seen['target_offset']}:linear=true:print_format=summary"
    )
    for bit_rate in _BIT_RATES_BPS:
        out = folder / f"peer-{bit_rate}.opus"
        run_s, said = _cpu_s([*read, "-ac", "1", "-af", filters, "-c:a", "libopus", "-b:a", str(bit_rate), str(out)])
        if not re.search(r"Normalization Type:\s+Linear", said):
            raise CannotMeasure("loudnorm did not run in its linear mode")
        used_s += run_s
    return used_s


def _cpu_s(argv: Sequence[str]) -> tuple[float, str]:
    """CPU seconds of a program and all that it started and waited for, and what it said on standard error."""
    before = os.times()
    ended = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    after = os.times()
    said = ended.stderr.decode("utf-8", "replace")
    if ended.returncode != 0:
        raise CannotMeasure(f"{argv[0]} ended with {ended.returncode}: {said[-500:]}")
    return after.children_user + after.children_system - before.children_user - before.children_system, said


async def _recordings(folder: Path) -> tuple[Path, Path]:
    from audio.speech import speak

    spoken = []
    for number, text in enumerate(_PARAGRAPHS):
        spoken.append((await speak(text, "vi", folder / f"spoken-{number}.wav")).path)
    return await asyncio.to_thread(_in_a_room, spoken, folder)


def _in_a_room(spoken: Sequence[Path], folder: Path) -> tuple[Path, Path]:
    import numpy as np

    random = np.random.default_rng(1)
    paragraphs = [_read(path) for path in spoken]
    room = np.zeros(RECORDING_S * RATE_HZ)
    at, number = 0, 0
    while at < len(room):
        paragraph = paragraphs[number % len(paragraphs)] * 10 ** (random.uniform(-4, 4) / 20)
        kept = paragraph[: len(room) - at]
        room[at : at + len(kept)] += kept
        at, number = at + len(kept) + RATE_HZ // 2, number + 1
    for late_s, share in ((0.011, 0.25), (0.023, 0.15), (0.047, 0.08)):
        late = round(late_s * RATE_HZ)
        room[late:] += share * room[:-late]
    room *= 0.7 / np.abs(room).max()
    near = room + 0.0015 * random.standard_normal(len(room))
    far = 0.7 * np.roll(room, 20) + 0.0015 * random.standard_normal(len(room))
    return _write(folder / "mono.wav", near), _write(folder / "stereo.wav", near, far)


def _read(path: Path) -> "Sound":
    import numpy as np

    with wave.open(str(path), "rb") as file:
        rate_hz, frames = file.getframerate(), file.readframes(file.getnframes())
    sound = np.frombuffer(frames, "<i2") / 32768
    return np.interp(np.arange(len(sound) * RATE_HZ // rate_hz) * rate_hz / RATE_HZ, np.arange(len(sound)), sound)


def _write(path: Path, *channels: "Sound") -> Path:
    import numpy as np

    with wave.open(str(path), "wb") as file:
        file.setnchannels(len(channels))
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(np.int16(np.clip(np.stack(channels, axis=1), -1, 0.9999) * 32768).tobytes())
    return path
