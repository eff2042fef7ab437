"""What is kept of the boxes on the poles, as tables: how they were, what was wrong, what they were made to do."""

from typing import Any

from sqlalchemy import JSON, BigInteger, Index, Integer, LargeBinary, Text
from sqlmodel import Field

from controller.store.rows import ID, NAME, WORD, Row

_BIG_KEY = BigInteger().with_variant(Integer(), "sqlite")


class TelemetryRow(Row, table=True):
    """One a speaker and few minutes. ``flags`` holds what is true or false, by its name in the telemetry."""

    __tablename__ = "telemetry"
    __table_args__ = (Index(None, "hourly", "at_us"),)
    speaker_id: str = Field(primary_key=True, foreign_key="speaker.speaker_id", sa_type=ID)
    at_us: int = Field(primary_key=True, sa_type=BigInteger)
    temperature_c: float | None
    load_percent: int | None
    memory_percent: int | None
    disk_free_bytes: int | None = Field(sa_type=BigInteger)
    clock_error_us: int | None = Field(sa_type=BigInteger)
    drift_ppb: int | None = Field(sa_type=BigInteger)
    round_trip_us: int | None = Field(sa_type=BigInteger)
    signal_dbm: int | None
    volume_percent: int | None
    sent_bytes: int | None = Field(sa_type=BigInteger)
    received_bytes: int | None = Field(sa_type=BigInteger)
    flags: Any = Field(sa_type=JSON)
    hourly: bool


class FaultRow(Row, table=True):
    """``group_id`` is the fault of a whole area that this one is part of. ``detail`` holds what was measured."""

    __tablename__ = "fault"
    __table_args__ = (
        Index(None, "closed_at_us", "opened_at_us"),
        Index(None, "speaker_id", "opened_at_us"),
        Index(None, "group_id"),
    )
    fault_id: str = Field(primary_key=True, sa_type=ID)
    kind: str = Field(sa_type=WORD)
    speaker_id: str | None = Field(foreign_key="speaker.speaker_id", sa_type=ID)
    area_id: str | None = Field(sa_type=ID)
    opened_at_us: int = Field(sa_type=BigInteger)
    closed_at_us: int | None = Field(sa_type=BigInteger)
    group_id: str | None = Field(sa_type=ID)
    detail: Any = Field(sa_type=JSON)
    seen_by: str | None = Field(sa_type=NAME)
    seen_at_us: int | None = Field(sa_type=BigInteger)


class HandRow(Row, table=True):
    """A remote action that a person asked for; ``log`` is what it fetched."""

    __tablename__ = "hand"
    __table_args__ = (Index(None, "speaker_id", "asked_at_us"), Index(None, "ended_at_us"))
    order_id: str = Field(primary_key=True, sa_type=ID)
    speaker_id: str = Field(foreign_key="speaker.speaker_id", sa_type=ID)
    device_id: str = Field(sa_type=ID)
    action: str = Field(sa_type=WORD)
    by: str = Field(sa_type=NAME)
    asked_at_us: int = Field(sa_type=BigInteger)
    ended_at_us: int | None = Field(sa_type=BigInteger)
    result: str | None = Field(sa_type=WORD)
    detail: str = Field(sa_type=Text)
    log: str | None = Field(sa_type=Text)


class SelfTestRow(Row, table=True):
    __tablename__ = "self_test"
    __table_args__ = (Index(None, "speaker_id", "at_us"),)
    self_test_id: int | None = Field(default=None, primary_key=True, sa_type=_BIG_KEY)
    speaker_id: str = Field(foreign_key="speaker.speaker_id", sa_type=ID)
    at_us: int = Field(sa_type=BigInteger)
    heard: str = Field(sa_type=WORD)
    level_db: float | None
    reference_db: float | None
    order_id: str | None = Field(sa_type=ID)
    airing_id: str | None = Field(sa_type=ID)
    detail: str = Field(sa_type=Text)


class BoxRow(Row, table=True):
    """Which device hung on which pole, from when on and until when."""

    __tablename__ = "box"
    __table_args__ = (Index(None, "device_id"),)
    speaker_id: str = Field(primary_key=True, foreign_key="speaker.speaker_id", sa_type=ID)
    from_us: int = Field(primary_key=True, sa_type=BigInteger)
    device_id: str = Field(sa_type=ID)
    device_key: bytes = Field(sa_type=LargeBinary)
    model: str = Field(sa_type=NAME)
    until_us: int | None = Field(sa_type=BigInteger)
