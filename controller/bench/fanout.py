"""One order of 2 kB to every connected device, until every acknowledgement is committed; beside mosquitto.

The order is the one that must never wait: the stop of everything, asked for over the JSON API. The clock runs from the
request until the last acknowledgement is **committed**, which is seen from outside: another process's connection to the
database sees a row only after its commit. Between two rounds the stop is released again.

mosquitto's rounds are before and after those of the largest fleet, not beside them: our devices' heartbeats would cost
its time. What it is timed for stands in `mosquitto`; ``ratio_to_mosquitto`` is to all answers at the one who gave the
order, ``ratio_to_puback`` to the bare PUBACKs at the broker. ``growth_exponent`` is the slope of log(seconds) over
log(devices). ``kb_per_device`` is what the controller's memory (resident) grew by since nobody was connected.
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
from controller.bench.mosquitto import peer

SIZES = (1_000, 3_000, 9_000)
ROUNDS = 5
_LOOK_EVERY_S = 0.002
_WITHIN_S = 60.0
_SETTLE_S = 6.0
_PAUSE_S = 0.5
ORDER_BYTES = 2_048 + 64
"""What mosquitto carries: as much as is signed, and the signature."""


async def measure(rounds: int, sizes: Sequence[int] = SIZES, *, against: bool = True) -> dict[str, float]:
    """``committed_s`` (the largest size, median) and of each size, ``ratio_to_mosquitto``, ``growth_exponent``,
    ``kb_per_device`` (the largest size). Without ``against`` mosquitto is left out.
    """
    rounds, largest = rounds or ROUNDS, max(sizes)
    theirs = _Theirs()
    ours: dict[int, _Measured] = {}
    with tempfile.TemporaryDirectory(prefix="loa-bench-") as name:
        folder = Path(name)
        async with crowd(folder, largest) as station:
            await asyncio.sleep(_SETTLE_S)
            idle_mb = resident_mb(station.controller_pid)
            for size in sorted(sizes):
                if against and size == largest:
                    await theirs.measure(folder / "before", size, rounds)
                ours[size] = await _of_size(station, size, rounds)
            if against:
                await theirs.measure(folder / "after", largest, rounds)
    medians = {size: middle(measured.committed_s) for size, measured in ours.items()}
    figures = {
        "committed_s": round(medians[largest], 4),
        "committed_worst_s": round(max(ours[largest].committed_s), 4),
        "order_bytes": float(ours[largest].order_bytes),
        "kb_per_device": round((ours[largest].resident_mb - idle_mb) * 1_000 / largest, 1),
    }
    figures |= {f"committed_{size}_s": round(seconds, 4) for size, seconds in medians.items()}
    if len(medians) > 1:
        figures["growth_exponent"] = round(exponent(medians), 3)
    return figures | (theirs.figures(medians[largest]) if against else {})


class _Theirs:
    """mosquitto's seconds, of all its rounds."""

    def __init__(self) -> None:
        self._answered_s: list[float] = []
        self._acknowledged_s: list[float] = []

    async def measure(self, folder: Path, size: int, rounds: int) -> None:
        """Half of the rounds, rounded up."""
        order = bytes(ORDER_BYTES)
        async with peer(folder, size) as broker:
            for _ in range((rounds + 1) // 2):
                for turn, took_s in ((broker.answered, self._answered_s), (broker.acknowledged, self._acknowledged_s)):
                    took_s.append(await turn(order))
                    await asyncio.sleep(_PAUSE_S)

    def figures(self, committed_s: float) -> dict[str, float]:
        """The peer's medians, and ours against them."""
        answered_s, acknowledged_s = middle(self._answered_s), middle(self._acknowledged_s)
        return {
            "mosquitto_s": round(answered_s, 4),
            "mosquitto_puback_s": round(acknowledged_s, 4),
            "ratio_to_mosquitto": round(committed_s / answered_s, 3),
            "ratio_to_puback": round(committed_s / acknowledged_s, 3),
        }


@dataclass(slots=True)
class _Measured:
    committed_s: list[float]
    resident_mb: float
    order_bytes: int


async def _of_size(station: Crowd, size: int, rounds: int) -> _Measured:
    fleet = station.fleet(size, "--ramp", "0.002")
    await fleet.program.start()
    try:
        await fleet.served(station.stage)
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
        await asyncio.sleep(_PAUSE_S)
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


def exponent(medians: dict[int, float]) -> float:
    """The slope of the straight line through log(seconds) over log(devices), by least squares."""
    points = [(math.log(size), math.log(seconds)) for size, seconds in medians.items()]
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    across = sum((x - mean_x) * (y - mean_y) for x, y in points)
    return across / sum((x - mean_x) ** 2 for x, _ in points)
