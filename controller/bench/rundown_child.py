"""The process in which rundowns are compiled and timed; it prints one JSON object."""

import gc
import json
import random
import resource
import sys
import time
from dataclasses import replace
from datetime import timedelta

from controller.bench import rundown_world
from controller.bench.rundown import SAMPLE
from controller.collecting import collect_seldom
from schedules.recurrence.rule import Series
from schedules.rundown.compile import Compiler, changed
from schedules.schedule import Schedule, World

_SEED = 39
_CHANGES = 21


def main() -> None:
    """``measure`` or ``compare``, and a share of the world."""
    what, share = sys.argv[1], float(sys.argv[2])
    collect_seldom()  # as the controller does
    world = rundown_world.world(_SEED, share)
    print(json.dumps(_measured(world) if what == "measure" else _compared(world)))


def _measured(world: World) -> dict[str, float]:
    gc.collect()
    began = time.perf_counter()
    compiler = Compiler(world, rundown_world.FIRST, rundown_world.DAYS)
    timelines = compiler.full()
    full_s = time.perf_counter() - began
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024
    communes = [one for one in world.schedules if len(one.target.areas) == 1 and not one.above]
    provinces = [one for one in world.schedules if len(one.target.areas) == 1 and one.above]
    compiler, commune_ms = _after_changes(compiler, communes)
    compiler, province_ms = _after_changes(compiler, provinces)
    return {
        "full_s": full_s,
        "peak_mb": peak_mb,
        "commune_change_ms": commune_ms,
        "province_change_ms": province_ms,
        "segments": float(sum(map(len, timelines.values()))),
    }


def _after_changes(compiler: Compiler, schedules: list[Schedule]) -> tuple[Compiler, float]:
    """The middle of the times after one of these schedules begins a quarter of an hour later."""
    chance = random.Random(_SEED)  # noqa: S311 - nothing secret
    took: list[float] = []
    for schedule in chance.sample(schedules, min(_CHANGES, len(schedules))):
        rule = schedule.series.rule
        later = replace(
            schedule,
            series=Series(rule=replace(rule, start=rule.start + timedelta(minutes=15))),
            needs_approval=False,
        )
        others = compiler.world.schedules
        world = replace(
            compiler.world, schedules=tuple(later if one.schedule_id == later.schedule_id else one for one in others)
        )
        began = time.perf_counter()
        compiler, _ = changed(compiler, world)
        took.append((time.perf_counter() - began) * 1_000)
    return compiler, sorted(took)[len(took) // 2]


def _compared(world: World) -> dict[str, float]:
    from controller.bench.rundown_naive import timeline

    compiler = Compiler(world, rundown_world.FIRST, rundown_world.DAYS)
    chance = random.Random(_SEED)  # noqa: S311 - nothing secret
    places = chance.sample(world.places, min(SAMPLE, len(world.places)))
    began = time.perf_counter()
    plain = {one.speaker_id: timeline(world, one, rundown_world.FIRST, rundown_world.DAYS) for one in places}
    naive_s = (time.perf_counter() - began) * len(world.places) / len(places)
    equal = all(compiler.timeline(speaker_id) == found for speaker_id, found in plain.items())
    return {"equal": float(equal), "naive_s": naive_s}


if __name__ == "__main__":
    main()
