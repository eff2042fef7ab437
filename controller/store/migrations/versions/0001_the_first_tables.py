"""The first tables"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "area",
        sa.Column("area_id", sa.String(length=80), nullable=False),
        sa.Column("parent_id", sa.String(length=80), nullable=True),
        sa.Column("level", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["area.area_id"], name=op.f("fk_area_parent_id_area")),
        sa.PrimaryKeyConstraint("area_id", name=op.f("pk_area")),
    )
    op.create_table(
        "attempts",
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("next_at_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_attempts")),
    )
    op.create_table(
        "bulletin",
        sa.Column("bulletin_id", sa.String(length=80), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("language", sa.String(length=40), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("words_per_minute", sa.Integer(), nullable=False),
        sa.Column("airing_class", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column("failure", sa.String(length=40), nullable=True),
        sa.Column("failure_detail", sa.Text(), nullable=False),
        sa.Column("peaks", sa.JSON(), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("integrated_lufs", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("bulletin_id", name=op.f("pk_bulletin")),
    )
    with op.batch_alter_table("bulletin", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_bulletin_created_at_us"), ["created_at_us"], unique=False)
        batch_op.create_index(batch_op.f("ix_bulletin_state"), ["state"], unique=False)

    op.create_table(
        "counter",
        sa.Column("key_id", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key_id", "kind", name=op.f("pk_counter")),
    )
    op.create_table(
        "deed",
        sa.Column("deed_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("what", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("deed_id", name=op.f("pk_deed")),
    )
    with op.batch_alter_table("deed", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_deed_at_us"), ["at_us"], unique=False)

    op.create_table(
        "delivered",
        sa.Column("document_id", sa.String(length=80), nullable=False),
        sa.Column("device_id", sa.String(length=80), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("document_id", "device_id", name=op.f("pk_delivered")),
    )
    with op.batch_alter_table("delivered", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_delivered_device_id"), ["device_id"], unique=False)

    op.create_table(
        "document",
        sa.Column("document_id", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("key_id", sa.String(length=80), nullable=False),
        sa.Column("counter", sa.BigInteger(), nullable=False),
        sa.Column("device_id", sa.String(length=80), nullable=True),
        sa.Column("issued_at_us", sa.BigInteger(), nullable=False),
        sa.Column("not_after_us", sa.BigInteger(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_document")),
    )
    with op.batch_alter_table("document", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_document_device_id_kind"), ["device_id", "kind"], unique=False)
        batch_op.create_index(batch_op.f("ix_document_kind_open"), ["kind", "open"], unique=False)

    op.create_table(
        "journal",
        sa.Column("device_id", sa.String(length=80), nullable=False),
        sa.Column("journal_id", sa.String(length=80), nullable=False),
        sa.Column("first_seen_us", sa.BigInteger(), nullable=False),
        sa.Column("committed_seq", sa.BigInteger(), nullable=False),
        sa.Column("missing", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("device_id", "journal_id", name=op.f("pk_journal")),
    )
    op.create_table(
        "journal_record",
        sa.Column("device_id", sa.String(length=80), nullable=False),
        sa.Column("journal_id", sa.String(length=80), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("airing_id", sa.String(length=80), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("received_at_us", sa.BigInteger(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("device_id", "journal_id", "seq", name=op.f("pk_journal_record")),
    )
    with op.batch_alter_table("journal_record", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_journal_record_airing_id_device_id"), ["airing_id", "device_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_journal_record_device_id_received_at_us"), ["device_id", "received_at_us"], unique=False
        )

    op.create_table(
        "person",
        sa.Column("person_id", sa.String(length=80), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_person")),
        sa.UniqueConstraint("key", name=op.f("uq_person_key")),
    )
    op.create_table(
        "airing",
        sa.Column("airing_id", sa.String(length=80), nullable=False),
        sa.Column("bulletin_id", sa.String(length=80), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("planned_at_us", sa.BigInteger(), nullable=False),
        sa.Column("planned_by", sa.String(length=200), nullable=False),
        sa.Column("now", sa.Boolean(), nullable=False),
        sa.Column("start_at_us", sa.BigInteger(), nullable=True),
        sa.Column("duration_us", sa.BigInteger(), nullable=False),
        sa.Column("lateness_window_us", sa.BigInteger(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["bulletin_id"], ["bulletin.bulletin_id"], name=op.f("fk_airing_bulletin_id_bulletin")),
        sa.PrimaryKeyConstraint("airing_id", name=op.f("pk_airing")),
    )
    with op.batch_alter_table("airing", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_airing_bulletin_id"), ["bulletin_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_airing_planned_at_us"), ["planned_at_us"], unique=False)
        batch_op.create_index(batch_op.f("ix_airing_state"), ["state"], unique=False)

    op.create_table(
        "bulletin_clip",
        sa.Column("bulletin_id", sa.String(length=80), nullable=False),
        sa.Column("rendition", sa.String(length=40), nullable=False),
        sa.Column("sha256", sa.String(length=80), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("frames", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["bulletin_id"], ["bulletin.bulletin_id"], name=op.f("fk_bulletin_clip_bulletin_id_bulletin")
        ),
        sa.PrimaryKeyConstraint("bulletin_id", "rendition", name=op.f("pk_bulletin_clip")),
    )
    with op.batch_alter_table("bulletin_clip", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_bulletin_clip_sha256"), ["sha256"], unique=False)

    op.create_table(
        "sign_in",
        sa.Column("token_hash", sa.String(length=80), nullable=False),
        sa.Column("person_id", sa.String(length=80), nullable=False),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.Column("expires_at_us", sa.BigInteger(), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name=op.f("fk_sign_in_person_id_person")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_sign_in")),
    )
    with op.batch_alter_table("sign_in", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sign_in_expires_at_us"), ["expires_at_us"], unique=False)
        batch_op.create_index(batch_op.f("ix_sign_in_person_id"), ["person_id"], unique=False)

    op.create_table(
        "speaker",
        sa.Column("speaker_id", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("area_id", sa.String(length=80), nullable=False),
        sa.Column("device_id", sa.String(length=80), nullable=False),
        sa.Column("device_key", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("adopted_at_us", sa.BigInteger(), nullable=False),
        sa.Column("volume_percent", sa.Integer(), nullable=False),
        sa.Column("max_volume_percent", sa.Integer(), nullable=False),
        sa.Column("delay_us", sa.BigInteger(), nullable=False),
        sa.Column("rendition", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["area.area_id"], name=op.f("fk_speaker_area_id_area")),
        sa.PrimaryKeyConstraint("speaker_id", name=op.f("pk_speaker")),
    )
    with op.batch_alter_table("speaker", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_speaker_device_id"), ["device_id"], unique=False)

    op.create_table(
        "token",
        sa.Column("token_id", sa.String(length=80), nullable=False),
        sa.Column("text", sa.String(length=200), nullable=False),
        sa.Column("area_id", sa.String(length=80), nullable=False),
        sa.Column("uses_left", sa.Integer(), nullable=False),
        sa.Column("expires_at_us", sa.BigInteger(), nullable=False),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["area.area_id"], name=op.f("fk_token_area_id_area")),
        sa.PrimaryKeyConstraint("token_id", name=op.f("pk_token")),
    )
    op.create_table(
        "playback",
        sa.Column("airing_id", sa.String(length=80), nullable=False),
        sa.Column("speaker_id", sa.String(length=80), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("pushed_at_us", sa.BigInteger(), nullable=True),
        sa.Column("stored_at_us", sa.BigInteger(), nullable=True),
        sa.Column("armed_at_us", sa.BigInteger(), nullable=True),
        sa.Column("started_at_us", sa.BigInteger(), nullable=True),
        sa.Column("start_error_us", sa.BigInteger(), nullable=True),
        sa.Column("joined_at_us", sa.BigInteger(), nullable=True),
        sa.Column("ended_at_us", sa.BigInteger(), nullable=True),
        sa.Column("played_us", sa.BigInteger(), nullable=True),
        sa.Column("lost_us", sa.BigInteger(), nullable=False),
        sa.Column("underruns", sa.Integer(), nullable=False),
        sa.Column("restarts", sa.Integer(), nullable=False),
        sa.Column("clock_basis", sa.String(length=40), nullable=True),
        sa.Column("clock_error_us", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["airing_id"], ["airing.airing_id"], name=op.f("fk_playback_airing_id_airing")),
        sa.ForeignKeyConstraint(["speaker_id"], ["speaker.speaker_id"], name=op.f("fk_playback_speaker_id_speaker")),
        sa.PrimaryKeyConstraint("airing_id", "speaker_id", name=op.f("pk_playback")),
    )
    with op.batch_alter_table("playback", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_playback_speaker_id"), ["speaker_id"], unique=False)

    op.create_table(
        "speaker_health",
        sa.Column("speaker_id", sa.String(length=80), nullable=False),
        sa.Column("seen_at_us", sa.BigInteger(), nullable=False),
        sa.Column("connected", sa.Boolean(), nullable=False),
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.Column("software", sa.String(length=200), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("clock_basis", sa.String(length=40), nullable=False),
        sa.Column("clock_error_us", sa.BigInteger(), nullable=True),
        sa.Column("volume_percent", sa.Integer(), nullable=True),
        sa.Column("clips", sa.Integer(), nullable=False),
        sa.Column("disk_free_bytes", sa.BigInteger(), nullable=True),
        sa.Column("refusals", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["speaker_id"], ["speaker.speaker_id"], name=op.f("fk_speaker_health_speaker_id_speaker")
        ),
        sa.PrimaryKeyConstraint("speaker_id", name=op.f("pk_speaker_health")),
    )


def downgrade() -> None:
    op.drop_table("speaker_health")
    with op.batch_alter_table("playback", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_playback_speaker_id"))

    op.drop_table("playback")
    op.drop_table("token")
    with op.batch_alter_table("speaker", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_speaker_device_id"))

    op.drop_table("speaker")
    with op.batch_alter_table("sign_in", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sign_in_person_id"))
        batch_op.drop_index(batch_op.f("ix_sign_in_expires_at_us"))

    op.drop_table("sign_in")
    with op.batch_alter_table("bulletin_clip", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_bulletin_clip_sha256"))

    op.drop_table("bulletin_clip")
    with op.batch_alter_table("airing", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_airing_state"))
        batch_op.drop_index(batch_op.f("ix_airing_planned_at_us"))
        batch_op.drop_index(batch_op.f("ix_airing_bulletin_id"))

    op.drop_table("airing")
    op.drop_table("person")
    with op.batch_alter_table("journal_record", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_journal_record_device_id_received_at_us"))
        batch_op.drop_index(batch_op.f("ix_journal_record_airing_id_device_id"))

    op.drop_table("journal_record")
    op.drop_table("journal")
    with op.batch_alter_table("document", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_document_kind_open"))
        batch_op.drop_index(batch_op.f("ix_document_device_id_kind"))

    op.drop_table("document")
    with op.batch_alter_table("delivered", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_delivered_device_id"))

    op.drop_table("delivered")
    with op.batch_alter_table("deed", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_deed_at_us"))

    op.drop_table("deed")
    op.drop_table("counter")
    with op.batch_alter_table("bulletin", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_bulletin_state"))
        batch_op.drop_index(batch_op.f("ix_bulletin_created_at_us"))

    op.drop_table("bulletin")
    op.drop_table("attempts")
    op.drop_table("area")
