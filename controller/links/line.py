"""Where devices wait for a place to prove who they are in, instead of being sent away.

Rules of the module: after a power cut thousands dial in the same second, and all are wanted; so who finds no place
waits, and those who came from different addresses take turns, so that one address that fills the line keeps nobody
else out. Nobody waits for ever, and the line has an end: beyond it devices are asked to come back.
"""

import asyncio
from collections import OrderedDict, deque
from typing import Final

from controller.links.gate import Gate

_AGAIN_S: Final = 5.0


class Line:
    """In front of a `Gate`, which counts the places."""

    def __init__(self, gate: Gate, *, at_most: int, patience_s: float) -> None:
        self._gate = gate
        self._at_most = at_most
        self._patience_s = patience_s
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()
        self.length = 0

    async def enter(self, address: str) -> float | None:
        """None with a place (then `leave` must follow), else the seconds to stay away."""
        if self._gate.free_for(address) or self.length >= self._at_most:
            return self._gate.enter(address)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(address, deque()).append(turn)
        self.length += 1
        try:
            async with asyncio.timeout(self._patience_s):
                await turn
        except TimeoutError:
            if not _given(turn):
                return self._gate.dice.uniform(0.0, _AGAIN_S)
            # The place came in the very moment in which the patience ended.
        except asyncio.CancelledError:
            if _given(turn):
                self.leave(address)  # the place came too late
            raise
        finally:
            self.length -= 1
        return None

    def leave(self, address: str) -> None:
        """The place is free again, and goes to the next whose turn it is."""
        self._gate.leave(address)
        for _ in range(len(self._waiting)):
            other, turns = next(iter(self._waiting.items()))
            while turns and turns[0].done():
                turns.popleft()  # gave up waiting
            if not turns:
                del self._waiting[other]
                continue
            self._waiting.move_to_end(other)
            if self._gate.free_for(other):
                self._gate.enter(other)
                turns.popleft().set_result(None)
                return


def _given(turn: "asyncio.Future[None]") -> bool:
    return turn.done() and not turn.cancelled()
