"""Bulletins of several languages, programmes, signature tunes, voices and pronunciations, as programs make them."""

import json
from typing import Any

import pytest
from aiohttp import FormData

from controller.domain.rights import Role
from tests.controller.web.api_client import as_promised, documented, operation_at
from tests.controller.web.browser import Browser
from tests.controller.web.callers import HOME, SIBLING, person, second_area
from tests.controller.web.station import SHA256, SOUND, Station

DOCUMENTED = documented()
TEXT = {"language": "vi", "text": "Kính thưa bà con."}


async def call(program: Browser, method: str, path: str, body: Any = None, status: int = 200) -> Any:
    """What was told, once it was found to be what the document of the API promises."""
    path = f"/api/v1/{path}"
    answer = await program.ask(method, path, **({"json": body} if body is not None else {}))
    assert answer.status == status, answer.text
    media_type = answer.headers.get("Content-Type", "")
    return as_promised(DOCUMENTED, operation_at(DOCUMENTED, method, path), status, media_type, answer.text.encode())


async def uploaded(station: Station, program: Browser) -> str:
    headers = {"Upload-Length": str(len(station.recording)), "Tus-Resumable": "1.0.0"}
    begun = await program.ask("POST", "/api/v1/uploads", headers=headers)
    upload_id = str(json.loads(begun.text)["upload_id"])
    headers = {
        "Upload-Offset": "0",
        "Tus-Resumable": "1.0.0",
        "Content-Type": "application/offset+octet-stream",
    }
    sent = await program.ask("PATCH", f"/api/v1/uploads/{upload_id}", data=station.recording, headers=headers)
    assert sent.status == 204, sent.text
    return upload_id


async def ready(station: Station, program: Browser, body: Any) -> Any:
    made = await call(program, "POST", "bulletins", body, 202)
    await station.wait_ready(made["bulletin_id"])
    return await call(program, "GET", f"bulletins/{made['bulletin_id']}")


async def test_a_bulletin_is_read_in_one_language_and_recorded_in_another(station: Station) -> None:
    async with station.program() as program:
        upload_id = await uploaded(station, program)
        body = {
            "title": "Họp thôn",
            "airing_class": "priority",
            "area_id": HOME,
            "variants": [{**TEXT, "words_per_minute": 140}, {"language": "tyz", "upload_id": upload_id}],
            "opening": "tune-chime",
            "times": 2,
            "pause_s": 1.5,
            "profile": "horn",
        }
        told = await ready(station, program, body)
        assert (told["state"], told["airing_class"], told["area_id"]) == ("ready", "priority", HOME)
        assert told["frame"] == {"opening": "tune-chime", "closing": None, "times": 2, "pause_s": 1.5}
        spoken, recorded = told["variants"]
        assert (spoken["language"], spoken["sound"]["source"], spoken["sound"]["words_per_minute"]) == (
            "vi",
            "text",
            140,
        )
        assert (recorded["language"], recorded["sound"]["source"], recorded["sound"]["text"]) == (
            "tyz",
            "recording",
            None,
        )
        assert {one["sound"]["profile"] for one in told["variants"]} == {"horn"}
        async with program.http.get(spoken["sound"]["audio_url"]) as sound:
            assert await sound.read() == SOUND
            assert "immutable" in sound.headers["Cache-Control"]


async def test_the_playlist_is_what_is_sent(station: Station) -> None:
    async with station.program() as program:
        body = {"variants": [TEXT, {**TEXT, "language": "en"}], "opening": "tune-chime", "times": 2, "pause_s": 2}
        bulletin = await ready(station, program, body)
        bulletin_id = bulletin["bulletin_id"]
        told = await call(program, "GET", f"bulletins/{bulletin_id}/playlist")
        assert [one["type"] for one in told["parts"]] == ["clip", "silence"] * 4 + ["clip"]
        assert {one["seconds"] for one in told["parts"] if one["type"] == "silence"} == {2}
        assert told["frames"] == sum(one["frames"] for one in told["parts"])
        airing = await call(program, "POST", "airings", {"content_id": bulletin_id, "speaker_ids": "all"}, 201)
        assert [part["frames"] for part in told["parts"]] == [
            part["frames"] if part["type"] == "silence" else part["renditions"]["opus24"]["frames"]
            for part in airing["sequence"]
        ]
        assert airing["duration_us"] == pytest.approx(told["duration_s"] * 1_000_000, abs=1)


async def test_a_change_is_refused_where_somebody_else_was_first(station: Station) -> None:
    async with station.program() as program:
        made = await ready(station, program, {"title": "Tin", **TEXT})
        path = f"bulletins/{made['bulletin_id']}"
        changed = await call(program, "PUT", path, {"title": "Tin mới", "revision": 1, **TEXT})
        assert (changed["revision"], changed["title"]) == (2, "Tin mới")
        assert changed["variants"][0]["sound"]["sound_id"] == made["variants"][0]["sound"]["sound_id"]
        problem = await call(program, "PUT", path, {"title": "Tin cũ", "revision": 1, **TEXT}, 409)
        assert problem["code"] == "changed_meanwhile"


async def test_what_a_bulletin_was_is_told_and_brought_back(station: Station) -> None:
    async with station.program() as program:
        made = await ready(station, program, {"title": "Một", **TEXT})
        path = f"bulletins/{made['bulletin_id']}"
        await call(program, "PUT", path, {"title": "Hai", "text": "Nội dung khác."})
        restored = await call(program, "POST", f"{path}/restore/1")
        assert (restored["revision"], restored["title"], restored["text"]) == (3, "Một", TEXT["text"])
        assert restored["variants"] == made["variants"], "the very sound"
        revisions = (await call(program, "GET", f"{path}/history"))["revisions"]
        assert [(one["number"], one["title"]) for one in revisions] == [(3, "Một"), (2, "Hai"), (1, "Một")]
        assert [one["variants"][0]["text"] for one in revisions] == [TEXT["text"], "Nội dung khác.", TEXT["text"]]
        assert (await call(program, "POST", f"{path}/restore/9", status=404))["code"] == "not_found"


async def test_a_withdrawn_bulletin_is_kept_but_not_sent(station: Station) -> None:
    async with station.program() as program:
        made = await ready(station, program, TEXT)
        path = f"bulletins/{made['bulletin_id']}"
        assert (await call(program, "DELETE", path))["withdrawn"] is True
        assert (await call(program, "GET", "bulletins"))["bulletins"] == []
        assert (await call(program, "GET", path))["withdrawn"] is True
        body = {"bulletin_id": made["bulletin_id"], "speaker_ids": "all"}
        assert (await call(program, "POST", "airings", body, 409))["code"] == "withdrawn"
        assert (await call(program, "PUT", path, TEXT, 409))["code"] == "withdrawn"


async def test_what_was_cancelled_can_be_made_again(station: Station) -> None:
    async with station.program() as program:
        station.studio.free.clear()
        made = await call(program, "POST", "bulletins", TEXT, 202)
        path = f"bulletins/{made['bulletin_id']}"
        assert (await call(program, "POST", f"{path}/cancel"))["state"] == "cancelled"
        station.studio.free.set()
        await call(program, "POST", f"{path}/retry")
        await station.wait_ready(made["bulletin_id"])
        assert (await call(program, "GET", path))["state"] == "ready"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "text_empty"),
        ({"variants": [TEXT, TEXT]}, "variant_twice"),
        ({"variants": [{**TEXT, "language": f"a{letter}"} for letter in "abcdefg"]}, "too_many_variants"),
        ({"variants": [{**TEXT, "language": "Tiếng Việt"}]}, "language_unknown"),
        ({"variants": [{"language": "vi", "upload_id": "nothing"}]}, "recording_missing"),
        ({"variants": [{"language": "vi", "sound_id": "sd-nothing"}]}, "recording_missing"),
        ({**TEXT, "voice": "nobody"}, "voice_unknown"),
        ({**TEXT, "times": 4}, "times_out_of_range"),
        ({**TEXT, "pause_s": 31}, "pause_out_of_range"),
        ({**TEXT, "airing_class": "drill"}, "class_unknown"),
        ({**TEXT, "opening": "tune-nothing"}, "tune_unknown"),
        ({**TEXT, "expires_at_us": 1}, "expiry_passed"),
        ({**TEXT, "expires_at_us": 2**62}, "too_far_ahead"),
        ({**TEXT, "expires_at_us": 2**63}, "too_far_ahead"),
    ],
)
async def test_what_cannot_be_made_is_refused_with_its_code(station: Station, body: Any, code: str) -> None:
    async with station.program() as program:
        problem = await program.ask("POST", "/api/v1/bulletins", json=body)
        assert (problem.status, json.loads(problem.text)["code"]) == (422, code)
        assert (await call(program, "GET", "bulletins"))["bulletins"] == []


async def test_files_of_a_bulletin_that_is_refused_are_given_back(station: Station) -> None:
    async with station.program() as program:
        upload_id = await uploaded(station, program)
        body = {"variants": [{"language": "vi", "upload_id": upload_id}, {"language": "en", "upload_id": "nothing"}]}
        await call(program, "POST", "bulletins", body, 422)
        assert not list(station.parts.upload_folder.glob("*taken*"))
        await ready(station, program, {"title": "Tin", "variants": body["variants"][:1]})


async def test_a_programme_is_made_listened_to_and_sent(station: Station) -> None:
    async with station.program() as program:
        bulletin = await ready(station, program, TEXT)
        items = [
            {"kind": "bulletin", "bulletin_id": bulletin["bulletin_id"]},
            {"kind": "silence", "seconds": 3},
            {"kind": "bulletin", "bulletin_id": bulletin["bulletin_id"]},
            {
                "kind": "relay",
                "name": "VOV1",
                "source_url": "https://vov.example/1",
                "seconds": 30,
                "second_url": "card:line",
                "fallback_bulletin_id": bulletin["bulletin_id"],
            },
        ]
        body = {"title": "Chương trình tối", "items": items, "closing": "tune-chime", "pause_s": 1}
        programme = await call(program, "POST", "programmes", body, 201)
        assert (programme["items"], programme["revision"], programme["relays"]) == (items, 1, 1)
        path = f"programmes/{programme['programme_id']}"
        told = await call(program, "GET", f"{path}/playlist")
        assert [one.get("seconds", "clip") for one in told["parts"]] == ["clip", 3, "clip", 1, 30, 1, "clip"]
        relay = {"name": "VOV1", "source_url": "https://vov.example/1", "audible": True}
        assert relay.items() <= told["parts"][4].items()
        items[3]["seconds"] = 29
        assert (await call(program, "POST", "programmes", body, 422))["code"] == "relay_out_of_range"
        items[3]["seconds"] = 30
        body = {"content_id": programme["programme_id"], "speaker_ids": "all"}
        airing = await call(program, "POST", "airings", body, 201)
        assert (airing["content_id"], airing["title"]) == (programme["programme_id"], "Chương trình tối")
        changed = await call(program, "PUT", path, {"title": "Sáng", "items": items[:1], "revision": 1})
        assert changed["revision"] == 2
        assert len((await call(program, "GET", f"airings/{airing['airing_id']}"))["sequence"]) == 7
        assert (await call(program, "POST", f"{path}/restore/1"))["items"] == items
        history = (await call(program, "GET", f"{path}/history"))["revisions"]
        assert [one["title"] for one in history] == ["Chương trình tối", "Sáng", "Chương trình tối"]
        assert (await call(program, "DELETE", path))["withdrawn"] is True
        assert (await call(program, "GET", "programmes"))["programmes"] == []


async def test_a_programme_holds_only_bulletins_that_its_maker_sees(station: Station) -> None:
    await second_area(station)
    async with (
        person(station, "an", (Role.EDITOR, HOME)) as an,
        person(station, "binh", (Role.EDITOR, SIBLING)) as binh,
    ):
        bulletin = await ready(station, an, {"title": "Của An", **TEXT})
        assert bulletin["area_id"] == HOME, "where its maker works, and nowhere else"
        items = [{"kind": "bulletin", "bulletin_id": bulletin["bulletin_id"]}]
        problem = await call(binh, "POST", "programmes", {"title": "Của Bình", "items": items}, 404)
        assert problem["code"] == "bulletin_unknown"
        assert (await call(binh, "POST", "bulletins", {**TEXT, "area_id": HOME}, 403))["code"] == "not_allowed"
        assert (await call(binh, "POST", "bulletins", {**TEXT, "area_id": "*"}, 403))["code"] == "not_allowed"
        programme = await call(an, "POST", "programmes", {"title": "Của An", "items": items}, 201)
        await call(binh, "GET", f"programmes/{programme['programme_id']}", status=404)
        body = {"content_id": programme["programme_id"], "speaker_ids": [station.speaker_ids[0]]}
        await call(binh, "POST", "airings", body, 403)


async def test_a_tune_is_added_renamed_used_and_withdrawn(station: Station) -> None:
    async with station.program() as program:
        built_in = (await call(program, "GET", "tunes"))["tunes"]
        assert [(one["tune_id"], one["built_in"], one["sound"]["state"]) for one in built_in] == [
            ("tune-chime", True, "ready")
        ]
        body = {"upload_id": await uploaded(station, program), "name": "Nhạc hiệu xã"}
        tune = await call(program, "POST", "tunes", body, 202)
        path = f"tunes/{tune['tune_id']}"
        assert (await call(program, "PUT", f"{path}/name", {"name": "Nhạc hiệu mới"}))["name"] == "Nhạc hiệu mới"
        bulletin = await ready(station, program, {**TEXT, "opening": tune["tune_id"]})
        assert (await call(program, "DELETE", path))["withdrawn"] is True
        assert tune["tune_id"] not in {one["tune_id"] for one in (await call(program, "GET", "tunes"))["tunes"]}
        told = await call(program, "GET", f"bulletins/{bulletin['bulletin_id']}/playlist")
        assert told["parts"][0]["sha256"] == SHA256, "what uses it keeps it"
        changed = {**TEXT, "opening": tune["tune_id"], "title": "Tên khác"}
        assert (await call(program, "PUT", f"bulletins/{bulletin['bulletin_id']}", changed))["revision"] == 2
        assert (await call(program, "POST", "bulletins", changed, 422))["code"] == "tune_unknown"


async def test_a_text_is_listened_to_before_anything_is_made_of_it(station: Station) -> None:
    async with station.program() as program:
        voices = (await call(program, "GET", "voices"))["voices"]
        assert {"voice_id": "quick-vi", "name": "Quick", "languages": ["vi"]} in voices
        told = await call(program, "POST", "sentences", {"text": "Một. Hai."})
        assert told["sentences"] == [{"written": "Một", "spoken": "một"}, {"written": "Hai", "spoken": "hai"}]
        async with program.http.post(
            "/api/v1/say", json={"text": "Một."}, headers={"X-Loa-CSRF": program.program_token}
        ) as said:
            assert (said.status, said.content_type) == (200, "audio/wav")
            assert (await said.read()).startswith(b"RIFF")
        assert (await call(program, "POST", "say", {"text": "a" * 1_001}, 422))["code"] == "text_too_long"
        assert (await call(program, "POST", "say", {"text": "Một.", "language": "xx"}, 422))["code"] == (
            "language_unknown"
        )


async def test_a_word_is_given_a_reading_of_its_own(station: Station) -> None:
    async with station.program() as program:
        path = "pronunciations/vi/UBND"
        told = await call(program, "PUT", path, {"spoken": "uỷ ban nhân dân"})
        assert (told["written"], told["spoken"]) == ("UBND", "uỷ ban nhân dân")
        assert (await call(program, "GET", "pronunciations"))["pronunciations"] == [told]
        assert (await call(program, "PUT", path, {"spoken": " "}, 422))["code"] == "pronunciation_empty"
        await call(program, "DELETE", path, status=204)
        assert (await call(program, "GET", "pronunciations"))["pronunciations"] == []
        await call(program, "DELETE", path, status=404)


async def test_an_airing_needs_one_thing_to_send(station: Station) -> None:
    async with station.program() as program:
        assert (await call(program, "POST", "airings", {"speaker_ids": "all"}, 400))["code"] == "bad_request"
        body = {"content_id": "b-1", "bulletin_id": "b-2", "speaker_ids": "all"}
        assert (await call(program, "POST", "airings", body, 400))["code"] == "bad_request"
        body = {"content_id": "pr-nothing", "speaker_ids": "all"}
        assert (await call(program, "POST", "airings", body, 404))["code"] == "not_found"


async def test_a_recording_says_its_language(station: Station) -> None:
    async with station.program() as program:
        form = FormData(default_to_multipart=True)
        form.add_field("csrf_token", program.program_token)
        form.add_field("language", "tyz")
        form.add_field("file", station.recording, filename="Tày.wav")
        answer = await program.ask("POST", "/api/v1/recordings", data=form)
        assert answer.status == 202, answer.text
        assert json.loads(answer.text)["variants"][0]["language"] == "tyz"


async def test_programmes_are_read_page_by_page(station: Station) -> None:
    async with station.program() as program:
        bulletin = await ready(station, program, TEXT)
        items = [{"kind": "bulletin", "bulletin_id": bulletin["bulletin_id"]}]
        made = [await call(program, "POST", "programmes", {"title": f"{n}", "items": items}, 201) for n in range(3)]
        first = await call(program, "GET", "programmes?limit=2")
        rest = await call(program, "GET", f"programmes?limit=2&before={first['next']}")
        found = [one["programme_id"] for one in first["programmes"] + rest["programmes"]]
        assert sorted(found) == sorted(one["programme_id"] for one in made)
        assert rest["next"] is None


async def test_content_of_an_area_is_that_area_s(station: Station) -> None:
    await second_area(station)
    async with (
        station.program() as admin,
        person(station, "an", (Role.EDITOR, HOME)) as an,
        person(station, "binh", (Role.EDITOR, SIBLING)) as binh,
    ):
        tune = await call(an, "POST", "tunes", {"upload_id": await uploaded(station, an), "name": "Của An"}, 202)
        assert tune["area_id"] == HOME
        assert [one["tune_id"] for one in (await call(binh, "GET", "tunes"))["tunes"]] == ["tune-chime"]
        assert (await call(binh, "POST", "bulletins", {**TEXT, "closing": tune["tune_id"]}, 422))["code"] == (
            "tune_unknown"
        )
        await call(binh, "PUT", f"tunes/{tune['tune_id']}/name", {"name": "Của Bình"}, 403)
        await call(an, "PUT", "tunes/tune-chime/name", {"name": "Của An"}, 403)
        everybody_s = await ready(station, admin, TEXT)
        assert everybody_s["area_id"] is None
        path = f"bulletins/{everybody_s['bulletin_id']}"
        assert (await call(an, "GET", path))["revision"] == 1
        await call(an, "PUT", path, TEXT, 403)
        moved = await call(admin, "PUT", path, {**TEXT, "area_id": SIBLING})
        assert moved["area_id"] == SIBLING
        await call(an, "GET", path, status=404)
        assert (await call(binh, "PUT", path, {**TEXT, "title": "Của Bình"}))["area_id"] == SIBLING
        assert (await call(binh, "PUT", path, {**TEXT, "area_id": HOME}, 403))["code"] == "not_allowed"
        assert (await call(binh, "POST", f"{path}/restore/1"))["area_id"] == SIBLING, "it stays where it is"
