"""What is planned in a real browser: an occurrence is moved in the calendar, then heard and approved."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import expect

from controller.domain.schedules import ApprovalState, ScheduleDraft
from schedules.recurrence.parse import parse_rule
from schedules.recurrence.rule import Changed
from schedules.schedule import Target
from tests.controller.drafts import text_draft
from tests.controller.web.station import NAME, Station
from tests.controller.web.test_handing_in_browser import picture, window

pytestmark = pytest.mark.system

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


async def test_an_occurrence_is_moved_in_the_calendar_then_heard_and_approved(station: Station) -> None:
    made = await station.desk.compose.make(text_draft("Bản tin chiều", "Kính mời bà con đi họp."), NAME)
    await station.wait_ready(made.bulletin_id)
    async with station.parts.store.reading() as tx:
        me = (await tx.persons.all())[0].actor
    today = datetime.now(ZONE).date()
    monday = today + timedelta(days=7 - today.weekday())
    rule = parse_rule("FREQ=DAILY", start=datetime.combine(today, time(17)), zone=ZONE.key)
    draft = ScheduleDraft(content_id=made.bulletin_id, target=Target(areas=("x-1",)), rule=rule)
    planned = await station.desk.schedules.plan(draft, me)
    await station.desk.planner.look()
    async with window(station, "office") as page:
        await page.goto(f"/calendar?week={monday}")
        await page.locator("[data-opens-occurrence]").first.click()
        dialog = page.get_by_role("dialog")
        await expect(dialog.get_by_role("heading", name="Bản tin chiều")).to_be_focused()
        await picture(page, "calendar-dialog")
        await page.keyboard.press("Escape")
        await expect(page.locator("[data-opens-occurrence]").first).to_be_focused()
        await page.keyboard.press("Enter")
        await dialog.get_by_label("Dời sang").fill(f"{monday}T18:30")
        await dialog.get_by_role("button", name="Dời").click()
        await expect(page.locator("#flash")).to_contain_text("Đã dời lần phát này")
        await expect(page.locator(".occ", has_text="18:30")).to_contain_text("chờ phê duyệt")
        original = datetime.combine(monday, time(17))
        (change,) = (await station.desk.schedules.get(planned.schedule_id)).schedule.series.changes
        assert change == Changed(original, to=datetime.combine(monday, time(18, 30)))

        await page.goto("/approvals")
        async with page.expect_response("**/clips/*") as clip:
            moved = page.locator(f"a.button[href*='at={original:%Y-%m-%dT%H}']")
            await expect(page.locator(".request", has=moved)).to_contain_text("18:30")
            await page.locator(".request").locator(moved).click()
            await page.locator("audio").first.evaluate("(audio) => { audio.play().catch(() => {}); }")
        assert (await clip.value).ok, "it is heard on the page"
        await picture(page, "approval")
        await page.get_by_role("button", name="Tự phê duyệt").click()
        await expect(page.locator("#flash")).to_contain_text("Đã phê duyệt")
    series, single = (await station.desk.approvals.states())[planned.schedule_id]
    assert (series, single) == (ApprovalState.WAITING, {original: ApprovalState.APPROVED})


async def test_who_presses_twice_plans_once_and_is_told_so(station: Station) -> None:
    made = await station.desk.compose.make(text_draft("Bản tin chiều", "Kính mời bà con đi họp."), NAME)
    await station.wait_ready(made.bulletin_id)
    async with window(station, "office") as page:
        sent: list[str] = []
        page.on("request", lambda one: sent.append(one.url) if one.is_navigation_request() else None)
        await page.goto(f"/schedules/new?content={made.bulletin_id}")
        await page.locator("[name=areas]").check()
        await page.get_by_role("button", name="Lập lịch").dblclick()
        await expect(page.locator("#flash")).to_contain_text("Đã lập lịch")
    assert [one for one in sent if one.endswith("/schedules")] == [f"{station.url}schedules"]
    assert len(await station.desk.schedules.all()) == 1


async def test_who_comes_back_to_the_form_finds_what_was_typed(station: Station) -> None:
    made = await station.desk.compose.make(text_draft("Bản tin chiều", "Kính mời bà con đi họp."), NAME)
    await station.wait_ready(made.bulletin_id)
    async with window(station, "office") as page:
        await page.goto(f"/schedules/new?content={made.bulletin_id}")
        await page.locator("[name=areas]").check()
        await page.get_by_role("button", name="Thêm giờ").click()
        await expect(page.locator("[name=times]")).to_have_count(2)
        await page.locator("[name=times]").last.fill("05:30")
        await expect(page.locator("#preview")).to_contain_text("05:30")
        await page.goto("/schedules")
        await page.go_back()
        await expect(page.locator("[name=times]")).to_have_count(2)
        await expect(page.locator("[name=times]").last).to_have_value("05:30")
        await expect(page.locator("[name=areas]")).to_be_checked()
        await expect(page.locator("#preview")).to_contain_text("05:30")


async def test_who_has_chosen_no_time_yet_listens_all_the_same_and_is_told_when_planning(station: Station) -> None:
    async with window(station, "office") as page:
        await page.goto("/")
        await page.fill("[name=text]", "Kính mời bà con đi họp.")
        await page.get_by_label("Vào ngày giờ đã chọn").check()
        await page.locator("[name=areas]").first.check()
        await page.get_by_role("button", name="Nghe thử").click()
        await expect(page.locator("[data-ready-player]")).to_be_visible(timeout=20_000)
        await page.get_by_role("button", name="Lên lịch").click()
        await expect(page.locator("#prepared").get_by_role("alert")).to_have_text("Hãy chọn ngày và giờ.")
