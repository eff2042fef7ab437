"""CAP alerts that came in, where they come from, and what is done with them by itself, as tables."""

from typing import Any

from sqlalchemy import JSON, BigInteger, LargeBinary, Text, UniqueConstraint
from sqlmodel import Field

from controller.store.rows import ID, NAME, WORD, Row


class CapRawRow(Row, table=True):
    """The bytes of alerts, by their SHA-256, compressed."""

    __tablename__ = "cap_raw"
    digest: str = Field(primary_key=True, sa_type=ID)
    content: bytes = Field(sa_type=LargeBinary)


class CapAlertRow(Row, table=True):
    """``content`` is an object with everything of the alert that has no column of its own."""

    __tablename__ = "cap_alert"
    __table_args__ = (UniqueConstraint("sender", "identifier", "sent_us", "trusted", "says"),)
    alert_id: str = Field(primary_key=True, sa_type=ID)
    sender: str = Field(sa_type=Text)
    identifier: str = Field(sa_type=Text)
    sent_us: int = Field(sa_type=BigInteger)
    trusted: bool
    digest: str = Field(index=True, sa_type=ID)
    says: str = Field(default="", sa_type=ID)
    state: str = Field(sa_type=WORD)
    busy: bool = Field(index=True)
    received_at_us: int = Field(index=True, sa_type=BigInteger)
    content: Any = Field(sa_type=JSON)


class CapReferenceRow(Row, table=True):
    """``alert_id`` refers to an alert of this key, which may not have come yet."""

    __tablename__ = "cap_reference"
    alert_id: str = Field(primary_key=True, foreign_key="cap_alert.alert_id", sa_type=ID)
    position: int = Field(primary_key=True)
    key_digest: str = Field(index=True, sa_type=ID)


class CapRuleRow(Row, table=True):
    __tablename__ = "cap_rule"
    rule_id: str = Field(primary_key=True, sa_type=ID)
    area_id: str = Field(sa_type=ID)
    sender: str = Field(sa_type=Text)
    severity: str = Field(sa_type=WORD)
    urgency: str = Field(sa_type=WORD)
    certainty: str = Field(sa_type=WORD)
    events: Any = Field(sa_type=JSON)
    source_id: str = Field(sa_type=ID)
    signed: bool
    enabled: bool
    made_by: str = Field(sa_type=NAME)
    made_at_us: int = Field(sa_type=BigInteger)


class CapLanguagesRow(Row, table=True):
    __tablename__ = "cap_languages"
    area_id: str = Field(primary_key=True, sa_type=ID)
    languages: Any = Field(sa_type=JSON)


class CapFeedRow(Row, table=True):
    """``health`` is an object with what is known of the feed."""

    __tablename__ = "cap_feed"
    feed_id: str = Field(primary_key=True, sa_type=ID)
    name: str = Field(sa_type=NAME)
    url: str = Field(sa_type=Text)
    every_s: int
    area_id: str | None = Field(default=None, sa_type=ID)
    trusted: bool
    inside: bool
    header: str = Field(sa_type=NAME)
    secret: str = Field(sa_type=Text)
    enabled: bool
    made_by: str = Field(sa_type=NAME)
    made_at_us: int = Field(sa_type=BigInteger)
    health: Any = Field(sa_type=JSON)


class SpeakerPositionRow(Row, table=True):
    """Where a pole stands, in degrees (WGS 84)."""

    __tablename__ = "speaker_position"
    speaker_id: str = Field(primary_key=True, foreign_key="speaker.speaker_id", sa_type=ID)
    latitude: float
    longitude: float
