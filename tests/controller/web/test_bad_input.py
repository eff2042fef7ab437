"""Whatever is handed in, the answer is a sentence in the person's language, and nothing is half-kept."""

import asyncio
import json
import logging
import re
import resource
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from io import BytesIO

import pytest
from aiohttp import ClientError

from controller.web.asking import Needs
from controller.web.routes import ROUTES
from tests.controller.web.station import Station

LONG_TEXT = "Kính thưa bà con. " * 5_556  # 100,008 characters
CONTROLS = "".join(map(chr, range(32))) + "\x7f\x85"


def left_over(station: Station) -> list[str]:
    return sorted(path.name for path in station.uploads.iterdir())


@pytest.mark.parametrize(("language", "said"), [("vi", "quá dài"), ("en", "too long")])
async def test_a_text_of_100000_characters_comes_back_with_a_sentence(
    station: Station, language: str, said: str
) -> None:
    async with station.browser(language=language) as browser:
        answer = await browser.post("/broadcast/prepare", {"text": LONG_TEXT, "source": "text"})
        assert answer.status == 422
        assert said in answer.says
        assert LONG_TEXT.strip() in answer.text, "what was typed is not lost"


async def test_the_same_with_scripts_says_so_where_the_button_is(station: Station) -> None:
    async with station.browser(scripts=True) as browser:
        answer = await browser.post("/broadcast/prepare", {"text": LONG_TEXT, "source": "text"})
        assert answer.status == 422
        assert "too long" in answer.says
        assert "<html" not in answer.text


async def test_the_same_from_a_program_is_a_problem(station: Station) -> None:
    async with station.program() as program:
        answer = await program.ask("POST", "/api/v1/bulletins", json={"text": LONG_TEXT})
    assert answer.status == 422
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    problem = json.loads(answer.text)
    assert problem["code"] == "text_too_long"
    assert problem["status"] == 422
    assert "too long" in problem["detail"]
    assert problem["type"]
    assert problem["title"]


@pytest.mark.parametrize("name", ["Cookie", "X-Loa-CSRF"])
async def test_a_header_of_bytes_that_are_no_letters_is_just_wrong(station: Station, name: str) -> None:
    written = {"Cookie": b"loa_sign_in=\xff\xfe; loa_form=\xf0", "X-Loa-CSRF": b"\xff"}[name]
    host, port = station.server.host, station.server.port
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(b"POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n")
    writer.write(b"Cookie: loa_form=x\r\n" * (name != "Cookie") + name.encode() + b": " + written + b"\r\n\r\n")
    answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 403 ")


async def test_more_than_a_form_can_hold_is_refused_unread(station: Station) -> None:
    async with station.browser() as browser:
        answer = await browser.post("/broadcast/prepare", {"text": "a" * 3_000_000, "source": "text"})
        assert answer.status == 413
        assert "more than can be taken" in answer.says


@pytest.mark.parametrize("text", ["", "   \n", CONTROLS])
async def test_a_text_with_nothing_to_read_is_said_so(station: Station, text: str) -> None:
    async with station.browser() as browser:
        answer = await browser.post("/broadcast/prepare", {"text": text, "source": "text"})
        assert answer.status == 422
        assert "There is no text to read." in answer.says


async def test_control_characters_never_reach_a_page(station: Station) -> None:
    async with station.browser() as browser:
        fields = {"text": f"Chào{CONTROLS}bà con", "title": f"Tin{CONTROLS}mới", "source": "text"}
        answer = await browser.post("/broadcast/prepare", fields)
        assert answer.status in {200, 422}
        assert "Chào" in answer.says
        assert "\x00" not in answer.text


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "bad_json"),
        (b"{", 400, "bad_json"),
        (b"[]", 400, "bad_json"),
        (b'{"text": 5}', 400, "bad_json"),
        (b'{"title": "no text"}', 422, "text_empty"),
        (b'\xff\xfe{"text": "x"}', 400, "bad_json"),
        (b'{"text": "\\ud800"}', 400, "bad_json"),
        (b"[" * 100_000, 400, "bad_json"),
        (b'{"unknown":' * 50_000, 400, "bad_json"),
        (b'{"text": "' + b"a" * 3_000_000 + b'"}', 413, "too_large"),
    ],
)
async def test_bad_json_is_a_problem(station: Station, body: bytes, status: int, code: str) -> None:
    async with station.program() as program:
        answer = await program.ask(
            "POST", "/api/v1/bulletins", data=BytesIO(body), headers={"Content-Type": "application/json"}
        )
    assert (answer.status, json.loads(answer.text)["code"]) == (status, code)


async def test_what_is_not_json_is_not_read_as_json(station: Station) -> None:
    async with station.program() as program:
        answer = await program.ask(
            "POST", "/api/v1/bulletins", data=b'{"text":"x"}', headers={"Content-Type": "text/plain"}
        )
    assert answer.status == 415


@pytest.mark.parametrize("start_at", ["tomorrow", "2026-03-02T17:00:00", 5])
async def test_an_instant_needs_its_zone(station: Station, start_at: object) -> None:
    async with station.program() as program:
        body = {"bulletin_id": "b", "speaker_ids": "all", "start_at": start_at}
        answer = await program.ask("POST", "/api/v1/airings", json=body)
    assert (answer.status, json.loads(answer.text)["code"]) == (400, "bad_json")


WITH_ID = [r for r in ROUTES if r.method == "GET" and re.search(r"\{\w*id\}", r.path) and r.needs is Needs.SIGNED_IN]

OF_A_PAGE = {"/parts/speakers/{id}", "/parts/speakers/{id}/journal", "/parts/speakers/{id}/actions"}


@pytest.mark.parametrize("wrong", ["x", "đài", "%00", "..%2F..%2Fetc%2Fpasswd", "a" * 500])
async def test_what_is_not_there_is_not_found(station: Station, wrong: str) -> None:
    async with station.browser() as browser:
        for route in WITH_ID:
            answer = await browser.get(re.sub(r"\{\w*id\}", lambda _: wrong, route.path))
            # A page whose speaker was released a moment ago asks once more: that is no mistake to complain of.
            assert answer.status == (204 if route.path in OF_A_PAGE else 404), route.path
            assert "Traceback" not in answer.text


async def test_an_unknown_address_is_a_page_in_the_person_s_language(station: Station) -> None:
    async with station.browser(language="vi") as browser:
        answer = await browser.get("/khong-co")
        assert answer.status == 404
        assert "Không tìm thấy" in answer.says


async def test_a_method_that_an_address_does_not_know_is_refused(station: Station) -> None:
    async with station.browser() as browser:
        answer = await browser.ask("DELETE", "/speakers")
        assert answer.status == 405
        assert "GET" in answer.headers["Allow"]


async def test_a_fault_of_the_server_shows_a_sentence_and_no_trace(
    station: Station, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("the secret inside")

    async with station.browser() as browser:
        monkeypatch.setattr(station.parts.reports, "latest_airings", broken, raising=False)
        with caplog.at_level(logging.ERROR):
            page = await browser.get("/airings")
            program = await browser.get("/api/v1/airings")
            browser.scripts = True
            part = await browser.get("/parts/airings")
    for answer in (page, program, part):
        assert answer.status == 500
        assert "Something went wrong on the server." in answer.says
        assert "the secret inside" not in answer.text
    assert part.headers["HX-Retarget"] == "#flash"
    assert "the secret inside" in caplog.text


# --- recordings -------------------------------------------------------------------------------------------------------


async def test_a_form_without_a_recording_says_that_one_is_missing(station: Station) -> None:
    async with station.browser() as browser:
        answer = await browser.post("/broadcast/prepare", {"source": "recording"})
        assert answer.status == 422
        assert "Choose a recording first." in answer.says


async def test_an_empty_recording_is_refused_and_nothing_is_kept(station: Station) -> None:
    async with station.browser() as browser:
        answer = await browser.post_file("/recordings", "recording", b"")
        assert answer.status == 422
        assert (
            json.loads(answer.text)["sentence"]
            == "The recording is empty or too short to be heard. Choose another file."
        )
        assert left_over(station) == []


@pytest.mark.parametrize("station", [{"upload_limit_bytes": 1_000_000}], indirect=True)
async def test_a_recording_above_the_limit_is_refused_before_it_is_sent(station: Station) -> None:
    async with station.browser() as browser:
        answer = await browser.post_file("/recordings", "recording", BytesIO(b"x" * 4_000_000))
        assert answer.status == 413
        assert "too large" in json.loads(answer.text)["sentence"]
        assert left_over(station) == []


@pytest.mark.parametrize("station", [{"upload_limit_bytes": 1_000_000}], indirect=True)
async def test_one_that_does_not_say_how_long_it_is_is_refused_when_it_passes_the_limit(station: Station) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(60):
            yield b"x" * 65_536

    async with station.browser() as browser:
        answer = await browser.post_file("/recordings", "recording", endless())
        assert answer.status == 413
        assert left_over(station) == []


async def test_an_upload_that_breaks_off_leaves_nothing(station: Station) -> None:
    begun = asyncio.Event()

    async def broken() -> AsyncIterator[bytes]:
        yield b"x" * 300_000
        async with asyncio.timeout(10):
            while not left_over(station):
                await asyncio.sleep(0.01)
        begun.set()
        raise ConnectionResetError

    async with station.browser() as browser:
        with pytest.raises((ClientError, ConnectionResetError)):
            await browser.post_file("/recordings", "recording", broken())
        assert begun.is_set()
        async with asyncio.timeout(10):
            while left_over(station):
                await asyncio.sleep(0.01)


async def test_a_recording_without_the_page_s_token_is_never_written(station: Station) -> None:
    seen: list[list[str]] = []

    async def watched() -> AsyncIterator[bytes]:
        for _ in range(4):
            yield b"x" * 65_536
            seen.append(left_over(station))

    async with station.browser() as browser:
        browser.token = "0" * 40
        answer = await browser.post_file("/recordings", "recording", watched())
        assert answer.status == 403
        assert all(files == [] for files in seen)
        assert left_over(station) == []


@contextmanager
def files_no_larger_than(limit_bytes: int) -> Iterator[None]:
    """The nearest thing to a full disk that needs no disk: writing beyond fails."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_full_disk_is_said_and_leaves_nothing(station: Station) -> None:
    async with station.browser() as browser:
        with files_no_larger_than(500_000):
            answer = await browser.post_file("/recordings", "recording", BytesIO(b"x" * 2_000_000))
        assert answer.status == 507
        assert "disk is full" in json.loads(answer.text)["sentence"]
        assert left_over(station) == []


async def test_a_broken_form_is_a_problem_and_not_a_fault(station: Station) -> None:
    async with station.browser() as browser:
        headers = {"Content-Type": "multipart/form-data; boundary=xyz", "X-CSRF-Token": browser.token}
        for body in (b"", b"--abc\r\n\r\nx", b"--xyz\r\nbroken", b"--xyz\r\nContent-Disposition: form-data\r\n\r\nx"):
            answer = await browser.ask("POST", "/recordings", data=body, headers=headers)
            assert 400 <= answer.status < 500, body
        headers["Content-Type"] = "multipart/form-data"
        assert (await browser.ask("POST", "/recordings", data=b"x", headers=headers)).status == 400
        assert left_over(station) == []
