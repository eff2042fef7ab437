"""GET /live/{id}/microphone: a WebSocket through which a person speaks.

Rules of the module: who speaks may do so in every area where it is heard; into an emergency or a drill, who may prepare
one there. One microphone a stream; whoever comes back within some seconds goes on. What comes in is counted:
nobody speaks faster than sound, and what is no sound ends the socket with a sentence. A person who may not any more, or
whose sign-in has ended, is cut within seconds. How it goes is told twice a second.
"""

import asyncio
import json
import logging
from collections.abc import Set as AbstractSet
from contextlib import AsyncExitStack
from typing import Final
from weakref import WeakSet

from aiohttp import WSCloseCode, WSMsgType, web

from agents.protocol.ids import AiringId, AreaId
from agents.protocol.values import AiringClass
from controller.domain.errors import Invalid, NotFound, Refused, StoreFailed, StudioFailed
from controller.domain.live import is_packet
from controller.domain.rights import Right
from controller.ports import Recoder
from controller.services.live.stream import LiveStream
from controller.web import subjects
from controller.web.asking import Ask, Forbidden
from controller.web.i18n import Translator
from controller.web.security import from_our_pages
from controller.web.sentences import sentence

_log = logging.getLogger(__name__)
PACKET: Final = 1
RECORDED: Final = 2
_MOST_MESSAGE_BYTES: Final = 65_536
_TELL_EVERY_S: Final = 0.5
_WELCOME_EVERY_S: Final = 5.0
_PING_EVERY_S: Final = 5.0
_PACKETS_A_SECOND: Final = 50
_AHEAD: Final = 250
"""So many packets may come at once: what a browser held back while its line was away."""
_BYTES_A_SECOND: Final = 50_000
_BYTES_AHEAD: Final = 500_000
"""The same of what it records."""
_UNHEARD_BYTES: Final = 200_000
"""Where so much came of which nothing is heard, it is no recording."""


class LiveSockets:
    """Those that are open."""

    def __init__(self) -> None:
        self.open: Final[WeakSet[web.WebSocketResponse]] = WeakSet()


SOCKETS: Final = web.AppKey("live sockets", LiveSockets)


class _Refusal(Exception):
    """What came in is not taken; ``code`` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


async def microphone(ask: Ask) -> web.StreamResponse:
    """Raises `NotFound` (``not_live``), `Forbidden` (``foreign_page``), `NotAllowed`, `Refused` (``microphone_taken``),
    `Invalid`.
    """
    if not from_our_pages(ask.request):
        raise Forbidden("the request comes from another site", code="foreign_page")
    stream = await ask.parts.live_desk.spoken(AiringId(ask.request.match_info["id"]))
    if stream is None:
        raise NotFound("nothing is open there", code="not_live")
    where = await subjects.areas_of_speakers(ask, stream.airing.speaker_ids)
    ask.require_all(_right(stream), where)
    socket = web.WebSocketResponse(heartbeat=_PING_EVERY_S, max_msg_size=_MOST_MESSAGE_BYTES, compress=False)
    if not socket.can_prepare(ask.request):
        raise Invalid("this address takes a WebSocket", code="bad_request")
    if not stream.take():
        raise Refused("another microphone is at it", code="microphone_taken")
    try:
        await socket.prepare(ask.request)
        ask.request.app[SOCKETS].open.add(socket)
        await _Microphone(ask, stream, socket, where).run()
    finally:
        stream.let_go()
    return socket


def _right(stream: LiveStream) -> Right:
    """What it takes to speak: for an emergency or a drill that of those who prepare them."""
    spoken = stream.airing.airing_class in {AiringClass.EMERGENCY, AiringClass.DRILL}
    return Right.PREPARE_EMERGENCY if spoken else Right.LIVE


async def end_all(app: web.Application) -> None:
    """Before connections are waited for at the end of the program."""
    for socket in tuple(app[SOCKETS].open):
        await socket.close(code=WSCloseCode.GOING_AWAY)


class _Microphone:
    """One socket at one stream."""

    def __init__(self, ask: Ask, stream: LiveStream, socket: web.WebSocketResponse, where: AbstractSet[AreaId]) -> None:
        self._ask = ask
        self._where = where
        self._stream = stream
        self._socket = socket
        self._say: Translator = ask.say
        self._packets = _Allowance(_PACKETS_A_SECOND, _AHEAD)
        self._bytes = _Allowance(_BYTES_A_SECOND, _BYTES_AHEAD)
        self._unheard_bytes = 0
        self._recoder: Recoder | None = None
        self._pumping: asyncio.Task[None] | None = None

    async def run(self) -> None:
        telling = asyncio.create_task(self._tell())
        try:
            async with AsyncExitStack() as stack:
                try:
                    await self._listen(stack)
                except _Refusal as refusal:
                    await self._goodbye(refusal.code)
                except StudioFailed as failure:
                    _log.warning("A microphone cannot be listened to: %s", failure, extra=self._whose())
                    await self._goodbye(failure.code)
                finally:
                    await self._ended(self._pumping)
        finally:
            await self._ended(telling)

    async def _listen(self, stack: AsyncExitStack) -> None:
        async for message in self._socket:
            if message.type is not WSMsgType.BINARY or not message.data:
                raise _Refusal("not_sound")
            kind, data = message.data[0], message.data[1:]
            if kind == PACKET:
                self._packet(data)
            elif kind == RECORDED:
                await self._recorded(data, stack)
            else:
                raise _Refusal("not_sound")

    async def _recorded(self, data: bytes, stack: AsyncExitStack) -> None:
        """A piece of what a browser records: a process of its own makes packets of it."""
        if not self._bytes.take(len(data)):
            raise _Refusal("too_much_sound")
        if self._recoder is None:
            self._recoder = await stack.enter_async_context(self._ask.parts.studio.recoder())
            self._pumping = asyncio.create_task(self._pump(self._recoder))
        self._unheard_bytes += len(data)
        if self._pumping is None or self._pumping.done() or self._unheard_bytes > _UNHEARD_BYTES:
            raise _Refusal("not_sound")
        await self._recoder.feed(data)

    async def _pump(self, recoder: Recoder) -> None:
        code = "not_sound"
        try:
            while packets := await recoder.packets():
                self._unheard_bytes, code = 0, "microphone_failed"
                for packet in packets:
                    self._stream.feed(packet)
            _log.warning("What a microphone sends is not read any more.", extra=self._whose())
        except StudioFailed as failure:
            _log.warning("What a microphone sends cannot be read: %s", failure, extra=self._whose())
        except Exception:
            _log.exception("what a microphone sends could not be read", extra=self._whose())
            code = "microphone_failed"
        await self._goodbye(code)

    def _whose(self) -> dict[str, object]:
        return {"event": "microphone", "airing_id": self._stream.airing.airing_id, "by": self._ask.by}

    def _packet(self, packet: bytes) -> None:
        if not is_packet(packet):
            raise _Refusal("not_sound")
        if not self._packets.take():
            raise _Refusal("too_much_sound")
        self._stream.feed(packet)

    async def _tell(self) -> None:
        """How it goes, until the stream is over or the person may not any more."""
        loop = asyncio.get_running_loop()
        ask_at_s = loop.time() + _WELCOME_EVERY_S
        while not self._stream.over.is_set():
            await self._send({})
            try:
                async with asyncio.timeout(_TELL_EVERY_S):
                    await self._stream.over.wait()
            except TimeoutError:
                if loop.time() >= ask_at_s:
                    ask_at_s = loop.time() + _WELCOME_EVERY_S
                    if not await self._welcome():
                        await self._goodbye("sign_in_needed")
                        return
        await self._goodbye(f"live_{self._stream.reason or 'ended'}")

    async def _welcome(self) -> bool:
        """Nobody is cut because the database does not answer: it is asked again."""
        try:
            return await self._ask.still_may(_right(self._stream), self._where)
        except StoreFailed:
            _log.exception("whether somebody may still speak could not be asked")
            return True

    async def _ended(self, task: "asyncio.Task[None] | None") -> None:
        """Ends a task, and waits until it has. That the person is gone is no failure."""
        if task is None:
            return
        task.cancel()
        (how,) = await asyncio.gather(task, return_exceptions=True)
        if isinstance(how, Exception) and not isinstance(how, ConnectionError):
            _log.error("what goes with a microphone failed", exc_info=how, extra=self._whose())

    async def _goodbye(self, code: str) -> None:
        await self._send({"code": code, "sentence": sentence(code, self._say)})
        await self._socket.close(code=WSCloseCode.OK)

    async def _send(self, more: dict[str, object]) -> None:
        stream = self._stream
        level_db = stream.level_db
        told = {
            "hearing": stream.hearing(),
            "of": stream.of,
            "level_db": None if level_db is None else round(level_db, 1),
            "late": stream.moved,
            "state": stream.state.value,
            **more,
        }
        if not self._socket.closed:
            await self._socket.send_str(json.dumps(told))


class _Allowance:
    """So many a second, and so many at once."""

    def __init__(self, a_second: float, at_once: float) -> None:
        self._a_second = a_second
        self._at_once = at_once
        self._left = at_once
        self._counted_s = asyncio.get_running_loop().time()

    def take(self, amount: float = 1.0) -> bool:
        """Whether there was still so much left."""
        now_s = asyncio.get_running_loop().time()
        self._left = min(self._at_once, self._left + (now_s - self._counted_s) * self._a_second)
        self._counted_s = now_s
        if self._left < amount:
            return False
        self._left -= amount
        return True
