"""What every `ports.Links` holds to: the fake of the tests, and the hub with real sockets and sealed channels."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest

from agents.protocol import live
from agents.protocol.documents import Audience, Order, Stop
from agents.protocol.ids import DeviceId
from agents.protocol.journal import RefusalReason
from agents.protocol.messages import DocumentPush, DocumentReply
from controller.domain.errors import Refused, Unreachable
from controller.domain.speakers import PairedDevice
from controller.ports import Links
from controller.services.secretary import Secretary
from tests.controller.fakes import FakeClock, FakeDevice, FakeLinks, KeySigner
from tests.controller.links.conftest import Open, open_station

__all__ = ["open_station"]


@dataclass
class Case:
    """``connect`` brings a device that obeys the first document and refuses the same one signed again."""

    links: Links
    connect: Callable[[], Awaitable[DeviceId]]


async def fake_case(_: Open) -> Case:
    links, clock, signer = FakeLinks(), FakeClock(), KeySigner()

    async def connect() -> DeviceId:
        device = FakeDevice("Chợ", clock, signer.public_key)
        links.devices[device.device_id] = device
        return device.device_id

    return Case(links, connect)


async def real_case(open_one: Open) -> Case:
    station = await open_one()

    async def connect() -> DeviceId:
        device = await station.adopted()
        seen: set[str] = set()

        async def answer() -> None:
            while True:
                push = await device.receive()
                assert isinstance(push, DocumentPush)
                name = push.document.payload.hex()
                fresh = not seen or name in seen
                seen.add(name)
                reason = None if fresh else RefusalReason.REPLAYED
                await device.send(DocumentReply(document_id="o-1", accepted=fresh, reason=reason))

        answering.append(asyncio.create_task(answer()))
        return device.device_id

    return Case(station.hub, connect)


answering: list["asyncio.Task[None]"] = []


@pytest.fixture(params=[fake_case, real_case], ids=["fake", "real"])
async def case(request: pytest.FixtureRequest, open_station: Open) -> AsyncIterator[Case]:
    yield await request.param(open_station)
    while answering:
        task = answering.pop()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def orders() -> tuple[Order, Order]:
    """One stop, signed twice under the same id."""
    clock, signer = FakeClock(), KeySigner()
    secretary = Secretary(None, signer, clock)  # type: ignore[arg-type]
    for pool in secretary._pools.values():
        pool.following, pool.end = 1, 10
    device_id = FakeDevice("Chợ", clock, signer.public_key).device_id
    made = [
        secretary.order(Audience(devices=(device_id,)), Stop(), clock.now_us() + 1_000_000, document_id="o-1")
        for _ in range(2)
    ]
    return made[0][1], made[1][1]  # type: ignore[return-value]


async def test_a_device_answers_what_is_pushed_to_it(case: Case) -> None:
    device_id = await case.connect()
    assert device_id in case.links.connected()
    first, again = orders()
    for _ in range(2):
        reply = await case.links.push(device_id, first)
        assert (reply.document_id, reply.accepted) == ("o-1", True)
    refused = await case.links.push(device_id, again)
    assert (refused.accepted, refused.reason) == (False, RefusalReason.REPLAYED)


async def test_a_device_that_is_not_there_is_unreachable(case: Case) -> None:
    with pytest.raises(Unreachable):
        await case.links.push(DeviceId("d-nowhere"), orders()[0])
    assert case.links.connected() == frozenset()
    await case.links.disconnect(DeviceId("d-nowhere"))


async def test_a_device_that_was_disconnected_is_unreachable(case: Case) -> None:
    device_id = await case.connect()
    await case.links.disconnect(device_id)
    assert device_id not in case.links.connected()
    with pytest.raises(Unreachable):
        await case.links.push(device_id, orders()[0])


async def test_nobody_new_can_be_identified_or_adopted_that_is_not_there(case: Case) -> None:
    async def assign(_: PairedDevice) -> None:
        raise AssertionError("nothing is assigned to nobody")

    assert case.links.found() == ()
    for asked in (
        case.links.identify(DeviceId("d-nowhere")),
        case.links.adopt(DeviceId("d-nowhere"), "123456", assign),  # type: ignore[arg-type]
    ):
        with pytest.raises(Refused) as refused:
            await asked
        assert refused.value.code == "device_gone"


async def test_a_broadcast_hears_every_device_once_also_who_is_not_there(case: Case) -> None:
    there = [await case.connect()]
    nowhere = DeviceId("d-nowhere")
    heard: list[tuple[DeviceId, bool | None]] = []
    case.links.broadcast(
        [*there, nowhere],
        orders()[0],
        lambda who, reply: heard.append((who, None if reply is None else reply.accepted)),
    )
    async with asyncio.timeout(5):
        while len(heard) < len(there) + 1:
            await asyncio.sleep(0)
    assert sorted(heard) == sorted([*((who, True) for who in there), (nowhere, None)])


async def test_live_sound_goes_to_those_who_are_there_and_waits_for_nobody(case: Case) -> None:
    device_id = await case.connect()
    audio = KeySigner().sign_live(live.Bundle(1_000, live.tag_of("a-1"), 0, (b"\x48sound",)))
    assert case.links.live([device_id, DeviceId("d-nowhere")], audio) == 1
    assert case.links.live([], audio) == 0
    assert case.links.behind() == frozenset()
