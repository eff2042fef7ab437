"""Feeds of alerts that the station asks for, and how each of them is: pure.

Rules: one bad feed is one bad feed. What it answers is a state with a reason, and decides when it is asked again: as
often as was set while it answers, at growing distances while it does not.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NewType

from agents.protocol.ids import AreaId

CapFeedId = NewType("CapFeedId", str)
LEAST_EVERY_S: Final = 15
MOST_EVERY_S: Final = 86_400
MOST_SEEN: Final = 2_000
_MOST_WAIT_S: Final = 3_600.0


class FeedState(StrEnum):
    """How a feed is."""

    NEW = "new"
    """It was not asked yet."""
    WELL = "well"
    EMPTY = "empty"
    """It answered that there is nothing (HTTP 204)."""
    FAILING = "failing"
    """What it answered is of no use; `FeedHealth.code` says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CapFeed:
    """Where alerts are fetched. ``trusted`` is true where an administrator vouches for what comes by it. Alerts of a
    feed with an ``area_id`` are for speakers there alone. ``header`` and ``secret`` are sent to it, and to no other
    address. ``inside`` allows it to be in the local network.
    """

    feed_id: CapFeedId
    name: str
    url: str
    every_s: int
    area_id: AreaId | None = None
    trusted: bool = False
    inside: bool = False
    header: str = ""
    secret: str = ""
    enabled: bool = True
    made_by: str = ""
    made_at_us: int = 0

    @property
    def secure(self) -> bool:
        """Whether nobody on the way can change what it answers."""
        return self.url.casefold().startswith("https://")


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedHealth:
    """What is known of a feed. ``seen`` are the entries of its last answer that were dealt with; ``etag`` and
    ``modified`` are what it said to ask with.
    """

    state: FeedState = FeedState.NEW
    code: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    asked_at_us: int | None = None
    well_at_us: int | None = None
    failures: int = 0
    entries: int = 0
    etag: str = ""
    modified: str = ""
    seen: tuple[str, ...] = ()


def wait_s(feed: CapFeed, failures: int, chance: float) -> float:
    """How long until it is asked again. ``chance`` (0 to 1) keeps many stations from asking in the same moment: a
    tenth of the time while it is well, half of it while it is not.
    """
    if not failures:
        return feed.every_s * (0.95 + 0.1 * chance)
    longest = max(float(feed.every_s), _MOST_WAIT_S)
    return min(float(feed.every_s) * 2.0 ** min(failures - 1, 10), longest) * (0.75 + 0.5 * chance)
