"""A WebSocket with the channel inside: messages go in and come out, everything else is an error.

Rules of the module: what leaves is sealed and written under one lock, because the channel's frames must arrive in the
order in which they were sealed. Errors of the other side are `WireError`; the end of the socket is `LinkEnded`.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final

from aiohttp import WSMessage, WSMsgType, web

from agents.protocol.channel import Channel, ClockAnswer, ClockAsk, clock_tag
from agents.protocol.codec import Decoder, device_decoder, encode
from agents.protocol.errors import MalformedMessage, TooLarge
from agents.protocol.messages import Message, Reject
from agents.protocol.version import MAX_FRAME_BYTES, MAX_HELLO_BYTES
from controller.ports import Clock

_ENDS: Final = (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED)
_TOO_BIG: Final = 1009
_GOODBYE_WITHIN_S: Final = 1.0


class LinkEnded(Exception):
    """The link is over. ``why`` is one word that is counted: closed, silent, slow, replaced, released, shutdown, ..."""

    def __init__(self, why: str, detail: str = "") -> None:
        super().__init__(detail or why)
        self.why = why


def new_socket() -> web.WebSocketResponse:
    """A socket as devices get it: no compression, no more than one frame at once, closed without long waits."""
    # The library refuses a message of exactly its limit.
    # Pings are answered in `receive_frame`, where they count as a sign of life.
    return web.WebSocketResponse(
        compress=False, max_msg_size=MAX_FRAME_BYTES + 1, heartbeat=None, timeout=1.0, autoping=False
    )


async def receive_frame(socket: web.WebSocketResponse, silence_limit_s: float) -> WSMessage:
    """The next frame that is no ping. Raises `LinkEnded` when nothing at all came for so long."""
    while True:
        try:
            async with asyncio.timeout(silence_limit_s):
                message = await socket.receive()
        except TimeoutError as error:
            raise LinkEnded("silent", f"nothing was heard for {silence_limit_s:g} s") from error
        if message.type is WSMsgType.PING:
            await _pong(socket, message.data)
        elif message.type is not WSMsgType.PONG:
            return message


async def _pong(socket: web.WebSocketResponse, data: bytes) -> None:
    try:
        await socket.pong(data)
    except (ConnectionError, RuntimeError) as error:
        raise LinkEnded("closed", str(error)) from error


def text_of(message: WSMessage) -> bytes:
    """The clear message in a text frame. Raises `LinkEnded`, `TooLarge` or `MalformedMessage`."""
    _raise_for(message)
    if message.type is not WSMsgType.TEXT:
        raise MalformedMessage("a text frame was expected")
    raw = str(message.data).encode("utf-8", "surrogatepass")
    if len(raw) > MAX_HELLO_BYTES:
        raise TooLarge(f"a clear message of {len(raw)} bytes; at most {MAX_HELLO_BYTES} are allowed")
    return raw


def bytes_of(message: WSMessage) -> bytes:
    """What a binary frame holds. Raises `LinkEnded`, `TooLarge` or `MalformedMessage`."""
    _raise_for(message)
    if message.type is not WSMsgType.BINARY:
        raise MalformedMessage("a binary frame was expected")
    return bytes(message.data)


def _raise_for(message: WSMessage) -> None:
    if message.type in _ENDS:
        raise LinkEnded("closed")
    if message.type is WSMsgType.ERROR:
        if getattr(message.data, "code", None) == _TOO_BIG:
            raise TooLarge(f"a frame of more than {MAX_FRAME_BYTES} bytes")
        raise MalformedMessage(f"no WebSocket frame: {message.data}")


class SealedSocket:
    """One proven link's socket. One task may receive; any number may send."""

    def __init__(self, socket: web.WebSocketResponse, channel: Channel, clock: Clock) -> None:
        self.channel: Final = channel
        self.decoder: Final[Decoder[Any]] = device_decoder()
        self._socket = socket
        self._clock = clock
        self._lock = asyncio.Lock()
        self.arrived_at_us = 0

    async def receive(self, silence_limit_s: float) -> Message | None:
        """The next message; None for one of an unknown type. Raises `WireError` or `LinkEnded`. A compact question
        for the time is answered from here.

        ``arrived_at_us`` is then the instant at which its last frame was taken from the socket.
        """
        while True:
            frame = await receive_frame(self._socket, silence_limit_s)
            self.arrived_at_us = self._clock.now_us()
            match self.channel.feed(bytes_of(frame)):
                case bytes(plain):
                    message: Message | None = self.decoder.decode(plain)
                    return message
                case ClockAsk() as ask:
                    await self._tell_time(ask)
                case _:
                    pass  # a part of a message, a frame of an unknown kind, or what devices do not send

    async def send(self, message: Message) -> None:
        """Raises `LinkEnded` when the socket is gone."""
        await self.send_encoded(encode(message))

    async def send_encoded(self, raw: bytes) -> None:
        """The same for a message that is encoded already, once for many."""
        await self._send(lambda: raw)

    async def _tell_time(self, ask: ClockAsk) -> None:
        arrived_at_us = self.arrived_at_us
        synchronised = self._clock.synchronised()
        tag = clock_tag(self._clock.clock_id)

        def reply() -> list[bytes]:
            answer = ClockAnswer(ask.t1_us, arrived_at_us, self._clock.now_us(), synchronised, tag)
            return [self.channel.encrypt_clock(answer)]

        await self._write(reply)

    async def say_goodbye(self, reason: str, retry_after_s: float) -> None:
        """Tells the device why, before the socket is closed; not for long, and only if it listens."""
        try:
            async with asyncio.timeout(_GOODBYE_WITHIN_S):
                await self.send(Reject(reason=reason, retry_after_s=retry_after_s))
        except (LinkEnded, TimeoutError):
            return

    async def _send(self, make: Callable[[], bytes]) -> None:
        await self._write(lambda: self.channel.encrypt(make()))

    async def _write(self, seal: Callable[[], list[bytes]]) -> None:
        async with self._lock:
            try:
                for frame in seal():
                    await self._socket.send_bytes(frame)
            except (ConnectionError, RuntimeError) as error:
                raise LinkEnded("closed", str(error)) from error


async def send_clear(socket: web.WebSocketResponse, message: Message) -> bytes:
    """Sends a message before the channel is there, and returns the exact bytes. Raises `LinkEnded`."""
    raw = encode(message)
    try:
        await socket.send_str(raw.decode())
    except (ConnectionError, RuntimeError) as error:
        raise LinkEnded("closed", str(error)) from error
    return raw


async def turn_away(socket: web.WebSocketResponse, reason: str, retry_after_s: float) -> None:
    """Says why, in the clear, and closes."""
    try:
        await send_clear(socket, Reject(reason=reason, retry_after_s=min(max(retry_after_s, 0.0), 3_600.0)))
    except LinkEnded:
        return
    await socket.close()
