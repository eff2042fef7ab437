"""What is fetched from servers that nobody knows well: within limits, from nowhere inside, with nothing given away."""

import gzip

import pytest
from aiohttp import web

from controller.domain.errors import FetchFailed
from controller.links.fetcher import HttpFetcher
from controller.ports import Wanted
from tests.controller.services.servers import (
    Speak,
    endless_body,
    endless_headers,
    nonsense,
    one_byte,
    serving,
    speaking,
)

HERE = frozenset({"127.0.0.1", "localhost"})


async def failure(wanted: Wanted) -> str:
    with pytest.raises(FetchFailed) as caught:
        await HttpFetcher().fetch(wanted)
    return caught.value.code


async def test_an_answer_comes_with_its_headers_unpacked() -> None:
    async def page(request: web.Request) -> web.Response:
        body = gzip.compress(b"<feed/>" * 100)
        return web.Response(body=body, headers={"Content-Encoding": "gzip", "ETag": '"1"'})

    async with serving(page=page) as url:
        answer = await HttpFetcher().fetch(Wanted(url=f"{url}/page", inside=HERE))
    assert (answer.status, answer.body, answer.headers["etag"]) == (200, b"<feed/>" * 100, '"1"')


@pytest.mark.parametrize(
    ("speak", "code"),
    [
        (endless_headers, {"fetch_broken", "fetch_slow"}),
        (one_byte, {"fetch_slow"}),
        (endless_body, {"fetch_large"}),
        (nonsense, {"fetch_broken"}),
    ],
)
async def test_a_hostile_server_is_a_failure_with_a_reason(speak: Speak, code: set[str]) -> None:
    async with speaking(speak) as url:
        assert await failure(Wanted(url=url, inside=HERE, most_s=0.5, most_bytes=200_000)) in code


async def test_what_unpacks_to_more_than_is_allowed_is_not_unpacked() -> None:
    async def bomb(request: web.Request) -> web.Response:
        return web.Response(body=gzip.compress(bytes(50_000_000)), headers={"Content-Encoding": "gzip"})

    async with serving(bomb=bomb) as url:
        assert await failure(Wanted(url=f"{url}/bomb", inside=HERE, most_bytes=1_000_000)) == "fetch_large"


async def test_nothing_is_fetched_from_inside_unless_it_was_allowed() -> None:
    async def page(request: web.Request) -> web.Response:
        raise AssertionError("it was asked")

    async with serving(page=page) as url:
        port = url.rpartition(":")[2]
        written = ("127.0.0.1", "localhost", "127.1", "0x7f.1", "[::ffff:127.0.0.1]", "2130706433")
        for host in (*written, "１２７.0.0.1", "①②⑦.0.0.1", "127。0。0。1"):
            assert await failure(Wanted(url=f"http://{host}:{port}/page")) in {"fetch_inside", "fetch_url"}, host
    some = ("10.0.0.1", "192.168.1.1", "169.254.169.254", "[fe80::1]", "[::1]", "0.0.0.0", "224.0.0.1")
    for host in (*some, "[64:ff9b::7f00:1]", "[2002:7f00:1::]"):
        assert await failure(Wanted(url=f"http://{host}/")) == "fetch_inside", host


async def test_a_redirect_is_checked_as_an_address_is() -> None:
    async def away(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": request.query["to"]})

    async def again(request: web.Request) -> web.Response:
        raise web.HTTPFound("/again")

    async with serving(away=away, again=again) as url:
        assert await failure(Wanted(url=f"{url}/away?to=http://10.0.0.1/", inside=HERE)) == "fetch_inside"
        assert await failure(Wanted(url=f"{url}/away?to=file:///etc/passwd", inside=HERE)) == "fetch_url"
        assert await failure(Wanted(url=f"{url}/away?to=http://[::1", inside=HERE)) == "fetch_url"
        only = frozenset({"127.0.0.1"})
        assert await failure(Wanted(url=f"{url}/away?to=http://localhost:1/", inside=HERE, hosts=only)) == "fetch_host"
        assert await failure(Wanted(url=f"{url}/again", inside=HERE)) == "fetch_redirects"


async def test_a_secret_stays_with_the_host_that_it_is_for() -> None:
    told: list[str | None] = []

    async def landed(request: web.Request) -> web.Response:
        told.append(request.headers.get("Authorization"))
        return web.Response(text="ok")

    async with serving(landed=landed) as other:

        async def leave(request: web.Request) -> web.Response:
            told.append(request.headers.get("Authorization"))
            raise web.HTTPFound(f"{other}/landed")

        async with serving(leave=leave) as url:
            wanted = Wanted(url=f"{url}/leave", inside=HERE, headers={"Authorization": "Bearer s"})
            assert (await HttpFetcher().fetch(wanted)).body == b"ok"
    assert told == ["Bearer s", None]


async def test_who_is_not_there_is_a_failure_with_a_reason() -> None:
    assert await failure(Wanted(url="http://127.0.0.1:9/", inside=HERE)) == "fetch_refused"
    assert await failure(Wanted(url="ftp://cap.example/")) == "fetch_url"
    assert await failure(Wanted(url="http://[::1/")) == "fetch_url"
    assert await failure(Wanted(url="http://nobody.invalid/", most_s=5)) in {"fetch_name", "fetch_slow"}
