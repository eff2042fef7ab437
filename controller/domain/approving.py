"""Where a schedule stands with its approval: pure, from what is planned, what is approved and what would be heard."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from controller.domain.plan_checks import start_us
from controller.domain.schedules import Approval, ApprovalState, PlannedSchedule
from schedules.approval import occurrence_binding, series_binding
from schedules.recurrence.rule import Changed, OnHoliday
from schedules.recurrence.series import next_dues
from schedules.schedule import Content, Schedule


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """What is approved as one: the series, or one changed occurrence of it. ``content_id`` is what is heard then."""

    original: datetime | None
    change: Changed | None
    content_id: str
    binding: str
    state: ApprovalState


def parts(
    planned: PlannedSchedule, counts: Schedule, contents: Mapping[str, Content], approvals: Iterable[Approval]
) -> Iterator[Part]:
    """The series, then each changed occurrence. ``counts`` is the schedule as it counts now, with what is approved;
    ``approvals`` are those that were not revoked, void ones too.
    """
    once = {approval.original for approval in approvals}

    def part(change: Changed | None) -> Part:
        original = None if change is None else change.original
        content_id = counts.content_id if change is None or change.content_id is None else change.content_id
        master = contents[content_id].master
        binding = series_binding(counts, master) if change is None else occurrence_binding(counts, master, change)
        if not counts.needs_approval:
            state = ApprovalState.NOT_NEEDED
        elif binding in counts.approved:
            state = ApprovalState.APPROVED
        elif binding == planned.sent_back_binding:
            state = ApprovalState.SENT_BACK
        else:
            state = ApprovalState.VOID if original in once else ApprovalState.WAITING
        return Part(original=original, change=change, content_id=content_id, binding=binding, state=state)

    yield part(None)
    for change in counts.series.changes:
        if isinstance(change, Changed):
            yield part(change)


def next_start_us(counts: Schedule, part: Part, now_us: int) -> int | None:
    """When this would be heard next; None where it is over, or nothing is left of the series but what was changed.

    Holidays play no part: what they leave out is approved all the same, and so is what is heard on them alone.
    """
    if part.change is not None:
        at_us = start_us(counts.series.rule, part.change.original, part.change)
        return at_us if at_us >= now_us else None
    rule = replace(counts.series.rule, on_holiday=OnHoliday.PLAY)
    series = replace(counts.series, rule=rule)
    following = next_dues(series, now_us - 1, len(series.changes) + 1, frozenset())
    return next((due.start_us for due in following if due.change is None), None)
