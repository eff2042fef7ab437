"""What administrators set for alerts: rules, preferred languages, feeds, and where speakers stand.

Rules: what lets alerts be heard without a person, or with one person fewer, is set by who may change the areas where
that holds, whatever page or program it comes from. A secret of a feed is never told again. Every change is recorded.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

from agents.protocol.ids import AreaId, SpeakerId
from controller.domain.cap_feeds import LEAST_EVERY_S, MOST_EVERY_S, CapFeed, CapFeedId, FeedHealth
from controller.domain.cap_rules import CERTAINTIES, MOST_EVENTS, SEVERITIES, URGENCIES, Rule
from controller.domain.cap_words import language_of
from controller.domain.deeds import Deed, DeedKind
from controller.domain.errors import Invalid, NotFound, Refused
from controller.domain.rights import Actor, Right
from controller.domain.texts import clean
from controller.domain.texts import name as checked_name
from controller.services.events import CapChanged
from controller.services.office import Office
from controller.services.secretary import fresh_id

HIDDEN: Final = "***"
"""What is shown of a secret; given back it leaves the secret as it is."""
_TOKEN: Final = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_FORBIDDEN: Final = frozenset({"host", "content-length", "transfer-encoding", "connection", "cookie"})
_MOST_LANGUAGES: Final = 8


class CapSettingsDesk:
    """Every method raises `StoreFailed` too."""

    def __init__(self, office: Office) -> None:
        self._store = office.store
        self._clock = office.clock
        self._events = office.events
        self._areas = office.areas
        self.feeds_changed: Callable[[], None] = lambda: None
        self.ask_now: Callable[[CapFeedId], None] = lambda _: None
        """Has a feed asked at once; `ask` is for who may want that."""

    async def rules(self) -> tuple[Rule, ...]:
        """The oldest first."""
        async with self._store.reading() as tx:
            return await tx.cap_settings.rules()

    async def put_rule(self, rule: Rule, by: Actor) -> Rule:
        """A new one where ``rule_id`` is empty. Raises `NotFound` (``cap_rule_unknown``), `Invalid`
        (``cap_sender_missing``, ``cap_scale_unknown``, ``area_unknown``, ``cap_too_many_events``), `Refused`
        (``role_too_wide``).
        """
        now_us, sender = self._clock.now_us(), clean(rule.sender)
        if not sender or len(sender) > 300:
            raise Invalid("a rule names one sender", code="cap_sender_missing")
        for value, scale in ((rule.severity, SEVERITIES), (rule.urgency, URGENCIES), (rule.certainty, CERTAINTIES)):
            if value not in scale:
                raise Invalid(f"{value[:40]} is none of {' '.join(scale)}", code="cap_scale_unknown")
        events = tuple(dict.fromkeys(one for one in (clean(event) for event in rule.events) if one))
        if len(events) > MOST_EVENTS or any(len(one) > 200 for one in events):
            raise Invalid(f"at most {MOST_EVENTS} events", code="cap_too_many_events")
        self._require(rule.area_id, by)
        rule = replace(rule, sender=sender, events=events, made_by=by.name, made_at_us=now_us)
        async with self._store.transaction() as tx:
            known = {one.rule_id: one for one in await tx.cap_settings.rules()}
            if rule.rule_id and rule.rule_id not in known:
                raise NotFound(f"no rule {rule.rule_id}", code="cap_rule_unknown")
            if rule.rule_id:
                self._require(known[rule.rule_id].area_id, by, there=False)
            rule = rule if rule.rule_id else replace(rule, rule_id=fresh_id("cr"))
            await tx.cap_settings.put_rule(rule)
            detail = f"rule {sender} {rule.severity} {rule.urgency} {rule.certainty} @{rule.area_id} {rule.enabled}"
            await tx.deeds.add(self._deed(rule.rule_id, detail, by))
        self._events.publish(CapChanged())
        return rule

    async def remove_rule(self, rule_id: str, by: Actor) -> None:
        """Alerts that it would have sent wait for a person from here on. Raises `NotFound` (``cap_rule_unknown``),
        `Refused` (``role_too_wide``).
        """
        async with self._store.transaction() as tx:
            known = {one.rule_id: one for one in await tx.cap_settings.rules()}
            if rule_id not in known:
                raise NotFound(f"no rule {rule_id}", code="cap_rule_unknown")
            self._require(known[rule_id].area_id, by, there=False)
            await tx.cap_settings.remove_rule(rule_id)
            await tx.deeds.add(self._deed(rule_id, "rule removed", by))
        self._events.publish(CapChanged())

    async def languages(self) -> dict[AreaId, tuple[str, ...]]:
        """What is set on areas; it holds below them too."""
        async with self._store.reading() as tx:
            return await tx.cap_settings.languages()

    async def put_languages(self, area_id: AreaId, languages: Sequence[str], by: Actor) -> None:
        """None forgets what was set. Raises `Invalid` (``area_unknown``, ``language_unknown``), `Refused`
        (``role_too_wide``).
        """
        wanted = tuple(dict.fromkeys(language_of(one) for one in languages if one.strip()))
        if len(wanted) > _MOST_LANGUAGES or any(
            not (one.isascii() and one.isalpha() and len(one) < 9) for one in wanted
        ):
            raise Invalid("languages are named as vi and en are", code="language_unknown")
        self._require(area_id, by)
        async with self._store.transaction() as tx:
            await tx.cap_settings.put_languages(area_id, wanted)
            await tx.deeds.add(self._deed(area_id, f"languages {' '.join(wanted)}", by))
        self._events.publish(CapChanged())

    async def feeds(self) -> tuple[tuple[CapFeed, FeedHealth], ...]:
        """By name; `CapFeed.secret` is empty or `HIDDEN`."""
        async with self._store.reading() as tx:
            return tuple((_shown(feed), health) for feed, health in await tx.cap_settings.feeds())

    async def put_feed(self, feed: CapFeed, by: Actor) -> CapFeed:
        """A new one where ``feed_id`` is empty; a ``secret`` that is `HIDDEN` stays what it was, unless it would go to
        another host. Raises `NotFound` (``cap_feed_unknown``), `Invalid` (``cap_feed_url``, ``cap_feed_every``,
        ``cap_feed_header``, ``area_unknown``, ``name_empty``, ``name_too_long``), `Refused` (``role_too_wide``).
        """
        feed = self._checked(feed)
        self._require(feed.area_id, by)
        if feed.inside:
            self._require(None, by)
        feed = replace(feed, made_by=by.name, made_at_us=self._clock.now_us())
        async with self._store.transaction() as tx:
            if feed.feed_id:
                before, _ = await tx.cap_settings.feed(feed.feed_id)
                self._require(before.area_id, by, there=False)
                if feed.secret == HIDDEN:
                    same = urlsplit(before.url)[:2] == urlsplit(feed.url)[:2]
                    feed = replace(feed, secret=before.secret if same else "")
            else:
                feed = replace(feed, feed_id=CapFeedId(fresh_id("cf")))
            await tx.cap_settings.put_feed(feed)
            detail = f"feed {feed.name}: {feed.url[:200]} every {feed.every_s} s trusted={feed.trusted}"
            await tx.deeds.add(self._deed(feed.feed_id, detail, by))
        self.feeds_changed()
        self._events.publish(CapChanged())
        return _shown(feed)

    def _checked(self, feed: CapFeed) -> CapFeed:
        url = clean(feed.url)
        try:
            parts = urlsplit(url)
            usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        except ValueError:
            usable = False
        if not usable or len(url) > 2_000 or parts.username is not None or " " in url:
            raise Invalid(f"{url[:200]} is no address of a feed", code="cap_feed_url")
        if not LEAST_EVERY_S <= feed.every_s <= MOST_EVERY_S:
            raise Invalid(f"from {LEAST_EVERY_S} to {MOST_EVERY_S} seconds", code="cap_feed_every")
        header, secret = clean(feed.header), clean(feed.secret)
        if set(header) - _TOKEN or header.lower() in _FORBIDDEN or len(header) > 100 or len(secret) > 4_000:
            raise Invalid("a header like Authorization", code="cap_feed_header")
        if not secret.isascii() or "\n" in secret or (secret and not header):
            raise Invalid("a secret is sent in a header", code="cap_feed_header")
        return replace(feed, url=url, name=checked_name(feed.name), header=header, secret=secret)

    async def remove_feed(self, feed_id: CapFeedId, by: Actor) -> None:
        """It is not asked any more; what came by it stays. Raises `NotFound` (``cap_feed_unknown``), `Refused`
        (``role_too_wide``).
        """
        async with self._store.transaction() as tx:
            feed, _ = await tx.cap_settings.feed(feed_id)
            self._require(feed.area_id, by, there=False)
            await tx.cap_settings.remove_feed(feed_id)
            await tx.deeds.add(self._deed(feed_id, f"feed {feed.name} removed", by))
        self.feeds_changed()
        self._events.publish(CapChanged())

    async def ask(self, feed_id: CapFeedId, by: Actor) -> None:
        """It is asked at once: for who may change it. Raises `NotFound` (``cap_feed_unknown``), `Refused`
        (``role_too_wide``).
        """
        async with self._store.reading() as tx:
            feed, _ = await tx.cap_settings.feed(feed_id)
        self._require(feed.area_id, by, there=False)
        if feed.inside:
            self._require(None, by)
        self.ask_now(feed_id)

    async def put_position(self, speaker_id: SpeakerId, position: tuple[float, float] | None, by: Actor) -> None:
        """Latitude and longitude in degrees (WGS 84); None forgets it. Raises `NotFound`, `Invalid`
        (``place_out_of_range``).
        """
        if position is not None:
            latitude, longitude = position
            inside = math.isfinite(latitude) and math.isfinite(longitude)
            if not (inside and abs(latitude) <= 90 and abs(longitude) <= 180):
                raise Invalid(f"{position} degrees", code="place_out_of_range")
        async with self._store.transaction() as tx:
            await tx.speakers.get(speaker_id)
            await tx.cap_settings.put_position(speaker_id, position)
            detail = "" if position is None else f"{position[0]:.6f} {position[1]:.6f}"
            at_us = self._clock.now_us()
            await tx.deeds.add(
                Deed(at_us=at_us, by=by.name, what=DeedKind.PLACE_SPEAKER, subject=speaker_id, detail=detail)
            )

    async def positions(self) -> dict[SpeakerId, tuple[float, float]]:
        """Of the speakers that somebody placed."""
        async with self._store.reading() as tx:
            return await tx.cap_settings.positions()

    def _require(self, area_id: AreaId | None, by: Actor, *, there: bool = True) -> None:
        """Whether ``by`` may say what is heard there, or everywhere. An area that is set anew must be ``there``. Raises
        `Invalid` (``area_unknown``), `Refused` (``role_too_wide``).
        """
        tree = self._areas.tree()
        known = area_id is not None and area_id in tree
        if area_id is not None and there and not known:
            raise Invalid(f"no area {area_id}", code="area_unknown")
        path = tuple(AreaId(one.area_id) for one in tree.path(area_id)) if area_id is not None and known else ()
        if not by.may(Right.MANAGE_AREAS, path):
            raise Refused("it holds outside of one's own areas", code="role_too_wide")

    def _deed(self, subject: str, detail: str, by: Actor) -> Deed:
        at_us = self._clock.now_us()
        return Deed(at_us=at_us, by=by.name, what=DeedKind.SET_ALERTS, subject=subject, detail=detail)


def _shown(feed: CapFeed) -> CapFeed:
    return replace(feed, secret=HIDDEN if feed.secret else "")
