"""Listening to the horn on the device: the tune of the day."""

import asyncio
from array import array
from collections.abc import AsyncIterator, Callable
from datetime import timedelta, timezone
from pathlib import Path

import msgspec
import pytest

from agents.domain import selftest
from agents.domain.selftest import SENSOR_RATE_HZ
from agents.io.output import events as engine
from agents.io.selftest import PATTERN_DB, ReferenceFile
from agents.io.tunewatch import LOOK_EVERY_S, TuneWatch, decoded
from agents.protocol.journal import Heard, SelfTested
from tests.agents.io.conftest import tone
from tests.agents.io.core import Station, adopt, eventually, push, running, serving_clips, soon
from tests.agents.io.ears import Ears, Room, Steps
from tests.agents.making import airing, clip_part, ref_of

DAY = timezone(timedelta(hours=2))
NIGHT = timezone(timedelta(hours=15))
TUNE_S = 3.0


@pytest.fixture
async def station() -> AsyncIterator[Station]:
    async with serving_clips() as made:
        yield made


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
