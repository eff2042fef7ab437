"""What is heard of two horns that speak together: starts, and a long play, and how far apart the horns are."""

import asyncio
import wave
from pathlib import Path

import aiohttp

from controller.bench.figures import RATE_HZ, CannotMeasure, write_recording
from controller.bench.soundroom import Recording, SoundRoom, offset_frames
from controller.stage import Stage

_WINDOW_FRAMES = RATE_HZ
_PIECE_S = 60.0
_QUIET = 0.003
"""A window whose middle level is below this share of full scale is not judged."""


async def hear_starts(room: SoundRoom, stage: Stage, bulletin_id: str, count: int) -> list[float]:
    """How far apart the horns were at each of so many starts of a bulletin sent "now", in milliseconds."""
    return [await _start(room, stage, bulletin_id) for _ in range(count)]


async def _start(room: SoundRoom, stage: Stage, bulletin_id: str) -> float:
    with room.record() as recording:
        await play_once(stage, bulletin_id, within_s=40)
        await asyncio.sleep(0.3)
    return await asyncio.to_thread(offset_ms, recording)


async def play_once(stage: Stage, bulletin_id: str, within_s: float) -> None:
    """Sends it "now" and waits until both horns have finished. Raises `CannotMeasure` where one did not."""
    airing_id = await stage.send_now(bulletin_id)
    playbacks = await stage.playbacks_reach(
        airing_id, lambda ps: all(p["ended_at_us"] is not None for p in ps), "both to finish", within_s=within_s
    )
    if any(p["state"] != "finished" for p in playbacks):
        raise CannotMeasure(f"a speaker did not finish: {playbacks}")


def offset_ms(recording: Recording) -> float:
    """Of the whole recording, without its sign."""
    one, other = recording.channels()
    try:
        return abs(offset_frames(one, other)) / RATE_HZ * 1000
    except ValueError as error:
        raise CannotMeasure(f"a horn was silent: {error}") from error


def offsets_along(recording: Recording, every_s: float) -> list[float]:
    """Of windows of one second, one every so many seconds, where both horns sound; without signs, in milliseconds."""
    import numpy as np

    both = np.memmap(recording.path, dtype="<i2", mode="r")
    frames = len(both) // 2
    found = []
    for start in range(0, frames - _WINDOW_FRAMES, round(every_s * RATE_HZ)):
        window = np.asarray(both[2 * start : 2 * (start + _WINDOW_FRAMES)], dtype=np.float64).reshape(-1, 2) / 32768
        if min(float(np.median(np.abs(window[:, side]))) for side in (0, 1)) > _QUIET:
            found.append(abs(offset_frames(window[:, 0], window[:, 1])) / RATE_HZ * 1000)
    if not found:
        raise CannotMeasure("a horn was silent")
    return found


async def long_bulletin(stage: Stage, folder: Path, seconds: float) -> str:
    """Hands in a recording of this length, pieces of a minute one after another. Returns the bulletin's id."""
    piece, path = folder / "piece.wav", folder / "long.wav"
    await asyncio.to_thread(write_recording, piece, min(seconds, _PIECE_S), 7)
    await asyncio.to_thread(_repeat, piece, path, seconds)
    form = aiohttp.FormData()
    form.add_field("title", "A long recording")
    form.add_field("file", path.read_bytes(), filename=path.name, content_type="audio/wav")
    bulletin = await stage.api("POST", "/api/v1/recordings", form=form)
    return await stage.bulletin_ready(bulletin["bulletin_id"], within_s=600)


def _repeat(piece: Path, path: Path, seconds: float) -> None:
    with wave.open(str(piece), "rb") as source, wave.open(str(path), "wb") as out:
        out.setparams(source.getparams())
        sound = source.readframes(source.getnframes())
        left = round(seconds * source.getframerate())
        while left > 0:
            part = sound[: 2 * left]
            out.writeframes(part)
            left -= len(part) // 2
