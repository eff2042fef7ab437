"""Values: items, what becomes of each on one speaker, and the timeline that follows.

Every item that reaches a speaker has exactly one outcome there: played (whole or in part), displaced, refused,
conflicted or skipped. Instants are microseconds since the Unix epoch.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from schedules.schedule import OnInterrupted


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """One occurrence of one schedule, the same for every speaker that it reaches.

    ``order`` is its place in the one total order: the smaller goes before the larger. It sounds ``length_us`` from
    ``start_us``, of a content that lasts ``content_us``; ``room_us`` is how long its room is, and behind ``firm_us`` it
    is soft. ``priority`` is true of that class. ``why_not`` is set where it is out before anything else is looked at.
    """

    item_id: str
    schedule_id: str
    content_id: str
    original: datetime
    order: tuple[int, int, int, str, int, str]
    start_us: int
    length_us: int
    content_us: int
    room_us: int
    firm_us: int
    fade: bool
    on_interrupted: OnInterrupted
    above: bool
    priority: bool
    guarded: bool = True
    why_not: "Refused | Skipped | None" = None


class RefusedFor(StrEnum):
    """Why something will not be heard, whatever else is planned."""

    NOT_APPROVED = "not_approved"
    CONTENT_LACKING = "content_lacking"
    CONTENT_EXPIRED = "content_expired"
    QUIET_HOURS = "quiet_hours"
    SLOT_TOO_LONG = "slot_too_long"
    SLOTS_USED_UP = "slots_used_up"
    MINUTES_USED_UP = "minutes_used_up"
    AREA_CLOSED = "area_closed"


class SkippedFor(StrEnum):
    """Why an occurrence does not happen: a person said so."""

    CANCELLED = "cancelled"
    HOLIDAY = "holiday"
    STOPPED = "stopped"


class CutFor(StrEnum):
    """Why less than the whole of an item is heard."""

    INTERRUPTED = "interrupted"
    SLOT_ENDED = "slot_ended"


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of the timeline: this item sounds from one instant until another, ``offset_us`` into its content."""

    from_us: int
    until_us: int
    item_id: str
    offset_us: int = 0
    fade: bool = False


@dataclass(frozen=True, slots=True)
class Played:
    """It will be heard. ``pushed_us`` is by how much it begins later than planned; ``cut`` why it is not whole, and
    ``by`` the item that cuts it or pushes it back.
    """

    segments: tuple[Segment, ...]
    pushed_us: int = 0
    cut: CutFor | None = None
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Displaced:
    """Something of more weight has the air."""

    by: str


@dataclass(frozen=True, slots=True)
class Conflicted:
    """As displaced, of two priority items of which one is from above: the commune has yet to choose the first."""

    with_: str


@dataclass(frozen=True, slots=True)
class Refused:
    """It will not be heard. ``detail`` names what is behind the reason: a code, an area, a limit."""

    reason: RefusedFor
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Skipped:
    """It does not happen."""

    reason: SkippedFor


Outcome = Played | Displaced | Conflicted | Refused | Skipped


@dataclass(frozen=True, slots=True)
class Line:
    """One item at one speaker, and what becomes of it there."""

    item: Item
    outcome: Outcome


def of_lost_area(item: Item, area_id: str) -> Refused | Skipped:
    """What becomes of an item for an area that is no more: whatever else it lacks, nothing is heard of it before its
    schedule has the successor, unless it was not to happen anyway.
    """
    return item.why_not if isinstance(item.why_not, Skipped) else Refused(RefusedFor.AREA_CLOSED, area_id)
