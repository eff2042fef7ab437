"""API tokens: shown once, limited in what, where and until when."""

import hashlib

import pytest

from agents.protocol.ids import AreaId
from controller.domain.deeds import DeedKind
from controller.domain.errors import LoaError
from controller.domain.rights import EVERYWHERE, Actor, Grant, Right, Role
from schedules.areas import Area
from tests.controller.services.station import Station

COMMUNE, OTHER = AreaId("x-1"), AreaId("x-2")
HAND_IN = [Right.HAND_IN, Right.SEE]


@pytest.fixture
async def admin(station: Station) -> Actor:
    await station.desk.accounts.first_administrator()
    async with station.store.transaction() as tx:
        for area_id in (COMMUNE, OTHER):
            await tx.areas.add(Area(area_id=area_id, parent_id=None, level="commune", name=area_id))
        found = await tx.persons.named("admin")
    assert found is not None
    return found.actor


async def code(work: object) -> str:
    with pytest.raises(LoaError) as error:
        await work  # type: ignore[misc]
    return error.value.code


async def test_a_token_acts_under_its_name_with_its_rights_where_it_may(station: Station, admin: Actor) -> None:
    made, text = await station.desk.api_tokens.create("Tỉnh", HAND_IN, COMMUNE, 30, admin)
    who = await station.desk.api_tokens.who(text)
    assert (who.name, who.token_id, who.person_id) == ("token:Tỉnh", made.token_id, None)
    assert who.may(Right.HAND_IN, (COMMUNE,))
    assert not who.may(Right.HAND_IN, (OTHER,))
    assert not who.may(Right.HAND_IN_EMERGENCY, (COMMUNE,))
    (deed, *_) = await station.desk.reports.deeds(1)
    assert (deed.what, deed.by, deed.subject) == (DeedKind.CREATE_API_TOKEN, "admin", made.token_id)
    assert text.rpartition("_")[2] not in deed.detail


async def test_only_a_digest_of_the_secret_is_kept(station: Station, admin: Actor) -> None:
    made, text = await station.desk.api_tokens.create("Tỉnh", HAND_IN, COMMUNE, 30, admin)
    prefix, token_id, secret = text.split("_", 2)
    assert (prefix, token_id) == ("loa", made.token_id)
    assert len(secret) >= 43
    kept = b"".join(path.read_bytes() for path in station.folder.parent.glob("loa.db*"))
    assert secret.encode() not in kept
    assert hashlib.sha256(secret.encode()).hexdigest().encode() in kept


async def test_a_token_ends_by_time_or_by_hand_and_says_which(station: Station, admin: Actor) -> None:
    tokens = station.desk.api_tokens
    _, first = await tokens.create("a", HAND_IN, COMMUNE, 1, admin)
    second, text = await tokens.create("b", HAND_IN, COMMUNE, 730, admin)
    await tokens.revoke(second.token_id, admin)
    await tokens.revoke(second.token_id, admin)
    assert await code(tokens.who(text)) == "token_revoked"
    station.clock.advance(86_399)
    await tokens.who(first)
    station.clock.advance(1)
    assert await code(tokens.who(first)) == "token_expired"
    assert [deed.what for deed in await station.desk.reports.deeds(9)].count(DeedKind.REVOKE_API_TOKEN) == 1


@pytest.mark.parametrize("wrong", ["", "loa_", "loa_x_y", "x", "Bearer", "loa_" + "x" * 10_000, "lôa_é_ế"])
async def test_made_up_tokens_are_unknown(station: Station, wrong: str) -> None:
    assert await code(station.desk.api_tokens.who(wrong)) == "token_unknown"


async def test_a_wrong_secret_learns_nothing_of_the_token(station: Station, admin: Actor) -> None:
    made, text = await station.desk.api_tokens.create("a", HAND_IN, COMMUNE, 1, admin)
    await station.desk.api_tokens.revoke(made.token_id, admin)
    assert await code(station.desk.api_tokens.who(text + "x")) == "token_unknown"
    assert await code(station.desk.api_tokens.who(text[:-1])) == "token_unknown"


async def test_what_cannot_be_given_is_refused(station: Station, admin: Actor) -> None:
    create = station.desk.api_tokens.create
    assert await code(create("a", [], COMMUNE, 1, admin)) == "token_rights_missing"
    for right in (Right.MANAGE_PEOPLE, Right.ADOPT, Right.AUDIT, Right.DECIDE):
        assert await code(create("a", [right], COMMUNE, 1, admin)) == "token_rights_wrong"
    for days in (0, -1, 731):
        assert await code(create("a", HAND_IN, COMMUNE, days, admin)) == "token_days_out_of_range"
    assert await code(create(" ", HAND_IN, COMMUNE, 1, admin)) == "token_name_invalid"
    assert await code(create("a", HAND_IN, AreaId("no"), 1, admin)) == "area_unknown"
    await create("a", HAND_IN, COMMUNE, 1, admin)
    assert await code(create("a", HAND_IN, COMMUNE, 1, admin)) == "token_name_taken"
    station.clock.advance(86_400)
    await create("a", HAND_IN, COMMUNE, 1, admin)


async def test_nobody_elsewhere_takes_the_name_of_a_token_that_is_over(station: Station, admin: Actor) -> None:
    create = station.desk.api_tokens.create
    wide, _ = await create("Sở", HAND_IN, EVERYWHERE, 1, admin)
    await station.desk.api_tokens.revoke(wide.token_id, admin)
    assert await code(create("Sở", HAND_IN, COMMUNE, 1, admin)) == "token_name_taken"
    await create("Sở", HAND_IN, EVERYWHERE, 1, admin)


async def test_tokens_are_made_seen_and_ended_only_in_ones_own_areas(station: Station, admin: Actor) -> None:
    head, _ = await station.desk.people.add("head", "", [Grant(role=Role.ADMINISTRATOR, area_id=COMMUNE)], admin)
    tokens = station.desk.api_tokens
    wide, _ = await tokens.create("wide", HAND_IN, EVERYWHERE, 1, admin)
    mine, _ = await tokens.create("mine", HAND_IN, COMMUNE, 1, head.actor)
    assert await tokens.all(head.actor) == (mine,)
    assert len(await tokens.all(admin)) == 2
    for area_id in (EVERYWHERE, OTHER):
        assert await code(tokens.create("x", HAND_IN, area_id, 1, head.actor)) == "role_too_wide"
    assert await code(tokens.revoke(wide.token_id, head.actor)) == "api_token_unknown"


async def test_its_last_use_is_kept_to_the_minute(station: Station, admin: Actor) -> None:
    tokens = station.desk.api_tokens
    _, text = await tokens.create("a", HAND_IN, COMMUNE, 1, admin)

    async def last() -> int | None:
        return (await tokens.all(admin))[0].last_used_at_us

    assert await last() is None
    await tokens.who(text)
    first = await last()
    assert first == station.clock.now_us()
    station.clock.advance(59)
    await tokens.who(text)
    assert await last() == first
    station.clock.advance(1)
    await tokens.who(text)
    assert await last() == station.clock.now_us()
