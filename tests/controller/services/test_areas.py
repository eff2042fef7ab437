"""The areas of a station: the country's list, its own below it, and what happens to speakers when they move."""

from datetime import date

import pytest

from agents.protocol.documents import Assignment, Stop
from agents.protocol.ids import AreaId
from controller.domain.deeds import DeedKind
from controller.domain.errors import Invalid, LoaError, NotFound, Refused
from controller.domain.speakers import PairedDevice
from controller.services.areabook import day_of
from schedules.areas import Area, Origin
from tests.controller.services.station import Station
from tests.controller.services.test_adoption import adopt, newcomer

PROVINCE, COMMUNE, OTHER = AreaId("vn-01"), AreaId("vn-00070"), AreaId("vn-00004")
"""Hà Nội, Hoàn Kiếm and Ba Đình."""


async def village(station: Station, name: str = "Thôn Đông", parent_id: AreaId | None = COMMUNE) -> AreaId:
    made = await station.desk.areas.add(name, parent_id, "village", "admin")
    return AreaId(made.area_id)


def path(station: Station, area_id: str) -> list[str]:
    return [area.area_id for area in station.desk.areas.tree().path(area_id)]


async def names_in_use(station: Station) -> list[str]:
    return [area.name for area in await station.desk.areas.in_use()]


async def test_the_countrys_list_is_there_from_the_start_and_nothing_of_it_is_in_use(station: Station) -> None:
    tree = station.desk.areas.tree()
    assert len(tree) == 3_355
    assert [area.name for area in tree.path("vn-20333")] == ["Thành phố Đà Nẵng", "Đặc khu Hoàng Sa"]
    assert {area.origin for area in tree} == {Origin.COUNTRY}
    assert {area.valid_from for area in tree} == {date(2025, 7, 1)}
    assert await station.desk.areas.in_use() == ()


async def test_a_village_is_added_below_its_commune_and_stays(station: Station) -> None:
    made = await station.desk.areas.add(" Thôn  Đông ", COMMUNE, "village", "admin", latitude=21.03, longitude=105.85)
    assert (made.name, made.level, made.origin) == ("Thôn Đông", "village", Origin.STATION)
    assert path(station, made.area_id) == [PROVINCE, COMMUNE, made.area_id]
    await station.restart()
    assert station.desk.areas.tree().get(made.area_id) == made


@pytest.mark.parametrize(
    ("name", "parent_id", "level", "code"),
    [
        (" ", COMMUNE, "village", "name_empty"),
        ("a" * 201, COMMUNE, "village", "name_too_long"),
        ("THÔN ĐÔNG", COMMUNE, "village", "area_name_taken"),
        ("Thành phố Hà Nội", None, "province", "area_name_taken"),
        ("Thôn Tây", AreaId("vn-nowhere"), "village", "area_unknown"),
        ("Thôn Tây", COMMUNE, " ", "area_level_malformed"),
        ("Thôn Tây", COMMUNE, "a" * 41, "area_level_malformed"),
    ],
)
async def test_what_cannot_be_added_is_refused(
    station: Station, name: str, parent_id: AreaId | None, level: str, code: str
) -> None:
    await village(station)
    with pytest.raises(Invalid) as refused:
        await station.desk.areas.add(name, parent_id, level, "admin")
    assert refused.value.code == code
    assert len(station.desk.areas.tree()) == 3_356


@pytest.mark.parametrize(("latitude", "longitude"), [(91.0, 0.0), (0.0, -181.0), (float("nan"), 0.0)])
async def test_a_place_that_is_none_is_refused(station: Station, latitude: float, longitude: float) -> None:
    with pytest.raises(Invalid) as refused:
        await station.desk.areas.add("Thôn", COMMUNE, "village", "admin", latitude=latitude, longitude=longitude)
    assert refused.value.code == "place_out_of_range"


async def test_the_same_name_in_another_commune_is_free(station: Station) -> None:
    assert await village(station) != await village(station, parent_id=OTHER)


async def test_a_new_name_is_seen_wherever_the_speakers_are_listed(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    before = list(device.received)
    await station.desk.areas.rename(speaker.area_id, "Thôn Tây", "admin")
    [seen] = await station.desk.speakers.overview()
    assert seen.area_name == (await station.desk.speakers.one(speaker.speaker_id)).area_name == "Thôn Tây"
    assert device.received == before, "an area is told by its id, which stays"


async def test_what_the_country_lists_is_not_the_stations_to_change(station: Station) -> None:
    areas = station.desk.areas
    for change in (
        areas.rename(COMMUNE, "Phường Khác", "admin"),
        areas.move(COMMUNE, None, "admin"),
        areas.close(COMMUNE, date(2027, 1, 1), "admin"),
    ):
        with pytest.raises(Refused) as refused:
            await change
        assert refused.value.code == "area_of_country"
    with pytest.raises(NotFound) as unknown:
        await areas.rename(AreaId("area-nowhere"), "Thôn", "admin")
    assert unknown.value.code == "area_unknown"


# --- moving ---


async def test_speakers_are_told_when_their_area_moves(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    assert device.assignment is not None
    assert device.assignment.area_path == (speaker.area_id,)
    await station.desk.areas.move(speaker.area_id, COMMUNE, "admin")

    async def told() -> bool:
        return device.assignment is not None and len(device.assignment.area_path) == 3

    await station.until(told)
    assert device.assignment.area_path == (PROVINCE, COMMUNE, speaker.area_id)


async def test_a_speaker_that_was_away_is_told_at_its_next_connect(station: Station) -> None:
    speaker, device = await station.adopt("Chợ")
    inside = await village(station)
    await station.desk.areas.move(speaker.area_id, inside, "admin")
    await station.restart()
    await station.connect(device)
    assert device.assignment is not None
    assert device.assignment.area_path == (PROVINCE, COMMUNE, inside, speaker.area_id)


async def test_speakers_deeper_inside_are_told_too_and_others_are_not(station: Station) -> None:
    outer, other = await village(station), await village(station, "Thôn Tây")
    inner = await village(station, "Xóm Chùa", outer)
    inside, outside = newcomer(station, "Chùa"), newcomer(station, "Đình")
    await adopt(station, inside, area_id=inner)
    await adopt(station, outside, area_id=other)
    for device in (inside, outside):
        await station.connect(device)
    await station.desk.areas.move(outer, OTHER, "admin")

    async def told() -> bool:
        return inside.assignment is not None and OTHER in inside.assignment.area_path

    await station.until(told)
    assert inside.assignment is not None
    assert inside.assignment.area_path == (PROVINCE, OTHER, outer, inner)
    assert len([one for one in outside.received if isinstance(one, Assignment)]) == 1


async def test_many_speakers_are_told_of_a_move(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("controller.services.telling._AT_ONCE", 2)
    chosen = [await station.speaker(f"Loa {number}") for number in range(5)]
    await station.desk.areas.move(chosen[0][0].area_id, COMMUNE, "admin")

    async def told() -> bool:
        return all(device.assignment is not None and len(device.assignment.area_path) == 3 for _, device in chosen)

    await station.until(told)


@pytest.mark.parametrize(
    ("parent", "code"), [("inner", "area_in_itself"), ("itself", "area_in_itself"), ("vn-no", "area_unknown")]
)
async def test_an_area_cannot_be_put_into_itself_or_nowhere(station: Station, parent: str, code: str) -> None:
    outer = await village(station)
    inner = await village(station, "Xóm Chùa", outer)
    with pytest.raises(Invalid) as refused:
        await station.desk.areas.move(outer, {"inner": inner, "itself": outer}.get(parent, AreaId(parent)), "admin")
    assert refused.value.code == code
    assert path(station, inner) == [PROVINCE, COMMUNE, outer, inner]


async def test_a_stop_reaches_a_device_that_has_not_heard_of_the_move(station: Station) -> None:
    """It was away while its area moved, and is connected, but its new assignment is still under way."""
    speaker, device = await station.adopt("Chợ")
    await station.desk.areas.move(speaker.area_id, COMMUNE, "admin")
    await station.restart()
    station.links.devices[device.device_id] = device
    await station.desk.dispatch.stop_all("admin")
    assert isinstance(await station.until_ordered(device, Stop), Stop)


# --- closing ---


async def test_a_closed_area_is_listed_no_more_and_its_name_is_free(station: Station) -> None:
    first = await village(station)
    today = day_of(station.clock.now_us())
    closed = await station.desk.areas.close(first, today, "admin")
    assert closed.valid_until == today
    assert await names_in_use(station) == []
    assert await village(station) != first
    await station.restart()
    assert station.desk.areas.tree().get(first) == closed


async def test_nothing_is_put_into_a_closed_area(station: Station) -> None:
    closed = await village(station)
    await station.desk.areas.close(closed, day_of(station.clock.now_us()), "admin")
    with pytest.raises(Invalid) as refused:
        await village(station, "Xóm Chùa", closed)
    assert refused.value.code == "area_unknown"
    with pytest.raises(Invalid) as refused:
        await adopt(station, newcomer(station, "Chợ"), area_id=closed)
    assert refused.value.code == "area_unknown"


@pytest.mark.parametrize("use", ["a speaker", "a village", "a token", "its own area"])
async def test_an_area_in_use_is_not_closed(station: Station, use: str) -> None:
    area_id = await village(station)
    match use:
        case "a speaker":
            await adopt(station, newcomer(station, "Chợ"), area_id=area_id)
        case "a village":
            await village(station, "Xóm Chùa", area_id)
        case "a token":
            await station.desk.adoption.create_token(area_id, 1, 60, "admin")
        case _:
            await station.desk.areas.set_home(area_id, "admin")
    with pytest.raises(Refused) as refused:
        await station.desk.areas.close(area_id, date(2030, 1, 1), "admin")
    assert refused.value.code == "area_in_use"
    assert station.desk.areas.tree().get(area_id).valid_until is None


# --- the station's own area ---


async def test_the_stations_own_area_and_all_below_it_are_in_use(station: Station) -> None:
    assert station.desk.areas.home() is None
    await station.desk.areas.set_home(COMMUNE, "admin")
    await village(station)
    await station.restart()
    home = station.desk.areas.home()
    assert home is not None
    assert home.name == "Phường Hoàn Kiếm"
    assert await names_in_use(station) == ["Thành phố Hà Nội", "Phường Hoàn Kiếm", "Thôn Đông"]
    with pytest.raises(Invalid):
        await station.desk.areas.set_home(AreaId("vn-nowhere"), "admin")
    await station.desk.areas.set_home(None, "admin")
    assert station.desk.areas.home() is None


async def test_siblings_are_listed_by_name_as_people_sort_them(station: Station) -> None:
    for name in ("Xóm Đình", "Xóm Ga", "Xóm Ao", "Xóm Dưới"):
        await village(station, name)
    assert (await names_in_use(station))[2:] == ["Xóm Ao", "Xóm Đình", "Xóm Dưới", "Xóm Ga"]


async def test_where_a_speaker_stands_is_in_use_with_every_wider_area(station: Station) -> None:
    await adopt(station, newcomer(station, "Chợ"), area_id=COMMUNE)
    assert await names_in_use(station) == ["Thành phố Hà Nội", "Phường Hoàn Kiếm"]


async def test_a_device_is_put_in_the_stations_own_area_or_below_it_not_above(station: Station) -> None:
    await station.desk.areas.set_home(COMMUNE, "admin")
    await village(station)
    assert [area.name for area in await station.desk.adoption.areas()] == ["Phường Hoàn Kiếm", "Thôn Đông"]


async def test_an_area_made_at_adoption_lies_in_the_stations_own(station: Station) -> None:
    await station.desk.areas.set_home(COMMUNE, "admin")
    first, device = await station.speaker("Chợ")
    second, _ = await station.speaker("Đình")
    assert path(station, first.area_id) == [PROVINCE, COMMUNE, first.area_id]
    assert second.area_id == first.area_id, "the same name is the same area"
    assert device.assignment is not None
    assert device.assignment.area_path == (PROVINCE, COMMUNE, first.area_id)


async def test_a_name_somewhere_else_in_the_country_is_not_meant_at_adoption(station: Station) -> None:
    speaker, _ = await station.adopt("Chợ", area="Phường Ba Đình")
    assert speaker.area_id != OTHER
    assert station.desk.areas.tree().get(speaker.area_id).origin is Origin.STATION


async def test_an_adoption_that_fails_leaves_no_area_behind(station: Station) -> None:
    with pytest.raises(LoaError):
        await adopt(station, newcomer(station, "Chợ"), code="999999")
    assert len(station.desk.areas.tree()) == 3_355


async def test_an_area_that_another_program_added_is_noticed(station: Station) -> None:
    added = Area(area_id="area-shell", parent_id=COMMUNE, level="village", name="Thôn Vỏ")
    async with station.store.transaction() as tx:
        await tx.areas.add(added)
    token = await station.desk.adoption.create_token(AreaId("area-shell"), 1, 60, "admin")
    device = newcomer(station, "Chợ")
    paired = PairedDevice(device_id=device.device_id, device_key=device.key)
    device.receive(await station.desk.adoption.enrol(token.token_id, paired, "Chợ"))
    await station.connect(device)
    assert device.assignment is not None
    assert device.assignment.area_path == (PROVINCE, COMMUNE, "area-shell")
    assert [one.area_name for one in await station.desk.speakers.overview()] == ["Thôn Vỏ"]
    assert "Thôn Vỏ" in await names_in_use(station)


# --- the audit trail ---


async def test_every_change_is_written_down_with_who_made_it(station: Station) -> None:
    area_id = await village(station)
    await station.desk.areas.rename(area_id, "Thôn Tây", "chi")
    await station.desk.areas.move(area_id, OTHER, "chi")
    await station.desk.areas.close(area_id, date(2030, 1, 1), "chi")
    await station.desk.areas.set_home(COMMUNE, "chi")
    deeds = [(deed.what, deed.subject, deed.detail) for deed in await station.desk.reports.deeds(5)][::-1]
    assert deeds == [
        (DeedKind.ADD_AREA, area_id, "Thôn Đông"),
        (DeedKind.RENAME_AREA, area_id, "Thôn Tây"),
        (DeedKind.MOVE_AREA, area_id, OTHER),
        (DeedKind.CLOSE_AREA, area_id, "2030-01-01"),
        (DeedKind.SET_HOME, COMMUNE, "Phường Hoàn Kiếm"),
    ]
