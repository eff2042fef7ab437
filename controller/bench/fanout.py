"""One order of 2 kB to every connected device, until every acknowledgement is committed; beside mosquitto.

The order is the one that must never wait: the stop of everything, asked for over the JSON API. The clock runs from the
request until the last acknowledgement is **committed**, which is seen from outside: another process's connection to the
database sees a row only after its commit.
"""

import asyncio
import math
import sqlite3
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from controller.bench.crowd import Crowd, crowd
from controller.bench.figures import CannotMeasure, middle, resident_mb

SIZES = (1_000, 3_000, 9_000)
ROUNDS = 5
_LOOK_EVERY_S = 0.002
_WITHIN_S = 60.0
_SETTLE_S = 6.0


async def measure(rounds: int, sizes: Sequence[int] = SIZES) -> dict[str, float]:
    """``committed_s`` (the largest size, median), ``ratio_to_mosquitto``, ``growth_exponent``, ``kb_per_device``."""
    figures: dict[str, float] = {}
    medians: dict[int, float] = {}
    with tempfile.TemporaryDirectory(prefix="loa-bench-") as name:
        async with crowd(Path(name), max(sizes)) as station:
            await asyncio.sleep(_SETTLE_S)
            idle_mb = resident_mb(station.controller_pid)
            for size in sizes:
                round_ = await _of_size(station, size, rounds or ROUNDS)
                medians[size] = middle(round_.committed_s)
                figures[f"committed_{size}_s"] = round(medians[size], 4)
                figures["order_bytes"] = float(round_.order_bytes)
                figures["kb_per_device"] = round((round_.resident_mb - idle_mb) * 1_000 / size, 1)
    figures["committed_s"] = round(medians[max(sizes)], 4)
    if len(sizes) > 1:
        figures["growth_exponent"] = round(_exponent(medians), 3)
    return figures


@dataclass(slots=True)
class _Measured:
    committed_s: list[float]
    resident_mb: float
    order_bytes: int


async def _of_size(station: Crowd, size: int, rounds: int) -> _Measured:
    fleet = station.fleet(size, "--ramp", "0.002")
    await fleet.program.start()
    try:
        await fleet.linked(station.stage)
        await asyncio.sleep(_SETTLE_S)
        measured = _Measured([], resident_mb(station.controller_pid), 0)
        for _ in range(rounds):
            took_s, measured.order_bytes = await _stopped_and_released(station, size)
            measured.committed_s.append(took_s)
        return measured
    finally:
        await fleet.stop()


async def _stopped_and_released(station: Crowd, size: int) -> tuple[float, int]:
    book = Acknowledgements(station.database)
    try:
        before = book.written()
        began_s = time.monotonic()
        order = asyncio.create_task(station.stage.api("POST", "/api/v1/stop"))
        took_s = await book.grown(before + size) - began_s
        order_id = (await order)["order_id"]
        if book.accepted(order_id) != size:
            raise CannotMeasure(f"{book.accepted(order_id)} of {size} devices obeyed the stop")
        before = book.written()
        await station.stage.api("DELETE", "/api/v1/stop")
        await book.grown(before + size)
        return took_s, book.order_bytes(order_id)
    finally:
        book.close()


class Acknowledgements:
    """What another process sees of the answers that the controller has committed."""

    def __init__(self, database: Path) -> None:
        self._connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True, isolation_level=None)

    def written(self) -> int:
        """How many rows were ever written."""
        return int(self._connection.execute("SELECT coalesce(max(rowid), 0) FROM delivered").fetchone()[0])

    async def grown(self, to: int) -> float:
        """The instant at which so many were seen. Raises `CannotMeasure`."""
        give_up_s = time.monotonic() + _WITHIN_S
        while (seen := self.written()) < to:
            if time.monotonic() > give_up_s:
                raise CannotMeasure(f"{to - seen} acknowledgements were not committed within {_WITHIN_S:.0f} s")
            await asyncio.sleep(_LOOK_EVERY_S)
        return time.monotonic()

    def accepted(self, order_id: str) -> int:
        """How many devices have obeyed this order."""
        query = "SELECT count(*) FROM delivered WHERE document_id = ? AND accepted"
        return int(self._connection.execute(query, (order_id,)).fetchone()[0])

    def order_bytes(self, order_id: str) -> int:
        """The size of what was signed."""
        query = "SELECT length(payload) FROM document WHERE document_id = ?"
        return int(self._connection.execute(query, (order_id,)).fetchone()[0])

    def close(self) -> None:
        """Lets go of the database."""
        self._connection.close()


def _exponent(medians: dict[int, float]) -> float:
    """The slope of the straight line through log(seconds) over log(devices), by least squares."""
    points = [(math.log(size), math.log(seconds)) for size, seconds in medians.items()]
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    across = sum((x - mean_x) * (y - mean_y) for x, y in points)
    return across / sum((x - mean_x) ** 2 for x, _ in points)
