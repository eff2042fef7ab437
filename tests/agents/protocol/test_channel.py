"""The channel: both handshakes, messages in frames, and everything that must not get through."""

import os
import zlib

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.protocol.channel import MAX_LIVE_BYTES, Channel, LiveAudio, Pattern, prologue
from agents.protocol.errors import HandshakeFailed, MalformedMessage, TooLarge, WireError
from agents.protocol.version import MAX_FRAME_BYTES, MAX_MESSAGE_BYTES

GREETING = prologue(b"hello", b"reply")
ONE_FRAME = MAX_FRAME_BYTES - 16 - 1


def key() -> bytes:
    return X25519PrivateKey.generate().private_bytes_raw()


def public(private: bytes) -> bytes:
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def shake(device: Channel, controller: Channel) -> tuple[Channel, Channel]:
    while not (device.finished and controller.finished):
        if device.my_turn:
            controller.read_handshake(device.write_handshake())
        else:
            device.read_handshake(controller.write_handshake())
    return device, controller


def pair(pattern: Pattern = Pattern.XX) -> tuple[Channel, Channel]:
    device, controller = key(), key()
    pinned = pattern is Pattern.KK
    return shake(
        Channel.initiator(pattern, device, public(controller) if pinned else None, GREETING),
        Channel.responder(pattern, controller, public(device) if pinned else None, GREETING),
    )


@pytest.mark.parametrize("pattern", list(Pattern))
def test_after_the_handshake_each_end_knows_the_other_and_both_know_the_channel(pattern: Pattern) -> None:
    device, controller = pair(pattern)

    assert device.remote_static == controller.local_static
    assert controller.remote_static == device.local_static
    assert device.handshake_hash == controller.handshake_hash
    assert len(device.handshake_hash) == 32


def test_two_links_of_the_same_two_have_different_hashes() -> None:
    device, controller = key(), key()
    hashes = {
        shake(
            Channel.initiator(Pattern.KK, device, public(controller), GREETING),
            Channel.responder(Pattern.KK, controller, public(device), GREETING),
        )[0].handshake_hash
        for _ in range(3)
    }
    assert len(hashes) == 3


def test_a_pinned_device_refuses_whoever_lacks_the_pinned_key() -> None:
    device, controller, impostor = key(), key(), key()
    device_end = Channel.initiator(Pattern.KK, device, public(controller), GREETING)
    impostor_end = Channel.responder(Pattern.KK, impostor, public(device), GREETING)

    with pytest.raises(HandshakeFailed):
        shake(device_end, impostor_end)
    assert not device_end.finished


def test_a_controller_refuses_a_device_with_a_copied_id_and_another_key() -> None:
    device, controller, copy = key(), key(), key()
    with pytest.raises(HandshakeFailed):
        shake(
            Channel.initiator(Pattern.KK, copy, public(controller), GREETING),
            Channel.responder(Pattern.KK, controller, public(device), GREETING),
        )


@pytest.mark.parametrize("pattern", list(Pattern))
def test_a_changed_greeting_breaks_the_handshake(pattern: Pattern) -> None:
    device, controller = key(), key()
    pinned = pattern is Pattern.KK
    with pytest.raises(HandshakeFailed):
        shake(
            Channel.initiator(pattern, device, public(controller) if pinned else None, prologue(b"v2", b"r")),
            Channel.responder(pattern, controller, public(device) if pinned else None, prologue(b"v1", b"r")),
        )


def test_the_border_between_the_two_greetings_is_part_of_the_prologue() -> None:
    assert prologue(b"ab", b"c") != prologue(b"a", b"bc")


def read_twice(responder: Channel, garbage: bytes) -> None:
    """Some garbage is a key that nobody holds: then the next message cannot be made."""
    responder.read_handshake(garbage)
    responder.write_handshake()
    responder.read_handshake(garbage)


def feed_all(end: Channel, frames: list[bytes]) -> None:
    for frame in frames:
        end.feed(frame)


@pytest.mark.parametrize("garbage", [b"", b"\0" * 31, b"\0" * 32, b"\0" * 48, b"\xff" * 96, bytes(range(200))])
def test_garbage_in_the_handshake_is_a_failed_handshake(garbage: bytes) -> None:
    for pattern in Pattern:
        responder = Channel.responder(pattern, key(), public(key()) if pattern is Pattern.KK else None, GREETING)
        with pytest.raises(HandshakeFailed):
            read_twice(responder, garbage)


def test_nobody_is_known_before_the_handshake_is_finished() -> None:
    device = Channel.initiator(Pattern.KK, key(), public(key()), GREETING)
    with pytest.raises(HandshakeFailed):
        _ = device.remote_static
    with pytest.raises(HandshakeFailed):
        device.feed(b"x" * 40)
    with pytest.raises(HandshakeFailed):
        device.read_handshake(b"out of turn")


@pytest.mark.parametrize("size", [0, 1, ONE_FRAME - 1, ONE_FRAME, ONE_FRAME + 1, 3 * ONE_FRAME, MAX_MESSAGE_BYTES])
def test_messages_of_every_size_arrive_whole(size: int) -> None:
    device, controller = pair()
    message = os.urandom(size)

    frames = device.encrypt(message)

    assert all(len(frame) <= MAX_FRAME_BYTES for frame in frames)
    arrived = [controller.feed(frame) for frame in frames]
    assert arrived == [None] * (len(frames) - 1) + [message]


def test_live_sound_may_come_between_two_parts_of_a_message() -> None:
    device, controller = pair()
    audio = LiveAudio(at_us=1_763_775_600_000_000, payload=b"sound")

    assert device.feed(controller._seal(b"\x02one ")) is None
    assert device.feed(controller.encrypt_live(audio)) == audio
    assert device.feed(controller._seal(b"\x01two")) == b"one two"


def test_more_than_fits_is_refused_by_both_ends() -> None:
    device, controller = pair()
    with pytest.raises(TooLarge):
        device.encrypt(bytes(MAX_MESSAGE_BYTES + 1))
    with pytest.raises(TooLarge):
        device.encrypt_live(LiveAudio(at_us=0, payload=bytes(MAX_LIVE_BYTES + 1)))
    with pytest.raises(TooLarge):
        controller.feed(bytes(MAX_FRAME_BYTES + 1))


def test_a_message_that_never_ends_is_cut_at_the_limit() -> None:
    device, controller = pair()
    endless = [device._seal(b"\x02" + bytes(ONE_FRAME)) for _ in range(MAX_MESSAGE_BYTES // ONE_FRAME + 1)]
    with pytest.raises(TooLarge):
        feed_all(controller, endless)


def test_frames_of_an_unknown_kind_are_counted_and_left_out() -> None:
    device, controller = pair()
    assert controller.feed(device._seal(b"\x7fwhat")) is None
    assert controller.unknown_frames == 1
    assert controller.feed(device.encrypt(b"after")[0]) == b"after"


@pytest.mark.parametrize("plain", [b"", b"\x10", b"\x10\0\0\0"])
def test_a_frame_without_its_header_is_malformed(plain: bytes) -> None:
    device, controller = pair()
    with pytest.raises(MalformedMessage):
        controller.feed(device._seal(plain))


def test_a_frame_that_was_changed_replayed_or_swapped_is_not_accepted() -> None:
    for tamper in (
        lambda frames: [bytes([frames[0][0] ^ 1]) + frames[0][1:]],
        lambda frames: [frames[0], frames[0]],
        lambda frames: [frames[1]],
    ):
        device, controller = pair()
        frames = [device.encrypt(text)[0] for text in (b"one", b"two")]
        with pytest.raises(HandshakeFailed):
            feed_all(controller, tamper(frames))


def test_what_one_end_sends_cannot_be_sent_back_to_it() -> None:
    device, _ = pair()
    with pytest.raises(HandshakeFailed):
        device.feed(device.encrypt(b"mirror")[0])


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_from_outside_raise_anything_but_a_wire_error(noise: bytes) -> None:
    device, controller = pair()
    for end in (device, controller):
        with pytest.raises(WireError):
            end.feed(noise)


def test_where_bytes_are_dear_a_message_that_shrinks_travels_deflated_in_one_frame() -> None:
    device, controller = pair()
    message = b'{"type":"document_push","document":"' + b"a part like the others, " * 6_000 + b'"}'
    plain = controller.encrypt(message)
    assert [device.feed(frame) for frame in plain][-1] == message

    controller.deflating = True
    [frame] = controller.encrypt(message)

    assert len(frame) < sum(map(len, plain)) / 20
    assert device.feed(frame) == message


def test_what_does_not_shrink_or_is_short_or_too_long_for_a_frame_travels_as_ever() -> None:
    device, controller = pair()
    controller.deflating = True
    for message in (b'{"type":"identify"}', os.urandom(5_000), os.urandom(40_000).hex().encode() * 2):
        assert [device.feed(frame) for frame in controller.encrypt(message)][-1] == message


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"", MalformedMessage),
        (b"no deflate", MalformedMessage),
        (zlib.compress(b"cut off" * 50)[:-3], MalformedMessage),
        (zlib.compress(b"goes on") + b"!", MalformedMessage),
        (zlib.compress(bytes(MAX_MESSAGE_BYTES + 1)), TooLarge),
    ],
)
def test_a_deflated_frame_that_is_none_or_a_bomb_ends_the_link(body: bytes, fault: type[WireError]) -> None:
    device, controller = pair()
    with pytest.raises(fault):
        device.feed(controller._seal(b"\x05" + body))


def test_a_deflated_message_in_the_middle_of_another_ends_the_link() -> None:
    device, controller = pair()
    assert device.feed(controller._seal(b"\x02a part")) is None
    with pytest.raises(MalformedMessage):
        device.feed(controller._seal(b"\x05" + zlib.compress(b"whole")))
