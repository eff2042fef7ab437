"""What is planned on pages: made, looked at in the week, changed one at a time, heard and approved."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from agents.protocol.ids import AreaId, SpeakerId
from controller.domain.rights import Role
from controller.domain.schedules import ApprovalState, PlannedSchedule
from controller.web import schedulelist
from schedules.recurrence.rule import Cancelled, Changed
from tests.controller.drafts import text_draft
from tests.controller.web.browser import Answer, Browser
from tests.controller.web.callers import HOME, SIBLING, person, second_area
from tests.controller.web.station import NAME, Station

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
TODAY = datetime.now(ZONE).date()
TOMORROW = TODAY + timedelta(days=1)
Fields = list[tuple[str, str]]


async def bulletin(station: Station, title: str = "Bản tin chiều", by: str = "an") -> str:
    made = await station.desk.compose.make(text_draft(title, "Kính mời bà con đi họp."), by)
    await station.wait_ready(made.bulletin_id)
    return made.bulletin_id


def form(content: str, **more: str) -> Fields:
    usual = {
        "content": content,
        "areas": "x-1",
        "repeat": "daily",
        "start": TODAY.isoformat(),
        "times": "17:00",
        "every": "1",
        "ends": "never",
        "holidays": "play",
    }
    return [pair for pair in (usual | more).items() if pair[1]]


async def planned(station: Station) -> PlannedSchedule:
    (found,) = await station.desk.schedules.all()
    return found


async def looked(station: Station) -> None:
    """Until the planner has come to what was changed last."""
    await station.desk.planner.look()


@pytest.fixture
async def editor(station: Station) -> AsyncIterator[Browser]:
    async with person(station, "biên tập", (Role.EDITOR, HOME)) as browser:
        yield browser


@pytest.fixture
async def approver(station: Station) -> AsyncIterator[Browser]:
    async with person(station, "người duyệt", (Role.APPROVER, HOME)) as browser:
        yield browser


def tomorrow(hour: int, minute: int = 0) -> datetime:
    return datetime.combine(TOMORROW, time(hour, minute))


def binding_in(answer: Answer) -> str:
    found = re.search(r'name="binding" value="([0-9a-f]{64})"', answer.text)
    assert found, answer.says
    return found[1]


# --- the form ---------------------------------------------------------------------------------------------------------


async def test_while_it_is_typed_the_rule_is_said_and_nothing_is_kept(station: Station, editor: Browser) -> None:
    content = await bulletin(station)
    told = await editor.post("/schedules/preview", form(content, repeat="weekly", weekdays="0"))
    assert "17:00" in told.says
    assert "3 speakers" in told.says
    assert told.text.count("<time") == 10
    assert await station.desk.schedules.all() == ()
    odd = await editor.post("/schedules/preview", form(content, times="03:15"))
    assert "odd hour" in odd.says
    assert "Choose" in (await editor.post("/schedules/preview", form(""))).says
    assert "10" in (await editor.post("/schedules/preview", form(content, ends="count", count="10"))).says


async def test_it_is_planned_and_waits_for_somebody_else(station: Station, editor: Browser) -> None:
    content = await bulletin(station)
    assert "Bản tin chiều" in (await editor.get(f"/schedules/new?content={content}")).says
    made = await editor.post("/schedules", form(content))
    found = await planned(station)
    assert made.url == f"/schedules/{found.schedule_id}?done=planned"
    assert "Waiting for approval" in made.says
    assert found.planned_by == "biên tập"
    listed = await editor.get("/schedules")
    assert "Every day at 17:00" in listed.says


async def test_a_change_says_truly_what_becomes_of_the_approval(
    station: Station, editor: Browser, approver: Browser
) -> None:
    await editor.post("/schedules", form(await bulletin(station)))
    made = await planned(station)
    path = f"/schedules/{made.schedule_id}"
    seen = binding_in(await approver.get(f"/approvals/{made.schedule_id}"))
    await approver.post(f"/approvals/{made.schedule_id}/approve", {"binding": seen})
    fields = form(made.schedule.content_id, schedule_id=made.schedule_id)
    assert "It stays approved" in (await editor.post(path, fields)).says
    other = form(made.schedule.content_id, schedule_id=made.schedule_id, times="17:30")
    assert "What was approved before holds no longer" in (await editor.post(path, other)).says


async def test_of_more_than_fit_the_next_to_be_heard_are_listed(
    station: Station, editor: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedulelist, "SHOWN", 1)
    await editor.post("/schedules", form(await bulletin(station), start=(TODAY + timedelta(days=9)).isoformat()))
    await editor.post("/schedules", form(await bulletin(station, "Tin thể thao"), start=TOMORROW.isoformat()))
    listed = await editor.get("/schedules")
    assert "Tin thể thao" in listed.says
    assert "Bản tin chiều" not in listed.says
    assert "1 more" in listed.says


async def test_what_is_wrong_stands_at_its_field_and_what_was_typed_stays(station: Station, editor: Browser) -> None:
    content = await bulletin(station)
    for change, said in (
        ({"areas": ""}, "at least one area"),
        ({"times": ""}, "time of day"),
        ({"start": "khi nào đó"}, "which day"),
        ({"ends": "count", "count": "x"}, "How many times"),
        ({"repeat": "custom", "custom": "FREQ=SECONDLY"}, "Choose fewer times"),
        ({"repeat": "once", "start": "2020-01-01"}, ""),
    ):
        answer = await editor.post("/schedules", form(content, rank="3", **change))
        assert 400 <= answer.status < 500, change
        assert said in answer.says, change
        assert 'name="rank" type="number" min="0" max="9" value="3"' in answer.text
        assert f'value="{content}" selected' in answer.text
    assert await station.desk.schedules.all() == ()


async def test_times_with_different_minutes_become_a_schedule_each(station: Station, editor: Browser) -> None:
    fields = [*form(await bulletin(station), times="05:00"), ("times", "11:15"), ("times", "17:00")]
    assert "2 schedules are made of it" in (await editor.post("/schedules/preview", fields)).says
    await editor.post("/schedules", fields)
    made = [one.schedule.series.rule for one in await station.desk.schedules.all()]
    assert sorted((rule.by_hour, rule.by_minute) for rule in made) == [((5, 17), (0,)), ((11,), (15,))]


@pytest.mark.parametrize("start", ["0001-01-01", "9999-12-31", "2026-02-30", "٣"])
async def test_days_that_no_plan_knows_are_refused_and_not_stumbled_over(
    station: Station, editor: Browser, start: str
) -> None:
    content = await bulletin(station)
    for repeat in ("once", "lunar", "tet"):
        fields = form(content, start=start, repeat=repeat, lunar_days="1", tet_days="1")
        assert (await editor.post("/schedules/preview", fields)).status == 200
        assert (await editor.post("/schedules/draft", [*fields, ("do", "tet")])).status == 200
        assert 400 <= (await editor.post("/schedules", fields)).status < 500
    assert (await editor.get(f"/calendar?week={start}")).status == 200


async def test_buttons_of_the_form_change_the_form_alone(station: Station, editor: Browser) -> None:
    content = await bulletin(station)
    answer = await editor.post("/schedules/draft", [*form(content), ("do", "tet")])
    assert re.search(r'name="until" type="date" value="20\d\d-\d\d-\d\d"', answer.text)
    answer = await editor.post("/schedules/draft", [*form(content), ("do", "time")])
    assert answer.text.count('name="times"') == 2
    assert await station.desk.schedules.all() == ()


async def test_nobody_plans_for_an_area_of_others(station: Station) -> None:
    await second_area(station)
    content = await bulletin(station, by="hàng xóm")
    async with person(station, "hàng xóm", (Role.EDITOR, SIBLING)) as neighbour:
        assert (await neighbour.post("/schedules", form(content))).status == 403
        assert "Xã Hoà Bình" not in (await neighbour.get("/schedules/new")).says
    assert await station.desk.schedules.all() == ()


# --- the week, and one occurrence -------------------------------------------------------------------------------------


async def test_the_week_shows_what_becomes_of_each_occurrence(station: Station, editor: Browser) -> None:
    await editor.post("/schedules", form(await bulletin(station)))
    await looked(station)
    week = await editor.get(f"/calendar?week={(TODAY + timedelta(days=7)).isoformat()}")
    assert week.text.count('class="occ occ-waiting"') == 7
    assert "waits for approval" in week.says
    assert (await editor.get("/calendar?week=nonsense")).status == 200


async def test_one_is_moved_cancelled_and_put_back_without_the_others(station: Station, editor: Browser) -> None:
    await editor.post("/schedules", form(await bulletin(station)))
    one = f"/schedules/{(await planned(station)).schedule_id}/at/{tomorrow(17):%Y-%m-%dT%H:%M}"
    assert "waits for approval" in (await editor.get(one)).says.lower()
    back = "/calendar?week=2026-03-02"
    moved = await editor.post(f"{one}/move", {"to": f"{tomorrow(18):%Y-%m-%dT%H:%M}", "back": back})
    assert moved.url == f"{back}&done=moved"
    assert (await planned(station)).schedule.series.changes == (Changed(tomorrow(17), to=tomorrow(18)),)
    assert "18:00" in (await editor.get(one)).says
    await editor.post(f"{one}/restore", {"back": "https://elsewhere.example/"})
    assert (await planned(station)).schedule.series.changes == ()
    cancelled = await editor.post(f"{one}/cancel", {"back": f"{back}\r\nSet-Cookie: a=b"})
    assert cancelled.url == "/calendar?done=cancelled"
    assert (await planned(station)).schedule.series.changes == (Cancelled(tomorrow(17)),)
    assert "Put back as planned" in (await editor.get(one)).says


async def test_one_gets_other_content(station: Station, editor: Browser) -> None:
    await editor.post("/schedules", form(await bulletin(station)))
    other = await bulletin(station, "Thông báo khẩn trương")
    one = f"/schedules/{(await planned(station)).schedule_id}/at/{tomorrow(17):%Y-%m-%dT%H:%M}"
    await editor.post(f"{one}/replace", {"content": other})
    assert (await planned(station)).schedule.series.changes == (Changed(tomorrow(17), content_id=other),)
    assert "Thông báo khẩn trương" in (await editor.get(one)).says


async def test_a_move_that_is_not_possible_says_why_and_keeps_what_was_typed(station: Station, editor: Browser) -> None:
    await editor.post("/schedules", form(await bulletin(station)))
    one = f"/schedules/{(await planned(station)).schedule_id}/at/{tomorrow(17):%Y-%m-%dT%H:%M}"
    answer = await editor.post(f"{one}/move", {"to": "2020-01-01T05:00"})
    assert 400 <= answer.status < 500
    assert 'value="2020-01-01T05:00"' in answer.text
    assert (await planned(station)).schedule.series.changes == ()
    assert (await editor.get(one.replace("17:00", "17:01"))).status == 404
    assert (await editor.get(one.replace("T17:00", "nonsense"))).status in {404, 422}


async def test_this_and_following_begin_anew(station: Station, editor: Browser) -> None:
    content = await bulletin(station)
    await editor.post("/schedules", form(content))
    old = await planned(station)
    original = f"{tomorrow(17):%Y-%m-%dT%H:%M}"
    page = await editor.get(f"/schedules/{old.schedule_id}?from={original}")
    assert "What you change holds from" in page.says
    fields = form(content, times="18:00", start=TOMORROW.isoformat(), original=original, revision=str(old.revision))
    await editor.post(f"/schedules/{old.schedule_id}", [*fields, ("schedule_id", old.schedule_id)])
    found = await station.desk.schedules.all(since_us=0)
    assert len(found) == 2
    assert sorted(one.schedule.series.rule.by_hour for one in found) == [(17,), (18,)]


# --- conflicts --------------------------------------------------------------------------------------------------------


async def test_a_conflict_names_both_and_offers_its_two_answers(station: Station, editor: Browser) -> None:
    await editor.post("/schedules", form(await bulletin(station)))
    first = await planned(station)
    later = await bulletin(station, "Tin thể thao")
    meets = await editor.post("/schedules", form(later))
    assert meets.url.endswith("/conflicts?done=planned")
    assert "Bản tin chiều" in meets.says
    assert "Tin thể thao" in meets.says
    second = next(one for one in await station.desk.schedules.all() if one.title == "Tin thể thao")
    assert "Append: this one at" in meets.says
    to = re.search(r'name="original" value="([^"]+)"><input type="hidden" name="to" value="([^"]+)"', meets.text)
    assert to is not None
    await editor.post(f"/schedules/{second.schedule_id}/append", {"original": to[1], "to": to[2]})
    (change,) = (await station.desk.schedules.get(second.schedule_id)).schedule.series.changes
    assert isinstance(change, Changed)
    assert change.to is not None
    assert change.to.time() == time(17, 1), "when the other one is over"
    chosen: dict[str, str] = {"first": second.schedule_id, "other": first.schedule_id}
    await editor.post(f"/schedules/{second.schedule_id}/choose", chosen)
    async with station.parts.store.reading() as tx:
        (choice,) = await tx.choices.all()
    assert (choice.choice.first, choice.choice.second) == (second.schedule_id, first.schedule_id)
    decided = await editor.get(f"/schedules/{second.schedule_id}/conflicts")
    assert "Chosen: “Tin thể thao” goes first" in decided.says
    assert "Reverse it: “Bản tin chiều” goes first" in decided.says
    assert re.search(r"\d+ times are not heard\.", decided.says), "what the other one loses"
    assert "button-main" not in decided.text.partition("<main")[2], "nothing is left to be done"
    assert "Conflicts" not in (await editor.get("/schedules/new")).says


async def test_a_conflict_names_the_area_that_there_is_now_where_one_was_merged(
    station: Station, editor: Browser
) -> None:
    village = AreaId((await station.desk.areas.add("Xóm Cũ", HOME, "village", "admin")).area_id)
    for one in ("s-0", "s-1"):
        await station.desk.speakers.move(SpeakerId(one), village, "admin")
    await station.desk.succession.merge([village], "Xóm Mới", TODAY, "admin", new=True)
    await looked(station)
    await editor.post("/schedules", form(await bulletin(station)))
    meets = await editor.post("/schedules", form(await bulletin(station, "Tin xóm"), areas="", speakers="s-0"))
    assert meets.url.endswith("/conflicts?done=planned")
    assert "Xóm Mới · 1 speaker" in meets.says
    assert "Xóm Cũ" not in meets.says


async def test_what_lost_its_area_stands_first_and_says_what_it_waits_for(station: Station, editor: Browser) -> None:
    await second_area(station)
    await station.desk.areas.add("Xóm Mới", HOME, "village", "admin")
    village = next(one for one in station.desk.areas.tree().below(HOME) if one != HOME)
    soon, late = await bulletin(station), await bulletin(station, "Tin thể thao")
    await editor.post("/schedules", form(soon))
    await editor.post("/schedules", form(late, areas=village, start=(TODAY + timedelta(days=9)).isoformat()))
    await station.desk.succession.merge([AreaId(village)], SIBLING, TODAY, "admin", new=False, country=True)
    await looked(station)
    async with person(station, "kỹ thuật", (Role.ADMINISTRATOR, HOME), (Role.ADMINISTRATOR, SIBLING)) as browser:
        listed = (await browser.get("/schedules")).text.partition("card-flush")[2]
    first, _, second = listed.partition("</li>")
    assert "Tin thể thao" in first
    assert "Waits for the area that follows" in first
    assert "Waiting for approval" not in first
    assert "Bản tin chiều" in second


# --- approvals --------------------------------------------------------------------------------------------------------


async def test_an_approver_hears_and_approves_exactly_what_was_on_the_page(
    station: Station, editor: Browser, approver: Browser
) -> None:
    await editor.post("/schedules", form(await bulletin(station)))
    made = await planned(station)
    assert "1" in (await approver.get("/parts/approvals-count")).says
    assert "Bản tin chiều" in (await approver.get("/approvals")).says
    page = await approver.get(f"/approvals/{made.schedule_id}")
    assert "/clips/" in page.text
    assert "Kính mời bà con đi họp." in page.says
    assert "Every day at 17:00" in page.says
    seen = binding_in(page)
    changed = form(made.schedule.content_id, times="17:30", revision=str(made.revision))
    await editor.post(f"/schedules/{made.schedule_id}", changed)
    stale = await approver.post(f"/approvals/{made.schedule_id}/approve", {"binding": seen})
    assert stale.status == 409
    assert "changed since you looked" in stale.says
    done = await approver.post(f"/approvals/{made.schedule_id}/approve", {"binding": binding_in(stale)})
    assert done.url == "/approvals?done=approved"
    assert await station.desk.approvals.state_of(made.schedule_id) is ApprovalState.APPROVED
    assert "người duyệt" in (await approver.get(f"/approvals/{made.schedule_id}")).says
    await approver.post(f"/approvals/{made.schedule_id}/revoke")
    assert await station.desk.approvals.state_of(made.schedule_id) is not ApprovalState.APPROVED


async def test_a_moved_occurrence_far_ahead_is_approved_with_what_it_meets_there(
    station: Station, editor: Browser, approver: Browser
) -> None:
    day = TODAY + timedelta(days=40)
    at_five, at_six = datetime.combine(day, time(17)), datetime.combine(day, time(18))
    await editor.post("/schedules", form(await bulletin(station)))
    made = await planned(station)
    await editor.post(
        "/schedules",
        form(await bulletin(station, "Tin thể thao"), repeat="once", start=day.isoformat(), times="18:00"),
    )
    await looked(station)
    await editor.post(
        f"/schedules/{made.schedule_id}/at/{at_five:%Y-%m-%dT%H:%M}/move", {"to": f"{at_six:%Y-%m-%dT%H:%M}"}
    )
    assert "Tin thể thao" not in (await approver.get(f"/approvals/{made.schedule_id}")).says
    assert "Tin thể thao" in (await approver.get(f"/approvals/{made.schedule_id}?at={at_five:%Y-%m-%dT%H:%M}")).says


async def test_it_is_sent_back_with_a_word_that_its_author_reads(
    station: Station, editor: Browser, approver: Browser
) -> None:
    await editor.post("/schedules", form(await bulletin(station)))
    made = await planned(station)
    seen = binding_in(await approver.get(f"/approvals/{made.schedule_id}"))
    wordless = await approver.post(f"/approvals/{made.schedule_id}/send-back", {"binding": seen, "note": " "})
    assert wordless.status == 422
    await approver.post(f"/approvals/{made.schedule_id}/send-back", {"binding": seen, "note": "Giờ này trẻ đang học."})
    assert "Giờ này trẻ đang học." in (await editor.get(f"/schedules/{made.schedule_id}")).says
    assert "Nothing waits for you." in (await approver.get("/approvals")).says


async def test_one_s_own_is_not_approved_where_somebody_else_may(station: Station, approver: Browser) -> None:
    content = await bulletin(station)
    await approver.post("/schedules", form(content))
    made = await planned(station)
    page = await approver.get(f"/approvals/{made.schedule_id}")
    assert "somebody else must approve it" in page.says
    assert "Approve exactly this" not in page.says
    refused = await approver.post(f"/approvals/{made.schedule_id}/approve", {"binding": binding_in(page)})
    assert refused.status == 409


async def test_whoever_is_alone_may_approve_their_own_on_the_record(station: Station) -> None:
    async with station.browser() as alone:
        await alone.post("/schedules", form(await bulletin(station, by=NAME)))
        made = await planned(station)
        page = await alone.get(f"/approvals/{made.schedule_id}")
        assert "recorded in the log" in page.says
        await alone.post(f"/approvals/{made.schedule_id}/approve", {"binding": binding_in(page)})
    (approval,) = await station.desk.approvals.of(made.schedule_id)
    assert approval.self_approved
    assert approval.at_us <= int(datetime.now(UTC).timestamp() * 1e6)
