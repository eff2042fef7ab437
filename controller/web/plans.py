"""What the pages of what is planned ask for alike: who is reached, what places are called, what can be chosen."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Final

from agents.protocol.ids import AreaId, BulletinId, SpeakerId
from agents.protocol.values import AiringClass
from controller.domain.airings import ContentId
from controller.domain.bulletins import Bulletin, BulletinState
from controller.domain.errors import NotFound
from controller.domain.programmes import Programme, ProgrammeId
from controller.domain.rights import Right
from controller.domain.schedules import PlannedSchedule, ScheduleId, content_id_of
from controller.services.planning.planned import summaries
from controller.web import planwords, subjects
from controller.web.approvalviews import TextShown
from controller.web.asking import Ask
from controller.web.bulletinviews import says
from controller.web.calendarviews import PlanTabs
from controller.web.frames import full_frame
from controller.web.i18n import N_, Language
from controller.web.languages import language_name
from controller.web.moments import moment
from controller.web.scheduleviews import ContentOption, NextOccurrence
from controller.web.sounding import bulletin_track, programme_track
from controller.web.views import Flash, Frame, Tone, Track
from schedules.areanames import folded
from schedules.guards import is_odd
from schedules.recurrence.holidays import named_holidays
from schedules.recurrence.rule import Series
from schedules.recurrence.series import next_dues
from schedules.rundown.conflicts import Conflict
from schedules.rundown.near import planned_with
from schedules.schedule import Place, Target, World

OFFERED: Final = 60
SEARCHED: Final = 400
NEXT: Final = 10

DONE: Final = {
    "planned": N_("It is planned. Nothing of it is heard before it is approved."),
    "planned_above": N_("It is planned."),
    "changed": N_("The changes are kept."),
    "changed_approved": N_("The changes are kept. It stays approved: what was approved has not changed."),
    "changed_void": N_("The changes are kept. What was approved before holds no longer."),
    "changed_waiting": N_("The changes are kept. It is heard once it is approved as it is now."),
    "split": N_("From this occurrence on it is planned anew; before it everything stays as it was."),
    "withdrawn": N_("The schedule is withdrawn."),
    "moved": N_("This one is moved. It needs an approval of its own."),
    "moved_odd": N_(
        "This one is moved to an odd hour, between 22:00 and 05:00. If that is not what you want, move it again. It "
        "needs an approval of its own."
    ),
    "cancelled": N_("This one is cancelled."),
    "replaced": N_("This one gets other content. It needs an approval of its own."),
    "restored": N_("This one is as it was planned."),
    "chosen": N_("It is decided which of them goes first."),
    "approved": N_("It is approved."),
    "sent_back": N_("It is sent back with your word."),
    "revoked": N_("The approval is revoked. Nothing of it is heard any more."),
    "succeeded": N_("The schedule has its new area. It is to be approved anew."),
}


async def plan_frame(ask: Ask, path: str = "") -> Frame:
    """The frame, with the notice that an action left in the address."""
    done = DONE.get(ask.request.query.get("done", ""))
    flashes = (Flash(tone=Tone.OK, sentence=ask.say.gettext(done)),) if done else ()
    return await full_frame(ask, path=path or ask.request.path, flashes=flashes)


async def plan_tabs(ask: Ask, here: str) -> PlanTabs:
    """The tabs above each page."""
    return PlanTabs(here=here, waiting=await waiting_count(ask) if ask.may(Right.APPROVE) else None)


async def waiting_count(ask: Ask) -> int:
    """How many requests whoever asks may approve; their own wait for somebody else."""
    if not ask.may(Right.APPROVE):
        return 0
    found = await ask.parts.approvals.waiting(ask.known_actor)
    return sum(1 for one in found if not one.own or one.own_allowed)


# --- places -----------------------------------------------------------------------------------------------------------


def seen_places(ask: Ask, places: Iterable[Place]) -> list[Place]:
    """Those that whoever asks may see."""
    known: dict[str, bool] = {}
    kept = []
    for place in places:
        if place.area_id not in known:
            known[place.area_id] = ask.may(Right.SEE, AreaId(place.area_id))
        if known[place.area_id]:
            kept.append(place)
    return kept


def seen_conflicts(ask: Ask, world: World, found: Iterable[Conflict]) -> tuple[Conflict, ...]:
    """Those on speakers that whoever asks may see: what is planned elsewhere is not theirs to know."""
    seen = {one.speaker_id for one in seen_places(ask, world.places)}
    kept = (replace(one, speaker_ids=tuple([each for each in one.speaker_ids if each in seen])) for one in found)
    return tuple(one for one in kept if one.speaker_ids)


async def speaker_names(ask: Ask, speaker_ids: Iterable[str]) -> dict[str, str]:
    wanted = [SpeakerId(one) for one in set(speaker_ids)]
    async with ask.parts.store.reading() as tx:
        return {str(key): one.name for key, one in (await tx.speakers.several(wanted)).items()}


async def group_names(ask: Ask) -> dict[str, str]:
    return {str(one.group_id): one.name for one in await ask.parts.groups.all()}


async def where_names(ask: Ask, target: Target) -> list[str]:
    """What a target names, as people call it."""
    groups = await group_names(ask) if target.groups else {}
    speakers = await speaker_names(ask, target.speakers)
    return planwords.place_names(target, ask.parts.areas.tree(), groups, speakers)


async def areas_of(ask: Ask, planned: PlannedSchedule) -> tuple[AreaId, ...]:
    """As `subjects.areas_of_schedule`, without asking the store where areas alone are named."""
    target = planned.schedule.target
    if target.areas and not target.groups and not target.speakers:
        return tuple(AreaId(one) for one in target.areas)
    return await subjects.areas_of_schedule(ask, planned)


async def where_of(ask: Ask, target: Target) -> str:
    return planwords.shortened(await where_names(ask, target), ask.say)


# --- worlds and times -------------------------------------------------------------------------------------------------


async def world_with(ask: Ask, planned: PlannedSchedule) -> World:
    """What is planned, with this schedule as it is now: the planner may not have come to it yet."""
    in_force = {one.binding for one in await ask.parts.approvals.of(planned.schedule_id) if one.revoked_at_us is None}
    schedule = replace(planned.schedule, approved=frozenset(in_force))
    world = ask.parts.planner.world()
    async with ask.parts.store.reading() as tx:
        contents = await summaries(tx, planned.content_ids, ask.parts.clock.now_us())
    world = replace(world, contents={**world.contents, **contents})
    return replace(world) if planned.withdrawn else planned_with(world, schedule)


def next_shown(
    ask: Ask, series: Series, holidays: frozenset[date], length_us: int, notes: Mapping[datetime, str] | None = None
) -> list[NextOccurrence]:
    """The next ten, with the lunar day where the rule counts by the moon."""
    rule = series.rule
    found = next_dues(series, ask.parts.clock.now_us(), NEXT, holidays)
    lunar, now = rule.calendar == "vietnamese", moment(ask.parts.clock.now_us())
    return [
        NextOccurrence(
            at=moment(due.start_us),
            day_said=ask.say.format_day_of(moment(due.start_us), now),
            odd=is_odd(due.start_us, due.start_us + max(length_us, 1), ask.parts.zone),
            note_sentence=(notes or {}).get(due.original, ""),
            lunar=planwords.lunar_words(due.original.date(), ask.say) if lunar else "",
        )
        for due in found
    ]


async def holidays_named(ask: Ask, days: Sequence[date]) -> dict[date, str]:
    """The public holidays among some days, and the station's own."""
    vietnamese = ask.say.language is Language.VIETNAMESE
    public = {
        day: both[0 if vietnamese else 1]
        for year in {d.year for d in days}
        for day, both in named_holidays(year).items()
    }
    own = {one.day: one.name for one in await ask.parts.guards.holidays()}
    return {day: name for day, name in {**public, **own}.items() if day in days}


# --- contents ---------------------------------------------------------------------------------------------------------


async def content_options(ask: Ask, searched: str = "", chosen: str = "") -> list[ContentOption]:
    """Programmes and bulletins that can be planned, the last changed first, and the one that is chosen already."""
    now_us = ask.parts.clock.now_us()

    def fits(one: Bulletin) -> bool:
        ready = one.state is BulletinState.READY and not one.withdrawn and not one.expired(now_us)
        return ready and one.airing_class is not AiringClass.EMERGENCY and (not searched or says(one, searched))

    bulletins = [one for one in await subjects.seen_bulletins(ask, SEARCHED) if fits(one)][:OFFERED]
    words = folded(searched).split()
    programmes = [
        one
        for one in (await subjects.page_of_programmes(ask, SEARCHED)).items
        if not one.withdrawn and all(word in folded(one.title) for word in words)
    ][:OFFERED]
    listed: dict[str, Bulletin | Programme] = {one.programme_id: one for one in programmes}
    listed |= {one.bulletin_id: one for one in bulletins}
    if chosen and chosen not in listed:
        found = await content_named(ask, content_id_of(chosen))
        listed |= {chosen: found} if found is not None else {}
    async with ask.parts.store.reading() as tx:
        known = await summaries(tx, [content_id_of(one) for one in listed], now_us)
    return [
        ContentOption(
            id=content_id,
            title=one.title,
            duration_s=known[content_id].duration_us / 1_000_000 if content_id in known else 0.0,
            class_name="" if one.airing_class is AiringClass.ORDINARY else ask.say.gettext(_CLASS[one.airing_class]),
            programme=isinstance(one, Programme),
        )
        for content_id, one in listed.items()
    ]


_CLASS: Final = {AiringClass.PRIORITY: N_("Priority"), AiringClass.EMERGENCY: N_("Emergency")}


async def content_named(ask: Ask, content_id: ContentId) -> Bulletin | Programme | None:
    """A bulletin or programme that whoever asks may see; None where there is none."""
    async with ask.parts.store.reading() as tx:
        bulletins = await tx.bulletins.several([BulletinId(content_id)])
        try:
            found = bulletins.get(BulletinId(content_id)) or await tx.programmes.get(ProgrammeId(content_id))
        except NotFound:
            return None
    return found if await subjects.content_seen(ask, found, Right.SEE) else None


async def heard(ask: Ask, content_id: ContentId) -> tuple[Track, list[TextShown]]:
    """Everything that is heard of it, in order, and its texts. Nothing of what is not there any more: approvals are
    given where something is heard, so whoever may see the schedule may hear it.
    """
    async with ask.parts.store.reading() as tx:
        bulletins = await tx.bulletins.several([BulletinId(content_id)])
        if bulletins:
            one = bulletins[BulletinId(content_id)]
            return await bulletin_track(ask, one), texts_of([one], ask)
        try:
            programme = await tx.programmes.get(ProgrammeId(content_id))
        except NotFound:
            return Track(), []
        inside = await tx.bulletins.several(programme.needed_ids)
    in_order = [inside[one] for one in programme.needed_ids if one in inside]
    return await programme_track(ask, programme, in_order), texts_of(in_order, ask)


def texts_of(bulletins: Iterable[Bulletin], ask: Ask) -> list[TextShown]:
    return [
        TextShown(
            title=bulletin.title,
            language=variant.language,
            language_name=language_name(variant.language, ask.say) if len(bulletin.variants) > 1 else "",
            text=variant.sound.reading.text,
        )
        for bulletin in bulletins
        for variant in bulletin.variants
        if variant.sound.reading is not None
    ]


def schedule_id_of(ask: Ask) -> ScheduleId:
    return ScheduleId(ask.request.match_info["id"])


def schedule_named(written: str) -> ScheduleId:
    return ScheduleId(written)
