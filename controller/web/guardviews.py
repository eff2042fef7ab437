"""What the pages of limits are given. See `controller.web.views` for the rules."""

from collections.abc import Sequence
from dataclasses import dataclass

from controller.web.rundownviews import GuardRow


@dataclass(frozen=True, kw_only=True)
class DayChoice:
    """A day of the week to tick."""

    value: int
    name: str
    checked: bool


@dataclass(frozen=True, kw_only=True)
class QuietFields:
    """One row of quiet hours in the form; ``number`` names its fields. No day ticked is every day."""

    number: int
    begin: str
    until: str
    days: Sequence[DayChoice]


@dataclass(frozen=True, kw_only=True)
class GuardForm:
    """What the form holds, as it was typed."""

    quiet: Sequence[QuietFields]
    slots_a_day: str
    slot_minutes: str
    day_minutes: str
    max_volume_percent: str
    revision: int


@dataclass(frozen=True, kw_only=True)
class PresetButton:
    """Values to begin with."""

    name: str
    word: str
    sentences: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class SelfApprovalForm:
    """``own`` is ``yes``, ``no`` or ``unset``; ``sentence`` says what holds in the end, and why."""

    own: str
    sentence: str


@dataclass(frozen=True, kw_only=True)
class PlacePage:
    """The limits of an area or a speaker. ``without_effect`` are its own that change nothing there. ``unsaved``:
    the form was filled, and nothing is kept yet.
    """

    href: str
    name: str
    where: str
    area: bool
    form: GuardForm
    effective: Sequence[GuardRow]
    without_effect: Sequence[str]
    presets: Sequence[PresetButton]
    may_set: bool
    self_approval: SelfApprovalForm | None = None
    unsaved: bool = False
    problem: str = ""
    back: str = "/guards"


@dataclass(frozen=True, kw_only=True)
class PlaceRow:
    """A place in the tree: what was set there itself."""

    href: str
    name: str
    depth: int
    sentences: Sequence[str]
    home: bool = False
    may_set: bool = False


@dataclass(frozen=True, kw_only=True)
class HolidayRow:
    """A day off."""

    day: str
    shown: str
    name: str
    own: bool


@dataclass(frozen=True, kw_only=True)
class HolidaysForm:
    """The days off of a year, and one that is being added."""

    year: int
    rows: Sequence[HolidayRow]
    may_set: bool
    typed_day: str = ""
    typed_name: str = ""
    problem: str = ""
