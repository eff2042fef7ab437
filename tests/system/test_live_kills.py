"""The controller goes while somebody speaks: asked to end, or by kill -9. The horn falls silent, what was said is kept,
and what comes next is heard.
"""

import asyncio
import contextlib
import hashlib
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from controller.bench.ear import Ear, listening
from controller.bench.live_sound import encoded, speak_packets
from controller.bench.soundroom import HORNS, SoundRoom
from controller.stage import Json, Stage

pytestmark = [pytest.mark.system, pytest.mark.alone]

HORN = HORNS[0]
SPOKEN_S = 8.0
SAID_S = 3.0
SILENT_WITHIN_MS = 1_000.0
"""What is on its way is heard for the play delay, what is missing is made up for 0.1 s; the rest is this machine."""


@dataclass
class Speaking:
    """Somebody at a microphone, and an ear at the horn. ``told`` is what the station said to the page."""

    stage: Stage
    ear: Ear
    airing_id: str
    sent: "asyncio.Task[list[float]]"
    told: list[Json]

    async def said(self) -> None:
        """For some seconds, so that the horn sounds."""

        async def heard() -> bool | None:
            return True if any(one.get("hearing") == 1 for one in self.told) else None

        await self.stage.until("the horn to sound", heard, within_s=20)
        await asyncio.sleep(SAID_S)

    async def ended(self) -> Json:
        """The only playback, once its device has said that it is over."""
        (playback,) = await self.stage.playbacks_reach(
            self.airing_id, lambda found: found[0]["state"] == "finished", "the device to end it", within_s=30
        )
        return playback

    async def kept(self) -> Json:
        """What went out, once it is a clip."""
        path = f"/api/v1/airings/{self.airing_id}/archives"

        async def look() -> Json | None:
            found = (await self.stage.api("GET", path))["archives"]
            return dict(found[0]) if found else None

        return await self.stage.until("what was said to be kept", look, within_s=30)


@pytest.fixture
async def speaking(room: SoundRoom, stage: Stage, tmp_path: Path) -> AsyncIterator[Speaking]:
    await stage.start_agent(HORN, "--output", "alsa", "--alsa-device", HORN, env=room.environment)
    speaker = await stage.adopt(HORN)
    await stage.connected(1)
    packets, _ = await encoded(tmp_path, SPOKEN_S)
    body = {"title": "Nói trực tiếp", "speaker_ids": [speaker["speaker_id"]]}
    stream = await stage.api("POST", "/api/v1/live", body)
    told: list[Json] = []
    async with contextlib.AsyncExitStack() as stack:
        ear = await stack.enter_async_context(listening(room))
        microphone = await stack.enter_async_context(stage.socket(stream["microphone_url"]))
        hearing = asyncio.create_task(_hear(microphone, told))
        sent = asyncio.create_task(speak_packets(microphone, packets))
        try:
            yield Speaking(stage, ear, stream["airing_id"], sent, told)
        finally:
            for task in (hearing, sent):
                task.cancel()
            await asyncio.gather(hearing, sent, return_exceptions=True)


async def _hear(microphone: aiohttp.ClientWebSocketResponse, told: list[Json]) -> None:
    async for message in microphone:
        told.append(json.loads(message.data))


async def plays_what_comes_next(stage: Stage) -> Any:
    bulletin_id = await stage.text_bulletin("Tiếp theo", "Đây là bản tin tiếp theo.")
    airing_id = await stage.send_now(bulletin_id)
    return await stage.playbacks_reach(
        airing_id, lambda found: found[0]["state"] == "finished", "what comes next to be heard", within_s=60
    )


async def silent_after(speaking: Speaking, gone_s: float) -> None:
    await asyncio.sleep(SILENT_WITHIN_MS / 1000 + 0.5)
    silent_ms = speaking.ear.silence_after_ms(HORN, gone_s, SILENT_WITHIN_MS / 1000)
    assert silent_ms is not None, "the horn did not fall silent"


async def whole(speaking: Speaking) -> None:
    """What is kept is what was said, but for what was on its way, under the name of its hash."""
    kept = await speaking.kept()
    clip = await speaking.stage.read(f"/api/v1/clips/{kept['sha256']}")
    assert hashlib.sha256(clip).hexdigest() == kept["sha256"]
    assert kept["size_bytes"] == len(clip)
    assert SAID_S - 0.5 < kept["frames"] / 48_000 < SPOKEN_S


async def test_asked_to_end_it_tells_whoever_speaks_and_the_horns_that_it_is_over(speaking: Speaking) -> None:
    stage = speaking.stage
    assert stage.controller is not None
    await speaking.said()
    gone_s = time.monotonic()
    assert await stage.controller.stop() == 0
    gone_us = time.time_ns() // 1_000
    assert speaking.told[-1].get("code") == "live_closing"
    await silent_after(speaking, gone_s)
    await stage.start_controller()
    playback = await speaking.ended()
    assert playback["reason"] == "ended"
    # By the End: without one the device waits half a minute for more. Some of what was said may still be on its way.
    assert playback["ended_at_us"] < gone_us + SILENT_WITHIN_MS * 1_000
    assert (await stage.airing(speaking.airing_id))["state"] == "ended"
    await whole(speaking)
    await plays_what_comes_next(stage)


async def test_after_a_kill_it_is_ended_what_was_said_is_kept_and_what_comes_next_is_heard(speaking: Speaking) -> None:
    stage = speaking.stage
    assert stage.controller is not None
    await speaking.said()
    gone_s = time.monotonic()
    await stage.controller.kill()
    await silent_after(speaking, gone_s)
    await stage.start_controller()
    playback = await speaking.ended()
    assert (playback["reason"], playback["restarts"]) == ("ended", 0)
    assert (await stage.airing(speaking.airing_id))["state"] == "ended"
    await whole(speaking)
    (following,) = await plays_what_comes_next(stage)
    assert following["lost_us"] == 0
