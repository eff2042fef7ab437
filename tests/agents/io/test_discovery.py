"""mDNS on the loopback address: an agent is found, finds, and is told apart from whoever copies its name."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from zeroconf import DNSOutgoing, DNSPointer, IPVersion
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from agents.io.discovery import Announcement, Discovery, FoundController
from agents.io.timeport import SystemTime
from agents.protocol.messages import Adopted, DeviceState
from agents.protocol.version import AGENT_SERVICE, CONTROLLER_SERVICE
from tests.agents.io.agent_process import running
from tests.agents.io.wire_server import WireServer

LOOPBACK = ("127.0.0.1",)
PATIENCE_S = 10.0
T = TypeVar("T")


@pytest.fixture
async def network() -> AsyncIterator[AsyncZeroconf]:
    """Somebody else on the same network."""
    zeroconf = AsyncZeroconf(interfaces=list(LOOPBACK), ip_version=IPVersion.V4Only)
    try:
        yield zeroconf
    finally:
        await zeroconf.async_close()


async def until(look: Callable[[], T | None]) -> T:
    async with asyncio.timeout(PATIENCE_S):
        while not (found := look()):
            await asyncio.sleep(0.02)
        return found


@contextlib.asynccontextmanager
async def discovering(device_id: str, state: DeviceState = DeviceState.NEW) -> AsyncIterator[Discovery]:
    announcement = Announcement(device_id=device_id, model="test box", name="Chợ xã", state=state)
    discovery = Discovery(announcement, SystemTime(), LOOPBACK)
    task = asyncio.create_task(discovery.run())
    try:
        yield discovery
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@contextlib.asynccontextmanager
async def browsing(network: AsyncZeroconf) -> AsyncIterator[dict[str, dict[str, Any]]]:
    """Every agent that is announced, by instance name, as any browser would read it."""
    seen: dict[str, dict[str, Any]] = {}
    tasks: set[asyncio.Task[None]] = set()

    async def resolve(name: str) -> None:
        info = AsyncServiceInfo(AGENT_SERVICE, name)
        if await info.async_request(network.zeroconf, 3000):
            seen[name] = {**info.decoded_properties, "port": info.port, "addresses": info.parsed_addresses()}

    def changed(zeroconf: Any, service_type: str, name: str, state_change: Any) -> None:
        if state_change.name == "Removed":
            seen.pop(name, None)
        else:
            tasks.add(asyncio.ensure_future(resolve(name)))

    browser = AsyncServiceBrowser(network.zeroconf, [AGENT_SERVICE], handlers=[changed])
    try:
        yield seen
    finally:
        await browser.async_cancel()
        await asyncio.gather(*tasks)


def controller_info(server: WireServer, **texts: str) -> AsyncServiceInfo:
    return AsyncServiceInfo(
        CONTROLLER_SERVICE,
        f"{server.controller_id}.{CONTROLLER_SERVICE}",
        port=server.port,
        properties={"id": server.controller_id, "protocol": "1", **texts},
        server=f"{server.controller_id}.local.",
        parsed_addresses=["127.0.0.1"],
    )


async def test_any_browser_reads_what_a_device_is(network: AsyncZeroconf) -> None:
    async with browsing(network) as seen, discovering("d-aaaa"):
        found = await until(lambda: seen.get(f"d-aaaa.{AGENT_SERVICE}"))
    assert found == {
        "id": "d-aaaa",
        "model": "test box",
        "protocol": "1",
        "state": "new",
        "name": "Chợ xã",
        "port": 9,
        "addresses": ["127.0.0.1"],
    }


async def test_two_devices_of_the_same_name_are_two(network: AsyncZeroconf) -> None:
    one, other = f"d-aaaa.{AGENT_SERVICE}", f"d-bbbb.{AGENT_SERVICE}"
    async with browsing(network) as seen, discovering("d-aaaa"), discovering("d-bbbb"):
        await until(lambda: one in seen and other in seen)
        assert seen[one]["name"] == seen[other]["name"] == "Chợ xã"
        assert (seen[one]["id"], seen[other]["id"]) == ("d-aaaa", "d-bbbb")


async def test_the_announcement_changes_with_the_state(network: AsyncZeroconf) -> None:
    name = f"d-aaaa.{AGENT_SERVICE}"
    async with browsing(network) as seen, discovering("d-aaaa") as discovery:
        await until(lambda: seen.get(name))
        discovery.announce(Announcement("d-aaaa", "test box", "Chợ xã", DeviceState.ADOPTED))
        await until(lambda: seen[name]["state"] == "adopted")


async def test_a_name_that_is_too_long_for_a_record_is_cut_at_a_letter() -> None:
    texts = Announcement("d-aaaa", "x", "ễ" * 200, DeviceState.NEW).properties()
    assert texts["name"] == "ễ" * 66


async def test_controllers_come_change_and_go(network: AsyncZeroconf) -> None:
    server = WireServer(port=8765)
    async with discovering("d-aaaa") as discovery:
        await (await network.async_register_service(controller_info(server)))
        found = await until(lambda: discovery.find(server.controller_id))
        assert found.urls == ("ws://127.0.0.1:8765/link",)

        server.port = 8766
        await (await network.async_update_service(controller_info(server, run="2")))
        await until(lambda: discovery.find(server.controller_id).urls == ("ws://127.0.0.1:8766/link",))

        await (await network.async_unregister_service(controller_info(server)))
        await until(lambda: discovery.find(server.controller_id) is None)


async def test_names_that_nobody_answers_for_hold_up_nobody(
    network: AsyncZeroconf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agents.io.discovery._RESOLVE_WITHIN_MS", 60_000)
    somebody = WireServer(port=8765)
    async with discovering("d-aaaa") as discovery:
        for number in range(3):
            discovery._resolving.put_nowait(f"c-dead{number}.{CONTROLLER_SERVICE}")
            discovery._announced.add(f"c-dead{number}.{CONTROLLER_SERVICE}")
        await until(discovery._resolving.empty)

        await (await network.async_register_service(controller_info(somebody)))
        await until(lambda: discovery.find(somebody.controller_id))


async def test_who_is_not_seen_again_on_another_network_is_forgotten(
    network: AsyncZeroconf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agents.io.discovery._LOOK_AGAIN_AFTER_S", 0.05)
    monkeypatch.setattr("agents.io.discovery._SEEN_AGAIN_WITHIN_S", 1.0)
    stays, gone = WireServer(port=1), WireServer(port=2)
    await (await network.async_register_service(controller_info(stays)))
    async with discovering("d-aaaa") as discovery:
        await until(lambda: discovery.find(stays.controller_id))
        discovery._replace("gone", FoundController(gone.controller_id, ("ws://127.0.0.1:2/link",)))

        monkeypatch.setattr(discovery, "_present", lambda: ("127.0.0.1", "127.0.0.2"))

        await until(lambda: discovery.find(gone.controller_id) is None)
        await until(lambda: discovery.find(stays.controller_id))


async def test_an_announcement_without_an_id_is_nobody(network: AsyncZeroconf) -> None:
    nobody, somebody = WireServer(port=1), WireServer(port=2)
    info = controller_info(nobody, id="")
    async with discovering("d-aaaa") as discovery:
        await (await network.async_register_service(info))
        await (await network.async_register_service(controller_info(somebody)))
        await until(lambda: discovery.find(somebody.controller_id))
        # Others may be on this network too.
        found = {found.controller_id for found in discovery.controllers()}
        assert not found & {"", nobody.controller_id}


def shout(network: AsyncZeroconf, service: str, instance: str) -> None:
    """Announces an instance as it stands, whether or not there may be such a name."""
    packet = DNSOutgoing(0x8400)  # an answer that nobody asked for
    packet.add_answer_at_time(DNSPointer(service, 12, 1, 120, f"{instance}.{service}"), 0)
    network.zeroconf.async_send(packet)


@pytest.mark.parametrize("instance", ["\x01bell", "x" * 60 + "\x7f", "_sub"])
async def test_a_name_that_there_may_not_be_is_passed_over_and_all_others_are_found(
    network: AsyncZeroconf, caplog: pytest.LogCaptureFixture, instance: str
) -> None:
    somebody = WireServer(port=8765)
    async with browsing(network) as seen, discovering("d-aaaa") as discovery:
        await until(lambda: f"d-aaaa.{AGENT_SERVICE}" in seen)
        shout(network, CONTROLLER_SERVICE, instance)
        await until(lambda: f"{instance}.{CONTROLLER_SERVICE}" in discovery._announced)
        await (await network.async_register_service(controller_info(somebody)))

        await until(lambda: discovery.find(somebody.controller_id))
        assert "mDNS does not work" not in caplog.text


async def test_without_a_network_it_keeps_trying_and_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    announcement = Announcement("d-aaaa", "x", "x", DeviceState.NEW)
    discovery = Discovery(announcement, SystemTime(), ("192.0.2.254",))
    task = asyncio.create_task(discovery.run())
    await until(lambda: "mDNS does not work now" in caplog.text)
    assert not task.done()
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def test_a_real_agent_and_a_server_find_each_other_without_any_setting(
    network: AsyncZeroconf, tmp_path: Path
) -> None:
    async with browsing(network) as seen, WireServer().serving() as server:
        await (await network.async_register_service(controller_info(server, run="1")))
        async with running(tmp_path, "--mdns-interfaces", "127.0.0.1", "--name", "Đầu làng") as agent:
            link = await server.linked(DeviceState.NEW, await agent.device_id())
            name = f"{link.hello.device_id}.{AGENT_SERVICE}"
            announced = await until(lambda: seen.get(name))
            assert (announced["state"], announced["name"]) == ("new", "Đầu làng")

            _, code = await agent.command("code")
            assert isinstance(await server.adopt_by_code(link, code), Adopted)
            await server.linked(DeviceState.ADOPTED, link.hello.device_id)
            await until(lambda: seen[name]["state"] == "adopted")


async def test_a_controller_that_comes_back_elsewhere_is_dialled_at_once(
    network: AsyncZeroconf, tmp_path: Path
) -> None:
    server = WireServer()
    async with contextlib.AsyncExitStack() as stack:
        async with server.serving():
            await (await network.async_register_service(controller_info(server, run="1")))
            agent = await stack.enter_async_context(running(tmp_path, "--mdns-interfaces", "127.0.0.1"))
            device_id = await agent.device_id()
            link = await server.linked(DeviceState.NEW, device_id)
            _, code = await agent.command("code")
            await server.adopt_by_code(link, code)
            await server.linked(DeviceState.ADOPTED, device_id)
        await agent.said("link_lost", 3)
        server.port = 0
        async with server.serving():
            await (await network.async_update_service(controller_info(server, run="2")))
            await server.linked(DeviceState.ADOPTED, device_id)
