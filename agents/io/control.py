"""The back door for whoever has a shell on the box: one Unix socket in the state directory, open to its owner alone.

One line of JSON each way: ``{"ask": "code"}`` is answered by ``{"ok": true, ...}`` or ``{"ok": false, "reason": ...}``.
The socket is reached through its directory, because the path of a Unix socket may be no longer than 107 bytes.
"""

import asyncio
import contextlib
import json
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, Final

SOCKET_NAME: Final = "agent.sock"
_LINE_BYTES: Final = 4_096
_ASK_WITHIN_S: Final = 10.0
_ANSWER_WITHIN_S: Final = 60.0
"""A self-test takes some seconds."""

Answer = dict[str, Any]


class NotRunning(Exception):
    """No agent runs on this state directory."""


class AskRefused(Exception):
    """The agent does not do that now; the sentence says why."""


@contextlib.contextmanager
def _reachable(state_dir: Path) -> Iterator[str]:
    directory = os.open(state_dir, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{directory}/{SOCKET_NAME}"
    finally:
        os.close(directory)


@contextlib.asynccontextmanager
async def listening(state_dir: Path, answer: Callable[[str], Awaitable[Answer]]) -> AsyncIterator[None]:
    """Answers while the context lasts. ``answer`` takes the word asked and may raise `AskRefused`."""
    (state_dir / SOCKET_NAME).unlink(missing_ok=True)
    with _reachable(state_dir) as path:
        door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            before = os.umask(0o177)
            try:
                door.bind(path)
            finally:
                os.umask(before)

            async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                await _serve(reader, writer, answer)

            server = await asyncio.start_unix_server(serve, sock=door, limit=_LINE_BYTES)
        except BaseException:
            door.close()
            raise
    try:
        yield
    finally:
        server.close()
        (state_dir / SOCKET_NAME).unlink(missing_ok=True)


async def _serve(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: Callable[[str], Awaitable[Answer]]
) -> None:
    try:
        async with asyncio.timeout(_ASK_WITHIN_S):
            line = await reader.readline()
        async with asyncio.timeout(_ANSWER_WITHIN_S):
            try:
                reply = {"ok": True, **await answer(str(json.loads(line)["ask"]))}
            except AskRefused as refused:
                reply = {"ok": False, "reason": str(refused)}
            except (ValueError, KeyError, TypeError):
                reply = {"ok": False, "reason": "this is not understood"}
            writer.write(json.dumps(reply, ensure_ascii=False).encode() + b"\n")
            await writer.drain()
    except (TimeoutError, ConnectionError, ValueError):
        pass  # whoever asked has gone
    finally:
        writer.close()


def ask(state_dir: Path, word: str) -> Answer:
    """The answer of the agent that runs on ``state_dir``. Raises `NotRunning` or `AskRefused`. Blocks."""
    try:
        with _reachable(state_dir) as path, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
            door.settimeout(_ANSWER_WITHIN_S + 1)
            door.connect(path)
            door.sendall(json.dumps({"ask": word}).encode() + b"\n")
            with door.makefile("rb") as answers:
                reply: Answer = json.loads(answers.readline())
    except (OSError, ValueError) as error:
        raise NotRunning(f"No agent runs on {state_dir}. Start it with: loa-agent run") from error
    if not reply.pop("ok", False):
        raise AskRefused(str(reply.get("reason", "")))
    return reply
