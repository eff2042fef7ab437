"""Whether the device may make a sound of its own: test patterns, tones, its name. Pure.

Rules: such a sound is below everything else. It is not begun where a stop holds everything, where an airing or a siren
has the air or begins before it would be over, or where guards forbid it; where guards are kept and the time is not
known, they forbid it. What comes up meanwhile takes the air from it.
"""

from typing import Final

from agents.domain.now import Now
from agents.domain.player.state import PlayerState

_MARGIN_US: Final = 1_000_000
"""It is over so long before an airing begins."""


def why_not_now(state: PlayerState, now: Now, length_us: int, *, quiet_hours: bool = False) -> str | None:
    """Why a sound of this length may not begin, as a sentence; None where it may.

    ``quiet_hours``: also where guards forbid it, because a person stands beside the horn and asked for it.
    """
    if any(latch.airing_ids is None for latch in state.latches.values()):
        return "A stop holds."
    if any(item.has_air for item in state.items.values()):
        return "Something is on the air."
    now_us = now.trusted_us(state.settings.max_clock_error_us)
    if now_us is None:
        return "The time is not known, so it may be quiet hours." if state.guards and not quiet_hours else None
    until_us = now_us + length_us + _MARGIN_US
    begins = (item.begins_us for item in state.items.values())
    if any(at_us is not None and now_us <= at_us < until_us for at_us in begins):
        return "An airing begins too soon."
    quiet = (stretch for guards in state.guards.values() for stretch in guards.forbidden)
    if not quiet_hours and any(one.from_us < until_us and now_us < one.until_us for one in quiet):
        return "It is quiet hours, or will be before it is over."
    return None
