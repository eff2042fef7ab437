"""The controller's keys: made once, readable by their owner alone, never replaced in silence."""

import pytest

from agents.protocol import ids, signing
from agents.protocol.documents import Audience, Header, Order, ReleaseDevice
from controller.links.keys import KEY_FILE, FileSigner, KeysUnusable, load_or_make


def test_they_are_made_once_and_read_again(tmp_path):
    folder = tmp_path / "keys"
    made = load_or_make(folder)
    assert load_or_make(folder) == made
    assert (folder / KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in folder.iterdir()] == [KEY_FILE]


def test_two_controllers_have_different_ones(tmp_path):
    first, second = load_or_make(tmp_path / "a"), load_or_make(tmp_path / "b")
    assert first.identity("x").controller_id != second.identity("x").controller_id
    assert first.identity("x").signing_key != second.identity("x").signing_key


def test_the_id_follows_from_the_key(tmp_path):
    identity = load_or_make(tmp_path).identity("Đài xã")
    assert identity.controller_id == ids.controller_id(identity.static_key)
    assert identity.name == "Đài xã"


def test_a_draft_left_by_a_power_cut_is_no_key(tmp_path):
    (tmp_path / "controller.new").write_bytes(b"half")
    assert load_or_make(tmp_path) == load_or_make(tmp_path)


@pytest.mark.parametrize("content", [b"", b"x" * 63, b"x" * 65])
def test_a_broken_file_is_an_error_and_stays_as_it_is(tmp_path, content):
    path = tmp_path / KEY_FILE
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(KeysUnusable, match="backup"):
        load_or_make(tmp_path)
    assert path.read_bytes() == content


def test_keys_that_others_can_read_are_refused_with_the_remedy(tmp_path):
    load_or_make(tmp_path)
    (tmp_path / KEY_FILE).chmod(0o644)
    with pytest.raises(KeysUnusable, match="chmod 600"):
        load_or_make(tmp_path)


def test_the_text_form_shows_no_secret(tmp_path):
    keys = load_or_make(tmp_path)
    assert repr(keys) == "Keys()"
    assert keys.signing_private.hex() not in str(keys)


def test_what_the_signer_signs_is_verified_by_its_public_key(tmp_path):
    signer = FileSigner(load_or_make(tmp_path))
    header = Header(document_id="d", key_id=signer.key_id, issued_at_us=0, not_after_us=1, counter=1)
    signed = signer.sign(Order(header=header, to=Audience(), action=ReleaseDevice()))
    signing.verify(signer.public_key, signed)
    assert signed.key_id == ids.key_id(signer.public_key)
