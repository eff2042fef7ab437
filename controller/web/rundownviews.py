"""What the page of a speaker's rundown is given, ready to be shown. See `controller.web.views` for the rules."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

DAY_MINUTES = 1_440


@dataclass(frozen=True, kw_only=True)
class RundownRow:
    """One item, whether it is heard or not. ``starts_at`` and ``ends_at`` are of what is heard; None of an absence.

    ``tone``, ``icon`` and ``word`` are those of the verdict; ``odd`` is true for what is heard in the middle of the
    night; ``href`` leads to what it comes from.
    """

    id: str
    title: str
    planned_at: datetime
    starts_at: datetime | None
    ends_at: datetime | None
    length_s: float
    tone: str
    icon: str
    word: str
    sentence: str
    odd: bool = False
    above: bool = False
    href: str = ""

    @property
    def at(self) -> datetime:
        """Where it stands in the day."""
        return self.starts_at or self.planned_at


@dataclass(frozen=True, kw_only=True)
class QuietRow:
    """A stretch of quiet hours within the window."""

    at: datetime
    until: datetime


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A stretch of the drawn timeline, in minutes from its left edge. ``kind`` is ``quiet`` or a tone."""

    x: float
    width: float
    kind: str
    label: str


@dataclass(frozen=True, kw_only=True)
class GuardRow:
    """One limit in force, and where it comes from."""

    sentence: str
    source: str
    href: str = ""


@dataclass(frozen=True, kw_only=True)
class RundownPage:
    """What one speaker plays in one window, and what it does not play.

    ``day`` is the day shown, empty for the next 24 hours; ``previous`` and ``next`` are days as links write them.
    ``hours`` are the labels under the drawn timeline; ``now_x`` where now is on it, in minutes, if it is.
    """

    speaker_id: str
    speaker_name: str
    area_name: str
    from_at: datetime
    until_at: datetime
    day: str
    previous: str
    next: str
    rows: Sequence[RundownRow | QuietRow]
    bars: Sequence[Bar]
    hours: Sequence[str]
    guards: Sequence[GuardRow]
    odd: Sequence[RundownRow]
    heard: int
    absent: int
    stagger_s: float = 0.0
    now_x: float | None = None
    may_set_guards: bool = False
    minutes: float = DAY_MINUTES
