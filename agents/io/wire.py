"""From an address to a channel: the WebSocket, the two clear texts, the handshake, then messages.

Rules of the module: whatever the other side does ends in a message, a `WireError` or a `LinkLost`, never in another
exception and never in waiting for ever. Arrival is stamped before anything is decrypted, for the clock's sake.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, Final

import aiohttp

from agents.io.identity import Identity
from agents.io.timeport import TimePort
from agents.protocol import ids
from agents.protocol.channel import Channel, ClockAsk, Pattern, prologue
from agents.protocol.codec import clear_decoder, controller_decoder, encode
from agents.protocol.errors import HandshakeFailed, MalformedMessage, VersionMismatch
from agents.protocol.messages import DeviceState, Hello, HelloReply, Message, Reject
from agents.protocol.version import MAX_FRAME_BYTES, OLDEST_PROTOCOL_VERSION, PROTOCOL_VERSION

DIAL_WITHIN_S: Final = 15.0
LINK_WITHIN_S: Final = 30.0
"""From the greeting to the end of the handshake: where thousands dial at once they wait in line for it."""
_CLOSE_WITHIN_S: Final = 2.0


class LinkLost(Exception):
    """The link is gone or never came to be. Dial again later."""


class Rejected(LinkLost):
    """Whoever answers said why it does not want this link now, and how long to stay away.

    ``proven``: it was said inside the channel, so by the controller itself; before it anybody could have said it.
    """

    def __init__(self, reason: str, retry_after_s: float, *, proven: bool) -> None:
        super().__init__(f"the controller said: {reason}")
        self.retry_after_s = retry_after_s
        self.proven = proven


@dataclass(frozen=True, slots=True)
class KnownController:
    """A controller whose key is pinned."""

    controller_id: str
    static_key: bytes


@dataclass(frozen=True, slots=True)
class Received:
    """A message, live sound or a word about the clock, and the local instant at which its last frame arrived."""

    content: Any
    arrived_local_us: int


class Wire:
    """One open link, after the handshake. Sending is safe from several tasks; receiving belongs to one."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, channel: Channel, url: str, time: TimePort) -> None:
        self._socket = socket
        self._time = time
        self._decoder = controller_decoder()
        self._sending = asyncio.Lock()
        self.channel: Final = channel
        self.url: Final = url

    @property
    def controller_id(self) -> ids.ControllerId:
        """Whom the key on the other side belongs to."""
        return ids.controller_id(self.channel.remote_static)

    @property
    def peer_address(self) -> str | None:
        """The address of the other end, None where that is not known any more."""
        peer = self._socket.get_extra_info("peername")
        return str(peer[0]) if isinstance(peer, tuple) and peer else None

    @property
    def unknown_count(self) -> int:
        """Messages, fields and frames of kinds that this side does not know."""
        return self._decoder.unknown_types + self._decoder.unknown_fields + self.channel.unknown_frames

    async def send(self, message: Message) -> None:
        """Raises `LinkLost` or `TooLarge`."""
        text = encode(message)
        async with self._sending:
            for frame in self.channel.encrypt(text):
                await self._send_frame(frame)

    async def ask_time(self, asked: Callable[[int], None]) -> None:
        """Asks what time it is; ``asked`` is told the local instant just before the question leaves.

        Raises `LinkLost`.
        """
        async with self._sending:
            t1_us = self._time.monotonic_us()
            asked(t1_us)
            await self._send_frame(self.channel.encrypt_clock(ClockAsk(t1_us)))

    async def _send_frame(self, frame: bytes) -> None:
        try:
            await self._socket.send_bytes(frame)
        except (ConnectionError, aiohttp.ClientError) as error:
            raise LinkLost("the connection broke while sending") from error

    async def receive(self, silence_limit_s: float) -> Received:
        """The next thing this side understands. Raises `LinkLost` after silence or a close, or a `WireError`."""
        while True:
            frame = await _receive(self._socket, silence_limit_s)
            arrived_us = self._time.monotonic_us()
            if frame.type is not aiohttp.WSMsgType.BINARY:
                raise MalformedMessage("text inside the channel")
            content = self.channel.feed(frame.data)
            if isinstance(content, bytes):
                content = self._decoder.decode(content)
            if isinstance(content, Reject):
                raise Rejected(content.reason, content.retry_after_s, proven=True)
            if content is not None:
                return Received(content, arrived_us)


@contextlib.asynccontextmanager
async def dial(
    http: aiohttp.ClientSession, url: str, identity: Identity, known: KnownController | None, time: TimePort
) -> AsyncIterator[Wire]:
    """A link to the controller at ``url``: to the ``known`` one, proven by key, or as a new device to whoever is there.

    Raises `LinkLost`, `Rejected` or a `WireError`.
    """
    socket = await _connect(http, url, heartbeat_s=None if known is not None else LINK_WITHIN_S)
    try:
        try:
            async with asyncio.timeout(LINK_WITHIN_S):
                channel = await _shake_hands(socket, identity, known)
        except TimeoutError as error:
            raise LinkLost(f"{url} did not finish the handshake within {LINK_WITHIN_S:.0f} s") from error
        yield Wire(socket, channel, url, time)
    finally:
        await socket.close()


async def _connect(http: aiohttp.ClientSession, url: str, heartbeat_s: float | None) -> aiohttp.ClientWebSocketResponse:
    try:
        async with asyncio.timeout(DIAL_WITHIN_S):
            return await http.ws_connect(
                url,
                compress=0,
                max_msg_size=MAX_FRAME_BYTES + 1,  # the library refuses a message of exactly its limit
                heartbeat=heartbeat_s,
                timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSE_WITHIN_S),
            )
    except TimeoutError as error:
        raise LinkLost(f"{url} did not answer within {DIAL_WITHIN_S:.0f} s") from error
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise LinkLost(f"{url} cannot be reached: {error}") from error


async def _shake_hands(
    socket: aiohttp.ClientWebSocketResponse, identity: Identity, known: KnownController | None
) -> Channel:
    hello = encode(
        Hello(
            protocol=PROTOCOL_VERSION,
            oldest_protocol=OLDEST_PROTOCOL_VERSION,
            device_id=identity.device_id,
            state=DeviceState.NEW if known is None else DeviceState.ADOPTED,
            controller_id=None if known is None else known.controller_id,
        )
    )
    try:
        await socket.send_str(hello.decode("utf-8"))
    except (ConnectionError, aiohttp.ClientError) as error:
        raise LinkLost("the connection broke at once") from error
    reply_text, reply = await _hello_reply(socket)
    pattern = _agreed_pattern(reply, known)
    channel = Channel.initiator(
        pattern, identity.private_key, None if known is None else known.static_key, prologue(hello, reply_text)
    )
    while not channel.finished:
        if channel.my_turn:
            try:
                await socket.send_bytes(channel.write_handshake())
            except (ConnectionError, aiohttp.ClientError) as error:
                raise LinkLost("the connection broke during the handshake") from error
            continue
        frame = await _receive(socket, LINK_WITHIN_S)
        if frame.type is not aiohttp.WSMsgType.BINARY:
            raise MalformedMessage("text inside the handshake")
        channel.read_handshake(frame.data)
    if ids.controller_id(channel.remote_static) != reply.controller_id:
        raise HandshakeFailed("the controller's key does not fit the id it gave")
    return channel


async def _hello_reply(socket: aiohttp.ClientWebSocketResponse) -> tuple[bytes, HelloReply]:
    frame = await _receive(socket, LINK_WITHIN_S)
    if frame.type is not aiohttp.WSMsgType.TEXT:
        raise MalformedMessage("the answer to the greeting is not text")
    raw = str(frame.data).encode("utf-8", "surrogatepass")
    match clear_decoder().decode(raw):
        case HelloReply() as reply:
            return raw, reply
        case Reject(reason=reason, retry_after_s=retry_after_s):
            raise Rejected(reason, retry_after_s, proven=False)
        case _:
            raise MalformedMessage("the answer to the greeting is none")


def _agreed_pattern(reply: HelloReply, known: KnownController | None) -> Pattern:
    if not OLDEST_PROTOCOL_VERSION <= reply.protocol <= PROTOCOL_VERSION:
        raise VersionMismatch(
            f"the controller speaks version {reply.protocol}, this device {OLDEST_PROTOCOL_VERSION} to "
            f"{PROTOCOL_VERSION}; update the older one"
        )
    if known is not None and reply.controller_id != known.controller_id:
        raise HandshakeFailed(f"{reply.controller_id} answers where {known.controller_id} was expected")
    expected = Pattern.XX if known is None else Pattern.KK
    if reply.handshake != expected:
        raise HandshakeFailed(f"the controller wants the handshake {reply.handshake}, this device {expected}")
    return expected


async def _receive(socket: aiohttp.ClientWebSocketResponse, silence_limit_s: float) -> aiohttp.WSMessage:
    try:
        async with asyncio.timeout(silence_limit_s):
            frame = await socket.receive()
    except TimeoutError as error:
        raise LinkLost(f"nothing was heard for {silence_limit_s:g} s") from error
    except (ConnectionError, aiohttp.ClientError) as error:
        raise LinkLost("the connection broke") from error
    match frame.type:
        case aiohttp.WSMsgType.BINARY | aiohttp.WSMsgType.TEXT:
            return frame
        case aiohttp.WSMsgType.ERROR if isinstance(frame.data, aiohttp.WebSocketError):
            raise MalformedMessage(f"a frame that is none or too large: {frame.data}")
        case _:
            raise LinkLost("the link was closed")
