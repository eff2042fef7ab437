"""However many connections come, those who ask something are answered."""

import asyncio
import resource
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import aiohttp
import pytest
from aiohttp import web

from controller.web.crowd import FEWEST_CONNECTIONS, OTHER_FILES, Crowd, quiet_logger, raise_file_limit

WAITING = 10


class Served:
    """A server behind a crowd; ``/hold`` is answered when ``free`` is set."""

    def __init__(self, crowd: Crowd) -> None:
        self.crowd = crowd
        self.free = asyncio.Event()
        self.holding = 0
        self.port = 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Served"]:
        app = web.Application()
        app.router.add_get("/", self._answer)
        app.router.add_get("/hold", self._hold)
        self.crowd.watch(app)
        runner = web.AppRunner(app, shutdown_timeout=0.1, logger=quiet_logger())
        await runner.setup()
        self.server = runner.server
        entrance = self.crowd.entrance(runner.server)
        listening = await asyncio.get_running_loop().create_server(entrance, "127.0.0.1", 0)
        self.port = listening.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            self.free.set()
            listening.close()
            await runner.cleanup()

    async def _answer(self, _request: web.Request) -> web.Response:
        return web.Response(text="here")

    async def _hold(self, _request: web.Request) -> web.Response:
        self.holding += 1
        await self.free.wait()
        return web.Response(text="held")

    async def connect(self, stack: AsyncExitStack) -> asyncio.StreamReader:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        stack.callback(writer.close)
        return reader

    async def ask(self, path: str = "/") -> str:
        async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{self.port}{path}") as answer:
            return await answer.text()


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with Served(Crowd(1_024, waiting_at_most=WAITING, time_to_speak_s=0.0)).running() as server:
        yield server


async def until(look) -> None:
    async with asyncio.timeout(5):
        while not look():
            await asyncio.sleep(0.01)


async def test_connections_that_ask_nothing_give_way_to_those_that_come(served: Served) -> None:
    async with AsyncExitStack() as stack:
        readers = [await served.connect(stack) for _ in range(10 * WAITING)]
        assert await served.ask() == "here"
        await until(lambda: len(served.server.connections) <= WAITING + 1)
        async with asyncio.timeout(5):
            assert await readers[0].read() == b""


async def test_who_is_being_answered_is_never_closed_for_others(served: Served) -> None:
    async with AsyncExitStack() as stack:
        held = []
        for number in range(3 * WAITING):
            held.append(asyncio.ensure_future(served.ask("/hold")))
            await until(lambda: served.holding > number)  # noqa: B023 - awaited here
        for _ in range(5 * WAITING):
            await served.connect(stack)
        served.free.set()
        assert set(await asyncio.gather(*held)) == {"held"}


async def test_those_who_come_all_at_once_have_time_to_speak() -> None:
    async with Served(Crowd(1_024, waiting_at_most=WAITING, time_to_speak_s=60.0)).running() as served:
        answers = await asyncio.gather(*(served.ask() for _ in range(10 * WAITING)))
        assert set(answers) == {"here"}


async def test_a_connection_is_used_again_for_the_next_request(served: Served) -> None:
    async with aiohttp.ClientSession() as http:
        for _ in range(3):
            async with http.get(f"http://127.0.0.1:{served.port}/") as answer:
                assert await answer.text() == "here"
        assert len(served.server.connections) == 1


async def test_files_stay_free_when_everybody_asks_at_once() -> None:
    async with Served(Crowd(FEWEST_CONNECTIONS + OTHER_FILES)).running() as served, AsyncExitStack() as stack:
        held = [asyncio.ensure_future(served.ask("/hold")) for _ in range(FEWEST_CONNECTIONS)]
        await until(lambda: served.holding == FEWEST_CONNECTIONS)
        reader = await served.connect(stack)
        async with asyncio.timeout(5):
            with suppress(ConnectionResetError):
                assert await reader.read() == b""
        served.free.set()
        assert set(await asyncio.gather(*held)) == {"held"}
        assert await served.ask() == "here"


async def test_who_speaks_no_http_fills_no_log(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write(b"FOO / HTTP/1.1\r\n\r\n")
    async with asyncio.timeout(5):
        assert (await reader.readline()).startswith(b"HTTP/1.0 400")
    writer.close()
    assert caplog.records == []


def test_the_process_takes_all_the_open_files_it_may_have() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 1_000), hard))
        assert raise_file_limit() == hard
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (hard, hard)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
