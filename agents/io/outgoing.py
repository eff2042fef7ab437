"""Messages that are sent because something was asked for, over whatever link there is just then."""

import contextlib
from collections.abc import Awaitable, Callable, Iterator

from agents.io.wire import LinkLost
from agents.protocol.messages import Message

Send = Callable[[Message], Awaitable[None]]


class Outgoing:
    """The link attaches itself while it lives; one at a time."""

    def __init__(self) -> None:
        self._send: Send | None = None

    @contextlib.contextmanager
    def through(self, send: Send) -> Iterator[None]:
        """Messages go through ``send`` until the block is left."""
        self._send = send
        try:
            yield
        finally:
            if self._send is send:
                self._send = None

    async def send(self, message: Message) -> None:
        """Raises `LinkLost`, also where there is no link; `TooLarge`."""
        if self._send is None:
            raise LinkLost("there is no link")
        await self._send(message)
