"""Feeds of alerts: what is new is fetched once, and whatever a feed does wrong is a state with a reason."""

import asyncio
from dataclasses import replace

import pytest
from aiohttp import web

from controller.domain.cap_alerts import AlertState, CapAlert
from controller.domain.cap_feeds import CapFeed, CapFeedId, FeedHealth, FeedState, wait_s
from controller.domain.errors import Refused
from controller.domain.rights import EVERYWHERE, Actor, Right
from controller.links.fetcher import HttpFetcher
from controller.services.cap.options import CapOptions
from controller.services.cap.poll import CapPoll
from tests.controller.services.alerts import Made, written
from tests.controller.services.servers import one_byte, serving, speaking
from tests.controller.services.station import Station

ADMIN = Actor(name="admin", scopes=((EVERYWHERE, frozenset({Right.MANAGE_AREAS})),), person_id="p-1")


@pytest.fixture
def poll(station: Station) -> CapPoll:
    options = CapOptions(inside_hosts=("127.0.0.1",))
    made = CapPoll(station.desk._office, station.desk.cap.inbox, HttpFetcher(), options)
    station.desk.cap.settings.feeds_changed = made.wake
    return made


async def feed(station: Station, url: str, **more: object) -> CapFeed:
    wanted = CapFeed(feed_id=CapFeedId(""), name="Khí tượng", url=url, every_s=60, trusted=True)
    made = await station.desk.cap.settings.put_feed(replace(wanted, **more), ADMIN)  # type: ignore[arg-type]
    return (await stored(station, made))[0]


async def stored(station: Station, made: CapFeed) -> tuple[CapFeed, FeedHealth]:
    async with station.store.reading() as tx:
        return await tx.cap_settings.feed(made.feed_id)


async def came(station: Station) -> tuple[CapAlert, ...]:
    return await station.desk.cap.inbox.latest(50)


def atom(*entries: str) -> str:
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><id>f</id><title>F</title>{"".join(entries)}</feed>'


def entry(name: str, href: str) -> str:
    link = f'<link rel="alternate" type="application/cap+xml" href="{href}"/>'
    return (
        f"<entry><id>{name}</id><title>{name}</title><updated>{written(1_800_000_000_000_000)}</updated>{link}</entry>"
    )


async def test_only_what_is_new_is_fetched(station: Station, poll: CapPoll) -> None:
    asked: list[str] = []
    entries = ["1"]

    async def index(request: web.Request) -> web.Response:
        asked.append(request.headers.get("If-None-Match", "-"))
        tag = f'"{len(entries)}"'
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304)
        links = [entry("0", "http://[::1"), *(entry(one, f"alert?id={one}") for one in entries)]
        return web.Response(text=atom(*links), headers={"ETag": tag})

    async def alert(request: web.Request) -> web.Response:
        asked.append(request.query["id"])
        return web.Response(body=Made(identifier=f"A-{request.query['id']}").xml())

    async with serving(index=index, alert=alert) as url:
        made = await feed(station, f"{url}/index")
        health, _ = await poll.ask(made)
        assert (health.state, health.entries, health.failures) == (FeedState.WELL, 2, 0)
        await poll.ask(made)
        entries.append("2")
        await poll.ask(made)
    assert asked == ["-", "1", '"1"', '"1"', "2"]
    assert sorted(one.key.identifier for one in await came(station)) == ["A-1", "A-2"]
    assert all(one.trusted for one in await came(station))


async def test_rss_and_a_bare_alert_are_feeds_too(station: Station, poll: CapPoll) -> None:
    async def rss(request: web.Request) -> web.Response:
        item = "<item><title>t</title><link>alert</link><guid>g</guid></item>"
        return web.Response(text=f'<rss version="2.0"><channel><title>t</title>{item}</channel></rss>')

    async def alert(request: web.Request) -> web.Response:
        return web.Response(body=Made(identifier="A-1").xml())

    async def bare(request: web.Request) -> web.Response:
        return web.Response(body=Made(identifier="A-2").xml())

    async with serving(rss=rss, alert=alert, bare=bare) as url:
        for name in ("rss", "bare"):
            health, _ = await poll.ask(await feed(station, f"{url}/{name}"))
            assert health.state is FeedState.WELL, health
    assert {one.key.identifier for one in await came(station)} == {"A-1", "A-2"}


async def test_whatever_a_feed_does_wrong_is_a_state_with_a_reason(station: Station, poll: CapPoll) -> None:
    async def nothing(request: web.Request) -> web.Response:
        return web.Response(status=204)

    async def page(request: web.Request) -> web.Response:
        return web.Response(text="<!DOCTYPE html><html><body>Xin chào</body></html>", content_type="text/html")

    async def bomb(request: web.Request) -> web.Response:
        return web.Response(text='<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;">]><feed>&c;</feed>')

    async def broken(request: web.Request) -> web.Response:
        return web.Response(text="<feed><entry>")

    async def busy(request: web.Request) -> web.Response:
        return web.Response(status=503, headers={"Retry-After": "120"})

    found = {}
    async with serving(nothing=nothing, page=page, bomb=bomb, broken=broken, busy=busy) as url:
        for name in ("nothing", "page", "bomb", "broken", "busy", "missing"):
            made = await feed(station, f"{url}/{name}")
            health, pause_s = await poll.ask(made)
            found[name] = (health.state, health.code, pause_s)
            assert (await stored(station, made))[1] == health
    away = await feed(station, "http://127.0.0.1:9/")
    found["away"] = ((await poll.ask(away))[0].state, (await poll.ask(away))[0].code, 0.0)
    failing = FeedState.FAILING
    assert found["nothing"] == (FeedState.EMPTY, "", 0.0)
    assert found["page"] == (failing, "file_is_html", 0.0)
    assert found["bomb"][0] is found["broken"][0] is failing
    assert found["busy"] == (failing, "feed_status", 120.0)
    assert found["missing"] == (failing, "feed_status", 0.0)
    assert found["away"] == (failing, "fetch_refused", 0.0)
    assert (await stored(station, away))[1].failures == 2


async def test_a_bad_feed_stops_no_other_and_a_removed_one_is_asked_no_more(station: Station, poll: CapPoll) -> None:
    async def bare(request: web.Request) -> web.Response:
        return web.Response(body=Made().xml())

    async with speaking(one_byte) as slow, serving(bare=bare) as url:
        stuck = await feed(station, slow)
        running = asyncio.create_task(poll.run())
        await feed(station, f"{url}/bare")

        async def arrived() -> bool:
            return len(await came(station)) == 1

        await station.until(arrived)
        await station.desk.cap.settings.remove_feed(stuck.feed_id, ADMIN)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_an_entry_that_cannot_be_fetched_is_tried_again(station: Station, poll: CapPoll) -> None:
    there = False

    async def index(request: web.Request) -> web.Response:
        return web.Response(text=atom(entry("1", "alert")), headers={"ETag": '"same"'})

    async def alert(request: web.Request) -> web.Response:
        return web.Response(body=Made().xml()) if there else web.Response(status=500)

    async with serving(index=index, alert=alert) as url:
        made = await feed(station, f"{url}/index")
        health, _ = await poll.ask(made)
        assert (health.state, health.code, health.etag) == (FeedState.WELL, "feed_entries", "")
        there = True
        health, _ = await poll.ask(made)
    assert (health.code, [one.state for one in await came(station)]) == ("", [AlertState.ELSEWHERE])


async def test_a_secret_is_sent_and_never_shown(station: Station, poll: CapPoll) -> None:
    told: list[str] = []

    async def bare(request: web.Request) -> web.Response:
        told.append(request.headers["X-Key"])
        return web.Response(status=204)

    async with serving(bare=bare) as url:
        made = await feed(station, f"{url}/bare", header="X-Key", secret="s3")
        await poll.ask(made)
        ((shown, _),) = await station.desk.cap.settings.feeds()
        assert shown.secret == "***"
        kept = await station.desk.cap.settings.put_feed(replace(shown, name="Khác"), ADMIN)
        await poll.ask((await stored(station, kept))[0])
        moved = await station.desk.cap.settings.put_feed(replace(shown, url="http://other.example/"), ADMIN)
    assert told == ["s3", "s3"]
    assert (await stored(station, moved))[0].secret == ""


async def test_who_may_not_change_areas_sets_no_feed(station: Station) -> None:
    officer = Actor(name="lan", scopes=((EVERYWHERE, frozenset({Right.CAP})),), person_id="p-2")
    with pytest.raises(Refused):
        await station.desk.cap.settings.put_feed(
            CapFeed(feed_id=CapFeedId(""), name="F", url="https://cap.example/", every_s=60), officer
        )


def test_a_feed_that_fails_is_asked_ever_more_seldom_but_never_not_at_all() -> None:
    made = CapFeed(feed_id=CapFeedId("f"), name="F", url="https://cap.example/", every_s=60)
    waits = [wait_s(made, failures, 0.5) for failures in (0, 1, 2, 3, 20, 1_000)]
    assert waits == [60.0, 60.0, 120.0, 240.0, 3_600.0, 3_600.0]
    assert wait_s(made, 2, 0.0) < wait_s(made, 2, 1.0)
