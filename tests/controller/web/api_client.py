"""A program that knows of the API only what its document says: addresses, parameters and answers come from there."""

import json
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from aiohttp import ClientSession, CookieJar
from jsonschema import Draft202012Validator

DOCUMENT = "/api/v1/openapi.json"
PROBLEM = "application/problem+json"


@dataclass
class ApiClient:
    """Calls operations by their ids. ``keys`` are the values of the document's security schemes that it was given."""

    base_url: str
    keys: dict[str, str] = field(default_factory=dict)
    document: dict[str, Any] = field(init=False)
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

    def operation(self, operation_id: str) -> tuple[str, str, dict[str, Any]]:
        """Its method, its path and what is said of it."""
        for path, methods in self.document["paths"].items():
            for method, said in methods.items():
                if said["operationId"] == operation_id:
                    return method.upper(), path, said
        raise LookupError(operation_id)

    async def call(self, operation_id: str, *, body: Any = None, **arguments: Any) -> tuple[int, Any]:
        """The status and what was told, once both were found to be what the document promises."""
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
        if body is not None:
            assert "application/json" in said["requestBody"]["content"]
        async with self.http.request(method, path, params=query, json=body, headers=headers) as answer:
            content = await answer.read()
            return answer.status, self.check(said, answer.status, answer.headers.get("Content-Type", ""), content)

    def _security(self, said: dict[str, Any]) -> dict[str, str]:
        schemes = self.document["components"]["securitySchemes"]
        named = {name for way in said["security"] for name in way}
        return {
            schemes[name]["name"]: key
            for name, key in self.keys.items()
            if name in named and schemes[name]["in"] == "header"
        }

    def check(self, said: dict[str, Any], status: int, media_type: str, content: bytes) -> Any:
        """What was told. Fails where the document does not promise it."""
        response = self.resolved(said["responses"][str(status)])
        promised = response.get("content", {})
        if not promised:
            assert content == b""
            return None
        plain = media_type.partition(";")[0]
        assert plain in promised, (said["operationId"], status, media_type)
        if "schema" not in promised[plain]:
            return content
        told = json.loads(content)
        schema = {**promised[plain]["schema"], "components": self.document["components"]}
        Draft202012Validator(schema).validate(told)
        return told

    def resolved(self, said: dict[str, Any]) -> dict[str, Any]:
        """What it refers to, where it refers to something."""
        if "$ref" not in said:
            return said
        found: Any = self.document
        for step in said["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        return dict(found)
