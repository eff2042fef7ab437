"""How it is to work at the desk: in both languages, in light and dark, without a mouse, on a phone, and when something
goes wrong; and that nobody sees it without signing in.
"""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Route, expect

from controller.stage import Stage
from controller.web.asking import Needs
from controller.web.routes import PAGES
from tests.system.deeds import airing_page, ends, listen, send_now, write
from tests.system.hearing import write_recording
from tests.system.person import PHONE, SECONDS, STREAM_ENDED, Person, person

SPEAKER = "Sân đình"
TEXT = "Kính thưa bà con."
TOO_LONG = "The text is too long to broadcast as one bulletin. Shorten it, or send it in parts."
EMPTY = "The recording is empty or too short to be heard. Choose another file."
UNREADABLE = (
    "This file cannot be read as sound. It may be damaged or not a recording; try saving it again as MP3 or WAV."
)

pytestmark = [pytest.mark.system, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(params=["vi"], loop_scope="module")
async def somebody(request: pytest.FixtureRequest, browser: Browser, desk: Stage) -> AsyncIterator[Person]:
    """Signed in, on the first page."""
    async with person(browser, desk.url, desk.password, request.param) as built:
        await built.sign_in()
        yield built


# --- language and colours ---------------------------------------------------------------------------------------------


async def test_the_language_is_switched_and_remembered(somebody: Person) -> None:
    window = somebody.window
    html = window.locator("html")
    await expect(html).to_have_attribute("lang", "vi")
    await window.get_by_role("button", name="English").click()
    await expect(html).to_have_attribute("lang", "en")
    await expect(window.get_by_role("heading", name="New bulletin")).to_be_visible()
    await somebody.open("/airings")
    await expect(html).to_have_attribute("lang", "en")
    await window.get_by_role("button", name="Sign out").click()
    await expect(window.get_by_role("heading", name="Sign in to Loa")).to_be_visible()
    await window.get_by_role("button", name="Tiếng Việt").click()
    await expect(window.get_by_role("heading", name="Đăng nhập Loa")).to_be_visible()
    await somebody.sign_in()
    await expect(html).to_have_attribute("lang", "vi")
    somebody.forgive(STREAM_ENDED)  # with the sign-in it belonged to


async def test_light_and_dark_are_switched_and_remembered(somebody: Person) -> None:
    window = somebody.window
    switch = window.get_by_role("button", name=re.compile("^Màu sắc"))
    paper = "getComputedStyle(document.body).backgroundColor"
    await window.emulate_media(color_scheme="dark")
    dark = await window.evaluate(paper)
    await window.emulate_media(color_scheme="light")
    light = await window.evaluate(paper)
    assert light != dark

    await expect(switch).to_have_accessible_name(somebody.reads("Colours: as the system says"))
    await switch.click()
    await expect(switch).to_have_accessible_name(somebody.reads("Colours: light"))
    await switch.click()
    await expect(switch).to_have_accessible_name(somebody.reads("Colours: dark"))
    assert await window.evaluate(paper) == dark
    await somebody.open("/speakers")
    await expect(switch).to_have_accessible_name(somebody.reads("Colours: dark"))
    assert await window.evaluate(paper) == dark


# --- without a mouse, on a phone --------------------------------------------------------------------------------------


async def test_a_bulletin_is_written_heard_and_sent_by_keyboard_alone(somebody: Person) -> None:
    window = somebody.window
    keys = window.keyboard
    await keys.press("Tab")
    await expect(window.get_by_role("link", name=somebody.reads("Skip to the content"))).to_be_focused()
    await keys.press("Enter")
    await tab_to(somebody, "#title")
    await keys.type("Bằng bàn phím")
    await tab_to(somebody, "#text")
    await keys.type(TEXT * 3)  # long enough to be stopped by somebody who tabs through the page
    await tab_to(somebody, "#listen-button")
    await keys.press("Enter")
    await somebody.sees("This is exactly what will sound", within_ms=30 * SECONDS)
    await tab_to(somebody, "#send-button")
    await keys.press("Enter")
    await airing_page(somebody)
    await ends(somebody, SPEAKER, "Sounding", within_s=15)
    await tab_to(somebody, "#airing button")
    await keys.press("Enter")
    await ends(somebody, SPEAKER, "Stopped", within_s=5)


async def tab_to(somebody: Person, selector: str) -> None:
    """Presses Tab until the element has the focus; a person would give up after so many."""
    for _ in range(40):
        if await somebody.window.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        await somebody.window.keyboard.press("Tab")
    raise AssertionError(f"the keyboard does not get to {selector}")


@pytest.mark.parametrize("language", ["vi", "en"])
async def test_a_bulletin_is_sent_and_stopped_from_a_phone(language: str, browser: Browser, desk: Stage) -> None:
    async with person(browser, desk.url, desk.password, language, screen=PHONE) as somebody:
        window = somebody.window
        await somebody.sign_in()
        await write(somebody, "Từ điện thoại", TEXT * 3)
        await listen(somebody)
        await expect(window.locator("#prepared audio")).to_be_in_viewport()
        await expect(somebody.button("Send now")).to_be_in_viewport()
        await send_now(somebody)
        await ends(somebody, SPEAKER, "Sounding", within_s=15)
        await expect(somebody.button("Stop")).to_be_in_viewport()
        await expect(somebody.button("Stop all")).to_be_in_viewport()
        await somebody.button("Stop").tap()
        await ends(somebody, SPEAKER, "Stopped", within_s=5)
        for path in ("/", "/speakers", "/airings"):
            await somebody.open(path)
            assert await window.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


# --- what moves on the page -------------------------------------------------------------------------------------------


async def test_a_preparation_that_stands_still_is_waited_for(somebody: Person) -> None:
    window = somebody.window
    preparing: list[str] = []

    async def stand_still(route: Route) -> None:
        if len(preparing) < 3:
            preparing.append(preparing[-1])
            await route.fulfill(body=preparing[-1], content_type="text/html")
        else:
            await route.continue_()

    await window.route("**/parts/prepared/*", stand_still)
    await write(somebody, "Đứng yên", TEXT)
    async with window.expect_response("**/broadcast/prepare") as answered:
        await somebody.press("Listen first")
    preparing.append(await (await answered.value).text())
    await somebody.sees("This is exactly what will sound", within_ms=30 * SECONDS)
    assert len(preparing) == 3


async def test_what_did_not_change_is_left_alone_so_that_no_click_is_lost(somebody: Person) -> None:
    window = somebody.window
    box = window.get_by_role("checkbox", name=SPEAKER)
    for _ in range(2):
        async with window.expect_response("**/parts/targets*") as answered:
            await window.evaluate("document.body.dispatchEvent(new CustomEvent('loa:resync'))")
        await (await answered.value).finished()
        await expect(box).to_be_checked()
        await box.evaluate("box => { box.dataset.marked ??= performance.now() }")
    marked = await box.get_attribute("data-marked")
    async with window.expect_response("**/parts/targets*") as answered:
        await window.evaluate("document.body.dispatchEvent(new CustomEvent('loa:resync'))")
    await (await answered.value).finished()
    await expect(box).to_have_attribute("data-marked", marked or "")


# --- when something goes wrong ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("somebody", ["vi", "en"], indirect=True)
async def test_a_text_of_100_000_characters_is_refused_in_a_sentence_and_kept(somebody: Person) -> None:
    text = "Kính thưa bà con. " * 5_556
    await write(somebody, "Dài quá", text[:100_000])
    over = "80.000" if somebody.translator.language == "vi" else "80,000"
    await expect(somebody.window.locator("#text-count")).to_contain_text(
        somebody.filled("{n} characters too many", n=over)
    )
    await somebody.press("Listen first")
    alert = somebody.window.locator("#prepared").get_by_role("alert")
    await expect(alert).to_have_text(somebody.reads(TOO_LONG))
    await expect(somebody.window.get_by_label(somebody.reads("Text to be read out"))).to_have_value(text[:100_000])
    await expect(somebody.button("Send now")).to_be_disabled()


@pytest.mark.parametrize("somebody", ["vi", "en"], indirect=True)
async def test_a_file_that_is_no_recording_is_refused_in_a_sentence(somebody: Person, tmp_path: Path) -> None:
    window = somebody.window
    await window.get_by_role("radio", name=somebody.reads("Recording")).check()
    chooser = window.get_by_label(somebody.reads("Choose a recording"))
    empty = tmp_path / "rỗng.wav"
    empty.touch()
    await chooser.set_input_files(empty)
    await expect(window.locator("[data-upload-note]")).to_have_text(somebody.reads(EMPTY))

    corrupt = write_recording(tmp_path / "hỏng.wav", 2)
    corrupt.write_bytes(bytes(reversed(corrupt.read_bytes())))
    await chooser.set_input_files(corrupt)
    await expect(window.locator("[data-upload-note]")).to_have_text(
        somebody.filled("{name} has been uploaded.", name=corrupt.name)
    )
    await somebody.press("Listen first")
    await expect(window.locator("#prepared").get_by_role("alert")).to_have_text(somebody.reads(UNREADABLE))
    await expect(somebody.button("Send now")).to_be_disabled()


# --- strangers --------------------------------------------------------------------------------------------------------


async def test_nobody_sees_more_than_the_sign_in_page_without_signing_in(browser: Browser, desk: Stage) -> None:
    async with person(browser, desk.url, "wrong-password-entirely") as stranger:
        window = stranger.window
        pages = [route.path.replace("{id}", "x") for route in PAGES if route.needs is not Needs.PUBLIC]
        for path in pages:
            if path in {"/events"}:
                continue
            answer = await window.goto(stranger.address + path)
            assert answer is not None
            assert re.fullmatch(r".*/sign-in(\?.*)?", window.url), path
            await expect(window.get_by_role("heading", name=stranger.reads("Sign in to Loa"))).to_be_visible()
        answer = await window.goto(stranger.address + "/events")
        assert answer is not None
        assert answer.status == 401

        await stranger.open("/airings")
        await window.get_by_label(stranger.reads("Name to sign in with"), exact=True).fill("admin")
        await window.get_by_label(stranger.reads("Password"), exact=True).fill(stranger.password)
        await stranger.press("Sign in")
        await stranger.sees("The name or the password is not right.")
        await expect(window.get_by_label(stranger.reads("Name to sign in with"), exact=True)).to_have_value("admin")
