"""What the page of live broadcasts is given; see `controller.web.views` for the rules."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class StreamShown:
    """A stream that is open: ``hearing`` of its ``of`` horns sound it."""

    id: str
    title: str
    by: str
    since: datetime
    hearing: int
    of: int
    relay: bool = False
    may_end: bool = False


@dataclass(frozen=True, kw_only=True)
class SpeakerChoice:
    """A speaker that can be chosen by itself; ``ready`` says whether it could be heard now."""

    id: str
    name: str
    area_name: str
    ready: bool


@dataclass(frozen=True, kw_only=True)
class ArchiveShown:
    """What of an airing went out live, to be heard again."""

    audio_url: str
    sha256: str
    started_at: datetime
    duration_s: float


@dataclass(frozen=True, kw_only=True)
class RelayShown:
    """How the relay of an airing is. ``problem`` is what is wrong with its source, in the words of whoever found it."""

    name: str
    tone: str
    icon: str
    sentence: str
    since: datetime
    listeners: int
    of: int
    problem: str = ""
