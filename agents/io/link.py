"""The link of an adopted device: dials its controller, for ever.

Rules of the module. One link at a time. Where to dial: what mDNS shows for the controller's id, what the signed
assignment names, where it was adopted, what the settings say; none of them is believed, the key is. Whatever goes wrong
on a link closes it with one line in the log, and the next round is dialled after a pause with full jitter, or at once
when mDNS shows the controller anew. An address that said "not before" is left alone that long, and only that address:
what was not said inside the channel may have been said by anybody. Once the device was released, one more round is
dialled to tell so; a controller that has forgotten it already does not keep it from forgetting.
"""

import logging
import random
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Final

import aiohttp

from agents.domain.backoff import Backoff, BackoffPolicy
from agents.domain.clock import ControllerClock
from agents.io.addresses import link_url
from agents.io.carry import About, Carrier, Released
from agents.io.conductor import Conductor
from agents.io.discovery import Discovery, FoundController
from agents.io.identity import Identity
from agents.io.kept import Pinned
from agents.io.sensors import Sensors
from agents.io.timeport import TimePort
from agents.io.waiting import first_of
from agents.io.wire import KnownController, LinkLost, Rejected, dial
from agents.protocol.errors import WireError
from agents.protocol.telemetry import Telemetry

_NOTHING_TO_DIAL_S: Final = 60.0
_AFTER_MDNS_WITHIN_S: Final = 0.5

log = logging.getLogger(__name__)


@dataclass(slots=True)
class LinkCounters:
    """Since the device was adopted or started. ``faults`` counts links closed because of what the other side sent."""

    dialled: int = 0
    faults: int = 0
    last_problem: str = ""


@dataclass(frozen=True, slots=True)
class LinkParts:
    """What every kind of link stands on. ``configured_url`` is a link address or empty."""

    identity: Identity
    about: About
    configured_url: str
    conductor: Conductor
    clock: ControllerClock
    discovery: Discovery | None
    time: TimePort
    http: aiohttp.ClientSession
    sensors: Sensors | None = None


class Link:
    """Runs until the device is released. Owns no task outside `run`."""

    def __init__(self, parts: LinkParts, pinned: Pinned, policy: BackoffPolicy | None = None) -> None:
        self._parts = parts
        self._pinned = pinned
        self._backoff = Backoff(random.random, policy)
        self._not_before_us: dict[str, int] = {}
        self._up_since_us: int | None = None
        self.counters: Final = LinkCounters()
        self.connected_to: str | None = None

    async def run(self) -> None:
        """Returns when the device was released."""
        while True:
            seen = self._announced()
            try:
                wait_s, may_hurry = await self._round(self._urls(seen))
            except Released:
                return
            if self._parts.conductor.released.is_set():
                return
            await self._pause(wait_s, seen, may_hurry=may_hurry)

    async def _round(self, urls: tuple[str, ...]) -> tuple[float, bool]:
        """Dials one address after the other until one of them lived for a while.

        Returns how long to wait, in seconds, and whether mDNS may cut that short. Raises `Released`.
        """
        if not urls:
            return _NOTHING_TO_DIAL_S, True
        lived_s = 0.0
        for url in urls:
            now_us = self._parts.time.monotonic_us()
            if now_us < self._not_before_us.get(url, now_us):
                continue
            try:
                await self._one_link(url)
            except Rejected as rejected:
                self._leave_alone(urls if rejected.proven else (url,), rejected.retry_after_s)
                self._note(url, rejected)
            except (LinkLost, WireError) as problem:
                self._note(url, problem)
            lived_s = self._lived_s()
            if lived_s >= self._backoff.policy.settled_s:
                break
        not_before_s = self._all_left_alone_s(urls)
        return self._backoff.after_failure(lived_s, not_before_s), not not_before_s

    def _lived_s(self) -> float:
        """How long the last link was up: waiting for an address that is silent is no life."""
        since_us, self._up_since_us = self._up_since_us, None
        return 0.0 if since_us is None else (self._parts.time.monotonic_us() - since_us) / 1e6

    def _leave_alone(self, urls: tuple[str, ...], seconds: float) -> None:
        until_us = self._parts.time.monotonic_us() + round(seconds * 1e6)
        self._not_before_us.update(dict.fromkeys(urls, until_us))

    def _all_left_alone_s(self, urls: tuple[str, ...]) -> float:
        """How much longer none of them may be dialled, 0 where one may be."""
        now_us = self._parts.time.monotonic_us()
        self._not_before_us = {url: at_us for url, at_us in self._not_before_us.items() if at_us > now_us}
        return min(max(0, self._not_before_us.get(url, now_us) - now_us) for url in urls) / 1e6

    async def _one_link(self, url: str) -> None:
        """Always ends with an exception: `LinkLost`, a `WireError` or `Released`."""
        parts = self._parts
        known = KnownController(self._pinned.controller_id, self._pinned.static_key)
        self.counters.dialled += 1
        async with dial(parts.http, url, parts.identity, known, parts.time) as wire:
            self.connected_to, self._up_since_us = url, parts.time.monotonic_us()
            log.info("link up", extra={"event": "link_up", "url": url})
            try:
                telemetry = None if parts.sensors is None else self._telemetry
                await Carrier(wire, parts.about, parts.conductor, parts.clock, parts.time, telemetry).run()
            finally:
                self.connected_to = None

    async def _telemetry(self, peer: str | None) -> Telemetry:
        assert self._parts.sensors is not None
        return await self._parts.sensors.telemetry(peer, self.counters.faults)

    def _note(self, url: str, problem: Exception) -> None:
        if isinstance(problem, WireError):
            self.counters.faults += 1
        self.counters.last_problem = str(problem)
        log.warning("no link: %s", problem, extra={"event": "link_lost", "url": url})

    def _announced(self) -> FoundController | None:
        discovery = self._parts.discovery
        return None if discovery is None else discovery.find(self._pinned.controller_id)

    def _urls(self, seen: FoundController | None) -> tuple[str, ...]:
        """The best first, each once; what cannot be an address is left out."""
        assignment = self._parts.conductor.assignment()
        told = () if assignment is None else assignment.controller_urls
        found: dict[str, None] = {}
        for text in (*(() if seen is None else seen.urls), *told, *self._pinned.urls, self._parts.configured_url):
            if text:
                try:
                    found.setdefault(link_url(text))
                except ValueError as error:
                    log.warning("an address was left out: %s", error)
        return tuple(found)

    async def _pause(self, seconds: float, seen: FoundController | None, *, may_hurry: bool) -> None:
        waiting: list[Coroutine[Any, Any, None]] = [self._sleep(seconds)]
        if may_hurry and self._parts.discovery is not None:
            waiting.append(self._until_announced(self._parts.discovery, seen))
        await first_of(*waiting)

    async def _until_announced(self, discovery: Discovery, seen: FoundController | None) -> None:
        while (now := self._announced()) is None or now == seen:
            await discovery.wait_changed()
        await self._sleep(random.random() * _AFTER_MDNS_WITHIN_S)  # noqa: S311 - every device has seen it just now

    async def _sleep(self, seconds: float) -> None:
        time = self._parts.time
        await time.sleep_until(time.monotonic_us() + round(seconds * 1e6))
