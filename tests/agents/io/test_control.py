"""The back door: one socket, its owner alone, plain answers."""

import asyncio
import json
import socket
import stat
from pathlib import Path

import pytest

from agents.io.control import SOCKET_NAME, Answer, AskRefused, NotRunning, ask, listening


async def answer(word: str) -> Answer:
    if word == "code":
        return {"code": "480159"}
    raise AskRefused("not now")


async def test_who_asks_is_answered(tmp_path: Path) -> None:
    async with listening(tmp_path, answer):
        assert await asyncio.to_thread(ask, tmp_path, "code") == {"code": "480159"}


async def test_a_refusal_is_a_sentence(tmp_path: Path) -> None:
    async with listening(tmp_path, answer):
        with pytest.raises(AskRefused, match="not now"):
            await asyncio.to_thread(ask, tmp_path, "anything")


async def test_the_path_may_be_longer_than_a_sockets_path_may_be(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100) / ("e" * 100)
    deep.mkdir(parents=True)
    async with listening(deep, answer):
        assert await asyncio.to_thread(ask, deep, "code") == {"code": "480159"}


async def test_only_the_owner_may_knock(tmp_path: Path) -> None:
    async with listening(tmp_path, answer):
        assert stat.S_IMODE((tmp_path / SOCKET_NAME).stat().st_mode) == 0o600
    assert not (tmp_path / SOCKET_NAME).exists()


async def test_a_socket_left_by_a_killed_agent_is_replaced(tmp_path: Path) -> None:
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(tmp_path / SOCKET_NAME))
    left.close()
    with pytest.raises(NotRunning, match="loa-agent run"):
        ask(tmp_path, "code")
    async with listening(tmp_path, answer):
        assert await asyncio.to_thread(ask, tmp_path, "code") == {"code": "480159"}


@pytest.mark.parametrize(
    "noise", [b"\n", b"not json\n", b"[]\n", b'{"ask":\n', b"\xff\xfe\n", b"", b"x" * 10_000 + b"\n"]
)
async def test_noise_is_answered_or_dropped_and_the_door_stays_open(tmp_path: Path, noise: bytes) -> None:
    async with listening(tmp_path, answer):
        reader, writer = await asyncio.open_unix_connection(str(tmp_path / SOCKET_NAME))
        writer.write(noise)
        writer.write_eof()
        reply = await reader.read()
        writer.close()
        await writer.wait_closed()
        assert reply == b"" or json.loads(reply)["ok"] is False
        assert await asyncio.to_thread(ask, tmp_path, "code") == {"code": "480159"}


def test_without_an_agent_there_is_nobody(tmp_path: Path) -> None:
    with pytest.raises(NotRunning):
        ask(tmp_path / "nowhere", "code")
