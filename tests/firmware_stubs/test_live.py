"""Live sound from the desk to a fleet: real links, real signatures, and what every device tells of it."""

import asyncio

import pytest

from agents.protocol import live
from agents.protocol.channel import live_plain
from agents.protocol.errors import MalformedMessage
from agents.protocol.ids import AiringId
from agents.protocol.journal import Ended, Finished
from agents.protocol.signing import SigningKey
from agents.protocol.values import LivePart, PlannedAiring, RenditionName, SilencePart
from controller.domain.airings import AiringState, Playback, PlayState
from controller.domain.rights import EVERYWHERE, Actor, Right
from controller.services.live.stream import LiveStream
from firmware_stubs.live import Bundles, HeardBundle, LiveTally
from firmware_stubs.playing import Player
from tests.agents.making import SECOND_US, T0_US, airing
from tests.firmware_stubs.conftest import Whole
from tests.firmware_stubs.test_parts import Box

KEY = SigningKey.load(bytes(range(32)))

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


# --- what a simulated device makes of it, alone -----------------------------------------------------------------------


class Ordered(Box):
    """Its waits are over in the order of their instants."""

    def run(self) -> list[str]:
        while self.calls:
            self.calls.sort(key=lambda one: one[0])
            self.at_us, timer = self.calls.pop(0)
            if timer.call is not None:
                timer.call()
        return [type(event).__name__ for event in self.told]


def player() -> tuple[Ordered, Player]:
    box = Ordered()
    return box, Player(box, RenditionName.OPUS24, 0)


def spoken(airing_id: str, at_us: int = T0_US + SECOND_US) -> PlannedAiring:
    return airing(airing_id, start_at_us=at_us, sequence=(LivePart(frames=480_000),))


def bundle(airing_id: str, number: int, at_us: int) -> HeardBundle:
    packets = (SOUND,) * 3
    return HeardBundle(live.sign(KEY, live.Bundle(at_us, live.tag_of(airing_id), number, packets)))


def test_what_is_ended_is_over_at_its_instant_and_does_not_begin_when_it_comes_later() -> None:
    box, one = player()
    one.take(spoken("a-1"))
    one.end_all(["a-1", "a-2"], "o-9", T0_US + 3 * SECOND_US)
    assert box.run() == ["Stored", "Armed", "Sounding", "Ended"]
    [ended] = [event for event in box.told if isinstance(event, Ended)]
    assert (ended.order_id, ended.at_us) == ("o-9", 2 * SECOND_US)
    one.take(spoken("a-2"))
    assert box.run()[4:] == ["Ended"]


def test_what_an_airing_ends_is_over_when_it_is_heard_and_repeats_count() -> None:
    box, one = player()
    one.take(spoken("a-1"))
    pause = SilencePart(frames=48_000)
    again = airing("a-2", start_at_us=T0_US + 4 * SECOND_US, sequence=(pause,), times=3, pause_us=SECOND_US)
    one.take(again, "o-2", ("a-1",))
    assert box.run() == ["Stored", "Armed", "Stored", "Armed", "Sounding", "Ended", "Sounding", "Finished"]
    assert box.told[5] == Ended(airing_id="a-1", order_id="o-2", at_us=3 * SECOND_US)
    assert [event.ended_at_us for event in box.told if isinstance(event, Finished)] == [T0_US + 9 * SECOND_US]


def test_a_bundle_is_in_time_late_lost_or_none_of_its_business() -> None:
    _, one = player()
    one.take(spoken("a-1"))
    tally = LiveTally()
    at_us = T0_US + SECOND_US
    one.hear(bundle("a-1", 0, at_us), at_us - 100_000, tally)
    one.hear(bundle("a-1", 3, at_us), at_us + 30_000, tally)
    one.hear(bundle("a-1", 3, at_us), at_us, tally)
    one.hear(bundle("a-2", 4, at_us), at_us, tally)
    assert tally.told() == {
        "packets": 6,
        "late": 2,
        "lost": 2,
        "stray": 2,
        "refused": 0,
        "least_margin_ms": -30.0,
        "margin_ms_1": -30,
        "margin_ms_50": -30,
    }


def test_identical_bytes_are_read_once_and_a_strangers_are_known() -> None:
    audio = live.sign(KEY, live.Bundle(7, live.tag_of("a-1"), 0, (SOUND,)))
    plain, bundles = live_plain(audio), Bundles()
    assert bundles.read(bytes(plain)) is bundles.read(bytes(bytearray(plain)))
    assert bundles.read(plain).signed_by(KEY.public_bytes)
    assert not bundles.read(plain).signed_by(bytes(32))
    with pytest.raises(MalformedMessage):
        bundles.read(plain[:5])
