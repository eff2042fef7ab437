"""A "now": from a ready bulletin to horns that sound, with evidence."""

import asyncio

import pytest

from agents.protocol.documents import Play, Start
from agents.protocol.journal import Armed, Failed, FailReason, Stored
from controller.domain.airings import AiringState, PlayState
from controller.domain.errors import Invalid, NotFound, Refused
from tests.controller.drafts import text_draft
from tests.controller.fakes import SECOND_US
from tests.controller.services.station import Station, finished, sounding


async def test_all_connected_speakers_start_at_one_instant_once_all_are_armed(station: Station) -> None:
    chosen = [await station.speaker(name) for name in ("Chợ", "Đình", "Trường")]
    airing = await station.send(*(speaker for speaker, _ in chosen))
    assert airing.state is AiringState.WAITING
    for speaker, device in chosen:
        await station.until_played(airing, speaker, PlayState.PUSHED)
        assert device.plays() == [airing.airing_id]
    for _, device in chosen:
        assert (await station.airing(airing.airing_id)).state is AiringState.WAITING
        await station.arm(device, airing)
    planned = await station.until_state(airing, AiringState.PLANNED)
    assert planned.start_at_us == station.clock.now_us() + SECOND_US // 2
    starts = [await station.until_ordered(device, Start) for _, device in chosen]
    assert starts == [Start(airing_id=airing.airing_id, start_at_us=planned.start_at_us)] * 3

    station.clock.advance(0.5)
    for number, (_, device) in enumerate(chosen):
        await station.report(device, sounding(airing.airing_id, planned.start_at_us, error_us=number * 100))
    await station.until_state(airing, AiringState.ON_AIR)
    station.clock.advance(10)
    for _, device in chosen:
        await station.report(device, finished(airing.airing_id, station.clock.now_us(), airing.duration_us))
    await station.until_state(airing, AiringState.ENDED)

    report = await station.desk.reports.airing(airing.airing_id)
    assert [one.playback.state for one in report.playbacks] == [PlayState.FINISHED] * 3
    assert sorted(one.playback.start_error_us for one in report.playbacks) == [0, 100, 200]
    assert report.spread_us == 200
    assert all(len(one.records) == 4 for one in report.playbacks)


async def test_the_same_order_is_signed_once_for_all(station: Station) -> None:
    chosen = [await station.speaker(name) for name in ("Chợ", "Đình")]
    airing = await station.send(*(speaker for speaker, _ in chosen))
    for speaker, _ in chosen:
        await station.until_played(airing, speaker, PlayState.PUSHED)
    first, second = (device.received[-1] for _, device in chosen)
    assert first == second
    assert first.to.devices == tuple(device.device_id for _, device in chosen)


async def test_a_speaker_that_is_away_is_not_waited_for_and_joins_later(station: Station) -> None:
    here, here_device = await station.speaker("Chợ")
    away, away_device = await station.adopt("Đình")
    airing = await station.send(here, away)
    await station.until_played(airing, here, PlayState.PUSHED)
    await station.arm(here_device, airing)
    planned = await station.until_state(airing, AiringState.PLANNED)

    await station.connect(away_device)
    assert [type(action) for action in away_device.orders()] == [Play, Start]
    assert away_device.orders()[1].start_at_us == planned.start_at_us
    await station.until_played(airing, away, PlayState.PUSHED)


async def test_a_speaker_that_takes_long_is_given_ten_seconds(station: Station) -> None:
    quick, quick_device = await station.speaker("Chợ")
    slow, _ = await station.speaker("Đình")
    airing = await station.send(quick, slow)
    await station.arm(quick_device, airing)
    station.clock.advance(9.9)
    await asyncio.sleep(0.02)
    assert (await station.airing(airing.airing_id)).state is AiringState.WAITING
    station.clock.advance(0.1)
    await station.until_state(airing, AiringState.PLANNED)


async def test_a_speaker_that_failed_is_not_waited_for(station: Station) -> None:
    good, good_device = await station.speaker("Chợ")
    full, full_device = await station.speaker("Đình")
    airing = await station.send(good, full)
    await station.arm(good_device, airing)
    await station.report(full_device, Failed(airing_id=airing.airing_id, reason=FailReason.DISK_FULL))
    await station.until_state(airing, AiringState.PLANNED)
    failed = await station.playback(airing, full)
    assert (failed.state, failed.reason) == (PlayState.FAILED, "disk_full")


async def test_a_speaker_whose_link_breaks_is_not_waited_for(station: Station) -> None:
    stays, stays_device = await station.speaker("Chợ")
    goes, goes_device = await station.speaker("Đình")
    airing = await station.send(stays, goes)
    await station.arm(stays_device, airing)
    await station.disconnect(goes_device)
    await station.until_state(airing, AiringState.PLANNED)


async def test_it_does_not_begin_while_the_only_armed_speaker_is_away(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    other, _ = await station.speaker("Đình")
    airing = await station.send(speaker, other)
    await station.arm(device, airing)
    await station.disconnect(device)
    station.clock.advance(15)
    await asyncio.sleep(0.02)
    assert (await station.airing(airing.airing_id)).state is AiringState.WAITING
    await station.connect(device)
    await station.until_state(airing, AiringState.PLANNED)


async def test_it_expires_when_nobody_was_armed_in_its_lateness_window(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    airing = await station.send(speaker)
    await station.until_played(airing, speaker, PlayState.PUSHED)
    station.clock.advance(61)
    await station.until_state(airing, AiringState.EXPIRED)
    await station.disconnect(device)
    await station.connect(device)
    assert device.plays() == [airing.airing_id]


async def test_an_airing_that_no_speaker_could_play_expires_at_once(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    airing = await station.send(speaker)
    await station.arm(device, airing)
    await station.until_state(airing, AiringState.PLANNED)
    await station.report(device, Failed(airing_id=airing.airing_id, reason=FailReason.OUTPUT_FAILED))
    await station.until_state(airing, AiringState.EXPIRED)


async def test_it_ends_by_time_when_a_speaker_does_not_report_its_end(station: Station) -> None:
    told, told_device = await station.speaker("Chợ")
    silent, silent_device = await station.speaker("Đình")
    airing = await station.send(told, silent)
    await station.arm(told_device, airing)
    await station.arm(silent_device, airing)
    planned = await station.until_state(airing, AiringState.PLANNED)
    station.clock.advance(1)
    await station.report(told_device, sounding(airing.airing_id, planned.start_at_us))
    await station.until_state(airing, AiringState.ON_AIR)
    station.clock.advance(15)
    await station.until_state(airing, AiringState.ENDED)
    assert (await station.playback(airing, silent)).state is PlayState.ARMED


async def test_what_a_speaker_tells_after_the_end_still_counts(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    airing = await station.send(speaker)
    await station.arm(device, airing)
    planned = await station.until_state(airing, AiringState.PLANNED)
    station.clock.advance(30)
    await station.until_state(airing, AiringState.EXPIRED)
    start_us = planned.start_at_us
    await station.report(
        device, sounding(airing.airing_id, start_us), finished(airing.airing_id, start_us + 10, airing.duration_us)
    )
    await station.until_state(airing, AiringState.ENDED)
    assert (await station.playback(airing, speaker)).state is PlayState.FINISHED


async def test_evidence_that_overtakes_the_answer_to_the_push_is_not_undone_by_it(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    going = asyncio.Event()

    async def hold(_device: object, _signed: object) -> None:
        await going.wait()

    station.links.on_push = hold
    airing = await station.send(speaker)
    await station.arm(device, airing)
    await station.until_played(airing, speaker, PlayState.ARMED)
    going.set()

    async def confirmed() -> bool:
        return (await station.playback(airing, speaker)).pushed_at_us is not None

    await station.until(confirmed)
    assert (await station.playback(airing, speaker)).state is PlayState.ARMED


async def test_a_refused_order_is_shown_with_its_reason(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    station.clock.advance(3_600)
    device._clock = type(station.clock)(station.clock.now_us() - 3_600 * SECOND_US)
    airing = await station.send(speaker)
    refused = await station.until_played(airing, speaker, PlayState.REFUSED)
    assert refused.reason == "not_yet_valid"


async def test_what_cannot_be_sent_is_refused_by_name(station: Station) -> None:
    speaker, _ = await station.speaker("Chợ")
    ready = await station.bulletin()
    send = station.desk.dispatch.send_now
    with pytest.raises(Invalid) as nobody:
        await send(ready.bulletin_id, [], "admin")
    assert nobody.value.code == "no_speakers"
    with pytest.raises(NotFound) as unknown:
        await send(ready.bulletin_id, ["s-nowhere"], "admin")
    assert unknown.value.code == "speaker_unknown"
    with pytest.raises(NotFound):
        await send("b-nothing", [speaker.speaker_id], "admin")
    station.studio.hold = asyncio.Event()
    unready = await station.desk.compose.make(text_draft("", "một hai", "vi", 125), "admin")
    with pytest.raises(Refused) as early:
        await send(unready.bulletin_id, [speaker.speaker_id], "admin")
    assert early.value.code == "bulletin_not_ready"
    async with station.store.reading() as tx:
        assert await tx.airings.latest(10) == ()


async def test_a_speaker_named_twice_gets_it_once(station: Station) -> None:
    speaker, _ = await station.speaker("Chợ")
    airing = await station.send(speaker, speaker)
    assert airing.speaker_ids == (speaker.speaker_id,)


@pytest.mark.parametrize("killed", ["before the push", "before armed", "before the start", "on air"])
async def test_a_controller_that_is_killed_goes_on_where_it_was(station: Station, killed: str) -> None:
    speaker, device = await station.speaker("Chợ")
    if killed == "before the push":
        device.answers = False
    airing = await station.send(speaker)
    if killed == "before the push":
        await station.restart()
        device.answers = True
        await station.connect(device)
    await station.until_played(airing, speaker, PlayState.PUSHED)
    if killed == "before armed":
        await station.restart()
        device.write(Stored(airing_id=airing.airing_id))
        device.write(Armed(airing_id=airing.airing_id))
        await station.connect(device)
        await station.report(device)
    else:
        await station.arm(device, airing)
    planned = await station.until_state(airing, AiringState.PLANNED)
    if killed == "before the start":
        await station.restart()
        await station.connect(device)
    start = await station.until_ordered(device, Start)
    assert start.start_at_us == planned.start_at_us
    station.clock.advance(0.5)
    await station.report(device, sounding(airing.airing_id, planned.start_at_us))
    await station.until_state(airing, AiringState.ON_AIR)
    if killed == "on air":
        await station.restart()
        await station.connect(device)
    station.clock.advance(10)
    await station.report(device, finished(airing.airing_id, station.clock.now_us(), airing.duration_us))
    await station.until_state(airing, AiringState.ENDED)
    assert device.plays() == [airing.airing_id]
    assert sum(isinstance(action, Start) for action in device.orders()) == 1


async def test_after_a_restart_speakers_that_were_armed_are_waited_for(station: Station) -> None:
    first, first_device = await station.speaker("Chợ")
    second, second_device = await station.speaker("Đình")
    slow, _ = await station.speaker("Trường")
    airing = await station.send(first, second, slow)
    await station.arm(first_device, airing)
    await station.arm(second_device, airing)
    await station.restart()
    await station.connect(first_device)
    await asyncio.sleep(0.02)
    assert (await station.airing(airing.airing_id)).state is AiringState.WAITING
    await station.connect(second_device)
    station.clock.advance(10)
    await station.until_state(airing, AiringState.PLANNED)
    for device in (first_device, second_device):
        await station.until_ordered(device, Start)


async def test_a_wait_that_was_over_before_the_restart_expires(station: Station) -> None:
    speaker, _ = await station.speaker("Chợ")
    airing = await station.send(speaker)
    station.clock.advance(0.1)
    await station.close()
    station.clock.advance(3_600)
    await station.open()
    await station.until_state(airing, AiringState.EXPIRED)
