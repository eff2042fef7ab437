"""The device's end of the handshakes, against the vectors and against the controller's end."""

from typing import Literal

import pytest

from agents.protocol.channel import Channel, ClockAsk, Pattern
from agents.protocol.errors import HandshakeFailed
from firmware_stubs.link import clock_ask
from firmware_stubs.noise import Handshake, StaticKey, Transport

PROLOGUE = b"what was said in the clear"


def shaken(pattern: Literal["KK", "XX"], controller: StaticKey, device: StaticKey) -> tuple[Transport, Channel]:
    pins = pattern == "KK"
    ours = Handshake(pattern, device, controller.public if pins else None, PROLOGUE)
    theirs = Channel.responder(Pattern(pattern), controller.raw, device.public if pins else None, PROLOGUE)
    theirs.read_handshake(ours.write())
    ours.read(theirs.write_handshake())
    if ours.transport is None:
        theirs.read_handshake(ours.write())
    assert ours.transport is not None
    return ours.transport, theirs


@pytest.mark.parametrize("pattern", ["KK", "XX"])
def test_both_ends_agree_on_who_they_are_and_read_each_other(pattern: Literal["KK", "XX"]) -> None:
    controller, device = StaticKey(), StaticKey()
    for _ in range(2):  # what the static keys agree on is remembered, and must not change the second time
        ours, theirs = shaken(pattern, controller, device)
        assert theirs.remote_static == device.public
        assert ours.remote_static == controller.public
        assert ours.handshake_hash == theirs.handshake_hash
        for number in range(3):
            assert theirs.feed(ours.seal(b"\x01%d" % number)) == b"%d" % number
            assert ours.open(theirs.encrypt(b"%d" % number)[0]) == b"\x01%d" % number
        assert isinstance(theirs.feed(ours.seal(clock_ask())), ClockAsk)


def test_a_controller_without_the_pinned_key_is_not_believed() -> None:
    device, pinned, other = StaticKey(), StaticKey(), StaticKey()
    ours = Handshake("KK", device, pinned.public, PROLOGUE)
    theirs = Channel.responder(Pattern.KK, other.raw, device.public, PROLOGUE)
    with pytest.raises(HandshakeFailed):
        theirs.read_handshake(ours.write())
    with pytest.raises(HandshakeFailed):
        ours.read(bytes(48))


def test_a_frame_that_comes_twice_is_refused() -> None:
    ours, theirs = shaken("XX", StaticKey(), StaticKey())
    frame = theirs.encrypt(b"once")[0]
    ours.open(frame)
    with pytest.raises(HandshakeFailed):
        ours.open(frame)
