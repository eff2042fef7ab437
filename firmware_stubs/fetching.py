"""Clips for all devices over a few connections that are kept: each device asks with its own ticket, and each answer is
hashed.
"""

import asyncio
import hashlib
import ssl
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from agents.protocol.values import ClipRef
from agents.protocol.version import CLIP_PATH
from firmware_stubs.link import Way

_CONNECTIONS: Final = 16
_WITHIN_S: Final = 60.0
_TRIES: Final = 3
_AGAIN_AFTER_S: Final = 2.0
"""Doubled each time, up to `_LONGEST_PAUSE_S`: a controller that died in the middle is back some time later."""
_LONGEST_PAUSE_S: Final = 30.0
_AGAIN_AT_MOST: Final = 20
_LATER: Final = (" 401 ", " 403 ", " 500 ", " 502 ", " 503 ")
"""A ticket that another link made worthless, and a controller that comes or goes."""


class FetchFailed(Exception):
    """The clip did not come, or was another one; the sentence says what was wrong."""


class _NotNow(Exception):
    """The controller is not there, or does not know this device's ticket yet."""


@dataclass(frozen=True, slots=True)
class Errand:
    """What one device wants: ``done`` is called with the bytes that were fetched, None where they did not come.

    ``again`` is how often it was put off, because the controller was not there.
    """

    authorization: Callable[[], str]
    clips: tuple[ClipRef, ...]
    done: Callable[[int | None], None]
    again: int = 0


class Fetcher:
    """Belongs to one process."""

    def __init__(self, way: Way, counted: Callable[[], None], problem: Callable[[str], None]) -> None:
        self._way = way
        self._counted = counted
        self._problem = problem
        self._errands: deque[Errand] = deque()
        self._more = asyncio.Event()

    def want(self, errand: Errand) -> None:
        """Puts it behind those that wait."""
        self._errands.append(errand)
        self._more.set()

    async def run(self) -> None:
        """Fetches until cancelled."""
        async with asyncio.TaskGroup() as group:
            for _ in range(_CONNECTIONS):
                group.create_task(self._work())

    async def _work(self) -> None:
        line = _Line(self._way)
        try:
            while True:
                if not self._errands:
                    self._more.clear()
                    line.close()
                    await self._more.wait()
                    continue
                errand = self._errands.popleft()
                try:
                    fetched = await self._fetched(line, errand)
                except _NotNow as why:
                    self._put_off(errand, why)
                else:
                    errand.done(fetched)
        finally:
            line.close()

    def _put_off(self, errand: Errand, why: _NotNow) -> None:
        if errand.again == _AGAIN_AT_MOST:
            self._problem(f"a clip did not come: {why}")
            errand.done(None)
            return
        pause_s = min(_LONGEST_PAUSE_S, _AGAIN_AFTER_S * 2.0**errand.again)
        asyncio.get_running_loop().call_later(pause_s, self.want, replace(errand, again=errand.again + 1))

    async def _fetched(self, line: "_Line", errand: Errand) -> int | None:
        """The bytes of all its clips; None where one is not to be had. Raises `_NotNow`."""
        fetched = 0
        for clip in errand.clips:
            for left in reversed(range(_TRIES)):
                try:
                    async with asyncio.timeout(_WITHIN_S):
                        fetched += await line.get(clip, errand.authorization())
                    break
                except (FetchFailed, ValueError) as error:
                    line.close()
                    if not left:
                        self._problem(f"a clip did not come: {type(error).__name__}: {error}")
                        return None
                except (_NotNow, OSError, EOFError, TimeoutError) as error:
                    line.close()
                    if not left:
                        raise _NotNow(f"{type(error).__name__}: {error}") from error
            self._counted()
        return fetched


class _Line:
    """One connection, opened when it is needed."""

    def __init__(self, way: Way) -> None:
        self._way = way
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def get(self, clip: ClipRef, authorization: str) -> int:
        """Raises `FetchFailed`, `_NotNow`, `OSError`, `EOFError` or `ValueError`."""
        way = self._way
        if self._reader is None or self._writer is None:
            tls = ssl.create_default_context() if way.secure else None
            name = way.host.partition(":")[0] if way.secure else None
            self._reader, self._writer = await asyncio.open_connection(
                way.address, way.port, ssl=tls, server_hostname=name
            )
        path = way.path + CLIP_PATH.format(sha256=clip.sha256)
        self._writer.write(
            f"GET {path} HTTP/1.1\r\nHost: {way.host}\r\nAuthorization: {authorization}\r\n\r\n".encode()
        )
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        status, *lines = head.split("\r\n")
        fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await self._reader.readexactly(int(fields.get("content-length", "0")))
        if any(word in f"{status} " for word in _LATER):
            raise _NotNow(status[:60])
        if " 200 " not in status:
            raise FetchFailed(f"{status[:60]} for a clip")
        if len(body) != clip.size_bytes or hashlib.sha256(body).hexdigest() != clip.sha256:
            raise FetchFailed("a clip whose bytes are others than its name says")
        if fields.get("connection", "").lower() == "close":
            self.close()
        return len(body)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None
