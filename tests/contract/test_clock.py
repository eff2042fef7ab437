"""What every `ports.Clock` holds to: the fake of the tests and the one of the program."""

import asyncio
from collections.abc import Callable

import pytest

from controller.links.clock import ControllerClock
from controller.ports import Clock
from tests.controller.fakes import FakeClock

Pass = Callable[[float], None]


@pytest.fixture(params=["fake", "real"])
def clock(request: pytest.FixtureRequest) -> tuple[Clock, Pass]:
    """A clock, and how to let its time pass."""
    if request.param == "fake":
        fake = FakeClock()
        return fake, fake.advance
    return ControllerClock(trust_system_clock=True), lambda seconds: None


async def test_time_does_not_go_back(clock: tuple[Clock, Pass]) -> None:
    told, _ = clock
    instants = [told.now_us() for _ in range(100)]
    assert instants == sorted(instants)
    assert instants[0] > 1_600_000_000_000_000


async def test_a_sleep_ends_at_its_instant_and_not_before(clock: tuple[Clock, Pass]) -> None:
    told, let_pass = clock
    until_us = told.now_us() + 30_000
    sleeping = asyncio.create_task(told.sleep_until(until_us))
    await asyncio.sleep(0)
    assert not sleeping.done()
    let_pass(0.03)
    await asyncio.wait_for(sleeping, 5)
    assert told.now_us() >= until_us


async def test_a_sleep_until_the_past_ends_at_once(clock: tuple[Clock, Pass]) -> None:
    told, _ = clock
    await asyncio.wait_for(told.sleep_until(told.now_us() - 1), 5)


async def test_a_sleep_can_be_cancelled_and_others_go_on(clock: tuple[Clock, Pass]) -> None:
    told, let_pass = clock
    until_us = told.now_us() + 20_000
    first, second = (asyncio.create_task(told.sleep_until(until_us)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    let_pass(0.02)
    await asyncio.wait_for(second, 5)
    with pytest.raises(asyncio.CancelledError):
        await first


def test_a_time_line_has_one_name(clock: tuple[Clock, Pass]) -> None:
    told, _ = clock
    assert told.clock_id
    assert told.synchronised()
