"""The part of `sync` behind a noisy line: to be run by `apart.in_a_namespace`, in a network namespace of its own."""

import asyncio
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from controller.bench.apart import Noise, station_apart
from controller.bench.arm import recorded
from controller.bench.figures import CannotMeasure
from controller.bench.soundroom import HORNS, SoundRoomError, sound_room
from controller.bench.starts import hear_starts
from controller.stage import StageError

NOISE = Noise(delay_ms=50.0, jitter_ms=10.0, loss_percent=1.0)
SOUND_S = 1.5


async def hear(options: dict[str, Any]) -> dict[str, Any]:
    """``offsets_ms`` of so many ``starts``, ``settle_s`` after both speakers were adopted and linked."""
    with sound_room() as room, tempfile.TemporaryDirectory(prefix="loa-bench-") as name:
        folder = Path(name)
        async with station_apart(folder, NOISE) as apart:
            for horn in HORNS:
                flags = ("--output", "alsa", "--alsa-device", horn)
                await apart.start_agent(horn, *flags, env=room.environment)
            for horn in HORNS:
                await apart.adopt(horn)
            await apart.stage.connected(len(HORNS), within_s=60)
            settled = asyncio.create_task(asyncio.sleep(options["settle_s"]))
            bulletin_id = await recorded(apart.stage, folder, seed=1, seconds=SOUND_S)
            await settled
            offsets, clocks = [], []
            for _ in range(options["starts"]):
                one, other = [await apart.clock_offset_us(horn) for horn in HORNS]
                clocks.append(abs(one - other) / 1000)
                offsets += await hear_starts(room, apart.stage, bulletin_id, 1)
            counts = apart.counted()
    return {"offsets_ms": offsets, "clocks_ms": clocks, "packets": counts.packets, "lost": counts.lost}


def main() -> int:
    """Prints what it found, or a sentence that says why it found nothing."""
    try:
        found = asyncio.run(hear(json.load(sys.stdin)))
    except (CannotMeasure, StageError, SoundRoomError, TimeoutError) as error:
        print(f"{type(error).__name__}: {error}".replace("\n", " "))
        return 1
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
