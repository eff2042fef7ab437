"""What stands on the page of an emergency: why speakers are silent, what a stop did, by whom, and for whose eyes."""

import asyncio
import re
from dataclasses import replace

import pytest

from agents.protocol.ids import AreaId
from controller.domain.alarm_board import Board, Reach, counted
from controller.domain.emergencies import Emergency, EmergencyDraft, EmergencyState, Origin
from controller.domain.hazards import Hazard
from controller.domain.rights import Actor, Grant, Role
from controller.services.emergency.boards import AlarmBoards
from controller.services.people import shell
from tests.controller.services.emergency_samples import LAN, MINH
from tests.controller.web.callers import ELSEWHERE, HOME, OWN_PASSWORD, SIBLING, add_person, second_area
from tests.controller.web.emergency.test_pages import FLOOD, officer, prepared, station_of_two
from tests.controller.web.station import Station
from tests.controller.web.test_api import call

__all__ = ["station_of_two"]


async def sent(station: Station, *area_ids: AreaId) -> Emergency:
    draft = EmergencyDraft(drill=False, hazard=Hazard.OTHER, area_ids=area_ids, texts={"vi": "Nước lên."}, title="Lũ")
    made = await station.desk.emergencies.prepare(draft, LAN)
    await station.desk.emergencies.book.wait_ready(made.emergency_id)
    return await station.desk.emergencies.confirm(made.emergency_id, MINH)


# --- why they are silent ----------------------------------------------------------------------------------------------


async def test_beside_how_many_are_ready_stands_why_the_others_are_not_and_which_they_are(
    station_of_two: Station,
) -> None:
    async with officer(station_of_two, "duc") as duc:
        one, page = await prepared(station_of_two, duc)
        assert "0/3 speakers ready" in page.says
        assert "3 not connected" in page.says
        for name in ("Chợ xã", "Nhà văn hoá", "Đầu làng"):
            assert name in page.says
        await station_of_two.desk.stops.stop_areas([HOME], "duc")
        stopped = await duc.get(f"/emergency/{one.emergency_id}")
        assert "3 stopped" in stopped.says
        assert "3 not connected" not in stopped.says


async def test_the_console_says_why_where_areas_are_chosen(station_of_two: Station) -> None:
    async with officer(station_of_two, "duc") as duc:
        await duc.get("/emergency")
        answer = await duc.post("/emergency", [pair for pair in FLOOD if pair[0] != "slot_place"])
    assert "0/3 speakers ready" in answer.says
    assert "3 not connected" in answer.says
    assert 'data-lacking="offline:3"' in answer.text
    assert 'data-offline="{n} not connected"' in answer.text, "alarm.js says it anew when others are chosen"


async def test_the_board_says_why_they_are_not_reached(station_of_two: Station) -> None:
    one = await sent(station_of_two, HOME)
    async with officer(station_of_two, "duc") as duc:
        board = await duc.get(f"/parts/emergency/{one.emergency_id}/board")
    assert "0 of 3 speakers have it" in board.says
    assert "3: It is not connected now. Chợ xã" in board.says


# --- stopped ----------------------------------------------------------------------------------------------------------


async def test_what_a_stop_silenced_says_so_and_is_prepared_again_for_the_second_person(
    station_of_two: Station,
) -> None:
    station, desk = station_of_two, station_of_two.desk.emergencies
    async with officer(station, "duc") as duc, officer(station, "lan") as lan:
        one, _ = await prepared(station, duc)
        address = f"/emergency/{one.emergency_id}"
        await lan.get(address)
        await lan.post(f"{address}/confirm", {"word": "xa hoa binh"})
        await lan.post(f"{address}/stop", {})
        async with asyncio.timeout(10):
            while desk.open():
                await asyncio.sleep(0.01)
        held = await lan.get(address)
        assert "A stop has silenced it." in held.says
        assert "The stop still holds" in held.says
        assert "Prepare it again" not in held.says
        (stop,) = station.desk.stops.holding()
        await station.desk.stops.release(stop.order_id, "lan")
        over = await lan.get(address)
        assert "lan: stopped it" in over.says
        assert "It does not begin again by itself" in over.says
        assert "Prepare it again, for the second person" in over.says
        assert "Stopped by hand" in (await lan.get("/emergency")).says, "not as if it had come to its end"
        again = await lan.post(f"{address}/again", {})
        assert again.url != address
        (waiting,) = desk.open()
        assert (waiting.again_of, waiting.draft) == (one.emergency_id, one.draft)
        assert "what a stop had silenced" in again.says
        twice = await lan.post(f"{address}/again", {})
        assert twice.url == again.url, "prepared once, however often it is pressed"
        assert "It was prepared again: open it" in (await lan.get(address)).says


async def test_where_a_stop_silenced_a_part_the_board_says_so_while_it_goes_on(
    station_of_two: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await sent(station_of_two, HOME)
    real = AlarmBoards.of

    async def stopped(boards: AlarmBoards, emergency: Emergency) -> Board:
        found = await real(boards, emergency)
        lines = tuple(replace(line, reach=Reach.STOPPED) for line in found.lines[:1]) + found.lines[1:]
        return replace(found, lines=lines, counts=counted(lines))

    monkeypatch.setattr(AlarmBoards, "of", stopped)
    async with officer(station_of_two, "duc") as duc:
        board = await duc.get(f"/emergency/{one.emergency_id}")
        assert "A stop has silenced it on 1 speaker." in board.says
        again = await duc.post(f"/emergency/{one.emergency_id}/again", {})
        assert again.status == 200
    assert (await station_of_two.desk.emergencies.get(one.emergency_id)).on_air
    assert station_of_two.desk.emergencies.book.again_of(one.emergency_id) is not None


async def test_only_what_a_stop_silenced_is_prepared_again(station_of_two: Station) -> None:
    one = await sent(station_of_two, HOME)
    await station_of_two.desk.emergencies.end(one.emergency_id, LAN, all_clear=False)
    async with officer(station_of_two, "duc") as duc:
        page = await duc.get(f"/emergency/{one.emergency_id}")
        assert "/again" not in page.text
        answer = await duc.post(f"/emergency/{one.emergency_id}/again", {})
        assert answer.status == 409
        assert "No stop has silenced it" in answer.says
        duc.program_token = duc.token
        told = await call(duc, "POST", f"/api/v1/emergencies/{one.emergency_id}/again", {}, 409)
        assert told["code"] == "emergency_not_stopped"


async def test_whether_the_siren_sounds_stands_on_its_page_and_is_promised_only_where_it_does(
    station_of_two: Station,
) -> None:
    silent = [pair for pair in FLOOD if pair[0] != "siren"]
    async with officer(station_of_two, "duc") as duc:
        assert "with the siren" not in (await duc.get("/emergency")).says
        loud = await duc.post("/emergency", FLOOD)
        assert "heard by people, with the siren." in loud.says
        assert "The siren sounds first" in loud.says
        quiet = await duc.post("/emergency", silent)
        assert "heard by people, without the siren." in quiet.says
        assert "The siren does not sound" in quiet.says


# --- corrected --------------------------------------------------------------------------------------------------------


async def test_a_correction_in_words_of_ones_own_asks_what_was_wrong_and_waits_for_the_second_person(
    station_of_two: Station,
) -> None:
    one = await sent(station_of_two, HOME)
    own = [
        ("corrects", one.emergency_id),
        ("kept_how", "text"),
        ("title", "Đính chính"),
        ("text", "Chỉ thôn Đông."),
        ("areas", HOME),
    ]
    async with officer(station_of_two, "duc") as duc:
        console = await duc.get(f"/emergency/{one.emergency_id}/correct/new")
        assert 'name="reason"' in console.text
        missing = await duc.post("/emergency", own)
        assert missing.status == 422
        assert (
            'id="reason" class="few-lines" name="reason" rows="2" maxlength="500" aria-describedby="reason-error" '
            in (missing.text)
        )
        assert 'aria-invalid="true"' in missing.text
        assert "Chỉ thôn Đông." in missing.text
        made = await duc.post("/emergency", [*own, ("reason", "nhầm thôn")])
        assert made.status == 200
        assert 'name="reason"' not in (await duc.get("/emergency")).text
    (waiting,) = [one for one in station_of_two.desk.emergencies.open() if not one.on_air]
    assert (waiting.reason, waiting.answers) == ("nhầm thôn", one.emergency_id)


# --- for whose eyes ---------------------------------------------------------------------------------------------------


async def test_rows_of_areas_that_a_person_may_not_see_are_counted_and_not_named(station: Station) -> None:
    await second_area(station)
    for name, area_id in (("duc", HOME), ("hoa", SIBLING)):
        await add_person(station, name, (Role.OFFICER, area_id))
    one = await sent(station, HOME, SIBLING)
    address = f"/emergency/{one.emergency_id}"
    async with officer(station, "hoa") as hoa:
        page = await hoa.get(address)
        for name in ("Chợ xã", "Nhà văn hoá", "Đầu làng", "Xã Hoà Bình"):
            assert name not in page.says
        assert "Cầu Tân Lập" in page.says
        assert "Xã Tân Lập, 1 other area" in page.says
        assert "0 of 4 speakers have it" in page.says
        assert re.search(r"Areas that are not yours 0/3 · 3 not reached", page.says)
        assert "and 3 speakers in areas that are not yours" in page.says
        assert "4: It is not connected now. Cầu Tân Lập" in page.says
        assert "Xã Hoà Bình" not in (await hoa.get("/")).says.partition("EMERGENCY on the air")[2][:200]
        hoa.program_token = hoa.token
        told = await call(hoa, "GET", f"/api/v1/emergencies/{one.emergency_id}/board")
        assert [line["speaker_id"] for line in told["lines"]] == [ELSEWHERE]
        assert sum(told["counts"].values()) == 4
    async with station.browser() as admin:
        whole = await admin.get(address)
        assert "not yours" not in whole.says
        assert "Chợ xã" in whole.says


# --- by whom ----------------------------------------------------------------------------------------------------------


async def test_persons_stand_on_boards_with_what_they_are_called(station: Station) -> None:
    grant = Grant(role=Role.OFFICER, area_id=HOME)
    for name, full_name in (("duc", "Nguyễn Văn Đức"), ("lan", "Trần Thị Lan")):
        await station.desk.people.add(name, full_name, [grant], shell())
        await station.desk.accounts.set_password(name, OWN_PASSWORD, name)
    async with officer(station, "duc") as duc, officer(station, "lan") as lan:
        one, page = await prepared(station, duc)
        assert "Nguyễn Văn Đức" in page.says
        assert "(Nguyễn Văn Đức" in (await lan.get("/")).says, "in the banner too"
        await lan.get(f"/emergency/{one.emergency_id}")
        board = await lan.post(f"/emergency/{one.emergency_id}/confirm", {"word": "xa hoa binh"})
        assert "Trần Thị Lan: confirmed and sent it" in board.says
        assert (await station.desk.emergencies.get(one.emergency_id)).state is EmergencyState.SENT
        stopped = await lan.post(f"/emergency/{one.emergency_id}/stop", {})
        assert "by Trần Thị Lan." in stopped.says
        async with asyncio.timeout(10):
            while station.desk.emergencies.open():
                await asyncio.sleep(0.01)
        assert "Trần Thị Lan: stopped it" in (await lan.get(f"/emergency/{one.emergency_id}")).says
        assert "by Trần Thị Lan." in (await lan.get("/stops")).says


async def test_what_a_rule_sent_names_who_made_the_rule(station: Station) -> None:
    grant = Grant(role=Role.OFFICER, area_id=HOME)
    await station.desk.people.add("lan", "Trần Thị Lan", [grant], shell())
    desk = station.desk.emergencies
    draft = EmergencyDraft(
        drill=False, hazard=Hazard.FLOOD, area_ids=(HOME,), texts={"vi": "Nước lên."}, title="Lũ", origin=Origin.CAP
    )
    rule = Actor(name="lan", scopes=(), rule_id="r-1")
    made = await desk.prepare(draft, rule)
    await desk.book.wait_ready(made.emergency_id)
    await desk.confirm(made.emergency_id, rule)
    async with station.browser() as admin:
        english = await admin.get(f"/emergency/{made.emergency_id}")
        assert "the rule of Trần Thị Lan: confirmed and sent it" in english.says
        await admin.post("/preferences", {"language": "vi", "next": "/"})
        vietnamese = await admin.get(f"/emergency/{made.emergency_id}")
        assert re.search(r"quy tắc do Trần Thị Lan đặt, \d", vietnamese.says)


async def test_the_log_tells_an_emergency_and_a_drill_from_all_else(station: Station) -> None:
    desk = station.desk.emergencies
    await sent(station, HOME)
    drill = await desk.prepare(
        EmergencyDraft(drill=True, hazard=Hazard.DRILL, area_ids=(HOME,), texts={"vi": "Thử."}, title="Tập lũ"), LAN
    )
    await desk.book.wait_ready(drill.emergency_id)
    await desk.confirm(drill.emergency_id, MINH)
    async with station.browser() as admin:
        log = await admin.get("/airings")
        rows = {row.split("</a>")[0].rpartition(">")[2]: row for row in log.text.split("<tr")[1:]}
        marks = {title: re.findall(r'class="chip chip-(\w+)".*?<span>(\w+)</span>', rows[title]) for title in rows}
        assert marks["Lũ"][0] == ("bad", "Emergency")
        assert marks["Diễn tập: Tập lũ"][0] == ("info", "Drill")
