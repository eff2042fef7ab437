"""Emergencies, and what areas allow of them, as tables."""

from typing import Any

from sqlalchemy import JSON, BigInteger
from sqlmodel import Field

from controller.store.rows import ID, WORD, Row


class EmergencyRow(Row, table=True):
    """``body`` holds all of it, as `controller.domain.emergencies.Emergency` names it; the columns beside it are what
    it is looked up by.
    """

    __tablename__ = "emergency"
    emergency_id: str = Field(primary_key=True, sa_type=ID)
    state: str = Field(index=True, sa_type=WORD)
    airing_id: str = Field(index=True, sa_type=ID)
    cap_id: str | None = Field(default=None, index=True, sa_type=ID)
    changed_at_us: int = Field(index=True, sa_type=BigInteger)
    body: Any = Field(sa_type=JSON)


class EmergencyPolicyRow(Row, table=True):
    """What is said on one area; a null is inherited."""

    __tablename__ = "emergency_policy"
    area_id: str = Field(primary_key=True, foreign_key="area.area_id", sa_type=ID)
    break_glass: bool | None = None
    second_person: bool | None = None
