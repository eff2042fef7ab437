"""CAP alerts that came in, where they come from, and what is done with them by itself"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

ID = sa.String(length=80)
WORD = sa.String(length=40)
NAME = sa.String(length=200)


def upgrade() -> None:
    _alerts()
    _settings()


def _alerts() -> None:
    op.create_table(
        "cap_raw",
        sa.Column("digest", ID, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_cap_raw")),
    )
    op.create_table(
        "cap_alert",
        sa.Column("alert_id", ID, nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.Column("sent_us", sa.BigInteger(), nullable=False),
        sa.Column("trusted", sa.Boolean(), nullable=False),
        sa.Column("digest", ID, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("busy", sa.Boolean(), nullable=False),
        sa.Column("received_at_us", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("alert_id", name=op.f("pk_cap_alert")),
        sa.UniqueConstraint(
            "sender", "identifier", "sent_us", "trusted", name=op.f("uq_cap_alert_sender_identifier_sent_us_trusted")
        ),
    )
    for column in ("busy", "digest", "received_at_us"):
        op.create_index(op.f(f"ix_cap_alert_{column}"), "cap_alert", [column])
    op.create_table(
        "cap_reference",
        sa.Column("alert_id", ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("key_digest", ID, nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["cap_alert.alert_id"], name=op.f("fk_cap_reference_alert_id_cap_alert")),
        sa.PrimaryKeyConstraint("alert_id", "position", name=op.f("pk_cap_reference")),
    )
    op.create_index(op.f("ix_cap_reference_key_digest"), "cap_reference", ["key_digest"])


def _settings() -> None:
    op.create_table(
        "cap_rule",
        sa.Column("rule_id", ID, nullable=False),
        sa.Column("area_id", ID, nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("severity", WORD, nullable=False),
        sa.Column("urgency", WORD, nullable=False),
        sa.Column("certainty", WORD, nullable=False),
        sa.Column("events", sa.JSON(), nullable=False),
        sa.Column("source_id", ID, nullable=False),
        sa.Column("signed", sa.Boolean(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("made_by", NAME, nullable=False),
        sa.Column("made_at_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("rule_id", name=op.f("pk_cap_rule")),
    )
    op.create_table(
        "cap_languages",
        sa.Column("area_id", ID, nullable=False),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("area_id", name=op.f("pk_cap_languages")),
    )
    op.create_table(
        "cap_feed",
        sa.Column("feed_id", ID, nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("every_s", sa.Integer(), nullable=False),
        sa.Column("area_id", ID, nullable=True),
        sa.Column("trusted", sa.Boolean(), nullable=False),
        sa.Column("inside", sa.Boolean(), nullable=False),
        sa.Column("header", NAME, nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("made_by", NAME, nullable=False),
        sa.Column("made_at_us", sa.BigInteger(), nullable=False),
        sa.Column("health", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("feed_id", name=op.f("pk_cap_feed")),
    )
    op.create_table(
        "speaker_position",
        sa.Column("speaker_id", ID, nullable=False),
        sa.Column("latitude", sa.Float(), nullable=False),
        sa.Column("longitude", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["speaker_id"], ["speaker.speaker_id"], name=op.f("fk_speaker_position_speaker_id_speaker")
        ),
        sa.PrimaryKeyConstraint("speaker_id", name=op.f("pk_speaker_position")),
    )


def downgrade() -> None:
    for table in (
        "speaker_position",
        "cap_feed",
        "cap_languages",
        "cap_rule",
        "cap_reference",
        "cap_alert",
        "cap_raw",
    ):
        op.drop_table(table)
