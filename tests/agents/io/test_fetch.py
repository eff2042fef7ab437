"""Clips over HTTP from a real server on loopback, also one that misbehaves."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from agents.domain.player.effects import Want
from agents.domain.player.events import ClipStored, FetchFailed
from agents.io.clips import ClipSettings, ClipStore
from agents.io.fetch import ClipSource, Fetcher, FetchSettings
from agents.io.timeport import SystemTime
from agents.protocol.journal import FailReason
from agents.protocol.values import ClipRef
from tests.agents.making import clip_bytes, ref_of

CONTENT = clip_bytes("one", 300_000)
REF = ref_of(CONTENT)
QUICK = FetchSettings(first_pause_s=0.01, longest_pause_s=0.02, longest_emergency_pause_s=0.02, read_timeout_s=0.5)
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Station:
    """A clip server: honest by default, and by ``answers`` anything else, one request after the other."""

    def __init__(self) -> None:
        self.clips = {ref_of(content).sha256: content for content in (CONTENT,)}
        self.requests: list[web.Request] = []
        self.answers: list[Answer] = []
        self.source = ClipSource("", "")

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        if self.answers:
            return await self.answers.pop(0)(request)
        return self.honest(request)

    def honest(self, request: web.Request) -> web.StreamResponse:
        content = self.clips.get(request.match_info["sha256"])
        if content is None:
            raise web.HTTPNotFound
        wanted = request.http_range
        if "Range" not in request.headers:
            return web.Response(body=content, content_type="audio/ogg")
        begin = wanted.start or 0
        span = f"bytes {begin}-{len(content) - 1}/{len(content)}"
        return web.Response(status=206, body=content[begin:], headers={"Content-Range": span})


class Heard:
    """What the fetcher told, to wait for."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[ClipStored | FetchFailed] = asyncio.Queue()

    async def next(self) -> ClipStored | FetchFailed:
        async with asyncio.timeout(20):
            return await self.queue.get()


@pytest.fixture
async def station() -> AsyncIterator[Station]:
    station = Station()
    app = web.Application()
    app.router.add_get("/device/clips/{sha256}", station.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    station.source = ClipSource(f"http://{host}:{port}", "ticket-1")
    yield station
    await runner.cleanup()


@pytest.fixture
async def store(tmp_path: Path) -> ClipStore:
    store = ClipStore(tmp_path / "clips", ClipSettings(floor_bytes=0))
    await store.open()
    return store


@asynccontextmanager
async def fetching(store: ClipStore, station: Station | None) -> AsyncIterator[tuple[Fetcher, Heard]]:
    heard = Heard()
    fetcher = Fetcher("d-pole", store, SystemTime(), heard.queue.put_nowait, settings=QUICK)
    if station is not None:
        fetcher.link_up(station.source)
    task = asyncio.ensure_future(fetcher.run())
    try:
        yield fetcher, heard
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


def want(ref: ClipRef = REF, emergency: bool = False) -> Want:
    return Want(ref, emergency, None)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.005)


async def test_a_clip_arrives_whole_and_the_ticket_is_shown(station: Station, store: ClipStore) -> None:
    async with fetching(store, station) as (fetcher, heard):
        fetcher.want([want()])

        assert await heard.next() == ClipStored(REF.sha256, len(CONTENT))

    assert (await store.verify(REF)).read_bytes() == CONTENT
    assert station.requests[0].headers["Authorization"] == "Loa-Device d-pole:ticket-1"
    assert "Range" not in station.requests[0].headers


async def test_nothing_is_fetched_before_there_is_a_link(station: Station, store: ClipStore) -> None:
    async with fetching(store, None) as (fetcher, heard):
        fetcher.want([want()])
        await asyncio.sleep(0)
        assert station.requests == []

        fetcher.link_up(station.source)

        assert isinstance(await heard.next(), ClipStored)


async def test_what_is_here_is_not_fetched_again(station: Station, store: ClipStore) -> None:
    async with fetching(store, station) as (fetcher, heard):
        fetcher.want([want()])
        await heard.next()
        fetcher.want([want()])

        assert await heard.next() == ClipStored(REF.sha256, 0)

    assert len(station.requests) == 1


async def test_a_transfer_that_breaks_off_is_resumed(station: Station, store: ClipStore) -> None:
    async def break_off(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(len(CONTENT))})
        await response.prepare(request)
        await response.write(CONTENT[:200_000])
        assert request.transport is not None
        request.transport.close()
        return response

    station.answers = [break_off]
    async with fetching(store, station) as (fetcher, heard):
        fetcher.want([want()])
        failed, done = await heard.next(), await heard.next()

    assert isinstance(failed, FetchFailed)
    assert (failed.reason, failed.final) == (FailReason.FETCH_FAILED, False)
    assert isinstance(done, ClipStored)
    begin = int(station.requests[1].headers["Range"].removeprefix("bytes=").removesuffix("-"))
    assert 0 < begin <= 200_000
    assert done.fetched_bytes == len(CONTENT) - begin
    assert (await store.verify(REF)).read_bytes() == CONTENT


async def half_there(store: ClipStore, content: bytes) -> None:
    partial = await store.begin(REF)
    partial.write(content)
    await store.suspend(partial)


async def test_a_server_without_ranges_sends_everything_again(station: Station, store: ClipStore) -> None:
    async def whole(request: web.Request) -> web.StreamResponse:
        return web.Response(body=CONTENT)

    await half_there(store, CONTENT[:100_000])
    station.answers = [whole]
    async with fetching(store, station) as (fetcher, heard):
        fetcher.want([want()])

        assert await heard.next() == ClipStored(REF.sha256, len(CONTENT))

    assert (await store.verify(REF)).read_bytes() == CONTENT


async def test_what_was_kept_and_is_wrong_is_fetched_from_the_beginning(station: Station, store: ClipStore) -> None:
    await half_there(store, b"\0" * 100_000)
    async with fetching(store, station) as (fetcher, heard):
        fetcher.want([want()])

        assert isinstance(await heard.next(), ClipStored)

    assert [request.headers.get("Range") for request in station.requests] == ["bytes=100000-", None]
    assert (await store.verify(REF)).read_bytes() == CONTENT


def respond(**response: object) -> Answer:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(**response)  # type: ignore[arg-type]

    return answer


async def endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    for _ in range(20):
        await response.write(b"x" * 65_536)
    return response


async def silent(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": str(len(CONTENT))})
    await response.prepare(request)
    await response.write(CONTENT[:1_000])
    await asyncio.sleep(3_600)
    return response


@pytest.mark.parametrize(
    ("answer", "reason", "final"),
    [
        (respond(status=404), FailReason.CLIP_MISSING, True),
        (respond(status=401), FailReason.FETCH_FAILED, False),
        (respond(status=503), FailReason.FETCH_FAILED, False),
        (respond(status=302, headers={"Location": "http://127.0.0.1:9/"}), FailReason.FETCH_FAILED, True),
        (respond(text="<html>Sign in to the hotel's network</html>"), FailReason.CLIP_CORRUPT, True),
        (respond(body=clip_bytes("other", len(CONTENT))), FailReason.CLIP_CORRUPT, True),
        (respond(body=CONTENT + b"!"), FailReason.CLIP_CORRUPT, True),
        (respond(status=206, body=CONTENT), FailReason.CLIP_CORRUPT, True),
        (respond(body=b"", headers={"Content-Encoding": "br"}), FailReason.FETCH_FAILED, True),
        (endless, FailReason.CLIP_CORRUPT, True),
        (silent, FailReason.FETCH_FAILED, False),
    ],
)
async def test_a_server_that_misbehaves_is_a_clear_failure_and_nothing_half_counts(
    station: Station, store: ClipStore, answer: Answer, reason: FailReason, final: bool
) -> None:
    station.answers = [answer]
    async with fetching(store, station) as (fetcher, heard):
        fetcher.want([want()])
        failed = await heard.next()
        assert isinstance(failed, FetchFailed)
        assert (failed.sha256, failed.reason, failed.final) == (REF.sha256, reason, final)
        assert failed.detail
        assert not any(path.suffix == ".opus" and path.stat().st_size == 0 for path in store.directory.iterdir())

        # And when the server has come to its senses, the clip arrives.
        assert isinstance(await heard.next(), ClipStored)

    assert (await store.verify(REF)).read_bytes() == CONTENT


async def test_a_clip_that_changes_in_the_middle_is_not_stored(station: Station, store: ClipStore) -> None:
    await half_there(store, CONTENT[:100_000])
    station.clips[REF.sha256] = clip_bytes("changed", len(CONTENT))
    async with fetching(store, station) as (fetcher, heard):
        fetcher.want([want()])

        failed = await heard.next()

    assert isinstance(failed, FetchFailed)
    assert (failed.reason, failed.final) == (FailReason.CLIP_CORRUPT, True)
    assert not store.has(REF)


async def test_a_server_that_is_not_there_is_tried_again(station: Station, store: ClipStore) -> None:
    async with fetching(store, None) as (fetcher, heard):
        fetcher.link_up(ClipSource("http://127.0.0.1:9", "t"))
        fetcher.want([want()])
        for _ in range(3):
            failed = await heard.next()
            assert isinstance(failed, FetchFailed)
            assert not failed.final

        fetcher.link_up(station.source)

        while not isinstance(await heard.next(), ClipStored):
            pass


async def test_a_full_disk_is_the_reason(station: Station, tmp_path: Path) -> None:
    store = ClipStore(tmp_path, ClipSettings(floor_bytes=0), free=lambda _: 1_000)
    await store.open()
    async with fetching(store, station) as (fetcher, heard):
        fetcher.want([want()])

        failed = await heard.next()

    assert isinstance(failed, FetchFailed)
    assert failed.reason is FailReason.DISK_FULL
    assert list(tmp_path.iterdir()) == []


async def test_a_clip_above_the_limit_is_not_even_asked_for(station: Station, store: ClipStore) -> None:
    huge = ClipRef(sha256="0" * 64, size_bytes=65 * 1_048_576, frames=1)
    async with fetching(store, station) as (fetcher, heard):
        fetcher.want([want(huge)])

        failed = await heard.next()

    assert isinstance(failed, FetchFailed)
    assert failed.final
    assert station.requests == []


class Gate:
    """Answers that wait until the gate opens, counting who stands before it."""

    def __init__(self, station: Station) -> None:
        self.station = station
        self.open = asyncio.Event()
        self.waiting: list[str] = []
        self.most = 0

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["sha256"]
        self.waiting.append(name)
        self.most = max(self.most, len(self.waiting))
        try:
            await self.open.wait()
        finally:
            self.waiting.remove(name)
        return self.station.honest(request)


def more_clips(station: Station, count: int) -> list[ClipRef]:
    contents = [clip_bytes(f"clip-{number}", 5_000) for number in range(count)]
    station.clips |= {ref_of(content).sha256: content for content in contents}
    return [ref_of(content) for content in contents]


async def test_two_at_once_and_no_more(station: Station, store: ClipStore) -> None:
    refs = more_clips(station, 6)
    gate = Gate(station)
    station.answers = [gate] * 6
    async with fetching(store, station) as (fetcher, heard):
        fetcher.want([want(ref) for ref in refs])
        await until(lambda: len(gate.waiting) == 2)
        gate.open.set()
        for _ in refs:
            assert isinstance(await heard.next(), ClipStored)

    assert gate.most == 2


async def test_an_emergency_interrupts_what_is_under_way_and_that_is_taken_up_later(
    station: Station, store: ClipStore
) -> None:
    first, second, siren = more_clips(station, 3)
    gate = Gate(station)
    station.answers = [gate, gate]
    async with fetching(store, station) as (fetcher, heard):
        fetcher.want([want(first), want(second)])
        await until(lambda: len(gate.waiting) == 2)

        fetcher.want([want(siren, emergency=True), want(first), want(second)])

        assert await heard.next() == ClipStored(siren.sha256, 5_000)
        rest = {(await heard.next()).sha256 for _ in range(2)}
        assert rest == {first.sha256, second.sha256}


async def test_what_is_no_longer_wanted_is_broken_off(station: Station, store: ClipStore) -> None:
    gate = Gate(station)
    station.answers = [gate]
    async with fetching(store, station) as (fetcher, heard):
        fetcher.want([want()])
        await until(lambda: gate.waiting)

        fetcher.want([])

        await until(lambda: not fetcher._running)
        assert heard.queue.empty()
        assert not store.has(REF)


async def test_when_the_link_goes_transfers_end_and_go_on_with_the_next(station: Station, store: ClipStore) -> None:
    gate = Gate(station)
    station.answers = [gate]
    async with fetching(store, station) as (fetcher, heard):
        fetcher.want([want()])
        await until(lambda: gate.waiting)
        fetcher.link_down()
        await until(lambda: not fetcher._running)

        fetcher.link_up(ClipSource(station.source.base_url, "ticket-2"))

        assert isinstance(await heard.next(), ClipStored)
    assert station.requests[-1].headers["Authorization"] == "Loa-Device d-pole:ticket-2"
