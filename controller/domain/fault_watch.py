"""When one thing about one speaker is a fault: limits, and the two deadlines of each kind.

Rules of the module: a fault opens once something was bad for as long as its kind allows, and closes once it was fine
for as long as its kind asks, so that what flaps is one fault and not many. What nobody can measure is neither. Between
the two limits of the temperature nothing changes.
"""

from dataclasses import dataclass
from typing import Final

from agents.protocol.journal import (
    Ended,
    Failed,
    Finished,
    JournalEvent,
    Preempted,
    RefusalReason,
    Skipped,
    SkipReason,
    Stopped,
)
from agents.protocol.messages import Heartbeat
from agents.protocol.values import ClockBasis, Profile
from controller.domain.faults import FaultDetail, FaultKind

SECOND_US: Final = 1_000_000
MINUTE_US: Final = 60 * SECOND_US

_DELAYS: Final = {
    FaultKind.CLOCK_ERROR: (5 * MINUTE_US, 5 * MINUTE_US),
    FaultKind.UNDER_VOLTAGE: (0, 10 * MINUTE_US),
    FaultKind.NO_BATTERY_CLOCK: (0, 10 * MINUTE_US),
    FaultKind.OUTPUT: (0, MINUTE_US),
    FaultKind.DISK_SHORT: (0, MINUTE_US),
    FaultKind.HOT: (0, MINUTE_US),
    FaultKind.JOURNAL_LOST: (0, 24 * 60 * MINUTE_US),
    FaultKind.REFUSALS: (0, 60 * MINUTE_US),
    FaultKind.CONTROLLER_CLOCK: (MINUTE_US, MINUTE_US),
    FaultKind.DEVICE_TIME_DISAGREES: (MINUTE_US, 10 * MINUTE_US),
}
"""For how long something must be bad to be a fault, and for how long fine to be none any more; else at once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FaultLimits:
    """From where on something is a fault.

    A speaker is offline once nothing was heard of it for its profile's silence limit and ``offline_grace_us`` more.
    For ``start_grace_us`` after the start of the controller nobody is. ``back_us`` is how long it must hold a link
    again. ``word_us`` is how long after an airing's end a linked speaker may take to tell how it went. An area's fault
    is said of ``area_least`` speakers and ``area_share`` of those that were there, gone within ``area_within_us``.
    """

    silence_us: tuple[tuple[Profile, int], ...] = ((Profile.LAN, 15 * SECOND_US), (Profile.SIM, 150 * SECOND_US))
    offline_grace_us: int = 60 * SECOND_US
    start_grace_us: int = 180 * SECOND_US
    back_us: int = 120 * SECOND_US
    word_us: int = 300 * SECOND_US
    time_unknown_us: int = 120 * SECOND_US
    clock_error_us: int = 250_000
    hot_c: float = 80.0
    cool_c: float = 75.0
    area_least: int = 3
    area_share: float = 0.6
    area_within_us: int = 120 * SECOND_US
    time_apart_us: int = 2 * SECOND_US

    def silence_of(self, profile: Profile) -> int:
        """How long a link of this profile may be silent."""
        return dict(self.silence_us)[profile]

    def delays(self, kind: FaultKind) -> tuple[int, int]:
        """For how long something must be bad to be a fault, and for how long fine to be none any more."""
        match kind:
            case FaultKind.OFFLINE:
                return self.offline_grace_us, self.back_us
            case FaultKind.TIME_UNKNOWN:
                return self.time_unknown_us, 0
            case _:
                return _DELAYS.get(kind, (0, 0))


@dataclass(frozen=True, slots=True)
class Watch:
    """One thing that was bad. ``bad_us`` is since when; ``fine_us`` since when it is not any more, None while it is."""

    bad_us: int
    fine_us: int | None
    detail: FaultDetail

    @property
    def passing(self) -> bool:
        """Something that happened, and does not last."""
        return self.fine_us == self.bad_us


def worse(before: Watch | None, at_us: int, detail: FaultDetail) -> Watch:
    """It is bad at this instant."""
    if before is not None and before.fine_us is None:
        return before
    return Watch(at_us, None, detail)


def better(before: Watch, at_us: int) -> Watch:
    """It is fine at this instant."""
    if before.fine_us is not None:
        return before
    return Watch(before.bad_us, at_us, before.detail)


# --- what a heartbeat says ------------------------------------------------------------------------------------------

SIGNS: Final = (
    FaultKind.TIME_UNKNOWN,
    FaultKind.CLOCK_ERROR,
    FaultKind.DISK_SHORT,
    FaultKind.HOT,
    FaultKind.UNDER_VOLTAGE,
    FaultKind.NO_BATTERY_CLOCK,
    FaultKind.OUTPUT,
)
"""What heartbeats tell, in the order of the bits of `signs`: two each, the lower for bad, the upper for fine."""
_BAD: Final = {kind: 1 << (2 * at) for at, kind in enumerate(SIGNS)}
_FINE: Final = {kind: 2 << (2 * at) for at, kind in enumerate(SIGNS)}
_TIME_BAD, _TIME_FINE = _BAD[FaultKind.TIME_UNKNOWN], _FINE[FaultKind.TIME_UNKNOWN]
_CLOCK_BAD, _CLOCK_FINE = _BAD[FaultKind.CLOCK_ERROR], _FINE[FaultKind.CLOCK_ERROR]
_DISK_BAD, _DISK_FINE = _BAD[FaultKind.DISK_SHORT], _FINE[FaultKind.DISK_SHORT]
_HOT_BAD, _HOT_FINE = _BAD[FaultKind.HOT], _FINE[FaultKind.HOT]
_POWER_BAD, _POWER_FINE = _BAD[FaultKind.UNDER_VOLTAGE], _FINE[FaultKind.UNDER_VOLTAGE]
_BATTERY_BAD, _BATTERY_FINE = _BAD[FaultKind.NO_BATTERY_CLOCK], _FINE[FaultKind.NO_BATTERY_CLOCK]
_OUTPUT_BAD, _OUTPUT_FINE = _BAD[FaultKind.OUTPUT], _FINE[FaultKind.OUTPUT]


def signs(beat: Heartbeat, limits: FaultLimits) -> int:
    """What a heartbeat says of each of `SIGNS`, in bits: thousands come in a second, and most say the same again."""
    said = _TIME_BAD if beat.clock_basis is ClockBasis.NONE else _TIME_FINE
    if beat.clock_error_us is not None:
        said |= _CLOCK_BAD if beat.clock_error_us > limits.clock_error_us else _CLOCK_FINE
    told = beat.telemetry
    if told is None:
        return said
    said |= _DISK_BAD if told.disk_short else _DISK_FINE
    said |= _OUTPUT_FINE if told.output_ok else _OUTPUT_BAD
    if told.temperature_c is not None:
        if told.temperature_c >= limits.hot_c:
            said |= _HOT_BAD
        elif told.temperature_c < limits.cool_c:
            said |= _HOT_FINE
    if told.under_voltage is not None:
        said |= _POWER_BAD if told.under_voltage else _POWER_FINE
    if told.battery_clock is not None:
        said |= _BATTERY_FINE if told.battery_clock else _BATTERY_BAD
    return said


def bad_in(said: int, kind: FaultKind) -> bool | None:
    """What `signs` says of one kind; None where it says nothing."""
    if said & _BAD[kind]:
        return True
    return False if said & _FINE[kind] else None


def measured(beat: Heartbeat, kind: FaultKind, limits: FaultLimits) -> FaultDetail:
    """The figure behind a sign, and its limit."""
    match kind:
        case FaultKind.CLOCK_ERROR:
            return FaultDetail(value=beat.clock_error_us, limit=limits.clock_error_us)
        case FaultKind.HOT if beat.telemetry is not None:
            return FaultDetail(value=beat.telemetry.temperature_c, limit=limits.hot_c)
        case FaultKind.DISK_SHORT:
            return FaultDetail(value=beat.disk_free_bytes)
        case _:
            return FaultDetail()


# --- what a journal says --------------------------------------------------------------------------------------------

BY_FAULT: Final = frozenset({SkipReason.LATE, SkipReason.TIME_UNKNOWN})
"""Why an airing did not sound that should have; the other reasons are rules."""

WORTH_TELLING: Final = frozenset(RefusalReason) - {
    RefusalReason.EXPIRED,
    RefusalReason.REPLAYED,
    RefusalReason.TIME_UNKNOWN,
    RefusalReason.NOT_YET_VALID,
    RefusalReason.UNKNOWN_ACTION,
}
"""Documents that the controller did not send, or not to this device. The other reasons mend themselves."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an airing went: to its end, or not by a rule (no ``reason``), or not by a fault.

    ``excusable`` is said of a reason that a power cut explains, which is a fault of its own.
    """

    sounded: bool
    reason: str | None
    excusable: bool = False


def outcome(event: JournalEvent) -> Outcome | None:
    """What an event says of how its airing went; None where it does not decide that."""
    match event:
        case Finished():
            return Outcome(True, None)
        case Failed(reason=failed):
            return Outcome(False, failed.value)
        case Skipped(reason=skipped) if skipped in BY_FAULT:
            return Outcome(False, skipped.value, excusable=True)
        case Skipped() | Preempted() | Stopped() | Ended():
            return Outcome(False, None)
        case _:
            return None
