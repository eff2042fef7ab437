"""When a "now" begins, and when an airing is over: the decisions of the dispatch clockwork.

"Now" waits for the speakers that are connected, and for nobody else. It begins as soon as each of them is armed or has
given up, or when it has waited long enough and one at least is armed. It is given up when nobody was armed in all of
its lateness window.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from agents.protocol.ids import SpeakerId
from controller.domain.airings import Airing, PlayState
from controller.domain.evidence import ENDS

_SECOND_US = 1_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Timing:
    """How long things may take, in microseconds. ``lateness_us`` is the usual lateness window: what is live may be
    joined at any time, and yet a "now" waits no longer for its first speaker than others.
    """

    start_lead_us: int
    now_wait_us: int
    end_margin_us: int
    lateness_us: int = 3_600_000_000


@dataclass(frozen=True, slots=True)
class Begin:
    """Everyone starts at this instant."""

    start_at_us: int


@dataclass(frozen=True, slots=True)
class Settle:
    """Its time is over: it has ended, or nobody played it."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do before this instant, or before something is reported."""

    until_us: int


Step = Begin | Settle | Wait


def over_at_us(airing: Airing, timing: Timing) -> int:
    """When nothing more is expected of the airing."""
    if airing.start_at_us is None:
        return airing.planned_at_us + max(timing.now_wait_us, min(airing.lateness_window_us, timing.lateness_us))
    return airing.start_at_us + airing.duration_us + timing.end_margin_us


def next_step(
    airing: Airing,
    states: Mapping[SpeakerId, PlayState],
    connected: AbstractSet[SpeakerId],
    awaited: AbstractSet[SpeakerId],
    *,
    timing: Timing,
    now_us: int,
) -> Step:
    """What to do about an open airing.

    ``connected`` are its speakers that can be told to start; ``awaited`` those, and others that will be back soon.
    """
    over_us = over_at_us(airing, timing)
    if airing.start_at_us is None:
        armed = {one for one in connected if states[one] is PlayState.ARMED}
        missing = {one for one in awaited if one not in armed and states[one] not in ENDS}
        waited_us = airing.planned_at_us + timing.now_wait_us
        if armed and (not missing or now_us >= waited_us):
            return Begin(now_us + timing.start_lead_us)
        if now_us >= over_us:
            return Settle()
        return Wait(waited_us if armed and now_us < waited_us else over_us)
    if now_us >= over_us or (not airing.lasting and all(state in ENDS for state in states.values())):
        return Settle()
    return Wait(over_us)
