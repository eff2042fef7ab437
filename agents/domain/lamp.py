"""What the status light of a box shows, and how. Pure."""

from enum import Enum
from typing import Final


class Shown(Enum):
    """One at a time: what stands first here goes before what stands below."""

    IDENTIFY = "identify"
    """It is this box."""
    STOPPED = "stopped"
    """A stop of everything holds, ordered or pressed."""
    SOUNDING = "sounding"
    TIME_UNKNOWN = "time_unknown"
    NO_LINK = "no_link"
    NEW = "new"
    """It belongs to nobody yet."""
    LINKED = "linked"
    """All is well."""


Pattern = tuple[float, ...]
"""Seconds on, seconds off, and so on from the beginning; one number alone is steady on."""

PATTERNS: Final[dict[Shown, Pattern]] = {
    Shown.IDENTIFY: (0.05, 0.05),
    Shown.STOPPED: (0.1, 0.2, 0.1, 0.2, 0.1, 1.3),
    Shown.SOUNDING: (0.5, 0.5),
    Shown.TIME_UNKNOWN: (0.1, 0.2, 0.1, 1.6),
    Shown.NO_LINK: (0.1, 1.9),
    Shown.NEW: (1.0, 1.0),
    Shown.LINKED: (1.0,),
}


def shown(*, identifying: bool, stopped: bool, sounding: bool, adopted: bool, time_known: bool, linked: bool) -> Shown:
    """What of all this is told first."""
    states = (
        (identifying, Shown.IDENTIFY),
        (stopped, Shown.STOPPED),
        (sounding, Shown.SOUNDING),
        (not adopted, Shown.NEW),
        (not time_known, Shown.TIME_UNKNOWN),
        (not linked, Shown.NO_LINK),
    )
    return next((state for holds, state in states if holds), Shown.LINKED)
