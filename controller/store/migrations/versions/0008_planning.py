"""Schedules, approvals, choices, guards and the station's own holidays"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ID = sa.String(length=80)
WORD = sa.String(length=40)
NAME = sa.String(length=200)


def upgrade() -> None:
    op.create_table(
        "schedule",
        sa.Column("schedule_id", ID, nullable=False),
        sa.Column("content_id", ID, nullable=False),
        sa.Column("title", NAME, nullable=False),
        sa.Column("area_id", ID, nullable=True),
        sa.Column("plan", sa.JSON(), nullable=False),
        sa.Column("air_class", WORD, nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("above", sa.Boolean(), nullable=False),
        sa.Column("needs_approval", sa.Boolean(), nullable=False),
        sa.Column("slot_us", sa.BigInteger(), nullable=True),
        sa.Column("overrun", WORD, nullable=False),
        sa.Column("fill", WORD, nullable=False),
        sa.Column("on_interrupted", WORD, nullable=True),
        sa.Column("since_us", sa.BigInteger(), nullable=False),
        sa.Column("ends_us", sa.BigInteger(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("created_by", NAME, nullable=False),
        sa.Column("planned_by", NAME, nullable=False),
        sa.Column("changed_by", NAME, nullable=False),
        sa.Column("changed_at_us", sa.BigInteger(), nullable=False),
        sa.Column("sent_back", sa.Text(), nullable=False),
        sa.Column("sent_back_by", NAME, nullable=False),
        sa.Column("sent_back_binding", ID, nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["area.area_id"], name=op.f("fk_schedule_area_id_area")),
        sa.PrimaryKeyConstraint("schedule_id", name=op.f("pk_schedule")),
    )
    for column in ("content_id", "area_id", "since_us", "ends_us"):
        op.create_index(op.f(f"ix_schedule_{column}"), "schedule", [column])
    op.create_table(
        "approval",
        sa.Column("schedule_id", ID, nullable=False),
        sa.Column("binding", ID, nullable=False),
        sa.Column("original", WORD, nullable=True),
        sa.Column("by", NAME, nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("self_approved", sa.Boolean(), nullable=False),
        sa.Column("revoked_at_us", sa.BigInteger(), nullable=True),
        sa.Column("revoked_by", NAME, nullable=False),
        sa.ForeignKeyConstraint(
            ["schedule_id"], ["schedule.schedule_id"], name=op.f("fk_approval_schedule_id_schedule")
        ),
        sa.PrimaryKeyConstraint("schedule_id", "binding", name=op.f("pk_approval")),
    )
    op.create_table(
        "choice",
        sa.Column("one", ID, nullable=False),
        sa.Column("other", ID, nullable=False),
        sa.Column("one_first", sa.Boolean(), nullable=False),
        sa.Column("by", NAME, nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["one"], ["schedule.schedule_id"], name=op.f("fk_choice_one_schedule")),
        sa.ForeignKeyConstraint(["other"], ["schedule.schedule_id"], name=op.f("fk_choice_other_schedule")),
        sa.PrimaryKeyConstraint("one", "other", name=op.f("pk_choice")),
    )
    op.create_table(
        "guard",
        sa.Column("kind", WORD, nullable=False),
        sa.Column("place_id", ID, nullable=False),
        sa.Column("guards", sa.JSON(), nullable=False),
        sa.Column("self_approval", sa.Boolean(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("changed_by", NAME, nullable=False),
        sa.Column("changed_at_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "place_id", name=op.f("pk_guard")),
    )
    op.create_table(
        "holiday",
        sa.Column("day", WORD, nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("by", NAME, nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_holiday")),
    )


def downgrade() -> None:
    for table in ("holiday", "guard", "choice", "approval", "schedule"):
        op.drop_table(table)
