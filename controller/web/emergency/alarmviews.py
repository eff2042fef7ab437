"""What every page shows of what sounds, of emergencies, drills and stops; see `controller.web.views` for the rules."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Stage(StrEnum):
    """Where an emergency is, as a page tells it."""

    PREPARING = "preparing"
    WAITING = "waiting"
    """For the second person."""
    SENT = "sent"
    ENDED = "ended"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    """Nobody confirmed it in time."""
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """One that waits or is on the air, for the banner on every page. ``mine``: whoever looks prepared it. ``kind`` is
    ``alarm``, or what answers one: ``correction``, ``all_clear``. ``stopped``: a stop has ended it.
    """

    id: str
    drill: bool
    kind: str = "alarm"
    stage: Stage
    title: str
    area_names: Sequence[str]
    by: str
    since: datetime
    mine: bool = False
    stopped: bool = False
    may_confirm: bool = False


@dataclass(frozen=True, kw_only=True)
class AreaStop:
    """A stop that holds in some areas, or everywhere where ``everywhere``."""

    order_id: str
    since: datetime
    until: datetime
    by: str
    area_names: Sequence[str] = ()
    everywhere: bool = False
    may_release: bool = False
    silent: int | None = None
    speakers: int = 0


@dataclass(frozen=True, kw_only=True)
class StopAll:
    """A stop of everything that is latched."""

    since: datetime
    by: str


@dataclass(frozen=True, kw_only=True)
class OnAir:
    """What sounds now, for the light in the header. ``others`` counts further airings that sound as well."""

    airing_id: str
    title: str
    others: int = 0
