"""What administrators set for alerts: rules, preferred languages, feeds, and where speakers stand."""

from collections.abc import Sequence

from agents.protocol.ids import AreaId, SpeakerId
from controller.domain.cap_feeds import CapFeed, CapFeedId, FeedHealth
from controller.domain.cap_rules import Rule
from controller.domain.rights import Actor


class CapSettingsDesk:
    """Every method raises `StoreFailed` too."""

    async def rules(self) -> tuple[Rule, ...]:
        """The oldest first."""
        raise NotImplementedError

    async def put_rule(self, rule: Rule, by: Actor) -> Rule:
        """A new one where ``rule_id`` is empty. Raises `NotFound` (``cap_rule_unknown``), `Invalid`
        (``cap_sender_missing``, ``cap_scale_unknown``, ``area_unknown``, ``cap_too_many_events``).
        """
        raise NotImplementedError

    async def remove_rule(self, rule_id: str, by: Actor) -> None:
        raise NotImplementedError

    async def languages(self) -> dict[AreaId, tuple[str, ...]]:
        """What is set on areas; it holds below them too."""
        raise NotImplementedError

    async def put_languages(self, area_id: AreaId, languages: Sequence[str], by: Actor) -> None:
        """None forgets what was set. Raises `Invalid` (``area_unknown``, ``language_unknown``)."""
        raise NotImplementedError

    async def feeds(self) -> tuple[tuple[CapFeed, FeedHealth], ...]:
        """By name; `CapFeed.secret` is empty or ``***``."""
        raise NotImplementedError

    async def put_feed(self, feed: CapFeed, by: Actor) -> CapFeed:
        """A new one where ``feed_id`` is empty; a ``secret`` of ``***`` stays what it was. Raises `NotFound`
        (``cap_feed_unknown``), `Invalid` (``cap_feed_url``, ``cap_feed_every``, ``cap_feed_header``, ``area_unknown``).
        """
        raise NotImplementedError

    async def remove_feed(self, feed_id: CapFeedId, by: Actor) -> None:
        raise NotImplementedError

    def ask_now(self, feed_id: CapFeedId) -> None:
        """The feed is asked at once."""
        raise NotImplementedError

    async def put_position(self, speaker_id: SpeakerId, position: tuple[float, float] | None, by: Actor) -> None:
        """Raises `NotFound`, `Invalid` (``place_out_of_range``)."""
        raise NotImplementedError
