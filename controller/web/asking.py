"""One request with everything a handler needs to answer it, and the rule for who may ask what.

Rules: a route says what it needs; nothing but this module decides whether a request gets through, and what a handler
learns from the request's body it asks of `Ask.require`. Whoever asks is a person with a cookie, on pages and in the
API, or a program with an API token, in the API alone. A request to an address that does not exist is treated as one
that needs signing in, so that strangers learn nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from aiohttp import web
from jinja2 import Environment

from agents.protocol.ids import AreaId
from controller.domain.accounts import Person
from controller.domain.errors import Invalid, LoaError, NotFound, Refused
from controller.domain.rights import EVERYWHERE, Actor, Right
from controller.web.i18n import Language, Translator, pick_language
from controller.web.parts import WebParts
from controller.web.security import (
    SAFE_METHODS,
    csrf_matches,
    csrf_token,
    forwarded_address,
    from_our_pages,
    sign_in_digest,
)
from controller.web.sse import Live
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
API = "/api/v1/"
BEARER = "bearer"
STRANGER_WITHIN_S = 30.0
"""How long an answer to somebody who is not signed in may take, what they send included."""


class SignInNeeded(LoaError):
    """Nobody is signed in, or no longer."""

    code = "sign_in_needed"


class Forbidden(LoaError):
    """The request did not come from our own page, or from one that is too old."""

    code = "form_expired"


class NotAllowed(LoaError):
    """Whoever asks lacks ``right``, at least where it would be needed."""

    code = "not_allowed"

    def __init__(self, right: Right) -> None:
        super().__init__(right.value)
        self.right = right


class NoRole(LoaError):
    """A person who has no role anywhere: there is nothing yet that they may do."""

    code = "no_role"


class PasswordGiven(LoaError):
    """The person must first replace a password that somebody else gave them."""

    code = "password_given"


class Needs(StrEnum):
    """What must be true before a handler is asked."""

    PUBLIC = "public"
    SIGNED_IN = "signed_in"
    """Whoever: a person who is signed in, or a program that shows an API token."""
    PERSON = "person"
    """A person who is signed in."""


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
    reckoning: asyncio.Lock
    """Held while something is compiled for one who asks: several at once would hold up everything else."""
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
    """Which changes are in what this request reads; see `controller.web.sse`."""
    actor: Actor | None = None
    """Whoever asks, with their rights as they are now; None for a stranger."""
    bearer: str = ""
    """The API token that was shown."""

    @property
    def parts(self) -> WebParts:
        return self.house.parts

    @property
    def known_actor(self) -> Actor:
        """Raises `SignInNeeded`."""
        if self.actor is None:
            raise SignInNeeded
        return self.actor

    @property
    def by(self) -> str:
        """The name of whoever asks, for what is recorded. Raises `SignInNeeded`."""
        return self.known_actor.name

    @property
    def owner(self) -> str:
        """A name for this sign-in, or for this API token, that does not give it away."""
        return f"token {self.known_actor.token_id}" if self.bearer else sign_in_digest(self.secret)

    @property
    def address(self) -> str:
        """Where the request comes from; a proxy's word is taken only from those that are set as trusted."""
        return forwarded_address(self.request, self.parts.trusted_proxies)

    async def still_welcome(self) -> bool:
        """Whether whoever asked could ask again now."""
        return await self._actor_now() is not None

    async def still_may(self, right: Right, area_ids: Iterable[AreaId]) -> bool:
        """Whether whoever asked could ask again now, and has ``right`` in each of these areas: roles may have been
        taken away meanwhile.
        """
        return replace(self, actor=await self._actor_now()).may_all(right, area_ids)

    async def _actor_now(self) -> Actor | None:
        if not self.bearer:
            person = await self.parts.accounts.who(self.secret)
            return None if person is None else person.actor
        try:
            return await self.parts.api_tokens.who(self.bearer)
        except Refused:
            return None

    def path_of(self, area_id: AreaId) -> tuple[AreaId, ...]:
        """From the widest area down to this one, or to what it was merged into; nothing for the whole station."""
        return () if area_id == EVERYWHERE else self.parts.areas.path(area_id)

    def may(self, right: Right, area_id: AreaId | None = None) -> bool:
        """Whether whoever asks has ``right`` in this area, or in any area at all where none is named. Who had it in an
        area that was merged keeps it for what stood there, and gets no more by the merger.
        """
        if self.actor is None:
            return False
        if area_id is None:
            return self.actor.may_anywhere(right)
        former = () if area_id == EVERYWHERE else self.parts.areas.former(area_id)
        return self.actor.may(right, (*former, *self.path_of(area_id)))

    def may_all(self, right: Right, area_ids: Iterable[AreaId]) -> bool:
        """Whether ``right`` holds in each of these areas, and in one at least."""
        return self.may(right) and all(self.may(right, area_id) for area_id in set(area_ids))

    def touches(self, right: Right, area_id: AreaId) -> bool:
        """Whether ``right`` holds in this area, or in some area within it."""
        if self.may(right, area_id):
            return True
        if self.actor is None:
            return False
        inner = self.actor.areas_of(right)
        return bool(inner) if area_id == EVERYWHERE else any(area_id in self.path_of(one) for one in inner)

    def require(self, right: Right, area_id: AreaId) -> None:
        """Raises `NotAllowed` where `may` says no."""
        if not self.may(right, area_id):
            raise NotAllowed(right)

    def require_all(self, right: Right, area_ids: Iterable[AreaId]) -> None:
        """Raises `NotAllowed` where `may_all` says no."""
        if not self.may_all(right, area_ids):
            raise NotAllowed(right)

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
Over = Callable[[Ask, Right], Awaitable[bool]]
"""Whether a right holds over what the path names; see `controller.web.subjects`."""
HOUSE = web.AppKey("house", House)
ASK = web.RequestKey("ask", Ask)


@dataclass(frozen=True, kw_only=True)
class Route:
    """One line of the table of everything this server answers.

    ``right`` is what whoever asks must have in one area at least, or ``or_right`` in its place; None is enough for
    everybody who is signed in.
    ``over`` asks for it where the thing is that the path names. ``with_given_password`` is true for the little that a
    person gets who has not replaced a password that somebody gave them. ``lasting`` answers take long to come
    or to end, and see no one state.
    """

    method: str
    path: str
    handler: Handler
    needs: Needs = Needs.SIGNED_IN
    token: Token = Token.BEFORE
    right: Right | None = None
    or_right: Right | None = None
    over: Over | None = None
    with_given_password: bool = False
    lasting: bool = False


async def make_ask(request: web.Request) -> Ask:
    """Finds out who asks. Raises what the store raises, and `Refused` for an API token that is worth nothing."""
    house = request.app[HOUSE]
    mark = house.live.mark
    token = request.cookies.get(sign_in_cookie(request, house), "")
    bearer = _bearer(request)
    by_token = await house.parts.api_tokens.who(bearer) if bearer else None
    person = await house.parts.accounts.who(token) if token and not bearer else None
    secret = token if person is not None else request.cookies.get(FORM_COOKIE, "")
    ask = Ask(
        request=request,
        house=house,
        say=house.translators[language_of(request)],
        theme=theme_of(request),
        person=person,
        secret=secret,
        mark=mark,
        actor=person.actor if person is not None else by_token,
        bearer=bearer,
    )
    request[ASK] = ask
    return ask


def _bearer(request: web.Request) -> str:
    """The API token of this request. Pages take none."""
    scheme, _, shown = request.headers.get("Authorization", "").strip().partition(" ")
    return shown.strip() if request.path.startswith(API) and scheme.lower() == BEARER else ""


async def answer(route: Route, request: web.Request) -> web.StreamResponse:
    """Lets the request through to the handler of ``route``, or raises why not. What only looks sees one state."""
    if route.lasting or route.method not in SAFE_METHODS:
        return await _answered(route, request)
    async with request.app[HOUSE].parts.store.view():
        return await _answered(route, request)


async def _answered(route: Route, request: web.Request) -> web.StreamResponse:
    ask = await make_ask(request)
    if route.needs is not Needs.PUBLIC:
        await _admit(route, ask)
    if ask.actor is not None:
        return await _handled(route, ask)
    try:
        async with asyncio.timeout(STRANGER_WITHIN_S):
            return await _handled(route, ask)
    except TimeoutError as error:
        raise Invalid("the request did not arrive in time", code="bad_request") from error


async def _admit(route: Route, ask: Ask) -> None:
    """Raises why whoever asks may not have what ``route`` leads to."""
    actor = ask.known_actor
    if route.needs is Needs.PERSON and ask.person is None:
        raise Forbidden("this is for persons who are signed in", code="not_for_tokens")
    if ask.person is not None and ask.person.password_given and not route.with_given_password:
        raise PasswordGiven
    if route.right is None:
        return
    if not any(actor.may_anywhere(one) for one in (route.right, route.or_right) if one is not None):
        raise NotAllowed(route.right) if actor.scopes else NoRole
    if route.over is not None and not await route.over(ask, route.right):
        if ask.request.method in SAFE_METHODS:
            raise NotFound("it lies outside of the areas of whoever asks")
        raise NotAllowed(route.right)


async def _handled(route: Route, ask: Ask) -> web.StreamResponse:
    request = ask.request
    if request.method not in SAFE_METHODS and not ask.bearer:
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
    """Raises `Forbidden` unless ``given`` is the token of this person's pages. A program that shows an API token needs
    none: no browser shows that by itself.
    """
    if not ask.bearer and not csrf_matches(ask.secret, given):
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
