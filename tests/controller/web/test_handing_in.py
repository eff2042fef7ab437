"""Another level's system hands in bulletins with its API token, and asks what became of them."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agents.protocol.ids import AiringId, AreaId
from controller.domain.accounts import Person
from controller.domain.airings import PlayState
from controller.domain.handing_in import HandInState
from controller.domain.rights import EVERYWHERE, Right
from tests.controller.web.api_client import ApiClient
from tests.controller.web.station import NAME, PASSWORD, STATION, Station

Json = dict[str, Any]
HERE = AreaId("x-1")
SENDER = (Right.HAND_IN, Right.HAND_IN_EMERGENCY)


def body(**changes: Any) -> Json:
    return {"reference": "r-1", "areas": ["x-1"], "title": "Tin từ tỉnh", "text": "Kính thưa bà con.", **changes}


async def administrator(station: Station) -> Person:
    async with station.parts.store.reading() as tx:
        found = await tx.persons.named(NAME)
    assert found is not None
    return found


async def token(station: Station, *rights: Right, area_id: AreaId = HERE, name: str = "Sở TTTT") -> str:
    person = await administrator(station)
    made = await station.desk.api_tokens.create(name, rights, area_id, 30, person.actor)
    return made[1]


@asynccontextmanager
async def system(
    station: Station, *rights: Right, area_id: AreaId = HERE, name: str = "Sở TTTT"
) -> AsyncIterator[ApiClient]:
    """The other level's system, with a token of these rights."""
    async with ApiClient(station.url) as client:
        client.keys["token"] = await token(station, *(rights or SENDER), area_id=area_id, name=name)
        yield client


@asynccontextmanager
async def desk(station: Station) -> AsyncIterator[ApiClient]:
    """A person of the station, as a program."""
    async with ApiClient(station.url) as client:
        _, told = await client.call("sign_in", body={"name": NAME, "password": PASSWORD})
        client.keys["csrf"] = told["csrf"]
        yield client


async def until(client: ApiClient, hand_in_id: str, state: HandInState) -> Json:
    async with asyncio.timeout(10):
        while True:
            _, told = await client.call("get_hand_in", hand_in_id=hand_in_id)
            if told["state"] == state:
                return dict(told)
            await asyncio.sleep(0.01)


async def waiting(client: ApiClient, **changes: Any) -> Json:
    status, told = await client.call("create_hand_in", body=body(**changes))
    assert status == 202, told
    return await until(client, told["hand_in_id"], HandInState.WAITING)


def soon(**after: float) -> str:
    return (datetime.now(UTC) + timedelta(**after)).isoformat()


async def left(station: Station) -> tuple[int, int]:
    """How many bulletins there are, and how many files that nothing waits for."""
    files = [path for path in station.uploads.iterdir() if path.suffix not in {".json"}]
    return len(await station.desk.compose.latest(100)), len(files)


# --- handing in -------------------------------------------------------------------------------------------------------


async def test_a_text_is_handed_in_and_waits(station: Station) -> None:
    async with system(station) as client:
        status, told = await client.call("create_hand_in", body=body(valid_until=soon(hours=2)))
        assert (status, told["reference"], told["sender"]) == (202, "r-1", "Sở TTTT")
        assert told["links"]["self"] == f"/api/v1/hand-ins/{told['hand_in_id']}"
        found = await until(client, told["hand_in_id"], HandInState.WAITING)
        assert found["areas"] == [{"area_id": "x-1", "code": "", "name": "Xã Hoà Bình"}]
        assert (found["decided"], found["airings"]) == (None, [])
        assert found["texts"] == [{"language": "vi", "text": "Kính thưa bà con."}]


async def test_the_same_again_is_the_same(station: Station) -> None:
    async with system(station) as client:
        first = await waiting(client)
        status, again = await client.call("create_hand_in", body=body())
        assert (status, again["hand_in_id"], again["state"]) == (200, first["hand_in_id"], "waiting")
        for changes in ({"text": "Khác."}, {"airing_class": "priority"}, {"title": "Khác"}):
            status, problem = await client.call("create_hand_in", body=body(**changes))
            assert (status, problem["code"]) == (409, "reference_taken")
    async with system(station, name="Another") as other:
        assert (await other.call("create_hand_in", body=body(text="Khác.")))[0] == 202


async def test_the_same_at_the_same_time_is_one(station: Station) -> None:
    async with system(station) as client:
        handed = await asyncio.gather(*(client.call("create_hand_in", body=body()) for _ in range(8)))
        assert sorted(status for status, _ in handed) == [200] * 7 + [202]
        assert len({told["hand_in_id"] for _, told in handed}) == 1
    assert (await left(station))[0] == 1


async def test_a_recording_comes_with_the_form(station: Station) -> None:
    wanted = json.dumps(body(text="Để đọc."))
    async with system(station) as client:
        for expected in (202, 200):
            status, told = await client.call(
                "create_hand_in_with_file", form={"hand_in": wanted, "file": station.recording}
            )
            assert status == expected
        found = await until(client, told["hand_in_id"], HandInState.WAITING)
        assert found["texts"] == [{"language": "vi", "text": "Để đọc."}]
        bulletin = (await station.desk.compose.latest(1))[0]
        assert bulletin.source == "recording"
        status, problem = await client.call(
            "create_hand_in_with_file", form={"hand_in": wanted, "file": station.recording + b"x"}
        )
        assert (status, problem["code"]) == (409, "reference_taken")
    assert await left(station) == (1, 0)


async def test_a_recording_is_uploaded_before(station: Station) -> None:
    async with system(station) as client:
        upload = await uploaded(client, station.recording)
        told = await waiting(client, text="", upload_id=upload)
        for _ in range(2):
            status, again = await client.call("create_hand_in", body=body(text="", upload_id=upload))
            assert (status, again["hand_in_id"]) == (200, told["hand_in_id"])
            await client.call("remove_upload", upload_id=upload)
        status, anew = await client.call(
            "create_hand_in", body=body(text="", upload_id=await uploaded(client, station.recording))
        )
        assert (status, anew["hand_in_id"]) == (200, told["hand_in_id"])


async def uploaded(client: ApiClient, recording: bytes) -> str:
    length: Json = {"Upload-Length": len(recording)}
    _, begun = await client.call("create_upload", **length)
    offset: Json = {"Upload-Offset": 0}
    await client.call("append_to_upload", upload_id=begun["upload_id"], raw=recording, **offset)
    return str(begun["upload_id"])


async def test_several_languages_are_one_bulletin(station: Station) -> None:
    variants = [{"language": "vi", "text": "Xin chào."}, {"language": "en", "text": "Good day."}]
    async with system(station) as client:
        told = await waiting(client, text="", variants=variants)
        assert [one["language"] for one in told["texts"]] == ["vi", "en"]
        assert len((await station.desk.compose.latest(1))[0].variants) == 2


@pytest.mark.parametrize("written", ["vn-00004", "00004"])
async def test_an_area_is_named_by_its_id_or_its_code(station: Station, written: str) -> None:
    async with system(station, area_id=EVERYWHERE) as client:
        status, told = await client.call("create_hand_in", body=body(areas=[written]))
        assert status == 202
        assert (told["areas"][0]["area_id"], told["areas"][0]["code"]) == ("vn-00004", "00004")


WRONG: list[tuple[Json, int, str]] = [
    ({"areas": []}, 422, "areas_missing"),
    ({"areas": ["x-2"]}, 422, "area_unknown"),
    ({"areas": [""]}, 422, "area_unknown"),
    ({"areas": ["x-1", "vn-00004"]}, 403, "area_outside_token"),
    ({"reference": ""}, 422, "reference_invalid"),
    ({"reference": "r" * 10_000}, 422, "reference_invalid"),
    ({"reference": "r\n"}, 422, "reference_invalid"),
    ({"title": "t" * 201}, 422, "title_too_long"),
    ({"text": ""}, 422, "variant_missing"),
    ({"text": " \n"}, 422, "text_empty"),
    ({"text": "a " * 40_000}, 422, "text_too_long"),
    ({"language": "xx"}, 422, "language_unknown"),
    ({"words_per_minute": 10}, 422, "rate_out_of_range"),
    ({"airing_class": "drill"}, 400, "bad_json"),
    ({"valid_until": "2020-01-01T00:00:00+07:00"}, 422, "validity_passed"),
    ({"valid_until": "2099-01-01T00:00:00+07:00"}, 422, "validity_too_long"),
    ({"valid_until": "2030-01-01T00:00:00"}, 422, "zone_missing"),
    ({"valid_from": "yesterday"}, 400, "bad_json"),
    ({"upload_id": "none"}, 422, "recording_missing"),
    ({"variants": [{"language": "vi", "text": "Hai."}]}, 422, "variant_twice"),
    ({"colour": "red"}, 400, "bad_json"),
]


@pytest.mark.parametrize(("changes", "status", "code"), WRONG, ids=[code for _, _, code in WRONG])
async def test_what_cannot_be_taken_leaves_nothing(station: Station, changes: Json, status: int, code: str) -> None:
    async with system(station) as client:
        told = await client.call("create_hand_in", body=body(**changes))
        assert (told[0], told[1]["code"]) == (status, code)
        assert (await client.call("list_hand_ins"))[1]["hand_ins"] == []
    assert await left(station) == (0, 0)


@pytest.mark.parametrize(
    ("hand_in", "file", "code"),
    [
        (body(valid_until="2020-01-01T00:00:00Z"), b"RIFF", "validity_passed"),
        (body(areas=["x-2"]), b"RIFF", "area_unknown"),
        (body(), b"", "recording_empty"),
        ("{", b"RIFF", "bad_json"),
    ],
)
async def test_a_file_of_what_cannot_be_taken_is_not_kept(
    station: Station, hand_in: Json | str, file: bytes, code: str
) -> None:
    written = hand_in if isinstance(hand_in, str) else json.dumps(hand_in)
    async with system(station) as client:
        _, problem = await client.call("create_hand_in_with_file", form={"hand_in": written, "file": file})
        assert problem["code"] == code
    assert await left(station) == (0, 0)


async def test_what_is_no_recording_fails_and_says_so(station: Station) -> None:
    async with system(station) as client:
        form = {"hand_in": json.dumps(body(text="")), "file": b"<html>"}
        status, told = await client.call("create_hand_in_with_file", form=form)
        assert status == 202
        found = await until(client, told["hand_in_id"], HandInState.FAILED)
        assert found["failure"]
        assert found["failure_sentence"]


async def test_a_problem_is_told_in_the_language_that_is_asked_for(station: Station) -> None:
    shown = await token(station, *SENDER)
    async with ApiClient(station.url) as client:
        for language, beginning in (("vi", "Mã truy cập API"), ("en", "This token")):
            headers = {"Authorization": f"Bearer {shown}", "Accept-Language": language}
            async with client.http.post("/api/v1/hand-ins", json=body(areas=["vn-00004"]), headers=headers) as answer:
                assert answer.content_type == "application/problem+json"
                assert (await answer.json())["detail"].startswith(beginning)


# --- who may ----------------------------------------------------------------------------------------------------------


async def test_an_emergency_needs_a_right_of_its_own(station: Station) -> None:
    async with system(station, Right.HAND_IN) as client:
        status, problem = await client.call("create_hand_in", body=body(airing_class="emergency"))
        assert (status, problem["code"]) == (403, "not_allowed")


async def test_a_token_without_the_right_hands_in_nothing(station: Station) -> None:
    async with system(station, Right.SEE, Right.COMPOSE) as client:
        assert (await client.call("create_hand_in", body=body()))[0] == 403
    async with desk(station) as person:
        assert (await person.call("create_hand_in", body=body()))[0] == 403


async def test_a_revoked_token_is_worth_nothing(station: Station) -> None:
    async with system(station) as client:
        person = await administrator(station)
        made = (await station.desk.api_tokens.all(person.actor))[0]
        await station.desk.api_tokens.revoke(made.token_id, person.actor)
        status, problem = await client.call("create_hand_in", body=body())
        assert (status, problem["code"]) == (401, "token_revoked")


async def test_only_its_own_token_and_the_people_of_the_area_see_it(station: Station) -> None:
    async with system(station) as client, system(station, Right.SEE, Right.HAND_IN, name="Other") as other:
        told = await waiting(client)
        assert (await other.call("get_hand_in", hand_in_id=told["hand_in_id"]))[0] == 404
        assert (await other.call("withdraw_hand_in", hand_in_id=told["hand_in_id"]))[0] == 404
        assert (await other.call("list_hand_ins"))[1]["hand_ins"] == []
        async with desk(station) as person:
            assert (await person.call("get_hand_in", hand_in_id=told["hand_in_id"]))[0] == 200
            assert len((await person.call("list_hand_ins"))[1]["hand_ins"]) == 1


async def test_a_sender_decides_nothing(station: Station) -> None:
    async with system(station) as client:
        told = await waiting(client)
        for call, sent in (("take_hand_in", {}), ("decline_hand_in", {"reason": "x"})):
            assert (await client.call(call, hand_in_id=told["hand_in_id"], body=sent))[0] == 403


# --- what becomes of it -----------------------------------------------------------------------------------------------


async def test_the_sender_learns_that_it_was_taken_and_where_it_is_heard(station: Station) -> None:
    async with system(station) as client, desk(station) as person:
        told = await waiting(client)
        status, airing = await person.call("take_hand_in", hand_in_id=told["hand_in_id"], body={})
        assert status == 201
        status, again = await person.call("take_hand_in", hand_in_id=told["hand_in_id"], body={})
        assert (status, again["code"]) == (409, "hand_in_decided")
        _, found = await client.call("get_hand_in", hand_in_id=told["hand_in_id"])
        assert (found["state"], found["decided"], found["station"]) == ("taken", "station", STATION)
        (heard,) = found["airings"]
        assert (heard["airing_id"], heard["targets"], heard["finished"]) == (airing["airing_id"], 3, 0)
        assert [(one["name"], one["targets"]) for one in heard["areas"]] == [("Xã Hoà Bình", 3)]
        assert NAME not in json.dumps(found)


async def test_it_is_taken_for_a_time_on_some_speakers(station: Station) -> None:
    async with system(station) as client, desk(station) as person:
        told = await waiting(client, valid_until=soon(hours=5))
        for at, code in ((soon(hours=6), "bulletin_expired"), ("2030-01-01T00:00:00", "zone_missing")):
            sent = {"start_at": at, "speaker_ids": ["s-1"]}
            _, problem = await person.call("take_hand_in", hand_in_id=told["hand_in_id"], body=sent)
            assert problem["code"] == code
        sent = {"speaker_ids": ["s-1", "s-9"]}
        assert (await person.call("take_hand_in", hand_in_id=told["hand_in_id"], body=sent))[0] == 422
        sent = {"start_at": soon(hours=1), "speaker_ids": ["s-1"]}
        status, airing = await person.call("take_hand_in", hand_in_id=told["hand_in_id"], body=sent)
        assert (status, airing["speaker_ids"], airing["state"]) == (201, ["s-1"], "planned")


async def test_the_sender_learns_why_it_was_declined(station: Station) -> None:
    async with system(station) as client, desk(station) as person:
        told = await waiting(client)
        _, problem = await person.call("decline_hand_in", hand_in_id=told["hand_in_id"], body={"reason": " "})
        assert problem["code"] == "reason_missing"
        sent = {"reason": "Đã phát hôm qua."}
        assert (await person.call("decline_hand_in", hand_in_id=told["hand_in_id"], body=sent))[0] == 200
        _, found = await client.call("get_hand_in", hand_in_id=told["hand_in_id"])
        assert (found["state"], found["reason"]) == ("declined", "Đã phát hôm qua.")


async def test_a_sender_takes_it_back(station: Station) -> None:
    async with system(station) as client:
        told = await waiting(client)
        status, found = await client.call("withdraw_hand_in", hand_in_id=told["hand_in_id"])
        assert (status, found["state"], found["decided"]) == (200, "withdrawn", "sender")
        assert "withdraw" not in found["links"]


async def test_a_sender_asks_for_what_changed(station: Station) -> None:
    async with system(station) as client:
        told = [await waiting(client, reference=f"r-{number}") for number in range(3)]
        _, page = await client.call("list_hand_ins", limit=2)
        assert [one["reference"] for one in page["hand_ins"]] == ["r-0", "r-1"]
        _, page = await client.call("list_hand_ins", since=page["next"])
        assert [one["reference"] for one in page["hand_ins"]] == ["r-2"]
        _, nothing = await client.call("list_hand_ins", since=page["next"])
        assert (nothing["hand_ins"], nothing["next"]) == ([], page["next"])
        await client.call("withdraw_hand_in", hand_in_id=told[0]["hand_in_id"])
        _, page = await client.call("list_hand_ins", since=nothing["next"])
        assert [(one["reference"], one["state"]) for one in page["hand_ins"]] == [("r-0", "withdrawn")]
        _, one = await client.call("list_hand_ins", reference="r-1")
        assert [found["hand_in_id"] for found in one["hand_ins"]] == [told[1]["hand_in_id"]]
        assert (await client.call("list_hand_ins", since="nonsense"))[0] == 400


async def test_an_emergency_waits_for_a_speaker_that_can_be_reached(station: Station) -> None:
    async with system(station) as client:
        told = await waiting(client, airing_class="emergency")
        assert (told["airings"], "withdraw" in told["links"]) == ([], True)


# --- the whole way ----------------------------------------------------------------------------------------------------


async def heard(station: Station, airing_id: str) -> None:
    """Two speakers play it to its end, and the third cannot."""
    states = {"s-0": PlayState.FINISHED, "s-1": PlayState.FINISHED, "s-2": PlayState.FAILED}
    async with station.parts.store.transaction() as tx:
        playbacks = await tx.airings.playbacks(AiringId(airing_id))
        changed = [replace(one, state=states[one.speaker_id]) for one in playbacks]
        await tx.airings.put_playbacks([replace(changed[2], reason="disk_full"), *changed[:2]])


async def test_a_program_that_read_only_the_document_hands_in_and_learns_what_became_of_it(station: Station) -> None:
    """A token, an upload, a hand-in, a person who takes it on the page, and what was heard of it."""
    async with desk(station) as administrator, ApiClient(station.url) as sender, station.browser() as person:
        wanted = {"name": "Sở TTTT", "rights": ["hand_in"], "area_id": station.area_id, "valid_days": 30}
        status, made = await administrator.call("create_api_token", body=wanted)
        assert status == 201
        sender.keys["token"] = made["text"]
        upload_id = await uploaded(sender, station.recording)
        told = await waiting(sender, upload_id=upload_id, airing_class="priority", valid_until=soon(hours=1))
        assert "Tin từ tỉnh" in (await person.get("/from-above")).says
        page = f"/from-above/{told['hand_in_id']}"
        await person.get(page)
        chosen = [("targets", speaker_id) for speaker_id in station.speaker_ids]
        assert (await person.post(f"{page}/take", [*chosen, ("when", "now")])).status == 200
        taken = await until(sender, told["hand_in_id"], HandInState.TAKEN)
        await heard(station, taken["airings"][0]["airing_id"])
        _, told = await sender.call("list_hand_ins", reference="r-1")
        (airing,) = told["hand_ins"][0]["airings"]
        assert (airing["targets"], airing["finished"], airing["failed"]) == (3, 2, 1)
        (area,) = airing["areas"]
        assert (area["name"], area["finished"], area["failed"]) == ("Xã Hoà Bình", 2, 1)
        failed = [one for one in airing["speakers"] if one["state"] == "failed"]
        assert [(one["reason"], one["reason_sentence"]) for one in failed] == [
            ("disk_full", "Bộ nhớ của cụm loa đã đầy.")
        ]
