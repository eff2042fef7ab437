"""What is handed in from above: it waits for the commune, or is heard at once; its sender can ask what became of it."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from agents.protocol.documents import Play
from agents.protocol.values import AiringClass
from controller.domain.airings import AiringState
from controller.domain.deeds import DeedKind
from controller.domain.drafts import BulletinDraft, RecordingVariant, TextVariant
from controller.domain.errors import Invalid, Refused
from controller.domain.handing_in import Audio, HandInState, Sent
from controller.domain.rights import Actor
from tests.controller.drafts import reading
from tests.controller.fakes import T0_US
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
from tests.controller.services.station import Station

# --- an ordinary one waits for the commune ----------------------------------------------------------------------------


async def test_an_ordinary_one_waits_until_somebody_takes_it(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    made = await waiting(station, handing(speaker.area_id))
    await settled(station)
    assert await airings(station, made) == []
    airing = await station.desk.hand_ins.take(made.hand_in_id, [speaker.speaker_id], None, "lan")
    outcome = await station.desk.hand_ins.reports.get(made.hand_in_id)
    assert outcome.hand_in.state is HandInState.TAKEN
    assert (outcome.hand_in.decided_by, outcome.hand_in.sender) == ("lan", "Sở TTTT")
    assert [one.airing_id for one, _ in outcome.airings] == [airing.airing_id]
    assert (outcome.bulletin.origin, outcome.bulletin.sender) == ("above", "Sở TTTT")
    play = await station.until_ordered(device, Play)
    assert play.airing.airing_class is AiringClass.ORDINARY


async def test_it_can_be_given_a_time(station: Station) -> None:
    speaker, _ = await station.speaker("Chợ")
    made = await waiting(station, handing(speaker.area_id, until_s=HOUR))
    start_us = T0_US + 600 * SECOND_US
    airing = await station.desk.hand_ins.take(made.hand_in_id, [speaker.speaker_id], start_us, "lan")
    assert (airing.start_at_us, airing.state) == (start_us, AiringState.PLANNED)


@pytest.mark.parametrize(("at_s", "code"), [(MINUTE, "not_valid_yet"), (2 * HOUR, "bulletin_expired")])
async def test_its_time_lies_within_its_validity(station: Station, at_s: float, code: str) -> None:
    speaker, _ = await station.speaker("Chợ")
    made = await waiting(station, handing(speaker.area_id, from_s=HOUR, until_s=2 * HOUR))
    start_us = T0_US + round(at_s * SECOND_US)
    with pytest.raises(Refused) as refused:
        await station.desk.hand_ins.take(made.hand_in_id, [speaker.speaker_id], start_us, "lan")
    assert refused.value.code == code
    assert (await station.desk.hand_ins.reports.get(made.hand_in_id)).hand_in.state is HandInState.WAITING


async def test_nobody_sends_it_who_has_not_taken_it(station: Station) -> None:
    speaker, _ = await station.speaker("Chợ")
    made = await waiting(station, handing(speaker.area_id))
    with pytest.raises(Refused) as refused:
        await station.desk.dispatch.send_now(made.bulletin_id, [speaker.speaker_id], "lan")
    assert refused.value.code == "hand_in_open"


async def test_nobody_puts_other_words_or_another_class_under_its_senders_name(station: Station) -> None:
    speaker, _ = await station.speaker("Chợ")
    made = await waiting(station, handing(speaker.area_id))
    compose = station.desk.compose
    other = BulletinDraft(
        title="Khác", variants=(TextVariant(reading=reading("lời khác")),), airing_class=AiringClass.EMERGENCY
    )
    for attempt in (
        compose.change(made.bulletin_id, other, SENDER.name),
        compose.restore(made.bulletin_id, 1, "lan"),
        compose.cancel(made.bulletin_id, "lan"),
        compose.withdraw(made.bulletin_id, "lan"),
    ):
        with pytest.raises(Refused) as refused:
            await attempt
        assert refused.value.code == "from_above"
    found = await station.desk.hand_ins.reports.get(made.hand_in_id)
    assert found.hand_in.state is HandInState.WAITING
    assert (found.bulletin.title, found.bulletin.revision, found.bulletin.withdrawn) == ("Tin từ tỉnh", 1, False)


async def test_it_is_declined_with_a_reason_that_its_sender_learns(station: Station) -> None:
    speaker, _ = await station.speaker("Chợ")
    made = await waiting(station, handing(speaker.area_id))
    with pytest.raises(Invalid) as invalid:
        await station.desk.hand_ins.decline(made.hand_in_id, " \n ", "lan")
    assert invalid.value.code == "reason_missing"
    await station.desk.hand_ins.decline(made.hand_in_id, " Đã phát hôm qua. ", "lan")
    found = await station.desk.hand_ins.reports.get(made.hand_in_id)
    assert (found.hand_in.state, found.hand_in.reason) == (HandInState.DECLINED, "Đã phát hôm qua.")
    assert found.bulletin.withdrawn
    with pytest.raises(Refused) as refused:
        await station.desk.hand_ins.take(made.hand_in_id, [speaker.speaker_id], None, "minh")
    assert refused.value.code == "hand_in_decided"


async def test_only_one_of_two_persons_decides(station: Station) -> None:
    speaker, _ = await station.speaker("Chợ")
    made = await waiting(station, handing(speaker.area_id))
    decided = await asyncio.gather(
        station.desk.hand_ins.take(made.hand_in_id, [speaker.speaker_id], None, "lan"),
        station.desk.hand_ins.take(made.hand_in_id, [speaker.speaker_id], None, "minh"),
        station.desk.hand_ins.decline(made.hand_in_id, "không", "hoa"),
        return_exceptions=True,
    )
    assert sum(isinstance(one, Refused) for one in decided) == 2
    found = await station.desk.hand_ins.reports.get(made.hand_in_id)
    assert len(found.airings) == (1 if found.hand_in.state is HandInState.TAKEN else 0)


async def test_it_expires_by_itself(station: Station) -> None:
    speaker, _ = await station.speaker("Chợ")
    made = await waiting(station, handing(speaker.area_id, until_s=HOUR))
    await settled(station)
    station.clock.advance(HOUR - 1)
    await settled(station)
    assert (await station.desk.hand_ins.reports.get(made.hand_in_id)).hand_in.state is HandInState.WAITING
    station.clock.advance(1)
    await until_state(station, made, HandInState.EXPIRED)


async def test_it_expires_while_the_controller_is_off(station: Station) -> None:
    speaker, _ = await station.speaker("Chợ")
    made = await waiting(station, handing(speaker.area_id, until_s=HOUR))
    await station.close()
    station.clock.advance(HOUR)
    await station.open()
    await until_state(station, made, HandInState.EXPIRED)


async def test_what_cannot_be_made_into_sound_has_failed(station: Station) -> None:
    speaker, _ = await station.speaker("Chợ")
    station.studio.failing = "voice_failed"
    made, _ = await station.desk.hand_ins.hand_in(handing(speaker.area_id), SENDER)
    found = await until_state(station, made, HandInState.FAILED)
    assert found.failure == "voice_failed"


async def test_its_deeds_are_kept(station: Station) -> None:
    speaker, _ = await station.speaker("Chợ")
    made = await waiting(station, handing(speaker.area_id))
    await station.desk.hand_ins.take(made.hand_in_id, [speaker.speaker_id], None, "lan")
    async with station.store.reading() as tx:
        deeds = [(one.what, one.by) for one in await tx.deeds.latest(100) if one.subject == made.hand_in_id]
    assert deeds == [(DeedKind.TAKE, "lan"), (DeedKind.HAND_IN, "token:Sở TTTT")]


# --- a priority one is given its place --------------------------------------------------------------------------------


async def test_a_priority_one_cannot_be_declined(station: Station) -> None:
    speaker, _ = await station.speaker("Chợ")
    made = await waiting(station, handing(speaker.area_id, airing_class=AiringClass.PRIORITY))
    with pytest.raises(Refused) as refused:
        await station.desk.hand_ins.decline(made.hand_in_id, "không", "lan")
    assert refused.value.code == "not_to_be_declined"
    airing = await station.desk.hand_ins.take(made.hand_in_id, [speaker.speaker_id], None, "lan")
    assert airing.airing_class is AiringClass.PRIORITY


async def test_priority_waits_above_ordinary(station: Station) -> None:
    speaker, _ = await station.speaker("Chợ")
    area = speaker.area_id
    await waiting(station, handing(area, reference="late", until_s=3 * HOUR))
    await waiting(station, handing(area, reference="soon", until_s=2 * HOUR))
    await waiting(station, handing(area, reference="first", airing_class=AiringClass.PRIORITY))
    assert [one.reference for one in await station.desk.hand_ins.reports.open()] == ["first", "soon", "late"]


# --- the same again ---------------------------------------------------------------------------------------------------


async def test_the_same_reference_is_the_same_hand_in(station: Station) -> None:
    speaker, _ = await station.speaker("Chợ")
    wanted = handing(speaker.area_id)
    handed = await asyncio.gather(*(station.desk.hand_ins.hand_in(wanted, SENDER) for _ in range(5)))
    assert len({one.hand_in_id for one, _ in handed}) == 1
    assert [new for _, new in handed].count(True) == 1
    assert len(await station.desk.compose.latest(100)) == 1


async def test_the_same_reference_with_something_else_is_refused(station: Station) -> None:
    speaker, _ = await station.speaker("Chợ")
    await waiting(station, handing(speaker.area_id))
    with pytest.raises(Refused) as refused:
        await station.desk.hand_ins.hand_in(handing(speaker.area_id, text="sáu bảy"), SENDER)
    assert refused.value.code == "reference_taken"
    other = Actor(name="token:Khác", scopes=(), token_id="t-2")
    assert (await station.desk.hand_ins.hand_in(handing(speaker.area_id, text="sáu bảy"), other))[1]


async def test_a_file_that_comes_again_is_not_kept(station: Station, tmp_path: Path) -> None:
    speaker, _ = await station.speaker("Chợ")
    files = [tmp_path / "one.wav", tmp_path / "two.wav"]
    for path in files:
        path.write_bytes(b"RIFF")
        wanted = handing(speaker.area_id)
        draft = replace(wanted.draft, variants=(RecordingVariant(language="vi", path=path, file_name=path.name),))
        sent = Sent(digest="d", audio=(Audio("5" * 64),))
        made, new = await station.desk.hand_ins.hand_in(replace(wanted, draft=draft, sent=sent), SENDER)
        assert new is (path is files[0])
        await until_state(station, made, HandInState.WAITING)
    assert [path for path in files if path.exists()] == []


# --- the sender takes it back -----------------------------------------------------------------------------------------


async def test_its_sender_withdraws_it_while_it_waits(station: Station) -> None:
    speaker, _ = await station.speaker("Chợ")
    made = await waiting(station, handing(speaker.area_id))
    for _ in range(2):
        assert (await station.desk.hand_ins.withdraw(made.hand_in_id, SENDER.name)).state is HandInState.WITHDRAWN
    with pytest.raises(Refused):
        await station.desk.hand_ins.take(made.hand_in_id, [speaker.speaker_id], None, "lan")


async def test_what_the_commune_has_taken_is_its_own(station: Station) -> None:
    speaker, _ = await station.speaker("Chợ")
    made = await waiting(station, handing(speaker.area_id))
    await station.desk.hand_ins.take(made.hand_in_id, [speaker.speaker_id], None, "lan")
    with pytest.raises(Refused) as refused:
        await station.desk.hand_ins.withdraw(made.hand_in_id, SENDER.name)
    assert refused.value.code == "hand_in_decided"


async def test_an_emergency_on_the_air_is_stopped(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    made, _ = await station.desk.hand_ins.hand_in(emergency(speaker.area_id), SENDER)
    airing = await until_sent(station, made)
    await station.arm(device, airing)
    play = await station.until_ordered(device, Play)
    assert play.airing.start_at_us is not None, "nobody is waited for"
    await station.sound(device, airing.airing_id, play.airing.start_at_us)
    await station.until_state(airing, AiringState.ON_AIR)
    await station.desk.hand_ins.withdraw(made.hand_in_id, SENDER.name)
    assert (await station.airing(airing.airing_id)).state is AiringState.STOPPED
    assert (await station.desk.hand_ins.reports.get(made.hand_in_id)).hand_in.state is HandInState.WITHDRAWN


# --- when it may be heard ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("from_s", "until_s", "code"),
    [(None, -1, "validity_passed"), (HOUR, MINUTE, "validity_order"), (None, 400 * 86_400, "validity_too_long")],
)
async def test_a_validity_that_cannot_be_is_refused(
    station: Station, from_s: float | None, until_s: float, code: str
) -> None:
    speaker, _ = await station.speaker("Chợ")
    with pytest.raises(Invalid) as invalid:
        await station.desk.hand_ins.hand_in(handing(speaker.area_id, from_s=from_s, until_s=until_s), SENDER)
    assert invalid.value.code == code
    assert await station.desk.hand_ins.reports.open() == ()
