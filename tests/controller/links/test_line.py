"""Who waits for a place in the door: all who are wanted get one, and nobody keeps the others out."""

import asyncio

import pytest

from controller.links.gate import Gate
from controller.links.line import Line


def line(places=1, each=10, at_most=10, patience_s=5.0):
    return Line(Gate(places, each), at_most=at_most, patience_s=patience_s)


async def test_everybody_gets_a_place_in_the_order_of_coming():
    waiting_line, served = line(), []

    async def dial(name):
        assert await waiting_line.enter("a") is None
        served.append(name)
        waiting_line.leave("a")

    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        for name in range(8):
            group.create_task(dial(name))
    assert served == list(range(8))
    assert waiting_line.length == 0


async def test_addresses_take_turns():
    waiting_line, served = line(), []
    assert await waiting_line.enter("first") is None

    async def dial(address):
        assert await waiting_line.enter(address) is None
        served.append(address)
        waiting_line.leave(address)

    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        for address in ("many", "many", "many", "one", "other"):
            group.create_task(dial(address))
        while waiting_line.length < 5:
            await asyncio.sleep(0)
        waiting_line.leave("first")
    assert served == ["many", "one", "other", "many", "many"]


async def test_an_address_that_holds_all_it_may_keeps_nobody_else_out():
    waiting_line = line(places=2, each=1)
    assert await waiting_line.enter("greedy") is None
    again = asyncio.create_task(waiting_line.enter("greedy"))
    await asyncio.sleep(0)
    assert await waiting_line.enter("other") is None
    assert not again.done()
    waiting_line.leave("greedy")
    assert await again is None


async def test_beyond_its_end_devices_are_asked_to_come_later():
    waiting_line = line(at_most=1)
    assert await waiting_line.enter("a") is None
    patient = asyncio.create_task(waiting_line.enter("a"))
    await asyncio.sleep(0)
    later_s = await waiting_line.enter("a")
    assert later_s is not None
    assert later_s >= 1.0
    waiting_line.leave("a")
    assert await patient is None


async def test_nobody_waits_for_ever_and_who_gave_up_takes_no_place():
    waiting_line = line(patience_s=0.01)
    assert await waiting_line.enter("a") is None
    assert await waiting_line.enter("a") is not None
    hung_up = asyncio.create_task(waiting_line.enter("a"))
    await asyncio.sleep(0)
    hung_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await hung_up
    waiting_line.leave("a")
    assert await waiting_line.enter("a") is None, "the place is free"


async def test_a_place_that_comes_too_late_goes_to_the_next():
    waiting_line = line()
    assert await waiting_line.enter("a") is None
    hung_up, patient = (asyncio.create_task(waiting_line.enter("a")) for _ in range(2))
    await asyncio.sleep(0)
    waiting_line.leave("a")  # it is the first one's now, who does not know yet
    hung_up.cancel()
    assert await asyncio.wait_for(patient, 5) is None


async def test_a_place_that_comes_when_the_patience_ends_is_taken_and_not_lost():
    loop, waiting_line = asyncio.get_running_loop(), line(patience_s=0.05)
    assert await waiting_line.enter("a") is None
    patient = asyncio.create_task(waiting_line.enter("a"))
    await asyncio.sleep(0)
    ends_s = loop.time() + 0.05
    while loop.time() < ends_s:
        pass  # the loop is busy: it sees both at once, the place first
    loop.call_soon(waiting_line.leave, "a")
    assert await patient is None
    waiting_line.leave("a")
    assert await waiting_line.enter("a") is None, "no place was lost"
