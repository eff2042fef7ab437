"""Areas with codes, places and days; the country's list of 2025; what is set for the station"""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import op

import controller

revision = "0003"
down_revision = "0001"
branch_labels = None
depends_on = None

_LIST = Path(controller.__file__).parent / "assets" / "areas" / "vietnam-2025.csv"
_IN_FORCE_SINCE = "2025-07-01"


def _new() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("code", sa.String(length=40), nullable=True),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("valid_from", sa.String(length=10), nullable=True),
        sa.Column("valid_until", sa.String(length=10), nullable=True),
        sa.Column("origin", sa.String(length=40), nullable=False, server_default="station"),
    )


def upgrade() -> None:
    for column in _new():
        op.add_column("area", column)
    op.create_table(
        "station_setting",
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_station_setting")),
    )
    names = ("area_id", "parent_id", "level", "name", *(column.name for column in _new()))
    area = sa.table("area", *(sa.column(name) for name in names))
    there = set(op.get_bind().scalars(sa.select(area.c.area_id)))
    op.bulk_insert(area, [row for row in _country() if row["area_id"] not in there])


def _country() -> Iterator[dict[str, Any]]:
    """Provinces before their communes, as the file has them."""
    with _LIST.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield {
                "area_id": f"vn-{row['code']}",
                "parent_id": f"vn-{row['parent_code']}" if row["parent_code"] else None,
                "level": row["level"],
                "name": row["name"],
                "code": row["code"],
                "latitude": float(row["latitude"]),
                "longitude": float(row["longitude"]),
                "valid_from": _IN_FORCE_SINCE,
                "valid_until": None,
                "origin": "country",
            }


def downgrade() -> None:
    """What stands in an area of the list keeps it from going back: nothing is lost unseen."""
    op.drop_table("station_setting")
    op.execute("DELETE FROM area WHERE origin = 'country' AND level = 'commune'")
    op.execute("DELETE FROM area WHERE origin = 'country'")
    for column in _new():
        op.drop_column("area", column.name)
