"""What must not keep an emergency from the horns: a killed controller, a locked database, a full disk, silence."""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator
from typing import NoReturn

import pytest

from agents.protocol.documents import Play
from controller.domain.alarm_board import Reach
from controller.domain.emergencies import Emergency, EmergencyState
from controller.domain.errors import StoreFailed
from tests.controller.services.emergency_samples import LAN, MINH, flood, prepared, sent
from tests.controller.services.station import Station


async def test_killed_between_confirm_and_send_it_goes_out_after_the_restart_once(station: Station) -> None:
    speaker, device = await station.speaker("Cổng làng")
    device.answers = False  # nothing arrives any more
    emergency = await sent(station, flood(speaker.area_id))
    await station.restart()
    device.answers = True
    assert [one.emergency_id for one in station.desk.emergencies.open()] == [emergency.emergency_id]
    await station.connect(device)
    assert device.plays() == [emergency.airing_id]
    await station.disconnect(device)
    await station.connect(device)
    assert device.plays() == [emergency.airing_id]


async def test_killed_in_mid_fan_out_it_goes_out_to_those_who_have_not_had_it(station: Station) -> None:
    speaker, had = await station.speaker("Cổng làng")
    _, missed = await station.speaker("Chợ")
    missed.answers = False
    emergency = await sent(station, flood(speaker.area_id))
    await station.until_ordered(had, Play)
    await station.restart()
    missed.answers = True
    for device in (had, missed):
        await station.connect(device)
    assert had.plays() == missed.plays() == [emergency.airing_id]

    async def received() -> bool:
        board = await station.desk.emergencies.board(emergency.emergency_id)
        return board.counts[Reach.RECEIVED] == board.speakers == 2

    await station.until(received)


async def test_killed_for_so_long_that_it_has_expired_it_does_not_go_out(station: Station) -> None:
    speaker, device = await station.speaker("Cổng làng")
    device.answers = False
    emergency = await sent(station, flood(speaker.area_id, lasts_s=60))
    await station.restart()
    device.answers = True
    station.clock.advance(120)
    await station.connect(device)
    assert device.plays() == []

    async def over() -> bool:
        return (await station.desk.emergencies.get(emergency.emergency_id)).state is EmergencyState.ENDED

    await station.until(over)


@contextlib.asynccontextmanager
async def locked(station: Station) -> AsyncIterator[None]:
    """Another program holds the database."""
    path = station.url.partition("///")[2]
    with contextlib.closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        await asyncio.to_thread(other.execute, "BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


async def test_database_locked_it_goes_out_and_is_stored_when_that_is_possible(station: Station) -> None:
    speaker, device = await station.speaker("Cổng làng")
    waiting = await prepared(station, flood(speaker.area_id))
    async with locked(station):
        confirming = asyncio.create_task(station.desk.emergencies.confirm(waiting.emergency_id, MINH))
        play = await station.until_ordered(device, Play)
        assert station.desk.emergencies.open()[0].on_air
        await station.until(lambda: received(station, waiting, "Cổng làng"))
    emergency = await confirming
    assert play.airing.airing_id == emergency.airing_id

    async def stored() -> bool:
        async with station.store.reading() as tx:
            return (await tx.emergencies.get(emergency.emergency_id)).on_air

    await station.until(stored)


async def test_disk_full_it_goes_out_and_the_board_says_the_truth(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    speaker, device = await station.speaker("Cổng làng")
    _, away = await station.speaker("Chợ")
    await station.disconnect(away)
    waiting = await prepared(station, flood(speaker.area_id))

    def full() -> NoReturn:
        raise StoreFailed("database or disk is full", code="out_of_space")

    with monkeypatch.context() as patch:
        patch.setattr(station.store, "transaction", full)
        emergency = await station.desk.emergencies.confirm(waiting.emergency_id, MINH)
        await station.until_ordered(device, Play)
        await station.until(lambda: received(station, emergency, "Cổng làng"))
        board = await station.desk.emergencies.board(emergency.emergency_id)
        assert {line.speaker_name for line in board.lines} == {"Cổng làng", "Chợ"}
        await station.desk.emergencies.end(emergency.emergency_id, LAN, all_clear=False)
        assert station.desk.emergencies.open() == ()

    async def stored() -> bool:
        station.clock.advance(2)
        async with station.store.reading() as tx:
            return (await tx.emergencies.get(emergency.emergency_id)).state is EmergencyState.ENDED

    await station.until(stored)


async def received(station: Station, emergency: Emergency, *names: str) -> bool:
    board = await station.desk.emergencies.board(emergency.emergency_id)
    return {line.speaker_name for line in board.lines if line.reach is Reach.RECEIVED} == set(names)


async def test_half_the_devices_gone_it_goes_out_to_the_others_and_the_board_says_who_is_not_reached(
    station: Station,
) -> None:
    devices = [(await station.speaker(name))[1] for name in ("Một", "Hai", "Ba", "Bốn")]
    area_id = (await station.desk.speakers.overview())[0].speaker.area_id
    await station.disconnect(devices[2])
    devices[3].answers = False
    emergency = await sent(station, flood(area_id))

    async def counted() -> bool:
        board = await station.desk.emergencies.board(emergency.emergency_id)
        return board.counts[Reach.RECEIVED] == board.counts[Reach.NOT_REACHED] == 2

    await station.until(counted)
    board = await station.desk.emergencies.board(emergency.emergency_id)
    assert {line.speaker_name for line in board.lines if line.reach is Reach.NOT_REACHED} == {"Ba", "Bốn"}


async def test_stopped_before_it_could_be_stored_it_does_not_begin_when_the_stop_is_released(station: Station) -> None:
    speaker, _ = await station.speaker("Cổng làng")
    _, away = await station.adopt("Chợ")
    waiting = await prepared(station, flood(speaker.area_id))
    async with locked(station):
        confirming = asyncio.create_task(station.desk.emergencies.confirm(waiting.emergency_id, MINH))
        await station.until(lambda: asyncio.sleep(0, station.desk.emergencies.open()[0].on_air))
        stopping = asyncio.create_task(station.desk.dispatch.stop_all("minh"))

        async def stopped() -> bool:
            return await station.desk.dispatch.active_stop() is not None

        await station.until(stopped)
    emergency = await confirming
    await stopping
    await station.desk.dispatch.release_stop("minh")
    await station.connect(away)
    assert away.plays() == []

    async def over() -> bool:
        return (await station.desk.emergencies.get(emergency.emergency_id)).state is EmergencyState.ENDED

    await station.until(over)


async def test_one_that_cannot_be_looked_at_ends_neither_the_others_nor_the_desk(
    station: Station, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    speaker, _ = await station.speaker("Cổng làng")
    broken, well = [await prepared(station, flood(speaker.area_id)) for _ in range(2)]
    watch = station.desk._emergency_watch
    look = watch._look

    async def odd(emergency: Emergency) -> int:
        if emergency.emergency_id == broken.emergency_id:
            raise RuntimeError("nobody thought of this")
        return await look(emergency)

    monkeypatch.setattr(watch, "_look", odd)

    async def expired() -> bool:
        station.clock.advance(3_600)
        return (await station.desk.emergencies.get(well.emergency_id)).state is EmergencyState.EXPIRED

    async def told() -> bool:
        return broken.emergency_id in {getattr(one, "emergency_id", None) for one in caplog.records}

    await station.until(expired)
    await station.until(told)
    await station.desk.dispatch.stop_all("minh")
