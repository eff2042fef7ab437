"""A second person at a station on show: signed in elsewhere, with a password of their own."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp

from controller.premises import Json, StageError
from controller.stage import Stage


@dataclass(slots=True)
class Colleague:
    """What this person asks for goes over the same routes as everybody's."""

    url: str
    http: aiohttp.ClientSession
    csrf: str = ""

    async def api(self, method: str, path: str, body: Json | None = None) -> Any:
        """One call of the JSON API. Raises `StageError` with the server's own sentence."""
        headers = {"X-Loa-CSRF": self.csrf, "Accept-Language": "en"}
        async with self.http.request(method, self.url + path, json=body, headers=headers) as answer:
            if answer.status >= 400:
                raise StageError(f"{method} {path}: {answer.status} {(await answer.text())[:500]}")
            return None if answer.status == 204 else await answer.json()


@contextlib.asynccontextmanager
async def colleague(stage: Stage, name: str, role: str = "officer") -> AsyncIterator[Colleague]:
    """A person with this role everywhere, added by whoever is signed in at ``stage``."""
    added = await stage.api("POST", "/api/v1/people", {"name": name, "grants": [{"role": role, "area_id": "*"}]})
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        person = Colleague(stage.url, http)
        given, own = added["password"], f"{added['password']}-{name}"
        person.csrf = (await person.api("POST", "/api/v1/sign-in", {"name": name, "password": given}))["csrf"]
        changed = await person.api("PUT", "/api/v1/password", {"present": given, "wanted": own})
        person.csrf = changed["csrf"]
        yield person
