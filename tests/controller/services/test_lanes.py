"""One document at a time for each device, in the order of asking."""

import asyncio

import pytest

from agents.protocol.ids import DeviceId
from controller.services.lanes import Lanes

ONE, OTHER = DeviceId("d-1"), DeviceId("d-2")


async def test_a_lane_is_held_by_one_and_by_device() -> None:
    lanes = Lanes()
    assert lanes.take(ONE)
    assert not lanes.take(ONE)
    assert lanes.take(OTHER)
    lanes.release(ONE)
    assert lanes.take(ONE)


async def test_who_waits_gets_it_in_the_order_of_asking_and_who_gave_up_never() -> None:
    lanes = Lanes()
    assert lanes.take(ONE)
    first, second, third = (asyncio.create_task(lanes.wait(ONE)) for _ in range(3))
    await asyncio.sleep(0)
    second.cancel()
    lanes.release(ONE)
    await first
    with pytest.raises(asyncio.CancelledError):
        await second
    assert not third.done()
    lanes.release(ONE)
    await third
    lanes.release(ONE)
    assert lanes.take(ONE), "nothing is left of it"


async def test_a_lane_that_comes_too_late_goes_to_the_next() -> None:
    lanes = Lanes()
    assert lanes.take(ONE)
    first, second = (asyncio.create_task(lanes.wait(ONE)) for _ in range(2))
    await asyncio.sleep(0)
    lanes.release(ONE)
    first.cancel()
    await asyncio.wait_for(second, 5)
