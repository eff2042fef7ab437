"""The pages of alerts that came in: a file is taken in, looked at, and decided by a deed that is no click."""

from controller.domain.cap_alerts import AlertState, CapAlertId
from controller.domain.rights import Role
from tests.controller.web.browser import Answer, Browser
from tests.controller.web.callers import HOME, OWN_PASSWORD, SIBLING, add_person, second_area
from tests.controller.web.cap.test_api import made
from tests.controller.web.station import Station


async def taken_in(browser: Browser, raw: bytes) -> Answer:
    await browser.get("/cap")
    return await browser.post_file("/cap", "file", raw)


async def state(station: Station, page: Answer) -> AlertState:
    found = await station.desk.cap.inbox.view(CapAlertId(page.url.rpartition("/")[2]))
    return found.alert.state


async def test_it_is_confirmed_where_it_holds_by_a_deed_and_then_by_a_second_person(station: Station) -> None:
    async with station.browser() as admin:
        page = await taken_in(admin, made().xml())
        assert "Waits for you" in page.says
        assert "Xã Hoà Bình" in page.says
        assert "3 speakers" in page.says
        assert "Rời khỏi bờ suối ngay." in page.says
        assert "a second person confirms it after you" in page.says
        assert "Lũ quét trên suối Đông." in (await admin.get("/cap")).says

        click = await admin.post(f"{page.url}/confirm", {"areas": HOME})
        assert click.status == 422
        nowhere = await admin.post(f"{page.url}/confirm", {"word": "Xã Hoà Bình"})
        assert nowhere.status == 422
        assert await state(station, page) is AlertState.HELD

        sent = await admin.post(f"{page.url}/confirm", {"areas": HOME, "word": "xa hoa binh"})
        assert sent.status == 200
        assert await state(station, page) is AlertState.DECIDED
        assert "Confirmed" in sent.says


async def test_it_is_declined_with_a_reason(station: Station) -> None:
    async with station.browser() as admin:
        page = await taken_in(admin, made().xml())
        assert (await admin.post(f"{page.url}/decline", {"areas": HOME, "reason": ""})).status == 422
        declined = await admin.post(f"{page.url}/decline", {"areas": HOME, "reason": "Đã phát hôm qua."})
        assert "Đã phát hôm qua." in declined.says
        assert await state(station, page) is AlertState.DECLINED


async def test_an_exercise_can_be_confirmed_as_a_drill_and_as_nothing_else(station: Station) -> None:
    async with station.browser() as admin:
        page = await taken_in(admin, made(status="Exercise").xml())
        assert "Not in earnest" in page.says
        assert "heard for REAL" not in page.says
        assert (await admin.post(f"{page.url}/confirm", {"areas": HOME, "word": "Xã Hoà Bình"})).status == 422
        assert (await admin.post(f"{page.url}/confirm", {"areas": HOME, "word": "drill"})).status == 200
        assert await state(station, page) is AlertState.DECIDED


async def test_what_cannot_be_used_says_why(station: Station) -> None:
    async with station.browser() as admin:
        page = await taken_in(admin, b"<html><body>404</body></html>")
        assert "Cannot be used" in page.says
        assert "This is a web page (HTML), not an alert." in page.says
        assert "/confirm" not in page.text


async def test_it_is_not_there_for_who_is_elsewhere(station: Station) -> None:
    await second_area(station)
    await add_person(station, "lan", (Role.OFFICER, SIBLING))
    async with station.browser() as admin, Browser(station.url, language="en") as lan:
        page = await taken_in(admin, made().xml())
        await lan.sign_in("lan", OWN_PASSWORD)
        assert (await lan.get(page.url)).status == 404
        assert "Lũ quét" not in (await lan.get("/cap")).says


async def test_a_feed_and_a_rule_are_added_and_removed(station: Station) -> None:
    async with station.browser() as admin:
        await admin.get("/cap/settings")
        feed = {"name": "Trung tâm", "url": "https://cap.example/atom.xml", "every_s": "60"}
        feed |= {"header": "Authorization", "secret": "s3cret"}
        wrong = await admin.post("/cap/settings/feeds", {**feed, "url": "ftp://cap.example/"})
        assert (wrong.status, "s3cret" in wrong.text) == (422, False)
        assert 'value="Trung tâm"' in wrong.text
        assert "Trung tâm" in (await admin.post("/cap/settings/feeds", feed)).says
        rule = {"area_id": HOME, "sender": "nchmf", "severity": "Severe", "urgency": "Expected", "certainty": "Likely"}
        assert "Severe or worse" in (await admin.post("/cap/settings/rules", rule)).says
        (made_rule,) = await station.desk.cap.settings.rules()
        gone = await admin.post(f"/cap/settings/rules/{made_rule.rule_id}/remove", {})
        assert "every alert waits for a person" in gone.says
