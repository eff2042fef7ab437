"""Live bundles: signed once, read by everybody, and nothing else gets through."""

import hashlib
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from agents.protocol import live
from agents.protocol.channel import LiveAudio
from agents.protocol.errors import BadSignature, MalformedMessage
from agents.protocol.live import Bundle, read, sign, tag_of, verify
from agents.protocol.signing import SigningKey

KEY = SigningKey.load(b"k" * 32)
BUNDLE = Bundle(1_800_000_000_123_456, tag_of("a-1"), 7, (b"one", b"two" * 50, b"3"))
some_packets = st.lists(st.binary(min_size=1, max_size=1_275), max_size=3).map(tuple)


@given(some_packets, st.integers(0, 2**32 - 1), st.booleans())
def test_what_is_signed_is_read_as_it_was(some: tuple[bytes, ...], number: int, last: bool) -> None:
    bundle = Bundle(BUNDLE.at_us, BUNDLE.tag, number, some, last)
    audio = sign(KEY, bundle)

    assert read(audio) == bundle
    verify(KEY.public_bytes, audio)


def test_a_device_made_from_the_page_alone_reads_it() -> None:
    audio = sign(KEY, BUNDLE)
    payload = audio.payload
    body, signature = payload[:-64], payload[-64:]

    assert body[:8] == hashlib.sha256(b"a-1").digest()[:8]
    assert (body[8:12], body[12], body[13]) == ((7).to_bytes(4, "big"), 0, 3)
    assert body[14:16] == (3).to_bytes(2, "big")
    assert body[16:19] == b"one"
    signed = b"loa-live-v1\0" + audio.at_us.to_bytes(8, "big") + body
    Ed25519PublicKey.from_public_bytes(KEY.public_bytes).verify(signature, signed)


def test_the_vector_holds_every_byte() -> None:
    vector = json.loads((Path(__file__).parents[2] / "wire_samples" / "vectors" / "live.json").read_text())
    key = SigningKey.load(bytes.fromhex(vector["signing_key_seed"]))
    packets = tuple(bytes.fromhex(one) for one in vector["packets"])
    bundle = Bundle(vector["at_us"], tag_of(vector["airing_id"]), vector["number"], packets, vector["last"])

    assert key.public_bytes.hex() == vector["public_key"]
    assert sign(key, bundle).payload.hex() == vector["payload"]


def test_another_instant_another_byte_or_another_key_is_no_signature() -> None:
    audio = sign(KEY, BUNDLE)
    moved = LiveAudio(audio.at_us + 1, audio.payload)
    turned = LiveAudio(audio.at_us, audio.payload[:20] + bytes([audio.payload[20] ^ 1]) + audio.payload[21:])

    for wrong in (moved, turned):
        with pytest.raises(BadSignature):
            verify(KEY.public_bytes, wrong)
    with pytest.raises(BadSignature):
        verify(SigningKey.generate().public_bytes, audio)


@given(st.binary(max_size=400))
def test_anything_is_a_bundle_or_malformed(payload: bytes) -> None:
    try:
        bundle = read(LiveAudio(0, payload))
    except MalformedMessage:
        return
    assert len(bundle.packets) <= live.MAX_PACKETS
    assert all(0 < len(packet) <= live.MAX_PACKET_BYTES for packet in bundle.packets)


@given(st.integers(0, 300))
def test_a_bundle_that_was_cut_is_malformed(left: int) -> None:
    payload = sign(KEY, BUNDLE).payload
    if left < len(payload):
        with pytest.raises(MalformedMessage):
            read(LiveAudio(BUNDLE.at_us, payload[:left]))


@pytest.mark.parametrize("some", [(b"",), (b"x" * 1_276,), (b"x",) * 4], ids=["empty", "too long", "too many"])
def test_what_nobody_could_read_is_not_signed(some: tuple[bytes, ...]) -> None:
    with pytest.raises(ValueError, match="at most 3"):
        sign(KEY, Bundle(1, BUNDLE.tag, 0, some))
