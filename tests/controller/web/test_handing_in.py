"""Another level's system hands in bulletins with its API token, and asks what became of them."""

import asyncio
import json

import pytest

from controller.domain.handing_in import HandInState
from controller.domain.rights import EVERYWHERE
from tests.controller.web.api_client import ApiClient
from tests.controller.web.senders import (
    SENDER,
    Json,
    body,
    desk,
    heard,
    soon,
    system,
    token,
    until,
    waiting,
)
from tests.controller.web.station import Station


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


# --- the whole way ----------------------------------------------------------------------------------------------------


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
