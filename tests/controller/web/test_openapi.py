"""The document of the API is true: it names every endpoint, and the server answers as it says."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from agents.protocol.ids import DeviceId, DocumentId, SpeakerId
from agents.protocol.journal import ActionName
from controller.domain.errors import Invalid
from controller.domain.faults import Fault, FaultDetail, FaultKind
from controller.domain.hands import AskedHand
from controller.web.api.endpoint import Answer, Body, Created, Endpoint, Query, endpoint, raises
from controller.web.api.openapi import document
from controller.web.asking import Ask
from controller.web.errors import english
from controller.web.routes import ACTIONS, ROUTES
from tests.controller.web.api_client import DOCUMENT, ApiClient
from tests.controller.web.browser import Browser
from tests.controller.web.station import NAME, PASSWORD, SHA256, Station

DOCUMENTED: dict[str, Any] = json.loads(document(ROUTES))
OPERATIONS = [(method, path, said) for path, methods in DOCUMENTED["paths"].items() for method, said in methods.items()]


def plain(path: str) -> str:
    return re.sub(r":[^}]*\}", "}", path)


# --- the document -----------------------------------------------------------------------------------------------------


def test_it_is_an_openapi_document() -> None:
    OpenAPIV31SpecValidator(DOCUMENTED).validate()


def test_it_names_every_address_of_the_api_and_nothing_else() -> None:
    table = {(route.method, plain(route.path)) for route in ROUTES if route.path.startswith("/api/")}
    assert {(method.upper(), path) for method, path, _ in OPERATIONS} == table


def test_only_endpoints_answer_below_the_api() -> None:
    assert [r.path for r in ROUTES if r.path.startswith("/api/") != isinstance(r, Endpoint)] == []


def test_each_operation_has_one_name_of_its_own() -> None:
    names = [said["operationId"] for _, _, said in OPERATIONS]
    assert len(names) == len(set(names))


PROBLEMS = {"application/problem+json", "application/json"}
"""As JSON where what was refused is told like what was taken."""


@pytest.mark.parametrize(("method", "path", "said"), OPERATIONS, ids=[s["operationId"] for *_, s in OPERATIONS])
def test_each_operation_says_what_it_is_and_what_comes_back(method: str, path: str, said: dict[str, Any]) -> None:
    assert said["summary"].endswith(".")
    assert said["tags"]
    assert any(status.startswith("2") for status in said["responses"])
    assert "500" in said["responses"]
    assert ("401" in said["responses"]) or said["security"] == []
    for status, response in said["responses"].items():
        if status >= "400" and "$ref" not in response and not {*response.get("content", ())} & PROBLEMS:
            assert status == "416", "a range that is not there is told without words"


def test_each_room_says_what_it_is_for() -> None:
    rooms = {tag["name"]: tag["description"] for tag in DOCUMENTED["tags"]}
    assert set(rooms) == {tag for _, _, said in OPERATIONS for tag in said["tags"]}
    assert all(rooms.values())


def test_each_code_of_a_problem_has_its_own_sentence() -> None:
    codes = set(re.findall(r"- `(\w+)`", json.dumps(DOCUMENTED))) - {"not_allowed"}  # says what is lacking
    assert {"text_empty", "sign_in_wrong", "not_acceptable"} <= codes
    assert [code for code in sorted(codes) if "(code:" in english(code)] == []


def test_fields_say_their_units() -> None:
    schemas = DOCUMENTED["components"]["schemas"]
    assert schemas["AiringTold"]["properties"]["start_at_us"]["description"].startswith("Controller time: microseconds")
    assert schemas["ClipRef"]["properties"]["frames"]["description"] == "Frames at 48 kHz."


def test_a_right_that_is_needed_is_named() -> None:
    for route in ROUTES:
        if isinstance(route, Endpoint):
            said = DOCUMENTED["paths"][plain(route.path)][route.method.lower()]
            assert said.get("x-loa-right") == (None if route.right is None else route.right.value)


async def test_it_is_kept_until_it_changes(station: Station) -> None:
    async with Browser(station.url) as stranger:
        first = await stranger.get(DOCUMENT)
        assert first.status == 200
        assert json.loads(first.text) == DOCUMENTED
        for known in (first.headers["ETag"], f'"x", W/{first.headers["ETag"]}', "*"):
            again = await stranger.get(DOCUMENT, headers={"If-None-Match": known})
            assert (again.status, again.text) == (304, "")
        assert (await stranger.get(DOCUMENT, headers={"If-None-Match": '"other"'})).status == 200


# --- the server answers as it says ------------------------------------------------------------------------------------


async def signed_in(client: ApiClient) -> None:
    status, told = await client.call("sign_in", body={"name": NAME, "password": PASSWORD})
    assert status == 200
    client.keys["csrf"] = told["csrf"]


async def aired(station: Station, client: ApiClient) -> tuple[str, str]:
    """A bulletin and an airing of it."""
    body = {"title": "Tin", "text": "Kính thưa bà con."}
    status, bulletin = await client.call("create_bulletin", body=body)
    assert status == 202
    await station.wait_ready(bulletin["bulletin_id"])
    body = {"bulletin_id": bulletin["bulletin_id"], "speaker_ids": "all"}
    status, airing = await client.call("create_airing", body=body)
    assert status == 201
    return bulletin["bulletin_id"], airing["airing_id"]


async def test_a_program_that_read_only_the_document_sends_a_bulletin(station: Station) -> None:
    async with ApiClient(station.url) as client:
        assert (await client.call("list_speakers"))[0] == 401
        await signed_in(client)
        bulletin_id, airing_id = await aired(station, client)
        status, told = await client.call("get_bulletin", bulletin_id=bulletin_id)
        assert (status, told["state"]) == (200, "ready")
        assert (await client.call("get_airing", airing_id=airing_id))[1]["content_id"] == bulletin_id
        assert (await client.call("stop_airing", airing_id=airing_id))[1]["state"] == "stopped"
        assert (await client.call("sign_out"))[0] == 204
        assert (await client.call("who_is_signed_in"))[0] == 401


async def test_a_program_with_an_api_token_needs_neither_cookie_nor_csrf(station: Station) -> None:
    async with ApiClient(station.url) as person, ApiClient(station.url) as program:
        await signed_in(person)
        wanted = {"name": "Huyện", "rights": ["see", "compose", "broadcast"], "area_id": "*", "valid_days": 30}
        status, made = await person.call("create_api_token", body=wanted)
        assert status == 201
        program.keys["token"] = made["text"]
        _, airing_id = await aired(station, program)
        assert (await program.call("get_airing", airing_id=airing_id))[0] == 200
        status, told = await program.call("stop_airing", airing_id=airing_id)
        assert (status, told["code"]) == (403, "not_allowed")
        assert (await program.call("list_people"))[0] == 403
        assert (await person.call("revoke_api_token", token_id=made["token_id"]))[0] in {200, 204}
        status, told = await program.call("list_airings")
        assert (status, told["code"]) == (401, "token_revoked")


async def handed_in(station: Station, person: ApiClient) -> str:
    """Something from above. Returns its id."""
    wanted = {"name": "Tỉnh", "rights": ["see", "compose", "hand_in"], "area_id": "*", "valid_days": 30}
    async with ApiClient(station.url) as program:
        program.keys["token"] = (await person.call("create_api_token", body=wanted))[1]["text"]
        body = {"reference": "1", "areas": [station.area_id], "title": "Tin", "text": "Kính thưa bà con."}
        status, made = await program.call("create_hand_in", body=body)
        assert status == 202
        return str(made["hand_in_id"])


READ = [said for method, _, said in OPERATIONS if method == "get" and said["operationId"] != "follow_events"]


async def test_whatever_can_be_read_is_as_the_document_says(station: Station) -> None:
    async with ApiClient(station.url) as client:
        await signed_in(client)
        bulletin_id, airing_id = await aired(station, client)
        upload = (await client.call("create_upload", **{"Upload-Length": 5}))[1]
        await client.call("create_enrolment_token", body={"area": station.area_id})
        hand_in_id = await handed_in(station, client)
        relay = {"kind": "relay", "name": "VOV1", "source_url": "https://vov.example/1", "seconds": 60}
        items = [{"kind": "bulletin", "bulletin_id": bulletin_id}, {"kind": "silence", "seconds": 2}, relay]
        programme = (await client.call("create_programme", body={"title": "Tối", "items": items}))[1]
        await client.call("set_pronunciation", language="vi", written="UBND", body={"spoken": "uỷ ban"})
        await client.call("stop_everything")
        members = [{"speaker_id": station.speaker_ids[0]}]
        group = (await client.call("create_group", body={"name": "Chợ", "members": members}))[1]
        rule = {"rrule": "FREQ=DAILY", "start": "2090-01-01T17:00"}
        draft = {"content_id": bulletin_id, "target": {"areas": [station.area_id]}, "rule": rule}
        status, schedule = await client.call("create_schedule", body=draft)
        assert status == 201
        drill = {"area_ids": [station.area_id], "drill": True, "texts": {"vi": "Một hai ba."}}
        emergency = (await client.call("prepare_emergency", body=drill))[1]
        known = {
            "emergency_id": emergency["emergency_id"],
            "schedule_id": schedule["schedule_id"],
            "original": "2090-01-02T17:00",
            "year": "2026",
            "group_id": group["group_id"],
            "programme_id": programme["programme_id"],
            "tune_id": (await client.call("list_tunes"))[1]["tunes"][0]["tune_id"],
            "sha256": SHA256,
            "speaker_id": station.speaker_ids[0],
            "speaker": station.speaker_ids[0],
            "bulletin_id": bulletin_id,
            "airing_id": airing_id,
            "area_id": station.area_id,
            "upload_id": upload["upload_id"],
            "hand_in_id": hand_in_id,
            "alert_id": (await client.call("hand_in_cap", raw=b"no alert"))[1]["alerts"][0]["alert_id"],
            "order_id": await acted(station),
            "fault_id": await broken(station),
            "person_id": (await client.call("list_people"))[1]["people"][0]["person_id"],
        }
        for said in READ:
            needed = [one["name"] for one in said.get("parameters", ()) if one["required"]]
            status, _ = await client.call(said["operationId"], **{name: known[name] for name in needed})
            assert status == 200, said["operationId"]


async def acted(station: Station) -> DocumentId:
    """A log that was fetched."""
    hand = AskedHand(
        order_id=DocumentId("order-1"),
        speaker_id=SpeakerId(station.speaker_ids[0]),
        device_id=DeviceId("d-1"),
        action=ActionName.FETCH_LOG,
        by=NAME,
        asked_at_us=1,
    )
    async with station.desk.store.transaction() as tx:
        await tx.hands.put(hand)
        await tx.hands.put_log(hand.order_id, "ready")
    return hand.order_id


async def broken(station: Station) -> str:
    """A fault that was, with its part."""
    area = Fault(fault_id="f-1", kind=FaultKind.AREA_OFFLINE, opened_at_us=1, closed_at_us=9)
    part = replace(area, fault_id="f-2", kind=FaultKind.OFFLINE, group_id="f-1", detail=FaultDetail(since_us=1))
    async with station.desk.store.transaction() as tx:
        await tx.faults.put([area, replace(part, speaker_id=SpeakerId(station.speaker_ids[0]))])
    return area.fault_id


async def test_changes_are_answered_as_the_document_says(station: Station) -> None:
    speaker_id = station.speaker_ids[0]
    async with ApiClient(station.url) as client:
        await signed_in(client)
        for name, arguments, expected in (
            ("rename_speaker", {"speaker_id": speaker_id, "body": {"name": "Chợ Mới"}}, 200),
            ("rename_speaker", {"speaker_id": speaker_id, "body": {"name": ""}}, 422),
            ("set_volume", {"speaker_id": speaker_id, "body": {"percent": 30}}, 200),
            ("set_volume", {"speaker_id": "x", "body": {"percent": 30}}, 404),
            ("set_delay", {"speaker_id": speaker_id, "body": {"delay_us": 250_000}}, 200),
            ("set_delay", {"speaker_id": speaker_id, "body": {"delay_us": 10_000_001}}, 422),
            ("create_bulletin", {"body": {"text": ""}}, 422),
            ("create_bulletin", {"body": {"text": "Chào", "words": 5}}, 400),
            ("create_airing", {"body": {"bulletin_id": "b", "speaker_ids": "all"}}, 404),
            ("adopt", {"device_id": "d", "body": {"code": "1", "name": "Chợ"}}, 422),
            ("release_stop", {}, 204),
            ("release_speaker", {"speaker_id": speaker_id, "force": "1"}, 200),
            ("change_password", {"body": {"present": "wrong", "wanted": "long enough for this"}}, 403),
        ):
            status, _ = await client.call(name, **arguments)
            assert status == expected, (name, arguments)


async def test_recordings_come_in_as_the_document_says(station: Station) -> None:
    async with ApiClient(station.url) as client:
        await signed_in(client)
        status, made = await client.call("create_recording", form={"file": station.recording, "title": "Tin"})
        assert (status, made["title"]) == (202, "Tin")
        assert (await client.call("create_recording", form={"title": "Tin"}))[0] == 422
        assert (await client.call("get_upload_options"))[0] == 204
        length = len(station.recording)
        status, begun = await client.call("create_upload", **{"Upload-Length": length})
        assert (status, begun["offset_bytes"]) == (201, 0)
        upload_id = begun["upload_id"]
        status, _ = await client.call(
            "append_to_upload", upload_id=upload_id, raw=station.recording, **{"Upload-Offset": 0}
        )
        assert status == 204
        assert (await client.call("get_upload", upload_id=upload_id))[1]["finished"] is True
        assert (await client.call("create_recording", form={"upload_id": upload_id}))[0] == 202
        assert (await client.call("remove_upload", upload_id=upload_id))[0] == 204
        assert (await client.call("get_upload", upload_id=upload_id))[0] == 404


# --- what pages do, programs do ---------------------------------------------------------------------------------------

COUNTERPARTS = {
    "/sign-in": "sign_in",
    "/sign-out": "sign_out",
    "/password": "change_password",
    "/preferences": None,  # kept in the browser alone
    "/stop-all": "stop_everything",
    "/stop-all/release": "release_stop",
    "/broadcast/prepare": "create_bulletin",
    "/broadcast/prepare/{id}/cancel": "cancel_bulletin",
    "/broadcast/send": "create_airing",
    "/recordings": "create_recording",
    "/airings/{id}/stop": "stop_airing",
    "/speakers/{id}/volume": "set_volume",
    "/speakers/{id}/release": "release_speaker",
    "/found/{id}/identify": "identify",
    "/found/{id}/adopt": "adopt",
    "/people": "add_person",
    "/people/{id}": "change_person",
    "/people/{id}/close": "close_person",
    "/people/{id}/open": "change_person",
    "/people/{id}/password": "reset_password",
    "/tokens": "create_api_token",
    "/areas": "create_area",
    "/areas/home": "set_home",
    "/areas/{id}/rename": "change_area",
    "/areas/{id}/move": "change_area",
    "/areas/{id}/close": "close_area",
    "/areas/{id}": "change_area",
    "/areas/{id}/merge": "merge_areas",
    "/areas/{id}/split": "split_area",
    "/areas/{id}/reopen": "reopen_area",
    "/speakers/{id}/name": "rename_speaker",
    "/speakers/{id}/delay": "set_delay",
    "/speakers/{id}/place": "place_speaker",
    "/speakers/{id}/position": "set_speaker_position",
    "/areas/{id}/languages": "set_cap_languages",
    "/groups": "create_group",
    "/groups/{id}": "replace_group",
    "/groups/{id}/remove": "remove_group",
    "/tokens/{id}/revoke": "revoke_api_token",
}


def test_every_action_of_the_pages_is_in_the_api() -> None:
    names = {said["operationId"] for _, _, said in OPERATIONS}
    assert {route.path for route in ACTIONS} == set(COUNTERPARTS)
    assert {name for name in COUNTERPARTS.values() if name is not None} <= names


# --- how an endpoint is written ---------------------------------------------------------------------------------------


class Wanted(Body):
    """What is wanted."""

    count: int


class Which(Query):
    """Which of them."""

    deep: bool = False


@raises(Invalid, "text_empty")
async def make(ask: Ask, thing_id: str, body: Wanted, query: Which) -> Created[dict[str, int]]:
    """Make a thing.

    It has ``count`` parts.
    """
    return Created(told={thing_id: body.count}, location=f"/things/{query.deep}")


async def forget(ask: Ask, number: int) -> Answer[None]:
    """Forget a thing."""
    return Answer(told=None)


def test_an_operation_is_read_from_its_function() -> None:
    told = json.loads(document([endpoint("POST", "/api/v1/things/{thing_id}", make)]))
    said = told["paths"]["/api/v1/things/{thing_id}"]["post"]
    assert (said["operationId"], said["summary"], said["description"]) == (
        "make",
        "Make a thing.",
        "It has `count` parts.",
    )
    assert [(p["name"], p["in"], p["required"]) for p in said["parameters"]] == [
        ("thing_id", "path", True),
        ("deep", "query", False),
    ]
    assert said["requestBody"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Wanted"}
    assert told["components"]["schemas"]["Wanted"]["additionalProperties"] is False
    assert "Location" in said["responses"]["201"]["headers"]
    assert "text_empty" in said["responses"]["422"]["description"]


def test_a_function_that_does_not_fit_its_path_is_no_endpoint() -> None:
    with pytest.raises(TypeError, match="takes no thing_id"):
        endpoint("DELETE", "/api/v1/things/{thing_id}/{number}", forget)
    with pytest.raises(TypeError, match="nothing says where number"):
        endpoint("DELETE", "/api/v1/things", forget)
