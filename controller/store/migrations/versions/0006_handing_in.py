"""What another level's system hands in"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ID = sa.String(length=80)
WORD = sa.String(length=40)
NAME = sa.String(length=200)


def upgrade() -> None:
    op.create_table(
        "hand_in",
        sa.Column("hand_in_id", ID, nullable=False),
        sa.Column("token_id", ID, nullable=False),
        sa.Column("sender", NAME, nullable=False),
        sa.Column("reference", NAME, nullable=False),
        sa.Column("bulletin_id", ID, nullable=False),
        sa.Column("airing_class", WORD, nullable=False),
        sa.Column("area_ids", sa.JSON(), nullable=False),
        sa.Column("valid_from_us", sa.BigInteger(), nullable=True),
        sa.Column("valid_until_us", sa.BigInteger(), nullable=True),
        sa.Column("received_at_us", sa.BigInteger(), nullable=False),
        sa.Column("changed_at_us", sa.BigInteger(), nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("sent", sa.JSON(), nullable=False),
        sa.Column("decided_at_us", sa.BigInteger(), nullable=True),
        sa.Column("decided_by", NAME, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("failure", WORD, nullable=True),
        sa.ForeignKeyConstraint(
            ["bulletin_id"], ["bulletin.bulletin_id"], name=op.f("fk_hand_in_bulletin_id_bulletin")
        ),
        sa.PrimaryKeyConstraint("hand_in_id", name=op.f("pk_hand_in")),
        sa.UniqueConstraint("token_id", "reference", name=op.f("uq_hand_in_token_id_reference")),
    )
    for column in ("bulletin_id", "received_at_us", "changed_at_us", "state"):
        op.create_index(op.f(f"ix_hand_in_{column}"), "hand_in", [column])
