"""How soon network time is taken up, and how seldom it is looked at afterwards."""

import asyncio

from agents.domain.clock import ControllerClock
from agents.io.walltime import LOOK_EVERY_US, LOOK_WHILE_UNKNOWN_US, follow_wall_time
from agents.protocol.values import ClockBasis


class Machine:
    """A machine whose naps are the test's; ``true`` is whether something keeps its wall clock so."""

    def __init__(self) -> None:
        self.now_us = 5_000_000
        self.true = False
        self.naps: asyncio.Queue[int] = asyncio.Queue()
        self._go_on = asyncio.Event()

    def monotonic_us(self) -> int:
        return self.now_us

    def wall_us(self) -> int:
        return 1_800_000_000_000_000 + self.now_us

    def wall_synchronised(self) -> bool:
        return self.true

    def block_until(self, monotonic_us: int) -> None:
        raise NotImplementedError

    async def sleep_until(self, monotonic_us: int) -> None:
        self._go_on.clear()
        self.naps.put_nowait(monotonic_us - self.now_us)
        await self._go_on.wait()
        self.now_us = monotonic_us

    async def nap(self) -> int:
        """How long it sleeps now; the nap is over as soon as that is known."""
        async with asyncio.timeout(5):
            lasts_us = await self.naps.get()
        self._go_on.set()
        return lasts_us


async def test_network_time_that_comes_after_the_start_is_taken_up_within_a_second() -> None:
    machine, clock = Machine(), ControllerClock()
    following = asyncio.ensure_future(follow_wall_time(clock, machine))
    try:
        assert [await machine.nap() for _ in range(3)] == [LOOK_WHILE_UNKNOWN_US] * 3
        assert clock.estimate(machine.now_us) is None

        machine.true = True
        assert LOOK_EVERY_US in [await machine.nap() for _ in range(2)], "the next look but one finds it at the latest"
        estimate = clock.estimate(machine.now_us)
        assert estimate is not None
        assert estimate.basis is ClockBasis.NETWORK
    finally:
        following.cancel()
        await asyncio.wait([following])
