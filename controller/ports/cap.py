"""What the CAP desk needs from outside: the store's part for alerts, feeds and rules, and the way to other servers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from agents.protocol.ids import AreaId, SpeakerId
from controller.domain.cap_alerts import AlertState, CapAlert, CapAlertId, Key
from controller.domain.cap_feeds import CapFeed, CapFeedId, FeedHealth
from controller.domain.cap_rules import Rule
from controller.domain.paging import Place


class CapAlerts(Protocol):
    """Alerts that came in, with the bytes that they came in."""

    async def get(self, alert_id: CapAlertId) -> CapAlert:
        """Raises `NotFound` (``cap_alert_unknown``)."""
        ...

    async def put(self, alert: CapAlert) -> None: ...
    async def keyed(self, keys: Sequence[Key]) -> tuple[CapAlert, ...]:
        """Those of these keys that are here, the first to come first."""
        ...

    async def referring(self, key: Key) -> tuple[CapAlert, ...]:
        """Those that refer to this key, the first to come first."""
        ...

    async def several(self, alert_ids: Sequence[CapAlertId]) -> tuple[CapAlert, ...]:
        """Those that exist, the first to come first."""
        ...

    async def busy(self) -> tuple[CapAlert, ...]:
        """Those that somebody has to look at again (`CapAlert.busy`), the first to come first."""
        ...

    async def waiting(self) -> tuple[tuple[AreaId, ...], ...]:
        """The areas of each that waits for a person: where it would be heard, and what it names whole."""
        ...

    async def latest(self, limit: int, before: Place | None = None) -> tuple[CapAlert, ...]:
        """The last to come first: of all, or of those that come after a place."""
        ...

    async def put_raw(self, digest: str, raw: bytes) -> None:
        """Bytes by their SHA-256, kept once."""
        ...

    async def raw(self, digest: str) -> bytes | None: ...
    async def prune(self, states: Sequence[AlertState], keep: int) -> None:
        """Forgets all but the newest of those in these states, and bytes that nothing refers to."""
        ...


class CapSettings(Protocol):
    """Rules, preferred languages, feeds, and where speakers stand exactly."""

    async def rules(self) -> tuple[Rule, ...]: ...
    async def put_rule(self, rule: Rule) -> None: ...
    async def remove_rule(self, rule_id: str) -> None: ...
    async def languages(self) -> dict[AreaId, tuple[str, ...]]:
        """Which languages are heard in an area and below it, the first first."""
        ...

    async def put_languages(self, area_id: AreaId, languages: Sequence[str]) -> None:
        """None forgets what was set."""
        ...

    async def feeds(self) -> tuple[tuple[CapFeed, FeedHealth], ...]:
        """By name."""
        ...

    async def feed(self, feed_id: CapFeedId) -> tuple[CapFeed, FeedHealth]:
        """Raises `NotFound` (``cap_feed_unknown``)."""
        ...

    async def put_feed(self, feed: CapFeed) -> None: ...
    async def put_health(self, feed_id: CapFeedId, health: FeedHealth) -> None:
        """Of a feed that is there; of one that was removed meanwhile nothing is kept."""
        ...

    async def remove_feed(self, feed_id: CapFeedId) -> None: ...
    async def positions(self) -> dict[SpeakerId, tuple[float, float]]:
        """Latitude and longitude in degrees, of those that somebody placed."""
        ...

    async def put_position(self, speaker_id: SpeakerId, position: tuple[float, float] | None) -> None: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What to fetch, and within which limits. ``headers`` go to the host of ``url`` alone. Of a host with an address
    that is not public nothing is fetched unless it stands in ``inside`` (names or addresses). ``hosts`` None allows
    every host.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    most_bytes: int = 10_000_000
    most_s: float = 20.0
    most_redirects: int = 5
    inside: frozenset[str] = frozenset()
    hosts: frozenset[str] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Fetched:
    """``headers`` with their names in small letters. ``url`` is where it was found in the end."""

    status: int
    url: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class Fetcher(Protocol):
    async def fetch(self, wanted: Wanted) -> Fetched:
        """Raises `FetchFailed` with the code of what went wrong."""
        ...
