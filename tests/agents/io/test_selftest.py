"""Listening to the horn on the device: the pattern by the player's leave, the reference, the tune of the day."""

import asyncio
import threading
from array import array
from collections.abc import AsyncIterator, Callable
from datetime import timedelta, timezone
from pathlib import Path

import msgspec
import pytest

from agents.domain import selftest
from agents.domain.selftest import SENSOR_RATE_HZ
from agents.io import selftest as selftest_module
from agents.io.microphone import CurrentSensor, Microphone, Readings, Recording, SensorError, make_sensor
from agents.io.output import events as engine
from agents.io.selftest import FILE_NAME, PATTERN_DB, Found, Horn, HornFailed, HornTest, NotNow, ReferenceFile
from agents.io.timeport import SystemTime
from agents.io.tunewatch import LOOK_EVERY_S, TuneWatch, decoded
from agents.protocol.documents import Stop
from agents.protocol.journal import Heard, SelfTested
from tests.agents.io.conftest import tone
from tests.agents.io.core import Agent, Station, adopt, eventually, push, running, serving_clips, soon
from tests.agents.making import airing, clip_part, ref_of

DAY = timezone(timedelta(hours=2))
NIGHT = timezone(timedelta(hours=15))
TUNE_S = 3.0


class Room:
    """The air between the horn and the microphone. ``gain_db`` 0 is as loud as it was played, None a muted horn."""

    description = "a microphone"

    def __init__(self) -> None:
        self.gain_db: float | None = 0.0
        self.late_s = [0.0]
        """One time after the other; the last for ever."""
        self.sound: array[int] = selftest.pattern(SENSOR_RATE_HZ, PATTERN_DB)
        self.began_us = 0
        self.listened = 0
        self.wrong: Exception | None = None

    def listen(self, over: threading.Event) -> Recording:
        self.listened += 1
        late_s = self.late_s[min(self.listened, len(self.late_s)) - 1]
        if self.wrong is not None:
            raise self.wrong
        over.wait(30)
        samples = array("h", [(-1) ** at * (at % 3) for at in range(round(9 * SENSOR_RATE_HZ))])
        if self.gain_db is not None:
            at = round((1.2 + late_s) * SENSOR_RATE_HZ)
            gain = 10 ** (self.gain_db / 20)
            for index, sample in enumerate(self.sound):
                samples[at + index] = max(-32_768, min(32_767, samples[at + index] + round(gain * sample)))
        return Recording(samples, SENSOR_RATE_HZ, self.began_us - 1_200_000)


class Steps(SystemTime):
    """Nothing that sleeps wakes before the test says so; ``quick`` wakes it at once."""

    def __init__(self, quick: bool = False) -> None:
        self.quick = quick
        self.asleep: list[tuple[float, asyncio.Future[None]]] = []

    async def sleep_until(self, monotonic_us: int) -> None:
        if not self.quick:
            woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self.asleep.append(((monotonic_us - self.monotonic_us()) / 1e6, woken))
            await woken
        await asyncio.sleep(0)

    async def wanted(self) -> float:
        """How long the next sleeper wants to sleep."""

        async def sleeps() -> bool:
            self.asleep = [one for one in self.asleep if not one[1].done()]
            return bool(self.asleep)

        await eventually(sleeps)
        return self.asleep[0][0]

    async def wake(self) -> float:
        """The next sleeper wakes; returns how long it had wanted to sleep."""
        wanted = await self.wanted()
        self.asleep.pop(0)[1].set_result(None)
        await asyncio.sleep(0)
        return wanted


class Ears:
    """A device with a microphone in a room."""

    def __init__(self, agent: Agent, folder: Path, room: Room, time: Steps) -> None:
        self.agent = agent
        self.room = room
        self.time = time
        self.volume_percent = 100
        self.latency_us = 10_000
        horn = Horn(lambda: self.volume_percent, lambda: self.latency_us, self._set_latency)
        self.test = HornTest(room, agent.conductor.local, time, ReferenceFile(folder), horn)

    def _set_latency(self, latency_us: int) -> None:
        self.latency_us = latency_us

    async def sounding(self, count: int, end: type[engine.PlayEvent] = engine.Finished) -> None:
        """What the engine says of the pattern, the ``count``-th sound of the device's own."""
        play_id, _ = await self.agent.does("start_now", count)
        self.room.began_us = self.agent.time.monotonic_us()
        self.agent.engine.tell(engine.Sounding(play_id, self.room.began_us, 0, 0))
        cut = end is engine.Stopped
        self.agent.engine.tell(engine.Stopped(play_id, 5) if cut else engine.Finished(play_id, 96_000, 0, 0))

    async def tested(self, count: int = 1) -> Found:
        testing = asyncio.ensure_future(self.test.test())
        await self.sounding(count)
        return await testing


@pytest.fixture
async def station() -> AsyncIterator[Station]:
    async with serving_clips() as made:
        yield made


@pytest.fixture
async def ears(tmp_path: Path, station: Station) -> AsyncIterator[Ears]:
    async with running(tmp_path) as agent:
        await adopt(agent, station)
        yield Ears(agent, tmp_path, Room(), Steps(quick=True))


async def test_a_horn_is_heard_and_a_muted_one_is_not(ears: Ears) -> None:
    assert (await ears.tested()).verdict.heard is Heard.HEARD

    ears.room.gain_db = None
    assert (await ears.tested(2)).verdict.heard is Heard.NOT_HEARD


async def test_without_a_sensor_it_says_so_and_nothing_sounds(ears: Ears, tmp_path: Path) -> None:
    assert make_sensor("", None, SystemTime()) is None
    deaf = HornTest(None, ears.agent.conductor.local, ears.time, ears.test.file, Horn(lambda: 80, lambda: 0, print))

    assert (await deaf.test()).verdict.heard is Heard.NO_SENSOR
    with pytest.raises(HornFailed, match="microphone"):
        await deaf.calibrate()
    assert ears.agent.engine.called("arm") == []


async def test_calibrating_keeps_reference_and_latency_and_holds_at_any_volume(ears: Ears, tmp_path: Path) -> None:
    ears.room.gain_db, ears.room.late_s = -10.0, [0.0425]
    calibrating = asyncio.ensure_future(ears.test.calibrate())
    await ears.sounding(1)
    await ears.sounding(2)

    assert "52.5 ms" in await calibrating
    assert ears.latency_us == pytest.approx(52_500, abs=300)
    kept = ReferenceFile(tmp_path).kept.reference
    assert kept is not None
    assert kept.level_db == pytest.approx(PATTERN_DB - 10, abs=0.5)

    ears.volume_percent = 50
    ears.room.gain_db = -22.0
    found = await ears.tested(3)
    assert found.reference_db == pytest.approx(PATTERN_DB - 22, abs=0.6)
    assert found.verdict.heard is Heard.HEARD
    ears.room.gain_db = -40.0
    assert (await ears.tested(4)).verdict.heard is Heard.NOT_HEARD


async def test_a_latency_that_is_never_the_same_is_none(ears: Ears, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selftest_module, "ROUNDS", 3)
    calibrating = asyncio.ensure_future(ears.test.calibrate())
    ears.room.late_s = [0.01, 0.02, 0.03]
    for number in range(1, 4):
        await ears.sounding(number)

    with pytest.raises(HornFailed, match=r"10\.0, 20\.0, 30\.0 ms"):
        await calibrating
    assert ears.latency_us == 10_000


async def test_a_reference_of_another_microphone_is_none(ears: Ears, tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(
        msgspec.json.encode({"reference": {"sensor": "another", "volume_db": 0.0, "level_db": 0.0}})
    )
    ears.test.file = ReferenceFile(tmp_path)

    assert (await ears.tested()).reference_db is None


async def test_a_damaged_file_is_begun_anew(ears: Ears, tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"{")

    assert ReferenceFile(tmp_path).kept.reference is None


async def test_nothing_is_calibrated_that_is_not_heard_clearly(ears: Ears) -> None:
    ears.room.gain_db = None
    calibrating = asyncio.ensure_future(ears.test.calibrate())
    await ears.sounding(1)

    with pytest.raises(HornFailed, match="tones"):
        await calibrating
    assert ears.latency_us == 10_000


async def test_the_pattern_sounds_by_the_players_leave_alone(ears: Ears, station: Station) -> None:
    await push(ears.agent, station, station.desk.order(Stop()))

    with pytest.raises(NotNow, match="stop"):
        await ears.test.test()


async def test_a_pattern_that_was_cut_says_nothing(ears: Ears) -> None:
    testing = asyncio.ensure_future(ears.test.test())
    await ears.sounding(1, engine.Stopped)

    with pytest.raises(NotNow):
        await testing


async def test_a_microphone_that_fails_is_told_and_nothing_sounds(ears: Ears) -> None:
    ears.room.wrong = SensorError("The microphone is gone.")
    ears.time.quick = False

    with pytest.raises(SensorError, match="gone"):
        await ears.test.test()
    assert ears.agent.engine.called("arm") == []


async def test_a_microphone_that_is_not_there_is_a_sentence() -> None:
    with pytest.raises(SensorError, match="no-such-device"):
        await asyncio.to_thread(Microphone("no-such-device", SystemTime()).listen, threading.Event())


async def test_a_current_sensor_is_read_again_and_again(tmp_path: Path) -> None:
    file = tmp_path / "curr1_input"
    file.write_text("120\n")
    over = threading.Event()
    sensor = make_sensor("", file, SystemTime())
    assert isinstance(sensor, CurrentSensor)
    reading = asyncio.ensure_future(asyncio.to_thread(sensor.listen, over))
    await asyncio.to_thread(SystemTime().block_until, SystemTime().monotonic_us() + 100_000)
    over.set()

    readings = await reading
    assert isinstance(readings, Readings)
    assert set(readings.values) == {120.0}
    assert readings.between(readings.at_us[0], readings.at_us[1]) == [120.0]
    file.write_text("what?")
    with pytest.raises(SensorError, match="curr1_input"):
        await asyncio.to_thread(sensor.listen, threading.Event())


# --- the tune of the day --------------------------------------------------------------------------------------------


class Day:
    """A device that watches for the tune of the day; every nap is the test's."""

    def __init__(self, ears: Ears, station: Station, content: bytes, zone: timezone = DAY) -> None:
        self.ears = ears
        self.station = station
        self.content = content
        self.records: list[SelfTested] = []
        self.watch = TuneWatch(
            test=ears.test,
            conductor=ears.agent.conductor,
            clips=ears.agent.conductor._parts.clips,
            time=ears.time,
            zone=zone,
            one=asyncio.Lock(),
            record=self.records.append,
        )

    async def plans(self, airing_id: str = "air-1", *, pinned: bool = True) -> int:
        """An airing that begins with the tune, in two seconds; returns when."""
        agent = self.ears.agent
        self.station.offer(self.content)
        refs = (ref_of(self.content, TUNE_S),) if pinned else ()
        await push(agent, self.station, msgspec.structs.replace(self.station.desk.assignment(), pinned=refs))
        start_us = soon(agent, 4_000_000)
        sequence = (clip_part(self.content, TUNE_S), clip_part(self.content, TUNE_S))
        await push(
            agent, self.station, self.station.desk.rundown(airing(airing_id, start_at_us=start_us, sequence=sequence))
        )
        await agent.tells("stored", "armed", airing_id=airing_id)
        return start_us

    async def listens(self) -> None:
        """It looks again and again, until it sees what comes."""
        async with asyncio.timeout(15):
            while await self.ears.time.wanted() < LOOK_EVERY_S + 0.1:
                await self.ears.time.wake()
                await asyncio.sleep(0.01)

    async def sounds(self, airing_id: str) -> None:
        agent = self.ears.agent
        play_id, start_local_us = await agent.does("start")
        self.ears.room.began_us = start_local_us
        agent.engine.tell(engine.Sounding(play_id, start_local_us, 0, 0))


@pytest.fixture
async def day(
    tmp_path: Path, station: Station, encode: Callable[..., Path], request: pytest.FixtureRequest
) -> AsyncIterator[Day]:
    content = encode("tune.opus", b"".join(tone(0.25, 300 * step, 0.6) + bytes(24_000) for step in (2, 3, 4, 3, 5, 2)))
    async with running(tmp_path) as agent:
        await adopt(agent, station)
        made = Day(
            Ears(agent, tmp_path, Room(), Steps()), station, content.read_bytes(), getattr(request, "param", DAY)
        )
        watching = asyncio.ensure_future(made.watch.run())
        yield made
        made.ears.time.quick = True
        watching.cancel()
        for _, sleeper in made.ears.time.asleep:
            sleeper.cancel()
        await asyncio.wait([watching])


async def heard_sound(day: Day) -> None:
    """What the microphone will have is the tune itself."""
    ref = ref_of(day.content, TUNE_S)
    sound = await asyncio.to_thread(decoded, day.ears.agent.conductor._parts.clips, ref)
    day.ears.room.sound = array("h", sound)


async def told(day: Day, count: int) -> list[SelfTested]:
    async def there() -> bool:
        return len(day.records) >= count

    await eventually(there)
    return day.records


async def test_the_tune_of_the_day_is_listened_to_once(day: Day, tmp_path: Path) -> None:
    await day.plans()
    await heard_sound(day)
    await day.listens()
    await day.sounds("air-1")
    assert await day.ears.time.wake() > TUNE_S
    await day.ears.time.wake()

    (found,) = await told(day, 1)
    assert (found.heard, found.airing_id, found.order_id) == (Heard.HEARD, "air-1", None), found.detail

    async def kept() -> bool:
        return bool(ReferenceFile(tmp_path).kept.tested_on)

    await eventually(kept)
    await day.plans("air-2")
    assert [await day.ears.time.wake() for _ in range(3)] == [pytest.approx(1.0, abs=0.1)] * 3
    assert day.ears.room.listened == 1


async def test_a_tune_that_is_not_heard_is_followed_by_the_pattern_ten_minutes_later(day: Day) -> None:
    await day.plans()
    await heard_sound(day)
    day.ears.room.gain_db = None
    await day.listens()
    await day.sounds("air-1")
    await day.ears.time.wake()
    await day.ears.time.wake()

    assert (await told(day, 1))[0].heard is Heard.NOT_HEARD
    # The airing is over by then.
    play_id, _ = day.ears.agent.engine.called("start")[0]
    day.ears.agent.engine.tell(engine.Finished(play_id, 288_000, 0, 0))
    assert await day.ears.time.wanted() == pytest.approx(600, abs=5)
    day.ears.time.quick = True
    day.ears.room.sound = selftest.pattern(SENSOR_RATE_HZ, PATTERN_DB)
    day.ears.room.gain_db = 0.0
    await day.ears.time.wake()
    await day.ears.sounding(1)

    again = (await told(day, 2))[1]
    assert (again.heard, again.airing_id) == (Heard.HEARD, None)


async def test_an_airing_that_was_cut_says_nothing_of_the_horn(day: Day) -> None:
    await day.plans()
    await day.listens()
    await day.sounds("air-1")
    play_id, _ = day.ears.agent.engine.called("start")[0]
    day.ears.agent.engine.tell(engine.Failed(play_id, "output", "gone"))
    await day.ears.time.wake()
    await day.ears.time.wake()
    await day.ears.time.wake()

    assert day.records == []
    assert day.ears.test.file.kept.tested_on == ""


async def test_an_airing_that_begins_with_something_else_is_not_listened_to(day: Day) -> None:
    await day.plans(pinned=False)
    assert [await day.ears.time.wake() for _ in range(3)] == [pytest.approx(1.0, abs=0.1)] * 3

    assert day.ears.room.listened == 0


@pytest.mark.parametrize("day", [NIGHT], indirect=True)
async def test_no_tune_is_listened_to_at_night(day: Day) -> None:
    await day.plans()
    assert [await day.ears.time.wake() for _ in range(3)] == [pytest.approx(1.0, abs=0.1)] * 3

    assert day.ears.room.listened == 0
