"""Airings that follow from a schedule, and play a stretch of their sequence"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ID = sa.String(length=80)
WORD = sa.String(length=40)


def upgrade() -> None:
    for column in (
        sa.Column("from_us", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("play_us", sa.BigInteger(), nullable=True),
        sa.Column("fade_us", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("schedule_id", ID, nullable=True),
        sa.Column("original", WORD, nullable=True),
        sa.Column("due_us", sa.BigInteger(), nullable=True),
    ):
        op.add_column("airing", column)
    for name in ("schedule_id", "due_us"):
        op.create_index(op.f(f"ix_airing_{name}"), "airing", [name])
    op.add_column("playback", sa.Column("withdrawn", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    with op.batch_alter_table("playback") as batch:
        batch.drop_column("withdrawn")
    with op.batch_alter_table("airing") as batch:
        for name in ("schedule_id", "due_us"):
            batch.drop_index(op.f(f"ix_airing_{name}"))
        for name in ("from_us", "play_us", "fade_us", "schedule_id", "original", "due_us"):
            batch.drop_column(name)
