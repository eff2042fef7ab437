"""Persons and programs with rights, as they come to the station's addresses."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from agents.protocol.ids import AreaId, DeviceId, SpeakerId
from controller.domain.rights import Grant, Right, Role
from controller.domain.speakers import Speaker, SpeakerState
from controller.services.people import shell
from controller.web.security import csrf_token
from schedules.areas import Area
from tests.controller.web.browser import Browser
from tests.controller.web.station import Station

HOME, SIBLING = AreaId("x-1"), AreaId("x-2")
ELSEWHERE = SpeakerId("s-9")
"""A speaker in the sibling of the area where the others are."""
OWN_PASSWORD = "one of their own"


async def second_area(station: Station, *, speaker: bool = True) -> None:
    """An area beside the first, with a speaker in it."""
    area = Area(area_id=SIBLING, parent_id=None, level="commune", name="Xã Tân Lập")
    async with station.parts.store.transaction() as tx:
        await tx.areas.add(area)
        if speaker:
            await tx.speakers.put(
                Speaker(
                    speaker_id=ELSEWHERE,
                    name="Cầu Tân Lập",
                    area_id=SIBLING,
                    device_id=DeviceId("d-9"),
                    device_key=bytes([9]) * 32,
                    state=SpeakerState.ADOPTED,
                    adopted_at_us=1_767_225_600_000_000,
                )
            )
    await station.desk.areas.load()


async def add_person(station: Station, name: str, *grants: tuple[Role, AreaId]) -> str:
    """Somebody who has chosen a password of their own; returns their id."""
    given = [Grant(role=role, area_id=area_id) for role, area_id in grants]
    added, _ = await station.desk.people.add(name, "", given, shell())
    await station.desk.accounts.set_password(name, OWN_PASSWORD, name)
    return added.person_id


async def add_token(station: Station, name: str, rights: Sequence[Right], area_id: AreaId) -> str:
    """An API token; returns its text."""
    return (await station.desk.api_tokens.create(name, rights, area_id, 30, shell()))[1]


async def signed_in(station: Station, name: str) -> dict[str, str]:
    """The headers of a person's requests: cookie and token."""
    made = await station.desk.accounts.sign_in(name, OWN_PASSWORD, "192.0.2.1")
    return {"Cookie": f"loa_sign_in={made.token}", "X-Loa-CSRF": csrf_token(made.token)}


@asynccontextmanager
async def person(station: Station, name: str, *grants: tuple[Role, AreaId]) -> AsyncIterator[Browser]:
    """Somebody new with these roles, signed in with a browser."""
    await add_person(station, name, *grants)
    async with station.browser(name=name, password=OWN_PASSWORD) as browser:
        browser.program_token = browser.token
        yield browser


@asynccontextmanager
async def program(station: Station, rights: Sequence[Right], area_id: AreaId) -> AsyncIterator[Browser]:
    """Another system with an API token."""
    text = await add_token(station, "Hệ thống tỉnh", rights, area_id)
    async with Browser(station.url, headers={"Authorization": f"Bearer {text}"}) as browser:
        yield browser
