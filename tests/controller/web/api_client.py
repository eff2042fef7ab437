"""A program that knows of the API only what its document says: addresses, parameters and answers come from there."""

import json
import re
from dataclasses import dataclass, field
from functools import cache
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urlsplit

from aiohttp import ClientSession, CookieJar, FormData
from jsonschema import Draft202012Validator

from controller.web.api.openapi import document
from controller.web.errors import PROBLEM_TYPE
from controller.web.routes import ROUTES

Json = dict[str, Any]
DOCUMENT = "/api/v1/openapi.json"


@dataclass
class ApiClient:
    """Calls operations by their ids. ``keys`` are the values of the document's security schemes that it was given."""

    base_url: str
    keys: dict[str, str] = field(default_factory=dict)
    document: Json = field(init=False)
    http: ClientSession = field(init=False)

    async def __aenter__(self) -> Self:
        self.http = ClientSession(self.base_url, cookie_jar=CookieJar(unsafe=True))
        async with self.http.get(DOCUMENT) as answer:
            self.document = await answer.json()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.http.close()

    def operation(self, operation_id: str) -> tuple[str, str, Json]:
        """Its method, its path and what is said of it."""
        for path, methods in self.document["paths"].items():
            for method, said in methods.items():
                if said["operationId"] == operation_id:
                    return method.upper(), path, said
        raise LookupError(operation_id)

    async def call(
        self,
        operation_id: str,
        *,
        body: Any = None,
        form: Json | None = None,
        raw: bytes | None = None,
        **arguments: Any,
    ) -> tuple[int, Any]:
        """The status and what was told, once both were found to be what the document promises.

        ``body`` is sent as JSON, ``form`` as a form, ``raw`` as it is.
        """
        method, path, said = self.operation(operation_id)
        query: dict[str, str] = {}
        headers = self._security(said)
        for parameter in said.get("parameters", ()):
            if parameter["name"] not in arguments:
                assert not parameter["required"], parameter
                continue
            value = str(arguments.pop(parameter["name"]))
            match parameter["in"]:
                case "path":
                    path = path.replace("{" + parameter["name"] + "}", quote(value, safe=""))
                case "query":
                    query[parameter["name"]] = value
                case "header":
                    headers[parameter["name"]] = value
        assert not arguments, f"{operation_id} has no such parameters"
        taken = said.get("requestBody", {}).get("content", {})
        data: Any = None
        if body is not None:
            assert "application/json" in taken
        elif form is not None:
            assert set(form) <= set(self._properties(taken["multipart/form-data"]["schema"]))
            data = FormData(default_to_multipart=True)
            for name, value in form.items():
                data.add_field(name, value, filename="tin.wav" if isinstance(value, bytes) else None)
        elif raw is not None:
            (headers["Content-Type"],) = taken
            data = raw
        async with self.http.request(method, path, params=query, json=body, data=data, headers=headers) as answer:
            media_type, content = answer.headers.get("Content-Type", ""), await answer.read()
            return answer.status, as_promised(self.document, said, answer.status, media_type, content)

    def _properties(self, schema: Json) -> Json:
        return dict(_resolved(self.document, schema)["properties"])

    def _security(self, said: Json) -> dict[str, str]:
        """The headers of those of `keys` that this operation takes. Cookies keep themselves."""
        schemes = self.document["components"]["securitySchemes"]
        headers = {}
        for name in {name for way in said["security"] for name in way} & set(self.keys):
            match schemes[name]:
                case {"type": "apiKey", "in": "header", "name": header}:
                    headers[header] = self.keys[name]
                case {"type": "http", "scheme": "bearer"}:
                    headers["Authorization"] = f"Bearer {self.keys[name]}"
        return headers


def operation_at(document: Json, method: str, url: str) -> Json:
    """What the document says of this request."""
    asked = urlsplit(url).path
    for path, methods in document["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), asked) and method.lower() in methods:
            return dict(methods[method.lower()])
    raise LookupError(f"{method} {asked}")


@cache
def documented() -> Json:
    """The document of the API as it stands."""
    return dict(json.loads(document(ROUTES)))


def check_problem(method: str, url: str, status: int, content: bytes) -> None:
    """Fails where a problem was told that the document does not foresee there."""
    try:
        said = operation_at(documented(), method, url)
    except LookupError:
        return
    as_promised(documented(), said, status, PROBLEM_TYPE, content)


def as_promised(document: Json, said: Json, status: int, media_type: str, content: bytes) -> Any:
    """What was told by the operation ``said``. Fails where the document does not promise it."""
    response = _resolved(document, said["responses"][str(status)])
    promised = response.get("content", {})
    if not promised:
        assert content == b""
        return None
    plain = media_type.partition(";")[0]
    assert plain in promised, (said["operationId"], status, media_type)
    if "schema" not in promised[plain]:
        return content
    found = json.loads(content)
    Draft202012Validator({**promised[plain]["schema"], "components": document["components"]}).validate(found)
    return found


def _resolved(document: Json, said: Json) -> Json:
    """What it refers to, where it refers to something."""
    if "$ref" not in said:
        return said
    found: Any = document
    for step in said["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return dict(found)
