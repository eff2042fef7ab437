"""What a stranger cannot make the controller hold: answers that it never reads, frames before its turn, places, log."""

import asyncio
import logging
import secrets

import pytest

from agents.protocol import ids
from agents.protocol.channel import Pattern
from agents.protocol.messages import DeviceState, Reject
from controller.links.frames import Kind, frame
from controller.links.link_socket import ANSWERED_UP_TO_BYTES, LinkSocket, Sockets


class Clogged(asyncio.Transport):
    """A connection whose other side reads nothing."""

    def __init__(self):
        super().__init__()
        self.held, self.paused = 0, False

    def write(self, data):
        self.held += len(data)

    def get_write_buffer_size(self):
        return self.held

    def set_write_buffer_limits(self, high=None, low=None):
        pass

    def set_protocol(self, protocol):
        pass

    def is_closing(self):
        return False

    def pause_reading(self):
        self.paused = True


def masked(kind, payload):
    raw = bytearray(frame(kind, payload))
    raw[1] |= 0x80
    raw[2:2] = bytes(4)
    return bytes(raw)


def arrive(sockets, socket, raw):
    sockets.buffer[: len(raw)] = raw
    socket.buffer_updated(len(raw))


async def test_pings_of_who_reads_no_answer_pile_up_nothing():
    sockets, transport = Sockets(), Clogged()
    socket = LinkSocket(transport, asyncio.Protocol(), sockets)
    for _ in range(4):
        arrive(sockets, socket, masked(Kind.PING, bytes(100)) * 490)
    assert 0 < transport.held < 2 * ANSWERED_UP_TO_BYTES


async def test_a_device_that_sends_nothing_but_empty_frames_is_cut_before_others_wait_for_it(station):
    good, bad = await station.adopted(), await station.device().link_as_new()
    await station.found(bad)
    for _ in range(2_100):
        await bad.socket.ping()
    assert await bad.farewell() == "garbage"
    await good.ask_time(1)
    await good.receive()
    assert station.hub.counters.ended["garbage"] == 1


async def test_small_frames_that_inflate_to_much_count_as_much(station):
    bad = await station.device().link_as_new()
    await station.found(bad)
    bad.channel.deflating = True
    for _ in range(20):
        for one in bad.channel.encrypt(b'{"type":"from_the_future","x":"' + b"y" * 900_000 + b'"}'):
            assert len(one) < 2_000
            await bad.socket.send_bytes(one)
    assert await bad.farewell() == "garbage"


async def test_frames_before_the_proof_come_one_after_the_other():
    sockets, transport = Sockets(), Clogged()
    socket = LinkSocket(transport, asyncio.Protocol(), sockets)
    arrive(sockets, socket, masked(Kind.BINARY, b"x") * 5)
    assert transport.paused
    arrive(sockets, socket, masked(Kind.BINARY, b"x") * 1_000)
    with pytest.raises(Exception, match="before its link"):
        await socket.receive()


async def test_who_waits_in_the_line_is_heard_when_its_turn_comes(open_station):
    station = await open_station(max_unproven_links_per_address=1)
    first = await station.device().connect()
    second = await station.device().connect()
    waiting = asyncio.create_task(second.greet())
    await asyncio.sleep(0)
    await first.socket.close()
    assert (await asyncio.wait_for(waiting, 5)).handshake == "XX"


async def test_a_new_device_that_only_pings_keeps_no_place(open_station):
    station = await open_station(handshake_limit_s=0.2, max_new_devices=1)
    device = await station.device().connect()
    await device.greet()
    await device.prove(Pattern.XX)

    async def ping():
        while not device.socket.closed:
            await device.socket.ping()
            await asyncio.sleep(0.02)

    pinging = asyncio.create_task(ping())
    another = await station.device().connect()
    assert await another.greet() == Reject(reason="too_many_new_devices", retry_after_s=300.0)
    await device.farewell()
    pinging.cancel()
    assert station.hub.counters.ended["silent"] == 1


async def test_whatever_names_a_stranger_gives_it_does_not_fill_the_log(station, caplog):
    caplog.set_level(logging.WARNING)
    for _ in range(9):
        stranger = await station.device().connect()
        await stranger.greet(device_id=ids.device_id(secrets.token_bytes(32)), state=DeviceState.NEW)
        await stranger.socket.send_bytes(b"no handshake")
        await stranger.farewell()
    assert sum("Refused a device" in record.message for record in caplog.records) == 4
