"""Feeds as they are set: who may have them asked, and what is said of those that anybody could forge."""

from controller.domain.cap_feeds import CapFeed, CapFeedId
from controller.domain.rights import EVERYWHERE, Actor, Right, Role
from tests.controller.web.callers import HOME, SIBLING, person, second_area
from tests.controller.web.station import Station

SHELL = Actor(name="shell", scopes=((EVERYWHERE, frozenset({Right.MANAGE_AREAS})),))
UNPROTECTED = "This address is not protected"


async def feed(station: Station, name: str, url: str, **more: object) -> CapFeed:
    made = CapFeed(feed_id=CapFeedId(""), name=name, url=url, every_s=60, enabled=False, **more)  # type: ignore[arg-type]
    return await station.desk.cap.settings.put_feed(made, SHELL)


async def test_a_feed_is_asked_by_who_may_change_it(station: Station) -> None:
    await second_area(station)
    asked: list[str] = []
    station.desk.cap.settings.ask_now = asked.append
    own = await feed(station, "Xã", "https://a.example/", area_id=HOME)
    other = await feed(station, "Xã bên", "https://b.example/", area_id=SIBLING)
    whole = await feed(station, "Cả đài", "https://c.example/")
    inside = await feed(station, "Trong mạng", "https://d.example/", area_id=HOME, inside=True)
    async with person(station, "hoa", (Role.ADMINISTRATOR, HOME)) as hoa:
        page = await hoa.get("/cap/settings")
        assert page.text.count("/ask") == 1
        for one in (other, whole, inside):
            assert (await hoa.post(f"/cap/settings/feeds/{one.feed_id}/ask", {})).status == 403, one.name
        assert asked == []
        assert (await hoa.post(f"/cap/settings/feeds/{own.feed_id}/ask", {})).status == 200
        for one in (other, whole, inside):
            answer = await hoa.ask("POST", f"/api/v1/cap-feeds/{one.feed_id}/ask")
            assert (answer.status, "role_too_wide" in answer.text) == (403, True), answer.text
        assert asked == [own.feed_id]
        assert (await hoa.ask("POST", f"/api/v1/cap-feeds/{own.feed_id}/ask")).status == 204
        assert (await hoa.ask("POST", "/api/v1/cap-feeds/cf-none/ask")).status == 404
    assert asked == [own.feed_id, own.feed_id]


async def test_what_is_vouched_for_without_protection_is_said(station: Station) -> None:
    async with station.browser() as admin:
        await feed(station, "A", "https://a.example/", trusted=True)
        await feed(station, "B", "http://b.example/")
        assert UNPROTECTED not in (await admin.get("/cap/settings")).says
        await feed(station, "C", "HTTP://c.example/", trusted=True)
        assert (await admin.get("/cap/settings")).says.count(UNPROTECTED) == 1
