"""A device that was written from docs/protocol.md alone understands this code, and this code understands it.

The vectors in tests/wire_samples/vectors hold every byte of both handshakes, a pairing, an enrolment and a signature,
so that somebody who builds a device can find where theirs goes another way.
"""

import base64
import hashlib
import hmac
import json
import zlib
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from agents.protocol import ids
from agents.protocol.channel import Channel, ClockAnswer, ClockAsk, LiveAudio, Pattern, clock_tag, prologue
from agents.protocol.codec import decode_document
from agents.protocol.documents import SignedDocument
from agents.protocol.pairing import Binding, ControllerPairing, EnrolmentToken, answer_pairing
from agents.protocol.signing import SigningKey, verify
from tests.agents.protocol import by_hand

VECTORS = Path(__file__).parents[2] / "wire_samples" / "vectors"
DEVICE = b"\x11" * 32
CONTROLLER = b"\x22" * 32


def vector(name: str) -> dict[str, Any]:
    return dict(json.loads((VECTORS / f"{name}.json").read_text()))


def prologue_by_hand(hello: bytes, reply: bytes) -> bytes:
    return b"loa-link-v1\0" + len(hello).to_bytes(4, "big") + hello + len(reply).to_bytes(4, "big") + reply


@pytest.mark.parametrize("pattern", list(Pattern))
def test_a_device_written_by_hand_talks_to_our_controller_side(pattern: Pattern) -> None:
    hello, reply = b'{"type":"hello"}', b'{"type":"hello_reply"}'
    pinned = pattern is Pattern.KK
    device = by_hand.Noise(
        pattern.value,
        True,
        prologue_by_hand(hello, reply),
        static=DEVICE,
        ephemeral=b"\x55" * 32,
        remote_static=by_hand.public(CONTROLLER) if pinned else b"",
    )
    controller = Channel.responder(
        pattern, CONTROLLER, by_hand.public(DEVICE) if pinned else None, prologue(hello, reply)
    )

    while not controller.finished:
        controller.read_handshake(device.write())
        if not controller.finished:
            device.read(controller.write_handshake())
            if pinned:
                break

    assert controller.remote_static == by_hand.public(DEVICE)
    assert device.remote_static == by_hand.public(CONTROLLER)
    assert controller.handshake_hash == device.hash
    assert controller.feed(device.sending.seal(b"\x01" + b'{"type":"adopted"}')) == b'{"type":"adopted"}'
    [frame] = controller.encrypt(b"answer")
    assert device.receiving.open(frame) == b"\x01answer"
    ask = b"\x03" + (123_456).to_bytes(8, "big")
    assert controller.feed(device.sending.seal(ask)) == ClockAsk(t1_us=123_456)
    tag = hashlib.sha256(b"t-1").digest()[:4]
    answer = ClockAnswer(123_456, 2**50, 2**50 + 7, synchronised=True, clock_tag=clock_tag("t-1"))
    told = controller.encrypt_clock(answer)
    instants = b"".join(instant.to_bytes(8, "big") for instant in (123_456, 2**50, 2**50 + 7))
    assert device.receiving.open(told) == b"\x04" + instants + b"\x01" + tag
    long = b'{"type":"adopted","padding":"' + b"la " * 500 + b'"}'
    assert controller.feed(device.sending.seal(b"\x05" + zlib.compress(long))) == long
    live = controller.encrypt_live(LiveAudio(at_us=1_763_775_600_000_000, payload=b"opus"))
    assert device.receiving.open(live) == b"\x10" + (1_763_775_600_000_000).to_bytes(8, "big") + b"opus"


@pytest.mark.parametrize("pattern", ["XX", "KK"])
def test_the_channel_vectors_hold_every_byte(pattern: str) -> None:
    kept = vector(f"channel_{pattern.lower()}")
    secret = {name: bytes.fromhex(kept[name]) for name in kept if name.endswith("_private")}
    mixed = prologue_by_hand(kept["hello"].encode(), kept["reply"].encode())
    ends = []
    for mine, theirs in (("device", "controller"), ("controller", "device")):
        other = by_hand.public(secret[f"{theirs}_static_private"]) if pattern == "KK" else b""
        ends.append(
            by_hand.Noise(
                pattern,
                mine == "device",
                mixed,
                static=secret[f"{mine}_static_private"],
                ephemeral=secret[f"{mine}_ephemeral_private"],
                remote_static=other,
            )
        )
    messages = []
    for index in range(len(kept["handshake"])):
        writer, reader = ends if index % 2 == 0 else reversed(ends)
        messages.append(writer.write())
        reader.read(messages[-1])

    assert mixed == bytes.fromhex(kept["prologue"])
    assert prologue(kept["hello"].encode(), kept["reply"].encode()) == mixed
    assert [message.hex() for message in messages] == kept["handshake"]
    assert ends[0].hash.hex() == ends[1].hash.hex() == kept["handshake_hash"]
    assert ends[0].sending.seal(b"\x01" + kept["first_message"].encode()).hex() == kept["first_frame_of_the_device"]
    assert ends[1].sending.seal(b"\x01" + kept["first_message"].encode()).hex() == kept["first_frame_of_the_controller"]


def pairing_by_hand(kept: dict[str, Any], side: str, scalar: int, code: str) -> by_hand.Pairing:
    hashed = bytes.fromhex(kept["handshake_hash"])
    return by_hand.Pairing(
        side,
        code,
        scalar,
        b"loa-pair-v1\0controller\0" + bytes.fromhex(kept["controller_static"]) + hashed,
        b"loa-pair-v1\0device\0" + bytes.fromhex(kept["device_static"]) + hashed,
    )


def binding(kept: dict[str, Any]) -> Binding:
    return Binding(
        handshake_hash=bytes.fromhex(kept["handshake_hash"]),
        controller_static=bytes.fromhex(kept["controller_static"]),
        device_static=bytes.fromhex(kept["device_static"]),
    )


def test_the_pairing_vector_holds_both_shares_and_both_confirmations() -> None:
    kept = vector("pairing")
    controller = pairing_by_hand(kept, "A", int(kept["controller_scalar"], 16), kept["code"])
    device = pairing_by_hand(kept, "B", int(kept["device_scalar"], 16), kept["code"])
    shares = controller.share(), device.share()
    key = controller.shared_key(shares[1])
    transcript = binding(kept).transcript() + shares[0] + shares[1]

    assert key == device.shared_key(shares[0])
    assert [share.hex() for share in shares] == [kept["controller_share"], kept["device_share"]]
    assert by_hand.confirmation(key, b"device", transcript).hex() == kept["device_confirmation"]
    assert by_hand.confirmation(key, b"controller", transcript).hex() == kept["controller_confirmation"]


def test_a_device_written_by_hand_pairs_with_our_controller_side() -> None:
    kept = vector("pairing")
    controller = ControllerPairing("042137", binding(kept))
    device = pairing_by_hand(kept, "B", 987654321, "042137")
    share = device.share()
    key = device.shared_key(controller.share)
    transcript = binding(kept).transcript() + controller.share + share

    proof = controller.finish(share, by_hand.confirmation(key, b"device", transcript))

    assert proof == by_hand.confirmation(key, b"controller", transcript)


def test_a_controller_written_by_hand_pairs_with_our_device_side() -> None:
    kept = vector("pairing")
    controller = pairing_by_hand(kept, "A", 123456789, "042137")
    share = controller.share()

    answer = answer_pairing("042137", binding(kept), share)

    key = controller.shared_key(answer.share)
    transcript = binding(kept).transcript() + share + answer.share
    assert answer.confirmation == by_hand.confirmation(key, b"device", transcript)
    assert answer.expected == by_hand.confirmation(key, b"controller", transcript)


def test_the_enrolment_vector_holds_both_proofs() -> None:
    kept = vector("enrolment")
    secret = kept["token"].partition(".")[2].encode()
    transcript = binding(kept).transcript()
    token = EnrolmentToken.parse(kept["token"])

    for who, ours in (
        ("device", token.device_proof(binding(kept))),
        ("controller", token.controller_proof(binding(kept))),
    ):
        by_hand_proof = hmac.digest(secret, b"loa-enrol-v1\0" + who.encode() + b"\0" + transcript, "sha256")
        assert ours == by_hand_proof == bytes.fromhex(kept[f"{who}_proof"])


def test_the_signing_vector_is_ed25519_over_the_label_and_the_payload() -> None:
    kept = vector("signing")
    payload, signature = base64.b64decode(kept["payload"]), base64.b64decode(kept["signature"])
    key = bytes.fromhex(kept["public_key"])

    Ed25519PublicKey.from_public_bytes(key).verify(signature, b"loa-document-v1\0" + payload)
    verify(key, SignedDocument(key_id=kept["key_id"], payload=payload, signature=signature))
    assert decode_document(payload).header.key_id == kept["key_id"]
    assert SigningKey(bytes.fromhex(kept["private_key"])).public_bytes == key


def test_ids_are_the_first_letters_of_a_hash_of_the_public_key() -> None:
    kept = vector("signing")

    def by_hand_id(prefix: str, key: bytes) -> str:
        return prefix + base64.b32encode(hashlib.sha256(key).digest()).decode().lower()[:16]

    key = bytes.fromhex(kept["public_key"])
    assert ids.key_id(key) == by_hand_id("k-", key) == kept["key_id"]
    assert ids.device_id(key) == by_hand_id("d-", key)
    assert ids.controller_id(key) == by_hand_id("c-", key)
