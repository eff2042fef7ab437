"""Dialling: whatever answers at the address, it ends in a link or in one of two kinds of error."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from agents.io.addresses import base_url, link_url
from agents.io.identity import Identity, load_or_make
from agents.io.timeport import SystemTime
from agents.io.wire import KnownController, LinkLost, Rejected, dial
from agents.protocol.codec import encode
from agents.protocol.errors import HandshakeFailed, MalformedMessage, VersionMismatch, WireError
from agents.protocol.messages import DeviceState, HelloReply, Reject, Welcome
from agents.protocol.version import MAX_FRAME_BYTES
from tests.agents.io.wire_server import WireServer

Misbehaviour = Callable[[WireServer, web.WebSocketResponse], Awaitable[object]]


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def identity(tmp_path: Path) -> Identity:
    return load_or_make(tmp_path)


async def attempt(server: WireServer, http: aiohttp.ClientSession, identity: Identity, pinned: bool = False) -> None:
    """Dials, and waits for one message."""
    known = None
    if pinned:
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

        key = X25519PrivateKey.from_private_bytes(server.private).public_key().public_bytes_raw()
        known = KnownController(server.controller_id, key)
        server.pinned[identity.device_id] = identity.public_key
    async with dial(http, server.url, identity, known, SystemTime()) as wire:
        await wire.receive(2.0)


async def test_nobody_at_the_address_is_a_lost_link(http: aiohttp.ClientSession, identity: Identity) -> None:
    for url in ("ws://127.0.0.1:1/link", "ws://[::1]:1/link", "ws://no.such.host.invalid/link"):
        with pytest.raises(LinkLost):
            async with dial(http, url, identity, None, SystemTime()):
                pass


async def test_a_web_page_at_the_address_is_a_lost_link(http: aiohttp.ClientSession, identity: Identity) -> None:
    async with WireServer().serving() as server:
        with pytest.raises(LinkLost):
            async with dial(http, server.url + "/elsewhere", identity, None, SystemTime()):
                pass


async def say_text(server: WireServer, socket: web.WebSocketResponse) -> None:
    await socket.send_str("hello, who are you?")


async def say_bytes(server: WireServer, socket: web.WebSocketResponse) -> None:
    await socket.send_bytes(os.urandom(500))


async def say_too_much(server: WireServer, socket: web.WebSocketResponse) -> None:
    await socket.send_str("x" * 5_000)


async def say_a_huge_frame(server: WireServer, socket: web.WebSocketResponse) -> None:
    await socket.send_bytes(bytes(MAX_FRAME_BYTES + 2))
    await socket.receive()


async def say_an_inner_message(server: WireServer, socket: web.WebSocketResponse) -> None:
    await socket.send_str('{"type":"identify"}')


async def shake_with_garbage(server: WireServer, socket: web.WebSocketResponse) -> None:
    await socket.send_str(encode(HelloReply(protocol=1, controller_id=server.controller_id, handshake="XX")).decode())
    await socket.receive()
    await socket.send_bytes(os.urandom(96))
    await socket.receive()


async def shake_in_text(server: WireServer, socket: web.WebSocketResponse) -> None:
    await socket.send_str(encode(HelloReply(protocol=1, controller_id=server.controller_id, handshake="XX")).decode())
    await socket.receive()
    await socket.send_str("text")


async def speak_version_nine(server: WireServer, socket: web.WebSocketResponse) -> None:
    await socket.send_str(encode(HelloReply(protocol=9, controller_id=server.controller_id, handshake="XX")).decode())


async def ask_for_kk(server: WireServer, socket: web.WebSocketResponse) -> None:
    await socket.send_str(encode(HelloReply(protocol=1, controller_id=server.controller_id, handshake="KK")).decode())


async def turn_away(server: WireServer, socket: web.WebSocketResponse) -> None:
    await socket.send_str(encode(Reject(reason="busy", retry_after_s=7.5)).decode())


async def hang_up(server: WireServer, socket: web.WebSocketResponse) -> None:
    await socket.close()


@pytest.mark.parametrize(
    ("misbehaviour", "error"),
    [
        (say_text, MalformedMessage),
        (say_bytes, MalformedMessage),
        (say_too_much, WireError),
        (say_a_huge_frame, WireError),
        (say_an_inner_message, MalformedMessage),
        (shake_with_garbage, HandshakeFailed),
        (shake_in_text, MalformedMessage),
        (speak_version_nine, VersionMismatch),
        (ask_for_kk, HandshakeFailed),
        (turn_away, Rejected),
        (hang_up, LinkLost),
    ],
)
async def test_what_the_other_side_says_wrong_is_an_error_with_a_name(
    http: aiohttp.ClientSession, identity: Identity, misbehaviour: Misbehaviour, error: type[Exception]
) -> None:
    async with WireServer(speak=misbehaviour).serving() as server:
        with pytest.raises(error):
            await attempt(server, http, identity)


async def test_turned_away_it_knows_for_how_long(http: aiohttp.ClientSession, identity: Identity) -> None:
    async with WireServer(speak=turn_away).serving() as server:
        with pytest.raises(Rejected, match="busy") as rejected:
            await attempt(server, http, identity)
    assert rejected.value.retry_after_s == 7.5


async def test_a_controller_with_another_key_than_its_id_is_refused(
    http: aiohttp.ClientSession, identity: Identity
) -> None:
    class Liar(WireServer):
        @property
        def controller_id(self) -> str:
            return "c-aaaaaaaaaaaaaaaa"

    async with Liar().serving() as server:
        with pytest.raises(HandshakeFailed, match="does not fit"):
            await attempt(server, http, identity)


async def test_a_pinned_device_does_not_talk_to_another_controller(
    http: aiohttp.ClientSession, identity: Identity
) -> None:
    async with WireServer().serving() as server:
        other = KnownController(WireServer().controller_id, WireServer().signing.public_bytes)
        server.pinned[identity.device_id] = identity.public_key
        with pytest.raises(HandshakeFailed, match="was expected"):
            async with dial(http, server.url, identity, other, SystemTime()):
                pass


async def test_silence_ends_a_link(http: aiohttp.ClientSession, identity: Identity) -> None:
    async with WireServer().serving() as server, dial(http, server.url, identity, None, SystemTime()) as wire:
        with pytest.raises(LinkLost, match=r"nothing was heard for 0\.1 s"):
            await wire.receive(0.1)


async def test_unknown_messages_are_left_out_and_counted(http: aiohttp.ClientSession, identity: Identity) -> None:
    async with WireServer().serving() as server, dial(http, server.url, identity, None, SystemTime()) as wire:
        link = await server.until(lambda: next(iter(server.links.values()), None))
        for frame in link.channel.encrypt(b'{"type":"from_the_future"}'):
            await link.socket.send_bytes(frame)
        await link.socket.send_bytes(link.channel._seal(b"\x7f???"))
        await link.send(server._welcome())

        received = await wire.receive(2.0)

        assert isinstance(received.content, Welcome)
        assert wire.unknown_count == 2


async def test_text_inside_the_channel_ends_the_link(http: aiohttp.ClientSession, identity: Identity) -> None:
    async with WireServer().serving() as server, dial(http, server.url, identity, None, SystemTime()) as wire:
        link = await server.until(lambda: next(iter(server.links.values()), None))
        await link.socket.send_str("psst")
        with pytest.raises(MalformedMessage):
            await wire.receive(2.0)


async def test_arrival_is_stamped_on_the_local_clock(http: aiohttp.ClientSession, identity: Identity) -> None:
    time = SystemTime()
    async with WireServer().serving() as server, dial(http, server.url, identity, None, time) as wire:
        link = await server.until(lambda: next(iter(server.links.values()), None))
        before_us = time.monotonic_us()
        await link.send(server._welcome())
        received = await wire.receive(2.0)
        assert before_us <= received.arrived_local_us <= time.monotonic_us()


async def test_sending_from_several_tasks_keeps_the_frames_in_order(
    http: aiohttp.ClientSession, identity: Identity
) -> None:
    from agents.protocol.messages import AdoptRefused, NewDevice

    async with WireServer().serving() as server, dial(http, server.url, identity, None, SystemTime()) as wire:
        introduction = NewDevice(model="m", software="s", name="n", identifies_left=5, identify_until_s=1)
        await wire.send(introduction)
        link = await server.linked(DeviceState.NEW)
        await asyncio.gather(*(wire.send(AdoptRefused(reason=f"{number}" * 150)) for number in range(10)))
        await server.until(lambda: len(link.said) == 11)
    assert server.problems == []


@pytest.mark.parametrize(
    ("written", "dialled"),
    [
        ("192.168.1.10:8080", "ws://192.168.1.10:8080/link"),
        ("http://192.168.1.10:8080", "ws://192.168.1.10:8080/link"),
        ("https://loa.example.vn", "wss://loa.example.vn/link"),
        ("https://loa.example.vn/tinh/", "wss://loa.example.vn/tinh/link"),
        ("wss://loa.example.vn/link", "wss://loa.example.vn/link"),
        ("loa.local", "ws://loa.local/link"),
    ],
)
def test_addresses_as_people_write_them(written: str, dialled: str) -> None:
    assert link_url(written) == dialled


@pytest.mark.parametrize(
    "written", ["", "ftp://x", "http://", "http://a:b@x", "http://x?y=1", "http://x:port", "ws://"]
)
def test_what_cannot_be_dialled_is_refused_with_a_sentence(written: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        link_url(written)


def test_clips_come_from_where_the_link_goes() -> None:
    assert base_url("ws://127.0.0.1:8080/link") == "http://127.0.0.1:8080"
    assert base_url("wss://loa.example.vn/tinh/link") == "https://loa.example.vn/tinh"
