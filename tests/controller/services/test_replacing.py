"""A new box in the place of a dead one: the speaker stays what it was, and evidence stays true."""

import pytest

from agents.protocol.documents import ReleaseDevice
from agents.protocol.journal import Finished
from agents.protocol.messages import Heartbeat
from agents.protocol.telemetry import Telemetry
from agents.protocol.values import ClockBasis, Profile
from controller.domain.airings import AiringState, PlayState
from controller.domain.errors import NotFound, Refused, Unreachable
from controller.domain.speakers import Speaker
from tests.controller.fakes import FakeDevice
from tests.controller.services.station import CODE, Station


def new_box(station: Station, name: str = "Mới") -> FakeDevice:
    device = FakeDevice(name, station.clock, station.signer.public_key)
    station.links.newcomers[device.device_id] = (device, CODE)
    return device


async def replaced(station: Station, speaker: Speaker, device: FakeDevice) -> Speaker:
    return await station.desk.adoption.adopt(device.device_id, CODE, by="admin", replaces=speaker.speaker_id)


def all_handed_in(device: FakeDevice) -> Heartbeat:
    return Heartbeat(
        clock_basis=ClockBasis.LINK,
        clock_error_us=500,
        clock_offset_us=0,
        volume_percent=80,
        sounding_airing_id=None,
        clips=0,
        disk_free_bytes=0,
        refusals=0,
        unknown_messages=0,
        telemetry=Telemetry(uptime_s=1, journal_waiting=0),
    )


async def test_the_speaker_keeps_all_but_its_box(station: Station) -> None:
    before, dead = await station.speaker("Chợ")
    await station.desk.speakers.set_volume(before.speaker_id, 35, "admin")
    await station.desk.speakers.set_profile(before.speaker_id, Profile.SIM, "admin")
    airing = await station.send(before)
    await station.arm(dead, airing)
    await station.disconnect(dead)
    fresh = new_box(station)
    after = await replaced(station, before, fresh)
    assert (after.speaker_id, after.name, after.area_id) == (before.speaker_id, before.name, before.area_id)
    assert (after.volume_percent, after.profile, after.device_id) == (35, Profile.SIM, fresh.device_id)
    assert [one.speaker.speaker_id for one in await station.desk.speakers.overview()] == [before.speaker_id]
    await station.connect(fresh)
    assert fresh.assignment is not None
    assert (fresh.assignment.speaker_id, fresh.assignment.volume_percent) == (before.speaker_id, 35)
    assert (await station.desk.speakers.one(before.speaker_id)).ready
    report = await station.desk.reports.speaker(before.speaker_id, 10)
    assert [one.airing_id for one, _ in report.open_airings] == [airing.airing_id]
    boxes = await station.desk.speakers.boxes(before.speaker_id)
    assert [(box.device_id, box.until_us is None) for box in boxes] == [
        (fresh.device_id, True),
        (dead.device_id, False),
    ]


async def test_the_box_before_it_is_released_when_it_dials_again_and_not_obeyed(station: Station) -> None:
    speaker, dead = await station.speaker("Chợ")
    await station.disconnect(dead)
    fresh = new_box(station)
    await replaced(station, speaker, fresh)
    await station.connect(fresh)
    assert await station.desk.adoption.pinned_key(dead.device_id) == dead.key, "to tell it, and for nothing else"

    await station.desk.ingest.connected(dead.device_id, dead.hello(), "127.0.0.1")
    station.links.devices[dead.device_id] = dead
    station.desk.ingest.heartbeat(dead.device_id, all_handed_in(dead))
    before = len(dead.received)
    await station.desk.delivery.deliver(dead.device_id)
    assert [getattr(one, "action", None) for one in dead.received[before:]] == [ReleaseDevice()]

    async def unpinned() -> bool:
        return await station.desk.adoption.pinned_key(dead.device_id) is None

    await station.until(unpinned)
    assert (await station.desk.speakers.one(speaker.speaker_id)).speaker.device_id == fresh.device_id
    assert len(await station.desk.speakers.overview()) == 1


async def test_a_box_that_was_replaced_can_hang_elsewhere_and_is_not_released_from_there(station: Station) -> None:
    speaker, dead = await station.speaker("Chợ")
    await station.disconnect(dead)
    await replaced(station, speaker, new_box(station))
    await station.restart()
    await station.desk.adoption.dialled_as_new(dead.device_id)  # repaired, and reset by hand
    station.links.newcomers[dead.device_id] = (dead, CODE)
    again = await station.desk.adoption.adopt(dead.device_id, CODE, name="Đình", new_area_name="Đình", by="admin")
    await station.connect(dead)
    assert ReleaseDevice() not in [getattr(one, "action", None) for one in dead.received]
    assert (await station.desk.speakers.one(again.speaker_id)).ready


async def test_its_health_and_its_link_are_not_the_speakers(station: Station) -> None:
    speaker, dead = await station.speaker("Chợ")
    await station.disconnect(dead)
    fresh = new_box(station)
    await replaced(station, speaker, fresh)
    await station.desk.ingest.connected(dead.device_id, dead.hello(), "10.0.0.9")
    overview = await station.desk.speakers.one(speaker.speaker_id)
    assert overview.connected_since_us is None
    await station.connect(fresh)
    station.desk.ingest.disconnected(dead.device_id)
    overview = await station.desk.speakers.one(speaker.speaker_id)
    assert overview.ready
    assert overview.health is not None
    assert overview.health.address == "127.0.0.1"


async def test_what_the_old_box_played_counts_and_what_it_tells_of_later_does_not(station: Station) -> None:
    speaker, dead = await station.speaker("Chợ")
    first = await station.send(speaker)
    await station.arm(dead, first)
    first = await station.until_state(first, AiringState.PLANNED)
    start_us = station.clock.now_us()
    await station.disconnect(dead)
    station.clock.advance(600)
    fresh = new_box(station)
    await replaced(station, speaker, fresh)
    await station.connect(fresh)
    second = await station.send(speaker)
    await station.arm(fresh, second)
    second = await station.until_state(second, AiringState.PLANNED)

    await station.desk.ingest.connected(dead.device_id, dead.hello(), "127.0.0.1")
    await station.sound(dead, first.airing_id, start_us)
    end_us = start_us + first.duration_us
    await station.report(dead, Finished(airing_id=first.airing_id, ended_at_us=end_us, played_us=first.duration_us))
    assert (await station.playback(first, speaker)).state is PlayState.FINISHED
    await station.report(dead, Finished(airing_id=second.airing_id, ended_at_us=end_us, played_us=1))
    assert (await station.playback(second, speaker)).state is PlayState.ARMED
    await station.sound(fresh, second.airing_id, station.clock.now_us())
    assert (await station.playback(second, speaker)).state is PlayState.SOUNDING


async def test_an_airing_in_the_middle_of_which_the_box_changed_is_told_by_both(station: Station) -> None:
    speaker, dead = await station.speaker("Chợ")
    airing = await station.send(speaker)
    await station.arm(dead, airing)
    airing = await station.until_state(airing, AiringState.PLANNED)
    station.clock.advance(2)
    await station.sound(dead, airing.airing_id, station.clock.now_us())
    await station.disconnect(dead)
    fresh = new_box(station)
    await replaced(station, speaker, fresh)
    await station.connect(fresh)
    await station.report(
        fresh, Finished(airing_id=airing.airing_id, ended_at_us=station.clock.now_us(), played_us=1_000)
    )
    playback = await station.playback(airing, speaker)
    assert (playback.state, playback.started_at_us is not None) == (PlayState.FINISHED, True)


async def test_until_the_new_box_has_proven_that_it_took_it_the_old_one_stays(station: Station) -> None:
    speaker, dead = await station.speaker("Chợ")
    await station.disconnect(dead)
    fresh = new_box(station)
    station.links.loses_adoptions = True
    with pytest.raises(Unreachable):
        await replaced(station, speaker, fresh)
    assert (await station.desk.speakers.one(speaker.speaker_id)).speaker.device_id == dead.device_id
    await station.restart()
    await station.connect(fresh)
    assert (await station.desk.speakers.one(speaker.speaker_id)).speaker.device_id == fresh.device_id
    assert (await station.desk.speakers.one(speaker.speaker_id)).ready


async def test_one_that_refuses_changes_nothing(station: Station) -> None:
    speaker, dead = await station.speaker("Chợ")
    fresh = new_box(station)
    with pytest.raises(Refused):
        await station.desk.adoption.adopt(fresh.device_id, "999999", by="admin", replaces=speaker.speaker_id)
    assert (await station.desk.speakers.one(speaker.speaker_id)).speaker.device_id == dead.device_id
    assert await station.desk.adoption.pinned_key(fresh.device_id) is None


async def test_a_box_that_hangs_elsewhere_and_a_speaker_that_is_released_are_refused(station: Station) -> None:
    speaker, _ = await station.speaker("Chợ")
    _, other = await station.speaker("Đình")
    station.links.newcomers[other.device_id] = (other, CODE)
    with pytest.raises(Refused) as refused:
        await replaced(station, speaker, other)
    assert refused.value.code == "box_in_use"
    await station.desk.adoption.release(speaker.speaker_id, "admin", force=True)
    with pytest.raises(NotFound):
        await replaced(station, speaker, new_box(station))


async def test_a_box_that_was_reset_can_be_put_where_it_hung(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    await station.desk.speakers.set_volume(speaker.speaker_id, 35, "admin")
    await station.disconnect(device)
    again = FakeDevice("Chợ", station.clock, station.signer.public_key)
    station.links.newcomers[again.device_id] = (again, CODE)
    after = await replaced(station, speaker, again)
    assert (after.speaker_id, after.volume_percent, after.device_id) == (speaker.speaker_id, 35, device.device_id)
    assert await station.desk.speakers.boxes(speaker.speaker_id) == ()


async def test_a_box_can_be_replaced_again_and_the_first_be_used_anew(station: Station) -> None:
    speaker, first = await station.speaker("Chợ")
    await station.disconnect(first)
    second, third = new_box(station, "Hai"), new_box(station, "Ba")
    await replaced(station, speaker, second)
    station.clock.advance(10)
    await replaced(station, speaker, third)
    boxes = await station.desk.speakers.boxes(speaker.speaker_id)
    assert [box.device_id for box in boxes] == [third.device_id, second.device_id, first.device_id]
    station.clock.advance(10)
    await station.desk.adoption.dialled_as_new(first.device_id)
    station.links.newcomers[first.device_id] = (first, CODE)
    new = await station.desk.adoption.adopt(
        first.device_id, CODE, name="Đình", area_id=speaker.area_id, new_area_name=None, by="admin"
    )
    assert new.speaker_id != speaker.speaker_id
    assert len(await station.desk.speakers.overview()) == 2
