"""What the pages of alerts that came in are given; see `controller.web.views` for the rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something that was noticed about an alert. ``tone`` is bad, warn or info."""

    tone: str
    sentence: str
    where: str = ""


@dataclass(frozen=True, kw_only=True)
class AlertRow:
    """One alert in a list."""

    id: str
    title: str
    sender: str
    state: str
    state_word: str
    tone: str
    icon: str
    severity: str
    urgent: bool
    source: str
    sent_at: datetime | None
    received_at: datetime
    expires_at: datetime | None
    area_names: Sequence[str]
    finding_sentence: str = ""


@dataclass(frozen=True, kw_only=True)
class MessageShown:
    """One of its messages, in one language. ``audio_urls`` are where it can be heard, as it would be read."""

    number: int
    language: str
    language_name: str
    event: str
    headline: str
    text: str
    facts: Sequence[tuple[str, str]]
    area_names: Sequence[str]
    begins_at: datetime | None
    expires_at: datetime | None
    sounds: int
    audio_urls: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class AreaShown:
    """What it means in one of our areas. ``mine``: whoever looks may decide there."""

    id: str
    name: str
    speakers: int
    language_names: Sequence[str]
    state: str
    state_word: str
    by: str
    mine: bool


@dataclass(frozen=True, kw_only=True)
class SendingShown:
    """What was decided together, and its emergency."""

    emergency_id: str
    word: str
    tone: str
    area_names: Sequence[str]
    by: str
    problem_sentence: str = ""


@dataclass(frozen=True, kw_only=True)
class AlertShown:
    """One alert with all that is known of it. ``word`` is what is typed to confirm it."""

    row: AlertRow
    identifier: str
    message_word: str
    status_word: str
    scope: str
    source: str
    signature_sentence: str
    vouched: bool
    findings: Sequence[Finding]
    messages: Sequence[MessageShown]
    areas: Sequence[AreaShown]
    sendings: Sequence[SendingShown]
    related: Sequence[AlertRow]
    decided_by: str
    decided_at: datetime | None
    reason: str
    word: str
    drill: bool
    anywhere: bool
    may_confirm: bool
    may_decline: bool
    explain_sentence: str
    lasts_sentence: str = ""


@dataclass(frozen=True, kw_only=True)
class FeedShown:
    """A feed that is asked. ``may_ask`` and ``may_change``: whoever looks may have it asked now, and remove it."""

    id: str
    name: str
    url: str
    every_s: int
    state_word: str
    tone: str
    sentence: str
    asked_at: datetime | None
    well_at: datetime | None
    entries: int
    trusted: bool
    inside: bool
    area_name: str
    enabled: bool
    warning_sentence: str = ""
    may_change: bool = True
    may_ask: bool = True


@dataclass(frozen=True, kw_only=True)
class RuleShown:
    """A rule by which alerts are heard without a person."""

    id: str
    area_name: str
    sender: str
    sentence: str
    source_name: str
    signed: bool
    enabled: bool
    by: str


@dataclass(frozen=True, kw_only=True)
class SettingsShown:
    """Feeds and rules, with what can be chosen."""

    feeds: Sequence[FeedShown]
    rules: Sequence[RuleShown]
    areas: Sequence[tuple[str, str]]
    severities: Sequence[tuple[str, str]]
    urgencies: Sequence[tuple[str, str]]
    certainties: Sequence[tuple[str, str]]
    typed: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""
    feed_problem: str = ""
