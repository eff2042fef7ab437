"""The pages in a real browser: readable for everyone (WCAG AA by axe), no wider than the screen, nothing blocked."""

import json
import shutil
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from axe_playwright_python.async_playwright import Axe
from axe_playwright_python.base import AxeResults
from jinja2 import Environment
from playwright.async_api import Page, Route, async_playwright, expect

from controller.web.i18n import Language, load_translators
from controller.web.security import CONTENT_SECURITY_POLICY
from controller.web.templating import STATIC_FOLDER, make_environments
from controller.web.views import Theme
from tests.controller.web.look_pages import PAGES, render

pytestmark = pytest.mark.system

SCREENS = {"office": (1366, 768), "phone": (390, 844)}
DIFFERENT = (
    "first-ready",
    "first-full",
    "busy",
    "airing-on_air",
    "airings",
    "speakers",
    "speaker",
    "bulletins",
    "bulletin",
    "programme",
    "tunes",
    "pronunciations",
    "sign-in",
    "password",
    "error",
)
DIFFERENT += ("rundown", "place-guards")
DIFFERENT += ("people", "person", "person-secret", "tokens-made", "deeds", "no-role")
DIFFERENT += ("calendar", "occurrence", "schedule", "conflicts", "approval")
DIFFERENT += ("faults", "faults-history", "labels", "log", "replace")
DIFFERENT += ("emergency", "drill-sent", "live", "cap-alert")
DIFFERENT += ("first-folded", "trust")
"""One page of each kind: axe takes half a second a page."""
PARTS = 3
"""So many tests share the pages, side by side."""

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], "resultTypes": ["violations"]}
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast"]}, "resultTypes": ["violations"]}
SMALL_TARGETS = """() => [...document.querySelectorAll("a, button, input:not([type=hidden]), select, summary")]
  .filter((one) => one.offsetParent)
  .map((one) => [one.outerHTML, (one.closest("label") ?? one).getBoundingClientRect().height])
  .filter(([, height]) => height && height < 44).map(([html]) => html)"""


@dataclass
class Look:
    """A browser window on the sample pages. ``complaints`` is what its console said."""

    window: Page
    address: str
    complaints: list[str]

    async def open(self, page: str, language: Language, theme: Theme) -> None:
        await self.window.goto(f"{self.address}{language}/{theme}/{page}", wait_until="load")
        await self.window.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")

    async def on(self, screen: str) -> None:
        """The same page on another screen: sooner done than to open it anew."""
        width, height = SCREENS[screen]
        await self.window.set_viewport_size({"width": width, "height": height})

    async def wears(self, theme: Theme) -> None:
        """The same page in another theme, its colours settled."""
        await self.window.evaluate(
            """async (theme) => {
                document.documentElement.dataset.theme = theme;
                const turns = document.getAnimations().filter((one) => one instanceof CSSTransition);
                await Promise.all(turns.map((one) => one.finished.catch(() => {})));
            }""",
            theme.value,
        )


def server(environments: Mapping[Language, Environment]) -> TestServer:
    async def sample(request: web.Request) -> web.Response:
        language, theme = Language(request.match_info["language"]), Theme(request.match_info["theme"])
        html = render(environments, language, request.match_info["page"], theme=theme)
        headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY}
        return web.Response(text=html, content_type="text/html", headers=headers)

    async def quiet(_request: web.Request) -> web.Response:
        return web.Response(text="retry: 100000\n\n", content_type="text/event-stream")

    async def nothing(_request: web.Request) -> web.Response:
        return web.Response(status=204)

    app = web.Application()
    app.router.add_static("/static", STATIC_FOLDER)
    app.router.add_get("/{language}/{theme}/{page}", sample)
    app.router.add_get("/events", quiet)
    app.router.add_get("/parts/{part:.*}", nothing)
    app.router.add_get("/media/x.ogg", nothing)
    return TestServer(app)


@pytest.fixture
async def look() -> AsyncIterator[Look]:
    chromium = shutil.which("chromium")
    assert chromium, "install chromium: these tests look at the pages as a person does"
    async with async_playwright() as playwright, server(make_environments(load_translators())) as pages:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        window = await browser.new_page()
        complaints: list[str] = []
        window.on("console", lambda message: complaints.append(message.text))
        window.on("pageerror", lambda error: complaints.append(str(error)))
        shown = Look(window, str(pages.make_url("/")), complaints)
        await shown.on("office")
        yield shown
        await browser.close()


@pytest.mark.parametrize("part", range(PARTS))
async def test_every_page_is_readable_for_everyone_in_light_and_dark(look: Look, part: int) -> None:
    axe = Axe()
    for page in DIFFERENT[part::PARTS]:
        await look.on("office")
        await look.open(page, Language.VIETNAMESE, Theme.LIGHT)
        for screen in SCREENS:
            await look.on(screen)
            await look.wears(Theme.LIGHT)
            found = await axe.run(look.window, options=RULES)
            assert found.violations_count == 0, f"{page}, {screen}: {found.generate_report()}"
            # All but the colours is the same in the dark.
            await look.wears(Theme.DARK)
            found = AxeResults(await look.window.evaluate(f"axe.run({json.dumps(COLOURS)})"))
            assert found.violations_count == 0, f"{page}, {screen}, in the dark: {found.generate_report()}"


@pytest.mark.parametrize("language", Language)
async def test_no_page_is_wider_than_the_screen_a_thumb_hits_everything_and_nothing_is_blocked(
    look: Look, language: Language
) -> None:
    for page in PAGES:
        await look.on("office")
        await look.open(page, language, Theme.AUTO)
        for screen in SCREENS:
            await look.on(screen)
            width = await look.window.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert width <= 0, f"{page} {language} {screen}"
        if language is Language.VIETNAMESE:
            assert await look.window.evaluate(SMALL_TARGETS) == [], f"{page} on a phone"
    assert [said for said in look.complaints if "Content Security Policy" in said or "Error" in said] == []


async def test_a_page_says_that_its_person_is_signed_out_as_long_as_they_are(look: Look) -> None:
    async def nobody(route: Route) -> None:
        await route.fulfill(status=401)

    await look.window.route("**/events*", nobody)
    await look.window.route("**/api/v1/sign-in", nobody)
    await look.open("first-ready", Language.ENGLISH, Theme.LIGHT)
    banner = look.window.locator("[data-lost]")
    await expect(banner).to_contain_text("You are no longer signed in")
    await look.window.unroute("**/events*")
    await expect(banner).not_to_contain_text("signed in")
