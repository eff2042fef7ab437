"""Programs plan, approve, set limits, and read what becomes of it: with the same rules as persons."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from agents.protocol.ids import AreaId
from controller.domain.rights import EVERYWHERE, Right, Role
from controller.web.api import conflicts
from controller.web.i18n import Language, load_translators
from controller.web.moments import moment, today
from tests.controller.web.browser import Browser
from tests.controller.web.callers import ELSEWHERE, HOME, SIBLING, add_token, person, program, second_area
from tests.controller.web.station import Station
from tests.controller.web.test_api import call, ready_bulletin

SCHEDULES = "/api/v1/schedules"
SAY = load_translators()[Language.VIETNAMESE]


async def until(reached: Callable[[], Awaitable[bool] | bool]) -> None:
    """The planner looks at what was changed in its own time."""
    async with asyncio.timeout(10):
        while not (await found if isinstance(found := reached(), Awaitable) else found):
            await asyncio.sleep(0.02)


@pytest.fixture
async def editor(station: Station) -> AsyncIterator[Browser]:
    async with person(station, "lan", (Role.EDITOR, HOME)) as browser:
        yield browser


@pytest.fixture
async def approver(station: Station) -> AsyncIterator[Browser]:
    async with person(station, "mai", (Role.APPROVER, HOME)) as browser:
        yield browser


def day_after(station: Station, days: int) -> str:
    return (today(station.parts.clock.now_us(), SAY.zone) + timedelta(days=days)).isoformat()


def wanted(station: Station, content_id: str, clock: str = "17:00", **more: Any) -> dict[str, Any]:
    """Every day from tomorrow on, in the area of the station."""
    rule = {"rrule": "FREQ=DAILY", "start": f"{day_after(station, 1)}T{clock}"}
    return {"content_id": content_id, "target": {"areas": [HOME]}, "rule": rule, **more}


async def planned(station: Station, by: Browser, clock: str = "17:00", **more: Any) -> dict[str, Any]:
    content_id = await ready_bulletin(station, by)
    made: dict[str, Any] = await call(by, "POST", SCHEDULES, wanted(station, content_id, clock, **more), 201)
    return made


async def approved(schedule_id: str, by: Browser) -> None:
    request = await call(by, "GET", f"{SCHEDULES}/{schedule_id}/approval")
    await call(by, "POST", f"{SCHEDULES}/{schedule_id}/approve", {"binding": request["binding"]})


async def noticed(station: Station, *schedule_ids: str) -> None:
    """The planner knows them."""
    await until(lambda: set(schedule_ids) <= set(station.parts.planner.reading.planned))


# --- schedules --------------------------------------------------------------------------------------------------------


async def test_a_schedule_is_told_in_words_with_its_next_ten_occurrences(station: Station, editor: Browser) -> None:
    made = await planned(station, editor)
    assert made["rule"]["sentence"].startswith("Every day at 17:00")
    assert made["rule"]["zone"] == "Asia/Ho_Chi_Minh"
    assert [one["original"] for one in made["next"]] == [f"{day_after(station, n)}T17:00" for n in range(1, 11)]
    assert (made["approval"], made["area_id"], made["created_by"]) == ("waiting", HOME, "lan")
    assert (await call(editor, "GET", f"{SCHEDULES}/{made['schedule_id']}")) == made
    assert [one["schedule_id"] for one in (await call(editor, "GET", SCHEDULES))["schedules"]] == [made["schedule_id"]]
    assert (await call(editor, "GET", f"{SCHEDULES}?area_id={SIBLING}"))["schedules"] == []
    second = await planned(station, editor, "18:00")
    page = await call(editor, "GET", f"{SCHEDULES}?limit=1")
    assert [one["schedule_id"] for one in page["schedules"]] == [made["schedule_id"]]
    page = await call(editor, "GET", f"{SCHEDULES}?limit=1&before={page['next']}")
    assert ([one["schedule_id"] for one in page["schedules"]], page["next"]) == ([second["schedule_id"]], None)


async def test_one_occurrence_is_changed_and_the_series_stays(station: Station, editor: Browser) -> None:
    made = await planned(station, editor)
    first, second, third = (one["original"] for one in made["next"][:3])
    at = f"{SCHEDULES}/{made['schedule_id']}/occurrences"
    moved = await call(editor, "POST", f"{at}/{first}/move", {"to": f"{day_after(station, 1)}T18:30"})
    assert moved["changes"] == [
        {"original": first, "cancelled": False, "to": f"{day_after(station, 1)}T18:30", "content_id": None}
    ]
    other = await ready_bulletin(station, editor)
    await call(editor, "POST", f"{at}/{second}/replace", {"content_id": other})
    cancelled = await call(editor, "POST", f"{at}/{third}/cancel")
    assert [one["cancelled"] for one in cancelled["changes"]] == [False, False, True]
    listed = (await call(editor, "GET", f"{at}?day={day_after(station, 1)}&days=4"))["occurrences"]
    assert [one["change"] is not None for one in listed] == [True, True, True, False]
    restored = await call(editor, "POST", f"{at}/{first}/restore")
    assert [one["original"] for one in restored["changes"]] == [second, third]
    unknown = await call(editor, "POST", f"{at}/{day_after(station, 1)}T09:00/cancel", status=422)
    assert unknown["code"] == "exception_unknown"


async def test_what_follows_is_changed_without_what_was(station: Station, editor: Browser) -> None:
    made = await planned(station, editor)
    third = made["next"][2]["original"]
    body = {**wanted(station, made["content_id"]), "rule": {"rrule": "FREQ=DAILY", "start": f"{third[:10]}T06:00"}}
    told = await call(editor, "POST", f"{SCHEDULES}/{made['schedule_id']}/occurrences/{third}/split", body, 201)
    assert [one["original"][11:] for one in told["ended"]["next"]] == ["17:00", "17:00"]
    assert told["begun"]["next"][0]["original"] == f"{third[:10]}T06:00"


async def test_two_who_change_the_same_schedule_do_not_overwrite_each_other(station: Station, editor: Browser) -> None:
    made = await planned(station, editor)
    path = f"{SCHEDULES}/{made['schedule_id']}"
    body = {**wanted(station, made["content_id"], "06:30"), "revision": made["revision"]}
    changed = await call(editor, "PUT", path, body)
    assert (changed["revision"], changed["rule"]["start"][11:]) == (made["revision"] + 1, "06:30")
    assert (await call(editor, "PUT", path, body, 409))["code"] == "changed_meanwhile"
    history = await call(editor, "GET", f"{path}/history")
    assert [one["number"] for one in history["revisions"]] == [2, 1]
    assert (await call(editor, "DELETE", path))["withdrawn"]
    assert (await call(editor, "PUT", path, {**body, "revision": None}, 409))["code"] == "withdrawn"


BAD_RULES: list[tuple[dict[str, Any], int, str]] = [
    ({"rrule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}, 422, "rule_never_fires"),
    ({"rrule": "FREQ=SECONDLY"}, 422, "rule_too_often"),
    ({"rrule": "FREQ=DAILY;BYHOUR=5,6,7,8,9,10,11,12,13;BYMINUTE=0,10,20,30,40,50"}, 422, "rule_too_often"),
    ({"rrule": "FREQ=DAILY", "start": "0001-01-01T17:00"}, 422, "rule_out_of_years"),
    ({"rrule": "FREQ=DAILY", "zone": ""}, 422, "zone_unknown"),
    ({"rrule": "FREQ=DAILY", "zone": "Mars/Phobos"}, 422, "zone_unknown"),
    ({"rrule": "FREQ=DAILY", "start": "2026-03-02T17:00:00+07:00"}, 422, "wall_time_malformed"),
    ({"rrule": "FREQ=DAILY", "start": "heute"}, 422, "wall_time_malformed"),
    ({"rrule": "FREQ=DAILY;INTERVAL=0"}, 422, "rule_malformed"),
    ({"rrule": "FREQ=DAILY;COUNT=99999"}, 422, "rule_too_many"),
    ({"rrule": "FREQ=DAILY;" * 1_000}, 400, "bad_json"),
    ({"rrule": "", "extra": ["2099-03-02T17:00"] * 300}, 400, "bad_json"),
]


async def test_a_rule_that_cannot_be_planned_by_is_refused_with_a_reason(station: Station, editor: Browser) -> None:
    for rule, status, code in BAD_RULES:
        body = {"rule": {"start": f"{day_after(station, 1)}T17:00", **rule}}
        told = await call(editor, "POST", "/api/v1/previews/rule", body, status)
        assert (told["code"], len(told["sentence"]) > 30) == (code, True), rule


async def test_a_schedule_without_places_or_for_foreign_ones_is_refused(station: Station, editor: Browser) -> None:
    await second_area(station)
    content_id = await ready_bulletin(station, editor)
    for target, status, code in (
        ({}, 422, "targets_missing"),
        ({"areas": [SIBLING]}, 403, "not_allowed"),
        ({"speakers": [ELSEWHERE]}, 403, "not_allowed"),
        ({"areas": [HOME] * 600}, 400, "bad_json"),
    ):
        body = {**wanted(station, content_id), "target": target}
        assert (await call(editor, "POST", SCHEDULES, body, status))["code"] == code
    assert (await call(editor, "GET", SCHEDULES))["schedules"] == []


# --- what it would meet -----------------------------------------------------------------------------------------------


async def test_a_preview_says_what_it_would_meet_and_keeps_nothing(station: Station, editor: Browser) -> None:
    first = await planned(station, editor, slot_s=600)
    await noticed(station, first["schedule_id"])
    body = {**wanted(station, first["content_id"], slot_s=300), "days": 3}
    told = await call(editor, "POST", "/api/v1/previews/schedule", body)
    assert told["speakers"] == 3
    met = told["conflicts"][0]
    assert (met["other_schedule_id"], met["wins"], met["may_override"]) == (first["schedule_id"], False, True)
    assert met["free_at_us"] > met["start_at_us"]
    assert len((await call(editor, "GET", SCHEDULES))["schedules"]) == 1


async def test_one_preview_after_another_is_reckoned(
    station: Station, editor: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, at_once, most = await planned(station, editor), 0, 0
    whole = conflicts.preview

    def watched(*given: Any) -> Any:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        found = whole(*given)
        at_once -= 1
        return found

    monkeypatch.setattr(conflicts, "preview", watched)
    body = wanted(station, made["content_id"])
    await asyncio.gather(*(call(editor, "POST", "/api/v1/previews/schedule", body) for _ in range(5)))
    assert most == 1


async def test_of_two_that_meet_one_is_chosen_to_go_first(station: Station, editor: Browser) -> None:
    first, second = await planned(station, editor), await planned(station, editor)
    await noticed(station, first["schedule_id"], second["schedule_id"])
    path = f"{SCHEDULES}/{second['schedule_id']}"
    assert not (await call(editor, "GET", f"{path}/conflicts"))["conflicts"][0]["wins"]
    free = await call(editor, "GET", f"{path}/occurrences/{second['next'][0]['original']}/free")
    assert free["free_at"] > second["next"][0]["original"]
    chosen = {"first": second["schedule_id"], "second": first["schedule_id"]}
    await call(editor, "POST", "/api/v1/choices", chosen)
    await until(lambda: bool(station.parts.planner.world().choices))
    assert (await call(editor, "GET", f"{path}/conflicts"))["conflicts"][0]["wins"]
    assert [one["first"] for one in (await call(editor, "GET", "/api/v1/choices"))["choices"]] == [chosen["first"]]


async def test_what_is_planned_for_others_is_not_told_by_what_it_meets(station: Station, editor: Browser) -> None:
    await second_area(station)
    async with person(station, "anh", (Role.EDITOR, EVERYWHERE)) as anh:
        theirs = await planned(station, anh, target={"areas": [SIBLING]})
        both = await planned(station, anh, target={"areas": [HOME, SIBLING]})
        own = await planned(station, editor)
        await noticed(station, *(one["schedule_id"] for one in (theirs, both, own)))
        path = f"{SCHEDULES}/{both['schedule_id']}/conflicts"
        page = f"/schedules/{both['schedule_id']}/conflicts"

        async def met(by: Browser) -> tuple[set[str], set[str]]:
            told = (await call(by, "GET", path))["conflicts"]
            speakers = {speaker_id for one in told for speaker_id in one["speaker_ids"]}
            return {one["other_schedule_id"] for one in told}, speakers

        assert (await met(anh))[0] == {theirs["schedule_id"], own["schedule_id"]}
        mine, speakers = await met(editor)
        assert (mine, ELSEWHERE in speakers) == ({own["schedule_id"]}, False)
        assert theirs["schedule_id"] in (await anh.get(page)).text
        assert theirs["schedule_id"] not in (await editor.get(page)).text


# --- approval ---------------------------------------------------------------------------------------------------------


async def test_somebody_else_approves_exactly_what_was_heard(
    station: Station, editor: Browser, approver: Browser
) -> None:
    made = await planned(station, editor)
    path = f"{SCHEDULES}/{made['schedule_id']}"
    waiting = (await call(approver, "GET", "/api/v1/approvals"))["requests"]
    assert [(one["schedule"]["schedule_id"], one["state"], one["own"]) for one in waiting] == [
        (made["schedule_id"], "waiting", False)
    ]
    assert waiting[0]["parts"][0]["url"].startswith("/api/v1/clips/")
    stale = await call(approver, "POST", f"{path}/approve", {"binding": "0" * 64}, 409)
    assert stale["code"] == "approval_stale"
    body = {"binding": waiting[0]["binding"]}
    assert (await call(editor, "POST", f"{path}/approve", body, 403))["code"] == "not_allowed"
    told = await call(approver, "POST", f"{path}/approve", body)
    assert (told["by"], told["self_approved"], told["revoked_at_us"]) == ("mai", False, None)
    assert (await call(editor, "GET", path))["approval"] == "approved"
    changed = await call(editor, "PUT", path, wanted(station, made["content_id"], "06:00"))
    assert changed["approval"] == "void"


async def test_what_is_sent_back_or_revoked_says_so(station: Station, editor: Browser, approver: Browser) -> None:
    made = await planned(station, editor)
    path = f"{SCHEDULES}/{made['schedule_id']}"
    binding = (await call(approver, "GET", f"{path}/approval"))["binding"]
    empty = await call(approver, "POST", f"{path}/send-back", {"binding": binding, "note": " "}, 422)
    assert empty["code"] == "note_missing"
    sent = await call(approver, "POST", f"{path}/send-back", {"binding": binding, "note": "Sai ngày họp."})
    assert (sent["approval"], sent["sent_back"], sent["sent_back_by"]) == ("sent_back", "Sai ngày họp.", "mai")
    await approved(made["schedule_id"], approver)
    revoked = await call(approver, "POST", f"{path}/revoke", {})
    assert revoked["revoked_by"] == "mai"
    told = await call(editor, "GET", f"{path}/approvals")
    assert (told["state"] != "approved", len(told["approvals"])) == (True, 1)


# --- limits, rundowns, calendars --------------------------------------------------------------------------------------


async def test_a_looser_limit_below_has_no_effect_and_is_named(station: Station, approver: Browser) -> None:
    path = f"/api/v1/areas/{HOME}/guards"
    quiet = [{"begin": "21:30", "until": "05:00"}]
    told = await call(approver, "PUT", path, {"limits": {"quiet": quiet, "slots_a_day": 3, "max_volume_percent": 80}})
    assert [one["place"]["name"] for one in told["sources"]] == ["Xã Hoà Bình"] * 3
    assert told["self_approval"]["allowed"] is False or told["self_approval"]["approvers"] == 1
    speaker = f"/api/v1/speakers/{station.speaker_ids[0]}/guards"
    own = {"quiet": [{"begin": "22:00", "until": "04:00"}], "slots_a_day": 5, "max_volume_percent": 60}
    below = await call(approver, "PUT", speaker, {"limits": own})
    assert below["effective"]["slots_a_day"] == 3
    assert below["effective"]["max_volume_percent"] == 60
    assert below["without_effect"] == ["At most 5 slots a day", "Quiet from 22:00 to 04:00"]
    assert (await call(approver, "PUT", path, {"limits": {}, "revision": 0}, 409))["code"] == "changed_meanwhile"
    assert {one["place_id"] for one in (await call(approver, "GET", "/api/v1/guards"))["places"]} == {HOME, "s-0"}


BAD_LIMITS: list[tuple[dict[str, Any], str]] = [
    ({"quiet": [{"begin": "25:00", "until": "05:00"}]}, "quiet_malformed"),
    ({"quiet": [{"begin": "21:00", "until": "05:00", "weekdays": [7]}]}, "quiet_malformed"),
    ({"slots_a_day": -1}, "limit_malformed"),
    ({"max_volume_percent": 1_000}, "limit_malformed"),
]


async def test_limits_that_say_nothing_sensible_are_refused(station: Station, approver: Browser) -> None:
    for limits, code in BAD_LIMITS:
        told = await call(approver, "PUT", f"/api/v1/areas/{HOME}/guards", {"limits": limits}, 422)
        assert told["code"] == code, limits


async def test_a_rundown_says_of_every_item_what_becomes_of_it(
    station: Station, editor: Browser, approver: Browser
) -> None:
    waits, night, heard = [await planned(station, editor, clock) for clock in ("12:00", "03:15", "17:00")]
    for one in (night, heard):
        await approved(one["schedule_id"], approver)
    limits = {"limits": {"quiet": [{"begin": "21:30", "until": "05:00"}]}}
    await call(approver, "PUT", f"/api/v1/areas/{HOME}/guards", limits)
    path = f"/api/v1/speakers/s-0/rundown?day={day_after(station, 1)}"

    async def told() -> dict[str, Any]:
        found: dict[str, Any] = await call(editor, "GET", path)
        return found

    async def settled() -> bool:
        return {one["outcome"] for one in (await told())["items"]} == {"refused", "whole"} and bool(
            station.parts.planner.world().guards
        )

    await until(settled)
    found = await told()
    said = {one["schedule_id"]: (one["outcome"], one["reason"]) for one in found["items"]}
    assert said == {
        waits["schedule_id"]: ("refused", "not_approved"),
        night["schedule_id"]: ("refused", "quiet_hours"),
        heard["schedule_id"]: ("whole", ""),
    }
    assert [one["sentence"] for one in found["sources"]] == ["Quiet from 21:30 to 05:00"]
    assert len(found["quiet"]) == 2
    week = await call(editor, "GET", f"/api/v1/week?day={day_after(station, 1)}&area_id={HOME}")
    assert {one["heard"] for one in week["items"] if one["schedule_id"] == heard["schedule_id"]} == {3}
    assert week["next"] is None
    pages = f"/api/v1/week?day={day_after(station, 1)}&limit=8"
    first = await call(editor, "GET", pages)
    rest = await call(editor, "GET", f"{pages[:-1]}1000&before={first['next']}")
    assert len(first["items"]) == 8
    assert [*first["items"], *rest["items"]] == week["items"]
    assert (await call(editor, "GET", "/api/v1/speakers/s-0/rundown?day=2026-02-30", status=422))["code"] == (
        "day_malformed"
    )


async def test_other_calendars_are_told_the_area_that_there_is_now_where_some_were_merged(
    station: Station, editor: Browser
) -> None:
    made = [await station.desk.areas.add(name, HOME, "village", "admin") for name in ("Cũ", "Xưa")]
    villages = [AreaId(one.area_id) for one in made]
    await planned(station, editor, target={"areas": villages})
    on = today(station.parts.clock.now_us(), SAY.zone)
    await station.desk.succession.merge(villages, "Xóm Mới", on, "admin", new=True)
    async with program(station, [Right.SEE], HOME) as here:
        file = await here.get("/api/v1/calendar.ics")
    assert re.findall("LOCATION:(.*)", file.text.replace("\r", "")) == ["Xóm Mới"]


async def test_other_calendars_read_what_is_planned_with_a_token(
    station: Station, editor: Browser, approver: Browser
) -> None:
    await second_area(station)
    made = await planned(station, editor)
    async with program(station, [Right.SEE], HOME) as here:
        file = await here.get(f"/api/v1/calendar.ics?area_id={HOME}")
        assert (file.status, file.headers["Content-Type"]) == (200, "text/calendar; charset=utf-8")
        assert file.text.count("BEGIN:VEVENT") == 1
        assert f"UID:{made['schedule_id']}@loa" in file.text
        assert "RRULE:FREQ=DAILY" in file.text
        assert (await here.get(f"/calendar.ics?area_id={HOME}", follow=False)).status == 303, "pages take no token"
        assert "LOCATION:Xã Hoà Bình" in file.text
        assert "STATUS:TENTATIVE" in file.text, "nobody approved it yet"
        await approved(made["schedule_id"], approver)
        await station.desk.planner.look()
        assert "STATUS:CONFIRMED" in (await here.get("/api/v1/calendar.ics")).text
    text = await add_token(station, "Nơi khác", [Right.SEE], SIBLING)
    async with Browser(station.url, headers={"Authorization": f"Bearer {text}"}) as there:
        assert (await there.get("/api/v1/calendar.ics")).text.count("BEGIN:VEVENT") == 0
        assert (await there.get(f"/api/v1/calendar.ics?area_id={HOME}")).status == 404
        assert (await there.get(f"{SCHEDULES}/{made['schedule_id']}")).status == 404


async def test_a_station_keeps_days_off_of_its_own(station: Station) -> None:
    async with person(station, "chi", (Role.ADMINISTRATOR, EVERYWHERE)) as browser:
        await call(browser, "PUT", "/api/v1/holidays/2027-09-03", {"name": "Nghỉ bù Quốc khánh"})
        listed = (await call(browser, "GET", "/api/v1/holidays?year=2027"))["holidays"]
        assert [one["name"] for one in listed if one["own"]] == ["Nghỉ bù Quốc khánh"]
        assert {"2027-02-06", "2027-09-02"} <= {one["day"] for one in listed if not one["own"]}
        await call(browser, "DELETE", "/api/v1/holidays/2027-09-03", status=204)
    async with person(station, "duy", (Role.APPROVER, AreaId(HOME))) as browser:
        body = {"name": "Ngày riêng"}
        assert (await call(browser, "PUT", "/api/v1/holidays/2027-09-03", body, 403))["code"] == "not_allowed"
        assert moment(station.parts.clock.now_us()).year >= 2026
