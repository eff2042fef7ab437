"""The pages of what came from above in a real browser: readable for everyone, no wider than the screen, and live."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, async_playwright, expect

from agents.protocol.values import AiringClass
from tests.controller.web.above_samples import handed
from tests.controller.web.station import NAME, PASSWORD, Station

pytestmark = pytest.mark.system

SCREENS = {"office": (1366, 900), "phone": (390, 844)}
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


@asynccontextmanager
async def window(station: Station, screen: str, *, scripts: bool = True) -> AsyncIterator[Page]:
    """A person of the station, signed in."""
    chromium = shutil.which("chromium")
    assert chromium, "install chromium: these tests look at the pages as a person does"
    width, height = SCREENS[screen]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        context = await browser.new_context(
            viewport={"width": width, "height": height},
            locale="vi-VN",
            java_script_enabled=scripts,
            base_url=station.url,
        )
        page = await context.new_page()
        await page.goto("/sign-in")
        await page.fill("input[name=name]", NAME)
        await page.fill("input[name=password]", PASSWORD)
        await page.click("form[action^='/sign-in'] button:has-text('Đăng nhập')")
        yield page
        await browser.close()


async def picture(page: Page, name: str) -> None:
    """Kept where somebody wants to look at it."""
    folder = os.environ.get("LOA_PICTURES")
    if folder:
        await page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@pytest.mark.parametrize("screen", SCREENS)
async def test_everyone_can_read_and_decide(station: Station, screen: str) -> None:
    soon_us = station.parts.clock.now_us() + 25 * 60_000_000
    ordinary = await handed(station, "Lịch tiêm chủng mở rộng tháng 3 cho trẻ dưới 5 tuổi")
    await handed(station, "Dự báo rét đậm, rét hại kéo dài", AiringClass.PRIORITY, soon_us)
    emergency = await handed(station, "Thuỷ điện xả lũ khẩn cấp", AiringClass.EMERGENCY)
    declined = await handed(station, "Giới thiệu sách mới")
    await station.desk.hand_ins.decline(declined.hand_in_id, "Đã phát trong chương trình hôm qua.", NAME)
    async with window(station, screen) as page:
        for name, path in (
            ("list", "/from-above"),
            ("one", f"/from-above/{ordinary.hand_in_id}"),
            ("emergency", f"/from-above/{emergency.hand_in_id}"),
        ):
            await page.goto(path)
            await page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
            await picture(page, f"{name}-{screen}")
            found = await Axe().run(page, options=RULES)
            assert found.violations_count == 0, f"{path}: {found.generate_report()}"
            assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path


async def test_an_open_page_shows_what_comes_in(station: Station) -> None:
    async with window(station, "office") as page:
        await page.goto("/speakers")
        await expect(page.locator("#from-above-count")).to_have_text("")
        await handed(station)
        await expect(page.locator("#from-above-count")).to_contain_text("1")
        await handed(station, "Xả lũ", AiringClass.EMERGENCY)
        await expect(page.locator("#from-above-emergencies")).to_contain_text("Xả lũ")


async def test_it_is_taken_without_scripts(station: Station) -> None:
    made = await handed(station)
    async with window(station, "phone", scripts=False) as page:
        await page.goto("/from-above")
        await page.get_by_role("link", name="Nhận phát").click()
        await page.get_by_role("button", name="Phát ngay").click()
        await expect(page.locator("main")).to_contain_text("Đã nhận phát")
    assert len((await station.desk.hand_ins.reports.get(made.hand_in_id)).airings) == 1
