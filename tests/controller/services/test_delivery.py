"""What a device gets when it connects."""

import asyncio

import pytest

from agents.protocol.documents import Assignment, Play, ReleaseDevice, Rundown
from agents.protocol.values import ClockBasis, DocumentKind
from controller.domain.airings import PlayState
from controller.domain.speakers import SpeakerState
from controller.services.delivery import Delivery
from tests.controller.services.station import Station


async def test_a_device_that_has_everything_gets_nothing(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    airing = await station.send(speaker)
    await station.until_played(airing, speaker, PlayState.PUSHED)
    count = device.pushes
    await station.disconnect(device)
    await station.connect(device)
    assert device.pushes == count


async def test_a_device_that_has_gone_meanwhile_is_not_looked_at_alone(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, device = await station.speaker("Chợ")
    alone: list[object] = []

    async def look(*asked: object, signing: bool) -> list[object]:
        alone.append(asked)
        return []

    monkeypatch.setattr(Delivery, "_found_lacking", look)
    delivering = asyncio.create_task(station.desk.delivery.deliver(device.device_id))
    await asyncio.sleep(0)
    await station.disconnect(device)
    await delivering
    assert alone == []


async def test_a_volume_set_while_it_was_away_comes_at_connect(station: Station) -> None:
    speaker, device = await station.adopt("Chợ")
    await station.desk.speakers.set_volume(speaker.speaker_id, 35, "admin")
    await station.connect(device)
    assert device.assignment is not None
    assert device.assignment.volume_percent == 35


async def test_an_order_whose_answer_was_lost_is_not_obeyed_twice(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    push = station.links.push

    async def deaf(device_id, signed):
        await push(device_id, signed)
        device.answers = False
        return await push(device_id, signed)

    station.links.push = deaf
    airing = await station.send(speaker)
    await station.until_ordered(device, Play)
    station.links.push = push
    device.answers = True
    await station.disconnect(device)
    await station.connect(device)
    await station.until_played(airing, speaker, PlayState.PUSHED)
    assert device.plays() == [airing.airing_id]


async def test_after_a_restore_numbers_go_on_above_what_devices_know(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    highest = 5_000_000
    device._trust.counters.update({(station.signer.key_id, kind): highest for kind in DocumentKind})
    await station.disconnect(device)
    await station.connect(device)
    assert [type(document) for document in device.received[-2:]] == [Assignment, Rundown]
    assert all(document.header.counter > highest for document in device.received[-2:])
    airing = await station.send(speaker)
    await station.until_played(airing, speaker, PlayState.PUSHED)
    assert device.received[-1].header.counter > highest


async def test_no_number_is_given_twice_across_restarts(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    counters = []
    for _ in range(3):
        airing = await station.send(speaker)
        await station.until_played(airing, speaker, PlayState.PUSHED)
        counters.append(device.received[-1].header.counter)
        await station.restart()
        await station.connect(device)
    assert counters == sorted(set(counters))


async def test_a_released_device_is_nobodys_once_it_confirms(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    await station.desk.adoption.release(speaker.speaker_id, "admin")
    assert [type(action) for action in device.orders()] == [ReleaseDevice]
    assert await station.desk.adoption.pinned_key(device.device_id) is None
    assert await station.desk.speakers.overview() == ()

    async def ended() -> bool:
        return device.device_id in station.links.ended

    await station.until(ended)


async def test_a_release_reaches_a_device_that_was_away_and_nothing_else_does(station: Station) -> None:
    speaker, device = await station.adopt("Chợ")
    await station.send(speaker)
    released = await station.desk.adoption.release(speaker.speaker_id, "admin")
    assert released.state is SpeakerState.RELEASING
    assert [one.speaker.state for one in await station.desk.speakers.overview()] == [SpeakerState.RELEASING]
    await station.connect(device)
    assert [type(action) for action in device.orders()] == [ReleaseDevice]
    assert await station.desk.speakers.overview() == ()


async def test_a_release_whose_answer_was_lost_is_over_when_the_device_dials_as_new(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    _, other = await station.speaker("Đình")
    await station.disconnect(device)
    await station.desk.adoption.release(speaker.speaker_id, "admin")
    await station.restart()
    await station.desk.adoption.dialled_as_new(device.device_id)
    await station.desk.adoption.dialled_as_new(other.device_id)
    assert await station.desk.adoption.pinned_key(device.device_id) is None
    [left] = await station.desk.speakers.overview()
    assert (left.speaker.name, left.speaker.state) == ("Đình", SpeakerState.ADOPTED)


async def test_a_device_that_does_not_know_the_time_is_released_once_it_does(station: Station) -> None:
    speaker, device = await station.adopt("Chợ")
    await station.desk.adoption.release(speaker.speaker_id, "admin")
    device.knows_time = False
    await station.connect(device)
    assert device.orders() == []
    device.knows_time = True
    station.desk.ingest.heartbeat(device.device_id, device.heartbeat(ClockBasis.LINK))

    async def gone() -> bool:
        return await station.desk.adoption.pinned_key(device.device_id) is None

    await station.until(gone)


async def test_a_forced_release_waits_for_nobody(station: Station) -> None:
    speaker, device = await station.adopt("Chợ")
    released = await station.desk.adoption.release(speaker.speaker_id, "admin", force=True)
    assert released.state is SpeakerState.RELEASED
    assert await station.desk.adoption.pinned_key(device.device_id) is None
    assert await station.desk.adoption.release(speaker.speaker_id, "admin") == released


async def test_pushing_goes_to_all_at_the_same_time(station: Station) -> None:
    chosen = [await station.speaker(name) for name in ("Chợ", "Đình", "Trường")]
    waiting = 0
    all_there = asyncio.Event()

    async def meet(_device: object, _signed: object) -> None:
        nonlocal waiting
        waiting += 1
        if waiting == len(chosen):
            all_there.set()
        await all_there.wait()

    station.links.on_push = meet
    airing = await station.send(*(speaker for speaker, _ in chosen))
    for speaker, _ in chosen:
        await station.until_played(airing, speaker, PlayState.PUSHED)


async def test_a_device_that_is_there_and_does_not_answer_is_told_again(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    device.answers = False
    airing = await station.send(speaker)
    await asyncio.sleep(0.02)
    device.answers = True

    async def told() -> bool:
        station.clock.advance(0.5)
        return (await station.playback(airing, speaker)).state is PlayState.PUSHED

    await station.until(told)
    assert device.plays() == [airing.airing_id]
