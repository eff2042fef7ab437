"""What single things cost a speaker on a SIM card: to be run by `apart.in_a_namespace`, in a namespace of its own.

A real controller and a real agent with a `line` between them that counts every IP packet, headers included. Things are
told apart by when they happen: one kind at a time, in phases, with the settled exchanges between them counted and taken
off. The settled pace is quicker than in life; a single exchange costs the same.
"""

import asyncio
import json
import sys
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from controller.bench.apart import Apart, Noise, station_apart
from controller.bench.figures import CannotMeasure
from controller.bench.line import Counts
from controller.stage import StageError

NOISE: Final = Noise(delay_ms=50.0, jitter_ms=10.0)
ZONE: Final = "Asia/Ho_Chi_Minh"
CLOCK_EVERY_S: Final = 2.0
HEARTBEAT_EVERY_S: Final = 20.0
QUIET_S: Final = 41.0
GATHERED_S: Final = 34.0
NAME: Final = "sim"
_BIG_BYTES: Final = 300
"""In the quiet phase, packets above this from the device are heartbeats: an exchange has less."""
_ACK_BYTES: Final = 52


@dataclass(frozen=True, slots=True)
class Costs:
    """Bytes on the wire of one of each."""

    exchange: float
    heartbeat: float

    def settled(self, before: Counts, after: Counts, seconds: float) -> float:
        """Bytes of a phase, without what would have gone over the line in so many seconds anyway."""
        spent = after.bytes - after.audio_bytes - before.bytes + before.audio_bytes
        return spent - seconds * (self.exchange / CLOCK_EVERY_S + self.heartbeat / HEARTBEAT_EVERY_S)


async def costs(options: dict[str, Any]) -> dict[str, float]:
    """Bytes of an ``exchange``, a ``heartbeat``, a ``link`` that begins, a ``plan`` of a week that is pushed, and an
    ``airing`` from its order to its last report. ``airings_a_day`` are planned.
    """
    flags = ("--sim-clock-every-s", str(CLOCK_EVERY_S), "--sim-heartbeat-every-s", str(HEARTBEAT_EVERY_S))
    with tempfile.TemporaryDirectory(prefix="loa-bench-") as name:
        async with station_apart(Path(name), NOISE, flags) as apart:
            await apart.start_agent(NAME, "--output", "null")
            speaker_id = await apart.adopt(NAME)
            await apart.stage.connected(1)
            await apart.stage.api("PUT", f"/api/v1/speakers/{speaker_id}/profile", {"profile": "sim"})
            await apart.stage.agents[NAME].stop()
            await apart.start_agent(NAME)
            await apart.stage.connected(1)
            await asyncio.sleep(10)
            each = await _quiet(apart)
            bulletins = [
                await apart.stage.text_bulletin(f"Bản tin số {number}", f"Đây là bản tin số {number}.")
                for number in range(options["airings_a_day"])
            ]
            for number, bulletin_id in enumerate(bulletins[:-1]):
                await _planned(apart, bulletin_id, speaker_id, number)
            await asyncio.sleep(GATHERED_S)
            plan = await _phase(apart, each, _planned(apart, bulletins[-1], speaker_id, len(bulletins)), GATHERED_S)
            airing = await _phase(apart, each, _aired(apart, bulletins[0]), GATHERED_S)
            link = await _phase(apart, each, _restarted(apart), 12.0)
    return {"exchange": each.exchange, "heartbeat": each.heartbeat, "link": link, "plan": plan, "airing": airing}


async def _quiet(apart: Apart) -> Costs:
    before = apart.counted()
    await asyncio.sleep(QUIET_S)
    after = apart.counted()
    sizes = {name: count - before.sizes.get(name, 0) for name, count in after.sizes.items()}
    big = [(int(name.split()[1]), count) for name, count in sizes.items() if name.startswith("out ")]
    beats = sum(count for size, count in big if size > _BIG_BYTES)
    beat_bytes = sum(size * count for size, count in big if size > _BIG_BYTES) + beats * _ACK_BYTES
    exchanges = after.answers - before.answers
    if not beats or exchanges < QUIET_S / CLOCK_EVERY_S / 2:
        raise CannotMeasure(f"the quiet phase had {beats} heartbeats and {exchanges} exchanges")
    spent = after.bytes - after.audio_bytes - before.bytes + before.audio_bytes
    return Costs(exchange=(spent - beat_bytes) / exchanges, heartbeat=beat_bytes / beats)


async def _phase(apart: Apart, each: Costs, act: Any, settle_s: float) -> float:
    before, began_s = apart.counted(), asyncio.get_running_loop().time()
    await act
    await asyncio.sleep(settle_s)
    return each.settled(before, apart.counted(), asyncio.get_running_loop().time() - began_s)


async def _planned(apart: Apart, bulletin_id: str, speaker_id: str, number: int) -> None:
    """Every day, an hour and more from now; heard and approved by the only person there is."""
    start = datetime.now(ZoneInfo(ZONE)) + timedelta(minutes=60 + 20 * number)
    wall = start.replace(microsecond=0, tzinfo=None).isoformat(timespec="seconds")
    body = {
        "content_id": bulletin_id,
        "target": {"speakers": [speaker_id]},
        "rule": {"rrule": "FREQ=DAILY", "start": wall, "zone": ZONE},
    }
    made = await apart.stage.api("POST", "/api/v1/schedules", body)
    path = f"/api/v1/schedules/{made['schedule_id']}"
    request = await apart.stage.api("GET", f"{path}/approval")
    await apart.stage.api("POST", f"{path}/approve", {"binding": request["binding"]})


async def _aired(apart: Apart, bulletin_id: str) -> None:
    stage = apart.stage
    airing_id = await stage.send_now(bulletin_id)
    playbacks = await stage.playbacks_reach(
        airing_id, lambda ps: all(p["ended_at_us"] is not None for p in ps), "it to finish", within_s=90
    )
    if any(p["state"] != "finished" for p in playbacks):
        raise CannotMeasure(f"the speaker did not finish: {playbacks}")


async def _restarted(apart: Apart) -> None:
    """As after a power cut: what was known of the time is gone."""
    await apart.stage.agents[NAME].stop()
    (apart.stage.state_dir(NAME) / "clock.json").unlink(missing_ok=True)
    await apart.start_agent(NAME)
    await apart.stage.connected(1)


def main() -> int:
    """Prints what it found, or a sentence that says why it found nothing."""
    try:
        found = asyncio.run(costs(json.load(sys.stdin)))
    except (CannotMeasure, StageError, TimeoutError) as error:
        print(f"{type(error).__name__}: {error}".replace("\n", " "))
        return 1
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
