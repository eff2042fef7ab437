"""An adopted device's link: proven by key, welcomed, delivered to, heard, and cut when it misbehaves."""

import asyncio
import dataclasses
import json

import pytest

from agents.protocol import codec
from agents.protocol.channel import Channel, ClockAnswer, Pattern, clock_tag
from agents.protocol.journal import RefusalReason
from agents.protocol.messages import (
    DeviceState,
    DocumentPush,
    DocumentReply,
    Heartbeat,
    HelloReply,
    JournalAck,
    JournalBatch,
    PairRefused,
    Reject,
)
from agents.protocol.values import ClockBasis, Profile
from agents.protocol.version import DEFLATE
from controller.domain.errors import Refused, StoreFailed, Unreachable
from controller.links.desk import LAN_PACE


def accepted(document_id):
    return DocumentReply(document_id=document_id, accepted=True)


async def answered(device, *, accept=True):
    """Takes one document and says whether it obeys."""
    pushed = await device.receive()
    assert isinstance(pushed, DocumentPush)
    document_id = codec.decode_document(pushed.document.payload).header.document_id
    reason = None if accept else RefusalReason.REPLAYED
    await device.send(DocumentReply(document_id=document_id, accepted=accept, reason=reason))
    return document_id


async def test_a_pinned_device_is_welcomed_and_counts_as_connected(station):
    device = await station.adopted()
    assert station.hub.connected() == {device.device_id}
    assert device.welcome.clock_id == station.clock.clock_id
    assert [what[0] for what in station.services.told] == ["connected", "delivered"]


async def test_when_it_hangs_up_the_services_are_told_once(station):
    device = await station.adopted()
    await device.socket.close()
    await station.services.until("disconnected", device.device_id)
    assert station.hub.connected() == frozenset()
    assert station.services.told.count(("disconnected", device.device_id)) == 1


async def test_who_knows_the_id_but_not_the_key_is_not_let_in(station, controller_identity):
    victim, thief = await station.adopted(), station.device()
    await thief.connect()
    reply = await thief.greet(
        device_id=victim.device_id, state=DeviceState.ADOPTED, controller_id=controller_identity.controller_id
    )
    assert isinstance(reply, HelloReply)
    thief.channel = Channel.initiator(Pattern.KK, thief.private, controller_identity.static_key, b"guessed")
    await thief.socket.send_bytes(thief.channel.write_handshake())
    assert await thief.farewell() == "garbage"
    assert station.hub.connected() == {victim.device_id}, "the real one is left alone"
    assert station.hub.counters.handshakes_failed == 1


async def test_clock_requests_are_answered_while_the_services_are_busy(station, armed):
    device = await station.adopted()
    station.services.commits.clear()
    await device.send(JournalBatch(journal_id="j", records=(armed(1),)))
    before_us = station.clock.now_us()
    await device.ask_time(77)
    reply = await device.receive()
    assert isinstance(reply, ClockAnswer)
    assert reply.t1_us == 77
    assert before_us <= reply.t2_us <= reply.t3_us <= station.clock.now_us()
    assert reply.synchronised
    assert reply.clock_tag == clock_tag(device.welcome.clock_id)


async def test_a_journal_batch_is_acknowledged_after_it_was_committed_and_not_before(station, armed):
    device = await station.adopted()
    station.services.commits.clear()
    await device.send(JournalBatch(journal_id="j", records=(armed(1), armed(2))))
    await device.ask_time(1)
    assert isinstance(await device.receive(), ClockAnswer), "no acknowledgement has overtaken the commit"
    station.services.commits.set()
    assert await device.receive() == JournalAck(journal_id="j", committed_seq=2)
    assert ("committed", device.device_id, 2) in station.services.told


async def test_a_batch_that_cannot_be_committed_is_not_acknowledged(station, armed):
    device = await station.adopted()
    station.services.failing = StoreFailed("disk full")
    await device.send(JournalBatch(journal_id="j", records=(armed(1),)))
    assert await device.farewell() == "store_failed"
    await station.services.until("disconnected", device.device_id)


async def test_heartbeats_reach_the_services(station):
    device = await station.adopted()
    await device.send(
        Heartbeat(
            clock_basis=ClockBasis.LINK,
            clock_error_us=5,
            clock_offset_us=0,
            volume_percent=80,
            sounding_airing_id=None,
            clips=42,
            disk_free_bytes=1,
            refusals=0,
            unknown_messages=0,
        )
    )
    await station.services.until("heartbeat", device.device_id, 42)


async def test_a_push_returns_the_word_of_the_device(station, make_order):
    device = await station.adopted()
    push = asyncio.create_task(station.hub.push(device.device_id, make_order(7)))
    assert await answered(device) == "doc-7"
    assert (await push).accepted
    push = asyncio.create_task(station.hub.push(device.device_id, make_order(8)))
    await answered(device, accept=False)
    assert (await push).reason is RefusalReason.REPLAYED
    assert station.hub.counters.documents_refused == 1


@pytest.mark.parametrize("profile", list(Profile))
@pytest.mark.parametrize("capable", [True, False])
async def test_a_device_on_a_sim_that_understands_it_is_sent_deflated_messages(station, make_order, profile, capable):
    station.services.profile = profile
    device = station.device()
    station.services.pinned[device.device_id] = device.public
    device.capabilities = (DEFLATE,) if capable else ()
    await device.link_as_adopted()
    assert device.welcome.profile is profile
    push = asyncio.create_task(station.hub.push(device.device_id, make_order(7)))
    frame = await device.frame()
    message = device.channel.feed(frame.data)
    assert b'"document_push"' in message
    assert (len(frame.data) < len(message)) is (capable and profile is Profile.SIM)
    push.cancel()


async def test_two_pushes_of_one_document_both_get_the_word(station, make_order):
    device = await station.adopted()
    pushes = [asyncio.create_task(station.hub.push(device.device_id, make_order(7))) for _ in range(2)]
    await answered(device)
    assert [(await push).accepted for push in pushes] == [True, True]


async def test_a_document_larger_than_a_frame_arrives_whole(station, make_order):
    device = await station.adopted()
    document = make_order(7, padding=8_000)
    assert len(document.payload) > 2 * 65_535
    push = asyncio.create_task(station.hub.push(device.device_id, document))
    pushed = await device.receive()
    assert pushed.document == document
    await device.send(accepted("doc-7"))
    assert (await push).accepted


async def test_a_push_to_nobody_or_without_an_answer_is_unreachable(open_station, make_order):
    station = await open_station(push_limit_s=0.05)
    device = await station.adopted()
    with pytest.raises(Unreachable):
        await station.hub.push(device.device_id, make_order(1))
    with pytest.raises(Unreachable):
        await station.hub.push(station.device().device_id, make_order(1))
    assert station.hub.connected() == {device.device_id}, "slow to answer is no reason to be cut"


async def test_a_push_ends_when_the_link_does(station, make_order):
    device = await station.adopted()
    push = asyncio.create_task(station.hub.push(device.device_id, make_order(1)))
    assert isinstance(await device.receive(), DocumentPush)
    await device.socket.close()
    with pytest.raises(Unreachable):
        await push


async def test_what_a_device_lacks_is_delivered_through_its_own_link(station, make_order):
    device = station.device()
    station.services.pinned[device.device_id] = device.public
    replies = []

    async def deliver(device_id):
        replies.append(await station.hub.push(device_id, make_order(3)))

    station.services.delivering = deliver
    await device.link_as_adopted()
    await answered(device)
    await station.services.until("delivered", device.device_id)
    assert replies[0].accepted


async def test_a_delivery_that_fails_for_an_absent_answer_leaves_the_link_alone(open_station, make_order):
    station = await open_station(push_limit_s=0.05)
    device = station.device()
    station.services.pinned[device.device_id] = device.public
    tried = asyncio.Event()

    async def deliver(device_id):
        try:
            await station.hub.push(device_id, make_order(3))
        finally:
            tried.set()

    station.services.delivering = deliver
    await device.link_as_adopted()
    assert isinstance(await device.receive(), DocumentPush)
    await asyncio.wait_for(tried.wait(), 5)
    await device.ask_time(1)
    assert isinstance(await device.receive(), ClockAnswer)


async def test_a_second_link_of_a_device_replaces_the_first(station):
    device = await station.adopted()
    again = station.device()
    again.private, again.public, again.device_id = device.private, device.public, device.device_id
    await again.link_as_adopted()
    assert await device.farewell() == "replaced"
    assert station.hub.connected() == {device.device_id}
    order = [what[0] for what in station.services.told if what[0] != "delivered"]
    assert order == ["connected", "disconnected", "connected"], "one after the other, never both at once"
    assert station.hub.roll.ticket_opens(device.device_id, again.welcome.clip_ticket)
    assert not station.hub.roll.ticket_opens(device.device_id, device.welcome.clip_ticket)


async def test_disconnect_ends_the_link_and_waits_for_it(station):
    device = await station.adopted()
    await station.hub.disconnect(device.device_id)
    assert ("disconnected", device.device_id) in station.services.told
    assert await device.farewell() == "disconnected"


async def test_a_silent_device_is_closed(open_station):
    station = await open_station(lan=dataclasses.replace(LAN_PACE, silence_limit_s=0.1))
    device = await station.adopted()
    await station.services.until("disconnected", device.device_id)
    assert station.hub.counters.ended["silent"] == 1
    assert await device.farewell() is None


async def test_a_device_that_takes_nothing_is_cut_and_disturbs_nobody(open_station, make_order):
    station = await open_station(outbox_bytes=500_000)
    slow, good = await station.adopted(), await station.adopted()
    # More than any network holds by itself.
    orders = [make_order(n, padding=20_000) for n in range(1, 40)]
    pushes = [asyncio.create_task(station.hub.push(slow.device_id, one)) for one in orders]
    results = await asyncio.gather(*pushes, return_exceptions=True)
    assert all(isinstance(result, Unreachable) for result in results)
    await station.services.until("disconnected", slow.device_id)
    assert station.hub.counters.ended["slow"] == 1
    push = asyncio.create_task(station.hub.push(good.device_id, make_order(50)))
    await answered(good)
    assert (await push).accepted


async def test_a_device_that_hands_in_faster_than_it_is_acknowledged_is_cut(open_station, armed):
    station = await open_station(inbox_messages=2)
    device = await station.adopted()
    station.services.commits.clear()
    for seq in range(1, 6):
        await device.send(JournalBatch(journal_id="j", records=(armed(seq),)))
    assert await device.farewell() == "flooding"


async def test_unknown_messages_and_fields_are_left_out_and_counted(station):
    device = await station.adopted()
    report = {"type": "log_report", "order_id": "o-1", "text": "", "new": 1}
    for message in ({"type": "from_the_future", "x": 1}, report):
        for frame in device.channel.encrypt(json.dumps(message).encode()):
            await device.socket.send_bytes(frame)
    await station.services.until("log_report", device.device_id, "o-1")
    await device.socket.close()
    await station.services.until("disconnected", device.device_id)
    await asyncio.wait_for(_until(lambda: station.hub.counters.unknown_messages == 1), 5)
    assert station.hub.counters.unknown_fields == 1


async def _until(condition):
    while not condition():
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    "garbage",
    [
        pytest.param(lambda d: d.socket.send_bytes(b"\x00" * 64), id="not sealed"),
        pytest.param(lambda d: d.socket.send_bytes(b""), id="empty frame"),
        pytest.param(lambda d: d.socket.send_str("hello"), id="text frame"),
        pytest.param(lambda d: d.socket.send_bytes(b"x" * 65_537), id="frame too large"),
        pytest.param(lambda d: d.socket.send_bytes(d.channel._seal(b"\x01{not json")), id="no JSON"),
        pytest.param(lambda d: d.socket.send_bytes(d.channel._seal(b"\x01[]")), id="no object"),
        pytest.param(lambda d: d.send(PairRefused(reason="?")), id="out of place"),
        pytest.param(lambda d: d.socket.send_bytes(d.channel._seal(b'\x01{"type":"heartbeat"}')), id="fields missing"),
    ],
)
async def test_garbage_ends_that_link_alone(station, garbage):
    device, good = await station.adopted(), await station.adopted()
    await garbage(device)
    await station.services.until("disconnected", device.device_id)
    assert await device.farewell() in ("garbage", None)
    assert station.hub.counters.garbage == 1
    await good.ask_time(1)
    assert isinstance(await good.receive(), ClockAnswer)
    again = station.device()
    again.private, again.public, again.device_id = device.private, device.public, device.device_id
    await again.link_as_adopted()


async def test_a_message_that_never_ends_is_cut_at_the_limit(station):
    device = await station.adopted()
    part = b"\x02" + b"x" * 60_000
    for _ in range(18):
        await device.socket.send_bytes(device.channel._seal(part))
    assert await device.farewell() == "garbage"


async def test_the_largest_frame_is_taken(station):
    device = await station.adopted()
    text = json.dumps({"type": "from_the_future", "x": "y" * 150_000}).encode()
    frames = device.channel.encrypt(text)
    assert len(frames[0]) == 65_535
    for frame in frames:
        await device.socket.send_bytes(frame)
    await device.ask_time(1)
    assert isinstance(await device.receive(), ClockAnswer)


async def test_a_device_that_begins_with_something_else_is_not_connected(station, controller_identity):
    device = station.device()
    station.services.pinned[device.device_id] = device.public
    await device.connect()
    await device.greet(state=DeviceState.ADOPTED, controller_id=controller_identity.controller_id)
    await device.prove(Pattern.KK)
    await device.send(accepted("o-1"))
    assert await device.farewell() == "garbage"
    assert station.services.told == []


async def test_when_the_controller_closes_every_device_is_told(station):
    devices = [await station.adopted() for _ in range(3)]
    async with asyncio.timeout(5):
        await station.hub.close()
    for device in devices:
        assert await device.farewell() == "shutdown"
    assert sum(what[0] == "disconnected" for what in station.services.told) == 3
    late = await station.device().connect()
    assert await late.clear() == Reject(reason="busy", retry_after_s=2.0)


async def test_what_belongs_to_new_devices_is_refused_for_an_adopted_one(station):
    device = await station.adopted()
    with pytest.raises(Refused) as refused:
        await station.hub.identify(device.device_id)
    assert refused.value.code == "already_adopted"
    with pytest.raises(Refused) as refused:
        await station.hub.adopt("d-nobody", "123456", None)
    assert refused.value.code == "device_gone"
