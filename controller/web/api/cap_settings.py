"""What is set for CAP alerts: rules that send them without a person, feeds, languages, and where speakers stand."""

from typing import Annotated

import msgspec
from msgspec import Meta

from agents.protocol.ids import AreaId, SpeakerId
from controller.domain.cap_feeds import CapFeed, CapFeedId, FeedHealth, FeedState
from controller.domain.cap_rules import Rule
from controller.domain.errors import Invalid, NotFound, Refused
from controller.domain.rights import EVERYWHERE, Right
from controller.web.api.endpoint import Body, Created, raises
from controller.web.api.values import Told, told
from controller.web.asking import Ask
from controller.web.cap.reasons import reason_of

RULES = "/api/v1/cap-rules"
FEEDS = "/api/v1/cap-feeds"


class CapRuleBody(Body):
    """Alerts of one sender that go on the air by themselves in an area and below it, where they are at least this
    severe, urgent and certain. ``events`` empty is every event; ``source_id`` empty is every feed and token.
    """

    area_id: AreaId
    sender: str
    severity: str = "Severe"
    urgency: str = "Immediate"
    certainty: str = "Likely"
    events: list[str] = msgspec.field(default_factory=list)
    source_id: str = ""
    signed: bool = False
    enabled: bool = True


class CapRuleTold(Told):
    """A rule, and who made it as it is."""

    rule_id: str
    area_id: AreaId
    sender: str
    severity: str
    urgency: str
    certainty: str
    events: list[str]
    source_id: str
    signed: bool
    enabled: bool
    made_by: str
    made_at_us: int


class CapRulesTold(Told):
    """The oldest first."""

    rules: list[CapRuleTold]


class CapFeedBody(Body):
    """An Atom or RSS feed, or a list of alerts, that is asked every ``every_s`` seconds. ``trusted`` vouches for what
    comes by it. A ``secret`` is sent in ``header``; given as three asterisks it stays what it was. ``inside`` allows an
    address in the local network.
    """

    name: str
    url: str
    every_s: Annotated[int, Meta(ge=15, le=86_400)] = 60
    area_id: AreaId | None = None
    trusted: bool = False
    inside: bool = False
    header: str = ""
    secret: str = ""
    enabled: bool = True


class CapFeedTold(Told):
    """A feed, and how it is. ``code`` says why it does not work, ``sentence`` the same in words."""

    feed_id: CapFeedId
    name: str
    url: str
    every_s: int
    area_id: AreaId | None
    trusted: bool
    inside: bool
    header: str
    secret: str
    enabled: bool
    state: FeedState
    code: str
    sentence: str
    asked_at_us: int | None
    well_at_us: int | None
    failures: int
    entries: int


class CapFeedsTold(Told):
    """By name."""

    feeds: list[CapFeedTold]


class LanguagesBody(Body):
    """The first first; none forgets what was set, so that what is set above holds."""

    languages: list[str]


class LanguagesTold(Told):
    """What is set on areas, by their ids; it holds below them too."""

    languages: dict[AreaId, list[str]]


class PositionBody(Body):
    """In degrees (WGS 84); null where it is not known."""

    latitude: Annotated[float, Meta(ge=-90, le=90)] | None
    longitude: Annotated[float, Meta(ge=-180, le=180)] | None


# --- rules ------------------------------------------------------------------------------------------------------------


async def list_cap_rules(ask: Ask) -> CapRulesTold:
    """Rules by which alerts are heard without a person."""
    found = [one for one in await ask.parts.cap_settings.rules() if ask.touches(Right.CAP, one.area_id)]
    return CapRulesTold(rules=[_rule_told(one) for one in found])


@raises(Invalid, "cap_sender_missing", "cap_scale_unknown", "cap_too_many_events", "area_unknown")
@raises(Refused, "role_too_wide")
async def create_cap_rule(ask: Ask, body: CapRuleBody) -> Created[CapRuleTold]:
    """Let alerts of one sender be heard without a person."""
    made = await ask.parts.cap_settings.put_rule(_rule("", body), ask.known_actor)
    return Created(told=_rule_told(made), location=f"{RULES}/{made.rule_id}")


@raises(Invalid, "cap_sender_missing", "cap_scale_unknown", "cap_too_many_events", "area_unknown")
@raises(NotFound, "cap_rule_unknown")
@raises(Refused, "role_too_wide")
async def change_cap_rule(ask: Ask, rule_id: str, body: CapRuleBody) -> CapRuleTold:
    """Change a rule, or switch it off."""
    return _rule_told(await ask.parts.cap_settings.put_rule(_rule(rule_id, body), ask.known_actor))


@raises(NotFound, "cap_rule_unknown")
@raises(Refused, "role_too_wide")
async def remove_cap_rule(ask: Ask, rule_id: str) -> None:
    """Remove a rule."""
    await ask.parts.cap_settings.remove_rule(rule_id, ask.known_actor)


def _rule(rule_id: str, body: CapRuleBody) -> Rule:
    return Rule(
        rule_id=rule_id,
        area_id=body.area_id,
        sender=body.sender,
        severity=body.severity,
        urgency=body.urgency,
        certainty=body.certainty,
        events=tuple(body.events),
        source_id=body.source_id,
        signed=body.signed,
        enabled=body.enabled,
    )


def _rule_told(rule: Rule) -> CapRuleTold:
    return told(CapRuleTold, rule, events=list(rule.events))


# --- feeds ------------------------------------------------------------------------------------------------------------


async def list_cap_feeds(ask: Ask) -> CapFeedsTold:
    """Feeds that are asked for alerts, and how each of them is."""
    found = [
        (feed, health)
        for feed, health in await ask.parts.cap_settings.feeds()
        if ask.touches(Right.CAP, feed.area_id or EVERYWHERE)
    ]
    return CapFeedsTold(feeds=[_feed_told(ask, feed, health) for feed, health in found])


@raises(Invalid, "cap_feed_url", "cap_feed_every", "cap_feed_header", "area_unknown", "name_empty", "name_too_long")
@raises(Refused, "role_too_wide")
async def create_cap_feed(ask: Ask, body: CapFeedBody) -> Created[CapFeedTold]:
    """Ask one more feed for alerts."""
    made = await ask.parts.cap_settings.put_feed(_feed("", body), ask.known_actor)
    return Created(told=_feed_told(ask, made, FeedHealth()), location=f"{FEEDS}/{made.feed_id}")


@raises(Invalid, "cap_feed_url", "cap_feed_every", "cap_feed_header", "area_unknown", "name_empty", "name_too_long")
@raises(NotFound, "cap_feed_unknown")
@raises(Refused, "role_too_wide")
async def change_cap_feed(ask: Ask, feed_id: str, body: CapFeedBody) -> CapFeedTold:
    """Change a feed, or ask it no more."""
    made = await ask.parts.cap_settings.put_feed(_feed(feed_id, body), ask.known_actor)
    health = {feed.feed_id: health for feed, health in await ask.parts.cap_settings.feeds()}
    return _feed_told(ask, made, health.get(made.feed_id, FeedHealth()))


@raises(NotFound, "cap_feed_unknown")
@raises(Refused, "role_too_wide")
async def remove_cap_feed(ask: Ask, feed_id: str) -> None:
    """Forget a feed. What came by it stays."""
    await ask.parts.cap_settings.remove_feed(CapFeedId(feed_id), ask.known_actor)


@raises(NotFound, "cap_feed_unknown")
@raises(Refused, "role_too_wide")
async def ask_cap_feed(ask: Ask, feed_id: str) -> None:
    """Ask a feed at once."""
    await ask.parts.cap_settings.ask(CapFeedId(feed_id), ask.known_actor)


def _feed(feed_id: str, body: CapFeedBody) -> CapFeed:
    return CapFeed(
        feed_id=CapFeedId(feed_id),
        name=body.name,
        url=body.url,
        every_s=body.every_s,
        area_id=body.area_id,
        trusted=body.trusted,
        inside=body.inside,
        header=body.header,
        secret=body.secret,
        enabled=body.enabled,
    )


def _feed_told(ask: Ask, feed: CapFeed, health: FeedHealth) -> CapFeedTold:
    return told(
        CapFeedTold,
        feed,
        state=health.state,
        code=health.code,
        sentence=reason_of(health.code, health.values, ask.say) if health.code else "",
        asked_at_us=health.asked_at_us,
        well_at_us=health.well_at_us,
        failures=health.failures,
        entries=health.entries,
    )


# --- languages and places ---------------------------------------------------------------------------------------------


async def list_cap_languages(ask: Ask) -> LanguagesTold:
    """In which languages alerts are heard where."""
    found = await ask.parts.cap_settings.languages()
    return LanguagesTold(languages={area_id: list(languages) for area_id, languages in found.items()})


@raises(Invalid, "area_unknown", "language_unknown")
@raises(Refused, "role_too_wide")
async def set_cap_languages(ask: Ask, area_id: AreaId, body: LanguagesBody) -> None:
    """Say in which languages alerts are heard in an area and below it."""
    await ask.parts.cap_settings.put_languages(area_id, body.languages, ask.known_actor)


class PositionTold(Told):
    """In degrees (WGS 84); null where nobody said."""

    latitude: float | None
    longitude: float | None


@raises(NotFound, "speaker_unknown")
async def get_speaker_position(ask: Ask, speaker_id: SpeakerId) -> PositionTold:
    """Where a speaker stands, as somebody said."""
    latitude, longitude = (await ask.parts.cap_settings.positions()).get(speaker_id, (None, None))
    return PositionTold(latitude=latitude, longitude=longitude)


@raises(Invalid, "place_out_of_range")
@raises(NotFound, "speaker_unknown")
async def set_speaker_position(ask: Ask, speaker_id: SpeakerId, body: PositionBody) -> None:
    """Say where a speaker stands, so that alerts for a part of an area reach it."""
    if (body.latitude is None) is not (body.longitude is None):
        raise Invalid("one of the two is missing", code="place_out_of_range")
    position = None if body.latitude is None or body.longitude is None else (body.latitude, body.longitude)
    await ask.parts.cap_settings.put_position(speaker_id, position, ask.known_actor)
