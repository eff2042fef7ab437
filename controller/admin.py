"""What an administrator does with a shell on the controller's machine, also while the controller runs."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Final

from agents.protocol.ids import AreaId
from controller.datadir import database_url
from controller.domain.accounts import Person, name_key
from controller.domain.errors import Invalid, NotFound, Refused
from controller.domain.rights import EVERYWHERE, Grant, Role
from controller.links.clock import ControllerClock
from controller.links.hub import Hub
from controller.links.keys import FileSigner, KeysUnusable, load_or_make
from controller.services.accounts import generated_password
from controller.services.adoption import NEW_AREA_LEVEL
from controller.services.desk import Desk
from controller.services.people import SHELL, shell
from controller.services.settings import DeskSettings
from controller.store.database import SqlStore
from controller.store.migrate import upgrade_to_head
from controller.studio import AudioStudio

_BY: Final = SHELL


async def reset_password(folder: Path, name: str) -> str:
    """Gives the account a generated password and returns it. Raises `NotFound`, `Refused` or `StoreFailed`."""
    password = generated_password()
    async with _desk(folder) as desk:
        try:
            await desk.accounts.set_password(name, password, _BY)
        except NotFound:
            raise NotFound(f"There is no account {name}.") from None
    return password


async def add_person(folder: Path, name: str, full_name: str, roles: Sequence[str]) -> tuple[Person, str]:
    """A new account with roles as `_grant` reads them, and its generated password, which must be replaced at the first
    sign-in. Raises `Invalid`, `NotFound`, `Refused` or `StoreFailed`.
    """
    async with _desk(folder) as desk:
        await desk.areas.load()
        grants = [_grant(desk, role) for role in roles]
        return await desk.people.add(name, full_name, grants, shell())


async def list_people(folder: Path) -> list[str]:
    """One line for each account. Raises `NotFound` or `StoreFailed`."""
    async with _desk(folder) as desk:
        await desk.areas.load()
        return [_told(desk, person) for person in await desk.people.all(shell())]


async def give_password(folder: Path, name: str) -> str:
    """A generated password that the person must replace at the next sign-in. Raises `NotFound`, `Refused` or
    `StoreFailed`.
    """
    async with _desk(folder) as desk:
        return await desk.people.reset_password((await _named(desk, name)).person_id, shell())


async def deactivate(folder: Path, name: str) -> None:
    """Closes an account. Raises `NotFound`, `Refused` or `StoreFailed`."""
    async with _desk(folder) as desk:
        await desk.people.deactivate((await _named(desk, name)).person_id, shell())


async def _named(desk: Desk, name: str) -> Person:
    for person in await desk.people.all(shell()):
        if name_key(person.name) == name_key(name):
            return person
    raise NotFound(f"There is no account {name}.")


def _grant(desk: Desk, written: str) -> Grant:
    """``editor``, ``editor@x-1`` or ``editor@Xã Hoà Bình``; without an area it is for the whole station."""
    role, _, area = written.partition("@")
    if role not in set(Role):
        raise Invalid(f"There is no role {role}. Roles: {', '.join(Role)}.")
    if area in {"", EVERYWHERE}:
        return Grant(role=Role(role), area_id=EVERYWHERE)
    tree = desk.areas.tree()
    if area in tree:
        return Grant(role=Role(role), area_id=AreaId(area))
    called = [one for one in tree if one.name == area and one.valid_until is None]
    if len(called) != 1:
        how_many = f"{len(called)} areas are" if called else "No area is"
        raise Invalid(f"{how_many} called {area}. Write the area's id: it stands in the address of its page.")
    return Grant(role=Role(role), area_id=AreaId(called[0].area_id))


def _told(desk: Desk, person: Person) -> str:
    tree = desk.areas.tree()
    roles = [
        grant.role if grant.area_id == EVERYWHERE else f"{grant.role}@{tree.get(grant.area_id).name}"
        for grant in person.grants
        if grant.area_id == EVERYWHERE or grant.area_id in tree
    ]
    state = "" if person.active else "closed"
    if person.active and person.password_given:
        state = "has not signed in yet"
    return "\t".join([person.name, person.full_name, ", ".join(roles) or "no role", state]).rstrip()


async def create_token(folder: Path, area_name: str, uses: int, valid_s: int) -> str:
    """Makes an enrolment token and returns its text. Raises `Refused`, `NotFound` or `StoreFailed`."""
    async with _desk(folder) as desk:
        area_id = await _area(desk, area_name.strip())
        return (await desk.adoption.create_token(area_id, uses, valid_s, _BY)).text


async def _area(desk: Desk, name: str) -> AreaId:
    """The area of this name, made below the station's own where it is not there; where no name was given the
    station's own, or the only one there is.
    """
    await desk.areas.load()
    areas, home = await desk.areas.in_use(), desk.areas.home()
    if not name and home is not None:
        return AreaId(home.area_id)
    for area in areas:
        if area.valid_until is None and (area.name == name or (not name and len(areas) == 1)):
            return AreaId(area.area_id)
    if not name:
        known = ", ".join(area.name for area in areas) or "none yet"
        raise Refused(f"Say where the speakers will stand with --area NAME. Areas: {known}.", code="area_unknown")
    parent_id = None if home is None else AreaId(home.area_id)
    return AreaId((await desk.areas.add(name, parent_id, NEW_AREA_LEVEL, _BY)).area_id)


@contextlib.asynccontextmanager
async def _desk(folder: Path) -> AsyncIterator[Desk]:
    """The services on an existing data directory, without links and without running."""
    if not (folder / "loa.db").exists():
        raise NotFound(f"There is no station in {folder} yet. Start it with: loa serve --data-dir {folder}")
    try:
        keys = load_or_make(folder / "keys")
    except KeysUnusable as error:
        raise Refused(str(error)) from error
    await upgrade_to_head(database_url(folder))
    store = SqlStore(database_url(folder))
    try:
        yield Desk(
            store=store,
            links=Hub(found_changed=lambda: None),
            signer=FileSigner(keys),
            clock=ControllerClock(trust_system_clock=True),
            studio=AudioStudio(folder / "clips", ffmpeg=None, duration_limit_s=0),
            identity=keys.identity(""),
            settings=DeskSettings(),
        )
    finally:
        await store.close()
