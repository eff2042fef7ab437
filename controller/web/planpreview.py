"""What would become of a schedule that is typed, planned, or waits for approval: told before anything is kept."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from agents.protocol.ids import AreaId
from agents.protocol.values import AiringClass
from controller.domain.errors import Invalid
from controller.domain.schedules import PlannedSchedule, ScheduleDraft
from controller.services import previews
from controller.services.losing import Losses, losses
from controller.services.planning.outlook import conflicts_of
from controller.services.planning.planned import Known, known_contents
from controller.services.planning.world import is_direct
from controller.web import plans, planwords, schedule_forms
from controller.web.asking import Ask
from controller.web.errors import problem_of
from controller.web.i18n import N_
from controller.web.moments import minute_up, moment
from controller.web.planwords import rule_words
from controller.web.reckoning import reckoned
from controller.web.rundownpresent import href_of
from controller.web.rundownwords import Names, outcome_sentence
from controller.web.scheduleviews import ClashShown, Preview, ScheduleForm
from schedules.precedence import AirClass
from schedules.recurrence.expand import check
from schedules.recurrence.rule import RuleError, Series
from schedules.recurrence.zones import wall_of
from schedules.rundown.choices import deciding
from schedules.rundown.conflicts import Conflict, next_free
from schedules.rundown.values import Line
from schedules.schedule import Choice, Content, Schedule, World

LOOKED_DAYS: Final = 14
SHOWN: Final = 20
NEW_ID: Final = "new"
SEVERAL: Final = N_("The times have different minutes, so %(num)s schedules are made of it.")
NOT_YET: Final = N_("Choose what is heard and where, and everything about it is told here.")


async def preview_of(ask: Ask, typed: ScheduleForm, planned: PlannedSchedule | None) -> Preview:
    """As far as what is typed makes sense; where it becomes several schedules, all of them together."""
    all_of_it = [await _preview(ask, one, planned) for one in schedule_forms.parted(typed)]
    if len(all_of_it) == 1:
        return all_of_it[0]
    first = all_of_it[0]
    upcoming = sorted((due for one in all_of_it for due in one.occurrences), key=lambda due: due.at)
    several = ask.say.gettext(SEVERAL, num=ask.say.format_number(len(all_of_it)))
    return replace(
        first,
        rule_sentence=" ".join(one.rule_sentence for one in all_of_it),
        problem=" ".join(dict.fromkeys([*(one.problem for one in all_of_it if one.problem), several])),
        occurrences=upcoming[: plans.NEXT],
        odd=any(one.odd for one in all_of_it),
        refusals=[said for one in all_of_it for said in one.refusals],
        clashes=[clash for one in all_of_it for clash in one.clashes],
    )


async def _preview(ask: Ask, typed: ScheduleForm, planned: PlannedSchedule | None) -> Preview:
    try:
        rule = schedule_forms.rule_of(typed, ask.parts.zone)
        check(rule, ask.parts.clock.now_us())
    except Invalid as error:
        return Preview(problem=problem_of(error, ask.say).sentence)
    except RuleError as error:
        return Preview(problem=problem_of(Invalid(str(error), code=error.code), ask.say).sentence)
    said, world = rule_words(rule, ask.say), ask.parts.planner.world()
    try:
        draft = schedule_forms.draft_of(typed, ask.parts.zone)
    except Invalid:
        draft = None
    if draft is None or not (draft.target.areas or draft.target.groups or draft.target.speakers):
        upcoming = plans.next_shown(ask, Series(rule=rule), world.holidays, 0)
        return Preview(
            rule_sentence=said,
            problem=ask.say.gettext(NOT_YET),
            occurrences=upcoming,
            odd=any(one.odd for one in upcoming),
        )
    return await _full(ask, draft, planned, split=bool(typed.original))


async def _full(ask: Ask, draft: ScheduleDraft, planned: PlannedSchedule | None, *, split: bool) -> Preview:
    said, world = rule_words(draft.rule, ask.say), ask.parts.planner.world()
    known = await known_of(ask, draft)
    if known is None:
        return Preview(rule_sentence=said, problem=ask.say.gettext(NOT_YET))
    content = known.summary
    schedule = imagined(ask, draft, known, planned, split=split)
    now_us = ask.parts.clock.now_us()
    found = await reckoned(ask, previews.preview, world, schedule, content, now_us, LOOKED_DAYS)
    length_us = min(content.duration_us, schedule.slot_us or content.duration_us)
    seen = knowing(world, content)
    return Preview(
        rule_sentence=said,
        occurrences=plans.next_shown(ask, schedule.series, world.holidays, length_us),
        odd=bool(found.odd),
        speakers=found.speakers,
        duration_s=length_us / 1_000_000,
        refusals=refusal_sentences(ask, seen, found.refusals),
        clashes=await clashes_shown(ask, seen, schedule, found.conflicts),
    )


def knowing(world: World, content: Content) -> World:
    """The same world with one content more."""
    return replace(world, contents={**world.contents, content.content_id: content})


async def known_of(ask: Ask, draft: ScheduleDraft) -> Known | None:
    """The content of a draft, where whoever asks may see it."""
    if await plans.content_named(ask, draft.content_id) is None:
        return None
    async with ask.parts.store.reading() as tx:
        return (await known_contents(tx, [draft.content_id], ask.parts.clock.now_us()))[draft.content_id]


def imagined(ask: Ask, draft: ScheduleDraft, known: Known, planned: PlannedSchedule | None, *, split: bool) -> Schedule:
    """What the draft would be, with the changes that stay; after a split it is a schedule beside the former one."""
    former = planned.schedule if planned is not None else None
    return Schedule(
        schedule_id=NEW_ID if former is None else former.schedule_id,
        content_id=draft.content_id,
        target=draft.target,
        series=Series(rule=draft.rule, changes=former.series.changes if former is not None and not split else ()),
        since_us=former.since_us if former is not None else ask.parts.clock.now_us(),
        air_class=AirClass((known.airing_class or AiringClass.ORDINARY).value),
        rank=draft.rank,
        above=known.above,
        slot_us=draft.slot_us,
        overrun=draft.overrun,
        fill=draft.fill,
        on_interrupted=draft.on_interrupted,
        needs_approval=False,
    )


def refusal_sentences(ask: Ask, world: World, refusals: Sequence[previews.Refusal]) -> list[str]:
    """One sentence a reason, with the first time that it is true of and how often it is."""
    names = Names(lambda _: None, lambda area_id: world.tree.get(area_id).name if area_id in world.tree else "")
    told: dict[str, list[previews.Refusal]] = {}
    for one in refusals:
        told.setdefault(outcome_sentence(Line(one.item, one.outcome), names, ask.say), []).append(one)
    return [f"{_times(ask, those)}: {sentence}" for sentence, those in told.items()]


def _times(ask: Ask, those: Sequence[previews.Refusal]) -> str:
    at = moment(those[0].item.start_us)
    first = f"{ask.say.format_time(at, seconds=False)}, {ask.say.format_day(at)}"
    if len(those) == 1:
        return first
    return ask.say.gettext("%(first)s and %(num)s more times", first=first, num=ask.say.format_number(len(those) - 1))


# --- conflicts --------------------------------------------------------------------------------------------------------


async def conflicts_found(
    ask: Ask, planned: PlannedSchedule, since_us: int = 0
) -> tuple[World, Schedule, tuple[Conflict, ...]]:
    """What a schedule that is planned meets in the days from its next occurrence on (not before ``since_us``), where
    whoever asks may see it.
    """
    world = await plans.world_with(ask, planned)
    async with ask.parts.store.reading() as tx:
        world = replace(world, choices=frozenset(one.choice for one in await tx.choices.all()))
    schedule = next((one for one in world.schedules if one.schedule_id == planned.schedule_id), planned.schedule)
    if planned.withdrawn:
        return world, schedule, ()
    now_us = ask.parts.clock.now_us()
    first = previews.looked_from(world, schedule, max(now_us, since_us))
    found = await conflicts_of(world, schedule, first, LOOKED_DAYS)
    return world, schedule, plans.seen_conflicts(ask, world, [one for one in found if one.until_us > now_us])


async def meets_something(
    ask: Ask, planned: PlannedSchedule, original: datetime | None = None, since_us: int = 0
) -> bool:
    """Whether there is something to decide about it, or about one changed occurrence alone."""
    _, _, found = await conflicts_found(ask, planned, since_us)
    asked = (one for one in found if original is None or one.item.original == original)
    return any(not one.wins or one.undecided for one in asked)


@dataclass(frozen=True, slots=True)
class _Pair:
    """All that two schedules meet, by the first of it; whether somebody chose between them, what the loser loses."""

    first: Conflict
    more: int
    chosen: bool
    losses: Losses


async def clashes_shown(
    ask: Ask, world: World, schedule: Schedule, found: Iterable[Conflict], *, with_free: bool = False
) -> list[ClashShown]:
    """One a pair of schedules, the first time that they meet, and how often they do besides. ``with_free``: also what
    can be done about it, and what the loser loses.
    """
    pairs: dict[str, list[Conflict]] = {}
    for one in found:
        pairs.setdefault(one.other.schedule_id, []).append(one)
    met = [one for those in pairs.values() for one in those]
    lost = await reckoned(ask, losses, world, schedule, met) if with_free else {}
    shown = []
    for those in sorted(pairs.values(), key=lambda one: _urgency(one[0]))[:SHOWN]:
        free_us = await _free_us(ask, world, schedule, those[0]) if with_free and not those[0].wins else None
        loses = lost.get(those[0].other.schedule_id, Losses())
        pair = _Pair(those[0], len(those) - 1, _chosen(world, those[0]), loses)
        shown.append(_clash(ask, world, pair, free_us, schedule.series.rule.zone))
    return shown


def _urgency(conflict: Conflict) -> int:
    """What is to be decided comes first, then what is lost; what only makes others give way comes last."""
    return 0 if conflict.undecided else 2 if conflict.wins else 1


def _chosen(world: World, conflict: Conflict) -> bool:
    """Whether somebody chose between the two, and it decides."""
    both = conflict.item.schedule_id, conflict.other.schedule_id
    first, second = both if conflict.wins else both[::-1]
    return conflict.item.order[0] == conflict.other.order[0] and Choice(first, second) in deciding(world.choices)


async def _free_us(ask: Ask, world: World, schedule: Schedule, conflict: Conflict) -> int | None:
    """The next free time for it, from a whole minute on, as if everything were approved; None where there is none."""
    granted = tuple(replace(one, needs_approval=False) for one in world.schedules)
    asked = replace(schedule, needs_approval=False)
    found = await reckoned(ask, next_free, replace(world, schedules=granted), asked, conflict.item)
    if found is None:
        return None
    rounded = minute_up(found)
    return rounded if rounded > conflict.item.start_us else None


def _clash(ask: Ask, world: World, pair: _Pair, free_us: int | None, zone: str) -> ClashShown:
    item, other = pair.first.item, pair.first.other
    return ClashShown(
        key=item.item_id,
        original=item.original.isoformat(),
        starts_at=moment(item.start_us),
        ends_at=moment(minute_up(item.start_us + item.length_us)),
        title=_title(world, item.content_id),
        other_id=other.schedule_id,
        other_href=href_of(other.schedule_id),
        other_title=_title(world, other.content_id),
        other_starts_at=moment(other.start_us),
        other_ends_at=moment(minute_up(other.start_us + other.length_us)),
        other_above=other.above,
        where=_where(ask, world, pair.first.speaker_ids),
        speakers=len(pair.first.speaker_ids),
        loses=not pair.first.wins,
        pending=pair.first.undecided and not is_direct(other.schedule_id),
        may_override=item.order[0] == other.order[0] and not is_direct(other.schedule_id),
        append_at=None if free_us is None else moment(free_us),
        append_wall="" if free_us is None else wall_of(zone, free_us).isoformat(timespec="minutes"),
        more=pair.more,
        chosen=pair.chosen,
        unheard=pair.losses.unheard,
        partly=pair.losses.partly,
        later=pair.losses.later,
    )


def _title(world: World, content_id: str) -> str:
    content = world.contents.get(content_id)
    return content_id if content is None else content.title


def _where(ask: Ask, world: World, speaker_ids: Sequence[str]) -> str:
    """The areas in which both are heard: each the widest of which every speaker is among them, the narrowest around
    these; else the one in which the speaker stands.
    """
    wanted = set(speaker_ids)
    standing = Counter(_today(ask, one.area_id) for one in world.places if one.speaker_id in wanted)
    met, there = _counted(ask, standing), _counted(ask, Counter(AreaId(one.area_id) for one in world.places))
    areas = dict[str, None]()
    for area_id in standing:
        whole = [one for one in ask.path_of(area_id) if met[one] == there[one]]
        alike = [one for one in whole if met[one] == met[whole[0]]]
        areas[alike[-1] if alike else area_id] = None
    tree = ask.parts.areas.tree()
    return planwords.shortened([tree.get(one).name if one in tree else one for one in areas], ask.say)


def _today(ask: Ask, area_id: str) -> AreaId:
    """What a speaker's area is by now, where it was merged."""
    path = ask.path_of(AreaId(area_id))
    return path[-1] if path else AreaId(area_id)


def _counted(ask: Ask, standing: Counter[AreaId]) -> Counter[AreaId]:
    """How many speakers stand in each area and below."""
    inside = Counter[AreaId]()
    for area_id, count in standing.items():
        for around in ask.path_of(area_id):
            inside[around] += count
    return inside
