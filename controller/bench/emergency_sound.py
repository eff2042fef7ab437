"""How soon a horn sounds after an emergency was confirmed, and is silent after a stop was pressed.

One agent, as a process, at a horn of the sound room; the siren lies on it. Each trial prepares an emergency, confirms
it by the route that a person uses, lets it sound, presses stop, and clears up. What was heard is looked at afterwards:
from the moment in which the request leaves to the first sound, and from that of the stop to the last.
"""

import asyncio
import itertools
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from controller.bench.ear import Ear, listening
from controller.bench.figures import CannotMeasure, middle, percentile
from controller.bench.soundroom import HORNS, SoundRoom, SoundRoomError, sound_room
from controller.stage import Stage

TRIALS: Final = 100
FIRST_SOUND_BOUND_MS: Final = 250.0
STOP_BOUND_MS: Final = 200.0
HORN: Final = HORNS[0]
TEXT: Final = "Nước lũ đang lên nhanh. Bà con rời khỏi vùng trũng ngay, đến nhà văn hóa xã."
_HEARD_S: Final = 0.9
_SILENT_S: Final = 0.5
_WARM_S: Final = 30.0
_UNEVEN_S: Final = (0.0, 0.007, 0.013, 0.003, 0.017, 0.011)
"""So that presses do not fall on the same moment of the output's rounds."""


class Alarms(Protocol):
    """What people do in a trial, over the controller's own routes."""

    async def prepare(self) -> None:
        """An emergency with a siren, for every speaker, that waits for the second person."""

    async def confirm(self) -> None:
        """The second person presses. Returns with the answer."""

    async def stop(self) -> None:
        """Somebody presses stop of everything. Returns with the answer."""

    async def clear(self) -> None:
        """The stop is released, and nothing of the emergency is left."""


@dataclass(frozen=True, slots=True)
class Press:
    """The monotonic instants at which the two requests left, in seconds."""

    confirmed_s: float
    stopped_s: float


class StationAlarms:
    """Over the JSON API, by one person in an area where no second one is asked for: the way from the request to the
    horn is the same.
    """

    def __init__(self, stage: Stage, area_id: str) -> None:
        self._stage = stage
        self._area_id = area_id
        self._path = ""

    async def prepare(self) -> None:
        """See `Alarms`."""
        body = {"area_ids": [self._area_id], "title": "Flood", "texts": {"vi": TEXT}}
        made = await self._stage.api("POST", "/api/v1/emergencies", body)
        self._path = f"/api/v1/emergencies/{made['emergency_id']}"
        await self._stage.until("the emergency to be prepared", self._prepared, within_s=30)

    async def _prepared(self) -> bool | None:
        told = await self._stage.api("GET", self._path)
        if told["state"] == "failed":
            raise CannotMeasure(f"the emergency could not be prepared: {told['failure']}")
        return True if told["state"] == "prepared" else None

    async def confirm(self) -> None:
        """See `Alarms`."""
        await self._stage.api("POST", self._path + "/confirm")

    async def stop(self) -> None:
        """See `Alarms`."""
        await self._stage.api("POST", "/api/v1/stop")

    async def clear(self) -> None:
        """See `Alarms`."""
        if (await self._stage.api("GET", self._path))["state"] == "sent":
            await self._stage.api("POST", self._path + "/end", {"all_clear": False})
        await self._stage.api("DELETE", "/api/v1/stop")


async def measure(trials: int = TRIALS) -> dict[str, float]:
    """See `hear_alarms`; with a room, a controller and an agent of its own. Raises `CannotMeasure`."""
    try:
        with sound_room() as room, tempfile.TemporaryDirectory(prefix="loa-bench-") as name:
            async with Stage(Path(name) / "loa") as stage:
                return await hear_alarms(room, await _station(room, stage), trials)
    except SoundRoomError as error:
        raise CannotMeasure(str(error)) from error


async def _station(room: SoundRoom, stage: Stage) -> StationAlarms:
    await stage.start_controller()
    await stage.sign_in()
    area_id = (await stage.api("POST", "/api/v1/areas", {"name": "Xã", "level": "commune"}))["area_id"]
    await stage.api("PUT", f"/api/v1/areas/{area_id}/emergency-policy", {"second_person": False})
    await stage.start_agent(HORN, "--output", "alsa", "--alsa-device", HORN, env=room.environment)
    await stage.adopt(HORN, area=area_id)
    await stage.connected(1)
    return StationAlarms(stage, area_id)


async def hear_alarms(room: SoundRoom, alarms: Alarms, trials: int = TRIALS) -> dict[str, float]:
    """``first_sound_p95_ms`` and ``stop_p95_ms``, with their medians and worsts; ``unheard`` is how often it did not
    sound, or was not silent, while that was waited for, which counts as all that time. Raises `CannotMeasure`.
    """
    await _warm(room, alarms)
    async with listening(room) as ear:
        await asyncio.sleep(1.0)
        presses = [await _trial(alarms, pause_s) for _, pause_s in zip(range(trials), itertools.cycle(_UNEVEN_S))]
    return await asyncio.to_thread(_figures, ear, presses)


async def _warm(room: SoundRoom, alarms: Alarms) -> None:
    """Until the siren is heard at once: it is fetched when a speaker is adopted, and takes its time."""
    give_up_s = time.monotonic() + _WARM_S
    while True:
        async with listening(room) as ear:
            await asyncio.sleep(0.5)
            press = await _trial(alarms, 0.0)
        if (await asyncio.to_thread(_figures, ear, [press]))["unheard"] == 0:
            return
        if time.monotonic() > give_up_s:
            raise CannotMeasure(f"no siren was heard within {_HEARD_S:g} s of a confirmation")


async def _trial(alarms: Alarms, pause_s: float) -> Press:
    await alarms.prepare()
    await asyncio.sleep(_SILENT_S + pause_s)
    confirmed_s = time.monotonic()
    await alarms.confirm()
    await asyncio.sleep(_HEARD_S - pause_s)
    stopped_s = time.monotonic()
    await alarms.stop()
    await asyncio.sleep(_SILENT_S)
    await alarms.clear()
    return Press(confirmed_s, stopped_s)


def _figures(ear: Ear, presses: list[Press]) -> dict[str, float]:
    heard = [ear.sound_after_ms(HORN, press.confirmed_s, _HEARD_S) for press in presses]
    quiet = [ear.silence_after_ms(HORN, press.stopped_s, _SILENT_S) for press in presses]
    first = [_HEARD_S * 1000 if took_ms is None else took_ms for took_ms in heard]
    stop = [_SILENT_S * 1000 if took_ms is None else took_ms for took_ms in quiet]
    return {
        "unheard": float(heard.count(None) + quiet.count(None)),
        "first_sound_p95_ms": round(percentile(first, 0.95), 1),
        "first_sound_median_ms": round(middle(first), 1),
        "first_sound_worst_ms": round(max(first), 1),
        "stop_p95_ms": round(percentile(stop, 0.95), 1),
        "stop_median_ms": round(middle(stop), 1),
        "stop_worst_ms": round(max(stop), 1),
        "sound_trials": float(len(presses)),
        "first_sound_bound_ms": FIRST_SOUND_BOUND_MS,
        "stop_bound_ms": STOP_BOUND_MS,
    }
