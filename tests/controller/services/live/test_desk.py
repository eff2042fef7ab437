"""Speaking live: an airing that begins and ends, whatever happens in between, and what is kept of it."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import time
from pathlib import Path
from typing import Any

import pytest

from agents.protocol.documents import Audience, End, Play
from agents.protocol.ids import AiringId
from agents.protocol.journal import Ended
from agents.protocol.live import PACKET_US, tag_of
from agents.protocol.values import AiringClass, LivePart, OnInterrupted, Profile
from controller.domain.airings import Airing, AiringState, PlayState
from controller.domain.guarding import STATION
from controller.domain.live import SILENT_PACKET, LiveArchive
from controller.domain.rights import EVERYWHERE, Actor, Right
from controller.domain.speakers import Speaker
from controller.services.live.desk import LiveDesk
from controller.services.live.stream import LiveStream, StreamState
from controller.services.settings import DeskSettings
from schedules.guards import Guards, Quiet
from tests.controller.fakes import SECOND_US, FakeClock, KeySigner
from tests.controller.services.content import code_of
from tests.controller.services.desk_plans import DUNG
from tests.controller.services.emergency_samples import MINH, flood, sent
from tests.controller.services.station import Station, sounding

BY = Actor(name="dung", scopes=((EVERYWHERE, frozenset({Right.LIVE})),), person_id="p-1")
SOUND = b"\x48" + bytes(40)


@pytest.fixture
async def station(new_database: Path, tmp_path: Path) -> AsyncIterator[Station]:
    """One that keeps what goes out."""
    shutil.copyfile(new_database, tmp_path / "loa.db")
    (tmp_path / "clips").mkdir()
    settings = DeskSettings(recordings_folder=tmp_path / "recordings", live_folder=tmp_path / "live")
    url = f"sqlite+aiosqlite:///{tmp_path / 'loa.db'}"
    made = Station(url, tmp_path / "clips", FakeClock(), KeySigner(), settings)
    await made.open()
    yield made
    await made.close()


def desk(station: Station) -> LiveDesk:
    return station.desk.live


async def opened(station: Station, *speakers: Speaker) -> LiveStream:
    return await desk(station).open(title="Trực tiếp", by=BY, speaker_ids=[one.speaker_id for one in speakers])


def speak(station: Station, stream: LiveStream, packets: int) -> None:
    for _ in range(packets):
        stream.feed(SOUND)
        station.clock.advance(PACKET_US / SECOND_US)


async def archived(station: Station, airing: Airing, count: int = 1) -> list[LiveArchive]:
    async def look() -> list[LiveArchive] | None:
        found = list(await desk(station).archives(airing.airing_id))
        return found if len(found) == count else None

    found = await station.until(look)
    assert isinstance(found, list)
    return found


async def looked(station: Station, stream: LiveStream) -> None:
    """The desk has looked at the stream, until it is over."""

    async def over() -> bool:
        station.clock.advance(0.5)
        return stream.over.is_set()

    await station.until(over)


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
    pairs[0][1].answers = False  # takes nothing
    assert stream.hearing() == 1
    await station.disconnect(pairs[1][1])
    assert stream.hearing() == 0


async def test_a_stream_with_a_sim_card_among_its_horns_has_its_delay(station: Station) -> None:
    (lan, _), (sim, _) = await station.speaker("Chợ"), await station.speaker("Đình")
    async with station.store.transaction() as tx:
        await tx.speakers.put(replace(sim, profile=Profile.SIM))
    assert (await opened(station, lan, sim)).delay_us == 1_500_000


async def test_the_end_is_ordered_stored_and_what_went_out_is_kept(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    stream = await opened(station, speaker)
    airing = stream.airing
    await station.until_ordered(device, Play)
    await station.report(device, sounding(airing.airing_id, stream.begins_us))
    station.clock.advance(1)
    speak(station, stream, 50)
    station.clock.advance(1)  # a pause
    speak(station, stream, 50)
    await stream.close("dung")
    assert device.bundles[-1].last
    end = await station.until_ordered(device, End)
    ended_us = device.bundles[-1].at_us + len(device.bundles[-1].packets) * PACKET_US
    assert end == End(airing_ids=(airing.airing_id,), end_at_us=ended_us)
    at_us = end.end_at_us - stream.begins_us
    await station.report(device, Ended(airing_id=airing.airing_id, order_id="o-1", at_us=at_us))
    ended = await station.until_state(airing, AiringState.ENDED)
    assert ended.duration_us == at_us
    playback = await station.playback(airing, speaker)
    assert (playback.state, playback.reason, playback.played_us) == (PlayState.FINISHED, "ended", at_us)
    [kept] = await archived(station, airing)
    assert kept.frames == (ended_us - kept.started_at_us) // PACKET_US * 960
    assert kept.started_at_us == device.bundles[0].at_us
    assert kept.from_us == kept.started_at_us - stream.begins_us
    clip = station.studio.clip_path(kept.sha256)
    assert clip is not None
    assert clip.read_bytes().count(SILENT_PACKET) == kept.frames // 960 - 100, "the pause is in it"
    await station.restart()
    assert station.studio.clip_path(kept.sha256) is not None, "nobody clears it away"


async def test_the_last_words_are_heard_from_horns_that_speak_later_than_others_too(station: Station) -> None:
    (here, device), (echo, _) = await station.speaker("Chợ"), await station.speaker("Đình")
    async with station.store.transaction() as tx:
        await tx.speakers.put(replace(echo, delay_us=700_000))
    stream = await opened(station, here, echo)
    station.clock.advance(1)
    speak(station, stream, 30)
    await stream.close("dung")
    end = await station.until_ordered(device, End)
    *_, spoken, last = device.bundles
    assert last.last
    assert end.end_at_us == spoken.at_us + len(spoken.packets) * PACKET_US + 700_000


async def test_who_was_away_is_told_that_it_is_over(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    stream = await opened(station, speaker)
    await station.until_ordered(device, Play)
    await station.disconnect(device)
    await stream.close("dung")
    await station.connect(device)
    assert await station.until_ordered(device, End)


async def test_who_comes_later_joins_and_hears_it(station: Station) -> None:
    (here, _), (away, later) = await station.speaker("Chợ"), await station.adopt("Đình")
    stream = await opened(station, here, away)
    station.clock.advance(30)
    await station.connect(later)
    assert await station.until_ordered(later, Play)
    stream.look()
    speak(station, stream, 3)
    assert len(later.bundles) == 1


async def test_a_stop_of_everything_ends_it_and_nobody_begins(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    stream = await opened(station, speaker)
    station.clock.advance(1)
    speak(station, stream, 10)
    await station.desk.dispatch.stop_all("dung")
    await looked(station, stream)
    assert stream.reason == "stopped"
    assert (await station.airing(stream.airing.airing_id)).state is AiringState.STOPPED
    assert await archived(station, stream.airing)
    assert not any(isinstance(action, End) for action in device.orders())
    assert await code_of(opened(station, speaker)) == "stop_all_latched"


async def test_a_microphone_that_is_lost_ends_it_after_some_seconds(station: Station) -> None:
    speaker, _ = await station.speaker("Chợ")
    stream = await opened(station, speaker)
    assert stream.take()
    assert not stream.take(), "one microphone a stream"
    station.clock.advance(30)
    speak(station, stream, 3)
    stream.let_go()
    station.clock.advance(4)
    await asyncio.sleep(0)
    assert stream.take(), "it came back in time"
    stream.let_go()
    await looked(station, stream)
    assert stream.reason == "microphone_lost"
    assert not stream.feed(SOUND)


async def test_it_ends_by_itself_when_its_time_is_over(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    stream = await desk(station).open(title="Một phút", by=BY, speaker_ids=[speaker.speaker_id], ends_after_s=60)
    assert stream.take()
    station.clock.advance(61)
    await looked(station, stream)
    assert stream.reason == "longest"
    assert await station.until_ordered(device, End)


async def test_a_controller_that_was_killed_ends_it_and_keeps_what_went_out(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    stream = await opened(station, speaker)
    airing = stream.airing
    await station.until_ordered(device, Play)
    await station.report(device, sounding(airing.airing_id, stream.begins_us))
    station.clock.advance(1)
    speak(station, stream, 60)
    assert stream.tape is not None
    path, device_had = stream.tape.path, len(device.bundles)

    async def written() -> bool:
        return path.stat().st_size > device_had * 150

    await station.until(written)
    with path.open("ab") as tape:
        tape.write(b"\x00\x99half of a bundle")
    await station.restart()
    [kept] = await archived(station, airing)
    assert kept.frames == 60 * 960
    assert not path.exists()
    await station.connect(device)
    end = await station.until_ordered(device, End)
    assert end.airing_ids == (airing.airing_id,)
    ended = Ended(airing_id=airing.airing_id, order_id="o-1", at_us=5)
    await station.report(device, ended)
    await station.until_state(airing, AiringState.ENDED)
    assert desk(station).open_streams() == ()


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


async def test_what_is_stopped_while_it_is_opened_does_not_begin_when_the_stop_is_released(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    speaker, device = await station.speaker("Chợ")
    stopping: list[asyncio.Task[object]] = []
    usual = LiveDesk._audience

    async def stopped_meanwhile(live: LiveDesk, *what: Any) -> Audience:
        stopping.append(asyncio.create_task(station.desk.dispatch.stop_all("dung")))
        await asyncio.sleep(0)
        return await usual(live, *what)

    with monkeypatch.context() as patch:
        patch.setattr(LiveDesk, "_audience", stopped_meanwhile)
        assert await code_of(opened(station, speaker)) == "stop_all_latched"
    await asyncio.gather(*stopping)
    assert desk(station).open_streams() == ()
    await station.desk.dispatch.release_stop("dung")
    (ended,) = (await station.until_ordered(device, End)).airing_ids
    async with station.store.reading() as tx:
        orders = [order for order, _ in await tx.documents.open_orders(station.clock.now_us())]
    assert not any(isinstance(order.action, Play) and order.action.airing.airing_id == ended for order in orders)


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
