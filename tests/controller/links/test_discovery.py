"""mDNS on the loopback address: announced, found, gone again; and what is heard is never believed too far."""

import asyncio
import contextlib

import pytest
from zeroconf import DNSOutgoing, DNSPointer, IPVersion
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from agents.protocol.version import AGENT_SERVICE, CONTROLLER_SERVICE
from controller.links.discovery import Announcement, Discovery, parse_interfaces, sighting_of

LOOPBACK = "127.0.0.1"
ANNOUNCEMENT = Announcement(controller_id="c-test", name="Đài xã", port=8099, run="r1")


class Heard:
    def __init__(self):
        self.seen = {}
        self.changed = asyncio.Event()

    def sighted(self, sighting):
        self.seen[sighting.device_id] = sighting
        self.changed.set()

    def lost(self, device_ids):
        for device_id in device_ids:
            self.seen.pop(device_id, None)
        self.changed.set()

    async def until(self, condition):
        async with asyncio.timeout(15):
            while not condition(self.seen):
                self.changed.clear()
                await self.changed.wait()


@contextlib.asynccontextmanager
async def running(heard, interfaces=(LOOPBACK,)):
    discovery = Discovery(ANNOUNCEMENT, interfaces, sighted=heard.sighted, lost=heard.lost, now_us=lambda: 42)
    task = asyncio.create_task(discovery.run())
    try:
        yield discovery, task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def agent(instance, device_id, name, state="new"):
    return AsyncServiceInfo(
        AGENT_SERVICE,
        f"{instance}.{AGENT_SERVICE}",
        port=9,
        properties={"id": device_id, "model": "Box", "protocol": "1", "state": state, "name": name},
        server=f"{instance}.local.",
        parsed_addresses=[LOOPBACK],
    )


@contextlib.asynccontextmanager
async def network():
    zeroconf = AsyncZeroconf(interfaces=[LOOPBACK], ip_version=IPVersion.V4Only)
    try:
        yield zeroconf
    finally:
        await zeroconf.async_close()


async def test_devices_are_sighted_and_lost_and_a_copied_name_is_another_device():
    heard = Heard()
    async with running(heard), network() as zeroconf:
        infos = [agent("d-test1", "d-test1", "Loa chợ"), agent("d-test2", "d-test2", "Loa chợ", "adopted")]
        for info in infos:
            await (await zeroconf.async_register_service(info, cooperating_responders=True))
        await heard.until(lambda seen: {"d-test1", "d-test2"} <= set(seen))
        first, second = heard.seen["d-test1"], heard.seen["d-test2"]
        assert (first.name, first.adopted, first.address) == ("Loa chợ", False, LOOPBACK)
        assert (second.name, second.adopted) == ("Loa chợ", True)
        await (await zeroconf.async_unregister_service(infos[0]))
        await heard.until(lambda seen: "d-test1" not in seen)
        assert "d-test2" in heard.seen


async def test_the_controller_is_announced_with_what_a_device_needs():
    async with running(Heard()), network() as zeroconf:
        info = AsyncServiceInfo(CONTROLLER_SERVICE, f"c-test.{CONTROLLER_SERVICE}")
        assert await info.async_request(zeroconf.zeroconf, 10_000)
        assert info.decoded_properties == {"id": "c-test", "protocol": "1", "name": "Đài xã", "run": "r1"}
        assert (info.port, info.parsed_addresses()) == (8099, [LOOPBACK])


async def test_where_it_cannot_start_it_is_tried_again_and_stops_nobody(caplog):
    async with running(Heard(), interfaces=("192.0.2.1",)) as (discovery, task):
        async with asyncio.timeout(10):
            while not caplog.records:
                await asyncio.sleep(0)
        assert "192.0.2.1 is no address of this machine" in caplog.text
        assert not task.done()
        assert not discovery.working


@pytest.mark.parametrize(
    "texts",
    [
        {},
        {"id": None},
        {"id": ""},
        {"id": "c-controller"},
        {"id": "d-" + "x" * 200},
        {"id": "d-../../etc"},
    ],
)
def test_what_is_none_of_ours_is_left_out(texts):
    assert sighting_of(texts, [LOOPBACK], 1) is None


def test_texts_from_the_network_are_cut_and_cleaned():
    sighting = sighting_of({"id": "d-1", "name": "a\x1b[31m\n" + "x" * 500, "model": None}, [], 1)
    assert sighting.name == "a[31m" + "x" * 193
    assert (sighting.model, sighting.address) == ("", "")


def test_interfaces_are_default_or_addresses():
    assert parse_interfaces("default") == ()
    assert parse_interfaces("127.0.0.1, 192.0.2.1") == ("127.0.0.1", "192.0.2.1")
    for wrong in ("", "eth0", "::1", "127.0.0.1;x"):
        with pytest.raises(ValueError, match="default"):
            parse_interfaces(wrong)


async def test_a_name_that_there_may_not_be_is_passed_over_and_all_others_are_found(caplog):
    heard = Heard()
    async with running(heard):
        zeroconf = AsyncZeroconf(interfaces=[LOOPBACK], ip_version=IPVersion.V4Only)
        try:
            await (await zeroconf.async_register_service(agent("one", "d-one", "One")))
            await heard.until(lambda seen: "d-one" in seen)
            packet = DNSOutgoing(0x8400)  # an answer that nobody asked for
            packet.add_answer_at_time(DNSPointer(AGENT_SERVICE, 12, 1, 120, f"\x01bell.{AGENT_SERVICE}"), 0)
            zeroconf.zeroconf.async_send(packet)
            await (await zeroconf.async_register_service(agent("two", "d-two", "Two")))
            await heard.until(lambda seen: "d-two" in seen)
            assert "d-one" in heard.seen
            assert "mDNS does not work" not in caplog.text
        finally:
            await zeroconf.async_close()
