"""A process that plays one clip into one ALSA device at one instant, and tells its events as JSON lines.

horn_process.py DEVICE CLIP FRAMES START_MONOTONIC_US STOP_AFTER_S (0: play to the end)
"""

import asyncio
import json
import sys
from dataclasses import asdict
from pathlib import Path

from agents.io.output import Failed, Finished, PlayEngine, PlayEvent, Stopped, make_output
from agents.io.sequence import ClipPart, SequenceSource
from agents.io.timeport import SystemTime


async def main(device: str, clip: Path, frames: int, start_us: int, stop_after_s: float) -> None:
    time = SystemTime()
    ended = asyncio.Event()

    def tell(event: PlayEvent) -> None:
        print(json.dumps({"event": type(event).__name__, "at_us": time.monotonic_us(), **asdict(event)}), flush=True)
        if isinstance(event, Finished | Stopped | Failed):
            ended.set()

    async with PlayEngine(make_output("alsa", device, Path(), time), time, tell) as engine:
        engine.arm("play", SequenceSource([ClipPart(clip, frames)]))
        engine.start("play", start_us)
        if stop_after_s:
            await time.sleep_until(start_us + round(stop_after_s * 1e6))
            print(json.dumps({"event": "asked to stop", "at_us": time.monotonic_us()}), flush=True)
            engine.stop("play")
        await ended.wait()


if __name__ == "__main__":
    name, path, count, start, stop = sys.argv[1:]
    asyncio.run(main(name, Path(path), int(count), int(start), float(stop)))
