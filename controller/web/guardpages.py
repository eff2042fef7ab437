"""The pages of limits (``/guards``): quiet hours, slots, minutes and volume, by area and by speaker; days off."""

from dataclasses import replace
from datetime import date
from typing import Final

from aiohttp import web

from agents.protocol.ids import AreaId, SpeakerId
from controller.domain.errors import Invalid, LoaError, Refused
from controller.domain.guarding import STATION, GuardPlace, PlaceGuards, PlaceKind
from controller.domain.rights import EVERYWHERE, Right
from controller.services.planning.guards import Effective, SelfApproval
from controller.web import guardforms
from controller.web.api.calendar import area_asked, calendar_file
from controller.web.asking import Ask
from controller.web.errors import problem_of
from controller.web.forms import Form, reading
from controller.web.frames import full_frame
from controller.web.guarding import WHOLE_STATION, limit_sources, place_name, without_effect
from controller.web.guardviews import GuardForm, HolidayRow, HolidaysForm, PlacePage, PlaceRow, SelfApprovalForm
from controller.web.i18n import N_
from controller.web.moments import day_of, today
from controller.web.pages import page
from controller.web.rundownviews import GuardRow
from controller.web.rundownwords import guard_sentences
from controller.web.views import Flash, Tone
from schedules.guards import Guards
from schedules.recurrence.holidays import named_holidays

PATH: Final = "/guards"
DONE: Final = {
    "kept": N_("The limits are kept. The speakers are being told."),
    "self-approval": N_("It is kept who may approve their own."),
    "holiday": N_("The day off is kept."),
    "no-holiday": N_("The day off is taken away."),
}
UNSET: Final = N_("Nothing is set here or above: persons approve their own only where nobody else may approve.")
ALLOWED: Final = N_("As set at %(place)s, persons may approve their own. Whoever does is recorded as such.")
FORBIDDEN: Final = N_("As set at %(place)s, nobody may approve their own.")
NOW_ALLOWED: Final = N_("That is so here now: they may.")
NOW_FORBIDDEN: Final = N_("Here %(num)s persons may approve, so nobody approves their own.")
NOW_NOBODY: Final = N_("Here nobody may approve yet, so nothing can be approved. Give somebody the role of approver.")


async def guards(ask: Ask) -> web.StreamResponse:
    """GET /guards: where what is set, and the days off (``?year=``)."""
    return await _overview(ask)


async def _overview(ask: Ask, *, typed: Form | None = None, problem: str = "", status: int = 200) -> web.Response:
    return page(
        ask,
        "guards.html",
        status=status,
        frame=await full_frame(ask, path=PATH, flashes=_flashes(ask)),
        rows=await _rows(ask),
        speakers=await _speakers(ask),
        holidays=await _holidays(ask, typed, problem),
    )


def _flashes(ask: Ask) -> tuple[Flash, ...]:
    done = DONE.get(ask.request.query.get("done", ""))
    return (Flash(tone=Tone.OK, sentence=ask.say.gettext(done)),) if done else ()


async def _rows(ask: Ask) -> list[PlaceRow]:
    """The whole station first, then the areas in use, in the order of the tree."""
    own = {one.place: one.guards for one in await ask.parts.guards.all()}
    tree, home = ask.parts.areas.tree(), ask.parts.areas.home()
    rows = [
        PlaceRow(
            href=f"{PATH}/areas/{EVERYWHERE}" if ask.may(Right.SEE, EVERYWHERE) else "",
            name=ask.say.gettext(WHOLE_STATION),
            depth=0,
            sentences=guard_sentences(own.get(STATION, Guards()), ask.say),
            may_set=ask.may(Right.SET_GUARDS, EVERYWHERE),
        )
    ]
    for area in await ask.parts.areas.in_use():
        area_id = AreaId(area.area_id)
        if ask.touches(Right.SEE, area_id):
            rows.append(
                PlaceRow(
                    href=f"{PATH}/areas/{area_id}" if ask.may(Right.SEE, area_id) else "",
                    name=area.name,
                    depth=len(tree.path(area_id)) if area_id in tree else 1,
                    sentences=guard_sentences(own.get(GuardPlace.area(area_id), Guards()), ask.say),
                    home=home is not None and home.area_id == area_id,
                    may_set=ask.may(Right.SET_GUARDS, area_id),
                )
            )
    return rows


async def _speakers(ask: Ask) -> list[PlaceRow]:
    """Those with limits of their own that whoever asks may see."""
    own = {one.place: one.guards for one in await ask.parts.guards.all()}
    rows = []
    for overview in await ask.parts.speakers.standing():
        speaker = overview.speaker
        set_here = own.get(GuardPlace.speaker(speaker.speaker_id), Guards())
        if set_here != Guards() and ask.may(Right.SEE, speaker.area_id):
            rows.append(
                PlaceRow(
                    href=f"{PATH}/speakers/{speaker.speaker_id}",
                    name=speaker.name,
                    depth=0,
                    sentences=guard_sentences(set_here, ask.say),
                    may_set=ask.may(Right.SET_GUARDS, speaker.area_id),
                )
            )
    return rows


# --- one place --------------------------------------------------------------------------------------------------------


async def area_guards(ask: Ask) -> web.StreamResponse:
    """GET /guards/areas/{id}"""
    return await _shown(ask, _area(ask))


async def speaker_guards(ask: Ask) -> web.StreamResponse:
    """GET /guards/speakers/{id}"""
    return await _shown(ask, _speaker(ask))


async def set_area_guards(ask: Ask) -> web.StreamResponse:
    """POST /guards/areas/{id}"""
    return await _posted(ask, _area(ask))


async def set_speaker_guards(ask: Ask) -> web.StreamResponse:
    """POST /guards/speakers/{id}"""
    return await _posted(ask, _speaker(ask))


def _area(ask: Ask) -> GuardPlace:
    return GuardPlace.area(AreaId(ask.request.match_info["id"]))


def _speaker(ask: Ask) -> GuardPlace:
    return GuardPlace.speaker(SpeakerId(ask.request.match_info["id"]))


def _href(place: GuardPlace) -> str:
    return f"{PATH}/{'areas' if place.kind is PlaceKind.AREA else 'speakers'}/{place.place_id}"


async def _posted(ask: Ask, place: GuardPlace) -> web.Response:
    """Keeps the form, or only fills it: with a preset, or with one row of quiet hours more or less."""
    async with reading(ask) as form:
        typed = guardforms.typed(form, ask.say)
        do = form.text("do")
        try:
            filled = guardforms.filled(typed, do, ask.say)
            if filled is not None:
                return await _shown(ask, place, filled)
            await ask.parts.guards.put(place, guardforms.guards_of(form), ask.known_actor, revision=typed.revision)
        except (Invalid, Refused) as error:
            if error.code == "changed_meanwhile":
                # What holds now stands beside the form: kept once more, it is replaced.
                typed = replace(typed, revision=(await ask.parts.guards.get(place)).revision)
            return await _shown(ask, place, typed, error)
    return _to(f"{_href(place)}?done=kept")


def _to(where: str) -> web.Response:
    return web.Response(status=303, headers={"Location": where})


async def _shown(
    ask: Ask, place: GuardPlace, typed: GuardForm | None = None, error: LoaError | None = None
) -> web.Response:
    own, effective = await ask.parts.guards.get(place), await ask.parts.guards.effective(place)
    told = PlacePage(
        href=_href(place),
        name=await place_name(ask, place),
        where=await _where(ask, place),
        area=place.kind is PlaceKind.AREA,
        form=typed or guardforms.form_of(own.guards, own.revision, ask.say),
        effective=await _effective(ask, effective),
        without_effect=list(without_effect(own.guards, effective, place, ask.say)),
        presets=guardforms.presets(ask.say),
        may_set=await _may_set(ask, place),
        self_approval=await _self_approval(ask, own) if place.kind is PlaceKind.AREA else None,
        unsaved=typed is not None and error is None,
        problem="" if error is None else problem_of(error, ask.say).sentence,
    )
    status = 200 if error is None else problem_of(error, ask.say).status
    frame = await full_frame(ask, path=_href(place), flashes=_flashes(ask))
    return page(ask, "place_guards.html", status=status, frame=frame, place=told)


async def _effective(ask: Ask, effective: Effective) -> list[GuardRow]:
    return [
        GuardRow(sentence=said, source=await place_name(ask, source), href=_href(source))
        for said, source in limit_sources(effective, ask.say)
    ]


async def _where(ask: Ask, place: GuardPlace) -> str:
    """What it lies in, the narrowest first."""
    if place == STATION:
        return ""
    if place.kind is PlaceKind.SPEAKER:
        return (await ask.parts.speakers.one(SpeakerId(place.place_id))).area_name
    tree = ask.parts.areas.tree()
    path = tree.path(place.place_id)[:-1] if place.place_id in tree else ()
    return ", ".join(area.name for area in reversed(path))


async def _may_set(ask: Ask, place: GuardPlace) -> bool:
    if place.kind is PlaceKind.AREA:
        return ask.may(Right.SET_GUARDS, AreaId(place.place_id))
    return ask.may(Right.SET_GUARDS, (await ask.parts.speakers.one(SpeakerId(place.place_id))).speaker.area_id)


# --- who approves their own -------------------------------------------------------------------------------------------


async def _self_approval(ask: Ask, own: PlaceGuards) -> SelfApprovalForm:
    found = await ask.parts.guards.self_approval(AreaId(own.place.place_id))
    chosen = "unset" if own.self_approval is None else "yes" if own.self_approval else "no"
    return SelfApprovalForm(own=chosen, sentence=await _self_approval_sentence(ask, found))


async def _self_approval_sentence(ask: Ask, found: SelfApproval) -> str:
    if found.set_at is not None:
        words = ALLOWED if found.allowed else FORBIDDEN
        return ask.say.gettext(words, place=await place_name(ask, found.set_at))
    if not found.approvers:
        return f"{ask.say.gettext(UNSET)} {ask.say.gettext(NOW_NOBODY)}"
    here = NOW_ALLOWED if found.allowed else NOW_FORBIDDEN
    return f"{ask.say.gettext(UNSET)} {ask.say.gettext(here, num=ask.say.format_number(found.approvers))}"


async def set_self_approval(ask: Ask) -> web.StreamResponse:
    """POST /guards/areas/{id}/self-approval"""
    place = _area(ask)
    async with reading(ask) as form:
        allowed = {"yes": True, "no": False}.get(form.text("allowed"))
        await ask.parts.guards.set_self_approval(AreaId(place.place_id), allowed, ask.known_actor)
    return _to(f"{_href(place)}?done=self-approval")


# --- days off ---------------------------------------------------------------------------------------------------------


async def _holidays(ask: Ask, typed: Form | None, problem: str) -> HolidaysForm:
    year = _year(ask)
    number = 0 if ask.say.language == "vi" else 1
    rows = [_holiday(ask, day, names[number], own=False) for day, names in named_holidays(year).items()]
    added = [one for one in await ask.parts.guards.holidays() if one.day.year == year]
    rows += [_holiday(ask, one.day, one.name, own=True) for one in added]
    return HolidaysForm(
        year=year,
        rows=sorted(rows, key=lambda row: (row.day, row.own)),
        may_set=ask.may(Right.SET_GUARDS, EVERYWHERE),
        typed_day="" if typed is None else typed.text("day")[:10],
        typed_name="" if typed is None else typed.text("name")[:200],
        problem=problem,
    )


def _year(ask: Ask) -> int:
    written = ask.request.query.get("year", "")
    known = written.isascii() and written.isdigit() and len(written) == 4 and 1970 < int(written) < 2199
    return int(written) if known else today(ask.parts.clock.now_us(), ask.say.zone).year


def _holiday(ask: Ask, day: date, name: str, *, own: bool) -> HolidayRow:
    return HolidayRow(day=day.isoformat(), shown=guardforms.day_shown(day, ask.say), name=name, own=own)


async def add_holiday(ask: Ask) -> web.StreamResponse:
    """POST /holidays"""
    ask.require(Right.SET_GUARDS, EVERYWHERE)
    async with reading(ask) as form:
        try:
            added = await ask.parts.guards.set_holiday(day_of(form.text("day")), form.text("name"), ask.known_actor)
        except (Invalid, Refused) as error:
            told = problem_of(error, ask.say)
            return await _overview(ask, typed=form, problem=told.sentence, status=told.status)
    return _to(f"{PATH}?done=holiday&year={added.day.year}")


async def remove_holiday(ask: Ask) -> web.StreamResponse:
    """POST /holidays/remove"""
    ask.require(Right.SET_GUARDS, EVERYWHERE)
    async with reading(ask) as form:
        day = day_of(form.text("day"))
        await ask.parts.guards.remove_holiday(day, ask.known_actor)
    return _to(f"{PATH}?done=no-holiday&year={day.year}")


async def calendar_download(ask: Ask) -> web.StreamResponse:
    """GET /calendar.ics, of an area with ``?area_id=``"""
    return await calendar_file(ask, area_asked(ask, ask.request.query.get("area_id")))
