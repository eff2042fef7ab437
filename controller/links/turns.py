"""Heavy work a little at a time: so much in one turn of the event loop, so that pages and links go on in between."""

import asyncio
from collections import deque


class Turns:
    """``at_once`` may work in one turn of the loop; the others wait, in the order in which they came."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._used = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def mine(self) -> None:
        """Returns when it is the caller's turn to work."""
        if self._used < self._at_once and not self._waiting:
            self._use()
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        await turn

    def _use(self) -> None:
        self._used += 1
        if self._used == 1:
            asyncio.get_running_loop().call_soon(self._next)

    def _next(self) -> None:
        self._used = 0
        while self._waiting and self._used < self._at_once:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                self._use()
