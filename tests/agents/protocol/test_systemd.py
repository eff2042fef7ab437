"""Notices to systemd, its watchdog, and the text of a unit."""

import asyncio
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.protocol.systemd import HARDENING, Unit, keep_watched, notify, watchdog_s


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """The end at which systemd listens."""
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(path)
        receiver.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", path)
        yield receiver


def test_systemd_is_told_where_it_asked_to_be(told: socket.socket) -> None:
    notify("READY=1")
    assert told.recv(100) == b"READY=1"


def test_nobody_is_told_where_nobody_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notify("READY=1")


def test_whoever_asked_may_be_gone(told: socket.socket) -> None:
    told.close()
    notify("READY=1")


@pytest.mark.parametrize(
    ("usec", "pid", "limit_s"),
    [("30000000", "", 30.0), ("30000000", "own", 30.0), ("30000000", "1", None), ("", "", None), ("0", "", None)],
)
def test_the_watchdog_counts_for_the_process_that_it_names(
    monkeypatch: pytest.MonkeyPatch, usec: str, pid: str, limit_s: float | None
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", usec)
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()) if pid == "own" else pid)
    assert watchdog_s() == limit_s


async def test_the_watchdog_hears_nothing_of_a_program_that_says_it_is_not_alive(
    told: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "150000")
    monkeypatch.delenv("WATCHDOG_PID", raising=False)
    answers = iter([True, True, False, False])
    asked = asyncio.Event()

    def alive() -> bool:
        try:
            return next(answers)
        except StopIteration:
            asked.set()
            return False

    keeping = asyncio.create_task(keep_watched(alive))
    async with asyncio.timeout(5):
        await asked.wait()
    keeping.cancel()
    assert [told.recv(100), told.recv(100)] == [b"WATCHDOG=1"] * 2
    with pytest.raises(BlockingIOError):
        told.recv(100)


def test_what_a_unit_says_wins_over_what_all_units_say() -> None:
    text = Unit(name="x", description="X", command="/x", watchdog_s=5, service={"UMask": "0022"}).text()
    assert "UMask=0022" in text
    assert "UMask=0077" not in text
    assert all(f"{name}=" in text for name in HARDENING)
