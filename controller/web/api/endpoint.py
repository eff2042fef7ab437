"""An endpoint of the API is a plain typed function; everything around it is read from its signature.

    async def create_bulletin(ask: Ask, body: BulletinBody) -> Accepted[BulletinTold]:

Rules: the argument ``ask`` is the request and who makes it. An argument that is a `Body` is the request's JSON object,
one that is a `Query` its query, one whose name stands in the path a part of the path; a form, bytes and headers are
named by `FormOf`, `BytesOf` and `Header`. Nothing else is read: fields and query parameters that nobody named are
refused. The answer's type says its status: a plain record is 200, `Created` 201, `Accepted` 202, None 204, `Sends`
what it says. The same signature makes the operation in the OpenAPI document (`controller.web.api.openapi`).
"""

import inspect
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Annotated, Any, ClassVar, Final, Generic, TypeVar, get_args, get_origin, get_type_hints

import msgspec
from aiohttp import web
from msgspec import Struct

from controller.domain.errors import Invalid, LoaError, NotFound
from controller.domain.rights import Right
from controller.web.asking import Ask, Needs, Over, Route, Token
from controller.web.forms import reading

T_co = TypeVar("T_co", covariant=True)
Kind = TypeVar("Kind", bound=Struct)
Function = Callable[..., Awaitable[object]]
Marked = TypeVar("Marked", bound=Function)
Finish = Callable[[web.StreamResponse], None]

JSON: Final = "application/json"
FORMS: Final = ("multipart/form-data", "application/x-www-form-urlencoded")
_WHOLE = re.compile(r"-?[0-9]{1,18}")
_IN_PATH = re.compile(r"\{(\w+)(?::[^}]*)?\}")


# --- what a signature is made of --------------------------------------------------------------------------------------


class Body(Struct, kw_only=True, forbid_unknown_fields=True):
    """Base of what is sent as one JSON object. A field that it does not have is refused."""


class Query(Struct, kw_only=True, forbid_unknown_fields=True):
    """Base of what stands behind the question mark. A parameter that it does not have is refused."""


@dataclass(frozen=True)
class FormOf:
    """``form: Annotated[Form, FormOf(kind)]``: a multipart form; ``kind`` says what its fields are."""

    kind: type[Struct]


@dataclass(frozen=True)
class BytesOf:
    """``data: Annotated[StreamReader, BytesOf(media_type)]``: what is sent as it is, read by the function. It may be
    called by a name of ``also`` too.
    """

    media_type: str
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Header:
    """``argument: Annotated[int, Header("Upload-Offset")]``: one header of the request."""

    name: str
    description: str = ""


@dataclass(frozen=True, kw_only=True)
class Answer(Generic[T_co]):
    """``told`` as JSON; None is no content. ``finish`` may set cookies and headers before it is sent."""

    told: T_co
    location: str | None = None
    finish: Finish | None = None
    status: ClassVar[int] = 200


class Created(Answer[T_co]):
    """It is there now, at ``location``."""

    status = 201


class Accepted(Answer[T_co]):
    """It is being made; ask at ``location`` how far it is."""

    status = 202


@dataclass(frozen=True, kw_only=True)
class Sends:
    """``-> Annotated[web.StreamResponse, Sends(...)]``: the function answers by itself, in one of ``media_types``.

    ``statuses`` says what each status means. ``endless`` is true for a stream that ends only with its listener.
    ``headers`` are those of the answer, with what they say; ``told`` is the JSON in it, where it is JSON, and where the
    status is below 300 or one of ``with_content``.
    """

    media_types: tuple[str, ...] = ()
    statuses: Mapping[int, str] = field(default_factory=lambda: {200: "As asked."})
    headers: Mapping[str, str] = field(default_factory=dict)
    endless: bool = False
    told: Any = None
    with_content: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Raises:
    """Codes of problems that an endpoint tells beyond the usual ones, by the kind of error."""

    kind: type[LoaError]
    codes: tuple[str, ...]


_RAISES: Final = "__loa_raises__"


def raises(kind: type[LoaError], *codes: str) -> Callable[[Marked], Marked]:
    """Says of the function below that it ends with a ``kind`` of error of one of these ``codes``."""

    def mark(function: Marked) -> Marked:
        setattr(function, _RAISES, (Raises(kind, codes or (kind.code,)), *getattr(function, _RAISES, ())))
        return function

    return mark


# --- what was read from it --------------------------------------------------------------------------------------------


class Source(Enum):
    """Where an argument comes from that needs no more said."""

    ASK = auto()
    PATH = auto()
    QUERY = auto()
    BODY = auto()


@dataclass(frozen=True)
class Argument:
    """One argument of the function."""

    name: str
    kind: Any
    source: Header | FormOf | BytesOf | Source
    default: object = inspect.Parameter.empty

    @property
    def needed(self) -> bool:
        return self.default is inspect.Parameter.empty


@dataclass(frozen=True, eq=False)
class Operation:
    """What the API document says of one endpoint."""

    function: Function
    arguments: tuple[Argument, ...]
    status: int
    told: Any
    sends: Sends | None
    raises: tuple[Raises, ...]

    @property
    def room(self) -> str:
        """The module that the function stands in, which is its chapter in the document."""
        return self.function.__module__.rsplit(".", 1)[-1]

    @property
    def media_types(self) -> tuple[str, ...]:
        """What it can answer with; empty where there is nothing to read."""
        if self.sends is not None:
            return self.sends.media_types
        return () if self.told is type(None) else (JSON,)


@dataclass(frozen=True, kw_only=True)
class Endpoint(Route):
    """A route of the API, with what its document says."""

    operation: Operation


def endpoint(
    method: str,
    path: str,
    function: Function,
    *,
    needs: Needs = Needs.SIGNED_IN,
    right: Right | None = None,
    or_right: Right | None = None,
    over: Over | None = None,
    token: Token = Token.BEFORE,
    with_given_password: bool = False,
    lasting: bool = False,
) -> Endpoint:
    """A line of the table; what stands after ``function`` is as `Route` has it.

    Raises `TypeError` where the path and the function do not fit.
    """
    operation = _operation(path, function)
    form = any(isinstance(argument.source, FormOf) for argument in operation.arguments)

    async def handle(ask: Ask) -> web.StreamResponse:
        return await _answer(operation, ask)

    return Endpoint(
        method=method,
        path=path,
        handler=handle,
        needs=needs,
        right=right,
        or_right=or_right,
        over=over,
        token=Token.HANDLER if form else token,
        with_given_password=with_given_password,
        lasting=lasting,
        operation=operation,
    )


def _operation(path: str, function: Function) -> Operation:
    hints = get_type_hints(function, include_extras=True)
    returned = hints.pop("return")
    in_path = set(_IN_PATH.findall(path))
    parameters = inspect.signature(function).parameters
    arguments = tuple(_argument(one, hints[one.name], in_path) for one in parameters.values())
    missing = in_path - {one.name for one in arguments}
    if missing:
        raise TypeError(f"{function.__qualname__} takes no {' and no '.join(sorted(missing))}")
    status, told, sends = _outcome(returned)
    return Operation(function, arguments, status, told, sends, getattr(function, _RAISES, ()))


def _argument(parameter: inspect.Parameter, hint: Any, in_path: set[str]) -> Argument:
    name, default = parameter.name, parameter.default
    marks = getattr(hint, "__metadata__", ())
    for mark in marks:
        if isinstance(mark, Header | FormOf | BytesOf):
            others = tuple(one for one in marks if one is not mark)
            return Argument(name, Annotated[(hint.__origin__, *others)] if others else hint.__origin__, mark, default)
    if hint is Ask:
        return Argument(name, hint, Source.ASK)
    if name in in_path:
        return Argument(name, hint, Source.PATH)
    for base, source in ((Body, Source.BODY), (Query, Source.QUERY)):
        if isinstance(hint, type) and issubclass(hint, base):
            return Argument(name, hint, source)
    raise TypeError(f"nothing says where {name} comes from")


def _outcome(returned: Any) -> tuple[int, Any, Sends | None]:
    """The status, the type of what is told, and how it is sent where the function sends by itself."""
    for mark in getattr(returned, "__metadata__", ()):
        if isinstance(mark, Sends):
            return min(mark.statuses), mark.told, mark
    kind = get_origin(returned)
    if isinstance(kind, type) and issubclass(kind, Answer):
        (told,) = get_args(returned)
        return 204 if told is type(None) else kind.status, told, None
    return (204 if returned is type(None) else 200), returned, None


# --- a request --------------------------------------------------------------------------------------------------------


async def _answer(operation: Operation, ask: Ask) -> web.StreamResponse:
    _check_accept(operation, ask.request)
    if operation.sends is not None and operation.sends.endless and ask.request.method == "HEAD":
        return web.Response(content_type=operation.media_types[0])
    async with AsyncExitStack() as stack:
        values = {one.name: await _value(one, ask, stack) for one in operation.arguments}
        if not any(one.source is Source.QUERY for one in operation.arguments):
            _query(Query, ask.request)
        returned = await operation.function(**values)
    if isinstance(returned, web.StreamResponse):
        return returned
    return _written(returned if isinstance(returned, Answer) else Answer(told=returned))


def _written(answer: Answer[object]) -> web.Response:
    if answer.told is None:
        response = web.Response(status=204)
    else:
        response = web.Response(body=msgspec.json.encode(answer.told), content_type=JSON, status=answer.status)
    if answer.location is not None:
        response.headers["Location"] = answer.location
    if answer.finish is not None:
        answer.finish(response)
    return response


async def _value(argument: Argument, ask: Ask, stack: AsyncExitStack) -> object:
    value: object
    match argument.source:
        case Source.ASK:
            value = ask
        case Source.PATH:
            value = _from_path(argument, ask.request)
        case Source.QUERY:
            value = _query(argument.kind, ask.request)
        case Source.BODY:
            value = await _json_body(argument.kind, ask.request)
        case FormOf():
            value = await stack.enter_async_context(reading(ask))
        case BytesOf(media_type=media_type, also=also):
            _check_type(ask.request, media_type, *also)
            value = ask.request.content
        case Header() as header:
            value = _from_header(argument, header, ask.request)
    return value


def _from_path(argument: Argument, request: web.Request) -> object:
    written = request.match_info[argument.name]
    try:
        return msgspec.convert(written, argument.kind, strict=False)
    except msgspec.ValidationError as error:
        raise NotFound(f"{argument.name}: {error}") from error


def _from_header(argument: Argument, header: Header, request: web.Request) -> object:
    written = request.headers.get(header.name)
    if written is None:
        if argument.needed:
            raise Invalid(f"the header {header.name} is missing", code="bad_request")
        return argument.default
    if getattr(argument.kind, "__origin__", argument.kind) is int and not _WHOLE.fullmatch(written):
        raise Invalid(f"{header.name} is no whole number", code="bad_request")
    try:
        return msgspec.convert(written, argument.kind, strict=False)
    except msgspec.ValidationError as error:
        raise Invalid(f"{header.name}: {error}", code="bad_request") from error


def _query(kind: type[Kind], request: web.Request) -> Kind:
    """Raises `Invalid` (``bad_request``), also for a parameter that is given twice."""
    if len(request.query) != len(set(request.query)):
        raise Invalid("a query parameter is given twice", code="bad_request")
    try:
        return msgspec.convert(dict(request.query), kind, strict=False)
    except msgspec.ValidationError as error:
        raise Invalid(str(error), code="bad_request") from error


async def _json_body(kind: type[Kind], request: web.Request) -> Kind:
    """Raises `Invalid` (``bad_json``, ``unsupported_type``)."""
    _check_type(request, JSON)
    try:
        return msgspec.json.decode(await request.read(), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(str(error), code="bad_json") from error


def _check_type(request: web.Request, *wanted: str) -> None:
    if request.content_type not in wanted:
        raise Invalid(f"send {wanted[0]}", code="unsupported_type")


def _check_accept(operation: Operation, request: web.Request) -> None:
    """Raises `Invalid` (``not_acceptable``) where the header ``Accept`` has room for none of what can be answered."""
    wanted = request.headers.get("Accept")
    types = [media_type.split(";")[0] for media_type in operation.media_types]
    if wanted and types and not any(_accepts(wanted, media_type) for media_type in types):
        raise Invalid(f"this address answers with {' or '.join(types)}", code="not_acceptable")


def _accepts(wanted: str, media_type: str) -> bool:
    """RFC 9110, 12.5.1: the most specific range that fits decides, and a weight of 0 rules it out."""
    general = media_type.partition("/")[0] + "/*"
    fitting: dict[str, bool] = {}
    for written in wanted.split(","):
        name, *parameters = (part.strip().lower() for part in written.split(";"))
        weights = [p.removeprefix("q=") for p in parameters if p.startswith("q=")]
        fitting[name] = not (weights and re.fullmatch(r"0(\.0*)?", weights[0]))
    return next((fitting[name] for name in (media_type, general, "*/*") if name in fitting), False)
