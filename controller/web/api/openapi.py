"""The document that describes this API to programs: OpenAPI 3.1, made from the table of routes and nothing else.

Rules: what an endpoint takes and answers is read from its signature, what it says from its docstring, what may go wrong
from `raises` and from what every route checks. A field whose name carries its unit is described by it.
"""

import hashlib
import inspect
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.metadata import version
from typing import Annotated, Any, Final

import msgspec
from aiohttp import StreamReader, web

from controller.domain.errors import Invalid, LoaError, NotFound, Refused, StoreFailed
from controller.web import api
from controller.web.api.endpoint import FORMS, JSON, Argument, BytesOf, Endpoint, FormOf, Header, Sends, Source
from controller.web.asking import (
    CSRF_HEADERS,
    SIGN_IN_COOKIE,
    Ask,
    Forbidden,
    Needs,
    NoRole,
    NotAllowed,
    PasswordGiven,
    Route,
    SignInNeeded,
    Token,
)
from controller.web.errors import HEADINGS, PROBLEM_TYPE, TOKEN_CODES, ProblemTold, english, status_of
from controller.web.rolewords import RIGHT_NAMES
from controller.web.security import SAFE_METHODS

Json = dict[str, Any]
SCHEMAS: Final = "#/components/schemas/{name}"
_IN_PATH: Final = re.compile(r":[^}]*\}")
UNITS: Final = (
    (re.compile(r"(_at|_since|^since|_until|_after|_from)_us$"), "Controller time: microseconds since 1970-01-01 UTC."),
    (re.compile(r"_us$"), "Microseconds."),
    (re.compile(r"_s$"), "Seconds."),
    (re.compile(r"_bytes$"), "Bytes."),
    (re.compile(r"(^|_)percent$"), "Percent."),
    (re.compile(r"_lufs$"), "Loudness in LUFS (EBU R 128)."),
    (re.compile(r"_db$"), "Decibels."),
    (re.compile(r"(^|_)frames$"), "Frames at 48 kHz."),
)
LACKING: Final = "The right that this needs does not hold here. `detail` says which roles have it."
SECURITY: Final[Json] = {
    "cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": SIGN_IN_COOKIE,
        "description": f"Set by signing in. Over HTTPS it is called `__Host-{SIGN_IN_COOKIE}`.",
    },
    "csrf": {
        "type": "apiKey",
        "in": "header",
        "name": CSRF_HEADERS[0],
        "description": "The token that signing in gave; with the cookie, every change needs it.",
    },
    "token": {"type": "http", "scheme": "bearer", "description": "An API token, for programs that do not sign in."},
}


async def get_openapi(
    ask: Ask, if_none_match: Annotated[str, Header("If-None-Match", "The `ETag` of the one that is known.")] = ""
) -> Annotated[
    web.StreamResponse,
    Sends(
        media_types=(JSON,),
        statuses={200: "This document.", 304: "It is still the one that is known."},
        headers={"ETag": "Names this version of the document."},
        told=dict[str, Any],
    ),
]:
    """This document."""
    body, tag = _encoded(tuple(ask.house.routes))
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    known = {one.strip().removeprefix("W/") for one in if_none_match.split(",")}
    if known & {tag, "*"}:
        return web.Response(status=304, headers=headers)
    return web.Response(body=body, content_type=JSON, headers=headers)


@cache
def _encoded(routes: tuple[Route, ...]) -> tuple[bytes, str]:
    """The document and its ``ETag``."""
    body = document(routes)
    return body, f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def document(routes: Sequence[Route]) -> bytes:
    """The OpenAPI document of the endpoints among ``routes``, as JSON."""
    endpoints = [route for route in routes if isinstance(route, Endpoint)]
    schemas = _Schemas(endpoints)
    paths: dict[str, Json] = defaultdict(dict)
    for one in endpoints:
        paths[_IN_PATH.sub("}", one.path)][one.method.lower()] = _operation(one, schemas)
    responses = _shared(paths)
    rooms = {one.operation.room: one.operation.function.__module__ for one in endpoints}
    told = {
        "openapi": "3.1.0",
        "info": {"title": "Loa", "version": version("loa"), "description": _markdown(api.__doc__)},
        "servers": [{"url": "/"}],
        "tags": [{"name": room, "description": _markdown(sys.modules[name].__doc__)} for room, name in rooms.items()],
        "paths": dict(paths),
        "components": {"schemas": schemas.components, "responses": responses, "securitySchemes": SECURITY},
    }
    return msgspec.json.encode(told)


def _shared(paths: Mapping[str, Json]) -> Json:
    """Takes every problem that is told word for word by several operations out of them, to be referred to."""
    places: dict[bytes, list[tuple[Json, str]]] = defaultdict(list)
    for said in (said for methods in paths.values() for said in methods.values()):
        for status, response in said["responses"].items():
            if PROBLEM_TYPE in response.get("content", {}):
                places[msgspec.json.encode(response)].append((said["responses"], status))
    shared: Json = {}
    for same in places.values():
        responses, status = same[0]
        if len(same) == 1:
            continue
        name = f"Problem{status}-{sum(key.startswith(f'Problem{status}-') for key in shared) + 1}"
        shared[name] = responses[status]
        for responses, status in same:
            responses[status] = {"$ref": f"#/components/responses/{name}"}
    return shared


class _Schemas:
    """The schema of every type that endpoints name, and the components that they refer to."""

    def __init__(self, endpoints: Sequence[Endpoint]) -> None:
        kinds = {key: kind for one in endpoints for key, kind in _kinds(one)}
        made, components = msgspec.json.schema_components([*kinds.values(), ProblemTold], ref_template=SCHEMAS)
        self._made = dict(zip(kinds, made, strict=False))
        self.problem = made[-1]
        self._components = components
        # What stands in queries is told parameter by parameter.
        queries = {argument.kind.__name__ for one in endpoints for argument in _of(one, Source.QUERY)}
        self.components = {name: _described(one) for name, one in components.items() if name not in queries}

    def of(self, kind: Any) -> Json:
        return dict(self._made[repr(kind)])

    def fields(self, kind: Any) -> Json:
        """The schema of an object itself, where `of` refers to it."""
        reference: str = self.of(kind)["$ref"]
        return _described(dict(self._components[reference.rsplit("/", 1)[-1]]))


def _kinds(one: Endpoint) -> Iterator[tuple[str, Any]]:
    for argument in one.operation.arguments:
        kind = argument.source.kind if isinstance(argument.source, FormOf) else argument.kind
        if kind not in {Ask, StreamReader}:
            yield repr(kind), kind
    if one.operation.told not in {None, type(None)}:
        yield repr(one.operation.told), one.operation.told


def _of(one: Endpoint, source: Source) -> list[Argument]:
    return [argument for argument in one.operation.arguments if argument.source is source]


def _markdown(docstring: str | None) -> str:
    return inspect.cleandoc(docstring or "").replace("``", "`")


def _described(schema: Json) -> Json:
    """With the unit of each field that says nothing else of itself."""
    described = dict(schema)
    if "description" in described:
        described["description"] = _markdown(described["description"])
    if "properties" in described:
        described["properties"] = {name: _with_unit(name, one) for name, one in described["properties"].items()}
    return described


def _with_unit(name: str, schema: Json) -> Json:
    unit = next((said for pattern, said in UNITS if pattern.search(name)), None)
    return schema if unit is None or "description" in schema else {"description": unit, **schema}


# --- one operation ----------------------------------------------------------------------------------------------------


def _operation(one: Endpoint, schemas: _Schemas) -> Json:
    summary, _, more = _markdown(one.operation.function.__doc__).partition("\n")
    right = [] if one.right is None else [f"Needs the right `{one.right}`: {RIGHT_NAMES[one.right]}."]
    told: Json = {
        "operationId": one.operation.function.__name__,
        "tags": [one.operation.room],
        "summary": summary.strip(),
        "description": "\n\n".join(filter(None, [more.strip(), *right])),
        "security": _security(one),
        "parameters": [
            parameter for argument in one.operation.arguments for parameter in _parameters(argument, schemas)
        ],
        "responses": {**_successes(one, schemas), **_problems(one, schemas)},
    }
    for argument in one.operation.arguments:
        content = _content(argument, schemas)
        if content:
            told["requestBody"] = {"required": True, "content": content}
    if one.right is not None:
        told["x-loa-right"] = one.right.value
    return {name: said for name, said in told.items() if said or name == "security"}


def _security(one: Endpoint) -> list[Json]:
    if one.needs is Needs.PUBLIC:
        return []
    changes = one.method not in SAFE_METHODS and one.token is not Token.NONE
    person: Json = {"cookie": [], "csrf": []} if changes else {"cookie": []}
    return [person] if one.needs is Needs.PERSON else [person, {"token": []}]


def _parameters(argument: Argument, schemas: _Schemas) -> Iterator[Json]:
    match argument.source:
        case Source.PATH:
            yield {"name": argument.name, "in": "path", "required": True, "schema": schemas.of(argument.kind)}
        case Header(name=name, description=description):
            said = {"description": description} if description else {}
            schema = schemas.of(argument.kind)
            yield {"name": name, "in": "header", "required": argument.needed, **said, "schema": schema}
        case Source.QUERY:
            fields = schemas.fields(argument.kind)
            for name, schema in fields["properties"].items():
                plain = dict(schema)
                said = {"description": plain.pop("description")} if "description" in plain else {}
                needed = name in fields.get("required", ())
                yield {"name": name, "in": "query", "required": needed, **said, "schema": plain}
        case _:
            return


def _content(argument: Argument, schemas: _Schemas) -> Json:
    """What is sent with the request, by its media type."""
    match argument.source:
        case Source.BODY:
            return {JSON: {"schema": schemas.of(argument.kind)}}
        case FormOf(kind=kind):
            return {media_type: {"schema": schemas.of(kind)} for media_type in FORMS}
        case BytesOf(media_type=media_type):
            return {media_type: {}}
        case _:
            return {}


def _successes(one: Endpoint, schemas: _Schemas) -> dict[str, Json]:
    operation = one.operation
    if operation.sends is not None:
        return _sent(operation.sends, operation.told, schemas)
    if operation.told is type(None):
        return {"204": {"description": "Done."}}
    said: Json = {"description": "As asked.", "content": {JSON: {"schema": schemas.of(operation.told)}}}
    if operation.status in {201, 202}:
        said["description"] = "It is there now." if operation.status == 201 else "It is being made."
        said["headers"] = {"Location": _header("Where it is, if it has an address of its own.")}
    return {str(operation.status): said}


def _sent(sends: Sends, told: Any, schemas: _Schemas) -> dict[str, Json]:
    headers = {"headers": {name: _header(meaning) for name, meaning in sends.headers.items()}} if sends.headers else {}
    content = {media_type: _content_told(media_type, told, schemas) for media_type in sends.media_types}
    return {
        str(status): {
            "description": meaning,
            **headers,
            **({"content": content} if content and _holds(status, sends) else {}),
        }
        for status, meaning in sends.statuses.items()
    }


def _holds(status: int, sends: Sends) -> bool:
    """Whether an answer of this status has what the function sends."""
    return status in sends.with_content or (status < 300 and status != 204)


def _content_told(media_type: str, told: Any, schemas: _Schemas) -> Json:
    """JSON as its schema, events by that of each of them; what is neither is told by its media type alone."""
    if told is None:
        return {}
    return {"schema": schemas.of(told)} if media_type == JSON else {"x-loa-event": schemas.of(told)}


def _header(meaning: str) -> Json:
    return {"description": meaning, "schema": {"type": "string"}}


# --- what may go wrong ------------------------------------------------------------------------------------------------


def _problems(one: Endpoint, schemas: _Schemas) -> dict[str, Json]:
    by_status: dict[int, list[str]] = defaultdict(list)
    for status, code in (*_of_the_gate(one), *_of_what_is_sent(one), *_of_its_own(one)):
        if code not in by_status[status]:
            by_status[status].append(code)
    own = {} if one.operation.sends is None else one.operation.sends.statuses
    return {
        str(status): _problem(status, codes, schemas)
        for status, codes in sorted(by_status.items())
        if status not in own
    }


def _problem(status: int, codes: Sequence[str], schemas: _Schemas) -> Json:
    said = "\n".join(f"- `{code}`: {LACKING if code == NotAllowed.code else english(code)}" for code in codes)
    schema: Mapping[str, Any] = {"allOf": [schemas.problem], "properties": {"code": {"enum": list(codes)}}}
    return {"description": f"{HEADINGS[status]}.\n\n{said}", "content": {PROBLEM_TYPE: {"schema": schema}}}


def _coded(kind: type[LoaError], *codes: str) -> Iterator[tuple[int, str]]:
    """With the status of each."""
    for code in codes or (kind.code,):
        error = kind.__new__(kind)
        error.code = code
        yield status_of(error), code


def _of_the_gate(one: Endpoint) -> Iterator[tuple[int, str]]:
    """Why somebody may not get through; see `controller.web.asking`."""
    changes = one.method not in SAFE_METHODS
    if one.needs is not Needs.PUBLIC:
        yield from _coded(SignInNeeded)
        yield from _coded(Refused, *TOKEN_CODES)
    if one.needs is Needs.PERSON:
        yield from _coded(Forbidden, "not_for_tokens")
    if one.needs is not Needs.PUBLIC and not one.with_given_password:
        yield from _coded(PasswordGiven)
    if one.right is not None:
        yield from _coded(NoRole)
        yield from _coded(NotAllowed)
    if one.over is not None:
        yield from _coded(NotFound)
    if changes:
        yield from _coded(Forbidden, "foreign_page")
    if changes and one.token is not Token.NONE:
        yield from _coded(Forbidden, "form_expired")


def _of_what_is_sent(one: Endpoint) -> Iterator[tuple[int, str]]:
    """What may be wrong with any request; see `controller.web.api.endpoint`."""
    yield from _coded(Invalid, "bad_request")
    if one.operation.media_types:
        yield from _coded(Invalid, "not_acceptable")
    if _of(one, Source.BODY):
        yield from _coded(Invalid, "bad_json", "unsupported_type", "too_large")
    for argument in one.operation.arguments:
        match argument.source:
            case FormOf():
                yield from _coded(Invalid, "too_large")
            case BytesOf():
                yield from _coded(Invalid, "unsupported_type")
            case _:
                pass


def _of_its_own(one: Endpoint) -> Iterator[tuple[int, str]]:
    """What the function says of itself, and what may always be."""
    for declared in one.operation.raises:
        yield from _coded(declared.kind, *declared.codes)
    yield from _coded(StoreFailed)
    yield from _coded(LoaError)
