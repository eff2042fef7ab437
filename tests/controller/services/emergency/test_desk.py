"""Emergencies: two persons, one way to the horns, and an end on purpose."""

import asyncio

import pytest

from agents.protocol.documents import End, Play
from agents.protocol.ids import AreaId
from agents.protocol.journal import SirenSounding
from agents.protocol.values import AiringClass, ClipPart
from controller.domain.airings import AiringState
from controller.domain.alarm_board import Reach
from controller.domain.deeds import DeedKind
from controller.domain.emergencies import AreaPolicy, EmergencyKind, EmergencyState, EndKind
from controller.domain.errors import Invalid, LoaError, Refused
from controller.domain.hazard_templates import drill_key
from controller.domain.rights import Actor
from controller.services.events import EmergencyChanged
from tests.controller.services.emergency_samples import LAN, MINH, flood, prepared, sent
from tests.controller.services.station import Station, sounding


async def test_what_one_prepares_another_confirms_and_every_horn_of_the_area_is_told(station: Station) -> None:
    speaker, device = await station.speaker("Cổng làng")
    _, elsewhere = await station.adopt("Chợ", area="Thôn Hạ")
    await station.connect(elsewhere)
    emergency = await sent(station, flood(speaker.area_id))
    play = await station.until_ordered(device, Play)
    assert (play.airing.airing_id, play.airing.airing_class) == (emergency.airing_id, AiringClass.EMERGENCY)
    assert play.siren == station.desk.pins.siren is not None
    assert play.airing.start_at_us == emergency.starts_at_us == station.clock.now_us() + 5_000_000
    assert play.airing.times > 1, "it is repeated until somebody ends it"
    assert elsewhere.orders() == []


async def test_the_board_moves_by_what_devices_say_alone(station: Station) -> None:
    speaker, device = await station.speaker("Cổng làng")
    away, _ = await station.adopt("Chợ")
    emergency = await sent(station, flood(speaker.area_id))

    async def reach() -> dict[str, Reach]:
        board = await station.desk.emergencies.board(emergency.emergency_id)
        return {line.speaker_name: line.reach for line in board.lines}

    async def received() -> bool:
        return await reach() == {"Cổng làng": Reach.RECEIVED, "Chợ": Reach.NOT_REACHED}

    await station.until(received)
    await station.report(device, SirenSounding(airing_id=emergency.airing_id, began_at_us=station.clock.now_us()))
    assert (await reach())["Cổng làng"] is Reach.SIREN
    await station.report(device, sounding(emergency.airing_id, emergency.starts_at_us or 0))
    assert (await reach())["Cổng làng"] is Reach.SOUNDING
    board = await station.desk.emergencies.board(emergency.emergency_id)
    assert board.counts[Reach.SOUNDING] == board.counts[Reach.NOT_REACHED] == 1
    assert next(line.reason for line in board.lines if line.speaker_id == away.speaker_id) == "offline"


async def test_who_prepared_it_does_not_confirm_it_whatever_the_name_and_no_program_does(station: Station) -> None:
    speaker, device = await station.speaker("Cổng làng")
    waiting = await prepared(station, flood(speaker.area_id))
    same = Actor(name="lan hai", scopes=LAN.scopes, person_id=LAN.person_id)
    program = Actor(name="máy", scopes=LAN.scopes, token_id="t-1")
    for by, code in ((same, "second_person_needed"), (program, "person_needed")):
        with pytest.raises(Refused) as refused:
            await station.desk.emergencies.confirm(waiting.emergency_id, by)
        assert refused.value.code == code
    assert device.orders() == []


async def test_two_who_confirm_at_once_send_it_once(station: Station) -> None:
    speaker, device = await station.speaker("Cổng làng")
    waiting = await prepared(station, flood(speaker.area_id))
    confirm = station.desk.emergencies.confirm
    done = await asyncio.gather(
        confirm(waiting.emergency_id, MINH), confirm(waiting.emergency_id, MINH), return_exceptions=True
    )
    assert [one.code for one in done if isinstance(one, LoaError)] == ["emergency_decided"]
    await station.until_ordered(device, Play)
    assert len(device.plays()) == 1


async def test_one_alone_needs_an_area_that_allows_it_and_a_reason_and_the_others_hear_of_it(station: Station) -> None:
    speaker, device = await station.speaker("Cổng làng")
    desk = station.desk.emergencies
    waiting = await prepared(station, flood(speaker.area_id))
    with pytest.raises(Refused) as forbidden:
        await desk.break_glass(waiting.emergency_id, LAN, "không ai khác ở đây")
    assert forbidden.value.code == "break_glass_forbidden"
    wider = desk.policies.path(speaker.area_id)[0]
    assert (await desk.policies.put(wider, AreaPolicy(break_glass=True), MINH)).break_glass
    assert desk.policies.of([speaker.area_id]).break_glass, "what is said above holds below"
    with pytest.raises(Invalid):
        await desk.break_glass(waiting.emergency_id, LAN, "  ")
    async with station.desk.events.subscribe() as events:
        alone = await desk.break_glass(waiting.emergency_id, LAN, "không ai khác ở đây")
        assert await anext(events) == EmergencyChanged(alone.emergency_id)
    assert (alone.broken_glass, alone.reason) == (True, "không ai khác ở đây")
    await station.until_ordered(device, Play)
    async with station.store.reading() as tx:
        deed = next(one for one in await tx.deeds.latest(10) if one.what is DeedKind.BREAK_GLASS)
    assert (deed.by, deed.subject) == ("lan", alone.emergency_id)
    assert "không ai khác ở đây" in deed.detail


async def test_what_a_smaller_area_forbids_is_not_done_by_naming_the_wider_one(station: Station) -> None:
    speaker, device = await station.speaker("Cổng làng")
    desk = station.desk.emergencies
    wider = speaker.area_id
    inner = AreaId((await station.desk.areas.add("Xóm Bãi", wider, "hamlet", "minh")).area_id)
    await desk.policies.put(wider, AreaPolicy(break_glass=True, second_person=False), MINH)
    await desk.policies.put(inner, AreaPolicy(break_glass=False, second_person=True), MINH)
    waiting = await prepared(station, flood(wider))
    for send in (desk.confirm(waiting.emergency_id, LAN), desk.break_glass(waiting.emergency_id, LAN, "không còn ai")):
        with pytest.raises(Refused) as refused:
            await send
        assert refused.value.code in {"second_person_needed", "break_glass_forbidden"}
    assert device.plays() == []
    await desk.policies.put(inner, AreaPolicy(), MINH)
    assert desk.policies.of([wider]).break_glass


async def test_a_drill_says_so_first_and_last_has_no_siren_and_never_becomes_real(station: Station) -> None:
    speaker, device = await station.speaker("Cổng làng")
    drill = await sent(station, flood(speaker.area_id, drill=True, siren=True))
    play = await station.until_ordered(device, Play)
    assert play.airing.airing_class is AiringClass.DRILL
    assert play.airing.title == f"Diễn tập: {drill.title}"
    assert play.siren is None
    parts = await station.desk.fixed_sounds.need([drill_key("vi")])
    words = parts[drill_key("vi")]
    heard = [part for part in play.airing.sequence if isinstance(part, ClipPart)]
    assert heard[0] == heard[-1] == words
    with pytest.raises(Refused) as mixed:
        await station.desk.emergencies.prepare(flood(speaker.area_id, references=(drill.emergency_id,)), LAN)
    assert mixed.value.code == "drill_and_real"


async def test_the_prepared_correction_goes_out_at_once_and_ends_what_was_wrong(station: Station) -> None:
    speaker, device = await station.speaker("Cổng làng")
    wrong = await sent(station, flood(speaker.area_id))
    await station.until_ordered(device, Play)
    correction = await station.desk.emergencies.correct(wrong.emergency_id, None, LAN, "nhầm xã")
    assert (correction.kind, correction.state) == (EmergencyKind.CORRECTION, EmergencyState.SENT)

    async def told() -> bool:
        return len(device.plays()) == 2 and any(isinstance(one, End) for one in device.orders())

    await station.until(told)
    play = [one for one in device.orders() if isinstance(one, Play)][-1]
    assert play.ends == play.airing.references == (wrong.airing_id,)
    assert play.siren is None
    over = await station.desk.emergencies.get(wrong.emergency_id)
    assert (over.state, over.end, over.answered_by) == (
        EmergencyState.ENDED,
        EndKind.CORRECTED,
        correction.emergency_id,
    )


async def test_why_it_was_corrected_in_words_of_ones_own_is_kept(station: Station) -> None:
    speaker, _ = await station.speaker("Cổng làng")
    desk = station.desk.emergencies
    wrong = await sent(station, flood(speaker.area_id))
    own = flood(speaker.area_id, template_id=None, values={}, texts={"vi": "Chỉ xóm Bãi phải đi."}, title="Đính chính")
    correction = await desk.correct(wrong.emergency_id, own, LAN, "nhầm xóm")
    await desk.book.wait_ready(correction.emergency_id)
    heard = await desk.confirm(correction.emergency_id, MINH)
    assert (heard.reason, heard.broken_glass, heard.answers) == ("nhầm xóm", False, wrong.emergency_id)
    async with station.store.reading() as tx:
        deeds = [one for one in await tx.deeds.latest(10) if one.subject == correction.emergency_id]
    assert any("nhầm xóm" in one.detail for one in deeds)


async def test_the_all_clear_ends_and_announces_and_who_was_away_is_told_of_the_end_alone(station: Station) -> None:
    speaker, device = await station.speaker("Cổng làng")
    _, away = await station.adopt("Chợ")
    emergency = await sent(station, flood(speaker.area_id))
    await station.until_ordered(device, Play)
    over = await station.desk.emergencies.end(emergency.emergency_id, LAN, all_clear=True)
    assert (over.state, over.end) == (EmergencyState.ENDED, EndKind.ALL_CLEAR)
    await station.until_ordered(device, End)
    station.clock.advance(3_600)
    await station.connect(away)
    assert [type(action) for action in away.orders()] == [End]


async def test_it_ends_quietly_at_once(station: Station) -> None:
    speaker, device = await station.speaker("Cổng làng")
    emergency = await sent(station, flood(speaker.area_id))
    await station.until_ordered(device, Play)
    ended = await station.desk.emergencies.end(emergency.emergency_id, LAN, all_clear=False)
    assert (ended.state, ended.end) == (EmergencyState.ENDED, EndKind.QUIET)
    assert (await station.until_ordered(device, End)).airing_ids == (emergency.airing_id,)
    assert station.desk.emergencies.open() == ()
    async with station.store.reading() as tx:
        airing = await tx.airings.get(ended.airing_id)
    assert airing.duration_us < 60_000_000, "the log tells how long it was, not how long it could have been"


async def test_who_is_adopted_while_it_lasts_gets_it_and_stands_on_the_board(station: Station) -> None:
    speaker, _ = await station.speaker("Cổng làng")
    emergency = await sent(station, flood(speaker.area_id))
    newcomer, device = await station.speaker("Chợ")
    assert device.plays() == [emergency.airing_id]
    station.clock.advance(2)

    async def listed() -> bool:
        board = await station.desk.emergencies.board(emergency.emergency_id)
        return newcomer.speaker_id in {line.speaker_id for line in board.lines}

    await station.until(listed)


async def test_a_stop_of_everything_ends_it_and_it_is_not_sent_while_that_holds(station: Station) -> None:
    speaker, _ = await station.speaker("Cổng làng")
    emergency = await sent(station, flood(speaker.area_id))
    waiting = await prepared(station, flood(speaker.area_id))
    await station.desk.dispatch.stop_all("minh")

    async def over() -> bool:
        found = await station.desk.emergencies.get(emergency.emergency_id)
        return found.end is EndKind.STOPPED

    await station.until(over)
    with pytest.raises(Refused) as refused:
        await station.desk.emergencies.confirm(waiting.emergency_id, MINH)
    assert refused.value.code == "stop_all_latched"


async def test_what_nobody_confirms_in_time_is_not_sent_any_more(station: Station) -> None:
    speaker, _ = await station.speaker("Cổng làng")
    until_us = station.clock.now_us() + 60_000_000
    waiting = await prepared(station, flood(speaker.area_id, expires_at_us=until_us))
    station.clock.advance(61)
    with pytest.raises(Refused) as refused:
        await station.desk.emergencies.confirm(waiting.emergency_id, MINH)
    assert refused.value.code in {"emergency_expired", "emergency_decided"}

    async def expired() -> bool:
        return (await station.desk.emergencies.get(waiting.emergency_id)).state is EmergencyState.EXPIRED

    await station.until(expired)


async def test_what_would_be_over_before_its_first_word_is_not_sent(station: Station) -> None:
    speaker, device = await station.speaker("Cổng làng")
    until_us = station.clock.now_us() + 3_000_000
    waiting = await prepared(station, flood(speaker.area_id, expires_at_us=until_us))
    with pytest.raises(Refused) as refused:
        await station.desk.emergencies.confirm(waiting.emergency_id, MINH)
    assert refused.value.code == "emergency_expired"
    assert device.plays() == []


async def test_what_cannot_be_made_fails_and_is_repaired(station: Station) -> None:
    speaker, _ = await station.speaker("Cổng làng")
    station.studio.failing = "tool_failed"
    made = await station.desk.emergencies.prepare(flood(speaker.area_id), LAN)
    failed = await station.desk.emergencies.book.wait_ready(made.emergency_id)
    assert failed.state is EmergencyState.FAILED
    station.studio.failing = None
    await station.desk.emergencies.repair(made.emergency_id, LAN)
    ready = await station.desk.emergencies.book.wait_ready(made.emergency_id)
    assert ready.state is EmergencyState.PREPARED


async def test_it_is_over_when_its_time_is(station: Station) -> None:
    speaker, device = await station.speaker("Cổng làng")
    emergency = await sent(station, flood(speaker.area_id, lasts_s=300))
    await station.until_ordered(device, Play)
    assert emergency.times == 3
    assert (emergency.until_us or 0) <= (emergency.starts_at_us or 0) + 300_000_000
    station.clock.advance(330)

    async def over() -> bool:
        return (await station.desk.emergencies.get(emergency.emergency_id)).end is EndKind.OVER

    await station.until(over)
    assert (await station.airing(emergency.airing_id)).state in {AiringState.ENDED, AiringState.EXPIRED}
