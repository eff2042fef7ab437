"""The pages of people, API tokens and deeds, and what their forms do.

Rules: a generated password and a token's secret stand on the page that answers the form, once, and nowhere else.
Whatever is wrong with the input, the form comes back with what was typed. Who may do what is for the services to say.
"""

from collections.abc import Sequence

from aiohttp import web

from agents.protocol.ids import AreaId
from controller.domain.accounts import Person
from controller.domain.deeds import DeedKind
from controller.domain.errors import Invalid, LoaError, Refused
from controller.domain.rights import EVERYWHERE, Grant, Right, Role
from controller.web import peopleviews as shown
from controller.web.asking import Ask
from controller.web.deedwords import alphabetical, ids
from controller.web.errors import problem_of
from controller.web.forms import Form, reading
from controller.web.frames import full_frame
from controller.web.i18n import N_
from controller.web.pages import page
from controller.web.rolewords import DEED_NAMES
from controller.web.views import Flash, Frame, Tone

DEEDS_A_PAGE = 100
USUAL_DAYS = 365

DONE = {
    "changed": N_("The changes are kept. They hold from the next thing this person does."),
    "closed": N_("The account is closed. Every sign-in of it has ended."),
    "opened": N_("The account is open again."),
    "revoked": N_("The token is revoked. Nothing is done for it any more."),
}


async def _frame(ask: Ask, path: str) -> Frame:
    done = DONE.get(ask.request.query.get("done", ""))
    return await full_frame(ask, path=path, flashes=(_flash(ask, done),) if done else ())


def _flash(ask: Ask, sentence: str) -> Flash:
    return Flash(tone=Tone.OK, sentence=ask.say.gettext(sentence))


def _to(path: str) -> web.Response:
    return web.Response(status=303, headers={"Location": path})


def _id(ask: Ask) -> str:
    return ask.request.match_info["id"]


# --- people -----------------------------------------------------------------------------------------------------------


async def people(ask: Ask) -> web.StreamResponse:
    """GET /people"""
    rows = [shown.person_row(ask, one) for one in await ask.parts.people.all(ask.known_actor)]
    return page(ask, "people.html", frame=await _frame(ask, "/people"), people=rows)


async def new_person(ask: Ask) -> web.StreamResponse:
    """GET /people/new"""
    return await _new_page(ask, await _empty_form(ask))


async def _empty_form(ask: Ask, name: str = "", full_name: str = "", grants: Sequence[Grant] = ()) -> shown.PersonForm:
    """For somebody new: roles on one area, the widest that is one's own."""
    areas = await shown.area_choices(ask, Right.MANAGE_PEOPLE, grants[0].area_id if grants else "")
    return shown.PersonForm(
        id="",
        name=name,
        full_name=full_name,
        active=True,
        wholly=True,
        blocks=(),
        areas=areas,
        new_roles=shown.role_choices(ask.say, "", [grant.role for grant in grants]),
    )


async def _new_page(ask: Ask, form: shown.PersonForm, problem: str = "", status: int = 200) -> web.Response:
    frame = await _frame(ask, "/people/new")
    return page(ask, "person.html", status=status, frame=frame, person=form, problem=problem)


async def add_person(ask: Ask) -> web.StreamResponse:
    """POST /people: the answer shows the password, once."""
    async with reading(ask) as form:
        name, full_name = form.text("name"), form.text("full_name")
        grants: Sequence[Grant] = ()
        try:
            grants = _grants(form)
            added, password = await ask.parts.people.add(name, full_name, grants, ask.known_actor)
        except (Invalid, Refused) as error:
            told = problem_of(error, ask.say)
            again = await _empty_form(ask, name, full_name, grants)
            return await _new_page(ask, again, told.sentence, told.status)
    return await _secret_page(ask, added, password, added=True)


async def _secret_page(ask: Ask, person: Person, password: str, *, added: bool) -> web.Response:
    row = shown.person_row(ask, person)
    frame = await _frame(ask, "/people")
    return page(ask, "people_secret.html", frame=frame, person=row, password=password, added=added)


def _grants(form: Form) -> list[Grant]:
    """What is ticked on areas that there are roles on, and what is ticked for the area that was picked. Raises
    `Invalid` (``bad_request``).
    """
    try:
        ticked = [_grant(*value.split("@", 1)) for value in form.all("grant")]
        picked = [_grant(role, form.text("area")) for role in form.all("role")]
    except (ValueError, TypeError) as error:
        raise Invalid(str(error), code="bad_request") from error
    return list(dict.fromkeys([*ticked, *picked]))


def _grant(role: str, area_id: str) -> Grant:
    return Grant(role=Role(role), area_id=AreaId(area_id or EVERYWHERE))


async def person(ask: Ask) -> web.StreamResponse:
    """GET /people/{id}"""
    return await _person_page(ask, await ask.parts.people.get(_id(ask), ask.known_actor))


async def _person_page(ask: Ask, one: Person, problem: str = "", status: int = 200) -> web.Response:
    taken = {grant.area_id for grant in one.grants}
    areas = [area for area in await shown.area_choices(ask, Right.MANAGE_PEOPLE) if area.id not in taken]
    form = shown.PersonForm(
        id=one.person_id,
        name=one.name,
        full_name=one.full_name,
        active=one.active,
        wholly=await ask.parts.people.wholly_managed(one, ask.known_actor),
        blocks=shown.blocks(ask, one.grants),
        areas=areas,
        new_roles=shown.role_choices(ask.say, "", ()),
        last_sign_in=shown.person_row(ask, one).last_sign_in,
    )
    frame = await _frame(ask, f"/people/{one.person_id}")
    return page(ask, "person.html", status=status, frame=frame, person=form, problem=problem)


async def change_person(ask: Ask) -> web.StreamResponse:
    """POST /people/{id}: the full name and the roles; those on areas that are not one's own stay as they are."""
    actor = ask.known_actor
    async with reading(ask) as form:
        before = await ask.parts.people.get(_id(ask), actor)
        try:
            kept = [grant for grant in before.grants if not ask.may(Right.MANAGE_PEOPLE, grant.area_id)]
            full_name = form.text("full_name") if "full_name" in form.fields else before.full_name
            await ask.parts.people.change(before.person_id, full_name, [*kept, *_grants(form)], before.active, actor)
        except (Invalid, Refused) as error:
            return await _refused(ask, before, error)
    return _to(f"/people/{before.person_id}?done=changed")


async def _refused(ask: Ask, one: Person, error: LoaError) -> web.Response:
    told = problem_of(error, ask.say)
    return await _person_page(ask, one, told.sentence, told.status)


async def close_person(ask: Ask) -> web.StreamResponse:
    """POST /people/{id}/close"""
    return await _set_active(ask, False, "closed")


async def open_person(ask: Ask) -> web.StreamResponse:
    """POST /people/{id}/open"""
    return await _set_active(ask, True, "opened")


async def _set_active(ask: Ask, active: bool, done: str) -> web.Response:
    actor = ask.known_actor
    before = await ask.parts.people.get(_id(ask), actor)
    try:
        await ask.parts.people.change(before.person_id, before.full_name, before.grants, active, actor)
    except Refused as error:
        return await _refused(ask, before, error)
    return _to("/sign-in" if before.name == actor.name else f"/people/{before.person_id}?done={done}")


async def reset_password(ask: Ask) -> web.StreamResponse:
    """POST /people/{id}/password: the answer shows the password, once."""
    before = await ask.parts.people.get(_id(ask), ask.known_actor)
    try:
        password = await ask.parts.people.reset_password(before.person_id, ask.known_actor)
    except Refused as error:
        return await _refused(ask, before, error)
    return await _secret_page(ask, before, password, added=False)


# --- API tokens -------------------------------------------------------------------------------------------------------


async def tokens(ask: Ask) -> web.StreamResponse:
    """GET /tokens"""
    return await _tokens_page(ask, Form())


async def _tokens_page(
    ask: Ask, form: Form, *, secret: str = "", name: str = "", problem: str = "", status: int = 200
) -> web.Response:
    rows = [shown.token_row(ask, one) for one in await ask.parts.api_tokens.all(ask.known_actor)]
    return page(
        ask,
        "api_tokens.html",
        status=status,
        frame=await _frame(ask, "/tokens"),
        tokens=rows,
        secret=secret,
        made_name=name,
        problem=problem,
        name=form.text("name") if problem else "",
        days=form.text("days") if problem else str(USUAL_DAYS),
        rights=shown.right_choices(ask.say, form.all("right") if problem else ()),
        areas=await shown.area_choices(ask, Right.MANAGE_PEOPLE, form.text("area") if problem else ""),
    )


async def create_token(ask: Ask) -> web.StreamResponse:
    """POST /tokens: the answer shows the token, once."""
    async with reading(ask) as form:
        try:
            made, secret = await ask.parts.api_tokens.create(
                form.text("name"),
                [Right(one) for one in form.all("right") if one in set(Right)],
                AreaId(form.text("area") or EVERYWHERE),
                form.number("days", "token_days_out_of_range"),
                ask.known_actor,
            )
        except (Invalid, Refused) as error:
            told = problem_of(error, ask.say)
            return await _tokens_page(ask, form, problem=told.sentence, status=told.status)
        return await _tokens_page(ask, Form(), secret=secret, name=made.name)


async def revoke_token(ask: Ask) -> web.StreamResponse:
    """POST /tokens/{id}/revoke"""
    revoked = await ask.parts.api_tokens.revoke(_id(ask), ask.known_actor)
    ask.house.live.end(f"token {revoked.token_id}")
    return _to("/tokens?done=revoked")


# --- deeds ------------------------------------------------------------------------------------------------------------


async def deeds(ask: Ask) -> web.StreamResponse:
    """GET /deeds (by, what, before)"""
    query = ask.request.query
    by, what = query.get("by", "").strip(), query.get("what", "")
    before = query.get("before", "")
    found = await ask.parts.audit.page(
        ask.known_actor,
        DEEDS_A_PAGE,
        before=int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None,
        who=by or None,
        what=DeedKind(what) if what in set(DeedKind) else None,
    )
    names = await ask.parts.audit.names([one for deed in found.deeds for one in ids(deed)])
    kinds = [(kind.value, ask.say.gettext(word)) for kind, word in DEED_NAMES.items()]
    return page(
        ask,
        "deeds.html",
        frame=await _frame(ask, "/deeds"),
        deeds=[shown.deed_row(ask, deed, names) for deed in found.deeds],
        next=found.next,
        by=by,
        what=what,
        kinds=sorted(kinds, key=lambda one: alphabetical(one[1])),
    )
