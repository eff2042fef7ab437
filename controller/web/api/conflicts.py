"""What a schedule meets on the air, and the two answers: it goes first, or it goes where there is room.

Also what would become of a schedule that is not planned yet. Nothing here is kept but the choice which goes first.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Final

from msgspec import Meta

from agents.protocol.ids import SpeakerId
from agents.protocol.values import AiringClass
from controller.domain.airings import ContentId
from controller.domain.errors import Invalid, NotFound, Refused
from controller.domain.rights import Right
from controller.domain.schedules import ChosenOrder, ScheduleDraft, ScheduleId
from controller.services.planning.outlook import conflicts_of, free_after
from controller.services.planning.planned import Known, counting, known_contents
from controller.services.previews import looked_from, preview
from controller.web import plans, subjects
from controller.web.api import plan_values as plan
from controller.web.api.endpoint import Query, raises
from controller.web.api.plan_values import WallTime
from controller.web.api.schedule_values import (
    LOOKED_DAYS,
    MOST_DAYS,
    MOST_NAMED,
    NEXT,
    ChoiceBody,
    ChoicesTold,
    ChoiceTold,
    ConflictsTold,
    ConflictTold,
    FreeTold,
    PreviewBody,
    PreviewTold,
    RefusalTold,
    RulePreviewBody,
    RulePreviewTold,
)
from controller.web.api.schedules import RULE_CODES, draft_of, require_planner
from controller.web.asking import Ask, NotAllowed
from controller.web.planwords import rule_words
from controller.web.reckoning import reckoned
from controller.web.rundownpresent import names_in, title_of
from controller.web.rundownwords import outcome_sentence
from schedules.precedence import AirClass
from schedules.recurrence.expand import check
from schedules.recurrence.rule import Rule, RuleError, Series
from schedules.recurrence.series import next_dues
from schedules.recurrence.zones import wall_of
from schedules.rundown.conflicts import Conflict, next_free
from schedules.rundown.values import Line
from schedules.schedule import Schedule, World

_FREE_FOR: Final = 3
"""For how many conflicts at once free air is looked for: that compiles days."""
_NEW: Final = "new"


class ConflictsQuery(Query):
    """How many days are looked at, from the next occurrence on."""

    days: Annotated[int, Meta(ge=1, le=MOST_DAYS)] = LOOKED_DAYS


def _checked(rule: Rule, now_us: int) -> Rule:
    """Raises `Invalid`."""
    try:
        check(rule, now_us)
    except RuleError as error:
        raise Invalid(str(error), code=error.code) from error
    return rule


@raises(Invalid, *RULE_CODES)
async def preview_rule(ask: Ask, body: RulePreviewBody) -> RulePreviewTold:
    """Read a rule in words, with its next ten occurrences.

    Nothing is kept.
    """
    now_us = ask.parts.clock.now_us()
    rule = _checked(plan.rule_of(body.rule, ask.parts.zone), now_us)
    upcoming = next_dues(Series(rule=rule), now_us, NEXT, ask.parts.planner.world().holidays)
    return RulePreviewTold(
        rule=plan.rule_told(rule, rule_words(rule, ask.say)),
        next=[plan.occurrence_told(due) for due in upcoming],
    )


@raises(Invalid, *RULE_CODES, "targets_missing")
@raises(NotFound, "not_found", "content_unknown", "schedule_unknown")
@raises(NotAllowed)
async def preview_schedule(ask: Ask, body: PreviewBody) -> PreviewTold:
    """Look at what would become of a schedule, once it is approved.

    The rule in words, its next ten occurrences, what it would meet, and what limits would refuse. Nothing is kept.
    """
    draft = draft_of(ask, body)
    now_us = ask.parts.clock.now_us()
    _checked(draft.rule, now_us)
    if not (draft.target.areas or draft.target.groups or draft.target.speakers):
        raise Invalid("no place is named", code="targets_missing")
    await require_planner(ask, draft)
    known, world = await _known(ask, draft.content_id), ask.parts.planner.world()
    content, schedule = known.summary, await _schedule(ask, draft, known, body.schedule_id)
    found = await reckoned(ask, preview, world, schedule, content, now_us, body.days)
    seen = replace(world, contents={**world.contents, content.content_id: content})
    return PreviewTold(
        rule=plan.rule_told(draft.rule, rule_words(draft.rule, ask.say)),
        next=[plan.occurrence_told(due) for due in found.dues],
        conflicts=await reckoned(ask, _conflicts_told, seen, schedule, found.conflicts),
        refusals=[
            RefusalTold(
                original=plan.written(one.item.original),
                start_at_us=one.item.start_us,
                reason=one.outcome.reason.value,
                sentence=outcome_sentence(Line(one.item, one.outcome), names_in(seen, {}), ask.say),
                speakers=len(one.speaker_ids),
                speaker_ids=[SpeakerId(speaker_id) for speaker_id in one.speaker_ids[:MOST_NAMED]],
            )
            for one in found.refusals
        ],
        odd=[plan.written(due.original) for due in found.odd],
        speakers=found.speakers,
    )


async def _known(ask: Ask, content_id: ContentId) -> Known:
    async with ask.parts.store.reading() as tx:
        return (await known_contents(tx, [content_id], ask.parts.clock.now_us()))[content_id]


async def _schedule(ask: Ask, draft: ScheduleDraft, known: Known, schedule_id: str | None) -> Schedule:
    """The draft as it would be planned: in place of a schedule, or a new one. Raises `NotFound`."""
    asked = Schedule(
        schedule_id=_NEW,
        content_id=draft.content_id,
        target=draft.target,
        series=Series(rule=draft.rule),
        since_us=ask.parts.clock.now_us(),
        air_class=AirClass((known.airing_class or AiringClass.ORDINARY).value),
        rank=draft.rank,
        above=known.above,
        slot_us=draft.slot_us,
        overrun=draft.overrun,
        fill=draft.fill,
        on_interrupted=draft.on_interrupted,
        needs_approval=False,
    )
    if schedule_id is None:
        return asked
    former = await ask.parts.schedules.get(ScheduleId(schedule_id))
    if not subjects.schedule_seen(ask, await subjects.areas_of_schedule(ask, former)):
        raise NotFound(f"no schedule {schedule_id}", code="schedule_unknown")
    return replace(asked, schedule_id=schedule_id, since_us=former.schedule.since_us)


async def _in_force(ask: Ask, schedule_id: ScheduleId) -> tuple[World, Schedule]:
    """The schedule as it counts now, in a world that knows its contents, though the planner has not looked at it yet.
    Raises `NotFound` (``schedule_unknown``), `Refused` (``withdrawn``).
    """
    planned, world = await ask.parts.schedules.get(schedule_id), ask.parts.planner.world()
    if planned.withdrawn:
        raise Refused(f"{schedule_id} was withdrawn", code="withdrawn")
    async with ask.parts.store.reading() as tx:
        known = await known_contents(tx, planned.content_ids, ask.parts.clock.now_us())
    contents = {content_id: one.summary for content_id, one in known.items()}
    return replace(world, contents={**world.contents, **contents}), counting(planned, known, frozenset())


@raises(NotFound, "schedule_unknown")
@raises(Refused, "withdrawn")
async def list_conflicts(ask: Ask, schedule_id: ScheduleId, query: ConflictsQuery) -> ConflictsTold:
    """What a schedule meets on the air in the days from its next occurrence on, on the speakers that one may see.

    Two answers: let it go first (`choose_order`), or put it where there is room (``free_at_us``, `move_occurrence`).
    """
    world, schedule = await _in_force(ask, schedule_id)
    first = looked_from(world, schedule, ask.parts.clock.now_us())
    found = plans.seen_conflicts(ask, world, await conflicts_of(world, schedule, first, query.days))
    return ConflictsTold(conflicts=await reckoned(ask, _conflicts_told, world, schedule, found))


@raises(NotFound, "schedule_unknown", "exception_unknown")
@raises(Invalid, "wall_time_malformed")
@raises(Refused, "withdrawn")
async def find_free(ask: Ask, schedule_id: ScheduleId, original: WallTime) -> FreeTold:
    """Where one occurrence would find room: the next free air within the limits, on all of its speakers."""
    world, schedule = await _in_force(ask, schedule_id)
    granted = replace(schedule, needs_approval=False)
    free_us = await free_after(world, granted, plan.wall(original))
    return FreeTold(free_at_us=free_us, free_at=None if free_us is None else _wall_of(free_us, schedule))


def _wall_of(at_us: int, schedule: Schedule) -> str:
    return plan.written(wall_of(schedule.series.rule.zone, at_us))


def _conflicts_told(world: World, schedule: Schedule, found: Sequence[Conflict]) -> list[ConflictTold]:
    told: list[ConflictTold] = []
    lost = [one for one in found if not one.wins][:_FREE_FOR]
    for one in found:
        item, other = one.item, one.other
        told.append(
            ConflictTold(
                original=plan.written(item.original),
                start_at_us=item.start_us,
                other_schedule_id=ScheduleId(other.schedule_id),
                other_title=title_of(world, other.content_id),
                other_original=plan.written(other.original),
                other_start_at_us=other.start_us,
                from_at_us=one.from_us,
                until_at_us=one.until_us,
                speakers=len(one.speaker_ids),
                speaker_ids=[SpeakerId(speaker_id) for speaker_id in one.speaker_ids[:MOST_NAMED]],
                wins=one.wins,
                undecided=one.undecided,
                may_override=item.order[0] == other.order[0],
                free_at_us=next_free(world, schedule, item) if one in lost else None,
            )
        )
    return told


# --- which goes first -------------------------------------------------------------------------------------------------


async def list_choices(ask: Ask) -> ChoicesTold:
    """Between which schedules somebody chose, as far as one may see both."""
    async with ask.parts.store.reading() as tx:
        chosen = await tx.choices.all()
        known = await tx.schedules.several(
            [ScheduleId(x) for one in chosen for x in (one.choice.first, one.choice.second)]
        )
    seen = {
        schedule_id
        for schedule_id, one in known.items()
        if subjects.schedule_seen(ask, await subjects.areas_of_schedule(ask, one))
    }
    return ChoicesTold(choices=[choice_told(one) for one in chosen if {one.choice.first, one.choice.second} <= seen])


@raises(NotFound, "schedule_unknown")
@raises(Refused, "withdrawn", "classes_differ", "choice_of_itself")
@raises(NotAllowed)
async def choose_order(ask: Ask, body: ChoiceBody) -> ChoiceTold:
    """Choose which of two schedules of one class goes first (override).

    It takes the place of what was chosen between the two before. Needs the right over all places of both.
    """
    for schedule_id in (body.first, body.second):
        found = await ask.parts.schedules.get(ScheduleId(schedule_id))
        ask.require_all(Right.BROADCAST, await subjects.areas_of_schedule(ask, found))
    chosen = await ask.parts.schedules.choose(ScheduleId(body.first), ScheduleId(body.second), ask.known_actor)
    return choice_told(chosen)


def choice_told(chosen: ChosenOrder) -> ChoiceTold:
    return ChoiceTold(
        first=ScheduleId(chosen.choice.first),
        second=ScheduleId(chosen.choice.second),
        by=chosen.by,
        at_us=chosen.at_us,
    )
