"""One document at a time for each device: whoever sends one holds the device's lane until it was answered."""

import asyncio
from collections import deque

from agents.protocol.ids import DeviceId


class Lanes:
    """Lanes exist while they are held. Who waits for one gets it in the order of asking."""

    def __init__(self) -> None:
        self._held: dict[DeviceId, deque[asyncio.Future[None]] | None] = {}

    def take(self, device_id: DeviceId) -> bool:
        """Holds the lane, where nobody does; then `release` must follow."""
        if device_id in self._held:
            return False
        self._held[device_id] = None
        return True

    async def wait(self, device_id: DeviceId) -> None:
        """Holds the lane as soon as those before have released it; then `release` must follow."""
        if self.take(device_id):
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting = self._held[device_id]
        if waiting is None:
            waiting = self._held[device_id] = deque()
        waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.release(device_id)
            raise

    def release(self, device_id: DeviceId) -> None:
        """The next who waits holds it."""
        waiting = self._held[device_id]
        while waiting:
            turn = waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        del self._held[device_id]
