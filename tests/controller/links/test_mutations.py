"""Whole conversations with a device that says things which are nearly right: it goes on, or it is cut with one line in
the log and one in the counter; nobody else notices.
"""

import asyncio
import logging

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.protocol.channel import ClockAnswer
from tests.agents.protocol.mutations import loose_samples, mutated
from tests.controller.links.conftest import Device, Station

MUTANTS = st.lists(mutated(loose_samples("from_device")), min_size=1, max_size=6)


async def goes_on(device: Device) -> bool:
    """Whether its link answers. Whatever is said meanwhile is passed over."""
    await device.ask_time(1)
    while True:
        frame = await device.frame()
        if frame.type is not aiohttp.WSMsgType.BINARY:
            return False
        if isinstance(device.channel.feed(frame.data), ClockAnswer):
            return True


async def say(device: Device, raw: bytes) -> None:
    """Nothing where the other side has hung up already."""
    try:
        for frame in device.channel.encrypt(raw):
            await device.socket.send_bytes(frame)
    except ConnectionError:
        return


@given(mutants=MUTANTS)
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_a_linked_device_that_speaks_nearly_right_harms_nobody(
    station: Station, caplog: pytest.LogCaptureFixture, mutants: list[bytes]
) -> None:
    caplog.clear()
    counters = station.hub.counters
    good, strange = await station.adopted(), await station.adopted()
    before = counters.garbage

    with caplog.at_level(logging.WARNING):
        for raw in mutants:
            await say(strange, raw)
        went_on = await goes_on(strange)

        assert await goes_on(good)
        await good.socket.close()
        await strange.socket.close()
        await station.services.until("disconnected", strange.device_id)
        await station.services.until("disconnected", good.device_id)
    told = [line for line in caplog.records if line.levelno >= logging.WARNING]
    lines = [line for line in told if strange.device_id in str(line.__dict__)]
    cut = [line for line in lines if "garbage" in line.getMessage()]
    assert (len(cut), counters.garbage - before) == ((0, 0) if went_on else (1, 1))
    assert not [line for line in lines if line.levelno >= logging.ERROR], "nothing broke"
    assert len(lines) <= len(mutants)


@given(mutants=MUTANTS)
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_a_new_device_that_speaks_nearly_right_harms_nobody_and_belongs_to_nobody(
    station: Station, caplog: pytest.LogCaptureFixture, mutants: list[bytes]
) -> None:
    caplog.clear()
    counters = station.hub.counters
    good, strange = await station.adopted(), await station.device().link_as_new()
    before = counters.garbage

    with caplog.at_level(logging.WARNING):
        for raw in mutants:
            await say(strange, raw)
        went_on = await goes_on(strange)

        assert await goes_on(good)
        await good.socket.close()
        await strange.socket.close()
        await station.services.until("disconnected", good.device_id)
        async with asyncio.timeout(5):
            while any(one.device_id == strange.device_id and one.linked for one in station.hub.found()):
                await asyncio.sleep(0)
    assert strange.device_id not in station.services.pinned
    told = [line for line in caplog.records if line.levelno >= logging.WARNING]
    assert counters.garbage - before == (0 if went_on else 1)
    assert len(told) <= (0 if went_on else 1), "one line, and of an address that goes on so not even that every time"
    assert not [line for line in told if line.levelno >= logging.ERROR], "nothing broke"


@given(raw=mutated(loose_samples("clear")), state=st.sampled_from(["first", "second"]))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_before_the_proof_a_strange_word_is_an_answer_or_the_end(
    station: Station, caplog: pytest.LogCaptureFixture, raw: bytes, state: str
) -> None:
    caplog.clear()
    device = await station.device().connect()
    with caplog.at_level(logging.WARNING):
        if state == "second":
            await device.greet()
        await device.socket.send_str(raw.decode("utf-8", "replace"))
        frame = await device.frame()
        await device.socket.close()
    assert frame.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)
    assert len([line for line in caplog.records if line.name.startswith("controller")]) <= 1
    assert not [line for line in caplog.records if line.levelno >= logging.ERROR]
