"""Persons with their roles, the addresses they come from, API tokens and deeds, as they are kept."""

import pytest
from alembic import command
from sqlalchemy import Connection, text

from agents.protocol.ids import AreaId
from controller.domain.accounts import Attempts, Person, SignIn
from controller.domain.deeds import Deed, DeedKind
from controller.domain.errors import NotFound
from controller.domain.rights import EVERYWHERE, Grant, Right, Role
from controller.domain.tokens import ApiToken
from controller.store.database import SqlStore
from controller.store.engine import make_engine
from controller.store.migrate import alembic_config, upgrade_here

DAY_US = 86_400_000_000


def person(number: int, name: str, *grants: Grant) -> Person:
    return Person(person_id=f"p-{number}", name=name, password_hash="x", created_at_us=number, grants=grants)


async def test_a_person_keeps_exactly_the_roles_of_the_last_time(store: SqlStore) -> None:
    first = Grant(role=Role.EDITOR, area_id=AreaId("x-1"))
    second = Grant(role=Role.OFFICER, area_id=EVERYWHERE)
    async with store.transaction() as tx:
        await tx.persons.put(person(1, "lan", first, second, first))
        await tx.persons.put(person(2, "minh", first))
    async with store.transaction() as tx:
        assert set((await tx.persons.get("p-1")).grants) == {first, second}
        await tx.persons.put(person(1, "lan", second))
        await tx.persons.put(person(2, "minh"))
    async with store.reading() as tx:
        assert [one.grants for one in await tx.persons.all()] == [(second,), ()]
        with pytest.raises(NotFound):
            await tx.persons.get("p-3")


@pytest.mark.parametrize("typed", ["Đức", "ĐỨC", "  đức ", "Đu\u031b\u0301c"])
async def test_a_person_is_found_however_the_name_is_typed(store: SqlStore, typed: str) -> None:
    async with store.transaction() as tx:
        await tx.persons.put(person(1, "Đức"))
        found = await tx.persons.named(typed)
    assert found is not None
    assert found.name == "Đức"


async def test_addresses_and_sign_ins_are_kept_for_their_time(store: SqlStore) -> None:
    async with store.transaction() as tx:
        await tx.persons.put(person(1, "lan"))
        await tx.persons.put_known_address("p-1", "192.0.2.1", 1)
        await tx.persons.put_known_address("p-1", "192.0.2.2", 5 * DAY_US)
        for number in (1, 2):
            sign_in = SignIn(
                token_hash=f"h{number}", person_id="p-1", created_at_us=1, expires_at_us=50 * DAY_US, address=""
            )
            await tx.persons.put_sign_in(sign_in)
        await tx.persons.put_attempts(Attempts(key="account p-1", failures=3, next_at_us=31 * DAY_US))
        await tx.persons.drop_expired(31 * DAY_US)
        assert not await tx.persons.knows_address("p-1", "192.0.2.1")
        assert await tx.persons.knows_address("p-1", "192.0.2.2")
        assert not await tx.persons.knows_address("p-2", "192.0.2.2")
        assert (await tx.persons.attempts("account p-1")).failures == 3
        await tx.persons.forget_addresses("p-1")
        assert not await tx.persons.knows_address("p-1", "192.0.2.2")
        assert sorted(await tx.persons.end_sign_ins("p-1")) == ["h1", "h2"]
        assert await tx.persons.end_sign_ins("p-1") == ()


async def test_an_api_token_comes_back_as_it_was(store: SqlStore) -> None:
    token = ApiToken(
        token_id="t1",
        name="Tỉnh",
        secret_hash="0" * 64,
        rights=frozenset({Right.SEE, Right.HAND_IN}),
        area_id=EVERYWHERE,
        created_at_us=1,
        created_by="admin",
        expires_at_us=2,
    )
    async with store.transaction() as tx:
        await tx.api_tokens.put(token)
    async with store.reading() as tx:
        assert await tx.api_tokens.get("t1") == token
        assert await tx.api_tokens.all() == (token,)
        assert await tx.api_tokens.get("t2") is None


async def test_deeds_are_read_page_by_page_by_whom_and_by_what(store: SqlStore) -> None:
    async with store.transaction() as tx:
        for number in range(6):
            by = "lan" if number % 2 else "minh"
            await tx.deeds.add(Deed(at_us=number, by=by, what=DeedKind.SEND if number < 4 else DeedKind.STOP))
    async with store.reading() as tx:
        first = await tx.deeds.page(2)
        second = await tx.deeds.page(2, before=first[-1][0])
        assert [deed.at_us for _, deed in (*first, *second)] == [5, 4, 3, 2]
        assert [deed.at_us for _, deed in await tx.deeds.page(9, by="lan", what=DeedKind.SEND)] == [3, 1]
        assert [deed.at_us for deed in await tx.deeds.latest(1)] == [5]


async def test_whoever_had_an_account_before_there_were_roles_administers_the_station(url: str) -> None:
    engine = make_engine(url)

    def before(connection: Connection) -> None:
        command.upgrade(alembic_config(connection), "0003")
        connection.execute(
            text("INSERT INTO person (person_id, key, name, password_hash, created_at_us) VALUES ('p-1','a','A','x',1)")
        )

    async with engine.begin() as connection:
        await connection.run_sync(before)
    await engine.dispose()
    await upgrade_here(url)
    store = SqlStore(url)
    async with store.reading() as tx:
        (found,) = await tx.persons.all()
    await store.close()
    assert found.grants == (Grant(role=Role.ADMINISTRATOR, area_id=EVERYWHERE),)
    assert (found.active, found.password_given, found.full_name) == (True, False, "")
