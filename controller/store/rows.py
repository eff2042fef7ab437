"""What is kept, as tables. Rows are storage: they decide nothing, and only this room sees them.

Rules: every instant is an integer of microseconds since the Unix epoch (64 bit); words from enumerations are kept as
text, so that a new word needs no migration; nothing here is particular to one database.
"""

from typing import Any

from sqlalchemy import JSON, BigInteger, Index, Integer, LargeBinary, MetaData, String, Text, false, text, true
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

_ID = String(80)
_WORD = String(40)
_NAME = String(200)
_DAY = String(10)
"""As ISO 8601 writes it, so that days compare as texts do."""
_BIG_KEY = BigInteger().with_variant(Integer(), "sqlite")


class Row(SQLModel, registry=registry(metadata=MetaData(naming_convention=NAMES))):
    """Base of all rows."""


class AreaRow(Row, table=True):
    __tablename__ = "area"
    area_id: str = Field(primary_key=True, sa_type=_ID)
    parent_id: str | None = Field(default=None, foreign_key="area.area_id", sa_type=_ID)
    level: str = Field(sa_type=_WORD)
    name: str = Field(sa_type=_NAME)
    code: str | None = Field(default=None, sa_type=_WORD)
    latitude: float | None = None
    longitude: float | None = None
    valid_from: str | None = Field(default=None, sa_type=_DAY)
    valid_until: str | None = Field(default=None, sa_type=_DAY)
    origin: str = Field(sa_type=_WORD, sa_column_kwargs={"server_default": "station"})


class StationSettingRow(Row, table=True):
    __tablename__ = "station_setting"
    key: str = Field(primary_key=True, sa_type=_ID)
    value: str = Field(sa_type=Text)


class SpeakerRow(Row, table=True):
    __tablename__ = "speaker"
    speaker_id: str = Field(primary_key=True, sa_type=_ID)
    name: str = Field(sa_type=_NAME)
    area_id: str = Field(foreign_key="area.area_id", sa_type=_ID)
    device_id: str = Field(index=True, sa_type=_ID)
    device_key: bytes = Field(sa_type=LargeBinary)
    state: str = Field(sa_type=_WORD)
    adopted_at_us: int = Field(sa_type=BigInteger)
    volume_percent: int
    max_volume_percent: int
    delay_us: int = Field(sa_type=BigInteger)
    rendition: str = Field(sa_type=_WORD)


class SpeakerHealthRow(Row, table=True):
    __tablename__ = "speaker_health"
    speaker_id: str = Field(primary_key=True, foreign_key="speaker.speaker_id", sa_type=_ID)
    seen_at_us: int = Field(sa_type=BigInteger)
    connected: bool
    model: str = Field(sa_type=_NAME)
    software: str = Field(sa_type=_NAME)
    address: str = Field(sa_type=_NAME)
    clock_basis: str = Field(sa_type=_WORD)
    clock_error_us: int | None = Field(sa_type=BigInteger)
    volume_percent: int | None
    clips: int
    disk_free_bytes: int | None = Field(sa_type=BigInteger)
    refusals: int


class BulletinRow(Row, table=True):
    __tablename__ = "bulletin"
    bulletin_id: str = Field(primary_key=True, sa_type=_ID)
    title: str = Field(sa_type=_NAME)
    language: str = Field(sa_type=_WORD)
    source: str = Field(sa_type=_WORD)
    text: str = Field(sa_type=Text)
    words_per_minute: int
    airing_class: str = Field(sa_type=_WORD)
    state: str = Field(index=True, sa_type=_WORD)
    created_at_us: int = Field(index=True, sa_type=BigInteger)
    created_by: str = Field(sa_type=_NAME)
    failure: str | None = Field(default=None, sa_type=_WORD)
    failure_detail: str = Field(default="", sa_type=Text)
    peaks: Any = Field(sa_type=JSON)
    findings: Any = Field(sa_type=JSON)
    integrated_lufs: float | None = None


class BulletinClipRow(Row, table=True):
    __tablename__ = "bulletin_clip"
    bulletin_id: str = Field(primary_key=True, foreign_key="bulletin.bulletin_id", sa_type=_ID)
    rendition: str = Field(primary_key=True, sa_type=_WORD)
    sha256: str = Field(index=True, sa_type=_ID)
    size_bytes: int = Field(sa_type=BigInteger)
    frames: int = Field(sa_type=BigInteger)


class AiringRow(Row, table=True):
    __tablename__ = "airing"
    airing_id: str = Field(primary_key=True, sa_type=_ID)
    bulletin_id: str = Field(foreign_key="bulletin.bulletin_id", index=True, sa_type=_ID)
    title: str = Field(sa_type=_NAME)
    state: str = Field(index=True, sa_type=_WORD)
    planned_at_us: int = Field(index=True, sa_type=BigInteger)
    planned_by: str = Field(sa_type=_NAME)
    now: bool
    start_at_us: int | None = Field(sa_type=BigInteger)
    duration_us: int = Field(sa_type=BigInteger)
    lateness_window_us: int = Field(sa_type=BigInteger)
    rank: int


class PlaybackRow(Row, table=True):
    """``position`` keeps the order in which the speakers were chosen."""

    __tablename__ = "playback"
    airing_id: str = Field(primary_key=True, foreign_key="airing.airing_id", sa_type=_ID)
    speaker_id: str = Field(primary_key=True, foreign_key="speaker.speaker_id", index=True, sa_type=_ID)
    position: int
    state: str = Field(sa_type=_WORD)
    pushed_at_us: int | None = Field(default=None, sa_type=BigInteger)
    stored_at_us: int | None = Field(default=None, sa_type=BigInteger)
    armed_at_us: int | None = Field(default=None, sa_type=BigInteger)
    started_at_us: int | None = Field(default=None, sa_type=BigInteger)
    start_error_us: int | None = Field(default=None, sa_type=BigInteger)
    joined_at_us: int | None = Field(default=None, sa_type=BigInteger)
    ended_at_us: int | None = Field(default=None, sa_type=BigInteger)
    played_us: int | None = Field(default=None, sa_type=BigInteger)
    lost_us: int = Field(default=0, sa_type=BigInteger)
    underruns: int = 0
    restarts: int = 0
    clock_basis: str | None = Field(default=None, sa_type=_WORD)
    clock_error_us: int | None = Field(default=None, sa_type=BigInteger)
    reason: str | None = Field(default=None, sa_type=_WORD)
    detail: str = Field(default="", sa_type=Text)


class JournalRow(Row, table=True):
    """How far one journal is stored. ``missing`` counts sequence numbers that never came."""

    __tablename__ = "journal"
    device_id: str = Field(primary_key=True, sa_type=_ID)
    journal_id: str = Field(primary_key=True, sa_type=_ID)
    first_seen_us: int = Field(sa_type=BigInteger)
    committed_seq: int = Field(sa_type=BigInteger)
    missing: int = Field(sa_type=BigInteger)


class JournalRecordRow(Row, table=True):
    """``payload`` is the record as it came, in JSON; the columns beside it are what it is looked up by."""

    __tablename__ = "journal_record"
    __table_args__ = (Index(None, "airing_id", "device_id"), Index(None, "device_id", "received_at_us"))
    device_id: str = Field(primary_key=True, sa_type=_ID)
    journal_id: str = Field(primary_key=True, sa_type=_ID)
    seq: int = Field(primary_key=True, sa_type=BigInteger)
    airing_id: str | None = Field(sa_type=_ID)
    kind: str = Field(sa_type=_WORD)
    received_at_us: int = Field(sa_type=BigInteger)
    payload: str = Field(sa_type=Text)


class CounterRow(Row, table=True):
    """``reserved`` is the highest counter of this key and kind that was ever set aside."""

    __tablename__ = "counter"
    key_id: str = Field(primary_key=True, sa_type=_ID)
    kind: str = Field(primary_key=True, sa_type=_WORD)
    reserved: int = Field(sa_type=BigInteger)


class DocumentRow(Row, table=True):
    """``device_id`` is set for an assignment and a rundown; ``open`` is true for what is still to be delivered."""

    __tablename__ = "document"
    __table_args__ = (Index(None, "kind", "open"), Index(None, "device_id", "kind"))
    document_id: str = Field(primary_key=True, sa_type=_ID)
    kind: str = Field(sa_type=_WORD)
    key_id: str = Field(sa_type=_ID)
    counter: int = Field(sa_type=BigInteger)
    device_id: str | None = Field(sa_type=_ID)
    issued_at_us: int = Field(sa_type=BigInteger)
    not_after_us: int = Field(sa_type=BigInteger)
    open: bool
    payload: bytes = Field(sa_type=LargeBinary)
    signature: bytes = Field(sa_type=LargeBinary)


class DeliveredRow(Row, table=True):
    __tablename__ = "delivered"
    document_id: str = Field(primary_key=True, sa_type=_ID)
    device_id: str = Field(primary_key=True, index=True, sa_type=_ID)
    at_us: int = Field(sa_type=BigInteger)
    accepted: bool
    reason: str | None = Field(sa_type=_WORD)
    detail: str = Field(sa_type=Text)


class PersonRow(Row, table=True):
    """``key`` is the name as it is compared: without case."""

    __tablename__ = "person"
    person_id: str = Field(primary_key=True, sa_type=_ID)
    key: str = Field(unique=True, sa_type=_NAME)
    name: str = Field(sa_type=_NAME)
    password_hash: str = Field(sa_type=_NAME)
    created_at_us: int = Field(sa_type=BigInteger)
    full_name: str = Field(default="", sa_type=_NAME, sa_column_kwargs={"server_default": text("''")})
    active: bool = Field(default=True, sa_column_kwargs={"server_default": true()})
    password_given: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    last_sign_in_at_us: int | None = Field(default=None, sa_type=BigInteger)


class RoleGrantRow(Row, table=True):
    """``area_id`` is an area's or ``*``, which is none: so it refers to no table."""

    __tablename__ = "role_grant"
    person_id: str = Field(primary_key=True, foreign_key="person.person_id", sa_type=_ID)
    role: str = Field(primary_key=True, sa_type=_WORD)
    area_id: str = Field(primary_key=True, sa_type=_ID)


class KnownAddressRow(Row, table=True):
    """From where a person signed in before."""

    __tablename__ = "known_address"
    person_id: str = Field(primary_key=True, foreign_key="person.person_id", sa_type=_ID)
    address: str = Field(primary_key=True, sa_type=_NAME)
    last_at_us: int = Field(sa_type=BigInteger)


class SignInRow(Row, table=True):
    __tablename__ = "sign_in"
    token_hash: str = Field(primary_key=True, sa_type=_ID)
    person_id: str = Field(foreign_key="person.person_id", index=True, sa_type=_ID)
    created_at_us: int = Field(sa_type=BigInteger)
    expires_at_us: int = Field(index=True, sa_type=BigInteger)
    address: str = Field(sa_type=_NAME)


class AttemptsRow(Row, table=True):
    __tablename__ = "attempts"
    key: str = Field(primary_key=True, sa_type=String(300))
    failures: int
    next_at_us: int = Field(sa_type=BigInteger)


class TokenRow(Row, table=True):
    __tablename__ = "token"
    token_id: str = Field(primary_key=True, sa_type=_ID)
    text: str = Field(sa_type=_NAME)
    area_id: str = Field(foreign_key="area.area_id", sa_type=_ID)
    uses_left: int
    expires_at_us: int = Field(sa_type=BigInteger)
    created_at_us: int = Field(sa_type=BigInteger)
    created_by: str = Field(sa_type=_NAME)


class ApiTokenRow(Row, table=True):
    """``rights`` are words with spaces between; ``area_id`` is an area's or ``*``, which is none."""

    __tablename__ = "api_token"
    token_id: str = Field(primary_key=True, sa_type=_ID)
    name: str = Field(sa_type=_NAME)
    secret_hash: str = Field(sa_type=_ID)
    rights: str = Field(sa_type=Text)
    area_id: str = Field(sa_type=_ID)
    created_at_us: int = Field(sa_type=BigInteger)
    created_by: str = Field(sa_type=_NAME)
    expires_at_us: int = Field(sa_type=BigInteger)
    revoked_at_us: int | None = Field(default=None, sa_type=BigInteger)
    last_used_at_us: int | None = Field(default=None, sa_type=BigInteger)


class DeedRow(Row, table=True):
    __tablename__ = "deed"
    deed_id: int | None = Field(default=None, primary_key=True, sa_type=_BIG_KEY)
    at_us: int = Field(index=True, sa_type=BigInteger)
    by: str = Field(sa_type=_NAME)
    what: str = Field(sa_type=_WORD)
    subject: str = Field(sa_type=_ID)
    detail: str = Field(sa_type=Text)
