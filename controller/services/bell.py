"""A bell: rung by whoever changes something, waited for by the one who then looks at all of it."""

import asyncio


class Bell:
    """Rings that come while nobody waits are one ring."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def wake(self) -> None:
        """Never waits and never fails."""
        self._rung.set()

    async def wait(self) -> None:
        """Until it has been rung since the last time; each ring is answered once."""
        await self._rung.wait()
        self._rung.clear()
