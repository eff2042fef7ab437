"""What is typed in a console is not lost, whatever becomes of the page or the server; in a real browser."""

import asyncio

import pytest
from playwright.async_api import Page, Route, expect

from controller.domain.rights import Role
from tests.controller.web.callers import HOME, OWN_PASSWORD, add_person
from tests.controller.web.emergency.test_alarms_browser import WITHIN_S, window
from tests.controller.web.station import Station
from tests.controller.web.test_handing_in_browser import picture

pytestmark = pytest.mark.system

UNSENT = "Chưa gửi được"
SILENT = "Không có trả lời trong 15 giây"
BACK = "Những gì bạn đã nhập ở đây đã được khôi phục"


async def typed(page: Page, path: str = "/emergency") -> None:
    """A flood, as far as somebody came with it."""
    await page.goto(path)
    await page.get_by_role("button", name="Lũ lụt", exact=True).click()
    await page.get_by_label("Sông").fill("sông Lô")
    await page.locator(".tree-row", has_text="Xã Hoà Bình").get_by_role("checkbox").check()
    await page.get_by_label("Phát lặp lại").select_option("30")
    await expect(page.locator("#preview")).to_contain_text("sông Lô")


async def filled(page: Page) -> None:
    """All of it, ready to be sent."""
    await typed(page)
    for label, value in (("Nơi bị ảnh hưởng", "thôn Đông"), ("lúc nào", "20 giờ")):
        await page.get_by_label(label).fill(value)
    await expect(page.locator("#preview")).to_contain_text("20 giờ")


async def press(page: Page) -> None:
    await page.get_by_role("button", name="Chuẩn bị KHẨN CẤP THẬT").click()


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
        await filled(page)
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


async def test_a_line_that_swallows_everything_is_told_after_a_while_and_it_can_be_pressed_again(
    station: Station,
) -> None:
    async with window(station, "office") as page:
        await page.clock.install()
        await filled(page)
        swallowed = asyncio.Event()
        held: list[Route] = []

        async def swallow(route: Route) -> None:
            held.append(route)
            swallowed.set()

        await page.route("**/emergency", swallow)
        await press(page)
        async with asyncio.timeout(WITHIN_S):
            await swallowed.wait()
        await expect(page.locator("[data-unsent]")).to_be_hidden()
        await page.clock.fast_forward(15_000)
        await expect(page.locator("[data-unsent]")).to_contain_text(SILENT)
        await there(page)
        await picture(page, "console-silent-office")
        await page.unroute("**/emergency", swallow)
        await press(page)
        await page.wait_for_url("**/emergency/e-*", timeout=WITHIN_S * 1_000)
        assert len(station.desk.emergencies.open()) == 1


@pytest.mark.parametrize("anew", [False, True], ids=["on the same page", "on the page loaded anew"])
async def test_pressing_again_after_the_answer_was_lost_makes_no_second_one(station: Station, anew: bool) -> None:
    async with window(station, "phone") as page:
        await filled(page)

        async def lose(route: Route) -> None:
            await route.fetch(max_redirects=0)
            await route.abort()

        await page.route("**/emergency", lose)
        await press(page)
        await expect(page.locator("[data-unsent]")).to_contain_text(UNSENT)
        (made,) = station.desk.emergencies.open()
        await page.unroute("**/emergency", lose)
        if anew:
            await page.reload()
            await expect(page.locator("[data-restored]")).to_be_visible()
        await press(page)
        await page.wait_for_url(f"**/emergency/{made.emergency_id}", timeout=WITHIN_S * 1_000)
        assert len(station.desk.emergencies.open()) == 1
        await filled(page)
        await press(page)
        await page.wait_for_url("**/emergency/e-*", timeout=WITHIN_S * 1_000)
        assert len(station.desk.emergencies.open()) == 2, "the same words on an empty page are another one"


async def test_what_is_changed_after_the_answer_was_lost_is_not_taken_for_what_was_sent(station: Station) -> None:
    async with window(station, "office") as page:
        await filled(page)

        async def lose(route: Route) -> None:
            await route.fetch(max_redirects=0)
            await route.abort()

        await page.route("**/emergency", lose)
        await press(page)
        await expect(page.locator("[data-unsent]")).to_be_visible()
        await page.unroute("**/emergency", lose)
        await page.get_by_label("Sông").fill("sông Đà")
        await press(page)
        await page.wait_for_url("**/emergency/e-*", timeout=WITHIN_S * 1_000)
        said = {one.draft.values["river"] for one in station.desk.emergencies.open()}
        assert said == {"sông Lô", "sông Đà"}


async def test_what_the_server_said_is_told_and_not_that_it_does_not_answer(station: Station) -> None:
    async with window(station, "office") as page:
        await filled(page)
        token = page.locator("[data-console] input[name=csrf_token]")
        mine = await token.input_value()
        await token.evaluate("(field) => (field.value = 'of another day')")
        await press(page)
        unsent = page.locator("[data-unsent]")
        await expect(unsent).to_contain_text("Hãy tải lại trang")
        await expect(unsent).to_contain_text("được giữ trong trình duyệt này")
        await expect(unsent).not_to_contain_text("máy chủ không trả lời")
        await there(page)
        await token.evaluate("(field, mine) => (field.value = mine)", mine)
        await page.route("**/emergency", lambda route: route.fulfill(status=413, body="<h1>Too large</h1>"))
        await press(page)
        await expect(unsent).to_contain_text("máy chủ từ chối (lỗi 413)")
        await there(page)
        assert station.desk.emergencies.open() == ()


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
