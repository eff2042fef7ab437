"""The pages of limits and of a speaker's day, as persons use them."""

from collections.abc import AsyncIterator
from datetime import time

import pytest

from controller.domain.guarding import GuardPlace
from controller.domain.rights import Role
from schedules.guards import PRESETS, Guards, Quiet
from tests.controller.web.browser import Browser
from tests.controller.web.callers import HOME, person
from tests.controller.web.station import Station

AREA = f"/guards/areas/{HOME}"


@pytest.fixture
async def approver(station: Station) -> AsyncIterator[Browser]:
    async with person(station, "mai", (Role.APPROVER, HOME)) as browser:
        browser.language, browser.program_token = "vi", ""
        yield browser


async def kept(station: Station) -> Guards:
    return (await station.desk.guards.get(GuardPlace.area(HOME))).guards


async def test_usual_values_are_looked_at_before_they_are_kept(station: Station, approver: Browser) -> None:
    await approver.get(AREA)
    filled = await approver.post(AREA, {"do": "preset:rural", "revision": "0"})
    assert "Chưa lưu gì cả" in filled.says
    assert 'value="21:30"' in filled.text
    assert await kept(station) == Guards()
    fields = [("do", "keep"), ("revision", "0"), ("row", "0"), ("begin-0", "21:30"), ("until-0", "05:00")]
    fields += [("slots_a_day", "3"), ("slot_minutes", "45"), ("day_minutes", "135"), ("max_volume_percent", "")]
    page = await approver.post(AREA, fields)
    assert (page.status, "Đã lưu giới hạn" in page.says) == (200, True)
    assert await kept(station) == PRESETS["rural"]
    assert "Yên lặng từ 21:30 đến 05:00 Tối đa 3 buổi mỗi ngày" in (await approver.get("/guards")).says


async def test_rows_of_quiet_hours_come_and_go_without_a_script(station: Station, approver: Browser) -> None:
    await approver.get(AREA)
    row = [("row", "0"), ("begin-0", "12:00"), ("until-0", "13:30"), ("days-0", "5"), ("days-0", "6")]
    two = await approver.post(AREA, [("do", "add"), *row])
    assert two.text.count('name="row"') == 2
    one = await approver.post(AREA, [("do", "remove:1"), *row, ("row", "1"), ("begin-1", ""), ("until-1", "")])
    assert one.text.count('name="row"') == 1
    await approver.post(AREA, [("do", "keep"), ("revision", "0"), *row])
    assert (await kept(station)).quiet == (Quiet(time(12), time(13, 30), (5, 6)),)


async def test_what_cannot_be_kept_stays_in_the_form_with_a_reason(station: Station, approver: Browser) -> None:
    await approver.get(AREA)
    for fields, said in (
        ([("row", "0"), ("begin-0", "25:00"), ("until-0", "05:00")], "Giờ yên lặng gồm hai mốc giờ"),
        ([("slots_a_day", "nhiều")], "Có giới hạn nằm ngoài phạm vi"),
        ([("max_volume_percent", "400")], "Có giới hạn nằm ngoài phạm vi"),
    ):
        page = await approver.post(AREA, [("do", "keep"), ("revision", "0"), *fields])
        assert (page.status, said in page.says) == (422, True), fields
    assert await kept(station) == Guards()


async def test_a_looser_value_below_says_that_it_has_no_effect(station: Station, approver: Browser) -> None:
    await approver.get(AREA)
    await approver.post(AREA, [("do", "keep"), ("revision", "0"), ("slots_a_day", "2")])
    speaker = f"/guards/speakers/{station.speaker_ids[0]}"
    await approver.get(speaker)
    page = await approver.post(speaker, [("do", "keep"), ("revision", "0"), ("slots_a_day", "9")])
    assert "Không có tác dụng ở đây vì cấp trên đã đặt chặt hơn: Tối đa 9 buổi mỗi ngày." in page.says
    assert "Tối đa 2 buổi mỗi ngày Đặt tại: Xã Hoà Bình" in page.says


async def test_who_approves_their_own_is_said_and_set(station: Station, approver: Browser) -> None:
    page = await approver.get(AREA)
    assert "chỉ được tự phê duyệt khi không có ai khác được phê duyệt" in page.says
    assert 'name="allowed"' not in page.text
    assert (await approver.post(f"{AREA}/self-approval", {"allowed": "yes"})).status == 403, "it binds the approvers"
    async with station.browser(language="vi") as administrator:
        await administrator.get(AREA)
        page = await administrator.post(f"{AREA}/self-approval", {"allowed": "yes"})
        assert "Theo thiết lập tại Xã Hoà Bình, người lập được tự phê duyệt." in page.says


async def test_days_off_are_added_and_taken_away(station: Station) -> None:
    async with station.browser(language="vi") as browser:
        page = await browser.get("/guards?year=2027")
        assert "Quốc khánh" in page.says
        page = await browser.post("/holidays", {"day": "2027-09-03", "name": "Nghỉ bù"})
        assert "Nghỉ bù" in page.says
        assert (await browser.post("/holidays", {"day": "hôm nay", "name": "x"})).status == 422
        page = await browser.post("/holidays/remove", {"day": "2027-09-03"})
        assert "Nghỉ bù" not in page.says


async def test_an_editor_reads_the_limits_and_changes_none(station: Station) -> None:
    async with person(station, "lan", (Role.EDITOR, HOME)) as browser:
        page = await browser.get(AREA)
        assert (page.status, "Keep the limits" in page.says) == (200, False)
        assert (await browser.post(AREA, {"do": "keep"})).status == 403


async def test_the_next_24_hours_of_a_speaker_are_one_click_from_the_list(station: Station, approver: Browser) -> None:
    speaker_id = station.speaker_ids[0]
    path = f"/speakers/{speaker_id}/rundown"
    for where in ("/speakers", f"/speakers/{speaker_id}"):
        assert f'href="{path}"' in (await approver.get(where)).text
    page = await approver.get(path)
    assert "24 giờ tới" in page.says
    assert "Ở đây không có giới hạn nào, kể cả ban đêm." in page.says
    assert "Cụm loa này không có lịch nào" in page.says
    assert (await approver.get(f"{path}?day=2026-02-30")).status == 422
    assert "Thứ Hai, 02/03" in (await approver.get(f"{path}?day=2026-03-02")).says
