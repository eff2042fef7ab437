"""What is wrong with a speaker, an area, or the controller itself: the values. `fault_judge` decides.

A fault opens when a deadline is missed and closes by evidence. Instants are controller time in microseconds.
"""

from dataclasses import dataclass
from enum import StrEnum

from agents.protocol.ids import AreaId, SpeakerId


class FaultKind(StrEnum):
    """What is wrong. The first is a whole area's, the last two are the controller's own, the others one speaker's."""

    AREA_OFFLINE = "area_offline"
    """Most speakers of an area went together: the power was cut there, or a line is down."""
    OFFLINE = "offline"
    AIRING_MISSED = "airing_missed"
    """A planned airing ended and it is not known to have sounded, or it did not by a fault."""
    OUTPUT = "output"
    """The sound device cannot be opened."""
    NOT_HEARD = "not_heard"
    """The last self-test did not hear the horn."""
    TIME_UNKNOWN = "time_unknown"
    CLOCK_ERROR = "clock_error"
    DISK_SHORT = "disk_short"
    HOT = "hot"
    UNDER_VOLTAGE = "under_voltage"
    NO_BATTERY_CLOCK = "no_battery_clock"
    JOURNAL_LOST = "journal_lost"
    """Records of what it did will never be seen."""
    REFUSALS = "refusals"
    """It was sent documents that it rightly did not obey."""
    DATA_QUOTA = "data_quota"
    """Its SIM card carried more this month than it should."""
    DEVICE_TIME_DISAGREES = "device_time_disagrees"
    """Speakers that have network time agree that the controller's time is wrong."""
    CONTROLLER_CLOCK = "controller_clock"
    """Somebody set the controller's clock, or nothing keeps it true."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FaultDetail:
    """What was measured, as far as the kind has it.

    ``since_us`` is when it began, as far as that is known: earlier than the fault was opened. ``value`` and ``limit``
    are in the unit of the kind: C, us, bytes, dB, refusals, or seconds. ``reason`` is a word of the wire (why an airing
    failed, why a document was refused) or ``not_heard_since_start``. Of an area's fault ``members`` counts who went.
    """

    since_us: int | None = None
    value: float | None = None
    limit: float | None = None
    reason: str = ""
    airing_id: str | None = None
    members: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """One fault, open while ``closed_at_us`` is None. ``area_id`` is where its speaker stood when it opened.

    A speaker's fault with a ``group_id`` is part of an area's fault with that id, and not told apart from it.
    ``seen_by`` is who said that somebody looks after it.
    """

    fault_id: str
    kind: FaultKind
    opened_at_us: int
    speaker_id: SpeakerId | None = None
    area_id: AreaId | None = None
    closed_at_us: int | None = None
    group_id: str | None = None
    detail: FaultDetail = FaultDetail()
    seen_by: str | None = None
    seen_at_us: int | None = None

    @property
    def open(self) -> bool:
        """True until evidence closed it."""
        return self.closed_at_us is None
