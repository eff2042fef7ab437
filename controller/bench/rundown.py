"""How long the rundowns of a country take: all of them, and after a change; beside the plain way to find them.

The world is that of `rundown_world`: 20,000 speakers in 3,321 communes, 10,000 schedules, 7 days. Ours is
`schedules.rundown.compile`, from schedules to the timeline of every speaker, in a process of its own whose memory is
counted whole, with Python and the world itself; nothing is remembered from before. A change is a schedule that begins
later, an occurrence that is cancelled, a choice between two schedules, other guards of the area, or (in a commune)
another delay of a speaker: of the slowest of these kinds the middle time counts. What is as it was is the same object
in the next world, as the planner sees to. The peer is `rundown_naive`, which asks each speaker by itself and keeps
nothing: it is timed on 200 speakers, which must come out alike, and its time for all is reckoned from that.

The growth is the slope of the time over four sizes of the world, from an eighth to the whole, in logarithms.
"""

import asyncio
import json
import math
import sys
from collections.abc import Sequence

from controller.bench.figures import CannotMeasure, middle

ROUNDS = 3
SAMPLE = 200
SIZES = (0.125, 0.25, 0.5, 1.0)
BOUNDS = {"full_s": 3.0, "peak_mb": 500.0, "commune_change_ms": 20.0, "province_change_ms": 500.0}
GROWTH_BOUND = 1.1


async def measure(rounds: int) -> dict[str, float]:
    """``full_s``, ``peak_mb``, ``commune_change_ms``, ``province_change_ms`` (middles), ``growth_exponent``,
    ``naive_ratio`` (ours against the plain way), and each bound.
    """
    times: list[float] = []
    whole: list[dict[str, float]] = []
    for share in SIZES:
        runs = [await _child("measure", str(share)) for _ in range(rounds or ROUNDS)]
        times.append(middle([run["full_s"] for run in runs]))
        whole = runs
    figures = {name: round(middle([run[name] for run in whole]), 4) for name in BOUNDS}
    figures["growth_exponent"] = round(slope(SIZES, times), 3)
    sample = await _child("compare", "1.0")
    figures["sample_equal"] = sample["equal"]
    figures["naive_ratio"] = round(figures["full_s"] / sample["naive_s"], 5)
    figures |= {f"{name}_bound": bound for name, bound in BOUNDS.items()}
    return figures | {"growth_exponent_bound": GROWTH_BOUND, "rounds": float(rounds or ROUNDS)}


def slope(sizes: Sequence[float], times: Sequence[float]) -> float:
    """Of the line through the points (log size, log time) that is nearest to all."""
    xs, ys = [math.log(size) for size in sizes], [math.log(time) for time in times]
    x, y = sum(xs) / len(xs), sum(ys) / len(ys)
    return sum((a - x) * (b - y) for a, b in zip(xs, ys, strict=True)) / sum((a - x) ** 2 for a in xs)


async def _child(what: str, share: str) -> dict[str, float]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "controller.bench.rundown_child", what, share), stdout=asyncio.subprocess.PIPE
    )
    try:
        said, _ = await asyncio.wait_for(process.communicate(), 600)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise CannotMeasure("compiling took more than ten minutes") from None
    if process.returncode:
        raise CannotMeasure(f"the process that compiles ended with {process.returncode}")
    found: dict[str, float] = json.loads(said)
    return found
