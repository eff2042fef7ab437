"""What lists show and what forms may name: one's own areas, and nothing beside them."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from agents.protocol.ids import AreaId, SpeakerId
from controller.domain.airings import Airing
from controller.domain.rights import EVERYWHERE, Right, Role
from tests.controller.drafts import text_draft
from tests.controller.web.browser import Browser
from tests.controller.web.callers import ELSEWHERE, HOME, SIBLING, person, program, second_area
from tests.controller.web.station import Station

TOMORROW_US = 86_400_000_000


@pytest.fixture(autouse=True)
async def two_areas(station: Station) -> None:
    await second_area(station)


async def told(browser: Browser, path: str) -> Any:
    answer = await browser.get(path)
    assert answer.status == 200, answer.text
    return json.loads(answer.text)


async def send(browser: Browser, bulletin_id: str, speaker_ids: Sequence[str]) -> Any:
    answer = await browser.ask("POST", "/api/v1/airings", json={"bulletin_id": bulletin_id, "speaker_ids": speaker_ids})
    return answer.status, json.loads(answer.text)


async def bulletin(station: Station, area_id: AreaId | None = None, by: str = "admin") -> str:
    draft = replace(text_draft("Thông báo", "Kính mời bà con đến họp."), area_id=area_id)
    made = await station.desk.compose.make(draft, by)
    await station.wait_ready(made.bulletin_id)
    return made.bulletin_id


async def planned(station: Station, *speaker_ids: str) -> Airing:
    made = await station.bulletin(await bulletin(station))
    at_us = station.parts.clock.now_us() + TOMORROW_US
    wanted = [SpeakerId(speaker_id) for speaker_id in speaker_ids]
    return await station.desk.dispatch.schedule(made.bulletin_id, wanted, at_us, "admin")


async def test_one_sends_to_ones_own_speakers_alone(station: Station) -> None:
    made = await bulletin(station)
    async with person(station, "lan", (Role.APPROVER, HOME)) as lan:
        for wrong in ([ELSEWHERE], [station.speaker_ids[0], ELSEWHERE]):
            status, problem = await send(lan, made, wrong)
            assert (status, problem["code"]) == (403, "not_allowed")
            assert "send and plan" in problem["detail"]
            assert "Officer on duty" in problem["detail"]
        assert await station.airings() == []
        status, airing = await send(lan, made, "all")
    assert status == 201
    assert set(airing["speaker_ids"]) == set(station.speaker_ids)


async def test_a_form_cannot_name_what_the_page_did_not_offer(station: Station) -> None:
    made = await bulletin(station)
    text = (await station.bulletin(made)).variants[0].sound.reading
    assert text is not None
    fields = [("source", "text"), ("text", text.text), ("bulletin_id", made), ("when", "now"), ("language", "vi")]
    async with person(station, "lan", (Role.EDITOR, HOME)) as lan:
        page = await lan.get("/")
        assert "Chợ xã" in page.says
        assert "Cầu Tân Lập" not in page.says
        for wrong in (("targets", ELSEWHERE), ("areas", SIBLING)):
            assert (await lan.post("/broadcast/send", [*fields, wrong])).status == 403
    assert await station.airings() == []


async def test_lists_show_ones_own_areas(station: Station) -> None:
    here, there, both = [
        (await planned(station, *speaker_ids)).airing_id
        for speaker_ids in (station.speaker_ids[:1], (ELSEWHERE,), (station.speaker_ids[0], ELSEWHERE))
    ]
    async with person(station, "lan", (Role.EDITOR, HOME)) as lan:
        names = [one["name"] for one in (await told(lan, "/api/v1/speakers"))["speakers"]]
        assert sorted(names) == sorted(["Chợ xã", "Nhà văn hoá", "Đầu làng"])
        ids = {one["airing_id"] for one in (await told(lan, "/api/v1/airings"))["airings"]}
        assert ids == {here, both}
        report = await told(lan, f"/api/v1/airings/{both}")
        assert [one["speaker_id"] for one in report["playbacks"]] == [station.speaker_ids[0]]
        assert "Cầu Tân Lập" not in (await lan.get(f"/airings/{both}")).says
        for hidden in (f"/airings/{there}", f"/speakers/{ELSEWHERE}", f"/api/v1/journal?speaker={ELSEWHERE}"):
            assert (await lan.get(hidden)).status == 404, hidden
        assert "Cầu Tân Lập" not in (await lan.get("/speakers")).says


async def test_who_made_something_changes_it_only_where_they_still_may(station: Station) -> None:
    made = await bulletin(station, AreaId(SIBLING), by="lan")
    fields = [("bulletin_id", made), ("source", "text"), ("text", "Khác"), ("language", "vi"), ("revision", "1")]
    async with person(station, "lan", (Role.EDITOR, HOME)) as lan:
        assert (await lan.get(f"/api/v1/bulletins/{made}")).status == 200
        assert (await lan.ask("PUT", f"/api/v1/bulletins/{made}", json={"text": "Khác"})).status == 403
        assert (await lan.ask("DELETE", f"/api/v1/bulletins/{made}")).status == 403
        assert (await lan.post("/broadcast/prepare", fields)).status == 403
    assert (await station.bulletin(made)).revision == 1


async def test_an_airing_that_also_sounds_elsewhere_is_not_ones_own_to_stop(station: Station) -> None:
    airing = await planned(station, station.speaker_ids[0], ELSEWHERE)
    async with person(station, "lan", (Role.EDITOR, HOME)) as lan:
        assert (await lan.ask("POST", f"/api/v1/airings/{airing.airing_id}/stop")).status == 403
        assert f"stop-{airing.airing_id}" not in (await lan.get(f"/airings/{airing.airing_id}")).text
    async with person(station, "minh", (Role.EDITOR, HOME), (Role.EDITOR, SIBLING)) as minh:
        assert (await minh.ask("POST", f"/api/v1/airings/{airing.airing_id}/stop")).status == 200


async def test_stopping_everything_needs_the_right_wherever_a_speaker_stands(station: Station) -> None:
    async with person(station, "lan", (Role.EDITOR, HOME)) as lan:
        assert (await lan.ask("POST", "/api/v1/stop")).status == 403
        assert (await lan.post("/stop-all")).status == 403
        assert 'action="/stop-all"' not in (await lan.get("/speakers")).text
        assert await station.active_stop() is None
    async with person(station, "minh", (Role.TECHNICIAN, HOME), (Role.ANNOUNCER, SIBLING)) as minh:
        assert 'action="/stop-all"' in (await minh.get("/speakers")).text
        assert (await minh.ask("POST", "/api/v1/stop")).status == 201
    async with person(station, "hoa", (Role.EDITOR, HOME)) as hoa:
        assert (await hoa.ask("DELETE", "/api/v1/stop")).status == 403
        assert await station.active_stop() is not None


async def test_nothing_is_made_of_what_one_does_not_see(station: Station) -> None:
    there = await bulletin(station, SIBLING, by="minh")
    recording = station.uploads / "tune.wav"
    recording.write_bytes(station.recording)
    tune = await station.desk.tunes.add("Nhạc hiệu", recording, "tune.wav", "minh", SIBLING)
    text = [("source", "text"), ("text", "Kính mời."), ("language", "vi")]
    async with person(station, "lan", (Role.EDITOR, HOME)) as lan:
        assert (await lan.post("/programmes", [("title", "Tối"), ("item", there)])).status == 422
        assert (await lan.post("/broadcast/prepare", [*text, ("opening", tune.tune_id)])).status == 422
        assert (await lan.post("/programmes", [("title", "Tối"), ("opening", tune.tune_id)])).status == 422
    assert await station.desk.programmes.latest(9) == ()
    assert [one.bulletin_id for one in await station.desk.compose.latest(9)] == [there]


async def test_what_is_made_on_a_page_stays_in_its_area_whatever_becomes_of_its_maker(station: Station) -> None:
    async with person(station, "lan", (Role.EDITOR, HOME)) as lan:
        await lan.post("/broadcast/prepare", [("source", "text"), ("text", "Kính mời."), ("language", "vi")])
    (made,) = await station.desk.compose.latest(9)
    assert made.area_id == HOME


async def test_how_a_word_is_said_everywhere_needs_the_right_wherever_a_speaker_stands(station: Station) -> None:
    word, fields = "/api/v1/pronunciations/vi/Loa", {"language": "vi", "written": "Loa", "spoken": "lô a"}
    async with person(station, "lan", (Role.EDITOR, HOME)) as lan:
        assert (await lan.ask("PUT", word, json={"spoken": "lời khác"})).status == 403
        assert (await lan.post("/pronunciations", fields)).status == 403
        assert 'action="/pronunciations"' not in (await lan.get("/pronunciations")).text
    assert await station.desk.voices.pronunciations() == ()
    async with person(station, "minh", (Role.EDITOR, HOME), (Role.EDITOR, SIBLING)) as minh:
        assert 'action="/pronunciations"' in (await minh.get("/pronunciations")).text
        assert (await minh.ask("PUT", word, json={"spoken": "lô a"})).status == 200
        assert (await minh.ask("DELETE", word)).status == 204


async def test_a_token_for_devices_leads_into_ones_own_areas(station: Station) -> None:
    async with person(station, "thợ", (Role.TECHNICIAN, HOME)) as technician:
        for area_id, expected in ((SIBLING, 403), (HOME, 201)):
            answer = await technician.ask("POST", "/api/v1/tokens", json={"area": area_id})
            assert answer.status == expected
        await station.desk.adoption.create_token(SIBLING, 1, 60, "admin")
        listed = (await told(technician, "/api/v1/tokens"))["tokens"]
        assert {one["area_id"] for one in listed} == {HOME}


async def test_a_bulletin_is_seen_where_it_belongs_and_where_it_was_sent(station: Station) -> None:
    next_door = await bulletin(station, SIBLING)
    of_station = await bulletin(station)
    async with person(station, "lan", (Role.EDITOR, HOME)) as lan:
        ids = {one["bulletin_id"] for one in (await told(lan, "/api/v1/bulletins"))["bulletins"]}
        assert ids == {of_station}
        assert (await lan.get(f"/api/v1/bulletins/{next_door}")).status == 404
        status, _ = await send(lan, next_door, "all")
        assert status == 404
        made = await station.bulletin(next_door)
        await station.desk.dispatch.schedule(
            made.bulletin_id, [SpeakerId(station.speaker_ids[0])], station.parts.clock.now_us() + TOMORROW_US, "admin"
        )
        assert (await lan.get(f"/api/v1/bulletins/{next_door}")).status == 200
        assert (await lan.ask("DELETE", f"/api/v1/bulletins/{of_station}")).status == 403


async def test_deeds_are_read_where_they_were_done(station: Station) -> None:
    await station.desk.speakers.set_volume(SpeakerId(station.speaker_ids[0]), 30, "admin")
    await station.desk.speakers.set_volume(ELSEWHERE, 40, "admin")
    async with person(station, "lan", (Role.APPROVER, HOME)) as lan:
        found = (await told(lan, "/api/v1/deeds"))["deeds"]
        assert [one["subject"] for one in found if one["what"] == "set_volume"] == [station.speaker_ids[0]]
        assert "lan" in {one["by"] for one in found}
        page = await lan.get("/deeds?what=set_volume")
        assert "Chợ xã" in page.says
        assert "Cầu Tân Lập" not in page.says
    async with person(station, "minh", (Role.APPROVER, EVERYWHERE)) as minh:
        everything = await told(minh, "/api/v1/deeds?what=set_volume")
        assert len(everything["deeds"]) == 2
        first = await told(minh, "/api/v1/deeds?limit=1")
        second = await told(minh, f"/api/v1/deeds?limit=1&before={first['next']}")
        assert first["deeds"] != second["deeds"]


async def test_pages_offer_only_what_one_may_do(station: Station) -> None:
    async with person(station, "lan", (Role.ANNOUNCER, HOME)) as lan:
        speaker = await lan.get(f"/speakers/{station.speaker_ids[0]}")
        assert "/volume" not in speaker.text
        assert "/release" not in speaker.text
        assert "Found on the network" not in (await lan.get("/speakers")).says
        assert "Administration" not in speaker.says
    async with person(station, "thợ", (Role.TECHNICIAN, HOME)) as technician:
        assert "/volume" in (await technician.get(f"/speakers/{station.speaker_ids[0]}")).text
        assert "Found on the network" in (await technician.get("/speakers")).says


async def test_somebody_without_a_role_is_told_whom_to_ask(station: Station) -> None:
    async with person(station, "mới") as newcomer:
        page = await newcomer.get("/")
        assert page.status == 403
        assert "you have no role yet" in page.says
        assert "admin" in page.says
        assert "/airings" not in page.text
        assert (await newcomer.get("/password")).status == 200
        assert json.loads((await newcomer.get("/api/v1/speakers")).text)["code"] == "no_role"


async def test_a_program_sends_where_its_token_lets_it(station: Station) -> None:
    made = await bulletin(station)
    async with program(station, [Right.BROADCAST, Right.SEE], HOME) as other:
        status, _ = await send(other, made, [ELSEWHERE])
        assert status == 403
        status, airing = await send(other, made, [station.speaker_ids[0]])
        assert status == 201
        assert airing["planned_by"] == "token:Hệ thống tỉnh"
        assert (await other.ask("POST", "/api/v1/bulletins", json={"text": "Chào bà con"})).status == 403
        assert (await other.get("/api/v1/people")).status == 403
        assert (await other.get("/api/v1/sign-in")).status == 403
        assert (await other.get("/speakers", follow=False)).status == 303
    deeds = await station.desk.reports.deeds(5)
    assert "token:Hệ thống tỉnh" in {deed.by for deed in deeds}


async def test_the_first_page_offers_to_write_and_to_send_to_those_who_may(station: Station) -> None:
    for role, writes, sends in (
        (Role.EDITOR, True, True),
        (Role.ANNOUNCER, True, False),
        (Role.TECHNICIAN, False, False),
    ):
        async with person(station, role.value, (role, HOME)) as somebody:
            page = await somebody.get("/")
            assert page.status == 200
            assert ('id="listen-button"' in page.text) is writes, role
            assert ('id="send-button"' in page.text) is sends, role
            assert ('id="targets"' in page.text) is sends, role
            assert 'id="latest"' in page.text
