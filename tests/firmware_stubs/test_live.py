"""Live sound from the desk to a fleet: real links, real signatures, and what every device tells of it."""

import asyncio

from agents.protocol.ids import AiringId
from controller.domain.airings import AiringState, Playback, PlayState
from controller.domain.rights import EVERYWHERE, Actor, Right
from controller.services.live_stream import LiveStream
from tests.firmware_stubs.conftest import Whole

SOUND = b"\xf8\xff\xfe"
OFFICER = Actor(name="officer", scopes=((EVERYWHERE, frozenset({Right.LIVE})),), person_id="p-1")
DEVICES = 5


async def speak(whole: Whole, stream: LiveStream, packets: int) -> None:
    """In real time, from when it is heard."""
    await whole.clock.sleep_until(stream.begins_us - stream.delay_us + 20_000)
    for _ in range(packets):
        assert stream.feed(SOUND)
        await asyncio.sleep(0.02)


async def test_a_fleet_hears_all_of_it_in_time_and_ends_together(whole: Whole) -> None:
    fleet, tally = whole.fleet(DEVICES)
    await whole.until_so(lambda: tally.in_time == DEVICES)
    stream = await whole.desk.live.open(title="Trực tiếp", by=OFFICER, speaker_ids=await whole.speaker_ids())
    airing_id = stream.airing.airing_id
    await whole.until_so(lambda: stream.hearing() == DEVICES)
    await speak(whole, stream, 50)
    await stream.close("officer")
    report = await whole.until(lambda: ended(whole, airing_id))
    heard = tally.live
    assert (heard.packets, heard.late, heard.lost, heard.refused) == (50 * DEVICES, 0, 0, 0)
    assert {one.state for one in report} == {PlayState.FINISHED}
    assert {one.reason for one in report} == {"ended"}
    assert len(fleet.devices) == DEVICES


async def ended(whole: Whole, airing_id: AiringId) -> list[Playback]:
    async with whole.store.reading() as tx:
        airing = await tx.airings.get(airing_id)
        return list(await tx.airings.playbacks(airing_id)) if airing.state is AiringState.ENDED else []
