"""How long a word takes from the microphone's socket to the horn, and how far apart two horns are that speak it.

A controller and two agents, as processes, in the sound room. A recording is spoken through the socket that a browser
uses, a packet of 20 ms every 20 ms. What the horns sound is compared with the recording, a second at a time: where a
second lies in what was heard tells when it was heard, and when its first packet went in is known.
"""

import asyncio
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp

from controller.bench.ear import Ear, listening
from controller.bench.figures import RATE_HZ, CannotMeasure, middle, percentile, write_recording
from controller.bench.soundroom import HORNS, SoundRoom, SoundRoomError, offset_frames, sound_room
from controller.premises import Json
from controller.stage import Stage

if TYPE_CHECKING:
    from controller.bench.soundroom import Sound

SPOKEN_S = 25.0
PACKET_S = 0.02
PACKET_FRAMES = 960
BOUND_MS = 250.0
_SETTLE_S = 3.0
_SEARCHED_S = 3.0
_PACKET = b"\x01"
_LEAST_LIKE = 0.5


async def measure(rounds: int, spoken_s: float = SPOKEN_S) -> dict[str, float]:
    """``latency_ms`` from frame in to horn, the median of all seconds of both horns, and ``p95_ms`` of how far apart
    the horns are; ``alike`` is how much what was heard is what was spoken. ``rounds`` times so much is spoken.

    Raises `CannotMeasure`.
    """
    try:
        with sound_room() as room, tempfile.TemporaryDirectory(prefix="loa-bench-") as name:
            async with Stage(Path(name) / "loa") as stage:
                await stage.start_controller()
                await stage.sign_in()
                await two_horns(room, stage)
                packets, reference = await encoded(Path(name), (rounds or 1) * spoken_s)
                sent_s, ear = await speak(room, stage, packets)
                return await asyncio.to_thread(_figures, reference, sent_s, ear)
    except SoundRoomError as error:
        raise CannotMeasure(str(error)) from error


async def two_horns(room: SoundRoom, stage: Stage) -> None:
    """An agent at each horn, adopted and ready. The controller runs, and somebody is signed in."""
    for horn in HORNS:
        await stage.start_agent(horn, "--output", "alsa", "--alsa-device", horn, env=room.environment)
    for horn in HORNS:
        await stage.adopt(horn)
    await stage.connected(len(HORNS))


async def encoded(folder: Path, seconds: float) -> tuple[list[bytes], "Sound"]:
    """A recording as Opus packets, and what they sound like, frame for frame from the first packet on."""
    import numpy as np

    wav, clip = folder / "spoken.wav", folder / "spoken.opus"
    await asyncio.to_thread(write_recording, wav, seconds, 5)
    await _ffmpeg("-i", str(wav), "-c:a", "libopus", "-b:a", "24k", "-frame_duration", "20", str(clip))
    raw = await _ffmpeg("-c:a", "libopus", "-i", str(clip), "-f", "s16le", "-ar", str(RATE_HZ), "-ac", "1", "-")
    whole = await asyncio.to_thread(clip.read_bytes)
    head, _, *packets = ogg_packets(whole)
    skipped = int.from_bytes(head[10:12], "little")  # RFC 7845, 5.1: what a player leaves out at the beginning
    sound = np.frombuffer(raw, dtype="<i2").astype(np.float64) / 32768
    return packets, np.concatenate((np.zeros(skipped), sound))


def ogg_packets(data: bytes) -> list[bytes]:
    """The packets of an Ogg file with one stream (RFC 3533, 6)."""
    packets, begun, at = [], b"", 0
    while at + 27 <= len(data):
        count = data[at + 26]
        lacing = data[at + 27 : at + 27 + count]
        at += 27 + count
        for length in lacing:
            begun += data[at : at + length]
            at += length
            if length < 255:
                packets.append(begun)
                begun = b""
    return packets


async def speak(room: SoundRoom, stage: Stage, packets: list[bytes]) -> tuple[list[float], Ear]:
    """Speaks them to all speakers. Returns the monotonic instant at which each packet went in, and what was heard."""
    speakers = (await stage.api("GET", "/api/v1/speakers"))["speakers"]
    body = {"title": "A word", "speaker_ids": [one["speaker_id"] for one in speakers]}
    stream: Json = await stage.api("POST", "/api/v1/live", body)
    async with listening(room) as ear, stage.socket(stream["microphone_url"]) as microphone:
        await asyncio.sleep(_SETTLE_S)
        sent_s = await speak_packets(microphone, packets)
        await asyncio.sleep(1.0)
        await stage.api("POST", f"/api/v1/live/{stream['airing_id']}/end")
    return sent_s, ear


async def speak_packets(microphone: aiohttp.ClientWebSocketResponse, packets: list[bytes]) -> list[float]:
    """One every 20 ms. Returns the monotonic instants at which they left, in seconds."""
    began_s, sent_s = time.monotonic(), []
    for number, packet in enumerate(packets):
        await asyncio.sleep(max(0.0, began_s + number * PACKET_S - time.monotonic()))
        sent_s.append(time.monotonic())
        await microphone.send_bytes(_PACKET + packet)
    return sent_s


def _figures(reference: "Sound", sent_s: list[float], ear: Ear) -> dict[str, float]:
    latencies: list[float] = []
    apart: list[float] = []
    alike: list[float] = []
    for second in range(1, len(sent_s) // 50 - 1):
        packet = second * 50
        places = [_place(reference, packet, horn, ear, sent_s[packet]) for horn in HORNS]
        found = [place for place in places if place is not None]
        latencies += [(ear.instant_of(place) - sent_s[packet]) * 1000 for place, _ in found]
        alike += [likeness for _, likeness in found]
        if len(found) == len(HORNS):
            apart.append(abs(found[0][0] - found[1][0]) / RATE_HZ * 1000)
    if len(apart) < len(sent_s) // 100:
        raise CannotMeasure("what was spoken was not heard again")
    return {
        "latency_ms": round(middle(latencies), 1),
        "latency_worst_ms": round(max(latencies), 1),
        "p95_ms": round(percentile(apart, 0.95), 4),
        "median_ms": round(middle(apart), 4),
        "alike": round(middle(alike), 3),
        "seconds": float(len(apart)),
        "latency_bound_ms": BOUND_MS,
    }


def _place(reference: "Sound", packet: int, horn: str, ear: Ear, sent_s: float) -> tuple[float, float] | None:
    """The frame of the recording at which a packet was heard, by the second of sound that it begins, and how much alike
    that is (to 1); None where it is not there.
    """
    import numpy as np

    piece = reference[packet * PACKET_FRAMES : packet * PACKET_FRAMES + RATE_HZ]
    first = max(0, ear.frame_at(sent_s))
    heard = ear.piece(horn, sent_s, _SEARCHED_S)
    shift = offset_frames(piece, heard)
    there = heard[max(0, round(shift)) :][: len(piece)]
    scale = float(np.linalg.norm(piece[: len(there)]) * np.linalg.norm(there))
    likeness = float(np.dot(piece[: len(there)], there)) / scale if scale else 0.0
    return (first + shift, likeness) if likeness >= _LEAST_LIKE else None


async def _ffmpeg(*arguments: str) -> bytes:
    process = await asyncio.create_subprocess_exec(
        "ffmpeg", "-v", "error", "-y", *arguments, stdout=asyncio.subprocess.PIPE, stdin=asyncio.subprocess.DEVNULL
    )
    out, _ = await process.communicate()
    if process.returncode != 0:
        raise CannotMeasure("ffmpeg could not make the packets")
    return out
