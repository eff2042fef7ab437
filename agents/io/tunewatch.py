"""The horn's test of every day: nobody has to ask for it, and nothing sounds for it.

Rules of the module: the first airing of the day that begins with a pinned clip, a signature tune as a rule, is listened
to while the tune plays; never between 22:00 and 05:00, never an emergency. An airing that was cut or that sounded late
says nothing, and the next one is listened to instead. Where the tune was not heard, the pattern is played once, ten
minutes later, by the same rules as if somebody had asked for it.
"""

import asyncio
import audioop
import logging
import math
import threading
from collections.abc import Callable
from datetime import tzinfo
from typing import Final

from agents.domain import selftest
from agents.domain.night import day_of, is_night
from agents.domain.player.state import Item
from agents.domain.selftest import SENSOR_RATE_HZ, Verdict
from agents.io.clips import ClipDamaged, ClipStore
from agents.io.conductor import Conductor
from agents.io.decode import FRAME_BYTES, RATE_HZ, ClipDecoder, DecodeError
from agents.io.microphone import Readings, Recording, Sensor, SensorError
from agents.io.selftest import PATTERN_DB, Found, HornFailed, HornTest, NotNow
from agents.io.timeport import TimePort
from agents.protocol.journal import Heard, SelfTested
from agents.protocol.values import ClipPart, ClipRef

LOOK_EVERY_S: Final = 1.0
AGAIN_AFTER_S: Final = 600.0
LONGEST_TUNE_S: Final = 6.0
_AHEAD_US: Final = 3_000_000
_LATE_US: Final = 200_000

log = logging.getLogger(__name__)


class TuneWatch:
    """`run` it beside the conductor where there is a sensor. ``one`` keeps tests from overlapping."""

    def __init__(
        self,
        *,
        test: HornTest,
        conductor: Conductor,
        clips: ClipStore,
        time: TimePort,
        zone: tzinfo,
        one: asyncio.Lock,
        record: Callable[[SelfTested], None],
    ) -> None:
        self._test = test
        self._conductor = conductor
        self._clips = clips
        self._time = time
        self._zone = zone
        self._one = one
        self._record = record

    async def run(self) -> None:
        """Until cancelled; at once where there is no sensor."""
        sensor = self._test.sensor
        while sensor is not None:
            await self._sleep(LOOK_EVERY_S)
            item = self._coming()
            if item is not None and not self._one.locked():
                async with self._one:
                    tested = await self._listened(sensor, item)
                if tested is not None:
                    await self._tell(item.airing_id, tested)

    def _coming(self) -> Item | None:
        """An airing that begins in a moment, and with a tune; None where none does, or today was tested already."""
        now_us = self._conductor.performer.now().controller_us
        assignment = self._conductor.assignment()
        if now_us is None or assignment is None or is_night(now_us, self._zone) or self._test.silent:
            return None
        if self._test.file.kept.tested_on == day_of(now_us, self._zone).isoformat():
            return None
        pinned = {ref.sha256 for ref in assignment.pinned}
        ahead_us = round(selftest.BEFORE_S * 1e6) + 300_000
        for item in self._conductor.performer.state.items.values():
            ref = tune_of(item)
            due_us = item.due_us
            if ref is None or ref.sha256 not in pinned or due_us is None or item.mark.begun:
                continue
            if now_us + ahead_us <= due_us <= now_us + ahead_us + _AHEAD_US:
                return item
        return None

    async def _listened(self, sensor: Sensor, item: Item) -> Found | None:
        """None where the airing says nothing of the horn."""
        ref = tune_of(item)
        now_us = self._conductor.performer.now().controller_us
        if ref is None or item.due_us is None or now_us is None:
            return None
        try:
            tune = await asyncio.to_thread(decoded, self._clips, ref)
            tune_s = len(tune) / 2 / SENSOR_RATE_HZ
            until_s = (item.due_us - now_us) / 1e6 + tune_s + selftest.LATEST_S + 0.3
            heard, began_us = await self._heard(sensor, item, until_s, tune_s)
            if began_us is None:
                return None
            return await asyncio.to_thread(self._judged, heard, began_us, tune, tune_s)
        except (SensorError, ClipDamaged, DecodeError, OSError, ValueError) as error:
            log.warning("the tune could not be listened to: %s", error, extra={"event": "self_test_failed"})
            return None

    async def _heard(
        self, sensor: Sensor, item: Item, until_s: float, tune_s: float
    ) -> tuple[Recording | Readings, int | None]:
        """What the sensor gave, and the local instant at which the tune began, if all of it sounded."""
        over = threading.Event()
        listening = asyncio.ensure_future(asyncio.to_thread(sensor.listen, over))
        try:
            await self._sleep(until_s - selftest.LATEST_S - 0.5)
            began_us = self._sounding_since(item)
            await self._sleep(selftest.LATEST_S + 0.5)
        finally:
            over.set()
            await asyncio.wait([listening])
        return listening.result(), began_us

    def _sounding_since(self, item: Item) -> int | None:
        """While it sounds, from its beginning and in time; None where it does not."""
        now = self._conductor.performer.state.items.get(item.airing_id)
        if now is None or now.sounding_since_us is None or now.lost_us > _LATE_US or now.cut is not None:
            return None
        return now.sounding_since_us

    def _judged(self, heard: Recording | Readings, began_us: int, tune: bytes, tune_s: float) -> Found:
        match heard:
            case Recording() as recording:
                powers = selftest.loudness(memoryview(tune).cast("h"), SENSOR_RATE_HZ)
                block_us = 20_000
                expected = round((began_us - recording.began_local_us) / block_us)
                verdict = selftest.judge_tune(selftest.loudness(recording.samples, recording.rate_hz), powers, expected)
                return Found(verdict, self._expected_db(sum(powers) / max(1, len(powers))))
            case readings:
                before = readings.between(began_us - 1_000_000, began_us - 50_000)
                during = readings.between(began_us, began_us + round(tune_s * 1e6))
                return Found(judge_rise(*selftest.current_rise(before, during)))

    def _expected_db(self, tune_power: float) -> float | None:
        reference = self._test.reference()
        if reference is None or reference.level_db is None or tune_power <= 0:
            return None
        return round(self._test.expected_db(reference) + 10 * math.log10(tune_power) - PATTERN_DB, 1)

    async def _tell(self, airing_id: str, tested: Found) -> None:
        now_us = self._conductor.performer.now().controller_us
        self._record(self_tested(tested, airing_id=airing_id))
        try:
            if now_us is not None:
                await self._test.file.keep(tested_on=day_of(now_us, self._zone).isoformat())
        except OSError as error:
            log.warning("the day of the self-test cannot be kept: %s", error, extra={"event": "state_failed"})
        if tested.verdict.heard is Heard.NOT_HEARD:
            await self._sleep(AGAIN_AFTER_S)
            await self._again()

    async def _again(self) -> None:
        now_us = self._conductor.performer.now().controller_us
        if now_us is None or is_night(now_us, self._zone):
            return
        try:
            async with self._one:
                self._record(self_tested(await self._test.test()))
        except (NotNow, HornFailed, SensorError) as why:
            log.info("the horn could not be tested again: %s", why, extra={"event": "self_test_failed"})

    async def _sleep(self, seconds: float) -> None:
        await self._time.sleep_until(self._time.monotonic_us() + round(seconds * 1e6))


def tune_of(item: Item) -> ClipRef | None:
    """The clip that an airing begins with, where it begins with one, and from its first sample."""
    first = item.airing.sequence[0]
    return (
        first.choose(item.rendition)
        if isinstance(first, ClipPart) and item.airing.from_us == 0 and not item.emergency
        else None
    )


def judge_rise(rise: float, restless: float) -> Verdict:
    """Of a tune: how loud it is differs from tune to tune, so that no reference is asked."""
    return selftest.judge_current(rise, restless, None)


def self_tested(tested: Found, *, order_id: str | None = None, airing_id: str | None = None) -> SelfTested:
    """As the journal has it."""
    return SelfTested(
        heard=tested.verdict.heard,
        order_id=order_id,
        airing_id=airing_id,
        level_db=tested.verdict.level_db,
        reference_db=tested.reference_db,
        detail=tested.verdict.detail,
    )


def decoded(clips: ClipStore, ref: ClipRef) -> bytes:
    """The first seconds of a clip as a sensor would hear them. Raises `DecodeError`."""
    decoder = ClipDecoder(clips.path(ref.sha256))
    try:
        sound = decoder.read(min(ref.frames, round(LONGEST_TUNE_S * RATE_HZ)))
    finally:
        decoder.close()
    return audioop.ratecv(sound, FRAME_BYTES, 1, RATE_HZ, SENSOR_RATE_HZ, None)[0]
