"""Somebody at the desk: a browser window, the language they read in, and everything their browser did or complained of.

What a person does goes through the window: they find things by the words they read and press what a hand can press.
"""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.async_api import Browser, ConsoleMessage, Locator, Page, async_playwright, expect

from controller.web.i18n import Language, Translator, load_translators

OFFICE = (1366, 768)
PHONE = (390, 844)
SECONDS = 1_000
"""Playwright counts in milliseconds."""
SOON = 15 * SECONDS

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--mute-audio",
)
ANSWERS = ("status of 401", "status of 404", "status of 422")
"""What the console says of an answer that tells a person no. That is an answer, not a fault of the page."""

STREAM_ENDED = "[object Event]"
"""All that the console says of a stream of events that the server ended."""


@asynccontextmanager
async def chromium(*more: str) -> AsyncIterator[Browser]:
    """Debian's Chromium, for the length of a test; ``more`` are further arguments."""
    program = shutil.which("chromium")
    assert program, "install chromium: these tests do what a person does"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=[*ARGUMENTS, *more])
        try:
            yield browser
        finally:
            await browser.close()


@dataclass
class Person:
    """``password`` is what they sign in with as ``admin``. ``complaints`` must stay empty: see `content`."""

    window: Page
    address: str
    password: str
    translator: Translator
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.window.on("request", lambda request: self.asked.append(request.url))
        self.window.on("console", self._heard)
        self.window.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not any(answer in message.text for answer in ANSWERS):
            self.complaints.append(message.text)

    def reads(self, sentence: str, **values: object) -> str:
        """What the page says for this English sentence, in the language of this person."""
        return self.translator.gettext(sentence, **values)

    def filled(self, pattern: str, **values: str) -> str:
        """What the page's own script makes of this English pattern, in the language of this person."""
        said = self.reads(pattern)
        for name, value in values.items():
            said = said.replace(f"{{{name}}}", value)
        return said

    async def open(self, path: str = "/") -> None:
        await self.window.goto(self.address + path)

    async def sign_in(self) -> None:
        """From the sign-in page to the first page."""
        await self.open("/sign-in")
        await self.window.get_by_label(self.reads("Name to sign in with"), exact=True).fill("admin")
        await self.window.get_by_label(self.reads("Password"), exact=True).fill(self.password)
        await self.press("Sign in")
        await expect(self.window.get_by_role("heading", name=self.reads("New bulletin"))).to_be_visible()

    def button(self, sentence: str, within: Locator | None = None) -> Locator:
        place = within or self.window
        return place.get_by_role("button", name=self.reads(sentence), exact=True)

    async def press(self, sentence: str, within: Locator | None = None) -> None:
        await self.button(sentence, within).click()

    async def sees(
        self, sentence: str, within: Locator | None = None, within_ms: float = SOON, **values: object
    ) -> None:
        """Waits until the sentence stands there."""
        place = within or self.window.locator("body")
        await expect(place).to_contain_text(self.reads(sentence, **values), timeout=within_ms)

    def strangers(self) -> list[str]:
        """Requests that went to anybody but this controller."""
        ours = {urlsplit(self.address).netloc}
        return [
            url for url in self.asked if not url.startswith(("data:", "blob:")) and urlsplit(url).netloc not in ours
        ]

    def forgive(self, *complaints: str) -> None:
        """Forgets complaints that the test itself has caused."""
        self.complaints = [said for said in self.complaints if not any(one in said for one in complaints)]

    def content(self) -> None:
        """Fails when the browser complained of a page, or a page asked anybody else for anything."""
        assert not self.strangers(), f"the page asked others: {self.strangers()}"
        assert not self.complaints, f"the browser complained: {self.complaints}"


@asynccontextmanager
async def person(
    browser: Browser, address: str, password: str, language: str = "vi", screen: tuple[int, int] = OFFICE
) -> AsyncIterator[Person]:
    """A window whose browser asks for ``language``. Leaving it checks that the browser was content."""
    width, height = screen
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        locale={"vi": "vi-VN", "en": "en-GB"}[language],
        has_touch=screen == PHONE,
    )
    window = await context.new_page()
    window.set_default_timeout(SOON)
    somebody = Person(window, address, password, load_translators()[Language(language)])
    try:
        yield somebody
        somebody.content()
    finally:
        await context.close()


def first_password(log: Path) -> str:
    """The password that the controller printed when it first started."""
    lines = [line.split() for line in log.read_text().splitlines()]
    (password,) = [words[1] for words in lines if len(words) == 2 and words[0] == "Password"]
    return password
