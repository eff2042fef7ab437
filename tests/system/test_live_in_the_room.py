"""What is spoken into the microphone's socket is heard from two horns in step, also from one that comes late."""

import asyncio
import time
from pathlib import Path

import numpy as np
import pytest

from controller.bench.ear import listening
from controller.bench.live_sound import encoded, speak_packets, two_horns
from controller.bench.soundroom import HORNS, RATE_HZ, SoundRoom, offset_frames
from controller.stage import Stage

pytestmark = [pytest.mark.system, pytest.mark.alone]

SPOKEN_S = 7.0
QUIET = 0.003


async def test_two_horns_speak_in_step_though_one_of_them_comes_late(
    room: SoundRoom, stage: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await two_horns(room, stage)
    packets, _ = await encoded(tmp_path, SPOKEN_S)
    late = stage.agents[HORNS[1]]
    await late.stop()
    speakers = [one["speaker_id"] for one in (await stage.api("GET", "/api/v1/speakers"))["speakers"]]
    stream = await stage.api("POST", "/api/v1/live", {"title": "Nói trực tiếp", "speaker_ids": speakers})

    async with listening(room) as ear, stage.socket(stream["microphone_url"]) as microphone:
        await asyncio.sleep(2.0)
        speaking = asyncio.create_task(speak_packets(microphone, packets))
        await asyncio.sleep(1.0)
        came_s = time.monotonic()
        await late.start()
        ended_s = (await speaking)[-1]
        await asyncio.sleep(0.5)
        await stage.api("POST", f"/api/v1/live/{stream['airing_id']}/end")

    one, other = ear.recording.channels()
    joined_ms = ear.sound_after_ms(HORNS[1], came_s, SPOKEN_S)
    assert joined_ms is not None, "the late one was never heard"
    last = ear.frame_at(ended_s) - RATE_HZ // 2
    pieces = [slice(last - (number + 1) * RATE_HZ, last - number * RATE_HZ) for number in range(3)]
    apart_ms = [offset_frames(one[piece], other[piece]) / RATE_HZ * 1000 for piece in pieces]
    with capsys.disabled():
        print(
            f"\n  joined after {joined_ms / 1000:.1f} s; apart: {', '.join(f'{one_ms:+.2f} ms' for one_ms in apart_ms)}"
        )
    assert min(float(np.median(np.abs(sound[pieces[0]]))) for sound in (one, other)) > QUIET
    assert min(abs(one_ms) for one_ms in apart_ms) < 10
