"""Remote actions on the device: each ends once, whatever is killed in between."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta, timezone
from pathlib import Path

import pytest

from agents.domain.selftest import Verdict
from agents.io import hands as hands_module
from agents.io.hands import HandParts, Hands
from agents.io.local import LocalSounds
from agents.io.loglines import LogLines
from agents.io.microphone import SensorError
from agents.io.output import events as engine
from agents.io.selftest import Found, Horn, HornTest, NotNow, ReferenceFile
from agents.protocol.documents import Calibrate, FetchLog, Hand, Identify, Order, Restart, SelfTest, Stop, TestTone
from agents.protocol.ids import plate_digits
from agents.protocol.journal import ActionEnded, ActionResult, Heard, SelfTested
from agents.protocol.messages import LogReport, Message
from tests.agents.io.core import Agent, Station, adopt, eventually, push, running, serving_clips
from tests.agents.making import DEVICE, T0_US

DAY = timezone(timedelta(hours=2))
"""Where it is noon at the tests' instant."""
NIGHT = timezone(timedelta(hours=15))


class FakeTest(HornTest):
    """Finds what the test says."""

    def __init__(self, sounds: LocalSounds, folder: Path, time: object) -> None:
        self.volume_percent = 80
        horn = Horn(volume_percent=lambda: self.volume_percent, latency_us=lambda: 0, set_latency=lambda us: None)
        super().__init__(None, sounds, time, ReferenceFile(folder), horn)  # type: ignore[arg-type]
        self.finds: Found | Exception = Found(Verdict(Heard.HEARD, -20.0, "It is heard."), -21.0)

    async def test(self, *, quiet_hours: bool = False) -> Found:
        if isinstance(self.finds, Exception):
            raise self.finds
        return self.finds

    async def calibrate(self, *, quiet_hours: bool = False) -> str:
        return (await self.test()).verdict.detail


@dataclass
class Handy:
    agent: Agent
    station: Station
    hands: Hands
    test: FakeTest
    lines: LogLines = field(default_factory=LogLines)
    restarts: list[str] = field(default_factory=list)
    blinks: list[str] = field(default_factory=list)

    async def asks(self, action: Hand) -> Order:
        order = self.station.desk.order(action)
        await push(self.agent, self.station, order)
        return order

    async def ends(self) -> list[ActionEnded]:
        return [one for one in await self.agent.records() if isinstance(one, ActionEnded)]

    async def end(self, order: Order) -> ActionEnded:
        async def ended() -> bool:
            return order.header.document_id in {one.order_id for one in await self.ends()}

        await eventually(ended)
        (only,) = [one for one in await self.ends() if one.order_id == order.header.document_id]
        return only

    async def sounds(self, kind: type[engine.PlayEvent] = engine.Finished) -> str:
        """The device begins a sound of its own; it goes to its end, or another way. Its play's id."""
        play_id, _ = await self.agent.does("start_now", 1)
        self.agent.engine.tell(engine.Sounding(play_id, self.agent.time.monotonic_us(), 0, 0))
        match kind:
            case engine.Stopped:
                self.agent.engine.tell(engine.Stopped(play_id, 5))
            case engine.Failed:
                self.agent.engine.tell(engine.Failed(play_id, "output", "The sound device has vanished."))
            case _:
                self.agent.engine.tell(engine.Finished(play_id, 96_000, 0, 0))
        return play_id


@pytest.fixture
async def station() -> AsyncIterator[Station]:
    async with serving_clips() as made:
        yield made


@asynccontextmanager
async def handy(
    folder: Path, station: Station, zone: timezone = DAY, *, clean: bool = True, first: bool = True
) -> AsyncIterator[Handy]:
    async with running(folder, clean=clean) as agent:
        made = Handy(agent, station, None, FakeTest(agent.conductor.local, folder, agent.time))  # type: ignore[arg-type]
        made.hands = Hands(
            HandParts(
                device_id=DEVICE,
                conductor=agent.conductor,
                time=agent.time,
                test=made.test,
                lines=made.lines,
                zone=zone,
                one=asyncio.Lock(),
                identify_gain_db=-20.0,
                restart=lambda: made.restarts.append("again"),
                blink=lambda: made.blinks.append("blink"),
            )
        )
        agent.conductor.hands = made.hands.obey
        if first:
            await adopt(agent, station)
        doing = asyncio.ensure_future(made.hands.run())
        try:
            yield made
        finally:
            doing.cancel()
            await asyncio.wait([doing])


async def test_it_says_the_digits_of_its_plate_and_blinks(tmp_path: Path, station: Station) -> None:
    async with handy(tmp_path, station) as box:
        order = await box.asks(Identify())
        await box.sounds()

        end = await box.end(order)

        assert (end.action.value, end.result) == ("identify", ActionResult.DONE)
        assert plate_digits(DEVICE) in end.detail
        assert box.blinks == ["blink"]
        (frames,) = [value for _, value in box.agent.engine.called("arm")]
        assert 3 * 48_000 < frames < 20 * 48_000


async def test_a_tone_is_as_long_as_it_was_asked_for(tmp_path: Path, station: Station) -> None:
    async with handy(tmp_path, station) as box:
        order = await box.asks(TestTone(seconds=3, gain_db=-10.0))
        await box.sounds()

        assert (await box.end(order)).result is ActionResult.DONE
        assert [value for _, value in box.agent.engine.called("arm")] == [3 * 48_000]


async def test_what_nobody_could_hear_is_not_called_done(tmp_path: Path, station: Station) -> None:
    async with handy(tmp_path, station) as box:
        box.test.volume_percent = 0

        end = await box.end(await box.asks(TestTone()))

        assert (end.result, end.detail) == (ActionResult.REFUSED, "The volume is 0 %, so there is nothing to hear.")


async def test_nothing_sounds_while_a_stop_holds(tmp_path: Path, station: Station) -> None:
    async with handy(tmp_path, station) as box:
        await push(box.agent, station, station.desk.order(Stop()))
        order = await box.asks(TestTone())

        end = await box.end(order)

        assert (end.result, end.detail) == (ActionResult.REFUSED, "A stop holds.")
        assert box.agent.engine.called("arm") == []


async def test_a_tone_that_was_cut_was_not_done_and_one_that_failed_says_why(tmp_path: Path, station: Station) -> None:
    async with handy(tmp_path, station) as box:
        order = await box.asks(TestTone())
        await box.sounds(engine.Stopped)
        assert (await box.end(order)).result is ActionResult.REFUSED

    async with handy(tmp_path, station, first=False) as box:
        box.agent.know_time()
        order = await box.asks(TestTone())
        await box.sounds(engine.Failed)
        end = await box.end(order)
        assert (end.result, end.detail) == (ActionResult.FAILED, "The sound device has vanished.")


async def test_a_restart_is_done_once_the_program_runs_again_and_only_once(
    tmp_path: Path, station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hands_module, "RESTART_AFTER_S", 0.0)
    async with handy(tmp_path, station) as box:
        order = await box.asks(Restart())

        async def asked_for() -> bool:
            return bool(box.restarts)

        await eventually(asked_for)
        assert await box.ends() == []

    async with handy(tmp_path, station, first=False) as box:
        assert (await box.end(order)).result is ActionResult.DONE
        assert box.restarts == []
    async with handy(tmp_path, station, first=False) as box:
        await push(box.agent, station, order)  # byte for byte the same: taken, and nothing happens
        assert len(await box.ends()) == 1
        assert box.restarts == []


async def test_what_the_program_did_not_finish_is_not_taken_up_again(tmp_path: Path, station: Station) -> None:
    async with handy(tmp_path, station, clean=False) as box:
        order = await box.asks(TestTone())
        await box.agent.does("start_now", 1)

    async with handy(tmp_path, station, first=False) as box:
        end = await box.end(order)

        assert end.result is ActionResult.FAILED
        assert "ended before" in end.detail
        assert box.agent.engine.called("arm") == []


async def test_the_log_goes_over_the_link_before_it_is_done(tmp_path: Path, station: Station) -> None:
    async with handy(tmp_path, station) as box:
        sent: list[Message] = []

        async def send(message: Message) -> None:
            assert await box.ends() == []
            sent.append(message)

        box.lines.handle(logging.makeLogRecord({"msg": "what happened", "levelname": "INFO"}))
        with box.agent.conductor.outgoing.through(send):
            order = await box.asks(FetchLog(lines=5))
            end = await box.end(order)

        (report,) = sent
        assert isinstance(report, LogReport)
        assert report.order_id == order.header.document_id
        assert "what happened" in report.text
        assert (end.result, end.detail) == (ActionResult.DONE, "1 lines were sent.")


async def test_a_log_without_a_link_was_not_sent(tmp_path: Path, station: Station) -> None:
    async with handy(tmp_path, station) as box:
        end = await box.end(await box.asks(FetchLog()))

        assert end.result is ActionResult.FAILED


async def test_a_self_test_tells_what_it_found_and_that_it_was_done(tmp_path: Path, station: Station) -> None:
    async with handy(tmp_path, station) as box:
        order = await box.asks(SelfTest())
        assert (await box.end(order)).result is ActionResult.DONE

        (found,) = [one for one in await box.agent.records() if isinstance(one, SelfTested)]
        assert (found.heard, found.order_id) == (Heard.HEARD, order.header.document_id)
        assert (found.level_db, found.reference_db) == (-20.0, -21.0)


@pytest.mark.parametrize("action", [SelfTest(), Calibrate()])
async def test_no_horn_is_tested_at_night(tmp_path: Path, station: Station, action: Hand) -> None:
    async with handy(tmp_path, station, NIGHT) as box:
        end = await box.end(await box.asks(action))

        assert end.result is ActionResult.REFUSED
        assert "night" in end.detail


async def test_but_where_a_person_stands_beside_it(tmp_path: Path, station: Station) -> None:
    async with handy(tmp_path, station, NIGHT) as box:
        assert (await box.end(await box.asks(SelfTest(quiet_hours=True)))).result is ActionResult.DONE


@pytest.mark.parametrize(
    ("wrong", "result"),
    [
        (NotNow("An airing begins too soon."), ActionResult.REFUSED),
        (SensorError("The microphone is gone."), ActionResult.FAILED),
        (OSError("no room"), ActionResult.FAILED),
    ],
)
async def test_whatever_goes_wrong_it_ends_and_the_next_is_done(
    tmp_path: Path, station: Station, wrong: Exception, result: ActionResult
) -> None:
    async with handy(tmp_path, station) as box:
        box.test.finds = wrong
        assert (await box.end(await box.asks(Calibrate()))).result is result

        order = await box.asks(Identify())
        await box.sounds()
        assert (await box.end(order)).result is ActionResult.DONE


async def test_more_than_can_be_done_is_refused_and_what_waited_too_long_too(tmp_path: Path, station: Station) -> None:
    async with handy(tmp_path, station) as box:
        first = await box.asks(TestTone())
        late = station.desk.order(Identify(), issued_at_us=T0_US, not_after_us=T0_US + 1_000)
        box.hands.obey(late)
        for _ in range(hands_module.WAITING_AT_MOST - 1):
            box.hands.obey(station.desk.order(Calibrate()))
        await box.agent.does("start_now", 1)
        crowded = [station.desk.order(Identify()) for _ in range(2)]
        for order in crowded:
            box.hands.obey(order)

        assert (await box.end(crowded[-1])).result is ActionResult.REFUSED
        await box.sounds()
        await box.end(first)
        assert "too late" in (await box.end(late)).detail
