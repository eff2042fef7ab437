"""Pages of emergencies that are left open follow what happens, and say at once what is missing; in a real browser."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest
from playwright.async_api import Page, expect

from controller.domain.alarm_board import Board, Reach, counted
from controller.domain.emergencies import Emergency
from controller.domain.speakers import Standing
from controller.services.emergency.boards import AlarmBoards
from controller.services.events import AiringChanged, SpeakersChanged
from controller.services.speakers import SpeakerDesk
from tests.controller.web.callers import HOME
from tests.controller.web.emergency.test_alarms_browser import WITHIN_S, administrator, prepared, window
from tests.controller.web.station import Station
from tests.controller.web.test_handing_in_browser import picture

pytestmark = pytest.mark.system

MISSING = "Hãy viết điều đã sai trước, rồi mới giữ nút."


async def on_air(station: Station) -> Emergency:
    one = await prepared(station, drill=False)
    return await station.desk.emergencies.confirm(one.emergency_id, await administrator(station))


async def test_an_open_board_shows_what_was_told_last_however_much_was_told(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await on_air(station)
    real, reach = AlarmBoards.of, Reach.SIREN

    async def board(boards: AlarmBoards, emergency: Emergency) -> Board:
        found = await real(boards, emergency)
        lines = tuple(replace(line, reach=reach) for line in found.lines)
        return replace(found, lines=lines, counts=counted(lines))

    monkeypatch.setattr(AlarmBoards, "of", board)
    async with window(station, "office") as page:
        await page.goto(f"/emergency/{one.emergency_id}")
        await expect(page.locator(".tally", has_text="Hú còi")).to_contain_text("3")
        await expect(page.locator("#board")).to_be_visible()
        for now in (Reach.SIREN, Reach.SOUNDING, Reach.FINISHED):
            reach = now
            # The second comes while a part that was just fetched rests: it is what throttling would forget.
            async with page.expect_request("**/parts/emergency/*/board*", timeout=WITHIN_S * 1_000):
                station.desk.events.publish(AiringChanged(one.airing_id))
            station.desk.events.publish(AiringChanged(one.airing_id))
        await expect(page.locator(".tally", has_text="Phát xong")).to_contain_text("3", timeout=WITHIN_S * 1_000)


async def test_how_many_are_ready_is_followed_and_what_is_typed_stays(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, gone = SpeakerDesk.standing, 0

    async def standing(desk: SpeakerDesk, *given: object) -> Sequence[Standing]:
        found = await real(desk, *given)
        return [one if number < gone else one._replace(not_ready=None) for number, one in enumerate(found)]

    monkeypatch.setattr(SpeakerDesk, "standing", standing)
    async with window(station, "phone") as page:
        await page.goto("/emergency")
        await page.get_by_role("button", name="Lũ lụt", exact=True).click()
        await page.get_by_label("Sông").fill("sông Lô")
        await page.locator(".tree-row", has_text="Xã Hoà Bình").get_by_role("checkbox").check()
        ready = page.locator("[data-readiness]")
        await expect(ready).to_contain_text("3/3")
        gone = 1
        await changed(station, ready_again(page))
        await expect(ready).to_contain_text("2/3", timeout=WITHIN_S * 1_000)
        await expect(page.locator("[data-lacking-list]")).to_have_text("1 cụm không kết nối")
        await expect(page.locator(".tree-row .count")).to_contain_text("2/3")
        await expect(page.get_by_label("Sông")).to_have_value("sông Lô")
        await expect(page.locator(".tree-row", has_text="Xã Hoà Bình").get_by_role("checkbox")).to_be_checked()
        await picture(page, "console-follows-phone")


@pytest.mark.parametrize("path", ["/live", "/stops"])
async def test_how_many_are_ready_is_followed_where_one_speaks_and_where_one_stops(
    station: Station, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    real, gone = SpeakerDesk.standing, 0

    async def standing(desk: SpeakerDesk, *given: object) -> Sequence[Standing]:
        found = await real(desk, *given)
        return [one if number < gone else one._replace(not_ready=None) for number, one in enumerate(found)]

    monkeypatch.setattr(SpeakerDesk, "standing", standing)
    async with window(station, "phone") as page:
        await page.goto(path)
        area = page.locator("[data-area-row]", has_text="Xã Hoà Bình")
        await area.get_by_role("checkbox").check()
        await expect(page.locator("[data-readiness]")).to_contain_text("3/3")
        gone = 2
        await changed(station, ready_again(page))
        await expect(page.locator("[data-readiness]")).to_contain_text("1/3", timeout=WITHIN_S * 1_000)
        await expect(area.locator(".count")).to_contain_text("1/3")
        await expect(area.get_by_role("checkbox")).to_be_checked()
        if path == "/live":
            await area.get_by_role("checkbox").uncheck()
            await page.get_by_text("Từng cụm loa").click()
            for one in await page.locator("[name=speakers]").all():
                await one.check()
            await expect(page.locator("[data-readiness]")).to_contain_text("1/3")
            await expect(page.locator("[data-one-ready=no]")).to_have_count(2)


async def test_the_second_person_sees_who_is_lost_while_they_read(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await prepared(station, drill=False)
    async with window(station, "phone") as page:
        await page.goto(f"/emergency/{one.emergency_id}")
        await page.locator("#word").fill("Xã Ho")
        await expect(page.locator("#ready-now")).to_contain_text("3 cụm không kết nối")
        await station.desk.stops.stop_areas([HOME], "duc")
        await expect(page.locator("#ready-now")).to_contain_text("3 cụm đang bị dừng phát", timeout=WITHIN_S * 1_000)
        await expect(page.locator("#word")).to_have_value("Xã Ho")
        await picture(page, "waiting-follows-phone")


@pytest.mark.parametrize("way", ["mouse", "Space"])
async def test_a_correction_without_a_reason_says_at_the_button_what_is_missing(station: Station, way: str) -> None:
    one = await on_air(station)
    async with window(station, "phone") as page:
        await page.goto(f"/emergency/{one.emergency_id}/correct")
        hold = page.locator("[data-hold]")
        await hold.scroll_into_view_if_needed()
        if way == "mouse":
            await hold.click()
        else:
            await hold.focus()
            await page.keyboard.press(way)
        await expect(page.get_by_role("alert").filter(has_text=MISSING)).to_be_visible()
        await expect(page.locator("#reason")).to_be_focused()
        await picture(page, f"correction-missing-{way}")
        await page.keyboard.type("nhầm xã")
        await expect(page.locator("#reason")).to_have_value("nhầm xã")
        await expect(page.get_by_text(MISSING)).to_have_count(0)


async def test_who_stops_everything_stays_where_they_were(station: Station) -> None:
    async with window(station, "office") as page:
        await page.goto("/emergency")
        await page.locator(".stop-all button").click()
        await page.get_by_role("dialog").get_by_role("button", name="Dừng tất cả").click()
        await expect(page.locator("#stop-all-banner")).to_contain_text("Đang dừng toàn bộ")
        assert page.url.endswith("/emergency")
        await page.goto("/stops")
        await page.locator("#stop-all-banner").get_by_role("button").click()
        await page.get_by_role("dialog").get_by_role("button", name="Cho phát lại").click()
        await expect(page.locator("#stop-all-banner")).not_to_contain_text("Đang dừng toàn bộ")
        assert page.url.endswith("/stops")


async def test_what_was_missing_is_not_asked_for_any_more_once_it_is_there(station: Station) -> None:
    asked = "Hãy chọn việc đang xảy ra"
    async with window(station, "office") as page:
        await page.goto("/emergency")
        await page.locator(".tree-row", has_text="Xã Hoà Bình").get_by_role("checkbox").check()
        await page.get_by_role("button", name="Chuẩn bị KHẨN CẤP THẬT").click()
        await expect(page.locator("#console-problem")).to_contain_text(asked)
        await page.get_by_role("button", name="Lũ lụt", exact=True).click()
        await expect(page.get_by_label("Sông")).to_be_visible()
        await expect(page.get_by_text(asked)).to_have_count(0)


@pytest.mark.parametrize("path", ["/emergency", "/stops"])
async def test_the_bar_of_a_phone_shows_where_one_can_go_as_a_whole(station: Station, path: str) -> None:
    async with window(station, "phone") as page:
        await page.goto(path)
        await picture(page, f"bar{path.replace('/', '-')}")
        items = page.locator(".nav .nav-item")
        for number in range(await items.count()):
            box = await items.nth(number).bounding_box()
            assert box is not None
            assert 0 <= box["x"] <= box["x"] + box["width"] <= 390
            assert await items.nth(number).evaluate("(one) => one.scrollWidth <= one.clientWidth")
            assert await items.nth(number).evaluate("(one) => one.scrollHeight <= one.clientHeight")


async def test_who_keeps_where_a_speaker_stands_stays_at_the_field(station: Station) -> None:
    async with window(station, "phone") as page:
        await page.goto(f"/speakers/{station.speaker_ids[0]}")
        field = page.get_by_label("Trên bản đồ")
        await field.fill("https://maps.example.org/?q=cho-xa")
        await page.locator("#on-the-map").get_by_role("button").click()
        await expect(page.locator("#speaker-position-error")).to_contain_text("ví dụ 21.0285, 105.8542")
        await expect(field).to_be_in_viewport()
        await picture(page, "position-refused")
        await field.fill("21.0285, 105.8542")
        await page.locator("#on-the-map").get_by_role("button").click()
        await page.wait_for_url("**done=located*")
        await expect(field).to_be_in_viewport()


def ready_again(page: Page) -> asyncio.Task[object]:
    """When it is asked how many are ready."""
    return asyncio.create_task(page.wait_for_event("requestfinished", lambda one: "/ready" in one.url))


async def changed(station: Station, asked: asyncio.Task[object]) -> None:
    """What is told before the page listens is told to it when it does."""
    station.desk.events.publish(SpeakersChanged())
    await asked
