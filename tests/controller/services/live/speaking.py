"""Somebody speaks live at a desk: what tests of it do again and again."""

from agents.protocol.live import PACKET_US
from controller.domain.airings import Airing
from controller.domain.live import LiveArchive
from controller.domain.rights import EVERYWHERE, Actor, Right
from controller.domain.speakers import Speaker
from controller.services.live.desk import LiveDesk
from controller.services.live.stream import LiveStream
from tests.controller.fakes import SECOND_US
from tests.controller.services.station import Station

BY = Actor(name="dung", scopes=((EVERYWHERE, frozenset({Right.LIVE})),), person_id="p-1")
SOUND = b"\x48" + bytes(40)


def desk(station: Station) -> LiveDesk:
    return station.desk.live


async def opened(station: Station, *speakers: Speaker) -> LiveStream:
    return await desk(station).open(title="Trực tiếp", by=BY, speaker_ids=[one.speaker_id for one in speakers])


def speak(station: Station, stream: LiveStream, packets: int) -> None:
    for _ in range(packets):
        stream.feed(SOUND)
        station.clock.advance(PACKET_US / SECOND_US)


async def archived(station: Station, airing: Airing, count: int = 1) -> list[LiveArchive]:
    async def look() -> list[LiveArchive] | None:
        found = list(await desk(station).archives(airing.airing_id))
        return found if len(found) == count else None

    found = await station.until(look)
    assert isinstance(found, list)
    return found


async def looked(station: Station, stream: LiveStream) -> None:
    """The desk has looked at the stream, until it is over."""

    async def over() -> bool:
        station.clock.advance(0.5)
        return stream.over.is_set()

    await station.until(over)
