"""A bulletin in two languages from the first sentence to the horn, changed into a second revision, and a programme of
two bulletins: in a browser, with the station's own voices, on real speakers.
"""

import pytest
from playwright.async_api import Browser, Locator, expect

from controller.stage import Stage
from tests.system.deeds import SPEECH, airing_page, ends, write
from tests.system.person import Person, person

pytestmark = [pytest.mark.system, pytest.mark.asyncio(loop_scope="module")]

TEXT = "Kính thưa bà con. UBND xã mời họp lúc 19h30. Trân trọng thông báo."


async def heard_out(somebody: Person) -> None:
    """Presses "listen", and waits until the player plays."""
    async with somebody.window.expect_response("**/broadcast/prepare"):
        await somebody.window.locator("#listen-button").click()
    await expect(somebody.window.locator("#prepared:not(.stale) [data-ready-player]")).to_be_visible(timeout=SPEECH)


async def player_goes_on(somebody: Person, player: Locator) -> None:
    """Waits until the player of several pieces has left its beginning."""
    seek = player.locator("[data-playlist-seek]")
    await expect(seek).not_to_have_js_property("value", "0")


async def test_two_languages_are_heard_changed_and_sent_within_a_programme(browser: Browser, desk: Stage) -> None:
    await desk.connected(2)
    async with person(browser, desk.url, desk.password) as somebody:
        window = somebody.window
        await somebody.sign_in()
        await write(somebody, "Họp dân", TEXT)
        await sentences_are_heard_and_mended(somebody)
        await around_it(somebody)
        await heard_out(somebody)
        player = window.locator("#prepared [data-playlist]")
        await player_goes_on(somebody, player)
        await expect(player.locator("[data-part]")).to_have_count(9)
        await sentence_is_chosen(somebody, player)
        await changed_into_revision_2(somebody)
        await somebody.open("/")
        await write(somebody, "Tin bão", "Bão số 3 đang vào bờ.")
        await heard_out(somebody)
        await expect(window.locator("#prepared audio")).to_be_visible()
        await programme_of_both(somebody)
        airing_id = await airing_page(somebody)
        assert airing_id
        await expect(window.get_by_role("heading", name="Thời sự sáng")).to_be_visible()
        await ends(somebody, "Sân đình", "Sounding", within_s=20)
        await somebody.press("Stop")
        await ends(somebody, "Sân đình", "Stopped", within_s=20)


async def sentences_are_heard_and_mended(somebody: Person) -> None:
    """Sentence by sentence: each is made and sounds; a word that is read wrong is mended right there."""
    await somebody.press("Listen sentence by sentence")
    rows = somebody.window.locator("[data-sentence]")
    await expect(rows).to_have_count(3)
    await expect(rows.nth(1)).to_contain_text("mười chín giờ ba mươi")
    await expect(rows.nth(0)).to_have_attribute("aria-current", "true", timeout=SPEECH)
    await somebody.press("Next sentence")
    await expect(rows.nth(1)).to_have_attribute("aria-current", "true", timeout=SPEECH)
    await expect(rows.nth(0)).not_to_have_attribute("aria-current", "true")
    await rows.nth(1).locator("[data-sentence-fix]").click()
    await somebody.window.get_by_label(somebody.reads("Written in the text")).fill("thông báo")
    await somebody.window.get_by_label(somebody.reads("Read as")).fill("thông tin")
    await somebody.press("Keep and listen again")
    await expect(rows.nth(2)).to_contain_text("thông tin")
    await somebody.press("Close")
    await expect(rows).to_have_count(0)


async def around_it(somebody: Person) -> None:
    """English as well, the station's tune before it, and all of it twice."""
    window = somebody.window
    await window.locator(".compose-more > summary").click()
    await somebody.press("Add a language")
    block = window.locator("[data-variant]")
    await expect(block).to_have_count(1)
    await expect(block.locator("[data-variant-language]")).to_have_value("en")
    await block.get_by_label(somebody.reads("Text to be read out")).fill("Dear residents. Please come.")
    await somebody.press("Add a language")
    await expect(block).to_have_count(2)
    await expect(block.nth(1).locator("[data-variant-text]")).to_be_disabled()
    await somebody.press("Remove", block.nth(1))
    await expect(block).to_have_count(1)
    await window.get_by_label(somebody.reads("Signature tune before")).select_option(label="Loa")
    await window.get_by_label(somebody.reads("Read"), exact=True).select_option("2")


async def sentence_is_chosen(somebody: Person, player: Locator) -> None:
    """A sentence of the second language leads the player to its place."""
    track = somebody.window.locator("#prepared [data-track]")
    if not await track.locator("[data-mark]").first.is_visible():
        await track.locator("summary").click()
    mark = track.locator("[data-mark]", has_text="Please come.").first
    await mark.click()
    await expect(mark).to_have_attribute("aria-current", "true")
    await (
        player.get_by_role("button", name=somebody.reads("Play"))
        .or_(player.locator("[data-playlist-play]"))
        .first.click()
    )


async def changed_into_revision_2(somebody: Person) -> None:
    """Another hour is the same bulletin's second revision, and what was changed stands in its history."""
    window = somebody.window
    await window.locator("#text").fill(TEXT.replace("19h30", "20h15"))
    await somebody.sees("The bulletin has been changed. Listen to it again before you send it.")
    await heard_out(somebody)
    bulletin_id = await window.locator("input[name=bulletin_id]").input_value()
    await somebody.open(f"/bulletins/{bulletin_id}")
    newest = window.locator(".revision").first
    await expect(newest).to_contain_text(somebody.reads("Revision %(n)s", n="2"))
    await expect(newest.locator("del")).to_have_text("19h30. ")
    await expect(newest.locator("ins")).to_have_text("20h15. ")


async def programme_of_both(somebody: Person) -> None:
    """Both bulletins, the later one first; sent at once."""
    window = somebody.window
    await somebody.open("/programmes/new")
    items = window.locator("[data-programme-item]")
    await window.get_by_label(somebody.reads("Title"), exact=True).fill("Thời sự sáng")
    for count, title in enumerate(("Họp dân", "Tin bão"), 1):
        await window.get_by_role("button", name=somebody.reads("Add: %(title)s", title=title), exact=True).click()
        await expect(items).to_have_count(count)
    await window.get_by_role("button", name=somebody.reads("Up: %(title)s", title="Tin bão"), exact=True).press("Enter")
    await expect(items.first).to_contain_text("Tin bão")
    await somebody.press("Keep the programme")
    await expect(window.get_by_role("heading", name=somebody.reads("Send the programme"))).to_be_visible()
    await somebody.press("Send now")
