"""The areas of a station, as pages and as programs see them."""

import json
import re
from typing import Any

from controller.web.api.openapi import document
from controller.web.routes import ROUTES
from tests.controller.web.api_client import as_promised, operation_at
from tests.controller.web.browser import Browser
from tests.controller.web.station import Station

DOCUMENTED: dict[str, Any] = json.loads(document(ROUTES))


async def call(program: Browser, method: str, path: str, body: Any = None, status: int = 200) -> Any:
    answer = await program.ask(method, path, **({"json": body} if body is not None else {}))
    assert answer.status == status, answer.text
    media_type = answer.headers.get("Content-Type", "")
    return as_promised(DOCUMENTED, operation_at(DOCUMENTED, method, path), status, media_type, answer.text.encode())


async def commune(program: Browser, q: str = "ba vi") -> dict[str, Any]:
    return dict((await call(program, "GET", f"/api/v1/areas?q={q}"))["areas"][0])


async def test_the_country_can_be_searched_and_walked_through(station: Station) -> None:
    async with station.program() as program:
        found = (await call(program, "GET", "/api/v1/areas?q=phuong+hoan+kiem"))["areas"]
        assert found[0]["path_names"] == ["Thành phố Hà Nội", "Phường Hoàn Kiếm"]
        provinces = (await call(program, "GET", "/api/v1/areas?parent=*&limit=1000"))["areas"]
        assert sum(1 for one in provinces if one["origin"] == "country") == 34
        inside = (await call(program, "GET", f"/api/v1/areas?parent={found[0]['parent_id']}"))["areas"]
        assert found[0] in inside
        told = await call(program, "GET", "/api/v1/areas?parent=nowhere", status=404)
        assert told["code"] == "area_unknown"


async def test_a_station_chooses_its_commune_and_adds_villages(station: Station) -> None:
    async with station.program() as program:
        assert await call(program, "GET", "/api/v1/station/home") == {"area": None}
        own = await commune(program)
        home = await call(program, "PUT", "/api/v1/station/home", {"area_id": own["area_id"]})
        assert home["area"]["name"] == own["name"]
        body = {"name": "Thôn  Đông", "parent_id": own["area_id"], "latitude": 21.1, "longitude": 105.4}
        village = await call(program, "POST", "/api/v1/areas", body, 201)
        assert (village["name"], village["level"], village["origin"]) == ("Thôn Đông", "village", "station")
        used = [one["area_id"] for one in (await call(program, "GET", "/api/v1/areas"))["areas"]]
        assert {own["parent_id"], own["area_id"], village["area_id"]} <= set(used)
        again = await call(program, "POST", "/api/v1/areas", body, 422)
        assert again["code"] == "area_name_taken"
        renamed = await call(program, "PUT", f"/api/v1/areas/{village['area_id']}", {"name": "Thôn Tây"})
        assert renamed["path_names"][-1] == "Thôn Tây"
        closed = await call(program, "DELETE", f"/api/v1/areas/{village['area_id']}")
        assert closed["valid_until"] is not None


async def test_what_the_country_says_cannot_be_changed(station: Station) -> None:
    async with station.program() as program:
        own = await commune(program)
        path = f"/api/v1/areas/{own['area_id']}"
        assert (await call(program, "PUT", path, {"name": "Xã khác"}, 409))["code"] == "area_of_country"
        assert (await call(program, "DELETE", path, status=409))["code"] == "area_of_country"


async def test_the_page_finds_a_commune_by_words_without_accents(station: Station) -> None:
    async with station.browser(language="vi") as browser:
        page = await browser.get("/areas?q=ba%20vi")
        assert "Xã Ba Vì, Thành phố Hà Nội" in page.says
        area_id = re.findall(r'name="area_id" value="(vn-\d+)"', page.text)[0]
        page = await browser.post("/areas/home", {"area_id": area_id})
        assert "Xã Ba Vì, Thành phố Hà Nội" in page.says
        page = await browser.post("/areas", {"parent_id": area_id, "name": "Thôn Đoài", "level": "Thôn"})
        assert (page.status, "Thôn Đoài" in page.says) == (200, True)


async def test_the_page_says_what_is_wrong_and_keeps_the_rest(station: Station) -> None:
    async with station.browser() as browser:
        page = await browser.post("/areas", {"parent_id": "", "name": " ", "level": "Village"})
        assert page.status == 422
        assert "name" in page.says
        page = await browser.post("/areas", {"parent_id": "", "name": "X", "level": "Village", "latitude": "north"})
        assert "degrees" in page.says
