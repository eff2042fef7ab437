"""Power comes back: nine thousand devices dial in the same second, and somebody looks at the first page meanwhile.

A device is served when it was welcomed and its first question for the time was answered; ``served_s`` is from the first
dial until the last of them is. Each dials from an address of its own, as devices do. Whoever is told to come later
comes later, by itself, with full jitter. The page is fetched as a whole by one person who is signed in, over a
connection that is kept, from the first dial until the last device is served; the floor is the same page before anybody
dialled.
"""

import asyncio
import contextlib
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from controller.bench.crowd import SPEAKERS, Crowd, crowd
from controller.bench.figures import CannotMeasure, cpu_seconds, middle, percentile
from controller.stage import Stage, StageError

ROUNDS = 3
WITHIN_S = 1.0
PAGE = "/"
IDLE_PAGES = 20
_LOOK_EVERY_S = 0.1
_SETTLE_S = 6.0
_SERVED_WITHIN_S = 120.0


async def measure(rounds: int, speakers: int = SPEAKERS) -> dict[str, float]:
    """``served_s`` (median of the rounds, and the worst), ``page_p95_s`` over all fetches and the worst of them, how
    many dials were turned away, and the page before.
    """
    storms: list[_Storm] = []
    idle: list[float] = []
    with tempfile.TemporaryDirectory(prefix="loa-bench-") as name:
        async with crowd(Path(name), speakers) as station:
            await asyncio.sleep(_SETTLE_S)
            idle += [await _fetched(station.stage) for _ in range(IDLE_PAGES)]
            for _ in range(rounds or ROUNDS):
                storms.append(await _storm(station, speakers))
                await asyncio.sleep(_SETTLE_S)
    served = [one.served_s for one in storms]
    pages = [page for one in storms for page in one.pages_s]
    return {
        "served_s": round(middle(served), 2),
        "served_worst_s": round(max(served), 2),
        "page_p95_s": round(percentile(pages, 0.95), 4),
        "page_worst_s": round(max(pages), 4),
        "page_idle_s": round(percentile(idle, 0.95), 4),
        "pages": float(len(pages)),
        "turned_away": float(sum(one.turned_away for one in storms)),
        "never_served": float(sum(one.never_served for one in storms)),
        "controller_cpu_s": round(middle([one.controller_cpu_s for one in storms]), 2),
        "fleet_cpu_s": round(middle([one.fleet_cpu_s for one in storms]), 2),
    }


@dataclass(slots=True)
class _Storm:
    """One of them. Processor time is that between the first dial and the last device served."""

    served_s: float
    pages_s: list[float]
    turned_away: int
    never_served: int
    controller_cpu_s: float
    fleet_cpu_s: float


async def _storm(station: Crowd, speakers: int) -> _Storm:
    """Who is not served within two minutes is counted as never served."""
    fleet = station.fleet(speakers, "--ramp", f"{WITHIN_S / speakers:.9f}")
    pages: list[float] = []
    await fleet.program.start()
    try:
        await fleet.said(station.stage, "dialling", within_s=60, every_s=0.01)
        fetching = asyncio.create_task(_fetch(station.stage, pages))
        pids = station.controller_pid, fleet.program.pid
        before = [cpu_seconds(pid) for pid in pids]
        after_s = _SERVED_WITHIN_S
        try:
            with contextlib.suppress(StageError):
                after_s = await fleet.served(station.stage, within_s=_SERVED_WITHIN_S)
            used = [cpu_seconds(pid) - was for pid, was in zip(pids, before, strict=True)]
        finally:
            fetching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await fetching
    finally:
        told = await fleet.stop()
    if not pages:
        raise CannotMeasure("no page was fetched during the storm")
    return _Storm(after_s, pages, int(told["turned_away"]), speakers - int(told["in_time"]), *used)


async def _fetch(stage: Stage, pages: list[float]) -> None:
    """Again and again; also the one that waits at the end counts, with the time that it has waited."""
    while True:
        began_s = time.monotonic()
        try:
            await stage.read(PAGE)
        finally:
            pages.append(time.monotonic() - began_s)
        await asyncio.sleep(_LOOK_EVERY_S)


async def _fetched(stage: Stage) -> float:
    began_s = time.monotonic()
    await stage.read(PAGE)
    return time.monotonic() - began_s
