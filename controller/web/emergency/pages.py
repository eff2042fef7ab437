"""The pages of emergencies and drills: the two consoles, and one emergency from its preparing to its end.

Rules: whatever is wrong with the input, the console comes back with what was typed. What sends something asks for a
deed that nobody does by mistake, checked here and not in the browser alone. Nothing sounds because a page was opened.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from controller.domain.emergencies import Emergency, EmergencyId, EmergencyState
from controller.domain.errors import Invalid, LoaError, NotFound, Refused, StudioFailed
from controller.domain.rights import Right
from controller.web.asking import Ask
from controller.web.deeds import require_deed
from controller.web.emergency import alarms, console, lacking
from controller.web.emergency import present as emergencypresent
from controller.web.emergency.alarmviews import Alarm, Stage
from controller.web.emergency.consoletree import Ground, ground
from controller.web.emergency.views import Console, ConsoleShown, How, Lines
from controller.web.errors import problem_of
from controller.web.forms import Form, owner_of, reading
from controller.web.frames import full_frame
from controller.web.pages import page

PATH: Final = "/emergency"
DRILLS: Final = "/emergency/drill"
PAST: Final = 10
SEARCHED: Final = 60
FIELD_OF_CODE: Final = {
    "areas_missing": "areas",
    "area_unknown": "areas",
    "template_missing": "template",
    "title_empty": "title",
    "text_empty": "text",
    "text_too_long": "text",
    "lasts_out_of_range": "lasts",
    "recording_missing": "recording",
    "recording_unfinished": "recording",
    "reason_missing": "reason",
    "reason_too_long": "reason",
}


# --- the consoles -----------------------------------------------------------------------------------------------------


async def real(ask: Ask) -> web.StreamResponse:
    """GET /emergency"""
    return await _console(ask, Console(drill=False))


async def drill(ask: Ask) -> web.StreamResponse:
    """GET /emergency/drill"""
    return await _console(ask, Console(drill=True))


async def real_draft(ask: Ask) -> web.StreamResponse:
    """POST /emergency/draft: the form with what was pressed; nothing is kept."""
    return await _draft(ask, drill=False)


async def drill_draft(ask: Ask) -> web.StreamResponse:
    """POST /emergency/drill/draft"""
    return await _draft(ask, drill=True)


async def prepare_real(ask: Ask) -> web.StreamResponse:
    """POST /emergency"""
    return await _prepare(ask, drill=False)


async def prepare_drill(ask: Ask) -> web.StreamResponse:
    """POST /emergency/drill"""
    return await _prepare(ask, drill=True)


async def areas_part(ask: Ask) -> web.StreamResponse:
    """GET /parts/emergency/areas?under=..&depth=..: the areas within one."""
    query = ask.request.query
    depth = query.get("depth", "")
    found = await ground(ask, Right.PREPARE_EMERGENCY)
    number = int(depth) if depth.isascii() and depth.isdigit() and len(depth) < 3 else 0
    under = query.get("under", "")
    return page(ask, "_console_rows.html", areas=found.rows((), under, number), under=under)


async def ready_part(ask: Ask) -> web.StreamResponse:
    """GET /parts/emergency/ready?open=..&areas=..: how many are ready now, where these areas are open or chosen."""
    found = await ground(ask, Right.PREPARE_EMERGENCY)
    return page(ask, "_console_ready.html", areas=found.listed(ask.request.query), speakers=())


async def _draft(ask: Ask, *, drill: bool) -> web.Response:
    async with reading(ask) as form:
        typed = console.with_files(ask, form, console.console_of(form, drill=drill))
    if form.text("template") and (picked := console.template_of(ask, typed)) is not None:
        typed = replace(typed, severity=picked.severity, siren=picked.siren and not drill)
    if not ask.htmx:
        return await _console(ask, typed)
    what = ask.request.headers.get("HX-Target") == "what"
    shown = _shown(ask, typed)
    if not what:
        return page(ask, "_console_preview.html", shown=shown)
    return page(
        ask,
        "_console_both.html",
        shown=shown,
        path=DRILLS if drill else PATH,
        frame=await full_frame(ask),
        max_recording_s=ask.parts.max_recording_s,
    )


async def _prepare(ask: Ask, *, drill: bool) -> web.Response:
    async with reading(ask) as form:
        typed = console.with_files(ask, form, console.console_of(form, drill=drill))
        try:
            once = ask.parts.emergencies.once
            made_id = await once.made(owner_of(ask).key, form.text("once"), lambda: _made(ask, typed))
        except (Invalid, Refused, NotFound, StudioFailed) as error:
            return await _console(ask, _with_error(ask, typed, error), status=problem_of(error, ask.say).status)
    return _to(f"{PATH}/{made_id}")


async def _made(ask: Ask, typed: Console) -> Emergency:
    desk, actor = ask.parts.emergencies, ask.known_actor
    draft = await console.draft_of(ask, typed)
    ask.require_all(Right.PREPARE_EMERGENCY, draft.area_ids)
    if not typed.corrects:
        return await desk.prepare(draft, actor)
    corrected = await desk.get(EmergencyId(typed.corrects))
    ask.require_all(Right.PREPARE_EMERGENCY, corrected.draft.area_ids)
    return await desk.correct(corrected.emergency_id, draft, actor, typed.reason)


def _with_error(ask: Ask, typed: Console, error: LoaError) -> Console:
    told = problem_of(error, ask.say).sentence
    field = FIELD_OF_CODE.get(error.code, "send")
    if error.code in {"slot_missing", "slot_too_long"}:
        field = f"slot_{error.detail.partition(':')[0]}"
    return replace(typed, errors={field: told} if field == "send" else {field: told, "send": told})


async def _console(ask: Ask, typed: Console, *, status: int = 200) -> web.Response:
    found = await ground(ask, Right.PREPARE_EMERGENCY)
    return page(
        ask,
        "drill.html" if typed.drill else "emergency.html",
        status=status,
        frame=await full_frame(ask, path=DRILLS if typed.drill else PATH),
        shown=_shown(ask, typed, found),
        severities=console.severities(ask.say),
        past=await _past(ask, drill=typed.drill),
        max_recording_s=ask.parts.max_recording_s,
    )


def _shown(ask: Ask, typed: Console, found: Ground | None = None) -> ConsoleShown:
    template = console.template_of(ask, typed)
    total = found.total(typed.area_ids) if found else None
    return ConsoleShown(
        form=typed,
        templates=console.offered(ask, drill=typed.drill),
        slots=console.slot_fields(template, typed, ask.say) if template else (),
        said=console.said(typed, template, ask.say),
        correction=console.correction(typed, template, ask.say),
        areas=found.rows(typed.area_ids) if found else (),
        ready=total.ready if total else 0,
        speakers=total.speakers if total else 0,
        lacking=lacking.counted(total.why, ask.say) if total else (),
        may_alone=ask.may(Right.BREAK_GLASS),
        sound_sentence=ask.say.gettext("It is called a drill aloud, before and after this.") if typed.drill else "",
    )


async def _past(ask: Ask, *, drill: bool) -> Sequence[Alarm]:
    there = await ask.parts.emergencies.book.latest(SEARCHED)
    mine = [one for one in there if one.drill is drill and alarms.sees(ask, one)]
    return [alarms.alarm(ask, one) for one in mine[:PAST]]


# --- one emergency ----------------------------------------------------------------------------------------------------


async def one(ask: Ask) -> web.StreamResponse:
    """GET /emergency/{id}"""
    return await _page(ask, await alarms.seen(ask))


async def one_part(ask: Ask) -> web.StreamResponse:
    """GET /parts/emergency/{id}"""
    found = await emergencypresent.emergency(ask, await alarms.seen(ask))
    was = ask.request.query.get("stage", found.stage)
    if found.stage in {Stage.SENT, Stage.ENDED} and was not in {Stage.SENT, Stage.ENDED}:
        # Somebody sent it: the page gets its board, and a spoken one its microphone.
        return web.Response(headers={"HX-Redirect": f"{PATH}/{found.id}"})
    return page(ask, "_emergency.html", frame=await full_frame(ask), one=found, word_problem="", reason="")


async def more_part(ask: Ask) -> web.StreamResponse:
    """GET /parts/emergency/{id}/more"""
    return page(ask, "_emergency_more.html", one=await emergencypresent.emergency(ask, await alarms.seen(ask)))


async def board_part(ask: Ask) -> web.StreamResponse:
    """GET /parts/emergency/{id}/board"""
    found = await alarms.seen(ask)
    shown = await emergencypresent.board_of(ask, found, _wanted(ask))
    one = {"id": found.emergency_id, "stage": alarms.STAGES[found.state]}
    return page(ask, "_emergency_board.html", frame=await full_frame(ask), one=one, board=shown)


async def banners_part(ask: Ask) -> web.StreamResponse:
    """GET /parts/alarms: wherever one is."""
    shown_on = urlsplit(ask.request.headers.get("HX-Current-URL", "")).path
    return page(ask, "_alarms.html", frame=await full_frame(ask, path=shown_on or None))


async def confirm(ask: Ask) -> web.StreamResponse:
    """POST /emergency/{id}/confirm"""
    found = await ask.parts.emergencies.get(alarms.emergency_id(ask))
    async with reading(ask) as form:
        try:
            _require_deed(ask, found, form)
            await ask.parts.emergencies.confirm(found.emergency_id, ask.known_actor)
        except (Invalid, Refused) as error:
            return await _refused(ask, found, error)
    return _to(f"{PATH}/{found.emergency_id}")


async def break_glass(ask: Ask) -> web.StreamResponse:
    """POST /emergency/{id}/break-glass"""
    found = await ask.parts.emergencies.get(alarms.emergency_id(ask))
    async with reading(ask) as form:
        try:
            _require_deed(ask, found, form, held=False)
            await ask.parts.emergencies.break_glass(found.emergency_id, ask.known_actor, form.text("reason"))
        except (Invalid, Refused) as error:
            told = problem_of(error, ask.say)
            now = await ask.parts.emergencies.get(found.emergency_id)
            return await _page(ask, now, problem=told.sentence, reason=form.text("reason"), status=told.status)
    return _to(f"{PATH}/{found.emergency_id}")


async def withdraw(ask: Ask) -> web.StreamResponse:
    """POST /emergency/{id}/withdraw"""
    found = await ask.parts.emergencies.withdraw(alarms.emergency_id(ask), ask.known_actor)
    return _to(f"{PATH}/{found.emergency_id}")


async def again(ask: Ask) -> web.StreamResponse:
    """POST /emergency/{id}/again: what a stop silenced, prepared once more."""
    found = await ask.parts.emergencies.again(alarms.emergency_id(ask), ask.known_actor)
    return _to(f"{PATH}/{found.emergency_id}")


async def repair(ask: Ask) -> web.StreamResponse:
    """POST /emergency/{id}/repair"""
    found = await ask.parts.emergencies.repair(alarms.emergency_id(ask), ask.known_actor)
    return _to(f"{PATH}/{found.emergency_id}")


async def end(ask: Ask) -> web.StreamResponse:
    """POST /emergency/{id}/end: with an all clear, or quietly."""
    async with reading(ask) as form:
        all_clear = bool(form.text("all_clear"))
    found = await ask.parts.emergencies.end(alarms.emergency_id(ask), ask.known_actor, all_clear=all_clear)
    return _to(f"{PATH}/{found.emergency_id}")


async def correction(ask: Ask) -> web.StreamResponse:
    """GET /emergency/{id}/correct: the prepared correction, or one of one's own."""
    return await _correction(ask, await alarms.seen(ask))


async def correct(ask: Ask) -> web.StreamResponse:
    """POST /emergency/{id}/correct: sends the prepared correction, at once."""
    found = await ask.parts.emergencies.get(alarms.emergency_id(ask))
    async with reading(ask) as form:
        try:
            _require_deed(ask, found, form)
            made = await ask.parts.emergencies.correct(found.emergency_id, None, ask.known_actor, form.text("reason"))
        except (Invalid, Refused) as error:
            told = problem_of(error, ask.say)
            return await _correction(ask, found, problem=told.sentence, reason=form.text("reason"), status=told.status)
    return _to(f"{PATH}/{made.emergency_id}")


async def correct_anew(ask: Ask) -> web.StreamResponse:
    """GET /emergency/{id}/correct/new: the console, for a correction of one's own."""
    found = await alarms.seen(ask)
    typed = Console(
        drill=found.drill,
        how=How.TEXT,
        title=found.title,
        area_ids=found.draft.area_ids,
        severity=found.draft.severity.value,
        siren=False,
        corrects=found.emergency_id,
    )
    return await _console(ask, typed)


async def _correction(
    ask: Ask, found: Emergency, *, problem: str = "", reason: str = "", status: int = 200
) -> web.Response:
    template = next((t for t in ask.parts.emergencies.templates() if t.template_id == found.draft.template_id), None)
    typed = Console(drill=found.drill, english="en" in found.draft.languages)
    return page(
        ask,
        "emergency_correct.html",
        status=status,
        frame=await full_frame(ask, path=f"{PATH}/{found.emergency_id}"),
        one=await emergencypresent.emergency(ask, found),
        ready_made=console.correction(typed, template, ask.say),
        problem=problem,
        reason=reason,
    )


def _require_deed(ask: Ask, found: Emergency, form: Form, *, held: bool = True) -> None:
    """Raises `Invalid` (``word_wrong``)."""
    names = alarms.area_names(ask, found.draft.area_ids)
    require_deed(form, found.emergency_id if held else "", names, drill=found.drill)


async def _refused(ask: Ask, found: Emergency, error: LoaError) -> web.Response:
    told = problem_of(error, ask.say)
    now = await ask.parts.emergencies.get(found.emergency_id)
    if error.code == "word_wrong":
        return await _page(ask, now, word_problem=told.sentence, status=told.status)
    return await _page(ask, now, problem=told.sentence, status=told.status)


async def _page(
    ask: Ask, found: Emergency, *, problem: str = "", word_problem: str = "", reason: str = "", status: int = 200
) -> web.Response:
    sent = found.state in {EmergencyState.SENT, EmergencyState.ENDED}
    board = None
    if sent:
        board = await emergencypresent.board_of(ask, found, _wanted(ask))
    return page(
        ask,
        "emergency_board.html",
        status=status,
        frame=await full_frame(ask, path=f"{PATH}/{found.emergency_id}"),
        one=await emergencypresent.emergency(ask, found),
        board=board,
        problem=problem,
        word_problem=word_problem,
        reason=reason,
        airing_id=found.airing_id,
    )


def _wanted(ask: Ask) -> Lines:
    query = ask.request.query
    number = query.get("page", "1")
    return Lines(
        lines=(),
        state=query.get("state", ""),
        area_id=query.get("area", ""),
        number=int(number) if number.isascii() and number.isdigit() and len(number) < 6 else 1,
    )


def _to(path: str) -> web.Response:
    return web.Response(status=303, headers={"Location": path})
