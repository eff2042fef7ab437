"""Live sound over real links: who gets it, who is left out, and that an order never waits behind it."""

import asyncio
import socket
from typing import Any

import aiohttp
import pytest

from agents.protocol import live
from agents.protocol.channel import LiveAudio
from agents.protocol.ids import DeviceId
from agents.protocol.messages import DocumentPush
from agents.protocol.signing import SigningKey
from controller.links import fan
from tests.controller.links.conftest import KEYS, Device, Station, order

KEY = SigningKey.load(KEYS.signing_private)


def bundle(number: int, size: int = 60, stream: str = "a-1") -> LiveAudio:
    packets = (bytes([0x48]) * size,) * 3
    return live.sign(KEY, live.Bundle(60_000 * number, live.tag_of(stream), number, packets))


async def heard(device: Device) -> Any:
    """The next thing that comes to a device: live sound, or a message."""
    frame = await device.frame()
    assert frame.type is aiohttp.WSMsgType.BINARY, frame
    plain = device.channel.feed(frame.data)
    return plain if isinstance(plain, LiveAudio) else device._decoder.decode(plain)


async def test_every_device_gets_the_same_signed_bundles_in_order(station: Station) -> None:
    devices = [await station.adopted() for _ in range(3)]
    sent = [bundle(number) for number in range(5)]
    ids = [device.device_id for device in devices]
    assert [station.hub.live([*ids, DeviceId("d-away")], audio) for audio in sent] == [3] * 5
    for device in devices:
        got = [await heard(device) for _ in sent]
        assert got == sent
        live.verify(KEY.public_bytes, got[0])
    assert station.hub.counters.live_sent == 15
    assert station.hub.behind() == frozenset()


async def test_a_fan_out_goes_on_a_piece_at_a_time(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fan, "AT_A_TIME", 2)
    devices = [await station.adopted() for _ in range(5)]
    ids = [device.device_id for device in devices]
    station.hub.live(ids, bundle(0))
    station.hub.live(ids, bundle(0, stream="a-2"))
    assert station.hub.counters.live_sent == 4, "the first piece of each stream at once"
    station.hub.live(ids, bundle(1))
    for device in devices:
        got = [live.read(await heard(device)) for _ in range(3)]
        assert [one.number for one in got if one.tag == live.tag_of("a-1")] == [0, 1]


@pytest.mark.parametrize("ended", [False, True], ids=["is over there", "its link ended"])
async def test_no_bundle_overtakes_another_of_its_stream_though_who_hears_it_changes_meanwhile(
    station: Station, monkeypatch: pytest.MonkeyPatch, ended: bool
) -> None:
    """A loop that is slow hands over several at once, and in between somebody leaves: all others move up."""
    monkeypatch.setattr(fan, "AT_A_TIME", 2)
    leaves, *others = [await station.adopted() for _ in range(7)]
    rest = [device.device_id for device in others]
    station.hub.live([leaves.device_id, *rest], bundle(0))
    station.hub.live([leaves.device_id, *rest], bundle(1))
    if ended:
        station.hub.roll.end(leaves.device_id, "replaced")
    station.hub.live([leaves.device_id, *rest] if ended else rest, bundle(2))
    station.hub.live(rest[3:], bundle(3))
    for number, device in enumerate(others):
        wanted = [0, 1, 2, 3] if number >= 3 else [0, 1, 2]
        assert [live.read(await heard(device)).number for _ in wanted] == wanted
    station.hub.live(rest, bundle(4))
    assert live.read(await heard(others[0])).number == 4, "the next goes out at once again"
    assert station.hub.fan.idle


async def test_where_the_loop_is_slow_bundles_follow_each_other_a_piece_apart(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five bundles to five pieces of links: nine rounds of the loop, and not twenty-five."""
    monkeypatch.setattr(fan, "AT_A_TIME", 1)
    ids = [(await station.adopted()).device_id for _ in range(5)]
    for number in range(5):
        station.hub.live(ids, bundle(number))
    rounds = 0
    while not station.hub.fan.idle:
        await asyncio.sleep(0)
        rounds += 1
    assert station.hub.counters.live_sent == 25
    assert rounds <= 10


async def test_no_more_than_a_second_of_sound_waits_for_a_slow_loop(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fan, "AT_A_TIME", 1)
    device, other = [await station.adopted() for _ in range(2)]
    for number in range(fan.BUNDLES_A_SECOND + 5):
        station.hub.live([device.device_id, other.device_id], bundle(number))
    got = [live.read(await heard(device)).number for _ in range(fan.BUNDLES_A_SECOND)]
    assert got == list(range(fan.BUNDLES_A_SECOND))
    assert station.hub.counters.live_skipped == 10
    station.hub.live([device.device_id], bundle(100))
    assert live.read(await heard(device)).number == 100


async def test_who_takes_nothing_is_left_out_after_a_second_of_sound(station: Station) -> None:
    slow, quick = await station.adopted(), await station.adopted()
    link = station.hub.roll.get(slow.device_id)
    assert link is not None
    transport = slow.socket.get_extra_info("transport") or slow.socket._response.connection.transport
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    transport.pause_reading()
    reading = asyncio.create_task(numbers_until(quick, 399))
    for number in range(400):
        station.hub.live([slow.device_id, quick.device_id], bundle(number, 1_275))
        await asyncio.sleep(0)
    a_frame = len(bundle(0, 1_275).payload) + 32
    assert station.hub.behind() == {slow.device_id}
    assert link.socket.socket.held_bytes <= (fan.BUNDLES_A_SECOND + 4) * a_frame
    pushing = asyncio.create_task(station.hub.push(slow.device_id, order(1)))
    await asyncio.sleep(0)
    transport.resume_reading()
    late = await numbers_until(slow, None)
    assert late == list(range(len(late))), "what was begun is whole"
    assert len(late) < 350, "the order did not wait behind what came after"
    assert await reading == list(range(400)), "nobody else missed anything"
    while station.hub.live([slow.device_id], bundle(400)) == 0:
        await asyncio.sleep(0)
    assert station.hub.behind() == frozenset(), "the network took it: it comes back"
    assert station.hub.counters.live_skipped >= 400 - len(late)
    pushing.cancel()


async def test_a_link_that_ended_is_not_kept(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fan, "LEAST_BYTES", -1)
    monkeypatch.setattr(fan, "BUNDLES_A_SECOND", -1)  # whoever is looked at has too much
    gone, stays = await station.adopted(), await station.adopted()
    for number in range(4):
        station.hub.live([gone.device_id, stays.device_id], bundle(number))
    assert len(station.hub.fan._behind) == 2
    station.hub.roll.end(gone.device_id, "replaced")
    station.hub.live([stays.device_id], bundle(4))
    assert [link.device_id for link in station.hub.fan._behind] == [stays.device_id]


async def numbers_until(device: Device, last: int | None) -> list[int]:
    """The numbers of the bundles that come, up to the last, or up to the first message."""
    numbers: list[int] = []
    while isinstance(got := await heard(device), LiveAudio):
        numbers.append(live.read(got).number)
        if numbers[-1] == last:
            return numbers
    assert isinstance(got, DocumentPush)
    return numbers
