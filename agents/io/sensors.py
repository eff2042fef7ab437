"""How the box is: what its kernel tells in small files, and what its parts tell of themselves.

Rules of the module: what a file does not say, or says in a way that is not understood, is None, never a guess and never
an error. Everything is read under one root, so that another tree can stand in for the kernel's.

Sources: proc(5) for load, memory, uptime, routes and radio signal; sysfs of the kernel for temperature and counters;
``get_throttled`` of the Raspberry Pi's firmware, whose bits its documentation names (0: under-voltage now, 1 to 3:
slowed down now, 16: under-voltage since power came), else the voltage alarm of its ``rpi_volt`` driver.
"""

import asyncio
import ipaddress
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agents.domain.clock import ControllerClock
from agents.io import power
from agents.io.clips import ClipStore
from agents.io.jitter import LiveCounters
from agents.io.journal import JournalStore
from agents.io.output.events import EngineFacts
from agents.io.timeport import TimePort
from agents.protocol.telemetry import LinkKind, Telemetry

_THERMAL: Final = "sys/class/thermal"
_THROTTLED: Final = "sys/devices/platform/soc/soc:firmware/get_throttled"
_UNDER_VOLTAGE_BIT: Final = 1 << 0
_SLOWED_BITS: Final = 0b1110
_UNDER_VOLTAGE_SEEN_BIT: Final = 1 << 16
_PROCESSOR_ZONES: Final = ("cpu", "soc", "x86_pkg", "package")
_CELLULAR_NAMES: Final = ("wwan", "ppp", "rmnet")
_CELLULAR_DRIVERS: Final = ("cdc_mbim", "qmi_wwan", "cdc_ncm", "huawei_cdc_ncm", "rndis_host")


@dataclass(frozen=True, slots=True)
class EngineWords:
    """What the sound says of itself. ``relay_on`` is None where no relay is wired."""

    facts: Callable[[], EngineFacts]
    relay_on: Callable[[], bool | None] = lambda: None
    stopped_here: Callable[[], bool] = lambda: False


class Sensors:
    """Gathers telemetry. ``root`` is where ``proc`` and ``sys`` are."""

    def __init__(
        self,
        *,
        engine: EngineWords,
        clips: ClipStore,
        journal: JournalStore,
        clock: ControllerClock,
        time: TimePort,
        live: LiveCounters | None = None,
        root: Path = Path("/"),
    ) -> None:
        self._engine = engine
        self._clips = clips
        self._journal = journal
        self._clock = clock
        self._time = time
        self._live = live or LiveCounters()
        self._root = root

    async def telemetry(self, peer: str | None, faults_on_wire: int) -> Telemetry:
        """How the box is. ``peer`` is the address of the other end of the link; its interface's counters are told."""
        box = await asyncio.to_thread(read_box, self._root, peer)
        facts, estimate = self._engine.facts(), self._clock.estimate(self._time.monotonic_us())
        return Telemetry(
            uptime_s=box.uptime_s,
            temperature_c=box.temperature_c,
            load_percent=box.load_percent,
            memory_free_bytes=box.memory_free_bytes,
            memory_percent=box.memory_percent,
            disk_total_bytes=self._clips.disk_total_bytes(),
            disk_short=self._clips.short or self._journal.stuck,
            link_kind=box.link_kind,
            signal_dbm=box.signal_dbm,
            sent_bytes=box.sent_bytes,
            received_bytes=box.received_bytes,
            relay_on=self._engine.relay_on(),
            stopped_here=self._engine.stopped_here(),
            throttled=box.throttled,
            under_voltage=box.under_voltage,
            under_voltage_seen=box.under_voltage_seen,
            battery_clock=box.battery_clock,
            output_ok=facts.output_ok is not False,
            output_failures=facts.output_failures,
            underruns=facts.underruns,
            latency_us=facts.latency_us,
            journal_waiting=self._journal.waiting,
            faults_on_wire=faults_on_wire,
            drift_ppb=None if estimate is None else round(estimate.drift_ppm * 1000),
            round_trip_us=self._clock.round_trip_us,
            network_apart_us=self._clock.network_apart_us(self._time.monotonic_us()),
            live_played=self._live.played,
            live_concealed=self._live.concealed,
            live_late=self._live.late,
            live_refused=self._live.refused,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Box:
    """What the kernel tells; see `agents.protocol.telemetry.Telemetry`."""

    uptime_s: int = 0
    temperature_c: float | None = None
    load_percent: int | None = None
    memory_free_bytes: int | None = None
    memory_percent: int | None = None
    link_kind: LinkKind | None = None
    signal_dbm: int | None = None
    sent_bytes: int | None = None
    received_bytes: int | None = None
    throttled: bool | None = None
    under_voltage: bool | None = None
    under_voltage_seen: bool | None = None
    battery_clock: bool | None = None


def read_box(root: Path, peer: str | None) -> Box:
    """Reads some dozens of small files. Blocks; never raises for what they hold."""
    interface = interface_to(root, peer)
    free_bytes, percent = _memory(root)
    throttled, under_voltage, seen = _voltage(root)
    return Box(
        uptime_s=int(_first_number(root / "proc/uptime") or 0),
        temperature_c=_temperature_c(root),
        load_percent=_load_percent(root),
        memory_free_bytes=free_bytes,
        memory_percent=percent,
        link_kind=_link_kind(root, interface),
        signal_dbm=_signal_dbm(root, interface),
        sent_bytes=_counter(root, interface, "tx_bytes"),
        received_bytes=_counter(root, interface, "rx_bytes"),
        throttled=throttled,
        under_voltage=under_voltage,
        under_voltage_seen=seen,
        battery_clock=power.battery_clock(root),
    )


# --- the machine ------------------------------------------------------------------------------------------------------


def _temperature_c(root: Path) -> float | None:
    """Of the zone that is the processor's by its name, else of the first."""
    zones = sorted((root / _THERMAL).glob("thermal_zone*"))
    zones.sort(key=lambda zone: not any(word in _text(zone / "type").lower() for word in _PROCESSOR_ZONES))
    for zone in zones:
        milli = _first_number(zone / "temp")
        if milli is not None and -100_000 <= milli <= 200_000:
            return round(milli / 1000, 1)
    return None


def _load_percent(root: Path) -> int | None:
    load = _first_number(root / "proc/loadavg")
    return None if load is None or load < 0 else round(100 * load / (os.cpu_count() or 1))


def _memory(root: Path) -> tuple[int | None, int | None]:
    """Bytes that are available, and how much of all is in use."""
    rows = (line.split() for line in _text(root / "proc/meminfo").splitlines())
    kb = {row[0]: int(row[1]) for row in rows if len(row) >= 2 and row[1].isdecimal()}
    total, available = kb.get("MemTotal:"), kb.get("MemAvailable:")
    if not total or available is None or available > total:
        return None, None
    return available * 1024, round(100 * (total - available) / total)


def _voltage(root: Path) -> tuple[bool | None, bool | None, bool | None]:
    """Slowed down now, under-voltage now, under-voltage since power came."""
    try:
        bits = int(_text(root / _THROTTLED).strip(), 16)
    except ValueError:
        bits = -1
    if not 0 <= bits < 1 << 32:
        return None, _voltage_alarm(root), None
    return bool(bits & _SLOWED_BITS), bool(bits & _UNDER_VOLTAGE_BIT), bool(bits & _UNDER_VOLTAGE_SEEN_BIT)


def _voltage_alarm(root: Path) -> bool | None:
    for monitor in sorted((root / "sys/class/hwmon").glob("hwmon*")):
        if _text(monitor / "name").strip() == "rpi_volt":
            alarm = _first_number(monitor / "in0_lcrit_alarm")
            return None if alarm is None else alarm != 0
    return None


# --- the network ------------------------------------------------------------------------------------------------------


def interface_to(root: Path, peer: str | None) -> str | None:
    """The interface by which an address is reached: that of the narrowest route to it."""
    try:
        address = ipaddress.ip_address((peer or "").partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if address.is_loopback:
        return "lo"
    routes = _routes_4(root) if isinstance(address, ipaddress.IPv4Address) else _routes_6(root)
    fitting = [(network.prefixlen, name) for network, name in routes if address in network]
    return max(fitting)[1] if fitting else None


_Route = tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, str]


def _routes_4(root: Path) -> Iterator[_Route]:
    for line in _text(root / "proc/net/route").splitlines()[1:]:
        fields = line.split()
        try:
            there, mask = (bytes.fromhex(fields[place])[::-1] for place in (1, 7))  # as a little-endian machine writes
            yield ipaddress.IPv4Network((there, int.from_bytes(mask, "big").bit_count())), fields[0]
        except (ValueError, IndexError):
            continue


def _routes_6(root: Path) -> Iterator[_Route]:
    for line in _text(root / "proc/net/ipv6_route").splitlines():
        fields = line.split()
        try:
            yield ipaddress.IPv6Network((bytes.fromhex(fields[0]), int(fields[1], 16))), fields[9]
        except (ValueError, IndexError):
            continue


def _link_kind(root: Path, interface: str | None) -> LinkKind | None:
    if interface is None or interface == "lo":
        return None
    device = root / "sys/class/net" / interface
    if (device / "wireless").exists() or (device / "phy80211").exists():
        return LinkKind.WIFI
    told = _text(device / "uevent") + _text(device / "device/uevent")
    driven = any(f"DRIVER={driver}" in told.splitlines() for driver in _CELLULAR_DRIVERS)
    if interface.startswith(_CELLULAR_NAMES) or "DEVTYPE=wwan" in told or driven:
        return LinkKind.CELLULAR
    return LinkKind.ETHERNET


def _signal_dbm(root: Path, interface: str | None) -> int | None:
    """Of a wireless network. What a modem hears no file tells."""
    for line in _text(root / "proc/net/wireless").splitlines()[2:]:
        name, _, rest = line.partition(":")
        fields = rest.split()
        if name.strip() == interface and len(fields) >= 3:
            try:
                level = int(float(fields[2]))
            except ValueError:
                return None
            return level if -200 <= level < 0 else None  # above: a share of the best, which is no strength
    return None


def _counter(root: Path, interface: str | None, name: str) -> int | None:
    if interface is None:
        return None
    number = _first_number(root / "sys/class/net" / interface / "statistics" / name)
    return None if number is None else int(number)


# --- small files ------------------------------------------------------------------------------------------------------


def _first_number(path: Path) -> float | None:
    words = _text(path).split()
    try:
        number = float(words[0]) if words else None
    except ValueError:
        return None
    return number if number is not None and abs(number) < 2**53 else None


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8", "replace")
    except OSError:
        return ""
