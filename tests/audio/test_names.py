"""Names that nobody answers for keep nobody else waiting."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from audio.names import look_up

SLOW = "nobody-answers.example"


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Until it is set nothing is said of one name."""
    held, known = threading.Event(), socket.getaddrinfo

    def answer(host: str, *more: Any, **named: Any) -> Any:
        if host == SLOW:
            held.wait(30)
            raise socket.gaierror("nobody answered")
        return known(host, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    yield held
    held.set()


async def test_an_address_is_found() -> None:
    assert ("127.0.0.1", 80) in {where for *_, where in await look_up("127.0.0.1", 80)}


@pytest.mark.parametrize("host", ["nobody.invalid", "a" * 64 + ".example", "\udc80"])
async def test_what_is_no_host_is_said_to_be_none(host: str) -> None:
    with pytest.raises(socket.gaierror):
        await look_up(host, 80)


async def test_names_that_nobody_answers_for_take_no_thread_from_others(answers: threading.Event) -> None:
    asked = [asyncio.create_task(look_up(SLOW, 80)) for _ in range(60)]
    await asyncio.sleep(0)
    async with asyncio.timeout(10):
        assert await asyncio.to_thread(lambda: "done") == "done"
        assert await look_up("127.0.0.1", 80)
    assert not any(one.done() for one in asked)
    asked[0].cancel()
    answers.set()
    told = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(told[0], asyncio.CancelledError)
    assert all(isinstance(one, socket.gaierror) for one in told[1:])
