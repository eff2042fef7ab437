"""Three thousand simulated devices on one live stream, the fleet on the same machine; and one horn in the sound room.

Somebody signs in, opens a stream over the JSON API and speaks into its microphone's socket as a page does: an Opus
packet every 20 ms. Every device judges by its own clock, when it takes a bundle from its socket, how long that is
before the instant at which the sound is to leave its horn. ``late_share`` is the share of packets that came behind
their instant or not at all, of all that were to come; ``margin_ms_least`` is the closest call of all, ``margin_ms_1``
what all but one in a hundred had. The delay is that of the LAN.
"""

import asyncio
import importlib
import importlib.util
import tempfile
import time
from pathlib import Path
from typing import Any

from controller.bench.crowd import Crowd, Fleet, crowd
from controller.bench.figures import CannotMeasure, cpu_seconds
from controller.stage import Stage

DEVICES = 3_000
SECONDS = 20
PACKET_S = 0.02
_SETTLE_S = 4.0
_TAIL_S = 1.0
_WITHIN_S = 30.0
_REST_S = 8.0
"""Until the machine has put away three thousand connections: the sound room shifts streams while it is busy."""
_SOUND_ROOM = "controller.bench.live_sound"
PACKET = bytes([0x48, *(number * 37 % 256 for number in range(59))])
"""60 bytes, as 24 kbit/s makes them: SILK, wide band, 20 ms. Simulated devices do not decode."""


async def measure(rounds: int, devices: int = DEVICES, seconds: float = SECONDS) -> dict[str, float]:
    """``late_share`` and margins of the worst round; and what the sound room says, ``latency_ms`` and ``p95_ms``."""
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="loa-bench-") as name:
        async with crowd(Path(name), devices, "--first-guards", "none") as station:
            for _ in range(rounds or 1):
                figures = _worse(figures, await _round(station, devices, seconds))
    if importlib.util.find_spec(_SOUND_ROOM) is not None:
        await asyncio.sleep(_REST_S)
        figures |= await importlib.import_module(_SOUND_ROOM).measure(rounds)
    return figures


def _worse(first: dict[str, float], second: dict[str, float]) -> dict[str, float]:
    return second if not first or second["late_share"] >= first["late_share"] else first


async def _round(station: Crowd, devices: int, seconds: float) -> dict[str, float]:
    fleet = station.fleet(devices, "--ramp", "0.002")
    await fleet.program.start()
    try:
        await fleet.served(station.stage)
        await asyncio.sleep(_SETTLE_S)
        spoken = await _spoken(station, fleet, devices, seconds)
    finally:
        told = await fleet.stop()
    return _figures(told["live"], devices, spoken)


async def _spoken(station: Crowd, fleet: Fleet, devices: int, seconds: float) -> dict[str, float]:
    """Speaks; returns how many packets there were, how many horns heard it, and what it cost the two processes."""
    stage = station.stage
    speakers = (await stage.api("GET", "/api/v1/speakers"))["speakers"]
    body = {"title": "Live", "speaker_ids": [one["speaker_id"] for one in speakers]}
    stream = await stage.api("POST", "/api/v1/live", body)
    airing_id = stream["airing_id"]
    await stage.until("all horns to wait for it", lambda: _hearing(stage, airing_id, devices), within_s=_WITHIN_S)
    assert fleet.program.process is not None
    pids = {"controller": station.controller_pid, "fleet": fleet.program.process.pid}
    used_s = {name: cpu_seconds(pid) for name, pid in pids.items()}
    began_s = time.monotonic()
    packets = await _speak(stage, stream["microphone_url"], round(seconds / PACKET_S))
    took_s = time.monotonic() - began_s
    percents = {f"{name}_cpu_percent": (cpu_seconds(pid) - used_s[name]) / took_s * 100 for name, pid in pids.items()}
    await asyncio.sleep(_TAIL_S)  # what was spoken last is still on its way
    hearing = float((await _stream(stage, airing_id))["hearing"])
    await stage.api("POST", f"/api/v1/live/{airing_id}/end")
    await asyncio.sleep(1.0)
    return {"packets": float(packets), "hearing": hearing, **percents}


async def _speak(stage: Stage, url: str, packets: int) -> int:
    loop = asyncio.get_running_loop()
    async with stage.socket(url) as socket:
        answers = asyncio.create_task(_read(socket))
        began_s = loop.time()
        for number in range(packets):
            await asyncio.sleep(max(0.0, began_s + number * PACKET_S - loop.time()))
            await socket.send_bytes(b"\x01" + PACKET)
        answers.cancel()
    return packets


async def _read(socket: Any) -> None:
    async for _ in socket:
        pass


async def _stream(stage: Stage, airing_id: str) -> dict[str, Any]:
    streams = (await stage.api("GET", "/api/v1/live"))["streams"]
    found = next((one for one in streams if one["airing_id"] == airing_id), None)
    if found is None:
        raise CannotMeasure("the stream ended by itself")
    return dict(found)


async def _hearing(stage: Stage, airing_id: str, devices: int) -> bool | None:
    return True if (await _stream(stage, airing_id))["hearing"] == devices else None


def _figures(live: dict[str, Any], devices: int, spoken: dict[str, float]) -> dict[str, float]:
    wanted = spoken["packets"] * devices
    if spoken["hearing"] != devices:
        raise CannotMeasure(f"{spoken['hearing']:.0f} of {devices} devices were on the air")
    missing = max(0.0, wanted - live["packets"])
    return {
        "late_share": (live["late"] + missing) / wanted,
        "packets": wanted,
        "packets_late": float(live["late"]),
        "packets_missing": missing,
        "margin_ms_least": float(live["least_margin_ms"]),
        "margin_ms_1": float(live["margin_ms_1"]),
        "margin_ms_50": float(live["margin_ms_50"]),
        "controller_cpu_percent": round(spoken["controller_cpu_percent"], 1),
        "fleet_cpu_percent": round(spoken["fleet_cpu_percent"], 1),
    }
