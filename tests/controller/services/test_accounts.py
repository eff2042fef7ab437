"""Signing in."""

import asyncio

import pytest

from controller.domain.deeds import DeedKind
from controller.domain.errors import Invalid, NotFound, Refused
from controller.services.accounts import SignedIn
from tests.controller.services.station import Station

HERE, THERE = "192.0.2.1", "192.0.2.2"


@pytest.fixture
async def password(station: Station) -> str:
    made = await station.desk.accounts.first_administrator()
    assert made is not None
    return made


async def refused(station: Station, name: str, password: str, address: str) -> str:
    with pytest.raises(Refused) as error:
        await station.desk.accounts.sign_in(name, password, address)
    return error.value.code


async def test_the_first_administrator_is_made_once(station: Station, password: str) -> None:
    assert await station.desk.accounts.first_administrator() is None
    assert len(password) >= 20
    signed_in = await station.desk.accounts.sign_in("Admin", password, HERE)
    assert signed_in.person.name == "admin"
    assert await station.desk.accounts.who(signed_in.token) == signed_in.person


async def test_neither_password_nor_token_is_kept(station: Station, password: str) -> None:
    signed_in = await station.desk.accounts.sign_in("admin", password, HERE)
    kept = b"".join(path.read_bytes() for path in station.folder.parent.glob("loa.db*"))
    assert b"$argon2id$" in kept
    assert password.encode() not in kept
    assert signed_in.token.encode() not in kept
    assert signed_in.token not in repr(signed_in)
    assert isinstance(signed_in, SignedIn)


async def test_a_wrong_name_and_a_wrong_password_look_the_same(station: Station, password: str) -> None:
    assert await refused(station, "admin", password + "x", HERE) == "sign_in_wrong"
    assert await refused(station, "nobody", password, HERE) == "sign_in_wrong"
    assert await refused(station, "admin", "x" * 100_000, HERE) == "sign_in_wrong"
    deeds = [deed.what for deed in await station.desk.reports.deeds(10)]
    assert deeds == [DeedKind.SIGN_IN_FAILED] * 3


async def test_guessing_slows_down_the_address_and_nobody_else(station: Station, password: str) -> None:
    for _ in range(5):
        assert await refused(station, "admin", "guess", HERE) == "sign_in_wrong"
    assert await refused(station, "admin", password, HERE) == "sign_in_too_often"
    await station.desk.accounts.sign_in("admin", password, THERE)
    station.clock.advance(2)
    assert await refused(station, "admin", "guess", HERE) == "sign_in_wrong"
    station.clock.advance(3)
    assert await refused(station, "admin", password, HERE) == "sign_in_too_often"
    station.clock.advance(1)
    await station.desk.accounts.sign_in("admin", password, HERE)
    assert await refused(station, "admin", "guess", HERE) == "sign_in_wrong"


async def test_wrong_passwords_are_forgotten_after_a_day(station: Station, password: str) -> None:
    for _ in range(4):
        await refused(station, "admin", "guess", HERE)
    station.clock.advance(86_400)
    await station.desk.accounts.sign_in("admin", password, THERE)
    assert await refused(station, "admin", "guess", HERE) == "sign_in_wrong"
    await station.desk.accounts.sign_in("admin", password, HERE)


async def test_guessing_many_at_once_is_no_way_around_it(station: Station, password: str) -> None:
    guesses = [refused(station, "admin", f"guess {number}", HERE) for number in range(8)]
    assert sorted(await asyncio.gather(*guesses)) == ["sign_in_too_often"] * 3 + ["sign_in_wrong"] * 5


async def test_a_slowed_address_is_still_slow_after_a_restart(station: Station, password: str) -> None:
    for _ in range(5):
        await refused(station, "admin", "guess", HERE)
    await station.restart()
    assert await refused(station, "admin", password, HERE) == "sign_in_too_often"


async def test_a_sign_in_ends_by_signing_out_by_time_or_with_a_new_password(station: Station, password: str) -> None:
    accounts = station.desk.accounts
    first, second, third = [await accounts.sign_in("admin", password, HERE) for _ in range(3)]
    await accounts.sign_out(first.token)
    await accounts.sign_out(first.token)
    assert await accounts.who(first.token) is None
    station.clock.advance(7 * 3_600)
    assert await accounts.who(second.token) is not None
    station.clock.advance(6 * 3_600)
    assert await accounts.who(third.token) is None
    assert await accounts.who(second.token) is not None
    await accounts.set_password("admin", "a new password", "admin")
    assert await accounts.who(second.token) is None
    assert await refused(station, "admin", password, HERE) == "sign_in_wrong"
    await accounts.sign_in("admin", "a new password", HERE)


async def test_a_password_is_neither_short_nor_endless(station: Station, password: str) -> None:
    for wrong, code in (("short", "password_too_short"), ("x" * 1_001, "password_too_long")):
        with pytest.raises(Invalid) as error:
            await station.desk.accounts.set_password("admin", wrong, "admin")
        assert error.value.code == code
    with pytest.raises(NotFound):
        await station.desk.accounts.set_password("nobody", "long enough for all", "admin")


@pytest.mark.parametrize("cookie", ["", "x", "ế" * 500])
async def test_a_made_up_cookie_is_nobodys(station: Station, password: str, cookie: str) -> None:
    assert await station.desk.accounts.who(cookie) is None


async def test_a_stranger_who_guesses_elsewhere_does_not_keep_the_person_out(station: Station, password: str) -> None:
    await station.desk.accounts.sign_in("admin", password, HERE)
    for number in range(30):
        assert await refused(station, "admin", "guess", f"203.0.113.{number}") == (
            "sign_in_wrong" if number < 20 else "sign_in_too_often"
        )
    assert await refused(station, "admin", password, THERE) == "sign_in_too_often"
    await station.desk.accounts.sign_in("admin", password, HERE)
    assert await refused(station, "admin", password, THERE) == "sign_in_too_often", "the stranger is not let off"
    station.clock.advance(60)
    await station.desk.accounts.sign_in("admin", password, THERE)


async def test_a_known_address_is_slowed_like_any_other(station: Station, password: str) -> None:
    await station.desk.accounts.sign_in("admin", password, HERE)
    for _ in range(5):
        assert await refused(station, "admin", "guess", HERE) == "sign_in_wrong"
    assert await refused(station, "admin", password, HERE) == "sign_in_too_often"


async def test_an_address_is_known_for_a_month(station: Station, password: str) -> None:
    await station.desk.accounts.sign_in("admin", password, HERE)
    station.clock.advance(31 * 86_400)
    await station.desk.accounts.sign_in("admin", password, THERE)
    for number in range(21):
        await refused(station, "admin", "guess", f"203.0.113.{number}")
    assert await refused(station, "admin", password, HERE) == "sign_in_too_often"
    await station.desk.accounts.sign_in("admin", password, THERE)
