"""Listening to the horn on the device: the pattern by the player's leave, and the reference."""

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from agents.io import selftest as selftest_module
from agents.io.microphone import CurrentSensor, Microphone, Readings, SensorError, make_sensor
from agents.io.output import events as engine
from agents.io.selftest import FILE_NAME, PATTERN_DB, Horn, HornFailed, HornTest, NotNow, ReferenceFile
from agents.io.timeport import SystemTime
from agents.protocol.documents import Stop
from agents.protocol.journal import Heard
from tests.agents.io.core import Station, adopt, push, running, serving_clips
from tests.agents.io.ears import Ears, Room, Steps


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


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b'{"reference":{"sensor":"a micr\xefphone","volume_db":0}}',
        b'{"reference":{"sensor":"a microphone","volume_db":0,"latency_us":999999999999}}',
    ],
    ids=["torn", "rotten", "a horn that sounds days later"],
)
def test_a_damaged_file_is_begun_anew(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)

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
