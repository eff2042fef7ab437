"""What programs can do: everything that the pages do, with the names of the domain."""

import asyncio
import json
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any, get_args

import pytest
from aiohttp import FormData
from jsonschema import Draft202012Validator

from agents.protocol.ids import DeviceId
from agents.protocol.journal import JournalRecord, StartedUp
from agents.protocol.values import ClockBasis
from controller.domain.airings import Airing, Playback
from controller.domain.journals import ReceivedRecords
from controller.domain.speakers import Speaker
from controller.web.api.events import api_voice
from controller.web.sse import Told
from tests.controller.web.api_client import as_promised, documented, operation_at
from tests.controller.web.browser import Browser
from tests.controller.web.station import NAME, PASSWORD, SOUND, Station

DOCUMENTED = documented()


async def call(program: Browser, method: str, path: str, body: Any = None, status: int = 200) -> Any:
    """What was told, once it was found to be what the document of the API promises."""
    answer = await program.ask(method, path, **({"json": body} if body is not None else {}))
    assert answer.status == status, answer.text
    media_type = answer.headers.get("Content-Type", "")
    return as_promised(DOCUMENTED, operation_at(DOCUMENTED, method, path), status, media_type, answer.text.encode())


def names(of: type) -> set[str]:
    return {field.name for field in fields(of)}


async def ready_bulletin(station: Station, program: Browser) -> str:
    body = {"title": "Tin", "text": "Kính thưa bà con.", "language": "vi", "words_per_minute": 125}
    made = await call(program, "POST", "/api/v1/bulletins", body, 202)
    assert made["state"] == "preparing"
    await station.wait_ready(made["bulletin_id"])
    return str(made["bulletin_id"])


async def test_signing_in_gives_a_cookie_and_a_token(station: Station) -> None:
    async with Browser(station.url) as program:
        told = await call(program, "POST", "/api/v1/sign-in", {"name": NAME, "password": PASSWORD})
        assert told["name"] == NAME
        assert await call(program, "GET", "/api/v1/sign-in") == {"name": NAME, "csrf": told["csrf"]}
        program.program_token = told["csrf"]
        await call(program, "DELETE", "/api/v1/sign-in", status=204)
        problem = await call(program, "GET", "/api/v1/sign-in", status=401)
        assert problem["code"] == "sign_in_needed"


async def test_speakers_are_told_with_their_state(station: Station) -> None:
    async with station.program() as program:
        speakers = (await call(program, "GET", "/api/v1/speakers"))["speakers"]
        assert {speaker["speaker_id"] for speaker in speakers} == set(station.speaker_ids)
        one = speakers[0]
        assert names(Speaker) - {"replaces"} <= set(one)
        assert one["ready"] is False
        assert one["not_ready"] == "offline"
        assert await call(program, "GET", f"/api/v1/speakers/{one['speaker_id']}") == one


async def test_volume_and_name_can_be_set(station: Station) -> None:
    speaker_id = station.speaker_ids[0]
    async with station.program() as program:
        changed = await call(program, "PUT", f"/api/v1/speakers/{speaker_id}/volume", {"percent": 35})
        assert changed["volume_percent"] == 35
        changed = await call(program, "PUT", f"/api/v1/speakers/{speaker_id}/name", {"name": "Nhà văn hoá thôn 2"})
        assert changed["name"] == "Nhà văn hoá thôn 2"
        problem = await call(program, "PUT", f"/api/v1/speakers/{speaker_id}/volume", {"percent": 101}, 422)
        assert problem["code"] == "volume_out_of_range"


async def test_a_speaker_can_be_released(station: Station) -> None:
    speaker_id = station.speaker_ids[0]
    async with station.program() as program:
        released = await call(program, "DELETE", f"/api/v1/speakers/{speaker_id}")
        assert released["state"] == "releasing", "its device is away"
        gone = await call(program, "DELETE", f"/api/v1/speakers/{speaker_id}?force=1")
        assert gone["state"] == "released"
        speakers = (await call(program, "GET", "/api/v1/speakers"))["speakers"]
        assert speaker_id not in {speaker["speaker_id"] for speaker in speakers}


async def test_a_device_that_nobody_found_cannot_be_adopted(station: Station) -> None:
    async with station.program() as program:
        assert await call(program, "GET", "/api/v1/found") == {"found": []}
        body = {"code": "123456", "name": "Chợ", "area": ""}
        answer = await program.ask("POST", "/api/v1/found/d-none/adopt", json=body)
        assert 400 <= answer.status < 600
        assert json.loads(answer.text)["code"] in {"not_found", "device_gone", "device_unreachable"}


async def test_a_bulletin_is_sent_now_and_stopped(station: Station) -> None:
    async with station.program() as program:
        bulletin_id = await ready_bulletin(station, program)
        bulletin = await call(program, "GET", f"/api/v1/bulletins/{bulletin_id}")
        assert bulletin["state"] == "ready"
        assert bulletin["clips"]["peaks"]
        async with program.http.get(bulletin["audio_url"]) as sound:
            assert await sound.read() == SOUND
        airing = await call(program, "POST", "/api/v1/airings", {"bulletin_id": bulletin_id, "speaker_ids": "all"}, 201)
        assert names(Airing) <= set(airing)
        assert set(airing["speaker_ids"]) == set(station.speaker_ids)
        path = f"/api/v1/airings/{airing['airing_id']}"
        told = await call(program, "GET", path)
        assert {playback["speaker_id"] for playback in told["playbacks"]} == set(station.speaker_ids)
        assert all(set(Playback.__struct_fields__) <= set(playback) for playback in told["playbacks"])
        assert [a["airing_id"] for a in (await call(program, "GET", "/api/v1/airings"))["airings"]] == [
            airing["airing_id"]
        ]
        assert (await call(program, "POST", f"{path}/stop"))["state"] == "stopped"
        assert (await call(program, "POST", f"{path}/stop", status=409))["code"] == "already_ended"


async def test_a_bulletin_is_scheduled_at_an_instant_with_its_zone(station: Station) -> None:
    start = (datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0)
    async with station.program() as program:
        bulletin_id = await ready_bulletin(station, program)
        body = {"bulletin_id": bulletin_id, "speaker_ids": [station.speaker_ids[0]], "start_at": start.isoformat()}
        airing = await call(program, "POST", "/api/v1/airings", body, 201)
        assert airing["start_at_us"] == int(start.timestamp()) * 1_000_000
        body["start_at"] = "2020-01-01T00:00:00+07:00"
        problem = await call(program, "POST", "/api/v1/airings", body, 422)
        assert problem["code"] == "start_in_past"


async def test_a_recording_is_handed_in_and_prepared(station: Station) -> None:
    async with station.program() as program:
        form = FormData()
        form.add_field("file", BytesIO(station.recording), filename="tin.wav", content_type="audio/wav")
        form.add_field("title", "Tin ghi âm")
        answer = await program.ask("POST", "/api/v1/recordings", data=form)
        assert answer.status == 202
        made = json.loads(answer.text)
        assert (made["title"], made["source"]) == ("Tin ghi âm", "recording")
        await station.wait_ready(made["bulletin_id"])
        assert (await call(program, "GET", f"/api/v1/bulletins/{made['bulletin_id']}"))["state"] == "ready"


async def test_preparing_can_be_cancelled(station: Station) -> None:
    station.hold_studio()
    async with station.program() as program:
        made = await call(program, "POST", "/api/v1/bulletins", {"text": "Kính thưa bà con."}, 202)
        assert (await call(program, "DELETE", f"/api/v1/bulletins/{made['bulletin_id']}"))["state"] == "cancelled"


async def test_everything_is_stopped_and_allowed_again(station: Station) -> None:
    async with station.program() as program:
        assert await call(program, "GET", "/api/v1/stop") == {"stop": None}
        order_id = (await call(program, "POST", "/api/v1/stop", status=201))["order_id"]
        stop = (await call(program, "GET", "/api/v1/stop"))["stop"]
        assert (stop["order_id"], stop["by"]) == (order_id, NAME)
        assert {word["speaker_id"] for word in stop["acknowledgements"]} == set(station.speaker_ids)
        await call(program, "DELETE", "/api/v1/stop", status=204)
        assert await call(program, "GET", "/api/v1/stop") == {"stop": None}


async def test_what_was_done_is_on_record(station: Station) -> None:
    async with station.program() as program:
        await call(program, "POST", "/api/v1/stop", status=201)
        deeds = (await call(program, "GET", "/api/v1/deeds?limit=5"))["deeds"]
        assert [(deed["what"], deed["by"]) for deed in deeds[:2]] == [("stop_all", NAME), ("sign_in", NAME)]


async def test_a_journal_is_read_by_speaker(station: Station) -> None:
    async with station.program() as program:
        speaker_id = station.speaker_ids[0]
        told = await call(program, "GET", f"/api/v1/journal?speaker={speaker_id}")
        assert told == {"speaker_id": speaker_id, "records": [], "next": None}
        assert (await call(program, "GET", "/api/v1/journal?speaker=x", status=404))["code"] == "speaker_unknown"
        assert "`speaker`" in (await call(program, "GET", "/api/v1/journal", status=400))["more"]
        assert (await call(program, "GET", f"/api/v1/journal?speaker={speaker_id}&limit=0", status=400)) is not None


async def test_enrolment_tokens_are_shown_once(station: Station) -> None:
    async with station.program() as program:
        body = {"area": station.area_id, "uses": 3, "valid_s": 3_600}
        made = await call(program, "POST", "/api/v1/tokens", body, 201)
        assert made["text"].startswith(made["token_id"])
        (listed,) = (await call(program, "GET", "/api/v1/tokens"))["tokens"]
        assert listed["token_id"] == made["token_id"]
        assert listed["text"] is None


async def test_events_tell_a_program_what_changed(station: Station) -> None:
    async with station.program() as program, program.http.get("/api/v1/events") as stream:
        told: list[str] = []
        async with asyncio.timeout(10):
            while "event: subscribed" not in told:
                told.append((await stream.content.readline()).decode().strip())
            await call(program, "POST", "/api/v1/stop", status=201)
            while 'data: {"type":"stop_changed"}' not in told:
                told.append((await stream.content.readline()).decode().strip())


def test_every_event_is_told_as_the_document_says() -> None:
    said = operation_at(DOCUMENTED, "GET", "/api/v1/events")["responses"]["200"]["content"]["text/event-stream"]
    check = Draft202012Validator({**said["x-loa-event"], "components": DOCUMENTED["components"]})
    for kind in get_args(Told):
        ((name, data),) = api_voice(kind(*("x" for _ in fields(kind))))
        event = json.loads(data)
        check.validate(event)
        assert event["type"] == name
        assert set(event) == {"type", *names(kind)}
    assert not check.is_valid({"type": "other_changed"})


# --- lists, page by page ----------------------------------------------------------------------------------------------


async def pages(program: Browser, path: str, what: str) -> list[list[Any]]:
    """Every page of a list, two at a time."""
    found, following = [], ""
    while following is not None:
        told = await call(program, "GET", f"{path}limit=2{following and f'&before={following}'}")
        found.append(told[what])
        following = told["next"]
    return found


async def test_bulletins_are_read_page_by_page(station: Station) -> None:
    async with station.program() as program:
        made = [await ready_bulletin(station, program) for _ in range(5)]
        found = await pages(program, "/api/v1/bulletins?", "bulletins")
        assert [len(page) for page in found] == [2, 2, 1]
        assert {one["bulletin_id"] for page in found for one in page} == set(made)


async def test_what_is_added_meanwhile_does_not_move_a_page(station: Station) -> None:
    async with station.program() as program:
        bulletin_id = await ready_bulletin(station, program)
        body = {"bulletin_id": bulletin_id, "speaker_ids": [station.speaker_ids[0]]}
        sent = [(await call(program, "POST", "/api/v1/airings", body, 201))["airing_id"] for _ in range(4)]
        first = await call(program, "GET", "/api/v1/airings?limit=2")
        await call(program, "POST", "/api/v1/airings", body, 201)
        second = await call(program, "GET", f"/api/v1/airings?limit=2&before={first['next']}")
        assert [one["airing_id"] for one in first["airings"] + second["airings"]] == sent[::-1]
        assert second["next"] is None


async def test_a_journal_is_read_page_by_page(station: Station) -> None:
    speaker_id, device_id = station.speaker_ids[0], DeviceId("d-0")
    records = tuple(
        JournalRecord(
            seq=seq,
            at_us=None,
            clock_basis=ClockBasis.NONE,
            clock_error_us=None,
            event=StartedUp(software=str(seq), clean=True),
        )
        for seq in range(1, 6)
    )
    async with station.parts.store.transaction() as tx:
        await tx.journals.add(
            [ReceivedRecords(device_id=device_id, journal_id="j.1", records=records, received_at_us=1_000_000)]
        )
    async with station.program() as program:
        found = await pages(program, f"/api/v1/journal?speaker={speaker_id}&", "records")
        assert [[record["seq"] for record in page] for page in found] == [[5, 4], [3, 2], [1]]


@pytest.mark.parametrize("before", ["x", "5", "-1.a", "1.", "99999999999999999999.a"])
async def test_a_place_that_nobody_named_is_refused_or_empty(station: Station, before: str) -> None:
    async with station.program() as program:
        for path in ("airings?", "bulletins?", f"journal?speaker={station.speaker_ids[0]}&"):
            answer = await program.get(f"/api/v1/{path}before={before}")
            if before == "1." and not path.startswith("journal"):
                assert (answer.status, json.loads(answer.text)["next"]) == (200, None)
            else:
                assert (answer.status, json.loads(answer.text)["code"]) == (400, "bad_request")
