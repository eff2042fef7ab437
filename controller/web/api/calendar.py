"""The calendar of what is planned: a week of it, and as a file that other calendars read."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Final

from aiohttp import web

from agents.protocol.ids import AiringId, AreaId
from controller.domain.errors import Invalid, NotFound
from controller.domain.paging import Place
from controller.domain.rights import EVERYWHERE, Right
from controller.domain.schedules import PlannedSchedule, ScheduleId
from controller.services.planning.outlook import WeekEntry, week_of
from controller.web import plans, subjects
from controller.web.api import plan_values as plan
from controller.web.api.endpoint import Query, Sends, raises
from controller.web.api.plan_values import Day, Id, WallTime
from controller.web.api.values import LONGEST_LIST, Before, Limit, Told, following, place
from controller.web.asking import Ask
from controller.web.moments import day_of, today
from controller.web.rundownpresent import airing_of, title_of
from controller.web.rundownwords import in_the_way, reason, verdict
from schedules.approval import approved
from schedules.recurrence.ical import IcalEntry, calendar
from schedules.recurrence.rule import Change, Changed
from schedules.rundown.items import lengths
from schedules.schedule import Schedule, World

ICALENDAR: Final = "text/calendar"
_SHORTEST_US: Final = 60_000_000


class AreaQuery(Query):
    """Where: what is heard in this area, around it, or below; everywhere that one may see where none is given."""

    area_id: Id | None = None


class WeekQuery(AreaQuery):
    """Seven days from ``day`` on; from Monday of this week where none is given. How much of it, and where it begins."""

    day: Day | None = None
    limit: Limit = LONGEST_LIST
    before: Before = ""


class TallyTold(Told):
    """What becomes of an occurrence on so many ``speakers``; ``outcome``, ``reason`` and ``by`` as in a rundown."""

    outcome: str
    reason: str
    by: str | None
    speakers: int


class WeekItemTold(Told):
    """One occurrence on the speakers that one may see. ``length_us`` is how long it sounds; of ``speakers`` that it
    reaches it is heard on ``heard``. What was planned directly has an airing and no schedule.
    """

    schedule_id: ScheduleId | None
    airing_id: AiringId | None
    original: WallTime
    start_at_us: int
    length_us: int
    content_id: str
    title: str
    from_above: bool
    speakers: int
    heard: int
    outcomes: list[TallyTold]


class WeekTold(Told):
    """By time. ``day`` is the first of the seven. ``next`` is what to give as ``before`` for more; null at the end."""

    day: Day
    items: list[WeekItemTold]
    next: str | None


def _item_told(entry: WeekEntry) -> WeekItemTold:
    item, direct = entry.item, airing_of(entry.item.schedule_id)
    return WeekItemTold(
        schedule_id=None if direct else ScheduleId(item.schedule_id),
        airing_id=direct,
        original=plan.written(item.original),
        start_at_us=item.start_us,
        length_us=item.length_us,
        content_id=item.content_id,
        title=entry.title,
        from_above=item.above,
        speakers=entry.speakers,
        heard=entry.played,
        outcomes=[
            TallyTold(
                outcome=verdict(one.outcome).code,
                reason=reason(one.outcome),
                by=in_the_way(one.outcome),
                speakers=one.speakers,
            )
            for one in entry.tallies
        ],
    )


@raises(Invalid, "day_malformed", "bad_request")
@raises(NotFound, "area_unknown")
async def get_week(ask: Ask, query: WeekQuery) -> WeekTold:
    """What is planned in a week, and on how many speakers it is heard."""
    now = today(ask.parts.clock.now_us(), ask.say.zone)
    first = now - timedelta(days=now.weekday()) if query.day is None else day_of(query.day)
    area_id = area_asked(ask, query.area_id)
    world = ask.parts.planner.world()
    seen = {
        one.speaker_id
        for one in plans.seen_places(ask, world.places)
        if area_id is None or area_id in ask.path_of(AreaId(one.area_id))
    }
    after = place(query.before)
    week = await week_of(world, seen, area_id, first)
    entries = [one for one in week.entries if after is None or _place(one) > (after.at_us, after.key)]
    entries.sort(key=_place)
    more = following(Place(*_place(entries[query.limit - 1]))) if len(entries) > query.limit else None
    return WeekTold(day=first.isoformat(), items=[_item_told(one) for one in entries[: query.limit]], next=more)


def _place(entry: WeekEntry) -> tuple[int, str]:
    return entry.item.start_us, entry.item.item_id


def area_asked(ask: Ask, wanted: str | None) -> AreaId | None:
    """None for all that one may see. Raises `NotFound` (``area_unknown``)."""
    if wanted is None or wanted == EVERYWHERE:
        return None
    area_id = AreaId(wanted)
    if area_id not in ask.parts.areas.tree() or not ask.touches(Right.SEE, area_id):
        raise NotFound(f"no area {area_id}", code="area_unknown")
    return area_id


@raises(NotFound, "area_unknown")
async def get_calendar(
    ask: Ask, query: AreaQuery
) -> Annotated[
    web.StreamResponse, Sends(media_types=(ICALENDAR,), statuses={200: "The schedules as RFC 5545 has them."})
]:
    """All schedules as a file for other calendars (iCalendar, RFC 5545).

    Moved, cancelled and replaced occurrences are in it. What a calendar cannot say, such as rules of the lunar calendar
    and those that leave out holidays, stands there as single days for two years.
    """
    return await calendar_file(ask, area_asked(ask, query.area_id))


async def calendar_file(ask: Ask, area_id: AreaId | None) -> web.Response:
    """Those that are heard in the area, around it or below, as far as whoever asks sees them."""
    world, entries = ask.parts.planner.world(), []
    ahead = {one.schedule_id: one for one in world.schedules}
    for planned in await ask.parts.schedules.all():
        area_ids = await subjects.areas_of_schedule(ask, planned)
        if subjects.schedule_seen(ask, area_ids) and subjects.about_area(ask, area_id, area_ids):
            entries.append(_entry(ask, planned, area_ids, world, ahead.get(planned.schedule_id)))
    name = ask.parts.station_name if area_id is None else ask.parts.areas.tree().get(area_id).name
    return web.Response(
        text=await asyncio.to_thread(calendar, name, entries, ask.parts.clock.now_us(), holidays=world.holidays),
        content_type=ICALENDAR,
        charset="utf-8",
        headers={"Content-Disposition": 'attachment; filename="loa.ics"', "Cache-Control": "private, no-cache"},
    )


def _today(ask: Ask, area_ids: Sequence[AreaId]) -> list[AreaId]:
    """Each area once, or what it is by now where it was merged."""
    paths = [ask.path_of(one) or (one,) for one in area_ids]
    return list(dict.fromkeys(path[-1] for path in paths))


def _entry(
    ask: Ask, planned: PlannedSchedule, area_ids: Sequence[AreaId], world: World, ahead: Schedule | None
) -> IcalEntry:
    """``ahead`` is the schedule with its approvals, where the planner still looks at it."""
    schedule, tree = planned.schedule, ask.parts.areas.tree()
    content = world.contents.get(schedule.content_id)

    def length_us(content_id: str) -> int:
        found = world.contents.get(content_id)
        return max(lengths(schedule, 0 if found is None else found.duration_us)[0], _SHORTEST_US)

    def waits(content_id: str, change: Change | None = None) -> bool:
        found = world.contents.get(content_id)
        return ahead is not None and not approved(ahead, None if found is None else found.master, change)

    changes = [one for one in schedule.series.changes if isinstance(one, Changed)]
    return IcalEntry(
        uid=f"{planned.schedule_id}@loa",
        title=planned.title if content is None else title_of(world, schedule.content_id),
        series=schedule.series,
        duration_us=length_us(schedule.content_id),
        location=", ".join(tree.get(one).name for one in _today(ask, area_ids) if one in tree),
        titles={content_id: title_of(world, content_id) for content_id in planned.content_ids},
        durations_us={content_id: length_us(content_id) for content_id in planned.content_ids},
        waits=waits(schedule.content_id),
        waiting=frozenset(one.original for one in changes if waits(one.content_id or schedule.content_id, one)),
    )
