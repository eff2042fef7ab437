"""Tells the controller clock what the system's own clock says, for where that is the best that is known.

Rules of the module: as long as the time is not known it is looked at every second, because a box that has just been
switched on may be silent for that alone; once it is known, seldom.
"""

from typing import Final

from agents.domain.clock import ControllerClock
from agents.io.timeport import TimePort

LOOK_EVERY_US: Final = 30_000_000
LOOK_WHILE_UNKNOWN_US: Final = 1_000_000


async def follow_wall_time(clock: ControllerClock, time: TimePort) -> None:
    """Until cancelled."""
    while True:
        now_us = time.monotonic_us()
        clock.network_time(now_us, time.wall_us(), time.wall_synchronised())
        known = clock.estimate(now_us) is not None
        await time.sleep_until(now_us + (LOOK_EVERY_US if known else LOOK_WHILE_UNKNOWN_US))
