"""Guards at the desk: set at a place, in force below it, and each limit told with where it comes from."""

from dataclasses import replace
from datetime import date, time

import pytest

from agents.protocol.ids import AreaId, SpeakerId
from controller.domain.deeds import DeedKind
from controller.domain.guarding import STATION, FirstGuards, GuardPlace
from controller.domain.rights import EVERYWHERE
from controller.services.planning.planned import guards_by_area, guards_by_speaker, own_holidays
from schedules.guards import NO_GUARDS, PRESETS, Guards, Quiet, along
from tests.controller.services.content import code_of, made
from tests.controller.services.desk_plans import COMMUNE, DUNG, OTHER, PROVINCE
from tests.controller.services.station import Station

NIGHT, NOON = Quiet(time(21, 30), time(5)), Quiet(time(12), time(13))
WIDE = Guards(quiet=(NIGHT,), slots_a_day=3, slot_minutes=45)
NARROW = Guards(quiet=(NOON,), slots_a_day=5, slot_minutes=15, max_volume_percent=70)


async def test_guards_are_set_at_a_place_and_say_who_set_them(station: Station) -> None:
    desk, place = station.desk.guards, GuardPlace.area(COMMUNE)
    assert (await desk.get(place)).revision == 0
    put = await desk.put(place, WIDE, DUNG, revision=0)
    assert (put.guards, put.revision, put.changed_by) == (WIDE, 1, "dung")
    assert await desk.get(place) == put
    assert await desk.all() == (put,)
    assert await code_of(desk.put(place, NARROW, DUNG, revision=0)) == "changed_meanwhile"
    (deed,) = await station.desk.reports.deeds(1)
    assert (deed.what, deed.subject) == (DeedKind.SET_GUARDS, COMMUNE)
    assert deed.detail == "quiet 21:30-05:00 slots 3 slot 45 min"
    assert await code_of(desk.put(place, Guards(slots_a_day=-1), DUNG)) == "limit_malformed"
    assert await code_of(desk.put(GuardPlace.area(AreaId("x-no")), WIDE, DUNG)) == "area_unknown"
    assert await code_of(desk.get(GuardPlace.speaker(SpeakerId("s-no")))) == "speaker_unknown"
    await desk.put(place, NO_GUARDS, DUNG)
    assert await desk.all() == ()


async def test_what_holds_at_a_speaker_is_told_with_the_place_it_comes_from(station: Station) -> None:
    speaker, _ = await station.adopt("Chợ")
    desk, own = station.desk.guards, GuardPlace.speaker(speaker.speaker_id)
    area = GuardPlace.area(speaker.area_id)
    await desk.put(STATION, WIDE, DUNG)
    await desk.put(area, replace(NARROW, quiet=(NIGHT, NOON)), DUNG)
    await desk.put(own, Guards(day_minutes=20, max_volume_percent=90), DUNG)
    found = await desk.effective(own)
    assert found.guards == Guards(
        quiet=(NOON, NIGHT), slots_a_day=3, slot_minutes=15, day_minutes=20, max_volume_percent=70
    )
    assert dict(found.quiet_from) == {NIGHT: STATION, NOON: area}
    assert (found.slots_a_day_from, found.slot_minutes_from) == (STATION, area)
    assert (found.day_minutes_from, found.max_volume_from) == (own, area)
    assert (await desk.effective(STATION)).guards == WIDE
    assert (await desk.effective(GuardPlace.area(OTHER))).day_minutes_from is None


async def test_the_planner_reads_them_by_area_with_the_whole_station_at_every_widest_area(station: Station) -> None:
    speaker, _ = await station.adopt("Chợ")
    desk = station.desk.guards
    await desk.put(STATION, WIDE, DUNG)
    await desk.put(GuardPlace.area(PROVINCE), NARROW, DUNG)
    await desk.put(GuardPlace.speaker(speaker.speaker_id), NARROW, DUNG)
    await desk.set_self_approval(COMMUNE, True, DUNG)
    tree = station.desk._office.areas.history()
    async with station.store.reading() as tx:
        found, own = await guards_by_area(tx, tree), await guards_by_speaker(tx)
    assert set(found) == {root.area_id for root in tree.roots()}
    assert found[PROVINCE] == Guards(quiet=(NOON, NIGHT), slots_a_day=3, slot_minutes=15, max_volume_percent=70), (
        "both hold there"
    )
    assert own == {speaker.speaker_id: NARROW}


async def test_what_holds_at_the_whole_station_holds_until_the_day_an_area_comes_into_a_wider_one(
    station: Station,
) -> None:
    areas = station.desk.areas
    ward = await areas.add("Khu mới", None, "commune", "dung")
    await areas.move(AreaId(ward.area_id), PROVINCE, "dung", on=date(2027, 2, 1))
    late = await areas.add("Khu cũ", PROVINCE, "commune", "dung")
    await areas.move(AreaId(late.area_id), None, "dung", on=date(2027, 2, 1))
    await station.desk.guards.put(STATION, WIDE, DUNG)
    tree = station.desk._office.areas.history()
    async with station.store.reading() as tx:
        found = await guards_by_area(tx, tree)
    for area in (ward, late):
        for day in (date(2027, 1, 31), date(2027, 2, 1)):
            assert along(found, tree.path_on(area.area_id, day)) == WIDE, (area.name, day)


async def test_whether_persons_may_approve_their_own_is_said_by_the_nearest_area(station: Station) -> None:
    desk = station.desk.guards
    unset = await desk.self_approval(COMMUNE)
    assert (unset.allowed, unset.set_at, unset.approvers) == (False, None, 0)
    await desk.set_self_approval(EVERYWHERE, True, DUNG)
    await desk.set_self_approval(PROVINCE, False, DUNG)
    assert (await desk.self_approval(COMMUNE)).set_at == GuardPlace.area(PROVINCE)
    assert not (await desk.self_approval(COMMUNE)).allowed
    put = await desk.set_self_approval(PROVINCE, None, DUNG)
    assert (put.self_approval, put.revision) == (None, 2)
    assert (await desk.self_approval(COMMUNE)).set_at == STATION
    (deed,) = await station.desk.reports.deeds(1)
    assert (deed.what, deed.detail) == (DeedKind.SET_SELF_APPROVAL, "unset")
    assert await code_of(desk.set_self_approval(AreaId("x-no"), True, DUNG)) == "area_unknown"


async def test_the_station_keeps_holidays_of_its_own(station: Station) -> None:
    desk, day = station.desk.guards, date(2027, 3, 20)
    kept = await desk.set_holiday(day, " Hội  làng ", DUNG)
    assert (kept.name, await desk.holidays()) == ("Hội làng", (kept,))
    async with station.store.reading() as tx:
        assert await own_holidays(tx) == {day}
    assert await code_of(desk.set_holiday(day, " ", DUNG)) == "holiday_name_missing"
    assert await code_of(desk.set_holiday(date(1899, 12, 31), "Cũ", DUNG)) == "rule_out_of_years"
    await desk.remove_holiday(day, DUNG)
    await desk.remove_holiday(day, DUNG)
    assert await desk.holidays() == ()
    assert [deed.detail for deed in await station.desk.reports.deeds(2)] == [
        "2027-03-20 removed",
        "2027-03-20 Hội làng",
    ]


async def begun(station: Station, first: FirstGuards) -> Guards:
    """After a start with this setting, of a station that was never asked."""
    async with station.store.transaction() as tx:
        await tx.station_settings.put("first_guards", None)
    station.settings = replace(station.settings, first_guards=first)
    await station.restart()
    return (await station.desk.guards.get(STATION)).guards


@pytest.mark.parametrize("first", [FirstGuards.RURAL, FirstGuards.URBAN])
async def test_a_new_station_begins_with_guards_and_keeps_what_its_people_make_of_them(
    station: Station, first: FirstGuards
) -> None:
    assert await begun(station, first) == PRESETS[first]
    await station.desk.guards.put(STATION, NO_GUARDS, DUNG)
    await station.restart()
    assert (await station.desk.guards.get(STATION)).guards == NO_GUARDS


async def test_a_station_that_broadcast_before_there_were_guards_stays_without(station: Station) -> None:
    await made(station)
    assert await begun(station, FirstGuards.RURAL) == NO_GUARDS
