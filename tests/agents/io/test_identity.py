"""The device's key: made once, kept close, kept for life."""

import stat
from pathlib import Path

import pytest

from agents.io.identity import KEY_FILE, IdentityUnreadable, load_or_make


def test_a_device_keeps_its_id_for_life(tmp_path: Path) -> None:
    first = load_or_make(tmp_path / "state")
    assert load_or_make(tmp_path / "state") == first
    assert first.device_id.startswith("d-")
    assert len(first.device_id) == 18


def test_every_device_is_another(tmp_path: Path) -> None:
    assert len({load_or_make(tmp_path / str(number)).device_id for number in range(5)}) == 5


def test_only_the_owner_may_read_the_key_and_it_does_not_show_itself(tmp_path: Path) -> None:
    identity = load_or_make(tmp_path)
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    assert repr(identity.private_key) not in repr(identity)


def test_a_key_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    load_or_make(tmp_path)
    (tmp_path / KEY_FILE).chmod(0o644)
    with pytest.raises(IdentityUnreadable, match="chmod 600"):
        load_or_make(tmp_path)


@pytest.mark.parametrize("content", [b"", b"short", bytes(33)])
def test_a_damaged_key_is_not_replaced_behind_anybodys_back(tmp_path: Path, content: bytes) -> None:
    (tmp_path / KEY_FILE).write_bytes(content)
    (tmp_path / KEY_FILE).chmod(0o600)
    with pytest.raises(IdentityUnreadable, match="Delete it"):
        load_or_make(tmp_path)
    assert (tmp_path / KEY_FILE).read_bytes() == content


def test_a_power_cut_while_the_key_was_made_leaves_no_half_key(tmp_path: Path) -> None:
    (tmp_path / "device.new").write_bytes(b"half")
    identity = load_or_make(tmp_path)
    assert load_or_make(tmp_path) == identity
    assert not (tmp_path / "device.new").exists()
