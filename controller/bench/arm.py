"""How long it takes from "send" until three speakers are armed, a 60 s recording being transcoded already.

The floor beside it, in the same rounds: three bare HTTP fetches of a clip of the same length, with the hash taken.
Every round sends a recording that no speaker has seen.
"""

import asyncio
import hashlib
import tempfile
import time
from pathlib import Path

import aiohttp

from controller.bench.figures import middle, percentile, write_recording
from controller.stage import Stage, station

SPEAKERS = ("one", "two", "three")
ROUNDS = 7
SECONDS = 60.0


async def measure(rounds: int) -> dict[str, float]:
    """``armed_s`` (median), its worst, the floor and the ratio."""
    rounds = rounds or ROUNDS
    with tempfile.TemporaryDirectory(prefix="loa-bench-") as folder:
        async with station(Path(folder), SPEAKERS, "--output", "null") as stage:
            bulletins = [await recorded(stage, Path(folder), seed) for seed in range(rounds)]
            armed, floors = [], []
            for bulletin_id in bulletins:
                floors.append(await _floor(stage, bulletin_id))
                armed.append(await _arm(stage, bulletin_id))
    figures = {
        "armed_s": round(middle(armed), 4),
        "armed_worst_s": round(percentile(armed, 1.0), 4),
        "floor_s": round(middle(floors), 4),
    }
    figures["ratio_to_floor"] = round(figures["armed_s"] / figures["floor_s"], 2)
    return figures


async def recorded(stage: Stage, folder: Path, seed: int, seconds: float = SECONDS) -> str:
    """Hands in a recording of this length and waits for its clips. Returns the bulletin's id."""
    path = folder / f"recording-{seed}.wav"
    await asyncio.to_thread(write_recording, path, seconds, seed)
    form = aiohttp.FormData()
    form.add_field("title", f"Recording {seed}")
    form.add_field("file", path.read_bytes(), filename=path.name, content_type="audio/wav")
    bulletin = await stage.api("POST", "/api/v1/recordings", form=form)
    return await stage.bulletin_ready(bulletin["bulletin_id"])


async def _arm(stage: Stage, bulletin_id: str) -> float:
    """Seconds from the moment the request leaves until the desk knows that the last speaker is armed."""
    began = time.monotonic()
    airing_id = await stage.send_now(bulletin_id)

    def armed(playbacks: list[dict[str, object]]) -> bool:
        return len(playbacks) == len(SPEAKERS) and all(p["armed_at_us"] is not None for p in playbacks)

    await stage.playbacks_reach(airing_id, armed, "all to be armed", within_s=30, every_s=0.005)
    took = time.monotonic() - began
    await stage.api("POST", f"/api/v1/airings/{airing_id}/stop")
    await stage.playbacks_reach(
        airing_id, lambda ps: all(p["state"] not in ("armed", "sounding") for p in ps), "the stop", within_s=30
    )
    return took


async def _floor(stage: Stage, bulletin_id: str) -> float:
    began = time.monotonic()
    await asyncio.gather(*(_fetch(stage, bulletin_id) for _ in SPEAKERS))
    return time.monotonic() - began


async def _fetch(stage: Stage, bulletin_id: str) -> None:
    body = await stage.read(f"/bulletins/{bulletin_id}/audio")
    await asyncio.to_thread(lambda: hashlib.sha256(body).hexdigest())
