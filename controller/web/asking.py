"""One request with everything a handler needs to answer it, and the rule for who may ask what.

Rules: a route says what it needs; nothing but this module decides whether a request gets through. A request to an
address that does not exist is treated as one that needs signing in, so that strangers learn nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from aiohttp import web
from jinja2 import Environment

from controller.domain.accounts import Person
from controller.domain.errors import Invalid, LoaError
from controller.web.i18n import Language, Translator, pick_language
from controller.web.live import Live
from controller.web.parts import WebParts
from controller.web.security import SAFE_METHODS, csrf_matches, csrf_token, from_our_pages
from controller.web.statics import Statics
from controller.web.uploads import Uploads
from controller.web.views import Theme

SIGN_IN_COOKIE = "loa_sign_in"
FORM_COOKIE = "loa_form"
LANGUAGE_COOKIE = "loa_language"
THEME_COOKIE = "theme"
"""Written by the page itself when the person switches."""
CSRF_HEADERS = ("X-Loa-CSRF", "X-CSRF-Token")
CSRF_FIELD = "csrf_token"
STRANGER_WITHIN_S = 30.0
"""How long an answer to somebody who is not signed in may take, what they send included."""


class SignInNeeded(LoaError):
    """Nobody is signed in, or no longer."""

    code = "sign_in_needed"


class Forbidden(LoaError):
    """The request did not come from our own page, or from one that is too old."""

    code = "form_expired"


class Needs(StrEnum):
    """What must be true before a handler is asked."""

    PUBLIC = "public"
    SIGNED_IN = "signed_in"


class Token(StrEnum):
    """Who checks the token that a change must carry."""

    BEFORE = "before"
    """Checked before the handler runs: in a header, or in a form that is read as a whole."""
    HANDLER = "handler"
    """The handler reads the form piece by piece and checks before it keeps anything."""
    NONE = "none"


@dataclass(frozen=True, kw_only=True)
class House:
    """What lives as long as the web application."""

    parts: WebParts
    translators: Mapping[Language, Translator]
    environments: Mapping[Language, Environment]
    statics: Statics
    live: Live
    uploads: Uploads
    routes: "Sequence[Route]"
    sending: asyncio.Lock
    """Held while an airing is made from a page, so that pressing twice is seen."""
    changes: "set[asyncio.Task[web.StreamResponse]]"
    """What is being changed now."""


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A request, who makes it, and in which language the answer is."""

    request: web.Request
    house: House
    say: Translator
    theme: Theme
    person: Person | None
    secret: str
    mark: str
    """Which changes are in what this request reads; see `controller.web.live`."""

    @property
    def parts(self) -> WebParts:
        return self.house.parts

    @property
    def by(self) -> str:
        """The name of the signed-in person, for what is recorded. Raises `SignInNeeded`."""
        if self.person is None:
            raise SignInNeeded
        return self.person.name

    @property
    def csrf_token(self) -> str:
        return csrf_token(self.secret) if self.secret else ""

    @property
    def htmx(self) -> bool:
        """True when a part of a page is asked for, not a whole one."""
        return "HX-Request" in self.request.headers

    def with_language(self, language: Language) -> "Ask":
        """The same request, answered in another language."""
        return replace(self, say=self.house.translators[language])

    def with_secret(self, secret: str) -> "Ask":
        """The same request after the browser was given a new secret."""
        return replace(self, secret=secret)

    def render(self, template: str, **values: object) -> str:
        return self.house.environments[self.say.language].get_template(template).render(**values)


Handler = Callable[[Ask], Awaitable[web.StreamResponse]]
HOUSE = web.AppKey("house", House)
ASK = web.RequestKey("ask", Ask)


@dataclass(frozen=True, kw_only=True)
class Route:
    """One line of the table of everything this server answers."""

    method: str
    path: str
    handler: Handler
    needs: Needs = Needs.SIGNED_IN
    token: Token = Token.BEFORE


async def make_ask(request: web.Request) -> Ask:
    """Finds out who asks. Raises what the store raises."""
    house = request.app[HOUSE]
    mark = house.live.mark
    token = request.cookies.get(sign_in_cookie(request, house), "")
    person = await house.parts.accounts.who(token) if token else None
    secret = token if person is not None else request.cookies.get(FORM_COOKIE, "")
    ask = Ask(
        request=request,
        house=house,
        say=house.translators[language_of(request)],
        theme=theme_of(request),
        person=person,
        secret=secret,
        mark=mark,
    )
    request[ASK] = ask
    return ask


async def answer(route: Route, request: web.Request) -> web.StreamResponse:
    """Lets the request through to the handler of ``route``, or raises why not."""
    ask = await make_ask(request)
    if route.needs is Needs.SIGNED_IN and ask.person is None:
        raise SignInNeeded
    if ask.person is not None:
        return await _handled(route, ask)
    try:
        async with asyncio.timeout(STRANGER_WITHIN_S):
            return await _handled(route, ask)
    except TimeoutError as error:
        raise Invalid("the request did not arrive in time", code="bad_request") from error


async def _handled(route: Route, ask: Ask) -> web.StreamResponse:
    request = ask.request
    if request.method not in SAFE_METHODS:
        if not from_our_pages(request):
            raise Forbidden("the request comes from another site", code="foreign_page")
        if route.token is Token.BEFORE:
            await _check_token(ask)
    return await route.handler(ask)


async def _check_token(ask: Ask) -> None:
    given = header_token(ask.request)
    if given is None and ask.request.content_type == "application/x-www-form-urlencoded":
        field = (await ask.request.post()).get(CSRF_FIELD)
        given = field if isinstance(field, str) else None
    check_token(ask, given)


def header_token(request: web.Request) -> str | None:
    """The token as a header carries it."""
    return next((request.headers[name] for name in CSRF_HEADERS if name in request.headers), None)


def check_token(ask: Ask, given: str | None) -> None:
    """Raises `Forbidden` unless ``given`` is the token of this person's pages."""
    if not csrf_matches(ask.secret, given):
        raise Forbidden("the token is missing or old")


def is_https(request: web.Request, house: House) -> bool:
    return request.secure or house.parts.secure_cookies


def sign_in_cookie(request: web.Request, house: House) -> str:
    """The cookie's name; over HTTPS with the prefix that ties it to this host."""
    return f"__Host-{SIGN_IN_COOKIE}" if is_https(request, house) else SIGN_IN_COOKIE


def language_of(request: web.Request) -> Language:
    remembered = request.cookies.get(LANGUAGE_COOKIE)
    return pick_language(remembered, request.headers.get("Accept-Language"))


def theme_of(request: web.Request) -> Theme:
    remembered = request.cookies.get(THEME_COOKIE)
    return Theme(remembered) if remembered in set(Theme) else Theme.AUTO
