"""Which sound a relay takes at a moment: its source, the second one, a recording, or none.

Rules of the module: a source that is away, or silent for too long, is left at once for the next best that can be had; a
better one is gone back to only when it has been well for a while, so that a bad line does not make the sound jump to
and fro. One that nobody has left yet is taken as soon as it is there, and any where nothing else is heard.
"""

import math
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from agents.protocol.ids import AiringId


class Rung(StrEnum):
    """What a relay takes its sound from, the best first."""

    FIRST = "first"
    SECOND = "second"
    RECORDED = "recorded"
    SILENCE = "silence"


SOURCES: Final = (Rung.FIRST, Rung.SECOND)
STEADY_S: Final = 1.0
"""So long a source that was not left yet must have been heard before it is taken in place of something else."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RelayLimits:
    """How long things may take, in seconds. A source is connected to ``lead_s`` before its slot; it is away when
    nothing came for ``lost_s``, and dead when it was silent for ``dead_air_s``; what was left is gone back to after
    ``back_s``. ``patience_s`` is how long a source may take until it is first heard.
    """

    lead_s: float = 20.0
    lost_s: float = 5.0
    dead_air_s: float = 15.0
    back_s: float = 30.0
    patience_s: float = 10.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Sight:
    """A source as it is seen at a moment, in seconds: since when it has been tried (``tried_s``), since when nothing
    came (``stalled_s``, infinite before anything did), how long what comes has been silent, and how long it has been
    well. ``failed``: the last try has ended.
    """

    tried_s: float = 0.0
    stalled_s: float = math.inf
    quiet_s: float = 0.0
    well_s: float = 0.0
    failed: bool = False

    def connected(self, limits: RelayLimits) -> bool:
        """Whether something comes from it."""
        return self.stalled_s < limits.lost_s

    def good(self, limits: RelayLimits) -> bool:
        """Whether something comes from it that can be heard."""
        return self.connected(limits) and self.quiet_s < limits.dead_air_s


Sights = Mapping[Rung, Sight]


def choose(now: Rung, sights: Sights, left: AbstractSet[Rung], limits: RelayLimits, *, recorded: bool) -> Rung:
    """What to take from here on. ``left`` are the sources that were left because they were not good; ``recorded`` says
    whether there is a recording.
    """
    for rung in SOURCES:
        sight = sights.get(rung)
        if sight is None:
            continue
        if rung is now and sight.good(limits):
            return rung
        steady_s = 0.0 if now is Rung.SILENCE else limits.back_s if rung in left else STEADY_S
        if rung is not now and sight.good(limits) and sight.well_s >= steady_s:
            return rung
        if now is not Rung.RECORDED and rung is not now and rung not in left and _may_come(sight, limits):
            return Rung.SILENCE
    return Rung.RECORDED if recorded else Rung.SILENCE


def _may_come(sight: Sight, limits: RelayLimits) -> bool:
    """It is only just being tried: nobody wants a recording for the few seconds until it is there."""
    if sight.good(limits):
        return True
    return math.isinf(sight.stalled_s) and sight.tried_s < limits.patience_s and not sight.failed


def second_wanted(now: Rung, sights: Sights, limits: RelayLimits) -> bool:
    """Whether the second source should be connected to, so that it is there when it is needed."""
    first = sights.get(Rung.FIRST)
    if first is None or now in {Rung.SECOND, Rung.RECORDED}:
        return True
    if first.failed:
        return True
    if math.isinf(first.stalled_s):
        return first.tried_s > limits.patience_s / 2
    return first.stalled_s > limits.lost_s / 2 or first.quiet_s > limits.dead_air_s / 2


@dataclass(frozen=True, kw_only=True, slots=True)
class RelayState:
    """A relay as it is heard now: part ``number`` of its airing's sequence, from ``from_us`` until ``until_us``.

    ``rung`` is what is heard since ``since_us``; ``connected`` and ``quiet_s`` are those of the source in use (of the
    first one, where none is), ``problem`` what is wrong with it, in English, and ``problem_code`` its code; both are ""
    where nothing is.
    ``listeners`` is how many speakers hear it, as far as the controller knows.
    """

    airing_id: AiringId
    number: int
    name: str
    from_us: int
    until_us: int
    rung: Rung = Rung.SILENCE
    since_us: int = 0
    connected: bool = False
    quiet_s: float = 0.0
    problem: str = ""
    problem_code: str = ""
    listeners: int = 0

    @property
    def fallback(self) -> bool:
        """Whether something else than the first source is heard."""
        return self.rung is not Rung.FIRST
