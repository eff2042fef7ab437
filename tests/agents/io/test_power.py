"""What outlives the program but not the power."""

import socket
from pathlib import Path

import pytest

from agents.domain.clock import ControllerClock, Exchange
from agents.io.power import CLOCK_FILE, boot_id, forget_clock, notify_ready, restore_clock, save_clock
from agents.protocol.values import ClockBasis

NOW_US = 50_000_000


def known_clock() -> ControllerClock:
    clock = ControllerClock()
    clock.feed("t-1", [Exchange(t1_us=NOW_US, t2_us=10**15, t3_us=10**15, t4_us=NOW_US + 200)])
    return clock


def test_after_a_restart_of_the_program_the_time_is_known_as_holdover(tmp_path: Path) -> None:
    before, after = known_clock(), ControllerClock()
    save_clock(tmp_path, "boot-1", before)

    assert restore_clock(tmp_path, "boot-1", after)

    estimate = after.estimate(NOW_US)
    assert estimate is not None
    assert estimate.basis is ClockBasis.HOLDOVER
    assert after.to_controller(NOW_US) == before.to_controller(NOW_US)
    assert after.clock_id == "t-1"


def test_after_a_power_cut_the_time_is_unknown(tmp_path: Path) -> None:
    save_clock(tmp_path, "boot-1", known_clock())
    clock = ControllerClock()
    assert not restore_clock(tmp_path, "boot-2", clock)
    assert clock.estimate(NOW_US) is None


def test_a_clock_that_knows_nothing_leaves_nothing(tmp_path: Path) -> None:
    save_clock(tmp_path, "boot-1", ControllerClock())
    assert not (tmp_path / CLOCK_FILE).exists()


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"boot_id":"boot-1"}', b"\xff", b'{"boot_id":"boot-1","clock_id":"t","mapping":{"x":1}}'],
)
def test_a_damaged_file_is_as_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / CLOCK_FILE).write_bytes(content)
    assert not restore_clock(tmp_path, "boot-1", ControllerClock())


def test_a_released_device_forgets_the_time_it_was_told(tmp_path: Path) -> None:
    save_clock(tmp_path, "boot-1", known_clock())
    forget_clock(tmp_path)
    forget_clock(tmp_path)
    assert not restore_clock(tmp_path, "boot-1", ControllerClock())


def test_the_boot_id_stays_while_the_power_does() -> None:
    assert boot_id() == boot_id()


def test_systemd_is_told_where_it_asked_to_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(path)
        monkeypatch.setenv("NOTIFY_SOCKET", path)
        notify_ready()
        assert receiver.recv(100) == b"READY=1"
    notify_ready()
    monkeypatch.delenv("NOTIFY_SOCKET")
    notify_ready()
