"""Plots as paths: a series of measurements over time becomes lines that a page draws without a script.

Rules: pure, and in the units that it is given. A plot is `WIDTH` wide and `HEIGHT` high, stretched to its place by the
page, so that nothing but lines is in it: words stand beside it. Where nothing was measured the line breaks, and no
value is made up. However many measurements there are, the path has at most about two points a column.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

WIDTH: Final = 600
HEIGHT: Final = 120
_COLUMNS: Final = 300
_STEPS: Final = 4
"""A scale has at most so many steps."""
_NICE: Final = (1.0, 2.0, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Measured:
    """One measurement; ``value`` is None where the device could not measure."""

    at_us: int
    value: float | None


@dataclass(frozen=True, slots=True)
class Scale:
    """The values from ``low`` to ``high``, in steps that are easy to read; both are whole steps."""

    low: float
    high: float
    step: float

    @property
    def ticks(self) -> tuple[float, ...]:
        """From the lowest up, evenly."""
        count = round((self.high - self.low) / self.step)
        return tuple(self.low + index * self.step for index in range(count + 1))

    def y(self, value: float) -> float:
        """How far below the upper edge a value is drawn; beyond the scale, at its edge."""
        share = (value - self.low) / (self.high - self.low)
        return round(HEIGHT * (1 - min(1.0, max(0.0, share))), 1)


def scale(values: Iterable[float], *, least_span: float, floor: float | None = None) -> Scale:
    """One that holds all ``values`` and spans ``least_span`` at least, so that noise does not look like a storm.

    ``floor`` is a value that belongs to it, such as zero.
    """
    there = [value for value in values if math.isfinite(value)]
    there += [] if floor is None else [floor]
    low, high = (min(there), max(there)) if there else (0.0, least_span)
    if high - low < least_span:
        spare = least_span - (high - low)
        low = low if floor is not None else low - spare / 2
        high = low + least_span
    step = _nice((high - low) / _STEPS)
    return Scale(low=math.floor(low / step + 1e-9) * step, high=math.ceil(high / step - 1e-9) * step, step=step)


def _nice(least: float) -> float:
    """The smallest of 1, 2 or 5 times a power of ten that is no less."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(power * one for one in _NICE if power * one >= least * (1 - 1e-9))


def line(points: Sequence[Measured], window: tuple[int, int], on: Scale, *, gap_us: int) -> str:
    """The path of a series, in the order of time: broken where ``gap_us`` passed without a measurement.

    Several measurements in one column are drawn as the lowest and the highest of them, so that no peak is lost.
    """
    from_us, until_us = window
    inside = [one for one in points if one.value is not None and from_us <= one.at_us <= until_us]
    drawn: list[str] = []
    last_us: int | None = None
    for _, column in groupby(inside, key=lambda one: (one.at_us - from_us) * _COLUMNS // (until_us - from_us)):
        for index, one in enumerate(_extremes(list(column))):
            broken = index == 0 and (last_us is None or one.at_us - last_us > gap_us)
            drawn.append(f"{'M' if broken else 'L'}{_x(one.at_us, window)} {on.y(one.value or 0.0)}")
            # One alone would not be seen: a line needs a length.
            drawn.extend(["h.1"] if broken else [])
            last_us = one.at_us
    return "".join(drawn)


def _extremes(column: Sequence[Measured]) -> list[Measured]:
    """The lowest and the highest, the earlier one first."""
    if len(column) < 3:
        return list(column)
    low = min(column, key=lambda one: one.value or 0.0)
    high = max(column, key=lambda one: one.value or 0.0)
    return sorted({low, high}, key=lambda one: one.at_us)


def _x(at_us: int, window: tuple[int, int]) -> float:
    from_us, until_us = window
    return round(WIDTH * (at_us - from_us) / (until_us - from_us), 1)


def grown(counters: Sequence[Measured], since_us: int) -> list[Measured]:
    """What a counter that begins anew at zero with every start of the device counted since ``since_us``, summed up.

    The first value after a restart counts whole. What was counted before ``since_us`` does not; where nothing is known
    of before, the first value does not either.
    """
    total, before = 0.0, None
    told: list[Measured] = []
    for one in counters:
        if one.value is None:
            continue
        if before is not None and one.at_us >= since_us:
            total += one.value - before if one.value >= before else one.value
        before = one.value
        if one.at_us >= since_us:
            told.append(Measured(one.at_us, total))
    return told
