"""From the moment the second person presses confirm to what every device has said, and to sound.

``committed_s``: 9,000 simulated devices stand in 49 areas; one person prepares an emergency for all of them, another
presses confirm over the route that persons use. The clock runs from that request until the last acknowledgement is
**committed**, which is seen from outside, as in `fanout`. Between two rounds the emergency is ended quietly.

``first_sound_p95_ms`` and ``stop_p95_ms`` are heard in the sound room, see `emergency_sound`: one real agent with the
siren on it, a hundred confirmations and as many stops.
"""

import asyncio
import contextlib
import sqlite3
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from controller.bench import emergency_sound
from controller.bench.crowd import SPEAKERS, Crowd, crowd
from controller.bench.fanout import Acknowledgements
from controller.bench.figures import CannotMeasure, middle
from controller.colleague import Colleague, colleague
from controller.stage import Json, Stage

ROUNDS = 5
COMMITTED_BOUND_S = 0.6
PARTS = ("fleet", "sound")
_SETTLE_S = 6.0
_PAUSE_S = 0.5
_READY_WITHIN_S = 60.0
TEXT = "Nước sông đang lên nhanh. Bà con ở thôn Đông lên nơi cao ngay."


async def measure(rounds: int, only: list[str] | None = None, *, speakers: int = SPEAKERS) -> dict[str, float]:
    """``committed_s`` (median), ``first_sound_p95_ms``, ``stop_p95_ms``, and what they are made of."""
    figures: dict[str, float] = {}
    parts = only or PARTS
    if "fleet" in parts:
        figures |= await _committed(rounds or ROUNDS, speakers)
    if "sound" in parts:
        figures |= await emergency_sound.measure(rounds or emergency_sound.TRIALS)
    return figures


async def _committed(rounds: int, speakers: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="loa-bench-") as name:
        async with crowd(Path(name), speakers) as station, colleague(station.stage, "officer") as second:
            fleet = station.fleet(speakers, "--ramp", "0.002")
            await fleet.program.start()
            try:
                await fleet.served(station.stage)
                await asyncio.sleep(_SETTLE_S)
                desk = Desk(station.stage, second, area_ids=_areas(station))
                measured = [await _round(station, desk, speakers) for _ in range(rounds)]
            finally:
                await fleet.stop()
    return {
        "committed_s": round(middle([one.committed_s for one in measured]), 4),
        "committed_worst_s": round(max(one.committed_s for one in measured), 4),
        "answered_s": round(middle([one.answered_s for one in measured]), 4),
        "order_bytes": float(measured[-1].order_bytes),
        "speakers": float(speakers),
        "committed_bound_s": COMMITTED_BOUND_S,
    }


def _areas(station: Crowd) -> list[str]:
    with contextlib.closing(sqlite3.connect(f"file:{station.database}?mode=ro", uri=True)) as connection:
        return [str(row[0]) for row in connection.execute("SELECT DISTINCT area_id FROM speaker")]


@dataclass(frozen=True, slots=True)
class _Measured:
    committed_s: float
    answered_s: float
    order_bytes: int


async def _round(station: Crowd, desk: "Desk", speakers: int) -> _Measured:
    book = Acknowledgements(station.database)
    try:
        await desk.prepare()
        await asyncio.sleep(_PAUSE_S)
        before, began_s = book.written(), time.monotonic()
        confirming = asyncio.create_task(_timed(desk))
        committed_s = await book.grown(before + speakers) - began_s
        answered_s = await confirming - began_s
        order_id = str(desk.now["order_id"])
        if book.accepted(order_id) != speakers:
            raise CannotMeasure(f"{book.accepted(order_id)} of {speakers} devices accepted the emergency")
        before = book.written()
        await desk.end()
        await book.grown(before + speakers)
        await asyncio.sleep(_PAUSE_S)
        return _Measured(committed_s, answered_s, book.order_bytes(order_id))
    finally:
        book.close()


async def _timed(desk: "Desk") -> float:
    await desk.confirm()
    return time.monotonic()


@dataclass(slots=True)
class Desk:
    """Two persons at a station: the one at ``stage`` prepares, the other confirms."""

    stage: Stage
    second: Colleague
    area_ids: list[str]
    now: Json = field(default_factory=dict)

    async def prepare(self) -> None:
        """An emergency with a siren, for every speaker, that waits for the second person."""
        draft = {"area_ids": self.area_ids, "hazard": "flood", "texts": {"vi": TEXT}, "severity": "Extreme"}
        self.now = await self.stage.api("POST", "/api/v1/emergencies", draft)
        await self.stage.until("the emergency to be prepared", self._prepared, within_s=_READY_WITHIN_S)

    async def _prepared(self) -> bool | None:
        found = await self.stage.api("GET", f"/api/v1/emergencies/{self.now['emergency_id']}")
        if found["state"] == "failed":
            raise CannotMeasure(f"the emergency could not be prepared: {found['failure']}")
        return True if found["state"] == "prepared" else None

    async def confirm(self) -> None:
        """The second person presses. Returns with the answer."""
        self.now = await self.second.api("POST", f"/api/v1/emergencies/{self.now['emergency_id']}/confirm")

    async def end(self) -> None:
        """Quietly."""
        path = f"/api/v1/emergencies/{self.now['emergency_id']}/end"
        await self.stage.api("POST", path, {"all_clear": False})
