"""The head of every page, in a real browser: with everything in it that can be, nothing is cut off."""

import pytest

from controller.web.i18n import Language
from controller.web.views import Theme
from tests.controller.web.test_look_in_browser import Look, look

__all__ = ["look"]
pytestmark = pytest.mark.system

CUT = """() => {
  const nav = document.querySelector(".nav").getBoundingClientRect();
  const light = document.querySelector(".on-air-words").getBoundingClientRect();
  const reaches = (one, frame) => one.getBoundingClientRect().right > frame.right + 1;
  return [
    ...[...document.querySelectorAll(".nav-item")].filter((one) => reaches(one, nav)),
    ...[...document.querySelectorAll(".on-air-words b")].filter((one) => reaches(one, light)),
  ].map((one) => one.textContent.trim());
}"""

WHOLE = """(one) => {
  const item = one.getBoundingClientRect(), word = one.querySelector("span:not(.nav-counts)").getBoundingClientRect();
  return item.left <= word.left && word.right <= item.right && item.top <= word.top && word.bottom <= item.bottom;
}"""


@pytest.mark.parametrize("width", [1280, 1366, 1440, 1600, 1920])
async def test_the_light_of_what_is_on_the_air_leaves_room_for_all_of_the_navigation(look: Look, width: int) -> None:
    await look.window.set_viewport_size({"width": width, "height": 768})
    for language in Language:
        await look.window.goto(f"{look.address}{language}/{Theme.LIGHT}/busy", wait_until="load")
        light = look.window.locator("#on-air-light .on-air-words b")
        assert await light.is_visible()
        assert await look.window.evaluate(CUT) == [], (width, language)


@pytest.mark.parametrize("width", [360, 390])
async def test_the_bar_of_a_phone_shows_all_of_the_navigation(look: Look, width: int) -> None:
    await look.window.set_viewport_size({"width": width, "height": 844})
    for language in Language:
        await look.window.goto(f"{look.address}{language}/{Theme.LIGHT}/deeds", wait_until="load")
        for tab in await look.window.locator(".tabs .tab").all():
            box = await tab.bounding_box()
            assert box is not None
            assert 0 <= box["x"] <= box["x"] + box["width"] <= width, (language, await tab.inner_text())
        await look.window.goto(f"{look.address}{language}/{Theme.LIGHT}/busy", wait_until="load")
        items = look.window.locator(".nav .nav-item:visible")
        assert await items.count() >= 6
        for number in range(await items.count()):
            box = await items.nth(number).bounding_box()
            assert box is not None
            assert 0 <= box["x"] <= box["x"] + box["width"] <= width, (language, number)
            assert await items.nth(number).evaluate(WHOLE), (language, number)
