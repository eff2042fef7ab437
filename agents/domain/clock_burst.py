"""What a burst of clock exchanges says of controller time.

Rules of the module: pure. Local instants are the device's monotonic clock, controller instants are the controller's,
all in microseconds.

Formulas. One exchange (RFC 5905, section 8): it left at ``t1`` and its answer came at ``t4`` by the local clock, it
arrived at ``t2`` and was answered at ``t3`` by the controller's::

    round trip = (t4 - t1) - (t3 - t2)
    offset     = ((t2 - t1) + (t3 - t4)) / 2        true to within half a round trip, whatever the network does

What queues on the way there says nothing of the way back, so each way is judged for itself: of a burst the quickest way
there, ``min(t2 - t1)``, is put together with the quickest way back, ``min(t4 - t3)``, as if they had been one exchange.
Its round trip is at most that of the best real one, and half of it still bounds the error. An exchange that was sent
again because a packet was lost is slow, and so counts for nothing by itself. As a burst takes some time, both are first
brought to one instant by the drift that is known.

How far the quickest of ``n`` is above the best that the network can do is judged by how dense the others lie above it:
their median is ``n / 2`` steps away, so one step is what may be missing (exact for ways that are equally likely to take
any time within a range, cautious for those that are quick more often than slow).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

LATEST_CONTROLLER_US: Final = 2**52
"""The year 2112. A controller that counts otherwise is not believed: what follows from it would fit no report."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """Four instants: ``t1_us`` and ``t4_us`` by the local clock, ``t2_us`` and ``t3_us`` by the controller's."""

    t1_us: int
    t2_us: int
    t3_us: int
    t4_us: int

    @property
    def round_trip_us(self) -> int:
        """Time on the way, both ways together."""
        return (self.t4_us - self.t1_us) - (self.t3_us - self.t2_us)

    @property
    def offset_us(self) -> int:
        """Controller time minus local time, if both ways took equally long."""
        return ((self.t2_us - self.t1_us) + (self.t3_us - self.t4_us)) // 2

    @property
    def middle_us(self) -> int:
        """The local instant that the offset is for."""
        return (self.t1_us + self.t4_us) // 2

    @property
    def possible(self) -> bool:
        """False where the instants contradict each other."""
        in_order = 0 <= self.t2_us <= self.t3_us <= LATEST_CONTROLLER_US and self.t4_us >= self.t1_us
        return in_order and self.round_trip_us >= 0


@dataclass(frozen=True, slots=True)
class Measured:
    """Controller minus local time at the local instant ``at_us``; ``doubt_us`` is one sigma of what queueing hides.

    ``doubt_us`` is None where a single exchange cannot tell.
    """

    at_us: int
    offset_us: int
    round_trip_us: int
    doubt_us: float | None


def measured(burst: Sequence[Exchange], drift: float, drift_sigma: float) -> Measured | None:
    """What a burst says, None where no exchange of it is possible.

    ``drift`` is by how much the controller's clock runs faster than the local one (a share), and ``drift_sigma`` one
    sigma of that.
    """
    possible = [exchange for exchange in burst if exchange.possible]
    if not possible:
        return None
    best = min(possible, key=lambda exchange: exchange.round_trip_us)
    alone = Measured(best.middle_us, best.offset_us, best.round_trip_us, None)
    if len(possible) == 1:
        return alone
    first_us, last_us = min(e.t1_us for e in possible), max(e.t4_us for e in possible)
    at_us = (first_us + last_us) // 2
    there = sorted(e.t2_us - e.t1_us - drift * (e.t1_us - at_us) for e in possible)
    back = sorted(e.t4_us - e.t3_us + drift * (e.t4_us - at_us) for e in possible)
    round_trip_us = there[0] + back[0]
    moved_us = drift_sigma * (last_us - first_us) / 4
    doubt_us = math.hypot(_step(there), _step(back)) / 2 + moved_us
    if round_trip_us < 0:  # the drift is not known well enough to put two exchanges together
        return Measured(alone.at_us, alone.offset_us, alone.round_trip_us, doubt_us)
    # The sum of large and small numbers in floats is exact enough: 2**52 us leave a quarter of a microsecond.
    return Measured(at_us, round((there[0] - back[0]) / 2), round(round_trip_us), doubt_us)


def _step(ways: Sequence[float]) -> float:
    """How densely the ways, in order, lie above the quickest."""
    middle = len(ways) // 2
    return (ways[middle] - ways[0]) / middle
