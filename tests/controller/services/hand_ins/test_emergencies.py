"""An emergency from above is heard at once, by whoever can be reached, until its validity ends."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from agents.protocol.documents import Play, Start, Stop
from agents.protocol.ids import AreaId
from agents.protocol.journal import Preempted
from agents.protocol.values import AiringClass
from controller.domain.airings import Airing, AiringState, PlayState
from controller.domain.drafts import RecordingVariant
from controller.domain.errors import Invalid, Refused
from controller.domain.handing_in import HandInState
from controller.domain.rights import Right
from controller.services.people import shell
from tests.controller.fakes import FakeDevice
from tests.controller.services.hand_ins.samples import (
    HOUR,
    MINUTE,
    SECOND_US,
    SENDER,
    airings,
    emergency,
    handing,
    settled,
    until_sent,
    until_state,
    waiting,
)
from tests.controller.services.station import Station, finished, sounding

# --- an emergency is heard at once ------------------------------------------------------------------------------------


async def test_an_emergency_asks_nobody(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    made, _ = await station.desk.hand_ins.hand_in(emergency(speaker.area_id), SENDER)
    airing = await until_sent(station, made)
    found = await until_state(station, made, HandInState.TAKEN)
    assert (airing.airing_class, airing.planned_by, found.decided_by) == ("emergency", "token:Sở TTTT", "")
    play = await station.until_ordered(device, Play)
    assert play.airing.airing_class is AiringClass.EMERGENCY
    assert play.siren == station.desk.pins.siren
    assert play.airing.start_at_us == airing.start_at_us == airing.planned_at_us + 5 * SECOND_US, "it waits for nobody"


async def test_nobody_sends_it_again_who_may_only_send(station: Station) -> None:
    speaker, _ = await station.speaker("Chợ")
    made, _ = await station.desk.hand_ins.hand_in(emergency(speaker.area_id), SENDER)
    await until_sent(station, made)
    start_at_us = station.clock.now_us() + MINUTE * SECOND_US
    dispatch = station.desk.dispatch
    for sent in (
        dispatch.send_now(made.bulletin_id, [speaker.speaker_id], "editor"),
        dispatch.schedule(made.bulletin_id, [speaker.speaker_id], start_at_us, "editor"),
    ):
        with pytest.raises(Refused) as refused:
            await sent
        assert refused.value.code == "class_reserved"


async def test_it_goes_to_every_speaker_of_the_areas_and_below(station: Station) -> None:
    east, _ = await station.speaker("Chợ")
    west, _ = await station.adopt("Đình", area="Thôn Tây")
    async with station.store.reading() as tx:
        tree = await station.desk._office.areas.knowing(tx, [east.area_id])
    commune = AreaId(tree.path(east.area_id)[0].area_id)
    made, _ = await station.desk.hand_ins.hand_in(emergency(commune, east.area_id), SENDER)
    airing = await until_sent(station, made)
    same_commune = {one.area_id for one in tree.walk(commune)}
    wanted = {one.speaker_id for one in (east, west) if one.area_id in same_commune}
    assert set(airing.speaker_ids) == wanted


async def test_it_waits_for_a_speaker_that_can_be_reached(station: Station) -> None:
    speaker, device = await station.adopt("Chợ")
    made = await waiting(station, emergency(speaker.area_id))
    await settled(station)
    assert await airings(station, made) == []
    await station.connect(device)
    await until_sent(station, made)


async def test_it_is_sent_again_while_nobody_played_it(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    made, _ = await station.desk.hand_ins.hand_in(emergency(speaker.area_id), SENDER)
    first = await until_sent(station, made)
    await station.disconnect(device)
    station.clock.advance(61)
    await station.until_state(first, AiringState.EXPIRED)
    await until_state(station, made, HandInState.WAITING)
    await station.connect(device)
    second = await until_sent(station, made, 2)

    async def ordered() -> bool:
        return second.airing_id in device.plays()

    await station.until(ordered)


async def test_what_was_heard_is_not_sent_again(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    made, _ = await station.desk.hand_ins.hand_in(emergency(speaker.area_id), SENDER)
    airing = await until_sent(station, made)
    start_at_us = airing.start_at_us or 0
    await station.sound(device, airing.airing_id, start_at_us)
    await station.report(device, finished(airing.airing_id, start_at_us + airing.duration_us, airing.duration_us))
    await station.until_state(airing, AiringState.ENDED)
    station.clock.advance(10 * MINUTE)
    await settled(station)
    assert len(await airings(station, made)) == 1


async def test_it_is_given_up_when_its_validity_ends(station: Station) -> None:
    speaker, device = await station.adopt("Chợ")
    made = await waiting(station, emergency(speaker.area_id))
    await settled(station)
    station.clock.advance(HOUR)
    await until_state(station, made, HandInState.EXPIRED)
    await station.connect(device)
    await settled(station)
    assert await airings(station, made) == []


async def test_it_waits_until_its_validity_begins(station: Station) -> None:
    speaker, _ = await station.speaker("Chợ")
    made = await waiting(station, emergency(speaker.area_id, from_s=10 * MINUTE, until_s=HOUR))
    await settled(station)
    assert await airings(station, made) == []
    station.clock.advance(10 * MINUTE)
    await until_sent(station, made)


async def test_what_a_token_planned_is_not_heard_once_it_is_revoked(station: Station) -> None:
    speaker, _ = await station.speaker("Chợ")
    rights, tokens = [Right.HAND_IN, Right.HAND_IN_EMERGENCY], station.desk.api_tokens
    token, _ = await tokens.create("Sở", rights, speaker.area_id, 1, shell())
    made, _ = await station.desk.hand_ins.hand_in(
        emergency(speaker.area_id, from_s=10 * MINUTE, until_s=HOUR), token.actor
    )
    await until_state(station, made, HandInState.WAITING)
    await tokens.revoke(token.token_id, shell())
    station.clock.advance(10 * MINUTE)
    found = await until_state(station, made, HandInState.FAILED)
    assert (found.failure, await airings(station, made)) == ("token_revoked", [])


async def test_it_waits_while_everything_is_stopped(station: Station) -> None:
    speaker, _ = await station.speaker("Chợ")
    await station.desk.dispatch.stop_all("lan")
    made = await waiting(station, emergency(speaker.area_id))
    await settled(station)
    assert await airings(station, made) == []
    await station.desk.dispatch.release_stop("lan")
    await until_sent(station, made)


async def test_an_airing_that_a_person_stopped_stays_stopped(station: Station) -> None:
    speaker, _ = await station.speaker("Chợ")
    made, _ = await station.desk.hand_ins.hand_in(emergency(speaker.area_id), SENDER)
    airing = await until_sent(station, made)
    await station.desk.dispatch.stop(airing.airing_id, "lan")
    station.clock.advance(10 * MINUTE)
    await settled(station)
    assert len(await airings(station, made)) == 1


async def test_people_are_told_of_each_emergency_that_is_not_over(station: Station) -> None:
    speaker, _ = await station.speaker("Chợ")

    async def told() -> list[str]:
        underway = {one.content_id for one in station.desk.dispatch.open_airings()}
        return [one.hand_in_id for one, _ in await station.desk.hand_ins.reports.emergencies(underway)]

    station.studio.failing = "voice_failed"
    silent, _ = await station.desk.hand_ins.hand_in(emergency(speaker.area_id), SENDER)
    await until_state(station, silent, HandInState.FAILED)
    station.studio.failing = None
    wanted = replace(emergency(speaker.area_id), reference="r-2")
    made, _ = await station.desk.hand_ins.hand_in(wanted, SENDER)
    airing = await until_sent(station, made)
    assert set(await told()) == {silent.hand_in_id, made.hand_in_id}
    await station.desk.dispatch.stop(airing.airing_id, "lan")
    assert await told() == [silent.hand_in_id]
    station.clock.advance(HOUR)
    assert await told() == []


# --- a restart at any moment ------------------------------------------------------------------------------------------


async def test_a_restart_while_its_sound_is_made_goes_on(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    station.studio.hold = asyncio.Event()
    made, _ = await station.desk.hand_ins.hand_in(emergency(speaker.area_id), SENDER)
    await station.restart()
    await station.connect(device)
    await until_sent(station, made)


@pytest.mark.parametrize("connected", [True, False])
async def test_a_restart_after_it_was_sent_sends_nothing_twice(station: Station, connected: bool) -> None:
    speaker, device = await station.speaker("Chợ")
    made, _ = await station.desk.hand_ins.hand_in(emergency(speaker.area_id), SENDER)
    await until_sent(station, made)
    await station.restart()
    if connected:
        await station.connect(device)
    await settled(station)
    assert len(await airings(station, made)) == 1


async def test_an_airing_that_was_given_up_while_nobody_looked_is_sent_again(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    made, _ = await station.desk.hand_ins.hand_in(emergency(speaker.area_id), SENDER)
    airing = await until_sent(station, made)
    await station.close()
    station.links.devices.clear()
    station.clock.advance(120)
    await station.open()
    await station.until_state(airing, AiringState.EXPIRED)
    await station.connect(device)
    await until_sent(station, made, 2)


async def test_a_decision_and_its_airing_are_kept_together_or_not_at_all(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    speaker, _ = await station.speaker("Chợ")
    made = await waiting(station, handing(speaker.area_id))
    with pytest.raises(Invalid):
        await station.desk.hand_ins.take(made.hand_in_id, [], None, "lan")
    found = await station.desk.hand_ins.reports.get(made.hand_in_id)
    assert (found.hand_in.state, found.airings) == (HandInState.WAITING, ())


# --- beside what plays ------------------------------------------------------------------------------------------------


async def test_an_emergency_goes_over_what_plays(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    usual = await station.send(speaker)
    await station.arm(device, usual)
    began = await station.until_ordered(device, Start)
    await station.sound(device, usual.airing_id, began.start_at_us)
    await station.until_state(usual, AiringState.ON_AIR)

    made, _ = await station.desk.hand_ins.hand_in(emergency(speaker.area_id), SENDER)
    airing = await until_sent(station, made)
    await station.until(lambda: told(device, airing))
    assert not any(isinstance(order, Stop) for order in device.orders()), "the device gives way by itself"
    start_us = station.clock.now_us()
    await station.arm(device, airing)
    await station.report(
        device,
        Preempted(airing_id=usual.airing_id, by_airing_id=airing.airing_id, at_us=SECOND_US),
        sounding(airing.airing_id, start_us),
    )
    assert (await station.until_played(usual, speaker, PlayState.PREEMPTED)).state is PlayState.PREEMPTED
    await station.until_state(airing, AiringState.ON_AIR)


async def told(device: FakeDevice, airing: Airing) -> bool:
    return airing.airing_id in device.plays()


async def test_a_restart_while_a_recording_is_prepared_goes_on(station: Station, tmp_path: Path) -> None:
    speaker, device = await station.speaker("Chợ")
    path = tmp_path / "warning.wav"
    path.write_bytes(b"RIFF")
    wanted = emergency(speaker.area_id)
    draft = replace(wanted.draft, variants=(RecordingVariant(language="vi", path=path, file_name=path.name),))
    station.studio.hold = asyncio.Event()
    made, _ = await station.desk.hand_ins.hand_in(replace(wanted, draft=draft), SENDER)
    await station.studio.began.wait()
    await station.restart()
    await station.connect(device)
    await until_sent(station, made)
