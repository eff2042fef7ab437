"""The pages of alerts that came in: a file is taken in, looked at, and decided by a deed that is no click."""

from dataclasses import replace

import pytest

from agents.protocol.ids import AreaId, DeviceId, SpeakerId
from controller.domain.cap_alerts import AlertState, CapAlertId, Reason, Sending, SendingState, Source, SourceKind
from controller.domain.cap_rules import Rule
from controller.domain.rights import EVERYWHERE, Actor, Right, Role
from controller.domain.speakers import Speaker, SpeakerState
from controller.services.people import shell
from controller.store import cap as cap_store
from controller.web.cap.present import explained
from controller.web.cap.reasons import reason_sentence
from controller.web.i18n import Language, load_translators
from controller.web.moments import moment
from schedules.areas import Area
from tests.controller.services.alerts import HOUR_US, SENDER, Info
from tests.controller.web.browser import Answer, Browser
from tests.controller.web.callers import HOME, OWN_PASSWORD, SIBLING, add_person, second_area
from tests.controller.web.cap.test_api import made, now_us
from tests.controller.web.station import NAME, PASSWORD, Station

SAY = load_translators()


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


async def test_a_broken_file_is_told_without_what_only_machines_say(station: Station) -> None:
    broken = made().xml().replace(b"</event>", b"</evnt>")
    async with station.browser() as admin, Browser(station.url, language="vi") as lan:
        page = await taken_in(admin, broken)
        assert "an element that was opened is closed by another" in page.says
        assert "mismatch" not in page.says
        (refused,) = await station.desk.cap.inbox.latest(1)
        assert refused.key.identifier[1:65] not in page.text
        await lan.sign_in(NAME, PASSWORD)
        assert "thẻ mở ra bị đóng bằng thẻ khác" in (await lan.get(page.url)).says


async def test_what_was_over_when_it_came_says_when_and_that_it_came_late(station: Station) -> None:
    over_us = now_us() - HOUR_US
    async with station.browser() as admin:
        page = await taken_in(admin, made(sent_us=over_us - HOUR_US, infos=(Info(expires_us=over_us),)).xml())
        assert "Expired before it came" in page.says
        assert "before anybody decided" not in page.says
        assert "not said" not in page.says
        there = SAY[Language.ENGLISH].format_datetime(moment(over_us))
        assert f"Valid until {there}" in page.says


def test_instants_in_findings_are_told_in_the_zone_of_the_station() -> None:
    expired = Reason("expired", values={"at": "2026-11-21 22:35 UTC"})
    assert "05:35" in reason_sentence(expired, SAY[Language.ENGLISH])
    odd = Reason("expired", values={"at": "9999-12-31 23:59 UTC"})
    assert "9999" in reason_sentence(odd, SAY[Language.ENGLISH])


async def test_how_long_it_is_repeated_is_said_before_it_is_confirmed(station: Station) -> None:
    async with station.browser() as admin:
        page = await taken_in(admin, made().xml())
        assert "It is repeated for at most 10 minutes." in page.says
        assert "It is not repeated until it expires." in page.says
        soon = made(identifier="soon", infos=(Info(expires_us=now_us() + HOUR_US // 20),))
        short = await taken_in(admin, soon.xml())
        assert "It is repeated for at most 3 minutes." in short.says
        assert "It is not repeated until it expires." not in short.says


async def test_what_is_still_being_made_is_not_called_heard(station: Station) -> None:
    async with station.browser() as admin:
        page = await taken_in(admin, made().xml())
    found = await station.desk.cap.inbox.view(CapAlertId(page.url.rpartition("/")[2]))
    making = Sending(sending_id="cs-1", messages=(0,), area_ids=(AreaId(HOME),), drill=False, by="lan")

    def told(*, trusted: bool, state: SendingState) -> str:
        decided = replace(found.alert, state=AlertState.DECIDED, trusted=trusted)
        return explained(decided.with_sending(replace(making, state=state)))

    assert "nothing is heard yet" in told(trusted=True, state=SendingState.MAKING)
    assert "before a second person has confirmed" in told(trusted=False, state=SendingState.MAKING)
    assert "before a second person has confirmed" in told(trusted=False, state=SendingState.PREPARED)
    assert "is heard or on its way" in told(trusted=False, state=SendingState.SENT)


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


async def test_what_is_typed_is_where_all_of_it_is_heard(station: Station) -> None:
    for number, name in enumerate(("Thôn Thượng", "Thôn Hạ"), start=1):
        await village(station, f"x-1-{number}", name)
    one, two = (area_code(f"x-1-{number}") for number in (1, 2))
    async with station.browser() as admin:
        page = await taken_in(admin, made(identifier="one", infos=(info(one),)).xml())
        wrong = await admin.post(f"{page.url}/confirm", {"areas": "x-1-1", "word": "Xã Hoà Bình"})
        assert wrong.status == 422
        assert (await admin.post(f"{page.url}/confirm", {"areas": "x-1-1", "word": "thon thuong"})).status == 200

        page = await taken_in(admin, made(identifier="two", infos=(info(one + two),)).xml())
        areas = [("areas", "x-1-1"), ("areas", "x-1-2")]
        wrong = await admin.post(f"{page.url}/confirm", [*areas, ("word", "Thôn Hạ")])
        assert wrong.status == 422
        assert (await admin.post(f"{page.url}/confirm", [*areas, ("word", "xa hoa binh")])).status == 200
        assert await state(station, page) is AlertState.DECIDED


async def test_what_a_stop_holds_back_says_so_in_the_list(station: Station) -> None:
    maker = Actor(name="admin", scopes=((EVERYWHERE, frozenset({Right.MANAGE_AREAS})),), person_id="p-1")
    rule = Rule(rule_id="", area_id=AreaId(HOME), sender=SENDER, severity="Minor", urgency="Future", certainty="Likely")
    await station.desk.cap.settings.put_rule(rule, maker)
    await station.desk.stops.stop_all("lan")
    source = Source(kind=SourceKind.FEED, source_id="f", name="Trung tâm", trusted=True)
    centre = Actor(name="feed", scopes=((EVERYWHERE, frozenset({Right.CAP})),), rule_id="f")
    (taken,) = await station.desk.cap.inbox.take(made().xml(), source=source, by=centre)
    async with station.browser() as admin:
        assert "A rule would have sent it, but everything is stopped there." in (await admin.get("/cap")).says
        assert "everything is stopped there" in (await admin.get(f"/cap/{taken.alert.alert_id}")).says
        stopped = await admin.post(f"/cap/{taken.alert.alert_id}/confirm", {"areas": HOME, "word": "xa hoa binh"})
        assert (stopped.status, "Allow playing again before you send" in stopped.says) == (409, True)


async def test_an_outline_that_is_not_followed_is_a_warning(station: Station) -> None:
    comb = [(10 + n % 2, 106 + n / 10_000) for n in range(9_999)] + [(9.9, 107.0), (9.9, 106.0)]
    ring = " ".join(f"{north},{east:.5f}" for north, east in (*comb, comb[0]))
    await station.desk.cap.settings.put_position(SpeakerId("s-0"), (10.5, 106.5), shell())
    area = f"<area><areaDesc>Bờ rối</areaDesc><polygon>{ring}</polygon></area>"
    async with station.browser() as admin:
        page = await taken_in(admin, made(infos=(info(area),)).xml())
        assert "The outline of the area 'Bờ rối' is too tangled to follow" in page.says
        assert 'flash-warn"' in page.text


async def test_what_waits_is_counted_for_who_may_decide_on_it(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    await second_area(station)
    await add_person(station, "lan", (Role.OFFICER, SIBLING))
    async with station.browser() as admin, Browser(station.url, language="en") as lan:
        await lan.sign_in("lan", OWN_PASSWORD)
        for number in range(3):
            await taken_in(admin, made(identifier=f"A-{number}").xml())
        await taken_in(admin, b"<html>")
        exercise = await taken_in(admin, made(identifier="E", status="Exercise").xml())
        await admin.post(f"{exercise.url}/decline", {"areas": HOME, "reason": "Đã tập."})
        held = await station.desk.cap.inbox.held()
        assert len(await station.desk.cap.inbox.waiting()) == len(held) == 3
        monkeypatch.setattr(cap_store, "_alert", None)  # no alert is read
        assert "3 alerts wait" in (await admin.get("/parts/cap-count")).says
        assert "wait" not in (await lan.get("/parts/cap-count")).says


def area_code(area_id: str) -> str:
    return f"<area><areaDesc>x</areaDesc><geocode><valueName>code</valueName><value>{area_id}</value></geocode></area>"


def info(area: str) -> Info:
    return Info(expires_us=now_us() + HOUR_US, area=area)


async def village(station: Station, area_id: str, name: str) -> None:
    """In the first area, with a speaker in it."""
    async with station.parts.store.transaction() as tx:
        await tx.areas.add(Area(area_id=area_id, parent_id=HOME, level="village", name=name))
        await tx.speakers.put(
            Speaker(
                speaker_id=SpeakerId(f"s-{area_id}"),
                name=f"Loa {name}",
                area_id=AreaId(area_id),
                device_id=DeviceId(f"d-{area_id}"),
                device_key=area_id.encode().ljust(32, b"-"),
                state=SpeakerState.ADOPTED,
                adopted_at_us=1_767_225_600_000_000,
            )
        )
    await station.desk.areas.load()
