"""Emergencies over the API: what programs and persons are told, and who is let through."""

from collections.abc import Mapping
from typing import Any

from controller.domain.emergencies import EmergencyId
from controller.domain.rights import Right, Role
from tests.controller.web.browser import Browser
from tests.controller.web.callers import HOME, SIBLING, person, program, second_area
from tests.controller.web.station import Station
from tests.controller.web.test_api import call
from tests.controller.web.test_content_api import uploaded

FOLDER = "/api/v1/emergencies"
DRAFT: dict[str, Any] = {"area_ids": [HOME], "texts": {"vi": "Bà con lên nơi cao ngay."}, "severity": "Extreme"}


async def prepared(station: Station, browser: Browser, draft: Mapping[str, Any] = DRAFT) -> str:
    made = await call(browser, "POST", FOLDER, draft, 202)
    await station.desk.emergencies.book.wait_ready(made["emergency_id"])
    return f"{FOLDER}/{made['emergency_id']}"


async def test_from_the_draft_to_the_end(station: Station) -> None:
    async with (
        person(station, "lan", (Role.OFFICER, HOME)) as lan,
        person(station, "minh", (Role.OFFICER, HOME)) as minh,
    ):
        one = await prepared(station, lan)
        assert (await call(lan, "POST", one + "/confirm", {}, 409))["code"] == "second_person_needed"
        assert (await call(lan, "POST", one + "/break-glass", {"reason": "một mình"}, 409))["code"] == (
            "break_glass_forbidden"
        )
        sent = await call(minh, "POST", one + "/confirm", {})
        assert (sent["state"], sent["prepared"]["name"], sent["confirmed"]["name"]) == ("sent", "lan", "minh")
        assert sent["texts"] == DRAFT["texts"]
        board = await call(lan, "GET", one + "/board")
        assert sum(board["counts"].values()) == len(board["lines"]) == len(station.speaker_ids)
        correction = await call(lan, "POST", one + "/correct", {"reason": "nhầm xã"}, 201)
        assert (correction["kind"], correction["answers"]) == ("correction", sent["emergency_id"])
        assert "Đính chính" in correction["texts"]["vi"]
        over = await call(lan, "GET", one)
        assert (over["state"], over["end"], over["answered_by"]) == ("ended", "corrected", correction["emergency_id"])
        assert (await call(minh, "POST", one + "/end", {}, 409))["code"] == "emergency_over"
        listed = await call(lan, "GET", FOLDER)
        assert {found["emergency_id"] for found in listed["emergencies"]} == {
            sent["emergency_id"],
            correction["emergency_id"],
        }


async def test_no_program_prepares_or_confirms_and_nobody_reaches_beyond_their_areas(station: Station) -> None:
    await second_area(station)
    async with (
        program(station, [Right.SEE, Right.BROADCAST, Right.STOP], HOME) as system,
        person(station, "lan", (Role.OFFICER, HOME)) as lan,
        person(station, "hoa", (Role.OFFICER, SIBLING)) as hoa,
    ):
        await call(system, "POST", FOLDER, DRAFT, 403)
        one = await prepared(station, lan)
        await call(system, "POST", one + "/confirm", {}, 403)
        await call(hoa, "POST", one + "/confirm", {}, 403)
        await call(hoa, "GET", one, status=404)
        await call(lan, "POST", FOLDER, {**DRAFT, "area_ids": [HOME, SIBLING]}, 403)
        await call(hoa, "POST", "/api/v1/stops", {"area_ids": [HOME]}, 403)
        assert (await call(hoa, "POST", FOLDER, {**DRAFT, "area_ids": ["x-nowhere"]}, 404))["code"] == "area_unknown"


async def test_an_area_says_whether_one_may_send_alone(station: Station) -> None:
    policy = f"/api/v1/areas/{HOME}/emergency-policy"
    async with (
        person(station, "lan", (Role.OFFICER, HOME)) as lan,
        person(station, "quản trị", (Role.ADMINISTRATOR, HOME)) as administrator,
    ):
        assert not (await call(lan, "GET", policy))["break_glass"]
        await call(lan, "PUT", policy, {"break_glass": True}, 403)
        told = await call(administrator, "PUT", policy, {"break_glass": True})
        assert (told["break_glass"], told["second_person"], told["said"]["second_person"]) == (True, True, None)
        one = await prepared(station, lan)
        alone = await call(lan, "POST", one + "/break-glass", {"reason": "không còn ai"})
        assert (alone["broken_glass"], alone["reason"]) == (True, "không còn ai")


async def test_stops_of_areas_are_listed_and_released_one_by_one(station: Station) -> None:
    async with person(station, "lan", (Role.OFFICER, HOME)) as lan:
        held = await call(lan, "POST", "/api/v1/stops", {"area_ids": [HOME]}, 201)
        again = await call(lan, "POST", "/api/v1/stops", {"area_ids": [HOME]}, 201)
        ready = await call(lan, "POST", "/api/v1/emergency-readiness", {"area_ids": [HOME]})
        assert (ready["ready"], ready["not_ready"]) == (0, {"stopped": ready["speakers"]})
        await call(lan, "DELETE", f"/api/v1/stops/{held['order_id']}", status=204)
        assert [one["order_id"] for one in (await call(lan, "GET", "/api/v1/stops"))["stops"]] == [again["order_id"]]
        await call(lan, "DELETE", f"/api/v1/stops/{held['order_id']}", status=404)


async def test_a_recording_is_uploaded_first_and_heard_in_place_of_all_speech(station: Station) -> None:
    async with (
        person(station, "lan", (Role.OFFICER, HOME)) as lan,
        person(station, "minh", (Role.OFFICER, HOME)) as minh,
    ):
        upload_id = await uploaded(station, lan)
        said = {"area_ids": [HOME], "upload_id": upload_id, "title": "Lời của Chủ tịch xã"}
        one = await prepared(station, lan, said)
        made = await station.desk.emergencies.get(EmergencyId(one.rpartition("/")[2]))
        assert made.draft.audio is not None
        assert made.title == "Lời của Chủ tịch xã"
        assert made.draft.audio in made.sequence
        assert (await call(minh, "POST", one + "/confirm", {}))["state"] == "sent"


async def test_a_recording_over_the_api_is_checked_as_on_the_page(station: Station) -> None:
    await second_area(station)
    async with (
        person(station, "lan", (Role.OFFICER, HOME)) as lan,
        person(station, "hoa", (Role.OFFICER, SIBLING)) as hoa,
    ):
        upload_id = await uploaded(station, lan)
        said = {"area_ids": [HOME], "upload_id": upload_id, "title": "Lời"}
        for changed, status, code in (
            ({"title": " "}, 422, "title_empty"),
            ({"texts": {"vi": "Nước lên."}}, 400, "bad_request"),
            ({"upload_id": "u-none"}, 422, "recording_missing"),
            ({"area_ids": [SIBLING]}, 403, "not_allowed"),
        ):
            assert (await call(lan, "POST", FOLDER, {**said, **changed}, status))["code"] == code
        stolen = await call(hoa, "POST", FOLDER, {**said, "area_ids": [SIBLING]}, 422)
        assert stolen["code"] == "recording_missing", "it is somebody else's"
        station.studio.failing = "recording_silent"
        assert (await call(lan, "POST", FOLDER, said, 422))["code"] == "recording_silent"
        assert station.desk.emergencies.open() == ()
