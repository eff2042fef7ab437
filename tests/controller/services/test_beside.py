"""What was in force while the database took nothing is so after a restart."""

import contextlib
from collections.abc import Iterator
from typing import NoReturn

import pytest

from agents.protocol.documents import Play, Stop
from controller.domain.deeds import DeedKind
from controller.domain.emergencies import EmergencyState
from controller.domain.errors import Refused, StoreFailed
from tests.controller.services.emergency_samples import LAN, MINH, flood, prepared, sent
from tests.controller.services.station import Station


@contextlib.contextmanager
def full(station: Station, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The database takes nothing; what is beside it does."""

    def refuse() -> NoReturn:
        raise StoreFailed("database or disk is full", code="out_of_space")

    with monkeypatch.context() as patch:
        patch.setattr(station.store, "transaction", refuse)
        yield


async def nothing_beside(station: Station) -> bool:
    return await station.store.aside.read() in {b"", b"[]"}


async def test_a_stop_holds_after_the_restart_and_can_be_released(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    speaker, device = await station.speaker("Cổng làng")
    with full(station, monkeypatch):
        order_id = await station.desk.stops.stop_areas([speaker.area_id], "lan")
        await station.connect(device)
        await station.until_ordered(device, Stop)
    await station.restart()
    (held,) = station.desk.stops.holding()
    assert (held.order_id, held.by, held.area_ids) == (order_id, "lan", (speaker.area_id,))
    assert await nothing_beside(station)
    await station.desk.stops.release(order_id, "minh")
    await station.restart()
    assert station.desk.stops.holding() == ()


async def test_an_emergency_is_on_the_air_after_the_restart_and_can_be_ended(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    speaker, device = await station.speaker("Cổng làng")
    waiting = await prepared(station, flood(speaker.area_id))
    with full(station, monkeypatch):
        await station.desk.emergencies.confirm(waiting.emergency_id, MINH)
        await station.until_ordered(device, Play)
    await station.restart()
    desk = station.desk.emergencies
    (emergency,) = desk.open()
    assert emergency.emergency_id == waiting.emergency_id
    assert emergency.on_air
    with pytest.raises(Refused, match="sent"):
        await desk.confirm(waiting.emergency_id, LAN)
    await station.connect(device)
    assert device.plays() == [emergency.airing_id], "it had it already"
    await desk.end(emergency.emergency_id, LAN, all_clear=False)
    assert desk.open() == ()
    async with station.store.reading() as tx:
        deeds = [one.what for one in await tx.deeds.latest(10)]
    assert deeds.count(DeedKind.CONFIRM_EMERGENCY) == 1


async def test_an_emergency_that_was_ended_stays_so(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    speaker, _ = await station.speaker("Cổng làng")
    _, away = await station.adopt("Chợ")
    emergency = await sent(station, flood(speaker.area_id))
    with full(station, monkeypatch):
        await station.desk.emergencies.end(emergency.emergency_id, LAN, all_clear=False)
    await station.restart()
    assert station.desk.emergencies.open() == ()
    found = await station.desk.emergencies.get(emergency.emergency_id)
    assert found.state is EmergencyState.ENDED
    await station.connect(away)
    assert away.plays() == []


async def test_sent_and_ended_while_nothing_could_be_stored_it_is_over(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    speaker, _ = await station.speaker("Cổng làng")
    waiting = await prepared(station, flood(speaker.area_id))
    with full(station, monkeypatch):
        await station.desk.emergencies.confirm(waiting.emergency_id, MINH)
        await station.desk.emergencies.end(waiting.emergency_id, LAN, all_clear=False)
    await station.restart()
    assert station.desk.emergencies.open() == ()
    assert (await station.desk.emergencies.get(waiting.emergency_id)).state is EmergencyState.ENDED


async def test_what_the_database_took_after_all_is_not_stored_twice(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between the commit and taking it from the file."""
    speaker, _ = await station.speaker("Cổng làng")
    with full(station, monkeypatch):
        order_id = await station.desk.stops.stop_areas([speaker.area_id], "lan")
        beside = await station.store.aside.read()
    await station.restart()
    await station.desk.stops.release(order_id, "minh")
    await station.store.aside.write(beside)
    await station.restart()
    assert station.desk.stops.holding() == (), "it was released since"


async def test_what_is_stored_at_once_is_not_written_beside(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[bytes] = []

    async def write(words: bytes) -> None:
        written.append(words)

    monkeypatch.setattr(station.store.aside, "write", write)
    speaker, _ = await station.speaker("Cổng làng")
    emergency = await sent(station, flood(speaker.area_id))
    await station.desk.emergencies.end(emergency.emergency_id, LAN, all_clear=False)
    await station.desk.stops.stop_areas([speaker.area_id], "lan")
    assert written == []
