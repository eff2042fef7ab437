"""Who may send a change, where a person may be sent back to, and what every answer carries."""

import pytest
from aiohttp.test_utils import make_mocked_request

from controller.web.security import csrf_matches, csrf_token, forwarded_address, from_our_pages, local_path, networks


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


TRUSTED = networks(["10.0.0.0/8", "127.0.0.1", "::1", "2001:db8::/32"])


@pytest.mark.parametrize(
    ("headers", "address"),
    [
        ({}, "10.0.0.1"),
        ({"X-Forwarded-For": "203.0.113.9"}, "203.0.113.9"),
        ({"X-Forwarded-For": "203.0.113.9:4711"}, "203.0.113.9"),
        ({"X-Forwarded-For": "198.51.100.1, 203.0.113.9, 10.2.3.4"}, "203.0.113.9"),  # what a stranger adds is first
        ({"X-Forwarded-For": "10.9.9.9"}, "10.9.9.9"),  # nothing but proxies: the farthest
        ({"X-Forwarded-For": "nonsense, 203.0.113.9"}, "203.0.113.9"),
        ({"X-Forwarded-For": "203.0.113.9, nonsense"}, "10.0.0.1"),
        ({"X-Forwarded-For": "::ffff:203.0.113.9"}, "203.0.113.9"),
        ({"X-Forwarded-For": ""}, "10.0.0.1"),
        ({"Forwarded": "for=203.0.113.9;proto=https"}, "203.0.113.9"),
        ({"Forwarded": 'for=198.51.100.1, For="[2001:470::9]:4711", for=10.2.3.4'}, "2001:470::9"),
        ({"Forwarded": "for=_hidden"}, "10.0.0.1"),
        ({"Forwarded": "for=203.0.113.9", "X-Forwarded-For": "203.0.113.9"}, "203.0.113.9"),
        ({"Forwarded": "for=198.51.100.1", "X-Forwarded-For": "203.0.113.9"}, "10.0.0.1"),  # one of them is a lie
    ],
)
def test_a_trusted_proxy_says_where_a_request_comes_from(headers: dict[str, str], address: str) -> None:
    request = make_mocked_request("GET", "/", headers=headers).clone(remote="10.0.0.1")
    assert forwarded_address(request, TRUSTED) == address


def test_nobody_else_is_believed() -> None:
    request = make_mocked_request("GET", "/", headers={"X-Forwarded-For": "192.0.2.1"}).clone(remote="203.0.113.9")
    assert forwarded_address(request, TRUSTED) == "203.0.113.9"
    assert forwarded_address(request.clone(remote="10.0.0.1"), ()) == "10.0.0.1"


@pytest.mark.parametrize("wrong", ["proxy.example", "10.0.0.0/99", ""])
def test_a_proxy_is_named_by_its_address(wrong: str) -> None:
    with pytest.raises(ValueError, match="not appear to be"):
        networks([wrong])
