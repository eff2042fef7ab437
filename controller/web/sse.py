"""Server-sent events: what happens at the station, told to open pages and to programs as it happens.

Rules: a stream tells that something changed, and the reader fetches what it shows; so a burst of changes can be told as
one. What changes between the making of a page and the opening of its stream, or while a stream is broken, is told when
it opens: every page carries a mark, and a stream begins after it. At most five times a second; a comment every 15 s
keeps the line and shows a dead one. A stream ends when its person signs out, and all of them end when the server shuts
down.
"""

import asyncio
import secrets
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from controller.services.events import (
    AiringChanged,
    BulletinChanged,
    CapChanged,
    EmergencyChanged,
    Event,
    Events,
    FaultsChanged,
    FoundChanged,
    HandInChanged,
    HandsChanged,
    Lagged,
    PlansChanged,
    ProgrammeChanged,
    SignInsEnded,
    SpeakersChanged,
    StopChanged,
    TunesChanged,
)

HEARTBEAT_S = 15.0
PAUSE_S = 0.2
WRITE_WITHIN_S = 20.0
MOST_PAGES = 4
"""Streams to pages of one browser. It opens six connections to one server and no more: the oldest page's gives way."""
MOST_PROGRAMS = 16
"""Streams to programs of one sign-in or one API token: a program that forgets its old ones takes no more than that."""
RETRY_MS = 2_000
GAVE_WAY_RETRY_MS = 10_000
HEARTBEAT = b": alive\n\n"
REMEMBERED = 512
"""Changes that can be told afterwards; who missed more reads everything again."""

Told = (
    SpeakersChanged
    | FoundChanged
    | BulletinChanged
    | ProgrammeChanged
    | TunesChanged
    | HandInChanged
    | HandsChanged
    | FaultsChanged
    | PlansChanged
    | AiringChanged
    | StopChanged
    | EmergencyChanged
    | CapChanged
    | Lagged
)
"""Events that streams pass on."""

Voice = Callable[[Told], tuple[tuple[str, str], ...]]
"""Puts an event into named messages, each a pair of name and data."""

EVERYTHING = (
    "speakers",
    "found",
    "on_air",
    "stop_all",
    "airing",
    "bulletin",
    "programme",
    "tunes",
    "hand_ins",
    "hands",
    "faults",
    "plans",
    "emergencies",
    "cap",
)


_OF_ONE_NAME: Final[Mapping[type, tuple[tuple[str, str], ...]]] = {
    SpeakersChanged: (("speakers", "-"),),
    FoundChanged: (("found", "-"),),
    TunesChanged: (("tunes", "-"),),
    HandInChanged: (("hand_ins", "-"),),
    FaultsChanged: (("faults", "-"),),
    PlansChanged: (("plans", "-"),),
    EmergencyChanged: (("emergencies", "-"),),
    CapChanged: (("cap", "-"),),
    AiringChanged: (("airing", "-"), ("on_air", "-")),
    StopChanged: (("stop_all", "-"), ("speakers", "-")),
    Lagged: tuple((name, "-") for name in EVERYTHING),
}


def page_voice(event: Told) -> tuple[tuple[str, str], ...]:
    """The names that the templates listen for; every one of them fetches what it shows again."""
    match event:
        case BulletinChanged(bulletin_id=bulletin_id):
            return (("bulletin", bulletin_id),)
        case ProgrammeChanged(programme_id=programme_id):
            return (("programme", programme_id),)
        case HandsChanged(speaker_id=speaker_id):
            return (("hands", speaker_id),)
        case _:
            return _OF_ONE_NAME[type(event)]


class _Stream:
    """One open stream: what is still to be told, and whether it is over."""

    def __init__(self, voice: Voice) -> None:
        self.over = asyncio.Event()
        self.gave_way = False
        self._voice = voice
        self._wake = asyncio.Event()
        self._pending: dict[tuple[str, str], None] = {}
        self._mark = ""

    def offer(self, event: Told, mark: str) -> None:
        self._mark = mark
        self._pending.update(dict.fromkeys(self._voice(event)))
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
        messages = [f"id: {self._mark}\nevent: {name}\ndata: {data}\n\n" for name, data in told]
        return "".join(messages).encode() or HEARTBEAT

    async def pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.over.wait()


@dataclass(frozen=True, kw_only=True, slots=True)
class Listener:
    """Who opens a stream, in which form they are told, and from which mark on.

    ``welcome`` is asked as often as a heartbeat is due whether they still are, however much is told. Where there are
    too many streams to pages, or to a ``program``, the owner's oldest of the kind gives way.
    """

    owner: str
    voice: Voice
    welcome: Callable[[], Awaitable[bool]]
    since: str = ""
    program: bool = False


class Live:
    """The open streams of this server, by the sign-in they belong to. Nothing is told outside of `following`."""

    def __init__(self, events: Events, *, heartbeat_s: float = HEARTBEAT_S, pause_s: float = PAUSE_S) -> None:
        self._events = events
        self._heartbeat_s = heartbeat_s
        self._pause_s = pause_s
        self._streams: dict[str, dict[_Stream, bool]] = {}
        self._closed = False
        self._run = secrets.token_hex(4)
        self._number = 0
        self._recent: deque[Told] = deque(maxlen=REMEMBERED)

    @property
    def open(self) -> int:
        """How many streams are open."""
        return sum(len(streams) for streams in self._streams.values())

    @property
    def mark(self) -> str:
        """Names this moment among the changes, for `Listener.since`. To be taken before what is shown is read."""
        return f"{self._run}.{self._number}"

    @asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        """Passes on what the services publish while the block runs."""
        async with self._events.subscribe() as events:
            task = asyncio.create_task(self._follow(events), name="live events")
            try:
                yield
            finally:
                self.close()
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    async def _follow(self, events: AsyncIterator[Event]) -> None:
        try:
            async for event in events:
                if isinstance(event, SignInsEnded):
                    for token_hash in event.token_hashes:
                        self.end(token_hash)
                    continue
                self._number += 1
                self._recent.append(event)
                for streams in self._streams.values():
                    for stream in streams:
                        stream.offer(event, self.mark)
        finally:
            self.close()

    def _missed(self, since: str) -> tuple[Told, ...]:
        """What was published after the mark ``since``; everything where that is not known."""
        run, _, number = since.partition(".")
        if not since or since == self.mark:
            return ()
        missed = self._number - int(number) if number.isascii() and number.isdigit() and len(number) < 19 else -1
        if run != self._run or not 0 <= missed <= len(self._recent):
            return (Lagged(),)
        return tuple(self._recent)[len(self._recent) - missed :]

    def end(self, owner: str) -> None:
        """Ends the streams of one sign-in."""
        for stream in self._streams.get(owner, ()):
            stream.end()

    def close(self) -> None:
        """Ends all streams, and every later one at once: the server is shutting down."""
        self._closed = True
        for owner in self._streams:
            self.end(owner)

    async def serve(self, request: web.Request, listener: Listener) -> web.StreamResponse:
        """Answers with a stream until it ends."""
        response = web.StreamResponse(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        response.content_type = "text/event-stream"
        response.charset = "utf-8"
        stream = self._opened(listener, request.headers.get("Last-Event-ID") or listener.since)
        try:
            await response.prepare(request)
            with suppress(ConnectionResetError, TimeoutError):
                await self._tell(response, stream, listener)
        finally:
            self._forget(listener.owner, stream)
        return response

    def _opened(self, listener: Listener, since: str) -> _Stream:
        stream = _Stream(listener.voice)
        streams = self._streams.setdefault(listener.owner, {})
        streams[stream] = listener.program
        kind = [one for one, program in streams.items() if program is listener.program and not one.over.is_set()]
        for oldest in kind[: -MOST_PROGRAMS if listener.program else -MOST_PAGES]:
            oldest.gave_way = True
            oldest.end()
        for event in self._missed(since):
            stream.offer(event, self.mark)
        if self._closed:
            stream.end()
        return stream

    async def _tell(self, response: web.StreamResponse, stream: _Stream, listener: Listener) -> None:
        await _write(response, f"retry: {RETRY_MS}\nid: {self.mark}\nevent: subscribed\ndata: {{}}\n\n".encode())
        now_s = asyncio.get_running_loop().time
        ask_at_s = now_s() + self._heartbeat_s
        while not stream.over.is_set():
            told = await stream.next(self._heartbeat_s)
            if stream.gave_way:
                await _write(response, f"retry: {GAVE_WAY_RETRY_MS}\n\n".encode())
            if stream.over.is_set():
                break
            if told == HEARTBEAT or now_s() >= ask_at_s:
                if not await listener.welcome():
                    break
                ask_at_s = now_s() + self._heartbeat_s
            await _write(response, told)
            await stream.pause(self._pause_s)

    def _forget(self, owner: str, stream: _Stream) -> None:
        streams = self._streams.get(owner, {})
        streams.pop(stream, None)
        if not streams:
            self._streams.pop(owner, None)


async def _write(response: web.StreamResponse, data: bytes) -> None:
    async with asyncio.timeout(WRITE_WITHIN_S):
        await response.write(data)
