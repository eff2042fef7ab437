"""What is typed in a console is not lost, whatever becomes of the page or the server; in a real browser."""

import pytest
from playwright.async_api import Page, expect

from controller.domain.rights import Role
from tests.controller.web.callers import HOME, OWN_PASSWORD, add_person
from tests.controller.web.emergency.test_alarms_browser import WITHIN_S, window
from tests.controller.web.station import Station
from tests.controller.web.test_handing_in_browser import picture

pytestmark = pytest.mark.system

UNSENT = "Chưa gửi được"
BACK = "Những gì bạn đã nhập ở đây đã được khôi phục"


async def typed(page: Page, path: str = "/emergency") -> None:
    """A flood, as far as somebody came with it."""
    await page.goto(path)
    await page.get_by_role("button", name="Lũ lụt", exact=True).click()
    await page.get_by_label("Sông").fill("sông Lô")
    await page.locator(".tree-row", has_text="Xã Hoà Bình").get_by_role("checkbox").check()
    await page.get_by_label("Phát lặp lại").select_option("30")
    await expect(page.locator("#preview")).to_contain_text("sông Lô")


async def there(page: Page) -> None:
    await expect(page.locator("[data-readiness] + [data-lacking-list]")).to_have_text("3 cụm không kết nối")
    await expect(page.get_by_label("Sông")).to_have_value("sông Lô")
    await expect(page.locator(".tree-row", has_text="Xã Hoà Bình").get_by_role("checkbox")).to_be_checked()
    await expect(page.get_by_label("Phát lặp lại")).to_have_value("30")
    await expect(page.locator("#preview")).to_contain_text("sông Lô")


async def test_it_is_there_after_the_page_was_loaded_anew_until_it_is_sent(station: Station) -> None:
    async with window(station, "phone") as page:
        await typed(page)
        await page.reload()
        await expect(page.locator("[data-restored]")).to_contain_text(BACK)
        await there(page)
        await picture(page, "console-restored-phone")
        await page.goto("/emergency/drill")
        await expect(page.locator("[data-restored]")).to_be_hidden()
        assert await page.get_by_label("Sông").count() == 0, "each console keeps its own"
        await page.goto("/emergency")
        await there(page)
        await page.get_by_label("Nơi bị ảnh hưởng").fill("thôn Đông")
        await page.get_by_role("button", name="Chuẩn bị KHẨN CẤP THẬT").click()
        await expect(page.locator("[aria-invalid=true]")).to_have_count(1)
        await there(page)
        await page.locator("[aria-invalid=true]").fill("20 giờ")
        await page.get_by_role("button", name="Chuẩn bị KHẨN CẤP THẬT").click()
        await page.wait_for_url("**/emergency/e-*", timeout=WITHIN_S * 1_000)
        assert len(station.desk.emergencies.open()) == 1
        await page.goto("/emergency")
        await expect(page.locator("[data-restored]")).to_be_hidden()
        assert await page.get_by_label("Sông").count() == 0


async def test_a_server_that_does_not_answer_is_told_and_nothing_is_lost(station: Station) -> None:
    async with window(station, "office") as page:
        await typed(page)
        for label, value in (("Nơi bị ảnh hưởng", "thôn Đông"), ("lúc nào", "20 giờ")):
            await page.get_by_label(label).fill(value)
        await page.route("**/emergency", lambda route: route.abort())
        send = page.get_by_role("button", name="Chuẩn bị KHẨN CẤP THẬT")
        await send.click()
        await expect(page.locator("[data-unsent]")).to_contain_text(UNSENT)
        await there(page)
        await picture(page, "console-unsent-office")
        await page.unroute("**/emergency")
        await page.route("**/emergency", lambda route: route.fulfill(status=503, body="away"))
        await send.click()
        await expect(page.locator("[data-unsent]")).to_be_visible()
        await there(page)
        await page.unroute("**/emergency")
        await send.click()
        await page.wait_for_url("**/emergency/e-*", timeout=WITHIN_S * 1_000)


async def test_another_person_at_the_same_computer_does_not_see_it(station: Station) -> None:
    await add_person(station, "duc", (Role.OFFICER, HOME))
    async with window(station, "office") as page:
        await typed(page)
        await page.context.clear_cookies()
        await page.goto("/sign-in")
        await page.fill("input[name=name]", "duc")
        await page.fill("input[name=password]", OWN_PASSWORD)
        await page.press("input[name=password]", "Enter")
        await page.wait_for_url("**/")
        await page.goto("/emergency")
        await page.wait_for_load_state("networkidle")
        await expect(page.locator("[data-restored]")).to_be_hidden()
        assert await page.get_by_label("Sông").count() == 0


async def test_enter_in_a_field_picks_no_other_template(station: Station) -> None:
    async with window(station, "office") as page:
        await typed(page)
        await page.get_by_label("Sông").press("Enter")
        await page.wait_for_load_state("networkidle")
        await there(page)
