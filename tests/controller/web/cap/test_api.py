"""CAP alerts over HTTP: handed in with a token, decided by a person, and our own for everybody."""

import io
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import ClientSession

from agents.protocol.ids import AreaId
from controller import cap
from controller.domain.emergencies import Emergency, EmergencyDraft
from controller.domain.hazards import Hazard
from controller.domain.rights import EVERYWHERE, Actor, Right
from controller.services.cap import out as cap_out
from tests.controller.fakes import SECOND_US
from tests.controller.services.alerts import HOUR_US, Info, Made
from tests.controller.web.api_client import ApiClient
from tests.controller.web.callers import HOME, SIBLING, add_token, second_area
from tests.controller.web.senders import desk, system
from tests.controller.web.station import Station

READER = cap.Limits()


def now_us() -> int:
    return int(time.time()) * SECOND_US


def made(**more: Any) -> Made:
    infos = (Info(expires_us=now_us() + HOUR_US),)
    return Made(**{"sent_us": now_us() - 60 * SECOND_US, "infos": infos, **more})


async def post(client: ApiClient, raw: bytes) -> tuple[int, Any]:
    return await client.call("hand_in_cap", raw=raw)


async def test_an_alert_is_handed_in_looked_at_and_confirmed(station: Station) -> None:
    async with system(station, Right.HAND_IN_ALERT) as centre, desk(station) as person:
        raw = made().xml()
        status, told = await post(centre, raw)
        (alert,) = told["alerts"]
        assert (status, alert["state"], alert["trusted"]) == (202, "held", True), alert["reasons"]
        assert (alert["areas"][0]["area_id"], alert["areas"][0]["speakers"]) == ("x-1", 3)
        status, again = await post(centre, raw)
        assert (status, again["alerts"][0]["alert_id"]) == (200, alert["alert_id"])
        assert (await centre.call("confirm_cap_alert", alert_id=alert["alert_id"], body={}))[0] == 403
        status, told = await person.call("confirm_cap_alert", alert_id=alert["alert_id"], body={})
        assert (status, told["state"]) == (200, "decided")
        status, told = await person.call("confirm_cap_alert", alert_id=alert["alert_id"], body={})
        assert (status, told["code"]) == (409, "cap_decided")
        assert (await person.call("get_cap_bytes", alert_id=alert["alert_id"]))[1] == raw
        assert len((await centre.call("list_cap_alerts"))[1]["alerts"]) == 1


async def test_what_cannot_be_used_is_told_with_the_reasons(station: Station) -> None:
    async with system(station, Right.HAND_IN_ALERT) as centre:
        for raw, code in ((b"", "file_empty"), (b"<html></html>", "file_is_html"), (b"\x00<", None)):
            status, told = await post(centre, raw)
            assert (status, told["alerts"][0]["state"]) == (422, "refused")
            reasons = told["alerts"][0]["reasons"]
            assert reasons[0]["sentence"]
            assert code is None or reasons[0]["code"] == code
        text = (await centre.call("create_hand_in", body={"reference": "1", "areas": ["x-1"], "text": "Tin."}))[0]
        assert text == 403


async def test_bytes_of_another_kind_or_too_many_are_not_read(station: Station) -> None:
    text = await add_token(station, "Tỉnh", [Right.HAND_IN_ALERT], EVERYWHERE)
    url = f"{station.url}api/v1/cap"
    async with ClientSession(headers={"Authorization": f"Bearer {text}"}) as centre:
        for media_type, status in (("text/plain", 415), ("text/xml", 422), ("application/xml; charset=utf-8", 422)):
            async with centre.post(url, data=b"<a/>", headers={"Content-Type": media_type}) as answer:
                assert answer.status == status, media_type
        huge = {"Content-Type": "application/cap+xml"}
        async with centre.post(url, data=io.BytesIO(bytes(10_000_001)), headers=huge) as answer:
            assert answer.status == 413


async def test_a_token_hands_in_for_its_own_area_and_sees_its_own_alerts(station: Station) -> None:
    await second_area(station)
    async with (
        system(station, Right.HAND_IN_ALERT, area_id=SIBLING, name="Khác") as other,
        system(station, Right.HAND_IN_ALERT, area_id=HOME) as centre,
    ):
        _, told = await post(other, made().xml())
        assert told["alerts"][0]["state"] == "elsewhere"
        _, told = await post(centre, made(identifier="A-2").xml())
        assert told["alerts"][0]["state"] == "held"
        assert (await other.call("get_cap_alert", alert_id=told["alerts"][0]["alert_id"]))[0] == 404
        assert len((await other.call("list_cap_alerts"))[1]["alerts"]) == 1


async def test_an_alert_under_the_name_of_another_is_taken_beside_it_and_says_so(station: Station) -> None:
    async with system(station, Right.HAND_IN_ALERT) as centre, desk(station) as person:
        _, told = await post(centre, made(sent_us=now_us() - 5 * SECOND_US, status="Test").xml())
        sent_us = told["alerts"][0]["sent_at_us"]
        raw = made(sent_us=sent_us).xml()
        status, second = await post(centre, raw)
        (alert,) = second["alerts"]
        assert (status, alert["state"]) == (201, "held")
        assert alert["alert_id"] != told["alerts"][0]["alert_id"]
        (reason,) = alert["reasons"]
        assert reason["code"] == "says_otherwise"
        assert "Một cảnh báo khác" in reason["sentence"]
        assert (await post(centre, raw))[0] == 200
        assert (await person.call("get_cap_bytes", alert_id=alert["alert_id"]))[1] == raw


async def test_rules_feeds_languages_and_places_are_set(station: Station) -> None:
    async with desk(station) as person:
        wanted = {"area_id": "x-1", "sender": "tram@thuyvan.example"}
        status, rule = await person.call("create_cap_rule", body=wanted)
        assert (status, rule["severity"], rule["made_by"]) == (201, "Severe", "admin")
        off = {**wanted, "enabled": False}
        assert (await person.call("change_cap_rule", rule_id=rule["rule_id"], body=off))[1]["enabled"] is False
        assert (await person.call("create_cap_rule", body={**wanted, "severity": "Bad"}))[0] == 422
        assert len((await person.call("list_cap_rules"))[1]["rules"]) == 1
        assert (await person.call("remove_cap_rule", rule_id=rule["rule_id"]))[0] == 204
        feed = {"name": "KTTV", "url": "https://cap.example/feed", "header": "X-Key", "secret": "s"}
        status, told = await person.call("create_cap_feed", body=feed)
        assert (status, told["secret"], told["state"]) == (201, "***", "new")
        assert (await person.call("create_cap_feed", body={**feed, "url": "file:///etc/passwd"}))[0] == 422
        assert (await person.call("remove_cap_feed", feed_id=told["feed_id"]))[0] == 204
        assert (await person.call("set_cap_languages", area_id="x-1", body={"languages": ["vi", "en"]}))[0] == 204
        assert (await person.call("list_cap_languages"))[1]["languages"] == {"x-1": ["vi", "en"]}
        place = {"latitude": 10.5, "longitude": 106.5}
        assert (await person.call("set_speaker_position", speaker_id="s-0", body=place))[0] == 204


# --- our own ----------------------------------------------------------------------------------------------------------


def somebody(number: int) -> Actor:
    return Actor(name=f"p{number}", scopes=(), person_id=f"p-{number}")


async def sent(station: Station, *, drill: bool = False) -> Emergency:
    draft = EmergencyDraft(
        drill=drill, hazard=Hazard.FLOOD, area_ids=(AreaId("x-1"),), texts={"vi": "Nước lên."}, title="Lũ", lasts_s=600
    )
    desk = station.desk.emergencies
    prepared = await desk.prepare(draft, somebody(1))
    await desk.book.wait_ready(prepared.emergency_id)
    return await desk.confirm(prepared.emergency_id, somebody(2))


@asynccontextmanager
async def stranger() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


async def read(session: ClientSession, url: str) -> cap.Alert:
    async with session.get(url) as answer:
        assert (answer.status, answer.content_type) == (200, "application/cap+xml")
        reading = cap.read(await answer.read(), limits=READER, trust=cap.Trust(), now_us=now_us())
    assert reading.alert is not None, reading.reasons
    assert not [one for one in reading.reasons if one.weight is cap.Weight.ERROR]
    return reading.alert


async def test_what_we_sent_is_read_by_everybody(station: Station) -> None:
    real, drill = await sent(station), await sent(station, drill=True)
    async with stranger() as session:
        async with session.get(f"{station.url}cap/feed.atom") as answer:
            assert (answer.status, answer.content_type) == (200, "application/atom+xml")
            tag, feed = answer.headers["ETag"], cap.read_feed(await answer.read(), limits=READER)
        async with session.get(f"{station.url}cap/feed.atom", headers={"If-None-Match": tag}) as answer:
            assert (answer.status, await answer.read()) == (304, b"")
        links = {one.link.rpartition("/")[2].removesuffix(".xml"): one.link for one in feed.entries}
        assert set(links) == {real.emergency_id, drill.emergency_id}
        alert = await read(session, links[real.emergency_id])
        assert (alert.status, alert.message_type) == (cap.Status.ACTUAL, cap.MessageType.ALERT)
        assert alert.infos[0].description == "Nước lên."
        assert (await read(session, links[drill.emergency_id])).status is cap.Status.EXERCISE
        async with session.get(f"{station.url}cap/alerts/nothing.xml") as answer:
            assert answer.status == 404


async def test_a_correction_is_an_update_and_an_end_a_cancel(station: Station) -> None:
    first = await sent(station)
    desk = station.desk.emergencies
    correction = await desk.correct(first.emergency_id, None, somebody(1), "Sai xã.")
    second = await sent(station)
    await desk.end(second.emergency_id, somebody(1), all_clear=False)
    async with stranger() as session:
        update = await read(session, f"{station.url}cap/alerts/{correction.emergency_id}.xml")
        assert (update.message_type, update.references[0].identifier) == (cap.MessageType.UPDATE, first.emergency_id)
        cancel = await read(session, f"{station.url}cap/alerts/{second.emergency_id}.end.xml")
        assert (cancel.message_type, cancel.references[0].identifier) == (cap.MessageType.CANCEL, second.emergency_id)


async def test_what_is_said_in_other_languages_is_told_in_each(station: Station) -> None:
    draft = EmergencyDraft(
        drill=False,
        hazard=Hazard.FLOOD,
        area_ids=(AreaId("x-1"),),
        texts={"en": "The river rises.", "vi": "Nước lên."},
        lasts_s=600,
    )
    desk = station.desk.emergencies
    prepared = await desk.prepare(draft, somebody(1))
    await desk.book.wait_ready(prepared.emergency_id)
    await desk.confirm(prepared.emergency_id, somebody(2))
    async with stranger() as session:
        alert = await read(session, f"{station.url}cap/alerts/{prepared.emergency_id}.xml")
    assert {one.language: one.description for one in alert.infos} == {"en": "The river rises.", "vi": "Nước lên."}


async def test_what_takes_an_alarm_back_does_not_repeat_it(station: Station) -> None:
    desk = station.desk.emergencies
    wrong, over, quiet = await sent(station), await sent(station), await sent(station)
    correction = await desk.correct(wrong.emergency_id, None, somebody(1), "Sai xã.")
    await desk.end(over.emergency_id, somebody(1), all_clear=True)
    await desk.end(quiet.emergency_id, somebody(1), all_clear=False)
    clear = (await desk.get(over.emergency_id)).answered_by
    async with stranger() as session:
        for name in (correction.emergency_id, clear, f"{quiet.emergency_id}.end"):
            (info,) = (await read(session, f"{station.url}cap/alerts/{name}.xml")).infos
            assert "Nước lên" not in info.description, name
            assert info.urgency is cap.Urgency.PAST


async def test_what_is_still_heard_is_told_however_much_came_after_it(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cap_out, "_MOST", 2)
    desk = station.desk.emergencies
    first = await sent(station)
    correcting = EmergencyDraft(
        drill=False, hazard=Hazard.FLOOD, area_ids=first.draft.area_ids, texts={"vi": "Nước rút."}, lasts_s=600
    )
    update = await desk.correct(first.emergency_id, correcting, somebody(1), "Nước đã rút.")
    await desk.book.wait_ready(update.emergency_id)
    await desk.confirm(update.emergency_id, somebody(2))
    for _ in range(3):
        later = await sent(station, drill=True)
        await desk.end(later.emergency_id, somebody(1), all_clear=False)
    async with stranger() as session:
        async with session.get(f"{station.url}cap/feed.atom") as answer:
            assert update.emergency_id in await answer.text()
        told = await read(session, f"{station.url}cap/alerts/{update.emergency_id}.xml")
        assert [one.identifier for one in told.references] == [first.emergency_id]


async def test_our_own_can_be_kept_for_who_signs_in(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(station.parts.cap_out, "public", False)
    async with stranger() as session, session.get(f"{station.url}cap/feed.atom", allow_redirects=False) as answer:
        assert answer.status in {303, 401}
    async with desk(station) as person, person.http.get("/cap/feed.atom") as answer:
        assert answer.status == 200
