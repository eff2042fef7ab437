"""One device's connection, taken over from the web server: frames go in and come out, without a task of its own.

Rules of the module: what arrives is taken at once, in the call that brought it, from a buffer that all connections
share; what is sent is written at once, and where the network does not take it, it waits in the transport, whose limit
is the link's. Before a link stands there is nobody to take frames yet: they wait in a short queue for `receive`, and
the network is made to wait while it is full.
"""

import asyncio
import fcntl
import sys
import termios
from collections import deque
from typing import Final, Protocol

from agents.protocol.errors import MalformedMessage, WireError
from controller.links.frames import Frame, Frames, Kind, close_frame, frame

_QUEUED_AT_MOST: Final = 4
_FLOODED_FROM: Final = 64
ANSWERED_UP_TO_BYTES: Final = 32_768
"""Where more waits to be taken, what a device may ask as often as it likes is not answered: it would pile up."""
_COUNTED_FOR_S: Final = 5.0
_FRAMES_AT_MOST: Final = 2_000
"""In that time. A device says something every few seconds; who sends thousands of empty frames keeps others waiting."""
_AS_ONE_BYTES: Final = 4_096
"""So many bytes of a message count as a frame."""
_GOODBYE_WITHIN_S: Final = 1.0
_NORMAL: Final = 1000
_BUFFER_BYTES: Final = 65_536
_NUMBER: Final = bytes(4)
"""Room for what the machine answers."""


class LinkEnded(Exception):
    """The link is over. ``why`` is one word that is counted: closed, silent, slow, replaced, released, shutdown, ..."""

    def __init__(self, why: str, detail: str = "") -> None:
        super().__init__(detail or why)
        self.why = why


class Sockets:
    """Every connection that was taken over, until it is lost."""

    def __init__(self) -> None:
        self.buffer: Final = memoryview(bytearray(_BUFFER_BYTES))
        """What arrives on any of them is read into this, and taken before the next is read."""
        self.parted = 0
        """How many of them the web server does not count any more."""
        self._open: set[LinkSocket] = set()
        self._lost = asyncio.Event()

    def add(self, socket: "LinkSocket") -> None:
        """A connection was taken over."""
        self._open.add(socket)

    def lose(self, socket: "LinkSocket") -> None:
        """It is over."""
        self._open.discard(socket)
        self._lost.set()

    async def all_lost(self) -> None:
        """Returns when none is left."""
        while self._open:
            self._lost.clear()
            await self._lost.wait()


class Taker(Protocol):
    """Whoever takes what a device sends."""

    def take(self, payload: bytes) -> None:
        """A binary message. What it raises comes back to `failed`."""
        ...

    def failed(self, error: Exception) -> None:
        """Nothing more comes: the connection is lost (`LinkEnded`), or what came could not be taken."""
        ...


class LinkSocket(asyncio.BufferedProtocol):
    """The connection. To be made when the answer to its upgrade is written; `asyncio.Transport.set_protocol` gives it
    the rest.

    ``former`` is the web server's part of the connection, which is told of its end until `part` was called.
    """

    __slots__ = (
        "_closing",
        "_counted",
        "_counted_from_s",
        "_error",
        "_former",
        "_frames",
        "_loop",
        "_parted",
        "_queue",
        "_sockets",
        "_taker",
        "_transport",
        "_waiter",
        "choked_since_s",
        "heard_s",
    )

    def __init__(self, transport: asyncio.Transport, former: asyncio.Protocol, sockets: Sockets) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport = transport
        self._former: asyncio.Protocol | None = former
        self._sockets = sockets
        self._parted = False
        self._frames = Frames()
        self._queue: deque[Frame] | None = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._error: Exception | None = None
        self._taker: Taker | None = None
        self._closing: asyncio.TimerHandle | None = None
        self._counted = 0
        self._counted_from_s = self.heard_s = self._loop.time()
        """When a whole frame came last, by the loop's clock."""
        self.choked_since_s: float | None = None
        """Since when the network has not taken what was sent; None while it takes everything."""
        sockets.add(self)
        transport.set_write_buffer_limits(high=0)
        transport.set_protocol(self)

    # --- what the network does ------------------------------------------------------------------------------------

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._sockets.buffer

    def buffer_updated(self, nbytes: int) -> None:
        try:
            found = self._frames.feed(self._sockets.buffer[:nbytes])
            self._count(len(found))
            for one in found:
                if one.kind is Kind.BINARY and self._taker is not None:  # nearly everything
                    self.heard_s = self._loop.time()
                    self._taker.take(one.payload)
                else:
                    self._handle(one)
        except Exception as error:
            self._fail(error)

    def _count(self, frames: int) -> None:
        now_s = self._loop.time()
        if now_s - self._counted_from_s >= _COUNTED_FOR_S:
            self._counted, self._counted_from_s = 0, now_s
        self._counted += frames
        if self._counted > _FRAMES_AT_MOST:
            raise MalformedMessage(f"more than {_FRAMES_AT_MOST} frames, or their worth, within {_COUNTED_FOR_S:g} s")

    def charge(self, size_bytes: int) -> None:
        """Reading a long message is as much work as reading many short ones, however small it was on its way. Raises
        `MalformedMessage`.
        """
        self._count(size_bytes // _AS_ONE_BYTES)

    def eof_received(self) -> None:
        return None

    def connection_lost(self, exc: Exception | None) -> None:
        if self._closing is not None:
            self._closing.cancel()
        self._sockets.lose(self)
        self._sockets.parted -= self._parted
        self._fail(LinkEnded("closed", "" if exc is None else str(exc)))
        if self._former is not None:
            self._former.connection_lost(exc)
            self._former = None

    def pause_writing(self) -> None:
        self.choked_since_s = self._loop.time()

    def resume_writing(self) -> None:
        self.choked_since_s = None

    def _handle(self, one: Frame) -> None:
        self.heard_s = self._loop.time()
        match one.kind:
            case Kind.PING:
                if self.waiting_bytes <= ANSWERED_UP_TO_BYTES:
                    self._write(frame(Kind.PONG, one.payload))
            case Kind.PONG:
                pass
            case Kind.CLOSE:
                self._fail(LinkEnded("closed"))
                self.close()
                self._transport.close()
            case _ if self._closing is not None:
                pass  # it is being told that the link is over
            case Kind.BINARY if self._taker is not None:
                self._taker.take(one.payload)
            case _ if self._queue is not None:
                self._enqueue(self._queue, one)
            case _:
                raise MalformedMessage("a binary frame was expected")

    def _enqueue(self, queue: deque[Frame], one: Frame) -> None:
        queue.append(one)
        if len(queue) >= _FLOODED_FROM:  # all in one piece, before the pause could take effect
            queue.clear()
            raise MalformedMessage("more frames than a device may send before its link stands")
        if len(queue) >= _QUEUED_AT_MOST:
            self._transport.pause_reading()
        self._wake()

    def _fail(self, error: Exception) -> None:
        """Tells whoever takes what comes, once."""
        if self._error is not None:
            if self._closing is not None and isinstance(error, WireError):
                self._transport.close()  # no use waiting for its goodbye
            return
        self._error = error
        taker, self._taker = self._taker, None
        if taker is not None:
            taker.failed(error)
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # --- before a link stands -------------------------------------------------------------------------------------

    def hold(self) -> None:
        """Nothing more is taken from the network until `receive`, `hand_to` or `close`."""
        if not self._transport.is_closing():
            self._transport.pause_reading()

    async def receive(self) -> Frame:
        """The next message. Raises `LinkEnded` or `WireError`."""
        while not self._queue:
            if self._error is not None:
                raise self._error
            if not self._transport.is_closing():
                self._transport.resume_reading()
            self._waiter = self._loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        one = self._queue.popleft()
        if not self._transport.is_closing():
            self._transport.resume_reading()
        return one

    def hand_to(self, taker: Taker) -> None:
        """From now on ``taker`` takes what comes, beginning with what waits already."""
        queue, self._queue = self._queue or deque(), None
        if self._error is not None:
            taker.failed(self._error)
            return
        self._taker = taker
        try:
            for one in queue:
                self._handle(one)
        except Exception as error:
            self._fail(error)
        if not self._transport.is_closing():
            self._transport.resume_reading()

    def part(self) -> None:
        """The web server forgets this connection: what it holds for it is more than the whole link needs."""
        former = self._former
        if former is not None and not self._transport.is_closing():
            self._former, self._parted = None, True
            self._sockets.parted += 1
            # It would close what it holds: so it holds nothing any more.
            former.transport = None  # type: ignore[attr-defined]
            former.connection_lost(None)

    # --- sending --------------------------------------------------------------------------------------------------

    @property
    def waiting_bytes(self) -> int:
        """What the network has not taken yet."""
        return self._transport.get_write_buffer_size()

    @property
    def held_bytes(self) -> int:
        """What the device has not taken yet: here, and in the machine's own buffers, as far as that says."""
        try:
            told = fcntl.ioctl(self._transport.get_extra_info("socket").fileno(), termios.TIOCOUTQ, _NUMBER)
        except (OSError, AttributeError):
            return self.waiting_bytes
        return self.waiting_bytes + int.from_bytes(told, sys.byteorder)

    def send_whole(self, raw: bytes) -> None:
        """A frame with its head. Raises `LinkEnded` where the connection is over."""
        self._send(raw)

    def send_binary(self, payload: bytes) -> None:
        """Raises `LinkEnded` where the connection is over."""
        self._send(frame(Kind.BINARY, payload))

    def send_text(self, payload: bytes) -> None:
        """Raises `LinkEnded` where the connection is over."""
        self._send(frame(Kind.TEXT, payload))

    def _send(self, raw: bytes) -> None:
        if self._closing is not None or self._transport.is_closing():
            raise LinkEnded("closed")
        self._transport.write(raw)

    def _write(self, raw: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(raw)

    def close(self) -> None:
        """Says that it is over and waits for a moment, so that what was said last arrives. Once is enough."""
        if self._closing is None:
            self._write(close_frame(_NORMAL))
            self._closing = self._loop.call_later(_GOODBYE_WITHIN_S, self._transport.abort)
            self._fail(LinkEnded("closed"))
            if not self._transport.is_closing():
                self._transport.resume_reading()

    def abort(self) -> None:
        """Ends it at once: the other side takes nothing anyway."""
        self._fail(LinkEnded("closed"))
        self._transport.abort()
