"""Server-sent events: what happens at the station, told to open pages and to programs as it happens.

Rules: a stream tells that something changed, and the reader fetches what it shows; so a burst of changes can be told as
one, and nothing is lost when a stream breaks. At most five times a second; a comment every 15 s keeps the line and
shows a dead one. A stream ends when its person signs out, and all of them end when the server shuts down.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

from aiohttp import web

from controller.services.events import (
    AiringChanged,
    BulletinChanged,
    Event,
    Events,
    FoundChanged,
    Lagged,
    SpeakersChanged,
    StopChanged,
)

HEARTBEAT_S = 15.0
PAUSE_S = 0.2
WRITE_WITHIN_S = 20.0
MOST_PAGES = 4
"""Streams to pages of one browser. It opens six connections to one server and no more: the oldest page's gives way."""
RETRY_MS = 2_000
HEARTBEAT = b": alive\n\n"

Voice = Callable[[Event], tuple[tuple[str, str], ...]]
"""Puts an event into named messages, each a pair of name and data."""

EVERYTHING = ("speakers", "found", "on_air", "stop_all", "airing", "airings", "bulletin")


def page_voice(event: Event) -> tuple[tuple[str, str], ...]:
    """The names that the templates listen for; the data is the id of what changed, or ``-``."""
    match event:
        case SpeakersChanged():
            return (("speakers", "-"),)
        case FoundChanged():
            return (("found", "-"),)
        case BulletinChanged(bulletin_id=bulletin_id):
            return (("bulletin", bulletin_id),)
        case AiringChanged(airing_id=airing_id):
            return (("airing", airing_id), ("airings", "-"), ("on_air", "-"))
        case StopChanged():
            return (("stop_all", "-"), ("speakers", "-"))
        case Lagged():
            return tuple((name, "-") for name in EVERYTHING)


def api_voice(event: Event) -> tuple[tuple[str, str], ...]:
    """The same for programs: one JSON object an event, its ``type`` first."""
    match event:
        case SpeakersChanged():
            return _json("speakers_changed")
        case FoundChanged():
            return _json("found_changed")
        case BulletinChanged(bulletin_id=bulletin_id):
            return _json("bulletin_changed", bulletin_id=bulletin_id)
        case AiringChanged(airing_id=airing_id):
            return _json("airing_changed", airing_id=airing_id)
        case StopChanged():
            return _json("stop_changed")
        case Lagged():
            return _json("everything_changed")


def _json(kind: str, **ids: str) -> tuple[tuple[str, str], ...]:
    return ((kind, json.dumps({"type": kind, **ids})),)


class _Stream:
    """One open stream: what is still to be told, and whether it is over."""

    def __init__(self) -> None:
        self.over = asyncio.Event()
        self._wake = asyncio.Event()
        self._pending: dict[tuple[str, str], None] = {}

    def offer(self, notices: tuple[tuple[str, str], ...]) -> None:
        self._pending.update(dict.fromkeys(notices))
        self._wake.set()

    def end(self) -> None:
        self.over.set()
        self._wake.set()

    async def next(self, within_s: float) -> bytes:
        """What is to be told now, or a heartbeat when there was nothing for ``within_s``."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._wake.wait()
        self._wake.clear()
        told, self._pending = self._pending, {}
        return b"".join(f"event: {name}\ndata: {data}\n\n".encode() for name, data in told) or HEARTBEAT

    async def pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.over.wait()


class Live:
    """The open streams of this server, by the sign-in they belong to."""

    def __init__(self, events: Events, *, heartbeat_s: float = HEARTBEAT_S, pause_s: float = PAUSE_S) -> None:
        self._events = events
        self._heartbeat_s = heartbeat_s
        self._pause_s = pause_s
        self._streams: dict[str, dict[_Stream, bool]] = {}
        self._closed = False

    @property
    def open(self) -> int:
        """How many streams are open."""
        return sum(len(streams) for streams in self._streams.values())

    def end(self, owner: str) -> None:
        """Ends the streams of one sign-in."""
        for stream in self._streams.get(owner, ()):
            stream.end()

    def close(self) -> None:
        """Ends all streams, and every later one at once: the server is shutting down."""
        self._closed = True
        for owner in self._streams:
            self.end(owner)

    async def serve(
        self,
        request: web.Request,
        owner: str,
        voice: Voice,
        welcome: Callable[[], Awaitable[bool]],
        *,
        many: bool = False,
    ) -> web.StreamResponse:
        """Answers with a stream until it ends. ``welcome`` is asked with every heartbeat whether the person still is.

        Unless ``many``, the oldest stream of the owner gives way where there are too many.
        """
        response = web.StreamResponse(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        response.content_type = "text/event-stream"
        response.charset = "utf-8"
        stream = _Stream()
        streams = self._streams.setdefault(owner, {})
        streams[stream] = many
        pages = [one for one, is_program in streams.items() if not is_program and not one.over.is_set()]
        for oldest in pages[:-MOST_PAGES]:
            oldest.end()
        try:
            if self._closed:
                stream.end()
            await response.prepare(request)
            with suppress(ConnectionResetError, TimeoutError):
                await self._run(response, stream, voice, welcome)
        finally:
            self._forget(owner, stream)
        return response

    async def _run(
        self, response: web.StreamResponse, stream: _Stream, voice: Voice, welcome: Callable[[], Awaitable[bool]]
    ) -> None:
        async with self._events.subscribe() as events:
            pump = asyncio.create_task(_pump(events, stream, voice))
            try:
                await _write(response, f"retry: {RETRY_MS}\nevent: subscribed\ndata: {{}}\n\n".encode())
                while not stream.over.is_set():
                    told = await stream.next(self._heartbeat_s)
                    if stream.over.is_set() or (told == HEARTBEAT and not await welcome()):
                        break
                    await _write(response, told)
                    await stream.pause(self._pause_s)
            finally:
                pump.cancel()
                await asyncio.gather(pump, return_exceptions=True)

    def _forget(self, owner: str, stream: _Stream) -> None:
        streams = self._streams.get(owner, {})
        streams.pop(stream, None)
        if not streams:
            self._streams.pop(owner, None)


async def _pump(events: AsyncIterator[Event], stream: _Stream, voice: Voice) -> None:
    try:
        async for event in events:
            stream.offer(voice(event))
    finally:
        stream.end()


async def _write(response: web.StreamResponse, data: bytes) -> None:
    async with asyncio.timeout(WRITE_WITHIN_S):
        await response.write(data)
