"""The pages in a real browser: readable for everyone (WCAG AA by axe), no wider than the screen, nothing blocked."""

import shutil
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from axe_playwright_python.async_playwright import Axe
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
"""One page of each kind: axe takes half a second a page."""

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
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


@pytest.fixture(params=SCREENS)
async def look(request: pytest.FixtureRequest) -> AsyncIterator[Look]:
    chromium = shutil.which("chromium")
    assert chromium, "install chromium: these tests look at the pages as a person does"
    width, height = SCREENS[request.param]
    async with async_playwright() as playwright, server(make_environments(load_translators())) as pages:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        window = await browser.new_page(viewport={"width": width, "height": height})
        complaints: list[str] = []
        window.on("console", lambda message: complaints.append(message.text))
        window.on("pageerror", lambda error: complaints.append(str(error)))
        yield Look(window, str(pages.make_url("/")), complaints)
        await browser.close()


async def test_every_page_is_readable_for_everyone_in_light_and_dark(look: Look) -> None:
    for page in DIFFERENT:
        for theme in (Theme.LIGHT, Theme.DARK):
            await look.open(page, Language.VIETNAMESE, theme)
            # All but the colours is the same in the dark.
            found = await Axe().run(look.window, options=RULES if theme is Theme.LIGHT else COLOURS)
            assert found.violations_count == 0, f"{page} {theme}: {found.generate_report()}"


async def test_no_page_is_wider_than_the_screen_and_nothing_is_blocked(look: Look) -> None:
    for page in PAGES:
        for language in Language:
            await look.open(page, language, Theme.AUTO)
            width = await look.window.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert width <= 0, f"{page} {language}"
    assert [said for said in look.complaints if "Content Security Policy" in said or "Error" in said] == []


@pytest.mark.parametrize("look", ["phone"], indirect=True)
async def test_a_thumb_can_hit_everything_on_a_phone(look: Look) -> None:
    for page in PAGES:
        await look.open(page, Language.VIETNAMESE, Theme.LIGHT)
        assert await look.window.evaluate(SMALL_TARGETS) == [], page


@pytest.mark.parametrize("look", ["office"], indirect=True)
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
