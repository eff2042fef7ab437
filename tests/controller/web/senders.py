"""Another level's system and a person of the station, both as programs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from agents.protocol.ids import AiringId, AreaId
from controller.domain.accounts import Person
from controller.domain.airings import PlayState
from controller.domain.handing_in import HandInState
from controller.domain.rights import Right
from tests.controller.web.api_client import ApiClient
from tests.controller.web.station import NAME, PASSWORD, Station

Json = dict[str, Any]


HERE = AreaId("x-1")


SENDER = (Right.HAND_IN, Right.HAND_IN_EMERGENCY)


def body(**changes: Any) -> Json:
    return {"reference": "r-1", "areas": ["x-1"], "title": "Tin từ tỉnh", "text": "Kính thưa bà con.", **changes}


async def administrator(station: Station) -> Person:
    async with station.parts.store.reading() as tx:
        found = await tx.persons.named(NAME)
    assert found is not None
    return found


async def token(station: Station, *rights: Right, area_id: AreaId = HERE, name: str = "Sở TTTT") -> str:
    person = await administrator(station)
    made = await station.desk.api_tokens.create(name, rights, area_id, 30, person.actor)
    return made[1]


@asynccontextmanager
async def system(
    station: Station, *rights: Right, area_id: AreaId = HERE, name: str = "Sở TTTT"
) -> AsyncIterator[ApiClient]:
    """The other level's system, with a token of these rights."""
    async with ApiClient(station.url) as client:
        client.keys["token"] = await token(station, *(rights or SENDER), area_id=area_id, name=name)
        yield client


@asynccontextmanager
async def desk(station: Station) -> AsyncIterator[ApiClient]:
    """A person of the station, as a program."""
    async with ApiClient(station.url) as client:
        _, told = await client.call("sign_in", body={"name": NAME, "password": PASSWORD})
        client.keys["csrf"] = told["csrf"]
        yield client


async def until(client: ApiClient, hand_in_id: str, state: HandInState) -> Json:
    async with asyncio.timeout(10):
        while True:
            _, told = await client.call("get_hand_in", hand_in_id=hand_in_id)
            if told["state"] == state:
                return dict(told)
            await asyncio.sleep(0.01)


async def waiting(client: ApiClient, **changes: Any) -> Json:
    status, told = await client.call("create_hand_in", body=body(**changes))
    assert status == 202, told
    return await until(client, told["hand_in_id"], HandInState.WAITING)


def soon(**after: float) -> str:
    return (datetime.now(UTC) + timedelta(**after)).isoformat()


async def heard(station: Station, airing_id: str) -> None:
    """Two speakers play it to its end, and the third cannot."""
    states = {"s-0": PlayState.FINISHED, "s-1": PlayState.FINISHED, "s-2": PlayState.FAILED}
    async with station.parts.store.transaction() as tx:
        playbacks = await tx.airings.playbacks(AiringId(airing_id))
        changed = [replace(one, state=states[one.speaker_id]) for one in playbacks]
        await tx.airings.put_playbacks([replace(changed[2], reason="disk_full"), *changed[:2]])
