"""What is planned, as tables: schedules, approvals, choices, guards, and the station's own holidays."""

from typing import Any

from sqlalchemy import JSON, BigInteger, Text
from sqlmodel import Field

from controller.store.rows import ID, NAME, WORD, Row


class ScheduleRow(Row, table=True):
    """``plan`` holds the target, the rule and the changed occurrences, see `controller.store.plan_json`."""

    __tablename__ = "schedule"
    schedule_id: str = Field(primary_key=True, sa_type=ID)
    content_id: str = Field(index=True, sa_type=ID)
    title: str = Field(sa_type=NAME)
    area_id: str | None = Field(foreign_key="area.area_id", index=True, sa_type=ID)
    plan: Any = Field(sa_type=JSON)
    air_class: str = Field(sa_type=WORD)
    rank: int
    above: bool
    needs_approval: bool
    slot_us: int | None = Field(sa_type=BigInteger)
    overrun: str = Field(sa_type=WORD)
    fill: str = Field(sa_type=WORD)
    on_interrupted: str | None = Field(sa_type=WORD)
    since_us: int = Field(index=True, sa_type=BigInteger)
    ends_us: int | None = Field(index=True, sa_type=BigInteger)
    revision: int
    withdrawn: bool
    created_by: str = Field(sa_type=NAME)
    planned_by: str = Field(sa_type=NAME)
    changed_by: str = Field(sa_type=NAME)
    changed_at_us: int = Field(sa_type=BigInteger)
    sent_back: str = Field(sa_type=Text)
    sent_back_by: str = Field(sa_type=NAME)
    sent_back_binding: str = Field(sa_type=ID)


class ApprovalRow(Row, table=True):
    """``original`` is a wall time as ISO 8601 writes it."""

    __tablename__ = "approval"
    schedule_id: str = Field(primary_key=True, foreign_key="schedule.schedule_id", sa_type=ID)
    binding: str = Field(primary_key=True, sa_type=ID)
    original: str | None = Field(sa_type=WORD)
    by: str = Field(sa_type=NAME)
    at_us: int = Field(sa_type=BigInteger)
    self_approved: bool
    revoked_at_us: int | None = Field(sa_type=BigInteger)
    revoked_by: str = Field(sa_type=NAME)


class ChoiceRow(Row, table=True):
    """One for two schedules: ``one`` has the lesser id; ``one_first`` says whether it goes first."""

    __tablename__ = "choice"
    one: str = Field(primary_key=True, foreign_key="schedule.schedule_id", sa_type=ID)
    other: str = Field(primary_key=True, foreign_key="schedule.schedule_id", sa_type=ID)
    one_first: bool
    by: str = Field(sa_type=NAME)
    at_us: int = Field(sa_type=BigInteger)


class GuardRow(Row, table=True):
    """``guards`` holds those of the place, see `controller.store.plan_json`. Place ``*`` is the whole station."""

    __tablename__ = "guard"
    kind: str = Field(primary_key=True, sa_type=WORD)
    place_id: str = Field(primary_key=True, sa_type=ID)
    guards: Any = Field(sa_type=JSON)
    self_approval: bool | None
    revision: int
    changed_by: str = Field(sa_type=NAME)
    changed_at_us: int = Field(sa_type=BigInteger)


class HolidayRow(Row, table=True):
    """``day`` as ISO 8601 writes it."""

    __tablename__ = "holiday"
    day: str = Field(primary_key=True, sa_type=WORD)
    name: str = Field(sa_type=NAME)
    by: str = Field(sa_type=NAME)
    at_us: int = Field(sa_type=BigInteger)
