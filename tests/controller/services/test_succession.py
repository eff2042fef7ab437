"""Mergers, splits and other changes from a day on: where speakers stand, what they are told, and what reports say."""

from datetime import date, timedelta

import pytest

from agents.protocol.ids import AreaId, SpeakerId
from controller.domain.deeds import DeedKind
from controller.domain.errors import Invalid, LoaError, Refused
from controller.services.areabook import day_of
from schedules.areas import Origin
from tests.controller.fakes import FakeDevice
from tests.controller.services.station import Station
from tests.controller.services.test_adoption import adopt, newcomer

PROVINCE, COMMUNE, OTHER = AreaId("vn-01"), AreaId("vn-00070"), AreaId("vn-00004")
"""Hà Nội, Hoàn Kiếm and Ba Đình."""


def today(station: Station) -> date:
    return day_of(station.clock.now_us())


async def standing(station: Station, name: str, area_id: AreaId) -> tuple[SpeakerId, FakeDevice]:
    device = newcomer(station, name)
    speaker = await adopt(station, device, area_id=area_id)
    await station.connect(device)
    return speaker.speaker_id, device


def path(device: FakeDevice) -> tuple[str, ...]:
    return () if device.assignment is None else device.assignment.area_path


async def until_in(station: Station, device: FakeDevice, *wanted: str) -> None:
    async def told() -> bool:
        return path(device) == wanted

    await station.until(told)


async def test_speakers_of_merged_communes_are_told_their_successor_and_keep_their_ids(station: Station) -> None:
    speaker_id, device = await standing(station, "Chợ", COMMUNE)
    *ended, made = await station.desk.succession.merge(
        [COMMUNE, OTHER], "Phường Ba Đình", today(station), "admin", new=True, country=True
    )
    assert {one.area_id for one in ended} == {COMMUNE, OTHER}
    assert (made.level, made.parent_id) == ("commune", PROVINCE)
    await until_in(station, device, PROVINCE, made.area_id)
    [seen] = await station.desk.speakers.overview()
    assert (seen.speaker.speaker_id, seen.speaker.area_id, seen.area_name) == (speaker_id, made.area_id, made.name)
    assert (await station.desk.succession.to_be_placed()).speakers == ()
    for meant in (COMMUNE, AreaId(made.area_id), PROVINCE):
        assert len(await station.desk.hand_ins.reports.targets([meant])) == 1
    await station.restart()
    assert station.desk.areas.tree().path_on(COMMUNE, today(station)) == (PROVINCE, made.area_id)


async def test_a_merger_that_was_planned_comes_on_its_day(station: Station) -> None:
    _, device = await standing(station, "Chợ", COMMUNE)
    day = today(station) + timedelta(days=2)
    await station.desk.succession.merge([COMMUNE], OTHER, day, "admin", new=False, country=True)
    assert path(device) == (PROVINCE, COMMUNE)
    assert station.desk.areas.tree().get(COMMUNE).valid(today(station))
    for _ in range(2):
        station.clock.advance(86_400)
    await until_in(station, device, PROVINCE, OTHER)


async def test_a_split_asks_for_each_speaker_where_it_belongs(station: Station) -> None:
    made = await station.desk.areas.add("Thôn Đông", COMMUNE, "village", "admin")
    speaker_id, device = await standing(station, "Chợ", AreaId(made.area_id))
    ended, first, second = await station.desk.succession.split(
        AreaId(made.area_id), ["Thôn Đông", "Thôn Đông Hai"], [], today(station), "admin"
    )
    assert ended.successors == (first.area_id, second.area_id)
    waiting = await station.desk.succession.to_be_placed()
    assert [one.speaker_id for one in waiting.speakers] == [speaker_id]
    assert path(device)[-1] == made.area_id
    await station.desk.speakers.move(speaker_id, AreaId(second.area_id), "admin")
    await until_in(station, device, PROVINCE, COMMUNE, second.area_id)
    assert (await station.desk.succession.to_be_placed()).speakers == ()


async def test_villages_of_a_split_commune_wait_to_be_placed_too(station: Station) -> None:
    village = await station.desk.areas.add("Thôn Đông", COMMUNE, "village", "admin")
    _, part, _ = await station.desk.succession.split(
        COMMUNE, ["Phường Một", "Phường Hai"], [], today(station), "admin", country=True
    )
    assert [one.area_id for one in (await station.desk.succession.to_be_placed()).areas] == [village.area_id]
    await station.desk.areas.move(AreaId(village.area_id), AreaId(part.area_id), "admin")
    assert (await station.desk.succession.to_be_placed()).areas == ()


async def test_a_merger_by_mistake_is_taken_back(station: Station) -> None:
    _, device = await standing(station, "Chợ", COMMUNE)
    await station.desk.succession.merge([COMMUNE], OTHER, today(station), "admin", new=False, country=True)
    await until_in(station, device, PROVINCE, OTHER)
    await station.desk.succession.reopen(COMMUNE, "admin", country=True)
    await until_in(station, device, PROVINCE, COMMUNE)


async def test_the_stations_own_commune_is_what_it_was_merged_into(station: Station) -> None:
    await station.desk.areas.set_home(COMMUNE, "admin")
    await station.desk.succession.merge([COMMUNE], OTHER, today(station), "admin", new=False, country=True)
    home = station.desk.areas.home()
    assert home is not None
    assert home.area_id == OTHER


async def test_a_merger_that_makes_no_sense_changes_nothing(station: Station) -> None:
    before = station.desk.areas.tree()
    for ids, into, new, country, code in (
        ([COMMUNE], OTHER, False, False, "area_of_country"),
        ([], OTHER, False, True, "parts_too_few"),
        ([COMMUNE], "area-nowhere", False, True, "area_unknown"),
        ([COMMUNE], COMMUNE, False, True, "area_in_itself"),
        ([COMMUNE], " ", True, True, "name_empty"),
        ([COMMUNE], "Phường Ba Đình", True, True, "area_name_taken"),
    ):
        with pytest.raises(LoaError) as refused:
            await station.desk.succession.merge(ids, into, today(station), "admin", new=new, country=country)
        assert refused.value.code == code
    assert station.desk.areas.tree() is before


async def test_a_report_on_an_airing_reads_with_the_names_of_its_day(station: Station) -> None:
    area = await station.desk.areas.add("Thôn Cũ", COMMUNE, "village", "admin", on=date(2025, 7, 1))
    other = await station.desk.areas.add("Thôn Khác", COMMUNE, "village", "admin")
    speaker_id, _ = await standing(station, "Chợ", AreaId(area.area_id))
    bulletin = await station.bulletin()
    airing = await station.desk.dispatch.schedule(
        bulletin.bulletin_id, [speaker_id], station.clock.now_us() + 60_000_000, "admin"
    )
    station.clock.advance(3 * 86_400)
    await station.desk.areas.rename(AreaId(area.area_id), "Thôn Mới", "admin")
    [before] = (await station.desk.reports.airing(airing.airing_id)).playbacks
    assert before.area_name == "Thôn Cũ"
    await station.desk.speakers.move(speaker_id, AreaId(other.area_id), "admin")
    [after] = (await station.desk.reports.airing(airing.airing_id)).playbacks
    assert after.area_name == "Thôn Cũ"
    [now] = await station.desk.speakers.overview()
    assert now.area_name == "Thôn Khác"


async def test_a_speaker_is_moved_only_where_there_is_an_area(station: Station) -> None:
    speaker_id, _ = await standing(station, "Chợ", COMMUNE)
    gone = await station.desk.areas.add("Thôn Cũ", COMMUNE, "village", "admin")
    await station.desk.areas.close(AreaId(gone.area_id), today(station), "admin")
    for area_id in (AreaId(gone.area_id), AreaId("area-nowhere")):
        with pytest.raises(Invalid) as refused:
            await station.desk.speakers.move(speaker_id, area_id, "admin")
        assert refused.value.code == "area_unknown"


async def test_the_list_of_the_country_changes_for_who_may_change_it(station: Station) -> None:
    renamed = await station.desk.areas.rename(COMMUNE, "Phường Mới", "admin", country=True)
    assert (renamed.name, renamed.origin) == ("Phường Mới", Origin.COUNTRY)
    with pytest.raises(Refused):
        await station.desk.areas.rename(COMMUNE, "Phường Khác", "admin")


async def test_what_became_of_areas_is_recorded(station: Station) -> None:
    await station.desk.succession.merge([COMMUNE], OTHER, date(2030, 1, 1), "chi", new=False, country=True)
    [deed] = [one for one in await station.desk.reports.deeds(10) if one.what is DeedKind.MERGE_AREAS]
    assert (deed.by, deed.subject) == ("chi", COMMUNE)
    assert "2030-01-01" in deed.detail
