"""The process in which rundowns are compiled and timed; it prints one JSON object."""

import gc
import json
import random
import resource
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from controller.bench import rundown_world
from controller.bench.rundown import SAMPLE
from controller.collecting import collect_seldom
from schedules.guards import NO_GUARDS
from schedules.recurrence.rule import Cancelled, Series
from schedules.recurrence.series import next_dues, with_change
from schedules.rundown.compile import Compiler, changed
from schedules.rundown.items import Days
from schedules.schedule import Choice, Schedule, World

_SEED = 39
_CHANGES = 21
_ROOMS = ("schedules.",)
Change = Callable[[World, Schedule, random.Random], World]
"""The next world, after something was changed for those to whom a schedule is addressed."""


def main() -> None:
    """``measure`` or ``compare``, and a share of the world."""
    what, share = sys.argv[1], float(sys.argv[2])
    collect_seldom()  # as the controller does
    world = rundown_world.world(_SEED, share)
    print(json.dumps(_measured(world) if what == "measure" else _compared(world)))


def _measured(world: World) -> dict[str, float]:
    _forget()
    gc.collect()
    began = time.perf_counter()
    compiler = Compiler(world, rundown_world.FIRST, rundown_world.DAYS)
    timelines = compiler.full()
    full_s = time.perf_counter() - began
    communes = [one for one in world.schedules if len(one.target.areas) == 1 and not one.above]
    provinces = [one for one in world.schedules if len(one.target.areas) == 1 and one.above]
    compiler, commune_ms = _after_changes(compiler, communes, (_later, _cancelled, _before_another, _guarded, _delayed))
    compiler, province_ms = _after_changes(compiler, provinces, (_later, _cancelled, _before_another, _guarded))
    return {
        "full_s": full_s,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024,
        "commune_change_ms": commune_ms,
        "province_change_ms": province_ms,
        "segments": float(sum(map(len, timelines.values()))),
    }


def _forget() -> None:
    """What was remembered while the world was made: a controller that starts remembers nothing."""
    for name, module in list(sys.modules.items()):
        if name.startswith(_ROOMS):
            for value in vars(module).values():
                if hasattr(value, "cache_clear"):
                    value.cache_clear()


def _after_changes(
    compiler: Compiler, schedules: Sequence[Schedule], kinds: Sequence[Change]
) -> tuple[Compiler, float]:
    """Of the slowest kind of change the middle of the times that it takes."""
    chance = random.Random(_SEED)  # noqa: S311 - nothing secret
    slowest_ms = 0.0
    for kind in kinds:
        took: list[float] = []
        for schedule in chance.sample(schedules, min(_CHANGES, len(schedules))):
            world = kind(compiler.world, schedule, chance)
            began = time.perf_counter()
            compiler, _ = changed(compiler, world)
            took.append((time.perf_counter() - began) * 1_000)
        slowest_ms = max(slowest_ms, sorted(took)[len(took) // 2])
    return compiler, slowest_ms


def _with(world: World, schedule: Schedule) -> World:
    others = world.schedules
    return replace(
        world, schedules=tuple(schedule if one.schedule_id == schedule.schedule_id else one for one in others)
    )


def _later(world: World, schedule: Schedule, _: random.Random) -> World:
    """It begins a quarter of an hour later."""
    rule = schedule.series.rule
    series = Series(rule=replace(rule, start=rule.start + timedelta(minutes=15)))
    return _with(world, replace(schedule, series=series, needs_approval=False))


def _cancelled(world: World, schedule: Schedule, _: random.Random) -> World:
    """Its next occurrence does not happen."""
    days = Days(world.zone)
    [due] = next_dues(schedule.series, days.begin_us(rundown_world.FIRST), 1, world.holidays)
    series = with_change(schedule.series, Cancelled(due.original))
    return _with(world, replace(schedule, series=series))


def _before_another(world: World, schedule: Schedule, chance: random.Random) -> World:
    """Somebody lets it go before one of those that reach the same speakers, or after it."""
    [area_id] = schedule.target.areas
    near = set(world.tree.path_on(area_id, rundown_world.FIRST))
    others = [one for one in world.schedules if one is not schedule and not near.isdisjoint(one.target.areas)]
    two = chance.sample((schedule.schedule_id, chance.choice(others).schedule_id), 2)
    return replace(world, choices=world.choices | {Choice(*two)})


def _guarded(world: World, schedule: Schedule, chance: random.Random) -> World:
    """One slot a day less or more where it is heard."""
    [area_id] = schedule.target.areas
    guards = replace(world.guards.get(area_id, NO_GUARDS), slots_a_day=chance.choice((1, 2, 4)))
    return replace(world, guards=world.guards | {area_id: guards})


def _delayed(world: World, schedule: Schedule, chance: random.Random) -> World:
    """A speaker there begins a little later."""
    [area_id] = schedule.target.areas
    near = [one for one in world.places if area_id in world.tree.path_on(one.area_id, rundown_world.FIRST)]
    if not near:
        return world
    later = replace(chance.choice(near), stagger_us=chance.randint(1, 3_000) * 1_000)
    return replace(world, places=tuple(later if one.speaker_id == later.speaker_id else one for one in world.places))


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
