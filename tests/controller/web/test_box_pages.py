"""The page of one speaker as a technician uses it: what it is told to do, its label, its way of reporting, its box."""

import re
from dataclasses import replace

import pytest

from agents.io.selftest import NO_SENSOR
from agents.protocol.documents import SelfTest, TestTone
from agents.protocol.ids import DeviceId, DocumentId, SpeakerId
from agents.protocol.journal import ActionName, ActionResult
from agents.protocol.values import Profile
from controller.domain.hands import AskedHand
from controller.web.handwords import WORDS, action_lines, hand_of, offered
from controller.web.i18n import Language, load_translators
from controller.web.labelling import qr_path
from tests.controller.web.station import STATION, Station

VIETNAMESE = load_translators()[Language.VIETNAMESE]
AWAY = "The speaker is not connected now."


def asked(action: ActionName, result: ActionResult | None, detail: str = "") -> AskedHand:
    return AskedHand(
        order_id=DocumentId(f"o-{action}"),
        speaker_id=SpeakerId("s-1"),
        device_id=DeviceId("d-1"),
        action=action,
        by="admin",
        asked_at_us=1_772_000_000_000_000,
        ended_at_us=None if result is None else 1_772_000_002_100_000,
        result=result,
        detail=detail,
    )


def test_everything_that_can_be_asked_of_a_speaker_is_offered_with_what_it_does() -> None:
    there = offered(VIETNAMESE)
    assert {one.action for one in there} == set(ActionName) == set(WORDS)
    assert all(one.what_sentence for one in there)
    assert [one.action for one in there if one.confirm_sentence] == [ActionName.RESTART]
    assert {type(hand_of(one.action, quiet_hours=False)).__name__ for one in there} >= {"Identify", "Restart"}
    assert hand_of("self_test", quiet_hours=True) == SelfTest(quiet_hours=True)
    assert hand_of("test_tone", quiet_hours=True) == TestTone()
    assert hand_of("explode", quiet_hours=True) is None


@pytest.mark.parametrize("scripts", [True, False])
async def test_a_speaker_that_is_away_is_told_nothing_and_the_page_says_so(station: Station, scripts: bool) -> None:
    async with station.browser(scripts=scripts) as browser:
        await browser.get("/speakers/s-1")
        answer = await browser.post("/speakers/s-1/hands", {"action": "test_tone"})
        assert AWAY in answer.says
        assert answer.status == (422 if scripts else 503)
        assert (await browser.post("/speakers/s-1/hands", {"action": "explode"})).status == 400


async def test_its_buttons_are_no_use_meanwhile_and_the_reason_stands_beside_them(station: Station) -> None:
    async with station.browser() as browser:
        for path in ("/speakers/s-0", "/parts/speakers/s-0/actions"):
            shown = await browser.get(path)
            assert "It is not connected now" in shown.says
            buttons = re.findall(r'<button[^>]*aria-describedby="do-[^>]*>', shown.text)
            assert len(buttons) == len(WORDS)
            assert all("disabled" in one and "actions-away" in one for one in buttons)


def test_a_self_test_without_a_sensor_does_not_look_like_a_good_one() -> None:
    asked = AskedHand(
        order_id=DocumentId("o-1"),
        speaker_id=SpeakerId("s-0"),
        device_id=DeviceId("d-0"),
        action=ActionName.SELF_TEST,
        by="admin",
        asked_at_us=0,
        ended_at_us=1_000_000,
        result=ActionResult.DONE,
        detail=NO_SENSOR.verdict.detail,
    )
    (blind, heard) = action_lines([asked, replace(asked, detail="The horn was heard.")], VIETNAMESE)
    assert (blind.state, heard.state) == ("no_sensor", "done")


async def test_what_became_of_actions_is_told_the_newest_first_and_a_log_can_be_kept(station: Station) -> None:
    log = asked(ActionName.FETCH_LOG, ActionResult.DONE, "2 lines were sent.")
    async with station.parts.store.transaction() as tx:
        await tx.hands.put(asked(ActionName.SELF_TEST, None))
        await tx.hands.put(asked(ActionName.TEST_TONE, ActionResult.REFUSED, "Something is on the air."))
        await tx.hands.put(log)
        await tx.hands.put_log(log.order_id, "one\ntwo <b>")
    async with station.browser() as browser:
        told = (await browser.get("/parts/speakers/s-1/hands")).says
        assert "Something is on the air. admin" in told
        assert "took 2.1 s" in told
        assert "It plays its tones and listens." in told
        assert "two <b>" in (await browser.get(f"/speakers/s-1/log/{log.order_id}")).says
        kept = await browser.get(f"/speakers/s-1/log/{log.order_id}.txt")
        assert kept.text == "one\ntwo <b>"
        assert "attachment" in kept.headers["Content-Disposition"]
        assert kept.headers["Content-Type"].startswith("text/plain")
        assert (await browser.get("/speakers/s-2/log/" + log.order_id)).status == 404


async def test_the_way_of_reporting_is_set(station: Station) -> None:
    async with station.browser() as browser:
        await browser.get("/speakers/s-1")
        page = await browser.post("/speakers/s-1/profile", {"profile": "sim"})
        assert page.url == "/speakers/s-1?done=profiled"
        assert (await browser.post("/speakers/s-1/profile", {"profile": "pigeon"})).status == 400
        assert "Nhà văn hoá" in (await browser.get("/speakers?profile=sim")).says
    assert (await station.desk.speakers.one(SpeakerId("s-1"))).speaker.profile is Profile.SIM


async def test_measurements_of_a_speaker_that_never_measured_say_so(station: Station) -> None:
    async with station.browser() as browser:
        for span in ("24h", "7d", "30d", "nonsense"):
            part = (await browser.get(f"/parts/speakers/s-1/plots?span={span}")).says
            assert part.count("Nothing was measured.") == 7


# --- labels -----------------------------------------------------------------------------------------------------------


def test_the_code_of_a_label_has_its_three_eyes_and_stays_within_its_side() -> None:
    side, path = qr_path("http://192.168.1.10:8080/speakers/s-1f0c9e8d7b6a5")
    assert side >= 21
    runs = [tuple(map(int, run)) for run in re.findall(r"M(\d+) (\d+)h(\d+)v1", path)]
    assert {(0, 0, 7), (side - 7, 0, 7), (0, side - 7, 7), (0, 6, 7), (0, side - 1, 7)} <= set(runs)
    assert all(x + length <= side and y < side for x, y, length in runs)


async def test_labels_carry_name_area_digits_and_address_of_each_speaker_asked_for(station: Station) -> None:
    async with station.browser() as browser:
        page = await browser.get("/labels?speaker=s-0&speaker=s-2&speaker=s-0")
        assert page.text.count('class="label-qr"') == 2
        for said in (STATION, "Chợ xã", "Đầu làng", "Xã Hoà Bình", "/speakers/s-2", "only this machine knows"):
            assert said in page.says
        assert (await browser.get("/labels?speaker=s-0&speaker=s-9")).status == 404
        assert (await browser.get("/labels?device=d-nobody")).status == 404
        assert (await browser.get("/labels?" + "&".join(f"speaker=s-{n}" for n in range(300)))).status == 422
        assert "Choose speakers in the list" in (await browser.get("/labels")).says


async def test_a_label_printed_before_its_device_was_adopted_leads_to_its_speaker_afterwards(station: Station) -> None:
    async with station.browser() as browser:
        assert (await browser.get("/boxes/d-1")).url == "/speakers/s-1"
        assert (await browser.get("/boxes/d-new")).url == "/speakers"


@pytest.mark.parametrize("station", [{"public_urls": ("https://loa.example.vn/",)}], indirect=True)
async def test_a_label_leads_where_the_station_says_it_is_reached(station: Station) -> None:
    async with station.browser() as browser:
        page = (await browser.get("/labels?speaker=s-0")).says
    assert "https://loa.example.vn/speakers/s-0" in page
    assert "only this machine knows" not in page


# --- another box ------------------------------------------------------------------------------------------------------


async def test_replacing_says_what_stays_and_waits_for_a_new_device(station: Station) -> None:
    async with station.browser() as browser:
        page = (await browser.get("/speakers/s-1/replace")).says
        assert "No new device is here yet." in page
        assert "What the old box played stays in the log" in page
        answer = await browser.post("/speakers/s-1/replace", {"device": "d-new", "code": "12 34 56"})
        assert answer.status in {409, 422, 503}
        assert "Replace the box of “Nhà văn hoá”" in answer.says
        chooser = (await browser.get("/replace?device=d-new&q=cho")).says
        assert "Chợ xã" in chooser
        assert "Nhà văn hoá" not in chooser


async def test_the_page_of_a_speaker_names_the_box_that_hangs_there(station: Station) -> None:
    async with station.browser() as browser:
        page = (await browser.get("/speakers/s-1")).says
    assert re.search(r"Boxes that hung here\s+d-1\s.*Hangs there now", page)
