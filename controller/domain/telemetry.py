"""How boxes were: what of their heartbeats is kept, and what plots show of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from agents.protocol.ids import SpeakerId
from agents.protocol.messages import Heartbeat
from agents.protocol.telemetry import Telemetry


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """How one speaker's box was at an instant; what it could not measure is None.

    ``sent_bytes`` and ``received_bytes`` count since its network interface came up, as in the telemetry. ``flags``
    holds what is true or false of it, by the names that the telemetry gives them. ``hourly`` is said of the first of an
    hour, which is kept longer than the others.
    """

    speaker_id: SpeakerId
    at_us: int
    temperature_c: float | None = None
    load_percent: int | None = None
    memory_percent: int | None = None
    disk_free_bytes: int | None = None
    clock_error_us: int | None = None
    drift_ppb: int | None = None
    round_trip_us: int | None = None
    signal_dbm: int | None = None
    volume_percent: int | None = None
    sent_bytes: int | None = None
    received_bytes: int | None = None
    flags: dict[str, bool] = field(default_factory=dict)
    hourly: bool = False


_MEANS: Final = ("temperature_c", "load_percent", "memory_percent", "clock_error_us", "drift_ppb", "round_trip_us")
"""Of what a mean says something; of the others the last does."""


def flags_of(told: Telemetry) -> dict[str, bool]:
    """What of the telemetry is true or false; what is neither is left out."""
    flags = {
        "disk_short": told.disk_short,
        "output_ok": told.output_ok,
        "relay_on": told.relay_on,
        "stopped_here": told.stopped_here,
        "throttled": told.throttled,
        "under_voltage": told.under_voltage,
        "battery_clock": told.battery_clock,
    }
    return {name: value for name, value in flags.items() if value is not None}


def reading(speaker_id: SpeakerId, beat: Heartbeat, told: Telemetry, at_us: int, *, hourly: bool) -> Reading:
    """What is kept of a heartbeat."""
    return Reading(
        speaker_id=speaker_id,
        at_us=at_us,
        temperature_c=told.temperature_c,
        load_percent=told.load_percent,
        memory_percent=told.memory_percent,
        disk_free_bytes=beat.disk_free_bytes,
        clock_error_us=beat.clock_error_us,
        drift_ppb=told.drift_ppb,
        round_trip_us=told.round_trip_us,
        signal_dbm=told.signal_dbm,
        volume_percent=beat.volume_percent,
        sent_bytes=told.sent_bytes,
        received_bytes=told.received_bytes,
        flags=flags_of(told),
        hourly=hourly,
    )


def thinned(readings: Sequence[Reading], most: int) -> tuple[Reading, ...]:
    """At most ``most`` of them over the same stretch of time: where there are more, what lies together is one."""
    if len(readings) <= most:
        return tuple(readings)
    first_us = readings[0].at_us
    width_us = (readings[-1].at_us - first_us) // most + 1
    piles: dict[int, list[Reading]] = {}
    for one in readings:
        piles.setdefault((one.at_us - first_us) // width_us, []).append(one)
    return tuple(_mean(pile) for pile in piles.values())


def _mean(pile: Sequence[Reading]) -> Reading:
    """The last of the pile, with means of what swings; a flag that was up in any of them is up."""
    means: dict[str, Any] = {}
    for name in _MEANS:
        values = [value for value in (getattr(one, name) for one in pile) if value is not None]
        mean = sum(values) / len(values) if values else None
        means[name] = mean if mean is None or name == "temperature_c" else round(mean)
    flags = {name: any(one.flags.get(name, False) for one in pile) for one in pile for name in one.flags}
    if "output_ok" in flags:
        flags["output_ok"] = all(one.flags.get("output_ok", True) for one in pile)
    return replace(pile[-1], flags=flags, **means)


def carried(counters: Iterable[tuple[int | None, int | None]]) -> int:
    """Bytes that went both ways between the first and the last of these readings of two counters, the earliest first.

    A counter that is less than before began anew, from zero.
    """
    total = 0
    before: tuple[int | None, int | None] = (None, None)
    for now in counters:
        for was, is_now in zip(before, now, strict=True):
            if was is not None and is_now is not None:
                total += is_now - was if is_now >= was else is_now
        before = now if None not in now else before
    return total
