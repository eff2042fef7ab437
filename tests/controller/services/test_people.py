"""People: who gives which roles where, and that somebody always administers the station."""

import asyncio

import pytest

from agents.protocol.ids import AreaId
from controller.domain.accounts import Person
from controller.domain.deeds import DeedKind
from controller.domain.errors import Invalid, LoaError, NotFound, Refused
from controller.domain.rights import EVERYWHERE, Actor, Grant, Role
from controller.services.events import SignInsEnded
from controller.services.people import shell
from schedules.areas import Area
from tests.controller.services.station import Station

COMMUNE, VILLAGE, OTHER = AreaId("x-1"), AreaId("v-1"), AreaId("x-2")
HERE = "192.0.2.1"


def role(which: Role, area_id: AreaId) -> Grant:
    return Grant(role=which, area_id=area_id)


@pytest.fixture
async def admin(station: Station) -> Actor:
    await station.desk.accounts.first_administrator()
    async with station.store.transaction() as tx:
        for area_id, parent_id, level in (
            (COMMUNE, None, "commune"),
            (VILLAGE, COMMUNE, "village"),
            (OTHER, None, "commune"),
        ):
            await tx.areas.add(Area(area_id=area_id, parent_id=parent_id, level=level, name=area_id))
        found = await tx.persons.named("admin")
    assert found is not None
    return found.actor


async def person(station: Station, name: str, *grants: Grant) -> Person:
    return (await station.desk.people.add(name, "", grants, shell()))[0]


async def actor(station: Station, one: Person) -> Actor:
    return (await station.desk.people.get(one.person_id, shell())).actor


async def code(work: object) -> str:
    with pytest.raises(LoaError) as error:
        await work  # type: ignore[misc]
    return error.value.code


async def test_a_person_is_added_with_a_password_that_is_told_once(station: Station, admin: Actor) -> None:
    grants = [role(Role.EDITOR, VILLAGE), role(Role.EDITOR, VILLAGE), role(Role.OFFICER, COMMUNE)]
    added, password = await station.desk.people.add("  Chị   Lan ", "Trần Thị Lan", grants, admin)
    assert (added.name, added.password_given, added.active) == ("Chị Lan", True, True)
    assert set(added.grants) == set(grants)
    signed_in = await station.desk.accounts.sign_in("chị lan", password, HERE)
    assert signed_in.person.grants == added.grants
    (_, deed, *_) = await station.desk.reports.deeds(5)
    assert (deed.what, deed.by, deed.subject) == (DeedKind.ADD_PERSON, "admin", added.person_id)
    assert "+editor@v-1" in deed.detail
    assert password not in deed.detail


async def test_a_name_is_the_same_however_it_is_typed(station: Station, admin: Actor) -> None:
    await person(station, "Nguyễn Văn Đức")
    for typed in ("NGUYỄN VĂN ĐỨC", "Nguye\u0302\u0303n Va\u0306n Đu\u031b\u0301c", " nguyễn  văn đức "):
        assert await code(station.desk.people.add(typed, "", (), admin)) == "person_name_taken"


@pytest.mark.parametrize("name", ["", " ", "token:x", "a\nb:", "<b>", "x" * 61, "-lan", "Loa Admin", "lan\u202e"])
async def test_a_name_that_could_be_taken_for_something_else_is_refused(
    station: Station, admin: Actor, name: str
) -> None:
    assert await code(station.desk.people.add(name, "", (), admin)) == "person_name_invalid"


async def test_roles_are_given_only_where_one_manages_people(station: Station, admin: Actor) -> None:
    head = await actor(station, await person(station, "head", role(Role.ADMINISTRATOR, COMMUNE)))
    for allowed in (COMMUNE, VILLAGE):
        await station.desk.people.add(f"of {allowed}", "", [role(Role.ADMINISTRATOR, allowed)], head)
    for wider in (EVERYWHERE, OTHER):
        assert await code(station.desk.people.add("wide", "", [role(Role.EDITOR, wider)], head)) == "role_too_wide"
    assert await code(station.desk.people.add("lost", "", [role(Role.EDITOR, AreaId("no"))], admin)) == "area_unknown"


async def test_an_editor_gives_no_roles(station: Station, admin: Actor) -> None:
    editor = await actor(station, await person(station, "editor", role(Role.EDITOR, EVERYWHERE)))
    work = station.desk.people.add("another", "", [role(Role.ANNOUNCER, VILLAGE)], editor)
    assert await code(work) == "role_too_wide"


async def test_nobody_takes_over_an_account_that_may_more(station: Station, admin: Actor) -> None:
    people = station.desk.people
    head = await actor(station, await person(station, "head", role(Role.ADMINISTRATOR, COMMUNE)))
    both = await person(station, "both", role(Role.EDITOR, COMMUNE), role(Role.EDITOR, OTHER))
    assert await code(people.reset_password(both.person_id, head)) == "person_too_wide"
    assert await code(people.deactivate(both.person_id, head)) == "person_too_wide"
    assert await code(people.change(both.person_id, "Renamed", both.grants, True, head)) == "person_too_wide"
    assert await code(people.change(both.person_id, "", (), True, head)) == "role_too_wide"
    kept = [role(Role.EDITOR, OTHER), role(Role.APPROVER, VILLAGE)]
    assert set((await people.change(both.person_id, "", kept, True, head)).grants) == set(kept)
    assert admin.person_id is not None
    assert await code(people.reset_password(admin.person_id, head)) == "person_unknown"


async def test_nobody_of_one_area_takes_over_an_account_whose_roles_were_taken(station: Station, admin: Actor) -> None:
    narrow = await actor(station, await person(station, "narrow", role(Role.ADMINISTRATOR, COMMUNE)))
    former = await person(station, "former", role(Role.OFFICER, OTHER))
    await station.desk.accounts.set_password("former", "long enough for this", "former")
    await station.desk.people.change(former.person_id, "", (), True, admin)
    assert await code(station.desk.people.reset_password(former.person_id, narrow)) == "person_too_wide"
    assert await station.desk.people.reset_password(former.person_id, admin)


async def test_one_sees_the_people_of_ones_areas(station: Station, admin: Actor) -> None:
    head = await actor(station, await person(station, "head", role(Role.ADMINISTRATOR, COMMUNE)))
    inside = await person(station, "inside", role(Role.EDITOR, VILLAGE))
    outside = await person(station, "outside", role(Role.EDITOR, OTHER))
    nobody = await person(station, "nobody yet")
    seen = {one.person_id for one in await station.desk.people.all(head)}
    assert seen == {head.person_id, inside.person_id, nobody.person_id}
    assert await station.desk.people.get(inside.person_id, head) == inside
    with pytest.raises(NotFound):
        await station.desk.people.get(outside.person_id, head)
    assert len(await station.desk.people.all(admin)) == 5


async def test_a_closed_account_is_out_at_once_and_its_name_stays(station: Station, admin: Actor) -> None:
    added, password = await station.desk.people.add("lan", "", [role(Role.EDITOR, VILLAGE)], admin)
    signed_in = await station.desk.accounts.sign_in("lan", password, HERE)
    async with station.desk.events.subscribe() as events:
        closed = await station.desk.people.deactivate(added.person_id, admin)
        event = await anext(events)
    assert isinstance(event, SignInsEnded)
    assert len(event.token_hashes) == 1
    assert not closed.active
    assert await station.desk.accounts.who(signed_in.token) is None
    assert await code(station.desk.accounts.sign_in("lan", password, HERE)) == "account_closed"
    assert await code(station.desk.accounts.sign_in("lan", password + "x", HERE)) == "sign_in_wrong"
    assert await code(station.desk.people.add("LAN", "", (), admin)) == "person_name_taken"
    await station.desk.people.change(added.person_id, "", added.grants, True, admin)
    await station.desk.accounts.sign_in("lan", password, HERE)


async def test_a_change_of_roles_holds_at_the_next_request(station: Station, admin: Actor) -> None:
    added, password = await station.desk.people.add("lan", "", [role(Role.EDITOR, VILLAGE)], admin)
    signed_in = await station.desk.accounts.sign_in("lan", password, HERE)
    await station.desk.people.change(added.person_id, "", [role(Role.TECHNICIAN, COMMUNE)], True, admin)
    now = await station.desk.accounts.who(signed_in.token)
    assert now is not None
    assert now.grants == (role(Role.TECHNICIAN, COMMUNE),)
    (deed, *_) = await station.desk.reports.deeds(1)
    assert deed.detail == "+technician@x-1 -editor@v-1"


async def test_a_new_password_must_be_replaced_and_ends_every_sign_in(station: Station, admin: Actor) -> None:
    added, first = await station.desk.people.add("lan", "", (), admin)
    signed_in = await station.desk.accounts.sign_in("lan", first, HERE)
    await station.desk.accounts.set_password("lan", "one of her own", "lan")
    assert not (await station.desk.people.get(added.person_id, admin)).password_given
    signed_in = await station.desk.accounts.sign_in("lan", "one of her own", HERE)
    second = await station.desk.people.reset_password(added.person_id, admin)
    assert await station.desk.accounts.who(signed_in.token) is None
    assert (await station.desk.accounts.sign_in("lan", second, HERE)).person.password_given


async def test_the_station_always_has_an_administrator(station: Station, admin: Actor) -> None:
    people, me = station.desk.people, admin.person_id or ""
    assert await code(people.deactivate(me, admin)) == "last_administrator"
    assert await code(people.change(me, "", [role(Role.ADMINISTRATOR, COMMUNE)], True, admin)) == "last_administrator"
    assert (await people.get(me, admin)).active
    second = await person(station, "second", role(Role.ADMINISTRATOR, EVERYWHERE))
    assert not (await people.deactivate(me, admin)).active
    assert await code(people.deactivate(second.person_id, shell())) == "last_administrator"


async def test_two_who_close_each_other_leave_one(station: Station, admin: Actor) -> None:
    second = await person(station, "second", role(Role.ADMINISTRATOR, EVERYWHERE))
    done = await asyncio.gather(
        station.desk.people.deactivate(second.person_id, admin),
        station.desk.people.deactivate(admin.person_id or "", second.actor),
        return_exceptions=True,
    )
    (refused,) = [one for one in done if isinstance(one, BaseException)]
    assert isinstance(refused, Refused)
    assert refused.code == "last_administrator"
    assert len(await station.desk.people.administrators()) == 1


async def test_a_full_name_is_neither_endless_nor_hidden(station: Station, admin: Actor) -> None:
    with pytest.raises(Invalid):
        await station.desk.people.add("a", "x" * 201, (), admin)
    added, _ = await station.desk.people.add("a", "  Lan\u0000\u202e  Anh ", (), admin)
    assert added.full_name == "Lan Anh"
