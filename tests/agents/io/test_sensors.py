"""Telemetry: from a made-up kernel's small files, and from the parts of the agent."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from agents.domain.clock import ControllerClock
from agents.domain.clock_burst import Exchange
from agents.io.output.events import EngineFacts
from agents.io.sensors import Box, EngineWords, Sensors, interface_to, read_box
from agents.io.timeport import SystemTime
from agents.protocol.telemetry import LinkKind

PI: Mapping[str, str] = {
    "proc/uptime": "86400.52 300000.00\n",
    "proc/loadavg": "0.00 0.10 0.05 1/120 4711\n",
    "proc/meminfo": "MemTotal:         437000 kB\nMemFree:           90000 kB\nMemAvailable:     218500 kB\n",
    "proc/net/route": (
        "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"
        "wwan0\t00000000\t0100000A\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
        "wlan0\t0001A8C0\t00000000\t0001\t0\t0\t600\t00FFFFFF\t0\t0\t0\n"
    ),
    "proc/net/ipv6_route": "fd" + "0" * 30 + " 40 " + "0" * 32 + " 00 " + "0" * 32 + " 0 0 0 1    eth0\n",
    "proc/net/wireless": (
        "Inter-| sta-|   Quality        |   Discarded packets               | Missed | WE\n"
        " face | tus | link level noise |  nwid  crypt   frag  retry   misc | beacon | 22\n"
        " wlan0: 0000   58.  -52.  -256        0      0      0      0     12        0\n"
    ),
    "sys/class/thermal/thermal_zone0/type": "battery\n",
    "sys/class/thermal/thermal_zone0/temp": "31000\n",
    "sys/class/thermal/thermal_zone1/type": "cpu-thermal\n",
    "sys/class/thermal/thermal_zone1/temp": "48312\n",
    "sys/devices/platform/soc/soc:firmware/get_throttled": "50005\n",
    "sys/class/net/wlan0/statistics/tx_bytes": "5300000\n",
    "sys/class/net/wlan0/statistics/rx_bytes": "91000000\n",
    "sys/class/net/wlan0/wireless/status": "",
    "sys/class/net/wwan0/statistics/tx_bytes": "70\n",
    "sys/class/net/wwan0/statistics/rx_bytes": "80\n",
    "sys/class/net/eth0/statistics/tx_bytes": "1\n",
}


def tree(root: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_what_a_pi_tells_is_understood(tmp_path: Path) -> None:
    box = read_box(tree(tmp_path, PI), "192.168.1.7")

    assert (box.uptime_s, box.temperature_c, box.load_percent) == (86_400, 48.3, 0)
    assert (box.memory_free_bytes, box.memory_percent) == (218_500 * 1024, 50)
    assert (box.link_kind, box.signal_dbm) == (LinkKind.WIFI, -52)
    assert (box.sent_bytes, box.received_bytes) == (5_300_000, 91_000_000)
    assert (box.throttled, box.under_voltage, box.under_voltage_seen) == (True, True, True)


@pytest.mark.parametrize(
    ("peer", "interface"),
    [
        ("192.168.1.7", "wlan0"),
        ("::ffff:192.168.1.7", "wlan0"),
        ("203.0.113.9", "wwan0"),
        ("127.0.0.1", "lo"),
        ("::1", "lo"),
        ("fd00::7", "eth0"),
        ("2001:db8::1", None),
        ("loa.example.vn", None),
        (None, None),
    ],
)
def test_the_interface_is_that_of_the_narrowest_route(tmp_path: Path, peer: str | None, interface: str | None) -> None:
    assert interface_to(tree(tmp_path, PI), peer) == interface


def test_a_modem_is_known_by_its_name_or_its_driver_and_has_no_strength_in_a_file(tmp_path: Path) -> None:
    box = read_box(tree(tmp_path, PI), "203.0.113.9")
    assert (box.link_kind, box.signal_dbm, box.sent_bytes) == (LinkKind.CELLULAR, None, 70)

    tree(tmp_path, {"sys/class/net/eth0/device/uevent": "DEVTYPE=usb_interface\nDRIVER=cdc_mbim\n"})
    assert read_box(tmp_path, "fd00::7").link_kind is LinkKind.CELLULAR


def test_where_nothing_is_told_nothing_is_guessed(tmp_path: Path) -> None:
    assert read_box(tmp_path, "192.168.1.7") == Box()


@pytest.mark.parametrize("garbage", ["", "\n", "nan", "-", "x y z", "9" * 40, "\ufffd\x00", "inf", "MemTotal: many kB"])
def test_files_that_make_no_sense_are_as_none(tmp_path: Path, garbage: str) -> None:
    box = read_box(tree(tmp_path, dict.fromkeys(PI, garbage)), "192.168.1.7")
    assert (box.temperature_c, box.memory_percent, box.link_kind, box.signal_dbm) == (None, None, None, None)
    assert (box.throttled, box.under_voltage, box.load_percent) == (None, None, None)


def test_under_voltage_is_also_known_by_the_alarm_of_the_driver(tmp_path: Path) -> None:
    tree(tmp_path, {"sys/class/hwmon/hwmon0/name": "cpu_thermal\n", "sys/class/hwmon/hwmon1/name": "rpi_volt\n"})
    assert read_box(tmp_path, None).under_voltage is None
    for alarm, told in (("0", False), ("1", True)):
        tree(tmp_path, {"sys/class/hwmon/hwmon1/in0_lcrit_alarm": alarm})
        assert read_box(tmp_path, None).under_voltage is told


class Clips:
    def __init__(self, short: bool) -> None:
        self.short = short

    def disk_total_bytes(self) -> int:
        return 31_000_000_000


class Journal:
    waiting = 3

    def __init__(self, stuck: bool) -> None:
        self.stuck = stuck


@pytest.mark.parametrize(("short", "stuck"), [(True, False), (False, True), (False, False)])
async def test_the_parts_of_the_agent_are_asked_as_well(tmp_path: Path, short: bool, stuck: bool) -> None:
    time, clock = SystemTime(), ControllerClock()
    now_us = time.monotonic_us()
    clock.feed("t-1", [Exchange(now_us - 400, 2**50, 2**50 + 100, now_us)])
    facts = EngineFacts(underruns=2, output_failures=1, output_ok=None, latency_us=12_400, amplifier_on=True)
    parts = cast(Any, {"clips": Clips(short), "journal": Journal(stuck)})
    sensors = Sensors(engine=EngineWords(lambda: facts), clock=clock, time=time, root=tmp_path, **parts)

    telemetry = await sensors.telemetry(None, faults_on_wire=7)

    assert (telemetry.underruns, telemetry.output_failures, telemetry.latency_us) == (2, 1, 12_400)
    assert telemetry.output_ok, "no sound was wanted yet, so nothing has failed"
    assert telemetry.relay_on is None
    assert (telemetry.disk_total_bytes, telemetry.journal_waiting) == (31_000_000_000, 3)
    assert telemetry.disk_short is (short or stuck), "full or worn out: a person is to look after the card"
    assert (telemetry.faults_on_wire, telemetry.drift_ppb, telemetry.round_trip_us) == (7, 0, 300)
