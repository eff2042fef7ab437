"""How far apart two horns are when they speak together.

Two agents, as processes of their own, play into the two horns of the sound room; a recorder hears both on one clock.
Every start is a bulletin sent "now"; the offset is the peak of the cross-correlation of the two channels. The parts:

- ``plain``: starts on one machine, in turns with two snapclients that play a sound of the same length in the same room.
- ``lossy``: both agents behind a line of 50 +- 10 ms each way that loses one packet in a hundred, 60 s after they
  linked; see `controller.bench.line`. ``lossy_clocks_p95_ms`` is how far apart their clocks were before each start.
- ``skewed``: the clock of one agent runs 200 ppm fast and is 3 s wrong.
- ``long``: ten minutes of one play, judged in windows of a second all along; the clock of one agent runs 50 ppm fast,
  as cheap crystals do, because two programs on one machine would share one.
"""

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

from controller.bench.apart import in_a_namespace
from controller.bench.arm import recorded
from controller.bench.figures import CannotMeasure, middle, percentile
from controller.bench.snapcast import Feeder, snapcast
from controller.bench.soundroom import HORNS, SoundRoom, SoundRoomError, sound_room
from controller.bench.starts import hear_starts, long_bulletin, offset_ms, offsets_along, play_once
from controller.stage import Stage

STARTS = 40
TURN = 10
SOUND_S = 1.5
BOUND_MS = 0.25
FEW_STARTS = 15
PART_BOUND_MS = 1.0
SETTLE_S = 60.0
LONG_S = 600.0
LONG_WINDOW_EVERY_S = 5.0
SKEWED = ("--time-rate-ppm", "200", "--time-offset-us", "3000000")
CHEAP_CRYSTAL = ("--time-rate-ppm", "50")


async def measure(rounds: int, parts: Sequence[str] = ("plain", "lossy", "skewed", "long")) -> dict[str, float]:
    """``p95_ms`` and ``snapcast_p95_ms`` of the absolute offset between the horns, ``lossy_p95_ms``, ``skewed_p95_ms``
    and ``long_p95_ms``, their medians and worsts. ``rounds`` is how many starts each part hears.
    """
    figures: dict[str, float] = {}
    try:
        if "plain" in parts:
            figures |= await _plain(rounds or STARTS)
        if "lossy" in parts:
            options = {"starts": rounds or FEW_STARTS, "settle_s": SETTLE_S}
            found = await in_a_namespace("controller.bench.sync_lossy", options)
            figures |= _part("lossy", found["offsets_ms"])
            figures |= {
                "lossy_clocks_p95_ms": round(percentile(found["clocks_ms"], 0.95), 4),
                "lossy_settle_s": SETTLE_S,
            }
        if "skewed" in parts:
            figures |= _part("skewed", await _skewed(rounds or FEW_STARTS))
        if "long" in parts:
            figures |= _part("long", await _long()) | {"long_s": LONG_S}
    except SoundRoomError as error:
        raise CannotMeasure(str(error)) from error
    if len(parts) > 1 or "plain" not in parts:
        figures["part_bound_ms"] = PART_BOUND_MS
    return figures


def _part(name: str, offsets: Sequence[float]) -> dict[str, float]:
    return {
        f"{name}_p95_ms": round(percentile(offsets, 0.95), 4),
        f"{name}_median_ms": round(middle(offsets), 4),
        f"{name}_worst_ms": round(max(offsets), 4),
        f"{name}_heard": float(len(offsets)),
    }


async def _plain(starts: int) -> dict[str, float]:
    with sound_room() as room, tempfile.TemporaryDirectory(prefix="loa-bench-") as folder:
        ours, theirs = await _take_turns(room, Path(folder), starts)
    figures = {
        "p95_ms": round(percentile(ours, 0.95), 4),
        "median_ms": round(middle(ours), 4),
        "worst_ms": round(max(ours), 4),
        "snapcast_p95_ms": round(percentile(theirs, 0.95), 4),
        "snapcast_median_ms": round(middle(theirs), 4),
        "snapcast_worst_ms": round(max(theirs), 4),
        "starts": float(len(ours)),
    }
    figures["bound_ms"] = max(BOUND_MS, figures["snapcast_p95_ms"])
    figures["ratio_to_bound"] = round(figures["p95_ms"] / figures["bound_ms"], 3)
    return figures


async def _take_turns(room: SoundRoom, folder: Path, starts: int) -> tuple[list[float], list[float]]:
    ours: list[float] = []
    theirs: list[float] = []
    async with Stage(folder / "loa") as stage:
        await _two_horns(room, stage)
        bulletin_id = await recorded(stage, folder, seed=1, seconds=SOUND_S)
        while len(ours) < starts:
            turn = min(TURN, starts - len(ours))
            ours += await hear_starts(room, stage, bulletin_id, turn)
            async with snapcast(room, folder / f"snapcast-{len(theirs)}") as feeder:
                sound = (folder / "recording-1.wav").read_bytes()[44:]
                for _ in range(turn):
                    theirs.append(await _their_start(room, feeder, _stereo_48k(sound)))
    return ours, theirs


async def _two_horns(room: SoundRoom, stage: Stage, *flags_of_the_second: str) -> None:
    await stage.start_controller()
    await stage.sign_in()
    for horn, flags in zip(HORNS, ((), flags_of_the_second), strict=True):
        await stage.start_agent(horn, "--output", "alsa", "--alsa-device", horn, *flags, env=room.environment)
    for horn in HORNS:
        await stage.adopt(horn)
    await stage.connected(len(HORNS))


async def _skewed(starts: int) -> list[float]:
    with sound_room() as room, tempfile.TemporaryDirectory(prefix="loa-bench-") as name:
        async with Stage(Path(name) / "loa") as stage:
            await _two_horns(room, stage, *SKEWED)
            bulletin_id = await recorded(stage, Path(name), seed=1, seconds=SOUND_S)
            return await hear_starts(room, stage, bulletin_id, starts)


async def _long() -> list[float]:
    with sound_room() as room, tempfile.TemporaryDirectory(prefix="loa-bench-") as name:
        async with Stage(Path(name) / "loa") as stage:
            await _two_horns(room, stage, *CHEAP_CRYSTAL)
            bulletin_id = await long_bulletin(stage, Path(name), LONG_S)
            with room.record() as recording:
                await play_once(stage, bulletin_id, within_s=LONG_S + 120)
            return await asyncio.to_thread(offsets_along, recording, LONG_WINDOW_EVERY_S)


async def _their_start(room: SoundRoom, feeder: Feeder, sound: bytes) -> float:
    with room.record() as recording:
        await feeder.play(sound)
        await asyncio.sleep(1.2)
    return await asyncio.to_thread(offset_ms, recording)


def _stereo_48k(mono_16k: bytes) -> bytes:
    """Every sample three times on both channels; as both channels are the same, the images do no harm."""
    return b"".join(mono_16k[i : i + 2] * 6 for i in range(0, len(mono_16k), 2))
