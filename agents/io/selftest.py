"""Listens to the horn: plays the pattern by the player's leave, records it, and says whether it was heard.

Rules of the module: the pattern sounds only where nothing else does and no rule forbids it. What was heard when a
person calibrated the device is kept in ``selftest.json`` of the state folder: it is this device's own reference, for
this sensor alone, and holds at any volume.
"""

import asyncio
import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec

from agents.domain import selftest
from agents.domain.selftest import Verdict
from agents.io.decode import RATE_HZ
from agents.io.files import write_whole
from agents.io.local import LocalEnd, LocalSounds
from agents.io.microphone import Readings, Recording, Sensor
from agents.io.output.level import volume_gain
from agents.io.timeport import TimePort
from agents.io.tones import MemorySource
from agents.protocol.journal import Heard

FILE_NAME: Final = "selftest.json"
PATTERN_DB: Final = -12.0
MAX_LATENCY_US: Final = 5_000_000
AGREE_S: Final = 0.001
ROUNDS: Final = 5
CLEAR_ENOUGH_DB: Final = 25.0
"""A calibration must stand out of the background so far: softer, its instant is not sure."""
SILENT: Final = "The volume is 0 %, so there is nothing to hear."
_WITHIN_S: Final = 15.0


class NotNow(Exception):
    """The pattern may not sound now, or was cut; the sentence says by what."""


class HornFailed(Exception):
    """The pattern could not be played; the sentence says why."""


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """What one sensor gave when a person calibrated the device, at what volume; ``rise`` in the unit of a current
    sensor. ``latency_us`` is None where the sensor cannot tell it.
    """

    sensor: str
    volume_db: float
    level_db: float | None = None
    rise: float | None = None
    latency_us: Annotated[int, msgspec.Meta(ge=0, le=MAX_LATENCY_US)] | None = None


class KeptTests(msgspec.Struct, frozen=True, kw_only=True):
    """``tested_on`` is the day on which a tune was listened to last, as ISO 8601 writes it."""

    reference: Reference | None = None
    tested_on: str = ""


class ReferenceFile:
    """Where it is kept. One that cannot be read is begun anew: calibrate again."""

    def __init__(self, state_folder: Path) -> None:
        self._path = state_folder / FILE_NAME
        try:
            self.kept = msgspec.json.decode(self._path.read_bytes(), type=KeptTests)
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
            self.kept = KeptTests()

    async def keep(self, reference: Reference | None = None, tested_on: str | None = None) -> None:
        """Change what is given. Raises `OSError`; it holds for this run all the same."""
        self.kept = KeptTests(
            reference=self.kept.reference if reference is None else reference,
            tested_on=self.kept.tested_on if tested_on is None else tested_on,
        )
        await asyncio.to_thread(write_whole, self._path, msgspec.json.encode(self.kept))


@dataclass(frozen=True, slots=True)
class Horn:
    """What the test needs to know of the engine, and the one thing that it sets."""

    volume_percent: Callable[[], int]
    latency_us: Callable[[], int]
    set_latency: Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Found:
    """``reference_db`` is what the level should have been at this volume, None before a calibration."""

    verdict: Verdict
    reference_db: float | None = None


NO_SENSOR: Final = Found(
    Verdict(Heard.NO_SENSOR, None, "This device has neither a microphone nor a current sensor: see its settings.")
)


class HornTest:
    """One at a time; whoever calls sees to that."""

    def __init__(
        self, sensor: Sensor | None, sounds: LocalSounds, time: TimePort, file: ReferenceFile, horn: Horn
    ) -> None:
        self.sensor = sensor
        self.file = file
        self._sounds = sounds
        self._time = time
        self._horn = horn

    async def test(self, *, quiet_hours: bool = False) -> Found:
        """Play, listen, judge. Raises `NotNow`, `HornFailed`, `SensorError`."""
        if self.sensor is None:
            return NO_SENSOR
        reference = self.reference()
        match await self._listened(self.sensor, quiet_hours):
            case Recording() as recording, began_us:
                hearing = await self._heard(recording, began_us)
                expected_db = None if reference is None or reference.level_db is None else self.expected_db(reference)
                return Found(selftest.judge_pattern(hearing, expected_db), expected_db)
            case readings, began_us:
                rise, restless = _rise(readings, began_us)
                known = None if reference is None else reference.rise
                verdict = selftest.judge_current(rise, restless, known)
                return Found(verdict, None if known is None else round(20 * math.log10(known), 1))

    async def calibrate(self, *, quiet_hours: bool = False) -> str:
        """The same until the horn was equally late twice running, and what was heard is the reference from now on;
        returns a sentence with it. Raises as `test`, and `HornFailed` where the horn was not heard clearly.
        """
        if self.sensor is None:
            raise HornFailed(NO_SENSOR.verdict.detail)
        late_s: list[float] = []
        while True:
            match await self._listened(self.sensor, quiet_hours):
                case Recording() as recording, began_us:
                    hearing = _clear(await self._heard(recording, began_us))
                    late_s.append(hearing.late_s)
                    if _agreed(late_s):
                        reference = self._measured(self.sensor, hearing)
                        break
                case readings, began_us:
                    rise, restless = _rise(readings, began_us)
                    verdict = selftest.judge_current(rise, restless, None)
                    if verdict.heard is not Heard.HEARD:
                        raise HornFailed(verdict.detail)
                    reference = Reference(sensor=self.sensor.description, volume_db=self._volume_db(), rise=rise)
                    break
        try:
            await self.file.keep(reference=reference)
        except OSError as error:
            raise HornFailed(f"The reference cannot be kept: {error.strerror}.") from error
        return _told(reference)

    @property
    def silent(self) -> bool:
        """Whether the volume leaves nothing to hear."""
        return self._horn.volume_percent() == 0

    def reference(self) -> Reference | None:
        """That of the sensor which is there now."""
        kept = self.file.kept.reference
        return None if kept is None or self.sensor is None or kept.sensor != self.sensor.description else kept

    def expected_db(self, reference: Reference) -> float:
        """What the pattern should give at the present volume."""
        return round((reference.level_db or 0.0) + self._volume_db() - reference.volume_db, 1)

    def _volume_db(self) -> float:
        return 20 * math.log10(max(1e-6, volume_gain(self._horn.volume_percent())))

    def _measured(self, sensor: Sensor, hearing: selftest.Hearing) -> Reference:
        latency_us = min(MAX_LATENCY_US, max(0, self._horn.latency_us() + round(hearing.late_s * 1e6)))
        self._horn.set_latency(latency_us)
        return Reference(
            sensor=sensor.description,
            volume_db=self._volume_db(),
            level_db=hearing.level_db,
            latency_us=latency_us,
        )

    async def _heard(self, recording: Recording, began_us: int) -> selftest.Hearing:
        expected = recording.sample_at(began_us)
        try:
            return await asyncio.to_thread(selftest.hear_pattern, recording.samples, recording.rate_hz, expected)
        except ValueError as error:
            raise HornFailed(f"The microphone gave too little: {error}. Try again.") from error

    async def _listened(self, sensor: Sensor, quiet_hours: bool) -> tuple[Recording | Readings, int]:
        """What the sensor gave, and the local instant at which the pattern began."""
        if self.silent:
            raise NotNow(SILENT)
        source = MemorySource((await asyncio.to_thread(selftest.pattern, RATE_HZ, PATTERN_DB)).tobytes())
        over = threading.Event()
        listening = asyncio.ensure_future(asyncio.to_thread(sensor.listen, over))
        try:
            await self._sleep_unless(listening, selftest.BEFORE_S + 0.3)
            began_us = await self._played(source, quiet_hours)
            await self._sleep_unless(listening, selftest.LATEST_S + 0.2)
        finally:
            over.set()
            await asyncio.wait([listening])
        return listening.result(), began_us

    async def _played(self, source: MemorySource, quiet_hours: bool) -> int:
        began: list[int] = []
        ended: asyncio.Future[tuple[LocalEnd, str]] = asyncio.get_running_loop().create_future()

        def end(how: LocalEnd, detail: str) -> None:
            if not ended.done():
                ended.set_result((how, detail))

        why_not = self._sounds.play("self-test", source, on_end=end, on_start=began.append, quiet_hours=quiet_hours)
        if why_not is not None:
            raise NotNow(why_not)
        try:
            async with asyncio.timeout(_WITHIN_S):
                how, detail = await ended
        except TimeoutError:
            raise HornFailed("The sound output did not play the pattern in time.") from None
        finally:
            if not ended.done() or ended.cancelled():
                self._sounds.stop()
        if how == "cut":
            raise NotNow(detail)
        if how == "failed" or not began:
            raise HornFailed(detail or "The pattern did not sound.")
        return began[0]

    async def _sleep_unless(self, listening: "asyncio.Future[Recording | Readings]", seconds: float) -> None:
        """Less long where listening ends by itself; raises what it ended with."""
        wake_us = self._time.monotonic_us() + round(seconds * 1e6)
        nap = asyncio.ensure_future(self._time.sleep_until(wake_us))
        either: tuple[asyncio.Future[Any], ...] = (nap, listening)
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            nap.cancel()
        if listening.done():
            listening.result()


def _clear(hearing: selftest.Hearing) -> selftest.Hearing:
    """Raises `HornFailed` for what is no measure."""
    verdict = selftest.judge_pattern(hearing, None)
    if verdict.heard is not Heard.HEARD:
        raise HornFailed(verdict.detail)
    if hearing.level_db < hearing.background_db + CLEAR_ENOUGH_DB:
        raise HornFailed(
            f"It is too noisy here: the pattern stood only {hearing.level_db - hearing.background_db:.0f} dB out."
            " Bring the microphone nearer, or try again when it is quiet."
        )
    return hearing


def _agreed(late_s: list[float]) -> bool:
    """Whether the horn was equally late twice running: just after it was opened, an output knows its place badly.

    Raises `HornFailed` where that was tried often enough.
    """
    if len(late_s) > 1 and abs(late_s[-1] - late_s[-2]) <= AGREE_S:
        return True
    if len(late_s) >= ROUNDS:
        told = ", ".join(f"{1000 * late:.1f}" for late in late_s)
        raise HornFailed(f"The horn was never equally late twice running ({told} ms). Is the box busy? Try again.")
    return False


def _rise(readings: Readings, began_us: int) -> tuple[float, float]:
    until_us = began_us + round(selftest.PATTERN_S * 1e6)
    before = readings.between(began_us - round(selftest.BEFORE_S * 1e6), began_us - 50_000)
    try:
        return selftest.current_rise(before, readings.between(began_us, until_us))
    except ValueError as error:
        raise HornFailed(f"The current sensor gave too little: {error}.") from error


def _told(reference: Reference) -> str:
    if reference.level_db is None:
        return f"Calibrated: the current rose by {reference.rise:g}."
    latency_ms = (reference.latency_us or 0) / 1000
    return f"Calibrated: {reference.level_db:.0f} dB at the microphone, the horn sounds {latency_ms:.1f} ms later."
