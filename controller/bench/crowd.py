"""A station with thousands of adopted speakers, for the measurements that need a crowd, and the fleet that is them.

Adopting nine thousand devices over the wire takes longer than anybody waits for a figure. So the controller is started
once on an empty folder, makes its keys, its first tunes and its siren, and is stopped; then a child process
(`crowd_child`) writes areas, speakers and their signed assignments with the controller's own store and services, and
beside it the fleet's file, in which every device has pinned this controller (docs/fleet.md). From then on it is a
station that had its devices for long: they dial, prove their keys, and lack nothing.

The speakers stand in `AREAS` villages that lie in no wider area: an order to all of them names each, and is of 2 kB.
"""

import asyncio
import contextlib
import json
import os
import sqlite3
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from controller.bench.figures import CannotMeasure
from controller.domain.sounds import SIREN, SoundState
from controller.stage import Program, Stage, command

SPEAKERS = 9_000
AREAS = 49
_MADE_WITHIN_S = 60.0
_DATABASE = "loa.db"


@dataclass(slots=True)
class Crowd:
    """The station, and the file of its fleet."""

    stage: Stage
    state_file: Path

    @property
    def controller_pid(self) -> int:
        """Of the controller that runs."""
        assert self.stage.controller is not None
        return self.stage.controller.pid

    @property
    def database(self) -> Path:
        """The station's database."""
        return self.stage.data_dir / _DATABASE

    def fleet(self, count: int, *flags: str) -> "Fleet":
        """So many of its devices, not started yet. ``flags`` go to ``loa-fleet``."""
        argv = [command("loa-fleet"), "--count", str(count), "--url", self.stage.url, "--state", str(self.state_file)]
        argv += ["--own-addresses", "--events", "--seconds", "3600", *flags]
        log = self.stage.folder / f"fleet-{count}.log"
        log.unlink(missing_ok=True)
        return Fleet(Program("fleet", argv, log, dict(os.environ)), count)


@dataclass(slots=True)
class Fleet:
    """One run of ``loa-fleet``."""

    program: Program
    count: int

    def events(self) -> list[dict[str, Any]]:
        """What it said so far."""
        return [json.loads(line) for line in self.program.last_words(10_000).splitlines() if line.startswith("{")]

    async def served(self, stage: Stage, *, within_s: float = 120.0) -> float:
        """Waits until all are welcomed and in time; returns how many seconds after the first dial that was."""
        return float((await self.said(stage, "all_served", within_s=within_s))["after_s"])

    async def said(self, stage: Stage, event: str, *, within_s: float, every_s: float = 0.1) -> dict[str, Any]:
        """Waits until it says so."""

        async def look() -> dict[str, Any] | None:
            return next((one for one in self.events() if one.get("event") == event), None)

        what = f"{event} of {self.count} devices"
        return await stage.until(what, look, within_s=within_s, alive=[self.program], every_s=every_s)

    async def stop(self) -> dict[str, Any]:
        """Ends it; what it did, as it says itself."""
        if self.program.process is not None and self.program.running:
            self.program.process.terminate()
            await asyncio.wait_for(self.program.process.wait(), 60)
        told = [event for event in self.events() if "event" not in event]
        if not told:
            raise CannotMeasure(f"the fleet ended without a word:\n{self.program.last_words()}")
        return dict(told[-1])


@contextlib.asynccontextmanager
async def crowd(folder: Path, speakers: int = SPEAKERS, *flags: str) -> AsyncIterator[Crowd]:
    """A station with so many speakers, its controller running and somebody signed in. ``flags`` go to ``loa serve``."""
    state_file = folder / "fleet.json"
    async with Stage(folder / "station", controller_flags=flags) as stage:
        await stage.start_controller()
        await stage.sign_in()
        await stage.until("the first tunes and the siren to be made", lambda: _made(stage), within_s=_MADE_WITHIN_S)
        assert stage.controller is not None
        await stage.controller.stop()
        child = [sys.executable, "-m", "controller.bench.crowd_child", str(stage.data_dir), str(state_file)]
        print(f"  preparing a station of {speakers} speakers ...", file=sys.stderr)
        await prepare([*child, str(speakers), str(AREAS)])
        await stage.start_controller()
        yield Crowd(stage, state_file)


async def prepare(argv: list[str]) -> None:
    """Runs the child to its end. Raises `CannotMeasure`."""
    process = await asyncio.create_subprocess_exec(
        *argv, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await process.communicate()
    if process.returncode != 0:
        raise CannotMeasure(f"the station could not be prepared: {said.decode(errors='replace')[-500:]}")


async def _made(stage: Stage) -> bool | None:
    tunes = (await stage.api("GET", "/api/v1/tunes"))["tunes"]
    if not tunes or any(tune["sound"]["state"] != "ready" for tune in tunes):
        return None
    with contextlib.closing(sqlite3.connect(f"file:{stage.data_dir / _DATABASE}?mode=ro", uri=True)) as connection:
        row = connection.execute("SELECT state FROM sound WHERE sound_id = ?", (SIREN,)).fetchone()
    return True if row == (SoundState.READY,) else None
