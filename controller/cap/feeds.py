"""Feeds that are polled: Atom, RSS and lists of alerts become entries; all else becomes a state with its reason."""

from dataclasses import dataclass
from enum import StrEnum

from controller.cap.limits import Limits
from controller.cap.reasons import Reason


class FeedState(StrEnum):
    ENTRIES = "entries"
    """A feed, maybe an empty one."""
    ALERT = "alert"
    """Not a feed but an alert itself: read it as one (`FeedEntry.inline` holds it)."""
    NOTHING = "nothing"
    """HTTP 204 or 304: nothing new."""
    FAILED = "failed"
    """The answer is no feed; the reason says what it is."""


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """``inline``: the alert itself, where it stands in the feed; else ``link`` is where to fetch it (maybe relative to
    the feed's address). ``updated_us``: None where the feed does not say.
    """

    id: str
    link: str = ""
    updated_us: int | None = None
    title: str = ""
    inline: bytes = b""


@dataclass(frozen=True, slots=True)
class FeedReading:
    state: FeedState
    entries: tuple[FeedEntry, ...] = ()
    reasons: tuple[Reason, ...] = ()
    title: str = ""
    updated_us: int | None = None


def read_feed(raw: bytes, *, limits: Limits, http_status: int = 200) -> FeedReading:
    """What an address that is polled has answered."""
    raise NotImplementedError
