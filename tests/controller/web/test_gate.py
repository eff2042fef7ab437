"""Who gets in: nothing but the sign-in page, health checks and the device link answers without signing in."""

import asyncio

import pytest

from controller.web import asking
from controller.web.asking import Needs
from controller.web.routes import ROUTES
from tests.controller.web.browser import Browser
from tests.controller.web.station import NAME, PASSWORD, Station

OPEN = {
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("POST", "/api/v1/sign-in"),
    ("GET", "/api/v1/openapi.json"),
    ("GET", "/static/{name:.+}"),
    ("GET", "/favicon.ico"),
    ("GET", "/cap/feed.atom"),
    ("GET", "/cap/alerts/{name}"),
    ("GET", "/trust"),
    ("GET", "/trust/loa-ca.crt"),
    ("GET", "/trust/loa-ca.cer"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
}
DEVICES = {("GET", "/link"), ("GET", "/device/clips/{sha256}")}


def test_the_table_names_no_other_open_address() -> None:
    assert {(route.method, route.path) for route in ROUTES if route.needs is Needs.PUBLIC} == OPEN


def test_the_application_answers_what_the_table_says_and_nothing_more(station: Station) -> None:
    answered = {
        (route.method, route.resource.canonical)
        for route in station.app.router.routes()
        if route.method != "HEAD" and route.resource is not None
    }
    table = {(route.method, route.path.replace("{name:.+}", "{name}")) for route in ROUTES}
    assert answered == table | DEVICES


async def test_strangers_are_sent_to_sign_in(station: Station) -> None:
    async with Browser(station.url) as stranger:
        for route in ROUTES:
            if route.needs is Needs.PUBLIC:
                continue
            answer = await stranger.ask(route.method, route.path.replace("{id}", "x"), follow=False)
            if route.path.startswith("/api/") or route.path in {"/events", "/recordings"}:
                assert answer.status == 401, route
                assert "sign_in_needed" in answer.text
            else:
                assert answer.status == 303, route
                assert answer.headers["Location"].startswith("/sign-in")


async def test_strangers_do_not_even_learn_what_is_there(station: Station) -> None:
    async with Browser(station.url) as stranger:
        for path in ("/nothing", "/api/v1/nothing", "/static/"):
            there = await stranger.get(path, follow=False)
            assert there.status in {303, 401}, path


async def test_a_person_signs_in_and_lands_where_they_wanted(station: Station) -> None:
    async with Browser(station.url) as browser:
        gate = await browser.get("/airings?limit=3")
        assert gate.url == "/sign-in?next=/airings?limit%3D3"
        answer = await browser.post("/sign-in", {"name": NAME, "password": PASSWORD, "next": "/airings?limit=3"})
    assert (answer.status, answer.url) == (200, "/airings?limit=3")


async def test_a_wrong_password_says_so_and_keeps_the_name(station: Station) -> None:
    async with Browser(station.url) as browser:
        answer = await browser.sign_in(NAME, "not the password")
        assert answer.status == 401
        assert "The name or the password is not right." in answer.says
        assert f'value="{NAME}"' in answer.text
        assert "not the password" not in answer.text


async def test_the_sign_in_page_can_be_had_in_the_other_language_and_it_is_remembered(station: Station) -> None:
    async with Browser(station.url, language="vi") as browser:
        assert "Đăng nhập" in (await browser.get("/sign-in")).says
        assert "Sign in to Loa" in (await browser.get("/sign-in?language=en")).says
        assert "Sign in to Loa" in (await browser.get("/sign-in")).says
        switched = await browser.get("/sign-in?language=vi&next=/airings")
        assert switched.text.count('name="next" value="/airings"') >= 2, "the switch leads on to the same page"


async def test_the_cookie_is_kept_from_scripts_and_from_other_sites(station: Station) -> None:
    async with Browser(station.url) as browser:
        await browser.get("/sign-in")
        answer = await browser.post("/sign-in", {"name": NAME, "password": PASSWORD}, follow=False)
    (cookie,) = [c for c in answer.headers.getall("Set-Cookie") if c.startswith("loa_sign_in=")]
    for wanted in ("HttpOnly", "SameSite=Strict", "Path=/", "Max-Age="):
        assert wanted in cookie


@pytest.mark.parametrize("station", [{"secure_cookies": True}], indirect=True)
async def test_over_https_the_cookie_travels_over_https_alone(station: Station) -> None:
    async with Browser(station.url) as browser:
        answer = await browser.ask("POST", "/api/v1/sign-in", json={"name": NAME, "password": PASSWORD}, follow=False)
    (cookie,) = [c for c in answer.headers.getall("Set-Cookie") if c.startswith("__Host-loa_sign_in=")]
    assert "Secure" in cookie


async def test_signing_out_makes_the_cookie_worthless(station: Station) -> None:
    async with station.browser() as browser:
        kept = {c.key: c.value for c in browser.http.cookie_jar}
        assert (await browser.post("/sign-out")).url == "/sign-in"
        browser.http.cookie_jar.update_cookies(kept)
        assert (await browser.get("/", follow=False)).status == 303


async def test_a_form_of_another_site_does_nothing(station: Station) -> None:
    async with station.browser() as browser:
        for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
            answer = await browser.post("/stop-all", headers=headers)
            assert answer.status == 403
            assert "another web site" in answer.says
        assert await station.active_stop() is None


@pytest.mark.parametrize("path", ["/stop-all", "/preferences", "/broadcast/send", "/found/d-1/adopt", "/sign-out"])
async def test_a_form_without_its_token_does_nothing(station: Station, path: str) -> None:
    async with station.browser() as browser:
        browser.token = "0" * 40
        answer = await browser.post(path)
        assert answer.status == 403
        assert "open for too long" in answer.says
        assert await station.active_stop() is None


async def test_signing_in_needs_the_token_of_the_sign_in_page(station: Station) -> None:
    async with Browser(station.url) as browser:
        answer = await browser.post("/sign-in", {"name": NAME, "password": PASSWORD})
    assert answer.status == 403


async def test_the_api_needs_its_token_for_changes_and_not_for_reading(station: Station) -> None:
    async with Browser(station.url) as browser:
        signed_in = await browser.ask("POST", "/api/v1/sign-in", json={"name": NAME, "password": PASSWORD})
        assert signed_in.status == 200
        assert (await browser.get("/api/v1/speakers")).status == 200
        assert (await browser.ask("POST", "/api/v1/stop")).status == 403
        assert await station.active_stop() is None


async def test_a_part_that_a_page_asks_for_after_signing_out_leads_to_the_sign_in_page(station: Station) -> None:
    async with Browser(station.url, scripts=True) as browser:
        answer = await browser.get("/parts/speakers")
    assert answer.status == 401
    assert answer.headers["HX-Redirect"] == "/sign-in"


async def test_a_new_password_ends_every_other_sign_in(station: Station) -> None:
    async with station.browser() as here, station.browser() as elsewhere:
        await here.get("/password")
        fields = {"present": PASSWORD, "wanted": "a much better one", "again": "a much better one"}
        answer = await here.post("/password", fields)
        assert "The password is changed." in answer.says
        assert (await here.get("/", follow=False)).status == 200
        assert (await elsewhere.get("/", follow=False)).status == 303
        assert (await elsewhere.sign_in(NAME, "a much better one")).url == "/password"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"present": "wrong", "wanted": "a much better one", "again": "a much better one"}, "present password"),
        ({"present": PASSWORD, "wanted": "a much better one", "again": "another one altogether"}, "differ"),
        ({"present": PASSWORD, "wanted": "short", "again": "short"}, "too short"),
    ],
)
async def test_a_password_that_cannot_be_changed_stays(station: Station, fields: dict[str, str], said: str) -> None:
    async with station.browser() as browser:
        await browser.get("/password")
        answer = await browser.post("/password", fields)
        assert 400 <= answer.status < 500
        assert said in answer.says
        assert (await browser.sign_in(NAME, PASSWORD)).status == 200


async def test_health_checks_say_little_to_anybody(station: Station) -> None:
    async with Browser(station.url) as stranger:
        assert (await stranger.get("/healthz")).text == "ok\n"
        assert (await stranger.get("/readyz")).text == "ready\n"


@pytest.mark.parametrize("station", [{"metrics_token": "watcher"}], indirect=True)
async def test_metrics_are_for_who_shows_the_token(station: Station) -> None:
    async with Browser(station.url) as watcher:
        right = await watcher.get("/metrics", headers={"Authorization": "Bearer watcher"})
        wrong = await watcher.get("/metrics", headers={"Authorization": "Bearer stranger"}, follow=False)
        none = await watcher.get("/metrics", follow=False)
    assert (right.status, wrong.status, none.status) == (200, 303, 303)


async def test_without_a_token_metrics_are_for_this_machine_and_not_for_what_a_proxy_brings(station: Station) -> None:
    async with Browser(station.url) as watcher:
        assert (await watcher.get("/metrics")).status == 200
        through = await watcher.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"}, follow=False)
    assert through.status == 303


@pytest.mark.parametrize("path", ["/", "/sign-in", "/nothing", "/api/v1/speakers", "/static/loa.css", "/healthz"])
async def test_every_answer_carries_the_rules_for_browsers(station: Station, path: str) -> None:
    async with station.browser() as browser:
        headers = (await browser.get(path, follow=False)).headers
    assert headers["Content-Security-Policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; media-src 'self' blob:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "aiohttp" not in headers["Server"]
    assert headers["Cache-Control"] == ("no-cache" if path.startswith("/static/") else "no-store")


async def test_a_stranger_who_never_finishes_a_request_is_not_waited_for(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "STRANGER_WITHIN_S", 0.2)
    reader, writer = await asyncio.open_connection("127.0.0.1", station.server.port)
    writer.write(
        b"POST /sign-in HTTP/1.1\r\nHost: loa\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        b"Content-Length: 1000\r\n\r\nname=admin&"
    )
    async with asyncio.timeout(10):
        assert (await reader.readline()).startswith(b"HTTP/1.1 400")
    writer.close()
