"""How boxes were: what of their heartbeats is kept, and what plots show of it."""

from dataclasses import dataclass, field

from agents.protocol.ids import SpeakerId


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
