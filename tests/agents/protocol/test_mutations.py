"""Whatever comes over the wire is a message, or left out, or a `WireError`: never anything else."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.protocol.channel import Channel, Pattern
from agents.protocol.codec import clear_decoder, controller_decoder, decode_document, device_decoder, encode
from agents.protocol.documents import SignedDocument
from agents.protocol.errors import MalformedMessage, TooLarge, WireError
from agents.protocol.signing import BadSignature, SigningKey, sign, verify
from tests.agents.protocol.mutations import loose_samples, mutated

DIRECTIONS: dict[str, Callable[[], Any]] = {
    "clear": clear_decoder,
    "from_device": device_decoder,
    "from_controller": controller_decoder,
}
DOCUMENTS = [loose for loose in loose_samples("documents") if "kind" in loose]
KEY = SigningKey.load(bytes(range(32)))


@pytest.mark.parametrize("direction", sorted(DIRECTIONS))
@given(data=st.data())
@settings(max_examples=1_500, deadline=None)
def test_a_mutant_is_understood_left_out_or_refused(direction: str, data: st.DataObject) -> None:
    decoder = DIRECTIONS[direction]()
    raw = data.draw(mutated(loose_samples(direction)))
    try:
        message = decoder.decode(raw)
    except (MalformedMessage, TooLarge):
        return
    if message is None:
        assert decoder.unknown_types == 1
    else:
        assert DIRECTIONS[direction]().decode(encode(message)) == message, "what was understood can be said again"


@given(raw=mutated(DOCUMENTS))
@settings(max_examples=1_500, deadline=None)
def test_a_mutant_of_a_document_is_one_or_is_refused(raw: bytes) -> None:
    try:
        decode_document(raw)
    except (MalformedMessage, TooLarge):
        return


@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_no_change_of_a_signed_document_keeps_its_signature(data: st.DataObject) -> None:
    loose = copy.deepcopy(data.draw(st.sampled_from(DOCUMENTS)))
    loose["header"]["key_id"] = KEY.key_id
    document = decode_document(json.dumps(loose).encode())
    signed = sign(KEY, document)
    payload = bytearray(signed.payload)
    payload[data.draw(st.integers(0, len(payload) - 1))] ^= data.draw(st.integers(1, 255))
    changed = SignedDocument(key_id=signed.key_id, payload=bytes(payload), signature=signed.signature)
    with pytest.raises(BadSignature):
        verify(KEY.public_bytes, changed)


def pair() -> tuple[Channel, Channel]:
    device = Channel.initiator(Pattern.XX, bytes(range(32)), None, b"p")
    controller = Channel.responder(Pattern.XX, bytes(range(1, 33)), None, b"p")
    while not (device.finished and controller.finished):
        if device.my_turn:
            controller.read_handshake(device.write_handshake())
        else:
            device.read_handshake(controller.write_handshake())
    return device, controller


@given(data=st.data())
@settings(max_examples=200, deadline=None)
def test_a_frame_that_somebody_touched_is_refused(data: st.DataObject) -> None:
    device, controller = pair()
    (frame,) = device.encrypt(data.draw(st.binary(max_size=60)))
    touched = bytearray(frame)
    touched[data.draw(st.integers(0, len(touched) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(WireError):
        controller.feed(bytes(touched))


@given(kinds=st.lists(st.binary(max_size=40), min_size=1, max_size=6))
@settings(max_examples=400, deadline=None)
def test_whatever_is_sealed_is_something_or_a_wire_error(kinds: list[bytes]) -> None:
    device, controller = pair()
    for plain in kinds:
        try:
            controller.feed(device._seal(plain))
        except WireError:
            return
