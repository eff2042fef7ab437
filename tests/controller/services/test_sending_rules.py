"""What is sent at once keeps the guards, and is approved by whoever sends it, as what is planned is."""

from dataclasses import replace

import pytest

from agents.protocol.documents import Play
from agents.protocol.ids import AreaId
from agents.protocol.values import AiringClass
from controller.domain.airings import AiringState, ContentId
from controller.domain.bulletins import Bulletin
from controller.domain.drafts import ProgrammeDraft
from controller.domain.errors import Refused
from controller.domain.guarding import STATION, GuardPlace
from controller.domain.programmes import BulletinItem
from controller.domain.rights import Actor, Grant, Role, scopes_of
from controller.domain.speakers import Speaker
from schedules.guards import PRESETS, Guards
from schedules.rundown.values import Refused as NotHeard
from schedules.rundown.values import RefusedFor
from tests.controller.drafts import text_draft
from tests.controller.services.hand_ins.samples import SENDER, emergency
from tests.controller.services.plans import (
    ADMIN,
    HOUR_US,
    at,
    bulletin,
    guard,
    instant_us,
    plan,
    rundowns,
    until_starts,
)
from tests.controller.services.station import Station

RURAL = PRESETS["rural"]
NIGHT_S = 8 * 3_600
"""From the station's first moment to eleven in the evening."""


async def send(station: Station, speaker: Speaker, minutes: int = 1, airing_class: AiringClass = AiringClass.ORDINARY):
    made = await bulletin(station, minutes, airing_class)
    return await station.desk.dispatch.send_now(made.bulletin_id, [speaker.speaker_id], "an")


async def refused(sending) -> str:
    with pytest.raises(Refused) as error:
        await sending
    return error.value.code


async def test_quiet_hours_refuse_a_now(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    await guard(station, STATION, RURAL)
    await send(station, speaker)
    await station.until_ordered(device, Play)
    station.clock.advance(NIGHT_S)
    assert await refused(send(station, speaker)) == "guard_quiet_hours"
    assert len(device.plays()) == 1


async def test_quiet_hours_refuse_what_is_planned_for_them_and_what_reaches_into_them(station: Station) -> None:
    speaker, _ = await station.speaker("Chợ")
    await guard(station, GuardPlace.speaker(speaker.speaker_id), RURAL)
    made = await bulletin(station, 10)
    schedule = station.desk.dispatch.schedule
    for wall in (at(21, 25), at(3, 15, day=16)):
        assert await refused(schedule(made.bulletin_id, [speaker.speaker_id], instant_us(wall), "an")) == (
            "guard_quiet_hours"
        )
    await schedule(made.bulletin_id, [speaker.speaker_id], instant_us(at(21, 20)), "an")


async def test_an_emergency_passes(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    await guard(station, STATION, RURAL)
    station.clock.advance(NIGHT_S)
    await station.desk.hand_ins.hand_in(emergency(speaker.area_id, until_s=NIGHT_S + 3_600), SENDER)
    play = await station.until_ordered(device, Play)
    assert play.airing.airing_class is AiringClass.EMERGENCY


async def test_slots_and_minutes_of_a_day_are_kept_for_what_is_planned(station: Station) -> None:
    speaker, _ = await station.speaker("Chợ")
    await guard(station, where(speaker), Guards(slots_a_day=2, slot_minutes=20, day_minutes=25))
    assert await refused(send(station, speaker, 21)) == "guard_slot_too_long"
    await station.desk.dispatch.schedule(
        (await bulletin(station, 20)).bulletin_id, [speaker.speaker_id], instant_us(at(19)), "an"
    )
    assert await refused(send(station, speaker, 6)) == "guard_minutes_used_up"
    await send(station, speaker, 5)
    assert await refused(send(station, speaker)) == "guard_slots_used_up"
    tomorrow = instant_us(at(9, day=16))
    await station.desk.dispatch.schedule(
        (await bulletin(station, 20)).bulletin_id, [speaker.speaker_id], tomorrow, "an"
    )


async def test_what_goes_first_has_the_slot_that_was_planned_for_what_gives_way(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    planned = await plan(station, await bulletin(station, 5), at(19), AreaId(speaker.area_id))
    await until_starts(station, device, at(19), at(19, day=16))
    await guard(station, where(speaker), Guards(slots_a_day=1))
    assert await refused(send(station, speaker)) == "guard_slots_used_up"
    sent = await send(station, speaker, 1, AiringClass.PRIORITY)
    await station.arm(device, sent)
    begun = await station.until_state(sent, AiringState.PLANNED)
    await station.sound(device, sent.airing_id, begun.start_at_us or 0)
    await station.until_state(sent, AiringState.ON_AIR)
    await station.desk.planner.look()
    found = await station.desk.planner.lines(speaker.speaker_id, instant_us(at(18)), instant_us(at(20)))
    assert [(one.item.schedule_id, one.outcome) for one in found.lines] == [
        (planned.schedule_id, NotHeard(RefusedFor.SLOTS_USED_UP))
    ]
    await until_starts(station, device, at(19, day=16))
    assert await refused(send(station, speaker, 1, AiringClass.PRIORITY)) == "guard_slots_used_up"


def where(speaker: Speaker) -> GuardPlace:
    return GuardPlace.area(AreaId(speaker.area_id))


# --- approval ---------------------------------------------------------------------------------------------------------


def person(name: str, role: Role, area_id: AreaId) -> Actor:
    return Actor(name=name, scopes=scopes_of([Grant(role, area_id)]), person_id=f"p-{name}")


async def test_who_may_not_approve_does_not_send(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    made = await bulletin(station)
    there = AreaId(speaker.area_id)
    send_now = station.desk.dispatch.send_now
    for nobody in (person("ba", Role.EDITOR, there), person("ba", Role.APPROVER, AreaId("vn-01"))):
        assert await refused(send_now(made.bulletin_id, [speaker.speaker_id], "ba", approver=nobody)) == (
            "approval_needed"
        )
    approver = person("ba", Role.APPROVER, there)
    await send_now(made.bulletin_id, [speaker.speaker_id], "ba", approver=approver)
    await station.until_ordered(device, Play)


async def test_nobody_sends_alone_what_they_made_alone_unless_that_was_allowed(station: Station) -> None:
    speaker, _ = await station.speaker("Chợ")
    made = await bulletin(station)
    send_now = station.desk.dispatch.send_now
    assert await refused(send_now(made.bulletin_id, [speaker.speaker_id], "an", approver=ADMIN)) == "approval_needed"
    async with station.store.transaction() as tx:
        place = await tx.guard_rows.get(STATION)
        await tx.guard_rows.put(replace(place, self_approval=True, revision=1))
    sent = await send_now(made.bulletin_id, [speaker.speaker_id], "an", approver=ADMIN)
    async with station.store.reading() as tx:
        deeds = await tx.deeds.latest(5)
    [deed] = [one for one in deeds if one.subject == sent.airing_id]
    assert "self-approved" in deed.detail


async def test_another_ones_bulletin_in_a_programme_does_not_carry_ones_own_on_air(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    theirs = await bulletin(station)
    lan = person("lan", Role.OFFICER, AreaId(speaker.area_id))
    own = await station.desk.compose.make(text_draft("Của tôi", "lời của tôi"), lan.name)
    await station.desk.compose.wait_ready(own.bulletin_id)

    async def programme(*bulletins: Bulletin) -> ContentId:
        items = tuple(BulletinItem(bulletin_id=one.bulletin_id) for one in bulletins)
        return (await station.desk.programmes.make(ProgrammeDraft(title="Tối", items=items), lan.name)).programme_id

    send_now = station.desk.dispatch.send_now
    mixed = send_now(await programme(theirs, own), [speaker.speaker_id], lan.name, approver=lan)
    assert await refused(mixed) == "approval_needed"
    await send_now(await programme(theirs), [speaker.speaker_id], lan.name, approver=lan)
    await station.until_ordered(device, Play)


# --- on the wire ------------------------------------------------------------------------------------------------------


async def test_the_guards_are_in_the_rundown_also_where_nothing_is_planned(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    await guard(station, STATION, RURAL)

    async def told() -> bool:
        return bool(rundowns(device))

    await station.until(told)
    guards = rundowns(device)[-1].guards
    assert guards is not None
    quiet = [(one.from_us, one.until_us) for one in guards.forbidden]
    assert (instant_us(at(21, 30)), instant_us(at(5, day=16))) in quiet
    today = next(one for one in guards.days if one.from_us == instant_us(at(0)))
    assert (today.budget_us, today.slots, today.until_us) == (135 * 60_000_000, 3, instant_us(at(0, day=16)))
    station.clock.advance(120)
    await station.desk.planner.look()
    assert len(rundowns(device)) == 1, "the window moves, the guards do not"
    await guard(station, where(speaker), Guards(max_volume_percent=40))

    async def quieter() -> bool:
        last = rundowns(device)[-1].guards
        return last is not None and last.max_volume_percent == 40

    await station.until(quieter)


async def test_guards_keep_a_schedule_off_the_air(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    await plan(station, await bulletin(station), at(3, 15), speaker)
    await plan(station, await bulletin(station), at(17), speaker)
    await until_starts(station, device, at(17), at(3, 15, day=16), at(17, day=16))
    await guard(station, STATION, RURAL)
    await until_starts(station, device, at(17), at(17, day=16))
    day_us = instant_us(at(0, day=16))
    found = await station.desk.planner.lines(speaker.speaker_id, day_us, day_us + 12 * HOUR_US)
    reasons = [one.outcome.reason for one in found.lines if isinstance(one.outcome, NotHeard)]
    assert reasons == [RefusedFor.QUIET_HOURS]
