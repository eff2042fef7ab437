"""A database that is locked or full keeps nothing that is in force from whoever connects meanwhile."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NoReturn

import pytest

from agents.protocol.documents import End, Play, Stop
from controller.domain.deeds import DeedKind
from controller.domain.errors import StoreFailed
from controller.domain.stops import latches
from tests.controller.services.emergency_samples import MINH, flood, prepared, sent
from tests.controller.services.station import Station


@asynccontextmanager
async def full(station: Station, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Nothing can be written."""

    def refuse() -> NoReturn:
        raise StoreFailed("database or disk is full", code="out_of_space")

    with monkeypatch.context() as patch:
        patch.setattr(station.store, "transaction", refuse)
        yield


async def test_who_connects_before_an_emergency_could_be_stored_gets_it(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    speaker, _ = await station.speaker("Cổng làng")
    _, late = await station.speaker("Chợ")
    await station.disconnect(late)
    waiting = await prepared(station, flood(speaker.area_id))
    async with full(station, monkeypatch):
        emergency = await station.desk.emergencies.confirm(waiting.emergency_id, MINH)
        await station.connect(late)
        play = await station.until_ordered(late, Play)
    assert play.airing.airing_id == emergency.airing_id


async def test_who_connects_before_a_stop_could_be_stored_is_stopped(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    await station.speaker("Cổng làng")
    _, late = await station.speaker("Chợ")
    await station.disconnect(late)
    async with full(station, monkeypatch):
        await station.desk.dispatch.stop_all("minh")
        await station.connect(late)
        await station.until_ordered(late, Stop)


async def test_who_connects_before_an_end_could_be_stored_does_not_begin_what_is_over(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    speaker, _ = await station.speaker("Cổng làng")
    _, late = await station.speaker("Chợ")
    emergency = await sent(station, flood(speaker.area_id))
    await station.until_ordered(late, Play)
    await station.disconnect(late)
    async with full(station, monkeypatch):
        await station.desk.emergencies.end(emergency.emergency_id, MINH, all_clear=False)
        await station.connect(late)
        end = await station.until_ordered(late, End)
    assert end.airing_ids == (emergency.airing_id,)


async def test_a_stop_that_was_released_before_it_could_be_stored_holds_nobody_afterwards(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    await station.speaker("Cổng làng")
    async with full(station, monkeypatch):
        order_id = await station.desk.dispatch.stop_all("minh")
    await station.desk.dispatch.release_stop("minh")

    async def stored() -> bool:
        station.clock.advance(1)
        async with station.store.reading() as tx:
            return any(deed.subject == order_id and deed.what is DeedKind.STOP_ALL for deed in await tx.deeds.latest(9))

    await station.until(stored)
    async with station.store.reading() as tx:
        assert not any(latches(order) for order, _ in await tx.documents.open_orders(station.clock.now_us()))
    await station.restart()
    assert await station.desk.dispatch.active_stop() is None


async def test_what_could_not_be_looked_up_is_delivered_when_the_database_answers(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    speaker, _ = await station.speaker("Cổng làng")
    _, late = await station.speaker("Chợ")
    await station.disconnect(late)
    await sent(station, flood(speaker.area_id))

    async def locked(*_: object) -> NoReturn:
        raise StoreFailed("locked")

    with monkeypatch.context() as patch:
        patch.setattr(station.desk.delivery, "_lacking", locked)
        await station.connect(late)
    assert late.plays() == []

    async def told() -> bool:
        station.clock.advance(1)
        return bool(late.plays())

    await station.until(told)
