"""Two processes play into the two horns of the sound room; what is heard there is judged, not what they say."""

import asyncio
import json
import random
import subprocess
import sys
import time
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from controller.bench.soundroom import HORNS, SoundRoom, likeness, offset_frames

from .conftest import RATE_HZ, tone

Encode = Callable[..., Path]
Events = list[dict[str, Any]]

HORN_PROCESS = Path(__file__).with_name("horn_process.py")
PREROLL = bytes(RATE_HZ // 5 * 2)

pytestmark = [pytest.mark.system, pytest.mark.alone]


async def play(room: SoundRoom, horn: str, clip: Path, frames: int, start_us: int, stop_after_s: float = 0) -> Events:
    arguments = [horn, str(clip), str(frames), str(start_us), str(stop_after_s)]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(HORN_PROCESS), *arguments), env=room.environment, stdout=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(30):
            told, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return [json.loads(line) for line in told.splitlines()]


def decoded(clip: Path) -> bytes:
    command = ["ffmpeg", "-v", "error", "-i", str(clip), "-f", "s16le", "-"]
    return subprocess.run(command, check=True, capture_output=True).stdout


def rumble(seconds: float) -> bytes:
    """Noise that falls off towards the highs, as speech does."""
    dice = random.Random(3)
    level, out = 0.0, array("h")
    for _ in range(round(seconds * RATE_HZ)):
        level = 0.99 * level + dice.uniform(-1000, 1000)
        out.append(round(level))
    return out.tobytes()


async def test_two_horns_speak_the_rendition_together(
    room: SoundRoom, encode: Encode, capsys: pytest.CaptureFixture[str]
) -> None:
    rendition = PREROLL + rumble(2.0)
    clip = encode("together.opus", rendition)
    with room.record() as recording:
        start_us = time.monotonic_ns() // 1000 + 2_500_000
        told = await asyncio.gather(*(play(room, horn, clip, len(rendition) // 2, start_us) for horn in HORNS))

    assert [[event["event"] for event in events][-1] for events in told] == ["Finished", "Finished"]
    heard = recording.channels()
    wanted = np.frombuffer(decoded(clip), dtype="<i2") / 32768
    if not any(event["event"] == "Underrun" for events in told for event in events):
        for channel in heard:
            assert likeness(wanted, channel) > 0.9, "frames moved to keep step cost a little"
    offset_ms = offset_frames(*heard) / RATE_HZ * 1000
    with capsys.disabled():
        print(f"\n  offset between the two horns: {offset_ms:+.3f} ms")
    assert abs(offset_ms) < 5


async def test_a_stop_is_heard_soon_and_does_not_click(
    room: SoundRoom, encode: Encode, capsys: pytest.CaptureFixture[str]
) -> None:
    sound = tone(6, frequency_hz=300, peak=0.9)
    clip = encode("stop.opus", sound, "-b:a", "128k")
    with room.record() as recording:
        start_us = time.monotonic_ns() // 1000 + 1_500_000
        told = await play(room, "horn_b", clip, len(sound) // 2, start_us, stop_after_s=1.0)

    events = {event["event"]: event for event in told}
    silent, heard = recording.channels()
    assert not np.any(silent), "the other horn keeps quiet"
    sounding = np.flatnonzero(heard)
    lasted_ms = (sounding[-1] - sounding[0]) / RATE_HZ * 1000
    asked_ms = (events["asked to stop"]["at_us"] - events["Sounding"]["actual_start_local_us"]) / 1000
    greatest_step = float(np.max(np.abs(np.diff(heard))))
    with capsys.disabled():
        print(f"\n  silent {lasted_ms - asked_ms:.0f} ms after stop was asked for")
    assert lasted_ms < 5_000
    if "Underrun" not in events:
        assert greatest_step < 0.9 * 2 * np.pi * 300 / RATE_HZ * 1.3
