"""What is planned at the desk: schedules with their history, approvals, and choices between two of them.

The decisions are in `schedules`; here is what the desk knows besides: who planned it, when, and whether it counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final, NewType

from agents.protocol.ids import AreaId, BulletinId
from controller.domain.airings import ContentId
from schedules.recurrence.rule import Changed, Rule
from schedules.schedule import Choice, Fill, OnInterrupted, Overrun, Schedule, Target

ScheduleId = NewType("ScheduleId", str)


def content_id_of(content_id: str) -> ContentId:
    """The id that `schedules` knows as a text."""
    return BulletinId(content_id)


MOST_LIVE: Final = 20_000
"""Schedules of one station that can still be heard: twice those of a country's worth of communes."""
MOST_PLACES: Final = 500
"""Areas, groups and speakers that one schedule may name."""
SHORTEST_SLOT_US: Final = 60_000_000
LONGEST_SLOT_US: Final = 12 * 3_600_000_000
HIGHEST_RANK: Final = 9
"""Ranks go from 0, which goes first, to this."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ScheduleDraft:
    """What a person asks for. Where the rule names no zone (""), it is the station's. ``slot_us`` None is as long as
    the content. ``area_id`` is where the schedule is filed; None is the narrowest area around all of its target.
    """

    content_id: ContentId
    target: Target
    rule: Rule
    rank: int = 0
    slot_us: int | None = None
    overrun: Overrun = Overrun.CUT
    fill: Fill = Fill.SILENCE
    on_interrupted: OnInterrupted | None = None
    area_id: AreaId | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedSchedule:
    """A schedule as the desk keeps it. ``schedule.approved`` is empty here: approvals are kept beside it.

    ``planned_by`` last said what plays where and when, ``changed_by`` did the last thing to it, be it a cancelled
    occurrence; ``altered_by`` names who changed each changed occurrence. After ``ends_us`` nothing of it begins; None
    where it has no end. ``sent_back`` is the note of whoever sent it back, and counts for ``sent_back_binding`` alone:
    what was changed since then waits anew. ``title`` is that of its content when it was planned.
    """

    schedule: Schedule
    title: str
    area_id: AreaId | None
    created_by: str
    planned_by: str
    changed_by: str
    changed_at_us: int
    revision: int = 1
    withdrawn: bool = False
    sent_back: str = ""
    sent_back_by: str = ""
    sent_back_binding: str = ""
    ends_us: int | None = None
    altered_by: Mapping[datetime, str] = field(default_factory=dict)

    @property
    def schedule_id(self) -> ScheduleId:
        return ScheduleId(self.schedule.schedule_id)

    @property
    def content_ids(self) -> frozenset[ContentId]:
        """Its content, and what is heard in place of it."""
        changed = (change for change in self.schedule.series.changes if isinstance(change, Changed))
        others = (change.content_id for change in changed if change.content_id is not None)
        return frozenset(content_id_of(one) for one in (self.schedule.content_id, *others))


@dataclass(frozen=True, kw_only=True, slots=True)
class Approval:
    """That somebody heard and approved exactly what ``binding`` names (see `schedules.approval`): a series, or the
    changed occurrence that the rule gives the wall time ``original``.
    """

    schedule_id: ScheduleId
    binding: str
    original: datetime | None
    by: str
    at_us: int
    self_approved: bool = False
    revoked_at_us: int | None = None
    revoked_by: str = ""


class ApprovalState(StrEnum):
    """How a schedule, or one changed occurrence of it, stands."""

    NOT_NEEDED = "not_needed"
    WAITING = "waiting"
    APPROVED = "approved"
    SENT_BACK = "sent_back"
    VOID = "void"
    """It was approved, and something of it was changed since."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChosenOrder:
    """Somebody decided between two schedules of the same class."""

    choice: Choice
    by: str
    at_us: int


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnHoliday:
    """A day that this station keeps besides the public holidays."""

    day: date
    name: str
    by: str
    at_us: int
