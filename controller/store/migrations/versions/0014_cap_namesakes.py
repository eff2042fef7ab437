"""Alerts of one sender, identifier and time that say different things are kept side by side"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

KEY = ["sender", "identifier", "sent_us", "trusted"]
BEFORE = "uq_cap_alert_sender_identifier_sent_us_trusted"
NOW = f"{BEFORE}_says"


def upgrade() -> None:
    with op.batch_alter_table("cap_alert") as batch:
        batch.add_column(sa.Column("says", sa.String(length=80), nullable=False, server_default=""))
        batch.drop_constraint(BEFORE, type_="unique")
        batch.create_unique_constraint(NOW, [*KEY, "says"])
    with op.batch_alter_table("cap_alert") as batch:
        batch.alter_column("says", existing_type=sa.String(length=80), existing_nullable=False, server_default=None)


def downgrade() -> None:
    """Where several stand side by side this fails: nobody but a person knows which of them to forget."""
    with op.batch_alter_table("cap_alert") as batch:
        batch.drop_constraint(NOW, type_="unique")
        batch.create_unique_constraint(BEFORE, KEY)
        batch.drop_column("says")
