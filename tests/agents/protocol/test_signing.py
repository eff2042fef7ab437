"""Signatures: what was signed is what arrives, and only its signer could have made it."""

import msgspec
import pytest

from agents.protocol.codec import decode_document
from agents.protocol.documents import Audience, Header, Order, SignedDocument, Stop
from agents.protocol.errors import BadSignature
from agents.protocol.signing import SigningKey, sign, verify


def order(key: SigningKey) -> Order:
    header = Header(document_id="o-1", key_id=key.key_id, issued_at_us=1, not_after_us=2, counter=1)
    return Order(header=header, to=Audience(areas=("vn",)), action=Stop())


def test_a_signed_document_holds_and_carries_exactly_what_was_signed() -> None:
    key = SigningKey.generate()
    signed = sign(key, order(key))

    verify(key.public_bytes, signed)

    assert decode_document(signed.payload) == order(key)
    assert signed.key_id == key.key_id


@pytest.mark.parametrize("field", ["payload", "signature"])
def test_one_changed_bit_is_enough_to_refuse_it(field: str) -> None:
    key = SigningKey.generate()
    signed = sign(key, order(key))
    changed = bytearray(getattr(signed, field))
    changed[5] ^= 1
    with pytest.raises(BadSignature):
        verify(key.public_bytes, msgspec.structs.replace(signed, **{field: bytes(changed)}))


def test_another_keys_signature_is_refused() -> None:
    key, other = SigningKey.generate(), SigningKey.generate()
    signed = sign(other, order(other))
    with pytest.raises(BadSignature):
        verify(key.public_bytes, signed)


def test_a_signature_over_the_bare_payload_is_none_over_the_document() -> None:
    key = SigningKey.generate()
    payload = sign(key, order(key)).payload
    with pytest.raises(BadSignature):
        verify(
            key.public_bytes,
            SignedDocument(key_id=key.key_id, payload=payload, signature=key.sign_bytes(payload)),
        )


@pytest.mark.parametrize("public_key", [b"", b"short", b"\xff" * 32, b"\0" * 33])
def test_what_is_no_public_key_verifies_nothing(public_key: bytes) -> None:
    key = SigningKey.generate()
    with pytest.raises(BadSignature):
        verify(public_key, sign(key, order(key)))


def test_a_document_in_another_keys_name_is_not_signed() -> None:
    key, other = SigningKey.generate(), SigningKey.generate()
    with pytest.raises(ValueError, match=key.key_id):
        sign(other, order(key))


def test_a_key_is_kept_and_loaded_and_does_not_show_itself() -> None:
    key = SigningKey.generate()
    again = SigningKey.load(key.private_bytes())
    assert (again.key_id, again.public_bytes) == (key.key_id, key.public_bytes)
    assert key.private_bytes().hex() not in repr(key)
