"""A person's browser as far as forms go: keeps cookies, sends the hidden fields of its page, follows redirects.

Problems that the API tells it must be among those that its document foresees.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from io import BytesIO
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

from aiohttp import ClientSession, CookieJar, FormData

from controller.web.errors import PROBLEM_TYPE
from tests.controller.web.api_client import check_problem


@dataclass
class Answer:
    """What came back, read to its end."""

    status: int
    url: str
    headers: Mapping[str, str]
    text: str

    @property
    def says(self) -> str:
        """The text that a person reads."""
        return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", self.text)))


@dataclass
class Browser:
    """``language`` is what its ``Accept-Language`` asks for. ``scripts``: it asks as htmx does."""

    base_url: str
    language: str = "en"
    scripts: bool = False
    token: str = ""
    program_token: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    http: ClientSession = field(init=False)

    async def __aenter__(self) -> Self:
        self.http = ClientSession(self.base_url, cookie_jar=CookieJar(unsafe=True))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.http.close()

    async def ask(self, method: str, path: str, *, follow: bool = True, **what: Any) -> Answer:
        headers = {"Accept-Language": self.language, **self.headers, **what.pop("headers", {})}
        if self.program_token:
            headers["X-Loa-CSRF"] = self.program_token
        if self.scripts:
            headers |= {"HX-Request": "true", "X-CSRF-Token": self.token}
        async with self.http.request(method, path, headers=headers, allow_redirects=follow, **what) as answer:
            text = await answer.text()
            found = re.search(r'name="csrf_token" value="([0-9a-f]+)"', text)
            if found:
                self.token = found[1]
            if text and answer.content_type == PROBLEM_TYPE:
                check_problem(method, str(answer.url.relative()), answer.status, text.encode())
            return Answer(answer.status, str(answer.url.relative()), answer.headers, text)

    async def get(self, path: str, **what: Any) -> Answer:
        return await self.ask("GET", path, **what)

    async def post(
        self, path: str, fields: list[tuple[str, str]] | dict[str, str] | None = None, **what: Any
    ) -> Answer:
        """A form of the page it is on, with the page's token first."""
        pairs = list(fields.items()) if isinstance(fields, dict) else list(fields or [])
        body = BytesIO(urlencode([("csrf_token", self.token), *pairs]).encode())
        headers = {"Content-Type": "application/x-www-form-urlencoded", **what.pop("headers", {})}
        return await self.ask("POST", path, data=body, headers=headers, **what)

    async def post_file(
        self, path: str, name: str, body: Any, fields: dict[str, str] | None = None, **what: Any
    ) -> Answer:
        """A form with a file in it."""
        form = FormData(default_to_multipart=True, quote_fields=False)
        for field_name, value in {"csrf_token": self.token, **(fields or {})}.items():
            form.add_field(field_name, value)
        form.add_field(name, body, filename="bản tin.wav", content_type="audio/wav")
        return await self.ask("POST", path, data=form, **what)

    async def sign_in(self, name: str, password: str) -> Answer:
        await self.get("/sign-in")
        scripts, self.scripts = self.scripts, False
        answer = await self.post("/sign-in", {"name": name, "password": password, "next": "/password"})
        self.scripts = scripts
        return answer
