"""How far apart two horns are when they speak together.

Two agents, as processes of their own, play into the two horns of the sound room; a recorder hears both on one clock.
Every start is a bulletin sent "now"; the offset is the peak of the cross-correlation of the two channels. In turns, two
snapclients play a sound of the same length in the same room.
"""

import asyncio
import tempfile
from pathlib import Path

from controller.bench.arm import recorded
from controller.bench.figures import RATE_HZ, CannotMeasure, middle, percentile
from controller.bench.snapcast import Feeder, snapcast
from controller.bench.soundroom import HORNS, Recording, SoundRoom, SoundRoomError, offset_frames, sound_room
from controller.stage import Stage

STARTS = 40
TURN = 10
SOUND_S = 1.5
BOUND_MS = 0.25


async def measure(rounds: int) -> dict[str, float]:
    """``p95_ms`` and ``snapcast_p95_ms`` of the absolute offset between the horns, and their medians."""
    starts = rounds or STARTS
    try:
        with sound_room() as room, tempfile.TemporaryDirectory(prefix="loa-bench-") as folder:
            ours, theirs = await _take_turns(room, Path(folder), starts)
    except SoundRoomError as error:
        raise CannotMeasure(str(error)) from error
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
        await stage.start_controller()
        await stage.sign_in()
        for horn in HORNS:
            await stage.start_agent(horn, "--output", "alsa", "--alsa-device", horn, env=room.environment)
        for horn in HORNS:
            await stage.adopt(horn)
        await stage.connected(len(HORNS))
        bulletin_id = await recorded(stage, folder, seed=1, seconds=SOUND_S)
        while len(ours) < starts:
            turn = min(TURN, starts - len(ours))
            for _ in range(turn):
                ours.append(await _our_start(room, stage, bulletin_id))
            async with snapcast(room, folder / f"snapcast-{len(theirs)}") as feeder:
                sound = (folder / "recording-1.wav").read_bytes()[44:]
                for _ in range(turn):
                    theirs.append(await _their_start(room, feeder, _stereo_48k(sound)))
    return ours, theirs


async def _our_start(room: SoundRoom, stage: Stage, bulletin_id: str) -> float:
    with room.record() as recording:
        airing_id = await stage.send_now(bulletin_id)
        playbacks = await stage.playbacks_reach(
            airing_id, lambda ps: all(p["ended_at_us"] is not None for p in ps), "both to finish", within_s=30
        )
        if any(p["state"] != "finished" for p in playbacks):
            raise CannotMeasure(f"a speaker did not finish: {playbacks}")
        await asyncio.sleep(0.3)
    return _offset_ms(recording)


async def _their_start(room: SoundRoom, feeder: Feeder, sound: bytes) -> float:
    with room.record() as recording:
        await feeder.play(sound)
        await asyncio.sleep(1.2)
    return _offset_ms(recording)


def _offset_ms(recording: Recording) -> float:
    one, other = recording.channels()
    try:
        return abs(offset_frames(one, other)) / RATE_HZ * 1000
    except ValueError as error:
        raise CannotMeasure(f"a horn was silent: {error}") from error


def _stereo_48k(mono_16k: bytes) -> bytes:
    """Every sample three times on both channels; as both channels are the same, the images do no harm."""
    return b"".join(mono_16k[i : i + 2] * 6 for i in range(0, len(mono_16k), 2))
