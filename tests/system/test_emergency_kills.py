"""kill -9 of the controller while an emergency goes out: after its restart all have had it, once."""

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from controller.colleague import Colleague, colleague
from controller.premises import Program, StageError, command
from controller.stage import Stage

FIRST, LATER = 20, 5
AREA = "Xã Hoà Bình"

pytestmark = [pytest.mark.system, pytest.mark.alone]


@dataclass
class Alarmed:
    """A station with a fleet, and two persons."""

    stage: Stage
    second: Colleague
    area_id: str

    async def prepared(self) -> str:
        draft = {"area_ids": [self.area_id], "texts": {"vi": "Bà con lên nơi cao ngay."}}
        made = await self.stage.api("POST", "/api/v1/emergencies", draft)
        emergency_id = str(made["emergency_id"])

        async def ready() -> bool | None:
            found = await self.stage.api("GET", f"/api/v1/emergencies/{emergency_id}")
            return True if found["state"] == "prepared" else None

        await self.stage.until("it to be prepared", ready, within_s=60)
        return emergency_id

    async def kill_once_recorded(self, emergency_id: str) -> None:
        """kill -9 in the moment in which the confirmation is in the database."""
        assert self.stage.controller is not None
        path = f"/api/v1/emergencies/{emergency_id}/confirm"
        pressing = asyncio.create_task(self.second.api("POST", path))
        uri = f"file:{self.stage.data_dir / 'loa.db'}?mode=ro"
        with contextlib.closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as seen:
            async with asyncio.timeout(20):
                while not seen.execute("SELECT 1 FROM emergency WHERE state = 'sent'").fetchone():
                    await asyncio.sleep(0.001)
        await self.stage.controller.kill()
        with contextlib.suppress(StageError, aiohttp.ClientError):
            await pressing
        await self.stage.start_controller()

    async def all_reached(self, emergency_id: str, count: int) -> dict[str, Any]:
        async def look() -> dict[str, Any] | None:
            board = await self.stage.api("GET", f"/api/v1/emergencies/{emergency_id}/board")
            there = sum(board["counts"].values()) == count
            return board if there and not board["counts"]["not_reached"] else None

        return dict(await self.stage.until(f"all {count} to have it", look, within_s=60, every_s=0.2))

    async def plays(self, emergency_id: str) -> list[int]:
        """How often each device began: once, whatever was killed."""
        found = await self.stage.api("GET", f"/api/v1/emergencies/{emergency_id}")
        airing = await self.stage.airing(found["airing_id"])
        began = [
            sum(record["event"]["type"] == "sounding" for record in playback["records"])
            for playback in airing["playbacks"]
        ]
        assert all(playback["restarts"] == 0 for playback in airing["playbacks"])
        return began


def fleet(stage: Stage, name: str, count: int, token: str) -> Program:
    argv = [command("loa-fleet"), "--count", str(count), "--url", stage.url, "--token", token, "--seconds", "600"]
    argv += ["--state", str(stage.folder / f"{name}.json"), "--seed", name]
    return Program(name, argv, stage.folder / f"{name}.log", dict(os.environ))


@pytest.fixture
async def alarmed(tmp_path: Path) -> AsyncIterator[Alarmed]:
    async with Stage(tmp_path / "station") as stage:
        await stage.start_controller()
        await stage.sign_in()
        area = await stage.api("POST", "/api/v1/areas", {"name": AREA, "level": "commune"})
        async with colleague(stage, "minh") as second:
            yield Alarmed(stage, second, area["area_id"])


async def token_of(stage: Stage) -> str:
    uses = str(FIRST + LATER)
    data_dir = str(stage.data_dir)
    return await stage.run(
        command("loa"), "admin", "token", "--uses", uses, "--area", AREA, "--bare", "--data-dir", data_dir
    )


async def test_killed_between_confirm_and_send_or_in_mid_fan_out(alarmed: Alarmed) -> None:
    """The kill falls where it falls: some of those connected may have it, those that are away have not."""
    stage = alarmed.stage
    token = await token_of(stage)
    first, later = fleet(stage, "1", FIRST, token), fleet(stage, "2", LATER, token)
    try:
        await first.start()
        await later.start()
        await stage.connected(FIRST + LATER, within_s=60)
        emergency_id = await alarmed.prepared()
        await later.stop()
        await alarmed.kill_once_recorded(emergency_id)
        await later.start()
        await alarmed.all_reached(emergency_id, FIRST + LATER)
        assert max(await alarmed.plays(emergency_id)) <= 1
    finally:
        await later.stop()
        await first.stop()
