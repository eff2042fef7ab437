"""Stopping one airing, and stopping everything."""

import asyncio
import contextlib
from dataclasses import replace

import pytest

from agents.protocol.documents import Play, ReleaseStop, Start, Stop
from agents.protocol.journal import Stopped
from controller.domain.airings import AiringState, PlayState
from controller.domain.errors import NotFound, Refused, StoreFailed
from controller.domain.speakers import NotReady
from tests.controller.fakes import SECOND_US
from tests.controller.services.station import Station, sounding


async def on_air(station: Station, names: tuple[str, ...] = ("Chợ",)):
    chosen = [await station.speaker(name) for name in names]
    airing = await station.send(*(speaker for speaker, _ in chosen))
    for _, device in chosen:
        await station.arm(device, airing)
    planned = await station.until_state(airing, AiringState.PLANNED)
    station.clock.advance(1)
    for _, device in chosen:
        await station.report(device, sounding(airing.airing_id, planned.start_at_us))
    return chosen, await station.until_state(airing, AiringState.ON_AIR)


async def test_a_stopped_airing_is_stopped_on_all_its_speakers(station: Station) -> None:
    chosen, airing = await on_air(station, ("Chợ", "Đình"))
    stopped = await station.desk.dispatch.stop(airing.airing_id, "admin")
    assert stopped.state is AiringState.STOPPED
    for speaker, device in chosen:
        order = await station.until_ordered(device, Stop)
        assert order == Stop(airing_ids=(airing.airing_id,))
        await station.report(device, Stopped(airing_id=airing.airing_id, order_id="o-1", at_us=700_000))
        playback = await station.playback(airing, speaker)
        assert (playback.state, playback.played_us) == (PlayState.STOPPED, 700_000)
    assert (await station.airing(airing.airing_id)).state is AiringState.STOPPED
    with pytest.raises(Refused) as twice:
        await station.desk.dispatch.stop(airing.airing_id, "admin")
    assert twice.value.code == "already_ended"
    with pytest.raises(NotFound):
        await station.desk.dispatch.stop("a-nothing", "admin")


async def test_the_stop_of_an_airing_reaches_who_was_away_and_the_play_does_not(station: Station) -> None:
    here, here_device = await station.speaker("Chợ")
    away, away_device = await station.adopt("Đình")
    airing = await station.send(here, away)
    await station.arm(here_device, airing)
    await station.until_state(airing, AiringState.PLANNED)
    await station.desk.dispatch.stop(airing.airing_id, "admin")
    await station.connect(away_device)
    assert [type(action) for action in away_device.orders()] == [Stop]


async def test_the_stop_of_what_may_wait_to_go_on_after_a_cut_reaches_who_was_away_for_long(station: Station) -> None:
    here, here_device = await station.speaker("Chợ")
    away, away_device = await station.adopt("Đình")
    airing = await station.send(here, away)
    await station.arm(here_device, airing)
    await station.until_state(airing, AiringState.PLANNED)
    await station.desk.dispatch.stop(airing.airing_id, "admin")
    station.clock.advance(1_800)
    await station.connect(away_device)
    assert [type(action) for action in away_device.orders()] == [Stop]


async def test_other_airings_go_on_after_one_is_stopped(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    first = await station.send(speaker)
    second = await station.send(speaker)
    await station.desk.dispatch.stop(first.airing_id, "admin")
    await station.arm(device, second)
    await station.until_state(second, AiringState.PLANNED)


async def test_stopping_everything_latches_until_it_is_released(station: Station) -> None:
    [(speaker, device)], airing = await on_air(station)
    order_id = await station.desk.dispatch.stop_all("admin")
    assert (await station.airing(airing.airing_id)).state is AiringState.STOPPED
    assert await station.until_ordered(device, Stop) == Stop()
    active = await station.desk.dispatch.active_stop()
    assert active is not None
    assert (active.order_id, active.by) == (order_id, "admin")
    assert active.not_after_us - active.since_us == 24 * 3_600 * SECOND_US
    assert (await station.desk.speakers.one(speaker.speaker_id)).not_ready is NotReady.STOPPED
    with pytest.raises(Refused) as latched:
        await station.send(speaker)
    assert latched.value.code == "stop_all_latched"

    await station.desk.dispatch.release_stop("admin")
    assert await station.until_ordered(device, ReleaseStop) == ReleaseStop(order_id=order_id)
    assert await station.desk.dispatch.active_stop() is None
    assert (await station.desk.speakers.one(speaker.speaker_id)).ready
    assert (await station.send(speaker)).state is AiringState.WAITING


async def test_each_speaker_acknowledges_a_stop_or_is_shown_not_to_have(station: Station) -> None:
    here, _ = await station.speaker("Chợ")
    away, away_device = await station.adopt("Đình")
    order_id = await station.desk.dispatch.stop_all("admin")

    async def words() -> dict[str, bool]:
        return {one.speaker_id: one.at_us is not None for one in await station.desk.dispatch.acknowledgements(order_id)}

    async def acknowledged() -> bool:
        return (await words())[here.speaker_id]

    await station.until(acknowledged)
    assert await words() == {here.speaker_id: True, away.speaker_id: False}
    await station.connect(away_device)
    assert await words() == {here.speaker_id: True, away.speaker_id: True}


async def test_a_stop_waits_for_no_slow_device_and_no_earlier_push(station: Station) -> None:
    slow, slow_device = await station.speaker("Chợ")
    quick, quick_device = await station.speaker("Đình")
    going = asyncio.Event()

    async def hold(device: object, signed: object) -> None:
        if device is slow_device and b'"play"' in signed.payload:
            await going.wait()

    station.links.on_push = hold
    await station.send(slow, quick)
    await station.until_ordered(quick_device, Play)
    await station.desk.dispatch.stop_all("admin")
    await station.until_ordered(slow_device, Stop)
    await station.until_ordered(quick_device, Stop)
    going.set()
    # What the stop has overtaken is signed again; the latch on the device keeps it silent.
    await station.until_ordered(slow_device, Play)


async def test_a_stop_works_while_the_database_does_not(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    [(_, device)], airing = await on_air(station)
    broken = True
    transaction = station.store.transaction

    def failing():
        if broken:
            raise StoreFailed("database or disk is full")
        return transaction()

    monkeypatch.setattr(station.store, "transaction", failing)
    order_id = await station.desk.dispatch.stop_all("admin")
    assert await station.until_ordered(device, Stop) == Stop()
    active = await station.desk.dispatch.active_stop()
    assert active is not None
    assert active.order_id == order_id

    broken = False
    station.clock.advance(5)
    await station.until_state(airing, AiringState.STOPPED)


async def test_a_stop_holds_across_a_restart_and_reaches_new_places(station: Station) -> None:
    _, device = await station.speaker("Chợ")
    order_id = await station.desk.dispatch.stop_all("admin")
    await station.until_ordered(device, Stop)
    await station.restart()
    active = await station.desk.dispatch.active_stop()
    assert active is not None
    assert (active.order_id, active.by) == (order_id, "admin")
    await station.connect(device)
    assert [type(action) for action in device.orders()] == [Stop]

    _, new_device = await station.adopt("Bến", area="Thôn Tây")
    await station.connect(new_device)
    assert [type(action) for action in new_device.orders()] == [Stop]
    await station.desk.dispatch.release_stop("admin")
    for one in (device, new_device):
        assert await station.until_ordered(one, ReleaseStop) == ReleaseStop(order_id=order_id)


async def test_two_stops_are_released_together(station: Station) -> None:
    _, device = await station.speaker("Chợ")
    first = await station.desk.dispatch.stop_all("admin")
    second = await station.desk.dispatch.stop_all("admin")

    async def released() -> bool:
        return {one.order_id for one in device.orders() if isinstance(one, ReleaseStop)} == {first, second}

    await station.desk.dispatch.release_stop("admin")
    await station.until(released)
    await station.restart()
    assert await station.desk.dispatch.active_stop() is None


async def test_a_stop_that_nobody_releases_ends_by_itself(station: Station) -> None:
    speaker, _ = await station.speaker("Chợ")
    await station.desk.dispatch.stop_all("admin")
    station.clock.advance(24 * 3_600)
    assert await station.desk.dispatch.active_stop() is None
    assert (await station.send(speaker)).state is AiringState.WAITING


async def test_what_is_planned_for_later_survives_a_stop_of_everything(station: Station) -> None:
    speaker, _ = await station.speaker("Chợ")
    bulletin = await station.bulletin()
    later = await station.desk.dispatch.schedule(
        bulletin.bulletin_id, [speaker.speaker_id], station.clock.now_us() + 3_600 * SECOND_US, "admin"
    )
    await station.desk.dispatch.stop_all("admin")
    assert await station.airing(later.airing_id) == replace(later, state=AiringState.PLANNED)


async def test_an_airing_that_is_stopped_as_it_begins_does_not_begin(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    speaker, device = await station.speaker("Chợ")
    airing = await station.send(speaker)
    await station.until_played(airing, speaker, PlayState.PUSHED)
    arrived, going = asyncio.Event(), asyncio.Event()

    class Slow:
        """The database as the clockwork finds it when others write before it."""

        @contextlib.asynccontextmanager
        async def transaction(self):
            arrived.set()
            await going.wait()
            async with station.store.transaction() as tx:
                yield tx

    monkeypatch.setattr(station.desk._clockwork, "_store", Slow())
    await station.arm(device, airing)
    await arrived.wait()
    await station.desk.dispatch.stop(airing.airing_id, "admin")
    going.set()
    await station.until_ordered(device, Stop)
    await asyncio.sleep(0.02)
    assert not any(isinstance(action, Start) for action in device.orders())
    stopped = await station.airing(airing.airing_id)
    assert (stopped.state, stopped.start_at_us) == (AiringState.STOPPED, None)


async def test_who_connects_while_a_stop_is_being_stored_is_stopped(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, device = await station.adopt("Chợ")
    stops = station.desk.stops
    stored = stops._stored

    async def slowly(*what: object) -> None:
        await station.connect(device)  # it is brought what was stored before
        await stored(*what)

    monkeypatch.setattr(stops, "_stored", slowly)
    await station.desk.dispatch.stop_all("admin")
    assert await station.until_ordered(device, Stop) == Stop()


async def test_a_stop_that_was_released_is_not_brought_late(station: Station) -> None:
    _, device = await station.speaker("Chợ")
    hold = asyncio.Event()
    push, stopped = station.links.broadcast, []

    def lost(device_ids, signed, heard):
        """The link ends before the device heard of the stop, and is there again."""
        stopped.extend(device_ids)
        for one in device_ids:
            heard(one, None)
        hold.set()

    station.links.broadcast = lost
    await station.desk.dispatch.stop_all("admin")
    await hold.wait()
    station.links.broadcast = push
    await station.desk.dispatch.release_stop("admin")
    await station.until_ordered(device, ReleaseStop)
    bringing = [task for task in asyncio.all_tasks() if task.get_name().startswith("stop ")]
    async with asyncio.timeout(10):
        while not all(task.done() for task in bringing):
            station.clock.advance(0.25)
            await asyncio.sleep(0)
    assert Stop() not in device.orders()
