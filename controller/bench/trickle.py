"""What nine thousand connected devices cost the controller while nothing happens.

They are on the LAN profile: each keeps its link with a question for the time, and tells how it is every 15 s, with its
telemetry. The clock runs over whole minutes, five where nothing else is asked for: what the controller writes down of
each speaker every five minutes is then in it. The floor is the same controller before anybody dialled.
"""

import asyncio
import tempfile
import time
from pathlib import Path

from controller.bench.crowd import SPEAKERS, crowd
from controller.bench.figures import cpu_seconds, resident_mb

MINUTES = 5
_SETTLE_S = 20.0
_IDLE_S = 15.0
_WINDOW_S = 60.0


async def measure(rounds: int, speakers: int = SPEAKERS, *, window_s: float = _WINDOW_S) -> dict[str, float]:
    """``controller_cpu_percent`` of one core over all minutes, the worst minute, what devices said a second, the floor.
    ``rounds`` is how many minutes.
    """
    percents: list[float] = []
    with tempfile.TemporaryDirectory(prefix="loa-bench-") as name:
        async with crowd(Path(name), speakers) as station:
            await asyncio.sleep(_SETTLE_S)
            idle_percent = await _percent(station.controller_pid, _IDLE_S)
            fleet = station.fleet(speakers, "--ramp", "0.003")
            await fleet.program.start()
            try:
                await fleet.served(station.stage, within_s=180)
                await asyncio.sleep(_SETTLE_S)
                began_s = time.monotonic()
                percents = [await _percent(station.controller_pid, window_s) for _ in range(rounds or MINUTES)]
                took_s = time.monotonic() - began_s
                held_mb = resident_mb(station.controller_pid)
            finally:
                told = await fleet.stop()
    return {
        "controller_cpu_percent": round(sum(percents) / len(percents), 2),
        "worst_minute_percent": round(max(percents), 2),
        "idle_cpu_percent": round(idle_percent, 2),
        "measured_s": round(took_s, 1),
        "links_lost": float(told["links_lost"]),
        "heartbeats": float(told["heartbeats"]),
        "clock_answers": float(told["clock_answers"]),
        "controller_rss_mb": round(held_mb, 1),
    }


async def _percent(pid: int, window_s: float) -> float:
    """Of one core, over all threads of the process."""
    began_s, used_s = time.monotonic(), cpu_seconds(pid)
    await asyncio.sleep(window_s)
    return (cpu_seconds(pid) - used_s) / (time.monotonic() - began_s) * 100
