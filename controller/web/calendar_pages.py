"""The week calendar, and one occurrence: seen, moved, cancelled, given other content, put back.

Rules: what is shown of the next days is what the planner decides, for those speakers that whoever looks may see.
Whatever is wrong with the input, the occurrence comes back with what was typed.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import date, datetime, time, timedelta
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from aiohttp import web

from agents.protocol.ids import AreaId
from controller.domain.errors import Invalid, NotFound, Refused
from controller.domain.rights import Right
from controller.domain.schedules import ApprovalState, PlannedSchedule, content_id_of
from controller.services.events import PlansChanged
from controller.services.planning.outlook import WeekEntry, week_of
from controller.web import plans, subjects, weekly
from controller.web.asking import Ask
from controller.web.calendarviews import (
    LOOKS,
    AreaChoice,
    Fate,
    OccurrencePage,
    OccurrenceShown,
    WeekShown,
    lay_out,
    monday_of,
)
from controller.web.errors import problem_of
from controller.web.forms import Form, reading
from controller.web.moments import instant_us, moment, today
from controller.web.ordering import downwards
from controller.web.pages import page
from controller.web.planwords import rule_words
from controller.web.scheduleviews import NextOccurrence
from schedules.guards import NO_GUARDS, along, forbidden, is_odd
from schedules.recurrence.rule import Changed, RuleError
from schedules.recurrence.zones import instant_us as instant_of
from schedules.rundown.near import reached
from schedules.schedule import Place, World

CALENDAR: Final = "/calendar"
MOST_AREAS: Final = 60
"""Where speakers stand in more areas than these, one is looked at at a time."""
SOON_S: Final = 0.3
LEGEND: Final = (Fate.PLAYS, Fate.PARTLY, Fate.CUT, Fate.DISPLACED, Fate.WAITING, Fate.REFUSED, Fate.CONFLICT)
_WEEK: Final = timedelta(days=7)


async def calendar(ask: Ask) -> web.StreamResponse:
    """GET /calendar?week=&area=: the week that a day is in, for an area or for everything that one may see."""
    world = ask.parts.planner.world()
    now_us = ask.parts.clock.now_us()
    here = today(now_us, ask.say.zone)
    monday = monday_of(_day(ask.request.query.get("week", ""), here))
    places = plans.seen_places(ask, world.places)
    choices = _area_choices(ask, places)
    area_id = _chosen_area(ask, ask.request.query.get("area", ""), choices, places)
    if area_id:
        places = [one for one in places if area_id in ask.path_of(AreaId(one.area_id))]
    week = await _week(ask, world, places, area_id, monday)
    address = f"{CALENDAR}?{urlencode({'week': monday.isoformat(), **({'area': area_id} if area_id else {})})}"
    return page(
        ask,
        "calendar.html",
        frame=await plans.plan_frame(ask, address),
        tabs=await plans.plan_tabs(ask, "calendar"),
        week=week,
        areas=choices,
        area_id=area_id,
        here=address,
        back=f"?back={quote(address, safe='')}",
        legend=[LOOKS[fate] for fate in LEGEND],
        may_plan=ask.may(Right.BROADCAST),
    )


async def _week(ask: Ask, world: World, places: Sequence[Place], area_id: str, monday: date) -> WeekShown:
    days = [monday + timedelta(days=number) for number in range(7)]
    speakers = frozenset(one.speaker_id for one in places)
    read = weekly.read(await week_of(world, speakers, AreaId(area_id) if area_id else None, monday))
    return lay_out(
        monday,
        ask.say.zone,
        today(ask.parts.clock.now_us(), ask.say.zone),
        await _shown(ask, read, read.week.entries),
        quiet=_quiet(ask, world, places, monday),
        holidays=await plans.holidays_named(ask, days),
    )


async def _shown(ask: Ask, read: weekly.Read, entries: Iterable[WeekEntry]) -> list[OccurrenceShown]:
    now_us = ask.parts.clock.now_us()
    named: dict[str, str] = {}
    shown = []
    for entry in entries:
        schedule = read.schedules[entry.item.schedule_id]
        if schedule.schedule_id not in named:
            named[schedule.schedule_id] = await plans.where_of(ask, schedule.target)
        shown.append(weekly.shown(read, entry, named[schedule.schedule_id], now_us, ask.say))
    return shown


def _quiet(ask: Ask, world: World, places: Sequence[Place], monday: date) -> list[tuple[datetime, datetime]]:
    """When all of these places are to be quiet."""
    begin, end = (datetime.combine(day, time(), ask.say.zone) for day in (monday, monday + _WEEK))
    from_us, until_us = instant_us(begin), instant_us(end)
    guards = {along(world.guards, world.tree.path_on(area_id, monday), NO_GUARDS) for area_id in _areas(places)}
    common: tuple[tuple[int, int], ...] | None = None
    for one in guards:
        quiet = forbidden(one, world.zone, from_us, until_us)
        common = quiet if common is None else _both(common, quiet)
    return [(moment(begin_us), moment(end_us)) for begin_us, end_us in common or ()]


def _areas(places: Iterable[Place]) -> frozenset[str]:
    return frozenset(one.area_id for one in places)


def _both(one: Sequence[tuple[int, int]], other: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    pairs = ((max(a[0], b[0]), min(a[1], b[1])) for a in one for b in other)
    return tuple(sorted(pair for pair in pairs if pair[1] > pair[0]))


def _day(written: str, usual: date) -> date:
    try:
        found = date.fromisoformat(written)
    except ValueError:
        return usual
    return found if 1970 <= found.year <= 2199 else usual


def _area_choices(ask: Ask, places: Sequence[Place]) -> list[AreaChoice]:
    """Everything at first, then each area in which some of the speakers stand, but not all of them."""
    tree = ask.parts.areas.tree()
    inside: dict[AreaId, set[str]] = {}
    for place in places:
        for area_id in ask.path_of(AreaId(place.area_id)):
            inside.setdefault(area_id, set()).add(place.speaker_id)
    some = {area_id for area_id, speakers in inside.items() if len(speakers) < len(places) and area_id in tree}
    paths = {area_id: [one.area_id for one in tree.path(area_id)] for area_id in some}
    ordered = [area.area_id for area in downwards(tree, map(tree.get, some))]
    return [
        AreaChoice(id="", name=ask.say.gettext("All areas")),
        *(
            AreaChoice(
                id=area_id, name=tree.get(area_id).name, depth=sum(1 for one in paths[AreaId(area_id)] if one in some)
            )
            for area_id in ordered
        ),
    ]


def _chosen_area(ask: Ask, wanted: str, choices: Sequence[AreaChoice], places: Sequence[Place]) -> str:
    known = {one.id for one in choices}
    if wanted and wanted in known:
        return wanted
    if len(_areas(places)) <= MOST_AREAS:
        return ""
    home = ask.parts.areas.home()
    return home.area_id if home is not None and home.area_id in known else choices[1].id


# --- one occurrence ---------------------------------------------------------------------------------------------------


async def occurrence(ask: Ask) -> web.StreamResponse:
    """GET /schedules/{id}/at/{original}"""
    return await _occurrence_page(ask)


async def occurrence_part(ask: Ask) -> web.StreamResponse:
    """The same for the dialog of the calendar."""
    shown = await _occurrence(ask)
    return page(ask, "_occurrence.html", frame=await plans.plan_frame(ask, shown.back), occurrence=shown)


async def move(ask: Ask) -> web.StreamResponse:
    """POST .../move: this one at another wall time of the rule's zone."""

    async def act(form: Form, planned: PlannedSchedule, original: datetime) -> str:
        to = _wall(form.text("to"))
        await ask.parts.schedules.move(planned.schedule_id, original, to, ask.known_actor)
        return "moved_odd" if _is_odd(ask, planned, to) else "moved"

    return await _changed(ask, act)


def _is_odd(ask: Ask, planned: PlannedSchedule, to: datetime) -> bool:
    """Whether it would be heard in the middle of the night."""
    schedule = planned.schedule
    start_us = instant_of(schedule.series.rule.zone, to)
    content = ask.parts.planner.world().contents.get(schedule.content_id)
    return is_odd(start_us, start_us + max(1, content.duration_us if content else 0), ask.parts.zone)


async def cancel(ask: Ask) -> web.StreamResponse:
    """POST .../cancel"""

    async def act(form: Form, planned: PlannedSchedule, original: datetime) -> str:
        await ask.parts.schedules.cancel(planned.schedule_id, original, ask.known_actor)
        return "cancelled"

    return await _changed(ask, act)


async def replace_content(ask: Ask) -> web.StreamResponse:
    """POST .../replace: other content in this one."""

    async def act(form: Form, planned: PlannedSchedule, original: datetime) -> str:
        content_id = content_id_of(form.text("content"))
        await subjects.require_content(ask, content_id)
        await ask.parts.schedules.replace(planned.schedule_id, original, content_id, ask.known_actor)
        return "replaced"

    return await _changed(ask, act)


async def restore(ask: Ask) -> web.StreamResponse:
    """POST .../restore: this one as the rule gives it."""

    async def act(form: Form, planned: PlannedSchedule, original: datetime) -> str:
        await ask.parts.schedules.restore(planned.schedule_id, original, ask.known_actor)
        return "restored"

    return await _changed(ask, act)


Act = Callable[[Form, PlannedSchedule, datetime], Awaitable[str]]
"""Returns the word for what was done."""


async def _changed(ask: Ask, act: Act) -> web.StreamResponse:
    async with reading(ask) as form:
        planned = await ask.parts.schedules.get(plans.schedule_id_of(ask))
        try:
            async with shown_soon(ask):
                done = await act(form, planned, _original(ask))
        except (Invalid, Refused, NotFound) as error:
            told = problem_of(error, ask.say)
            moving = bool(form.text("to"))
            return await _occurrence_page(
                ask,
                back=form.text("back"),
                problem="" if moving else told.sentence,
                move_problem=told.sentence if moving else "",
                typed_to=form.text("to"),
                status=told.status,
            )
        back = _back(form.text("back"))
    return web.Response(status=303, headers={"Location": f"{back}{'&' if '?' in back else '?'}done={done}"})


@asynccontextmanager
async def shown_soon(ask: Ask) -> AsyncIterator[None]:
    """What is changed in the block is in what the planner knows when it is left, so that the next page shows it; where
    that takes longer than `SOON_S`, the page follows by itself.
    """
    planner, before = ask.parts.planner, ask.parts.planner.reading
    async with ask.parts.events.subscribe() as told:
        yield
        with suppress(TimeoutError):
            async with asyncio.timeout(SOON_S):
                async for event in told:
                    if isinstance(event, PlansChanged) and planner.reading is not before:
                        return


async def _occurrence_page(ask: Ask, *, status: int = 200, **typed: str) -> web.Response:
    shown = await _occurrence(ask, **typed)
    return page(
        ask,
        "occurrence.html",
        status=status,
        frame=await plans.plan_frame(ask, f"/schedules/{shown.shown.key}"),
        tabs=await plans.plan_tabs(ask, "calendar"),
        occurrence=shown,
    )


async def _occurrence(
    ask: Ask, *, back: str = "", problem: str = "", move_problem: str = "", typed_to: str = ""
) -> OccurrencePage:
    """Raises `NotFound` where the schedule has no such occurrence, or it reaches nobody that one may see."""
    planned = await ask.parts.schedules.get(plans.schedule_id_of(ask))
    original, schedule = _original(ask), planned.schedule
    world = await plans.world_with(ask, planned)
    read, entry = await _entry(ask, planned, world, original)
    (shown,) = await _shown(ask, read, [entry])
    may_change = not planned.withdrawn and ask.may_all(Right.BROADCAST, await plans.areas_of(ask, planned))
    approval = await ask.parts.approvals.state_of(planned.schedule_id, original)
    track, _ = await plans.heard(ask, content_id_of(entry.item.content_id))
    return OccurrencePage(
        shown=shown,
        fate_word=shown.said_sentence[:1].upper() + shown.said_sentence[1:],
        reasons=weekly.reasons(read, entry, ask.say),
        where=", ".join(await plans.where_names(ask, schedule.target)),
        planned_by=planned.altered_by.get(original, planned.planned_by),
        rule_sentence=rule_words(schedule.series.rule, ask.say),
        track=track,
        next=_next(ask, planned, world, entry.item.length_us),
        contents=await plans.content_options(ask) if may_change else [],
        may_change=may_change,
        approval=approval,
        waits=shown.fate is Fate.WAITING,
        back=_back(
            back or ask.request.query.get("back", "") or _address(ask.request.headers.get("HX-Current-URL", ""))
        ),
        sent_back=planned.sent_back if approval is ApprovalState.SENT_BACK else "",
        sent_back_by=planned.sent_back_by,
        clashes=shown.fate in {Fate.DISPLACED, Fate.CONFLICT, Fate.CUT, Fate.PARTLY},
        problem=problem,
        move_problem=move_problem,
        typed_to=typed_to,
    )


async def _entry(ask: Ask, planned: PlannedSchedule, world: World, original: datetime) -> tuple[weekly.Read, WeekEntry]:
    """Raises `NotFound`."""
    schedule, day = planned.schedule, _day_of(planned, original, ask)
    places = plans.seen_places(ask, reached(world, schedule.target, [day]))
    area_id = AreaId(schedule.target.areas[0]) if schedule.target.areas else None
    read = weekly.read(await week_of(world, frozenset(one.speaker_id for one in places), area_id, monday_of(day)))
    key = planned.schedule_id, original
    entry = next((one for one in read.week.entries if (one.item.schedule_id, one.item.original) == key), None)
    if entry is None:
        raise NotFound(f"no occurrence {original}", code="exception_unknown")
    return read, entry


def _next(ask: Ask, planned: PlannedSchedule, world: World, length_us: int) -> list[NextOccurrence]:
    moved = ask.say.gettext("moved")
    notes = {
        one.original: moved
        for one in planned.schedule.series.changes
        if isinstance(one, Changed) and one.to is not None
    }
    return plans.next_shown(ask, planned.schedule.series, world.holidays, length_us, notes)


def _original(ask: Ask) -> datetime:
    return _wall(ask.request.match_info["original"])


def _wall(written: str) -> datetime:
    """A wall time without a zone. Raises `Invalid` (``time_missing``)."""
    try:
        found = datetime.fromisoformat(written)
    except ValueError as error:
        raise Invalid(written[:40], code="time_missing") from error
    if found.tzinfo is not None or not 1900 <= found.year <= 2199:
        raise Invalid(written[:40], code="time_missing")
    return found


def _day_of(planned: PlannedSchedule, original: datetime, ask: Ask) -> date:
    """The day of the station on which an occurrence happens."""
    changes = {change.original: change for change in planned.schedule.series.changes}
    change = changes.get(original)
    wall = change.to if isinstance(change, Changed) and change.to is not None else original
    try:
        return today(instant_of(planned.schedule.series.rule.zone, wall), ask.say.zone)
    except (RuleError, OverflowError, ValueError) as error:
        raise NotFound(f"no occurrence {original}", code="exception_unknown") from error


def _address(url: str) -> str:
    """What an address of ours is without its host and the notice that it told."""
    parts = urlsplit(url)
    query = urlencode([pair for pair in parse_qsl(parts.query) if pair[0] != "done"])
    return parts.path + (f"?{query}" if query else "")


def _back(written: str) -> str:
    """Where to return to: a calendar of ours, nothing else."""
    ours = written == CALENDAR or written.startswith(f"{CALENDAR}?")
    return written if ours and written.isprintable() else CALENDAR
