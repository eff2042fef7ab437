"""A connection with the channel inside: messages go in and come out, everything else is an error.

Rules of the module: what leaves is sealed and written in one go, because the channel's frames must arrive in the order
in which they were sealed. Errors of the other side are `WireError`; the end of the connection is `LinkEnded`.
"""

import asyncio
from dataclasses import dataclass
from typing import Any, Final

from agents.protocol.channel import Channel, ClockAnswer, ClockAsk, clock_tag
from agents.protocol.codec import Decoder, encode
from agents.protocol.errors import MalformedMessage, TooLarge
from agents.protocol.messages import Message, Reject
from agents.protocol.version import MAX_HELLO_BYTES
from controller.links.frames import Frame, Kind
from controller.links.link_socket import ANSWERED_UP_TO_BYTES, LinkEnded, LinkSocket
from controller.ports import Clock


def text_of(frame: Frame) -> bytes:
    """The clear message in a text frame. Raises `TooLarge` or `MalformedMessage`."""
    if frame.kind is not Kind.TEXT:
        raise MalformedMessage("a text frame was expected")
    if len(frame.payload) > MAX_HELLO_BYTES:
        raise TooLarge(f"a clear message of {len(frame.payload)} bytes; at most {MAX_HELLO_BYTES} are allowed")
    return frame.payload


def bytes_of(frame: Frame) -> bytes:
    """What a binary frame holds. Raises `MalformedMessage`."""
    if frame.kind is not Kind.BINARY:
        raise MalformedMessage("a binary frame was expected")
    return frame.payload


@dataclass(frozen=True, slots=True)
class SealedSocket:
    """One proven link's connection. The decoder counts what it does not know, for all links."""

    channel: Channel
    socket: LinkSocket
    clock: Clock
    decoder: Decoder[Any]

    def opened(self, payload: bytes) -> Message | None:
        """The message that this frame completes; None where it completes none, or one of an unknown type. Raises
        `WireError`. A question for the time is answered at once.
        """
        unknown = self.channel.unknown_frames
        content = self.channel.feed(payload)
        if type(content) is bytes:
            self.socket.charge(len(content))
            message: Message | None = self.decoder.decode(content)
            return message
        if type(content) is ClockAsk:
            self._tell_time(content, self.clock.now_us())
        # Else a part of a message, a frame of an unknown kind, or what devices do not send.
        self.decoder.unknown_types += self.channel.unknown_frames - unknown
        return None

    async def receive(self, silence_limit_s: float) -> Message:
        """The next message of a known type. Raises `WireError`, or `LinkEnded` also when nothing came for so long."""
        now_s = asyncio.get_running_loop().time
        while True:
            try:
                async with asyncio.timeout_at(self.socket.heard_s + silence_limit_s):
                    frame = await self.socket.receive()
            except TimeoutError as error:
                if now_s() < self.socket.heard_s + silence_limit_s:
                    continue  # a ping
                raise LinkEnded("silent", f"nothing was heard for {silence_limit_s:g} s") from error
            message = self.opened(bytes_of(frame))
            if message is not None:
                return message

    async def first_word(self) -> Message | None:
        """What the device says first, None where that is of an unknown type. Raises `WireError` or `LinkEnded`."""
        while True:
            content = self.channel.feed(bytes_of(await self.socket.receive()))
            if type(content) is bytes:
                message: Message | None = self.decoder.decode(content)
                return message
            if content is not None:
                raise MalformedMessage("a link begins with a message")

    def send(self, message: Message) -> None:
        """Raises `LinkEnded` where the connection is over."""
        self.send_encoded(encode(message))

    def send_encoded(self, raw: bytes) -> None:
        """The same for a message that is encoded already, once for many."""
        for frame in self.channel.encrypt(raw):
            self.socket.send_binary(frame)

    def _tell_time(self, ask: ClockAsk, arrived_at_us: int) -> None:
        if self.socket.waiting_bytes > ANSWERED_UP_TO_BYTES:
            return
        synchronised, tag = self.clock.synchronised(), clock_tag(self.clock.clock_id)
        answer = ClockAnswer(ask.t1_us, arrived_at_us, self.clock.now_us(), synchronised, tag)
        self.socket.send_binary(self.channel.encrypt_clock(answer))

    def say_goodbye(self, reason: str, retry_after_s: float) -> None:
        """Tells the device why its link ends."""
        try:
            self.send(Reject(reason=reason, retry_after_s=retry_after_s))
        except LinkEnded:
            return


def send_clear(socket: LinkSocket, message: Message) -> bytes:
    """Sends a message before the channel is there, and returns the exact bytes. Raises `LinkEnded`."""
    raw = encode(message)
    socket.send_text(raw)
    return raw


def turn_away(socket: LinkSocket, reason: str, retry_after_s: float) -> None:
    """Says why, in the clear, and closes."""
    try:
        send_clear(socket, Reject(reason=reason, retry_after_s=min(max(retry_after_s, 0.0), 3_600.0)))
    except LinkEnded:
        return
    socket.close()


__all__: Final = [
    "LinkEnded",
    "SealedSocket",
    "bytes_of",
    "send_clear",
    "text_of",
    "turn_away",
]
