"""What is live: streams, their archive, and where relays come from"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

ID = sa.String(length=80)
SHA256 = sa.String(length=64)
BIG = sa.BigInteger()


def upgrade() -> None:
    op.create_table(
        "live_archive",
        sa.Column("airing_id", ID, nullable=False),
        sa.Column("started_at_us", BIG, nullable=False),
        sa.Column("sha256", SHA256, nullable=False),
        sa.Column("size_bytes", BIG, nullable=False),
        sa.Column("from_us", BIG, nullable=False),
        sa.Column("frames", BIG, nullable=False),
        sa.ForeignKeyConstraint(["airing_id"], ["airing.airing_id"], name=op.f("fk_live_archive_airing_id_airing")),
        sa.PrimaryKeyConstraint("airing_id", "started_at_us", name=op.f("pk_live_archive")),
    )


def downgrade() -> None:
    op.drop_table("live_archive")
