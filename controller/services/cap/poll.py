"""Feeds of alerts are asked, each by a task of its own: one that is bad stops no other.

Rules: whatever a feed answers, or does not, is a state with a reason that pages show; nothing of it ends the asking.
Only entries that are new are fetched, and an answer that is still the one before costs one request. What could not be
fetched is tried again with the next answer. A feed's secret goes to the feed's own host.
"""

import asyncio
import hashlib
import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin, urlsplit

from controller.domain.cap_alerts import Source, SourceKind
from controller.domain.cap_feeds import MOST_SEEN, CapFeed, CapFeedId, FeedHealth, FeedState, wait_s
from controller.domain.errors import FetchFailed, LoaError, NotFound, StoreFailed
from controller.domain.rights import EVERYWHERE, Actor, Right
from controller.ports import Fetched, Fetcher, Wanted
from controller.services.bell import Bell
from controller.services.cap.inbox import CapInbox
from controller.services.cap.options import CapOptions
from controller.services.events import CapChanged
from controller.services.office import Office

if TYPE_CHECKING:
    from controller.cap import FeedEntry, FeedReading

_log = logging.getLogger(__name__)
_SECOND_US: Final = 1_000_000
_MOST_NEW: Final = 100
_MOST_WAIT_S: Final = 3_600
_GONE: Final = frozenset({400, 403, 404, 405, 410, 451})
_OK, _NO_CONTENT, _NOT_MODIFIED = 200, 204, 304


@dataclass(frozen=True, slots=True)
class _Dealt:
    """How far the entries of one answer were dealt with."""

    seen: tuple[str, ...]
    left: int
    failure: FetchFailed | None = None


class CapPoll:
    """`run` asks every feed that is enabled; `ask` asks one, once."""

    def __init__(self, office: Office, inbox: CapInbox, fetcher: Fetcher, options: CapOptions) -> None:
        self._store = office.store
        self._clock = office.clock
        self._events = office.events
        self._inbox = inbox
        self._fetcher = fetcher
        self._options = options
        self._bell = Bell()
        self._at_work: dict[CapFeedId, tuple[CapFeed, asyncio.Task[None]]] = {}
        self._chance = secrets.SystemRandom().random

    def wake(self) -> None:
        """Feeds were added, changed or removed."""
        self._bell.wake()

    def ask_now(self, feed_id: CapFeedId) -> None:
        """This one is asked at once."""
        found = self._at_work.pop(feed_id, None)
        if found is not None:
            found[1].cancel()
        self._bell.wake()

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                try:
                    async with self._store.reading() as tx:
                        feeds = {feed.feed_id: feed for feed, _ in await tx.cap_settings.feeds() if feed.enabled}
                except StoreFailed:
                    _log.exception("feeds of alerts wait for the database")
                    await self._clock.sleep_until(self._clock.now_us() + _SECOND_US)
                    continue
                self._fit(group, feeds)
                await self._bell.wait()

    def _fit(self, group: asyncio.TaskGroup, feeds: Mapping[CapFeedId, CapFeed]) -> None:
        """One task for each feed as it is set."""
        for feed_id, (feed, task) in list(self._at_work.items()):
            if feeds.get(feed_id) != feed:
                task.cancel()
                del self._at_work[feed_id]
        for feed_id, feed in feeds.items():
            if feed_id not in self._at_work:
                self._at_work[feed_id] = (feed, group.create_task(self._keep(feed), name=f"feed {feed.name}"))

    async def _keep(self, feed: CapFeed) -> None:
        while True:
            failures, asked_for_s = 1, 0.0
            try:
                health, asked_for_s = await self.ask(feed)
                failures = health.failures
            except NotFound:
                return
            except Exception:
                _log.exception("the feed %s could not be asked", feed.name)
            pause_s = max(wait_s(feed, failures, self._chance()), min(asked_for_s, _MOST_WAIT_S))
            await self._clock.sleep_until(self._clock.now_us() + round(pause_s * _SECOND_US))

    async def ask(self, feed: CapFeed) -> tuple[FeedHealth, float]:
        """How the feed is, and in how many seconds it asks not to be asked before. Raises `NotFound` where it was
        removed meanwhile, `StoreFailed`.
        """
        async with self._store.reading() as tx:
            _, before = await tx.cap_settings.feed(feed.feed_id)
        now_us, pause_s = self._clock.now_us(), 0.0
        try:
            answer = await self._fetcher.fetch(self._wanted(feed, feed.url, _asking(before)))
            pause_s = _pause_s(answer)
            health = await self._judged(feed, answer, before)
        except FetchFailed as error:
            health = _failing(before, error.code, {"detail": error.detail[:200]})
        health = replace(health, asked_at_us=now_us)
        if health.state is not FeedState.FAILING:
            health = replace(health, well_at_us=now_us, failures=0)
        async with self._store.transaction() as tx:
            await tx.cap_settings.put_health(feed.feed_id, health)
        if (health.state, health.code) != (before.state, before.code):
            self._events.publish(CapChanged())
        return health, pause_s

    def _wanted(self, feed: CapFeed, url: str, headers: Mapping[str, str] | None = None) -> Wanted:
        secret = {feed.header: feed.secret} if _origin(url) == _origin(feed.url) and feed.header and feed.secret else {}
        host = urlsplit(feed.url).hostname
        inside = frozenset(one.casefold() for one in self._options.inside_hosts)
        return Wanted(
            url=url,
            headers={**(headers or {}), **secret},
            most_bytes=self._options.most_bytes,
            inside=inside | {host.casefold()} if feed.inside and host else inside,
        )

    async def _judged(self, feed: CapFeed, answer: Fetched, before: FeedHealth) -> FeedHealth:
        if answer.status == _NOT_MODIFIED:
            state = FeedState.EMPTY if before.state is FeedState.EMPTY else FeedState.WELL
            return replace(before, state=state, code="", values={})
        if answer.status == _NO_CONTENT:
            return replace(before, state=FeedState.EMPTY, code="", values={}, entries=0, etag="", modified="")
        if answer.status != _OK:
            return _failing(before, "feed_status", {"status": str(answer.status)})
        reading = await asyncio.to_thread(_read, answer.body, self._options.most_bytes)
        if reading.state.value == "failed":
            first = reading.reasons[0] if reading.reasons else None
            return _failing(before, first.code if first else "feed_unreadable", dict(first.values) if first else {})
        dealt = await self._entries(feed, answer, reading, before)
        whole = dealt.left == 0
        health = FeedHealth(
            state=FeedState.WELL if reading.entries else FeedState.EMPTY,
            entries=len(reading.entries),
            etag=answer.headers.get("etag", "")[:500] if whole else "",
            modified=answer.headers.get("last-modified", "")[:100] if whole else "",
            seen=dealt.seen,
        )
        if dealt.failure is not None:
            values = {"left": str(dealt.left), "detail": dealt.failure.detail[:200], "why": dealt.failure.code}
            return replace(health, code="feed_entries", values=values)
        return health

    async def _entries(self, feed: CapFeed, answer: Fetched, reading: "FeedReading", before: FeedHealth) -> _Dealt:
        """Takes what is new."""
        known, seen, left = set(before.seen), [], 0
        failure: FetchFailed | None = None
        fetched = 0
        for entry in reading.entries[:MOST_SEEN]:
            name = _name(entry)
            if name in known:
                seen.append(name)
                continue
            if fetched >= _MOST_NEW:
                left += 1
                continue
            fetched += 1
            try:
                await self._one(feed, answer.url, entry)
                seen.append(name)
            except FetchFailed as error:
                failure, left = error, left + 1
        return _Dealt(tuple(seen), left, failure)

    async def _one(self, feed: CapFeed, base: str, entry: "FeedEntry") -> None:
        """Raises `FetchFailed`, `StoreFailed`."""
        raw = entry.inline
        if not raw:
            if not entry.link:
                return
            try:
                wanted = self._wanted(feed, urljoin(base, entry.link))
            except ValueError:
                return  # it leads nowhere, and always will
            answer = await self._fetcher.fetch(wanted)
            if answer.status in _GONE or answer.status == _NO_CONTENT:
                return
            if answer.status != _OK:
                raise FetchFailed(f"HTTP {answer.status}", code="feed_status")
            raw = answer.body
        source = Source(kind=SourceKind.FEED, source_id=feed.feed_id, name=feed.name, trusted=feed.trusted)
        by = Actor(name=f"feed {feed.name}"[:120], scopes=((EVERYWHERE, frozenset({Right.CAP})),), rule_id=feed.feed_id)
        try:
            await self._inbox.take(raw, source=source, by=by, within=feed.area_id)
        except StoreFailed:
            raise
        except LoaError as error:
            # Nothing will ever be made of it.
            _log.warning("an entry of the feed %s: %s", feed.name, error, extra={"code": error.code})


def _read(body: bytes, most_bytes: int) -> "FeedReading":
    from controller import cap

    return cap.read_feed(body, limits=cap.Limits(file_bytes=most_bytes))


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.casefold()


def _asking(before: FeedHealth) -> dict[str, str]:
    """Only for what changed since."""
    asked = {"If-None-Match": before.etag, "If-Modified-Since": before.modified}
    accept = "application/atom+xml, application/rss+xml, application/cap+xml, application/xml;q=0.9, */*;q=0.1"
    return {"Accept": accept, **{name: value for name, value in asked.items() if value}}


def _failing(before: FeedHealth, code: str, values: Mapping[str, str]) -> FeedHealth:
    return replace(before, state=FeedState.FAILING, code=code, values=values, failures=before.failures + 1)


def _pause_s(answer: Fetched) -> float:
    """What ``Retry-After`` asks for, in seconds; a date is not read."""
    written = answer.headers.get("retry-after", "").strip()
    return float(written) if answer.status in {429, 503} and written.isdecimal() and len(written) < 7 else 0.0


def _name(entry: "FeedEntry") -> str:
    """Of an entry as it is now: one that was changed is a new one."""
    content = hashlib.sha256(entry.inline).hexdigest() if entry.inline else ""
    named = f"{entry.id}\n{entry.updated_us}\n{entry.link}\n{content}"
    return hashlib.sha256(named.encode(errors="replace")).hexdigest()[:24]
