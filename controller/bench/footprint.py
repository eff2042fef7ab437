"""What one agent costs while it plays, how soon it is ready, and what an idle controller holds in memory.

The floor beside it: a Python process that has loaded the same libraries of others and does nothing.
The agent plays in the sound room through ALSA where that can be built, else on the paced null output.
"""

import asyncio
import contextlib
import sys
import tempfile
import time
from pathlib import Path

from controller.bench.arm import recorded
from controller.bench.figures import cpu_seconds, middle, resident_mb
from controller.bench.soundroom import missing_tools, sound_room
from controller.stage import Program, Stage

PLAY_S = 30.0
STARTS = 5
FLOOR = (
    "import aiohttp, zeroconf, msgspec, sqlite3, ctypes, cryptography.hazmat.primitives.ciphers.aead, time; "
    "ctypes.CDLL('libasound.so.2'); time.sleep(60)"
)


async def measure(rounds: int) -> dict[str, float]:
    """``agent_rss_mb``, ``agent_cpu_percent`` (of one core), ``agent_ready_s``, ``controller_rss_mb``, the floor."""
    with contextlib.ExitStack() as things:
        folder = Path(things.enter_context(tempfile.TemporaryDirectory(prefix="loa-bench-")))
        flags: tuple[str, ...] = ("--output", "null")
        env: dict[str, str] | None = None
        if not missing_tools():
            room = things.enter_context(sound_room())
            flags, env = ("--output", "alsa", "--alsa-device", "horn_a"), room.environment
        async with Stage(folder) as stage:
            await stage.start_controller()
            await stage.sign_in()
            agent = await stage.start_agent("one", *flags, env=env)
            await stage.adopt("one")
            await stage.connected(1)
            figures = {"agent_ready_s": await _ready(stage, agent, rounds or STARTS)}
            await stage.connected(1)
            await asyncio.sleep(5)
            assert stage.controller is not None
            figures["controller_rss_mb"] = round(resident_mb(stage.controller.pid), 1)
            figures |= await _playing(stage, agent, folder)
        figures["floor_rss_mb"] = await _floor(folder)
    figures["rss_ratio_to_floor"] = round(figures["agent_rss_mb"] / figures["floor_rss_mb"], 2)
    figures["played_on_alsa"] = float(env is not None)
    return figures


async def _ready(stage: Stage, agent: Program, starts: int) -> float:
    """Median seconds from the process's start until it says that it is ready."""
    took = []
    for _ in range(starts):
        await agent.stop()
        before = agent.log.read_text(errors="replace").count('"ready"')
        began = time.monotonic()
        await agent.start()

        async def said(before: int = before) -> bool | None:
            return agent.log.read_text(errors="replace").count('"ready"') > before or None

        await stage.until("the agent to be ready", said, within_s=30, alive=[agent], every_s=0.005)
        took.append(time.monotonic() - began)
    return round(middle(took), 3)


async def _playing(stage: Stage, agent: Program, folder: Path) -> dict[str, float]:
    bulletin_id = await recorded(stage, folder, seed=1)
    airing_id = await stage.send_now(bulletin_id)
    await stage.playbacks_reach(
        airing_id, lambda ps: any(p["state"] == "sounding" for p in ps), "the agent to sound", within_s=30
    )
    await asyncio.sleep(2)
    began, used, highest = time.monotonic(), cpu_seconds(agent.pid), 0.0
    while time.monotonic() < began + PLAY_S:
        highest = max(highest, resident_mb(agent.pid))
        await asyncio.sleep(1)
    percent = (cpu_seconds(agent.pid) - used) / (time.monotonic() - began) * 100
    return {"agent_rss_mb": round(highest, 1), "agent_cpu_percent": round(percent, 2)}


async def _floor(folder: Path) -> float:
    floor = Program("floor", [sys.executable, "-c", FLOOR], folder / "floor.log", {})
    await floor.start()
    try:
        await asyncio.sleep(3)
        return round(resident_mb(floor.pid), 1)
    finally:
        await floor.kill()
