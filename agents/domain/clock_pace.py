"""When a device asks for the time, and how often in a row.

Rules of the module: pure; the local instant is an argument. The welcome bounds it: at least one exchange every
``every_s``, because it keeps the link alive, and at most ``most`` in a burst. In between the filter decides: what
counts is how sure the clock will be when it is asked next (one sigma of chance, `Mapping.sigma_us`).

Where bytes cost nothing a device asks until two devices are within a millisecond of each other, 95 times in 100: the
difference of two has 1.4 sigmas of one, so 1.96 x 1.4 x 200 us is 0.55 ms, and leaves the rest to the sound. On a quiet
network that is after the first bursts, and from then on one exchange every ``every_s`` holds it. On a noisy one it is
many bursts, close upon each other while the link is young, and as many as hold it afterwards.

Where thousands dial at once, as after a power cut, their bursts would keep each other waiting, which spoils what they
measure and makes them ask more: so nobody begins with bursts while the welcome says that it is crowded. A single
exchange is enough to play by, a few of them every ``every_s`` settle the clock on a quiet network, and whoever knows
the time poorly afterwards asks in bursts then.

A thrifty device asks once every ``every_s`` when it knows the time at all, and in a burst every four hours while it
knows it poorly; a link that comes back costs it a single exchange.
"""

from dataclasses import dataclass
from typing import Final

SETTLED_SIGMA_US: Final = 200.0
THRIFTY_SETTLED_SIGMA_US: Final = 2_000.0
_KNOWN_SIGMA_US: Final = 20_000.0
"""A thrifty device that knows the time better than this does not begin a link with bursts."""
_FIRST_PAUSES_S: Final = (0.25, 0.5, 1.0, 2.0)
_YOUNG_S: Final = 60.0
_YOUNG_PAUSE_S: Final = 0.25
_NOISY_PAUSE_S: Final = 2.0
_THRIFTY_BURST_EVERY_S: Final = 14_400.0


@dataclass(frozen=True, slots=True)
class PaceBounds:
    """What the welcome allows: ``every_s`` at the latest, ``most`` exchanges in a burst. ``thrifty``: on a SIM. For
    ``crowded_s`` from the beginning no bursts.
    """

    every_s: float
    most: int
    thrifty: bool = False
    crowded_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Round:
    """So many exchanges in a row, then a pause."""

    exchanges: int
    pause_s: float


class ClockPace:
    """The pace of one link."""

    def __init__(self, bounds: PaceBounds, now_us: int) -> None:
        self._bounds = bounds
        self._began_us = now_us + round(bounds.crowded_s * 1e6)
        # Whoever was told to wait knows the time by then, unless exchanges are dear, and few were made.
        self._first = list(_FIRST_PAUSES_S) if bounds.thrifty or not bounds.crowded_s else []
        self._burst_us: int | None = None

    def next(self, now_us: int, sigma_us: float | None) -> Round:
        """What to do now. ``sigma_us`` is how sure the clock will be in ``every_s`` from now, None where it knows
        nothing of this controller's time.
        """
        if now_us < self._began_us:
            return Round(1, min(self._bounds.every_s, (self._began_us - now_us) / 1e6))
        return self._thrifty(now_us, sigma_us) if self._bounds.thrifty else self._lavish(now_us, sigma_us)

    def _lavish(self, now_us: int, sigma_us: float | None) -> Round:
        every_s, most = self._bounds.every_s, self._bounds.most
        if self._first:
            return Round(most, min(self._first.pop(0), every_s))
        if sigma_us is not None and sigma_us <= SETTLED_SIGMA_US:
            return Round(1, every_s)
        young = now_us - self._began_us < _YOUNG_S * 1e6
        return Round(most, min(_YOUNG_PAUSE_S if young else _NOISY_PAUSE_S, every_s))

    def _thrifty(self, now_us: int, sigma_us: float | None) -> Round:
        every_s, most = self._bounds.every_s, self._bounds.most
        if self._first and (sigma_us is None or sigma_us > _KNOWN_SIGMA_US or self._burst_us is not None):
            self._burst_us = now_us
            return Round(most, min(self._first.pop(0), every_s))
        self._first = []
        if self._burst_us is None:
            self._burst_us = now_us  # a link that came back: the time until a burst begins now
        poor = sigma_us is None or sigma_us > THRIFTY_SETTLED_SIGMA_US
        if poor and now_us - self._burst_us >= _THRIFTY_BURST_EVERY_S * 1e6:
            self._burst_us = now_us
            return Round(most, every_s)
        return Round(1, every_s)
