"""What the device knows of controller time, and how well.

Rules of the module: local instants are the device's monotonic clock, controller instants are microseconds since the
Unix epoch as the controller counts them; both are whole numbers. Nothing here reads a clock. A time that is not known
is None, never a guess, and what is known carries a bound of its error.

The filter is the two-state Kalman filter of a clock: offset and drift, the drift a slow random walk. What
`clock_burst` makes of a burst goes in with a spread (one sigma) that is the sum of: what queueing may hide, as the
burst itself shows, or the bursts before it where it is a single exchange; a share of what its round trip is longer than
the shortest of late, since that is queueing on one way or the other; a twentieth of the shortest round trip, at most
50 us, for what both ends add by waking up; 5 us.
"""

import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from agents.domain.clock_burst import Exchange, Measured, measured
from agents.protocol.values import ClockBasis

UNUSABLE_ERROR_US: Final = 5_000_000
"""Above this the time counts as unknown, and nothing is played by it."""
NETWORK_ERROR_US: Final = 1_000_000
"""How far apart two machines that both keep network time are taken to be, at most."""

_PPM: Final = 1e-6
_FIRST_DRIFT: Final = 100 * _PPM
"""One sigma of what a crystal may be off before anything was measured."""
_DRIFT_WALK_PER_ROOT_S: Final = 0.1 * _PPM
_OFFSET_WALK_US_PER_ROOT_S: Final = 1.0
_WANDER: Final = 20 * _PPM
"""How far a crystal's drift moves with the weather, at most."""
_WANDER_AFTER_S: Final = 600.0
"""How long it takes to move that far."""
_LEAST_SPREAD_US: Final = 5.0
_MOST_WAKING_US: Final = 50.0
_EXCESS_SHARE: Final = 0.3
"""Where the excess may lie on either way as it likes, its share in the offset has this sigma: 1 / sqrt(12)."""
_GATE_SIGMAS: Final = 4.0
_OUTLIERS_BEFORE_BELIEF: Final = 2
_ROUND_TRIPS_KEPT: Final = 16


class TimeUnknown(LookupError):
    """Controller time is not known. Ask `ControllerClock.estimate` first."""


@dataclass(frozen=True, slots=True)
class ClockEstimate:
    """``offset_us`` is controller minus local time now, and ``error_us`` bounds its error.

    ``drift_ppm`` is how many parts per million the controller's clock runs faster than the local one.
    """

    basis: ClockBasis
    offset_us: int
    drift_ppm: float
    error_us: int


class ClockFilter:
    """Offset and drift of one time line, from bursts of exchanges."""

    def __init__(self) -> None:
        self._base_us = 0
        self._at_us: int | None = None
        self._offset_us = 0.0
        self._drift = 0.0
        self._p00 = self._p01 = self._p11 = 0.0
        self._round_trips: deque[int] = deque(maxlen=_ROUND_TRIPS_KEPT)
        self._outliers = 0
        self.bursts = 0
        self.rejected = 0

    def feed(self, burst: Sequence[Exchange]) -> bool:
        """Takes a burst; returns whether the estimate changed. Impossible exchanges and outliers are left out."""
        found = measured(burst, self._drift, math.sqrt(self._p11) if self._at_us is not None else _FIRST_DRIFT)
        if found is None or (self._at_us is not None and found.at_us <= self._at_us):
            self.rejected += 1
            return False
        self._round_trips.append(found.round_trip_us)
        if self._at_us is None:
            self._begin(found)
            return True
        return self._update(found, self._at_us, self._spread_us(found))

    def _spread_us(self, found: Measured) -> float:
        shortest_us = min(self._round_trips)
        excess_us = found.round_trip_us - shortest_us
        usual_us = sorted(self._round_trips)[len(self._round_trips) // 2] - shortest_us
        doubt_us = usual_us / 2 if found.doubt_us is None else found.doubt_us
        waking_us = min(shortest_us / 20, _MOST_WAKING_US)
        return _LEAST_SPREAD_US + waking_us + _EXCESS_SHARE * excess_us + doubt_us

    def _begin(self, found: Measured) -> None:
        self._base_us, self._at_us = found.offset_us, found.at_us
        self._offset_us = 0.0  # the drift stays what it was: setting a clock does not change its crystal
        self._p00, self._p01, self._p11 = (found.round_trip_us / 4 + _LEAST_SPREAD_US) ** 2, 0.0, _FIRST_DRIFT**2
        self._outliers = 0
        self.bursts += 1

    def _update(self, found: Measured, at_us: int, spread_us: float) -> bool:
        step_us = float(found.at_us - at_us)
        step_s = step_us / 1e6
        predicted = self._offset_us + self._drift * step_us
        p00 = self._p00 + 2 * step_us * self._p01 + step_us**2 * self._p11 + _OFFSET_WALK_US_PER_ROOT_S**2 * step_s
        p01 = self._p01 + step_us * self._p11
        p11 = self._p11 + _DRIFT_WALK_PER_ROOT_S**2 * step_s
        surprise = (found.offset_us - self._base_us) - predicted
        if abs(surprise) > _GATE_SIGMAS * math.sqrt(p00 + spread_us**2):
            self._outliers += 1
            self.rejected += 1
            if self._outliers < _OUTLIERS_BEFORE_BELIEF:
                return False
            # Twice in a row is no accident: one of the clocks was set or has changed its rate. Begin anew.
            self._round_trips.clear()
            self._round_trips.append(found.round_trip_us)
            self._begin(found)
            return True
        self._outliers = 0
        total = p00 + spread_us**2
        gain_offset, gain_drift = p00 / total, p01 / total
        self._offset_us = predicted + gain_offset * surprise
        self._drift += gain_drift * surprise
        self._p00, self._p01, self._p11 = (1 - gain_offset) * p00, (1 - gain_offset) * p01, p11 - gain_drift * p01
        self._at_us = found.at_us
        self.bursts += 1
        return True

    def mapping(self) -> "Mapping | None":
        """The line through the present estimate, or None before the first burst."""
        if self._at_us is None:
            return None
        return Mapping(
            local_us=self._at_us,
            controller_us=self._at_us + self._base_us + round(self._offset_us),
            drift=self._drift,
            path_error_us=min(self._round_trips) / 2,
            offset_variance=self._p00,
            covariance=self._p01,
            drift_variance=self._p11,
        )


@dataclass(frozen=True, slots=True)
class Mapping:
    """A straight line from local to controller time through one point, and how sure it is there.

    It may be kept over a restart of the program, as long as the monotonic clock goes on.
    """

    local_us: int
    controller_us: int
    drift: float = 0.0
    path_error_us: float = 0.0
    offset_variance: float = 0.0
    covariance: float = 0.0
    drift_variance: float = 0.0

    def to_controller(self, local_us: int) -> int:
        """The controller instant of a local one."""
        ahead_us = local_us - self.local_us
        return self.controller_us + ahead_us + round(self.drift * ahead_us)

    def to_local(self, controller_us: int) -> int:
        """The local instant of a controller one."""
        return self.local_us + round((controller_us - self.controller_us) / (1 + self.drift))

    def sigma_us(self, local_us: int) -> float:
        """One sigma of what is not known of the offset, as far as chance goes: the two ways may differ besides."""
        away_us = float(abs(local_us - self.local_us))
        variance = self.offset_variance + 2 * away_us * self.covariance + away_us**2 * self.drift_variance
        return math.sqrt(max(variance, 0.0))

    def error_us(self, local_us: int) -> int:
        """Half the shortest round trip, three sigmas, and what the weather may have done since."""
        away_us = float(abs(local_us - self.local_us))
        ramp_us = min(away_us, _WANDER_AFTER_S * 1e6)
        wander_us = _WANDER * (ramp_us**2 / (2 * _WANDER_AFTER_S * 1e6) + (away_us - ramp_us))
        return math.ceil(self.path_error_us + 3 * self.sigma_us(local_us) + wander_us)


class ControllerClock:
    """The one thing in the agent that turns local into controller time.

    Best first: exchanges over the link, the last of them carried on (holdover), network time. ``version`` grows
    whenever the mapping or its basis changes; those who wait by controller time look at it, or ask to be called.
    """

    def __init__(self, on_change: Callable[[], None] | None = None) -> None:
        self._filter = ClockFilter()
        self._clock_id: str | None = None
        self._mapping: Mapping | None = None
        self._network: Mapping | None = None
        self._linked = False
        self._on_change: list[Callable[[], None]] = [on_change] if on_change is not None else []
        self.version = 0

    @property
    def clock_id(self) -> str | None:
        """The controller's time line that the mapping is for."""
        return self._clock_id

    def sigma_us(self, clock_id: str, local_us: int) -> float | None:
        """How sure the offset to this time line is at a local instant, as far as chance goes; None: it is unknown."""
        if self._mapping is None or self._clock_id != clock_id:
            return None
        return self._mapping.sigma_us(local_us)

    @property
    def round_trip_us(self) -> int | None:
        """The shortest round trip of late, None before the first exchange."""
        return None if self._mapping is None else round(2 * self._mapping.path_error_us)

    def subscribe(self, callback: Callable[[], None]) -> None:
        """``callback`` is called after every change, without arguments."""
        self._on_change.append(callback)

    def feed(self, clock_id: str, burst: Sequence[Exchange]) -> bool:
        """A burst over the link. A ``clock_id`` that is new begins a new filter. Returns whether anything changed."""
        if clock_id != self._clock_id:
            self._filter = ClockFilter()
        changed = self._filter.feed(burst)
        mapping = self._filter.mapping()
        if not changed or mapping is None:
            return False
        self._clock_id, self._mapping, self._linked = clock_id, mapping, True
        self._changed()
        return True

    def hold(self) -> None:
        """The link is gone: what is known is carried on."""
        if self._linked:
            self._linked = False
            self._changed()

    def restore(self, clock_id: str, mapping: Mapping) -> None:
        """A mapping from before a restart of the program, in the same run of the monotonic clock."""
        if self._mapping is None:
            self._clock_id, self._mapping = clock_id, mapping
            self._changed()

    def saved(self) -> tuple[str, Mapping] | None:
        """What `restore` takes, or None while there is nothing worth keeping."""
        if self._clock_id is None or self._mapping is None:
            return None
        return self._clock_id, self._mapping

    def network_time(self, local_us: int, wall_us: int, synchronised: bool) -> None:
        """What the system's clock says, to be told every now and then. It counts only while it is synchronised."""
        before = self._network
        if not synchronised:
            self._network = None
            if before is not None:
                self._changed()
            return
        moved_us = None if before is None else abs(before.to_controller(local_us) - wall_us)
        if moved_us is None or moved_us > 1_000:
            self._network = Mapping(local_us=local_us, controller_us=wall_us, path_error_us=NETWORK_ERROR_US)
            self._changed()

    def network_apart_us(self, local_us: int) -> int | None:
        """How far network time is ahead of the controller's time; None where both are not known."""
        if self._network is None or self._mapping is None:
            return None
        return round(self._network.to_controller(local_us) - self._mapping.to_controller(local_us))

    def forget(self) -> None:
        """The controller is no longer ours, and neither is its time."""
        self._filter, self._clock_id, self._mapping, self._linked = ClockFilter(), None, None, False
        self._changed()

    def estimate(self, local_us: int) -> ClockEstimate | None:
        """None: the time is not known well enough to play by it."""
        chosen = self._choose(local_us)
        if chosen is None:
            return None
        basis, mapping = chosen
        # On network time the error is a flat assumption: there the drift is somebody else's work.
        error_us = NETWORK_ERROR_US if basis is ClockBasis.NETWORK else mapping.error_us(local_us)
        return ClockEstimate(
            basis=basis,
            offset_us=mapping.to_controller(local_us) - local_us,
            drift_ppm=mapping.drift / _PPM,
            error_us=error_us,
        )

    def to_controller(self, local_us: int) -> int:
        """Raises `TimeUnknown`."""
        return self._line(local_us).to_controller(local_us)

    def to_local(self, controller_us: int) -> int:
        """Raises `TimeUnknown`."""
        usable = self._mapping or self._network
        if usable is None:
            raise TimeUnknown("no controller and no network time since power came back")
        return self._line(usable.to_local(controller_us)).to_local(controller_us)

    def in_step(self, controller_us: int, local_us: int) -> int:
        """For something that began at a controller instant and is to be in step at ``local_us``: the local instant from
        which local time leads to where it should be now. Of what has passed that is not when it began: the clocks have
        parted since. Raises `TimeUnknown`.
        """
        ahead_us = controller_us - self.to_controller(local_us)
        return self.to_local(controller_us) if ahead_us >= 0 else local_us + ahead_us

    def _choose(self, local_us: int) -> tuple[ClockBasis, Mapping] | None:
        held = self._mapping
        if held is not None and held.error_us(local_us) <= UNUSABLE_ERROR_US:
            return (ClockBasis.LINK if self._linked else ClockBasis.HOLDOVER), held
        if self._network is not None:
            return ClockBasis.NETWORK, self._network
        return None

    def _line(self, local_us: int) -> Mapping:
        chosen = self._choose(local_us)
        if chosen is None:
            raise TimeUnknown("no controller and no network time since power came back")
        return chosen[1]

    def _changed(self) -> None:
        self.version += 1
        for callback in self._on_change:
            callback()
