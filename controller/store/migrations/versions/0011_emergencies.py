"""Emergencies: what was prepared, who confirmed it, what became of it; what areas allow; airings that repeat"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

ID = sa.String(length=80)
WORD = sa.String(length=40)


def upgrade() -> None:
    op.create_table(
        "emergency",
        sa.Column("emergency_id", ID, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("airing_id", ID, nullable=False),
        sa.Column("cap_id", ID, nullable=True),
        sa.Column("changed_at_us", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("emergency_id", name=op.f("pk_emergency")),
    )
    for column in ("state", "airing_id", "cap_id", "changed_at_us"):
        op.create_index(op.f(f"ix_emergency_{column}"), "emergency", [column])
    op.create_table(
        "emergency_policy",
        sa.Column("area_id", ID, nullable=False),
        sa.Column("break_glass", sa.Boolean(), nullable=True),
        sa.Column("second_person", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(["area_id"], ["area.area_id"], name=op.f("fk_emergency_policy_area_id_area")),
        sa.PrimaryKeyConstraint("area_id", name=op.f("pk_emergency_policy")),
    )
    op.add_column("airing", sa.Column("times", sa.Integer(), nullable=False, server_default=sa.text("1")))
    op.add_column("airing", sa.Column("pause_us", sa.BigInteger(), nullable=False, server_default=sa.text("0")))
    op.add_column("airing", sa.Column("referred", sa.JSON(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("airing") as batch:
        for name in ("times", "pause_us", "referred"):
            batch.drop_column(name)
    op.drop_table("emergency_policy")
    op.drop_table("emergency")
