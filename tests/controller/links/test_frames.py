"""WebSocket frames: wherever the network cuts, the same come out; what is no frame of a device is refused."""

import os

import pytest

from agents.protocol.errors import MalformedMessage, TooLarge
from agents.protocol.version import MAX_FRAME_BYTES
from controller.links.frames import Frames, Kind, close_frame, frame, unmasked

MASK = b"\x11\x22\x33\x44"


def sent(opcode, payload, *, last=True, mask=MASK, reserved=0):
    """As a device sends it."""
    first = bytes(((0x80 if last else 0) | reserved | opcode,))
    if len(payload) < 126:
        length = bytes((0x80 | len(payload),))
    elif len(payload) < 65_536:
        length = bytes((0x80 | 126,)) + len(payload).to_bytes(2, "big")
    else:
        length = bytes((0x80 | 127,)) + len(payload).to_bytes(8, "big")
    return first + length + mask + unmasked(payload, mask)


@pytest.mark.parametrize("length", [0, 1, 125, 126, 127, 4_000, 65_535])
def test_a_frame_of_any_length_is_read_as_it_was_sent(length):
    payload = os.urandom(length)
    assert Frames().feed(sent(Kind.BINARY, payload)) == [(Kind.BINARY, payload)]


def test_frames_come_out_the_same_wherever_they_are_cut():
    stream = (
        sent(Kind.TEXT, b"hello")
        + sent(Kind.BINARY, b"be", last=False)
        + sent(Kind.PING, b"?")
        + sent(0, b"gin", last=False)
        + sent(0, b"ning")
        + sent(Kind.BINARY, bytes(300))
        + sent(Kind.CLOSE, b"\x03\xe8")
    )
    whole = Frames().feed(stream)
    assert whole == [
        (Kind.TEXT, b"hello"),
        (Kind.PING, b"?"),
        (Kind.BINARY, b"beginning"),
        (Kind.BINARY, bytes(300)),
        (Kind.CLOSE, b"\x03\xe8"),
    ]
    for at in range(1, len(stream)):
        frames = Frames()
        assert frames.feed(stream[:at]) + frames.feed(stream[at:]) == whole
    frames = Frames()
    assert [one for byte in stream for one in frames.feed(bytes((byte,)))] == whole


def test_what_was_fed_is_not_kept():
    buffer = bytearray(sent(Kind.BINARY, b"first")[:-1])
    frames = Frames()
    assert frames.feed(memoryview(buffer)) == []
    last = sent(Kind.BINARY, b"first")[-1:]
    buffer[:] = bytes(len(buffer))
    assert frames.feed(last) == [(Kind.BINARY, b"first")]


@pytest.mark.parametrize(
    "garbage",
    [
        frame(Kind.BINARY, b"not masked"),
        sent(Kind.BINARY, b"", reserved=0x40),
        sent(0x3, b"unknown"),
        sent(0, b"goes on with nothing"),
        sent(Kind.BINARY, b"one", last=False) + sent(Kind.BINARY, b"two"),
        sent(Kind.PING, b"cut", last=False),
        sent(Kind.PING, bytes(126)),
    ],
)
def test_what_no_device_may_send_is_malformed(garbage):
    with pytest.raises(MalformedMessage):
        Frames().feed(garbage)


def test_too_much_is_refused_by_its_header_alone():
    with pytest.raises(TooLarge):
        Frames().feed(sent(Kind.BINARY, bytes(MAX_FRAME_BYTES + 1))[:14])
    in_parts = Frames()
    in_parts.feed(sent(Kind.BINARY, bytes(MAX_FRAME_BYTES), last=False))
    with pytest.raises(TooLarge):
        in_parts.feed(sent(0, b"x")[:8])


def test_what_goes_to_a_device_is_not_masked():
    assert frame(Kind.TEXT, b"hi") == b"\x81\x02hi"
    assert frame(Kind.BINARY, bytes(300))[:4] == b"\x82\x7e\x01\x2c"
    assert frame(Kind.BINARY, bytes(70_000))[:10] == b"\x82\x7f" + (70_000).to_bytes(8, "big")
    assert close_frame(1000) == b"\x88\x02\x03\xe8"
