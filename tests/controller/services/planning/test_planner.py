"""Schedules become airings in the rundowns of the speakers that they reach, and nothing else does."""

from dataclasses import replace

from agents.protocol.ids import AreaId
from agents.protocol.journal import Stopped
from agents.protocol.values import AiringClass
from controller.domain.airings import Airing, AiringState, PlayState
from controller.domain.guarding import GuardPlace
from schedules.guards import Guards
from schedules.rundown.values import Conflicted, Played
from tests.controller.fakes import FakeDevice
from tests.controller.services.plans import (
    ADMIN,
    HOUR_US,
    MINUTE_US,
    airings_of,
    at,
    bulletin,
    guard,
    instant_us,
    plan,
    planned_for,
    ring,
    rundowns,
    until_starts,
)
from tests.controller.services.station import Station, finished, sounding


async def test_a_schedule_is_in_the_rundowns_of_the_speakers_it_reaches(station: Station) -> None:
    chosen, device = await station.speaker("Chợ")
    _, other = await station.speaker("Đình")
    await plan(station, await bulletin(station), at(17), chosen)
    await until_starts(station, device, at(17), at(17, day=16))
    assert len(planned_for(device)) == 7
    assert [one.start_at_us for one in planned_for(device)][:1] == [instant_us(at(17))]
    assert rundowns(other) == []


async def test_what_is_not_approved_is_not_planned_and_is_once_it_is(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    planned = await plan(station, await bulletin(station), at(17), speaker, approved=False)
    await station.desk.planner.look()
    assert await airings_of(station, planned) == []
    await plan(station, await bulletin(station), at(18), speaker)
    await until_starts(station, device, at(18), at(18, day=16))


async def test_looking_again_changes_nothing_and_signs_nothing(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    planned = await plan(station, await bulletin(station), at(17), speaker)
    await until_starts(station, device, at(17), at(17, day=16))
    before, signed = await airings_of(station, planned), await last_signed(station, device)
    await station.desk.planner.look()
    station.clock.advance(70)
    await station.desk.planner.look()
    assert await airings_of(station, planned) == before
    assert await last_signed(station, device) == signed


async def last_signed(station: Station, device: FakeDevice) -> int:
    """The number of the last rundown that was signed for this device."""
    async with station.store.reading() as tx:
        latest = await tx.documents.latest_rundown(device.device_id)
    assert latest is not None
    return latest[0].header.counter


async def test_a_cancelled_occurrence_withdraws_its_airing_from_the_device_s_rundown(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    planned = await plan(station, await bulletin(station), at(17), speaker)
    await until_starts(station, device, at(17), at(17, day=16))
    first = planned_for(device)[0].airing_id
    await station.desk.schedules.cancel(planned.schedule_id, at(17), ADMIN)
    await until_starts(station, device, at(17, day=16))
    assert (await station.airing(first)).state is AiringState.WITHDRAWN  # type: ignore[arg-type]
    await station.desk.schedules.restore(planned.schedule_id, at(17), ADMIN)
    await until_starts(station, device, at(17), at(17, day=16))
    assert planned_for(device)[0].airing_id != first, "a device never plays what it knows as withdrawn"


async def test_a_schedule_that_is_withdrawn_takes_all_but_what_sounds(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    planned = await plan(station, await bulletin(station, 10), at(17), speaker)
    await until_starts(station, device, at(17), at(17, day=16))
    airing = await station.airing(planned_for(device)[0].airing_id)  # type: ignore[arg-type]
    station.clock.advance(2 * 3_600 + 60)
    await station.report(device, sounding(airing.airing_id, instant_us(at(17))))
    await station.until_state(airing, AiringState.ON_AIR)
    await station.desk.schedules.withdraw(planned.schedule_id, ADMIN)
    await until_starts(station, device, at(17))
    assert (await station.airing(airing.airing_id)).state is AiringState.ON_AIR
    await station.report(device, finished(airing.airing_id, instant_us(at(17, 10)), 10 * MINUTE_US))
    await station.until_state(airing, AiringState.ENDED)


async def test_what_a_person_stopped_does_not_come_back(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    planned = await plan(station, await bulletin(station), at(17), speaker)
    await until_starts(station, device, at(17), at(17, day=16))
    await station.desk.dispatch.stop(planned_for(device)[0].airing_id, "an")  # type: ignore[arg-type]
    await until_starts(station, device, at(17, day=16))
    await station.desk.planner.look()
    assert [one.state for one in (await airings_of(station, planned))[:2]] == [AiringState.STOPPED, AiringState.PLANNED]


async def test_what_is_interrupted_goes_on_where_it_was_cut(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    await plan(station, await bulletin(station, 30), at(17), speaker, rule="", slot_us=40 * MINUTE_US)
    await plan(station, await bulletin(station, 5, AiringClass.PRIORITY), at(17, 10), speaker, rule="")
    await until_starts(station, device, at(17), at(17, 10), at(17, 15))
    first, between, rest = planned_for(device)
    assert (first.from_us, first.play_us) == (0, 10 * MINUTE_US)
    assert (between.airing_class, between.play_us) == (AiringClass.PRIORITY, None)
    assert (rest.from_us, rest.play_us) == (10 * MINUTE_US, None)
    assert (await station.airing(rest.airing_id)).duration_us == 20 * MINUTE_US  # type: ignore[arg-type]


async def test_what_is_planned_directly_has_the_air_of_what_has_less_weight(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    await plan(station, await bulletin(station, 30), at(17), speaker, rule="")
    urgent = await bulletin(station, 5, AiringClass.PRIORITY)
    start_us = instant_us(at(17, 10))
    direct = await station.desk.dispatch.schedule(urgent.bulletin_id, [speaker.speaker_id], start_us, "an")
    await until_starts(station, device, at(17), at(17, 10), at(17, 15))
    assert planned_for(device)[1].airing_id == direct.airing_id
    await station.desk.dispatch.stop(direct.airing_id, "an")
    await until_starts(station, device, at(17))
    assert planned_for(device)[0].play_us is None


async def test_what_was_sent_at_once_uses_up_its_slot_of_the_day(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    await guard(station, GuardPlace.area(AreaId(speaker.area_id)), Guards(slots_a_day=1))
    sent = await station.send(speaker)
    await station.arm(device, sent)
    begun = await station.until_state(sent, AiringState.PLANNED)
    await station.sound(device, sent.airing_id, begun.start_at_us or 0)
    await station.until_state(sent, AiringState.ON_AIR)
    await plan(station, await bulletin(station), at(17), speaker)
    await until_starts(station, device, at(17, day=16))


async def test_what_was_sent_at_once_and_stopped_holds_the_air_no_longer_than_it_sounded(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    long = await bulletin(station, 30, AiringClass.PRIORITY)
    await plan(station, await bulletin(station), at(15, 10), speaker, rule="")
    await until_starts(station, device, at(15, 10))
    sent = await station.desk.dispatch.send_now(long.bulletin_id, [speaker.speaker_id], "an")
    await station.arm(device, sent)
    begun = await station.until_state(sent, AiringState.PLANNED)
    start_us = begun.start_at_us or 0
    await station.sound(device, sent.airing_id, start_us)
    await station.until_state(sent, AiringState.ON_AIR)
    await until_starts(station, device)  # it is in the way
    await station.desk.dispatch.stop(sent.airing_id, "an")
    stop = Stopped(airing_id=sent.airing_id, order_id=sent.airing_id, at_us=MINUTE_US)
    await station.report(device, stop)
    await until_starts(station, device, at(15, 10))


async def test_the_rest_is_heard_where_the_interruption_is_taken_back_while_the_beginning_sounds(
    station: Station,
) -> None:
    speaker, device = await station.speaker("Chợ")
    await plan(station, await bulletin(station, 30), at(17), speaker, rule="", slot_us=40 * MINUTE_US)
    urgent = await plan(station, await bulletin(station, 5, AiringClass.PRIORITY), at(17, 10), speaker, rule="")
    await until_starts(station, device, at(17), at(17, 10), at(17, 15))
    station.clock.advance(2 * 3_600 + 60)
    await station.report(device, sounding(planned_for(device)[0].airing_id, instant_us(at(17))))
    await station.desk.schedules.withdraw(urgent.schedule_id, ADMIN)
    await until_starts(station, device, at(17), at(17, 15))


async def test_two_priority_items_clash_until_the_commune_chooses(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    own = await bulletin(station, 10, AiringClass.PRIORITY, "Của xã")
    from_above = await bulletin(station, 10, AiringClass.PRIORITY, "Của tỉnh")
    ours = await plan(station, own, at(17), speaker, rule="", slot_us=11 * MINUTE_US)
    station.clock.advance(1)
    theirs = await plan(station, from_above, at(17, 5), speaker, rule="", above=True, slot_us=11 * MINUTE_US)
    await until_starts(station, device, at(17))
    fates = {one.item.schedule_id: one.outcome for one in await lines(station, speaker.speaker_id)}
    assert isinstance(fates[ours.schedule_id], Played)
    assert isinstance(fates[theirs.schedule_id], Conflicted)
    [conflict] = await station.desk.planner.conflicts_of(schedule_of(station, theirs.schedule_id))
    assert (conflict.undecided, conflict.wins, conflict.speaker_ids) == (True, False, (speaker.speaker_id,))
    await station.desk.schedules.choose(theirs.schedule_id, ours.schedule_id, ADMIN)
    await until_starts(station, device, at(17, 5))
    fates = {one.item.schedule_id: one.outcome for one in await lines(station, speaker.speaker_id)}
    assert isinstance(fates[theirs.schedule_id], Played)
    assert not isinstance(fates[ours.schedule_id], Conflicted), "somebody has decided"


async def lines(station: Station, speaker_id: str):
    now_us = station.clock.now_us()
    return (await station.desk.planner.lines(speaker_id, now_us, now_us + 12 * HOUR_US)).lines  # type: ignore[arg-type]


def schedule_of(station: Station, schedule_id: str):
    return next(one for one in station.desk.planner.world().schedules if one.schedule_id == schedule_id)


async def test_a_moved_area_s_speakers_follow(station: Station) -> None:
    east = (await station.desk.areas.add("Xã Đông", None, "commune", "an")).area_id
    west = (await station.desk.areas.add("Xã Tây", None, "commune", "an")).area_id
    speaker, device = await station.speaker("Chợ")
    village = speaker.area_id
    await station.desk.areas.move(village, east, "an")
    await plan(station, await bulletin(station), at(17), east)
    await plan(station, await bulletin(station), at(18), west)
    await until_starts(station, device, at(17), at(17, day=16))
    await station.desk.areas.move(village, west, "an")
    await until_starts(station, device, at(18), at(18, day=16))


async def test_a_speaker_more_changes_no_rundown_but_its_own(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    planned = await plan(station, await bulletin(station), at(17), AreaId(speaker.area_id))
    await until_starts(station, device, at(17), at(17, day=16))
    signed, before = len(rundowns(device)), await airings_of(station, planned)
    newcomer, more = await station.speaker("Đình")
    assert newcomer.area_id == speaker.area_id
    await until_starts(station, more, at(17), at(17, day=16))
    assert len(rundowns(device)) == signed
    after = await airings_of(station, planned)
    assert [one.airing_id for one in after] == [one.airing_id for one in before]
    assert all(one.speaker_ids == (speaker.speaker_id, newcomer.speaker_id) for one in after)


async def test_a_speaker_that_leaves_is_out_and_what_it_plays_all_the_same_is_kept(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    other, _ = await station.speaker("Đình")
    planned = await plan(station, await bulletin(station), at(17), AreaId(speaker.area_id))
    await until_starts(station, device, at(17), at(17, day=16))
    await station.disconnect(device)
    away = (await station.desk.areas.add("Thôn Nam", None, "village", "an")).area_id
    await station.desk.speakers.move(speaker.speaker_id, away, "an")

    async def out() -> bool:
        return (await airings_of(station, planned))[0].speaker_ids == (other.speaker_id,)

    await station.until(out)
    airing = (await airings_of(station, planned))[0]
    assert await told_of(station, airing) == ["Đình"]
    await station.connect(device)
    assert planned_for(device) == []
    await station.report(device, sounding(airing.airing_id, instant_us(at(17))))
    playback = await station.until_played(airing, speaker, PlayState.SOUNDING)
    assert playback.withdrawn
    assert await told_of(station, airing) == ["Chợ", "Đình"]


async def told_of(station: Station, airing: Airing) -> list[str]:
    report = await station.desk.reports.airing(airing.airing_id)
    return [one.speaker.name for one in report.playbacks]


async def test_new_sound_of_a_bulletin_waits_for_its_approval(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    made = await bulletin(station)
    planned = await plan(station, made, at(17), speaker)
    await until_starts(station, device, at(17), at(17, day=16))
    changed = await bulletin(station, 2)
    async with station.store.transaction() as tx:
        await tx.bulletins.put(replace(made, variants=changed.variants, revision=2))
    ring(station)
    await until_starts(station, device)
    assert {one.state for one in await airings_of(station, planned)} == {AiringState.WITHDRAWN}


async def test_the_next_day_comes_into_the_plan_by_itself(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    planned = await plan(station, await bulletin(station), at(17), speaker)
    await until_starts(station, device, at(17), at(17, day=16))
    last = (await airings_of(station, planned))[-1]
    station.clock.advance(10 * 3_600)

    async def further() -> bool:
        return (await airings_of(station, planned))[-1].start_at_us == (last.start_at_us or 0) + 24 * HOUR_US

    await station.until(further)
