"""Who may send a change, where a person may be sent back to, and what every answer carries."""

import pytest
from aiohttp.test_utils import make_mocked_request

from controller.web.security import csrf_matches, csrf_token, from_our_pages, local_path


@pytest.mark.parametrize(
    ("headers", "ours"),
    [
        ({}, True),  # a program
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),  # typed by the person
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://desk.example:8080"}, False),
        ({"Origin": "http://desk.example:8080"}, True),
        ({"Origin": "https://DESK.example:8080"}, True),
        ({"Origin": "http://desk.example"}, False),
        ({"Origin": "http://desk.example:8080.evil.example"}, False),
        ({"Origin": "null"}, False),
    ],
)
def test_a_change_comes_from_our_pages_or_a_program(headers: dict[str, str], ours: bool) -> None:
    request = make_mocked_request("POST", "/stop-all", headers={"Host": "desk.example:8080", **headers})
    assert from_our_pages(request) is ours


def test_a_token_fits_its_own_secret_only() -> None:
    token = csrf_token("the secret of one browser")
    assert csrf_matches("the secret of one browser", token)
    assert not csrf_matches("the secret of another", token)
    assert not csrf_matches("the secret of one browser", token[:-1])
    assert not csrf_matches("the secret of one browser", None)
    assert not csrf_matches("the secret of one browser", "đài")
    assert "secret" not in token


def test_nobody_without_a_secret_has_a_token_that_fits() -> None:
    assert not csrf_matches("", csrf_token(""))


@pytest.mark.parametrize("wanted", ["/", "/speakers", "/airings/a-1?done=released", "/speakers/đ"])
def test_a_person_is_sent_back_to_our_pages(wanted: str) -> None:
    assert local_path(wanted) == wanted


@pytest.mark.parametrize(
    "wanted",
    [
        None,
        "",
        "speakers",
        "//evil.example",
        "/\\evil.example",
        "https://evil.example/",
        "/a\\b",
        "/a\nLocation: x",
        "/sign-in",
        "/sign-out",
    ],
)
def test_and_nowhere_else(wanted: str | None) -> None:
    assert local_path(wanted) == "/"
