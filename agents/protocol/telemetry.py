"""How a box is: what its heartbeats carry besides the clock. What a device cannot measure is None, never a guess."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from agents.protocol.values import MicrosNatural, Natural, Percent, Whole


class LinkKind(StrEnum):
    """The way over which a device reaches its controller."""

    ETHERNET = "ethernet"
    WIFI = "wifi"
    CELLULAR = "cellular"


class Telemetry(Struct, frozen=True, kw_only=True):
    """Measured by the device itself.

    ``temperature_c`` of the processor. ``load_percent`` is the load of one minute over the number of processors.
    ``sent_bytes`` and ``received_bytes`` count what its network interface carried, headers included, since
    ``uptime_s`` ago. ``disk_short`` is true while clips had to be refused for the floor of free disk. ``relay_on``
    is the amplifier's relay. ``stopped_here`` is true while somebody's press on the box's own stop button holds.
    ``throttled`` and ``under_voltage`` are true while the board says so, ``under_voltage_seen`` since power came.
    ``battery_clock`` is whether a battery keeps the time over a power cut. ``underruns`` and ``output_failures``
    count since the program began. ``output_ok`` is false while the sound device cannot be opened.
    ``journal_waiting`` is how many records the controller has not yet. ``unknown_messages`` of the heartbeat and
    ``faults_on_wire`` here count what the other side sent and should not have. ``network_apart_us`` is how far the
    device's own network time is ahead of the controller's time, None where it has not both.

    Of live sound, since the program began: ``live_played`` packets of 20 ms that were heard, ``live_concealed`` that
    were made up because they were missing at their time, ``live_late`` that came after it; ``live_refused`` bundles
    that were not believed. None where the device plays nothing live.
    """

    uptime_s: Natural
    temperature_c: Annotated[float, Meta(ge=-100, le=200)] | None = None
    load_percent: Natural | None = None
    memory_free_bytes: Natural | None = None
    memory_percent: Percent | None = None
    disk_total_bytes: Natural | None = None
    disk_short: bool = False
    link_kind: LinkKind | None = None
    signal_dbm: Annotated[int, Meta(ge=-200, le=50)] | None = None
    sent_bytes: Natural | None = None
    received_bytes: Natural | None = None
    relay_on: bool | None = None
    stopped_here: bool = False
    throttled: bool | None = None
    under_voltage: bool | None = None
    under_voltage_seen: bool | None = None
    battery_clock: bool | None = None
    output_ok: bool = True
    output_failures: Natural = 0
    underruns: Natural = 0
    latency_us: MicrosNatural = 0
    journal_waiting: Natural = 0
    faults_on_wire: Natural = 0
    drift_ppb: Whole | None = None
    round_trip_us: MicrosNatural | None = None
    network_apart_us: Whole | None = None
    live_played: Natural | None = None
    live_concealed: Natural | None = None
    live_late: Natural | None = None
    live_refused: Natural | None = None
