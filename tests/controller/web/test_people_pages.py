"""People and API tokens at the desk: from the form to the first sign-in, and what a closed account still gets."""

import asyncio
import json
import re

import pytest

from controller.domain.rights import EVERYWHERE, Right, Role
from controller.services.people import shell
from controller.web.security import networks
from tests.controller.web.browser import Answer, Browser
from tests.controller.web.callers import HOME, OWN_PASSWORD, SIBLING, add_person, add_token, person, second_area
from tests.controller.web.station import NAME, PASSWORD, Station


def secret(answer: Answer) -> str:
    found = re.search(r'class="secret"[^>]*>([^<]+)<', answer.text)
    assert found is not None, answer.says
    return found[1]


async def test_a_person_is_added_signs_in_and_chooses_a_password(station: Station) -> None:
    async with station.browser() as admin:
        await admin.get("/people/new")
        fields = [("name", "Chị Lan"), ("full_name", "Trần Thị Lan"), ("area", HOME), ("role", "editor")]
        added = await admin.post("/people", fields)
        assert added.status == 200
        password = secret(added)
        listed = await admin.get("/people")
        assert "Trần Thị Lan" in listed.says
        assert "Editor" in listed.says
        assert "Xã Hoà Bình" in listed.says
        assert password not in listed.text
    async with Browser(station.url) as lan:
        assert (await lan.sign_in("chị lan", password)).url == "/password"
        assert (await lan.get("/speakers")).url == "/password"
        page = await lan.get("/password")
        assert "was given to you" in page.says
        assert "/events" not in page.text
        same = await lan.post("/password", {"present": password, "wanted": password, "again": password})
        assert "is the present one" in same.says
        assert (
            await lan.post(
                "/password", {"present": password, "wanted": "một mật khẩu mới", "again": "một mật khẩu mới"}
            )
        ).url == "/"
        assert (await lan.get("/speakers")).url == "/speakers"


async def test_a_program_is_told_to_replace_a_given_password(station: Station) -> None:
    _, password = await station.desk.people.add("lan", "", (), shell())
    async with Browser(station.url) as lan:
        answer = await lan.ask("POST", "/api/v1/sign-in", json={"name": "lan", "password": password})
        lan.program_token = json.loads(answer.text)["csrf"]
        refused = await lan.get("/api/v1/speakers")
        assert (refused.status, json.loads(refused.text)["code"]) == (403, "password_given")
        body = {"present": password, "wanted": "one of her own"}
        assert (await lan.ask("PUT", "/api/v1/password", json=body)).status == 200
        assert json.loads((await lan.get("/api/v1/speakers")).text)["code"] == "no_role"


async def test_what_is_wrong_comes_back_with_what_was_typed(station: Station) -> None:
    async with station.browser() as admin:
        await admin.get("/people/new")
        answer = await admin.post(
            "/people", [("name", NAME), ("full_name", "Hai"), ("area", HOME), ("role", "officer")]
        )
        assert answer.status == 409
        assert "already signs in with this name" in answer.says
        assert 'value="Hai"' in answer.text
        assert re.search(r'value="officer"[^>]* checked', answer.text)
        assert (await admin.post("/people", [("name", "x"), ("role", "king"), ("area", HOME)])).status == 400


async def test_roles_are_changed_and_those_elsewhere_stay(station: Station) -> None:
    await second_area(station)
    person_id = await add_person(station, "lan", (Role.EDITOR, HOME), (Role.EDITOR, SIBLING))
    async with person(station, "head", (Role.ADMINISTRATOR, HOME)) as head:
        page = await head.get(f"/people/{person_id}")
        assert "outside of your areas" in page.says
        assert f"/people/{person_id}/close" not in page.text
        await head.post(f"/people/{person_id}", [("grant", f"technician@{HOME}")])
        now = await station.desk.people.get(person_id, shell())
        assert {(grant.role, grant.area_id) for grant in now.grants} == {
            (Role.TECHNICIAN, HOME),
            (Role.EDITOR, SIBLING),
        }
        for wrong in ([("grant", "administrator@*")], [("role", "editor"), ("area", SIBLING), ("grant", "editor@*")]):
            assert (await head.post(f"/people/{person_id}", wrong)).status == 403
        assert (await head.post(f"/people/{person_id}/password")).status == 403


async def test_a_closed_account_is_out_and_its_live_pages_end(station: Station) -> None:
    person_id = await add_person(station, "lan", (Role.EDITOR, EVERYWHERE))
    async with Browser(station.url) as lan, station.browser() as admin:
        await lan.sign_in("lan", OWN_PASSWORD)
        async with lan.http.get("/events") as stream, asyncio.timeout(10):
            await stream.content.readline()
            await admin.get(f"/people/{person_id}")
            closed = await admin.post(f"/people/{person_id}/close")
            assert "The account is closed." in closed.says
            await stream.content.read()
        assert (await lan.get("/", follow=False)).status == 303
        refused = await lan.sign_in("lan", OWN_PASSWORD)
        assert refused.status == 401
        assert "This account is closed." in refused.says
        await admin.post(f"/people/{person_id}/open")
        assert (await lan.sign_in("lan", OWN_PASSWORD)).status == 200


async def test_a_change_of_roles_holds_at_the_next_request(station: Station) -> None:
    person_id = await add_person(station, "lan", (Role.EDITOR, EVERYWHERE))
    async with Browser(station.url) as lan:
        await lan.sign_in("lan", OWN_PASSWORD)
        assert (await lan.get("/speakers")).status == 200
        await station.desk.people.change(person_id, "", (), True, shell())
        assert (await lan.get("/speakers")).status == 403


async def test_the_last_administrator_stays(station: Station) -> None:
    async with station.browser() as admin:
        (me,) = [p for p in await station.desk.people.all(shell()) if p.name == NAME]
        await admin.get(f"/people/{me.person_id}")
        answer = await admin.post(f"/people/{me.person_id}/close")
        assert answer.status == 409
        assert "last administrator" in answer.says
        assert (await admin.get("/people")).status == 200


async def test_a_token_is_shown_once_used_and_revoked(station: Station) -> None:
    async with station.browser() as admin:
        await admin.get("/tokens")
        fields = [("name", "Tỉnh"), ("right", "see"), ("right", "hand_in"), ("area", HOME), ("days", "30")]
        made = await admin.post("/tokens", fields)
        text = secret(made)
        assert text.startswith("loa_")
        assert text not in (await admin.get("/tokens")).text
        async with Browser(station.url, headers={"Authorization": f"Bearer {text}"}) as other:
            assert (await other.get("/api/v1/speakers")).status == 200
            found = re.search(r"/tokens/(\w+)/revoke", made.text)
            assert found is not None
            await admin.post(f"/tokens/{found[1]}/revoke")
            refused = await other.get("/api/v1/speakers")
        assert (refused.status, json.loads(refused.text)["code"]) == (401, "token_revoked")
        assert refused.headers["WWW-Authenticate"] == 'Bearer realm="loa", error="invalid_token"'
        assert "was revoked" in json.loads(refused.text)["detail"]
        wrong = await admin.post("/tokens", [("name", "x"), ("area", HOME), ("days", "9999"), ("right", "see")])
        assert "1 to 730 days" in wrong.says


async def test_a_token_needs_no_cookie_and_no_form_token_but_the_right(station: Station) -> None:
    text = await add_token(station, "tỉnh", [Right.STOP], EVERYWHERE)
    async with Browser(station.url, headers={"Authorization": f"Bearer {text}"}) as other:
        assert (await other.ask("POST", "/api/v1/stop")).status == 201
        assert (await other.post("/stop-all", follow=False)).status in {303, 403}
    async with Browser(station.url, headers={"Authorization": f"bearer  {text} "}) as other:
        assert (await other.ask("DELETE", "/api/v1/stop")).status == 204
    async with Browser(station.url, headers={"Authorization": "Bearer loa_x_y"}) as stranger:
        answer = await stranger.get("/api/v1/speakers")
        assert (answer.status, json.loads(answer.text)["code"]) == (401, "token_unknown")


async def test_the_api_manages_people_as_the_pages_do(station: Station) -> None:
    async with station.program() as admin:
        body = {"name": "lan", "grants": [{"role": "editor", "area_id": HOME}]}
        added = json.loads((await admin.ask("POST", "/api/v1/people", json=body)).text)
        path = f"/api/v1/people/{added['person_id']}"
        assert added["password"]
        assert "password" not in json.loads((await admin.get(path)).text)
        changed = json.loads((await admin.ask("PATCH", path, json={"full_name": "Lan"})).text)
        assert (changed["full_name"], changed["grants"]) == ("Lan", body["grants"])
        assert not json.loads((await admin.ask("DELETE", path)).text)["active"]
        assert json.loads((await admin.ask("PATCH", path, json={"active": True})).text)["active"]
        assert (await admin.ask("POST", f"{path}/password")).status == 200
        roles = json.loads((await admin.get("/api/v1/roles")).text)
        assert {one["role"] for one in roles["roles"]} == set(Role)
        wanted = {"name": "tỉnh", "rights": ["see"], "area_id": "*", "valid_days": 1}
        token = json.loads((await admin.ask("POST", "/api/v1/api-tokens", json=wanted)).text)
        listed = json.loads((await admin.get("/api/v1/api-tokens")).text)["api_tokens"]
        assert [one["token_id"] for one in listed] == [token["token_id"]]
        assert "text" not in listed[0]
        assert "secret_hash" not in listed[0]
        assert (await admin.ask("DELETE", f"/api/v1/api-tokens/{token['token_id']}")).status == 200


@pytest.mark.parametrize("station", [{"trusted_proxies": networks(["127.0.0.0/8", "10.0.0.0/8"])}], indirect=True)
async def test_behind_a_trusted_proxy_one_visitor_does_not_slow_the_others(station: Station) -> None:
    async with Browser(station.url) as proxy:

        async def attempt(password: str, told: str) -> int:
            body = {"name": NAME, "password": password}
            headers = {"X-Forwarded-For": told}
            return (await proxy.ask("POST", "/api/v1/sign-in", json=body, headers=headers)).status

        for _ in range(5):
            assert await attempt("guess", "203.0.113.9, 10.0.0.1") == 401
        assert await attempt(PASSWORD, "192.0.2.7, 203.0.113.9, 10.0.0.1") == 429, (
            "what a stranger adds is not believed"
        )
        assert await attempt(PASSWORD, "192.0.2.7") == 200


async def test_without_a_trusted_proxy_its_header_is_worth_nothing(station: Station) -> None:
    async with Browser(station.url) as stranger:
        for number in range(6):
            body = {"name": NAME, "password": "guess"}
            headers = {"X-Forwarded-For": f"192.0.2.{number}"}
            answer = await stranger.ask("POST", "/api/v1/sign-in", json=body, headers=headers)
            assert answer.status == (401 if number < 5 else 429)
