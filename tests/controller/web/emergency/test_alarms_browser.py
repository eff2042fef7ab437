"""Emergencies and live broadcasts in a real browser: held down and not clicked, a microphone that comes and goes."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, async_playwright, expect

from controller.domain.emergencies import Emergency, EmergencyDraft, EmergencyState
from controller.domain.hazards import Hazard
from controller.domain.rights import Actor, Role
from controller.services.events import EmergencyChanged
from controller.web.live.socket import SOCKETS
from tests.controller.web.callers import HOME, OWN_PASSWORD, add_person
from tests.controller.web.station import NAME, PASSWORD, Station
from tests.controller.web.test_handing_in_browser import RULES, SCREENS, picture

pytestmark = pytest.mark.system

FAKE_MICROPHONE = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
WITHIN_S = 15


@asynccontextmanager
async def window(station: Station, screen: str) -> AsyncIterator[Page]:
    """An administrator of the station at a computer with a microphone."""
    chromium = shutil.which("chromium")
    assert chromium, "install chromium: these tests look at the pages as a person does"
    width, height = SCREENS[screen]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu", *FAKE_MICROPHONE]
        )
        context = await browser.new_context(
            viewport={"width": width, "height": height}, locale="vi-VN", base_url=station.url
        )
        page = await context.new_page()
        await page.goto("/sign-in")
        await page.fill("input[name=name]", NAME)
        await page.fill("input[name=password]", PASSWORD)
        await page.press("input[name=password]", "Enter")
        await page.wait_for_url("**/")
        yield page
        await browser.close()


async def prepared(station: Station, *, drill: bool) -> Emergency:
    """By another person than the one at the window."""
    await add_person(station, "duc", (Role.OFFICER, HOME))
    who = await station.desk.accounts.who((await station.desk.accounts.sign_in("duc", OWN_PASSWORD, "192.0.2.1")).token)
    assert who is not None
    draft = EmergencyDraft(drill=drill, hazard=Hazard.OTHER, area_ids=(HOME,), texts={"vi": "Nước đang lên."})
    made = await station.desk.emergencies.prepare(draft, who.actor)
    async with asyncio.timeout(WITHIN_S):
        return await station.desk.emergencies.book.wait_ready(made.emergency_id)


async def test_it_is_sent_by_a_button_that_is_held_and_not_by_a_click(station: Station) -> None:
    one = await prepared(station, drill=False)
    async with window(station, "phone") as page:
        await page.get_by_role("link", name="Nghe và xác nhận").click()
        hold = page.get_by_role("button", name="Giữ nút 2 giây")
        await hold.click()
        await page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
        await picture(page, "emergency-waiting")
        found = await Axe().run(page, options=RULES)
        assert found.violations_count == 0, found.generate_report()
        assert (await station.desk.emergencies.get(one.emergency_id)).state is EmergencyState.PREPARED
        await hold.focus()
        await page.keyboard.down("Space")
        await expect(page.locator("#board")).to_contain_text("0 trên 3 cụm loa đã nhận", timeout=WITHIN_S * 1_000)
        await page.keyboard.up("Space")
        assert (await station.desk.emergencies.get(one.emergency_id)).state is EmergencyState.SENT
        await picture(page, "emergency-board")
        # who looks elsewhere sees it end
        await page.goto("/calendar")
        await expect(page.locator("#alarm-banners")).to_contain_text("Đang phát KHẨN CẤP")
        await station.desk.emergencies.end(one.emergency_id, await administrator(station), all_clear=False)
        await expect(page.locator("#alarm-banners")).not_to_contain_text("KHẨN CẤP")


HELD = "[data-hold][data-held]"


async def pressed(page: Page, way: str) -> None:
    """The finger, or a key, goes down on the button."""
    hold = page.get_by_role("button", name="Giữ nút 2 giây")
    await hold.scroll_into_view_if_needed()
    if way == "mouse":
        box = await hold.bounding_box()
        assert box is not None
        await page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        await page.mouse.down()
        return
    await hold.focus()
    await page.keyboard.down(way)


async def let_go(page: Page, way: str) -> None:
    await (page.mouse.up() if way == "mouse" else page.keyboard.up(way))


@pytest.mark.parametrize("way", ["mouse", "Space", "Enter"])
async def test_held_too_short_sends_nothing_and_held_long_enough_sends(station: Station, way: str) -> None:
    one = await prepared(station, drill=False)
    async with window(station, "office") as page:
        sent: list[str] = []
        page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
        await page.clock.install()
        await page.goto(f"/emergency/{one.emergency_id}")
        await pressed(page, way)
        await expect(page.locator(HELD)).to_have_count(1)
        await page.clock.run_for(1_900)
        await let_go(page, way)
        await expect(page.locator(HELD)).to_have_count(0)
        await page.clock.run_for(10_000)
        assert sent == [], "what was let go of counts for nothing, however long it is ago"
        assert (await station.desk.emergencies.get(one.emergency_id)).state is EmergencyState.PREPARED
        await pressed(page, way)
        await page.clock.run_for(1_900)
        assert sent == [], "it does not add up to what was held before"
        await page.clock.run_for(200)
        await expect(page.locator("#board")).to_contain_text("0 trên 3 cụm loa đã nhận", timeout=WITHIN_S * 1_000)
        await let_go(page, way)
        assert [url.rpartition("/")[2] for url in sent] == ["confirm"]
        assert (await station.desk.emergencies.get(one.emergency_id)).state is EmergencyState.SENT


async def test_a_pointer_that_leaves_the_button_lets_go_of_it(station: Station) -> None:
    one = await prepared(station, drill=False)
    async with window(station, "office") as page:
        await page.clock.install()
        await page.goto(f"/emergency/{one.emergency_id}")
        await pressed(page, "mouse")
        await expect(page.locator(HELD)).to_have_count(1)
        await page.mouse.move(5, 5)
        await expect(page.locator(HELD)).to_have_count(0)
        await page.clock.run_for(10_000)
        await page.mouse.up()
        assert (await station.desk.emergencies.get(one.emergency_id)).state is EmergencyState.PREPARED


async def test_what_changes_on_the_page_meanwhile_takes_neither_the_button_nor_what_was_typed(station: Station) -> None:
    one = await prepared(station, drill=False)
    async with window(station, "office") as page:
        await page.clock.install()
        await page.goto(f"/emergency/{one.emergency_id}")
        await page.locator("#word").fill("Xã Ho")
        await pressed(page, "mouse")
        await expect(page.locator(HELD)).to_have_count(1)
        await page.clock.run_for(1_000)
        by = await administrator(station)
        (duc,) = [person for person in await station.desk.people.all(by) if person.name == "duc"]
        await station.desk.people.change(duc.person_id, "Nguyễn Văn Đức", duc.grants, True, by)
        station.desk.events.publish(EmergencyChanged(one.emergency_id))
        await expect(page.locator("#emergency")).to_contain_text("Nguyễn Văn Đức", timeout=WITHIN_S * 1_000)
        await expect(page.locator(HELD)).to_have_count(1)
        await expect(page.locator("#word")).to_have_value("Xã Ho")
        await page.clock.run_for(1_100)
        await expect(page.locator("#board")).to_contain_text("0 trên 3 cụm loa đã nhận", timeout=WITHIN_S * 1_000)
        await let_go(page, "mouse")


async def administrator(station: Station) -> Actor:
    person = await station.desk.accounts.who((await station.desk.accounts.sign_in(NAME, PASSWORD, "192.0.2.1")).token)
    assert person is not None
    return person.actor


async def test_a_person_speaks_loses_the_line_and_is_heard_again(station: Station) -> None:
    async with window(station, "office") as page:
        await page.goto("/live")
        await page.get_by_label("Nội dung gì, để ghi nhật ký").fill("Họp thôn")
        await page.locator(".tree-row", has_text="Xã Hoà Bình").get_by_role("checkbox").check()
        await expect(page.locator("[data-readiness]")).to_contain_text("0/3 loa sẵn sàng")
        await page.get_by_role("button", name="Bấm và nói").click()
        studio = page.locator("[data-microphone]")
        await expect(studio).to_have_attribute("data-mic-state", "speaking", timeout=WITHIN_S * 1_000)
        (stream,) = station.desk.live.open_streams()
        await heard(station)
        assert stream.airing.title == "Họp thôn"
        await expect(page.locator("[data-mic-hearing]")).to_have_text("0 trên 3")
        await picture(page, "live-speaking")

        for socket in tuple(station.app[SOCKETS].open):
            await socket.close()
        await expect(studio).to_contain_text("Đã nối lại", timeout=WITHIN_S * 1_000)
        await heard(station)

        await page.get_by_role("button", name="Kết thúc buổi phát").click()
        await expect(studio).to_contain_text("Buổi phát đã kết thúc")
        async with asyncio.timeout(WITHIN_S):
            await stream.over.wait()
        assert station.desk.live.open_streams() == ()


async def heard(station: Station) -> None:
    """More sound goes out, which is looked for again and again, since nobody tells."""
    counters = station.desk.live.counters
    before = counters.bundles
    async with asyncio.timeout(WITHIN_S):
        while counters.bundles < before + 5:
            await asyncio.sleep(0.05)
