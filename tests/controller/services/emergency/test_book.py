"""What is remembered of emergencies counts: a database that is behind, or fails, brings back nothing that is over."""

import asyncio
from dataclasses import replace
from typing import NoReturn

import pytest

from controller.domain.deeds import DeedKind
from controller.domain.emergencies import EmergencyState
from controller.domain.errors import Refused, StoreFailed
from tests.controller.services.emergency_samples import LAN, MINH, flood, prepared, sent
from tests.controller.services.station import Station


def refuse() -> NoReturn:
    raise StoreFailed("database or disk is full", code="out_of_space")


async def test_what_was_withdrawn_is_not_sent_though_the_database_could_not_be_told(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    speaker, device = await station.speaker("Cổng làng")
    waiting = await prepared(station, flood(speaker.area_id))
    desk = station.desk.emergencies
    with monkeypatch.context() as patch:
        patch.setattr(station.store, "transaction", refuse)
        assert (await desk.withdraw(waiting.emergency_id, LAN)).state is EmergencyState.WITHDRAWN
        with pytest.raises(Refused, match="withdrawn"):
            await desk.confirm(waiting.emergency_id, MINH)
    assert device.plays() == []

    async def stored() -> bool:
        station.clock.advance(2)
        async with station.store.reading() as tx:
            found = await tx.emergencies.get(waiting.emergency_id)
        return found.state is EmergencyState.WITHDRAWN

    await station.until(stored)
    async with station.store.reading() as tx:
        deeds = [one for one in await tx.deeds.latest(10) if one.what is DeedKind.WITHDRAW_EMERGENCY]
    assert [(one.by, one.subject) for one in deeds] == [("lan", waiting.emergency_id)]
    await station.until(lambda: nothing_beside(station))


async def test_what_was_withdrawn_is_not_offered_after_a_restart_though_the_database_never_heard_of_it(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    speaker, _ = await station.speaker("Cổng làng")
    waiting, other = [await prepared(station, flood(speaker.area_id)) for _ in range(2)]
    with monkeypatch.context() as patch:
        patch.setattr(station.store, "transaction", refuse)
        await station.desk.emergencies.withdraw(waiting.emergency_id, LAN)
    async with station.store.reading() as tx:
        assert (await tx.emergencies.get(waiting.emergency_id)).state is EmergencyState.PREPARED
    await station.restart()
    desk = station.desk.emergencies
    assert [one.emergency_id for one in desk.open()] == [other.emergency_id]
    found = await desk.get(waiting.emergency_id)
    assert found.ended is not None
    assert (found.state, found.ended.name) == (EmergencyState.WITHDRAWN, "lan")

    async def stored() -> bool:
        async with station.store.reading() as tx:
            return (await tx.emergencies.get(waiting.emergency_id)).state is EmergencyState.WITHDRAWN

    await station.until(stored)
    await station.until(lambda: nothing_beside(station))


async def nothing_beside(station: Station) -> bool:
    return await station.store.aside.read() in {b"", b"[]"}


async def test_what_was_ended_is_not_sent_or_ended_again_before_the_database_knows(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    speaker, device = await station.speaker("Cổng làng")
    waiting = await prepared(station, flood(speaker.area_id))
    desk = station.desk.emergencies
    with monkeypatch.context() as patch:
        patch.setattr(station.store, "transaction", refuse)
        await desk.confirm(waiting.emergency_id, MINH)
        await desk.end(waiting.emergency_id, MINH, all_clear=False)
        sounded = len(device.plays())
        with pytest.raises(Refused, match="ended"):
            await desk.confirm(waiting.emergency_id, LAN)
        with pytest.raises(Refused, match="ended"):
            await desk.end(waiting.emergency_id, LAN, all_clear=True)
        assert (await desk.get(waiting.emergency_id)).state is EmergencyState.ENDED
    assert len(device.plays()) == sounded


@pytest.mark.parametrize("turns", [7, 9, 17, 20])
async def test_withdrawn_and_confirmed_at_once_the_first_counts(station: Station, turns: int) -> None:
    speaker, device = await station.speaker("Cổng làng")
    waiting = await prepared(station, flood(speaker.area_id))
    withdrawing = asyncio.create_task(station.desk.emergencies.withdraw(waiting.emergency_id, LAN))
    for _ in range(turns):
        await asyncio.sleep(0)
    with pytest.raises(Refused, match="withdrawn"):
        await station.desk.emergencies.confirm(waiting.emergency_id, MINH)
    await withdrawing
    assert device.plays() == []


async def test_what_is_confirmed_while_it_expires_is_on_the_air(station: Station) -> None:
    speaker, _ = await station.speaker("Cổng làng")
    waiting = await prepared(station, flood(speaker.area_id))
    desk = station.desk.emergencies
    expiring = asyncio.create_task(desk.book.settle(waiting, replace(waiting, state=EmergencyState.EXPIRED)))
    await asyncio.sleep(0)
    await desk.confirm(waiting.emergency_id, MINH)
    await expiring
    assert (await desk.get(waiting.emergency_id)).on_air

    async def stored() -> bool:
        async with station.store.reading() as tx:
            return (await tx.emergencies.get(waiting.emergency_id)).on_air

    await station.until(stored)


async def test_a_correction_that_waits_is_not_sent_over_an_all_clear_or_another_correction(station: Station) -> None:
    speaker, _ = await station.speaker("Cổng làng")
    desk = station.desk.emergencies
    emergency = await sent(station, flood(speaker.area_id))
    first, second = [
        await desk.book.wait_ready(
            (await desk.correct(emergency.emergency_id, flood(speaker.area_id), LAN, "sai giờ")).emergency_id
        )
        for _ in range(2)
    ]
    await desk.confirm(first.emergency_id, MINH)
    with pytest.raises(Refused) as refused:
        await desk.confirm(second.emergency_id, MINH)
    assert refused.value.code == "emergency_over"
    third = await desk.correct(first.emergency_id, flood(speaker.area_id), LAN, "sai giờ")
    await desk.book.wait_ready(third.emergency_id)
    await desk.end(first.emergency_id, MINH, all_clear=True)
    with pytest.raises(Refused) as refused:
        await desk.confirm(third.emergency_id, MINH)
    assert refused.value.code == "emergency_over"
