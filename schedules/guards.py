"""Guards: when a place must be quiet, and how much it may be spoken to. Stop and emergency alone pass them.

Guards stand at areas and at single speakers. They are inherited downwards and only ever tightened: a looser value
below changes nothing. Wall times are those of the station's zone.
"""

from dataclasses import dataclass
from datetime import time


@dataclass(frozen=True, order=True, slots=True)
class Quiet:
    """Silence from one wall time until another, over midnight where ``until`` is not after ``begin`` (both equal: the
    whole day). It begins on these ``weekdays`` (0 is Monday), on every day where none is named.
    """

    begin: time
    until: time
    weekdays: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Guards:
    """What holds at a place; None is no limit. A day is one of the station's zone; an airing counts for the day on
    which it begins.
    """

    quiet: tuple[Quiet, ...] = ()
    slots_a_day: int | None = None
    slot_minutes: int | None = None
    day_minutes: int | None = None
    max_volume_percent: int | None = None


NO_GUARDS = Guards()
