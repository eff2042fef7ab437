"""Where a connection may lead."""

import socket

import pytest

from audio.way import Reach, why_not

NOWHERE = Reach(private=False, this_machine=False)
LAN = Reach(private=True, this_machine=False)
ALL = Reach(private=True, this_machine=True)


@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888"])
def test_the_internet_is_allowed(address: str) -> None:
    assert why_not(address, NOWHERE) is None


@pytest.mark.parametrize("address", ["10.1.2.3", "192.168.250.9", "172.16.200.1", "100.64.200.1", "fd00::77"])
def test_private_networks_are_allowed_by_a_setting(address: str) -> None:
    assert why_not(address, LAN) is None
    assert "private network" in (why_not(address, NOWHERE) or "")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.9.9.9",
        "::1",
        "169.254.169.254",
        "fe80::1",
        "fe80::1%eth0",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
    ],
)
def test_this_machine_and_its_own_wire_are_not_unless_a_setting_says_so(address: str) -> None:
    assert "into this machine" in (why_not(address, LAN) or "")
    assert why_not(address, ALL) is None


def test_an_address_of_this_machine_is_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    bound: list[str] = []

    class Probe(socket.socket):
        def bind(self, address: object, /) -> None:
            bound.append(str(address))

    monkeypatch.setattr(socket, "socket", Probe)
    assert "into this machine" in (why_not("192.168.1.5", LAN) or "")
    assert bound == ["('192.168.1.5', 0)"]


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "224.0.0.1", "ff02::fb"])
def test_what_is_no_address_of_a_station_never_is(address: str) -> None:
    assert why_not(address, ALL) is not None
