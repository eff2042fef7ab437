"""Speaking live: who hears it, and when."""

import asyncio
from dataclasses import replace
from datetime import time

import pytest

from agents.protocol.documents import End, Play
from agents.protocol.ids import AiringId
from agents.protocol.journal import Interrupted
from agents.protocol.live import PACKET_US, tag_of
from agents.protocol.values import AiringClass, LivePart, OnInterrupted, Profile
from controller.domain.guarding import STATION
from controller.services.live.stream import StreamState
from schedules.guards import Guards, Quiet
from tests.controller.fakes import SECOND_US
from tests.controller.services.content import code_of
from tests.controller.services.desk_plans import DUNG
from tests.controller.services.emergency_samples import MINH, flood, sent
from tests.controller.services.live.speaking import BY, desk, looked, opened, speak
from tests.controller.services.station import Station, sounding


async def test_a_live_airing_begins_in_a_moment_and_joins_for_as_long_as_it_lasts(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    stream = await opened(station, speaker)
    airing = (await station.until_ordered(device, Play)).airing
    length_us = 7_200 * SECOND_US
    assert airing.sequence == (LivePart(frames=7_200 * 48_000),)
    assert airing.start_at_us == station.clock.now_us() + SECOND_US // 2 == stream.begins_us
    assert (airing.airing_class, airing.on_interrupted) == (AiringClass.LIVE, OnInterrupted.REJOIN)
    assert airing.lateness_window_us == length_us
    assert airing.slot_ends_us == airing.start_at_us + length_us
    assert desk(station).stream(stream.airing.airing_id) is stream
    assert (stream.state, stream.of, stream.delay_us) == (StreamState.WAITING, 1, 240_000)


async def test_what_is_spoken_goes_to_its_horns_signed_and_one_after_another(station: Station) -> None:
    (chosen, device), (_, other) = await station.speaker("Chợ"), await station.speaker("Đình")
    stream = await opened(station, chosen)
    station.clock.advance(1)
    now_us = station.clock.now_us()
    speak(station, stream, 30)
    assert other.bundles == []
    assert [bundle.number for bundle in device.bundles] == list(range(10))
    assert {bundle.tag for bundle in device.bundles} == {tag_of(stream.airing.airing_id)}
    first = device.bundles[0].at_us
    assert [bundle.at_us - first for bundle in device.bundles] == [60_000 * number for number in range(10)]
    assert 0 <= first - now_us - stream.delay_us < PACKET_US
    assert stream.state is StreamState.LIVE
    assert desk(station).counters.bundles == 10


async def test_a_packet_that_nothing_follows_does_not_wait(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    stream = await opened(station, speaker)
    station.clock.advance(1)
    speak(station, stream, 4)

    async def look() -> bool:
        return len(device.bundles) == 2

    await station.until(look)
    assert [len(bundle.packets) for bundle in device.bundles] == [3, 1]


async def test_horns_are_counted_by_what_their_devices_said_and_take(station: Station) -> None:
    pairs = [await station.speaker(name) for name in ("Chợ", "Đình", "Bến")]
    stream = await opened(station, *(speaker for speaker, _ in pairs))
    airing = stream.airing
    for _, device in pairs[:2]:
        await station.until_ordered(device, Play)
        await station.report(device, sounding(airing.airing_id, stream.begins_us))
    assert stream.hearing() == 2
    cut = Interrupted(airing_id=airing.airing_id, by_airing_id="a-0", at_us=5, resumes_at_us=9, from_us=5)
    await station.report(pairs[0][1], cut)
    assert stream.hearing() == 1, "something else sounds there"
    await station.report(pairs[0][1], sounding(airing.airing_id, stream.begins_us))
    assert stream.hearing() == 2
    pairs[0][1].answers = False  # takes nothing
    assert stream.hearing() == 1
    await station.disconnect(pairs[1][1])
    assert stream.hearing() == 0


async def test_a_stream_with_a_sim_card_among_its_horns_has_its_delay(station: Station) -> None:
    (lan, _), (sim, _) = await station.speaker("Chợ"), await station.speaker("Đình")
    async with station.store.transaction() as tx:
        await tx.speakers.put(replace(sim, profile=Profile.SIM))
    assert (await opened(station, lan, sim)).delay_us == 1_500_000


async def test_who_comes_later_joins_and_hears_it(station: Station) -> None:
    (here, _), (away, later) = await station.speaker("Chợ"), await station.adopt("Đình")
    stream = await opened(station, here, away)
    station.clock.advance(30)
    await station.connect(later)
    assert await station.until_ordered(later, Play)
    stream.look()
    speak(station, stream, 3)
    assert len(later.bundles) == 1


async def test_a_disk_that_takes_nothing_keeps_nobody_from_speaking(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    assert station.settings.live_folder is not None
    station.settings.live_folder.write_text("no folder")
    stream = await opened(station, speaker)
    station.clock.advance(1)
    speak(station, stream, 6)

    async def failed() -> bool:
        return stream.tape is not None and stream.tape.failed

    await station.until(failed)
    speak(station, stream, 6)
    assert len(device.bundles) == 4
    await stream.close("dung")
    assert await station.until_ordered(device, End)
    assert await desk(station).archives(stream.airing.airing_id) == ()


async def test_a_stream_that_cannot_be_looked_at_ends_neither_the_others_nor_the_desk(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first, _), (second, _) = await station.speaker("Chợ"), await station.speaker("Đình")
    broken, well = await opened(station, first), await opened(station, second)

    def look() -> None:
        raise RuntimeError("nobody thought of this")

    monkeypatch.setattr(broken, "look", look)
    assert broken.take()
    assert well.take()
    station.clock.advance(1)
    await asyncio.sleep(0)
    well.let_go()
    await looked(station, well)
    assert well.reason == "microphone_lost"
    assert not broken.over.is_set()


async def test_guards_shorten_it_or_keep_it_from_beginning(station: Station) -> None:
    speaker, _ = await station.speaker("Chợ")
    await station.desk.guards.put(STATION, Guards(slot_minutes=15), DUNG)
    assert (await opened(station, speaker)).airing.duration_us == 15 * 60 * SECOND_US
    await station.desk.guards.put(STATION, Guards(day_minutes=60), DUNG)
    assert (await opened(station, speaker)).airing.duration_us == (45 * 60 - 10) * SECOND_US
    await station.desk.guards.put(STATION, Guards(quiet=(Quiet(time(0), time(23, 59)),)), DUNG)
    assert await code_of(opened(station, speaker)) == "guard_quiet_hours"
    emergency = await desk(station).open(
        title="Khẩn", by=BY, speaker_ids=[speaker.speaker_id], airing_class=AiringClass.EMERGENCY
    )
    assert emergency.airing.duration_us == 7_200 * SECOND_US


async def test_nonsense_is_refused(station: Station) -> None:
    speaker, _ = await station.speaker("Chợ")
    assert await code_of(opened(station)) == "no_speakers"
    assert await code_of(desk(station).open(title=" ", by=BY, speaker_ids=[speaker.speaker_id])) == "no_title"
    assert await code_of(desk(station).open(title="x", by=BY, speaker_ids=["s-no"])) == "speaker_unknown"
    assert await code_of(desk(station).end("a-no", "dung")) == "not_live"


async def test_an_emergency_that_is_spoken_gets_its_stream_when_somebody_comes_to_its_microphone(
    station: Station,
) -> None:
    speaker, device = await station.speaker("Cổng làng")
    emergency = await sent(station, replace(flood(speaker.area_id), template_id=None, texts={}, live=True))
    (airing,) = [one for one in station.desk.dispatch.open_airings() if one.airing_id == emergency.airing_id]
    assert desk(station).stream(airing.airing_id) is None
    stream = await desk(station).spoken(airing.airing_id)
    assert stream is not None
    assert await desk(station).spoken(airing.airing_id) is stream
    assert stream.delay_us == 240_000
    await station.until_ordered(device, Play)
    station.clock.advance((stream.begins_us - station.clock.now_us()) / SECOND_US)
    speak(station, stream, 3)
    assert [bundle.tag for bundle in device.bundles] == [tag_of(airing.airing_id)]
    await station.desk.emergencies.end(emergency.emergency_id, MINH, all_clear=False)
    await looked(station, stream)
    assert await desk(station).spoken(airing.airing_id) is None
    assert await desk(station).spoken(AiringId("a-no")) is None
