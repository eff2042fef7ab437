"""What is handed in, for the tests of the services: sent, waited for, looked at."""

import asyncio

from agents.protocol.ids import AreaId
from agents.protocol.values import AiringClass
from controller.domain.airings import Airing
from controller.domain.drafts import BulletinDraft, TextVariant
from controller.domain.handing_in import HandIn, HandInState, Sent
from controller.domain.rights import Actor
from controller.services.hand_ins.handing_in import Handing
from tests.controller.drafts import reading
from tests.controller.fakes import T0_US
from tests.controller.services.station import Station

SENDER = Actor(name="token:Sở TTTT", scopes=(), token_id="t-1")


MINUTE, HOUR = 60, 3_600


SECOND_US = 1_000_000


def handing(
    *areas: AreaId,
    airing_class: AiringClass = AiringClass.ORDINARY,
    reference: str = "r-1",
    text: str = "một hai ba bốn năm",
    from_s: float | None = None,
    until_s: float | None = None,
) -> Handing:
    """Instants are seconds from the beginning of the test."""
    return Handing(
        reference=reference,
        draft=BulletinDraft(
            title="Tin từ tỉnh", variants=(TextVariant(reading=reading(text)),), airing_class=airing_class
        ),
        areas=areas,
        valid_from_us=None if from_s is None else T0_US + round(from_s * SECOND_US),
        valid_until_us=None if until_s is None else T0_US + round(until_s * SECOND_US),
        sent=Sent(digest=f"{airing_class} {text}"),
    )


async def until_state(station: Station, hand_in: HandIn, state: HandInState) -> HandIn:
    async def look() -> HandIn | None:
        found = (await station.desk.hand_ins.reports.get(hand_in.hand_in_id)).hand_in
        return found if found.state is state else None

    try:
        found = await station.until(look)
    except TimeoutError:
        now = (await station.desk.hand_ins.reports.get(hand_in.hand_in_id)).hand_in
        raise AssertionError(f"it is {now.state}, not {state}: {now.failure}") from None
    assert isinstance(found, HandIn)
    return found


async def waiting(station: Station, wanted: Handing) -> HandIn:
    made, new = await station.desk.hand_ins.hand_in(wanted, SENDER)
    assert new
    return await until_state(station, made, HandInState.WAITING)


async def airings(station: Station, hand_in: HandIn) -> list[Airing]:
    return [airing for airing, _ in (await station.desk.hand_ins.reports.get(hand_in.hand_in_id)).airings]


async def until_sent(station: Station, hand_in: HandIn, count: int = 1) -> Airing:
    async def look() -> list[Airing]:
        found = await airings(station, hand_in)
        return found if len(found) == count else []

    found = await station.until(look)
    assert isinstance(found, list)
    newest = found[0]
    assert isinstance(newest, Airing)
    return newest


async def settled(station: Station) -> None:
    """Whatever is under way by itself has had its turn."""
    for _ in range(200):
        await asyncio.sleep(0)


def emergency(*areas: AreaId, until_s: float | None = None, from_s: float | None = None) -> Handing:
    return handing(*areas, airing_class=AiringClass.EMERGENCY, until_s=until_s, from_s=from_s)
