"""The conflicts of a schedule and their two answers: override (this one goes first), append (in the next free time).

Rules: a choice between two schedules touches both, so it needs the right to plan wherever one of them is heard.
"""

from datetime import datetime
from typing import Final

from aiohttp import web

from controller.domain.errors import Invalid, NotFound, Refused
from controller.domain.rights import Right
from controller.domain.schedules import PlannedSchedule
from controller.web import planpreview, plans, subjects
from controller.web.asking import Ask
from controller.web.errors import problem_of
from controller.web.forms import reading
from controller.web.pages import page
from controller.web.schedule_pages import SCHEDULES
from controller.web.schedulelist import schedule_row

_CHOSEN: Final = "chosen"


async def conflicts(ask: Ask) -> web.StreamResponse:
    """GET /schedules/{id}/conflicts"""
    return await _page(ask, await ask.parts.schedules.get(plans.schedule_id_of(ask)))


async def choose(ask: Ask) -> web.StreamResponse:
    """POST /schedules/{id}/choose: which of two goes first from now on."""
    async with reading(ask) as form:
        planned = await ask.parts.schedules.get(plans.schedule_id_of(ask))
        first, other = plans.schedule_named(form.text("first")), plans.schedule_named(form.text("other"))
        second = other if first == planned.schedule_id else planned.schedule_id
        try:
            beside = await ask.parts.schedules.get(other)
            ask.require_all(Right.BROADCAST, await subjects.areas_of_schedule(ask, beside))
            await ask.parts.schedules.choose(first, second, ask.known_actor)
        except (Invalid, Refused, NotFound) as error:
            told = problem_of(error, ask.say)
            return await _page(ask, planned, problem=told.sentence, status=told.status)
    return web.Response(status=303, headers={"Location": f"{SCHEDULES}/{planned.schedule_id}/conflicts?done={_CHOSEN}"})


async def append(ask: Ask) -> web.StreamResponse:
    """POST /schedules/{id}/append: this occurrence in the free time that was named."""
    async with reading(ask) as form:
        planned = await ask.parts.schedules.get(plans.schedule_id_of(ask))
        try:
            original, to = (datetime.fromisoformat(form.text(name)) for name in ("original", "to"))
            await ask.parts.schedules.move(planned.schedule_id, original, to, ask.known_actor)
        except (Invalid, Refused, NotFound) as error:
            told = problem_of(error, ask.say)
            return await _page(ask, planned, problem=told.sentence, status=told.status)
        except ValueError as error:
            raise Invalid(str(error), code="time_missing") from error
    return web.Response(status=303, headers={"Location": f"{SCHEDULES}/{planned.schedule_id}/conflicts?done=moved"})


async def _page(ask: Ask, planned: PlannedSchedule, *, problem: str = "", status: int = 200) -> web.Response:
    world, schedule, found = await planpreview.conflicts_found(ask, planned)
    return page(
        ask,
        "conflicts.html",
        status=status,
        frame=await plans.plan_frame(ask, f"{SCHEDULES}/{planned.schedule_id}/conflicts"),
        tabs=await plans.plan_tabs(ask, "schedules"),
        row=await schedule_row(ask, planned),
        clashes=await planpreview.clashes_shown(ask, world, schedule, found, with_free=True),
        problem=problem,
    )
