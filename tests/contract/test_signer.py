"""What every `ports.Signer` holds to: the fake of the tests and the one of the program."""

from pathlib import Path

import pytest

from agents.protocol import ids, live
from agents.protocol.channel import LiveAudio
from agents.protocol.codec import decode_document
from agents.protocol.documents import Audience, Header, Order, Stop
from agents.protocol.errors import BadSignature
from agents.protocol.signing import verify
from controller.links.keys import FileSigner, load_or_make
from controller.ports import Signer
from tests.controller.fakes import KeySigner


@pytest.fixture(params=["fake", "real"])
def signer(request: pytest.FixtureRequest, tmp_path: Path) -> Signer:
    return KeySigner() if request.param == "fake" else FileSigner(load_or_make(tmp_path / "keys"))


def order(key_id: str) -> Order:
    header = Header(document_id="o-1", key_id=key_id, issued_at_us=1, not_after_us=2, counter=1)
    return Order(header=header, to=Audience(), action=Stop())


def test_its_key_has_the_name_that_follows_from_it(signer: Signer) -> None:
    assert signer.key_id == ids.key_id(signer.public_key)


def test_what_it_signs_is_whole_and_can_be_verified(signer: Signer) -> None:
    document = order(signer.key_id)
    signed = signer.sign(document)
    verify(signer.public_key, signed)
    assert decode_document(signed.payload) == document
    with pytest.raises(BadSignature):
        verify(bytes(32), signed)


def test_it_signs_nothing_in_the_name_of_another_key(signer: Signer) -> None:
    with pytest.raises(ValueError, match="names the key"):
        signer.sign(order("k-other"))


def test_live_sound_is_signed_for_its_instant(signer: Signer) -> None:
    bundle = live.Bundle(1_000, live.tag_of("a-1"), 7, (b"\x48sound",))
    audio = signer.sign_live(bundle)
    live.verify(signer.public_key, audio)
    assert live.read(audio) == bundle
    with pytest.raises(BadSignature):
        live.verify(signer.public_key, LiveAudio(2_000, audio.payload))
