"""From what went wrong to what the person is told: a status, and a sentence in their language.

Pages get a page, parts of pages get a notice, programs get a problem (RFC 9457). What nobody foresaw is logged with
its trace and told as a plain sentence; no answer ever shows a trace.
"""

import errno
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from urllib.parse import quote

import msgspec
from aiohttp import web
from msgspec import Struct

from controller.domain.errors import Invalid, LoaError, NotFound, Refused, StudioFailed, Unreachable
from controller.web.asking import (
    ASK,
    HOUSE,
    Ask,
    Forbidden,
    NoRole,
    NotAllowed,
    PasswordGiven,
    SignInNeeded,
    language_of,
    make_ask,
    theme_of,
)
from controller.web.frames import bare_frame, full_frame
from controller.web.i18n import N_, Translator
from controller.web.rolewords import lacking_sentence
from controller.web.sentences import CODES, FALLBACK, sentence
from controller.web.views import Flash, Tone

log = logging.getLogger(__name__)

PROBLEM_TYPE = "application/problem+json"
FOR_SCRIPTS = frozenset({"/events", "/recordings"})
"""Addresses of the pages' own script: nobody looks at what they answer."""

TOKEN_CODES = ("token_unknown", "token_expired", "token_revoked")
"""Why an API token is worth nothing."""

STATUS_OF_CODE: Mapping[str, int] = {
    "bad_request": 400,
    "bad_json": 400,
    "too_large": 413,
    "too_large_recording": 413,
    "upload_incomplete": 400,
    "upload_interrupted": 400,
    "upload_too_long": 400,
    "upload_busy": 423,
    "tus_version": 412,
    "sign_in_wrong": 401,
    "sign_in_too_often": 429,
    "password_wrong": 403,
    "account_closed": 401,
    "role_too_wide": 403,
    "area_outside_token": 403,
    "person_too_wide": 403,
    **dict.fromkeys(TOKEN_CODES, 401),
    "not_acceptable": 406,
    "unsupported_type": 415,
    "out_of_space": 507,
    "disk_full": 507,
}

STATUS_OF_KIND: tuple[tuple[type[LoaError], int], ...] = (
    (SignInNeeded, 401),
    (Forbidden, 403),
    (NotAllowed, 403),
    (NoRole, 403),
    (PasswordGiven, 403),
    (NotFound, 404),
    (Refused, 409),
    (Invalid, 422),
    (StudioFailed, 422),
    (Unreachable, 503),
)

HEADINGS: Mapping[int, str] = {
    400: N_("That could not be understood"),
    401: N_("Sign in first"),
    403: N_("Not allowed"),
    404: N_("Not found"),
    405: N_("Not possible here"),
    406: N_("Not this kind of data"),
    409: N_("Not possible now"),
    413: N_("Too large"),
    415: N_("Not this kind of data"),
    412: N_("Not possible here"),
    422: N_("Something is not right"),
    423: N_("Not possible now"),
    429: N_("Too many attempts"),
    500: N_("Something went wrong"),
    503: N_("No answer"),
    507: N_("The disk is full"),
}

SENTENCES: Mapping[str, str] = {
    "changed_since_heard": N_("The bulletin has been changed. Listen to it again before you send it."),
    "sign_in_needed": N_("Sign in first."),
    "foreign_page": N_("This came from another web site, so nothing was done. Use the pages of Loa."),
    "bad_request": N_("The request could not be understood. Load the page again and repeat what you did."),
    "tus_version": N_("The server takes resumable uploads of version 1.0.0 alone."),
    "bad_json": N_("The request could not be understood. Send one JSON object as the documentation describes it."),
    "too_large": N_("That was more than can be taken at once. Send less."),
    "unsupported_type": N_("The server does not take this kind of data here."),
    "not_acceptable": N_("The server has no answer of the kind that was asked for. Accept what this address offers."),
    "method_not_allowed": N_("This address does not do that."),
    "password_wrong": N_("The present password is not right. Nothing was changed."),
    "password_too_short": N_("The new password is too short. Use at least 10 characters."),
    "password_too_long": N_("The new password is too long. Use at most 1000 characters."),
    "password_same": N_("The new password is the present one. Choose another."),
    "password_given": N_("This password was given to you. Choose one of your own first."),
    "not_for_tokens": N_("An API token cannot do this. Sign in as a person."),
    "no_role": N_("You have no role yet, so there is nothing here for you to do. Ask an administrator for one."),
    "token_unknown": N_("This API token is not known here. Check that it was copied whole, or ask for a new one."),
    "token_expired": N_("This API token has expired. Ask an administrator of the station for a new one."),
    "token_revoked": N_("This API token was revoked. Ask an administrator of the station for a new one."),
    "passwords_differ": N_("The two new passwords differ. Type the same one twice."),
}


class ProblemTold(Struct, kw_only=True, omit_defaults=True):
    """A problem as RFC 9457 has it: what went wrong, and what to do.

    ``code`` is stable, and ``type`` names it as a URI. ``title`` is the same for all problems of a ``status``;
    ``detail`` is a sentence for a person, in the language of ``Accept-Language``, and ends with what to do.
    ``instance`` is the address that was asked. ``more``, where it is there, is for whoever writes the program.
    ``sentence`` is the same as ``detail``.
    """

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    sentence: str
    more: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """What is told: to programs all of it, to persons the sentence."""

    status: int
    code: str
    sentence: str
    heading: str
    detail: str = ""
    headers: Mapping[str, str] | None = None

    def told(self, instance: str) -> ProblemTold:
        """For a program that asked for ``instance``."""
        return ProblemTold(
            type=f"urn:loa:problem:{self.code}",
            title=self.heading,
            status=self.status,
            detail=self.sentence,
            instance=instance,
            code=self.code,
            sentence=self.sentence,
            more=self.detail,
        )


def status_of(error: LoaError) -> int:
    """The HTTP status for an error of the desk."""
    known = STATUS_OF_CODE.get(error.code)
    if known is not None:
        return known
    return next((status for kind, status in STATUS_OF_KIND if isinstance(error, kind)), 500)


def code_sentence(code: str, say: Translator, fallback: str = "") -> str:
    """The sentence for ``code``; for one without its own, that of ``fallback`` where it is given."""
    own = SENTENCES.get(code)
    if own is not None:
        return say.gettext(own)
    return sentence(fallback if fallback and code not in CODES else code, say)


def english(code: str) -> str:
    """The sentence for ``code`` as it stands before it is translated."""
    return SENTENCES.get(code) or CODES.get(code) or FALLBACK % {"code": code}


def problem_of(error: LoaError, say: Translator) -> Problem:
    status = status_of(error)
    headers = None
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        headers = {"Retry-After": "60"}
    elif status == HTTPStatus.UNAUTHORIZED:
        headers = {"WWW-Authenticate": _challenge(error.code)}
    detail = "" if status >= 500 else error.detail
    told = _problem(status, error.code, say, detail=detail, headers=headers)
    return replace(told, sentence=lacking_sentence(error.right, say)) if isinstance(error, NotAllowed) else told


def _challenge(code: str) -> str:
    """RFC 6750, 3: a token that was shown and is worth nothing is an error, none at all is not."""
    return 'Bearer realm="loa", error="invalid_token"' if code in TOKEN_CODES else 'Bearer realm="loa"'


def _problem(
    status: int, code: str, say: Translator, *, detail: str = "", headers: Mapping[str, str] | None = None
) -> Problem:
    family = HEADINGS.get(status) or HEADINGS[500 if status >= 500 else 400]
    said = code_sentence(code, say)
    return Problem(status=status, code=code, sentence=said, heading=say.gettext(family), detail=detail, headers=headers)


def _foreign(error: BaseException, say: Translator) -> Problem:
    """For errors that are not the desk's: of the HTTP library, of the disk, or nobody knows."""
    match error:
        case web.HTTPNotFound():
            return _problem(404, "not_found", say)
        case web.HTTPMethodNotAllowed():
            return _problem(405, "method_not_allowed", say, headers={"Allow": ", ".join(sorted(error.allowed_methods))})
        case web.HTTPRequestEntityTooLarge():
            return _problem(413, "too_large", say)
        case web.HTTPException() if 400 <= error.status < 500:
            return _problem(error.status, "bad_request", say, detail=error.reason)
        case OSError(errno=errno.ENOSPC):
            return _problem(507, "out_of_space", say)
        case _:
            return _problem(500, "internal", say)


@web.middleware
async def tell_errors(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """The outermost layer: whatever a handler raises becomes an answer that a person or a program can use."""
    try:
        if request.match_info.http_exception is not None:
            await _admit_stranger(request)
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return await _answer(request, _foreign(error, _say(request)))
    except (SignInNeeded, PasswordGiven, NoRole) as error:
        return await _led_on(request, error) or await _answer(request, problem_of(error, _say(request)))
    except LoaError as error:
        if status_of(error) >= 500 and not isinstance(error, Unreachable):
            log.error("request failed: %s %s: %s", request.method, request.raw_path, error.detail, exc_info=error)
        return await _answer(request, problem_of(error, _say(request)))
    except ConnectionResetError:
        raise
    except Exception as error:
        log.exception("request failed: %s %s", request.method, request.raw_path)
        return await _answer(request, _foreign(error, _say(request)))


async def _admit_stranger(request: web.Request) -> None:
    """An address that is not there is told only to those who are signed in."""
    if (await make_ask(request)).actor is None:
        raise SignInNeeded


def _say(request: web.Request) -> Translator:
    return request.app[HOUSE].translators[language_of(request)]


def for_program(request: web.Request) -> bool:
    """True when the answer is for a program, not for a person."""
    if request.path.startswith("/api/") or request.path in FOR_SCRIPTS:
        return True
    return "json" in request.headers.get("Accept", "")


def _to_sign_in(request: web.Request) -> web.StreamResponse | None:
    if for_program(request):
        return None
    back = request.path_qs if request.method == "GET" and not request.path.startswith("/parts/") else "/"
    return _elsewhere(request, "/sign-in" if back == "/" else f"/sign-in?next={quote(back, safe='/')}")


def _elsewhere(request: web.Request, where: str) -> web.StreamResponse | None:
    """A person is led to another page; None for a program."""
    if for_program(request):
        return None
    if "HX-Request" in request.headers:
        return web.Response(status=401, headers={"HX-Redirect": where})
    return web.Response(status=303, headers={"Location": where})


async def _led_on(request: web.Request, error: LoaError) -> web.StreamResponse | None:
    """The page that a person needs first; None for a program."""
    match error:
        case SignInNeeded():
            return _to_sign_in(request)
        case PasswordGiven():
            return _elsewhere(request, "/password")
        case _:
            return await _no_role(request)


async def _no_role(request: web.Request) -> web.StreamResponse | None:
    """A page for persons who may do nothing yet: whom to ask."""
    ask = request.get(ASK)
    if ask is None or ask.htmx or for_program(request):
        return None
    administrators = await ask.parts.people.administrators()
    names = [one.full_name or one.name for one in administrators]
    body = ask.render("no_role.html", frame=await full_frame(ask), names=names)
    return web.Response(text=body, content_type="text/html", status=403)


async def _answer(request: web.Request, problem: Problem) -> web.StreamResponse:
    if for_program(request):
        return problem_answer(request, problem)
    ask = request.get(ASK) or _nobody(request)
    if ask.htmx:
        return notice_answer(ask, problem)
    frame = await full_frame(ask) if problem.status < 500 else bare_frame(ask)
    body = ask.render(
        "error.html", frame=frame, status=problem.status, heading=problem.heading, sentence=problem.sentence
    )
    return web.Response(text=body, content_type="text/html", status=problem.status, headers=problem.headers)


def problem_answer(request: web.Request, problem: Problem) -> web.Response:
    """For a program."""
    return web.Response(
        body=msgspec.json.encode(problem.told(request.rel_url.raw_path)),
        content_type=PROBLEM_TYPE,
        status=problem.status,
        headers={**(problem.headers or {}), "Content-Language": language_of(request).value},
    )


def notice_answer(ask: Ask, problem: Problem) -> web.Response:
    """For a part of a page: a notice at the top."""
    frame = bare_frame(ask, flashes=(Flash(tone=Tone.BAD, sentence=problem.sentence),))
    headers = {**(problem.headers or {}), "HX-Retarget": "#flash", "HX-Reswap": "innerHTML"}
    return web.Response(
        text=ask.render("_flash.html", frame=frame), content_type="text/html", status=problem.status, headers=headers
    )


def _nobody(request: web.Request) -> Ask:
    return Ask(
        request=request,
        house=request.app[HOUSE],
        say=_say(request),
        theme=theme_of(request),
        person=None,
        secret="",
        mark="",
    )


__all__ = [
    "Problem",
    "ProblemTold",
    "code_sentence",
    "english",
    "notice_answer",
    "problem_answer",
    "problem_of",
    "status_of",
    "tell_errors",
]
