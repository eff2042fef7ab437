"""Who comes while somebody speaks, to an area that was chosen, hears it from then on, in step."""

from collections.abc import Awaitable, Callable
from typing import NoReturn

import pytest

from agents.protocol.documents import End, Play
from agents.protocol.ids import AreaId
from agents.protocol.journal import Ended, Stored
from controller.domain.airings import AiringState, PlayState
from controller.domain.errors import StoreFailed
from controller.domain.speakers import Speaker
from controller.services.live.stream import LiveStream
from tests.controller.fakes import FakeDevice
from tests.controller.services.live.speaking import BY, desk, opened, speak
from tests.controller.services.station import CODE, Station, sounding


async def in_area(station: Station, area_id: AreaId) -> LiveStream:
    return await desk(station).open(title="Trực tiếp", by=BY, area_ids=[area_id])


async def hears(station: Station, stream: LiveStream, device: FakeDevice) -> None:
    """Time passes, and somebody speaks, until a device hears it."""

    async def heard() -> bool:
        station.clock.advance(0.5)
        speak(station, stream, 3)
        return bool(device.bundles)

    await station.until(heard)


async def passes(station: Station, what: Callable[[], Awaitable[bool]]) -> None:
    async def look() -> bool:
        station.clock.advance(0.5)
        return await what()

    await station.until(look)


async def test_who_is_adopted_there_gets_it_from_its_first_moment_is_counted_and_hears_of_its_end(
    station: Station,
) -> None:
    here, first = await station.speaker("Chợ")
    stream = await in_area(station, here.area_id)
    airing = stream.airing
    assert stream.take()
    station.clock.advance(20)
    speak(station, stream, 30)
    speaker, device = await station.speaker("Bến")
    assert speaker.area_id == here.area_id
    play = await station.until_ordered(device, Play)
    assert play.airing.start_at_us == stream.begins_us, "it joins in step"
    await hears(station, stream, device)
    assert device.bundles[-1] == first.bundles[-1]
    await station.report(device, sounding(airing.airing_id, stream.begins_us))
    assert (stream.hearing(), stream.of) == (1, 2)
    await stream.close("dung")
    end = await station.until_ordered(device, End)
    for one in (device, first):
        at_us = end.end_at_us - stream.begins_us
        await station.report(one, Ended(airing_id=airing.airing_id, order_id="o-1", at_us=at_us))
    await station.until_state(airing, AiringState.ENDED)
    assert (await station.playback(airing, speaker)).state is PlayState.FINISHED
    assert device.plays() == [airing.airing_id], "it got it once"


async def test_what_it_said_before_it_was_seen_counts(station: Station) -> None:
    here, _ = await station.speaker("Chợ")
    stream = await in_area(station, here.area_id)
    airing = stream.airing
    assert stream.take()
    speaker, device = await station.speaker("Bến")
    await station.until_ordered(device, Play)
    await station.report(device, Stored(airing_id=airing.airing_id), sounding(airing.airing_id, stream.begins_us))

    async def counted() -> bool:
        return stream.hearing() == 1

    await passes(station, counted)
    assert (await station.playback(airing, speaker)).state is PlayState.SOUNDING


async def test_who_is_moved_there_hears_it_and_who_stands_elsewhere_does_not(station: Station) -> None:
    here, _ = await station.speaker("Chợ")
    other, elsewhere = await station.adopt("Núi", "Thôn Tây")
    await station.connect(elsewhere)
    moved, device = await station.adopt("Sông", "Thôn Tây")
    await station.connect(device)
    stream = await in_area(station, here.area_id)
    assert stream.take()
    await station.desk.speakers.move(moved.speaker_id, here.area_id, "admin")
    await hears(station, stream, device)
    assert await station.until_ordered(device, Play)
    assert other.area_id != here.area_id
    assert (elsewhere.bundles, elsewhere.plays()) == ([], [])


@pytest.mark.parametrize("by_area", [True, False])
async def test_a_box_that_takes_the_place_of_another_goes_on_with_it(station: Station, by_area: bool) -> None:
    pole, dead = await station.speaker("Chợ")
    stream = await in_area(station, pole.area_id) if by_area else await opened(station, pole)
    assert stream.take()
    await station.until_ordered(dead, Play)
    await station.disconnect(dead)
    fresh = FakeDevice("Mới", station.clock, station.signer.public_key)
    station.links.newcomers[fresh.device_id] = (fresh, CODE)
    await station.desk.adoption.adopt(fresh.device_id, CODE, by="admin", replaces=pole.speaker_id)
    await station.connect(fresh)
    await hears(station, stream, fresh)

    async def ordered() -> bool:
        return bool(fresh.plays())

    await passes(station, ordered)
    await station.disconnect(fresh)
    await stream.close("dung")
    await station.connect(fresh)
    assert await station.until_ordered(fresh, End)


async def test_a_database_that_takes_nothing_delays_it_and_ends_nothing(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, first = await station.speaker("Chợ")
    stream = await in_area(station, here.area_id)
    assert stream.take()
    speaker, device = await station.speaker("Bến")

    async def known() -> bool:
        return bool(_stands(station, speaker))

    await passes(station, known)
    refused: list[int] = []

    def refuse() -> NoReturn:
        refused.append(1)
        raise StoreFailed("locked")

    with monkeypatch.context() as patch:
        patch.setattr(station.store, "transaction", refuse)

        async def tried() -> bool:
            return len(refused) > 3

        await passes(station, tried)
        speak(station, stream, 3)
        assert first.bundles
    await hears(station, stream, device)


def _stands(station: Station, speaker: Speaker) -> bool:
    meant = station.desk._office.whereabouts.meant([speaker.area_id], station.desk._office.areas.around)
    return speaker.speaker_id in {one.speaker_id for one in meant}
