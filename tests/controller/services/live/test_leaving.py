"""The program ends while somebody speaks: the horns are told so before their links end."""

import asyncio
from dataclasses import replace
from typing import NoReturn

import pytest

from agents.protocol.documents import End, Play
from agents.protocol.ids import AiringId
from agents.protocol.journal import Ended
from agents.protocol.live import PACKET_US
from controller.domain.airings import AiringState
from controller.domain.errors import StoreFailed
from tests.controller.fakes import FakeDevice
from tests.controller.services.emergency_samples import flood, sent
from tests.controller.services.live.speaking import archived, desk, opened, speak
from tests.controller.services.station import Station, sounding

WITHIN_S = 20.0
"""Longer than anything here takes."""


def ends(device: FakeDevice) -> list[End]:
    return [action for action in device.orders() if isinstance(action, End)]


async def test_its_horns_know_that_it_is_over_before_their_links_end(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    stream = await opened(station, speaker)
    station.clock.advance(1)
    speak(station, stream, 30)
    await desk(station).leave(WITHIN_S)
    assert device.bundles[-1].last
    ended_us = device.bundles[-1].at_us + len(device.bundles[-1].packets) * PACKET_US
    assert ends(device) == [End(airing_ids=(stream.airing.airing_id,), end_at_us=ended_us)]
    assert stream.reason == "closing", "whoever speaks is told why"
    assert desk(station).open_streams() == ()
    await station.restart()
    assert await archived(station, stream.airing)
    await station.connect(device)
    assert len(ends(device)) == 1, "it is not ended again"


async def test_they_know_it_though_the_database_takes_nothing(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    speaker, device = await station.speaker("Chợ")
    stream = await opened(station, speaker)
    await station.until_ordered(device, Play)
    station.clock.advance(1)
    speak(station, stream, 30)

    def refuse() -> NoReturn:
        raise StoreFailed("database or disk is full", code="out_of_space")

    with monkeypatch.context() as patch:
        patch.setattr(station.store, "transaction", refuse)
        await desk(station).leave(WITHIN_S)
        assert [one.airing_ids for one in ends(device)] == [(stream.airing.airing_id,)]
        await station.close()
    station.links.devices.clear()
    await station.open()
    await station.connect(device)
    airing_id = stream.airing.airing_id
    await station.report(
        device, sounding(airing_id, stream.begins_us), Ended(airing_id=airing_id, order_id="o-1", at_us=600_000)
    )
    await station.until_state(stream.airing, AiringState.ENDED)


async def test_a_database_that_does_not_answer_and_a_horn_that_does_not_hold_nothing_up_for_long(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first, silent), (second, well) = await station.speaker("Chợ"), await station.speaker("Đình")
    silent.answers = False
    stream = await opened(station, first, second)
    locked = asyncio.Event()

    class Locked:
        async def __aenter__(self) -> NoReturn:
            await locked.wait()
            raise StoreFailed("locked")

        async def __aexit__(self, *_: object) -> None: ...

    with monkeypatch.context() as patch:
        patch.setattr(station.store, "transaction", Locked)
        async with asyncio.timeout(WITHIN_S):
            await desk(station).leave(0.2)
        assert [one.airing_ids for one in ends(well)] == [(stream.airing.airing_id,)]
        await station.close()
    await station.open()


async def test_what_ended_a_moment_before_is_waited_for_too(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    stream = await opened(station, speaker)
    await station.until_ordered(device, Play)
    pushed, slow = asyncio.Event(), asyncio.Event()

    async def hold(*_: object) -> None:
        pushed.set()
        await slow.wait()

    station.links.on_push = hold
    await stream.close("dung")
    leaving = asyncio.create_task(desk(station).leave(WITHIN_S))
    await pushed.wait()
    for _turn in range(20):
        await asyncio.sleep(0)
    assert not leaving.done()
    slow.set()
    await leaving
    assert [one.airing_ids for one in ends(device)] == [(stream.airing.airing_id,)]


async def test_a_horn_that_never_answers_holds_up_the_end_no_longer_than_allowed(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    stream = await opened(station, speaker)
    await station.until_ordered(device, Play)
    device.answers = False
    await stream.close("dung")
    async with asyncio.timeout(WITHIN_S):
        await desk(station).leave(0.1)
    assert ends(device) == []


async def test_an_emergency_into_which_somebody_speaks_goes_on(station: Station) -> None:
    speaker, device = await station.speaker("Cổng làng")
    emergency = await sent(station, replace(flood(speaker.area_id), template_id=None, texts={}, live=True))
    stream = await desk(station).spoken(AiringId(emergency.airing_id))
    assert stream is not None
    await desk(station).leave(WITHIN_S)
    assert not stream.over.is_set()
    assert ends(device) == []
