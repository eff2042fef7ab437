"""How what is spoken live ends, whatever happens in between, and what is kept of it."""

import asyncio
import contextlib
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import Any

import pytest

from agents.protocol.documents import Audience, End, Play
from agents.protocol.journal import Ended
from agents.protocol.live import PACKET_US
from agents.protocol.values import ClipRef
from controller.domain.airings import AiringState, PlayState
from controller.domain.groups import GroupDraft, Member
from controller.domain.live import SILENT_PACKET
from controller.services.live.desk import LiveDesk
from tests.controller.fakes import FakeStudio
from tests.controller.services.content import code_of
from tests.controller.services.live.speaking import BY, SOUND, archived, desk, looked, opened, speak
from tests.controller.services.station import Station, sounding


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
    turns = (Member(here.speaker_id), Member(echo.speaker_id, 1))
    await station.desk.groups.add(GroupDraft(name="Hai cụm", stagger_s=3, members=turns), "admin")
    await station.desk.speakers.set_delay(echo.speaker_id, 700_000, "admin")
    stream = await opened(station, here, echo)
    station.clock.advance(1)
    speak(station, stream, 30)
    await stream.close("dung")
    end = await station.until_ordered(device, End)
    *_, spoken, last = device.bundles
    assert last.last
    assert end.end_at_us == spoken.at_us + len(spoken.packets) * PACKET_US + 3_700_000


async def test_who_was_away_is_told_that_it_is_over(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    stream = await opened(station, speaker)
    await station.until_ordered(device, Play)
    await station.disconnect(device)
    await stream.close("dung")
    await station.connect(device)
    assert await station.until_ordered(device, End)


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


async def test_what_a_killed_controller_left_is_kept_after_others_were_cleared_away(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    speaker, _ = await station.speaker("Chợ")
    stream = await opened(station, speaker)
    station.clock.advance(1)
    speak(station, stream, 60)
    clearing, making = FakeStudio.keep_only, FakeStudio.keep_stream
    made = asyncio.Event()

    async def make(studio: FakeStudio, packets: Iterable[bytes]) -> ClipRef:
        clip = await making(studio, packets)
        made.set()
        return clip

    async def clear(studio: FakeStudio, wanted: AbstractSet[str]) -> None:
        with contextlib.suppress(TimeoutError):  # long enough for whoever does not wait for it
            async with asyncio.timeout(0.5):
                await made.wait()
        await clearing(studio, wanted)

    monkeypatch.setattr(FakeStudio, "keep_stream", make)
    monkeypatch.setattr(FakeStudio, "keep_only", clear)
    await station.restart()
    [kept] = await archived(station, stream.airing)
    assert station.studio.clip_path(kept.sha256) is not None
