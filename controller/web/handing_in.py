"""The pages of what came from above: what waits, what was decided, and the deciding.

Rules: what waits stands first, the most urgent on top. Whatever is wrong with the input, the page comes back with what
was typed. An emergency asks nobody, so there is nothing to press.
"""

from collections.abc import Sequence
from dataclasses import replace

from aiohttp import web

from agents.protocol.ids import SpeakerId
from controller.domain.errors import Invalid, NotFound, Refused
from controller.domain.handing_in import HandInId
from controller.services.hand_ins.reports import Outcome
from controller.web import above, targets
from controller.web.abovepresent import view
from controller.web.aboveviews import Deciding, HandInView
from controller.web.asking import Ask
from controller.web.errors import problem_of
from controller.web.forms import Form, reading
from controller.web.frames import full_frame
from controller.web.i18n import N_
from controller.web.moments import instant_us, wall_time
from controller.web.pages import page
from controller.web.placing import Met, met
from controller.web.targets import Choice
from controller.web.views import Flash, Frame, Tone

DECIDED_LENGTH = 50
PATH = "/from-above"

DONE = {
    "taken": N_("It is taken. Its sender is told."),
    "declined": N_("It is declined. Its sender is told why."),
}


async def hand_ins(ask: Ask) -> web.StreamResponse:
    """GET /from-above"""
    waiting, decided = await _lists(ask)
    return page(ask, "hand_ins.html", frame=await _frame(ask), waiting=waiting, decided=decided)


async def hand_ins_part(ask: Ask) -> web.StreamResponse:
    waiting, decided = await _lists(ask)
    return page(ask, "_hand_ins.html", frame=await full_frame(ask, path=PATH), waiting=waiting, decided=decided)


async def count_part(ask: Ask) -> web.StreamResponse:
    """The number beside the name of the page, wherever one is."""
    return page(ask, "_hand_in_count.html", frame=await full_frame(ask))


async def emergencies_part(ask: Ask) -> web.StreamResponse:
    """The banner, wherever one is."""
    return page(ask, "_hand_in_emergencies.html", frame=await full_frame(ask))


async def hand_in(ask: Ask) -> web.StreamResponse:
    """GET /from-above/{id}"""
    return await _page(ask, await above.seen(ask, _id(ask)), Deciding())


async def hand_in_part(ask: Ask) -> web.StreamResponse:
    found = await view(ask, await above.seen(ask, _id(ask)))
    return page(ask, "_hand_in_state.html", frame=await full_frame(ask), hand_in=found)


async def take(ask: Ask) -> web.StreamResponse:
    """POST /from-above/{id}/take: now, or at a wall time of the station's zone."""
    async with reading(ask) as form:
        outcome, typed = await above.seen(ask, _id(ask)), Deciding()
        try:
            when = {"at": "at", "kept": "met"}.get(form.text("when"))
            if when:
                typed = Deciding(at=wall_time(form.text(when), ask.say.zone))
            speaker_ids = await _chosen(ask, outcome, form)
            start_at_us = instant_us(typed.at) if typed.at else None
            if typed.at and form.text("when") != "kept":
                found = await met(ask, outcome.hand_in.bulletin_id, speaker_ids, typed.at)
                if found is not None:
                    return await _page(ask, outcome, _meeting(typed, found), status=409, choice=Choice.of(form.all))
            await ask.parts.hand_ins.take(outcome.hand_in.hand_in_id, speaker_ids, start_at_us, ask.by)
        except (Invalid, Refused, NotFound) as error:
            told = problem_of(error, ask.say)
            typed = replace(typed, problem=told.sentence)
            return await _page(ask, outcome, typed, status=told.status, choice=Choice.of(form.all))
    return _to(f"{PATH}/{outcome.hand_in.hand_in_id}?done=taken")


async def decline(ask: Ask) -> web.StreamResponse:
    """POST /from-above/{id}/decline"""
    async with reading(ask) as form:
        outcome = await above.seen(ask, _id(ask))
        try:
            await above.require_for_all(ask, outcome.hand_in)
            await ask.parts.hand_ins.decline(outcome.hand_in.hand_in_id, form.text("reason"), ask.by)
        except (Invalid, Refused) as error:
            told = problem_of(error, ask.say)
            typed = Deciding(reason=form.text("reason"), reason_problem=told.sentence)
            return await _page(ask, outcome, typed, status=told.status)
    return _to(f"{PATH}?done=declined")


def _meeting(typed: Deciding, found: Met) -> Deciding:
    """Asks before it is planned: the next free time stands in the form, and the time that was typed can be kept."""
    return replace(typed, met=found.sentence, met_at=typed.at, at=found.free_at or typed.at, free=bool(found.free_at))


def _id(ask: Ask) -> HandInId:
    return HandInId(ask.request.match_info["id"])


def _to(path: str) -> web.Response:
    return web.Response(status=303, headers={"Location": path})


async def _frame(ask: Ask) -> Frame:
    done = DONE.get(ask.request.query.get("done", ""))
    flashes = (Flash(tone=Tone.OK, sentence=ask.say.gettext(done)),) if done else ()
    return await full_frame(ask, flashes=flashes)


async def _lists(ask: Ask) -> tuple[Sequence[HandInView], Sequence[HandInView]]:
    """What waits, and what was decided."""
    waiting = [one for one in await ask.parts.hand_ins.reports.open() if above.sees(ask, one)]
    decided = [one for one in await ask.parts.hand_ins.reports.decided(DECIDED_LENGTH) if above.sees(ask, one)]
    return (
        [await view(ask, await ask.parts.hand_ins.reports.get(one.hand_in_id)) for one in waiting],
        [await view(ask, await ask.parts.hand_ins.reports.get(one.hand_in_id)) for one in decided],
    )


async def _page(
    ask: Ask,
    outcome: Outcome,
    typed: Deciding,
    *,
    status: int = 200,
    choice: Choice | None = None,
) -> web.Response:
    found = await ask.parts.hand_ins.reports.get(outcome.hand_in.hand_in_id)
    mine = {one.speaker_id for one in await above.targets(ask, found.hand_in)}
    if choice is not None and not choice.folded:
        choice = replace(choice, known=frozenset(mine))  # all of them were listed
    return page(
        ask,
        "hand_in.html",
        status=status,
        frame=replace(await _frame(ask), path=f"{PATH}/{found.hand_in.hand_in_id}"),
        hand_in=await view(ask, found),
        typed=typed,
        where=await targets.where(ask, choice, among=mine),
    )


async def _chosen(ask: Ask, outcome: Outcome, form: Form) -> list[SpeakerId]:
    """The speakers that are checked; of a folded form, also what it does not list of areas that are."""
    choice = Choice.of(form.all)
    wanted = [SpeakerId(one) for one in form.all("targets")]
    if choice.folded:
        mine = await above.targets(ask, outcome.hand_in)
        paths = {area_id: ask.path_of(area_id) for area_id in {one.area_id for one in mine}}
        wanted += [one.speaker_id for one in mine if choice.wants(one.speaker_id, paths[one.area_id])]
    if not wanted:
        raise Invalid(code="no_targets")
    return await above.chosen(ask, outcome.hand_in, wanted)
