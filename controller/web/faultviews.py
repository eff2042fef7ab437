"""What the pages of faults are given, ready to be shown. See `controller.web.views` for the rules."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from controller.web.placeviews import Choice


@dataclass(frozen=True, kw_only=True)
class FaultMember:
    """One speaker of a fault that many have together."""

    id: str
    name: str
    area_name: str


@dataclass(frozen=True, kw_only=True)
class FaultCard:
    """One fault. ``word`` names it, ``seen_sentence`` says what was seen and ``advice_sentence`` what to do.

    ``speaker_id`` is empty where it is not of one speaker: of an area, with its ``members`` (``more`` of them are not
    listed), or of the controller. ``until`` is None while it is open. ``noted_by`` is who has seen it, empty for
    nobody.
    """

    id: str
    icon: str
    tone: str
    word: str
    area_name: str
    since: datetime
    seen_sentence: str
    advice_sentence: str
    speaker_id: str = ""
    speaker_name: str = ""
    airing_id: str = ""
    members: Sequence[FaultMember] = ()
    more: int = 0
    until: datetime | None = None
    lasted_sentence: str = ""
    noted_by: str = ""
    noted_at: datetime | None = None
    may_note: bool = False

    @property
    def count(self) -> int:
        """How many speakers it touches."""
        return len(self.members) + self.more or 1


@dataclass(frozen=True, kw_only=True)
class FaultFilter:
    """What a list of faults is narrowed to. ``kind`` and ``area`` are empty for all; ``query`` is it as an address."""

    kind: str = ""
    area: str = ""
    kinds: Sequence[Choice] = ()
    areas: Sequence[Choice] = ()
    query: str = ""

    @property
    def narrowed(self) -> bool:
        return bool(self.kind or self.area)


@dataclass(frozen=True, kw_only=True)
class FaultsShown:
    """The faults of one tab. ``total`` counts what the filter leaves, of which so many as fit are ``cards``;
    ``unnoted`` those that nobody has seen yet. ``older`` is the address of what comes after them.
    """

    cards: Sequence[FaultCard]
    total: int = 0
    unnoted: int = 0
    older: str = ""
    history: bool = False
    chosen: FaultFilter = field(default_factory=FaultFilter)
