"""Before a device has proven who it is: versions, limits, garbage at every stage."""

import asyncio
import random

import aiohttp
import pytest

from agents.protocol.channel import Channel, ClockAnswer, Pattern, prologue
from agents.protocol.messages import DeviceState, HelloReply, Reject, Welcome
from controller.links.gate import Gate


async def test_the_newest_common_version_is_spoken(station):
    reply = await (await station.device().connect()).greet(protocol=9)
    assert isinstance(reply, HelloReply)
    assert reply.protocol == 1


@pytest.mark.parametrize(("oldest", "newest"), [(2, 9), (0, 0)])
async def test_without_a_common_version_the_device_is_told(station, oldest, newest):
    reply = await (await station.device().connect()).greet(oldest_protocol=oldest, protocol=newest)
    assert reply == Reject(reason="version", retry_after_s=3_600.0)


@pytest.mark.parametrize(
    "garbage",
    [
        pytest.param(lambda s: s.send_str("GET / HTTP/1.1"), id="no JSON"),
        pytest.param(lambda s: s.send_str("[]"), id="no object"),
        pytest.param(lambda s: s.send_str('{"type":"hello"}'), id="fields missing"),
        pytest.param(lambda s: s.send_str('{"type":"reject","reason":"no"}'), id="another message"),
        pytest.param(lambda s: s.send_str('{"type":"from_the_future"}'), id="an unknown message"),
        pytest.param(lambda s: s.send_str('{"x":"' + "y" * 5_000 + '"}'), id="too large a hello"),
        pytest.param(lambda s: s.send_bytes(b"\x00\x01"), id="binary"),
        pytest.param(lambda s: s.send_str("x" * 70_000), id="too large a frame"),
        pytest.param(lambda s: s.send_str("[" * 4_000), id="deep"),
    ],
)
async def test_garbage_for_a_hello_is_refused_and_disturbs_nobody(station, garbage):
    good = await station.adopted()
    bad = await station.device().connect()
    await garbage(bad.socket)
    assert await bad.farewell() in ("garbage", None)
    assert station.hub.counters.garbage == 1
    await good.ask_time(1)
    assert isinstance(await good.receive(), ClockAnswer)


@pytest.mark.parametrize("adopted", [False, True])
@pytest.mark.parametrize(
    "garbage",
    [
        pytest.param(lambda s: s.send_bytes(b"\xff" * 48), id="noise"),
        pytest.param(lambda s: s.send_bytes(b""), id="nothing"),
        pytest.param(lambda s: s.send_str("{}"), id="text"),
        pytest.param(lambda s: s.send_bytes(b"x" * 65_535), id="large"),
    ],
)
async def test_garbage_for_a_handshake_is_refused(station, garbage, adopted, controller_identity):
    device = station.device()
    station.services.pinned[device.device_id] = device.public
    await device.connect()
    state = DeviceState.ADOPTED if adopted else DeviceState.NEW
    await device.greet(state=state, controller_id=controller_identity.controller_id)
    await garbage(device.socket)
    await garbage(device.socket)
    assert await device.farewell() in ("garbage", None)
    assert station.hub.connected() == frozenset()
    assert station.hub.found() == ()


async def test_who_changes_the_clear_texts_on_the_way_breaks_the_handshake(station):
    device = await station.device().connect()
    await device.greet()
    changed = prologue(device._hello, device._reply.replace(b'"protocol":1', b'"protocol":2'))
    channel = Channel.initiator(Pattern.XX, device.private, None, changed)
    await device.socket.send_bytes(channel.write_handshake())
    reply = await device.frame()
    with pytest.raises(Exception, match="key"):
        channel.read_handshake(reply.data)


async def test_an_id_that_does_not_fit_the_key_is_refused(station):
    device = await station.device().connect()
    await device.greet(device_id="d-aaaaaaaaaaaaaaaa")
    await device.prove(Pattern.XX)
    assert await device.farewell() == "garbage"
    assert station.hub.found() == ()


async def test_who_is_silent_before_the_proof_is_cut(open_station):
    station = await open_station(handshake_limit_s=0.1)
    mute = await station.device().connect()
    assert await mute.farewell() is None
    half = await station.device().connect()
    assert isinstance(await half.greet(), HelloReply)
    assert await half.farewell() is None
    assert station.door.gate.unproven == 0


async def test_only_so_many_may_be_proving_themselves_at_once(open_station):
    station = await open_station(max_unproven_links=2, line_at_most=0)
    waiting = [await station.device().connect() for _ in range(2)]
    replies = [await device.greet() for device in waiting]
    assert all(isinstance(reply, HelloReply) for reply in replies)
    reject = await (await station.device().connect()).clear()
    assert reject.reason == "busy"
    assert 1.0 <= reject.retry_after_s <= 30.0
    await waiting[0].socket.close()
    async with asyncio.timeout(5):
        while station.door.gate.unproven == 2:
            await asyncio.sleep(0)
    assert isinstance(await (await station.device().connect()).greet(), HelloReply)


async def test_a_plain_http_request_for_the_link_is_refused(station):
    async with station.http.get(station.url + "/link") as answer:
        assert answer.status == 400


async def test_no_compression_is_agreed(station):
    socket = await station.http.ws_connect(station.url + "/link", compress=15)
    assert socket.compress == 0
    await socket.close()
    assert isinstance(socket, aiohttp.ClientWebSocketResponse)


# --- the gate ---------------------------------------------------------------------------------------------------------


def test_an_address_has_its_own_limit_so_that_others_still_get_in():
    gate = Gate(most=3, most_per_address=2, dice=random.Random(1))
    assert [gate.enter("a"), gate.enter("a")] == [None, None]
    assert gate.enter("a") is not None
    assert gate.enter("b") is None
    assert gate.enter("c") is not None, "all places are taken"
    gate.leave("a")
    assert gate.enter("c") is None


def test_those_who_are_sent_away_do_not_come_back_together():
    gate = Gate(most=0, most_per_address=1, dice=random.Random(1))
    waits = [gate.enter("a") for _ in range(50)]
    assert len(set(waits)) == 50
    assert all(1.0 <= wait <= 30.0 for wait in waits)


def test_who_misbehaves_waits_twice_as_long_each_time_up_to_five_minutes_and_is_forgiven():
    gate = Gate(most=1, most_per_address=1)
    waits = [gate.misbehaved("a", now_s=float(n))[0] for n in range(12)]
    assert waits[:4] == [1.0, 2.0, 4.0, 8.0]
    assert waits[-1] == 300.0
    assert gate.misbehaved("b", now_s=12.0) == (1.0, 1)
    assert gate.misbehaved("a", now_s=1_000.0) == (1.0, 1)


async def _replay(station, hello, first_message):
    """Somebody who recorded how a device linked sends the same again; they have no key."""
    stranger = await station.device().connect()
    await stranger.socket.send_str(hello.decode())
    assert isinstance(await stranger.clear(), HelloReply)
    await stranger.socket.send_bytes(first_message)
    assert (await stranger.frame()).type is aiohttp.WSMsgType.BINARY
    return stranger


async def test_a_recorded_handshake_sent_again_does_not_push_the_device_off_its_link(open_station, controller_identity):
    station = await open_station(handshake_limit_s=0.3)
    device = station.device()
    station.services.pinned[device.device_id] = device.public
    await device.connect()
    await device.greet(state=DeviceState.ADOPTED, controller_id=controller_identity.controller_id)
    device.channel = Channel.initiator(
        Pattern.KK, device.private, controller_identity.static_key, prologue(device._hello, device._reply)
    )
    recorded = device.channel.write_handshake()
    await device.socket.send_bytes(recorded)
    device.channel.read_handshake((await device.frame()).data)
    await device.send(device.introduction())
    assert isinstance(await device.receive(), Welcome)

    silent = await _replay(station, device._hello, recorded)
    guessing = await _replay(station, device._hello, recorded)
    await guessing.socket.send_bytes(bytes(64))
    assert await guessing.farewell() == "garbage"
    assert await silent.farewell() is None

    await device.ask_time(1)
    assert isinstance(await device.receive(), ClockAnswer)
    assert station.hub.connected() == {device.device_id}
    assert station.door.gate.unproven == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"Sec-WebSocket-Version": "8"},
        {"Sec-WebSocket-Key": "short"},
        {"Sec-WebSocket-Key": "!" * 24},
        {"Connection": "keep-alive"},
        {"Connection": "keep-alive, not-upgrade"},
        {"Upgrade": "h2c"},
    ],
)
async def test_what_is_no_upgrade_to_a_websocket_is_refused(station, changes):
    headers = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    async with station.http.get(station.url + "/link", headers=headers | changes) as answer:
        assert answer.status == 400
    for others in ({"method": "HEAD"}, {"method": "GET", "data": b"a body"}):
        async with station.http.request(url=station.url + "/link", headers=headers, **others) as answer:
            assert answer.status == 400


async def test_the_web_server_forgets_a_connection_that_became_a_link_and_only_then(station):
    device = await station.adopted()
    newcomer = await station.device().link_as_new()
    await station.found(newcomer)
    sockets = station.hub.sockets
    async with asyncio.timeout(5):
        while sockets.parted != 1:
            await asyncio.sleep(0)
    assert len(station.server.runner.server.connections) == 1, "the new device's"
    await device.ask_time(7)
    assert (await device.receive()).t1_us == 7
    await device.socket.close()
    async with asyncio.timeout(5):
        while sockets.parted != 0:
            await asyncio.sleep(0)


async def test_devices_wait_in_line_where_all_places_are_taken(open_station):
    station = await open_station(max_unproven_links=1)
    holding = await station.device().connect()
    assert isinstance(await holding.greet(), HelloReply)
    waiting = asyncio.create_task((await station.device().connect()).greet())
    await holding.socket.close()
    assert isinstance(await asyncio.wait_for(waiting, 5), HelloReply)


async def test_while_many_dial_they_are_asked_to_begin_without_bursts(open_station):
    station = await open_station()
    assert (await station.adopted()).welcome.crowded_s == 0
    for _ in range(40):
        assert station.door.gate.enter("elsewhere") is None
    assert (await station.adopted()).welcome.crowded_s > 0
    for _ in range(40):
        station.door.gate.leave("elsewhere")
