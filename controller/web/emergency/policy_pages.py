"""Who must agree before an emergency sounds, area by area: whether a second person is needed, and whether one alone may
break the glass.
"""

from typing import Final

from aiohttp import web

from agents.protocol.ids import AreaId
from controller.domain.emergencies import AreaPolicy
from controller.domain.errors import Invalid, NotFound
from controller.domain.rights import Right
from controller.web.asking import Ask
from controller.web.emergency.consoletree import ground
from controller.web.emergency.views import PolicyRow
from controller.web.errors import problem_of
from controller.web.forms import reading
from controller.web.frames import full_frame
from controller.web.pages import page

PATH: Final = "/emergency/policies"
SAID: Final = {"": None, "yes": True, "no": False}


async def policies(ask: Ask) -> web.StreamResponse:
    """GET /emergency/policies"""
    return await _page(ask)


async def put(ask: Ask) -> web.StreamResponse:
    """POST /emergency/policies"""
    async with reading(ask) as form:
        area_id = AreaId(form.text("area_id"))
        try:
            if not area_id:
                raise Invalid(code="areas_missing")
            ask.require(Right.MANAGE_PEOPLE, area_id)
            said = AreaPolicy(
                break_glass=SAID.get(form.text("break_glass")), second_person=SAID.get(form.text("second_person"))
            )
            await ask.parts.emergencies.policies.put(area_id, said, ask.known_actor)
        except (Invalid, NotFound) as error:
            told = problem_of(error, ask.say)
            return await _page(ask, problem=told.sentence, status=told.status)
    return web.Response(status=303, headers={"Location": PATH})


async def _page(ask: Ask, *, problem: str = "", status: int = 200) -> web.Response:
    choices = await area_choices(ask, Right.MANAGE_PEOPLE)
    desk = ask.parts.emergencies.policies
    rows = []
    for area_id, name in choices:
        said = desk.said(AreaId(area_id))
        if said != AreaPolicy():
            holds = desk.of([AreaId(area_id)])
            rows.append(PolicyRow(name=name, second_person=holds.second_person, break_glass=holds.break_glass))
    frame = await full_frame(ask, path=PATH)
    return page(ask, "emergency_policies.html", status=status, frame=frame, rows=rows, areas=choices, problem=problem)


async def area_choices(ask: Ask, right: Right) -> list[tuple[str, str]]:
    """Areas with speakers in which whoever asks has the right, each with those around it; the widest first."""
    found = await ground(ask, right)
    return [(row.id, " / ".join(found.names(row.id))) for row in found.rows(())]
