"""Schedules of faults, each drawn from its seed: every planned airing is played once or has a recorded
reason, every report is stored once, nothing sounds twice or at another time than it should.

A failure prints the seed and the story; ``LOA_FAULT_SEEDS=17,23`` runs just those. `make torture` runs two hundred.
"""

import gc
import itertools
import os
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from agents.domain.journal import is_last
from agents.protocol.ids import DeviceId
from agents.protocol.journal import airing_of as told_of
from controller.domain.airings import OPEN_STATES, PlayState
from tests.simulation.faults import World, airing_of, ended, lived_through

SCHEDULES = int(os.environ.get("LOA_FAULT_SCHEDULES", "20"))
AT_ONCE = 2
OVER = frozenset({PlayState.FINISHED, PlayState.SKIPPED, PlayState.FAILED, PlayState.PREEMPTED, PlayState.STOPPED})
UNTOLD = frozenset({PlayState.PLANNED, PlayState.REFUSED})
"""The speaker never had it, and so has nothing to tell of it."""
START_WITHIN_S = 5.5
"""A horn whose error of the clock passes 5 s stays silent."""


def _seeds() -> list[list[int]]:
    asked = os.environ.get("LOA_FAULT_SEEDS")
    if asked:
        return [[int(seed)] for seed in asked.split(",")]
    return [list(range(first, first + AT_ONCE)) for first in range(0, SCHEDULES, AT_ONCE)]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # a program that was killed left things
@pytest.mark.filterwarnings("ignore:coroutine:RuntimeWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("seeds", _seeds(), ids=lambda seeds: f"{seeds[0]}-{seeds[-1]}")
def test_whatever_fails_every_airing_is_accounted_for(
    seeds: list[int], tmp_path: Path, new_database: Path, in_leaps: Callable[[Awaitable[None]], None]
) -> None:
    for seed in seeds:
        folder = tmp_path / str(seed)
        folder.mkdir()
        in_leaps(_one(seed, folder, new_database))
        gc.collect()


async def _one(seed: int, folder: Path, database: Path) -> None:
    world = await lived_through(seed, folder, database)
    try:
        wrong = [*await _unaccounted(world), *await _reported_wrong(world), *_heard_wrong(world)]
    finally:
        await ended(world)
    wrong += [f"{pole.name} broke: {problem!r}" for pole in world.poles for problem in pole.problems]
    assert not wrong, "\n".join([f"seed {seed}", *wrong, "--- what happened", *world.story])


async def _unaccounted(world: World) -> list[str]:
    wrong = []
    async with world.station.store.reading() as tx:
        for made in world.airings:
            airing = await tx.airings.get(made.airing_id)
            if airing.state in OPEN_STATES:
                wrong.append(f"{airing.airing_id} is still {airing.state}")
            for playback in await tx.airings.playbacks(made.airing_id):
                if playback.state not in OVER | UNTOLD:
                    wrong.append(f"{airing.airing_id} on {playback.speaker_id} is left {playback.state}")
    return wrong


async def _reported_wrong(world: World) -> list[str]:
    wrong = []
    for pole in world.poles:
        device_id = DeviceId(pole.identity().device_id)
        stored = await world.station.journal_of(device_id)
        numbers: dict[str, list[int]] = {}
        for journal_id, record in stored:
            numbers.setdefault(journal_id, []).append(record.seq)
        for journal_id, found in numbers.items():
            if found != list(range(1, len(found) + 1)):
                wrong.append(f"{pole.name}: journal {journal_id} has {found}")
        lasts = Counter(told_of(record.event) for _, record in stored if is_last(record.event))
        wrong += [f"{pole.name}: {airing_id} ended {times} times" for airing_id, times in lasts.items() if times > 1]
        told = {told_of(record.event) for _, record in stored} - {None}
        wrong += [f"{pole.name}: nothing says how {airing_id} ended" for airing_id in told - set(lasts)]
    return wrong


def _heard_wrong(world: World) -> list[str]:
    wrong = []
    for pole in world.poles:
        heard: dict[str, list[tuple[float, float]]] = {}
        for sound in (sound for horn in pole.horns for sound in horn.heard):
            begins_s = sound.from_frame / 48_000
            heard.setdefault(airing_of(sound.play_id), []).append((begins_s, begins_s + sound.until_s - sound.from_s))
            due_us = next((a.start_at_us for a in world.airings if a.airing_id == airing_of(sound.play_id)), None)
            if due_us is not None:
                off_s = sound.from_s - begins_s - world.began_s - (due_us - 1_795_402_800_000_000) / 1e6
                if abs(off_s) > START_WITHIN_S:
                    wrong.append(f"{pole.name}: {sound.play_id} sounded {off_s:+.3f} s from its time")
        for airing_id, pieces in heard.items():
            pieces.sort()
            twice_s = sum(max(0.0, one[1] - other[0]) for one, other in itertools.pairwise(pieces))
            if twice_s > 1.0:
                wrong.append(f"{pole.name}: {twice_s:.1f} s of {airing_id} sounded twice: {pieces}")
    return wrong
