"""A simulated device's end of one link: WebSocket, clear texts, Noise, typed messages."""

import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from agents.protocol import ids
from agents.protocol.channel import Channel, Pattern, prologue
from agents.protocol.codec import clear_decoder, controller_decoder, encode
from agents.protocol.errors import HandshakeFailed, MalformedMessage
from agents.protocol.messages import DeviceState, Hello, HelloReply, Message, Reject
from agents.protocol.version import LINK_PATH, MAX_FRAME_BYTES, OLDEST_PROTOCOL_VERSION, PROTOCOL_VERSION


class LinkLost(Exception):
    """The controller closed the link, or refused it; ``retry_after_s`` is how long it wants to be left alone."""

    def __init__(self, reason: str, retry_after_s: float = 0.0) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class Keys:
    """A simulated device's X25519 key pair; it lives as long as the process."""

    def __init__(self) -> None:
        private = X25519PrivateKey.generate()
        self.private = private.private_bytes_raw()
        self.device_id = ids.device_id(private.public_key().public_bytes_raw())


class Link:
    """An open channel. `send` and `receive` belong to the tasks of one device."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, channel: Channel) -> None:
        self._socket = socket
        self._decoder = controller_decoder()
        self.channel = channel

    async def send(self, message: Message) -> None:
        """Raises `LinkLost`."""
        try:
            for frame in self.channel.encrypt(encode(message)):
                await self._socket.send_bytes(frame)
        except (ConnectionError, aiohttp.ClientError) as error:
            raise LinkLost("the connection broke while sending") from error

    async def receive(self) -> tuple[Any, int]:
        """The next message and the monotonic instant, in microseconds, at which it arrived. Raises `LinkLost`."""
        while True:
            frame = await self._socket.receive()
            arrived_us = time.monotonic_ns() // 1000
            if frame.type is not aiohttp.WSMsgType.BINARY:
                raise LinkLost(f"the link ended ({frame.type.name})")
            content = self.channel.feed(frame.data)
            message = self._decoder.decode(content) if isinstance(content, bytes) else None
            if isinstance(message, Reject):
                raise LinkLost(message.reason, message.retry_after_s)
            if message is not None:
                return message, arrived_us


@contextlib.asynccontextmanager
async def dial(
    http: aiohttp.ClientSession, base_url: str, keys: Keys, controller_key: bytes | None
) -> AsyncIterator[Link]:
    """A link: to the pinned controller, or as a new device. Raises `LinkLost` or a `WireError`."""
    url = base_url.rstrip("/") + LINK_PATH
    try:
        async with http.ws_connect(url, compress=0, max_msg_size=MAX_FRAME_BYTES + 1) as socket:
            yield Link(socket, await _shake_hands(socket, keys, controller_key))
    except (aiohttp.ClientError, OSError) as error:
        raise LinkLost(f"{url} cannot be reached: {error}") from error


async def _shake_hands(socket: aiohttp.ClientWebSocketResponse, keys: Keys, controller_key: bytes | None) -> Channel:
    hello = encode(
        Hello(
            protocol=PROTOCOL_VERSION,
            oldest_protocol=OLDEST_PROTOCOL_VERSION,
            device_id=keys.device_id,
            state=DeviceState.NEW if controller_key is None else DeviceState.ADOPTED,
            controller_id=None if controller_key is None else ids.controller_id(controller_key),
        )
    )
    await socket.send_str(hello.decode())
    frame = await socket.receive()
    if frame.type is not aiohttp.WSMsgType.TEXT:
        raise LinkLost("the controller did not answer the greeting")
    raw = str(frame.data).encode()
    reply = clear_decoder().decode(raw)
    if isinstance(reply, Reject):
        raise LinkLost(reply.reason, reply.retry_after_s)
    if not isinstance(reply, HelloReply):
        raise MalformedMessage("the answer to the greeting is none")
    pattern = Pattern.XX if controller_key is None else Pattern.KK
    channel = Channel.initiator(pattern, keys.private, controller_key, prologue(hello, raw))
    while not channel.finished:
        if channel.my_turn:
            await socket.send_bytes(channel.write_handshake())
            continue
        frame = await socket.receive()
        if frame.type is not aiohttp.WSMsgType.BINARY:
            raise LinkLost("the controller closed the link during the handshake")
        channel.read_handshake(frame.data)
    if ids.controller_id(channel.remote_static) != reply.controller_id:
        raise HandshakeFailed("the controller's key does not fit the id it gave")
    return channel
