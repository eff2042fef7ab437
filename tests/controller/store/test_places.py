"""Areas and settings as they are kept, and how the country's list comes into a database."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from agents.protocol.ids import AreaId, DeviceId, SpeakerId
from controller.domain.speakers import Move, Speaker, SpeakerState, stood_in
from controller.store.database import SqlStore
from controller.store.engine import make_engine
from controller.store.migrate import alembic_config, upgrade_here
from schedules.areas import Area, AreaTree, Origin, Past

VILLAGE = Area(
    area_id="area-1",
    parent_id="vn-00070",
    level="village",
    name="Thôn Đông",
    code="T1",
    latitude=21.03,
    longitude=105.85,
    valid_from=date(2026, 1, 2),
    valid_until=date(2027, 3, 4),
)
SPEAKER = (
    "INSERT INTO speaker (speaker_id, name, area_id, device_id, device_key, state, adopted_at_us, volume_percent,"
    " max_volume_percent, delay_us, rendition)"
    " VALUES ('s', 'Loa', 'area-9', 'd', x'00', 'adopted', 0, 80, 100, 0, 'opus24')"
)


async def all_of(store: SqlStore) -> dict[str, Area]:
    async with store.reading() as tx:
        return {area.area_id: area for area in await tx.areas.all()}


async def to_revision(url: str, revision: str, *statements: str, down: bool = False) -> None:
    """Brings a database to an older form, and then runs statements in it."""
    from alembic import command

    def run(connection: Connection) -> None:
        (command.downgrade if down else command.upgrade)(alembic_config(connection), revision)
        for statement in statements:
            connection.execute(text(statement))

    engine = make_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(run)
    await engine.dispose()


async def test_an_area_comes_back_as_it_was_put(store: SqlStore) -> None:
    bare = Area(area_id="area-2", parent_id=None, level="village", name="Thôn Tây")
    async with store.transaction() as tx:
        await tx.areas.add(VILLAGE)
        await tx.areas.add(bare)
    found = await all_of(store)
    assert (found["area-1"], found["area-2"]) == (VILLAGE, bare)


async def test_an_area_is_changed_in_its_place(store: SqlStore) -> None:
    changed = replace(VILLAGE, name="Thôn Tây", parent_id=None, code="", latitude=None, valid_until=None)
    async with store.transaction() as tx:
        await tx.areas.add(VILLAGE)
        await tx.areas.put(changed)
    assert (await all_of(store))["area-1"] == changed


async def test_what_an_area_was_and_became_comes_back_in_order(store: SqlStore) -> None:
    history = replace(
        VILLAGE,
        past=(Past(date(2026, 2, 1), "Thôn Cũ", None), Past(date(2026, 5, 1), "Thôn Giữa", "vn-00004")),
        successors=("area-3", "area-2"),
    )
    async with store.transaction() as tx:
        for name in ("area-2", "area-3"):
            await tx.areas.add(Area(area_id=name, parent_id=None, level="village", name=name))
        await tx.areas.add(history)
    assert (await all_of(store))["area-1"] == history
    less = replace(history, past=history.past[:1], successors=())
    async with store.transaction() as tx:
        await tx.areas.put(less)
    assert (await all_of(store))["area-1"] == less


async def test_where_a_speaker_stood_keeps_the_first_place_of_each_day(store: SqlStore) -> None:
    speaker = Speaker(
        speaker_id=SpeakerId("s-1"),
        name="Loa",
        area_id=AreaId("vn-00070"),
        device_id=DeviceId("d-1"),
        device_key=b"",
        state=SpeakerState.ADOPTED,
        adopted_at_us=0,
    )
    first, second = Move(date(2026, 2, 1), AreaId("vn-01")), Move(date(2026, 5, 1), AreaId("vn-00004"))
    async with store.transaction() as tx:
        await tx.speakers.put(speaker)
        for move in (second, first, Move(first.until, AreaId("vn-00070"))):
            await tx.speakers.put_move(speaker.speaker_id, move)
    async with store.reading() as tx:
        moves = (await tx.speakers.moves([speaker.speaker_id]))[speaker.speaker_id]
    assert moves == (first, second)
    days = (date(2026, 1, 31), date(2026, 2, 1), date(2026, 5, 1))
    assert [stood_in(speaker, moves, day) for day in days] == ["vn-01", "vn-00004", "vn-00070"]


async def test_where_speakers_stand_leaves_out_the_released_and_the_replaced(store: SqlStore) -> None:
    async with store.transaction() as tx:
        for number, state in enumerate(SpeakerState):
            await tx.areas.add(Area(area_id=f"area-{number}", parent_id=None, level="village", name=f"Thôn {number}"))
            await tx.speakers.put(
                Speaker(
                    speaker_id=SpeakerId(f"s-{number}"),
                    name=f"Loa {number}",
                    area_id=AreaId(f"area-{number}"),
                    device_id=DeviceId(f"d-{number}"),
                    device_key=bytes(32),
                    state=state,
                    adopted_at_us=0,
                )
            )
        standing = await tx.areas.standing()
    there = {SpeakerState.ADOPTING, SpeakerState.ADOPTED, SpeakerState.RELEASING}
    assert standing == {f"area-{number}" for number, state in enumerate(SpeakerState) if state in there}


async def test_a_setting_is_kept_replaced_and_forgotten(store: SqlStore) -> None:
    async def read() -> str | None:
        async with store.reading() as tx:
            return await tx.station_settings.get("tune")

    assert await read() is None
    for value in ("a", "b", None, None):
        async with store.transaction() as tx:
            await tx.station_settings.put("tune", value)
        assert await read() == value


async def test_a_new_database_holds_the_countrys_list(store: SqlStore) -> None:
    tree = AreaTree((await all_of(store)).values())
    assert len(tree) == 3_355
    assert {area.origin for area in tree} == {Origin.COUNTRY}
    assert [area.name for area in tree.path("vn-22736")] == ["Tỉnh Khánh Hòa", "Đặc khu Trường Sa"]


async def test_the_list_leaves_alone_what_a_station_has(url: str) -> None:
    await to_revision(
        url,
        "0001",
        "INSERT INTO area VALUES ('area-9', NULL, 'village', 'Thôn Cũ')",
        "INSERT INTO area VALUES ('vn-01', NULL, 'city', 'Thủ đô')",
        SPEAKER,
    )
    await upgrade_here(url)
    store = SqlStore(url)
    found = await all_of(store)
    async with store.reading() as tx:
        assert [speaker.area_id for speaker in await tx.speakers.all()] == ["area-9"]
    await store.close()
    assert found["area-9"] == Area(area_id="area-9", parent_id=None, level="village", name="Thôn Cũ")
    assert found["vn-01"] == Area(area_id="vn-01", parent_id=None, level="city", name="Thủ đô")
    assert found["vn-00070"].parent_id == "vn-01"
    assert len(found) == 3_356


async def test_the_way_back_keeps_what_a_station_has(url: str) -> None:
    await to_revision(
        url,
        "0003",
        "INSERT INTO area (area_id, level, name) VALUES ('area-9', 'village', 'Thôn Cũ')",
        SPEAKER,
    )
    await to_revision(url, "0001", down=True)
    engine = make_engine(url)
    async with engine.connect() as connection:
        rows = (await connection.execute(text("SELECT * FROM area"))).all()
    await engine.dispose()
    assert [tuple(row) for row in rows] == [("area-9", None, "village", "Thôn Cũ")]


@pytest.mark.parametrize("name", ["README.md", "vietnam-2025.csv"])
def test_the_list_travels_with_its_source_and_licence(name: str) -> None:
    import controller

    assert (Path(controller.__file__).parent / "assets" / "areas" / name).is_file()
