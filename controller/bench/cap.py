"""How many alerts a second are parsed, validated and matched against 20,000 speakers, on one core.

The alerts are those that a station may see: in two languages, with a commune's code, a district drawn by hand (a
polygon of 60 points), a circle round a dam, a storm's coastal strip (200 points); one to three areas in each. Each is
read from its bytes anew (schema, section 3), matched with the index of all speakers, and its language chosen for
everybody whom it reaches. The index is made once, as the station does. Counted is processor time, so that
what else runs does not count.

The floor beside it is parsing and the schema alone (libxml2): nothing understood and nobody found.
"""

import asyncio
import json
import sys

from controller.bench.figures import CannotMeasure, middle

ROUNDS = 3
BOUND = 300.0


async def measure(rounds: int) -> dict[str, float]:
    """``alerts_per_s`` (the middle of the rounds), ``floor_per_s`` (parsing and the schema), and what lay behind."""
    runs = [await _child() for _ in range(rounds or ROUNDS)]
    figures = {name: round(middle([run[name] for run in runs]), 2) for name in runs[0]}
    figures["share_of_floor"] = round(figures["alerts_per_s"] / figures["floor_per_s"], 4)
    return figures | {"alerts_per_s_bound": BOUND, "rounds": float(rounds or ROUNDS)}


async def _child() -> dict[str, float]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "controller.bench.cap_child", stdout=asyncio.subprocess.PIPE
    )
    try:
        said, _ = await asyncio.wait_for(process.communicate(), 300)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise CannotMeasure("reading the alerts took more than five minutes") from None
    if process.returncode:
        raise CannotMeasure(f"the process that reads alerts ended with {process.returncode}")
    found: dict[str, float] = json.loads(said)
    return found
