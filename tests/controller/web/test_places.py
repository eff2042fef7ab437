"""What areas become, where speakers stand, and their groups: on pages, and for programs."""

import json
import re
from typing import Any

import pytest

from controller.domain.rights import Role
from controller.web.api.openapi import document
from controller.web.routes import ROUTES
from tests.controller.web.api_client import as_promised, operation_at
from tests.controller.web.browser import Browser
from tests.controller.web.callers import ELSEWHERE, HOME, SIBLING, person, second_area
from tests.controller.web.station import Station

DOCUMENTED: dict[str, Any] = json.loads(document(ROUTES))


async def call(program: Browser, method: str, path: str, body: Any = None, status: int = 200) -> Any:
    answer = await program.ask(method, path, **({"json": body} if body is not None else {}))
    assert answer.status == status, answer.text
    if status == 204:
        return None
    media_type = answer.headers.get("Content-Type", "")
    return as_promised(DOCUMENTED, operation_at(DOCUMENTED, method, path), status, media_type, answer.text.encode())


async def village(program: Browser, name: str, parent_id: str = HOME) -> str:
    made = await call(program, "POST", "/api/v1/areas", {"name": name, "parent_id": parent_id}, 201)
    return str(made["area_id"])


# --- areas ---


async def test_a_program_merges_areas_and_their_speakers_stand_in_the_successor(station: Station) -> None:
    async with station.program() as program:
        east, west = await village(program, "Thôn Đông"), await village(program, "Thôn Tây")
        speaker_id = station.speaker_ids[0]
        await call(program, "PUT", f"/api/v1/speakers/{speaker_id}/area", {"area_id": east})
        made = await call(program, "POST", "/api/v1/areas/merge", {"area_ids": [east, west], "name": "Thôn Mới"}, 201)
        ended, new = made["areas"][0], made["areas"][-1]
        assert (ended["successors"], new["path_names"][-1]) == ([new["area_id"]], "Thôn Mới")
        told = await call(program, "GET", f"/api/v1/speakers/{speaker_id}")
        assert (told["area_id"], told["area_name"]) == (new["area_id"], "Thôn Mới")
        again = await call(program, "POST", "/api/v1/areas/merge", {"area_ids": [east], "into": new["area_id"]}, 422)
        assert again["code"] == "area_closed"
        neither = await call(program, "POST", "/api/v1/areas/merge", {"area_ids": [west]}, 422)
        assert neither["code"] == "successor_missing"
        await call(program, "POST", f"/api/v1/areas/{east}/reopen")
        assert (await call(program, "GET", f"/api/v1/speakers/{speaker_id}"))["area_id"] == east


async def test_a_list_of_another_day_has_the_names_of_that_day(station: Station) -> None:
    async with station.program() as program:
        found = (await call(program, "GET", "/api/v1/areas?q=ba+vi"))["areas"][0]
        change = {"name": "Xã Ba Vì Mới", "on": "2026-01-01", "official": True}
        told = await call(program, "PUT", f"/api/v1/areas/{found['area_id']}", change)
        assert (told["past"][0]["name"], told["past"][0]["until"]) == (found["name"], "2026-01-01")
        for on, name in (("2025-12-31", found["name"]), ("2026-01-01", "Xã Ba Vì Mới")):
            [then] = (await call(program, "GET", f"/api/v1/areas?q={found['code']}&limit=1&on={on}"))["areas"]
            assert then["name"] == name


async def test_a_split_is_finished_by_whoever_tends_the_speakers(station: Station) -> None:
    async with station.program() as program:
        east = await village(program, "Thôn Đông")
        await call(program, "PUT", f"/api/v1/speakers/{station.speaker_ids[0]}/area", {"area_id": east})
        made = await call(program, "POST", f"/api/v1/areas/{east}/split", {"names": ["Đông Một", "Đông Hai"]})
        second = made["areas"][2]["area_id"]
        [waiting] = (await call(program, "GET", "/api/v1/unplaced"))["speakers"]
        assert (waiting["speaker_id"], waiting["area_name"]) == (station.speaker_ids[0], "Thôn Đông")
        assert second in waiting["area_ids"]
    async with person(station, "tu", (Role.TECHNICIAN, HOME)) as technician:
        page = await technician.get("/speakers")
        assert "To be placed" in page.says
        form = {"area_id": second, "back": "speakers"}
        page = await technician.post(f"/speakers/{station.speaker_ids[0]}/place", form)
        assert "To be placed" not in page.says
        page = await technician.get(f"/speakers/{station.speaker_ids[0]}")
        assert "Đông Hai" in page.says


async def test_the_page_of_an_area_merges_it_from_a_day_on_and_takes_that_back(station: Station) -> None:
    async with station.program() as program:
        east, west = await village(program, "Thôn Đông"), await village(program, "Thôn Tây")
    async with station.browser() as browser:
        page = await browser.get(f"/areas/{east}")
        assert "Thôn Tây" in page.says
        page = await browser.post(f"/areas/{east}/merge", {"into": "", "name": " ", "on": "2030-01-01"})
        assert (page.status, "what it is merged into" in page.says) == (422, True)
        page = await browser.post(f"/areas/{east}/merge", {"into": west, "on": "2030-01-01"})
        assert "The merger is kept" in page.says
        assert "Ends soon" in page.says
        page = await browser.post(f"/areas/{east}/reopen", {})
        assert "open again" in page.says
        await browser.post(f"/areas/{east}/merge", {"into": west, "on": ""})
        page = await browser.get("/areas")
        assert "Areas that are no more" in page.says
        assert f'href="/areas/{east}"' in page.text
        await browser.post(f"/areas/{east}/reopen", {})
        page = await browser.post(f"/areas/{east}", {"what": "rename", "name": "Thôn Đoài", "on": "2030-01-01"})
        assert "Thôn Đông" in page.says
        page = await browser.post(f"/areas/{east}", {"what": "rename", "name": "Thôn Đoài", "on": "someday"})
        assert page.status == 422


async def test_an_official_area_is_changed_by_the_whole_stations_administrators_alone(station: Station) -> None:
    async with station.program() as program:
        official = (await call(program, "GET", "/api/v1/areas?q=ba+vi"))["areas"][0]["area_id"]
    async with person(station, "lan", (Role.ADMINISTRATOR, official)) as lan:
        page = await lan.get(f"/areas/{official}")
        assert "Keep the split" not in page.text
        page = await lan.post(f"/areas/{official}/split", {"names": "Một\nHai"})
        assert (page.status, "official list" in page.says) == (409, True)


# --- speakers ---


async def test_a_speaker_gets_another_name_and_place_on_its_page(station: Station) -> None:
    await second_area(station)
    path = f"/speakers/{station.speaker_ids[0]}"
    async with station.browser() as browser:
        page = await browser.post(f"{path}/name", {"name": "Đình làng"})
        assert "Đình làng" in page.says
        page = await browser.post(f"{path}/name", {"name": " "})
        assert (page.status, "Give the speaker a name" in page.says) == (422, True)
        page = await browser.post(f"{path}/place", {"area_id": SIBLING})
        assert re.search(rf'value="{SIBLING}" selected', page.text)
    async with person(station, "tu", (Role.TECHNICIAN, HOME)) as technician:
        refused = await technician.post(f"/speakers/{station.speaker_ids[1]}/place", {"area_id": SIBLING})
        assert refused.status == 403


# --- groups ---


async def test_groups_are_made_and_changed_by_whoever_tends_all_their_speakers(station: Station) -> None:
    await second_area(station)
    first, second = station.speaker_ids[:2]
    async with person(station, "tu", (Role.TECHNICIAN, HOME)) as technician:
        form = [
            ("name", "Dọc sông"),
            ("stagger_s", "15"),
            ("member", first),
            ("member", second),
            (f"turn-{second}", "2"),
        ]
        page = await technician.post("/groups", form[:-1])
        assert (page.status, "All have the same turn" in page.says) == (422, True)
        page = await technician.post("/groups", form)
        assert "Dọc sông" in page.says
        assert "the last begins 15 s later" in page.says
        page = await technician.post("/groups", [*form, ("name", "Khác")])
        assert (page.status, "Another group has this name" in page.says) == (422, True)
        assert (await technician.post("/groups", [("name", "X"), ("member", ELSEWHERE)])).status == 403
        page = await technician.get("/groups")
        path = re.findall(r'href="(/groups/group-[^"]+)"', page.text)[0]
        page = await technician.post(path, [("name", "Dọc sông"), ("stagger_s", "700"), ("member", first)])
        assert (page.status, "600 seconds" in page.says) == (422, True)
    async with station.program() as program:
        [group] = (await call(program, "GET", "/api/v1/groups"))["groups"]
        assert group["members"] == [{"speaker_id": first, "turn": 0}, {"speaker_id": second, "turn": 1}]
        body = {"name": "Ven sông", "members": [{"speaker_id": first}, {"speaker_id": ELSEWHERE, "turn": 1}]}
        await call(program, "PUT", f"/api/v1/groups/{group['group_id']}", body)
    async with person(station, "ha", (Role.TECHNICIAN, HOME)) as technician:
        assert (await technician.post(f"{path}/remove", {})).status == 403
    async with station.browser() as browser:
        page = await browser.post(f"{path}/remove", {})
        assert "The group is removed" in page.says


# --- where a speaker stands on a map, and in which languages alerts are heard ---


async def test_where_a_speaker_stands_is_pasted_from_a_map_and_kept(station: Station) -> None:
    speaker_id = station.speaker_ids[0]
    address = f"/speakers/{speaker_id}"
    async with person(station, "tu", (Role.TECHNICIAN, HOME)) as technician:
        page = await technician.post(f"{address}/position", {"position": "21°01'42.6\"N 105°51'15.12\"E"})
        assert page.says.count("Where the speaker stands on the map is kept.") == 2, "at the top and beside the field"
        assert f'action="{address}/position#on-the-map" id="on-the-map"' in page.text, "one stays at the field"
        assert 'value="21.0285, 105.8542"' in (await technician.get(address)).text
        page = await technician.post(f"{address}/position", {"position": "by the market"})
        assert page.status == 422
        assert "These are not degrees of latitude and longitude." in page.says
        assert "such as 21.0285, 105.8542" in page.says
        assert 'value="by the market"' in page.text, "what was typed is there to be mended"
    async with station.program() as program:
        told = await call(program, "GET", f"/api/v1/speakers/{speaker_id}/position")
        assert (told["latitude"], told["longitude"]) == pytest.approx((21.0285, 105.8542), abs=1e-6)
    async with person(station, "lan", (Role.TECHNICIAN, HOME)) as technician:
        await technician.post(f"{address}/position", {"position": " "})
        assert 'name="position" maxlength="80" value=""' in (await technician.get(address)).text
    async with person(station, "minh", (Role.EDITOR, HOME)) as editor:
        assert "speaker-position" not in (await editor.get(address)).text


async def test_by_how_much_a_speaker_begins_later_is_set_on_its_page_and_what_is_mistyped_can_be_mended(
    station: Station,
) -> None:
    speaker_id = station.speaker_ids[0]
    address = f"/speakers/{speaker_id}"
    async with person(station, "tu", (Role.TECHNICIAN, HOME)) as technician:
        page = await technician.post(f"{address}/delay", {"delay_ms": "300"})
        assert "When the speaker begins is set" in page.says
        assert 'name="delay_ms" inputmode="numeric" maxlength="5" value="300"' in page.text
        for typed in ("10001", "0,3 s"):
            page = await technician.post(f"{address}/delay", {"delay_ms": typed})
            assert (page.status, "by 0 to 10,000 milliseconds" in page.says) == (422, True)
            assert f'value="{typed}" autocomplete="off" aria-describedby="delay-under' in page.text
    async with station.program() as program:
        assert (await call(program, "GET", f"/api/v1{address}"))["delay_us"] == 300_000
        told = await call(program, "PUT", f"/api/v1{address}/delay", {"delay_us": 0})
        assert told["delay_us"] == 0
    async with person(station, "minh", (Role.EDITOR, HOME)) as editor:
        assert "speaker-delay" not in (await editor.get(address)).text


async def test_the_languages_of_alerts_are_chosen_on_the_page_of_an_area_the_first_first(station: Station) -> None:
    await second_area(station)
    async with person(station, "hoa", (Role.ADMINISTRATOR, HOME)) as head:
        page = await head.post(f"/areas/{HOME}/languages", [("language", "hmn"), ("language", "vi"), ("language", "")])
        assert "The languages of alerts are kept." in page.says
        chosen = re.findall(r'<option value="(\w+)" selected>', (await head.get(f"/areas/{HOME}")).text)
        assert chosen[:2] == ["hmn", "vi"]
        assert (await head.post(f"/areas/{SIBLING}/languages", {"language": "en"})).status == 403
        page = await head.post(f"/areas/{HOME}/languages", {"language": "123"})
        assert page.status == 422
    async with station.program() as program:
        assert await call(program, "GET", "/api/v1/cap-languages") == {"languages": {HOME: ["hmn", "vi"]}}
        await call(program, "PUT", f"/api/v1/cap-languages/{HOME}", {"languages": ["zz", "vi", "en", "km"]}, 204)
    async with person(station, "binh", (Role.ADMINISTRATOR, HOME)) as head:
        page = await head.get(f"/areas/{HOME}")
        assert page.text.count('id="language-') == 4, "as many as there are"
        assert '<option value="zz" selected>zz</option>' in page.text
