"""Approvals: somebody heard exactly this, saw where and when, and said yes. Whatever is changed voids it by itself.

An approval is bound to the bytes, the rule and the places (`schedules.approval`). Who approves is not who made it: not
who last planned it, nor who last changed its content or a bulletin in it; see `planning.self_approval`.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from agents.protocol.ids import AreaId
from controller.domain import texts
from controller.domain.approving import Part, next_start_us, parts
from controller.domain.deeds import Deed, DeedKind
from controller.domain.errors import Invalid, NotFound, Refused
from controller.domain.rights import Actor
from controller.domain.schedules import Approval, ApprovalState, PlannedSchedule, ScheduleId
from controller.ports import Transaction
from controller.services.contents import Content as HeardContent
from controller.services.events import PlansChanged
from controller.services.office import Office
from controller.services.planning.planned import Known, Standing, areas_of_target, counting, known_contents, read_plans
from controller.services.planning.self_approval import Approvers
from schedules.recurrence.rule import Changed
from schedules.schedule import Content, Schedule

LONGEST_NOTE: Final = 1_000
_UNDECIDED: Final = frozenset({ApprovalState.WAITING, ApprovalState.VOID})


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What an approver decides on: a series, or one changed occurrence of it (``original``).

    ``schedule`` is as it counts now. ``heard`` is what would sound, part by part; None where it cannot be heard now
    (``content.lacking`` says why), and then it cannot be approved either. ``next_us`` is when it would be heard next,
    None where it never will. ``own`` is true where the asking person is an author of it; they may approve it where
    ``own_allowed``.
    """

    planned: PlannedSchedule
    schedule: Schedule
    original: datetime | None
    change: Changed | None
    binding: str
    state: ApprovalState
    content: Content
    heard: HeardContent | None
    next_us: int | None
    area_ids: tuple[AreaId, ...]
    authors: frozenset[str]
    own: bool
    own_allowed: bool


class ApprovalDesk:
    """Every method raises `StoreFailed` too."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._store = office.store
        self._clock = office.clock

    # --- reading ------------------------------------------------------------------------------------------------------

    async def waiting(self, by: Actor) -> tuple[Request, ...]:
        """What ``by`` may decide on, the soonest to be heard first. What was sent back is not among it until it is
        changed.
        """
        now_us = self._clock.now_us()
        found: list[Request] = []
        async with self._store.reading() as tx:
            plans = await read_plans(tx, now_us, now_us)
            approvers = await Approvers.read(self._office.areas, tx)
            async for planned, counts in plans.each():
                of_it = tuple(parts(planned, counts, plans.contents, plans.approvals.get(planned.schedule_id, ())))
                wanted = [part for part in of_it if part.state in _UNDECIDED and next_start_us(counts, part, now_us)]
                if not wanted:
                    continue
                area_ids = await areas_of_target(tx, counts.target)
                if await approvers.may(by, area_ids):
                    own_allowed = await approvers.own(area_ids)
                    asked = _Asked(planned, counts, of_it[0].state, area_ids, own_allowed, now_us)
                    found += [_request(asked, part, plans.known[part.content_id], by) for part in wanted]
        return tuple(sorted(found, key=lambda one: (one.next_us or 0, one.planned.schedule_id)))

    async def request(self, schedule_id: ScheduleId, original: datetime | None, by: Actor) -> Request:
        """One of a schedule, in whatever state it is. Raises `NotFound` (``schedule_unknown``, ``exception_unknown``:
        this occurrence is not changed).
        """
        async with self._store.reading() as tx:
            return await self._asked(tx, schedule_id, original, by)

    async def state_of(self, schedule_id: ScheduleId, original: datetime | None = None) -> ApprovalState:
        """That of the series, or of one occurrence: one that is not changed stands as the series does. Raises
        `NotFound`.
        """
        series, single = await self.states_of(schedule_id)
        return series if original is None else single.get(original, series)

    async def states_of(self, schedule_id: ScheduleId) -> tuple[ApprovalState, dict[datetime, ApprovalState]]:
        """That of the series, and of each changed occurrence by its wall time. Raises `NotFound`."""
        async with self._store.reading() as tx:
            planned, counts, known, approvals = await self._standing(tx, schedule_id)
        contents = {content_id: one.summary for content_id, one in known.items()}
        series, *single = parts(planned, counts, contents, approvals)
        return series.state, {part.original: part.state for part in single if part.original is not None}

    async def states(self) -> dict[ScheduleId, tuple[ApprovalState, dict[datetime, ApprovalState]]]:
        """Of every live schedule: of the series, and of each changed occurrence by its wall time."""
        now_us = self._clock.now_us()
        async with self._store.reading() as tx:
            plans = await read_plans(tx, now_us, now_us)
        found: dict[ScheduleId, tuple[ApprovalState, dict[datetime, ApprovalState]]] = {}
        async for planned, counts in plans.each():
            series, *single = parts(planned, counts, plans.contents, plans.approvals.get(planned.schedule_id, ()))
            by_wall = {part.original: part.state for part in single if part.original is not None}
            found[planned.schedule_id] = series.state, by_wall
        return found

    async def in_force(self) -> tuple[tuple[PlannedSchedule, Approval], ...]:
        """What is approved as it is now, of every live schedule; the last approved first."""
        now_us = self._clock.now_us()
        async with self._store.reading() as tx:
            plans = await read_plans(tx, now_us, now_us)
        found: list[tuple[PlannedSchedule, Approval]] = []
        async for planned, counts in plans.each():
            given = plans.approvals.get(planned.schedule_id, ())
            of_it = parts(planned, counts, plans.contents, given)
            wanted = {part.binding for part in of_it if part.state is ApprovalState.APPROVED}
            found += [(planned, one) for one in given if one.binding in wanted]
        return tuple(sorted(found, key=lambda pair: pair[1].at_us, reverse=True))

    async def of(self, schedule_id: ScheduleId) -> tuple[Approval, ...]:
        """Who approved what of it, the newest first, also what was revoked or is void."""
        async with self._store.reading() as tx:
            return await tx.approvals.of(schedule_id)

    # --- deciding -----------------------------------------------------------------------------------------------------

    async def approve(self, schedule_id: ScheduleId, original: datetime | None, binding: str, by: Actor) -> Approval:
        """``binding`` is that of what the person heard and saw.

        Raises `NotFound`, `Refused` (``approval_stale``: it is not what would be heard any more; ``own_approval``;
        ``approval_not_allowed``: no right in one of its areas; ``withdrawn``, ``approval_not_needed``,
        ``occurrence_over``, and why the content cannot be heard).
        """
        async with self._store.transaction() as tx:
            asked = await self._decided(tx, schedule_id, original, binding, by)
            if asked.heard is None:
                raise Refused("it cannot be heard now", code=asked.content.lacking)
            if asked.next_us is None:
                raise Refused("nothing of it is still to be heard", code="occurrence_over")
            if asked.own and not asked.own_allowed:
                raise Refused(f"{by.name} is an author of it", code="own_approval")
            if asked.state is ApprovalState.APPROVED:
                return next(one for one in await tx.approvals.of(schedule_id) if one.binding == binding)
            approval = Approval(
                schedule_id=schedule_id,
                binding=binding,
                original=original,
                by=by.name,
                at_us=self._clock.now_us(),
                self_approved=asked.own,
            )
            await tx.approvals.put(approval)
            await self._record(tx, DeedKind.APPROVE_OWN if asked.own else DeedKind.APPROVE, asked, by)
        self._tell()
        return approval

    async def send_back(
        self, schedule_id: ScheduleId, original: datetime | None, binding: str, note: str, by: Actor
    ) -> PlannedSchedule:
        """With a word on what is to be changed. What was approved of it is so no longer.

        Raises as `approve` does, and `Invalid` (``note_missing``, ``note_too_long``).
        """
        note = texts.clean(note)
        if not note:
            raise Invalid("say what is to be changed", code="note_missing")
        if len(note) > LONGEST_NOTE:
            raise Invalid(f"at most {LONGEST_NOTE} letters", code="note_too_long")
        async with self._store.transaction() as tx:
            asked = await self._decided(tx, schedule_id, original, binding, by)
            planned = replace(asked.planned, sent_back=note, sent_back_by=by.name, sent_back_binding=binding)
            await tx.schedules.put(planned)
            await self._revoke(tx, asked, by)
            await self._record(tx, DeedKind.SEND_BACK, asked, by, note)
        self._tell()
        return planned

    async def revoke(self, schedule_id: ScheduleId, original: datetime | None, by: Actor) -> Approval:
        """What was approved is not heard any more, nor is anything that was approved of it before: whatever it becomes
        is to be approved anew. Returns the last of what is revoked. Raises `NotFound`, `Refused` (``not_approved``,
        ``approval_not_allowed``, ``withdrawn``, ``approval_not_needed``).
        """
        async with self._store.transaction() as tx:
            asked = await self._decided(tx, schedule_id, original, None, by)
            revoked = await self._revoke(tx, asked, by)
            if not revoked:
                raise Refused("nothing of it is approved", code="not_approved")
            await self._record(tx, DeedKind.REVOKE_APPROVAL, asked, by)
        self._tell()
        return revoked[0]

    async def _decided(
        self, tx: Transaction, schedule_id: ScheduleId, original: datetime | None, binding: str | None, by: Actor
    ) -> Request:
        """What ``by`` may decide on, as they saw it."""
        asked = await self._asked(tx, schedule_id, original, by)
        if asked.planned.withdrawn:
            raise Refused("the schedule is withdrawn", code="withdrawn")
        approvers = await Approvers.read(self._office.areas, tx)
        if not await approvers.may(by, asked.area_ids):
            raise Refused("no right to approve in all of its areas", code="approval_not_allowed")
        if asked.state is ApprovalState.NOT_NEEDED:
            raise Refused("it comes from above", code="approval_not_needed")
        if binding not in {None, asked.binding}:
            raise Refused("it was changed since", code="approval_stale")
        return asked

    async def _standing(
        self, tx: Transaction, schedule_id: ScheduleId
    ) -> tuple[PlannedSchedule, Schedule, dict[str, Known], tuple[Approval, ...]]:
        planned = await tx.schedules.get(schedule_id)
        known = await known_contents(tx, planned.content_ids, self._clock.now_us())
        approvals = tuple(one for one in await tx.approvals.of(schedule_id) if one.revoked_at_us is None)
        standing = await Standing.read(tx, [planned.schedule.target])
        counts = counting(planned, known, frozenset(one.binding for one in approvals), standing)
        return planned, counts, known, approvals

    async def _asked(self, tx: Transaction, schedule_id: ScheduleId, original: datetime | None, by: Actor) -> Request:
        planned, counts, known, approvals = await self._standing(tx, schedule_id)
        contents = {content_id: one.summary for content_id, one in known.items()}
        of_it = tuple(parts(planned, counts, contents, approvals))
        found = [part for part in of_it if part.original == original]
        if not found:
            raise NotFound(f"{original} is not changed", code="exception_unknown")
        area_ids = await areas_of_target(tx, counts.target)
        own_allowed = await (await Approvers.read(self._office.areas, tx)).own(area_ids)
        asked = _Asked(planned, counts, of_it[0].state, area_ids, own_allowed, self._clock.now_us())
        return _request(asked, found[0], known[found[0].content_id], by)

    async def _revoke(self, tx: Transaction, asked: Request, by: Actor) -> list[Approval]:
        now_us = self._clock.now_us()
        revoked = [
            replace(one, revoked_at_us=now_us, revoked_by=by.name)
            for one in await tx.approvals.of(asked.planned.schedule_id)
            if one.original == asked.original and one.revoked_at_us is None
        ]
        for one in revoked:
            await tx.approvals.put(one)
        return revoked

    async def _record(self, tx: Transaction, what: DeedKind, asked: Request, by: Actor, note: str = "") -> None:
        when = "" if asked.original is None else f"{asked.original:%Y-%m-%d %H:%M} "
        await tx.deeds.add(
            Deed(
                at_us=self._clock.now_us(),
                by=by.name,
                what=what,
                subject=asked.planned.schedule_id,
                detail=f"{when}{asked.content.title} {asked.binding[:12]} {note}".strip(),
            )
        )

    def _tell(self) -> None:
        self._office.planning.wake()
        self._office.events.publish(PlansChanged())


@dataclass(frozen=True, slots=True)
class _Asked:
    """What all requests of one schedule have in common; ``series`` is how its series stands."""

    planned: PlannedSchedule
    counts: Schedule
    series: ApprovalState
    area_ids: tuple[AreaId, ...]
    own_allowed: bool
    now_us: int


def _request(asked: _Asked, part: Part, known: Known, by: Actor) -> Request:
    """Of a changed occurrence whoever changed it is an author; whoever planned the series too, unless that is approved
    as it is.
    """
    planned = asked.planned
    authors = set(known.authors)
    if part.original is not None:
        authors.add(planned.altered_by.get(part.original, planned.planned_by))
    if part.original is None or asked.series is not ApprovalState.APPROVED:
        authors.add(planned.planned_by)
    return Request(
        planned=planned,
        schedule=asked.counts,
        original=part.original,
        change=part.change,
        binding=part.binding,
        state=part.state,
        content=known.summary,
        heard=known.heard,
        next_us=next_start_us(asked.counts, part, asked.now_us),
        area_ids=asked.area_ids,
        authors=frozenset(authors),
        own=by.name in authors,
        own_allowed=asked.own_allowed,
    )
