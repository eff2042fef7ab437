"""Real processes in network namespaces, and a time in which anything fails: every planned airing is played once or
has a recorded reason, every report is stored once. ``LOA_VILLAGES`` says how many stand side by side,
each by its seed, ``LOA_VILLAGE_S`` for how long: `make torture` has five, of two minutes.
"""

import asyncio
import os
import random
import signal
import sqlite3
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from controller.premises import StageError
from tests.system.village import Village, village

pytestmark = [pytest.mark.system, pytest.mark.alone]

TROUBLE_S = float(os.environ.get("LOA_VILLAGE_S", "30"))
VILLAGES = int(os.environ.get("LOA_VILLAGES", "1"))
POLES = 3
LASTS = ("finished", "skipped", "failed", "preempted", "stopped")
OVER = (*LASTS, "planned", "refused")
"""Planned or refused: the speaker was away all the time and never had it."""


async def test_whatever_fails_in_a_village_every_airing_is_accounted_for(tmp_path: Path) -> None:
    base = int(os.environ.get("LOA_VILLAGE_SEED", "1"))
    async with asyncio.TaskGroup() as group:
        for seed in range(base, base + VILLAGES):
            group.create_task(_live(seed, tmp_path / str(seed)))


async def _live(seed: int, folder: Path) -> None:
    chance = random.Random(seed)
    story: list[str] = []
    async with village(folder, POLES) as place:
        bulletin_id = await place.stage.text_bulletin("Thử", "Đây là bản tin thử. " * 2)
        began = asyncio.get_running_loop().time()
        airings: list[str] = []
        troubles = asyncio.create_task(_troubles(place, chance, story, began))
        while asyncio.get_running_loop().time() - began < TROUBLE_S:
            await _plan(place, chance, bulletin_id, airings, story)
            await asyncio.sleep(chance.uniform(6, 14))
        await troubles
        await _mend(place)
        await place.stage.connected(POLES, within_s=90)
        try:
            for airing_id in airings:
                await place.stage.playbacks_reach(
                    airing_id, lambda ps: all(p["state"] in OVER for p in ps), "it to end", within_s=90
                )
        except StageError as error:
            raise AssertionError(_told(seed, story, str(error))) from error
        await _heard_by_all(place, bulletin_id, seed, story)
        await asyncio.sleep(3)  # what is told after an end, gaps and the like, comes home
    wrong = _stored_wrong(folder / "controller" / "loa.db")
    assert not wrong, _told(seed, story, *wrong)
    assert airings, "the desk could never plan anything"


async def _heard_by_all(place: Village, bulletin_id: str, seed: int, story: list[str]) -> None:
    """Whatever it went through, the village is well again: what is planned now sounds on every pole."""
    start_at = datetime.now(UTC) + timedelta(seconds=6)
    body = {"bulletin_id": bulletin_id, "speaker_ids": "all", "start_at": start_at.isoformat()}
    airing_id = str((await place.stage.api("POST", "/api/v1/airings", body))["airing_id"])
    ended = await place.stage.playbacks_reach(
        airing_id, lambda ps: all(p["state"] in LASTS for p in ps), "the last airing to end", within_s=60
    )
    states = [one["state"] for one in ended]
    assert states == ["finished"] * POLES, _told(seed, story, f"the last airing, with nothing in its way: {states}")


def _told(seed: int, story: list[str], *wrong: str) -> str:
    return "\n".join([f"seed {seed}", *wrong, "--- what happened", *story])


async def _plan(place: Village, chance: random.Random, bulletin_id: str, airings: list[str], story: list[str]) -> None:
    start_at = datetime.now(UTC) + timedelta(seconds=chance.uniform(4, 25))
    body = {"bulletin_id": bulletin_id, "speaker_ids": "all", "start_at": start_at.isoformat()}
    try:
        airings.append(str((await place.stage.api("POST", "/api/v1/airings", body))["airing_id"]))
        story.append(f"planned {airings[-1]} for {start_at:%H:%M:%S}")
    except (StageError, OSError, aiohttp.ClientError) as error:
        story.append(f"nothing planned: {str(error)[:80]}")


async def _troubles(place: Village, chance: random.Random, story: list[str], began: float) -> None:
    loop = asyncio.get_running_loop()
    while loop.time() - began < TROUBLE_S - 15:
        await asyncio.sleep(chance.uniform(3, 10))
        name = chance.choice(list(place.cables))
        cable, pole = place.cables[name], place.stage.agents[name]
        what = chance.choice(("cable", "noise", "kill", "freeze", "desk"))
        story.append(f"{datetime.now(UTC):%H:%M:%S} {what} {name}")
        lasts_s = chance.uniform(0.5, 20)
        match what:
            case "cable":
                cable.pull()
                await asyncio.sleep(lasts_s)
                cable.plug()
            case "noise":
                cable.noise(chance.uniform(0.05, 0.4))
                await asyncio.sleep(lasts_s)
                cable.quiet()
            case "kill":
                await pole.kill()
                await asyncio.sleep(lasts_s / 2)
                await pole.start()
            case "freeze":
                os.kill(pole.pid, signal.SIGSTOP)
                await asyncio.sleep(lasts_s)
                os.kill(pole.pid, signal.SIGCONT)
            case "desk":
                assert place.stage.controller is not None
                await place.stage.controller.kill()
                await asyncio.sleep(lasts_s / 2)
                await place.stage.start_controller()


async def _mend(place: Village) -> None:
    for cable in place.cables.values():
        cable.plug()
        cable.quiet()


def _stored_wrong(database: Path) -> list[str]:
    """What the station's own books say, with every process gone."""
    books = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    wrong = []
    numbers: dict[tuple[str, str], list[int]] = {}
    lasts: Counter[tuple[str, str]] = Counter()
    for device_id, journal_id, seq, kind, airing_id in books.execute(
        "SELECT device_id, journal_id, seq, kind, airing_id FROM journal_record ORDER BY device_id, journal_id, seq"
    ):
        numbers.setdefault((device_id, journal_id), []).append(seq)
        if kind in LASTS:
            lasts[(device_id, airing_id)] += 1
    books.close()
    for key, found in numbers.items():
        if found != list(range(1, len(found) + 1)):
            wrong.append(f"the journal {key} is not whole: {found}")
    wrong += [f"{key} ended {times} times" for key, times in lasts.items() if times > 1]
    return wrong
