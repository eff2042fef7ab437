"""How fast the first page answers while ten recordings are being made into clips, beside the idle controller.

Ten recordings of three minutes are handed in at once to a running controller. From then on until the last of them is
ready the first page is fetched again and again by one person who is signed in, as a whole, by a connection that is
kept. The floor is the same page from the same controller before.
"""

import asyncio
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import aiohttp

from controller.bench.figures import CannotMeasure, percentile, write_recording
from controller.stage import Stage

AT_ONCE = 10
SECONDS = 180.0
IDLE_FETCHES = 50
FEWEST_FETCHES = 40
BOUND_S = 0.2


async def measure(rounds: int) -> dict[str, float]:
    """``page_under_load_s`` (95th percentile of all fetches), the worst of them, and the same while idle."""
    busy: list[float] = []
    idle: list[float] = []
    with tempfile.TemporaryDirectory(prefix="loa-bench-") as name:
        folder = Path(name)
        recording = folder / "recording.wav"
        await asyncio.to_thread(write_recording, recording, SECONDS, 1)
        async with Stage(folder / "station") as stage:
            await stage.start_controller()
            await stage.sign_in()
            await _fetched(stage)
            for _ in range(rounds or 1):
                idle += [await _fetched(stage) for _ in range(IDLE_FETCHES)]
                busy += await _under_load(stage, recording)
    if len(busy) < FEWEST_FETCHES:
        raise CannotMeasure(f"only {len(busy)} pages were fetched before the recordings were ready")
    figures = {
        "page_under_load_s": round(percentile(busy, 0.95), 4),
        "page_under_load_worst_s": round(percentile(busy, 1.0), 4),
        "page_idle_s": round(percentile(idle, 0.95), 4),
        "pages": float(len(busy)),
        "page_bound_s": BOUND_S,
    }
    figures["page_ratio_to_idle"] = round(figures["page_under_load_s"] / figures["page_idle_s"], 2)
    return figures


async def _under_load(stage: Stage, recording: Path) -> list[float]:
    """Seconds of each page while all of them are being made."""
    sound = recording.read_bytes()
    bulletins = await asyncio.gather(*(_hand_in(stage, sound, number) for number in range(AT_ONCE)))
    ready = asyncio.create_task(_all_ready(stage, bulletins))
    took: list[float] = []
    try:
        while not ready.done():
            took.append(await _fetched(stage))
            await asyncio.sleep(0.05)
        await ready
    finally:
        ready.cancel()
    return took


async def _all_ready(stage: Stage, bulletins: Sequence[str]) -> None:
    """One after the other: asking after all of them at once would be a load of its own."""
    for bulletin_id in bulletins:
        await stage.bulletin_ready(bulletin_id, within_s=600)


async def _hand_in(stage: Stage, sound: bytes, number: int) -> str:
    form = aiohttp.FormData()
    form.add_field("title", f"Recording {number}")
    form.add_field("file", sound, filename=f"recording-{number}.wav", content_type="audio/wav")
    bulletin = await stage.api("POST", "/api/v1/recordings", form=form)
    return str(bulletin["bulletin_id"])


async def _fetched(stage: Stage) -> float:
    began = time.monotonic()
    await stage.read("/")
    return time.monotonic() - began
