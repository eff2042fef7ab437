"""Who comes while somebody speaks, to an area that was chosen, hears it from then on, in step."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, NoReturn

import pytest

from agents.protocol.documents import End, Play
from agents.protocol.ids import AreaId
from agents.protocol.journal import Ended, Stored
from controller.domain.airings import AiringState, PlayState
from controller.domain.errors import StoreFailed
from controller.domain.speakers import Speaker
from controller.ports import Transaction
from controller.services.live.stream import LiveStream
from tests.controller.fakes import SECOND_US, FakeDevice
from tests.controller.services.live.speaking import BY, desk, looked, opened, speak
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


async def test_a_database_that_does_not_answer_keeps_no_stream_from_being_looked_at(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, _ = await station.speaker("Chợ")
    others = [await station.adopt(name, "Thôn Tây") for name in ("Núi", "Sông", "Suối")]
    stream = await in_area(station, here.area_id)
    stopped, lost, left = [await opened(station, one) for one, _ in others]
    for one in (stream, stopped, lost, left):
        assert one.take()
    speaker, _ = await station.speaker("Bến")

    async def known() -> bool:
        return bool(_stands(station, speaker))

    await passes(station, known)
    locked, asked = asyncio.Event(), asyncio.Event()
    transaction = station.store.transaction

    @contextlib.asynccontextmanager
    async def waiting() -> AsyncIterator[Transaction]:
        asked.set()
        await locked.wait()
        async with transaction() as tx:
            yield tx

    monkeypatch.setattr(station.store, "transaction", waiting)

    async def awaited() -> bool:
        return asked.is_set()

    await passes(station, awaited)
    station.desk._office.board.remove(stopped.airing.airing_id)
    await looked(station, stopped)
    lost.let_go()
    await looked(station, lost)
    assert (stopped.reason, lost.reason) == ("stopped", "microphone_lost")
    station.clock.advance((left.ends_us - station.clock.now_us()) / SECOND_US)
    await looked(station, left)
    assert left.reason == "longest", "the end of another is not stored yet either"
    locked.set()


async def test_who_came_is_not_added_any_more_where_it_ended_while_the_database_did_not_answer(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, _ = await station.speaker("Chợ")
    stream = await in_area(station, here.area_id)
    speaker, _ = await station.speaker("Bến")
    heard, added = station.desk.live._newcomers, asyncio.Event()
    add = heard._add

    async def late(*given: Any) -> None:
        await stream.close("dung")
        await add(*given)
        added.set()

    monkeypatch.setattr(heard, "_add", late)
    await passes(station, lambda: asyncio.sleep(0, added.is_set()))
    async with station.store.reading() as tx:
        assert not await tx.airings.playbacks_of([(stream.airing.airing_id, speaker.speaker_id)])


def _stands(station: Station, speaker: Speaker) -> bool:
    meant = station.desk._office.whereabouts.meant([speaker.area_id], station.desk._office.areas.around)
    return speaker.speaker_id in {one.speaker_id for one in meant}
