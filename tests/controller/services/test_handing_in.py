"""What is handed in from above: it waits for the commune, or is heard at once; its sender can ask what became of it."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from agents.protocol.documents import Play, Start, Stop
from agents.protocol.ids import AreaId
from agents.protocol.values import AiringClass, Preempted
from controller.domain.airings import Airing, AiringState, PlayState
from controller.domain.deeds import DeedKind
from controller.domain.drafts import BulletinDraft, RecordingVariant, TextVariant
from controller.domain.errors import Invalid, Refused
from controller.domain.handing_in import Audio, HandIn, HandInState, Sent
from controller.domain.rights import Actor, Right
from controller.services.handing_in import Handing
from controller.services.people import shell
from tests.controller.drafts import reading
from tests.controller.fakes import T0_US, FakeDevice
from tests.controller.services.station import Station, finished, sounding

SENDER = Actor(name="token:Sở TTTT", scopes=(), token_id="t-1")
MINUTE, HOUR = 60, 3_600
SECOND_US = 1_000_000


def handing(
    *areas: AreaId,
    airing_class: AiringClass = AiringClass.ORDINARY,
    reference: str = "r-1",
    text: str = "một hai ba bốn năm",
    from_s: float | None = None,
    until_s: float | None = None,
) -> Handing:
    """Instants are seconds from the beginning of the test."""
    return Handing(
        reference=reference,
        draft=BulletinDraft(
            title="Tin từ tỉnh", variants=(TextVariant(reading=reading(text)),), airing_class=airing_class
        ),
        areas=areas,
        valid_from_us=None if from_s is None else T0_US + round(from_s * SECOND_US),
        valid_until_us=None if until_s is None else T0_US + round(until_s * SECOND_US),
        sent=Sent(digest=f"{airing_class} {text}"),
    )


async def until_state(station: Station, hand_in: HandIn, state: HandInState) -> HandIn:
    async def look() -> HandIn | None:
        found = (await station.desk.hand_ins.reports.get(hand_in.hand_in_id)).hand_in
        return found if found.state is state else None

    try:
        found = await station.until(look)
    except TimeoutError:
        now = (await station.desk.hand_ins.reports.get(hand_in.hand_in_id)).hand_in
        raise AssertionError(f"it is {now.state}, not {state}: {now.failure}") from None
    assert isinstance(found, HandIn)
    return found


async def waiting(station: Station, wanted: Handing) -> HandIn:
    made, new = await station.desk.hand_ins.hand_in(wanted, SENDER)
    assert new
    return await until_state(station, made, HandInState.WAITING)


async def airings(station: Station, hand_in: HandIn) -> list[Airing]:
    return [airing for airing, _ in (await station.desk.hand_ins.reports.get(hand_in.hand_in_id)).airings]


async def until_sent(station: Station, hand_in: HandIn, count: int = 1) -> Airing:
    async def look() -> list[Airing]:
        found = await airings(station, hand_in)
        return found if len(found) == count else []

    found = await station.until(look)
    assert isinstance(found, list)
    newest = found[0]
    assert isinstance(newest, Airing)
    return newest


async def settled(station: Station) -> None:
    """Whatever is under way by itself has had its turn."""
    for _ in range(200):
        await asyncio.sleep(0)


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


# --- an emergency is heard at once ------------------------------------------------------------------------------------


def emergency(*areas: AreaId, until_s: float | None = None, from_s: float | None = None) -> Handing:
    return handing(*areas, airing_class=AiringClass.EMERGENCY, until_s=until_s, from_s=from_s)


async def test_an_emergency_asks_nobody(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    made, _ = await station.desk.hand_ins.hand_in(emergency(speaker.area_id), SENDER)
    airing = await until_sent(station, made)
    found = await until_state(station, made, HandInState.TAKEN)
    assert (airing.airing_class, airing.planned_by, found.decided_by) == ("emergency", "token:Sở TTTT", "")
    play = await station.until_ordered(device, Play)
    assert play.airing.airing_class is AiringClass.EMERGENCY
    await station.arm(device, airing)
    start = await station.until_ordered(device, Start)
    assert start.airing_id == airing.airing_id


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
    await station.arm(device, second)
    assert (await station.until_ordered(device, Start)).airing_id == second.airing_id


async def test_what_was_heard_is_not_sent_again(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    made, _ = await station.desk.hand_ins.hand_in(emergency(speaker.area_id), SENDER)
    airing = await until_sent(station, made)
    await station.arm(device, airing)
    start = await station.until_ordered(device, Start)
    await station.sound(device, airing.airing_id, start.start_at_us)
    await station.report(device, finished(airing.airing_id, start.start_at_us + airing.duration_us, airing.duration_us))
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
    reports = station.desk.hand_ins.reports
    station.studio.failing = "voice_failed"
    silent, _ = await station.desk.hand_ins.hand_in(emergency(speaker.area_id), SENDER)
    await until_state(station, silent, HandInState.FAILED)
    station.studio.failing = None
    wanted = replace(emergency(speaker.area_id), reference="r-2")
    made, _ = await station.desk.hand_ins.hand_in(wanted, SENDER)
    airing = await until_sent(station, made)
    assert {one.hand_in.hand_in_id for one in await reports.emergencies()} == {silent.hand_in_id, made.hand_in_id}
    await station.desk.dispatch.stop(airing.airing_id, "lan")
    assert [one.hand_in.hand_in_id for one in await reports.emergencies()] == [silent.hand_in_id]
    station.clock.advance(HOUR)
    assert await reports.emergencies() == ()


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
    start = await station.until_ordered(device, Start)
    await station.sound(device, airing.airing_id, start.start_at_us)
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
