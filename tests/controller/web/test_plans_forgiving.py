"""What is planned by people as they are: they press twice, change the same thing at once, and mistype."""

import re
from collections.abc import AsyncIterator

import pytest

from controller.domain.rights import Role
from tests.controller.web.browser import Browser
from tests.controller.web.callers import HOME, person
from tests.controller.web.station import NAME, Station
from tests.controller.web.test_places import village
from tests.controller.web.test_schedule_pages import TODAY, binding_in, bulletin, form, looked, planned, tomorrow

AREA = f"/guards/areas/{HOME}"


@pytest.fixture
async def editor(station: Station) -> AsyncIterator[Browser]:
    async with person(station, "biên tập", (Role.EDITOR, HOME)) as browser:
        yield browser


@pytest.fixture
async def other(station: Station) -> AsyncIterator[Browser]:
    async with person(station, "người thứ hai", (Role.EDITOR, HOME)) as browser:
        yield browser


async def test_pressing_twice_plans_once(station: Station, editor: Browser) -> None:
    fields = [*form(await bulletin(station), times="05:00"), ("times", "11:15")]
    first = await editor.post("/schedules", fields)
    again = await editor.post("/schedules", fields)
    assert (again.status, again.url) == (200, first.url)
    assert len(await station.desk.schedules.all()) == 2


async def test_planning_another_of_the_same_content_is_no_second_press(station: Station, editor: Browser) -> None:
    content = await bulletin(station)
    await editor.post("/schedules", form(content))
    await editor.post("/schedules", form(content, slot_minutes="5"))
    await editor.post("/schedules", form(content, times="18:00"))
    assert len(await station.desk.schedules.all()) == 3


async def test_of_several_schedules_in_one_form_all_are_planned_or_none(station: Station, editor: Browser) -> None:
    more = [("times", "05:30"), ("times", "06:30"), ("slot_minutes", "90")]
    refused = await editor.post("/schedules", [*form(await bulletin(station), times="05:00"), *more])
    assert "begin before the one before it has ended" in refused.says
    assert await station.desk.schedules.all() == ()


async def test_keeping_a_change_twice_is_one_change(station: Station, editor: Browser) -> None:
    await editor.post("/schedules", form(await bulletin(station)))
    made = await planned(station)
    fields = form(made.schedule.content_id, times="18:00", schedule_id=made.schedule_id, revision="1")
    for _ in range(2):
        kept = await editor.post(f"/schedules/{made.schedule_id}", fields)
        assert "The changes are kept." in kept.says
    assert (await planned(station)).revision == 2


async def test_two_who_change_one_schedule_at_once_are_told_of_each_other(
    station: Station, editor: Browser, other: Browser
) -> None:
    await editor.post("/schedules", form(await bulletin(station)))
    made = await planned(station)
    path = f"/schedules/{made.schedule_id}"
    looked_at = form(made.schedule.content_id, schedule_id=made.schedule_id, revision=str(made.revision))
    await other.post(path, [pair if pair[0] != "times" else ("times", "06:00") for pair in looked_at])
    mine = [pair if pair[0] != "times" else ("times", "19:45") for pair in looked_at]
    told = await editor.post(path, mine)
    assert told.status == 409
    assert "người thứ hai changed this schedule at" in told.says
    assert "It is now: Every day at 06:00" in told.says
    assert 'name="times" value="19:45"' in told.text, "what was typed stays"
    assert (await planned(station)).schedule.series.rule.by_hour == (6,)
    found = re.search(r'name="revision" value="(\d+)"', told.text)
    assert found is not None
    kept = await editor.post(path, [pair if pair[0] != "revision" else ("revision", found[1]) for pair in mine])
    assert "The changes are kept." in kept.says
    assert (await planned(station)).schedule.series.rule.by_hour == (19,)


async def test_two_who_set_limits_at_once_lose_neither_what_they_typed(station: Station) -> None:
    async with (
        person(station, "duyệt", (Role.APPROVER, HOME)) as one,
        person(station, "hai", (Role.APPROVER, HOME)) as two,
    ):
        for browser in (one, two):
            await browser.get(AREA)
        await one.post(AREA, [("do", "keep"), ("revision", "0"), ("slots_a_day", "2")])
        told = await two.post(AREA, [("do", "keep"), ("revision", "0"), ("slots_a_day", "5")])
        assert told.status == 409
        assert "Somebody changed this meanwhile" in told.says
        assert "At most 2 slots a day" in told.says
        assert 'value="5"' in told.text
        found = re.search(r'name="revision" value="(\d+)"', told.text)
        assert found is not None
        kept = await two.post(AREA, [("do", "keep"), ("revision", found[1]), ("slots_a_day", "5")])
        assert "At most 5 slots a day" in kept.says


async def test_whoever_may_approve_their_own_is_led_there_at_once(station: Station) -> None:
    async with station.browser() as alone:
        made = await alone.post("/schedules", form(await bulletin(station, by=NAME)))
        assert made.url == f"/approvals/{(await planned(station)).schedule_id}?done=planned"
        assert "Approve my own, on the record" in made.says


async def test_what_becomes_of_an_area_stays_as_it_was_typed_where_it_cannot_be(station: Station) -> None:
    async with station.program() as program:
        east, west = await village(program, "Thôn Đông"), await village(program, "Thôn Tây")
    impossible = f"{TODAY.year}-02-30"
    async with station.browser() as browser:
        await browser.get(f"/areas/{east}")
        wrong = await browser.post(f"/areas/{east}/split", {"names": "Đông Một\nĐông Hai", "on": "someday"})
        assert wrong.status == 422
        assert "Đông Một\nĐông Hai</textarea>" in wrong.text
        wrong = await browser.post(f"/areas/{east}/merge", {"into": west, "with": west, "on": "someday"})
        assert wrong.status == 422
        assert f'value="{west}" checked' in wrong.text
        assert f'value="{west}" selected' in wrong.text
        wrong = await browser.post(f"/areas/{east}", {"what": "rename", "name": "Thôn Đoài", "on": impossible})
        assert 'value="Thôn Đoài"' in wrong.text
        assert f'value="{impossible}"' in wrong.text


async def test_an_area_that_cannot_be_added_stays_typed_where_it_was(station: Station) -> None:
    async with station.browser() as browser:
        fields = {"parent_id": HOME, "name": "Thôn Đông", "level": "Xóm", "latitude": "phía bắc"}
        wrong = await browser.post("/areas", fields)
        assert wrong.status == 422
        for value in ("Thôn Đông", "Xóm", "phía bắc"):
            assert f'value="{value}"' in wrong.text
        assert f'id="area-{HOME}" open' in wrong.text
        assert wrong.says.count("These are not degrees") == 1


async def test_a_schedule_is_found_by_words_of_its_title_or_place_without_accents(
    station: Station, editor: Browser
) -> None:
    for title in ("Bản tin chiều", "Tin thể thao"):
        await editor.post("/schedules", form(await bulletin(station, title), times=f"{len(title):02}:00"))
    found = await editor.get("/schedules?q=ban%20chieu")
    assert ("Bản tin chiều" in found.says, "Tin thể thao" in found.says) == (True, False)
    assert "Tin thể thao" in (await editor.get("/schedules?q=the%20thao%20hoa%20binh")).says
    assert "Nothing is called so" in (await editor.get("/schedules?q=nowhere")).says


async def test_a_word_on_one_occurrence_reaches_its_author(station: Station, editor: Browser) -> None:
    await editor.post("/schedules", form(await bulletin(station)))
    made = await planned(station)
    await looked(station)
    one = f"/schedules/{made.schedule_id}/at/{tomorrow(17):%Y-%m-%dT%H:%M}"
    await editor.post(f"{one}/move", {"to": f"{tomorrow(18, 30):%Y-%m-%dT%H:%M}"})
    request = f"/approvals/{made.schedule_id}"
    async with person(station, "người duyệt", (Role.APPROVER, HOME)) as approver:
        await approver.post(f"{request}/approve", {"binding": binding_in(await approver.get(request))})
        assert "1 occurrence changed, 1 of them waits for approval" in (await editor.get("/schedules")).says
        page = await approver.get(f"{request}?at={tomorrow(17):%Y-%m-%dT%H:%M}")
        word = {"binding": binding_in(page), "at": f"{tomorrow(17):%Y-%m-%dT%H:%M}", "note": "Giờ này các cháu học."}
        await approver.post(f"{request}/send-back", word)
    for path in ("/schedules", f"/schedules/{made.schedule_id}", one):
        told = await editor.get(path)
        assert "Sent back by người duyệt: Giờ này các cháu học." in told.says, path
    assert f'href="{one}"' in (await editor.get("/schedules")).text


async def test_a_moved_occurrence_has_moved_on_the_next_page(station: Station, editor: Browser) -> None:
    await editor.post("/schedules", form(await bulletin(station)))
    made = await planned(station)
    await looked(station)
    one = f"/schedules/{made.schedule_id}/at/{tomorrow(17):%Y-%m-%dT%H:%M}"
    week = f"/calendar?week={tomorrow(17).date()}"
    moved = await editor.post(f"{one}/move", {"to": f"{tomorrow(18, 30):%Y-%m-%dT%H:%M}", "back": week})
    assert "18:30" in moved.says.partition("Later week")[2]


async def test_areas_are_listed_as_people_look_for_them(station: Station) -> None:
    async with station.program() as program:
        villages = [await village(program, name) for name in ("Thôn 10", "Thôn Đông", "Thôn Trung", "Thôn 2")]
        for speaker_id, area_id in zip(station.speaker_ids, villages, strict=False):
            await program.ask("PUT", f"/api/v1/speakers/{speaker_id}/area", json={"area_id": area_id})
    async with station.browser() as browser:
        for path in ("/areas", "/guards"):
            said = (await browser.get(path)).says
            assert sorted(("Thôn 2", "Thôn 10", "Thôn Đông", "Thôn Trung"), key=said.index) == [
                *("Thôn 2", "Thôn 10", "Thôn Đông", "Thôn Trung")
            ], path
        said = (await browser.get("/schedules/new")).says
        assert sorted(("Thôn 10", "Thôn Đông", "Thôn Trung"), key=said.index)[1] == "Thôn Đông"


async def test_what_waits_for_somebody_else_is_not_counted_as_waiting_for_its_author(station: Station) -> None:
    async with person(station, "duyệt một", (Role.APPROVER, HOME)) as author:
        await author.post("/schedules", form(await bulletin(station)))
        assert (await author.get("/parts/approvals-count")).says.strip() == ""
        listed = await author.get("/approvals")
        assert ("Your own" in listed.says, "Listen and decide" in listed.says) == (True, False)
    async with person(station, "duyệt hai", (Role.APPROVER, HOME)) as other:
        assert "1" in (await other.get("/parts/approvals-count")).says
        assert "Listen and decide" in (await other.get("/approvals")).says


async def test_whoever_moves_one_to_an_odd_hour_is_warned(station: Station, editor: Browser) -> None:
    await editor.post("/schedules", form(await bulletin(station)))
    one = f"/schedules/{(await planned(station)).schedule_id}/at/{tomorrow(17):%Y-%m-%dT%H:%M}"
    odd = await editor.post(f"{one}/move", {"to": f"{tomorrow(23):%Y-%m-%dT%H:%M}", "back": "/calendar"})
    assert odd.url == "/calendar?done=moved_odd"
    assert "odd hour, between 22:00 and 05:00" in odd.says
