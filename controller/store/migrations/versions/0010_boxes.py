"""How the boxes are, what was wrong with them, what they were made to do, and which hung where"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ID = sa.String(length=80)
WORD = sa.String(length=40)
NAME = sa.String(length=200)
BIG = sa.BigInteger()
BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("speaker", sa.Column("profile", WORD, nullable=False, server_default="lan"))
    op.add_column("speaker", sa.Column("replaces", ID, nullable=True))
    op.add_column("airing", sa.Column("on_interrupted", WORD, nullable=False, server_default="drop"))
    op.add_column("airing", sa.Column("slot_ends_us", BIG, nullable=True))
    _telemetry()
    _faults()
    _hands()
    op.create_table(
        "box",
        sa.Column("speaker_id", ID, nullable=False),
        sa.Column("from_us", BIG, nullable=False),
        sa.Column("device_id", ID, nullable=False),
        sa.Column("device_key", sa.LargeBinary(), nullable=False),
        sa.Column("model", NAME, nullable=False),
        sa.Column("until_us", BIG, nullable=True),
        _of_a_speaker("box"),
        sa.PrimaryKeyConstraint("speaker_id", "from_us", name=op.f("pk_box")),
    )
    op.create_index(op.f("ix_box_device_id"), "box", ["device_id"])


def _of_a_speaker(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["speaker_id"], ["speaker.speaker_id"], name=op.f(f"fk_{table}_speaker_id_speaker"))


def _telemetry() -> None:
    op.create_table(
        "telemetry",
        sa.Column("speaker_id", ID, nullable=False),
        sa.Column("at_us", BIG, nullable=False),
        sa.Column("temperature_c", sa.Float(), nullable=True),
        sa.Column("load_percent", sa.Integer(), nullable=True),
        sa.Column("memory_percent", sa.Integer(), nullable=True),
        sa.Column("disk_free_bytes", BIG, nullable=True),
        sa.Column("clock_error_us", BIG, nullable=True),
        sa.Column("drift_ppb", BIG, nullable=True),
        sa.Column("round_trip_us", BIG, nullable=True),
        sa.Column("signal_dbm", sa.Integer(), nullable=True),
        sa.Column("volume_percent", sa.Integer(), nullable=True),
        sa.Column("sent_bytes", BIG, nullable=True),
        sa.Column("received_bytes", BIG, nullable=True),
        sa.Column("flags", sa.JSON(), nullable=False),
        sa.Column("hourly", sa.Boolean(), nullable=False),
        _of_a_speaker("telemetry"),
        sa.PrimaryKeyConstraint("speaker_id", "at_us", name=op.f("pk_telemetry")),
    )
    op.create_index(op.f("ix_telemetry_hourly_at_us"), "telemetry", ["hourly", "at_us"])


def _faults() -> None:
    op.create_table(
        "fault",
        sa.Column("fault_id", ID, nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("speaker_id", ID, nullable=True),
        sa.Column("area_id", ID, nullable=True),
        sa.Column("opened_at_us", BIG, nullable=False),
        sa.Column("closed_at_us", BIG, nullable=True),
        sa.Column("group_id", ID, nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("seen_by", NAME, nullable=True),
        sa.Column("seen_at_us", BIG, nullable=True),
        _of_a_speaker("fault"),
        sa.PrimaryKeyConstraint("fault_id", name=op.f("pk_fault")),
    )
    for columns in (["closed_at_us", "opened_at_us"], ["speaker_id", "opened_at_us"], ["group_id"]):
        op.create_index(op.f(f"ix_fault_{'_'.join(columns)}"), "fault", columns)


def _hands() -> None:
    op.create_table(
        "hand",
        sa.Column("order_id", ID, nullable=False),
        sa.Column("speaker_id", ID, nullable=False),
        sa.Column("device_id", ID, nullable=False),
        sa.Column("action", WORD, nullable=False),
        sa.Column("by", NAME, nullable=False),
        sa.Column("asked_at_us", BIG, nullable=False),
        sa.Column("ended_at_us", BIG, nullable=True),
        sa.Column("result", WORD, nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("log", sa.Text(), nullable=True),
        _of_a_speaker("hand"),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_hand")),
    )
    for columns in (["speaker_id", "asked_at_us"], ["ended_at_us"]):
        op.create_index(op.f(f"ix_hand_{'_'.join(columns)}"), "hand", columns)
    op.create_table(
        "self_test",
        sa.Column("self_test_id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("speaker_id", ID, nullable=False),
        sa.Column("at_us", BIG, nullable=False),
        sa.Column("heard", WORD, nullable=False),
        sa.Column("level_db", sa.Float(), nullable=True),
        sa.Column("reference_db", sa.Float(), nullable=True),
        sa.Column("order_id", ID, nullable=True),
        sa.Column("airing_id", ID, nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        _of_a_speaker("self_test"),
        sa.PrimaryKeyConstraint("self_test_id", name=op.f("pk_self_test")),
    )
    op.create_index(op.f("ix_self_test_speaker_id_at_us"), "self_test", ["speaker_id", "at_us"])


def downgrade() -> None:
    for table in ("box", "self_test", "hand", "fault", "telemetry"):
        op.drop_table(table)
    with op.batch_alter_table("airing") as batch:
        batch.drop_column("slot_ends_us")
        batch.drop_column("on_interrupted")
    with op.batch_alter_table("speaker") as batch:
        batch.drop_column("replaces")
        batch.drop_column("profile")
