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

ID = String(80)
WORD = String(40)
NAME = String(200)
_DAY = String(10)
"""As ISO 8601 writes it, so that days compare as texts do."""
_BIG_KEY = BigInteger().with_variant(Integer(), "sqlite")


class Row(SQLModel, registry=registry(metadata=MetaData(naming_convention=NAMES))):
    """Base of all rows."""


class AreaRow(Row, table=True):
    __tablename__ = "area"
    area_id: str = Field(primary_key=True, sa_type=ID)
    parent_id: str | None = Field(default=None, foreign_key="area.area_id", sa_type=ID)
    level: str = Field(sa_type=WORD)
    name: str = Field(sa_type=NAME)
    code: str | None = Field(default=None, sa_type=WORD)
    latitude: float | None = None
    longitude: float | None = None
    valid_from: str | None = Field(default=None, sa_type=_DAY)
    valid_until: str | None = Field(default=None, sa_type=_DAY)
    origin: str = Field(sa_type=WORD, sa_column_kwargs={"server_default": "station"})


class AreaPastRow(Row, table=True):
    """What held of an area before the day ``until``."""

    __tablename__ = "area_past"
    area_id: str = Field(primary_key=True, foreign_key="area.area_id", sa_type=ID)
    until: str = Field(primary_key=True, sa_type=_DAY)
    name: str = Field(sa_type=NAME)
    parent_id: str | None = Field(default=None, foreign_key="area.area_id", sa_type=ID)


class AreaSuccessorRow(Row, table=True):
    __tablename__ = "area_successor"
    area_id: str = Field(primary_key=True, foreign_key="area.area_id", sa_type=ID)
    position: int = Field(primary_key=True)
    successor_id: str = Field(foreign_key="area.area_id", sa_type=ID)


class StationSettingRow(Row, table=True):
    __tablename__ = "station_setting"
    key: str = Field(primary_key=True, sa_type=ID)
    value: str = Field(sa_type=Text)


class SpeakerRow(Row, table=True):
    __tablename__ = "speaker"
    speaker_id: str = Field(primary_key=True, sa_type=ID)
    name: str = Field(sa_type=NAME)
    area_id: str = Field(foreign_key="area.area_id", sa_type=ID)
    device_id: str = Field(index=True, sa_type=ID)
    device_key: bytes = Field(sa_type=LargeBinary)
    state: str = Field(sa_type=WORD)
    adopted_at_us: int = Field(sa_type=BigInteger)
    volume_percent: int
    max_volume_percent: int
    delay_us: int = Field(sa_type=BigInteger)
    rendition: str = Field(sa_type=WORD)
    profile: str = Field(default="lan", sa_type=WORD, sa_column_kwargs={"server_default": text("'lan'")})
    replaces: str | None = Field(default=None, sa_type=ID)


class SpeakerMoveRow(Row, table=True):
    """Where a speaker stood before the day ``until``."""

    __tablename__ = "speaker_move"
    speaker_id: str = Field(primary_key=True, foreign_key="speaker.speaker_id", sa_type=ID)
    until: str = Field(primary_key=True, sa_type=_DAY)
    area_id: str = Field(foreign_key="area.area_id", sa_type=ID)


class SpeakerGroupRow(Row, table=True):
    __tablename__ = "speaker_group"
    group_id: str = Field(primary_key=True, sa_type=ID)
    name: str = Field(sa_type=NAME)
    stagger_s: int


class GroupMemberRow(Row, table=True):
    __tablename__ = "group_member"
    group_id: str = Field(primary_key=True, foreign_key="speaker_group.group_id", sa_type=ID)
    speaker_id: str = Field(primary_key=True, foreign_key="speaker.speaker_id", index=True, sa_type=ID)
    turn: int


class SpeakerHealthRow(Row, table=True):
    __tablename__ = "speaker_health"
    speaker_id: str = Field(primary_key=True, foreign_key="speaker.speaker_id", sa_type=ID)
    seen_at_us: int = Field(sa_type=BigInteger)
    connected: bool
    model: str = Field(sa_type=NAME)
    software: str = Field(sa_type=NAME)
    address: str = Field(sa_type=NAME)
    clock_basis: str = Field(sa_type=WORD)
    clock_error_us: int | None = Field(sa_type=BigInteger)
    volume_percent: int | None
    clips: int
    disk_free_bytes: int | None = Field(sa_type=BigInteger)
    refusals: int


class AiringRow(Row, table=True):
    """``content_id`` names a bulletin or a programme; ``sequence`` holds parts as on the wire. ``original`` is a wall
    time as ISO 8601 writes it.
    """

    __tablename__ = "airing"
    airing_id: str = Field(primary_key=True, sa_type=ID)
    content_id: str = Field(index=True, sa_type=ID)
    revision: int
    airing_class: str = Field(sa_type=WORD)
    sequence: Any = Field(sa_type=JSON)
    title: str = Field(sa_type=NAME)
    state: str = Field(index=True, sa_type=WORD)
    planned_at_us: int = Field(index=True, sa_type=BigInteger)
    planned_by: str = Field(sa_type=NAME)
    now: bool
    start_at_us: int | None = Field(sa_type=BigInteger)
    duration_us: int = Field(sa_type=BigInteger)
    lateness_window_us: int = Field(sa_type=BigInteger)
    rank: int
    from_us: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})
    play_us: int | None = Field(default=None, sa_type=BigInteger)
    fade_us: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})
    schedule_id: str | None = Field(default=None, index=True, sa_type=ID)
    original: str | None = Field(default=None, sa_type=WORD)
    due_us: int | None = Field(default=None, index=True, sa_type=BigInteger)
    on_interrupted: str = Field(default="drop", sa_type=WORD, sa_column_kwargs={"server_default": "drop"})
    slot_ends_us: int | None = Field(default=None, sa_type=BigInteger)
    times: int = Field(default=1, sa_column_kwargs={"server_default": text("1")})
    pause_us: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})
    referred: Any = Field(default=None, sa_type=JSON, nullable=True)


class PlaybackRow(Row, table=True):
    """``position`` keeps the order in which the speakers were chosen; ``withdrawn`` is said of those that are out."""

    __tablename__ = "playback"
    airing_id: str = Field(primary_key=True, foreign_key="airing.airing_id", sa_type=ID)
    speaker_id: str = Field(primary_key=True, foreign_key="speaker.speaker_id", index=True, sa_type=ID)
    position: int
    state: str = Field(sa_type=WORD)
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
    clock_basis: str | None = Field(default=None, sa_type=WORD)
    clock_error_us: int | None = Field(default=None, sa_type=BigInteger)
    reason: str | None = Field(default=None, sa_type=WORD)
    detail: str = Field(default="", sa_type=Text)
    withdrawn: bool = Field(default=False, sa_column_kwargs={"server_default": false()})


class JournalRow(Row, table=True):
    """How far one journal is stored. ``missing`` counts sequence numbers that never came."""

    __tablename__ = "journal"
    device_id: str = Field(primary_key=True, sa_type=ID)
    journal_id: str = Field(primary_key=True, sa_type=ID)
    first_seen_us: int = Field(sa_type=BigInteger)
    committed_seq: int = Field(sa_type=BigInteger)
    missing: int = Field(sa_type=BigInteger)


class JournalRecordRow(Row, table=True):
    """``payload`` is the record as it came, in JSON; the columns beside it are what it is looked up by."""

    __tablename__ = "journal_record"
    __table_args__ = (Index(None, "airing_id", "device_id"), Index(None, "device_id", "received_at_us"))
    device_id: str = Field(primary_key=True, sa_type=ID)
    journal_id: str = Field(primary_key=True, sa_type=ID)
    seq: int = Field(primary_key=True, sa_type=BigInteger)
    airing_id: str | None = Field(sa_type=ID)
    kind: str = Field(sa_type=WORD)
    received_at_us: int = Field(sa_type=BigInteger)
    payload: str = Field(sa_type=Text)


class CounterRow(Row, table=True):
    """``reserved`` is the highest counter of this key and kind that was ever set aside."""

    __tablename__ = "counter"
    key_id: str = Field(primary_key=True, sa_type=ID)
    kind: str = Field(primary_key=True, sa_type=WORD)
    reserved: int = Field(sa_type=BigInteger)


class DocumentRow(Row, table=True):
    """``device_id`` is set for an assignment and a rundown; ``open`` is true for what is still to be delivered."""

    __tablename__ = "document"
    __table_args__ = (Index(None, "kind", "open"), Index(None, "device_id", "kind"))
    document_id: str = Field(primary_key=True, sa_type=ID)
    kind: str = Field(sa_type=WORD)
    key_id: str = Field(sa_type=ID)
    counter: int = Field(sa_type=BigInteger)
    device_id: str | None = Field(sa_type=ID)
    issued_at_us: int = Field(sa_type=BigInteger)
    not_after_us: int = Field(sa_type=BigInteger)
    open: bool
    payload: bytes = Field(sa_type=LargeBinary)
    signature: bytes = Field(sa_type=LargeBinary)


class DeliveredRow(Row, table=True):
    __tablename__ = "delivered"
    document_id: str = Field(primary_key=True, sa_type=ID)
    device_id: str = Field(primary_key=True, index=True, sa_type=ID)
    at_us: int = Field(sa_type=BigInteger)
    accepted: bool
    reason: str | None = Field(sa_type=WORD)
    detail: str = Field(sa_type=Text)


class PersonRow(Row, table=True):
    """``key`` is the name as it is compared: without case."""

    __tablename__ = "person"
    person_id: str = Field(primary_key=True, sa_type=ID)
    key: str = Field(unique=True, sa_type=NAME)
    name: str = Field(sa_type=NAME)
    password_hash: str = Field(sa_type=NAME)
    created_at_us: int = Field(sa_type=BigInteger)
    full_name: str = Field(default="", sa_type=NAME, sa_column_kwargs={"server_default": text("''")})
    active: bool = Field(default=True, sa_column_kwargs={"server_default": true()})
    password_given: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    last_sign_in_at_us: int | None = Field(default=None, sa_type=BigInteger)


class RoleGrantRow(Row, table=True):
    """``area_id`` is an area's or ``*``, which is none: so it refers to no table."""

    __tablename__ = "role_grant"
    person_id: str = Field(primary_key=True, foreign_key="person.person_id", sa_type=ID)
    role: str = Field(primary_key=True, sa_type=WORD)
    area_id: str = Field(primary_key=True, sa_type=ID)


class KnownAddressRow(Row, table=True):
    """From where a person signed in before."""

    __tablename__ = "known_address"
    person_id: str = Field(primary_key=True, foreign_key="person.person_id", sa_type=ID)
    address: str = Field(primary_key=True, sa_type=NAME)
    last_at_us: int = Field(sa_type=BigInteger)


class SignInRow(Row, table=True):
    __tablename__ = "sign_in"
    token_hash: str = Field(primary_key=True, sa_type=ID)
    person_id: str = Field(foreign_key="person.person_id", index=True, sa_type=ID)
    created_at_us: int = Field(sa_type=BigInteger)
    expires_at_us: int = Field(index=True, sa_type=BigInteger)
    address: str = Field(sa_type=NAME)


class AttemptsRow(Row, table=True):
    __tablename__ = "attempts"
    key: str = Field(primary_key=True, sa_type=String(300))
    failures: int
    next_at_us: int = Field(sa_type=BigInteger)


class TokenRow(Row, table=True):
    __tablename__ = "token"
    token_id: str = Field(primary_key=True, sa_type=ID)
    text: str = Field(sa_type=NAME)
    area_id: str = Field(foreign_key="area.area_id", sa_type=ID)
    uses_left: int
    expires_at_us: int = Field(sa_type=BigInteger)
    created_at_us: int = Field(sa_type=BigInteger)
    created_by: str = Field(sa_type=NAME)


class ApiTokenRow(Row, table=True):
    """``rights`` are words with spaces between; ``area_id`` is an area's or ``*``, which is none."""

    __tablename__ = "api_token"
    token_id: str = Field(primary_key=True, sa_type=ID)
    name: str = Field(sa_type=NAME)
    secret_hash: str = Field(sa_type=ID)
    rights: str = Field(sa_type=Text)
    area_id: str = Field(sa_type=ID)
    created_at_us: int = Field(sa_type=BigInteger)
    created_by: str = Field(sa_type=NAME)
    expires_at_us: int = Field(sa_type=BigInteger)
    revoked_at_us: int | None = Field(default=None, sa_type=BigInteger)
    last_used_at_us: int | None = Field(default=None, sa_type=BigInteger)


class DeedRow(Row, table=True):
    __tablename__ = "deed"
    deed_id: int | None = Field(default=None, primary_key=True, sa_type=_BIG_KEY)
    at_us: int = Field(index=True, sa_type=BigInteger)
    by: str = Field(sa_type=NAME)
    what: str = Field(sa_type=WORD)
    subject: str = Field(sa_type=ID)
    detail: str = Field(sa_type=Text)
