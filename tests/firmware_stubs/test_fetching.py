"""How simulated devices fetch from a controller that comes and goes."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from agents.protocol.values import ClipRef
from firmware_stubs.fetching import Errand, Fetcher
from firmware_stubs.link import Way

CLIP = bytes(range(256)) * 40
REF = ClipRef(sha256=hashlib.sha256(CLIP).hexdigest(), size_bytes=len(CLIP), frames=48_000)
WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(CLIP) + CLIP
TORN = WHOLE[:-100]
UNKNOWN_TICKET = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"
NOT_THERE = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


@dataclass
class Answers:
    """A server that gives each connection the next of its answers, the last one for ever; then it hangs up."""

    answers: list[bytes]
    asked: int = 0
    problems: list[str] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(self.answers[min(self.asked, len(self.answers) - 1)])
        self.asked += 1
        await writer.drain()
        writer.close()


@asynccontextmanager
async def fetching(*answers: bytes) -> AsyncIterator[tuple[Answers, Callable[[], "asyncio.Future[int | None]"]]]:
    said = Answers(list(answers))
    server = await asyncio.start_server(said.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    fetcher = Fetcher(Way.to(f"http://127.0.0.1:{port}"), lambda: None, said.problems.append)
    running = asyncio.ensure_future(fetcher.run())

    def want() -> "asyncio.Future[int | None]":
        done: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        fetcher.want(Errand(lambda: "Loa-Device d:t", (REF,), done.set_result))
        return done

    try:
        async with asyncio.timeout(15):
            yield said, want
    finally:
        running.cancel()
        await asyncio.wait([running])
        server.close()


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("firmware_stubs.fetching._AGAIN_AFTER_S", 0.001)


@pytest.mark.parametrize("trouble", [TORN, b"", UNKNOWN_TICKET], ids=["dies in the middle", "hangs up", "new ticket"])
async def test_what_a_controller_that_comes_and_goes_did_not_give_is_fetched_when_it_is_back(trouble: bytes) -> None:
    async with fetching(*[trouble] * 7, WHOLE) as (said, want):
        assert await want() == len(CLIP)
        assert said.problems == []


async def test_a_clip_that_is_not_to_be_had_has_failed_soon() -> None:
    async with fetching(NOT_THERE) as (said, want):
        assert await want() is None
        assert said.asked == 3
        assert len(said.problems) == 1


async def test_a_controller_that_never_comes_back_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("firmware_stubs.fetching._AGAIN_AT_MOST", 4)
    async with fetching(TORN) as (said, want):
        assert await want() is None
        assert len(said.problems) == 1
        assert said.asked == 3 * 5
