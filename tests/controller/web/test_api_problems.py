"""Whatever a program asks wrongly below `/api`, it is told as a problem (RFC 9457), in its language."""

import asyncio
import json
from io import BytesIO
from typing import Any

import pytest

from tests.controller.web.browser import Answer, Browser
from tests.controller.web.station import Station

JSON = {"Content-Type": "application/json"}


def problem(answer: Answer) -> dict[str, Any]:
    assert answer.headers["Content-Type"] == "application/problem+json"
    told: dict[str, Any] = json.loads(answer.text)
    assert told["status"] == answer.status
    assert told["type"] == f"urn:loa:problem:{told['code']}"
    assert told["title"]
    assert told["detail"]
    return told


async def test_a_problem_says_where_it_was_and_in_which_language(station: Station) -> None:
    said = {}
    for language in ("vi", "en"):
        async with station.program() as program:
            program.language = language
            answer = await program.get("/api/v1/speakers/th%C3%B4n%202?")
            told = problem(answer)
            assert (answer.status, told["code"]) == (404, "speaker_unknown")
            assert told["instance"] == "/api/v1/speakers/th%C3%B4n%202"
            assert answer.headers["Content-Language"] == language
            said[language] = told["detail"]
    assert said["vi"] != said["en"]


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v1", "/api", "/api/v2/speakers", "/api/v1/speakers/a/b"])
async def test_an_unknown_address_is_not_found_and_nothing_to_strangers(station: Station, path: str) -> None:
    async with station.program() as program, Browser(station.url) as stranger:
        answer = await program.get(path, headers={"Accept": "application/json"})
        assert (answer.status, problem(answer)["code"]) == (404, "not_found")
        answer = await stranger.get(path, headers={"Accept": "application/json"})
        assert (answer.status, problem(answer)["code"]) == (401, "sign_in_needed")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PATCH", "/api/v1/speakers", "GET, HEAD"),
        ("POST", "/api/v1/speakers/s-0", "DELETE, GET, HEAD"),
        ("GET", "/api/v1/recordings", "POST"),
        ("OPTIONS", "/api/v1/airings", "GET, HEAD, POST"),
    ],
)
async def test_a_method_that_is_not_there_is_told_with_those_that_are(
    station: Station, method: str, path: str, allowed: str
) -> None:
    async with station.program() as program:
        answer = await program.ask(method, path)
        assert (answer.status, problem(answer)["code"]) == (405, "method_not_allowed")
        assert answer.headers["Allow"] == allowed


async def test_head_answers_as_get_without_its_body(station: Station) -> None:
    async with station.program() as program, asyncio.timeout(10):
        for path in ("/api/v1/speakers", "/api/v1/events", "/api/v1/openapi.json"):
            answer = await program.ask("HEAD", path)
            assert (answer.status, answer.text) == (200, ""), path
        missing = await program.ask("HEAD", "/api/v1/speakers/x")
        assert (missing.status, missing.text) == (404, "")
        assert missing.headers["Content-Type"] == "application/problem+json"
        assert (await program.ask("HEAD", "/api/v1/recordings")).status == 405


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/json", 200),
        ("application/*;q=0.1", 200),
        ("text/html, */*;q=0.8", 200),
        ("text/html", 406),
        ("application/json;q=0", 406),
        ("*/*, application/json;q=0.0", 406),
        ("", 200),
    ],
)
async def test_who_cannot_read_json_is_told_so(station: Station, accept: str, status: int) -> None:
    async with station.program() as program:
        answer = await program.get("/api/v1/areas", headers={"Accept": accept})
        assert answer.status == status
        if status == 406:
            told = problem(answer)
            assert told["code"] == "not_acceptable"
            assert "application/json" in told["more"]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/xml"])
async def test_what_is_no_json_is_not_taken(station: Station, kind: str) -> None:
    async with station.program() as program:
        answer = await program.ask(
            "PUT", "/api/v1/speakers/s-0/volume", data=b'{"percent": 5}', headers={"Content-Type": kind}
        )
        assert (answer.status, problem(answer)["code"]) == (415, "unsupported_type")


async def test_what_is_too_large_is_not_read(station: Station) -> None:
    async with station.program() as program:
        body = BytesIO(b'{"text": "' + b"a" * 3_000_000 + b'"}')
        answer = await program.ask("POST", "/api/v1/bulletins", data=body, headers=JSON)
        assert (answer.status, problem(answer)["code"]) == (413, "too_large")


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"percent": 5, "loud": True}, "`loud`"),
        ({"percent": "5"}, "$.percent"),
        ({}, "`percent`"),
        (["percent"], "object"),
    ],
)
async def test_a_field_that_is_wrong_is_named(station: Station, body: object, named: str) -> None:
    async with station.program() as program:
        answer = await program.ask("PUT", "/api/v1/speakers/s-0/volume", json=body)
        told = problem(answer)
        assert (answer.status, told["code"]) == (400, "bad_json")
        assert named in told["more"]


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("/api/v1/airings?limit=0", "limit"),
        ("/api/v1/airings?limit=1001", "limit"),
        ("/api/v1/airings?limit=many", "limit"),
        ("/api/v1/airings?limit=1&limit=2", "twice"),
        ("/api/v1/airings?most=5", "`most`"),
        ("/api/v1/tokens?limit=5", "`limit`"),
    ],
)
async def test_a_parameter_that_is_wrong_is_named(station: Station, path: str, named: str) -> None:
    async with station.program() as program:
        answer = await program.get(path)
        told = problem(answer)
        assert (answer.status, told["code"]) == (400, "bad_request")
        assert named in told["more"]


async def test_too_many_attempts_say_when_to_come_back(station: Station) -> None:
    async with Browser(station.url) as stranger:
        for _ in range(12):
            answer = await stranger.ask("POST", "/api/v1/sign-in", json={"name": "nobody", "password": "wrong"})
            if answer.status == 429:
                break
            assert problem(answer)["code"] == "sign_in_wrong"
        assert problem(answer)["code"] == "sign_in_too_often"
        assert int(answer.headers["Retry-After"]) > 0
