"""Signing in and out. The sign-in token lives in a cookie that scripts cannot read and other sites cannot send.

Before anybody is signed in, forms carry a token derived from a random cookie of the visit, so that another site cannot
sign a person in under a name of its own.
"""

import secrets
from collections.abc import Mapping

from aiohttp import web

from controller.domain.errors import Invalid, LoaError
from controller.services.accounts import SignedIn
from controller.web.asking import FORM_COOKIE, LANGUAGE_COOKIE, THEME_COOKIE, Ask, is_https, sign_in_cookie
from controller.web.errors import problem_of
from controller.web.forms import reading
from controller.web.frames import bare_frame, full_frame
from controller.web.i18n import N_, Language
from controller.web.pages import page
from controller.web.security import local_path, sign_in_digest
from controller.web.views import Flash, Theme, Tone

YEAR_S = 365 * 24 * 3_600
LONGEST_NAME = 200
LONGEST_PASSWORD = 1_000
PASSWORD_CHANGED = N_("The password is changed. Every other sign-in of this account has ended.")


def remember(ask: Ask, response: web.StreamResponse, wanted: Mapping[str, str]) -> None:
    """Keeps the language and the colours that are named in ``wanted``, where they are known ones."""
    for cookie, name, known in (
        (LANGUAGE_COOKIE, "language", frozenset(Language)),
        (THEME_COOKIE, "theme", frozenset(Theme)),
    ):
        if wanted.get(name) in known:
            response.set_cookie(
                cookie,
                wanted[name],
                max_age=YEAR_S,
                path="/",
                samesite="Lax",
                secure=is_https(ask.request, ask.house) or None,
            )


def set_sign_in(ask: Ask, response: web.StreamResponse, signed_in: SignedIn) -> None:
    """Puts the token into the browser until it expires."""
    left_s = max(0, (signed_in.expires_at_us - ask.parts.clock.now_us()) // 1_000_000)
    _set_secret(ask, response, sign_in_cookie(ask.request, ask.house), signed_in.token, int(left_s))
    response.del_cookie(FORM_COOKIE, path="/")


def _set_secret(ask: Ask, response: web.StreamResponse, name: str, value: str, max_age_s: int | None) -> None:
    https = is_https(ask.request, ask.house)
    response.set_cookie(
        name, value, max_age=max_age_s, path="/", httponly=True, samesite="Strict", secure=https or None
    )


def drop_sign_in(ask: Ask, response: web.StreamResponse) -> None:
    """Takes the token out of the browser."""
    https = is_https(ask.request, ask.house)
    response.del_cookie(
        sign_in_cookie(ask.request, ask.house), path="/", httponly=True, samesite="Strict", secure=https or None
    )


async def sign_in(ask: Ask, name: str, password: str) -> SignedIn:
    """Raises `Refused` (``sign_in_wrong``, ``sign_in_too_often``, ``account_closed``). Endless input is wrong without
    being looked at.
    """
    return await ask.parts.accounts.sign_in(name.strip()[:LONGEST_NAME], password[:LONGEST_PASSWORD], ask.address)


async def sign_out(ask: Ask) -> None:
    """The token is worth nothing from here on, and its live streams end."""
    await ask.parts.accounts.sign_out(ask.secret)
    ask.house.live.end(sign_in_digest(ask.secret))


async def change_password(ask: Ask, present: str, wanted: str) -> SignedIn:
    """Sets a new password, ends every sign-in of the person, and signs this one in again.

    Raises `Invalid` (``password_wrong``, ``password_same``, ``password_too_short``), `Refused`
    (``sign_in_too_often``).
    """
    try:
        proof = await sign_in(ask, ask.by, present)
    except LoaError as error:
        if error.code == "sign_in_wrong":
            raise Invalid("the present password is wrong", code="password_wrong") from error
        raise
    await ask.parts.accounts.sign_out(proof.token)
    if wanted == present:
        raise Invalid("the new password is the present one", code="password_same")
    if len(wanted) > LONGEST_PASSWORD:
        raise Invalid("the new password is too long", code="password_too_long")
    await ask.parts.accounts.set_password(ask.by, wanted, ask.by)
    ask.house.live.end(sign_in_digest(ask.secret))
    return await sign_in(ask, ask.by, wanted)


# --- pages ------------------------------------------------------------------------------------------------------------


async def sign_in_page(ask: Ask) -> web.StreamResponse:
    """GET /sign-in"""
    next_path = local_path(ask.request.query.get("next"))
    if ask.person is not None:
        return web.Response(status=303, headers={"Location": next_path})
    return _sign_in_page(ask, next_path)


def _sign_in_page(ask: Ask, next_path: str, *, name: str = "", problem: str = "", status: int = 200) -> web.Response:
    wanted = ask.request.query.get("language")
    if wanted in set(Language):
        ask = ask.with_language(Language(wanted))
    fresh = "" if ask.secret else secrets.token_urlsafe(24)
    if fresh:
        ask = ask.with_secret(fresh)
    response = page(
        ask, "sign_in.html", status=status, frame=bare_frame(ask), next_path=next_path, name=name, problem=problem
    )
    if fresh:
        _set_secret(ask, response, FORM_COOKIE, fresh, None)
    remember(ask, response, ask.request.query)
    return response


async def post_sign_in(ask: Ask) -> web.StreamResponse:
    """POST /sign-in"""
    async with reading(ask) as form:
        next_path = local_path(form.text("next"))
        try:
            signed_in = await sign_in(ask, form.text("name"), form.text("password"))
        except LoaError as error:
            told = problem_of(error, ask.say)
            if told.status >= 500:
                raise
            return _sign_in_page(ask, next_path, name=form.text("name"), problem=told.sentence, status=told.status)
    response = web.Response(status=303, headers={"Location": next_path})
    set_sign_in(ask, response, signed_in)
    return response


async def post_sign_out(ask: Ask) -> web.StreamResponse:
    """POST /sign-out"""
    await sign_out(ask)
    response = web.Response(status=303, headers={"Location": "/sign-in"})
    drop_sign_in(ask, response)
    return response


async def password_page(ask: Ask) -> web.StreamResponse:
    """GET /password"""
    return page(ask, "password.html", frame=await full_frame(ask), problem="")


async def post_password(ask: Ask) -> web.StreamResponse:
    """POST /password"""
    async with reading(ask) as form:
        try:
            if form.text("wanted") != form.text("again"):
                raise Invalid("the two differ", code="passwords_differ")
            signed_in = await change_password(ask, form.text("present"), form.text("wanted"))
        except LoaError as error:
            told = problem_of(error, ask.say)
            if told.status >= 500:
                raise
            frame = await full_frame(ask)
            return page(ask, "password.html", status=told.status, frame=frame, problem=told.sentence)
    if ask.person is not None and ask.person.password_given:
        onwards = web.Response(status=303, headers={"Location": "/"})
        set_sign_in(ask, onwards, signed_in)
        return onwards
    done = Flash(tone=Tone.OK, sentence=ask.say.gettext(PASSWORD_CHANGED))
    fresh = ask.with_secret(signed_in.token)
    response = page(fresh, "password.html", frame=await full_frame(fresh, flashes=(done,)), problem="")
    set_sign_in(ask, response, signed_in)
    return response
