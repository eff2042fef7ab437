"""What the station has to say, as tables: sounds, bulletins, tunes, programmes, and what was handed in."""

from typing import Any

from sqlalchemy import JSON, BigInteger, Text, UniqueConstraint
from sqlmodel import Field

from controller.store.rows import ID, NAME, WORD, Row


class SoundRow(Row, table=True):
    """``text`` is set for a reading; ``findings`` and ``marks`` are lists of objects with the names of their fields."""

    __tablename__ = "sound"
    sound_id: str = Field(primary_key=True, sa_type=ID)
    source: str = Field(sa_type=WORD)
    text: str | None = Field(sa_type=Text)
    language: str = Field(sa_type=WORD)
    words_per_minute: int
    voice: str = Field(sa_type=ID)
    file_name: str = Field(sa_type=NAME)
    profile: str = Field(sa_type=WORD)
    state: str = Field(index=True, sa_type=WORD)
    created_at_us: int = Field(sa_type=BigInteger)
    created_by: str = Field(sa_type=NAME)
    failure: str | None = Field(default=None, sa_type=WORD)
    failure_detail: str = Field(default="", sa_type=Text)
    peaks: Any = Field(sa_type=JSON)
    findings: Any = Field(sa_type=JSON)
    marks: Any = Field(sa_type=JSON)
    integrated_lufs: float | None = None


class SoundClipRow(Row, table=True):
    __tablename__ = "sound_clip"
    sound_id: str = Field(primary_key=True, foreign_key="sound.sound_id", sa_type=ID)
    rendition: str = Field(primary_key=True, sa_type=WORD)
    sha256: str = Field(index=True, sa_type=ID)
    size_bytes: int = Field(sa_type=BigInteger)
    frames: int = Field(sa_type=BigInteger)


class BulletinRow(Row, table=True):
    __tablename__ = "bulletin"
    bulletin_id: str = Field(primary_key=True, sa_type=ID)
    title: str = Field(sa_type=NAME)
    airing_class: str = Field(sa_type=WORD)
    area_id: str | None = Field(foreign_key="area.area_id", index=True, sa_type=ID)
    origin: str = Field(sa_type=WORD)
    sender: str = Field(sa_type=NAME)
    opening: str | None = Field(sa_type=ID)
    closing: str | None = Field(sa_type=ID)
    times: int
    pause_s: float
    expires_at_us: int | None = Field(sa_type=BigInteger)
    revision: int
    withdrawn: bool
    created_at_us: int = Field(index=True, sa_type=BigInteger)
    created_by: str = Field(sa_type=NAME)
    changed_at_us: int = Field(index=True, sa_type=BigInteger)
    changed_by: str = Field(sa_type=NAME)


class VariantRow(Row, table=True):
    """``position`` is the order in which the languages are heard."""

    __tablename__ = "variant"
    bulletin_id: str = Field(primary_key=True, foreign_key="bulletin.bulletin_id", sa_type=ID)
    position: int = Field(primary_key=True)
    language: str = Field(sa_type=WORD)
    sound_id: str = Field(foreign_key="sound.sound_id", index=True, sa_type=ID)


class TuneRow(Row, table=True):
    __tablename__ = "tune"
    tune_id: str = Field(primary_key=True, sa_type=ID)
    name: str = Field(sa_type=NAME)
    sound_id: str = Field(foreign_key="sound.sound_id", sa_type=ID)
    area_id: str | None = Field(foreign_key="area.area_id", sa_type=ID)
    built_in: bool
    withdrawn: bool


class ProgrammeRow(Row, table=True):
    """``items`` is a list of objects, each of a ``kind``."""

    __tablename__ = "programme"
    programme_id: str = Field(primary_key=True, sa_type=ID)
    title: str = Field(sa_type=NAME)
    airing_class: str = Field(sa_type=WORD)
    area_id: str | None = Field(foreign_key="area.area_id", index=True, sa_type=ID)
    items: Any = Field(sa_type=JSON)
    opening: str | None = Field(sa_type=ID)
    closing: str | None = Field(sa_type=ID)
    pause_s: float
    revision: int
    withdrawn: bool
    created_at_us: int = Field(sa_type=BigInteger)
    created_by: str = Field(sa_type=NAME)
    changed_at_us: int = Field(index=True, sa_type=BigInteger)
    changed_by: str = Field(sa_type=NAME)


class RevisionRow(Row, table=True):
    __tablename__ = "revision"
    subject_id: str = Field(primary_key=True, sa_type=ID)
    number: int = Field(primary_key=True)
    at_us: int = Field(sa_type=BigInteger)
    by: str = Field(sa_type=NAME)
    content: Any = Field(sa_type=JSON)


class PronunciationRow(Row, table=True):
    __tablename__ = "pronunciation"
    language: str = Field(primary_key=True, sa_type=WORD)
    written: str = Field(primary_key=True, sa_type=NAME)
    spoken: str = Field(sa_type=Text)
    changed_at_us: int = Field(sa_type=BigInteger)
    changed_by: str = Field(sa_type=NAME)


class HandInRow(Row, table=True):
    __tablename__ = "hand_in"
    __table_args__ = (UniqueConstraint("token_id", "reference"),)
    hand_in_id: str = Field(primary_key=True, sa_type=ID)
    token_id: str = Field(sa_type=ID)
    sender: str = Field(sa_type=NAME)
    reference: str = Field(sa_type=NAME)
    bulletin_id: str = Field(foreign_key="bulletin.bulletin_id", index=True, sa_type=ID)
    airing_class: str = Field(sa_type=WORD)
    area_ids: Any = Field(sa_type=JSON)
    valid_from_us: int | None = Field(sa_type=BigInteger)
    valid_until_us: int | None = Field(sa_type=BigInteger)
    received_at_us: int = Field(index=True, sa_type=BigInteger)
    changed_at_us: int = Field(index=True, sa_type=BigInteger)
    state: str = Field(index=True, sa_type=WORD)
    sent: Any = Field(sa_type=JSON)
    decided_at_us: int | None = Field(sa_type=BigInteger)
    decided_by: str = Field(sa_type=NAME)
    reason: str = Field(sa_type=Text)
    failure: str | None = Field(sa_type=WORD)
